import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it as sequential } from 'vitest';
import { applied, reset, status } from '../harness/faults.ts';
import { runJob } from '../harness/job.ts';
import {
  type Fault,
  type SpanServer,
  type SpanServerOptions,
  startSpanServer,
} from '../harness/span-server.ts';

// Each job has its own server.
const it = sequential.concurrent;

const JUNIT =
  '<testsuite name="s"><testcase name="a"/><testcase name="b"><failure message="no"/></testcase></testsuite>';
const writesResults = {
  id: 'eval',
  run: ({ workspace }: { workspace: string }) => writeFileSync(join(workspace, 'r.xml'), JUNIT),
};
const TIME = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);

const access = ({ key, baseUrl }: SpanServer) => ({ api_key: key, base_url: baseUrl });
const methods = ({ requests }: SpanServer) => requests.map(({ method }) => method).join(' ');

describe('create after the eval', () => {
  it.each([
    ['50', 0],
    ['51', 1],
  ])('records the whole run in one request, and min_score %s works', async (min_score, exitCode) => {
    await using server = await startSpanServer();
    const parent = server.create({ name: 'Nightly', trace_id: '123e4567-e89b-12d3-a456-426614174000' });
    const inputs = {
      operation: 'create',
      results_file: 'r.xml',
      end_time: 'now',
      parent_id: parent.id,
      trace_id: parent.trace_id ?? '',
      min_score,
      ci_meta: false,
    };
    const job = await runJob([writesResults, { id: 'span', with: { ...access(server), ...inputs } }], {
      context: { matrix: { model: 'small-2' } },
    });
    const { id, span_file: _, ...outputs } = job.main('span').outputs;
    const meta = {
      'test.total': 2,
      'test.passed': 1,
      'test.failed': 1,
      'test.errored': 0,
      'test.skipped': 0,
      'test.format': 'junit',
    };
    const given = {
      name: 'Evals / eval (small-2)',
      parent_id: parent.id,
      trace_id: parent.trace_id,
      score: 50,
    };
    const sent = { ...given, id, error: 's > b: no', meta, start_time: TIME, end_time: TIME };
    expect(server.requests.map(({ method, path, body }) => [method, path, body])).toEqual([
      ['POST', '/v2/spans', sent],
    ]);
    expect(server.children(parent.id)).toMatchObject([{ ...given, id, error: 's > b: no', meta }]);
    expect(outputs).toMatchObject({ outcome: 'created', score: '50', changed: '', status: '200' });
    expect(job.main('span')).toMatchObject({ exitCode });
    expect(job.env).toMatchObject({ OPPER_SPAN_ID: id, OPPER_TRACE_ID: parent.trace_id });
    expect(job.post('span')).toMatchObject({ exitCode: 0, stdout: '', summary: '' });
  });
});

type Ids = NonNullable<SpanServerOptions['ids']>;
interface Uncertainty {
  readonly what: string;
  readonly fault: Fault;
  /** The methods of the requests that make the span, on a server that accepts our ids, and on one that does not. */
  readonly requests: readonly [known: string, ignored: string];
}

// Faults after which it is not known whether a POST made the span.
const UNCERTAIN: readonly Uncertainty[] = [
  {
    what: 'a response that is lost',
    fault: applied(reset('before headers')),
    requests: ['POST GET', 'POST GET POST'],
  },
  { what: 'a response that breaks off', fault: reset('in body'), requests: ['POST GET', 'POST GET POST'] },
  {
    what: 'a reset before it arrived',
    fault: reset('before headers'),
    requests: ['POST GET POST', 'POST GET POST'],
  },
  { what: 'a 502 that did not arrive', fault: status(502), requests: ['POST GET POST', 'POST GET POST'] },
  {
    what: 'a 502 after it was acted on',
    fault: applied(status(502)),
    requests: ['POST GET', 'POST GET POST'],
  },
  { what: 'a 409 out of nothing', fault: status(409), requests: ['POST GET POST', 'POST GET POST'] },
  {
    what: 'a 409 after it was acted on',
    fault: applied(status(409)),
    requests: ['POST GET', 'POST GET POST'],
  },
];
const SERVERS: readonly Ids[] = ['honoured', 'refused', 'ignored'];

