import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it as sequential } from 'vitest';
import { applied, reset, status } from '../harness/faults.ts';
import { type ActionStep, type JobOptions, type JobResult, type RunStep, runJob } from '../harness/job.ts';
import { factsOf, JOB_URL } from '../harness/push.ts';
import { type Fault, type SpanServer, startSpanServer } from '../harness/span-server.ts';

// Each job has its own server.
const it = sequential.concurrent;

const EVER = Number.POSITIVE_INFINITY;
const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

/** The report of a test tool with this many tests. */
function junit(passed: number, failed: number): string {
  const cases = [
    ...Array.from({ length: passed }, (_, i) => `<testcase name="p${i}" time="0.1"/>`),
    ...Array.from(
      { length: failed },
      (_, i) => `<testcase name="f${i}" time="0.1"><failure message="no"/></testcase>`,
    ),
  ];
  return `<testsuite name="evals">${cases.join('')}</testsuite>`;
}

function countsOf(passed: number, failed: number) {
  return {
    'test.total': passed + failed,
    'test.passed': passed,
    'test.failed': failed,
    'test.errored': 0,
    'test.skipped': 0,
    'test.duration_ms': 100 * (passed + failed),
    'test.format': 'junit',
  };
}

/** The step of the shortest workflow. */
function trackStep(server: SpanServer, given: ActionStep['with'] = {}, rest: Partial<ActionStep> = {}) {
  return {
    id: 'span',
    with: {
      operation: 'track',
      api_key: '${{ secrets.OPPER_API_KEY }}',
      base_url: server.baseUrl,
      results_file: '*.xml',
      min_score: 80,
      ...given,
    },
    ...rest,
  } satisfies ActionStep;
}

/** One of the user's own steps: it writes a results file if given, then does the rest. */
function evalStep(
  results?: string,
  end: (job: Parameters<Exclude<RunStep['run'], string>>[0]) => void = () => {},
) {
  return {
    id: 'eval',
    run(job) {
      if (results !== undefined) writeFileSync(join(job.workspace, 'results.xml'), results);
      end(job);
    },
  } satisfies RunStep;
}

function fails(): never {
  throw new Error('Exit code 1');
}

const runOn = (server: SpanServer, steps: Parameters<typeof runJob>[0], options: JobOptions = {}) =>
  runJob(steps, { secrets: { OPPER_API_KEY: server.key }, ...options });

const sent = ({ requests }: SpanServer) =>
  requests.map(({ method, path, body }) => {
    const request = `${method} ${path.replace('/v2/spans', '')}`;
    return body === undefined ? [request] : [request, body];
  });
const outcomes = ({ stages }: JobResult) =>
  stages.map(({ step, stage, outcome }) => `${step} ${stage} ${outcome}`);
const levels = (job: JobResult, stage: 'main' | 'post') =>
  job[stage]('span').annotations.map(({ level }) => level);

interface Ending {
  readonly when: string;
  readonly steps?: readonly RunStep[];
  readonly status: JobResult['status'];
  /** Whether the end itself is red. */
  readonly isRed?: boolean;
  readonly recorded: Readonly<Record<string, unknown>>;
  readonly meta: Readonly<Record<string, unknown>>;
}

