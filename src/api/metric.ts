import * as z from 'zod/mini';
import { instantOf } from '../timestamp.ts';
import { double, pageOf, text, textOrNull } from './schema.ts';

/** A number to attach to a span, with an optional comment. Any unit, fractions allowed. */
export interface MetricValue {
  readonly value: number;
  readonly comment?: string;
}

export interface NewMetric extends MetricValue {
  readonly dimension: string;
}

/** A metric in a response. Unknown fields are kept. Times are RFC 3339. */
export const Metric = z.looseObject({
  id: text,
  dimension: text,
  value: double,
  comment: textOrNull,
  created_at: textOrNull,
});
export type Metric = z.infer<typeof Metric>;

/** One page of a span's metrics. */
export const MetricPage = pageOf(Metric);

/**
 * The newest metric of each dimension. The API may allow several, and readers that show only one show the newest. If two have the
 * same time, the last in the list counts.
 */
export function newestOf(metrics: Iterable<Metric>): ReadonlyMap<string, Metric> {
  const oldestFirst = [...metrics].sort((a, b) => createdAt(a) - createdAt(b));
  return new Map(oldestFirst.map((metric) => [metric.dimension, metric]));
}

function createdAt({ created_at }: Metric): number {
  return instantOf(created_at) ?? 0;
}
