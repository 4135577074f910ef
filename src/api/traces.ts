import * as z from 'zod/mini';
import { isJsonObject, type Json, type JsonObject, numberOf } from '../json.ts';
import { Metric } from './metric.ts';

// Only what is used: a trace may be large, and the rest can be freed at once.
const orNull = <Schema extends z.ZodMiniType>(schema: Schema) => z.exactOptional(z.nullable(schema));
const text = z.string('expected text');
const textOrNull = orNull(text);
const number = z.pipe(
  z.transform((value: Json) => numberOf(value)),
  z.number('expected a number'),
);

/** A trace in a list. Its name is that of its root span. */
const TraceEntry = z.object({ id: text, name: textOrNull, start_time: textOrNull });

/** One page of the list of traces. */
export const TracePage = z.object({
  meta: z.object({ total_count: number }, 'expected an object'),
  data: z.array(TraceEntry, 'expected a list'),
});
export type TracePage = z.infer<typeof TracePage>;

const TraceSpan = z.object({
  id: textOrNull,
  name: textOrNull,
  parent_id: textOrNull,
  type: textOrNull,
  start_time: textOrNull,
  meta: orNull(z.custom<JsonObject>(isJsonObject, 'expected an object')),
  score: orNull(number),
  metrics: orNull(z.array(Metric, 'expected a list')),
});
/** A span inside of its trace. */
export type TraceSpan = z.infer<typeof TraceSpan>;

/** A trace with all of its spans. */
export const Trace = z.extend(TraceEntry, { spans: orNull(z.array(TraceSpan, 'expected a list')) });
export type Trace = z.infer<typeof Trace>;
