import { describe, expect, it, onTestFinished } from 'vitest';
import type { ClientOptions } from '../../src/api/client.ts';
import { type NewMetric, newestOf } from '../../src/api/metric.ts';
import { recordMetrics } from '../../src/api/record-metrics.ts';
import { clientOf, linesOf, methodsOf } from '../harness/client.ts';
import * as faults from '../harness/faults.ts';
import {
  apiError,
  type SpanServer,
  type SpanServerOptions,
  startSpanServer,
} from '../harness/span-server.ts';

const ID = '3c90c3cc-0d44-4b50-8888-8dd25736052a';
const EVER = Number.POSITIVE_INFINITY;
const WANTED: readonly NewMetric[] = [
  { dimension: 'pass_rate', value: 0.925 },
  { dimension: 'cost', value: 340.5, comment: 'in cents' },
];

async function start(options: SpanServerOptions = {}, overrides: Partial<ClientOptions> = {}) {
  const server = await startSpanServer(options);
  onTestFinished(() => server.close());
  server.create({ id: ID, name: 'Answer a ticket' });
  const { client } = clientOf(server, overrides);
  return { server, client, record: (wanted = WANTED) => recordMetrics(client, ID, wanted) };
}

const metricsNamed = (...names: string[]): NewMetric[] =>
  names.map((dimension, index) => ({ dimension, value: index + 0.5 }));
/** A, B, and so on: more than are begun at once. */
const EIGHT = metricsNamed(...'ABCDEFGH');

/** The methods of all requests, which may arrive in any order. */
const sortedMethodsOf = (server: SpanServer) => methodsOf(server).split(' ').sort().join(' ');

/** By name, since they may be created in any order. */
const metricsOf = (server: SpanServer) =>
  server
    .metrics(ID)
    .map(({ dimension, value, comment }) => [dimension, value, comment])
    .sort(([a], [b]) => `${a}`.localeCompare(`${b}`));
const STORED = [
  ['cost', 340.5, 'in cents'],
  ['pass_rate', 0.925, null],
];

