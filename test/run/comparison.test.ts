import { randomUUID } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import * as z from 'zod/mini';
import { Comparison } from '../../src/comparison/comparison.ts';
import { MAX_BYTES } from '../../src/files.ts';
import type { GitHubContext } from '../../src/job.ts';
import { huge, reply, reset, status } from '../harness/faults.ts';
import { factsOf } from '../harness/push.ts';
import {
  type Fault,
  type FaultRule,
  type SpanServer,
  type SpanServerOptions,
  startSpanServer,
} from '../harness/span-server.ts';
import { FOREVER, FORK, NOW, runStage, type StepOptions } from '../harness/step.ts';

const CASES = ['a', 'b', 'c', 'd', 'e'];
const MAIN_SHA = '5c1b1d3a0a8b0c2c7d4e6f8091a2b3c4d5e6f708';

function junit(failing: readonly string[]): string {
  const cases = CASES.map(
    (name) =>
      `<testcase name="${name}">${failing.includes(name) ? '<failure message="no"/>' : ''}</testcase>`,
  );
  return `<testsuite>${cases.join('')}</testsuite>`;
}

type Context = Partial<GitHubContext>;
const PULL: Context = {
  eventName: 'pull_request',
  ref: 'refs/pull/7/merge',
  payload: {
    pull_request: {
      number: 7,
      head: { ref: 'shorter', sha: 'b194', repo: { full_name: 'acme/support-bot' } },
      base: { ref: 'main', sha: MAIN_SHA, repo: { full_name: 'acme/support-bot' } },
    },
  },
};

interface Run extends StepOptions {
  readonly failing?: readonly string[];
  readonly context?: Context;
  readonly with?: Readonly<Record<string, string>>;
}

/** A server, and a function that runs the eval there: each run is a minute after the last, and has its own id. */
async function start(options: SpanServerOptions = {}) {
  const server = await startSpanServer(options);
  let count = 0;
  const evaluate = ({ failing = [], context, with: inputs, ...rest }: Run = {}) => {
    count++;
    const given = {
      operation: 'create',
      name: 'Support',
      results_file: 'r.xml',
      case_spans: 'failed',
      end_time: 'now',
      job_status: 'success',
      ...inputs,
    };
    return runStage(server, given, {
      files: { 'r.xml': junit(failing) },
      context: { runId: 100 + count, sha: MAIN_SHA, ...context },
      now: new Date(NOW.getTime() + count * 60_000),
      ...rest,
    });
  };
  /** Other runs with the same name, before those that follow. */
  const others = (howMany: number, branch: string) => {
    const meta = { ...factsOf(), 'cicd.pipeline.run.id': '1', 'vcs.ref.head.name': branch };
    for (let i = 0; i < howMany; i++) {
      // Two at a time.
      const start_time = new Date(NOW.getTime() + Math.floor(server.spans().length / 2)).toISOString();
      server.create({ name: 'Support', trace_id: randomUUID(), start_time, score: 50, meta });
    }
  };
  return Object.assign(server, { evaluate, others });
}

/** The requests of a result that read traces, and those after them, without the ids of spans. */
function lookups({ sent }: { readonly sent: readonly (readonly unknown[])[] }, server: SpanServer): string[] {
  const traces = server.spans().filter(({ parent_id }) => parent_id === null);
  const named = (line: string) =>
    traces.reduce(
      (text, { id, trace_id }, index) =>
        text.replaceAll(trace_id ?? '-', `trace ${index + 1}`).replaceAll(id, `span ${index + 1}`),
      line,
    );
  return sent
    .map(([line]) => named(String(line)).replace('/v2', ''))
    .filter((line) => !line.startsWith('POST'));
}

const COMPARED = { baseline: 'main', metrics: '{"accuracy": 0.8, "cost": 2}' };
const FIRST = 'GET /traces?name=Support&offset=0&limit=100';

