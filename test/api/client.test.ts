import { once } from 'node:events';
import { STATUS_CODES } from 'node:http';
import { createServer } from 'node:net';
import { inspect } from 'node:util';
import { afterEach, describe, expect, it, onTestFinished } from 'vitest';
import { type Client, type ClientOptions, createClient, MAX_BODY_BYTES } from '../../src/api/client.ts';
import { ApiError } from '../../src/errors.ts';
import * as faults from '../harness/faults.ts';
import { type Exchange, type Fault, type SpanServer, startSpanServer } from '../harness/span-server.ts';

const ID = '3c90c3cc-0d44-4b50-8888-8dd25736052a';
const KEY = 'op-test-0123456789abcdef';
const NOW = Date.UTC(2026, 10, 20, 12, 0, 0);
const EVER = Number.POSITIVE_INFINITY;

/** A server with one span, a client for it, and what the client waited and said. */
async function start(overrides: Partial<ClientOptions> = {}) {
  const server = await startSpanServer({ key: KEY });
  onTestFinished(() => server.close());
  server.create({ id: ID, name: 'Answer a ticket', meta: { a: 1 } });
  return { server, ...clientOf(server.baseUrl, overrides) };
}

function clientOf(baseUrl: string, overrides: Partial<ClientOptions> = {}) {
  const waits: number[] = [];
  const notices: string[] = [];
  const client = createClient({
    baseUrl,
    apiKey: KEY,
    userAgent: 'opper-span-action/1.2.3',
    timeoutMs: 5000,
    retries: 3,
    fetch,
    wait: async (ms) => void waits.push(ms),
    random: () => 0.5,
    now: () => NOW,
    onRetry: (notice) => notices.push(notice),
    ...overrides,
  });
  return { client, waits, notices };
}

async function errorOf(promise: Promise<unknown>): Promise<ApiError> {
  const thrown = await promise.then(
    () => undefined,
    (error: unknown) => error,
  );
  if (!(thrown instanceof ApiError)) throw new Error(`no ApiError: ${inspect(thrown)}`);
  return thrown;
}

/** What an error says, with the address of the server left out. */
async function wordsOf(promise: Promise<unknown>, { baseUrl }: SpanServer) {
  const { message, status, said, hint } = await errorOf(promise);
  return { message: message.replace(`${baseUrl}/spans/${ID}`, 'URL'), status, said, hint };
}

const methodsOf = (server: SpanServer) => server.requests.map(({ method }) => method);

const UPDATE = (client: Client) => client.updateSpan(ID, { score: 9 });
const READ = (client: Client) => client.getSpan(ID);

describe('a request', () => {
  it('to read goes to the URL of the span, with the key and no body', async () => {
    const { server, client, waits, notices } = await start();
    expect(await client.getSpan(ID)).toEqual(server.span(ID));
    const [{ headers, ...request }] = server.requests as [(typeof server.requests)[0]];
    expect(request).toEqual({ method: 'GET', path: `/v2/spans/${ID}`, body: undefined, text: '' });
    expect(headers).toMatchObject({
      accept: 'application/json',
      authorization: `Bearer ${KEY}`,
      'user-agent': 'opper-span-action/1.2.3',
    });
    expect(headers).not.toHaveProperty('content-type');
    expect({ traffic: client.traffic, waits, notices }).toEqual({
      traffic: { requests: 1, status: 200 },
      waits: [],
      notices: [],
    });
  });

  it('to update carries the patch as JSON, with null and numbers beyond a double as they are', async () => {
    const { server, client } = await start();
    const meta = { big: JSON.rawJSON('12345678901234567890') };
    const span = await client.updateSpan(ID, { score: 9, error: null, meta });
    const [{ method, path, text, headers }] = server.requests as [(typeof server.requests)[0]];
    expect({ method, path, text }).toEqual({
      method: 'PATCH',
      path: `/v2/spans/${ID}`,
      text: '{"score":9,"error":null,"meta":{"big":12345678901234567890}}',
    });
    expect(headers).toMatchObject({
      accept: 'application/json',
      authorization: `Bearer ${KEY}`,
      'content-type': 'application/json',
      'user-agent': 'opper-span-action/1.2.3',
    });
    expect(span.score).toBe(9);
  });

  it('may be answered in several pieces that part a letter, after a byte order mark', async () => {
    const { server, client } = await start();
    server.faults.push({
      async fault({ response }) {
        response.writeHead(200, { 'content-type': 'application/json' });
        const bytes = Buffer.from(`\ufeff{"id":"${ID}","name":"ä😀"}`);
        for (const byte of bytes) {
          response.write(Buffer.of(byte));
          await new Promise(setImmediate);
        }
        response.end();
      },
    });
    expect(await client.getSpan(ID)).toEqual({ id: ID, name: 'ä😀' });
  });

  it('accepts a span that leaves null fields out, has unknown ones, or its id in upper case', async () => {
    const { server, client } = await start();
    const body = `{"id": "${ID.toUpperCase()}", "name": "x", "cost": 12345678901234567890}`;
    server.faults.push({ fault: faults.answer({ status: 200, body }) });
    expect(await client.getSpan(ID)).toEqual({
      id: ID.toUpperCase(),
      name: 'x',
      cost: JSON.rawJSON('12345678901234567890'),
    });
  });
});

