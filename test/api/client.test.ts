import { once } from 'node:events';
import { createServer } from 'node:net';
import { inspect } from 'node:util';
import { describe, expect, it, onTestFinished } from 'vitest';
import { type Client, type ClientOptions, metricUrl, spanUrl } from '../../src/api/client.ts';
import { InputError } from '../../src/errors.ts';
import { MAX_BYTES } from '../../src/files.ts';
import { apiErrorOf, clientOf, linesOf, methodsOf } from '../harness/client.ts';
import * as faults from '../harness/faults.ts';
import { type Fault, type SpanServerOptions, startSpanServer } from '../harness/span-server.ts';

const ID = '3c90c3cc-0d44-4b50-8888-8dd25736052a';
const OTHER_ID = '00000000-0000-4000-8000-000000000000';
const EVER = Number.POSITIVE_INFINITY;

/** A server with one span, and a client of it. */
async function start(overrides: Partial<ClientOptions> = {}, options: SpanServerOptions = {}) {
  const server = await startSpanServer(options);
  onTestFinished(() => server.close());
  server.create({ id: ID, name: 'Answer a ticket', meta: { a: 1 } });
  return { server, ...clientOf(server, overrides) };
}

const READ = (client: Client) => client.readSpan(ID);
const UPDATE = (client: Client) => client.updateSpan(ID, { score: 9 });
const CREATE = (client: Client) => client.createSpan({ id: OTHER_ID, name: 'x' });
const ONCE = { isTriedOnce: true };

/** The error after one faulty response. The request must not be retried. */
async function errorAfter(fault: Fault, act: (client: Client) => Promise<unknown> = READ) {
  const { server, client } = await start();
  server.faults.push({ times: EVER, fault });
  const error = await apiErrorOf(act(client));
  expect(server.requests).toHaveLength(1);
  return error;
}

