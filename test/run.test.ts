import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type Host, run } from '../src/run.ts';
import { span as answeredWith, applied, raw, reset, status } from './harness/faults.ts';
import { type FaultRule, type Span, type SpanServer, startSpanServer } from './harness/span-server.ts';

const NOW = Date.UTC(2026, 10, 20, 12, 0, 0);
const FOREVER = Number.POSITIVE_INFINITY;

let server: SpanServer;
beforeAll(async () => {
  server = await startSpanServer();
});
afterAll(() => server.close());
beforeEach(() => {
  server.requests.length = 0;
  server.faults.length = 0;
});

interface StepOptions {
  readonly env?: Host['env'];
  readonly context?: Partial<Host['context']>;
  /** Text by path, or what reading it throws. */
  readonly files?: Readonly<Record<string, string | Error>>;
  readonly faults?: readonly FaultRule[];
  readonly useProxy?: Host['useProxy'];
  /** Throws in place of what the host would do. */
  readonly broken?: 'setOutput' | 'summary';
}

/** Runs the step on a host of plain data that keeps whatever is done to it, in order. */
async function step(inputs: Readonly<Record<string, string>>, options: StepOptions = {}) {
  const { env = {}, context, files = {}, faults = [], useProxy = async () => [], broken } = options;
  server.faults.push(...faults);
  const given: Readonly<Record<string, string>> = {
    api_key: server.key,
    base_url: server.baseUrl,
    ...inputs,
  };
  const calls: (readonly [what: string, ...args: readonly unknown[]])[] = [];
  const keep =
    (what: string) =>
    (...args: readonly unknown[]): void => {
      if (what === broken) throw new Error(`${what} is broken`);
      calls.push([what, ...args]);
    };
  const exitCode = await run({
    core: {
      getInput: (name, options) =>
        options?.trimWhitespace === false ? (given[name] ?? '') : (given[name] ?? '').trim(),
      setSecret: keep('setSecret'),
      setOutput: keep('setOutput'),
      info: keep('info'),
      notice: keep('notice'),
      warning: keep('warning'),
      error: keep('error'),
    },
    context: {
      actor: 'mona',
      eventName: 'push',
      job: 'eval',
      payload: {},
      ref: 'refs/heads/main',
      repo: { owner: 'acme', repo: 'support-bot' },
      runAttempt: 1,
      runId: 4711,
      serverUrl: 'https://github.com',
      sha: '6dcb09b5b57875f334f61aebed695e2e4193db5e',
      workflow: 'Evals',
      ...context,
    },
    env,
    fetch: (input, init) => {
      keep('fetch')(init?.method);
      return fetch(input, init);
    },
    useProxy,
    files: {
      find: async (pattern) => Object.keys(files).filter((path) => path === pattern),
      async *read(path) {
        const content = files[path] ?? Object.assign(new Error('ENOENT'), { code: 'ENOENT' });
        if (content instanceof Error) throw content;
        yield Buffer.from(content);
      },
    },
    appendSummary: keep('summary'),
    now: () => NOW,
    wait: async () => {},
    random: () => 0.5,
    version: '1.2.3',
  });
  const argsOf = (what: string) => calls.filter(([name]) => name === what).map(([, ...args]) => args);
  const annotationsOf = (level: string) =>
    argsOf(level).map(([message, properties]) => [level, (properties as { title: string }).title, message]);
  return {
    exitCode,
    calls,
    outputs: Object.fromEntries(argsOf('setOutput') as [string, string][]),
    annotations: ['error', 'warning', 'notice'].flatMap(annotationsOf),
    log: argsOf('info').map(([line]) => line),
    summaries: argsOf('summary').map(([markdown]) => markdown as string),
    sent: server.requests.map(({ method, body }) => (method === 'GET' ? method : [method, body])),
  };
}

function stored(fields: Partial<Span> = {}): Span {
  return server.create({ name: 'Answer support tickets', ...fields });
}

const JOB_LINK = 'https://github.com/acme/support-bot/actions/runs/4711/job/99';
const CI_META = {
  'cicd.pipeline.name': 'Evals',
  'cicd.pipeline.run.id': '4711',
  'cicd.pipeline.run.url.full': 'https://github.com/acme/support-bot/actions/runs/4711',
  'cicd.pipeline.task.name': 'eval',
  'cicd.pipeline.task.run.id': '99',
  'cicd.pipeline.task.run.url.full': JOB_LINK,
  'cicd.pipeline.task.run.result': 'failure',
  'vcs.provider.name': 'github',
  'vcs.owner.name': 'acme',
  'vcs.repository.name': 'support-bot',
  'vcs.repository.url.full': 'https://github.com/acme/support-bot',
  'vcs.ref.head.name': 'main',
  'vcs.ref.head.type': 'branch',
  'vcs.ref.head.revision': '6dcb09b5b57875f334f61aebed695e2e4193db5e',
  'github.event_name': 'push',
  'github.actor': 'mona',
  'github.run_attempt': 1,
  'github.matrix': { model: 'small-2' },
};

const NO_OUTPUTS = {
  outcome: '',
  id: '',
  name: '',
  type: '',
  start_time: '',
  end_time: '',
  duration_ms: '',
  input: '',
  output: '',
  error: '',
  meta: '',
  score: '',
  trace_id: '',
  parent_id: '',
  feedback_score: '',
  feedback_comment: '',
  changed: '',
  span: '',
  status: '',
};

const FORK: StepOptions = {
  context: {
    eventName: 'pull_request',
    payload: {
      pull_request: {
        number: 7,
        head: { ref: 'main', sha: 'b194', repo: { full_name: 'visitor/support-bot' } },
        base: { ref: 'main', sha: '6dcb', repo: { full_name: 'acme/support-bot' } },
      },
    },
  },
};
const SKIPPED =
  'GitHub withholds secrets from pull requests of forks and of Dependabot, so there is no API key and nothing was recorded';
