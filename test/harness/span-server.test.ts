import { readFileSync } from 'node:fs';
import { get as httpGet } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { describe, expect, it } from 'vitest';
import * as faults from './faults.ts';
import { type FaultRule, type SpanServer, type SpanServerOptions, startSpanServer } from './span-server.ts';
import { BLANK_SPAN } from './span-store.ts';

const ID = '3c90c3cc-0d44-4b50-8888-8dd25736052a';
const OTHER = '5e8b7a3e-2b6f-4a53-9a4f-1c2d3e4f5a6b';
const TRACE = '123e4567-e89b-12d3-a456-426614174000';
const UUID = expect.stringMatching(/^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/);
const TIME = expect.stringMatching(/^20\d\d-\d\d-\d\dT[\d:.]+\+00:00$/);
const { feedback: _, ...BLANK } = BLANK_SPAN;
const BARE = { ...BLANK, id: ID, name: 'Answer a ticket' };

/** A server with one span, and a client that sends any request. */
async function start(options?: SpanServerOptions, fields: object = {}) {
  const server = await startSpanServer(options);
  server.create({ id: ID, name: 'Answer a ticket', ...fields });
  /** The status and JSON of a response, by default about the span. */
  const ask = async (method: string, body?: unknown, path?: string) => {
    const { status, json } = await call(server, method, { body, ...(path && { path }) });
    return { status, json };
  };
  const post = (body: object) => ask('POST', { name: 'a', ...body }, '/spans');
  return Object.assign(server, {
    call: (method: string, init?: CallInit) => call(server, method, init),
    ask,
    post,
  });
}

interface CallInit {
  readonly path?: string;
  readonly body?: unknown;
  readonly text?: string;
  readonly headers?: Record<string, string>;
  readonly timeoutMs?: number;
}

