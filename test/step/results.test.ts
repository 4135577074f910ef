import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, describe, expect, it as sequential } from 'vitest';
import { runStep, type StepResult } from '../harness/runner.ts';
import { type Span, startSpanServer } from '../harness/span-server.ts';
import { BLANK_SPAN } from '../harness/span-store.ts';
import { EXPECTED_RECORDS } from '../results/expected-records.ts';

// Each step has its own server and workspace.
const it = sequential.concurrent;

const FIXTURES = join(import.meta.dirname, '../fixtures/results');
const folder = mkdtempSync(join(tmpdir(), 'results-'));
afterAll(() => rmSync(folder, { recursive: true }));

const ID = '3c90c3cc-0d44-4b50-8888-8dd25736052a';
const BLANK: Span = { ...BLANK_SPAN, id: ID, name: 'Eval' };

interface Recorded {
  readonly result: StepResult;
  /** The span as stored after the step. */
  readonly span: Span;
  readonly requests: readonly string[];
}

/** Runs the step from `dist` beside the fixtures and `files`, on a span that holds `stored`. */
async function record(
  inputs: Readonly<Record<string, string>>,
  files: Readonly<Record<string, string | Uint8Array>> = {},
  stored: Partial<Span> = {},
): Promise<Recorded> {
  const cwd = mkdtempSync(join(folder, 'workspace-'));
  cpSync(FIXTURES, cwd, { recursive: true });
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(cwd, path)), { recursive: true });
    writeFileSync(join(cwd, path), content);
  }
  await using server = await startSpanServer();
  server.create({ ...BLANK, ...stored });
  const result = await runStep({
    cwd,
    with: { api_key: server.key, base_url: server.baseUrl, span_id: ID, ci_meta: 'false', ...inputs },
  });
  return { result, span: server.span(ID), requests: server.requests.map(({ method }) => method) };
}

/** Runs the step and returns its problems with the input. The step must have sent nothing. */
async function refusal(
  inputs: Readonly<Record<string, string>>,
  files: Readonly<Record<string, string | Uint8Array>> = {},
): Promise<string> {
  const { result, requests } = await record(inputs, files);
  const [annotation, ...others] = result.annotations;
  expect({ exitCode: result.exitCode, outcome: result.outputs.outcome, requests, others }).toEqual({
    exitCode: 1,
    outcome: 'failed',
    requests: [],
    others: [],
  });
  expect(annotation).toMatchObject({ level: 'error', title: 'Opper span: bad input, nothing was recorded' });
  return annotation?.message ?? '';
}

const json = (value: unknown) => JSON.stringify(value);

describe('a results file that a real tool wrote', () => {
  it.each(EXPECTED_RECORDS)(
    'is recorded on the span: $tool, $pattern',
    async ({ pattern, score, error, meta }) => {
      const stored = { meta: { dataset: 'v3' } };
      const { result, span, requests } = await record({ results_file: pattern }, {}, stored);
      expect(span).toEqual({
        ...BLANK,
        score,
        error: error.length > 0 ? error.join('\n') : null,
        meta: { dataset: 'v3', ...meta },
      });
      expect(requests).toEqual(['GET', 'PATCH']);
      expect(result).toMatchObject({ exitCode: 0, stderr: '' });
      expect(result.annotations.filter(({ level }) => level === 'error')).toEqual([]);
      expect(result.outputs).toMatchObject({ outcome: 'updated', score: String(score) });
    },
  );
});

describe('several results files', () => {
  it('are added up in the order of their lines, whatever their formats', async () => {
    const { span } = await record({
      results_file: 'gotestsum.junit.xml\nvitest.json\n*.ctrf.json\nvitest.*on',
    });
    expect(span).toEqual({
      ...BLANK,
      score: 37,
      error: [
        'example.com/demo > TestTotals/two_items: cart_test.go:9: got 5, want 4',
        'example.com/demo > TestTotals: Failed',
        'example.com/demo > TestDivides: panic: runtime error: integer divide by zero [recovered, repanicked]',
        "broken.test.js: Cannot find module '../src/missing.js' imported from /home/runner/work/demo/test/broken.test.js",
        'cart > subtracts: AssertionError: expected 2 to be 1 // Object.is equality',
        'cart > in colour > says "red" & <green>: Error: red is not',
        'close.test.js: could not close',
        'test_cart.py::test_subtracts: AssertionError: the difference',
        'test_cart.py::test_passes_against_expectation: [XPASS(strict)]',
        'test_cart.py::test_stores: RuntimeError: no database',
        'and 7 more',
      ].join('\n'),
      meta: {
        'test.total': 34,
        'test.passed': 10,
        'test.failed': 15,
        'test.errored': 2,
        'test.skipped': 7,
        'test.duration_ms': 160,
        'test.format': 'junit, jest, ctrf',
      },
    });
  });
});

