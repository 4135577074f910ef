import type { JsonObject } from '../json.ts';
import { scaled } from '../score.ts';
import type { Failure, TestRun } from './run.ts';

/** What to record for test results: the pass rate × `scale`, a line for each failure, and counts. */
export function recordOf(tests: TestRun, scale: number): { score: number; error?: string; meta: JsonObject } {
  const { passed, failed, errored, skipped, durationMs, failures } = tests;
  const ran = passed + failed + errored;
  const lines = failures.map(failureLine);
  const more = failed + errored - failures.length;
  if (more > 0) lines.push(`and ${more} more`);
  return {
    score: scaled(passed / ran, scale),
    ...(lines.length > 0 && { error: lines.join('\n') }),
    meta: {
      'test.total': ran + skipped,
      'test.passed': passed,
      'test.failed': failed,
      'test.errored': errored,
      'test.skipped': skipped,
      ...(durationMs !== undefined && { 'test.duration_ms': durationMs }),
      'test.format': tests.format,
      ...tests.meta,
    },
  };
}

/** A failure as one line, such as `cart > adds two: expected 3, got 4`. */
export function failureLine({ name, message }: Failure): string {
  return message ? `${name}: ${message}` : name;
}