describe('metrics', () => {
  it('that the span lacks are created', async () => {
    const { server, record } = await start();
    expect(await record()).toEqual({ stored: { pass_rate: 0.925, cost: 340.5 }, failures: [] });
    expect(metricsOf(server)).toEqual(STORED);
    expect(linesOf(server)).toEqual([
      `GET /v2/spans/${ID}/metrics?offset=0&limit=100`,
      `POST /v2/spans/${ID}/metrics`,
      `POST /v2/spans/${ID}/metrics`,
    ]);
  });

  it.each(['refused', 'repeated'] as const)(
    'recorded twice are not repeated, if a second POST is %s',
    async (metrics) => {
      const { server, record } = await start({ metrics });
      const first = await record();
      const before = server.metrics(ID);
      server.requests.length = 0;
      expect(await record()).toEqual(first);
      expect(server.metrics(ID)).toEqual(before);
      expect(methodsOf(server)).toBe('GET');
    },
  );

  it('that differ are changed, and no others', async () => {
    const { server, record } = await start();
    server.createMetric(ID, { dimension: 'pass_rate', value: 0.9, comment: 'by hand' });
    server.createMetric(ID, { dimension: 'cost', value: 340.5, comment: 'in euros' });
    server.createMetric(ID, { dimension: 'latency', value: 7 });
    expect(await record()).toEqual({ stored: { pass_rate: 0.925, cost: 340.5 }, failures: [] });
    expect(metricsOf(server)).toEqual([
      ['cost', 340.5, 'in cents'],
      ['latency', 7, null],
      ['pass_rate', 0.925, 'by hand'],
    ]);
    expect(server.requests.map(({ method, text }) => `${method} ${text}`.trim()).sort()).toEqual([
      'GET',
      'PATCH {"value":0.925}',
      'PATCH {"value":340.5,"comment":"in cents"}',
    ]);
  });

  it('on the third page of a list are found', async () => {
    const { server, record } = await start({ metrics: 'repeated' });
    for (let index = 0; index < 250; index++) {
      server.createMetric(ID, { dimension: `other ${index}`, value: index });
    }
    for (const metric of WANTED) server.createMetric(ID, metric);
    expect((await record()).failures).toEqual([]);
    expect(linesOf(server)).toEqual(
      [0, 100, 200].map((offset) => `GET /v2/spans/${ID}/metrics?offset=${offset}&limit=100`),
    );
  });

  it('in a list with fewer entries than it claims are read to its end', async () => {
    const { server, record } = await start();
    const list = { meta: { total_count: 1000 }, data: [{ id: 'a', ...WANTED[0] }] };
    server.faults.push({ on: 'GET', times: EVER, fault: faults.reply({ status: 200, body: list }) });
    expect((await record(WANTED.slice(0, 1))).stored).toEqual({ pass_rate: 0.925 });
    expect(methodsOf(server)).toBe('GET GET');
  });

  it('that another job creates meanwhile are listed again after a 409, and changed', async () => {
    const { server, record } = await start();
    server.faults.push({
      on: 'POST',
      fault({ send }) {
        server.createMetric(ID, { dimension: 'pass_rate', value: 0.5 });
        send(apiError(409, 'exists'));
      },
    });
    expect(await record()).toEqual({ stored: { pass_rate: 0.925, cost: 340.5 }, failures: [] });
    expect(metricsOf(server)).toEqual(STORED);
    expect(sortedMethodsOf(server)).toBe('GET GET PATCH POST POST');
  });

  it.each(['refused', 'repeated'] as const)(
    'whose POST got no response exist once, if a second POST is %s',
    async (metrics) => {
      const { server, record } = await start({ metrics });
      server.faults.push({ on: 'POST', fault: faults.applied(faults.reset('before headers')) });
      expect((await record()).failures).toEqual([]);
      expect(metricsOf(server)).toEqual(STORED);
      expect(sortedMethodsOf(server)).toBe('GET GET POST POST');
    },
  );

  it('are recorded four at a time, and come back in the given order', async () => {
    const { server, record } = await start({ latencyMs: 5 });
    const { stored, failures } = await record(EIGHT);
    expect(Object.entries(stored)).toEqual(EIGHT.map(({ dimension, value }) => [dimension, value]));
    expect({ failures, mostAtOnce: server.mostAtOnce }).toEqual({ failures: [], mostAtOnce: 4 });
  });

  it.each([
    [429, 'all wait', 4],
    [503, 'the others go on', 8],
  ])('after a %d for one of them: %s', async (status, _, most) => {
    const seen: number[] = [];
    const countPosts = () => server.requests.filter(({ method }) => method === 'POST').length;
    const wait = async () => {
      // A wait is over after some other requests, which take their time.
      for (let count = 0; count < 5 || (countPosts() < most && count < 500); count++) {
        await client.listMetrics(ID);
      }
      seen.push(countPosts());
    };
    const { server, record } = await start({}, { wait });
    const { client } = clientOf(server);
    server.faults.push({ on: 'POST', fault: faults.status(status, { retryAfter: '7' }) });
    expect((await record(EIGHT)).failures).toEqual([]);
    expect(seen).toEqual([most]);
  });

  it('are recorded by a server that closes each connection at its second request', async () => {
    const { server, record } = await start();
    server.faults.push({ times: EVER, fault: faults.closeKept() });
    expect((await record(EIGHT)).failures).toEqual([]);
    expect(server.metrics(ID)).toHaveLength(8);
  });

  it('may have any name', async () => {
    const { server, record } = await start();
    const { stored } = await record([{ dimension: '__proto__', value: 1 }]);
    expect(Object.entries(stored)).toEqual([['__proto__', 1]]);
    expect(metricsOf(server)).toEqual([['__proto__', 1, null]]);
  });
});

describe('a dimension that the span has twice', () => {
  const metric = (id: string, created_at?: string | null) => ({
    id,
    dimension: 'cost',
    value: 1,
    ...(created_at !== undefined && { created_at }),
  });

  it.each([
    [['2026-11-20T10:00:00+00:00', '2026-11-20T09:00:00+00:00'], 'a'],
    [['2026-11-20T09:00:00+00:00', '2026-11-20T10:00:00+00:00'], 'b'],
    [['2026-11-20T10:00:00+00:00', '2026-11-20T10:30:00+02:00'], 'a'],
    [['2026-11-20T10:00:00+00:00', null], 'a'],
    [[undefined, undefined], 'b'],
  ])('counts as the newer of two created at %j, else the last: %s', ([a, b], id) => {
    const other = { ...metric('c', '2027-01-01T00:00:00Z'), dimension: 'other' };
    expect(newestOf([metric('a', a), metric('b', b), other]).get('cost')?.id).toBe(id);
  });

  it('is changed only there', async () => {
    const { server, record } = await start({ metrics: 'repeated' });
    server.createMetric(ID, { dimension: 'pass_rate', value: 0.1 });
    server.createMetric(ID, { dimension: 'pass_rate', value: 0.2 });
    expect((await record(WANTED.slice(0, 1))).failures).toEqual([]);
    expect(metricsOf(server)).toEqual([
      ['pass_rate', 0.1, null],
      ['pass_rate', 0.925, null],
    ]);
  });
});

