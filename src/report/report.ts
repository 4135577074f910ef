import type { Span, SpanField, SpanPatch } from '../api/span.ts';
import type { Json } from '../json.ts';
import type { TestRun } from '../results/test-run.ts';

export type Outcome = 'updated' | 'read' | 'created' | 'tracking' | 'dry-run' | 'skipped' | 'failed';

/**
 * Everything there is to tell about a step, as plain data. Any text in it may be foreign or echo the key, except `outcome`,
 * `jobStatus`, `changed`, and the titles of findings, which are the step's own words.
 */
export interface Report {
  readonly outcome: Outcome;
  /** How the job went so far; undefined where that is not known. */
  readonly jobStatus: 'success' | 'failure' | 'cancelled' | undefined;
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
  readonly links: { readonly run?: string; readonly job?: string };
  /** The requests that a dry run did not send. */
  readonly dryRun: readonly UnsentRequest[];
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