describe('a pull request after three runs of main', () => {
  async function afterMain() {
    const server = await start();
    await server.evaluate({ failing: ['a'] });
    await server.evaluate({ failing: ['a', 'b'], with: { metrics: '{"accuracy": 0.7}' } });
    const main = await server.evaluate({ failing: ['b', 'c'], with: { metrics: '{"accuracy": 0.9}' } });
    return { server, main };
  }

  test('that is worse is compared with the last of them', async () => {
    const { server, main } = await afterMain();
    const run = { failing: ['c', 'd', 'e'], context: PULL, with: COMPARED };
    const result = await server.evaluate(run);
    expect(lookups(result, server)).toEqual([
      'GET /span 4/metrics?offset=0&limit=100',
      FIRST,
      'GET /traces/trace 3',
      'GET /traces/trace 2',
      'GET /traces/trace 1',
    ]);
    const { baseline_score, score_change, comparison, status } = result.outputs;
    expect({ baseline_score, score_change, status }).toEqual({
      baseline_score: '60',
      score_change: '-20',
      status: '200',
    });
    expect(result.log[0]).toContain(`created (${result.sent.length} requests, `);
    // The schema must know every key: it drops the others.
    expect(z.parse(Comparison, JSON.parse(comparison ?? ''))).toEqual({
      span_id: main.outputs.id,
      trace_id: main.outputs.trace_id,
      branch: 'main',
      revision: MAIN_SHA,
      run_url: 'https://github.com/acme/support-bot/actions/runs/103',
      start_time: '2026-11-20T12:03:00+00:00',
      score: 60,
      score_change: -20,
      metrics: { accuracy: { before: 0.9, after: 0.8 } },
      newly_failed: ['d', 'e'],
      no_longer_failing: ['b'],
    });
    expect([result.exitCode, result.annotations]).toEqual([0, []]);
  });

  test('that is better passes max_drop', async () => {
    const { server } = await afterMain();
    const result = await server.evaluate({ context: PULL, with: { ...COMPARED, max_drop: '0' } });
    const { score_change, comparison } = result.outputs;
    expect([score_change, result.exitCode, result.annotations]).toEqual(['+40', 0, []]);
    expect(JSON.parse(comparison ?? '')).toMatchObject({ newly_failed: [], no_longer_failing: ['b', 'c'] });
  });

  test('without case spans is not compared case by case', async () => {
    const { server } = await afterMain();
    const result = await server.evaluate({ context: PULL, with: { baseline: 'main', case_spans: 'none' } });
    expect(JSON.parse(result.outputs.comparison ?? '')).not.toHaveProperty('newly_failed');
  });

  test('that drops too far fails, and its span says so', async () => {
    const { server } = await afterMain();
    const run = { failing: ['b', 'c', 'd'], context: PULL, with: { baseline: 'main', max_drop: '19' } };
    const result = await server.evaluate(run);
    expect(lookups(result, server).slice(4)).toEqual(['PATCH /span 4']);
    const text = "score 40 is 20 below the baseline's 60, more than max_drop 19 allows";
    expect([result.exitCode, result.annotations]).toEqual([
      1,
      [{ level: 'error', title: 'Opper span: gate', message: text }],
    ]);
    expect(result.log).toContain('Recorded:');
    const { error, meta } = server.span(result.outputs.id ?? '');
    expect([error, meta?.['cicd.pipeline.task.run.result'], meta?.['test.failed']]).toEqual([
      'b: no\nc: no\nd: no',
      'failure',
      3,
    ]);
  });
});

const NO_BASELINE = {
  level: 'notice',
  title: 'Opper span: comparison',
  message:
    'There is no earlier run of this span on main to compare with, so max_drop was passed. Let the workflow run on main too, for example on: push',
};
const DROPPED = "score 60 is 40 below the baseline's 100, more than max_drop 5 allows";
const GATED = { baseline: 'main', max_drop: '5' };

