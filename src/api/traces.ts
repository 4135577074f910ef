import * as z from 'zod/mini';
import { isJsonObject, type JsonObject } from '../json.ts';
import { Metric } from './metric.ts';
import { double, orNull, text, textOrNull } from './schema.ts';

// These have only what is used: a trace may be large, and the rest can be freed at once.

/** A trace in a list. Its name is that of its root span. */
const TraceEntry = z.object({ id: text, name: textOrNull, start_time: textOrNull });

/** One page of the list of traces. */
export const TracePage = z.object({
  meta: z.object({ total_count: double }, 'expected an object'),
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
  score: orNull(double),
  metrics: orNull(z.array(Metric, 'expected a list')),
});
/** A span inside of its trace. */
export type TraceSpan = z.infer<typeof TraceSpan>;

/** A trace with all of its spans. */
export const Trace = z.object({
  ...TraceEntry.shape,
  spans: orNull(z.array(TraceSpan, 'expected a list')),
});
export type Trace = z.infer<typeof Trace>;