describe('a retry', () => {
  it.each([
    ['GET', READ],
    ['PATCH', UPDATE],
  ])('of a %s waits 0.5 s, then doubles that up to 10 s, in full jitter', async (method, act) => {
    const { server, client, waits } = await start({ retries: 10 });
    server.faults.push({ times: EVER, fault: faults.status(503) });
    await errorOf(act(client));
    expect(waits).toEqual([250, 500, 1000, 2000, 4000, 5000, 5000, 5000, 5000, 5000]);
    expect(methodsOf(server)).toEqual(Array.from({ length: 11 }, () => method));
    expect(client.traffic).toEqual({ requests: 11, status: 503 });
  });

  it('waits as little as nothing where the jitter says so', async () => {
    const { server, client, waits } = await start({ random: () => 0 });
    server.faults.push({ times: 2, fault: faults.status(503) });
    await client.getSpan(ID);
    expect(waits).toEqual([0, 0]);
  });

  it('sends the same body again', async () => {
    const { server, client } = await start();
    server.faults.push({ times: 2, fault: faults.applied(faults.reset('before headers')) });
    const span = await client.updateSpan(ID, { score: 9, end_time: '2026-11-20T12:00:00.123456Z' });
    expect(span).toMatchObject({ score: 9, end_time: '2026-11-20T12:00:00.123456+00:00' });
    expect(new Set(server.requests.map(({ text }) => text))).toEqual(
      new Set(['{"score":9,"end_time":"2026-11-20T12:00:00.123456Z"}']),
    );
    expect(server.requests).toHaveLength(3);
  });

  it('is told in a line: what happened, which attempt comes, after what wait', async () => {
    const { server, client, notices } = await start({ retries: 2, timeoutMs: 400 });
    server.faults.push({ fault: faults.status(429, { retryAfter: '7' }) });
    server.faults.push({ fault: faults.stall('in body') });
    await client.updateSpan(ID, { score: 9 });
    expect(notices).toEqual([
      'PATCH was answered with 429 Too Many Requests; attempt 2 of 3 in 7 s',
      'PATCH got no complete answer within 0.4 s; attempt 3 of 3 in 0.5 s',
    ]);
  });

  it.each([408, 425, 429, 500, 502, 503, 504])('follows a %d', async (status) => {
    const { server, client } = await start();
    server.faults.push({ fault: faults.status(status) });
    expect(await UPDATE(client)).toMatchObject({ score: 9 });
    expect(methodsOf(server)).toEqual(['PATCH', 'PATCH']);
  });

  it.each([400, 401, 402, 403, 404, 405, 409, 410, 413, 418, 422, 501, 505])(
    'does not follow a %d',
    async (status) => {
      const { server, client, waits, notices } = await start();
      server.faults.push({ times: EVER, fault: faults.status(status, { retryAfter: '1' }) });
      expect((await errorOf(UPDATE(client))).status).toBe(status);
      expect({ methods: methodsOf(server), waits, notices }).toEqual({
        methods: ['PATCH'],
        waits: [],
        notices: [],
      });
    },
  );

  it('does not happen with retries 0', async () => {
    const { server, client, waits } = await start({ retries: 0 });
    server.faults.push({ times: EVER, fault: faults.reset('before headers') });
    expect((await errorOf(READ(client))).message).toMatch(/ failed: .+ \(tried once\)$/);
    expect({ methods: methodsOf(server), waits }).toEqual({ methods: ['GET'], waits: [] });
  });

  it('has its own count in each call', async () => {
    const { server, client, notices } = await start({ retries: 1 });
    server.faults.push({ on: 'GET', fault: faults.status(503) }, { on: 'PATCH', fault: faults.status(502) });
    await READ(client);
    await UPDATE(client);
    expect(notices).toEqual([
      'GET was answered with 503 Service Unavailable; attempt 2 of 2 in 0.25 s',
      'PATCH was answered with 502 Bad Gateway; attempt 2 of 2 in 0.25 s',
    ]);
    expect(client.traffic).toEqual({ requests: 4, status: 200 });
  });
});

