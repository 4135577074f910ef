import type { JsonObject } from '../json.ts';
import { type FoundCase, failureOf, testCaseOf } from './cases.ts';
import type { Failure, TestCase } from './run.ts';
import { isFailing } from './status.ts';

/** Which cases to keep for case spans. */
export interface KeepCases {
  readonly kind: 'none' | 'failed' | 'all';
  readonly max: number;
}

export interface Counts {
  readonly passed: number;
  readonly failed: number;
  readonly errored: number;
  readonly skipped: number;
  /** How many of these are failures outside of all cases. */
  readonly extra: number;
}

const MAX_FAILURES = 10;

/** What is added up over all cases: `meta` key by metric dimension. */
const SUMS = {
  cost: 'test.cost',
  input_tokens: 'gen_ai.usage.input_tokens',
  output_tokens: 'gen_ai.usage.output_tokens',
} as const;
const OWN_DIMENSIONS = ['pass_rate', 'score', ...Object.keys(SUMS)];

/** Counts cases one by one. Keeps the first ten failures, and at most `max` cases for case spans, failures first. */
export function createTally({ kind, max }: KeepCases) {
  const counts = { passed: 0, failed: 0, errored: 0, skipped: 0, extra: 0 };
  const failures: Failure[] = [];
  const failing: TestCase[] = [];
  const others: TestCase[] = [];
  let casesWanted = 0;
  const scores = createMean();
  const namedScores = new Map<string, ReturnType<typeof createMean>>();
  const sums = { cost: 0, input_tokens: 0, output_tokens: 0 };

  function keep({ status, details }: FoundCase): void {
    const kept = isFailing(status) ? failing : others;
    if (kind === 'none' || (kind === 'failed' && kept === others)) return;
    casesWanted++;
    // A copy: in V8, a part of a text keeps the whole text in memory, here a piece of the file.
    if (kept.length < max) kept.push(structuredClone(testCaseOf(status, details())));
  }

  return {
    add(found: FoundCase): void {
      const { status, isExtra, details, measured } = found;
      counts[status]++;
      if (isExtra) counts.extra++;
      if (isFailing(status) && failures.length < MAX_FAILURES) failures.push(failureOf(details()));
      keep(found);
      if (measured === undefined) return;
      scores.add(measured.score);
      for (const [name, score] of Object.entries(measured.namedScores)) {
        const mean = namedScores.get(name) ?? createMean();
        namedScores.set(name, mean);
        mean.add(score);
      }
      sums.cost += measured.cost ?? 0;
      sums.input_tokens += measured.inputTokens ?? 0;
      sums.output_tokens += measured.outputTokens ?? 0;
    },

    counts: (): Counts => ({ ...counts }),

    /** The result. At least one case must have run. */
    result() {
      const meta: [string, number][] = [];
      const ran = counts.passed + counts.failed + counts.errored;
      const metrics: [string, number][] = [['pass_rate', counts.passed / ran]];
      for (const [name, mean] of namedScores) {
        meta.push([`test.scores.${name}`, mean.value()]);
        metrics.push([OWN_DIMENSIONS.includes(name) ? `scores.${name}` : name, mean.value()]);
      }
      if (scores.count() > 0) {
        meta.push(['test.score.mean', scores.value()]);
        metrics.push(['score', scores.value()]);
      }
      for (const dimension of Object.keys(SUMS) as (keyof typeof SUMS)[]) {
        // Tools write 0 if they do not know the cost or the token use.
        if (sums[dimension] === 0) continue;
        meta.push([SUMS[dimension], tidy(sums[dimension])]);
        metrics.push([dimension, tidy(sums[dimension])]);
      }
      const { extra: _, ...byStatus } = counts;
      return {
        ...byStatus,
        failures,
        meta: Object.fromEntries(meta) as JsonObject,
        metrics: Object.fromEntries(metrics),
        cases: [...failing, ...others].slice(0, max),
        casesWanted,
      };
    },
  };
}

function createMean() {
  let sum = 0;
  let count = 0;
  return {
    add(value: number | undefined): void {
      if (value === undefined) return;
      sum += value;
      count++;
    },
    count: () => count,
    value: () => tidy(sum / count),
  };
}

/** Removes the noise of binary addition: 0.30000000000000004 becomes 0.3. */
function tidy(value: number): number {
  return Number(value.toPrecision(12));
}
