import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { describe, expect, it } from 'vitest';
import * as faults from './faults.ts';
import { type SpanServerOptions, startSpanServer } from './span-server.ts';
import { BLANK_SPAN } from './span-store.ts';

// What the official SDK shows of the server is in test/api/sdk.test.ts. These are the options and faults that other tests rely on.

const ID = '3c90c3cc-0d44-4b50-8888-8dd25736052a';
const OTHER = '5e8b7a3e-2b6f-4a53-9a4f-1c2d3e4f5a6b';
const BARE = { ...BLANK_SPAN, id: ID, name: 'Answer a ticket' };

/** A server with one span, and a client that sends any request, by default about the span. */
async function start(options?: SpanServerOptions, fields: object = {}) {
  const server = await startSpanServer(options);
  server.create({ id: ID, name: 'Answer a ticket', ...fields });
  async function ask(method: string, body?: unknown, path = `/spans/${ID}`) {
    const response = await fetch(`${server.baseUrl}${path}`, {
      method,
      headers: { authorization: `Bearer ${server.key}`, 'content-type': 'application/json' },
      body: body === undefined ? null : typeof body === 'string' ? body : JSON.stringify(body),
    });
    const text = await response.text();
    return { status: response.status, text, json: text.startsWith('{') ? JSON.parse(text) : undefined };
  }
  return Object.assign(server, {
    ask,
    post: (body: object) => ask('POST', { name: 'a', ...body }, '/spans'),
  });
}

describe('an option', () => {
  it('leaves out null fields with omitNulls, and wraps a span in data with wrap', async () => {
    await using server = await start({ omitNulls: true, wrap: true }, { score: 0 });
    expect((await server.ask('GET')).json).toEqual({ data: { id: ID, name: 'Answer a ticket', score: 0 } });
  });

  it.each([
    ['honoured', [200, OTHER, 'first'], ['first']],
    ['replaced', [200, OTHER, 'second'], ['second']],
    ['refused', [409, undefined, undefined], ['first']],
    ['ignored', [200, expect.any(String), 'second'], ['first', 'second']],
  ] as const)('treats an id that is sent twice as %s', async (ids, responded, stored) => {
    await using server = await start({ ids });
    const { json: once } = await server.post({ id: OTHER, name: 'first' });
    expect(once.id === OTHER).toBe(ids !== 'ignored');
    const { status, json } = await server.post({ id: OTHER.toUpperCase(), name: 'second' });
    expect([status, json.id, json.name]).toEqual(responded);
    const [, ...created] = server.spans().map((each) => each.name);
    expect(created).toEqual(stored);
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

  it.each([
    ['replace', { b: 3, c: 4 }],
    ['merge', { a: 1, b: 3, c: 4 }],
  ] as const)('%ss meta', async (meta, stored) => {
    await using server = await start({ meta }, { meta: { a: 1, b: 2 } });
    await server.ask('PATCH', { meta: { b: 3, c: 4 } });
    expect(server.span(ID).meta).toEqual(stored);
  });

  it.each([
    ['clear', BARE],
    ['ignore', { ...BARE, score: 3, meta: { a: 1 } }],
  ] as const)('treats null as: %s', async (nulls, stored) => {
    await using server = await start({ nulls, meta: 'merge' }, { score: 3, meta: { a: 1 } });
    await server.ask('PATCH', { score: null, meta: null, name: null });
    expect(server.span(ID)).toEqual(stored);
  });

  it.each([
    ['refused', 409, [1]],
    ['repeated', 200, [1, 2]],
  ] as const)('lets a second metric of a dimension be %s', async (metrics, status, values) => {
    await using server = await start({ metrics });
    server.createMetric(ID, { dimension: 'accuracy', value: 1 });
    const again = await server.ask('POST', { dimension: 'accuracy', value: 2 }, `/spans/${ID}/metrics`);
    expect(again.status).toBe(status);
    expect(server.metrics(ID).map(({ value }) => value)).toEqual(values);
  });
});

it('keeps the digits of every number in meta, and writes times as the API does', async () => {
  await using server = await start();
  const meta = '{"a":1.0,"b":-0,"c":12345678901234567890,"d":0.12345678901234567890}';
  await server.ask('PATCH', `{"score":9.0,"end_time":"2026-04-07T23:33:27.5-05:30","meta":${meta}}`);
  const { text, json } = await server.ask('GET');
  expect(text).toContain(meta);
  expect(text).toContain('"score":9,');
  expect(json.end_time).toBe('2026-04-08T05:03:27.500000+00:00');
});

it.each<[string, string, unknown, string?]>([
  ['a fractional score', 'PATCH', { score: 0.5 }],
  ['a date that does not exist', 'PATCH', { end_time: '2026-02-30T00:00:00Z' }],
  ['broken JSON', 'PATCH', '{"a":'],
  ['a span without a name', 'POST', { score: 1 }, '/spans'],
])('rejects %s with 422', async (_, method, body, path) => {
  await using server = await start();
  expect((await server.ask(method, body, path)).status).toBe(422);
  expect(server.spans()).toEqual([BARE]);
});

describe('faults', () => {
  it('apply to the first matching requests, as often as their rules say, in the order of the rules', async () => {
    await using server = await start();
    server.faults.push(
      { on: 'PATCH', times: 2, fault: faults.status(503) },
      { on: '*', fault: faults.status(429) },
      { on: 'PATCH', times: Number.POSITIVE_INFINITY, fault: faults.status(500) },
    );
    const statuses = [];
    for (const method of ['GET', 'GET', 'PATCH', 'PATCH', 'PATCH', 'PATCH']) {
      statuses.push((await server.ask(method, method === 'GET' ? undefined : { score: 9 })).status);
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
});
