import { describe, expect, test } from 'vitest';
import { durationMsOf } from '../../src/api/span.ts';
import { rowsOf } from '../../src/report/rows.ts';
import { reportOf, testsOf } from '../harness/report.ts';

const UNREAD = { before: undefined, changed: undefined };

describe('the rows', () => {
  test('are the changed fields, before and after, times without their fractions', () => {
    const before = {
      id: 'i',
      name: 'n',
      score: 1,
      error: 'old',
      end_time: 'unknown',
      meta: { a: 1, 'x.a': 1 },
    };
    const end_time = '2026-11-20T14:00:42.654321+02:00';
    const span = { ...before, score: 2, error: null, end_time, meta: { a: 1, 'x.a': 2, 'x.b': 2, new: 1 } };
    expect(rowsOf(reportOf({ before, span, changed: ['score', 'error', 'end_time', 'meta'] }))).toEqual([
      { field: 'score', before: '1', after: '2' },
      { field: 'error', before: 'old', after: '(nothing)' },
      { field: 'end_time', before: 'unknown', after: '2026-11-20 12:00:42 UTC' },
      { field: 'meta', before: '2 keys', after: '4 keys: x.*, new' },
    ]);
  });

  test('show meta that was cleared as no keys', () => {
    const span = { id: 'i', name: 'n', meta: null };
    expect(rowsOf(reportOf({ before: { ...span, meta: { a: 1 } }, span, changed: ['meta'] }))).toEqual([
      { field: 'meta', before: '1 key', after: '0 keys' },
    ]);
  });

  test('group keys by their first part, not by similar beginnings', () => {
    const meta = { 'vcs.owner.name': 'acme', version: 1, 'vcs.repository.name': 'bot', 'view.id': 7 };
    const span = { id: 'i', name: 'n', meta };
    expect(rowsOf(reportOf({ span, changed: ['meta'] }))).toEqual([
      { field: 'meta', before: undefined, after: '4 keys: vcs.*, version, view.id' },
    ]);
  });

  test('are the sent fields, with the values in the response, if the span was not read before', () => {
    const sent = { error: null, score: 87, meta: { a: 1 } };
    const span = { id: 'i', name: 'n', score: 87, meta: { a: 1 }, output: 'x' };
    expect(rowsOf(reportOf({ ...UNREAD, sent, span }))).toEqual([
      { field: 'score', before: undefined, after: '87' },
      { field: 'error', before: undefined, after: '(nothing)' },
      { field: 'meta', before: undefined, after: '1 key: a' },
    ]);
  });

  test('are what should have been sent after a failure, even if the span was read', () => {
    const before = { id: 'i', name: 'n', score: 62 };
    const report = reportOf({ outcome: 'failed', before, changed: undefined, sent: { score: 87 }, span: {} });
    expect(rowsOf(report)).toEqual([{ field: 'score', before: undefined, after: '87' }]);
  });

  test('are everything the span has if it was only read', () => {
    const name = '2026-11-20T12:00:00Z';
    const span = { id: 'i', name, score: 0, error: '', output: null, meta: {}, input: false };
    expect(rowsOf(reportOf({ ...UNREAD, outcome: 'read', sent: undefined, span }))).toEqual([
      { field: 'score', before: undefined, after: '0' },
      { field: 'meta', before: undefined, after: '0 keys' },
      { field: 'name', before: undefined, after: name },
      { field: 'input', before: undefined, after: 'false' },
    ]);
  });

  test.each([
    ['cart > adds two: expected 3, got 4\ncart > is empty\nand 1 more', '(3 failures)'],
    ['cart > is empty\nand 12 more', '(3 failures)'],
    ['cart > is empty\nup and 1 more', 'cart > is empty\nup and 1 more'],
    ['cart > is empty\nand 1 more thing', 'cart > is empty\nand 1 more thing'],
    ['The model is down\ncart > is empty', 'The model is down\ncart > is empty'],
  ])('show an error only if it is more than the list of failures: %j', (error, after) => {
    const span = { id: 'i', name: 'n', error, output: error };
    expect(rowsOf(reportOf({ span, changed: ['error', 'output'], tests: testsOf() }))).toEqual([
      { field: 'error', before: undefined, after },
      { field: 'output', before: undefined, after: error },
    ]);
  });
});

test.each([
  ['2026-11-20T12:00:00+00:00', '2026-11-20T13:00:01.5+01:00', 1500],
  ['2026-11-20T12:00:00Z', null, undefined],
  [undefined, '2026-11-20T12:00:00Z', undefined],
])('from %s to %s it took %s ms', (start_time, end_time, expected) => {
  expect(durationMsOf({ ...(start_time && { start_time }), end_time })).toBe(expected);
});
