import { expect, it } from 'vitest';
import { caseSpansOf } from '../../src/plan/case-span.ts';

const PARENT = { id: 'parent', trace_id: 'trace' };
const newIds = () => {
  let id = 0;
  return () => `id-${++id}`;
};

it('a case becomes a child span with everything the file says about it', () => {
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
  expect(
    caseSpansOf([failed, { status: 'passed', name: 'adds none' }], PARENT, undefined, newIds()),
  ).toStrictEqual([
    {
      id: 'id-1',
      name: 'adds two',
      parent_id: 'parent',
      trace_id: 'trace',
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
    },
    {
      id: 'id-2',
      name: 'adds none',
      parent_id: 'parent',
      trace_id: 'trace',
      type: 'test',
      meta: { 'test.status': 'passed' },
    },
  ]);
});

it('a case gets its scaled score, and no parent or trace if they are unknown', () => {
  const cases = [
    { status: 'passed', name: 'a', score: 0 } as const,
    { status: 'passed', name: 'b', score: 0.5 } as const,
  ];
  const spans = caseSpansOf(cases, { trace_id: null }, 10, newIds());
  expect(spans.map(({ meta: _, ...span }) => span)).toStrictEqual([
    { id: 'id-1', name: 'a', type: 'test', score: 0 },
    { id: 'id-2', name: 'b', type: 'test', score: 5 },
  ]);
});