describe('inputs with a results file', () => {
  it('win if they set a score, an error or a key of meta', async () => {
    const { span } = await record(
      {
        results_file: 'gotestsum.junit.xml',
        score: '0.7',
        score_scale: '10',
        error: 'my own words',
        meta: '{"dataset": "v3"}',
        meta_file: 'meta.json',
      },
      { 'meta.json': json({ 'test.format': 'go', dataset: 'v2' }) },
      { score: 1, error: 'old', meta: { kept: true, 'test.total': 1 } },
    );
    expect(span).toEqual({
      ...BLANK,
      score: 7,
      error: 'my own words',
      meta: {
        kept: true,
        'test.total': 6,
        'test.passed': 2,
        'test.failed': 3,
        'test.errored': 0,
        'test.skipped': 1,
        'test.duration_ms': 0,
        'test.format': 'go',
        dataset: 'v3',
      },
    });
  });

  it('scale the pass rate', async () => {
    const { span } = await record({ results_file: 'vitest.junit.xml', score_scale: '1000' });
    expect(span.score).toBe(429);
  });
});

describe('results_format json', () => {
  const file = (score: unknown) => ({ 'out/eval.json': json({ summary: [{ accuracy: score }] }) });
  const inputs = {
    results_file: 'out/*.json',
    results_format: 'json',
    score_pointer: '/summary/0/accuracy',
  };

  it.each([
    [0.285, '100', 29],
    [-0.285, '100', -29],
    [7, '', 7],
  ])(
    'records the score %s at the pointer with the scale "%s" as %s, and nothing else',
    async (score, scale, stored) => {
      const { result, span, requests } = await record({ ...inputs, score_scale: scale }, file(score), {
        error: 'old',
        meta: { dataset: 'v3' },
      });
      expect(result).toMatchObject({ exitCode: 0, annotations: [] });
      expect(span).toEqual({ ...BLANK, error: 'old', meta: { dataset: 'v3' }, score: stored });
      expect(requests).toEqual(['PATCH']);
    },
  );

  it('yields to the input score', async () => {
    const { span } = await record({ ...inputs, score: '3' }, file(9));
    expect(span).toEqual({ ...BLANK, score: 3 });
  });

  it.each([
    ['a fraction without a scale', inputs, 0.87, 'out/eval.json'],
    ['a pointer that finds nothing', { ...inputs, score_pointer: '/summary/accuracy' }, 1, 'score_pointer'],
  ])('rejects %s, and names the place', async (_what, given, score, name) => {
    expect(await refusal(given, file(score))).toContain(name);
  });
});

describe('results_format fields', () => {
  const inputs = { results_file: 'eval.json', results_format: 'fields' };
  const fields = (value: object) => ({ 'eval.json': json(value) });

  it('records every field of a span', async () => {
    const { result, span } = await record(
      inputs,
      fields({
        name: 'Nightly',
        type: 'evaluation',
        start_time: '2026-11-20T12:00:00.123456+01:00',
        end_time: 1795176000,
        input: ['a "question"', null],
        output: 'line 1\nline 2 `$(x)` ${{ y }}',
        score: 0.87,
        score_scale: 100,
        meta: { seed: 12345, nested: { list: [1, 2] } },
        clear: ['error'],
      }),
      { error: 'old', meta: { dataset: 'v3', seed: 1 } },
    );
    expect(result).toMatchObject({ exitCode: 0, annotations: [] });
    expect(span).toEqual({
      ...BLANK,
      name: 'Nightly',
      type: 'evaluation',
      start_time: '2026-11-20T11:00:00.123456+00:00',
      end_time: '2026-11-20T12:00:00+00:00',
      input: '["a \\"question\\"",null]',
      output: 'line 1\nline 2 `$(x)` ${{ y }}',
      score: 87,
      meta: { dataset: 'v3', seed: 12345, nested: { list: [1, 2] } },
    });
  });

  it('yields to inputs of the same name, in meta key by key', async () => {
    const { span } = await record(
      { ...inputs, score: '9', error: 'from the workflow', meta: '{"both": "workflow", "own": 1}' },
      fields({
        score: 1,
        error: 'from the file',
        output: 'from the file',
        meta: { both: 'file', theirs: 2 },
      }),
    );
    expect(span).toEqual({
      ...BLANK,
      score: 9,
      error: 'from the workflow',
      output: 'from the file',
      meta: { both: 'workflow', theirs: 2, own: 1 },
    });
  });

  it.each([
    [
      { score: 'nine', end_time: 'yesterday', meta: [1], clear: 'scores' },
      ['score', 'end_time', 'meta', 'clear'],
    ],
    [{ score: 9, scores: 9, api_key: 'op-1' }, ['scores', 'api_key']],
    [{}, ['results_file']],
  ])('reports every problem with %j, each with its file', async (content, names) => {
    const message = await refusal(inputs, fields(content));
    for (const name of names) expect(message).toContain(name);
    expect(message).toContain('eval.json');
  });
});

describe('results that cannot be read', () => {
  it('record nothing, and are named one by one', async () => {
    const message = await refusal(
      { results_file: 'broken/*\nout/**/*.xml\nbroken', score: '9' },
      {
        'broken/empty.xml': '',
        'broken/good.xml': '<testsuite><testcase name="a"/></testsuite>',
        'broken/truncated.json': '{"numTotalTests": 5, "testResults": [{"name": "a.test.js"',
      },
    );
    expect(message.split('\n').map((line) => line.split(' ').slice(0, 2))).toEqual([
      ['results_file:', '"out/**/*.xml"'],
      ['results_file:', '"broken"'],
    ]);
  });
});