const NO_KEY =
  'api_key: is empty. Pass the key from a secret, such as ${{ secrets.OPPER_API_KEY }}, or set OPPER_API_KEY in the env of the step; a secret that does not exist is empty too';
const BAD_INPUT = 'Opper span: bad input, nothing was sent';
const DOWN: readonly FaultRule[] = [{ times: FOREVER, fault: status(500) }];

describe('a job that did not succeed', () => {
  const failed = `Job eval failed in workflow Evals: ${JOB_LINK}`;
  const cancelled = `Job eval was cancelled in workflow Evals: ${JOB_LINK}`;

  test.each<[status: string, error: string, clear: string, sent: object]>([
    ['success', '', '', {}],
    ['success', '', 'error', { error: null }],
    ['success', 'mine', '', { error: 'mine' }],
    ['failure', '', '', { error: failed }],
    ['failure', '', 'error', { error: failed }],
    ['failure', 'mine', '', { error: 'mine' }],
    ['cancelled', '', '', { error: cancelled }],
    ['cancelled', '', 'error', { error: cancelled }],
    ['cancelled', 'mine', '', { error: 'mine' }],
    ['', '', '', {}],
    ['', '', 'error', { error: null }],
    ['', 'mine', '', { error: 'mine' }],
  ])('job_status %j, error %j, clear %j: sends %j', async (job_status, error, clear, sent) => {
    const { id } = stored({ error: 'old' });
    const inputs = {
      span_id: id,
      score: '1',
      ci_meta: 'false',
      job_status,
      job_check_run_id: '99',
      error,
      clear,
    };
    const result = await step(inputs);
    expect(result).toMatchObject({ exitCode: 0, annotations: [], sent: [['PATCH', { score: 1, ...sent }]] });
    expect(server.span(id).error).toBe('error' in sent ? sent.error : 'old');
  });

  test.each(['success', 'failure', 'cancelled', ''])(
    'job_status %j: an error that is both given and cleared is refused',
    async (job_status) => {
      const { id } = stored({ error: 'old' });
      const result = await step({ span_id: id, job_status, error: 'mine', clear: 'error' });
      expect(result).toMatchObject({
        exitCode: 1,
        annotations: [['error', BAD_INPUT, 'clear: names error, which is also given. Drop one of the two']],
        sent: [],
      });
    },
  );

  test('is recorded by a step that was told nothing but the span', async () => {
    const { id } = stored({ meta: { prompt: 12 } });
    const result = await step({
      span_id: id,
      job_status: 'failure',
      job_matrix: '{\n  "model": "small-2"\n}',
      job_check_run_id: '99',
    });
    const error = `Job eval (small-2) failed in workflow Evals: ${JOB_LINK}`;
    expect(result.exitCode).toBe(0);
    expect(result.sent).toEqual(['GET', ['PATCH', { error, meta: { prompt: 12, ...CI_META } }]]);
    expect(server.span(id)).toEqual({ ...stored({ id, error, meta: { prompt: 12, ...CI_META } }) });
  });
});

