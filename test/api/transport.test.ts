import { spawn } from 'node:child_process';
import dns from 'node:dns';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { createFetch } from 'ofetch';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type AttemptInit, createTransport } from '../../src/api/transport.ts';
import {
  closedPort,
  closeServers,
  identityOf,
  listen,
  pathOf,
  startFullPort,
  startTcpServer,
} from '../harness/tcp-server.ts';

afterEach(closeServers);

const KEY = 'op-test-0123456789abcdef';
const HEADERS = [['authorization', `Bearer ${KEY}`]] as const;
const GET = { method: 'GET', headers: HEADERS };
const PATCH = { method: 'PATCH', headers: HEADERS, body: '{"score":9}' };
const POST = { method: 'POST', headers: HEADERS, body: '{"name":"x"}' };

type Handler = (request: IncomingMessage, response: ServerResponse) => void;

/** A server, a transport to it, and what each connection to it was asked. */
async function start(handler: Handler, timeoutMs = 5000) {
  const connections: string[][] = [];
  const server = createServer((request, response) => {
    connectionOf.get(request.socket)?.push(request.method ?? '');
    request.resume().once('end', () => handler(request, response));
  });
  const connectionOf = new Map<Socket, string[]>();
  server.on('connection', (socket) => {
    const methods: string[] = [];
    connections.push(methods);
    connectionOf.set(socket, methods);
  });
  const url = `http://127.0.0.1:${await listen(server)}/v2`;
  const { fetch } = createTransport({ baseUrl: url, env: {}, timeoutMs });
  return { url, connections, send: (init: AttemptInit) => fetch(url, init) };
}

/** A server that responds with these bytes, and a request to it. */
async function respondWith(...pieces: (string | Buffer)[]) {
  const write = (socket: Socket, [piece, ...rest]: typeof pieces) => {
    if (piece === undefined) socket.end();
    else socket.write(piece, () => setImmediate(write, socket, rest));
  };
  const { host } = await startTcpServer((socket) => write(socket, pieces));
  const baseUrl = `http://${host}/v2`;
  return createTransport({ baseUrl, env: {}, timeoutMs: 5000 }).fetch(baseUrl, GET);
}

const messageOf = (promise: Promise<unknown>) => promise.then(String, ({ message }) => message);

describe('an attempt', () => {
  it('sends method, headers and body, asks for no compression, and returns the response', async () => {
    const seen: IncomingMessage[] = [];
    const { url, send } = await start((request, response) => {
      seen.push(request);
      response.writeHead(201, 'Just made', { 'retry-after': '7' }).end('{"ä":"😀"}');
    });
    const reply = await send(PATCH);
    expect({ ...reply, text: await reply.text() }).toEqual({
      status: 201,
      statusText: 'Just made',
      location: undefined,
      retryAfter: '7',
      body: '{"ä":"😀"}',
      text: '{"ä":"😀"}',
    });
    expect(seen.map(({ method, url: path, headers }) => ({ method, path, headers }))).toEqual([
      {
        method: 'PATCH',
        path: '/v2',
        headers: {
          host: new URL(url).host,
          connection: 'keep-alive',
          'accept-encoding': 'identity',
          authorization: `Bearer ${KEY}`,
          'content-length': '11',
        },
      },
    ]);
  });

  it('accepts a response in pieces that split a character', async () => {
    const bytes = Buffer.from('"ä😀"');
    const pieces = [...bytes].map((byte) => Buffer.of(byte));
    const reply = await respondWith(`HTTP/1.1 200 OK\r\ncontent-length: ${bytes.length}\r\n\r\n`, ...pieces);
    expect(reply.body).toBe('"ä😀"');
  });

  it.each([301, 307, 400, 421, 503, 599])('returns a %d like any other response', async (status) => {
    const { send, connections } = await start((_, response) => {
      response.writeHead(status, { location: '/elsewhere' }).end('no');
    });
    expect(await send(GET)).toMatchObject({ status, location: '/elsewhere', body: 'no' });
    expect(connections).toEqual([['GET']]);
  });

  it('skips interim responses, up to 100', async () => {
    const hints = 'HTTP/1.1 103 Early Hints\r\nlink: </style.css>; rel=preload\r\n\r\n';
    const response = 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok';
    expect(await respondWith(hints.repeat(100), response)).toMatchObject({ status: 200, body: 'ok' });
    expect(await messageOf(respondWith(hints.repeat(100)))).toBe('socket hang up');
    expect(await messageOf(respondWith(hints.repeat(101)))).toContain(' 100 ');
  });

  it('reaches a port that browsers block', async () => {
    const { fetch } = createTransport({ baseUrl: 'http://127.0.0.1:6000', env: {}, timeoutMs: 5000 });
    expect(await messageOf(fetch('http://127.0.0.1:6000', GET))).toBe('connect ECONNREFUSED 127.0.0.1:6000');
  });
});

