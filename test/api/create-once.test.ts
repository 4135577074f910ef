import { describe, expect, it, onTestFinished } from 'vitest';
import { LastingError, ProxyError } from '../../src/api/attempt-failure.ts';
import type { ClientOptions } from '../../src/api/client.ts';
import { createTransport, type Transport } from '../../src/api/transport.ts';
import { apiErrorOf, clientOf, methodsOf } from '../harness/client.ts';
import * as faults from '../harness/faults.ts';
import {
  apiError,
  type Fault,
  type FaultRule,
  type SpanServerOptions,
  startSpanServer,
} from '../harness/span-server.ts';

const SPAN = { id: '3c90c3cc-0d44-4b50-8888-8dd25736052a', name: 'Answer a ticket', score: 9 };
const EVER = Number.POSITIVE_INFINITY;

async function start(options: SpanServerOptions = {}, overrides: Partial<ClientOptions> = {}) {
  const server = await startSpanServer(options);
  onTestFinished(() => server.close());
  return { server, ...clientOf(server, overrides) };
}

/** Makes a span on a server with these faults. */
async function create(
  rules: readonly FaultRule[],
  options: SpanServerOptions = {},
  overrides: Partial<ClientOptions> = {},
) {
  const { server, client, ...rest } = await start(options, overrides);
  server.faults.push(...rules);
  const created = await client.createSpan(SPAN);
  return { server, created, methods: methodsOf(server), ...rest };
}

const post = (fault: Fault, times = 1): FaultRule => ({ on: 'POST', times, fault });
const conflict = faults.reply(apiError(409, 'Span already exists'));

describe('a span is created once', () => {
  const lost = faults.applied(faults.reset('before headers'));

  it.each<[string, Fault, SpanServerOptions?]>([
    ['a lost response', lost],
    ['a response that is cut off', faults.applied(faults.hangUp('in body'))],
    ['a reset before anything was done', faults.reset('before headers')],
    ['a stall', faults.applied(faults.stall('before headers'))],
    ['a 502 for a span that was created', faults.applied(faults.status(502))],
    ['a 502 for one that was not', faults.status(502)],
    ['a 408', faults.status(408)],
    ['a 409', faults.applied(conflict)],
    ['one that is found too late, where a second one is returned as stored', lost, { visibleAfter: 2 }],
    [
      'one that is found too late, where a second one replaces it',
      lost,
      { ids: 'replaced', visibleAfter: 2 },
    ],
    ['one that is found too late, where a second one is refused', lost, { ids: 'refused', visibleAfter: 2 }],
  ])('after %s', async (_, fault, options) => {
    const { server, created } = await create([post(fault)], options, { timeoutMs: 400 });
    expect(server.spans()).toMatchObject([SPAN]);
    expect(created.span).toMatchObject(SPAN);
  });

  it('or at worst twice, if the server ignores its id: the returned one exists', async () => {
    const { server, created } = await create([post(lost)], { ids: 'ignored' });
    expect(server.span(created.span.id)).toMatchObject({ name: SPAN.name, score: 9 });
  });
});

