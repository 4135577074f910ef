import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { status } from '../harness/faults.ts';
import { runStep, type StepOptions } from '../harness/runner.ts';
import { type FaultRule, type SpanServer, startSpanServer } from '../harness/span-server.ts';

let server: SpanServer;
beforeAll(async () => {
  server = await startSpanServer();
});
afterAll(() => server.close());
beforeEach(() => {
  server.requests.length = 0;
  server.faults.length = 0;
});

/** The bundle as a child process, as the runner starts it; warnings of Node would stand in `stderr`. */
function step(inputs: Readonly<Record<string, string>>, options: StepOptions = {}) {
  return runStep({
    nodeArgs: ['--pending-deprecation'],
    ...options,
    with: { api_key: server.key, base_url: server.baseUrl, ...inputs },
  });
}

test('the whole job is done under nothing but what a runner gives', async () => {
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
  const jobUrl = 'https://github.com/acme/support-bot/actions/runs/15123456789/job/41234567890';
  const stored = {
    id,
    name: 'Answer support tickets',
    type: 'evaluation',
    start_time: '2026-11-20T12:00:00+00:00',
    end_time: '2026-11-20T12:00:42.500000+00:00',
    input: { tickets: 100 },
    output: 'line 1\n::error::line 2 %0A',
    error: `Job eval (small-2) failed in workflow Evals: ${jobUrl}`,
    meta: {
      prompt: 12,
      'cicd.pipeline.name': 'Evals',
      'cicd.pipeline.run.id': '15123456789',
      'cicd.pipeline.run.url.full': 'https://github.com/acme/support-bot/actions/runs/15123456789',
      'cicd.pipeline.task.name': 'eval',
      'cicd.pipeline.task.run.id': '41234567890',
      'cicd.pipeline.task.run.url.full': jobUrl,
      'cicd.pipeline.task.run.result': 'failure',
      'vcs.provider.name': 'github',
      'vcs.owner.name': 'acme',
      'vcs.repository.name': 'support-bot',
      'vcs.repository.url.full': 'https://github.com/acme/support-bot',
      'vcs.ref.head.name': 'main',
      'vcs.ref.head.type': 'branch',
      'vcs.ref.head.revision': '5c1b1d3a0a8b0c2c7d4e6f8091a2b3c4d5e6f708',
      'github.event_name': 'push',
      'github.actor': 'octocat',
      'github.run_attempt': 1,
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
  expect(result.log[0]).toMatch(
    new RegExp(`^Span ${id} "Answer support tickets": updated \\(2 requests, \\d+ ms\\)$`),
  );
  expect(result.summary).toMatch(/^### ✅ Opper span: updated\n/);
  expect(server.requests.map(({ headers }) => headers['user-agent'])).toEqual(
    Array(2).fill(expect.stringMatching(/^opper-span-action\/\d+\.\d+\.\d+$/)),
  );
});

describe('the exit code', () => {
  const down: readonly FaultRule[] = [{ times: 9, fault: status(500) }];

  test.each<[code: number, outcome: string, inputs: Record<string, string>, faults?: readonly FaultRule[]]>([
    [0, 'updated', { score: '87' }],
    [0, 'read', { operation: 'get' }],
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

describe('without', () => {
  test('a summary file the job is done, with a warning', async () => {
    const { id } = server.create({ name: 'n' });
    const result = await step({ span_id: id, score: '87' }, { summaryFile: false });
    expect(result).toMatchObject({ exitCode: 0, stderr: '', outputs: { outcome: 'updated', score: '87' } });
    expect(result.annotations).toMatchObject([{ level: 'warning', title: 'Opper span: summary' }]);
    expect(server.span(id).score).toBe(87);
  });

  test('a summary file that can be written the job is done, with a warning', async () => {
    const { id } = server.create({ name: 'n' });
    const result = await step({ span_id: id, score: '87' }, { env: { GITHUB_STEP_SUMMARY: tmpdir() } });
    expect(result).toMatchObject({ exitCode: 0, stderr: '', outputs: { outcome: 'updated' } });
    expect(result.annotations).toMatchObject([
      { level: 'warning', title: 'Opper span: summary', message: expect.stringContaining('EISDIR') },
    ]);
  });

  test('an outputs file, as on servers that know none, the outputs are commands', async () => {
    const { id } = server.create({ name: 'two\nlines, 100 %' });
    const result = await step({ span_id: id, score: '87' }, { outputFile: false });
    expect(result).toMatchObject({ exitCode: 0, outputs: { score: '87', name: 'two\nlines, 100 %' } });
  });

  test('an outputs file that can be written the step fails and says so, after the span was written', async () => {
    const { id } = server.create({ name: 'n' });
    const env = { GITHUB_OUTPUT: join(tmpdir(), 'no', 'such', 'file') };
    const result = await step({ span_id: id, score: '87' }, { env });
    expect(result).toMatchObject({ exitCode: 1, stderr: '' });
    expect(result.annotations).toMatchObject([
      { level: 'error', message: expect.stringMatching(/^The outputs could not be written, later steps /) },
    ]);
    expect(server.span(id).score).toBe(87);
  });

  test('the variables of a runner the span is recorded all the same', async () => {
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

test('files are read from the workspace: results by a glob, meta by its path', async () => {
  const cwd = mkdtempSync(join(tmpdir(), 'bundle-test-'));
  try {
    mkdirSync(join(cwd, 'reports'));
    const suite = (cases: string) => `<testsuite name="s">${cases}</testsuite>`;
    writeFileSync(join(cwd, 'reports', 'a.xml'), suite('<testcase name="a"/>'));
    writeFileSync(
      join(cwd, 'reports', 'b.xml'),
      suite('<testcase name="b"><failure message="no"/></testcase>'),
    );
    writeFileSync(join(cwd, 'meta.json'), '\ufeff{"dataset": "für alle"}');
    const { id } = server.create({ name: 'n' });
    const inputs = { span_id: id, results_file: 'reports/*.xml', meta_file: 'meta.json', ci_meta: 'false' };
    const result = await step(inputs, { cwd });
    expect(result).toMatchObject({ exitCode: 0, stderr: '', annotations: [] });
    expect(server.span(id)).toMatchObject({
      score: 50,
      error: 's > b: no',
      meta: {
        'test.total': 2,
        'test.passed': 1,
        'test.failed': 1,
        'test.errored': 0,
        'test.skipped': 0,
        'test.format': 'junit',
        dataset: 'für alle',
      },
    });
  } finally {
    rmSync(cwd, { recursive: true });
  }
});

describe('a results file', () => {
  let cwd: string;
  beforeEach(() => {
    cwd = mkdtempSync(join(tmpdir(), 'workspace-'));
  });
  afterEach(() => rmSync(cwd, { recursive: true }));

  async function scoreFrom(results_file: string): Promise<unknown> {
    const { id } = server.create({ name: 'n' });
    const result = await step({ span_id: id, results_file, ci_meta: 'false' }, { cwd });
    return result.exitCode === 0 ? server.span(id)?.score : result.annotations.map(({ message }) => message);
  }

  test('whose path holds what globs are made of is read by its path', async () => {
    writeFileSync(join(cwd, '[a] b.xml'), '<testsuite><testcase name="a"/></testsuite>');
    writeFileSync(join(cwd, 'a b.xml'), '<testsuite><testcase name="a"><failure/></testcase></testsuite>');
    expect(await scoreFrom('[a] b.xml')).toBe(100);
  });

  test('is no directory that the glob matches too', async () => {
    mkdirSync(join(cwd, 'old.xml'));
    writeFileSync(join(cwd, 'new.xml'), '<testsuite><testcase name="a"/></testsuite>');
    expect(await scoreFrom('*.xml')).toBe(100);
  });

  test('that cannot even be looked at is an error that names it', async () => {
    const name = `${'x'.repeat(300)}.xml`;
    // Windows says of such a name that there is no such file.
    expect(await scoreFrom(name)).toEqual([
      expect.stringMatching(/^results_file: (x+\.xml cannot be read: .*ENAMETOOLONG|"x+.* matches no file)/),
    ]);
  });
});

test('a step that never comes to an end is a failure', async () => {
  const forever = 'data:text/javascript,globalThis.fetch = () => new Promise(() => {})';
  const inputs = { span_id: server.create({ name: 'n' }).id, score: '1' };
  expect(await step(inputs, { nodeArgs: ['--import', forever] })).toMatchObject({ exitCode: 1, outputs: {} });
});