describe('the gate', () => {
  test.each([
    ['0.8', { score: '0.5', score_scale: '100' }, 0, 1],
    ['0.8', { score: '1' }, 0, 0],
    ['0', { score: '0.5', score_scale: '100' }, 0, 0],
    ['1', { score: '0.5', score_scale: '100' }, 0, 0],
  ])(
    'of %s on %o exits with %i and gives %i warnings about its unit',
    async (min_score, inputs, exitCode, count) => {
      const result = await step({ span_id: stored().id, min_score, ...inputs });
      const warning = `min_score ${min_score} is compared with the recorded score, which is scaled: 80, not 0.8`;
      expect(result).toMatchObject({
        exitCode,
        annotations: Array(count).fill(['warning', 'Opper span', warning]),
      });
    },
  );

  const below = ['error', 'Opper span: gate', 'score 62 is below min_score 80'];
  const none = ['error', 'Opper span: gate', 'min_score is 80, but there is no score to compare'];
  const apiError = (method: string, id: string) =>
    `${method} ${server.baseUrl}/spans/${id} was answered with 500 Internal Server Error (tried once). The API is in trouble. Run the job again later; with fail_on_api_error false a job stays green all the same.`;

  test.each<{
    case: string;
    span?: Partial<Span>;
    with?: Readonly<Record<string, string>>;
    options?: StepOptions;
    expected: {
      exitCode: 0 | 1;
      outcome: string;
      sent: unknown[];
      annotations?: unknown[];
      summaries?: number;
    };
  }>([
    {
      case: 'fails the step after the span was written',
      with: { score: '62' },
      expected: { exitCode: 1, outcome: 'updated', sent: [['PATCH', { score: 62 }]], annotations: [below] },
    },
    {
      case: 'passes a score that reaches it',
      with: { score: '80' },
      expected: { exitCode: 0, outcome: 'updated', sent: [['PATCH', { score: 80 }]] },
    },
    {
      case: 'compares the score as scaled',
      with: { score: '0.62', score_scale: '100' },
      expected: { exitCode: 1, outcome: 'updated', sent: [['PATCH', { score: 62 }]], annotations: [below] },
    },
    {
      case: 'compares the score already on the span when none is given',
      span: { score: 62 },
      with: { output: 'x' },
      expected: { exitCode: 1, outcome: 'updated', sent: [['PATCH', { output: 'x' }]], annotations: [below] },
    },
    {
      case: 'fails where the span has no score',
      with: { output: 'x' },
      expected: { exitCode: 1, outcome: 'updated', sent: [['PATCH', { output: 'x' }]], annotations: [none] },
    },
    {
      case: 'fails where the score is cleared',
      span: { score: 90 },
      with: { clear: 'score' },
      expected: { exitCode: 1, outcome: 'updated', sent: [['PATCH', { score: null }]], annotations: [none] },
    },
    {
      case: 'compares what the API stored, not what was sent',
      with: { score: '90' },
      options: { faults: [{ fault: answeredWith({ score: 62 }) }] },
      expected: {
        exitCode: 1,
        outcome: 'updated',
        sent: [['PATCH', { score: 90 }]],
        annotations: [
          below,
          ['warning', 'Opper span', 'score was not stored as sent: sent 90, the span has 62'],
        ],
      },
    },
    {
      case: 'works under dry_run',
      with: { score: '62', dry_run: 'true' },
      expected: { exitCode: 1, outcome: 'dry-run', sent: [], annotations: [below] },
    },
    {
      case: 'passes under dry_run',
      with: { score: '81', dry_run: 'true' },
      expected: { exitCode: 0, outcome: 'dry-run', sent: [] },
    },
    {
      case: 'fails under dry_run with no score, as the span is not read',
      span: { score: 90 },
      with: { output: 'x', dry_run: 'true' },
      expected: { exitCode: 1, outcome: 'dry-run', sent: [], annotations: [none] },
    },
    {
      case: 'works under skipped',
      with: { score: '62', api_key: '' },
      options: FORK,
      expected: {
        exitCode: 1,
        outcome: 'skipped',
        sent: [],
        annotations: [below, ['notice', 'Opper span: skipped', SKIPPED]],
      },
    },
    {
      case: 'passes under skipped',
      with: { score: '80', api_key: '' },
      options: FORK,
      expected: {
        exitCode: 0,
        outcome: 'skipped',
        sent: [],
        annotations: [['notice', 'Opper span: skipped', SKIPPED]],
      },
    },
    {
      case: 'works without the summary',
      with: { score: '62', summary: 'false' },
      expected: {
        exitCode: 1,
        outcome: 'updated',
        sent: [['PATCH', { score: 62 }]],
        annotations: [below],
        summaries: 0,
      },
    },
    {
      case: 'works on a span that is only read',
      span: { score: 62 },
      with: { operation: 'get' },
      expected: { exitCode: 1, outcome: 'read', sent: ['GET'], annotations: [below] },
    },
    {
      case: 'passes on a span that is only read',
      span: { score: 80 },
      with: { operation: 'get' },
      expected: { exitCode: 0, outcome: 'read', sent: ['GET'] },
    },
  ])('$case', async ({ span, with: inputs, options, expected }) => {
    const { id } = stored(span);
    const result = await step({ span_id: id, ci_meta: 'false', min_score: '80', ...inputs }, options);
    expect({
      exitCode: result.exitCode,
      outcome: result.outputs.outcome,
      sent: result.sent,
      annotations: result.annotations,
      summaries: result.summaries.length,
    }).toEqual({ annotations: [], summaries: 1, ...expected });
  });

  test.each([
    ['62', 'false', 1, 'warning', [below]],
    ['80', 'false', 0, 'warning', []],
    ['62', 'true', 1, 'error', [below]],
    ['80', 'true', 1, 'error', []],
  ] as const)(
    'with the API down compares the score that would have been: %s, fail_on_api_error %s, exits with %d',
    async (score, fail_on_api_error, exitCode, level, gate) => {
      const { id } = stored();
      const inputs = { score, fail_on_api_error, min_score: '80', retries: '0', ci_meta: 'false' };
      const result = await step({ span_id: id, ...inputs }, { faults: DOWN });
      expect(result.exitCode).toBe(exitCode);
      expect(result.outputs).toEqual({ ...NO_OUTPUTS, outcome: 'failed', id, status: '500' });
      expect(result.annotations).toHaveLength(1 + gate.length);
      expect(result.annotations).toEqual(
        expect.arrayContaining([[level, 'Opper span: API failure', apiError('PATCH', id)], ...gate]),
      );
      expect(server.span(id).score).toBeNull();
    },
  );

  test('with the API down compares the score that was read before', async () => {
    const { id } = stored({ score: 62 });
    const inputs = { meta: '{"a": 1}', fail_on_api_error: 'false', min_score: '80', retries: '0' };
    const faults = [{ on: 'PATCH', fault: status(500) }] as const;
    const result = await step({ span_id: id, ...inputs }, { faults });
    expect(result.exitCode).toBe(1);
    expect(result.annotations).toEqual([
      below,
      ['warning', 'Opper span: API failure', apiError('PATCH', id)],
    ]);
  });

  test('is not judged on bad input, which fails the step anyway', async () => {
    const result = await step({ span_id: 'x', score: '62', min_score: '80', fail_on_api_error: 'false' });
    expect(result).toMatchObject({
      exitCode: 1,
      annotations: [
        ['error', BAD_INPUT, 'span_id: "x" is not a UUID such as 3c90c3cc-0d44-4b50-8888-8dd25736052a'],
      ],
      sent: [],
    });
  });
});