describe('Retry-After', () => {
  it.each([
    ['seconds', '7', 7000],
    ['no seconds', '0', 0],
    ['just what is obeyed', '60', 60_000],
    ['white space around it', ' 7 ', 7000],
    ['a date', 'Fri, 20 Nov 2026 12:00:09 GMT', 9000],
    ['a date in the form of RFC 850', 'Friday, 20-Nov-26 12:00:09 GMT', 9000],
    ['a date that is over', 'Fri, 20 Nov 2026 11:00:00 GMT', 0],
    ['a negative number', '-5', 250],
    ['a fraction', '1.5', 250],
    ['a date in no time zone', '2026-11-20 12:00:09', 250],
    ['a date in another zone', 'Fri, 20 Nov 2026 12:00:09 GMT+0100', 250],
    ['a word', 'soon', 250],
    ['a word with a zone', 'never GMT', 250],
    ['nothing', '', 250],
  ])('with %s: %j', async (_, retryAfter, wait) => {
    const { server, client, waits } = await start();
    server.faults.push({ fault: faults.status(503, { retryAfter }) });
    await UPDATE(client);
    expect(waits).toEqual([wait]);
  });

  it.each([
    ['61', '61 s'],
    ['3601', '3601 s'],
    ['Fri, 20 Nov 2026 13:00:00 GMT', '3600 s'],
    ['99999999999999999999999', '1e+23 s'],
  ])(
    'of %s is longer than the step waits: no further attempt, and the error names it',
    async (retryAfter, named) => {
      const { server, client, waits } = await start();
      server.faults.push({ times: EVER, fault: faults.status(429, { retryAfter }) });
      expect(await wordsOf(UPDATE(client), server)).toEqual({
        message: 'PATCH URL was answered with 429 Too Many Requests (tried once)',
        status: 429,
        hint: `It asks to wait ${named} (Retry-After), longer than the 60 s this step waits at most. Run the job again then.`,
      });
      expect({ methods: methodsOf(server), waits }).toEqual({ methods: ['PATCH'], waits: [] });
    },
  );

  it('counts for nothing where the status is not retried', async () => {
    const { server, client } = await start();
    server.faults.push({ fault: faults.status(404, { retryAfter: '3600' }) });
    expect((await errorOf(READ(client))).hint).toMatch(/^Check span_id/);
  });
});

describe('an attempt has a time limit of its own', () => {
  it.each(['before headers', 'in headers', 'after headers', 'in body'] as const)(
    'when the answer stalls %s',
    async (point) => {
      const { server, client, waits } = await start({ timeoutMs: 400, retries: 1 });
      server.faults.push({ fault: faults.stall(point) });
      expect(await UPDATE(client)).toMatchObject({ score: 9 });
      expect({ methods: methodsOf(server), waits }).toEqual({ methods: ['PATCH', 'PATCH'], waits: [250] });
    },
  );

  it('in the attempt after a 503 too', async () => {
    const { server, client } = await start({ timeoutMs: 400, retries: 1 });
    server.faults.push({ fault: faults.status(503) }, { times: EVER, fault: faults.stall('before headers') });
    expect(await wordsOf(UPDATE(client), server)).toEqual({
      message: 'PATCH URL got no complete answer within 0.4 s (tried 2 times)',
      status: undefined,
      said: undefined,
      hint: 'Raise timeout_seconds, or check the network of the runner.',
    });
    expect(client.traffic).toEqual({ requests: 2, status: 503 });
  });

  it('however alive the answer is', async () => {
    const { server, client } = await start({ timeoutMs: 400, retries: 0 });
    server.faults.push({ fault: faults.trickle(50) });
    expect((await errorOf(READ(client))).message).toMatch(
      /got no complete answer within 0.4 s \(tried once\)$/,
    );
  });
});