describe('an unusable response', () => {
  it.each(['099', '600', '999'])('has the status %s', async (status) => {
    const response = respondWith(`HTTP/1.1 ${status} Odd\r\ncontent-length: 0\r\n\r\n`);
    expect(await messageOf(response)).toBe(`${Number(status)} is not an HTTP status`);
  });

  it.each([
    ['101', '101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: h2c'],
    ['600', '600 Odd'],
  ])('ends the connection at once: %s', async (name, head) => {
    const { promise: closed, resolve } = Promise.withResolvers<void>();
    const { host } = await startTcpServer((socket) => {
      socket.once('close', () => resolve());
      socket.write(`HTTP/1.1 ${head}\r\n\r\n`);
    });
    const baseUrl = `http://${host}/v2`;
    const { fetch } = createTransport({ baseUrl, env: {}, timeoutMs: 600_000 });
    expect(await messageOf(fetch(baseUrl, GET))).toContain(name);
    await closed;
  });
});

describe('an endless response is cut off', () => {
  /** The error, and whether the connection is closed by then. */
  async function endOf(act: (socket: Socket) => void, timeoutMs: number) {
    const closed: Promise<unknown>[] = [];
    const { host, received } = await startTcpServer((socket) => {
      closed.push(new Promise((resolve) => socket.once('close', resolve)));
      act(socket);
    });
    const baseUrl = `http://${host}`;
    const error = await createTransport({ baseUrl, env: {}, timeoutMs })
      .fetch(baseUrl, GET)
      .catch((thrown) => thrown);
    await Promise.all(closed);
    return { name: error.name, code: error.code, message: error.message, connections: received.length };
  }
  const every = (piece: string) => (socket: Socket) => {
    socket.write('HTTP/1.1 103 Early Hints\r\n');
    const timer = setInterval(() => socket.write(piece), 10);
    socket.once('close', () => clearInterval(timer));
  };
  const flood = (piece: string) => (socket: Socket) => {
    const more = () => {
      while (!socket.destroyed && socket.write(piece.repeat(1000)));
    };
    socket.on('drain', more);
    more();
  };
  const timedOut = { name: 'TimeoutError', connections: 1 };

  it.each<[string, (socket: Socket) => void]>([
    ['nothing', () => {}],
    ['half a header section', (socket) => socket.write('HTTP/1.1 200 OK\r\ncontent-')],
    ['headers alone', (socket) => socket.write('HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n')],
    ['half a body', (socket) => socket.write('HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n{')],
    ['a header now and then', every('a: b\r\n')],
    ['an interim response now and then', every('\r\nHTTP/1.1 103 Early Hints\r\n')],
  ])('at the time limit: %s', async (_, act) => {
    expect(await endOf(act, 300)).toMatchObject(timedOut);
  });

  it('at a size limit: headers as fast as possible', async () => {
    const act = (socket: Socket) => {
      socket.write('HTTP/1.1 200 OK\r\n');
      flood('a: b\r\n')(socket);
    };
    expect(await endOf(act, 60_000)).toMatchObject({ code: 'HPE_HEADER_OVERFLOW', connections: 1 });
  });

  it('at a limit: interim responses as fast as possible', async () => {
    expect(await endOf(flood('HTTP/1.1 102 Processing\r\n\r\n'), 60_000)).toMatchObject({
      message: 'more than 100 interim responses (1xx) came',
      connections: 1,
    });
  });
});