describe('a baseline', () => {
  const workflowRun = (head: object): Context => ({
    eventName: 'workflow_run',
    payload: {
      repository: { full_name: 'acme/support-bot', default_branch: 'main', name: '', owner: { login: '' } },
      workflow_run: { head_branch: 'main', head_repository: { full_name: 'acme/support-bot' }, ...head },
    },
  });
  const pullFrom = (head: object): Context => ({
    ...PULL,
    payload: { pull_request: { ...PULL.payload?.pull_request, number: 7, head } },
  });

  test.each<[string, Run]>([
    ['a schedule', { context: { eventName: 'schedule' } }],
    ['a start by hand', { context: { eventName: 'workflow_dispatch' } }],
    ['a start by another system', { context: { eventName: 'repository_dispatch' } }],
    ['a release', { context: { eventName: 'release' } }],
    ['a job that failed', { with: { job_status: 'failure' } }],
    ['a workflow_run after a push to main', { context: workflowRun({ event: 'push' }) }],
    ['another workflow', { context: { workflow: 'Nightly', job: 'all' } }],
    ['a job that started at the same time', { now: new Date(NOW.getTime() + 120_000) }],
  ])('is a run on main, such as one of %s', async (_, run) => {
    await using server = await start();
    await server.evaluate({ failing: ['a'], ...run });
    const { outputs } = await server.evaluate({ context: PULL, with: { baseline: 'refs/heads/main' } });
    expect([outputs.baseline_score, outputs.score_change]).toEqual(['80', '+20']);
  });

  test.each<[string, Run]>([
    [
      "a pull request's run from a branch named main",
      { context: pullFrom({ ref: 'main', sha: 'b194', repo: { full_name: 'acme/support-bot' } }) },
    ],
    ['a pull request from the main of a fork', { context: { ...FORK, eventName: 'pull_request_target' } }],
    ['another branch', { context: { ref: 'refs/heads/maintenance' } }],
    ['another repository', { context: { repo: { owner: 'acme', repo: 'sales-bot' } } }],
    [
      'the same repository of another owner',
      { context: { repo: { owner: 'visitor', repo: 'support-bot' } } },
    ],
    ['another name', { with: { name: 'Support 2' } }],
    ['an unfinished run', { with: { results_file: '', case_spans: 'none' } }],
    ['an earlier attempt of this run', { context: { runId: 102 } }],
    ['a comment on a pull request', { context: { eventName: 'issue_comment' } }],
    [
      "a fork's workflow_run",
      {
        context: workflowRun({
          event: 'pull_request',
          head_repository: { full_name: 'visitor/support-bot' },
        }),
      },
    ],
    [
      "a pull request's workflow_run",
      { context: workflowRun({ event: 'pull_request', pull_requests: [{ number: 7 }] }) },
    ],
    [
      "a deleted fork's workflow_run",
      { context: workflowRun({ event: 'pull_request', head_repository: null }) },
    ],
    ['a cancelled job', { with: { job_status: 'cancelled' } }],
    ['a tag named main', { context: { ref: 'refs/tags/main' } }],
    ['a run without CI facts', { with: { ci_meta: 'false' } }],
    ['a run that started later', { now: new Date(NOW.getTime() + 3_600_000) }],
  ])('is not a run of %s', async (_, run) => {
    await using server = await start();
    await server.evaluate(run);
    const { outputs, annotations, exitCode } = await server.evaluate({ context: PULL, with: GATED });
    expect({ annotations, exitCode, comparison: outputs.comparison }).toEqual({
      annotations: [NO_BASELINE],
      exitCode: 0,
      comparison: '',
    });
  });

  test('is found behind 60 runs of other branches, whatever the order of the list', async () => {
    for (const traceOrder of ['newest first', 'oldest first'] as const) {
      await using server = await start({ traceOrder });
      server.others(2, 'main');
      server.others(60, 'feature');
      const { outputs, sent } = await server.evaluate({ context: PULL, with: GATED });
      expect([outputs.baseline_score, sent.length]).toEqual(['50', 1 + 1 + 62]);
    }
  });

  test.each([
    ['newest first', GATED, 1, 'error', [FIRST]],
    ['newest first', { baseline: 'main' }, 0, 'warning', [FIRST]],
    [
      'oldest first',
      { ...GATED, fail_on_api_error: 'false' },
      0,
      'warning',
      [FIRST, FIRST.replace('offset=0', 'offset=22')],
    ],
  ] as const)(
    'is not searched beyond 100 traces (%s, %o)',
    async (traceOrder, inputs, exitCode, level, lists) => {
      await using server = await start({ traceOrder, latencyMs: 1 });
      server.others(1, 'main');
      server.others(120, 'feature');
      const result = await server.evaluate({ context: PULL, with: inputs });
      expect([result.exitCode, result.annotations]).toEqual([
        exitCode,
        [
          {
            level,
            title: 'Opper span: comparison',
            message:
              'The newest 100 traces of this name contain no run on main to compare with, and there are more. Run the workflow on main again',
          },
        ],
      ]);
      const lines = lookups(result, server);
      expect(lines.filter((line) => line.includes('?'))).toEqual(lists);
      expect(lines.length).toBeLessThanOrEqual(lists.length + 100);
      expect(server.mostAtOnce).toBe(4);
    },
  );

  test('whose name only contains that of the span is skipped, and so is one that cannot be read', async () => {
    await using server = await start();
    await server.evaluate({ failing: ['a'] });
    await server.evaluate({ with: { name: 'Support 2' } });
    const [gone, large, odd] = [await server.evaluate(), await server.evaluate(), await server.evaluate()];
    const on = ({ outputs }: typeof gone, fault: Fault): FaultRule => ({
      when: ({ path }) => path === `/v2/traces/${outputs.trace_id}`,
      fault,
    });
    const faults = [
      on(gone, status(404)),
      on(large, huge(MAX_BYTES)),
      on(odd, reply({ status: 200, body: {} })),
    ];
    const result = await server.evaluate({ context: PULL, with: { baseline: 'main' }, faults });
    expect([result.outputs.baseline_score, result.annotations]).toEqual(['80', []]);
    expect(lookups(result, server)).not.toContain('GET /traces/trace 2');
  });

  test('is not searched in a list that says it has more, but is empty', async () => {
    await using server = await start();
    const list = reply({ status: 200, body: { meta: { total_count: 5 }, data: [] } });
    const faults: FaultRule[] = [
      { when: ({ path }) => path.includes('/traces?'), times: FOREVER, fault: list },
    ];
    const result = await server.evaluate({ context: PULL, with: { baseline: 'main' }, faults });
    expect([lookups(result, server), result.annotations.map(({ level }) => level)]).toEqual([
      [FIRST],
      ['warning'],
    ]);
  });
});