describe('the shortest workflow, with one step placed first, records a job', () => {
  const failure = (count: number) => Array.from({ length: count }, (_, i) => `evals > f${i}: no`).join('\n');
  it.each<Ending>([
    {
      when: 'goes well',
      steps: [evalStep(junit(10, 0))],
      status: 'success',
      recorded: { score: 100 },
      meta: { ...factsOf('success'), ...countsOf(10, 0) },
    },
    {
      when: 'has tests that fail',
      steps: [evalStep(junit(9, 1), fails)],
      status: 'failure',
      recorded: { score: 90, error: failure(1) },
      meta: { ...factsOf('failure'), ...countsOf(9, 1) },
    },
    {
      when: 'fails in a later step',
      steps: [evalStep(junit(10, 0)), { id: 'deploy', run: fails }],
      status: 'failure',
      recorded: { score: 100, error: `Job eval failed in workflow Evals: ${JOB_URL}` },
      meta: { ...factsOf('failure'), ...countsOf(10, 0) },
    },
    {
      when: 'has no results file, and nothing else is wrong',
      steps: [evalStep()],
      status: 'failure',
      isRed: true,
      recorded: { error: expect.stringMatching(/^results_file: "\*\.xml" matches no file/) },
      meta: factsOf('failure'),
    },
    {
      when: 'stays below min_score',
      steps: [evalStep(junit(3, 2))],
      status: 'failure',
      isRed: true,
      recorded: { score: 60, error: failure(2) },
      meta: { ...factsOf('failure'), ...countsOf(3, 2) },
    },
  ])('that $when', async ({ steps = [], status, isRed = false, recorded, meta }) => {
    await using server = await startSpanServer();
    const seen: Record<string, string | undefined>[] = [];
    const look: RunStep = {
      id: 'look',
      run: ({ env }) => void seen.push({ ...env, at: new Date().toISOString() }),
    };
    const job = await runOn(server, [trackStep(server), look, ...steps]);

    const [span] = server.spans();
    const id = span?.id ?? '';
    const start_time = expect.stringMatching(TIME);
    expect(sent(server)).toEqual([
      ['POST ', { id, name: 'Evals / eval', start_time, meta: factsOf() }],
      [`GET /${id}`],
      [`PATCH /${id}`, { ...recorded, end_time: expect.stringMatching(TIME), meta }],
    ]);
    expect(span).toMatchObject({ score: null, error: null, ...recorded, meta });
    // The eval ran inside it.
    const [{ at = '', ...env } = {}] = seen;
    expect(Date.parse(span?.start_time ?? '')).toBeLessThanOrEqual(Date.parse(at));
    expect(Date.parse(span?.end_time ?? '')).toBeGreaterThanOrEqual(Date.parse(at));
    expect(env).toMatchObject({ OPPER_SPAN_ID: id, OPPER_TRACE_ID: span?.trace_id });

    expect(job.status).toBe(status);
    expect([job.main('span').exitCode, job.post('span').exitCode]).toEqual([0, isRed ? 1 : 0]);
    expect([levels(job, 'main'), levels(job, 'post')]).toEqual([[], isRed ? ['error'] : []]);
    expect(job.steps.span?.outputs).toMatchObject({ outcome: 'tracking', id, score: '' });
    expect(job.post('span').outputs).toEqual({});
    expect([job.main('span').summary, job.post('span').summary.length > 0]).toEqual(['', true]);
  });

  it('that is cancelled', async () => {
    await using server = await startSpanServer();
    const cancel = new AbortController();
    const steps = [
      trackStep(server, { min_score: '' }),
      evalStep(undefined, () => cancel.abort()),
      evalStep(),
    ];
    const job = await runOn(server, steps, { cancel: cancel.signal });
    const [span] = server.spans();
    expect(sent(server)).toEqual([
      [
        'POST ',
        { id: span?.id, name: 'Evals / eval', start_time: expect.stringMatching(TIME), meta: factsOf() },
      ],
      [`GET /${span?.id}`],
      [
        `PATCH /${span?.id}`,
        {
          error: `Job eval was cancelled in workflow Evals: ${JOB_URL}`,
          end_time: expect.stringMatching(TIME),
          meta: factsOf('cancellation'),
        },
      ],
    ]);
    expect(job.status).toBe('cancelled');
    expect(job.post('span')).toMatchObject({ exitCode: 0, annotations: [{ level: 'warning' }] });
  });
});