describe.each(SERVERS)('on a server where ids are %s', (ids) => {
  it.each(UNCERTAIN)(
    'a POST that meets $what makes the span, and only once if the server accepts ids',
    async ({ fault, requests }) => {
      await using server = await startSpanServer({ ids });
      server.faults.push({ on: 'POST', fault });
      const inputs = { ...access(server), operation: 'create', score: 7, ci_meta: false };
      const job = await runJob([{ id: 'span', with: inputs }]);
      expect(job.main('span')).toMatchObject({
        exitCode: 0,
        annotations: [],
        outputs: { outcome: 'created' },
      });
      expect(methods(server)).toBe(requests[ids === 'ignored' ? 1 : 0]);
      expectMadeOnce(server, ids);
      expect(server.span(job.main('span').outputs.id ?? '')).toMatchObject({ score: 7 });
    },
  );

  it.each(UNCERTAIN)('a tracked job whose start meets $what is one span, and ended', async ({ fault }) => {
    await using server = await startSpanServer({ ids });
    server.faults.push({ on: 'POST', fault });
    const inputs = { ...access(server), operation: 'track', score: '${{ env.SCORE }}', ci_meta: false };
    const job = await runJob([{ id: 'span', with: inputs }, { run: () => ({ env: { SCORE: '7' } }) }]);
    expect(job.status).toBe('success');
    expectMadeOnce(server, ids);
    const ended = server.spans().filter(({ end_time }) => end_time !== null);
    expect(ended).toMatchObject([{ id: job.main('span').outputs.id, score: 7 }]);
    expect(methods(server)).toMatch(/ PATCH$/);
  });

  it('if it is not known whether the start arrived, the end finds out', async () => {
    await using server = await startSpanServer({ ids });
    server.faults.push(
      { on: 'POST', fault: applied(reset('before headers')) },
      { times: 9, fault: status(503) },
    );
    const inputs = { ...access(server), operation: 'track', retries: 1, score: 7, ci_meta: false };
    const atStart = { ...inputs, score: '${{ env.SCORE }}' };
    const job = await runJob([
      { id: 'span', with: atStart },
      {
        run() {
          server.faults.length = 0;
          server.requests.length = 0;
          return { env: { SCORE: '7' } };
        },
      },
    ]);
    expect(job.main('span')).toMatchObject({ exitCode: 0, annotations: [{ level: 'warning' }] });
    expect(job.post('span')).toMatchObject({ exitCode: 0, annotations: [] });
    expect(methods(server)).toBe(ids === 'ignored' ? 'GET POST' : 'GET PATCH');
    expectMadeOnce(server, ids);
    expect(server.spans().filter(({ end_time }) => end_time !== null)).toMatchObject([{ score: 7 }]);
  });
});

it('a span that appears only after a while is still made once', async () => {
  await using server = await startSpanServer({ ids: 'refused', visibleAfter: 2 });
  server.faults.push({ on: 'POST', fault: applied(status(502)) });
  const inputs = { ...access(server), operation: 'create', score: 7, ci_meta: false };
  const job = await runJob([{ id: 'span', with: inputs }]);
  expect(job.main('span')).toMatchObject({ exitCode: 0, outputs: { outcome: 'created' } });
  expect(methods(server)).toBe('POST GET POST GET POST GET');
  expect(server.spans()).toMatchObject([{ score: 7 }]);
});

/** At least one, and exactly one if the server accepts our ids. */
function expectMadeOnce(server: SpanServer, ids: Ids): void {
  const count = server.spans().length;
  expect(count).toBeGreaterThan(0);
  expect(count).toBeLessThanOrEqual(ids === 'ignored' ? 2 : 1);
}
