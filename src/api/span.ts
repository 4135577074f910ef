import * as z from 'zod/mini';
import { type Json, type JsonObject, numberOf, type RawJson } from '../json.ts';
import { instantOf } from '../timestamp.ts';
import { objectOrNull, orNull, text, textOrNull } from './schema.ts';

/** The fields that can be recorded, in display order. */
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
] as const;
export type SpanField = (typeof SPAN_FIELDS)[number];

/** Values by field. Times are RFC 3339 with an offset, `score` is an integer, `meta` any JSON object. */
export interface SpanFields {
  readonly score?: number;
  readonly error?: string;
  readonly meta?: JsonObject;
  readonly end_time?: string;
  readonly start_time?: string;
  readonly name?: string;
  readonly type?: string;
  readonly input?: string;
  readonly output?: string;
}

/** The body of `PATCH /spans/{span_id}`: an absent field is left alone, null empties it. */
export type SpanPatch = { readonly [Field in SpanField]?: SpanFields[Field] | null };

/** The body of `POST /spans`. We choose the `id`, but the server may ignore it. */
export interface NewSpan extends SpanFields {
  readonly id: string;
  readonly name: string;
  readonly parent_id?: string;
  readonly trace_id?: string;
}

const jsonOrNull = orNull(z.custom<Json>());
const number = z.custom<number | RawJson>(
  (value) => numberOf(value as Json) !== undefined,
  'expected a number',
);

/**
 * A span in a response. Null fields may be missing. Unknown fields are kept. `input` and `output` may be any JSON. `feedback` is
 * human feedback, which only `GET` returns.
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
  meta: objectOrNull,
  score: orNull(number),
  feedback: orNull(z.looseObject({ score: orNull(number), comment: textOrNull }, 'expected an object')),
});
export type Span = z.infer<typeof Span>;

/** The fields that have a value. The others must be absent, not undefined: an absent field is left alone. */
export function fieldsOf(
  values: { readonly [Field in SpanField]?: SpanFields[Field] | undefined },
): SpanFields {
  const given = SPAN_FIELDS.filter((field) => values[field] !== undefined);
  return Object.fromEntries(given.map((field) => [field, values[field]]));
}

/** Milliseconds from start to end; undefined if one of them is missing. Negative if the end is before the start. */
export function durationMsOf({ start_time, end_time }: Partial<Span>): number | undefined {
  const [start, end] = [start_time, end_time].map(instantOf);
  return start === undefined || end === undefined ? undefined : end - start;
}
