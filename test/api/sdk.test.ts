import { Opper } from 'opperai';
import {
  BadRequestError,
  ConflictError,
  NotFoundError,
  RequestValidationError,
  UnauthorizedError,
} from 'opperai/models/errors';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { status } from '../harness/faults.ts';
import { runStep } from '../harness/runner.ts';
import { type SpanServer, startSpanServer } from '../harness/span-server.ts';

let server: SpanServer;
let opper: Opper;
beforeAll(async () => {
  server = await startSpanServer();
  opper = new Opper({ httpBearer: server.key, serverURL: server.baseUrl });
});
afterAll(() => server.close());
beforeEach(() => {
  server.requests.length = 0;
});

/** The action's step, with no CI facts among what it records. */
async function step(inputs: Readonly<Record<string, string>>) {
  const result = await runStep({
    with: { api_key: server.key, base_url: server.baseUrl, ci_meta: 'false', ...inputs },
  });
  expect(result).toMatchObject({ exitCode: 0, annotations: [] });
  return result;
}

/** The requests so far with this method, without what names the client. */
function sent(method: string) {
  return server.requests
    .filter((request) => request.method === method)
    .map(({ path, body, headers: { authorization, 'content-type': type, accept } }) => ({
      path,
      body,
      authorization,
      type,
      accept,
    }));
}

const TRACE = '123e4567-e89b-12d3-a456-426614174000';
const UUID = expect.stringMatching(/^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/);

describe('on the span server the official SDK', () => {
  it('creates, updates and reads a span', async () => {
    const created = await opper.spans.create({
      name: 'Answer a ticket',
      traceId: TRACE,
      input: { question: 'Where is my parcel?' },
      startTime: new Date('2026-04-07T13:33:27.179Z'),
    });
    const updated = await opper.spans.update(created.id, {
      score: 9,
      meta: { dataset: 'support-v3' },
      endTime: new Date('2026-04-07T13:33:30Z'),
    });
    const expected = {
      id: UUID,
      name: 'Answer a ticket',
      traceId: TRACE,
      parentId: null,
      type: null,
      startTime: new Date('2026-04-07T13:33:27.179Z'),
      endTime: new Date('2026-04-07T13:33:30Z'),
      input: { question: 'Where is my parcel?' },
      output: null,
      error: null,
      meta: { dataset: 'support-v3' },
      score: 9,
    };
    expect(created).toEqual({ ...expected, endTime: null, meta: null, score: null });
    expect(updated).toEqual(expected);
    expect(await opper.spans.get(created.id)).toEqual({ ...expected, feedback: null });
    expect(server.requests.map(({ method, path, body }) => ({ method, path, body }))).toEqual([
      {
        method: 'POST',
        path: '/v2/spans',
        body: {
          name: 'Answer a ticket',
          trace_id: TRACE,
          input: { question: 'Where is my parcel?' },
          start_time: '2026-04-07T13:33:27.179Z',
        },
      },
      {
        method: 'PATCH',
        path: `/v2/spans/${created.id}`,
        body: { score: 9, meta: { dataset: 'support-v3' }, end_time: '2026-04-07T13:33:30.000Z' },
      },
      { method: 'GET', path: `/v2/spans/${created.id}`, body: undefined },
    ]);
  });

  it('gets default values for a new span, and the trace of its parent', async () => {
    const root = await opper.spans.create({ name: 'Eval' });
    expect(root).toMatchObject({ id: UUID, traceId: UUID, startTime: expect.any(Date) });
    const child = await opper.spans.create({ name: 'Case 1', parentId: root.id });
    expect([child.parentId, child.traceId]).toEqual([root.id, root.traceId]);
    expect(server.children(root.id)).toMatchObject([{ id: child.id }]);
  });

  it('creates, lists, reads, updates and deletes metrics', async () => {
    const { id } = server.create({ name: 'Eval' });
    const metrics = opper.spanMetrics;
    const first = await metrics.createMetric(id, {
      dimension: 'accuracy',
      value: 0.92,
      comment: '200 cases',
    });
    const second = await metrics.createMetric(id, { dimension: 'tokens', value: 340.5 });
    expect([first, second]).toEqual([
      {
        dimension: 'accuracy',
        value: 0.92,
        comment: '200 cases',
        id: UUID,
        spanId: id,
        createdAt: expect.any(Date),
      },
      { dimension: 'tokens', value: 340.5, comment: null, id: UUID, spanId: id, createdAt: expect.any(Date) },
    ]);
    expect(await metrics.list(id)).toEqual({ meta: { totalCount: 2 }, data: [first, second] });
    expect(await metrics.list(id, 1, 1)).toEqual({ meta: { totalCount: 2 }, data: [second] });
    expect(await metrics.updateMetric(id, first.id, { value: 0.95 })).toEqual({ ...first, value: 0.95 });
    expect(await metrics.get(id, first.id)).toEqual({ ...first, value: 0.95 });
    await metrics.delete(id, first.id);
    expect(server.metrics(id)).toMatchObject([{ dimension: 'tokens', value: 340.5 }]);
  });

  it('lists and reads traces', async () => {
    const traceId = '6f1d0a52-8a57-4f0e-9d3c-2b7a1c9e4d10';
    const startTime = new Date('2026-04-07T13:33:27.179Z');
    const root = await opper.spans.create({ name: 'Nightly eval', startTime, traceId });
    const meta = { dataset: 'support-v3' };
    const { id } = await opper.spans.create({ name: 'Case 1', startTime, parentId: root.id, score: 9, meta });
    await opper.spanMetrics.createMetric(id, { dimension: 'accuracy', value: 0.92 });
    const trace = { id: traceId, name: 'Nightly eval', startTime, endTime: null };
    const none = { type: null, endTime: null, error: null, data: { input: null, output: null } };
    expect(await opper.traces.list('Nightly', 0, 100)).toEqual({ meta: { totalCount: 1 }, data: [trace] });
    expect(await opper.traces.list('Daily')).toEqual({ meta: { totalCount: 0 }, data: [] });
    expect(await opper.traces.get(traceId)).toEqual({
      ...trace,
      spans: [
        {
          ...none,
          id: root.id,
          name: 'Nightly eval',
          startTime,
          parentId: null,
          meta: null,
          score: null,
          metrics: [],
        },
        {
          ...none,
          id,
          name: 'Case 1',
          startTime,
          parentId: root.id,
          score: 9,
          meta,
          metrics: [
            { id: UUID, dimension: 'accuracy', value: 0.92, comment: null, createdAt: expect.any(Date) },
          ],
        },
      ],
    });
  });

  it('understands every kind of error', async () => {
    const { id } = server.create({ name: 'Eval' });
    const stranger = new Opper({ httpBearer: 'op-wrong', serverURL: server.baseUrl });
    server.createMetric(id, { dimension: 'accuracy', value: 1 });
    server.faults.push({ on: 'PATCH', fault: status(400) });
    const spans = opper.spans;
    const calls: [() => Promise<unknown>, new (...args: never[]) => Error][] = [
      [() => spans.update(id, { score: 9 }), BadRequestError],
      [() => stranger.spans.get(id), UnauthorizedError],
      [() => spans.get(TRACE), NotFoundError],
      [() => spans.create({ name: 'Case 1', parentId: TRACE }), NotFoundError],
      [() => opper.spanMetrics.list(TRACE), NotFoundError],
      [() => opper.spanMetrics.createMetric(id, { dimension: 'accuracy', value: 2 }), ConflictError],
      [() => opper.spanMetrics.list(id, 0, 101), RequestValidationError],
      [() => spans.get('7'), RequestValidationError],
      [() => opper.traces.get('5e8b7a3e-2b6f-4a53-9a4f-1c2d3e4f5a6b'), NotFoundError],
      [() => opper.traces.list('', 0, 101), RequestValidationError],
    ];
    for (const [call, kind] of calls) await expect(call()).rejects.toBeInstanceOf(kind);
  });
});