describe('a request', () => {
  it('to read a span carries the key, the user agent, and no body', async () => {
    const { server, client, waits, notices } = await start();
    expect(await client.readSpan(ID)).toEqual(server.span(ID));
    const [{ headers, ...request } = expect.fail()] = server.requests;
    expect(request).toEqual({ method: 'GET', path: `/v2/spans/${ID}`, body: undefined, text: '' });
    expect(headers).toMatchObject({
      accept: 'application/json',
      authorization: `Bearer ${server.key}`,
      'user-agent': 'opper-span-action/1.2.3',
    });
    expect(headers).not.toHaveProperty('content-type');
    expect({ traffic: client.traffic, waits, notices }).toEqual({
      traffic: { requests: 1, status: 200 },
      waits: [],
      notices: [],
    });
  });

  it('to update a span carries the patch as JSON, including null and every digit', async () => {
    const { server, client } = await start();
    const meta = { big: JSON.rawJSON('12345678901234567890'), one: JSON.rawJSON('1.0') };
    expect(await client.updateSpan(ID, { score: 9, error: null, meta })).toMatchObject({ score: 9 });
    const [{ method, path, text, headers } = expect.fail()] = server.requests;
    expect({ method, path, text, type: headers['content-type'] }).toEqual({
      method: 'PATCH',
      path: `/v2/spans/${ID}`,
      text: '{"score":9,"error":null,"meta":{"big":12345678901234567890,"one":1.0}}',
      type: 'application/json',
    });
  });

  it('to create a span is a POST of everything given', async () => {
    const { server, client } = await start();
    const parent_id = ID;
    const { span, wasFound } = await client.createSpan({ id: OTHER_ID, name: 'x', parent_id, score: 9 });
    expect({ span, wasFound }).toEqual({
      span: expect.objectContaining({ id: OTHER_ID, name: 'x', parent_id, score: 9 }),
      wasFound: false,
    });
    expect(server.requests.map(({ method, path, text }) => ({ method, path, text }))).toEqual([
      {
        method: 'POST',
        path: '/v2/spans',
        text: `{"id":"${OTHER_ID}","name":"x","parent_id":"${ID}","score":9}`,
      },
    ]);
  });

  it('about metrics has a URL below that of the span', async () => {
    const { server, client } = await start();
    const { metric } = await client.createMetric(ID, { dimension: 'cost', value: 0.25 });
    await client.updateMetric(ID, metric.id, { value: 0.5, comment: 'less' });
    expect([...(await client.listMetrics(ID)).values()]).toEqual([
      { ...metric, value: 0.5, comment: 'less' },
    ]);
    expect(linesOf(server)).toEqual([
      `POST /v2/spans/${ID}/metrics`,
      `PATCH /v2/spans/${ID}/metrics/${metric.id}`,
      `GET /v2/spans/${ID}/metrics?offset=0&limit=100`,
    ]);
  });

  it('has a URL that a dry run can show', () => {
    const base = 'https://api.opper.ai/v2';
    expect([spanUrl(base), spanUrl(base, 'a'), metricUrl(base, 'a'), metricUrl(base, 'a', 'b/c')]).toEqual([
      `${base}/spans`,
      `${base}/spans/a`,
      `${base}/spans/a/metrics`,
      `${base}/spans/a/metrics/b%2Fc`,
    ]);
  });

  it.each(['meta', 'output'] as const)(
    'larger than 32 MiB is not sent, and the error names %s, which is the largest',
    async (field) => {
      const { server, client } = await start();
      const large = 'ä'.repeat(MAX_BYTES / 2);
      const fields = {
        error: 'x',
        ...(field === 'meta' ? { meta: { large } } : { output: large }),
        type: 'x',
      };
      for (const send of [
        () => client.updateSpan(ID, fields),
        () => client.createSpan({ id: OTHER_ID, name: 'x', ...fields }),
      ]) {
        const error: unknown = await send().catch((thrown: unknown) => thrown);
        expect(error).toBeInstanceOf(InputError);
        expect((error as InputError).problems).toEqual([
          { name: field, message: expect.stringMatching(/32\.1 MiB.*32 MiB/) },
        ]);
      }
      expect(server.requests).toEqual([]);
    },
  );

  it('of exactly 32 MiB is sent', async () => {
    const output = 'x'.repeat(MAX_BYTES - '{"output":""}'.length);
    const error = await errorAfter(faults.status(413), (client) => client.updateSpan(ID, { output }));
    expect(error.status).toBe(413);
  });
});

