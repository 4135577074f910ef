import type { JsonObject } from '../json.ts';

/** How one case went. The order of judgement: skipped, else errored, else failed, else passed. */
export type CaseStatus = 'passed' | 'failed' | 'errored' | 'skipped';

/** One case that failed or errored, to be read. Both texts are one line, cut, without escape codes; `message` may be empty. */
export interface Failure {
  readonly name: string;
  readonly message: string;
}

/** What a results file tells of one case, for a span of its own. */
export interface TestCase {
  readonly status: CaseStatus;
  readonly name: string;
  /** The whole explanation. Every case that failed or errored has one. This and the next two are at most 64 Ki characters. */
  readonly error?: string;
  /** promptfoo: the vars as JSON, and the answer. */
  readonly input?: string;
  readonly output?: string;
  /** As the file has it, before any scale. */
  readonly score?: number;
  /** RFC 3339 in UTC, `2026-11-20T17:17:57.288Z`. Only where the file has the instant for the case itself. */
  readonly startTime?: string;
  readonly endTime?: string;
  readonly suite?: string;
  readonly file?: string;
  readonly durationMs?: number;
}

/** What ran, over all files: total = passed + failed + errored + skipped, and at least one ran. */
export interface TestRun {
  /** The names of the formats, each once, such as `junit` or `junit, jest`. */
  readonly format: string;
  readonly files: readonly string[];
  readonly passed: number;
  readonly failed: number;
  readonly errored: number;
  readonly skipped: number;
  /** The cases' times added up, whole milliseconds. */
  readonly durationMs: number | undefined;
  /** The first ten; there are failed + errored. */
  readonly failures: readonly Failure[];
  /** What the format measured besides, by `meta` key. */
  readonly meta: JsonObject;
  /**
   * What the results measured, by metric dimension: `pass_rate` (0 to 1); for promptfoo the means `score` and each named score
   * under its own name (`scores.<name>` where the name is one of these), the sums `cost`, `input_tokens` and `output_tokens`.
   */
  readonly metrics: Readonly<Record<string, number>>;
  /** The cases to make spans of, failures first, as many as asked for. */
  readonly cases: readonly TestCase[];
  /** How many cases there are of the kind that was asked for. */
  readonly casesWanted: number;
  /** What is doubtful about the files, such as totals that disagree with the cases. One sentence each, eleven at most. */
  readonly warnings: readonly string[];
}
