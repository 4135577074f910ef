import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, describe, expect, it as sequential } from 'vitest';
import { runStep, type StepResult } from '../harness/runner.ts';
import { type Span, startSpanServer } from '../harness/span-server.ts';
import { EXPECTED_RECORDS } from './expected-records.ts';

// Each step has a server and a workspace of its own.
const it = sequential.concurrent;

const FIXTURES = join(import.meta.dirname, '../fixtures/results');
const folder = mkdtempSync(join(tmpdir(), 'results-'));
afterAll(() => rmSync(folder, { recursive: true }));

const ID = '3c90c3cc-0d44-4b50-8888-8dd25736052a';
const BLANK: Span = {
  id: ID,
  name: 'Eval',
  type: null,
  start_time: null,
  end_time: null,
  input: null,
  output: null,
  error: null,
  meta: null,
  score: null,
  trace_id: null,
  parent_id: null,
  feedback: null,
};

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

/** Runs the step, and gives what it says is wrong with the input; anything but a refusal of the whole is a failed test. */
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
  expect(annotation).toMatchObject({ level: 'error', title: 'Opper span: bad input, nothing was sent' });
  return annotation?.message ?? '';
}

const json = (value: unknown) => JSON.stringify(value);

describe('a results file that a real tool wrote', () => {
  it.each(EXPECTED_RECORDS)(
    'is recorded on the span: $tool, $pattern',
    async ({ pattern, score, error, meta, counts }) => {
      const { result, span, requests } = await record(
        { results_file: pattern },
        {},
        { meta: { dataset: 'v3' } },
      );
      expect(span).toEqual({
        ...BLANK,
        score,
        error: error.join('\n'),
        meta: { dataset: 'v3', ...meta },
      });
      expect(requests).toEqual(['GET', 'PATCH']);
      expect(result).toMatchObject({ exitCode: 0, stderr: '', annotations: [] });
      expect(result.outputs).toMatchObject({
        outcome: 'updated',
        score: String(score),
        changed: '["score","error","meta"]',
      });
      expect(result.log).toContain(`Results: ${counts}`);
      expect(result.summary).toContain(`<br>${counts}</td></tr>`);
    },
  );

  it('shows in the summary with its proportions, and its failures folded away', async () => {
    const { result } = await record({ results_file: 'surefire/TEST-*.xml', min_score: '50' });
    expect(result.summary).toBe(`### ✅ Opper span: updated

<table>
<tr><td>Span</td><td><code>Eval</code><br><code>${ID}</code></td></tr>
<tr><td>Score</td><td><b><code>57</code></b></td></tr>
<tr><td>Gate</td><td>✅ score 57 reaches min_score 50</td></tr>
<tr><td>Results</td><td>🟩🟩🟩🟩🟩🟩🟩🟩🟩🟩🟥🟥🟥🟥🟥🟧🟧🟧⬜⬜⬜<br>57.1 % passed: 8 tests (junit), 4 passed, 2 failed, 1 errored, 1 skipped, in 0.042 s</td></tr>
<tr><td>Where</td><td><a href="https://github.com/acme/support-bot/actions/runs/15123456789/job/41234567890">job</a> · <a href="https://github.com/acme/support-bot/actions/runs/15123456789">run</a></td></tr>
</table>

<table>
<tr><th>Field</th><th>Before</th><th>After</th></tr>
<tr><td><code>score</code></td><td><code>(nothing)</code></td><td><code>57</code></td></tr>
<tr><td><code>error</code></td><td><code>(nothing)</code></td><td><code>demo.CartTest &gt; subtracts: org.opentest4j.AssertionFailedError: the difference ==&gt; expected: &lt;1&gt; but was: &lt;2&gt;&#10;demo.CartTest &gt; divides: java.lang.ArithmeticException: / by zero&#10;demo.PriceTest &gt; colours: org.opentest4j.AssertionFailedError: red is not green</code></td></tr>
<tr><td><code>meta</code></td><td><code>0 keys</code></td><td><code>7 keys: test.*</code></td></tr>
</table>

<details><summary>3 failures</summary>
<pre>demo.CartTest &gt; subtracts: org.opentest4j.AssertionFailedError: the difference ==&gt; expected: &lt;1&gt; but was: &lt;2&gt;&#10;demo.CartTest &gt; divides: java.lang.ArithmeticException: / by zero&#10;demo.PriceTest &gt; colours: org.opentest4j.AssertionFailedError: red is not green</pre>
</details>

<details><summary>Recorded: meta</summary>
<pre>{&#10;  &quot;test.total&quot;: 8,&#10;  &quot;test.passed&quot;: 4,&#10;  &quot;test.failed&quot;: 2,&#10;  &quot;test.errored&quot;: 1,&#10;  &quot;test.skipped&quot;: 1,&#10;  &quot;test.duration_ms&quot;: 42,&#10;  &quot;test.format&quot;: &quot;junit&quot;&#10;}</pre>
</details>

`);
  });
});

