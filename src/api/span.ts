import * as z from 'zod/mini';
import { isJsonObject, type Json, type JsonObject, type RawJson, sameJson } from '../json.ts';
import { instantOf } from '../timestamp.ts';

const orNull = <Schema extends z.ZodMiniType>(schema: Schema) => z.exactOptional(z.nullable(schema));
const text = z.string('expected text');
const textOrNull = orNull(text);
const jsonOrNull = orNull(z.custom<Json>());
const metaOrNull = orNull(z.custom<JsonObject>(isJsonObject, 'expected an object'));
const numberOrNull = orNull(
  z.custom<number | RawJson>(
    (value) => typeof value === 'number' || JSON.isRawJSON(value),
    'expected a number',
  ),
);

/**
 * The body of `PATCH /spans/{span_id}`, as the API's reference page has it: every field may be absent (left alone) or null.
 */
export const SpanPatch = z.strictObject({
  score: orNull(z.int('expected an integer')),
  error: textOrNull,
  meta: metaOrNull,
  end_time: textOrNull,
  start_time: textOrNull,
  name: textOrNull,
  type: textOrNull,
  input: textOrNull,
  output: textOrNull,
});
export type SpanPatch = z.infer<typeof SpanPatch>;
export type SpanField = keyof SpanPatch;

/** What can be recorded, in the order in which it is shown. */
export const SPAN_FIELDS = [
  'score',
  'error',
  'meta',
  'end_time',
  'start_time',
  'name',
  'type',
  'input',
  'output',
] as const satisfies readonly SpanField[];

/**
 * A span as the API answers it. Fields that are null may be missing altogether; unknown ones are kept. `input` and
 * `output` may be any JSON. `feedback` is human feedback and comes with `GET` only.
 */
export const Span = z.looseObject({
  id: text,
  name: text,
  trace_id: textOrNull,
  parent_id: textOrNull,
  type: textOrNull,
  start_time: textOrNull,
  end_time: textOrNull,
  input: jsonOrNull,
  output: jsonOrNull,
  error: textOrNull,
  meta: metaOrNull,
  score: numberOrNull,
  feedback: orNull(z.looseObject({ score: numberOrNull, comment: textOrNull })),
});
export type Span = z.infer<typeof Span>;

/** What a step wants recorded, as worked out from its inputs, the results and the job. */
export interface Recording {
  /** Values by field. `meta` holds only the keys this step names. */
  readonly fields: SpanPatch;
  /** Fields to empty, unless a value is recorded on them after all. */
  readonly clear: readonly SpanField[];
  /** Whether keys of the stored `meta` that this step does not name stay. */
  readonly keepsMeta: boolean;
}

/** Whether the stored span has to be read before {@link patchFor}: only where its `meta` is to be kept beside new keys. */
export function needsStored({ fields, clear, keepsMeta }: Recording): boolean {
  return fields.meta !== undefined && keepsMeta && !clear.includes('meta');
}

/**
 * The body to send. Fields that the recording does not name are absent, so the API leaves them alone. The stored `meta`
 * is sent along under the recorded keys, which loses nothing whether the API merges `meta` or replaces it.
 */
export function patchFor(recording: Recording, stored?: Span): SpanPatch {
  const cleared = Object.fromEntries(recording.clear.map((field) => [field, null]));
  const patch: SpanPatch = { ...cleared, ...recording.fields };
  if (recording.fields.meta && needsStored(recording)) {
    patch.meta = { ...stored?.meta, ...recording.fields.meta };
  }
  return patch;
}

/** The fields whose value differs between two states of a span. Times are compared as instants; null is absent. */
export function changesBetween(before: Span, after: Span): readonly SpanField[] {
  return SPAN_FIELDS.filter((field) => !sameValue(field, before[field], after[field]));
}

/**
 * The fields that a span does not hold as they were sent. `meta` is compared key by key where the sent one was merged with
 * the stored one ({@link needsStored}), since somebody else may have added a key in between, and as a whole otherwise.
 */
export function unstoredFields(patch: SpanPatch, span: Span, isMerged: boolean): readonly SpanField[] {
  return SPAN_FIELDS.filter((field) => {
    const sent = patch[field];
    if (sent === undefined) return false;
    if (field === 'meta' && isMerged && patch.meta && span.meta) {
      return Object.keys(differenceOf(patch.meta, span.meta)[0]).length > 0;
    }
    return !sameValue(field, sent, span[field]);
  });
}

/** Two objects without the entries in which they are the same: what there is to see in a comparison. */
export function differenceOf(a: JsonObject, b: JsonObject): [JsonObject, JsonObject] {
  const without = (one: JsonObject, other: JsonObject) =>
    Object.fromEntries(Object.entries(one).filter(([key, value]) => !sameJson(value, ownValue(other, key))));
  return [without(a, b), without(b, a)];
}

function ownValue(object: JsonObject, key: string): Json | undefined {
  return Object.hasOwn(object, key) ? object[key] : undefined;
}

/** Milliseconds from start to end, undefined where one of them is missing. Negative when the end is before the start. */
export function durationMsOf({ start_time, end_time }: Partial<Span>): number | undefined {
  const [start, end] = [instantOf(start_time ?? ''), instantOf(end_time ?? '')];
  return start === undefined || end === undefined ? undefined : end - start;
}

function sameValue(field: SpanField, a: Json | undefined, b: Json | undefined): boolean {
  if (field.endsWith('_time') && typeof a === 'string' && typeof b === 'string') {
    const instant = instantOf(a);
    return instant === undefined ? a === b : instant === instantOf(b);
  }
  return sameJson(a ?? null, b ?? null);
}