describe('a connection', () => {
  it.each(['before headers', 'in headers', 'after headers', 'in body'] as const)(
    'that is reset %s is tried again',
    async (point) => {
      const { server, client, notices } = await start();
      server.faults.push({ fault: faults.reset(point) });
      expect(await UPDATE(client)).toMatchObject({ score: 9 });
      expect(notices).toEqual([
        expect.stringMatching(
          /^PATCH failed: (read ECONNRESET|other side closed); attempt 2 of 4 in 0\.25 s$/,
        ),
      ]);
    },
  );

  it.each(['before headers', 'in headers', 'after headers', 'in body'] as const)(
    'that ends too early, %s, is tried again',
    async (point) => {
      const { server, client } = await start();
      server.faults.push({ fault: faults.hangUp(point) });
      expect(await UPDATE(client)).toMatchObject({ score: 9 });
      expect(methodsOf(server)).toEqual(['PATCH', 'PATCH']);
    },
  );

  it('that is refused is tried again, and the error says where to', async () => {
    const port = await closedPort();
    const { client, waits } = clientOf(`http://127.0.0.1:${port}/v2`);
    const { message, status, hint } = await errorOf(READ(client));
    expect({ message, status, hint }).toEqual({
      message: `GET http://127.0.0.1:${port}/v2/spans/${ID} failed: connect ECONNREFUSED 127.0.0.1:${port} (tried 4 times)`,
      status: undefined,
      hint: 'Check base_url (scheme, host, port) and the network of the runner; behind a proxy, HTTPS_PROXY in the env of the step too.',
    });
    expect({ waits, traffic: client.traffic }).toEqual({
      waits: [250, 500, 1000],
      traffic: { requests: 4, status: undefined },
    });
  });

  it('to something that speaks no HTTP is an error', async () => {
    const { server, client } = await start({ retries: 0 });
    server.faults.push({ fault: faults.raw('SSH-2.0-OpenSSH_9.9\r\n') });
    expect((await errorOf(READ(client))).message).toMatch(/ failed: Response does not match the HTTP/);
  });
});

describe('a redirect', () => {
  let other: SpanServer | undefined;
  afterEach(() => other?.close());

  it.each([301, 302, 303, 307, 308])(
    '%d to another origin is not followed, so the key stays',
    async (code) => {
      other = await startSpanServer({ key: KEY });
      const host = new URL(other.baseUrl).host;
      const { server, client } = await start();
      server.faults.push({ times: EVER, fault: faults.redirect(`${other.baseUrl}/spans/${ID}?x`, code) });
      expect(await wordsOf(READ(client), server)).toEqual({
        message: `GET URL was answered with ${code} ${STATUS_CODES[code]} to ${host}, but redirects are not followed, so that the key stays with base_url`,
        status: code,
        said: undefined,
        hint: 'Check that base_url is the address of the Opper API, with its /v2.',
      });
      expect({ here: methodsOf(server), there: methodsOf(other) }).toEqual({ here: ['GET'], there: [] });
    },
  );

  it.each([
    ['to the same origin', '/v3/spans', (base: string) => ` to ${new URL(base).host}`],
    ['to nowhere', 'http://[', () => ''],
  ])('%s is not followed either', async (_, location, target) => {
    const { server, client } = await start();
    server.faults.push({ times: EVER, fault: faults.redirect(location) });
    expect((await wordsOf(UPDATE(client), server)).message).toBe(
      `PATCH URL was answered with 307 Temporary Redirect${target(server.baseUrl)}, but redirects are not followed, so that the key stays with base_url`,
    );
    expect(methodsOf(server)).toEqual(['PATCH']);
  });
});