describe('several results files', () => {
  it('are added up, whatever their formats', async () => {
    const { span } = await record({ results_file: '{gotestsum.junit.xml,vitest.json,*.ctrf.json}' });
    expect(span).toEqual({
      ...BLANK,
      score: 37,
      error: [
        'example.com/demo > TestTotals/two_items: cart_test.go:9: got 5, want 4',
        'example.com/demo > TestTotals: Failed',
        'example.com/demo > TestDivides: panic: runtime error: integer divide by zero [recovered, repanicked]',
        'test_cart.py::test_subtracts: AssertionError: the difference',
        'test_cart.py::test_passes_against_expectation: [XPASS(strict)]',
        'test_cart.py::test_stores: RuntimeError: no database',
        'test_cart.py::test_closes: RuntimeError: could not close',
        'test_cart.py::test_fails_and_closes: assert False',
        'test_cart.py::test_words[<angle> & "quote"]: assert \'<angle> & "quote"\' == \'plain\'',
        "test_cart.py::test_words[\\x1b[31mred\\x1b[0m]: AssertionError: assert '\\x1b[31mred\\x1b[0m' == 'plain'",
        'and 7 more',
      ].join('\n'),
      meta: {
        'test.total': 34,
        'test.passed': 10,
        'test.failed': 15,
        'test.errored': 2,
        'test.skipped': 7,
        'test.duration_ms': 160,
        'test.format': 'junit, ctrf, jest',
      },
    });
  });
});

