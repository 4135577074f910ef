import { describe, expect, test } from 'vitest';
import type { Span } from '../../src/api/span.ts';
import { ApiError } from '../../src/errors.ts';
import { parseJson } from '../../src/json.ts';
import {
  apiErrorLine,
  countsText,
  feedbackText,
  gateText,
  logOf,
  OUTPUTS,
  outputsOf,
  passes,
  problemLines,
  rowsOf,
  textOf,
} from '../../src/report/report.ts';
import { reportOf, SPAN_ID } from '../harness/report.ts';

const TESTS = {
  format: 'junit',
  files: ['junit.xml'],
  passed: 9,
  failed: 1,
  errored: 2,
  skipped: 3,
  durationMs: 3250,
  failures: [],
  meta: {},
};

const bytesOf = (outputs: object) =>
  Object.entries(outputs).reduce((sum, [name, value]) => sum + 2 * (name.length + value.length), 0);

describe('the outputs', () => {
  test('are one text for each field, JSON where the value is none', () => {
    const span = {
      id: SPAN_ID,
      name: 'n',
      type: 't',
      start_time: '2026-11-20T12:00:00+00:00',
      end_time: '2026-11-20T12:00:01.500000+00:00',
      input: [1, 'a'],
      output: { a: null },
      error: 'line 1\nline 2',
      meta: { b: 2 },
      score: -3,
      trace_id: 'trace',
      parent_id: 'parent',
      feedback: { score: 0, comment: 'no' },
      other: true,
    };
    expect(outputsOf(reportOf({ span, changed: [] })).outputs).toEqual({
      outcome: 'updated',
      id: SPAN_ID,
      name: 'n',
      type: 't',
      start_time: '2026-11-20T12:00:00+00:00',
      end_time: '2026-11-20T12:00:01.500000+00:00',
      duration_ms: '1500',
      input: '[1,"a"]',
      output: '{"a":null}',
      error: 'line 1\nline 2',
      meta: '{"b":2}',
      score: '-3',
      trace_id: 'trace',
      parent_id: 'parent',
      feedback_score: '0',
      feedback_comment: 'no',
      changed: '[]',
      span: JSON.stringify(span),
      status: '200',
    });
  });

  test('keep numbers that a double cannot hold', () => {
    const span = parseJson(
      `{"id": "i", "name": "n", "score": 12345678901234567890, "output": 1e400}`,
    ) as Span;
    const { outputs } = outputsOf(reportOf({ span }));
    expect(outputs).toMatchObject({ score: '12345678901234567890', output: '1e400' });
    expect(outputs.span).toBe('{"id":"i","name":"n","score":12345678901234567890,"output":1e400}');
  });

  test('are all there and empty where nothing is known', () => {
    const report = reportOf({
      outcome: 'failed',
      spanId: undefined,
      span: {},
      changed: undefined,
      status: undefined,
    });
    const expected = Object.fromEntries(OUTPUTS.map((name) => [name, name === 'outcome' ? 'failed' : '']));
    expect(outputsOf(report)).toEqual({ outputs: expected, dropped: [] });
  });

  test.each([
    [100_000, 100_000, []],
    [200_000, 100_000, ['span']],
    [500_000, 10, ['span']],
    [10, 530_000, ['span', 'output']],
    [520_000, 500_000, ['span', 'input']],
    [600_000, 600_000, ['span', 'output', 'input']],
  ])('of %d and %d characters stay below 1 MiB, the longest left out: %j', (input, output, dropped) => {
    const span = { id: SPAN_ID, name: 'n', input: 'i'.repeat(input), output: '日'.repeat(output) };
    const result = outputsOf(reportOf({ span }));
    expect(result.dropped).toEqual(dropped);
    expect(bytesOf(result.outputs)).toBeLessThan(1024 * 1024);
    for (const name of ['input', 'output', 'span'] as const) {
      expect(result.outputs[name] === '').toBe(dropped.includes(name));
    }
  });
});

test('the outputs of exactly 1 MiB are not below it', () => {
  const outputsFor = (length: number, status: number) => {
    const output = 'x'.repeat(length);
    return outputsOf(reportOf({ span: { id: SPAN_ID, name: 'n', output }, status }));
  };
  const status = bytesOf(outputsFor(0, 200).outputs) % 4 === 0 ? 200 : 20;
  // A character of the field is one of the span, too.
  const length = (1024 * 1024 - bytesOf(outputsFor(0, status).outputs)) / 4;
  expect(bytesOf(outputsFor(length - 1, status).outputs)).toBe(1024 * 1024 - 4);
  expect(outputsFor(length - 1, status).dropped).toEqual([]);
  expect(outputsFor(length, status).dropped).toEqual(['span']);
});