describe('an answer that is no span', () => {
  const hint = 'Check that base_url is the address of the Opper API, with its /v2.';
  const html = '<!doctype html>\n<html><head><title>Sign in</title></head><body></body></html>';
  const NOT_JSON = 'what came is not JSON: line 1, column 1: expected a value, found OK';
  const json = { 'content-type': 'application/json' };

  it.each<[string, Fault, string, string | undefined]>([
    ['an HTML page', faults.html(), 'with an HTML page', 'Sign in'],
    [
      'an HTML page called JSON',
      faults.answer({ status: 200, headers: json, body: html }),
      'with an HTML page',
      'Sign in',
    ],
    ['text', faults.answer({ status: 200, body: 'OK' }), NOT_JSON, 'OK'],
    ['text called JSON', faults.answer({ status: 200, headers: json, body: 'OK' }), NOT_JSON, 'OK'],
    [
      'half the JSON',
      faults.truncatedJson(),
      'what came is not JSON: line 1, column 117: expected a key in double quotes, found the end of the text',
      expect.stringContaining(`{"id":"${ID}"`),
    ],
    ['nothing', faults.empty(), 'with nothing where a span was expected', undefined],
    [
      'white space',
      faults.answer({ status: 200, body: ' \n' }),
      'with nothing where a span was expected',
      undefined,
    ],
    ['a list', faults.answer({ status: 200, body: [] }), 'with an array that is not a span', undefined],
    [
      'another object',
      faults.answer({ status: 200, body: { ok: true } }),
      'with an object that is not a span',
      'id: expected text; name: expected text',
    ],
    [
      'a span with wrong types',
      faults.span({ name: null, score: '9', meta: [], end_time: 1 }),
      'with an object that is not a span',
      'name: expected text; end_time: expected text; meta: expected an object; score: expected a number',
    ],
    [
      'another span',
      faults.span({ id: '00000000-0000-4000-8000-000000000000' }),
      'with another span than the one asked for',
      '00000000-0000-4000-8000-000000000000',
    ],
  ])('but %s is an error that says so, and is not asked for again', async (_, fault, what, said) => {
    const { server, client } = await start();
    server.faults.push({ times: EVER, fault });
    expect(await wordsOf(READ(client), server)).toEqual({
      message: `GET URL was answered with 200 OK, but ${what}`,
      status: 200,
      said,
      hint,
    });
    expect(methodsOf(server)).toEqual(['GET']);
  });

  it('but a 204 is an error', async () => {
    const { server, client } = await start();
    server.faults.push({ fault: faults.empty(204) });
    expect(await wordsOf(UPDATE(client), server)).toEqual({
      message: 'PATCH URL was answered with 204 No Content, but with nothing where a span was expected',
      status: 204,
      said: undefined,
      hint,
    });
  });

  it('is told with the status text as the server writes it, whatever that is', async () => {
    const { server, client } = await start();
    server.faults.push({ fault: faults.raw('HTTP/1.1 401 未授权 \u0001\r\ncontent-length: 2\r\n\r\nno') });
    expect(await wordsOf(READ(client), server)).toMatchObject({
      message: 'GET URL was answered with 401 未授权 \u0001 (tried once)',
      status: 401,
      said: 'no',
    });
  });

  it('but the last status that HTTP knows is a refusal', async () => {
    const { server, client } = await start();
    server.faults.push({ fault: faults.status(599) });
    expect((await errorOf(READ(client))).status).toBe(599);
  });

  it.each([600, 999])('but the status %d, which HTTP does not know, is an error', async (code) => {
    const { server, client } = await start();
    server.faults.push({ times: EVER, fault: faults.status(code) });
    expect(await wordsOf(READ(client), server)).toEqual({
      message: `GET URL failed: the status ${code} is none of HTTP (tried once)`,
      status: undefined,
      said: undefined,
      hint: 'Check that base_url is the address of the Opper API.',
    });
    expect(client.traffic).toEqual({ requests: 1, status: code });
  });
});