describe('if it is not known whether a POST arrived', () => {
  it('a lookup comes before the next one, and its span is returned', async () => {
    const { server, created, methods, waits } = await create([post(faults.applied(faults.status(503)))]);
    expect({ created, methods, waits }).toEqual({
      created: { span: server.span(SPAN.id), wasFound: true },
      methods: 'POST GET',
      waits: [250],
    });
  });

  it('a lookup that finds nothing is followed by the same body, without another wait', async () => {
    const { server, created, methods, waits } = await create([post(faults.status(503))]);
    expect({ wasFound: created.wasFound, methods, waits }).toEqual({
      wasFound: false,
      methods: 'POST GET POST',
      waits: [250],
    });
    const [first, , second] = server.requests;
    expect(second?.text).toBe(first?.text);
  });

  it('a 409 is followed by another lookup, after the wait of a retry', async () => {
    const lost = post(faults.applied(faults.reset('before headers')));
    const { created, methods, waits } = await create([lost], { ids: 'refused', visibleAfter: 1 });
    expect({ wasFound: created.wasFound, methods, waits }).toEqual({
      wasFound: true,
      methods: 'POST GET POST GET',
      waits: [250, 500],
    });
  });

  it('lookups and POSTs share one count of retries, each logged in one line', async () => {
    const { created, methods, notices } = await create([
      post(faults.status(500)),
      { on: 'GET', fault: faults.status(502) },
      { on: 'POST', fault: faults.status(503) },
    ]);
    expect({ wasFound: created.wasFound, methods, notices }).toEqual({
      wasFound: false,
      methods: 'POST GET GET POST GET POST',
      notices: [
        expect.stringMatching(/^POST returned 500 .*; attempt 2 of 4/),
        expect.stringMatching(/^GET returned 502 .*; attempt 3 of 4/),
        expect.stringMatching(/^POST returned 503 .*; attempt 4 of 4/),
      ],
    });
  });

  it('a later POST that is rejected changes nothing: the first may take effect late', async () => {
    const lost = post(faults.applied(faults.reset('before headers')));
    const { created, methods } = await create([lost, post(faults.status(429))], { visibleAfter: 1 });
    expect({ wasFound: created.wasFound, methods }).toEqual({ wasFound: true, methods: 'POST GET POST GET' });
  });

  it.each([
    [0, [250]],
    [1, [250, 500]],
  ])('a lookup is the last attempt, with retries: %d', async (retries, expected) => {
    const rules = [post(faults.status(503), retries), post(faults.applied(faults.reset('before headers')))];
    const { created, methods, waits, notices } = await create(rules, {}, { retries });
    expect({ wasFound: created.wasFound, methods, waits, last: notices.at(-1) }).toEqual({
      wasFound: true,
      methods: `${'POST GET '.repeat(retries)}POST GET`,
      waits: expected,
      last: expect.stringMatching(/^POST failed: .*; .*lookup in /),
    });
  });

  it('a lookup takes a new connection, even as the last attempt', async () => {
    const ports: unknown[] = [];
    const real: Fault = (exchange) => {
      ports.push(exchange.socket.remotePort);
      exchange.send(exchange.handle());
    };
    const failing: Fault = (exchange) => {
      ports.push(exchange.socket.remotePort);
      return faults.status(503)(exchange);
    };
    await create([post(faults.applied(failing)), { on: 'GET', fault: real }], {}, { retries: 0 });
    expect(new Set(ports).size).toBe(2);
  });

  it.each([
    ['a status that is not retried', faults.status(501)],
    ['a wait that is too long', faults.status(503, { retryAfter: '3600' })],
  ])('a lookup also comes after %s', async (_, fault) => {
    const { created, methods } = await create([post(faults.applied(fault))]);
    expect({ wasFound: created.wasFound, methods }).toEqual({ wasFound: true, methods: 'POST GET' });
  });
});

