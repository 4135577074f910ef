import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it as sequential } from 'vitest';
import { applied, reset, status } from '../harness/faults.ts';
import { runStep, type StepOptions } from '../harness/runner.ts';
import {
  type Fault,
  type Span,
  type SpanRequest,
  type SpanServer,
  type SpanServerOptions,
  startSpanServer,
} from '../harness/span-server.ts';

// Each step has its own server.
const it = sequential.concurrent;

const EVER = Number.POSITIVE_INFINITY;
const TRACE = '123e4567-e89b-12d3-a456-426614174000';
const PROMPTFOO = new URL('../fixtures/results/promptfoo-3.json', import.meta.url);
const METRICS = {
  pass_rate: 0.25,
  grounded: 0.666666666667,
  style: 0.125,
  score: 0.291666666667,
  cost: 0.008,
  input_tokens: 80,
  output_tokens: 40,
};

const cwd = mkdtempSync(join(tmpdir(), 'evals-test-'));
cpSync(PROMPTFOO, join(cwd, 'promptfoo.json'));
afterAll(() => rmSync(cwd, { recursive: true }));

function step(server: SpanServer, inputs: Readonly<Record<string, string>>, options: StepOptions = {}) {
  const access = { api_key: server.key, base_url: server.baseUrl };
  return runStep({ cwd, ...options, with: { ...access, ci_meta: 'false', ...inputs } });
}

const ofMetrics = ({ path }: SpanRequest) => path.includes('/metrics');
const isChild = ({ method, body }: SpanRequest) => method === 'POST' && 'parent_id' in (body as object);
const lines = (requests: readonly SpanRequest[]) =>
  requests.map(({ method, path }) => `${method} ${path.replace(/^.*\//, '/')}`);
const valuesOf = (server: SpanServer, id: string) =>
  Object.fromEntries(server.metrics(id).map(({ dimension, value }) => [dimension, value]));

/** A JUnit file of so many cases, every third of which failed. */
function junit(name: string, count: number): string {
  const cases = Array.from({ length: count }, (_, i) =>
    i % 3 === 0 ? `<testcase name="f${i}"><failure message="no"/></testcase>` : `<testcase name="p${i}"/>`,
  );
  writeFileSync(join(cwd, name), `<testsuite>${cases.join('')}</testsuite>`);
  return name;
}

describe('a file that promptfoo wrote', () => {
  const inputs = { results_file: 'promptfoo.json', results_metrics: 'true', case_spans: 'all' };
  const { results } = JSON.parse(readFileSync(PROMPTFOO, 'utf8'));
  const childrenOf = (id: string) =>
    // biome-ignore lint/suspicious/noExplicitAny: as the tool wrote it
    results.results.map((result: any) => ({
      name: `${result.testCase.description ?? `question=${result.vars.question}`} [${result.provider.id}, prompt ${(result.promptIdx % 2) + 1}]`,
      type: 'test',
      parent_id: id,
      trace_id: TRACE,
      input: JSON.stringify(result.vars),
      output: result.response.output ?? null,
      error: result.error ?? null,
      score: result.score * 100,
      end_time: null,
      meta: {
        'test.status': result.success ? 'passed' : result.failureReason === 2 ? 'errored' : 'failed',
        'test.duration_ms': result.latencyMs,
      },
    }));
  const made = (server: SpanServer, id: string) =>
    server.children(id).map(({ id: _, start_time, feedback, ...rest }) => rest);
  const byName = (a: { name: string }, b: { name: string }) => (a.name < b.name ? -1 : 1);

  it.each(['update', 'create', 'end of track'])(
    'becomes score, metrics and a child for each case, under the right parent and trace: %s',
    async (how) => {
      await using server = await startSpanServer();
      const root = server.create({ name: 'Nightly', trace_id: TRACE });
      const { id: before } = server.create({ name: 'Eval', trace_id: TRACE, parent_id: root.id });
      const isCreate = how === 'create';
      const result = isCreate
        ? await step(server, { ...inputs, operation: 'create', parent_id: root.id, trace_id: TRACE })
        : how === 'update'
          ? await step(server, { ...inputs, span_id: before })
          : await step(
              server,
              { ...inputs, operation: 'track' },
              {
                stage: 'post',
                state: { tracked: JSON.stringify({ id: before, exists: true, sent: [], given: [] }) },
              },
            );
      expect(result).toMatchObject({ exitCode: 0, annotations: [] });
      const id = isCreate ? (result.outputs.id ?? '') : before;
      expect(server.span(id)).toMatchObject({ score: 25, trace_id: TRACE, parent_id: root.id });
      expect(valuesOf(server, id)).toEqual(METRICS);
      expect(made(server, id).sort(byName)).toEqual(childrenOf(id).sort(byName));
      // Sent too, since the server might not copy it from the parent.
      const sent = server.requests.filter(isChild).map(({ body }) => (body as Partial<Span>).trace_id);
      expect(new Set(sent)).toEqual(new Set([TRACE]));
      const outputs = { metrics: JSON.stringify(METRICS), case_spans: '12' };
      if (how !== 'end of track') expect(result.outputs).toMatchObject(outputs);
    },
  );

  it.each([
    ['failed', '100', 9, 0],
    ['all', '10', 9, 1],
    ['all', '4', 4, 0],
  ])(
    'with case_spans %s and max_case_spans %s makes %d spans of failures and %d others',
    async (case_spans, max_case_spans, failing, others) => {
      await using server = await startSpanServer();
      const { id } = server.create({ name: 'Eval' });
      const given = { results_file: 'promptfoo.json', case_spans, max_case_spans };
      const { outputs } = await step(server, { ...given, span_id: id });
      expect(outputs.case_spans).toBe(String(failing + others));
      const isFailing = server.children(id).map(({ error }) => error !== null);
      expect([isFailing.filter(Boolean).length, isFailing.filter((is) => !is).length]).toEqual([
        failing,
        others,
      ]);
    },
  );

  it.each(['refused', 'repeated'] as const)(
    'recorded twice does not change the metrics, on a server where a second one is %s',
    async (metrics) => {
      await using server = await startSpanServer({ metrics });
      const { id } = server.create({ name: 'Eval' });
      const given = { span_id: id, results_file: 'promptfoo.json', results_metrics: 'true' };
      await step(server, given);
      const first = server.metrics(id);
      server.requests.length = 0;
      const second = await step(server, given);
      expect(server.metrics(id)).toEqual(first);
      expect(first).toHaveLength(7);
      expect(lines(server.requests.filter(ofMetrics))).toEqual(['GET /metrics?offset=0&limit=100']);
      expect(second.outputs.metrics).toBe(JSON.stringify(METRICS));
    },
  );
});