describe('a failure', () => {
  it('of one metric names it, and the others are recorded', async () => {
    const { server, record } = await start();
    server.faults.push({ on: 'POST', fault: faults.status(422) });
    expect(await record()).toEqual({
      stored: { cost: 340.5 },
      failures: [expect.stringMatching(/^pass_rate: not recorded: POST .* 422 .*score: Input should/)],
    });
  });

  it('of one that is too large to send names it, and the others are recorded', async () => {
    const { server, record } = await start();
    const large = { dimension: 'pass_rate', value: 1, comment: 'x'.repeat(33 * 1024 * 1024) };
    expect(await record([large, ...WANTED.slice(1)])).toEqual({
      stored: { cost: 340.5 },
      failures: [expect.stringMatching(/^pass_rate: not recorded: comment: .*32 MiB/)],
    });
    expect(methodsOf(server)).toBe('GET POST');
  });

  it('that would affect the next metric too stops, and names those that were not tried', async () => {
    const { server, record } = await start();
    server.faults.push({ on: 'POST', times: EVER, fault: faults.status(503) });
    const { stored, failures } = await record(EIGHT);
    expect({ stored, failures }).toEqual({
      stored: {},
      failures: [
        ...'ABCD'
          .split('')
          .map((name) =>
            expect.stringMatching(new RegExp(`^${name}: not recorded: POST .* 503 .*tried 4 times`)),
          ),
        'E, F, G, H: not tried after that',
      ],
    });
  });

  it('of a dimension that exists but does not appear stops no other', async () => {
    const { server, record } = await start({}, { retries: 0 });
    const when = ({ text }: { text: string }) => text.includes('"A"');
    server.faults.push({ on: 'POST', times: EVER, when, fault: faults.reply(apiError(409, 'exists')) });
    const { stored, failures } = await record([...EIGHT, ...metricsNamed(...'abcdefghijklmnopqrstuvwxyz')]);
    expect({ stored: Object.keys(stored).join(''), failures }).toEqual({
      stored: 'BCDEFGHabcdefghijklmnopqrstuvwxyz',
      failures: [expect.stringMatching(/^A: not recorded: POST .* 409 /)],
    });
  });

  it('to change a metric leaves the stored one', async () => {
    const { server, record } = await start();
    server.createMetric(ID, { dimension: 'cost', value: 1 });
    server.faults.push({ on: 'PATCH', times: EVER, fault: faults.status(500) });
    expect(await record()).toEqual({
      stored: { pass_rate: 0.925, cost: 1 },
      failures: [expect.stringMatching(/^cost: not recorded: PATCH .* 500 /)],
    });
  });

  it('to list them is reported once, with every name', async () => {
    const { server, record } = await start();
    server.faults.push({ on: 'GET', fault: faults.status(403) });
    expect(await record()).toEqual({
      stored: {},
      failures: [expect.stringMatching(/^pass_rate, cost: not recorded: GET .* 403 /)],
    });
    expect(methodsOf(server)).toBe('GET');
  });

  it('of the action itself is not reported as one of the API', async () => {
    const wait = () => Promise.reject(new TypeError('a bug'));
    for (const on of ['GET', 'POST'] as const) {
      const { server, record } = await start({}, { wait });
      server.faults.push({ on, fault: faults.status(503) });
      await expect(record()).rejects.toThrow('a bug');
    }
  });

  it.each([
    ['an id that is not text', { id: 1 }, 'data.0.id: expected text'],
    ['no dimension', { dimension: null }, 'data.0.dimension: expected text'],
    ['a value that is not a number', { value: '1' }, 'data.0.value: expected a number'],
    ['a comment that is not text', { comment: 1 }, 'data.0.comment: expected text'],
    ['a time that is not text', { created_at: 1 }, 'data.0.created_at: expected text'],
    ['no list', undefined, 'data: expected a list'],
    ['a total that is not a number', undefined, 'meta.total_count: expected a number', { total_count: '1' }],
    ['nothing about the list', undefined, 'meta: expected an object', null],
  ])('is a list with %s', async (_, metric, problem, meta: unknown = { total_count: 1 }) => {
    const { server, record } = await start();
    const body = { meta, data: metric && [{ id: 'a', dimension: 'cost', value: 1, ...metric }] };
    server.faults.push({ on: 'GET', times: EVER, fault: faults.reply({ status: 200, body }) });
    expect(await record()).toEqual({ stored: {}, failures: [expect.stringContaining(problem)] });
  });

  it('is reported for a value that was not stored as sent', async () => {
    const { server, record } = await start();
    server.faults.push({ on: 'POST', fault: faults.span({ value: 0.9 }) });
    expect(await record()).toEqual({
      stored: { pass_rate: 0.9, cost: 340.5 },
      failures: [expect.stringMatching(/^pass_rate: .* 0\.925.* 0\.9$/)],
    });
  });
});
