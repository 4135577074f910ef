import * as z from 'zod/mini';
import { Metric } from './metric.ts';
import { double, objectOrNull, orNull, pageOf, text, textOrNull } from './schema.ts';

// These have only what is used: a trace may be large, and the rest can be freed at once.

/** A trace in a list. Its name is that of its root span. */
const TraceEntry = z.object({ id: text, name: textOrNull, start_time: textOrNull });

/** One page of the list of traces. */
export const TracePage = pageOf(TraceEntry);
export type TracePage = z.infer<typeof TracePage>;

const TraceSpan = z.object({
  id: textOrNull,
  name: textOrNull,
  parent_id: textOrNull,
  type: textOrNull,
  start_time: textOrNull,
  meta: objectOrNull,
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
