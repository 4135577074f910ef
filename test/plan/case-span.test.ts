import { expect, it } from 'vitest';
import { caseSpanOf } from '../../src/plan/case-span.ts';

it('a case becomes a span with everything the file says about it', () => {
  const failed = {
    status: 'failed',
    name: 'adds two',
    error: 'expected 3\nto be 4',
    input: '{"a": 1}',
    output: '4',
    score: 0.285,
    startTime: '2026-04-07T13:33:27Z',
    endTime: '2026-04-07T13:33:28Z',
    suite: 'cart',
    file: 'cart.test.ts',
    durationMs: 0,
  } as const;
  expect(caseSpanOf(failed, 'id')).toStrictEqual({
    id: 'id',
    name: 'adds two',
    type: 'test',
    score: 29,
    error: 'expected 3\nto be 4',
    meta: {
      'test.status': 'failed',
      'test.suite': 'cart',
      'test.duration_ms': 0,
      'test.file': 'cart.test.ts',
    },
    end_time: '2026-04-07T13:33:28Z',
    start_time: '2026-04-07T13:33:27Z',
    input: '{"a": 1}',
    output: '4',
  });
});

it.each([
  [undefined, {}],
  [0, { score: 0 }],
  [0.5, { score: 5 }],
])('a case with the score %j on a scale of 10 has %j', (score, expected) => {
  const testCase = { status: 'passed', name: 'a', ...(score !== undefined && { score }) } as const;
  expect(caseSpanOf(testCase, 'id', 10)).toStrictEqual({
    id: 'id',
    name: 'a',
    type: 'test',
    meta: { 'test.status': 'passed' },
    ...expected,
  });
});
