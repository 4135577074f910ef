import * as z from 'zod/mini';
import { type Json, numberOf, type RawJson } from '../json.ts';

/** A named number to attach to a span, with an optional comment. Any unit, fractions allowed. */
export interface NewMetric {
  readonly dimension: string;
  readonly value: number;
  readonly comment?: string;
}

/** A metric in a response. Unknown fields are kept. Times are RFC 3339. */
export const Metric = z.looseObject({
  id: z.string('expected text'),
  dimension: z.string('expected text'),
  value: z.custom<number | RawJson>((value) => numberOf(value as Json) !== undefined, 'expected a number'),
  comment: z.exactOptional(z.nullable(z.string('expected text'))),
  created_at: z.exactOptional(z.nullable(z.string('expected text'))),
});
export type Metric = z.infer<typeof Metric>;

/** One page of a span's metrics. */
export const MetricPage = z.looseObject({
  meta: z.looseObject(
    { total_count: z.pipe(z.transform(numberOf), z.number('expected a number')) },
    'expected an object',
  ),
  data: z.array(Metric, 'expected a list'),
});

/**
 * The metric of a dimension, the newest if the span has several. The API may allow several, and readers that show only one
 * show the newest.
 */
export function metricOf(metrics: readonly Metric[], dimension: string): Metric | undefined {
  return metrics
    .filter((metric) => metric.dimension === dimension)
    .reduce<Metric | undefined>(
      (newest, metric) => (newest && createdAt(newest) > createdAt(metric) ? newest : metric),
      undefined,
    );
}

function createdAt({ created_at }: Metric): number {
  return Date.parse(created_at ?? '') || 0;
}