describe('the rows', () => {
  test('are the changed fields, before and after', () => {
    const before = {
      id: 'i',
      name: 'n',
      score: 1,
      error: 'old',
      meta: { a: 1, 'x.a': 1, 'x.b': 1, 'y.a': 1 },
    };
    const span = { ...before, score: 2, error: null, meta: { a: 1, 'x.a': 2, 'x.b': 2, 'y.a': 2, new: 1 } };
    expect(rowsOf(reportOf({ before, span, changed: ['score', 'error', 'meta'] }))).toEqual([
      { field: 'score', before: '1', after: '2' },
      { field: 'error', before: 'old', after: '(nothing)' },
      { field: 'meta', before: '4 keys', after: '5 keys: x.*, y.a, new' },
    ]);
  });

  test('put keys of one family into one, whatever else begins alike', () => {
    const meta = { 'vcs.owner.name': 'acme', version: 1, 'vcs.repository.name': 'bot', 'view.id': 7 };
    const span = { id: 'i', name: 'n', meta };
    expect(rowsOf(reportOf({ span, changed: ['meta'] }))).toEqual([
      { field: 'meta', before: '0 keys', after: '4 keys: vcs.*, version, view.id' },
    ]);
  });

  test('are the sent fields where the span was not read before', () => {
    const patch = { error: null, score: 87, meta: { a: 1 } };
    const span = { id: 'i', name: 'n', score: 87, meta: { a: 1 }, output: 'x' };
    expect(rowsOf(reportOf({ before: undefined, changed: undefined, patch, span }))).toEqual([
      { field: 'score', before: undefined, after: '87' },
      { field: 'error', before: undefined, after: '(nothing)' },
      { field: 'meta', before: undefined, after: '1 key: a' },
    ]);
  });

  test('are what should have been sent where the update failed, even after the span was read', () => {
    const patch = { score: 87, meta: { a: 1, b: 2 } };
    expect(rowsOf(reportOf({ outcome: 'failed', changed: undefined, patch, span: {} }))).toEqual([
      { field: 'score', before: undefined, after: '87' },
      { field: 'meta', before: undefined, after: '2 keys: a, b' },
    ]);
  });

  test('are all that the span has where it was only read', () => {
    const span = { id: 'i', name: 'n', score: 0, error: '', output: null, meta: {}, input: false };
    const report = reportOf({
      outcome: 'read',
      before: undefined,
      changed: undefined,
      patch: undefined,
      span,
    });
    expect(rowsOf(report)).toEqual([
      { field: 'score', before: undefined, after: '0' },
      { field: 'meta', before: undefined, after: '0 keys' },
      { field: 'name', before: undefined, after: 'n' },
      { field: 'input', before: undefined, after: 'false' },
    ]);
  });
});

