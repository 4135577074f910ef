import { ApiError, InputError } from '../errors.ts';
import { cut, listed } from '../text.ts';
import type { Client } from './client.ts';
import type { Metric, NewMetric } from './metric.ts';

export interface RecordedMetrics {
  /** The wanted dimensions that the span has now, with their stored values. */
  readonly stored: Readonly<Record<string, number>>;
  /** One line for each dimension that was not recorded, and one for all that were not tried. */
  readonly failures: readonly string[];
}

/**
 * Gives a span these metrics, each dimension once: leaves those that are equal, changes those that differ, creates the rest. A
 * metric without a comment keeps the stored one. `wanted` must not be empty, and each dimension must appear once. Whatever the
 * server does becomes a failure, not an exception. After a failure that would also affect the next metric (an outage), no more
 * are tried.
 */
export async function recordMetrics(
  client: Client,
  spanId: string,
  wanted: readonly NewMetric[],
): Promise<RecordedMetrics> {
  const stored = new Map<string, number>();
  const failures: string[] = [];
  let known: ReadonlyMap<string, Metric>;
  try {
    known = await client.listMetrics(spanId);
  } catch (error) {
    return { stored: {}, failures: [`${namesOf(wanted)}: not recorded: ${messageOf(error)}`] };
  }

  for (const [at, metric] of wanted.entries()) {
    const name = cut(metric.dimension, 100);
    const before = known.get(metric.dimension);
    try {
      const after = await recordMetric(client, spanId, metric, before);
      stored.set(metric.dimension, after.value);
      if (after.value !== metric.value) {
        failures.push(`${name}: not stored as sent: sent ${metric.value}, the span has ${after.value}`);
      }
    } catch (error) {
      if (before) stored.set(metric.dimension, before.value);
      failures.push(`${name}: not recorded: ${messageOf(error)}`);
      const rest = wanted.slice(at + 1);
      if ((error as ApiError).isTransient && rest.length > 0) {
        failures.push(`${namesOf(rest)}: not tried after that`);
        break;
      }
    }
  }
  return { stored: Object.fromEntries(stored), failures };
}

/** Resolves to the metric as stored. Throws {@link ApiError}. */
async function recordMetric(
  client: Client,
  spanId: string,
  wanted: NewMetric,
  known: Metric | undefined,
): Promise<Metric> {
  const { metric, wasFound } = known
    ? { metric: known, wasFound: true }
    : await client.createMetric(spanId, wanted);
  if (!wasFound || isEqual(metric, wanted)) return metric;
  const { dimension: _, ...change } = wanted;
  return client.updateMetric(spanId, metric.id, change);
}

function isEqual(metric: Metric, { value, comment }: NewMetric): boolean {
  return metric.value === value && (comment === undefined || metric.comment === comment);
}

function namesOf(metrics: readonly NewMetric[]): string {
  return listed(metrics.map(({ dimension }) => dimension));
}

/** The message of what the client throws. Rethrows anything else. */
function messageOf(error: unknown): string {
  if (error instanceof ApiError || error instanceof InputError) return error.message;
  throw error;
}