describe('a retry', () => {
  it.each([
    ['GET', READ],
    ['PATCH', UPDATE],
  ])('of a %s waits 0.5 s, doubled each time up to 10 s, with full jitter', async (method, act) => {
    const { server, client, waits } = await start({ retries: 10 });
    server.faults.push({ times: EVER, fault: faults.status(503) });
    expect(await apiErrorOf(act(client))).toMatchObject({ status: 503, attempts: 11, isTransient: true });
    expect(waits).toEqual([250, 500, 1000, 2000, 4000, 5000, 5000, 5000, 5000, 5000]);
    expect(methodsOf(server)).toBe(Array(11).fill(method).join(' '));
    expect(client.traffic).toEqual({ requests: 11, status: 503 });
  });

  it('sends the same body again', async () => {
    const { server, client } = await start();
    server.faults.push({ times: 2, fault: faults.applied(faults.reset('before headers')) });
    expect(await UPDATE(client)).toMatchObject({ score: 9 });
    expect(server.requests.map(({ text }) => text)).toEqual(Array(3).fill('{"score":9}'));
  });

  it('takes a new connection', async () => {
    const { server, client } = await start();
    const ports: unknown[] = [];
    const remember =
      (fault: Fault): Fault =>
      (exchange) => {
        ports.push(exchange.socket.remotePort);
        return fault(exchange);
      };
    const real: Fault = ({ send, handle }) => send(handle());
    server.faults.push(
      { fault: remember(real) },
      { fault: remember(faults.status(503)) },
      { times: 2, fault: remember(real) },
    );
    for (const act of [READ, UPDATE, READ]) await act(client);
    const [first, failed, again, last] = ports;
    expect([first === failed, failed === again, again === last]).toEqual([true, false, true]);
  });

  it.each([
    ['first', 0, 1],
    ['second', 1, 0],
  ])(
    'after a 429 delays all requests until every such wait is over, even if the %s ends first',
    async (_, one, other) => {
      const waits: PromiseWithResolvers<void>[] = [];
      const wait = () => {
        waits.push(Promise.withResolvers<void>());
        return waits.at(-1)?.promise ?? expect.fail();
      };
      const { server, client } = await start({ wait });
      const second = Promise.withResolvers<void>();
      const slow: Fault = async (exchange) => {
        await second.promise;
        exchange.send({ status: 429 });
      };
      server.faults.push({ on: 'GET', fault: faults.status(429) }, { on: 'PATCH', fault: slow });
      const begun: Promise<unknown>[] = [READ(client), UPDATE(client)];
      const free = clientOf(server).client;
      const until = async (isDone: () => boolean) => {
        while (!isDone()) await free.listMetrics(ID);
      };
      await until(() => waits.length === 1);
      begun.push(CREATE(client));
      second.resolve();
      await until(() => waits.length === 2);
      begun.push(CREATE(client));
      waits[one]?.resolve();
      for (let count = 0; count < 5; count++) await free.listMetrics(ID);
      expect(methodsOf(server)).not.toContain('POST');
      waits[other]?.resolve();
      await Promise.all(begun);
      expect(methodsOf(server)).toContain('POST');
    },
  );

  it('is logged in one line: what happened, which attempt comes next, after what wait', async () => {
    const { server, client, notices } = await start({ retries: 2, timeoutMs: 400 });
    server.faults.push(
      { fault: faults.status(429, { retryAfter: '7' }) },
      { fault: faults.stall('in body') },
    );
    await UPDATE(client);
    expect(notices).toEqual([
      'PATCH returned 429 Too Many Requests; attempt 2 of 3 in 7 s',
      'PATCH got no complete response within 0.4 s; attempt 3 of 3 in 0.5 s',
    ]);
  });

  it.each([408, 425, 429, 500, 502, 503, 504, 507, 520, 530])('follows a %d', async (status) => {
    const { server, client } = await start();
    server.faults.push({ fault: faults.status(status) });
    expect(await UPDATE(client)).toMatchObject({ score: 9 });
    expect(methodsOf(server)).toBe('PATCH PATCH');
  });

  it.each<[number, boolean]>([
    [400, false],
    [401, false],
    [403, false],
    [404, false],
    [409, false],
    [413, false],
    [421, false],
    [422, false],
    [501, true],
    [505, true],
  ])('is not sent after a %d, whose error is transient: %s', async (status, isTransient) => {
    const error = await errorAfter(faults.status(status, { retryAfter: '3600' }), UPDATE);
    expect(error).toMatchObject({ status, attempts: 1, isTransient });
    expect(error.advice).not.toContain('Retry-After');
  });

  it('is sent after a connection is closed', async () => {
    const { server, client, notices } = await start();
    server.faults.push({ fault: faults.reset('in body') }, { fault: faults.hangUp('in body') });
    expect(await UPDATE(client)).toMatchObject({ score: 9 });
    expect(notices).toEqual([
      expect.stringMatching(/^PATCH failed: .+; attempt 2 of 4/),
      expect.stringMatching(/^PATCH failed: .+; attempt 3 of 4/),
    ]);
  });

  it('is sent after a connection is refused, and the error names the address', async () => {
    const port = await closedPort();
    const { client, waits } = clientOf({ baseUrl: `http://127.0.0.1:${port}/v2`, key: 'op-x' });
    expect(await apiErrorOf(READ(client))).toMatchObject({
      summary: expect.stringContaining(`ECONNREFUSED 127.0.0.1:${port}`),
      status: undefined,
      attempts: 4,
      isTransient: true,
    });
    expect({ waits, traffic: client.traffic }).toEqual({
      waits: [250, 500, 1000],
      traffic: { requests: 4, status: undefined },
    });
  });

  it('has its own time limit', async () => {
    const { server, client } = await start({ timeoutMs: 400, retries: 1 });
    server.faults.push({ fault: faults.status(503) }, { times: EVER, fault: faults.stall('before headers') });
    expect(await apiErrorOf(UPDATE(client))).toMatchObject({
      summary: expect.stringContaining('within 0.4 s'),
      attempts: 2,
    });
    expect(client.traffic).toEqual({ requests: 2, status: 503 });
  });

  it('is counted separately for each call', async () => {
    const { server, client, notices } = await start({ retries: 1 });
    server.faults.push({ on: 'GET', fault: faults.status(503) }, { on: 'PATCH', fault: faults.status(502) });
    await Promise.all([READ(client), UPDATE(client)]);
    expect(notices.toSorted()).toEqual([
      'GET returned 503 Service Unavailable; attempt 2 of 2 in 0.25 s',
      'PATCH returned 502 Bad Gateway; attempt 2 of 2 in 0.25 s',
    ]);
  });

  it('is not sent with retries: 0', async () => {
    const { server, client, waits } = await start({ retries: 0 });
    server.faults.push({ times: EVER, fault: faults.reset('before headers') });
    expect(await apiErrorOf(READ(client))).toMatchObject({ attempts: 1 });
    expect({ methods: methodsOf(server), waits }).toEqual({ methods: 'GET', waits: [] });
  });
});