describe('a start', () => {
  it('that is cancelled while it waits for a response leaves a span that the end completes', async () => {
    await using server = await startSpanServer();
    const cancel = new AbortController();
    server.faults.push({
      fault(exchange) {
        exchange.handle();
        cancel.abort();
      },
    });
    const job = await runOn(server, [trackStep(server, { min_score: '' })], { cancel: cancel.signal });
    expect(outcomes(job)).toEqual(['span main cancelled', 'span post success']);
    expect(server.spans()).toMatchObject([
      { error: expect.stringContaining('was cancelled'), end_time: expect.any(String) },
    ]);
  });

  it.each<[string, Fault]>([
    ['an outage', status(503)],
    ['a connection that breaks', reset('before headers')],
    ['a response that is lost', applied(reset('before headers'))],
  ])('that meets %s is a warning; the eval runs, and the end creates the span', async (_, fault) => {
    await using server = await startSpanServer();
    server.faults.push({ times: EVER, fault });
    const steps = [
      trackStep(server, { retries: 1 }),
      evalStep(junit(9, 1), () => void server.faults.splice(0)),
    ];
    const job = await runOn(server, steps);
    expect(outcomes(job)).toEqual(['span main success', 'eval main success', 'span post success']);
    expect(levels(job, 'main')).toEqual(['warning']);
    expect(job.main('span').outputs.outcome).toBe('failed');

    const spans = server.spans();
    const [{ start_time: meant }] = server.requests.map(({ body }) => body) as [{ start_time: string }];
    expect(spans).toMatchObject([
      {
        name: 'Evals / eval',
        score: 90,
        error: 'evals > f0: no',
        meta: { ...factsOf('success'), ...countsOf(9, 1) },
        end_time: expect.any(String),
      },
    ]);
    expect(Date.parse(spans[0]?.start_time ?? '')).toBe(Date.parse(meant));
  });

  it.each([401, 403, 422])(
    'that is rejected with %i fails at once, and its end does nothing',
    async (code) => {
      await using server = await startSpanServer();
      server.faults.push({ times: EVER, fault: status(code) });
      const job = await runOn(server, [trackStep(server), evalStep()]);
      expect(outcomes(job)).toEqual(['span main failure', 'eval main skipped', 'span post success']);
      expect(levels(job, 'main')).toEqual(['error']);
      expect({ requests: server.requests.length, ...job.post('span') }).toMatchObject({
        requests: 1,
        stdout: '',
        summary: '',
      });
    },
  );

  it('that is rejected stays green with fail_on_api_error false', async () => {
    await using server = await startSpanServer();
    server.faults.push({ times: EVER, fault: status(401) });
    const steps = [trackStep(server, { fail_on_api_error: false }), evalStep(junit(9, 1))];
    const job = await runOn(server, steps);
    expect([job.status, levels(job, 'main'), levels(job, 'post')]).toEqual([
      'success',
      ['warning'],
      ['warning'],
    ]);
  });

  it('with a typo fails at once, before the eval, and its end does nothing', async () => {
    await using server = await startSpanServer();
    const job = await runOn(server, [
      trackStep(server, { min_score: 'high', end_time: 'today' }),
      evalStep(),
    ]);
    expect(outcomes(job)).toEqual(['span main failure', 'eval main skipped', 'span post success']);
    expect({ requests: server.requests, stdout: job.post('span').stdout }).toEqual({
      requests: [],
      stdout: '',
    });
  });

  it.each([
    ['was made', applied(() => {}), ['POST', 'GET', 'GET', 'PATCH']],
    ['was not made', () => {}, ['POST', 'GET', 'POST']],
  ] as [string, Fault, string[]][])(
    'that is killed when its span %s is completed by the end',
    async (_, fault, methods) => {
      await using server = await startSpanServer();
      const kill = new AbortController();
      server.faults.push({
        fault(exchange) {
          kill.abort();
          return fault(exchange);
        },
      });
      const job = await runOn(server, [
        trackStep(server, {}, { kill: kill.signal, 'continue-on-error': true }),
        evalStep(junit(1, 0)),
      ]);
      expect(job.main('span').signal).toBe('SIGKILL');
      expect(job.post('span')).toMatchObject({ exitCode: 0, annotations: [] });
      expect(server.requests.map(({ method }) => method)).toEqual(methods);
      const [{ start_time }] = server.requests.map(({ body }) => body) as [{ start_time: string }];
      expect(server.spans()).toMatchObject([{ score: 100, end_time: expect.any(String) }]);
      expect(Date.parse(server.spans()[0]?.start_time ?? '')).toBe(Date.parse(start_time));
    },
  );

  it('that is killed before it sent anything has an end that does nothing', async () => {
    await using server = await startSpanServer();
    const job = await runOn(server, [trackStep(server, {}, { kill: AbortSignal.abort() })]);
    expect(outcomes(job)).toEqual(['span main failure', 'span post success']);
    expect({ requests: server.requests, stdout: job.post('span').stdout }).toEqual({
      requests: [],
      stdout: '',
    });
  });
});