describe('after a success without a usable span', () => {
  it.each<[string, Fault]>([
    ['an HTML page', faults.html()],
    ['half the JSON', faults.truncatedJson()],
    ['gzip that is cut off', faults.packed('gzip', -1)],
    ['nothing', faults.empty()],
    ['no span', faults.reply({ status: 200, body: { ok: true } })],
  ])('such as %s, it is looked for', async (_, fault) => {
    const { created, methods, waits } = await create([post(faults.applied(fault))]);
    expect({ created, methods, waits }).toEqual({
      created: { span: expect.objectContaining(SPAN), wasFound: true },
      methods: 'POST GET',
      waits: [250],
    });
  });

  it('lookups follow with the waits of retries, and no second POST', async () => {
    const { created, methods, waits, notices } = await create([post(faults.applied(faults.html()))], {
      visibleAfter: 2,
    });
    expect({ wasFound: created.wasFound, methods, waits, notices }).toEqual({
      wasFound: true,
      methods: 'POST GET GET GET',
      waits: [250, 500, 1000],
      notices: [2, 3, 4].map((next) =>
        expect.stringContaining(`POST returned 200 OK, but without a span; attempt ${next} of 4`),
      ),
    });
  });

  it.each([
    [0, 'POST GET'],
    [2, 'POST GET GET'],
  ])('the error says that no lookup found it, with retries: %d', async (retries, methods) => {
    const { server, client } = await start({}, { retries });
    server.faults.push(post(faults.html()));
    expect(await apiErrorOf(client.createSpan(SPAN))).toMatchObject({
      summary: expect.stringContaining('(and a lookup did not find it), but with an HTML page'),
      status: 200,
      attempts: 1,
      isTransient: false,
    });
    expect(methodsOf(server)).toBe(methods);
  });

  it.each<[string, Fault, boolean, RegExp]>([
    ['a login page is not an outage', faults.html(), false, /^Check .*\. Look for the span in Opper/],
    ['a 503 is one', faults.status(503), true, /^Look for the span in Opper/],
  ])(
    'a lookup that fails decides whether the error is transient: %s',
    async (_, fault, isTransient, advice) => {
      const { server, client } = await start({}, { retries: 1 });
      server.faults.push(post(faults.html()), { on: 'GET', times: EVER, fault });
      expect(await apiErrorOf(client.createSpan(SPAN))).toMatchObject({
        summary: expect.stringMatching(/^POST .* HTML page: Sign in\. It may .* lookup failed: GET /),
        advice: expect.stringMatching(advice),
        isTransient,
      });
      expect(methodsOf(server)).toBe('POST GET');
    },
  );
});

describe('after a 409 to a repeated POST', () => {
  const lost = post(faults.applied(faults.reset('before headers')));
  const unread = { span: { id: SPAN.id }, wasFound: true, isUnread: true };

  it.each<[string, FaultRule[]]>([
    ['not found', []],
    [
      'refused',
      [
        { on: 'GET', times: 1, fault: faults.status(404) },
        { on: 'GET', times: EVER, fault: faults.status(403) },
      ],
    ],
  ])('the id is known, though lookups are %s', async (_, rules) => {
    const { created, methods } = await create([lost, ...rules], { ids: 'refused', visibleAfter: EVER });
    expect({ created, methods }).toEqual({ created: unread, methods: 'POST GET POST GET GET' });
  });

  it('of an earlier call the id is known too', async () => {
    const { server, client } = await start({ ids: 'refused' }, { retries: 0 });
    server.create({ id: SPAN.id, name: 'Started before' });
    server.faults.push({ on: 'GET', times: EVER, fault: faults.status(404) });
    expect(await client.createSpan(SPAN, { mayExist: true })).toEqual(unread);
    expect(methodsOf(server)).toBe('GET POST GET');
  });

  it('without any other response, nothing is known', async () => {
    const { server, client } = await start();
    server.faults.push(post(conflict, EVER));
    expect(await apiErrorOf(client.createSpan(SPAN))).toMatchObject({
      status: 409,
      attempts: 4,
      isTransient: true,
    });
    expect(server.spans()).toEqual([]);
  });
});

