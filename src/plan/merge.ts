import type { MetricValue, NewMetric } from '../api/metric.ts';
import type { JsonObject } from '../json.ts';

/** Merges the layers key by key, later ones win. Undefined if all layers are. */
export function mergedMeta(layers: readonly (JsonObject | undefined)[]): JsonObject | undefined {
  const given = layers.filter((layer) => layer !== undefined);
  // Object.assign would lose a key named __proto__, since it would set the prototype.
  return given.length > 0 ? Object.fromEntries(given.flatMap((layer) => Object.entries(layer))) : undefined;
}

/** Merges the layers by dimension, later ones win. */
export function mergedMetrics(
  layers: readonly (Readonly<Record<string, number | MetricValue>> | undefined)[],
): NewMetric[] {
  const metrics = layers.flatMap((layer) =>
    Object.entries(layer ?? {}).map(([dimension, metric]): NewMetric => {
      return { dimension, ...(typeof metric === 'number' ? { value: metric } : metric) };
    }),
  );
  return [...new Map(metrics.map((metric) => [metric.dimension, metric])).values()];
}