type SpanUpdate = Parameters<Opper['spans']['update']>[1];

describe('the action sends what the official SDK sends', () => {
  it.each<[string, Record<string, string>, SpanUpdate, object]>([
    [
      'for every field but meta',
      {
        score: '0.87',
        score_scale: '100',
        error: 'two lines,\nno “quotes”',
        end_time: '2026-04-07T13:33:30.250Z',
        start_time: '1775568807000',
        name: 'Eval',
        type: 'evaluation',
        input: '{"question": 1}',
        output: 'Grüße 👋',
      },
      {
        score: 87,
        error: 'two lines,\nno “quotes”',
        endTime: new Date('2026-04-07T13:33:30.250Z'),
        startTime: new Date(1775568807000),
        name: 'Eval',
        type: 'evaluation',
        input: '{"question": 1}',
        output: 'Grüße 👋',
      },
      {
        score: 87,
        error: 'two lines,\nno “quotes”',
        end_time: '2026-04-07T13:33:30.250Z',
        start_time: '2026-04-07T13:33:27.000Z',
        name: 'Eval',
        type: 'evaluation',
        input: '{"question": 1}',
        output: 'Grüße 👋',
      },
    ],
    [
      'for meta',
      { score: '-1', meta: '{"dataset": "support-v3", "deep": {"list": [1, null, true, 0.5]}}' },
      { score: -1, meta: { dataset: 'support-v3', deep: { list: [1, null, true, 0.5] } } },
      { score: -1, meta: { dataset: 'support-v3', deep: { list: [1, null, true, 0.5] } } },
    ],
    [
      'for cleared fields',
      { clear: 'error, score, meta', name: 'Eval' },
      { error: null, score: null, meta: null, name: 'Eval' },
      { error: null, score: null, meta: null, name: 'Eval' },
    ],
  ])('%s', async (_, inputs, update, body) => {
    const { id } = server.create({ name: 'Answer a ticket' });
    await Promise.all([opper.spans.update(id, update), step({ span_id: id, ...inputs })]);
    expect(sent('PATCH')).toEqual(twice(`/v2/spans/${id}`, body));
  });

  it('for a new span', async () => {
    const { id: parent } = server.create({ name: 'Eval', trace_id: TRACE });
    const id = '3c90c3cc-0d44-4b50-8888-8dd25736052a';
    const startTime = new Date('2026-04-07T13:33:27.179Z');
    await opper.spans.create({ id, name: 'Run 1', startTime, score: 87, parentId: parent, traceId: TRACE });
    await step({
      operation: 'create',
      name: 'Run 1',
      start_time: '2026-04-07T13:33:27.179Z',
      score: '87',
      parent_id: parent,
      trace_id: TRACE,
    });
    const body = { id: UUID, name: 'Run 1', start_time: '2026-04-07T13:33:27.179Z', score: 87 };
    expect(sent('POST')).toEqual(twice('/v2/spans', { ...body, parent_id: parent, trace_id: TRACE }));
    const [one, other] = server.children(parent);
    expect({ ...one, id: '' }).toEqual({ ...other, id: '' });
  });

  it('for metrics', async () => {
    const [one, other] = [server.create({ name: 'a' }), server.create({ name: 'b' })];
    await opper.spanMetrics.createMetric(one.id, {
      dimension: 'accuracy',
      value: 0.92,
      comment: '200 cases',
    });
    await step({
      span_id: other.id,
      score: '9',
      metrics: '{"accuracy": {"value": 0.92, "comment": "200 cases"}}',
    });
    const body = { dimension: 'accuracy', value: 0.92, comment: '200 cases' };
    const [first, second] = twice('', body);
    expect(sent('POST')).toEqual([
      { ...first, path: `/v2/spans/${one.id}/metrics` },
      { ...second, path: `/v2/spans/${other.id}/metrics` },
    ]);
  });

  /** A request by the SDK and the same by the action. */
  function twice(path: string, body: object) {
    const authorization = `Bearer ${server.key}`;
    const request = { path, body, authorization, type: 'application/json', accept: 'application/json' };
    return [request, request];
  }
});