describe('no lookup is sent', () => {
  it.each([425, 429])('after a %d, which rejects the request', async (status) => {
    const { created, methods } = await create([post(faults.status(status))]);
    expect({ wasFound: created.wasFound, methods }).toEqual({ wasFound: false, methods: 'POST POST' });
  });

  const system = (code: string, syscall: string) => Object.assign(new Error(code), { code, syscall });
  it.each<[string, unknown]>([
    ['refused', system('ECONNREFUSED', 'connect')],
    ['refused by each of several IPs', new AggregateError([system('ECONNREFUSED', 'connect')], '')],
    ['not found', system('EAI_AGAIN', 'getaddrinfo')],
    ['refused by the proxy', new ProxyError({ status: 502 })],
  ])('after a connection that was %s', async (_, failure) => {
    const server = await startSpanServer();
    onTestFinished(() => server.close());
    const { Headers, fetch } = createTransport({ baseUrl: server.baseUrl, env: {}, timeoutMs: 5000 });
    const failures = [failure];
    const transport: Transport = {
      Headers,
      fetch: (...request) => (failures.length > 0 ? Promise.reject(failures.pop()) : fetch(...request)),
    };
    const { client } = clientOf(server, { transport });
    expect(await client.createSpan(SPAN)).toMatchObject({ wasFound: false });
    expect({ methods: methodsOf(server), requests: client.traffic.requests }).toEqual({
      methods: 'POST',
      requests: 2,
    });
  });

  it('after a failure that no retry can fix', async () => {
    const { Headers } = createTransport({ baseUrl: 'https://api.example', env: {}, timeoutMs: 5000 });
    const fetch = () => Promise.reject(new LastingError('600 is not an HTTP status'));
    const { server, client } = await start({}, { transport: { Headers, fetch } });
    expect((await apiErrorOf(client.createSpan(SPAN))).summary).toBe(
      `POST ${server.baseUrl}/spans failed: 600 is not an HTTP status (tried once)`,
    );
    expect(client.traffic.requests).toBe(1);
  });

  it.each([300, 400, 401, 403, 404, 413, 422])('after a %d, which ends it', async (status) => {
    const { server, client, waits } = await start();
    server.faults.push(post(faults.status(503)), post(faults.status(status)));
    expect(await apiErrorOf(client.createSpan(SPAN))).toMatchObject({
      status,
      attempts: 2,
      isTransient: false,
    });
    expect({ methods: methodsOf(server), waits }).toEqual({ methods: 'POST GET POST', waits: [250] });
  });
});

describe('a span that may exist', () => {
  it('is looked for first, and returned as stored', async () => {
    const { server, client } = await start();
    server.create({ id: SPAN.id, name: 'Started before' });
    expect(await client.createSpan(SPAN, { mayExist: true })).toEqual({
      span: server.span(SPAN.id),
      wasFound: true,
    });
    expect({ methods: methodsOf(server), name: server.span(SPAN.id).name }).toEqual({
      methods: 'GET',
      name: 'Started before',
    });
  });

  it('is looked for before each POST', async () => {
    const { server, client } = await start();
    server.faults.push(post(faults.status(429)));
    await client.createSpan(SPAN, { mayExist: true });
    expect(methodsOf(server)).toBe('GET POST GET POST');
  });

  it('is created if it does not exist', async () => {
    const { server, client } = await start();
    expect(await client.createSpan(SPAN, { mayExist: true })).toMatchObject({
      span: { id: SPAN.id, score: 9 },
      wasFound: false,
    });
    expect(methodsOf(server)).toBe('GET POST');
  });

  it('is looked for again after a 409', async () => {
    const { server, client } = await start({ ids: 'refused' });
    server.create({ id: SPAN.id, name: 'Started before' });
    server.faults.push({ on: 'GET', fault: faults.status(404) });
    expect(await client.createSpan(SPAN, { mayExist: true })).toMatchObject({
      span: { name: 'Started before' },
      wasFound: true,
    });
    expect(methodsOf(server)).toBe('GET POST GET');
  });

  it('is not created if the lookup fails', async () => {
    const { server, client } = await start();
    server.faults.push({ on: 'GET', times: EVER, fault: faults.status(503) });
    expect(await apiErrorOf(client.createSpan(SPAN, { mayExist: true }))).toMatchObject({
      status: 503,
      attempts: 4,
      isTransient: true,
    });
    expect(methodsOf(server)).toBe('GET GET GET GET');
  });
});