describe('an answer of 32 MiB', () => {
  /** A span of exactly so many bytes. */
  const spanOfBytes = (bytes: number) => {
    const body = Buffer.alloc(bytes, ' ');
    body.write(`{"id":"${ID}","name":"x"}`);
    return faults.answer({ status: 200, headers: { 'content-type': 'application/json' }, body });
  };

  it('is read', async () => {
    const { server, client } = await start();
    server.faults.push({ fault: spanOfBytes(MAX_BODY_BYTES) });
    expect(await client.getSpan(ID)).toEqual({ id: ID, name: 'x' });
  });

  it.each([
    ['a byte more', spanOfBytes(MAX_BODY_BYTES + 1)],
    ['a stream without end', faults.huge(EVER)],
    ['a gzip bomb', faults.gzipBomb(8 * MAX_BODY_BYTES)],
  ])('is the bound: %s is an error, and is not asked for again', async (_, fault) => {
    const { server, client } = await start();
    server.faults.push({ times: EVER, fault });
    expect(await wordsOf(READ(client), server)).toEqual({
      message: 'GET URL failed: the answer is larger than 32 MiB, which no span is (tried once)',
      status: undefined,
      said: undefined,
      hint: 'Check that base_url is the address of the Opper API.',
    });
    expect(methodsOf(server)).toEqual(['GET']);
  });

  it('is the bound of an error page too', async () => {
    const { server, client } = await start();
    server.faults.push({
      fault: faults.answer({ status: 500, body: Buffer.alloc(MAX_BODY_BYTES + 1, 'x') }),
    });
    expect((await errorOf(READ(client))).message).toMatch(/failed: the answer is larger than 32 MiB/);
  });
});

describe('the key is in no error', () => {
  const echo = (what: (key: string, exchange: Exchange) => void): Fault => {
    return (exchange) =>
      what(String(exchange.request.headers.authorization).replace('Bearer ', ''), exchange);
  };
  const answer = (of: (key: string) => Parameters<Exchange['send']>[0]) =>
    echo((key, { send }) => send(of(key)));

  it.each<[string, Fault]>([
    ['a refusal', faults.status(401)],
    ['a lasting 503', faults.status(503)],
    ['a connection that is reset', faults.reset('before headers')],
    ['a stall', faults.stall('before headers')],
    ['a redirect', faults.redirect('https://elsewhere.example/')],
    ['an HTML page', faults.html()],
    ['half the JSON', faults.truncatedJson()],
    ['an answer too large', faults.huge(EVER)],
    ['an echo in a refusal', answer((key) => ({ status: 401, body: { detail: `no such key: ${key}` } }))],
    ['an echo in text', answer((key) => ({ status: 200, body: `key ${key}` }))],
    ['an echo in broken JSON', answer((key) => ({ status: 200, body: `{"id": ${key}}` }))],
    ['an echo in a title', answer((key) => ({ status: 200, body: `<html><title>${key}</title>` }))],
    ['an echo as the id', answer((key) => ({ status: 200, body: { id: key, name: key } }))],
    [
      'an echo in a redirect',
      answer((key) => ({ status: 307, headers: { location: `https://${key}.example/` } })),
    ],
    [
      'an echo in the status text',
      echo((key, { socket }) => socket.end(`HTTP/1.1 400 ${key}\r\ncontent-length: 0\r\n\r\n`)),
    ],
    ['an echo in what is not HTTP', echo((key, { socket }) => socket.end(`key ${key}`))],
    [
      'an echo in a broken header',
      echo((key, { socket }) => socket.end(`HTTP/1.1 200 OK\r\n${key}\r\n\r\n`)),
    ],
  ])('for %s', async (_, fault) => {
    // Upper case, as a host name would not keep it.
    const apiKey = 'op-Test-0123456789ABCDEF';
    const { server, client } = await start({ apiKey, timeoutMs: 400, retries: 1 });
    server.faults.push({ times: EVER, fault });
    const error = await errorOf(UPDATE(client));
    const shown = inspect(error, { depth: Number.POSITIVE_INFINITY, showHidden: true, getters: true });
    expect(shown).toContain('ApiError');
    expect(shown.toLowerCase()).not.toContain(apiKey.toLowerCase());
    expect(server.requests[0]?.headers.authorization).toBe(`Bearer ${apiKey}`);
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