describe('a connection', () => {
  it('is kept for the next request', async () => {
    const { send, connections } = await start((_, response) => void response.end('ok'));
    await send(GET);
    await send(PATCH);
    expect(connections).toEqual([['GET', 'PATCH']]);
  });

  it('is kept after an error status, and not after a response that was cut off', async () => {
    let count = 0;
    const { send, connections } = await start((_, response) => {
      count++;
      if (count === 1) response.writeHead(503).end('no');
      else if (count === 2)
        response.writeHead(200, { 'content-length': 9 }).write('{', () => response.destroy());
      else response.end('ok');
    });
    await send(GET);
    expect(await messageOf(send(GET))).toBe('aborted');
    await send(GET);
    expect(connections).toEqual([['GET', 'GET'], ['GET']]);
  });

  it('that timed out is not used again, and the next one is kept', async () => {
    let count = 0;
    const { send, connections } = await start((_, response) => {
      if (++count !== 2) response.end('ok');
    }, 300);
    await send(GET);
    expect(await messageOf(send(GET))).toBe('The operation was aborted due to timeout');
    await send(GET);
    await send(GET);
    expect(connections).toEqual([
      ['GET', 'GET'],
      ['GET', 'GET'],
    ]);
  });

  it('is not shared by requests at the same time', async () => {
    const { send, connections } = await start((_, response) => void setImmediate(() => response.end('ok')));
    await Promise.all([send(GET), send(GET), send(GET)]);
    expect(connections).toHaveLength(3);
  });

  /** A server that closes a connection at the second request on it, having written `bytes`. */
  const closing = (bytes = '') => {
    const seen = new Set<Socket>();
    return start(({ socket }, response) => {
      if (seen.has(socket)) socket.end(bytes);
      else response.end('ok');
      seen.add(socket);
    });
  };

  it('is a new one for a retry, and kept after it', async () => {
    const { send, connections } = await start((_, response) => void response.end('ok'));
    await send(GET);
    await send({ ...POST, isRetry: true });
    await send(GET);
    expect(connections).toEqual([['GET'], ['POST', 'GET']]);
  });

  it('is not kept for a second request after one was reset', async () => {
    const { send, connections } = await closing();
    await send(GET);
    await send(GET);
    for (const init of [POST, POST, GET]) expect(await send(init)).toMatchObject({ status: 200 });
    expect(connections).toEqual([['GET', 'GET'], ['GET'], ['POST'], ['POST'], ['GET']]);
  });

  it('that the server closed after its response is not used again', async () => {
    const closed = Promise.withResolvers<void>();
    const { send, connections } = await start(({ socket }, response) => {
      socket.once('close', () => closed.resolve());
      response.end('ok', () => socket.end());
    });
    await send(GET);
    await closed.promise;
    expect(await send(POST)).toMatchObject({ status: 200 });
    expect(connections).toEqual([['GET'], ['POST']]);
  });

  it('that the server closed while a request was under way is silently replaced', async () => {
    const { send, connections } = await closing();
    await send(GET);
    expect(await send(PATCH)).toMatchObject({ status: 200 });
    expect(connections).toEqual([['GET', 'PATCH'], ['PATCH']]);
  });

  it('is not replaced after part of the response has come', async () => {
    const { send, connections } = await closing('HTTP/1.1 2');
    await send(GET);
    expect(await messageOf(send(PATCH))).toBe('socket hang up');
    expect(connections).toEqual([['GET', 'PATCH']]);
  });

  it('is not replaced for a POST, which must not be sent twice', async () => {
    const { send, connections } = await closing();
    await send(GET);
    expect(await messageOf(send(POST))).toBe('socket hang up');
    expect(await send(POST)).toMatchObject({ status: 200 });
    expect(await send(POST)).toMatchObject({ status: 200 });
    expect(connections).toEqual([['GET', 'POST'], ['POST'], ['POST']]);
  });

  it('that was new is not replaced', async () => {
    const { send, connections } = await start(({ socket }) => void socket.end());
    expect(await messageOf(send(GET))).toBe('socket hang up');
    expect(connections).toEqual([['GET']]);
  });
});

