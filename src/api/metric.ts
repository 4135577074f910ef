import * as z from 'zod/mini';
import { type Json, numberOf, type RawJson } from '../json.ts';

/** A number to attach to a span under a name, with an optional remark. Fractions and raw units alike. */
export interface NewMetric {
  readonly dimension: string;
  readonly value: number;
  readonly comment?: string;
}

/** A metric as the API answers it. Unknown fields are kept. Times are RFC 3339. */
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
 * The metric of a dimension, the newest where the span holds several. The API may let a dimension be there twice: then a
 * reader that takes one takes the latest, and the older ones are somebody else's.
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
