import { createReadStream } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readResults } from '../../src/results/read-results.ts';
import { recordOf } from '../harness/record.ts';

const FOLDER = join(import.meta.dirname, '../fixtures/results/evals');

async function read(
  file: string,
  format: 'auto' | 'json',
  pointer: string | undefined,
  ...metricsPointers: readonly string[]
) {
  const { files, ...results } = await readResults(
    { patterns: [file], format, pointer, metricsPointers, keepCases: { kind: 'all', max: 2 } },
    {
      find: async (path) => [path],
      read: (path) => createReadStream(join(FOLDER, path)),
      modifiedMs: () => undefined,
    },
    new Date(0),
  );
  expect(files).toEqual(format === 'json' ? [file] : undefined);
  return results;
}

describe('what real eval tools wrote', () => {
  it.each<[file: string, score: string, number, metrics: string | readonly string[], object]>([
    [
      'deepeval.json',
      '/testCases/*/success',
      0.25,
      '/testCases/*/metricsData/*',
      // Without the threshold of the metric that threw, which has a name and no score.
      { Length: 0.633333333333, 'Exact Match': 0.75 },
    ],
    [
      'evalite.json',
      '/evals/*/results/*/averageScore',
      0.616666666667,
      '/evals/*/results/*/scores/*',
      { Exact: 0.666666666667, Length: 0.466666666667 },
    ],
    [
      'evalite-broken-row.json',
      '/evals/*/results/*/averageScore',
      0.4,
      '/evals/*/results/*/scores/*',
      { Exact: 0.666666666667, Length: 0.4 },
    ],
    [
      'inspect.json',
      '/results/scores/0/metrics/accuracy/value',
      2 / 3,
      '/results/scores/*/metrics/*',
      { accuracy: 0.666666666667, stderr: 0.333333333333, mean: 2 },
    ],
    [
      'lm-eval.json',
      '/results/*/exact_match,none',
      0.75,
      '/results/caps_nan',
      { sample_len: 4, 'exact_match,none': 0.75, 'exact_match_stderr,none': 0.25 },
    ],
    [
      'braintrust.jsonl',
      '/*/scores/exact/score',
      0.833333333333,
      '/*/scores/*',
      { Levenshtein: 0.666666666667, exact: 0.833333333333 },
    ],
    [
      'azure.json',
      '/rows/*/outputs.f1.f1_score',
      0.416666666667,
      '/metrics',
      {
        'f1.f1_score': 0.416666666667,
        'f1.f1_score_score': 0.416666666667,
        'f1.f1_score_passed': 0.5,
        'rouge.rouge': 0.416666666667,
        'rouge.rouge_score': 0.416666666667,
        'rouge.rouge_passed': 0.5,
        'mine.len': 11.3333333333,
        'f1.binary_aggregate': 0.5,
        'rouge.binary_aggregate': 0.5,
      },
    ],
    [
      'ragas.json',
      '/*/exact_match',
      0.333333333333,
      '/*',
      { non_llm_string_similarity: 0.678571428567, exact_match: 0.333333333333, broken: 0.5 },
    ],
    [
      'ragas-scores.json',
      '/*/exact_match',
      0.333333333333,
      '/*',
      { non_llm_string_similarity: 0.678571428571, exact_match: 0.333333333333, broken: 0.5 },
    ],
    [
      'pydantic-evals.json',
      '/cases/*/assertions/EqualsExpected/value',
      0.75,
      ['/cases/*/scores/*', '/cases/*/assertions/*'],
      { Length: 0.4, EqualsExpected: 0.75 },
    ],
    [
      'langsmith.json',
      '/*/feedback.exact',
      0.5,
      ['/*/feedback.exact', '/*/feedback.length'],
      { 'feedback.exact': 0.5, 'feedback.length': 0.4 },
    ],
    ['mlflow.json', '/exact~1mean', 0.5, '/*', { 'exact/mean': 0.5, 'yesno/mean': 0.75, 'length/mean': 0.5 }],
  ])('%s has a score at %s: %d', async (file, pointer, score, metricsPointers, metrics) => {
    expect(await read(file, 'json', pointer, ...[metricsPointers].flat())).toEqual({
      score: { name: `score in ${file}`, value: score },
      metrics,
      problems: [],
    });
  });

  it.each([
    ['braintrust-broken-row.jsonl', '/*/scores/*/score', '1 of 3', '/0/scores is an empty object'],
    ['azure.json', '/rows/*/outputs.mine.len', '1 of 4', '/rows/3/outputs.mine.len is null'],
    ['ragas-scores.json', '/*/broken', '1 of 3', '/2/broken is null'],
    ['phoenix.jsonl', '/*/exact_score/score', '1 of 4', '/3/exact_score is null'],
    ['evalite-broken-row.json', '/evals/*/results/*/scores/*/score', '1 of 7', '/evals/0/results/3/scores'],
  ])('%s has no score at %s, since a row did not finish', async (file, pointer, count, place) => {
    await expect(read(file, 'json', pointer)).rejects.toThrow(
      `score_pointer: "${pointer}" finds no number at ${count} places in ${file}: ${place}`,
    );
  });

  it('has the metrics of phoenix.jsonl, except of the row that did not finish', async () => {
    const { metrics } = await read('phoenix.jsonl', 'json', undefined, '/*/exact_score', '/*/length_score');
    expect(metrics).toEqual({ exact: 0.666666666667, length: 0.4 });
  });

  it('has the cases of promptfoo.jsonl, with their means and sums', async () => {
    const { tests = expect.fail() } = await read('promptfoo.jsonl', 'auto', undefined);
    expect(recordOf(tests, 100)).toEqual({
      score: 40,
      error: [
        'x=c, want=C: Expected output "NOPE" to equal "C"',
        'x=boom, want=BOOM: provider down',
        'x=throw, want=THROW: Error: provider threw',
      ].join('\n'),
      meta: {
        'test.total': 5,
        'test.passed': 2,
        'test.failed': 1,
        'test.errored': 2,
        'test.skipped': 0,
        'test.duration_ms': 9,
        'test.format': 'promptfoo',
        'test.score.mean': 0.36,
        'test.scores.exact': 0.666666666667,
        'test.scores.length': 0.533333333333,
        'test.cost': 0.003,
        'gen_ai.usage.input_tokens': 18,
        'gen_ai.usage.output_tokens': 12,
      },
    });
    expect(tests.cases[0]).toEqual({
      status: 'failed',
      name: 'x=c, want=C',
      error: 'Expected output "NOPE" to equal "C"',
      input: '{"x":"c","want":"C"}',
      output: 'NOPE',
      score: expect.any(Number),
      durationMs: expect.any(Number),
    });
  });

  it('has the cases of vitest-evals.json, with their scores, outputs and means', async () => {
    const { tests = expect.fail() } = await read('vitest-evals.json', 'auto', undefined);
    expect(recordOf(tests, 100)).toEqual({
      score: 71,
      error:
        'caps > c: AssertionError: Score: 0.40 below threshold: 0.50 Output: NOPE Exact [0.0]\ncaps > boom: Error: provider down',
      meta: {
        'test.total': 7,
        'test.passed': 5,
        'test.failed': 2,
        'test.errored': 0,
        'test.skipped': 0,
        'test.duration_ms': 74,
        'test.format': 'jest',
        // Without the case that threw and the one without a judge. The file says 0 for a judge that gave null.
        'test.score.mean': 0.5,
        'test.scores.Exact': 0.666666666667,
        'test.scores.Length': 0.6,
      },
    });
    expect(tests.metrics).toEqual({ pass_rate: 5 / 7, score: 0.5, Exact: 0.666666666667, Length: 0.6 });
    expect(tests.cases.map(({ name, score, output }) => ({ name, score, output }))).toEqual([
      { name: 'caps > c', score: 0.4, output: 'NOPE' },
      { name: 'caps > boom', score: undefined, output: undefined },
    ]);
  });
});
