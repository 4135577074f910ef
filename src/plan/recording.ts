import type { SpanField, SpanFields } from '../api/span.ts';
import { RESULT_FACT } from '../job.ts';
import type { JsonObject } from '../json.ts';
import type { ScoreGate } from './gate.ts';

/** What to record on a span. */
export interface Recording {
  /** Values by field. `meta` has only the keys that this step sets. */
  readonly fields: SpanFields;
  /** Fields to empty, unless `fields` has a value for them. */
  readonly clear: readonly SpanField[];
  /** Whether there should have been a score, so that a stored one is not left behind. */
  readonly lacksScore: boolean;
  /** Whether to keep stored keys of `meta` that this step does not set. */
  readonly keepsMeta: boolean;
  /** The error for a span that has no other: why the step fails, or that the job failed or was cancelled. */
  readonly fallbackError: string | undefined;
  readonly gate: ScoreGate | undefined;
  /** Whether this step created the span. Any other span that was not read may have an error. */
  readonly isOwn: boolean;
}

/** Records nothing. */
export const EMPTY_RECORDING: Recording = {
  fields: {},
  clear: [],
  lacksScore: false,
  keepsMeta: true,
  fallbackError: undefined,
  gate: undefined,
  isOwn: false,
};

/** The facts of a job that this step fails. */
export function withFailure(facts: JsonObject): JsonObject {
  return facts[RESULT_FACT] === 'success' ? { ...facts, [RESULT_FACT]: 'failure' } : facts;
}