describe('the log', () => {
  test('tells results and gate in a line each', () => {
    const gate = { minScore: 80, score: 87 };
    expect(logOf(reportOf({ tests: TESTS, gate, requests: 1, elapsedMs: 120 }))).toEqual([
      `Span ${SPAN_ID} "Answer support tickets": updated (1 request, 120 ms)`,
      '  score: (nothing) → 87',
      'Results: 75 % passed: 15 tests (junit), 9 passed, 1 failed, 2 errored, 3 skipped, in 3.25 s',
      'Gate: score 87 reaches min_score 80',
    ]);
  });

  test('has no heading over the values that were read', () => {
    const span = { id: SPAN_ID, name: 'n', score: 87, feedback: { score: 1 } };
    const nothing = { before: undefined, patch: undefined, changed: undefined };
    expect(logOf(reportOf({ outcome: 'read', span, ...nothing, requests: 1 }))).toEqual([
      `Span ${SPAN_ID} "n": read (1 request, 310 ms)`,
      '  score: 87',
      '  name: n',
      '  human feedback: 1',
    ]);
  });

  test('cuts values, but shows a body that was not sent', () => {
    const patch = { output: 'x'.repeat(10_000) };
    const report = reportOf({
      outcome: 'dry-run',
      spanId: SPAN_ID,
      span: { id: SPAN_ID, ...patch },
      before: undefined,
      changed: undefined,
      patch,
      requests: 0,
      dryRun: 'PATCH https://api.opper.ai/v2/spans/x',
    });
    expect(logOf(report)).toEqual([
      `Span ${SPAN_ID}: dry-run (nothing sent)`,
      'Would be recorded:',
      `  output: ${'x'.repeat(200)}… (9800 more characters)`,
      'Dry run of: PATCH https://api.opper.ai/v2/spans/x',
      `Body: ${JSON.stringify(patch)}`,
    ]);
  });

  test('is free of line breaks whatever the span says', () => {
    const text = '\n::error::x\r##[error]y\u2028';
    const report = reportOf({
      spanId: text,
      span: { id: text, name: text, error: text, meta: { [text]: 1 }, feedback: { score: 1, comment: text } },
      changed: ['error', 'meta'],
      dryRun: text,
      patch: { error: text },
    });
    for (const line of logOf(report)) expect(line).not.toMatch(/[\n\r\u2028]|##\[|^\s*::/);
  });
});

describe('a sentence', () => {
  test.each([
    [{ minScore: 80, score: 80 }, true, 'score 80 reaches min_score 80'],
    [{ minScore: -1.5, score: -2 }, false, 'score -2 is below min_score -1.5'],
    [{ minScore: 0, score: 0 }, true, 'score 0 reaches min_score 0'],
    [{ minScore: 0, score: undefined }, false, 'min_score is 0, but there is no score to compare'],
  ])('of the gate %j: passes %j, %s', (gate, isPassed, text) => {
    expect([passes(gate), gateText(gate)]).toEqual([isPassed, text]);
  });

  test('of results never rounds a failure away', () => {
    const tests = { ...TESTS, passed: 99_999, errored: 0, skipped: 0, durationMs: undefined };
    expect(countsText(tests)).toBe(
      '99.9 % passed: 100000 tests (junit), 99999 passed, 1 failed, 0 errored, 0 skipped',
    );
  });

  test('of results in which nothing passed says so', () => {
    const tests = { ...TESTS, passed: 0, errored: 0, skipped: 0, durationMs: 0 };
    expect(countsText(tests)).toBe('0 % passed: 1 tests (junit), 0 passed, 1 failed, 0 errored, 0 skipped');
  });

  test.each([
    [{ score: 0.5, comment: 'So so' }, '0.5: So so'],
    [{ score: 0, comment: null }, '0'],
    [{ comment: 'Only words' }, 'Only words'],
    [{}, ''],
  ])('of human feedback %j: %j', (feedback, text) => {
    expect(feedbackText(feedback)).toBe(text);
  });

  test.each([
    [
      new ApiError('GET x failed: no route', { hint: 'Check the network.' }),
      'GET x failed: no route. Check the network.',
    ],
    [
      new ApiError('GET x was answered with 400', { said: 'Bad\n::error::x' }),
      'GET x was answered with 400: Bad\\n::error::x.',
    ],
    [
      new ApiError('GET x was answered with 503', { said: 'Come back later.', hint: 'Run it again.' }),
      'GET x was answered with 503: Come back later. Run it again.',
    ],
    [
      new ApiError('GET x was answered with 500', { said: 'y'.repeat(100_000) }),
      `GET x was answered with 500: ${'y'.repeat(500)}… (99500 more characters).`,
    ],
  ])('of an API failure %#', (error, line) => {
    expect(apiErrorLine(error)).toBe(line);
  });
});

describe('problems', () => {
  test('are a line each, with the text they are said of', () => {
    const problems = [
      { name: 'span_id', message: 'is empty' },
      { name: 'score', message: 'is not a number', found: '::error::\n9' },
      { name: 'score in a\nb.json', message: 'is\rbad', found: 'x'.repeat(300) },
    ];
    expect(problemLines(problems)).toEqual([
      'span_id: is empty',
      'score: "\\::error::\\n9" is not a number',
      `score in a\\nb.json: "${'x'.repeat(200)}… (100 more characters)" is\\rbad`,
    ]);
  });

  test('beyond a hundred are counted', () => {
    const problems = Array.from({ length: 250 }, (_, i) => ({ name: `n${i}`, message: 'is wrong' }));
    const lines = problemLines(problems);
    expect(lines).toHaveLength(101);
    expect(lines.slice(-2)).toEqual(['n99: is wrong', 'and 150 more']);
  });
});

test.each([
  [undefined, ''],
  [null, ''],
  ['', ''],
  ['text', 'text'],
  [0, '0'],
  [false, 'false'],
  [{ a: [1] }, '{"a":[1]}'],
  [JSON.rawJSON('1e999'), '1e999'],
])('the text of %j is %j', (value, text) => {
  expect(textOf(value)).toBe(text);
});