describe('without a key', () => {
  test('a pull request from a fork is skipped: green, a notice, no request', async () => {
    const { id } = stored();
    const result = await step({ span_id: id, score: '87', ci_meta: 'false', api_key: ' \n' }, FORK);
    expect(result).toMatchObject({
      exitCode: 0,
      annotations: [['notice', 'Opper span: skipped', SKIPPED]],
      sent: [],
      log: [`Span ${id}: skipped (nothing sent)`, 'Not recorded:', '  score: 87'],
    });
    expect(result.outputs).toEqual({
      ...NO_OUTPUTS,
      outcome: 'skipped',
      id,
      score: '87',
      span: JSON.stringify({ id, score: 87 }),
    });
  });

  test('a pull request from a fork is skipped without a span too, which only a key could have made', async () => {
    const result = await step({ span_id: '', score: '87', ci_meta: 'false', api_key: '' }, FORK);
    expect(result).toMatchObject({ exitCode: 0, sent: [] });
    expect(result.outputs).toEqual({ ...NO_OUTPUTS, outcome: 'skipped', score: '87', span: '{"score":87}' });
  });

  test('a span that is none is an error elsewhere, in one with the missing key', async () => {
    const result = await step({ span_id: '', score: '87', api_key: '' });
    const lines = `span_id: is empty. Hand on the UUID of the span from the step that made it, and check that this step ran and set it\n${NO_KEY}`;
    expect(result).toMatchObject({ exitCode: 1, annotations: [['error', BAD_INPUT, lines]], sent: [] });
  });

  test('bad input on a pull request from a fork is still an error', async () => {
    const result = await step({ span_id: 'one', api_key: '' }, FORK);
    expect(result).toMatchObject({ exitCode: 1, outputs: { outcome: 'failed' }, sent: [] });
  });

  test('the same pull request with a key records as ever', async () => {
    const { id } = stored();
    const result = await step({ span_id: id, score: '87', ci_meta: 'false' }, FORK);
    expect(result).toMatchObject({ exitCode: 0, annotations: [], sent: [['PATCH', { score: 87 }]] });
  });

  test.each(['true', 'false'])('a push is red, with fail_on_api_error %s', async (fail_on_api_error) => {
    const { id } = stored();
    const result = await step({ span_id: id, score: '87', api_key: '', fail_on_api_error });
    expect(result).toMatchObject({ exitCode: 1, annotations: [['error', BAD_INPUT, NO_KEY]], sent: [] });
    expect(result.outputs).toEqual({ ...NO_OUTPUTS, outcome: 'failed', id });
  });

  test('the variable OPPER_API_KEY serves', async () => {
    const env = { OPPER_API_KEY: `${server.key}\r\n` };
    const result = await step({ span_id: stored().id, score: '87', ci_meta: 'false', api_key: '' }, { env });
    expect(result).toMatchObject({ exitCode: 0, sent: [['PATCH', { score: 87 }]] });
  });
});

