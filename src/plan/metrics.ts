import type { NewMetric } from '../api/metric.ts';
import type { Problem } from '../errors.ts';
import type { Inputs } from '../inputs/inputs.ts';
import type { Results } from '../results/results.ts';
import { mergedMetrics } from './merge.ts';

const MAX_METRICS = 500;

export interface MetricsToRecord {
  /** With those that the results measured. */
  readonly all: readonly NewMetric[];
  /** Those of the input and of a `fields` file. */
  readonly given: readonly NewMetric[];
  /** Too many. */
  readonly problem?: Problem;
}

/**
 * The metrics to record by dimension: of the results, then of a `fields` file, then of the input. Later ones win. With too many,
 * only those that are given are left, if they are not too many by themselves.
 */
export function metricsFor(
  { metrics, results_metrics }: Partial<Inputs>,
  { tests, fields, metrics: measured }: Results,
): MetricsToRecord {
  const given = mergedMetrics([fields?.metrics, metrics]);
  const ofTests = results_metrics ? tests?.metrics : undefined;
  const all = mergedMetrics([ofTests, measured, fields?.metrics, metrics]);
  if (all.length <= MAX_METRICS) return { all, given };
  const inInput = Object.keys(metrics ?? {}).length;
  const isFromFile = inInput <= MAX_METRICS;
  const source = isFromFile
    ? `gives ${all.length} metrics with those of the inputs`
    : `has ${inInput} metrics`;
  const problem = {
    name: isFromFile ? 'results_file' : 'metrics',
    message: `${source}, more than the limit of ${MAX_METRICS}. Record fewer`,
    isFromFile,
  };
  const recordable = given.length <= MAX_METRICS ? given : [];
  return { all: recordable, given: recordable, problem };
}
