import { describe, expect, it } from 'vitest';
import * as faults from './faults.ts';
import { type SpanServerOptions, startSpanServer } from './span-server.ts';

// The options for what is not documented of the API, and the faults. test/api/sdk.test.ts tries all else with the official SDK.

const ID = '3c90c3cc-0d44-4b50-8888-8dd25736052a';
const OTHER = '5e8b7a3e-2b6f-4a53-9a4f-1c2d3e4f5a6b';

/** A server with one span, and a client that returns the status and JSON of a response, by default about the span. */
async function start(options?: SpanServerOptions, fields: object = {}) {
  const server = await startSpanServer(options);
  server.create({ id: ID, name: 'Answer a ticket', ...fields });
  const ask = async (method: string, body?: object | string, path = `/spans/${ID}`) => {
    const response = await fetch(`${server.baseUrl}${path}`, {
      method,
      headers: { authorization: `Bearer ${server.key}`, 'content-type': 'application/json' },
      ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
      signal: AbortSignal.timeout(5000),
    });
    // biome-ignore lint/suspicious/noExplicitAny: each test knows its response
    return { status: response.status, json: (await response.json()) as any };
  };
  return Object.assign(server, { ask });
}

describe('the option', () => {
  it.each([
    ['honoured', 200, [OTHER, 'first'], ['first']],
    ['replaced', 200, [OTHER, 'second'], ['second']],
    ['refused', 409, [undefined, undefined], ['first']],
    ['ignored', 200, [expect.not.stringMatching(OTHER), 'second'], ['first', 'second']],
  ] as const)('ids: %s decides what a second POST of an id does', async (ids, status, answer, stored) => {
    await using server = await start({ ids });
    const { json: first } = await server.ask('POST', { id: OTHER, name: 'first' }, '/spans');
    expect(first.id === OTHER).toBe(ids !== 'ignored');
    const again = await server.ask('POST', { id: OTHER.toUpperCase(), name: 'second' }, '/spans');
    expect([again.status, again.json.id, again.json.name]).toEqual([status, ...answer]);
    const [, ...created] = server.spans().map(({ name }) => name);
    expect(created).toEqual(stored);
  });

  it('visibleAfter hides a new span from the first GETs, but not from a PATCH', async () => {
    await using server = await start({ visibleAfter: 2 });
    await server.ask('POST', { id: OTHER, name: 'new' }, '/spans');
    const statuses = [];
    for (const method of ['PATCH', 'GET', 'GET', 'GET']) {
      const body = method === 'PATCH' ? { score: 1 } : undefined;
      statuses.push((await server.ask(method, body, `/spans/${OTHER}`)).status);
    }
    expect(statuses).toEqual([200, 404, 404, 200]);
  });

  it.each([
    [{}, { score: null, meta: { b: 3 } }],
    [{ meta: 'merge' }, { score: null, meta: { a: 1, b: 3 } }],
    [{ nulls: 'ignore' }, { score: 3, meta: { b: 3 } }],
  ] as const)('%j decides what a PATCH does to meta and with null', async (options, stored) => {
    await using server = await start(options, { score: 3, meta: { a: 1 } });
    await server.ask('PATCH', { score: null, name: null, meta: { b: 3 } });
    expect(server.span(ID)).toMatchObject({ ...stored, name: 'Answer a ticket' });
    expect(server.span(ID).meta).toEqual(stored.meta);
  });

  it.each([
    ['refused', 409, [1]],
    ['repeated', 200, [1, 2]],
  ] as const)(
    'metrics: %s decides what a second POST of a dimension does',
    async (metrics, status, values) => {
      await using server = await start({ metrics });
      server.createMetric(ID, { dimension: 'accuracy', value: 1 });
      const again = await server.ask('POST', { dimension: 'accuracy', value: 2 }, `/spans/${ID}/metrics`);
      expect([again.status, server.metrics(ID).map(({ value }) => value)]).toEqual([status, values]);
    },
  );

  it('omitNulls leaves null fields out, and wrap puts what is left into data', async () => {
    await using server = await start({ omitNulls: true, wrap: true }, { score: 0 });
    const { json } = await server.ask('GET');
    expect(json).toEqual({ data: { id: ID, name: 'Answer a ticket', score: 0 } });
    expect(await server.ask('GET', undefined, `/spans/${OTHER}`)).toMatchObject({
      json: { type: 'NotFoundError', detail: `Span ${OTHER} not found` },
    });
  });
});

it('what is sent is stored with its own digits, times in UTC to the microsecond', async () => {
  await using server = await start();
  const meta = '{"a":1.0,"b":-0,"c":12345678901234567890}';
  await server.ask('PATCH', `{"meta":${meta},"end_time":"2026-04-07T23:33:27.1234567-05:30"}`);
  expect(server.requests.at(-1)?.text).toContain(meta);
  expect(JSON.stringify(server.span(ID).meta)).toBe(meta);
  expect(server.span(ID).end_time).toBe('2026-04-08T05:03:27.123456+00:00');
});

it('every wrong field is named at once, and a test cannot store one', async () => {
  await using server = await start();
  const wrong = { name: 1, input: {}, error: true, meta: [], score: 0.5, end_time: '2026-02-30T00:00:00Z' };
  const { status, json } = await server.ask('PATCH', wrong);
  const fields = json.detail.map(({ loc: [, field] }: { loc: string[] }) => field);
  expect([status, fields.sort()]).toEqual([422, Object.keys(wrong).sort()]);
  expect(() => server.create({ name: 'a', score: 0.5 })).toThrow('score');
});

describe('faults', () => {
  it('apply to the requests that their rules select, as often as they say, in the order of the rules', async () => {
    await using server = await start();
    server.faults.push(
      { on: 'PATCH', times: 2, when: ({ text }) => text !== '{}', fault: faults.status(503) },
      { on: '*', fault: faults.applied(faults.status(429)) },
      { on: 'PATCH', times: Number.POSITIVE_INFINITY, fault: faults.status(500) },
    );
    const bodies = ['{"score":1}', '{}', '{"score":2}', '{"score":3}'];
    const statuses = [];
    for (const body of bodies) statuses.push((await server.ask('PATCH', body)).status);
    statuses.push((await server.ask('GET')).status);
    expect({ statuses, score: server.span(ID).score }).toEqual({
      statuses: [503, 429, 503, 500, 200],
      score: null,
    });
  });

  describe.each(['before headers', 'in headers', 'after headers', 'in body'] as const)('%s', (point) => {
    it.each([
      ['reset', faults.reset(point)],
      ['hang up', faults.hangUp(point)],
    ])('%s: the connection ends, and only a request that was answered took effect', async (_, fault) => {
      await using server = await start();
      server.faults.push({ fault });
      await expect(server.ask('PATCH', { score: 9 })).rejects.toThrow();
      expect(server.span(ID).score).toBe(point === 'before headers' ? null : 9);
    });
  });
});

it('a server closes while requests hang', async () => {
  const server = await start();
  server.faults.push({ fault: faults.stall('before headers') });
  const hanging = server.ask('GET').catch(() => 'gone');
  while (server.requests.length === 0) await new Promise(setImmediate);
  await server.close();
  expect(await hanging).toBe('gone');
});
