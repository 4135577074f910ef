import { rmSync } from 'node:fs';
import { mkdtemp, readdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { reply } from '../harness/faults.ts';
import { runStep } from '../harness/runner.ts';
import { type SpanRequest, startSpanServer } from '../harness/span-server.ts';
import { FOREVER, FORK, runStage, type StepOptions } from '../harness/step.ts';

const server = await startSpanServer();
afterAll(() => server.close());

const ofMetrics = ({ path }: SpanRequest) => path.includes('/metrics');
const spanToUpdate = () => server.create({ name: 'Support' }).id;

function junit(failures: number): string {
  const cases = Array.from({ length: failures }, (_, i) => `<testcase name="f${i}"><failure/></testcase>`);
  return `<testsuite name="s">${cases.join('')}</testsuite>`;
}

/** Runs an update of a new span that records these metrics and nothing else. */
function recordMetrics(page: () => object, metrics: object) {
  const fault = reply(() => ({ status: 200, body: page() }));
  const options: StepOptions = { faults: [{ on: 'GET', when: ofMetrics, times: FOREVER, fault }] };
  return runStage(server, { span_id: spanToUpdate(), metrics: JSON.stringify(metrics) }, options);
}

test('metrics alone do not send the span an empty body', async () => {
  const span_id = spanToUpdate();
  const inputs = { span_id, metrics: '{"accuracy": 0.9}', ci_meta: 'false' };
  const { outputs, sent } = await runStage(server, inputs);
  expect(sent).toEqual([
    [`GET /${span_id}`],
    [`GET /${span_id}/metrics?offset=0&limit=100`],
    [`POST /${span_id}/metrics`, { dimension: 'accuracy', value: 0.9 }],
  ]);
  expect(outputs).toMatchObject({ outcome: 'updated', name: 'Support', metrics: '{"accuracy":0.9}' });
  const { log } = await runStage(server, { ...inputs, dry_run: 'true' });
  expect(log.filter((line) => line.startsWith('Not sent: '))).toEqual([
    `Not sent: GET ${server.baseUrl}/spans/${span_id}`,
    `Not sent: POST ${server.baseUrl}/spans/${span_id}/metrics {"dimension":"accuracy","value":0.9}`,
  ]);
});

describe('a hostile list of metrics', () => {
  test('that never ends stops with an error', async () => {
    const page = () => ({
      meta: { total_count: 1e9 },
      data: Array.from({ length: 100 }, () => ({ id: crypto.randomUUID(), dimension: 'noise', value: 1 })),
    });
    const { exitCode, outputs, annotations } = await recordMetrics(page, { accuracy: 0.9 });
    expect({ exitCode, outcome: outputs.outcome }).toEqual({ exitCode: 1, outcome: 'updated' });
    expect(annotations).toEqual([
      { level: 'error', title: 'Opper span: metrics', message: expect.stringContaining('10000') },
    ]);
    // The read and the write of the span, and 100 pages.
    expect(server.requests).toHaveLength(102);
  });

  test('whose ids are lone surrogates is not a bug in the action', async () => {
    const data = [{ id: '\ud800', dimension: 'accuracy', value: 7 }];
    const { annotations } = await recordMetrics(() => ({ meta: { total_count: 1 }, data }), {
      accuracy: 0.9,
    });
    expect(annotations.map(({ title }) => title)).toEqual(['Opper span: metrics']);
  });

  test('may count in floating point', async () => {
    const fault = reply({
      status: 200,
      headers: { 'content-type': 'application/json' },
      body: '{"meta": {"total_count": 0.0}, "data": []}',
    });
    const { exitCode, outputs } = await runStage(
      server,
      { span_id: spanToUpdate(), metrics: '{"accuracy": 0.9}' },
      { faults: [{ on: 'GET', when: ofMetrics, fault }] },
    );
    expect({ exitCode, metrics: outputs.metrics }).toEqual({ exitCode: 0, metrics: '{"accuracy":0.9}' });
  });
});

test('the start of a tracked job rejects case_spans with a format that has no cases', async () => {
  const inputs = { operation: 'track', results_file: 'r.json', results_format: 'fields', case_spans: 'all' };
  const { exitCode, annotations, sent } = await runStage(server, inputs);
  expect({ exitCode, sent }).toEqual({ exitCode: 1, sent: [] });
  expect(annotations.map(({ message }) => message)).toEqual([expect.stringMatching(/^results_format: .*$/)]);
});

test('a span whose id is a lone surrogate fails the end of its job with a plain error', async () => {
  const state = JSON.stringify({ id: '\ud800', exists: true, sent: [], given: [] });
  const { annotations } = await runStage(server, { operation: 'track' }, { state });
  expect(annotations.map(({ title }) => title)).toEqual(['Opper span: API failure']);
});

test.each(['junk', '{}', 'null'])('a state that is %s fails the end with an annotation', async (tracked) => {
  const { exitCode, annotations, stderr } = await runStep({
    stage: 'post',
    state: { tracked },
    with: { operation: 'track', api_key: server.key, base_url: server.baseUrl },
  });
  expect({ exitCode, stderr }).toEqual({ exitCode: 1, stderr: '' });
  expect(annotations).toEqual([
    { level: 'error', title: expect.any(String), message: expect.stringContaining('STATE_tracked') },
  ]);
});

test.each(['create', 'track', 'get'])(
  '%s without a key outputs no id of a span that does not exist',
  async (operation) => {
    const { exitCode, outputs, exported } = await runStage(
      server,
      { operation, api_key: '' },
      { context: FORK },
    );
    expect({ exitCode, exported }).toEqual({ exitCode: 0, exported: {} });
    expect(outputs).toMatchObject({ outcome: 'skipped', id: '' });
  },
);

test('an event whose workflow_run has an unexpected form does not stop the step', async () => {
  const payload = { workflow_run: { event: 5, head_branch: 'main' } } as object;
  const inputs = { span_id: spanToUpdate(), score: '5' };
  const { exitCode } = await runStage(server, inputs, { context: { payload } });
  expect(exitCode).toBe(0);
});

test('an empty RUNNER_TEMP does not put span_file into the workspace', async () => {
  const cwd = await mkdtemp(join(tmpdir(), 'attack-test-'));
  const { outputs } = await runStep({
    cwd,
    env: { RUNNER_TEMP: '' },
    with: { span_id: spanToUpdate(), score: '5', api_key: server.key, base_url: server.baseUrl },
  });
  const files = await readdir(cwd);
  rmSync(cwd, { recursive: true });
  rmSync(outputs.span_file ?? '');
  expect(files).toEqual([]);
});

test('a promptfoo score that is not a number or has no name is not a metric', async () => {
  const result =
    '{"success": true, "score": 1e999, "cost": 1e999, "namedScores": {"": 1, " ": 1, "tone": 0.5}}';
  const { exitCode, outputs } = await runStage(
    server,
    { span_id: spanToUpdate(), results_file: 'r.json', results_metrics: 'true' },
    { files: { 'r.json': `{"results": {"results": [${result}]}}` } },
  );
  expect({ exitCode, metrics: JSON.parse(outputs.metrics ?? '') }).toEqual({
    exitCode: 0,
    metrics: { pass_rate: 1, tone: 0.5 },
  });
});

test('a bad score_scale is reported once, not again as a score that is not an integer', async () => {
  const inputs = { span_id: spanToUpdate(), score: '0.87', score_scale: '0' };
  const { annotations } = await runStage(server, inputs);
  expect(annotations.map(({ message }) => message)).toEqual([expect.stringMatching(/^score_scale: .*$/)]);
});

test('case spans that max_case_spans leaves out are reported', async () => {
  const { log, summaries } = await runStage(
    server,
    { span_id: spanToUpdate(), results_file: 'r.xml', case_spans: 'failed', max_case_spans: '2' },
    { files: { 'r.xml': junit(5) } },
  );
  expect(log).toContain('Case spans: 2 of 5 created');
  expect(summaries.join()).toContain('Case spans: 2 of 5 created');
});

test('the heading of a span that was recorded with errors does not read as a success', async () => {
  const tracked = { id: spanToUpdate(), exists: true, sent: [], given: [] };
  const inputs = { operation: 'track', results_file: 'gone.xml' };
  const { summaries } = await runStage(server, inputs, { state: JSON.stringify(tracked) });
  expect(summaries.join().split('\n')[0]).toBe('### ❌ Opper span updated, with errors');
});

test('a proxy variable with only white space names no proxy', async () => {
  const tls = { base_url: 'https://api.example:1/v2', retries: '0', timeout_seconds: '1' };
  const inputs = { span_id: spanToUpdate(), score: '5', ...tls };
  const { annotations } = await runStage(server, inputs, { env: { HTTPS_PROXY: ' ' } });
  expect(annotations.map(({ title }) => title)).toEqual(['Opper span: API failure']);
});

test('feedback without score and comment is not shown', async () => {
  const { id } = server.create({ name: 'Support', feedback: {} as never });
  const { log, summaries } = await runStage(server, { operation: 'get', span_id: id });
  expect([...log, ...summaries].filter((text) => /feedback/i.test(text))).toEqual([]);
});