it('a failure of the action itself is not reported as one of the network', async () => {
  class Headers extends Map<string, string> {
    constructor() {
      super();
      throw new TypeError('a bug');
    }
  }
  const { client } = await start({ transport: { fetch: () => expect.fail(), Headers } });
  await expect(READ(client)).rejects.toThrow(new TypeError('a bug'));
});

describe('Retry-After', () => {
  it.each([
    ['seconds', '7', 7000],
    ['the most that is obeyed', '60', 60_000],
    ['white space around it', ' 7 ', 7000],
    ['a date', 'Fri, 20 Nov 2026 12:00:09 GMT', 9000],
    ['a date in the form of RFC 850', 'Friday, 20-Nov-26 12:00:09 GMT', 9000],
  ])('with %s (%j) is obeyed', async (_, retryAfter, wait) => {
    const { server, client, waits } = await start();
    server.faults.push({ fault: faults.status(503, { retryAfter }) });
    await UPDATE(client);
    expect(waits).toEqual([wait]);
  });

  it.each([
    ['no seconds', '0'],
    ['a date that a fast clock has passed', 'Fri, 20 Nov 2026 11:59:59 GMT'],
    ['a negative number', '-5'],
    ['a fraction', '1.5'],
    ['a date in no time zone', '2026-11-20 12:00:09'],
    ['a date in another zone', 'Fri, 20 Nov 2026 11:00:09 GMT-0100'],
    ['a word', 'soon'],
    ['nothing', ''],
  ])('with %s (%j) does not shorten the waits', async (_, retryAfter) => {
    const { server, client, waits } = await start();
    server.faults.push({ times: EVER, fault: faults.status(503, { retryAfter }) });
    await apiErrorOf(UPDATE(client));
    expect(waits).toEqual([250, 500, 1000]);
  });

  it.each([
    ['61', '61 s'],
    ['Fri, 20 Nov 2026 13:00:00 GMT', '3600 s'],
  ])(
    'of %s is longer than a step waits, so it ends the retries, and the error names it',
    async (retryAfter, named) => {
      expect(await errorAfter(faults.status(429, { retryAfter }), UPDATE)).toMatchObject({
        advice: expect.stringContaining(` ${named} (Retry-After)`),
        attempts: 1,
        isTransient: true,
      });
    },
  );
});