describe('the inputs beside a results file', () => {
  it('win where they name a score, an error or a key of meta', async () => {
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

  it.each([
    [
      '41',
      1,
      ['error: Opper span: gate: score 40 is below min_score 41'],
      'Gate: score 40 is below min_score 41',
    ],
    ['40', 0, [], 'Gate: score 40 reaches min_score 40'],
  ])(
    'open the gate min_score %s by the score of the results, after the span was written',
    async (minScore, exitCode, annotations, line) => {
      const { result, span } = await record({ results_file: 'gotestsum.junit.xml', min_score: minScore });
      expect(result.exitCode).toBe(exitCode);
      expect(result.annotations.map(({ level, title, message }) => `${level}: ${title}: ${message}`)).toEqual(
        annotations,
      );
      expect(result.log).toContain(line);
      expect(span.score).toBe(40);
    },
  );
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

  it('gives way to the input score', async () => {
    const { span } = await record({ ...inputs, score: '3' }, file(9));
    expect(span).toEqual({ ...BLANK, score: 3 });
  });

  it('refuses a fraction without a scale, by the name of the file', async () => {
    expect(await refusal(inputs, file(0.87))).toBe(
      'score in out/eval.json: "0.87" is not an integer, and the API takes no other. Set score_scale to record a fraction: 0.87 with score_scale 100 records 87',
    );
  });

  it('refuses a pointer that leads nowhere', async () => {
    expect(await refusal({ ...inputs, score_pointer: '/summary/accuracy' }, file(1))).toBe(
      'score_pointer: "/summary/accuracy" leads nowhere in out/eval.json: /summary is an array of 1',
    );
  });
});

describe('results_format fields', () => {
  const inputs = { results_file: 'eval.json', results_format: 'fields' };
  const fields = (value: object) => ({ 'eval.json': json(value) });

  it('records every field that a span takes', async () => {
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

  it('gives way to the inputs of the same name, in meta key by key', async () => {
    const { span } = await record(
      { ...inputs, score: '9', error: 'from the workflow', meta: '{"both": "workflow", "own": 1}' },
      fields({
        score: 'not read',
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

  it('names what is wrong with its values, all at once and each with its file', async () => {
    const message = await refusal(
      { ...inputs, min_score: 'high' },
      fields({ score: 'nine', end_time: 'yesterday', meta: [1], clear: 'scores' }),
    );
    expect(message.split('\n')).toEqual([
      'score in eval.json: "nine" is not a number such as 87, or 0.87 with score_scale 100',
      'end_time in eval.json: "yesterday" is not a time. Write now, a time such as 2026-04-07T13:33:27Z, or Unix time (10 digits for seconds, 13 for milliseconds)',
      'clear in eval.json: "scores" is not among the fields that can be cleared: score, error, meta, end_time, start_time, name, type, input, output',
      'min_score: "high" is not a number such as 9 or 0.87',
      'meta in eval.json: is an array, expected a JSON object such as {"dataset": "v3"}',
    ]);
  });

  it('refuses a name it does not know', async () => {
    expect(await refusal(inputs, fields({ score: 9, scores: 9, api_key: 'op-1' }))).toBe(
      'results_file: eval.json may hold score, error, meta, end_time, start_time, name, type, input, output, score_scale, clear; it holds scores, api_key too',
    );
  });
});

describe('results that cannot be read record nothing', () => {
  it('names the pattern that matches no file', async () => {
    expect(await refusal({ results_file: 'out/**/*.xml', score: '9' })).toBe(
      'results_file: "out/**/*.xml" matches no file. Check that the step that writes it ran, and its path from the workspace; of a directory write a glob such as reports/*.xml',
    );
  });

  it('names every broken file and the place in it, whatever the other files hold', async () => {
    const message = await refusal(
      { results_file: 'broken/*', score: '9' },
      {
        'broken/bomb.xml':
          '<!DOCTYPE testsuite [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;">]>\n<testsuite><testcase name="&b;"/></testsuite>',
        'broken/bytes.xml': Buffer.from('<testsuite name="\xe9"/>', 'latin1'),
        'broken/deep.json': `{"results":\n${'['.repeat(10_000)}${']'.repeat(10_000)}}`,
        'broken/deep.xml': '<testsuite>'.repeat(10_000),
        'broken/empty.xml': '',
        'broken/good.xml': '<testsuite><testcase name="a"/></testsuite>',
        'broken/nothing.xml': '<testsuites tests="5"/>',
        'broken/plain.json': '{"accuracy": 0.9}',
        'broken/truncated.json': '{"numTotalTests": 5, "testResults": [{"name": "a.test.js"',
        'broken/truncated.xml': '<testsuite>\n<testcase name="a"/>\n',
        'broken/words.txt': 'ok 1 - adds\n',
      },
    );
    expect(message.split('\n')).toEqual([
      'results_file: broken/bomb.xml is not well-formed XML: line 2, column 30: undefined entity',
      'results_file: broken/bytes.xml is not UTF-8: byte 18',
      'results_file: broken/deep.json is nested too deeply: line 2, column 1000: more than 1000 levels',
      'results_file: broken/deep.xml is nested too deeply: line 1, column 1111: more than 100 elements within each other',
      'results_file: broken/empty.xml is empty',
      'results_file: broken/nothing.xml holds no test case: nothing ran',
      'results_file: broken/plain.json is JSON, but none of junit, ctrf, promptfoo, jest. For a file of your own set results_format to json or fields',
      'results_file: broken/truncated.json is not JSON: line 1, column 58: expected , or }, found the end of the text',
      'results_file: broken/truncated.xml is not well-formed XML: line 3, column 1: unclosed tag: testsuite',
      'results_file: broken/words.txt is of an unknown kind: line 1, column 1: expected XML or JSON (junit, ctrf, promptfoo, jest)',
    ]);
  });

  it('is no pass where every case was skipped', async () => {
    const skipped = '<testsuite><testcase name="a"><skipped/></testcase></testsuite>';
    expect(await refusal({ results_file: 'out/*.xml' }, { 'out/a.xml': skipped, 'out/b.xml': skipped })).toBe(
      'results_file: out/a.xml, out/b.xml: every case was skipped: nothing ran',
    );
  });
});