test('a failure to read an older trace than that of the baseline does not matter', async () => {
  await using server = await start();
  const old = await server.evaluate();
  await server.evaluate({ failing: ['a'] });
  const isOld: FaultRule['when'] = ({ path }) => path.endsWith(`/traces/${old.outputs.trace_id}`);
  const run = { context: PULL, with: { baseline: 'main' }, faults: [{ when: isOld, fault: status(503) }] };
  const { outputs, annotations } = await server.evaluate(run);
  expect([outputs.baseline_score, annotations]).toEqual(['80', []]);
});

test.each([
  ['400', status(400)],
  ['403', status(403)],
  ['503', status(503)],
  ['no response', reset('before headers')],
])('a trace that may have the baseline and is answered by %s is not skipped', async (_, fault) => {
  await using server = await start();
  await server.evaluate();
  const newest = await server.evaluate({ failing: ['a'] });
  const when: FaultRule['when'] = ({ path }) => path.endsWith(`/traces/${newest.outputs.trace_id}`);
  const faults: FaultRule[] = [{ when, times: FOREVER, fault }];
  const { outputs, annotations } = await server.evaluate({
    context: PULL,
    with: { baseline: 'main' },
    faults,
  });
  const message = expect.stringMatching(/^The run was not compared with main: GET /);
  expect([outputs.baseline_score, annotations]).toEqual([
    '',
    [{ level: 'warning', title: 'Opper span: comparison', message }],
  ]);
});