describe('a response', () => {
  it.each(['GET', 'PATCH', 'POST'])('to a %s may have the span in { data }', async (method) => {
    const { client } = await start({}, { wrap: true });
    if (method === 'GET') expect(await READ(client)).toMatchObject({ id: ID, name: 'Answer a ticket' });
    if (method === 'PATCH') expect(await UPDATE(client)).toMatchObject({ id: ID, score: 9 });
    if (method === 'POST') expect((await CREATE(client)).span).toMatchObject({ id: OTHER_ID });
  });

  it('may leave out fields, have new ones, and write the id in upper case', async () => {
    const { server, client } = await start();
    const body = { id: ID.toUpperCase(), name: 'x', cost: 1, data: { id: OTHER_ID } };
    server.faults.push({ fault: faults.reply({ status: 200, body }) });
    expect(await READ(client)).toEqual(body);
  });

  it('keeps every number as it is written', async () => {
    const { server, client } = await start();
    const text = '{"a":123456789012345.678901,"b":0.1234567890123456789,"c":1.0,"d":-0,"e":1e2,"f":7}';
    server.faults.push({
      fault: faults.reply({ status: 200, body: `{"id":"${ID}","name":"x","meta":${text}}` }),
    });
    const { meta } = await READ(client);
    expect(JSON.stringify(meta)).toBe(text);
  });

  it('that is another span is an error, and is not retried', async () => {
    expect(await errorAfter(faults.span({ id: OTHER_ID }))).toMatchObject({
      status: 200,
      isTransient: false,
    });
  });

  it.each<[string, (client: Client) => Promise<unknown>]>([
    ['the span', READ],
    ['the span', UPDATE],
    ['a span', CREATE],
    ['a span', (client) => client.createSpan({ id: OTHER_ID, name: 'x' }, { mayExist: true })],
    ['a list of metrics', (client) => client.listMetrics(ID)],
    ['a metric', (client) => client.createMetric(ID, { dimension: 'cost', value: 1 })],
    ['a metric', (client) => client.updateMetric(ID, OTHER_ID, { value: 1 })],
    ['a list of traces', (client) => client.listTraces('x', 0, ONCE)],
    ['the trace', (client) => client.readTrace(ID, ONCE)],
  ])('that is not %s, where that is expected, is an error that names it', async (wanted, act) => {
    const { server, client } = await start();
    server.faults.push({ times: EVER, fault: faults.reply({ status: 200, body: {} }) });
    const { summary } = await apiErrorOf(act(client));
    expect(summary).toContain(` that is not ${wanted}: `);
  });

  it.each<[string, object, string, (client: Client) => Promise<unknown>]>([
    [
      'a span of a trace',
      {
        id: ID,
        spans: [{ id: 1, name: 1, parent_id: 1, type: 1, start_time: 1, meta: [], score: 'x', metrics: {} }],
      },
      'the trace: spans.0.id: expected text; spans.0.name: expected text; spans.0.parent_id: expected text; spans.0.type: expected text; spans.0.start_time: expected text; spans.0.meta: expected an object; spans.0.score: expected a number; spans.0.metrics: expected a list',
      (client) => client.readTrace(ID, ONCE),
    ],
    [
      'a trace',
      { id: ID, name: 1, start_time: 1, spans: {} },
      'the trace: name: expected text; start_time: expected text; spans: expected a list',
      (client) => client.readTrace(ID, ONCE),
    ],
    [
      'a trace in a list',
      { meta: {}, data: [{ id: 1, name: 1, start_time: 1 }] },
      'a list of traces: meta.total_count: expected a number; data.0.id: expected text; data.0.name: expected text; data.0.start_time: expected text',
      (client) => client.listTraces('x', 0, ONCE),
    ],
    [
      'a list of traces',
      { meta: [], data: {} },
      'a list of traces: meta: expected an object; data: expected a list',
      (client) => client.listTraces('x', 0, ONCE),
    ],
  ])('with other types in %s is an error that names each', async (_, body, problems, act) => {
    const { summary } = await errorAfter(faults.reply({ status: 200, body }), act);
    expect(summary.split(' that is not ')[1]).toBe(problems);
  });

  it('that always has another page of metrics is an error after 100 pages of 100', async () => {
    const { server, client } = await start();
    let id = 0;
    const page = () => ({
      meta: { total_count: 1_000_000 },
      data: Array.from({ length: 100 }, () => ({ id: `${++id}`, dimension: 'cost', value: 1 })),
    });
    server.faults.push({ times: EVER, fault: faults.reply(() => ({ status: 200, body: page() })) });
    expect(await apiErrorOf(client.listMetrics(ID))).toMatchObject({
      summary: `GET ${server.baseUrl}/spans/${ID}/metrics?offset=10000&limit=100 was not sent: the span has more than 10000 metrics`,
      advice: 'Remove some of them.',
      attempts: 0,
      isTransient: false,
    });
    expect(server.requests).toHaveLength(100);
  });

  it('that is a redirect is not followed, so the key stays', async () => {
    const { server: other } = await start();
    const error = await errorAfter(faults.redirect(`${other.baseUrl}/spans/${ID}?x`, 302));
    expect({ status: error.status, isTransient: error.isTransient, there: other.requests }).toEqual({
      status: 302,
      isTransient: false,
      there: [],
    });
  });
});