describe('the outputs', () => {
  test('of an update are those of the span as answered', async () => {
    const { id } = stored({
      type: 'evaluation',
      start_time: '2026-11-20T11:59:18+00:00',
      input: { tickets: 100 },
      output: 'done',
      score: 12,
      meta: { prompt: 12 },
      trace_id: '123e4567-e89b-12d3-a456-426614174000',
      parent_id: '123e4567-e89b-12d3-a456-426614174001',
      feedback: { score: 0.5, comment: 'So so' },
    });
    const result = await step({
      span_id: ` ${id.toUpperCase()}\n`,
      score: '87',
      error: 'line 1\nline 2\n',
      meta: '{"dataset": "support-v3"}',
      ci_meta: 'false',
      end_time: 'now',
    });
    const span = {
      id,
      name: 'Answer support tickets',
      type: 'evaluation',
      start_time: '2026-11-20T11:59:18+00:00',
      end_time: '2026-11-20T12:00:00+00:00',
      input: { tickets: 100 },
      output: 'done',
      error: 'line 1\nline 2',
      meta: { prompt: 12, dataset: 'support-v3' },
      score: 87,
      trace_id: '123e4567-e89b-12d3-a456-426614174000',
      parent_id: '123e4567-e89b-12d3-a456-426614174001',
    };
    const { span: wholeSpan = '', ...outputs } = result.outputs;
    expect(result.exitCode).toBe(0);
    expect(outputs).toEqual({
      ...span,
      outcome: 'updated',
      duration_ms: '42000',
      input: '{"tickets":100}',
      meta: '{"prompt":12,"dataset":"support-v3"}',
      score: '87',
      feedback_score: '0.5',
      feedback_comment: 'So so',
      changed: '["score","error","meta","end_time"]',
      status: '200',
    });
    expect(JSON.parse(wholeSpan)).toEqual({ ...span, feedback: { score: 0.5, comment: 'So so' } });
    expect(result.log).toEqual([
      `Span ${id.toUpperCase()} "Answer support tickets": updated (2 requests, 0 ms)`,
      '  score: 12 → 87',
      '  error: (nothing) → line 1\\nline 2',
      '  meta: 1 key → 2 keys: dataset',
      '  end_time: (nothing) → 2026-11-20T12:00:00+00:00',
      '  human feedback: 0.5: So so',
    ]);
  });

  test('of a read are those of the span as it is', async () => {
    const { id } = stored({ score: 87, feedback: { score: 1, comment: null } });
    const result = await step({ span_id: id, operation: 'get', job_status: 'failure' });
    const { span = '', ...outputs } = result.outputs;
    expect(result).toMatchObject({ exitCode: 0, annotations: [], sent: ['GET'] });
    expect(outputs).toEqual({
      ...{ ...NO_OUTPUTS, span: undefined },
      outcome: 'read',
      id,
      name: 'Answer support tickets',
      score: '87',
      feedback_score: '1',
      status: '200',
    });
    expect(JSON.parse(span)).toEqual(server.span(id));
  });

  test('of a dry run are what is known, and the request is shown', async () => {
    const { id } = stored({ score: 12 });
    const inputs = { span_id: id, score: '87', meta: '{"a": [1]}', clear: 'error', end_time: 'now' };
    const result = await step({ ...inputs, api_key: '', ci_meta: 'false', dry_run: 'true' });
    expect(result).toMatchObject({ exitCode: 0, annotations: [], sent: [] });
    expect(result.outputs).toEqual({
      ...NO_OUTPUTS,
      outcome: 'dry-run',
      id,
      end_time: '2026-11-20T12:00:00.000Z',
      meta: '{"a":[1]}',
      score: '87',
      span: JSON.stringify({ id, end_time: '2026-11-20T12:00:00.000Z', score: 87, meta: { a: [1] } }),
    });
    expect(result.log).toEqual([
      `Span ${id}: dry-run (nothing sent)`,
      'Would be recorded:',
      '  score: 87',
      '  error: (nothing)',
      '  meta: 1 key: a',
      '  end_time: 2026-11-20T12:00:00.000Z',
      `Dry run of: PATCH ${server.baseUrl}/spans/${id}`,
      'Body: {"error":null,"end_time":"2026-11-20T12:00:00.000Z","score":87,"meta":{"a":[1]}}',
    ]);
  });

  test('of a dry run that would read name the span', async () => {
    const { id } = stored();
    const result = await step({ span_id: id, operation: 'get', dry_run: 'true' });
    expect(result).toMatchObject({ exitCode: 0, sent: [] });
    expect(result.outputs).toEqual({ ...NO_OUTPUTS, outcome: 'dry-run', id, span: JSON.stringify({ id }) });
    expect(result.log).toEqual([
      `Span ${id}: dry-run (nothing sent)`,
      `Dry run of: GET ${server.baseUrl}/spans/${id}`,
    ]);
  });

  test('of a failed update name the span and the status, and the log says what was not recorded', async () => {
    const { id } = stored({ score: 12 });
    const faults = [{ on: 'PATCH', fault: status(422) }] as const;
    const result = await step({ span_id: id, score: '87', meta: '{"a": 1}', ci_meta: 'false' }, { faults });
    const failure = `PATCH ${server.baseUrl}/spans/${id} was answered with 422 Unprocessable Entity (tried once): body.score: Input should be a valid integer. Correct what it names.`;
    expect(result).toMatchObject({
      exitCode: 1,
      annotations: [['error', 'Opper span: API failure', failure]],
      log: [`Span ${id}: failed (2 requests, 0 ms)`, 'Not recorded:', '  score: 87', '  meta: 1 key: a'],
    });
    expect(result.outputs).toEqual({ ...NO_OUTPUTS, outcome: 'failed', id, status: '422' });
  });

  test('changed is empty where the span was not read before, and [] where nothing changed', async () => {
    const { id } = stored({ score: 87, meta: { a: 1 } });
    const unread = await step({ span_id: id, score: '88', ci_meta: 'false' });
    expect(unread.outputs.changed).toBe('');
    const same = await step({ span_id: id, score: '88', meta: '{"a": 1}', ci_meta: 'false' });
    expect(same.outputs.changed).toBe('[]');
    expect(same.log).toEqual([
      `Span ${id} "Answer support tickets": updated (2 requests, 0 ms)`,
      '  no field changed, the span had these values before',
    ]);
  });

  test('beyond 1 MiB: the longest are left empty, and a warning names them', async () => {
    const { id } = stored();
    const text = 'x'.repeat(300_000);
    const result = await step({ span_id: id, output: text, input: 'short', ci_meta: 'false' });
    expect(result).toMatchObject({
      exitCode: 0,
      annotations: [
        ['warning', 'Opper span', "The outputs pass GitHub's limit of 1 MiB together; left empty: span"],
      ],
      outputs: { outcome: 'updated', output: text, input: 'short', span: '' },
    });
    expect(server.span(id).output).toBe(text);
  });

  test('beyond 1 MiB in two fields: all that is left empty is named', async () => {
    const text = 'x'.repeat(300_000);
    const result = await step({ span_id: stored().id, output: text, input: text, ci_meta: 'false' });
    expect(result.annotations).toEqual([
      [
        'warning',
        'Opper span',
        "The outputs pass GitHub's limit of 1 MiB together; left empty: span, output",
      ],
    ]);
  });

  test('that cannot be written fail the step, whose work is done', async () => {
    const { id } = stored();
    const result = await step({ span_id: id, score: '87', ci_meta: 'false' }, { broken: 'setOutput' });
    const message = 'The outputs could not be written, later steps do not get them: setOutput is broken';
    expect(result).toMatchObject({
      exitCode: 1,
      annotations: [['error', 'Opper span: outputs', message]],
      sent: [['PATCH', { score: 87 }]],
    });
  });
});

describe('the summary', () => {
  test('that cannot be written is a warning', async () => {
    const result = await step({ span_id: stored().id, score: '87', ci_meta: 'false' }, { broken: 'summary' });
    const message = 'The job summary could not be written: summary is broken';
    expect(result).toMatchObject({
      exitCode: 0,
      annotations: [['warning', 'Opper span: summary', message]],
      outputs: { outcome: 'updated' },
    });
  });

  test.each([
    ['of bad input is written', { span_id: 'x' }, 1],
    ['of bad input is not written when it is not wanted', { span_id: 'x', summary: 'false' }, 0],
    [
      'of bad input is not written when it is not wanted, with a blank',
      { span_id: 'x', summary: 'false\n' },
      0,
    ],
    ['is not written when it is not wanted', { score: '1', ci_meta: 'false', summary: 'FALSE' }, 0],
  ])('%s', async (_, inputs, count) => {
    expect((await step({ span_id: stored().id, ...inputs })).summaries).toHaveLength(count);
  });
});

