import { fieldsOf, type NewSpan, type Span } from '../api/span.ts';
import type { TestCase } from '../results/test-run.ts';
import { PASS_RATE_SCALE, scaled } from '../score.ts';

/** The child spans for cases. Scores are multiplied by `scale`. `newId` makes the ids. */
export function caseSpansOf(
  cases: readonly TestCase[],
  parent: Pick<Partial<Span>, 'id' | 'trace_id'>,
  scale: number = PASS_RATE_SCALE,
  newId: () => string,
): NewSpan[] {
  return cases.map((testCase) => ({
    id: newId(),
    name: testCase.name,
    ...(parent.id && { parent_id: parent.id }),
    ...(parent.trace_id && { trace_id: parent.trace_id }),
    type: 'test',
    ...fieldsOf({
      error: testCase.error,
      input: testCase.input,
      output: testCase.output,
      score: testCase.score === undefined ? undefined : scaled(testCase.score, scale),
      start_time: testCase.startTime,
      end_time: testCase.endTime,
      meta: factsOf(testCase),
    }),
  }));
}

function factsOf({ status, suite, durationMs, file }: TestCase) {
  return {
    'test.status': status,
    ...(suite !== undefined && { 'test.suite': suite }),
    ...(durationMs !== undefined && { 'test.duration_ms': durationMs }),
    ...(file !== undefined && { 'test.file': file }),
  };
}