test('something unexpected while a trace is read is an error', async () => {
  await using server = await start();
  await server.evaluate();
  const random = () => {
    throw new RangeError('Maximum call stack size exceeded');
  };
  const faults: FaultRule[] = [{ when: ({ path }) => path.includes('/traces/'), fault: status(503) }];
  const { exitCode, annotations } = await server.evaluate({
    context: PULL,
    with: GATED,
    faults,
    host: { random },
  });
  expect([exitCode, annotations.map(({ title }) => title)]).toEqual([1, ['Opper span: internal error']]);
});

describe('a matrix under one root', () => {
  const MODELS = ['small', 'large'];
  async function runMatrix(
    server: Awaited<ReturnType<typeof start>>,
    failing: Record<string, string[]>,
    run: Run,
  ) {
    const context = { runId: server.spans().length + 500, ...run.context };
    const root = { results_file: '', case_spans: 'none', name: 'Nightly' };
    const { outputs } = await server.evaluate({ ...run, context, with: root });
    const results = [];
    for (const model of MODELS) {
      const given = {
        name: '',
        parent_id: outputs.id ?? '',
        job_matrix: JSON.stringify({ model }),
        ...run.with,
      };
      // All jobs of a matrix but this one have the same name.
      results.push(
        await server.evaluate({ failing: failing[model] ?? [], context, with: { ...given, name: 'Eval' } }),
      );
    }
    return results;
  }

  test('compares each job with that of the same matrix, once the trace appears', async () => {
    await using server = await start({ visibleAfter: 1 });
    await runMatrix(server, { small: ['a', 'b'] }, {});
    // The runs of main have appeared.
    for (const id of new Set(server.spans().map(({ trace_id }) => trace_id))) {
      await fetch(`${server.baseUrl}/traces/${id}`, { headers: { authorization: `Bearer ${server.key}` } });
    }
    const [small, large] = await runMatrix(
      server,
      { small: ['b', 'c', 'd'], large: ['e'] },
      { context: PULL, with: { baseline: 'main' } },
    );
    expect([small, large].map((result) => [result?.outputs.score_change, result?.annotations])).toEqual([
      ['-20', []],
      ['-20', []],
    ]);
    expect([small, large].map((result) => JSON.parse(result?.outputs.comparison ?? '').newly_failed)).toEqual(
      [['c', 'd'], ['e']],
    );
    const own = `GET /traces/${small?.outputs.trace_id}`;
    const list = 'GET /traces?name=Nightly&offset=0&limit=100';
    const before = `GET /traces/${server.spans()[0]?.trace_id}`;
    expect(
      small?.sent.map(([line]) => String(line).replace('/v2', '')).filter((line) => line.startsWith('GET')),
    ).toEqual([own, own, list, before]);
  });
});