describe('an answer that is not what was asked for', () => {
  test.each<[string, Record<string, string>, Record<string, unknown>, string[]]>([
    [
      'a score that is not stored',
      { score: '87' },
      { score: null },
      ['score was not stored as sent: sent 87, the span has nothing'],
    ],
    [
      'a cleared field that is still there',
      { clear: 'error output' },
      { error: 'old', output: { a: 1 } },
      ['error was not cleared: the span still has old', 'output was not cleared: the span still has {"a":1}'],
    ],
    [
      'an end before the start',
      { end_time: '2026-11-20T12:00:00Z' },
      { start_time: '2026-11-20T12:00:01+00:00' },
      ['end_time 2026-11-20T12:00:00+00:00 is before start_time 2026-11-20T12:00:01+00:00'],
    ],
    ['nothing: the same instant in other words', { end_time: '2026-11-20T14:00:00.000+02:00' }, {}, []],
  ])('%s', async (_, inputs, overrides, warnings) => {
    const { id } = stored();
    const faults = [{ on: 'PATCH', fault: answeredWith(overrides) }] as const;
    const result = await step({ span_id: id, ci_meta: 'false', ...inputs }, { faults });
    expect(result.exitCode).toBe(0);
    expect(result.annotations).toEqual(warnings.map((warning) => ['warning', 'Opper span', warning]));
  });

  test('a key of meta that is not stored is a warning, one that somebody else added is not', async () => {
    const { id } = stored();
    const faults = [{ on: 'PATCH', fault: answeredWith({ meta: { a: 1, theirs: 2 } }) }] as const;
    const inputs = { span_id: id, meta: '{"a": 1, "b": 2}', ci_meta: 'false' };
    expect((await step(inputs, { faults })).annotations).toEqual([
      ['warning', 'Opper span', 'meta was not stored as sent: sent {"b":2}, the span has {"theirs":2}'],
    ]);
    server.faults.length = 0;
    const both = [{ on: 'PATCH', fault: answeredWith({ score: 2, meta: { a: 1, theirs: 2 } }) }] as const;
    expect(
      (await step({ ...inputs, score: '1' }, { faults: both })).annotations.map(([, , text]) => text),
    ).toEqual([
      'score was not stored as sent: sent 1, the span has 2',
      'meta was not stored as sent: sent {"b":2}, the span has {"theirs":2}',
    ]);
    server.faults.length = 0;
    const merged = [{ on: 'PATCH', fault: answeredWith({ meta: { a: 1, b: 2, theirs: 2 } }) }] as const;
    expect((await step(inputs, { faults: merged })).annotations).toEqual([]);
  });
});

test('everything happens in order, the mask first of all', async () => {
  const { id } = stored();
  const { calls } = await step(
    { span_id: id, score: '1', min_score: '2', meta: '{}' },
    {
      env: { OPPER_API_KEY: 'other key' },
      faults: [{ on: 'GET', fault: status(503) }],
    },
  );
  const kinds = calls.map(([what]) => what);
  expect(kinds.filter((what, at) => what !== kinds[at - 1])).toEqual([
    'setSecret',
    'fetch',
    'info',
    'fetch',
    'setOutput',
    'info',
    'summary',
    'error',
  ]);
  expect(calls.slice(0, 2)).toEqual([
    ['setSecret', server.key],
    ['setSecret', 'other key'],
  ]);
});

describe('the key', () => {
  test.each(['e', 'a', 'span', 'test', 'error', 'updated', 'failed'])(
    'of the few letters %j breaks nothing',
    async (api_key) => {
      const own = await startSpanServer({ key: api_key });
      const { id } = own.create({ name: 'Answer support tickets' });
      const files = { 'junit.xml': '<testsuite><testcase name="a"/></testsuite>' };
      const inputs = {
        span_id: id,
        base_url: own.baseUrl,
        api_key,
        results_file: 'junit.xml',
        min_score: '101',
      };
      const result = await step(inputs, { files });
      await own.close();
      expect(result).toMatchObject({ exitCode: 1, outputs: { outcome: 'updated', score: '100' } });
      expect(Object.keys(JSON.parse(result.outputs.meta ?? '')).slice(-3)).toEqual([
        'test.errored',
        'test.skipped',
        'test.format',
      ]);
      expect(result.annotations.map(([level]) => level)).toEqual(['error']);
    },
  );

  test('is masked line by line before it is refused', async () => {
    const { calls, annotations } = await step({
      span_id: stored().id,
      score: '1',
      api_key: 'op-1\r\n op-2 \n',
    });
    expect(calls.filter(([what]) => what === 'setSecret')).toEqual([
      ['setSecret', 'op-1'],
      ['setSecret', 'op-2'],
    ]);
    const message =
      'api_key: has a line break or a character that is not printable ASCII. Check the secret it comes from';
    expect(annotations).toEqual([['error', BAD_INPUT, message]]);
  });

  test('is in nothing that is told, though the span and the inputs hold it', async () => {
    const { id } = stored({ name: `key ${server.key}`, meta: { [server.key]: server.key } });
    const { calls } = await step({
      span_id: id,
      output: `echo ${server.key}`,
      meta: `{"in": "${server.key}"}`,
      score: '1',
    });
    expect(server.span(id).output).toBe(`echo ${server.key}`);
    expect(JSON.stringify(calls.filter(([what]) => what !== 'setSecret'))).not.toContain(server.key);
  });

  test('is in no retry notice and no error, though the server echoes it in status text and body', async () => {
    const inText = raw(`HTTP/1.1 503 No ${server.key}\r\ncontent-length: 0\r\n\r\n`);
    const inBody = status(503, { body: { detail: `bad key ${server.key}` } });
    const faults = [{ fault: inText }, { times: FOREVER, fault: inBody }];
    const result = await step({ span_id: stored().id, score: '1', ci_meta: 'false' }, { faults });
    expect(result.log[0]).toBe('PATCH was answered with 503 No ***; attempt 2 of 4 in 0.25 s');
    expect(result.annotations.join()).toContain('bad key ***');
    expect(JSON.stringify(result.calls.filter(([what]) => what !== 'setSecret'))).not.toContain(server.key);
  });
});