describe('metrics', () => {
  const inputs = { metrics: '{"accuracy": 0.92, "latency": {"value": 340.5, "comment": "p95"}}' };

  it.each<[string, NonNullable<SpanServerOptions['metrics']>, Fault]>([
    ['a response that is lost', 'refused', applied(reset('before headers'))],
    ['a response that is lost', 'repeated', applied(reset('before headers'))],
    ['a 502 after it was acted on', 'repeated', applied(status(502))],
    ['a 409 after it was acted on', 'refused', applied(status(409))],
  ])('exist once after %s, on a server where a second one is %s', async (_, metrics, fault) => {
    await using server = await startSpanServer({ metrics });
    const { id } = server.create({ name: 'Eval' });
    server.faults.push({ on: 'POST', when: ofMetrics, fault });
    const result = await step(server, { ...inputs, span_id: id, score: '1' });
    expect(result).toMatchObject({ exitCode: 0, annotations: [] });
    expect(server.metrics(id)).toMatchObject([
      { dimension: 'accuracy', value: 0.92, comment: null },
      { dimension: 'latency', value: 340.5, comment: 'p95' },
    ]);
  });

  it('are changed if they differ, kept if they are equal, and made if they are missing', async () => {
    await using server = await startSpanServer();
    const { id } = server.create({ name: 'Eval' });
    server.createMetric(id, { dimension: 'accuracy', value: 0.5 });
    server.createMetric(id, { dimension: 'latency', value: 340.5, comment: 'p95' });
    const given = { ...inputs, metrics: inputs.metrics.replace('}}', '}, "new": -1e-7}') };
    const result = await step(server, { ...given, span_id: id, score: '1' });
    expect(valuesOf(server, id)).toEqual({ accuracy: 0.92, latency: 340.5, new: -1e-7 });
    expect(server.requests.filter(ofMetrics).map(({ method }) => method)).toEqual(['GET', 'PATCH', 'POST']);
    expect(JSON.parse(result.outputs.metrics ?? '')).toEqual({ accuracy: 0.92, latency: 340.5, new: -1e-7 });
  });

  it('cause no request if none are given', async () => {
    await using server = await startSpanServer();
    await step(server, { span_id: server.create({ name: 'Eval' }).id, score: '1', metrics: '{}' });
    expect(server.requests.map(({ method }) => method)).toEqual(['PATCH']);
  });

  it('that fail are reported one by one, with those that are stored', async () => {
    await using server = await startSpanServer();
    const { id } = server.create({ name: 'Eval' });
    const isLatency = ({ body }: SpanRequest) => (body as { dimension?: string })?.dimension === 'latency';
    server.faults.push({ when: isLatency, times: EVER, fault: status(422) });
    const metrics = '{"accuracy": 0.92, "latency": 3, "cost": 1}';
    const result = await step(server, { span_id: id, score: '1', metrics });
    expect(result).toMatchObject({
      exitCode: 1,
      outputs: { outcome: 'updated', metrics: '{"accuracy":0.92,"cost":1}' },
    });
    expect(result.annotations).toMatchObject([
      { level: 'error', message: expect.stringMatching(/^latency: .*422/) },
    ]);
  });
});

