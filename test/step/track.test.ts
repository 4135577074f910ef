import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it as sequential } from 'vitest';
import { applied, status } from '../harness/faults.ts';
import { type ActionStep, type JobResult, type RunStep, runJob } from '../harness/job.ts';
import { factsOf, JOB_URL } from '../harness/push.ts';
import { type Fault, type SpanServer, startSpanServer } from '../harness/span-server.ts';

// What only whole jobs show: which stages run, what passes between them, and signals. test/run/track.test.ts has what each records.

// Each job has its own server.
const it = sequential.concurrent;

const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;
const JUNIT =
  '<testsuite name="evals"><testcase name="a"/><testcase name="b"><failure message="no"/></testcase></testsuite>';

/** The step of the shortest workflow. */
function trackStep(
  { baseUrl, key }: SpanServer,
  given: ActionStep['with'] = {},
  rest: Partial<ActionStep> = {},
) {
  const own = { operation: 'track', api_key: key, base_url: baseUrl, results_file: '*.xml' };
  return { id: 'span', with: { ...own, ...given }, ...rest } satisfies ActionStep;
}

const EVAL: RunStep = {
  id: 'eval',
  run: ({ workspace }) => writeFileSync(join(workspace, 'results.xml'), JUNIT),
};

const sent = ({ requests }: SpanServer) =>
  requests.map(({ method, path, body }) => {
    const request = `${method} ${path.replace('/v2/spans', '')}`;
    return body === undefined ? [request] : [request, body];
  });
const outcomes = ({ stages }: JobResult) =>
  stages.map(({ step, stage, outcome }) => `${step} ${stage} ${outcome}`);
const SILENT = { exitCode: 0, stdout: '', stderr: '', summary: '' };

it('one step, placed first, records a job that fails later', async () => {
  await using server = await startSpanServer();
  const seen: Record<string, string | undefined>[] = [];
  const look: RunStep = { run: ({ env }) => void seen.push({ ...env, at: new Date().toISOString() }) };
  const deploy: RunStep = { id: 'deploy', run: 'exit 1' };
  const job = await runJob([trackStep(server, { min_score: 80 }), look, EVAL, deploy]);

  const [span] = server.spans();
  const id = span?.id ?? '';
  const counts = { total: 2, passed: 1, failed: 1, errored: 0, skipped: 0, format: 'junit' };
  const tests = Object.fromEntries(Object.entries(counts).map(([name, value]) => [`test.${name}`, value]));
  const meta = { ...factsOf('failure'), ...tests };
  expect(sent(server)).toEqual([
    ['POST ', { id, name: 'Evals / eval', start_time: expect.stringMatching(TIME), meta: factsOf() }],
    [`GET /${id}`],
    [`PATCH /${id}`, { score: 50, error: 'evals > b: no', end_time: expect.stringMatching(TIME), meta }],
  ]);
  // The eval ran inside it.
  const [{ at = '', ...env } = {}] = seen;
  expect(Date.parse(span?.start_time ?? '')).toBeLessThanOrEqual(Date.parse(at));
  expect(Date.parse(span?.end_time ?? '')).toBeGreaterThanOrEqual(Date.parse(at));
  expect(env).toMatchObject({ OPPER_SPAN_ID: id, OPPER_TRACE_ID: span?.trace_id });

  expect(job.status).toBe('failure');
  expect(job.main('span')).toMatchObject({ exitCode: 0, annotations: [], summary: '' });
  expect(job.post('span')).toMatchObject({ exitCode: 1, annotations: [{ level: 'error' }], outputs: {} });
  expect(job.post('span').summary).toContain('2 tests');
  expect(job.steps.span?.outputs).toMatchObject({ outcome: 'tracking', id, score: '' });
});

it('a start that is cancelled while it waits for a response leaves a span that the end completes', async () => {
  await using server = await startSpanServer();
  const cancel = new AbortController();
  server.faults.push({
    fault(exchange) {
      exchange.handle();
      cancel.abort();
    },
  });
  const job = await runJob([trackStep(server), EVAL], { cancel: cancel.signal });
  expect(outcomes(job)).toEqual(['span main cancelled', 'eval main skipped', 'span post success']);
  const error = expect.stringContaining(`Job eval was cancelled in workflow Evals: ${JOB_URL}`);
  expect(server.spans()).toMatchObject([{ error, end_time: expect.any(String) }]);
});

it.each([
  ['was created', applied(() => {}), 'POST GET GET PATCH'],
  ['was not created', () => {}, 'POST GET POST'],
] as [string, Fault, string][])(
  'a start that is killed when its span %s is completed by the end',
  async (_, fault, methods) => {
    await using server = await startSpanServer();
    const kill = new AbortController();
    server.faults.push({
      fault(exchange) {
        kill.abort();
        return fault(exchange);
      },
    });
    const rest = { kill: kill.signal, 'continue-on-error': true };
    const job = await runJob([trackStep(server, {}, rest), EVAL]);
    expect(job.main('span').signal).toBe('SIGKILL');
    expect(job.post('span')).toMatchObject({ exitCode: 0, annotations: [] });
    expect(server.requests.map(({ method }) => method).join(' ')).toBe(methods);
    const [{ start_time }] = server.requests.map(({ body }) => body) as [{ start_time: string }];
    expect(server.spans()).toMatchObject([{ score: 50, end_time: expect.any(String) }]);
    expect(Date.parse(server.spans()[0]?.start_time ?? '')).toBe(Date.parse(start_time));
  },
);

it('the end of a start that an outage stopped creates the span', async () => {
  await using server = await startSpanServer();
  server.faults.push({ times: 9, fault: status(503) });
  const mend: RunStep = { id: 'mend', run: () => void server.faults.splice(0) };
  const job = await runJob([trackStep(server, { retries: 0 }), mend, EVAL]);
  expect(job.main('span')).toMatchObject({ exitCode: 0, annotations: [{ level: 'warning' }] });
  expect(server.spans()).toMatchObject([{ name: 'Evals / eval', score: 50, end_time: expect.any(String) }]);
});

it.each<[string, ActionStep['with'], Partial<ActionStep>, number?]>([
  ['was rejected', {}, {}, 401],
  ['found a typo', { score: 'high' }, {}],
  ['was killed before it sent anything', {}, { kill: AbortSignal.abort() }],
])('a start that %s has a silent end', async (_, given, rest, code) => {
  await using server = await startSpanServer();
  if (code !== undefined) server.faults.push({ times: 9, fault: status(code) });
  const job = await runJob([trackStep(server, given, rest)]);
  expect(job.post('span')).toMatchObject(SILENT);
  expect(server.requests).toHaveLength(code === undefined ? 0 : 1);
});

it('of two track steps in a job each records its own span, the last first', async () => {
  await using server = await startSpanServer();
  const job = await runJob([
    trackStep(server, { name: 'outer', results_file: '' }),
    { ...trackStep(server, { name: 'inner', parent_id: '${{ env.OPPER_SPAN_ID }}' }), id: 'inner' },
    EVAL,
  ]);
  expect(job.status).toBe('success');
  const [outer, inner] = server.spans();
  expect([outer?.score, inner?.score, inner?.parent_id]).toEqual([null, 50, outer?.id]);
  expect(server.requests.at(-1)?.path).toContain(outer?.id);
});
