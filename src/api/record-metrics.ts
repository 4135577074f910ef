import { ApiError, InputError } from '../errors.ts';
import { defined, present } from '../present.ts';
import { cut, listed } from '../text.ts';
import type { Client } from './client.ts';
import { fourAtOnce } from './four-at-once.ts';
import type { Metric, NewMetric } from './metric.ts';

interface RecordedMetrics {
  /** The wanted dimensions that the span has now, with their stored values. */
  readonly stored: Readonly<Record<string, number>>;
  /** One line for each dimension that was not recorded, and one for all that were not tried. */
  readonly failures: readonly string[];
}

/**
 * Gives a span these metrics, four at a time: leaves those that are equal, changes those that differ, creates the rest. A metric
 * without a comment keeps the stored one. `wanted` must not be empty, and each dimension must appear once. Whatever the server does
 * becomes a failure, not an exception. After a failure that would also affect the next metric (an outage), no more are begun.
 */
export async function recordMetrics(
  client: Client,
  spanId: string,
  wanted: readonly NewMetric[],
): Promise<RecordedMetrics> {
  let known: ReadonlyMap<string, Metric>;
  try {
    known = await client.listMetrics(spanId);
  } catch (error) {
    return { stored: {}, failures: [`${namesOf(wanted)}: not recorded: ${messageOf(error)}`] };
  }

  const outcomes: (MetricOutcome | undefined)[] = wanted.map(() => undefined);
  await fourAtOnce(wanted, async (metric, index) => {
    const outcome = await outcomeOf(client, spanId, metric, known.get(metric.dimension));
    outcomes[index] = outcome;
    return !outcome.isOutage;
  });
  const stored = wanted.map(({ dimension }, index) => [dimension, outcomes[index]?.stored] as const);
  const notBegun = wanted.filter((_, index) => !outcomes[index]);
  return {
    stored: defined(Object.fromEntries(stored)) as Record<string, number>,
    failures: present([
      ...outcomes.map((outcome) => outcome?.failure),
      notBegun.length > 0 && `${namesOf(notBegun)}: not tried after that`,
    ]),
  };
}

interface MetricOutcome {
  readonly stored?: number | undefined;
  readonly failure?: string;
  /** Whether the next metric would fail too. */
  readonly isOutage?: boolean;
}

async function outcomeOf(
  client: Client,
  spanId: string,
  metric: NewMetric,
  known: Metric | undefined,
): Promise<MetricOutcome> {
  const name = cut(metric.dimension, 100);
  try {
    const { value } = await recordMetric(client, spanId, metric, known);
    if (value === metric.value) return { stored: value };
    const failure = `${name}: not stored as sent: sent ${metric.value}, the span has ${value}`;
    return { stored: value, failure };
  } catch (error) {
    return {
      stored: known?.value,
      failure: `${name}: not recorded: ${messageOf(error)}`,
      // A conflict is about one dimension.
      isOutage: error instanceof ApiError && error.isTransient && error.status !== 409,
    };
  }
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