describe('a 404', () => {
  const ADDRESS = 'Check base_url, and which project the key belongs to.';
  const METRIC = "Check span_id, base_url, and that the key belongs to the span's project.";
  const SPAN = `${METRIC} A span that was just created may take a moment to appear.`;
  const UNREAD = `${SPAN} Spans of a project that retains no data cannot be read. Set meta_mode: replace to write without reading.`;
  const PARENT = "Check parent_id, base_url, and that the key belongs to the parent's project.";

  it.each<[string, string, (client: Client) => Promise<unknown>]>([
    ['of a read', SPAN, READ],
    ['of a read before a write', UNREAD, (client) => client.readSpan(ID, { isBeforeWrite: true })],
    ['of an update', SPAN, UPDATE],
    ['of a new span', ADDRESS, CREATE],
    ['of a new child', PARENT, (client) => client.createSpan({ id: OTHER_ID, name: 'x', parent_id: ID })],
    ['of a list of metrics', METRIC, (client) => client.listMetrics(ID)],
    ['of a new metric', METRIC, (client) => client.createMetric(ID, { dimension: 'cost', value: 1 })],
    ['of a metric', METRIC, (client) => client.updateMetric(ID, OTHER_ID, { value: 1 })],
    ['of a list of traces', ADDRESS, (client) => client.listTraces('x', 0, ONCE)],
    ['of a trace', ADDRESS, (client) => client.readTrace(ID, ONCE)],
  ])('%s comes with its own advice', async (_, advice, act) => {
    expect((await errorAfter(faults.status(404), act)).advice).toBe(advice);
  });
});

describe('no error contains the key', () => {
  it.each<[string, Fault]>([
    ['a refusal', faults.status(401)],
    ['a lasting 503', faults.status(503)],
    ['a connection that is reset', faults.reset('before headers')],
    ['a stall', faults.stall('before headers')],
    ['a redirect', faults.redirect('https://elsewhere.example/')],
    ['half the JSON', faults.truncatedJson()],
    ['a response without end', faults.huge(EVER)],
  ])('after %s', async (_, fault) => {
    for (const act of [UPDATE, CREATE]) {
      const { server, client } = await start({ timeoutMs: 400, retries: 1 });
      server.faults.push({ times: EVER, fault });
      const error = await apiErrorOf(act(client));
      const shown = inspect(error, { depth: Number.POSITIVE_INFINITY, showHidden: true, getters: true });
      expect(shown).toContain('ApiError');
      expect(shown).not.toContain(server.key);
      expect(error).not.toHaveProperty('cause');
    }
  });

  it('in a changed form, since it is found and removed only as it was written', async () => {
    const key = 'op-Test-0123456789ABCDEF';
    const { summary } = await errorAfter(faults.redirect(`https://me:pw@${key}.example/`));
    expect(summary).toContain(` to ${key}.example, but`);
    expect(summary).not.toContain('pw');
  });
});

async function closedPort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, 'close');
  return port;
}