describe('an end', () => {
  it.each<[string, Fault]>([
    ['an outage', status(503)],
    ['a refusal', status(401)],
  ])('that meets %s fails the job, unless fail_on_api_error is false', async (_, fault) => {
    await using server = await startSpanServer();
    const breakApi = () => void server.faults.push({ times: EVER, fault });
    const [red, green] = [
      await runOn(server, [trackStep(server, { retries: 0 }), evalStep(junit(1, 0), breakApi)]),
      await runOn(server, [
        { id: 'mend', run: () => void server.faults.splice(0) },
        trackStep(server, { retries: 0, fail_on_api_error: false }),
        evalStep(junit(1, 0), breakApi),
      ]),
    ];
    expect([red.status, levels(red, 'post')]).toEqual(['failure', ['error']]);
    expect([green.status, levels(green, 'post')]).toEqual(['success', ['warning']]);
  });

  it('of each of two track steps in a job records its own span, the last first', async () => {
    await using server = await startSpanServer();
    const job = await runOn(server, [
      trackStep(server, { name: 'outer', results_file: '', min_score: '' }),
      { ...trackStep(server, { name: 'inner', parent_id: '${{ env.OPPER_SPAN_ID }}' }), id: 'inner' },
      evalStep(junit(1, 0)),
    ]);
    expect(job.status).toBe('success');
    const [outer, inner] = server.spans();
    expect([outer?.score, inner?.score, inner?.parent_id]).toEqual([null, 100, outer?.id]);
    expect(server.requests.at(-1)?.path).toContain(outer?.id);
  });
});

const payload = (name: string) =>
  JSON.parse(readFileSync(new URL(`../fixtures/events/${name}.json`, import.meta.url), 'utf8'));

describe('without a key', () => {
  it.each([
    ['a fork', { event_name: 'pull_request', actor: 'visitor' }, payload('pull-request-fork')],
    [
      'Dependabot',
      { event_name: 'pull_request', actor: 'dependabot[bot]' },
      payload('pull-request-dependabot'),
    ],
  ])('start and end are quiet and green on a pull request from %s', async (_, github, event) => {
    await using server = await startSpanServer();
    const job = await runOn(server, [trackStep(server), evalStep(junit(9, 1))], {
      secrets: {},
      context: { github },
      event,
    });
    expect(job.status).toBe('success');
    expect(job.main('span')).toMatchObject({ outputs: { outcome: 'skipped' }, env: '' });
    expect(levels(job, 'main')).toEqual(['notice']);
    expect(job.post('span')).toMatchObject({ exitCode: 0, annotations: [], stderr: '' });
    expect(server.requests).toEqual([]);
  });
});

it('a dry run shows the requests of start and end', async () => {
  await using server = await startSpanServer();
  const steps = [trackStep(server, { dry_run: true, metrics: '{"a": 1}' }), evalStep(junit(9, 1))];
  const job = await runOn(server, steps, { secrets: {} });
  const { id = '' } = job.main('span').outputs;
  const url = `${server.baseUrl}/spans`;
  const shown = (stage: 'main' | 'post') =>
    job[stage]('span').log.flatMap((line) => /(POST|PATCH|GET) (\S+) (\{.*)/.exec(line)?.slice(1) ?? []);
  const [post = '', , started = ''] = shown('main');
  expect([post, JSON.parse(started)]).toEqual([
    'POST',
    { id, name: 'Evals / eval', start_time: expect.stringMatching(TIME), meta: factsOf() },
  ]);
  const [patch = '', to = '', ended = '', ...metric] = shown('post');
  expect([patch, to, JSON.parse(ended)]).toEqual([
    'PATCH',
    `${url}/${id}`,
    {
      score: 90,
      error: 'evals > f0: no',
      end_time: expect.stringMatching(TIME),
      meta: { ...factsOf('success'), ...countsOf(9, 1) },
    },
  ]);
  expect(metric).toEqual(['POST', `${url}/${id}/metrics`, '{"dimension":"a","value":1}']);
  expect({ status: job.status, requests: server.requests }).toEqual({ status: 'success', requests: [] });
});