async function call(server: SpanServer, method: string, init: CallInit = {}) {
  const { path = `/spans/${ID}`, body, timeoutMs = 5000 } = init;
  const response = await fetch(`${server.baseUrl}${path}`, {
    method,
    headers: { authorization: `Bearer ${server.key}`, 'content-type': 'application/json', ...init.headers },
    body: init.text ?? (body === undefined ? null : JSON.stringify(body)),
    signal: AbortSignal.timeout(timeoutMs),
    redirect: 'manual',
  });
  const text = await response.text();
  return { status: response.status, headers: response.headers, text, json: parse(text) };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

describe('reading', () => {
  it('returns the whole span, feedback included', async () => {
    const feedback = { score: 0.5, comment: 'Good, but slow' };
    await using server = await start({}, { feedback, score: 7, output: ['a', 1] });
    expect(await server.ask('GET')).toEqual({
      status: 200,
      json: { ...BARE, score: 7, output: ['a', 1], feedback },
    });
  });

  it('finds a span by its UUID in either case, and returns lower case', async () => {
    await using server = await start({}, { id: ID.toUpperCase() });
    const response = await server.ask('GET', undefined, `/spans/${ID.toUpperCase()}`);
    expect(response).toEqual({ status: 200, json: { ...BARE, feedback: null } });
  });

  it('leaves out null fields with omitNulls', async () => {
    await using server = await start({ omitNulls: true }, { score: 0 });
    const span = { id: ID, name: 'Answer a ticket', score: 0 };
    expect((await server.ask('GET')).json).toEqual(span);
    expect((await server.ask('PATCH', { type: 'workflow' })).json).toEqual({ ...span, type: 'workflow' });
  });

  it('wraps a span or a metric in data with wrap, but no error', async () => {
    await using server = await start({ wrap: true });
    expect((await server.ask('GET')).json).toEqual({ data: { ...BARE, feedback: null } });
    expect((await server.post({ id: OTHER })).json).toMatchObject({ data: { id: OTHER, name: 'a' } });
    const metric = await server.ask('POST', { dimension: 'accuracy', value: 1 }, `/spans/${ID}/metrics`);
    expect(metric.json).toMatchObject({ data: { dimension: 'accuracy' } });
    expect(await server.ask('GET', undefined, `/spans/${TRACE}`)).toMatchObject({
      json: { type: 'NotFoundError' },
    });
  });

  it('records every request, with its headers, text and JSON', async () => {
    await using server = await start();
    await server.call('PATCH', { text: '{ "score": 9 }', headers: { 'x-trace': 'abc' } });
    const { headers, ...request } = server.requests[0]!;
    expect(request).toEqual({
      method: 'PATCH',
      path: `/v2/spans/${ID}`,
      body: { score: 9 },
      text: '{ "score": 9 }',
    });
    expect([headers.authorization, headers['x-trace']]).toEqual([`Bearer ${server.key}`, 'abc']);
  });
});

describe('responding', () => {
  it('is chunked and has more than 13 headers, unless terse', async () => {
    await using usual = await start();
    await using terse = await start({ terse: true });
    const [long, short] = [await usual.call('GET'), await terse.call('GET')];
    expect([...long.headers].length).toBeGreaterThan(13);
    expect(long.headers.get('transfer-encoding')).toBe('chunked');
    expect(Object.fromEntries(short.headers)).toEqual({
      connection: 'keep-alive',
      'content-length': String(short.text.length),
      'content-type': 'application/json',
      date: expect.any(String),
      'keep-alive': expect.any(String),
    });
    expect(short.json).toEqual(long.json);
  });

  it('waits for the latency, and counts the requests at the same time', async () => {
    await using server = await start({ latencyMs: 30 });
    await server.call('GET');
    expect(server.mostAtOnce).toBe(1);
    await Promise.all(Array.from({ length: 5 }, () => server.post({ parent_id: ID })));
    await server.call('GET');
    expect([server.mostAtOnce, server.children(ID).length]).toEqual([5, 5]);
  });
});

describe('making', () => {
  it('fills in id, trace and start, and returns the whole span', async () => {
    await using server = await start();
    const { status, json } = await server.post({ input: { question: 1 } });
    const made = { ...BARE, id: UUID, trace_id: UUID, start_time: TIME, name: 'a', input: { question: 1 } };
    expect({ status, json }).toEqual({ status: 200, json: made });
    expect(server.spans()).toEqual([server.span(ID), { ...(json as object), feedback: null }]);
    expect(Object.keys(json as object)).not.toContain('feedback');
  });

  it('stores what is given', async () => {
    await using server = await start();
    const start_time = '2026-04-07T13:33:27+00:00';
    const fields = {
      id: OTHER,
      trace_id: TRACE,
      start_time,
      name: 'b',
      score: 9,
      meta: { a: 1 },
      output: [1],
    };
    expect(await server.post(fields)).toEqual({ status: 200, json: { ...BARE, ...fields } });
  });

  it('puts a child into the trace of its parent, whatever trace is named', async () => {
    await using server = await start({}, { trace_id: TRACE });
    const { json } = await server.post({ id: OTHER, parent_id: ID.toUpperCase(), trace_id: OTHER });
    expect(json).toMatchObject({ parent_id: ID, trace_id: TRACE });
    expect(server.children(ID)).toEqual([server.span(OTHER)]);
  });

  it('rejects an unknown parent', async () => {
    await using server = await start();
    expect(await server.post({ parent_id: OTHER })).toEqual({ status: 404, json: notFound(`Span ${OTHER}`) });
    expect(server.spans().length).toBe(1);
  });

  it.each([
    ['honoured', [200, OTHER, 'first'], ['first']],
    ['replaced', [200, OTHER, 'second'], ['second']],
    ['refused', [409, undefined, undefined], ['first']],
    ['ignored', [200, UUID, 'second'], ['first', 'second']],
  ] as const)('treats an id that is sent twice as %s', async (ids, responded, stored) => {
    await using server = await start({ ids });
    const once = (await server.post({ id: OTHER, name: 'first' })).json as { id: string };
    expect(once.id === OTHER).toBe(ids !== 'ignored');
    const { status, json } = await server.post({ id: OTHER.toUpperCase(), name: 'second' });
    const { id, name } = json as { id?: string; name?: string };
    expect([status, id, name]).toEqual(responded);
    const [, ...made] = server.spans().map((each) => each.name);
    expect(made).toEqual(stored);
  });

  it('hides a new span from the first GETs with visibleAfter', async () => {
    await using server = await start({ visibleAfter: 2 });
    await server.post({ id: OTHER });
    const path = `/spans/${OTHER}`;
    expect((await server.ask('PATCH', { score: 1 }, path)).status).toBe(200);
    const statuses = [];
    for (let count = 0; count < 4; count++) statuses.push((await server.ask('GET', undefined, path)).status);
    expect(statuses).toEqual([404, 404, 200, 200]);
  });
});

describe('updating', () => {
  it('stores the named fields, leaves the others alone, and does not show the feedback', async () => {
    await using server = await start({}, { input: 'hello', score: 3 });
    const response = await server.ask('PATCH', { output: 'bye', score: 9, trace_id: TRACE });
    const expected = { ...BARE, input: 'hello', output: 'bye', score: 9 };
    expect(response).toEqual({ status: 200, json: expected });
    expect(server.span(ID)).toEqual({ ...expected, feedback: null });
  });

  it('keeps the digits of every number in meta, and a score as an integer', async () => {
    await using server = await start();
    const meta = '{"a":1.0,"b":-0,"c":12345678901234567890,"d":0.12345678901234567890}';
    const { text } = await server.call('PATCH', { text: `{"score":9.0,"meta":${meta}}` });
    expect(text).toContain(meta);
    expect(text).toContain('"score":9,');
    expect((await server.call('GET')).text).toContain(meta);
  });

  it.each([
    ['2026-04-07T13:33:27Z', '2026-04-07T13:33:27+00:00'],
    ['2026-04-07T13:33:27.179710Z', '2026-04-07T13:33:27.179710+00:00'],
    ['2026-04-07T13:33:27.5Z', '2026-04-07T13:33:27.500000+00:00'],
    ['2026-04-07T13:33:27.000Z', '2026-04-07T13:33:27+00:00'],
    ['2026-04-07T23:33:27.1234567-05:30', '2026-04-08T05:03:27.123456+00:00'],
  ])('writes the time %s as %s', async (sent, stored) => {
    await using server = await start();
    await server.ask('PATCH', { end_time: sent });
    expect(server.span(ID).end_time).toBe(stored);
  });

  it.each([
    ['replace', { b: 3, c: 4 }],
    ['merge', { a: 1, b: 3, c: 4 }],
  ] as const)('%ss meta', async (meta, stored) => {
    await using server = await start({ meta }, { meta: { a: 1, b: 2 } });
    await server.ask('PATCH', { meta: { b: 3, c: 4 } });
    expect(server.span(ID).meta).toEqual(stored);
  });

  it.each([
    ['clear', { ...BARE, feedback: null }],
    ['ignore', { ...BARE, score: 3, meta: { a: 1 }, feedback: null }],
  ] as const)('treats null as: %s', async (nulls, stored) => {
    await using server = await start({ nulls, meta: 'merge' }, { score: 3, meta: { a: 1 } });
    await server.ask('PATCH', { score: null, meta: null, name: null });
    expect(server.span(ID)).toEqual(stored);
  });
});

describe('metrics', () => {
  const METRICS = `/spans/${ID}/metrics`;
  const metric = (fields: object) => ({ comment: null, id: UUID, span_id: ID, created_at: TIME, ...fields });

  it('are created, read, changed and deleted', async () => {
    await using server = await start();
    const created = await server.ask(
      'POST',
      { dimension: 'accuracy', value: 0.92, comment: '200 cases' },
      METRICS,
    );
    expect(created).toEqual({
      status: 200,
      json: metric({ dimension: 'accuracy', value: 0.92, comment: '200 cases' }),
    });
    const { id } = created.json as { id: string };
    const path = `${METRICS}/${id}`;
    expect(await server.ask('GET', undefined, path)).toEqual(created);
    const changed = { status: 200, json: { ...(created.json as object), value: 340.5 } };
    expect(await server.ask('PATCH', { value: 340.5 }, path)).toEqual(changed);
    expect(server.metrics(ID)).toEqual([changed.json]);
    expect((await server.ask('PATCH', { dimension: 'latency', comment: null }, path)).json).toEqual(
      metric({ dimension: 'latency', value: 340.5 }),
    );
    expect(await server.ask('DELETE', undefined, path)).toEqual({ status: 204, json: undefined });
    expect(await server.ask('DELETE', undefined, path)).toMatchObject({ status: 404 });
    expect(server.metrics(ID)).toEqual([]);
  });

  it('are listed in pages, for one span', async () => {
    await using server = await start();
    server.createMetric(server.create({ name: 'b' }).id, { dimension: 'other', value: 1 });
    for (let value = 0; value < 130; value++) server.createMetric(ID, { dimension: `d${value}`, value });
    const page = async (query: string) => {
      const { json } = await server.ask('GET', undefined, METRICS + query);
      const { meta, data } = json as { meta: object; data: { value: number }[] };
      return [meta, data.length, data[0]?.value];
    };
    const meta = { total_count: 130 };
    expect(await page('')).toEqual([meta, 100, 0]);
    expect(await page('?offset=100&limit=100')).toEqual([meta, 30, 100]);
    expect(await page('?offset=3&limit=1')).toEqual([meta, 1, 3]);
    expect(await page('?offset=130')).toEqual([meta, 0, undefined]);
  });

  it.each([
    [undefined, 409, [1]],
    ['refused', 409, [1]],
    ['repeated', 200, [1, 2]],
  ] as const)('of one dimension are %s', async (metrics, status, values) => {
    await using server = await start(metrics === undefined ? {} : { metrics });
    server.createMetric(ID, { dimension: 'accuracy', value: 1 });
    const again = await server.ask('POST', { dimension: 'accuracy', value: 2 }, METRICS);
    expect(again.status).toBe(status);
    expect(server.metrics(ID).map(({ value }) => value)).toEqual(values);
  });

  it.each([
    ['POST', METRICS, { dimension: 'a' }, 'body.value'],
    ['POST', METRICS, { value: '1', dimension: 2 }, 'body.dimension, body.value'],
    ['GET', `${METRICS}?limit=101&offset=-1`, undefined, 'query.offset, query.limit'],
    ['PATCH', `${METRICS}/7`, {}, 'path.metric_id'],
  ])('reject %s %s %j', async (method, path, body, wrong) => {
    await using server = await start();
    const { status, json } = await server.ask(method, body, path);
    const { detail } = json as { detail: { loc: string[] }[] };
    expect([status, detail.map(({ loc }) => loc.join('.')).join(', ')]).toEqual([422, wrong]);
  });

  it('store values as doubles', async () => {
    await using server = await start();
    await server.call('POST', { path: METRICS, text: '{"dimension":"a","value":1.0}' });
    expect(server.metrics(ID)).toMatchObject([{ value: 1 }]);
  });

  it('belong to their span', async () => {
    await using server = await start();
    server.create({ id: OTHER, name: 'b' });
    const { id } = server.createMetric(OTHER, { dimension: 'a', value: 1 });
    expect(await server.ask('GET', undefined, `${METRICS}/${id}`)).toMatchObject({ status: 404 });
  });

  it.each([
    ['GET', `/spans/${OTHER}/metrics`, `Span ${OTHER}`],
    ['POST', `/spans/${OTHER}/metrics`, `Span ${OTHER}`],
    ['PATCH', `${METRICS}/${OTHER}`, `Metric ${OTHER}`],
  ])('are not found by %s %s', async (method, path, what) => {
    await using server = await start();
    const body = method === 'GET' ? undefined : { dimension: 'a', value: 1 };
    expect(await server.ask(method, body, path)).toEqual({ status: 404, json: notFound(what) });
  });
});

function notFound(what: string) {
  return { type: 'NotFoundError', message: 'The resource was not found', detail: `${what} not found` };
}

describe('rejecting', () => {
  const invalid = (loc: string[], type: string, msg: string, input: unknown) => ({
    type: 'RequestValidationError',
    message: 'The request is invalid',
    detail: [{ input, loc, msg, type }],
  });
  const DICTIONARY = 'Input should be a valid dictionary or object to extract fields from';
  const UNAUTHORIZED = {
    type: 'UnauthorizedError',
    message: 'The request is unauthorized',
    detail: 'The API key is invalid',
  };
  const DAY = '2026-02-30T00:00:00Z';

  // biome-ignore format: a table
  it.each<[string, string, CallInit, number, unknown]>([
    ['another key', 'GET', { headers: { authorization: 'Bearer op-x' } }, 401, UNAUTHORIZED],
    ['a key without Bearer', 'GET', { headers: { authorization: 'op-test-0123456789abcdef' } }, 401, UNAUTHORIZED],
    ['an id that is not a UUID', 'GET', { path: '/spans/7' }, 422, invalid(['path', 'span_id'], 'uuid_parsing', 'Input should be a valid UUID', '7')],
    ['an unknown span', 'PATCH', { path: `/spans/${TRACE}`, body: {} }, 404, notFound(`Span ${TRACE}`)],
    ['broken JSON', 'PATCH', { text: '{"a":' }, 422, invalid(['body'], 'json_invalid', 'JSON decode error', '{"a":')],
    ['an array', 'PATCH', { body: [1] }, 422, invalid(['body'], 'model_attributes_type', DICTIONARY, [1])],
    ['another content type', 'PATCH', { body: {}, headers: { 'content-type': 'text/plain' } }, 422, invalid(['body'], 'model_attributes_type', DICTIONARY, {})],
    ['a fractional score', 'PATCH', { body: { score: 0.5 } }, 422, invalid(['body', 'score'], 'int_type', 'Input should be a valid integer', 0.5)],
    ['a span without a name', 'POST', { path: '/spans', body: { score: 1 } }, 422, invalid(['body', 'name'], 'missing', 'Field required', { score: 1 })],
    ['a date that does not exist', 'PATCH', { body: { end_time: DAY } }, 422, invalid(['body', 'end_time'], 'datetime_from_date_parsing', 'Input should be a valid datetime or date', DAY)],
    ['an unknown path', 'GET', { path: '/functions' }, 404, { detail: 'Not Found' }],
    ['a path that is too long', 'GET', { path: `/spans/${ID}/metrics/${ID}/x` }, 404, { detail: 'Not Found' }],
    ['another method', 'DELETE', {}, 405, { detail: 'Method Not Allowed' }],
  ])('%s', async (_, method, init, status, json) => {
    await using server = await start();
    const response = await server.call(method, init);
    expect({ status: response.status, json: response.json }).toEqual({ status, json });
    expect(server.spans()).toEqual([{ ...BARE, feedback: null }]);
  });

  it('names every wrong field at once', async () => {
    await using server = await start();
    const { json } = await server.ask('PATCH', { name: 1, input: {}, output: [], meta: [], error: true });
    const { detail } = json as { detail: { loc: string[] }[] };
    const fields = ['body.name', 'body.input', 'body.output', 'body.error', 'body.meta'];
    expect(detail.map(({ loc }) => loc.join('.'))).toEqual(fields);
  });

  it('does not let a test store an invalid value', async () => {
    await using server = await start();
    expect(() => server.create({ name: 'a', score: 0.5 })).toThrow('score');
    expect(() => server.createMetric(ID, { dimension: 'a', value: '1' as unknown as number })).toThrow(
      'value',
    );
  });
});

describe('faults', () => {
  async function withFault(rule: FaultRule, init: CallInit & { method?: string } = {}) {
    const server = await start();
    server.faults.push(rule);
    const outcome = await server.call(init.method ?? 'GET', init).catch(causeOf);
    const header = (name: string) => (typeof outcome === 'string' ? null : outcome.headers.get(name));
    return { server, outcome, header, [Symbol.asyncDispose]: () => server.close() };
  }

  /** The code or name of the innermost cause. */
  function causeOf(error: unknown): string {
    const { cause, code, name } = error as { cause?: unknown; code?: string; name: string };
    return cause === undefined ? (typeof code === 'string' ? code : name) : causeOf(cause);
  }

  it('apply to the first matching requests, as often as their rules say, in the order of the rules', async () => {
    await using server = await start();
    server.faults.push(
      { on: 'PATCH', times: 2, fault: faults.status(503) },
      { on: '*', fault: faults.status(429) },
      { on: 'PATCH', times: Number.POSITIVE_INFINITY, fault: faults.status(500) },
    );
    const statuses = [];
    for (const method of ['GET', 'GET', 'PATCH', 'PATCH', 'PATCH', 'PATCH']) {
      statuses.push((await server.call(method, method === 'GET' ? {} : { body: { score: 9 } })).status);
    }
    expect(statuses).toEqual([429, 200, 503, 503, 500, 500]);
    expect(server.span(ID).score).toBeNull();
  });

  it('apply only to the requests that their rule selects', async () => {
    await using server = await start();
    server.faults.push({
      on: 'POST',
      when: ({ path }) => path.endsWith('/metrics'),
      fault: faults.status(500),
    });
    const metrics = `/spans/${ID}/metrics`;
    const statuses = [await server.ask('GET', undefined, metrics), await server.post({})];
    for (let count = 0; count < 2; count++) {
      statuses.push(await server.ask('POST', { dimension: 'a', value: 1 }, metrics));
    }
    expect(statuses.map(({ status }) => status)).toEqual([200, 200, 500, 200]);
  });

  it('return a status with Retry-After and a body', async () => {
    await using run = await withFault({ fault: faults.status(429, { retryAfter: '7', body: 'slow down' }) });
    expect(run.outcome).toMatchObject({ status: 429, text: 'slow down' });
    expect(run.header('retry-after')).toBe('7');
  });

  it('delay the true response', async () => {
    const sent = performance.now();
    await using run = await withFault({ fault: faults.delay(150) });
    expect(run.outcome).toMatchObject({ status: 200, json: BARE });
    expect(performance.now() - sent).toBeGreaterThan(145);
  });

  describe.each(['before headers', 'in headers', 'after headers', 'in body'] as const)('%s', (point) => {
    it.each([
      ['stall', faults.stall(point), 'TimeoutError'],
      ['reset', faults.reset(point), 'ECONNRESET'],
      ['hang up', faults.hangUp(point), 'UND_ERR_SOCKET'],
    ])('%s', async (name, fault, outcome) => {
      await using run = await withFault({ fault }, name === 'stall' ? { timeoutMs: 150 } : {});
      expect(run.outcome).toBe(outcome);
    });
  });

  it('break off at the given point', async () => {
    await using server = await start({ omitNulls: true });
    const head = 'HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 70\r\n\r\n';
    const arrived: Record<string, string> = {};
    for (const point of ['before headers', 'in headers', 'after headers', 'in body'] as const) {
      server.faults.push({ fault: faults.hangUp(point) });
      const socket = connect(Number(new URL(server.baseUrl).port), '127.0.0.1');
      const authorization = `Authorization: Bearer ${server.key}`;
      socket.write(`GET /v2/spans/${ID} HTTP/1.1\r\nHost: 127.0.0.1\r\n${authorization}\r\n\r\n`);
      arrived[point] = await text(socket);
    }
    expect(arrived).toEqual({
      'before headers': '',
      'in headers': head.slice(0, head.length / 2),
      'after headers': head,
      'in body': `${head}{"id":"3c90c3cc-0d44-4b50-8888-8dd2`,
    });
  });

  it('make the API handle a request once, however often they call it', async () => {
    const responses: unknown[] = [];
    await using server = await start();
    server.faults.push({
      fault(exchange) {
        responses.push(exchange.handle(), exchange.handle());
        exchange.send(exchange.handle());
      },
    });
    await server.post({});
    expect(responses[0]).toBe(responses[1]);
    expect(server.spans().length).toBe(2);
  });

  it.each([
    ['apply a PATCH and lose its response', faults.applied(faults.reset('before headers')), 9],
    ['do not apply a PATCH that was reset before its response', faults.reset('before headers'), null],
  ])('%s', async (_, fault, score) => {
    await using run = await withFault({ on: 'PATCH', fault }, { method: 'PATCH', body: { score: 9 } });
    expect([run.outcome, run.server.span(ID).score]).toEqual(['ECONNRESET', score]);
  });

  it('send bytes that are not HTTP', async () => {
    await using run = await withFault({ fault: faults.raw('220 mail.example ESMTP\r\n') });
    expect(run.outcome).toBe('HTTPParserError');
  });

  it('send a web page with 200', async () => {
    await using run = await withFault({ fault: faults.html() });
    expect(run.outcome).toMatchObject({ status: 200, text: expect.stringMatching(/^<!doctype html>/) });
  });

  it('send half of the JSON in a valid response', async () => {
    await using run = await withFault({ fault: faults.truncatedJson() });
    const whole = JSON.stringify({ ...BARE, feedback: null });
    expect(run.outcome).toMatchObject({ status: 200, text: whole.slice(0, whole.length / 2) });
  });

  it('overwrite fields of the true response', async () => {
    await using run = await withFault({ fault: faults.span({ id: TRACE, score: 'nine' }) });
    expect(run.outcome).toMatchObject({
      status: 200,
      json: { ...BARE, id: TRACE, score: 'nine', feedback: null },
    });
  });

  it.each([200, 204])('send an empty %i', async (code) => {
    await using run = await withFault({ fault: faults.empty(code) });
    expect(run.outcome).toMatchObject({ status: code, text: '' });
  });

  it('redirect, and echo the key in target, header and body', async () => {
    await using target = await withFault({
      fault: faults.redirect(({ request }) => `https://evil.example/?${request.headers.authorization}`),
    });
    expect(target.header('location')).toBe('https://evil.example/?Bearer op-test-0123456789abcdef');

    await using echo = await withFault({
      fault: faults.reply(({ request: { headers } }) => ({
        status: 400,
        headers: { 'x-key': headers.authorization ?? '' },
        body: { detail: headers.authorization },
      })),
    });
    expect(echo.header('x-key')).toBe('Bearer op-test-0123456789abcdef');
    expect(echo.outcome).toMatchObject({ status: 400, json: { detail: 'Bearer op-test-0123456789abcdef' } });
  });

  it('stream a response of any size', async () => {
    await using run = await withFault({ fault: faults.huge(8 * 1024 * 1024) });
    const { json } = run.outcome as { json: { name: string } };
    expect(json.name.length).toBe(8 * 1024 * 1024);
  });

  it('send a gzip bomb, a thousandth of its size on the wire', async () => {
    await using server = await start();
    server.faults.push({ times: 2, fault: faults.gzipBomb(16 * 1024 * 1024) });
    const { json } = await server.call('GET');
    expect((json as { name: string }).name.length).toBe(16 * 1024 * 1024);
    const onTheWire = await new Promise<number>((resolve, reject) => {
      httpGet(`${server.baseUrl}/spans/${ID}`, (response) => {
        let bytes = 0;
        response.on('data', (chunk: Buffer) => {
          bytes += chunk.length;
        });
        response.once('end', () => resolve(bytes));
      }).once('error', reject);
    });
    expect(onTheWire).toBeLessThan(20_000);
  });

  it('send one byte at a time', async () => {
    await using slow = await withFault({ fault: faults.trickle(50) }, { timeoutMs: 200 });
    expect(slow.outcome).toBe('TimeoutError');
    await using quick = await withFault({ fault: faults.trickle(0) });
    expect(quick.outcome).toMatchObject({ status: 200, json: BARE });
  });
});

it('closes while requests hang', async () => {
  const server = await start();
  server.faults.push({ fault: faults.stall('before headers') });
  const hanging = server.call('GET').catch(() => 'gone');
  while (server.requests.length === 0) await new Promise(setImmediate);
  await server.close();
  expect(await hanging).toBe('gone');
  await server.close();
});

it('speaks TLS', async () => {
  const [key, cert] = ['key', 'cert'].map((name) =>
    readFileSync(new URL(`./loopback-${name}.pem`, import.meta.url), 'utf8'),
  ) as [string, string];
  await using server = await startSpanServer({ tls: { key, cert } });
  server.create({ id: ID, name: 'Answer a ticket' });
  expect(server.baseUrl).toMatch(/^https:\/\/127\.0\.0\.1:\d+\/v2$/);
  const headers = { authorization: `Bearer ${server.key}` };
  const status = await new Promise((resolve, reject) => {
    const request = httpsRequest(`${server.baseUrl}/spans/${ID}`, { ca: cert, headers }, (response) =>
      resolve(response.resume().statusCode),
    );
    request.once('error', reject).end();
  });
  expect(status).toBe(200);
});
