import type { Span, SpanField, SpanPatch } from '../api/span.ts';
import type { Comparison } from '../comparison/comparison.ts';
import { ApiError, headlineOf, InputError, problemLine } from '../errors.ts';
import type { Inputs } from '../inputs/inputs.ts';
import type { Job } from '../job.ts';
import { type Json, numberOf } from '../json.ts';
import type { Gate } from '../plan/gate.ts';
import type { TestRun } from '../results/tests.ts';

export type Outcome = 'updated' | 'read' | 'created' | 'tracking' | 'dry-run' | 'skipped' | 'failed';

/**
 * Everything to report about a step, as plain data. Any text in it may be untrusted or contain the key, except `outcome`,
 * `jobStatus`, `changed` and the titles of findings, which are the step's own words.
 */
export interface Report {
  readonly outcome: Outcome;
  /** The status of the job so far, if known. */
  readonly jobStatus: Job['status'];
  readonly spanId: string | undefined;
  /** What is known of the span: as read, as returned by a write, or as it would have been sent. */
  readonly span: Partial<Span>;
  /** The span before the update, if it was read. */
  readonly before?: Span | undefined;
  /** What was sent, or would have been. */
  readonly sent?: SpanPatch | undefined;
  /** The fields whose value changed, if known. */
  readonly changed?: readonly SpanField[] | undefined;
  readonly requests: number;
  /** HTTP status of the last response. */
  readonly status?: number | undefined;
  readonly elapsedMs: number;
  readonly findings: readonly Finding[];
  readonly gates: readonly Gate[];
  readonly tests?: TestRun | undefined;
  /** The results files without test cases that were read. */
  readonly files: readonly string[];
  /** The stored metrics, value by dimension; undefined if none were to be recorded. */
  readonly metrics?: Readonly<Record<string, number>> | undefined;
  /** How many case spans were created, of how many; undefined if none were to be. */
  readonly caseSpans?: { readonly created: number; readonly of: number } | undefined;
  /** How the run differs from its baseline, if there is one. */
  readonly comparison?: Comparison | undefined;
  readonly links: Job['links'];
  /** The requests that a dry run did not send. */
  readonly dryRun: readonly UnsentRequest[];
}

export interface UnsentRequest {
  readonly method: string;
  readonly url: string;
  readonly body?: Json;
}

/** The titles of findings, each with its part of docs/troubleshooting.md. */
export const ANCHORS = {
  'Opper span': '',
  'Opper span: API failure': '#the-api',
  'Opper span: bad input, nothing was recorded': '#inputs',
  'Opper span: bad input, the rest was recorded': '#inputs',
  'Opper span: case spans': '#metrics-and-case-spans',
  'Opper span: comparison': '#the-baseline',
  'Opper span: gate': '#the-gate',
  'Opper span: internal error': '',
  'Opper span: metrics': '#metrics-and-case-spans',
  'Opper span: skipped': '',
} as const;

/** Something the user must know. Becomes an annotation; an `error` fails the step. The lines may contain untrusted text. */
export interface Finding {
  readonly level: 'error' | 'warning' | 'notice';
  readonly title: keyof typeof ANCHORS;
  readonly lines: readonly string[];
}

/** The report while the step runs. If something throws, what is known by then is still reported. */
export type Draft = { -readonly [Name in keyof Report]: Report[Name] } & { readonly findings: Finding[] };

/** The report of a step that has done nothing yet. It counts as failed until something else is known. */
export function newReport(spanId: string | undefined, { status, links }: Job): Draft {
  return {
    outcome: 'failed',
    jobStatus: status,
    spanId,
    span: {},
    requests: 0,
    elapsedMs: 0,
    findings: [],
    gates: [],
    files: [],
    links,
    dryRun: [],
  };
}

/** Whether the span was created by this run of the step, or will be updated when the job ends. */
export function isNew(outcome: Outcome): boolean {
  return outcome === 'created' || outcome === 'tracking';
}

/** Whether the span was written, with all that was to be recorded. */
export function isWritten(outcome: Outcome): boolean {
  return outcome === 'updated' || outcome === 'created';
}

/** Whether what was asked for is done on the span itself: it was written or read as a whole. */
export function isDone(outcome: Outcome): boolean {
  return isWritten(outcome) || outcome === 'read';
}

/** The score on the span or, if nothing was written, the one that would have been. */
export function scoreOnSpan({ outcome, span, before, sent }: Report): number | undefined {
  return numberOf(isDone(outcome) ? span.score : { ...before, ...sent }.score);
}

/** Adds warnings of one line each. */
export function warn(report: Draft, lines: readonly string[]): void {
  report.findings.push(
    ...lines.map((line): Finding => ({ level: 'warning', title: 'Opper span', lines: [line] })),
  );
}

/** The finding that says that `max_drop` was not judged. */
export function notCompared(level: Finding['level'], { baseline }: Partial<Inputs>): Finding {
  const line = `Nothing was compared with ${baseline}, so max_drop was not judged`;
  return { level, title: 'Opper span: comparison', lines: [line] };
}

/** The finding that says why the step stopped. `kept` is what was recorded in spite of bad input. */
export function findingOf(error: unknown, inputs: Partial<Inputs>, kept: 'nothing' | 'the rest'): Finding {
  if (error instanceof InputError) {
    const title = `Opper span: bad input, ${kept} was recorded` as const;
    return { level: 'error', title, lines: error.problems.map(problemLine) };
  }
  if (error instanceof ApiError) {
    return { level: levelOf(inputs), title: 'Opper span: API failure', lines: [error.message] };
  }
  const lines = [`This is a bug in the action, please report it: ${headlineOf(error)}`];
  return { level: 'error', title: 'Opper span: internal error', lines };
}

/** The level of an API failure. */
export function levelOf({ fail_on_api_error }: Partial<Inputs>): Finding['level'] {
  return fail_on_api_error === false ? 'warning' : 'error';
}
