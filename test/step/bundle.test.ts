import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, describe, expect, test } from 'vitest';
import { status } from '../harness/faults.ts';
import { runJob } from '../harness/job.ts';
import { factsOf, JOB_URL } from '../harness/push.ts';
import { runStep, type StepOptions } from '../harness/runner.ts';
import { type FaultRule, startSpanServer } from '../harness/span-server.ts';
import { closedPort } from '../harness/tcp-server.ts';

const server = await startSpanServer();
const folder = mkdtempSync(join(tmpdir(), 'bundle-test-'));
afterAll(async () => {
  await server.close();
  rmSync(folder, { recursive: true });
});
beforeEach(() => {
  server.requests.length = 0;
  server.faults.length = 0;
});

/** The bundle as a child process, as the runner starts it. Warnings from Node would appear in `stderr`. */
function step(inputs: Readonly<Record<string, string>>, options: StepOptions = {}) {
  return runStep({
    nodeArgs: ['--pending-deprecation'],
    ...options,
    with: { api_key: server.key, base_url: server.baseUrl, ...inputs },
  });
}

test('the whole job runs with only what a runner provides', async () => {
  const { id } = server.create({
    name: 'Answer support tickets',
    type: 'evaluation',
    start_time: '2026-11-20T12:00:00+00:00',
    input: { tickets: 100 },
    meta: { prompt: 12 },
    trace_id: '123e4567-e89b-12d3-a456-426614174000',
  });
  const result = await step(
    {
      span_id: id,
      score: '0.87',
      score_scale: '100',
      meta: '{"dataset": "support-v3"}',
      output: 'line 1\n::error::line 2 %0A\n',
      end_time: '2026-11-20T12:00:42.5Z',
    },
    { context: { job: { status: 'failure' }, matrix: { model: 'small-2' } } },
  );
  const stored = {
    id,
    name: 'Answer support tickets',
    type: 'evaluation',
    start_time: '2026-11-20T12:00:00+00:00',
    end_time: '2026-11-20T12:00:42.500000+00:00',
    input: { tickets: 100 },
    output: 'line 1\n::error::line 2 %0A',
    error: `Job eval (small-2) failed in workflow Evals: ${JOB_URL}`,
    meta: {
      prompt: 12,
      ...factsOf('failure'),
      'github.matrix': { model: 'small-2' },
      dataset: 'support-v3',
    },
    score: 87,
    trace_id: '123e4567-e89b-12d3-a456-426614174000',
    parent_id: null,
  };
  expect(server.span(id)).toEqual({ ...stored, feedback: null });

  const { span = '', ...outputs } = result.outputs;
  expect(JSON.parse(span)).toEqual(stored);
  expect(outputs).toEqual({
    ...stored,
    outcome: 'updated',
    duration_ms: '42500',
    input: '{"tickets":100}',
    meta: JSON.stringify(stored.meta),
    score: '87',
    parent_id: '',
    feedback_score: '',
    feedback_comment: '',
    changed: '["score","error","meta","end_time","output"]',
    metrics: '',
    case_spans: '',
    span_file: expect.stringMatching(/opper-span\.json$/),
    summary_file: expect.stringMatching(/opper-summary\.md$/),
    baseline_score: '',
    score_change: '',
    comparison: '',
    status: '200',
  });
  expect(result).toMatchObject({
    exitCode: 0,
    stderr: '',
    annotations: [],
    masks: [server.key],
    env: '',
    state: '',
    commands: [{ name: 'add-mask', message: server.key }],
  });
  expect(result.log[0]).toContain(`${id} "Answer support tickets": updated (2 requests`);
  expect(result.summary).toContain('Answer support tickets');
  expect(server.requests.map(({ headers }) => headers['user-agent'])).toEqual(
    Array(2).fill(expect.stringMatching(/^opper-span-action\/\d+\.\d+\.\d+$/)),
  );
});

describe('the exit code', () => {
  const down: readonly FaultRule[] = [{ times: 9, fault: status(500) }];

  test.each<[code: number, outcome: string, inputs: Record<string, string>, faults?: readonly FaultRule[]]>([
    [0, 'updated', { score: '87' }],
    [0, 'read', { operation: 'get' }],
    [0, 'created', { operation: 'create', span_id: '' }],
    [0, 'tracking', { operation: 'track', span_id: '' }],
    [0, 'dry-run', { score: '87', dry_run: 'true', api_key: '' }],
    [0, 'failed', { score: '87', retries: '0', fail_on_api_error: 'false' }, down],
    [1, 'failed', { score: '87', retries: '0' }, down],
    [1, 'failed', { score: '87', api_key: 'wrong' }],
    [1, 'failed', { score: '87', api_key: '' }],
    [1, 'failed', { score: 'high', fail_on_api_error: 'false' }],
    [1, 'updated', { score: '62', min_score: '80' }],
  ])('is %d with the outcome %s of %j', async (exitCode, outcome, inputs, faults = []) => {
    server.faults.push(...faults);
    const { id } = server.create({ name: 'n' });
    const result = await step({ span_id: id, ...inputs });
    expect(result).toMatchObject({ exitCode, stderr: '', outputs: { outcome } });
    expect(result.annotations.some(({ level }) => level === 'error')).toBe(exitCode === 1);
  });
});

