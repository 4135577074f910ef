import type { Span, SpanField, SpanPatch } from '../api/span.ts';
import type { Job } from '../job.ts';
import { type Json, numberOf } from '../json.ts';
import type { TestRun } from '../results/run.ts';
import type { Finding } from './finding.ts';

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
  readonly before: Span | undefined;
  /** What was sent, or would have been. */
  readonly sent: SpanPatch | undefined;
  /** The fields whose value changed, if known. */
  readonly changed: readonly SpanField[] | undefined;
  readonly requests: number;
  /** HTTP status of the last response. */
  readonly status: number | undefined;
  readonly elapsedMs: number;
  readonly findings: readonly Finding[];
  readonly gate: Gate | undefined;
  readonly tests: TestRun | undefined;
  /** The stored metrics, value by dimension; undefined if none were to be recorded. */
  readonly metrics: Readonly<Record<string, number>> | undefined;
  /** How many case spans were created, of how many; undefined if none were to be. */
  readonly caseSpans: { readonly created: number; readonly of: number } | undefined;
  readonly links: Job['links'];
  /** The requests that a dry run did not send. */
  readonly dryRun: readonly UnsentRequest[];
}

export interface UnsentRequest {
  readonly method: string;
  readonly url: string;
  readonly body?: Json;
}

/** `min_score` and the score it is compared with. A missed gate fails the step by itself; it needs no finding. */
export interface Gate {
  readonly minScore: number;
  readonly score: number | undefined;
}

/** The report while the step runs. If something throws, what is known until then is still reported. */
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
  };
}

/**
 * What `min_score` is compared with: the score on the span or, if nothing was written, the one that would have been. There
 * is no gate if the job failed or was cancelled and has no score: it is red anyway, and its error says more.
 */
export function gateOf(
  { outcome, span, before, sent }: Report,
  minScore: number | undefined,
  job: Job,
): Gate | undefined {
  const isKnown = outcome === 'updated' || outcome === 'created' || outcome === 'read';
  const score = numberOf(isKnown ? span.score : { ...before, ...sent }.score);
  if (minScore === undefined || (job.endedBadly && score === undefined)) return undefined;
  return { minScore, score };
}

/** Warnings of one line each. */
export function warn(report: Draft, lines: readonly string[]): void {
  report.findings.push(
    ...lines.map((line): Finding => ({ level: 'warning', title: 'Opper span', lines: [line] })),
  );
}
