import { fieldsOf, type NewSpan } from '../api/span.ts';
import { defined } from '../present.ts';
import type { TestCase } from '../results/tests.ts';
import { PASS_RATE_SCALE, scaled } from '../scale.ts';

/** The span for a case, with this id and without a parent. Its score is multiplied by `scale`. */
export function caseSpanOf(testCase: TestCase, id: string, scale = PASS_RATE_SCALE): NewSpan {
  const { name, status, suite, file, durationMs, error, input, output, score } = testCase;
  return {
    id,
    name,
    type: 'test',
    ...fieldsOf({
      error,
      input,
      output,
      score: score === undefined ? undefined : scaled(score, scale),
      start_time: testCase.startTime,
      end_time: testCase.endTime,
      meta: {
        'test.status': status,
        ...defined({ 'test.suite': suite, 'test.duration_ms': durationMs, 'test.file': file }),
      },
    }),
  };
}