describe('case spans', () => {
  it('of 1,000 cases are made four at a time, with a line of progress for each hundred', async () => {
    await using server = await startSpanServer({ latencyMs: 2 });
    const { id } = server.create({ name: 'Eval' });
    const inputs = {
      span_id: id,
      results_file: junit('1000.xml', 1000),
      case_spans: 'all',
      max_case_spans: '1000',
    };
    const result = await step(server, inputs);
    expect(result).toMatchObject({ exitCode: 0, annotations: [], outputs: { case_spans: '1000' } });
    expect(server.mostAtOnce).toBe(4);
    const children = server.children(id);
    expect(new Set(children.map(({ name }) => name)).size).toBe(1000);
    expect(children.slice(0, 330).every(({ error }) => error === 'no')).toBe(true);
    const hundreds = Array.from({ length: 9 }, (_, i) => `${i + 1}00 of 1000`);
    expect(result.log.flatMap((line) => /\d+00 of 1000(?= created$)/.exec(line) ?? [])).toEqual([
      ...hundreds,
      '1000 of 1000',
    ]);
  });

  it.each<[string, Fault, 'true' | 'false', 0 | 1]>([
    ['is out of order', status(503), 'true', 1],
    ['is out of order', status(503), 'false', 0],
    ['refuses', status(401), 'true', 1],
    ['hangs up', reset('before headers'), 'false', 0],
  ])(
    'are counted if only 37 of 100 are made before the API %s; fail_on_api_error %s',
    async (_, fault, fail_on_api_error, exitCode) => {
      await using server = await startSpanServer();
      const { id } = server.create({ name: 'Eval' });
      let begun = 0;
      const fails = (request: SpanRequest) =>
        request.method !== 'PATCH' && (!isChild(request) || ++begun > 37);
      server.faults.push({ when: fails, times: EVER, fault });
      const results_file = junit('100.xml', 100);
      const inputs = {
        span_id: id,
        results_file,
        case_spans: 'all',
        retries: '0',
        fail_on_api_error,
        meta_mode: 'replace',
      };
      const result = await step(server, inputs);
      expect(result.exitCode).toBe(exitCode);
      expect(result.annotations).toMatchObject([
        { level: exitCode === 1 ? 'error' : 'warning', message: expect.stringContaining('37 of 100') },
      ]);
      expect(result.outputs).toMatchObject({ outcome: 'updated', score: '66', case_spans: '37' });
      expect(server.span(id)).toMatchObject({ score: 66, meta: { 'test.total': 100, 'test.failed': 34 } });
      expect(server.children(id)).toHaveLength(37);
      // Those that were in progress when the first failed.
      expect(begun).toBeLessThanOrEqual(37 + 4);
    },
  );

  it('are not started after the first that fails despite retries', async () => {
    await using server = await startSpanServer();
    const { id } = server.create({ name: 'Eval' });
    server.faults.push({ when: isChild, fault: status(422) });
    const inputs = { span_id: id, results_file: junit('first.xml', 20), case_spans: 'all' };
    const { outputs, annotations } = await step(server, inputs);
    const made = server.children(id).length;
    expect(made).toBeLessThan(10);
    expect(outputs.case_spans).toBe(String(made));
    expect(annotations).toMatchObject([
      { level: 'error', message: expect.stringContaining(`${made} of 20`) },
    ]);
  });

  it.each(['honoured', 'refused'] as const)(
    'are each made once, whatever happens to their POSTs, if ids are %s',
    async (ids) => {
      await using server = await startSpanServer({ ids });
      const { id } = server.create({ name: 'Eval' });
      const doubts = [applied(reset('before headers')), applied(status(502)), reset('in body'), status(409)];
      server.faults.push(...doubts.map((fault) => ({ when: isChild, fault })));
      const inputs = { span_id: id, results_file: junit(`${ids}.xml`, 20), case_spans: 'all' };
      const result = await step(server, inputs);
      expect(result).toMatchObject({ exitCode: 0, annotations: [], outputs: { case_spans: '20' } });
      expect(new Set(server.children(id).map(({ name }) => name)).size).toBe(20);
      expect(server.children(id)).toHaveLength(20);
    },
  );
});
