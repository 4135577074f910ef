import { durationMsOf, SPAN_FIELDS, type Span, type SpanField, type SpanPatch } from '../api/span.ts';
import type { ApiError, Problem } from '../errors.ts';
import { type Json, sameJson } from '../json.ts';
import type { TestRun } from '../results/results.ts';
import { inert } from './inert.ts';

export type Outcome = 'updated' | 'read' | 'dry-run' | 'skipped' | 'failed';

/** Everything there is to tell about a step, as plain data. What is in it may be foreign; the functions here make it inert. */
export interface Report {
  readonly outcome: Outcome;
  readonly spanId: string | undefined;
  /** The span as far as it is known: read, answered, or what would have been sent. */
  readonly span: Partial<Span>;
  /** The span before the update, where it was read. */
  readonly before: Span | undefined;
  /** What was sent, or would have been. */
  readonly patch: SpanPatch | undefined;
  /** The fields whose value changed, where that is known. */
  readonly changed: readonly SpanField[] | undefined;
  readonly requests: number;
  /** HTTP status of the last answer. */
  readonly status: number | undefined;
  readonly elapsedMs: number;
  readonly findings: readonly Finding[];
  readonly gate: Gate | undefined;
  readonly tests: TestRun | undefined;
  readonly links: { readonly run?: string; readonly job?: string };
  /** Method and URL that a dry run did not send. */
  readonly dryRun: string | undefined;
}

/** Something the reader of the run has to know; an `error` fails the step. Becomes an annotation. */
export interface Finding {
  readonly level: 'error' | 'warning' | 'notice';
  readonly title: string;
  readonly lines: readonly string[];
}

/** `min_score` against the score it was compared with. */
export interface Gate {
  readonly minScore: number;
  readonly score: number | undefined;
}

export const OUTPUTS = [
  'outcome',
  'id',
  'name',
  'type',
  'start_time',
  'end_time',
  'duration_ms',
  'input',
  'output',
  'error',
  'meta',
  'score',
  'trace_id',
  'parent_id',
  'feedback_score',
  'feedback_comment',
  'changed',
  'span',
  'status',
] as const;
export type Outputs = Readonly<Record<(typeof OUTPUTS)[number], string>>;

// GitHub counts a job's outputs together, in UTF-16 (docs.github.com, "Passing information between jobs").
const MAX_OUTPUTS_BYTES = 1024 * 1024;
const MAX_LOGGED = 200;
const MAX_SAID = 500;
const MAX_PROBLEMS = 100;

/**
 * The outputs of action.yml, all of them; '' is "unknown". Where they would pass GitHub's limit together, the longest are
 * left empty and named in `dropped`.
 */
export function outputsOf(report: Report): { outputs: Outputs; dropped: readonly string[] } {
  const { span, changed, status } = report;
  const outputs: Record<keyof Outputs, string> = {
    outcome: report.outcome,
    id: span.id ?? report.spanId ?? '',
    name: span.name ?? '',
    type: span.type ?? '',
    start_time: span.start_time ?? '',
    end_time: span.end_time ?? '',
    duration_ms: textOf(durationMsOf(span)),
    input: textOf(span.input),
    output: textOf(span.output),
    error: span.error ?? '',
    meta: textOf(span.meta),
    score: textOf(span.score),
    trace_id: span.trace_id ?? '',
    parent_id: span.parent_id ?? '',
    feedback_score: textOf(span.feedback?.score),
    feedback_comment: span.feedback?.comment ?? '',
    changed: textOf(changed),
    span: Object.keys(span).length > 0 ? JSON.stringify(span) : '',
    status: textOf(status),
  };
  const bytes = (name: keyof Outputs) => 2 * (name.length + outputs[name].length);
  let total = OUTPUTS.reduce((sum, name) => sum + bytes(name), 0);
  const dropped: string[] = [];
  for (const name of OUTPUTS.toSorted((a, b) => bytes(b) - bytes(a))) {
    if (total < MAX_OUTPUTS_BYTES) break;
    total -= bytes(name);
    outputs[name] = '';
    dropped.push(name);
  }
  return { outputs, dropped };
}

/** A field and its value as text, with the one before; `before` is undefined where the span was not read or not changed. */
export interface Row {
  readonly field: SpanField;
  readonly before: string | undefined;
  readonly after: string;
}

/** What the rows of a report are about. */
export const ROWS_TITLES: Readonly<Record<Outcome, string>> = {
  updated: 'Recorded',
  read: 'Value',
  'dry-run': 'Would be recorded',
  skipped: 'Not recorded',
  failed: 'Not recorded',
};

const NOTHING = '(nothing)';

/**
 * The fields that changed, before and after; all that were sent where the span was not read before, or that should have been
 * sent; all that the span has where it was only read.
 */
export function rowsOf({ outcome, patch, before, changed, span }: Report): Row[] {
  const values = outcome === 'failed' ? (patch ?? {}) : span;
  const recorded = changed ?? SPAN_FIELDS.filter((field) => patch && field in patch);
  const fields = outcome === 'read' ? SPAN_FIELDS.filter((field) => textOf(span[field])) : recorded;
  return fields.map((field) => {
    const from = changed && before;
    if (field !== 'meta') {
      return {
        field,
        before: from && (textOf(from[field]) || NOTHING),
        after: textOf(values[field]) || NOTHING,
      };
    }
    const [old, now] = [from?.meta ?? {}, values.meta ?? {}];
    const changedKeys = Object.keys(now).filter((key) => !sameJson(old[key], now[key]));
    return {
      field,
      before: from && keysText(old),
      after: [keysText(now), ...familiesOf(changedKeys)].join(', ').replace(', ', ': '),
    };
  });
}

