import type { JsonObject } from '../../src/json.ts';
import { failureLines, metaOf } from '../../src/results/record.ts';
import { passRateOf, type TestRun } from '../../src/results/tests.ts';
import { scaled } from '../../src/scale.ts';

/** What the plan records for test results alone. */
export function recordOf(tests: TestRun, scale: number): { score: number; error?: string; meta: JsonObject } {
  const error = failureLines(tests).join('\n');
  return { score: scaled(passRateOf(tests), scale), ...(error && { error }), meta: metaOf(tests) };
}
