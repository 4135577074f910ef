import type { JsonObject } from '../json.ts';

/** The status of a case: errored, else failed, else skipped, else passed. */
export type CaseStatus = 'passed' | 'failed' | 'errored' | 'skipped';

/** A case that failed or errored, to show. All texts are one line, cut, without escape codes. `message` may be empty. */
export interface Failure {
  readonly name: string;
  readonly message: string;
  readonly file?: string;
}

/** What a results file says about a case, for its case span. */
export interface TestCase {
  readonly status: CaseStatus;
  readonly name: string;
  /** The whole explanation. Every case that failed or errored has one. This, `input` and `output` have at most 64 Ki characters. */
  readonly error?: string;
  /** promptfoo: the vars as JSON, and the model's answer. */
  readonly input?: string;
  readonly output?: string;
  /** The score in the file, not scaled. */
  readonly score?: number;
  /** RFC 3339 in UTC, `2026-11-20T17:17:57.288Z`. Only if the file has the time of this case. */
  readonly startTime?: string;
  readonly endTime?: string;
  readonly suite?: string;
  readonly file?: string;
  readonly durationMs?: number;
}

/** The results of all files that could be read. The total is passed + failed + errored + skipped, and at least one case ran. */
export interface TestRun {
  /** The names of the formats, each once, such as `junit` or `junit, jest`. */
  readonly format: string;
  /** The files with a case. */
  readonly files: readonly string[];
  readonly passed: number;
  readonly failed: number;
  readonly errored: number;
  readonly skipped: number;
  /** The sum of the cases' times, in whole milliseconds. */
  readonly durationMs: number | undefined;
  /** The first hundred of failed + errored. */
  readonly failures: readonly Failure[];
  /** What else the format measured, by `meta` key. */
  readonly meta: JsonObject;
  /**
   * What the results measured, by metric dimension: `pass_rate` (0 to 1); for promptfoo the means `score` and each named score
   * under its own name (`scores.<name>` if that name is taken), and the sums `cost`, `input_tokens` and `output_tokens`.
   */
  readonly metrics: Readonly<Record<string, number>>;
  /** The cases to create spans for, failures first, at most `max_case_spans`. */
  readonly cases: readonly TestCase[];
  /** How many cases `case_spans` asks for, without the limit. */
  readonly casesWanted: number;
}

/** The share of passed cases among those that ran, 0 to 1, not rounded. */
export function passRateOf({ passed, failed, errored }: TestRun): number {
  return passed / (passed + failed + errored);
}