describe('the API', () => {
  const down = (code: number): StepOptions => ({
    faults: [{ when: ({ path }) => path.includes('/traces'), times: FOREVER, fault: status(code) }],
  });

  test.each([
    [
      503,
      {},
      0,
      'warning',
      1,
      'The API has a problem. Run the job again later. With fail_on_api_error: false the job stays green.',
    ],
    [
      503,
      { max_drop: '5' },
      1,
      'error',
      4,
      'The API has a problem. Run the job again later. With fail_on_api_error: false the job stays green.',
    ],
    [
      503,
      { max_drop: '5', fail_on_api_error: 'false' },
      0,
      'warning',
      4,
      'The API has a problem. Run the job again later. With fail_on_api_error: false the job stays green.',
    ],
    [
      403,
      { max_drop: '5' },
      1,
      'error',
      1,
      'The key is valid, but lacks the permission for this. Check its permissions and its project.',
    ],
  ])(
    'that returns %d for traces only, with %o: exit code %d',
    async (code, inputs, exitCode, level, tries, advice) => {
      await using server = await start();
      await server.evaluate();
      const result = await server.evaluate({
        context: PULL,
        with: { baseline: 'main', ...inputs },
        ...down(code),
      });
      const { outcome, status, score, baseline_score } = result.outputs;
      expect({ outcome, status, score, baseline_score }).toEqual({
        outcome: 'created',
        status: '200',
        score: '100',
        baseline_score: '',
      });
      expect(lookups(result, server)).toEqual(Array(tries).fill(FIRST));
      const message = expect.stringMatching(/^The run was not compared with main: GET \S+ returned \d{3} /);
      expect([result.exitCode, result.annotations]).toEqual([
        exitCode,
        [{ level, title: 'Opper span: comparison', message }],
      ]);
      expect(result.annotations[0]?.message).toContain(advice);
    },
  );

  test('that meets something unexpected is an error, and does not undo the record', async () => {
    await using server = await start();
    await server.evaluate();
    const random = () => {
      throw new RangeError('Maximum call stack size exceeded');
    };
    const run = { context: PULL, with: GATED, ...down(503), host: { random } };
    const { exitCode, outputs, annotations, log } = await server.evaluate(run);
    expect({ exitCode, outcome: outputs.outcome, titles: annotations.map(({ title }) => title) }).toEqual({
      exitCode: 1,
      outcome: 'created',
      titles: ['Opper span: internal error'],
    });
    expect(log).toContain('Recorded:');
  });

  test('that rejects the missed max_drop: the gate is still missed', async () => {
    await using server = await start();
    await server.evaluate();
    const faults: FaultRule[] = [{ on: 'PATCH', fault: status(400) }];
    const inputs = { ...GATED, fail_on_api_error: 'false' };
    const result = await server.evaluate({ failing: ['a', 'b'], context: PULL, with: inputs, faults });
    expect([
      result.exitCode,
      result.annotations.map(({ level, message }) => `${level}: ${message.split(': PATCH')[0]}`),
    ]).toEqual([
      1,
      [
        "error: score 60 is 40 below the baseline's 100, more than max_drop 5 allows",
        'warning: The missed max_drop was not recorded',
      ],
    ]);
  });
});

describe('max_drop', () => {
  test('without a baseline is a notice that it was passed, and no failure', async () => {
    await using server = await start();
    const { exitCode, annotations } = await server.evaluate({ context: PULL, with: GATED });
    expect([exitCode, annotations]).toEqual([0, [NO_BASELINE]]);
    const ungated = await server.evaluate({ context: PULL, with: { baseline: 'main' } });
    const message = NO_BASELINE.message.replace(', so max_drop was passed', '');
    expect(ungated.annotations).toEqual([{ ...NO_BASELINE, message }]);
  });

  test.each<[string, Record<string, string>, object]>([
    [
      'with CI facts',
      {},
      { error: DROPPED, meta: expect.objectContaining({ 'cicd.pipeline.task.run.result': 'failure' }) },
    ],
    [
      'without CI facts',
      { ci_meta: 'false', meta: '{"cicd.pipeline.task.run.result": "success"}' },
      { error: DROPPED },
    ],
    [
      'whose job has failed',
      { job_status: 'failure' },
      {
        error: expect.stringMatching(/^Job eval failed/),
        score: 60,
        meta: expect.anything(),
        end_time: expect.anything(),
      },
    ],
  ])('that is missed is recorded on a span %s', async (_, inputs, body) => {
    await using server = await start();
    await server.evaluate();
    const { id } = server.create({
      name: 'Support',
      trace_id: randomUUID(),
      start_time: '2026-11-20T12:30:00Z',
      feedback: { score: 1, comment: null },
    });
    const unset = { name: '', results_file: '', case_spans: 'none' };
    const given = { ...GATED, operation: 'update', span_id: id, ...unset, score: '60', ...inputs };
    const { sent, outputs } = await server.evaluate({ context: PULL, with: given });
    const writes = sent.filter(([line]) => String(line).startsWith('PATCH'));
    expect(writes.at(-1)?.[1]).toEqual(body);
    expect([outputs.changed, outputs.feedback_score]).toEqual(['["score","error","meta","end_time"]', '1']);
  });

  test('without a score fails, and asks for nothing', async () => {
    await using server = await start();
    const inputs = { ...GATED, results_file: '', case_spans: 'none' };
    const { exitCode, annotations, sent } = await server.evaluate({ context: PULL, with: inputs });
    const message = 'there is no score to compare with the baseline (max_drop 5). Set score or results_file';
    expect([exitCode, annotations, sent.length]).toEqual([
      1,
      [{ level: 'error', title: 'Opper span: gate', message }],
      1,
    ]);
  });

  test.each([
    ['a dry run', { dry_run: 'true' }, {}],
    ['a run without a key', { api_key: '' }, FORK],
  ])('is not judged in %s, which says so', async (_, inputs, context) => {
    await using server = await start();
    await server.evaluate();
    const { exitCode, annotations, sent } = await server.evaluate({ context, with: { ...GATED, ...inputs } });
    expect([exitCode, sent]).toEqual([0, []]);
    expect(annotations.map(({ level, message }) => `${level}: ${message}`)).toContain(
      'notice: Nothing was compared with main, so max_drop was not judged',
    );
  });

  test.each([
    ['that is created', { operation: 'create' }, 'POST'],
    ['that is updated', { operation: 'update', span_id: '3c90c3cc-0d44-4b50-8888-8dd25736052a' }, 'GET'],
  ] as const)('is not judged for a span %s if the API refuses it, which says so', async (_, inputs, on) => {
    await using server = await start();
    await server.evaluate();
    const given = { ...GATED, ...inputs, fail_on_api_error: 'false' };
    const run = { failing: ['a', 'b'], context: PULL, with: given, faults: [{ on, fault: status(403) }] };
    const { exitCode, annotations } = await server.evaluate(run);
    expect([exitCode, annotations]).toEqual([
      0,
      [
        { level: 'warning', title: 'Opper span: API failure', message: expect.stringContaining('403') },
        {
          level: 'warning',
          title: 'Opper span: comparison',
          message: 'Nothing was compared with main, so max_drop was not judged',
        },
      ],
    ]);
  });

  test.each([
    ['the API refuses the span', {}, 'API failure'],
    ['an input is bad', { retries: 'x', fail_on_api_error: 'false' }, 'bad input, nothing was recorded'],
  ])('is not mentioned if the step fails since %s', async (_, inputs, title) => {
    await using server = await start();
    const faults: FaultRule[] = [{ on: 'POST', fault: status(403) }];
    const result = await server.evaluate({ context: PULL, with: { ...GATED, ...inputs }, faults });
    expect(result.annotations.map(({ level, title }) => [level, title])).toEqual([
      ['error', `Opper span: ${title}`],
    ]);
  });
});