describe('a host with several addresses', () => {
  const { lookup } = dns;
  let lookups = 0;
  beforeEach(() => {
    dns.lookup = ((_name: string, _options: object, done: (error: null, found: object) => void) => {
      lookups++;
      process.nextTick(done, null, [
        { address: '127.0.0.1', family: 4 },
        { address: '::1', family: 6 },
      ]);
    }) as typeof dns.lookup;
  });
  afterEach(() => {
    dns.lookup = lookup;
  });

  /** Of its addresses one is slower than the 250 ms that Node gives each, and one refuses. */
  async function startSlow(wakesAfterMs = 500) {
    const { port, wake, close } = await startFullPort();
    // Once it is awake, the system sends again what it sent at the start of the second round.
    const timer = setTimeout(wake, wakesAfterMs);
    const end = () => {
      clearTimeout(timer);
      return close();
    };
    return { host: `slow.example:${port}`, [Symbol.asyncDispose]: end };
  }

  // Windows refuses connections when its queue is full.
  if (process.platform !== 'win32') {
    it('is tried once more within the attempt, with a longer limit for each', async () => {
      await using slow = await startSlow();
      const baseUrl = `http://${slow.host}`;
      const { fetch } = createTransport({ baseUrl, env: {}, timeoutMs: 10_000 });
      expect(await fetch(baseUrl, GET)).toMatchObject({ status: 200, body: 'ok' });
    });

    it('may be the proxy', async () => {
      await using slow = await startSlow();
      const env = { HTTPS_PROXY: `http://${slow.host}` };
      const { fetch } = createTransport({ baseUrl: 'https://api.example', env, timeoutMs: 10_000 });
      // It accepts the tunnel, and then is no TLS.
      expect(await messageOf(fetch('https://api.example', GET))).not.toContain('through the proxy');
    });

    it('is tried only once more', async () => {
      await using slow = await startSlow(60_000);
      const baseUrl = `http://${slow.host}`;
      const { fetch } = createTransport({ baseUrl, env: {}, timeoutMs: 2000 });
      lookups = 0;
      const thrown = await fetch(baseUrl, GET).catch((error) => error);
      expect({ code: thrown.code, lookups }).toEqual({ code: expect.stringMatching(/^E/), lookups: 2 });
    });
  }

  it('is not tried again if each refuses', async () => {
    const baseUrl = `http://closed.example:${await closedPort()}`;
    const { fetch } = createTransport({ baseUrl, env: {}, timeoutMs: 10_000 });
    lookups = 0;
    const thrown = await fetch(baseUrl, GET).catch((error) => error);
    expect({ code: thrown.code, lookups }).toEqual({ code: 'ECONNREFUSED', lookups: 1 });
  });
});

describe('over TLS', () => {
  it('connections are also kept, and do not keep the process alive', async () => {
    let connections = 0;
    const server = createTlsServer(identityOf('loopback'), (_, response) => void response.end('ok'));
    server.on('secureConnection', () => connections++);
    const baseUrl = `https://127.0.0.1:${await listen(server)}`;
    const module = JSON.stringify(new URL('../../src/api/transport.ts', import.meta.url));
    const script = `
      import { createTransport } from ${module};
      const { fetch } = createTransport({ baseUrl: '${baseUrl}', env: {}, timeoutMs: 600000 });
      for (const method of ['GET', 'PATCH']) {
        const { status, body } = await fetch('${baseUrl}', { method, headers: [] });
        console.log(status, body);
      }`;
    const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
      env: { NODE_EXTRA_CA_CERTS: pathOf('loopback-cert.pem') },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    expect(await text(child.stdout)).toBe('200 ok\n200 ok\n');
    expect(connections).toBe(1);
  });
});

describe('ofetch', () => {
  it('makes one attempt with it: sends JSON as text, and returns the response as it is', async () => {
    const seen: unknown[] = [];
    const { url } = await start(({ method, headers }, response) => {
      seen.push([method, headers.authorization, headers['content-type'], headers['content-length']]);
      response.writeHead(503, { 'retry-after': '7' }).end('{"score":9}');
    });
    const transport = createTransport({ baseUrl: url, env: {}, timeoutMs: 5000 });
    const request = createFetch(transport as unknown as Parameters<typeof createFetch>[0]);
    const { method, body } = PATCH;
    const headers = { authorization: `Bearer ${KEY}` };
    const options = { responseType: 'text', retry: false, ignoreResponseError: true } as const;
    expect(await request.raw(url, { method, headers, body, ...options })).toMatchObject({
      status: 503,
      retryAfter: '7',
      body: '{"score":9}',
    });
    expect(seen).toEqual([['PATCH', `Bearer ${KEY}`, 'application/json', '11']]);
  });
});
