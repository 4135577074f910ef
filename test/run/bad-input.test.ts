import { afterAll, describe, expect, test } from 'vitest';
import { startSpanServer } from '../harness/span-server.ts';
import { runStage, type StepOptions } from '../harness/step.ts';
import { memoryFiles } from '../results/memory-files.ts';

const server = await startSpanServer();
afterAll(() => server.close());

/** The names in the annotation about bad input, in order. */
async function named(inputs: Readonly<Record<string, string>>, options?: StepOptions): Promise<string[]> {
  const { exitCode, sent, annotations } = await runStage(server, inputs, options);
  expect({ exitCode, sent, count: annotations.length }).toEqual({ exitCode: 1, sent: [], count: 1 });
  return (annotations[0]?.message ?? '')
    .split('\n')
    .map((line) => line.split(': ')[0] ?? '')
    .sort();
}

const span_id = '3c90c3cc-0d44-4b50-8888-8dd25736052a';

describe('bad input', () => {
  test('in inputs, meta_file and a fields file is reported in one error, and nothing is sent', async () => {
    const inputs = {
      span_id: 'abc',
      base_url: 'http://example.com',
      retries: '11',
      meta: '[1]',
      meta_file: 'meta.json',
      results_file: 'fields.json',
      results_format: 'fields',
      min_score: 'high',
      dry_run: 'yes',
    };
    const files = {
      'meta.json': '{"a": }',
      'fields.json': '{"score": 0.87, "end_time": "today", "meta": 3}',
    };
    expect(await named(inputs, { files })).toEqual([
      'base_url',
      'dry_run',
      'end_time in fields.json',
      'meta',
      'meta in fields.json',
      'meta_file',
      'min_score',
      'retries',
      'score in fields.json',
      'span_id',
    ]);
  });

  test.each<[string, Record<string, string>, string[], StepOptions?]>([
    ['a span and a key that are missing', { score: '1', api_key: '' }, ['api_key', 'span_id']],
    [
      'a results file in which nothing ran',
      { span_id, results_file: 'r.xml' },
      ['results_file'],
      { files: { 'r.xml': '<testsuite/>' } },
    ],
    ['missing files', { span_id, results_file: 'r.xml', meta_file: 'm.json' }, ['meta_file', 'results_file']],
    [
      'missing files in a format without cases',
      { span_id, results_file: 'f.json', results_format: 'fields', meta_file: 'm.json' },
      ['meta_file', 'results_file'],
    ],
    [
      'a scale with which the pass rate is not a safe integer',
      { span_id, results_file: 'r.xml', score_scale: '1e16' },
      ['score_scale'],
      { files: { 'r.xml': '<testsuite><testcase name="a"/></testsuite>' } },
    ],
    [
      'a bad format, whose file is not read',
      { span_id, results_file: 'r', results_format: 'csv' },
      ['results_format'],
    ],
    [
      'a format without its pointer',
      { span_id, results_file: 'r', results_format: 'json' },
      ['score_pointer'],
    ],
    ['a scale without a score', { span_id, score_scale: '100' }, ['score']],
    ['an update with nothing to record', { span_id, ci_meta: 'false' }, ['operation']],
    [
      'get with something to record',
      { span_id, operation: 'get', score: '1', meta_file: 'm.json' },
      ['operation'],
      { files: { 'm.json': '{}' } },
    ],
    [
      'a format without a file',
      { span_id, results_format: 'json', score_pointer: '/score' },
      ['results_file'],
    ],
    [
      'a gate that any pass rate reaches',
      { span_id, results_file: 'r.xml', min_score: '0.8' },
      ['min_score'],
      { files: { 'r.xml': '<testsuite><testcase name="a"/></testsuite>' } },
    ],
    [
      'a field that is cleared and given by a file',
      {
        span_id,
        clear: 'meta output',
        meta_file: 'm.json',
        results_file: 'f.json',
        results_format: 'fields',
      },
      ['clear'],
      { files: { 'm.json': '{}', 'f.json': '{"output": "x"}' } },
    ],
  ])('is %s', async (_, inputs, names, options) => {
    expect(await named(inputs, options)).toEqual(names);
  });
});

const find = () => Promise.reject(new Error('find is broken'));

test.each<[string, StepOptions]>([
  ['sending', { broken: 'connect' }],
  ['reading', { host: { files: { ...memoryFiles({}), find } } }],
])('a bug in %s is an error that says so, and the outputs are there', async (_, options) => {
  const inputs = { span_id, score: '1', ...(options.host && { results_file: 'r' }) };
  const { exitCode, annotations, outputs } = await runStage(server, inputs, options);
  expect({ exitCode, outcome: outputs.outcome, id: outputs.id }).toEqual({
    exitCode: 1,
    outcome: 'failed',
    id: span_id,
  });
  expect(annotations).toEqual([
    {
      level: 'error',
      title: 'Opper span: internal error',
      message: expect.stringMatching(/report it: .* is broken/),
    },
  ]);
});

describe('what the runner does not accept', () => {
  test.each([
    ['outputs fail the step, whose work is done', 'setOutput', 1, 'error', 'outputs'],
    ['a summary is a warning', 'appendSummary', 0, 'warning', 'job summary'],
    ['a file of the span is a warning', 'writeTemp', 0, 'warning', 'span_file'],
  ] as const)('%s', async (_, broken, exitCode, level, what) => {
    const { id } = server.create({ name: 'Support' });
    const result = await runStage(server, { span_id: id, score: '87', ci_meta: 'false' }, { broken });
    const message = expect.stringMatching(new RegExp(`${what}.*: ${broken} is broken`));
    expect(result).toMatchObject({ exitCode, annotations: [{ level, title: 'Opper span', message }] });
    expect(server.span(id).score).toBe(87);
  });

  test.each([
    ['of bad input is written', { span_id: 'x' }, 1],
    ['of bad input is not written when it is not wanted', { span_id: 'x', summary: 'FALSE\n' }, 0],
    ['is not written when it is not wanted', { span_id, score: '1', dry_run: 'true', summary: 'false' }, 0],
  ])('a summary %s', async (_, inputs, count) => {
    expect((await runStage(server, inputs)).summaries).toHaveLength(count);
  });
});
