import type { NewSpan, Span, SpanFields, SpanPatch } from '../api/span.ts';
import type { Inputs } from '../inputs/inputs.ts';
import { RESULT_FACT } from '../job.ts';
import { type JsonObject, numberOf } from '../json.ts';
import { defined, present } from '../present.ts';
import { cut, textOf } from '../text.ts';
import { type Gate, gatesOf } from './gate.ts';
import { type Recording, withFailure } from './recording.ts';

/** Whether {@link patchFor} needs the stored span: only to keep its `meta` beside new keys. */
export function needsStored({ fields, clear, keepsMeta }: Recording): boolean {
  return fields.meta !== undefined && keepsMeta && !clear.includes('meta');
}

/**
 * The body to send. Fields that are not recorded are absent, so the API leaves them alone. The recorded `meta` is merged into
 * the stored one, so nothing is lost whether the API merges `meta` or replaces it. A gate that is known to be missed turns the
 * recorded result of the job into a failure, and is the error of a span that has no other.
 */
export function patchFor(recording: Recording, stored?: Partial<Span>): SpanPatch {
  const { fields, clear, lacksScore, fallbackError, isOwn } = recording;
  const isScoreLeft = lacksScore && (stored === undefined || textOf(stored.score) !== '');
  const emptied = isScoreLeft ? [...clear, 'score'] : clear;
  const cleared = Object.fromEntries(emptied.map((field) => [field, null]));
  const missed = missedGate(recording, stored && { ...stored, ...cleared });
  const gateError = stored || isOwn ? missed?.text : undefined;
  const error = fallbackError ?? gateError;
  const meta = missed && fields.meta ? withFailure(fields.meta) : fields.meta;
  return {
    ...(stored?.error && isOutdated(stored, fields.meta) && { error: null }),
    ...cleared,
    ...(error !== undefined && !hasError(recording, stored) && { error }),
    ...fields,
    ...(meta && { meta: needsStored(recording) ? { ...stored?.meta, ...meta } : meta }),
  };
}

/** The first gate that is known to be missed before the span is written. */
function missedGate({ gate }: Recording, stored: Partial<Span> | undefined): Gate | undefined {
  if (gate?.score === undefined && stored === undefined) return undefined;
  return gatesOf(gate, numberOf(stored?.score)).find(({ isPassed }) => !isPassed);
}

/** Whether the stored span has an error that stays. */
function hasError({ fields, clear }: Recording, stored: Partial<Span> | undefined): boolean {
  return Boolean(stored?.error) && !clear.includes('error') && !isOutdated(stored, fields.meta);
}

/** Whether an earlier attempt of the same job failed and recorded the stored error. */
function isOutdated(stored: Partial<Span> | undefined, facts: JsonObject = {}): boolean {
  const before = stored?.meta ?? {};
  const isSame = (name: string) => facts[name] !== undefined && facts[name] === before[name];
  const attemptOf = (meta: JsonObject) => numberOf(meta['github.run_attempt']) ?? Number.NaN;
  return (
    ['cicd.pipeline.run.id', 'cicd.pipeline.task.name'].every(isSame) &&
    attemptOf(before) < attemptOf(facts) &&
    ['failure', 'cancellation'].includes(String(before[RESULT_FACT]))
  );
}

const MAX_CLOSING_ERROR = 4000;

/**
 * A small body that ends the span, if the API refuses the whole one. The error is the reason and what should have been the
 * error, cut.
 */
export function closingPatch(
  recording: Recording,
  stored: Span | undefined,
  reason: string,
  keepsScore: boolean,
): SpanPatch {
  const { end_time, score, error } = patchFor(recording, stored);
  const both = cut(present([reason, error]).join('\n'), MAX_CLOSING_ERROR);
  return defined({
    end_time,
    error: hasError(recording, stored) ? undefined : both,
    score: keepsScore ? score : undefined,
  });
}

/**
 * A new span with this recording. Its name is `title` if none is given. A span with an end but no start gets the end as its
 * start: the server would use the time of the request, which is later.
 */
export function newSpanOf(
  { parent_id, trace_id }: Inputs,
  recording: Recording,
  id: string,
  title: string,
): NewSpan {
  const { name = title, ...fields } = patchFor({ ...recording, clear: [] }, {}) as SpanFields;
  const start_time = fields.start_time ?? fields.end_time;
  return { id, name, ...defined({ parent_id, trace_id }), ...fields, ...defined({ start_time }) };
}

/** Whether the body would be empty. */
export function isEmptyPatch(patch: SpanPatch): boolean {
  return Object.keys(patch).length === 0;
}
