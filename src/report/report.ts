import type { Span, SpanField, SpanPatch } from '../api/span.ts';
import type { Job } from '../job.ts';
import { type Json, numberOf } from '../json.ts';
import type { TestRun } from '../results/test-run.ts';

export type Outcome = 'updated' | 'read' | 'created' | 'tracking' | 'dry-run' | 'skipped' | 'failed';

/**
 * Everything there is to tell about a step, as plain data. Any text in it may be foreign or echo the key, except `outcome`,
 * `jobStatus`, `changed`, and the titles of findings, which are the step's own words.
 */
export interface Report {
  readonly outcome: Outcome;
  /** How the job went so far; undefined where that is not known. */
  readonly jobStatus: Job['status'];
  readonly spanId: string | undefined;
  /** The span as far as it is known: read, answered, or what would have been sent. */
  readonly span: Partial<Span>;
  /** The span before the update, where it was read. */
  readonly before: Span | undefined;
  /** What was sent, or would have been. */
  readonly sent: SpanPatch | undefined;
  /** The fields whose value changed, where that is known. */
  readonly changed: readonly SpanField[] | undefined;
  readonly requests: number;
  /** HTTP status of the last answer. */
  readonly status: number | undefined;
  readonly elapsedMs: number;
  readonly findings: readonly Finding[];
  readonly gate: Gate | undefined;
  readonly tests: TestRun | undefined;
  /** Metrics of the span as stored, dimension to value; undefined where none was asked for. */
  readonly metrics: Readonly<Record<string, number>> | undefined;
  /** Case spans made, of how many; undefined where none was asked for. */
  readonly caseSpans: { readonly made: number; readonly of: number } | undefined;
  readonly links: Job['links'];
  /** The requests that a dry run did not send. */
  readonly dryRun: readonly UnsentRequest[];
  /** Whether the end of the job goes on with this span, and tells the rest. */
  readonly goesOn: boolean;
}

export interface UnsentRequest {
  readonly method: string;
  readonly url: string;
  readonly body?: Json;
}

/**
 * Something the reader of the run has to know. Becomes an annotation; an `error` fails the step. The title is the step's own
 * words, the lines may hold foreign text.
 */
export interface Finding {
  readonly level: 'error' | 'warning' | 'notice';
  readonly title: string;
  readonly lines: readonly string[];
}

/** `min_score` against the score it was compared with. One that is missed fails the step: no finding needs to say so. */
export interface Gate {
  readonly minScore: number;
  readonly score: number | undefined;
}

/** The report while the step goes on: whatever is thrown on the way, what was known until then is told. */
export type Draft = { -readonly [Name in keyof Report]: Report[Name] } & { readonly findings: Finding[] };

export function newReport(spanId: string | undefined, { status, links }: Job): Draft {
  return {
    outcome: 'failed',
    jobStatus: status,
    spanId,
    span: {},
    before: undefined,
    sent: undefined,
    changed: undefined,
    requests: 0,
    status: undefined,
    elapsedMs: 0,
    findings: [],
    gate: undefined,
    tests: undefined,
    metrics: undefined,
    caseSpans: undefined,
    links,
    dryRun: [],
    goesOn: false,
  };
}

/** The score on the span or, where nothing was written, the one that would be. */
export function scoreIn({ outcome, span, before, sent }: Report): number | undefined {
  const isKnown = outcome === 'updated' || outcome === 'created' || outcome === 'read';
  return numberOf(isKnown ? span.score : { ...before, ...sent }.score);
}

/** Warnings of one line each. */
export function warn(report: Draft, lines: readonly string[]): void {
  report.findings.push(
    ...lines.map((line): Finding => ({ level: 'warning', title: 'Opper span', lines: [line] })),
  );
}