describe('the error', () => {
  it('counts the POSTs, each followed by a lookup', async () => {
    const { server, client } = await start();
    server.faults.push(post(faults.status(503), EVER));
    expect(await apiErrorOf(client.createSpan(SPAN))).toMatchObject({
      summary: expect.stringContaining('and a lookup did not find it'),
      status: 503,
      attempts: 4,
      isTransient: true,
    });
    expect(methodsOf(server)).toBe('POST GET POST GET POST GET POST GET');
  });

  it('names the POST and the lookup that failed too', async () => {
    const { server, client } = await start();
    const down = faults.reply({ status: 503, body: { detail: 'Down.' } });
    const refused = faults.reply({ status: 403, body: { detail: 'No' } });
    server.faults.push(post(down), { on: 'GET', times: EVER, fault: refused });
    const url = `${server.baseUrl}/spans`;
    expect(await apiErrorOf(client.createSpan(SPAN))).toMatchObject({
      summary: `POST ${url} returned 503 Service Unavailable (tried once): Down. It may have taken effect, but the lookup failed: GET ${url}/${SPAN.id} returned 403 Forbidden (tried once): No`,
      status: 403,
      attempts: 1,
      advice: expect.stringMatching(/^The key .* Look for the span/),
      isTransient: false,
    });
    expect(methodsOf(server)).toBe('POST GET');
  });
});

describe('a failure of the action itself', () => {
  it('while it waits for a retry of the lookup is not reported as one of the API', async () => {
    let waits = 0;
    const wait = async () => {
      if (++waits === 2) throw new TypeError('a bug');
    };
    const { server, client } = await start({}, { wait });
    server.faults.push(post(faults.status(503)), { on: 'GET', times: EVER, fault: faults.status(503) });
    await expect(client.createSpan(SPAN)).rejects.toThrow(new TypeError('a bug'));
  });

  it('while it reads the response is followed by no lookup', async () => {
    const response = {
      status: 200,
      get problem(): string {
        throw new TypeError('a bug');
      },
    };
    const { Headers } = createTransport({ baseUrl: 'https://api.example', env: {}, timeoutMs: 5000 });
    const { client } = await start({}, { transport: { Headers, fetch: async () => response as never } });
    await expect(client.createSpan(SPAN)).rejects.toThrow(new TypeError('a bug'));
    expect(client.traffic.requests).toBe(1);
  });
});

describe('a metric is created once', () => {
  it.each(['refused', 'repeated'] as const)('where a second one of a dimension is %s', async (metrics) => {
    const { server, client } = await start({ metrics });
    server.create(SPAN);
    server.faults.push(post(faults.applied(faults.reset('before headers'))));
    const metric = { dimension: 'cost', value: 0.25 };
    expect(await client.createMetric(SPAN.id, metric)).toEqual({
      metric: server.metrics(SPAN.id)[0],
      wasFound: true,
    });
    expect(server.metrics(SPAN.id)).toEqual([expect.objectContaining(metric)]);
    expect(methodsOf(server)).toBe('POST GET');
  });

  it('or is an error, if a 409 says that it exists and no lookup finds it', async () => {
    const { server, client } = await start({}, { retries: 1 });
    server.create(SPAN);
    server.faults.push(post(faults.status(503)), post(conflict));
    const metric = { dimension: 'cost', value: 0.25 };
    expect(await apiErrorOf(client.createMetric(SPAN.id, metric))).toMatchObject({
      status: 409,
      attempts: 2,
      isTransient: true,
    });
    expect(methodsOf(server)).toBe('POST GET POST GET');
  });

  it('with lookups that count as its retries', async () => {
    const { server, client } = await start({}, { retries: 1 });
    server.faults.push(post(faults.status(503)), { on: 'GET', times: EVER, fault: faults.status(503) });
    const metric = { dimension: 'cost', value: 0.25 };
    expect(await apiErrorOf(client.createMetric(SPAN.id, metric))).toMatchObject({ attempts: 1 });
    expect(methodsOf(server)).toBe('POST GET');
  });
});
