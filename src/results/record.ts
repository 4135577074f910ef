import type { JsonObject } from '../json.ts';
import { defined } from '../present.ts';
import type { Failure, TestRun } from './run.ts';

const MAX_LINES = 10;

/** A line for each of the first ten failures, and how many more there are. */
export function failureLines({ failed, errored, failures }: TestRun): string[] {
  const lines = failures.slice(0, MAX_LINES).map(failureLine);
  const more = failed + errored - lines.length;
  return more > 0 ? [...lines, `and ${more} more`] : lines;
}

/** The counts, and what else the format measured, by `meta` key. */
export function metaOf(tests: TestRun): JsonObject {
  const { passed, failed, errored, skipped, durationMs } = tests;
  return {
    'test.total': passed + failed + errored + skipped,
    'test.passed': passed,
    'test.failed': failed,
    'test.errored': errored,
    'test.skipped': skipped,
    ...defined({ 'test.duration_ms': durationMs }),
    'test.format': tests.format,
    ...tests.meta,
  };
}

/** A failure as one line, such as `cart > adds two: expected 3, got 4`. */
export function failureLine({ name, message }: Failure): string {
  return message ? `${name}: ${message}` : name;
}