describe('the proxy of the environment', () => {
  const warning = 'HTTPS_PROXY is set, but cannot be followed';
  const inputs = { score: '1', ci_meta: 'false', retries: '0' };

  test('is used for https, with its warnings', async () => {
    const base_url = server.baseUrl.replace('http:', 'https:');
    const result = await step(
      { span_id: stored().id, ...inputs, base_url },
      { useProxy: async () => [warning] },
    );
    expect(result.annotations.filter(([level]) => level === 'warning')).toEqual([
      ['warning', 'Opper span', warning],
    ]);
    expect(result.outputs.outcome).toBe('failed');
  });

  test('is not used for http, which is for loopback addresses', async () => {
    const result = await step({ span_id: stored().id, ...inputs }, { useProxy: async () => [warning] });
    expect(result).toMatchObject({ exitCode: 0, annotations: [] });
  });
});

test('a defect of the action is an error that says so, and the outputs are there', async () => {
  const { id } = stored();
  const useProxy = async () => {
    throw new TypeError('x is not a function', { cause: new Error('why') });
  };
  const result = await step({ span_id: id, score: '1', base_url: 'https://127.0.0.1' }, { useProxy });
  const message = 'This is a defect of the action, please report it: x is not a function: why';
  expect(result).toMatchObject({
    exitCode: 1,
    annotations: [['error', 'Opper span: internal error', message]],
    outputs: { ...NO_OUTPUTS, outcome: 'failed', id },
    sent: [],
  });
});

test('text is sent as it was given, and the request says which action sends it', async () => {
  const { id } = stored();
  const { sent } = await step({ span_id: id, output: '  indented\n  text \n', ci_meta: 'false' });
  expect(sent).toEqual([['PATCH', { output: '  indented\n  text ' }]]);
  expect(server.requests[0]?.headers['user-agent']).toBe('opper-span-action/1.2.3');
});

test('an update whose answer was lost is repeated with the same body', async () => {
  const { id } = stored();
  const faults = [{ on: 'PATCH', fault: applied(reset('before headers')) }] as const;
  const result = await step({ span_id: id, score: '87', end_time: 'now', ci_meta: 'false' }, { faults });
  const patch = ['PATCH', { score: 87, end_time: '2026-11-20T12:00:00.000Z' }];
  expect(result).toMatchObject({ exitCode: 0, annotations: [], sent: [patch, patch] });
});

describe('bad input', () => {
  test('of inputs, meta_file and a fields file is told in one error, and nothing is sent', async () => {
    const result = await step(
      {
        span_id: 'abc',
        api_key: '',
        base_url: 'http://example.com',
        retries: '11',
        meta: '[1]',
        meta_file: 'meta.json',
        results_file: 'fields.json',
        results_format: 'fields',
        min_score: 'high',
        dry_run: 'yes',
      },
      { files: { 'meta.json': '{"a": }', 'fields.json': '{"score": 0.87, "end_time": "today", "meta": 3}' } },
    );
    expect(result).toMatchObject({ exitCode: 1, sent: [] });
    expect(result.outputs).toEqual({ ...NO_OUTPUTS, outcome: 'failed' });
    expect(result.annotations).toHaveLength(1);
    expect(String(result.annotations[0]?.[2]).split('\n').toSorted()).toEqual([
      NO_KEY,
      'base_url: has to begin with https:// (http:// only to a loopback address), so that the key is not sent in the clear',
      'dry_run: "yes" is not true or false',
      'end_time in fields.json: "today" is not a time. Write now, a time such as 2026-04-07T13:33:27Z, or Unix time (10 digits for seconds, 13 for milliseconds)',
      'meta in fields.json: is a number, expected a JSON object such as {"dataset": "v3"}',
      'meta: is an array, expected a JSON object such as {"dataset": "v3"}',
      'meta_file meta.json: is not JSON: line 1, column 7: expected a value, found }',
      'min_score: "high" is not a number such as 9 or 0.87',
      'retries: "11" is not a whole number from 0 to 10',
      'score in fields.json: "0.87" is not an integer, and the API takes no other. Set score_scale to record a fraction: 0.87 with score_scale 100 records 87',
      'span_id: "abc" is not a UUID such as 3c90c3cc-0d44-4b50-8888-8dd25736052a',
    ]);
    expect(result.log).toEqual(['Span: failed (nothing sent)']);
  });

  test('of inputs and a results file is told in one error', async () => {
    const result = await step(
      { span_id: '', results_file: 'junit.xml', timeout_seconds: '0' },
      { files: { 'junit.xml': '<testsuite/>' } },
    );
    expect(String(result.annotations[0]?.[2]).split('\n').toSorted()).toEqual([
      'results_file: junit.xml holds no test case: nothing ran',
      'span_id: is empty. Hand on the UUID of the span from the step that made it, and check that this step ran and set it',
      'timeout_seconds: "0" is not a number of seconds from 0.001 to 3600',
    ]);
  });

  test('is a meta_file that cannot be read', async () => {
    const error = Object.assign(new Error('EISDIR'), { code: 'EISDIR' });
    const inputs = { span_id: stored().id, score: '1', meta_file: 'out' };
    expect(await step(inputs, { files: { out: error } })).toMatchObject({
      exitCode: 1,
      annotations: [['error', BAD_INPUT, 'meta_file out: cannot be read: it is a directory']],
      sent: [],
    });
  });

  test('is a scale under which the pass rate is no safe integer', async () => {
    const files = { 'junit.xml': '<testsuite><testcase name="a"/></testsuite>' };
    const inputs = { span_id: stored().id, results_file: 'junit.xml', score_scale: '1e16' };
    expect(await step(inputs, { files })).toMatchObject({
      exitCode: 1,
      annotations: [['error', BAD_INPUT, 'score_scale: makes the score larger than 9007199254740991']],
      sent: [],
    });
  });

  test('is an update with nothing to record', async () => {
    const result = await step({ span_id: stored().id, ci_meta: 'false', job_status: 'success' });
    const message =
      'operation: update has nothing to record. Give one of score, error, meta, end_time, start_time, name, type, input, output, clear, meta_file or results_file';
    expect(result.annotations).toEqual([['error', BAD_INPUT, message]]);
  });

  test('is a read with something to record', async () => {
    const inputs = { span_id: stored().id, operation: 'get', score: '1', meta_file: 'meta.json' };
    const result = await step(inputs, { files: { 'meta.json': '{}' } });
    const message = 'operation: get writes nothing, but score, meta_file is given. Use update, or drop it';
    expect(result.annotations).toEqual([['error', BAD_INPUT, message]]);
  });
});