describe('a span can be passed', () => {
  it('from the SDK to the outputs of the step', async () => {
    const { id } = await opper.spans.create({
      name: 'Answer a ticket',
      type: 'workflow',
      startTime: new Date('2026-04-07T13:33:27.179Z'),
      endTime: new Date('2026-04-07T13:33:28.179Z'),
      input: { question: 'Where is my parcel?' },
      meta: { dataset: 'support-v3' },
      score: 9,
    });
    const { outputs } = await step({ span_id: id, operation: 'get' });
    const { id: _, span, span_file, summary_file, trace_id, ...rest } = outputs;
    expect(trace_id).toEqual(UUID);
    expect([span_file, summary_file].map((path) => path?.replace(/.*\./, ''))).toEqual(['json', 'md']);
    expect(JSON.parse(span ?? '')).toEqual(server.span(id));
    expect(rest).toEqual({
      outcome: 'read',
      name: 'Answer a ticket',
      type: 'workflow',
      start_time: '2026-04-07T13:33:27.179000+00:00',
      end_time: '2026-04-07T13:33:28.179000+00:00',
      duration_ms: '1000',
      input: '{"question":"Where is my parcel?"}',
      output: '',
      error: '',
      meta: '{"dataset":"support-v3"}',
      score: '9',
      parent_id: '',
      feedback_score: '',
      feedback_comment: '',
      changed: '',
      metrics: '',
      case_spans: '',
      baseline_score: '',
      score_change: '',
      comparison: '',
      status: '200',
    });
  });

  it('from the step to the SDK', async () => {
    const { id } = await opper.spans.create({
      name: 'Answer a ticket',
      startTime: new Date(1775568800000),
      meta: { kept: [1] },
    });
    await step({
      span_id: id,
      score: '9',
      meta: '{"dataset": "support-v3"}',
      end_time: '2026-04-07 15:33:27.179+02:00',
      output: 'Soon',
    });
    expect(await opper.spans.get(id)).toEqual({
      id,
      name: 'Answer a ticket',
      type: null,
      startTime: new Date(1775568800000),
      endTime: new Date('2026-04-07T13:33:27.179Z'),
      input: null,
      output: 'Soon',
      error: null,
      meta: { kept: [1], dataset: 'support-v3' },
      score: 9,
      traceId: UUID,
      parentId: null,
      feedback: null,
    });
  });
});
