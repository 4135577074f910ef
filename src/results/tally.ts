import { type FoundCase, failureOf, type Measured, testCaseOf } from './cases.ts';
import { Mean, NamedMeans, tidy } from './mean.ts';
import {
  CASE_STATUSES,
  type Failure,
  failingCount,
  isFailing,
  type TestCase,
  type TestRun,
} from './tests.ts';

/** Which cases to keep for case spans. */
export interface KeepCases {
  readonly kind: 'none' | 'failed' | 'all';
  readonly max: number;
}

const MAX_FAILURES = 100;

/** What is added up over all cases: `meta` key by metric dimension. */
const SUMS = {
  cost: 'test.cost',
  input_tokens: 'gen_ai.usage.input_tokens',
  output_tokens: 'gen_ai.usage.output_tokens',
} as const;
type Sum = keyof typeof SUMS;
const SUM_NAMES = Object.keys(SUMS) as Sum[];
const OWN_DIMENSIONS = ['pass_rate', 'score', ...SUM_NAMES];

/**
 * The cases of one file, or of several whose tallies were merged. Keeps the first hundred failures, and at most `max` cases for case
 * spans, failures first.
 */
export class Tally {
  readonly counts = { passed: 0, failed: 0, errored: 0, skipped: 0 };
  readonly #keep: KeepCases;
  readonly #failures: Failure[] = [];
  readonly #failing: Kept[] = [];
  readonly #others: Kept[] = [];
  #casesWanted = 0;
  readonly #scores = new Mean();
  readonly #namedScores = new NamedMeans();
  readonly #sums: Record<Sum, number> = { cost: 0, input_tokens: 0, output_tokens: 0 };

  constructor(keep: KeepCases) {
    this.#keep = keep;
  }

  add(found: FoundCase): void {
    const { status, count = 1, key, before, details, measured } = found;
    this.counts[status] += count;
    if (before !== undefined) this.counts[before]--;
    if (isFailing(before)) {
      // Its first reason stays.
      const kept = this.#failing.find((failing) => failing.key === key);
      if (kept !== undefined) kept.testCase = { ...kept.testCase, status };
      return;
    }
    // Copied, like each kept case: in V8, a part of a text keeps the whole text in memory, here a piece of the file.
    if (isFailing(status) && this.#failures.length < MAX_FAILURES) {
      this.#failures.push(structuredClone(failureOf(details())));
    }
    this.#keepCase(found);
    if (measured !== undefined) this.#measure(measured);
  }

  /** Adds the cases of another file. */
  merge(file: Tally): void {
    for (const status of CASE_STATUSES) this.counts[status] += file.counts[status];
    fill(this.#failures, file.#failures, MAX_FAILURES);
    fill(this.#failing, file.#failing, this.#keep.max);
    fill(this.#others, file.#others, this.#keep.max);
    this.#casesWanted += file.#casesWanted;
    this.#scores.merge(file.#scores);
    this.#namedScores.merge(file.#namedScores);
    for (const name of SUM_NAMES) this.#sums[name] += file.#sums[name];
  }

  /** How many cases passed, failed or errored. */
  get ran(): number {
    return this.counts.passed + failingCount(this.counts);
  }

  /** The result. At least one case must have run. */
  result(): Omit<TestRun, 'format' | 'files' | 'durationMs'> {
    const measured: (readonly [metaKey: string, dimension: string, value: number])[] = [];
    for (const [name, mean] of this.#namedScores.entries()) {
      measured.push([`test.scores.${name}`, OWN_DIMENSIONS.includes(name) ? `scores.${name}` : name, mean]);
    }
    if (this.#scores.count > 0) measured.push(['test.score.mean', 'score', this.#scores.value]);
    for (const name of SUM_NAMES) {
      // Tools write 0 if they do not know the cost or the token use.
      if (this.#sums[name] !== 0) measured.push([SUMS[name], name, tidy(this.#sums[name])]);
    }
    return {
      ...this.counts,
      failures: this.#failures,
      meta: Object.fromEntries(measured.map(([key, , value]) => [key, value])),
      metrics: {
        pass_rate: this.counts.passed / this.ran,
        ...Object.fromEntries(measured.map(([, dimension, value]) => [dimension, value])),
      },
      cases: [...this.#failing, ...this.#others].slice(0, this.#keep.max).map(({ testCase }) => testCase),
      casesWanted: this.#casesWanted,
    };
  }

  #keepCase({ status, key, before, details }: FoundCase): void {
    const { kind, max } = this.#keep;
    const kept = isFailing(status) ? this.#failing : this.#others;
    if (kind === 'none' || (kind === 'failed' && kept === this.#others)) return;
    if (before === undefined || kind === 'failed') this.#casesWanted++;
    const place = before === undefined ? -1 : this.#others.findIndex((other) => other.key === key);
    if (place >= 0) this.#others.splice(place, 1);
    if (kept.length < max) kept.push({ key, testCase: structuredClone(testCaseOf(status, details())) });
  }

  #measure({ score, namedScores, cost, inputTokens, outputTokens }: Measured): void {
    this.#scores.add(score);
    for (const [name, value] of Object.entries(namedScores)) this.#namedScores.add(name, value);
    this.#sums.cost += cost ?? 0;
    this.#sums.input_tokens += inputTokens ?? 0;
    this.#sums.output_tokens += outputTokens ?? 0;
  }
}

/** Adds items to a list until it has `max`. */
function fill<Item>(list: Item[], items: readonly Item[], max: number): void {
  list.push(...items.slice(0, max - list.length));
}

/** A case that is kept for a case span. */
interface Kept {
  readonly key: number | undefined;
  testCase: TestCase;
}