describe('results', () => {
  test.each(['failure', 'cancelled'])(
    'files that a %s left unwritten do not keep it from the span',
    async (job_status) => {
      const { id } = stored();
      const result = await step({
        span_id: id,
        job_status,
        ci_meta: 'false',
        results_file: 'out/*.xml',
        meta_file: 'meta.json',
      });
      expect(result).toMatchObject({
        exitCode: 0,
        annotations: [
          [
            'warning',
            'Opper span',
            'results_file: "out/*.xml" matches no file. Check that the step that writes it ran, and its path from the workspace; of a directory write a glob such as reports/*.xml. The job has failed, so the rest is recorded without it',
          ],
          [
            'warning',
            'Opper span',
            'meta_file meta.json: cannot be read: there is no such file. The job has failed, so the rest is recorded without it',
          ],
        ],
      });
      expect(server.span(id)?.error).toMatch(/^Job eval (failed|was cancelled) in workflow Evals: /);
    },
  );

  test('files that a failure left half written do not keep it from the span, and give it no score', async () => {
    const { id } = stored();
    const files = { 'junit.xml': '<testsuite><testcase name="a"/>', 'meta.json': '{"a": 1' };
    const result = await step(
      {
        span_id: id,
        job_status: 'failure',
        ci_meta: 'false',
        results_file: 'junit.xml',
        meta_file: 'meta.json',
      },
      { files },
    );
    const rest = 'The job has failed, so the rest is recorded without it';
    expect(result).toMatchObject({
      exitCode: 0,
      annotations: [
        [
          'warning',
          'Opper span',
          expect.stringMatching(`^results_file: junit.xml .*line 1, column 31.*\\. ${rest}$`),
        ],
        [
          'warning',
          'Opper span',
          expect.stringMatching(`^meta_file meta.json: .*line 1, column 8.*\\. ${rest}$`),
        ],
      ],
      sent: [['PATCH', { error: expect.stringMatching(/^Job eval failed/) }]],
    });
  });

  test('files that are not there are an error in a job that goes well', async () => {
    const result = await step({ span_id: stored().id, results_file: 'out/*.xml', meta_file: 'meta.json' });
    const lines =
      'results_file: "out/*.xml" matches no file. Check that the step that writes it ran, and its path from the workspace; of a directory write a glob such as reports/*.xml\nmeta_file meta.json: cannot be read: there is no such file';
    expect(result).toMatchObject({ exitCode: 1, annotations: [['error', BAD_INPUT, lines]], sent: [] });
  });

  const junit = `<testsuite name="s"><testcase name="a" time="1"/><testcase name="b"><failure message="no"/></testcase>
    <testcase name="c"><skipped/></testcase><testcase name="d"/></testsuite>`;

  test('become score, error and meta, under what is given', async () => {
    const { id } = stored({ meta: { prompt: 12 } });
    const result = await step(
      {
        span_id: id,
        results_file: 'junit.xml',
        min_score: '70',
        ci_meta: 'false',
        meta: '{"test.total": 5}',
      },
      { files: { 'junit.xml': junit } },
    );
    expect(result.sent[1]).toEqual([
      'PATCH',
      {
        score: 67,
        error: 's > b: no',
        meta: {
          prompt: 12,
          'test.total': 5,
          'test.passed': 2,
          'test.failed': 1,
          'test.errored': 0,
          'test.skipped': 1,
          'test.duration_ms': 1000,
          'test.format': 'junit',
        },
      },
    ]);
    expect(result.annotations).toEqual([['error', 'Opper span: gate', 'score 67 is below min_score 70']]);
    expect(result.log).toContain(
      'Results: 66.7 % passed: 4 tests (junit), 2 passed, 1 failed, 0 errored, 1 skipped, in 1 s',
    );
  });

  test('the error of the results goes before that of the job, and the given one before both', async () => {
    const files = { 'junit.xml': junit };
    const inputs = { results_file: 'junit.xml', job_status: 'failure', ci_meta: 'false' };
    const fromResults = await step({ span_id: stored().id, ...inputs }, { files });
    expect(fromResults.outputs.error).toBe('s > b: no');
    const given = await step({ span_id: stored().id, ...inputs, error: 'mine', score: '5' }, { files });
    expect(given.outputs).toMatchObject({ error: 'mine', score: '5' });
  });
});

test('a key of meta named like the prototype is kept, from the span and from the input', async () => {
  const { id } = stored({ meta: JSON.parse('{"__proto__": {"a": 1}, "constructor": 1}') });
  const result = await step({
    span_id: id,
    meta: '{"toString": 2, "__proto__": {"b": 2}}',
    ci_meta: 'false',
  });
  expect(server.requests[1]?.text).toBe('{"meta":{"__proto__":{"b":2},"constructor":1,"toString":2}}');
  expect(result.outputs.meta).toBe('{"__proto__":{"b":2},"constructor":1,"toString":2}');
  expect(result.annotations).toEqual([]);
});