describe('the requests of', () => {
  const headers = {
    accept: 'application/json',
    'accept-encoding': 'identity',
    authorization: `Bearer ${server.key}`,
    connection: 'keep-alive',
    host: new URL(server.baseUrl).host,
    'user-agent': expect.stringMatching(/^opper-span-action\//),
  };
  const sent = (method: 'GET' | 'PATCH', id: string, text = '') => ({
    method,
    path: `/v2/spans/${id}`,
    headers:
      text === ''
        ? headers
        : {
            ...headers,
            'content-type': 'application/json',
            'content-length': String(Buffer.byteLength(text)),
          },
    text,
  });

  test.each<[string, Record<string, string>, (id: string) => ReturnType<typeof sent>[]]>([
    ['get', { operation: 'get' }, (id) => [sent('GET', id)]],
    [
      'update',
      { score: '0.87', score_scale: '100', output: 'für alle', clear: 'error' },
      (id) => [sent('PATCH', id, '{"error":null,"score":87,"output":"für alle"}')],
    ],
    [
      'update, with meta',
      { meta: '{"n": 1.50}', end_time: '2026-11-20T13:00:00.5+01:00' },
      (id) => [
        sent('GET', id),
        sent('PATCH', id, '{"meta":{"prompt":12,"n":1.50},"end_time":"2026-11-20T13:00:00.5+01:00"}'),
      ],
    ],
  ])('%s are exactly these, and there are none at the end of the job', async (_, inputs, expected) => {
    const { id } = server.create({ name: 'n', meta: { prompt: 12 } });
    const given = { api_key: server.key, base_url: server.baseUrl, span_id: id, ci_meta: 'false' };
    const job = await runJob([{ id: 'span', with: { ...given, ...inputs } }]);
    expect(server.requests.map(({ body: _, ...request }) => request)).toEqual(expected(id));
    expect(job.main('span')).toMatchObject({ exitCode: 0, env: '', state: '' });
    expect(job.post('span')).toMatchObject({ exitCode: 0, stdout: '', stderr: '', summary: '', outputs: {} });
  });
});

describe('without', () => {
  test('a summary file the step works, with a warning', async () => {
    const { id } = server.create({ name: 'n' });
    const result = await step({ span_id: id, score: '87' }, { summaryFile: false });
    expect(result).toMatchObject({ exitCode: 0, stderr: '', outputs: { outcome: 'updated', score: '87' } });
    expect(result.annotations).toMatchObject([
      { level: 'warning', message: expect.stringContaining('GITHUB_STEP_SUMMARY') },
    ]);
    expect(server.span(id).score).toBe(87);
  });

  test('a writable summary file the step works, with a warning', async () => {
    const { id } = server.create({ name: 'n' });
    const result = await step({ span_id: id, score: '87' }, { env: { GITHUB_STEP_SUMMARY: tmpdir() } });
    expect(result).toMatchObject({ exitCode: 0, stderr: '', outputs: { outcome: 'updated' } });
    expect(result.annotations).toMatchObject([
      { level: 'warning', message: expect.stringContaining('EISDIR') },
    ]);
  });

  test('an outputs file, as on old servers, the step writes the outputs as commands', async () => {
    const { id } = server.create({ name: 'two\nlines, 100 %' });
    const result = await step({ span_id: id, score: '87' }, { outputFile: false });
    expect(result).toMatchObject({ exitCode: 0, outputs: { score: '87', name: 'two\nlines, 100 %' } });
  });

  test('a writable outputs file the step fails and says so, after the span was written', async () => {
    const { id } = server.create({ name: 'n' });
    const env = { GITHUB_OUTPUT: join(tmpdir(), 'no', 'such', 'file') };
    const result = await step({ span_id: id, score: '87' }, { env });
    expect(result).toMatchObject({ exitCode: 1, stderr: '' });
    expect(result.annotations).toMatchObject([
      { level: 'error', message: expect.stringContaining(env.GITHUB_OUTPUT) },
    ]);
    expect(server.span(id).score).toBe(87);
  });

  test('the variables of a runner the span is still recorded', async () => {
    const names = [
      'REPOSITORY',
      'RUN_ID',
      'RUN_ATTEMPT',
      'SERVER_URL',
      'JOB',
      'WORKFLOW',
      'ACTOR',
      'REF',
      'SHA',
    ];
    const gone = [...names, 'EVENT_NAME', 'EVENT_PATH'].map((name) => [`GITHUB_${name}`, undefined]);
    const { id } = server.create({ name: 'n' });
    const result = await step(
      { span_id: id, score: '87', job_check_run_id: '' },
      { env: Object.fromEntries(gone) },
    );
    expect(result).toMatchObject({ exitCode: 0, stderr: '', annotations: [] });
    expect(server.span(id)).toMatchObject({
      score: 87,
      meta: { 'cicd.pipeline.task.run.result': 'success' },
    });
  });
});

test('an event file that is not JSON is a warning, and the step still works', async () => {
  const path = join(folder, 'broken.json');
  writeFileSync(path, '{"pull_request": {"number": 7');
  const { id } = server.create({ name: 'n' });
  const result = await step({ span_id: id, score: '87' }, { env: { GITHUB_EVENT_PATH: path } });
  expect(result).toMatchObject({ exitCode: 0, stderr: '', outputs: { outcome: 'updated' } });
  expect(result.annotations).toMatchObject([
    { level: 'warning', message: expect.stringContaining('GITHUB_EVENT_PATH') },
  ]);
  expect(server.span(id)).toMatchObject({ score: 87, meta: { 'vcs.ref.head.name': 'main' } });
});

test.each(['junk', '{}', 'null'])('a state of %s fails the end with an annotation', async (tracked) => {
  const result = await step({ operation: 'track' }, { stage: 'post', state: { tracked } });
  expect(result).toMatchObject({ exitCode: 1, stderr: '' });
  expect(result.annotations).toMatchObject([
    { level: 'error', message: expect.stringContaining('STATE_tracked') },
  ]);
});

test('an empty RUNNER_TEMP does not put span_file into the workspace', async () => {
  const cwd = mkdtempSync(join(folder, 'workspace-'));
  const { id } = server.create({ name: 'n' });
  const { outputs } = await step({ span_id: id, score: '5' }, { cwd, env: { RUNNER_TEMP: '' } });
  rmSync(outputs.span_file ?? '');
  rmSync(outputs.summary_file ?? '');
  expect(readdirSync(cwd)).toEqual([]);
});

test('span_file has a span that is too large for outputs and environment variables, readable by this user only', async () => {
  const output = 'x'.repeat(600_000);
  const { id } = server.create({ name: 'n', output });
  const given = { api_key: server.key, base_url: server.baseUrl, span_id: id, operation: 'get' };
  let read = '';
  let mode = 0;
  const job = await runJob([
    { id: 'span', with: given },
    {
      run({ env: { SPAN_FILE = '' } }) {
        read = readFileSync(SPAN_FILE, 'utf8');
        mode = statSync(SPAN_FILE).mode & 0o777;
      },
      env: { SPAN_FILE: '${{ steps.span.outputs.span_file }}' },
    },
  ]);
  expect(job.status).toBe('success');
  expect(job.main('span')).toMatchObject({ outputs: { id, span: '' }, annotations: [{ level: 'warning' }] });
  expect(JSON.parse(read)).toEqual(server.span(id));
  if (process.platform !== 'win32') expect(mode.toString(8)).toBe('600');
});

test('files of the workspace are read: results by a pattern, meta by its path', async () => {
  const cwd = mkdtempSync(join(folder, 'workspace-'));
  mkdirSync(join(cwd, 'reports'));
  const write = (name: string, content: string) => writeFileSync(join(cwd, name), content);
  write('reports/a.xml', '<testsuite name="s"><testcase name="a"/></testsuite>');
  write(
    'reports/b.xml',
    '<testsuite name="s"><testcase name="b"><failure message="no"/></testcase></testsuite>',
  );
  write('reports/c.txt', 'no results');
  write('meta.json', '\ufeff{"dataset": "für alle"}');
  const { id } = server.create({ name: 'n' });
  const results_file = 'reports/**\n!**/*.txt';
  const inputs = { span_id: id, results_file, meta_file: 'meta.json', ci_meta: 'false' };
  expect(await step(inputs, { cwd })).toMatchObject({ exitCode: 0, stderr: '', annotations: [] });
  expect(server.span(id)).toMatchObject({
    score: 50,
    error: 's > b: no',
    meta: { 'test.total': 2, 'test.failed': 1, dataset: 'für alle' },
  });
});

test('a step that never ends is a failure', async () => {
  const forever = 'data:text/javascript,globalThis.setTimeout = () => ({})';
  const base_url = `http://127.0.0.1:${await closedPort()}/v2`;
  const inputs = { span_id: server.create({ name: 'n' }).id, score: '1', base_url };
  expect(await step(inputs, { nodeArgs: ['--import', forever] })).toMatchObject({ exitCode: 1, outputs: {} });
});