function keysText(meta: object): string {
  const count = Object.keys(meta).length;
  return count === 1 ? '1 key' : `${count} keys`;
}

/** Keys, with those of one family in one: `vcs.owner.name` and `vcs.repository.name` are `vcs.*`. */
function familiesOf(keys: readonly string[]): string[] {
  const families = Map.groupBy(keys, (key) => key.split('.')[0]);
  return [...families].map(([family, [key = '', ...others]]) => (others.length > 0 ? `${family}.*` : key));
}

/** A few plain lines for the log: the span, what changed, how many requests and how long. */
export function logOf(report: Report): string[] {
  const { outcome, span, patch, changed, requests, elapsedMs, dryRun, tests, gate } = report;
  const name = span.name ? ` "${inert(span.name, MAX_LOGGED)}"` : '';
  const effort =
    requests === 0
      ? 'nothing sent'
      : `${requests} ${requests === 1 ? 'request' : 'requests'}, ${elapsedMs} ms`;
  const rows = rowsOf(report).map(({ field, before, after }) => {
    const from = before === undefined ? '' : `${inert(before, MAX_LOGGED)} → `;
    return `  ${field}: ${from}${inert(after, MAX_LOGGED)}`;
  });
  const title = outcome === 'updated' || outcome === 'read' ? [] : [`${ROWS_TITLES[outcome]}:`];
  return [
    `Span${report.spanId ? ` ${inert(report.spanId)}` : ''}${name}: ${outcome} (${effort})`,
    ...(rows.length > 0 ? [...title, ...rows] : []),
    ...(changed?.length === 0 ? [`  ${UNCHANGED}`] : []),
    ...(span.feedback ? [`  human feedback: ${inert(feedbackText(span.feedback), MAX_LOGGED)}`] : []),
    ...(tests ? [`Results: ${countsText(tests)}`] : []),
    ...(dryRun ? [`Dry run of: ${inert(dryRun)}`] : []),
    ...(dryRun && patch ? [`Body: ${inert(JSON.stringify(patch), 20_000)}`] : []),
    ...(gate ? [`Gate: ${gateText(gate)}`] : []),
  ];
}

export const UNCHANGED = 'no field changed, the span had these values before';

/** `0.8: Friendly and right`; either half may be missing. */
export function feedbackText({ score, comment }: NonNullable<Span['feedback']>): string {
  return [textOf(score), textOf(comment)].filter(Boolean).join(': ');
}

/** `83.3 % passed: 12 tests (junit), 10 passed, 1 failed, 1 errored, 0 skipped, in 3.2 s`; the rate is of those that ran. */
export function countsText({ format, passed, failed, errored, skipped, durationMs }: TestRun): string {
  const ran = passed + failed + errored;
  // A single failure among many never reads as 100 %, nor a single pass as 0 %.
  const rounded = Math.round((passed / ran) * 1000) / 10;
  const rate = passed === 0 || passed === ran ? rounded : Math.min(Math.max(rounded, 0.1), 99.9);
  // Tools write 0 for a time that they do not know.
  const duration = durationMs ? `, in ${durationMs / 1000} s` : '';
  return `${rate} % passed: ${ran + skipped} tests (${format}), ${passed} passed, ${failed} failed, ${errored} errored, ${skipped} skipped${duration}`;
}

/** Whether the step passes the gate: there is a score, and it is not below the threshold. */
export function passes({ minScore, score }: Gate): boolean {
  return score !== undefined && score >= minScore;
}

/** The gate in a sentence, with score and threshold. */
export function gateText(gate: Gate): string {
  const { minScore, score } = gate;
  if (score === undefined) return `min_score is ${minScore}, but there is no score to compare`;
  return passes(gate)
    ? `score ${score} reaches min_score ${minScore}`
    : `score ${score} is below min_score ${minScore}`;
}

/** What is wrong with the input: every problem a line, `name: what is wrong, what is expected`; of very many the first. */
export function problemLines(problems: readonly Problem[]): string[] {
  const lines = problems.slice(0, MAX_PROBLEMS).map(({ name, message, found }) => {
    const quoted = found === undefined ? '' : `"${inert(found, MAX_LOGGED)}" `;
    return `${inert(name)}: ${quoted}${inert(message)}`;
  });
  const more = problems.length - lines.length;
  return more > 0 ? [...lines, `and ${more} more`] : lines;
}

/** A failure of the API in a line: what was tried, what was said, what to do. */
export function apiErrorLine({ message, said, hint }: ApiError): string {
  const words = said ? `: ${inert(said, MAX_SAID)}` : '';
  return `${inert(message)}${words}${/[.!?]$/.test(words) ? '' : '.'}${hint ? ` ${hint}` : ''}`;
}

/** A value as text: '' for nothing, text as it is, anything else as JSON. */
export function textOf(value: Json | undefined): string {
  if (value === undefined || value === null) return '';
  return typeof value === 'string' ? value : JSON.stringify(value);
}
