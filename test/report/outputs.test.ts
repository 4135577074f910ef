import { describe, expect, test } from 'vitest';
import { Span } from '../../src/api/span.ts';
import { parseExactJson } from '../../src/json.ts';
import { fittingOutputs, OUTPUTS, outputsOf } from '../../src/report/outputs.ts';
import { comparisonOf, reportOf, SPAN_ID } from '../harness/report.ts';

describe('the outputs', () => {
  test('are one text for each field, as JSON if the value is not text', () => {
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
    const comparison = comparisonOf();
    const report = reportOf({
      span,
      changed: [],
      metrics: { cost: 0.5 },
      caseSpans: { created: 0, of: 3 },
      comparison,
    });
    const outputs = outputsOf(report);
    expect(Object.keys(outputs)).toEqual(OUTPUTS);
    expect(outputs).toEqual({
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
      metrics: '{"cost":0.5}',
      case_spans: '0',
      span: JSON.stringify(span),
      span_file: '',
      summary_file: '',
      baseline_score: '80',
      score_change: '-18',
      comparison: JSON.stringify(comparison),
      status: '200',
    });
  });

  test.each([
    [-18, '-18'],
    [0, '0'],
    [3, '+3'],
  ])('show a change of the score by %d as %j', (score_change, shown) => {
    expect(outputsOf(reportOf({ comparison: comparisonOf({ score_change }) })).score_change).toBe(shown);
  });

  test('keep numbers that a double cannot hold', () => {
    const text = '{"id":"i","name":"n","output":1e400,"score":12345678901234567890}';
    const outputs = outputsOf(reportOf({ span: Span.parse(parseExactJson(text)) }));
    expect(outputs).toMatchObject({ score: '12345678901234567890', output: '1e400', span: text });
  });

  test('are empty if unknown, except the outcome and the given id', () => {
    const report = reportOf({ outcome: 'failed', span: {}, changed: undefined, status: undefined });
    const empty = Object.fromEntries(OUTPUTS.map((name) => [name, '']));
    expect(outputsOf(report)).toEqual({ ...empty, outcome: 'failed', id: SPAN_ID });
  });
});

describe('the outputs together', () => {
  const outputsWith = (lengths: Partial<Record<(typeof OUTPUTS)[number], number>>) => ({
    ...outputsOf(reportOf({ spanId: undefined, span: {}, changed: undefined })),
    ...Object.fromEntries(Object.entries(lengths).map(([name, length]) => [name, '日'.repeat(length)])),
  });

  test.each([
    [{ input: 100_000, output: 100_000 }, []],
    [{ span: 300_000, input: 200_000, output: 100_000 }, ['span']],
    [{ span: 600_000, output: 530_000, input: 10 }, ['span', 'output']],
    [{ span: 500_000, input: 200_000, output: 200_000, meta: 510_000 }, ['meta', 'span']],
  ])('of %j characters stay below 1 MiB, the longest left empty: %j', (lengths, dropped) => {
    const outputs = outputsWith(lengths);
    const result = fittingOutputs(outputs);
    expect(result.dropped).toEqual(dropped);
    expect(result.fit).toEqual({ ...outputs, ...Object.fromEntries(dropped.map((name) => [name, ''])) });
  });

  test('do not fit in exactly 1 MiB, but do with one character less', () => {
    const names = OUTPUTS.join('').length + 'updated200'.length;
    const length = (1024 * 1024) / 2 - names;
    expect(fittingOutputs(outputsWith({ span: length })).dropped).toEqual(['span']);
    expect(fittingOutputs(outputsWith({ span: length - 1 })).dropped).toEqual([]);
  });
});