describe('runs are compared', () => {
  const track = { operation: 'track', end_time: '' };

  test('by update and get, which writes nothing', async () => {
    await using server = await start();
    await server.evaluate();
    const { id } = server.create({
      name: 'Support',
      trace_id: randomUUID(),
      start_time: '2026-11-20T12:30:00Z',
      score: 80,
    });
    const given = { operation: 'update', span_id: id, name: '', ...GATED };
    const unset = { results_file: '', case_spans: 'none', end_time: '' };
    const read = await server.evaluate({ context: PULL, with: { ...given, ...unset, operation: 'get' } });
    expect([read.outputs.score_change, read.exitCode]).toEqual(['-20', 1]);
    expect(lookups(read, server)).toEqual(['GET /span 2', FIRST, 'GET /traces/trace 1']);
    const updated = await server.evaluate({ failing: ['a'], context: PULL, with: given });
    expect([updated.outputs.score_change, updated.exitCode]).toEqual(['-20', 1]);
  });

  test('at the end of a tracked job, not at its start', async () => {
    await using server = await start();
    await server.evaluate();
    const run: Run = { failing: ['a', 'b'], context: { ...PULL, runId: 200 }, with: { ...track, ...GATED } };
    const begun = await server.evaluate(run);
    expect(begun.sent.length).toBe(1);
    const ended = await server.evaluate({ ...run, state: begun.state });
    expect(lookups(ended, server)).toEqual([
      'GET /span 2',
      'PATCH /span 2',
      FIRST,
      'GET /traces/trace 1',
      'PATCH /span 2',
    ]);
    expect([ended.exitCode, ended.annotations.map(({ message }) => message)]).toEqual([
      1,
      ["score 60 is 40 below the baseline's 100, more than max_drop 5 allows"],
    ]);
  });
});
