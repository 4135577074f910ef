import { spawn } from 'node:child_process';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { createFetch } from 'ofetch';
import { afterEach, describe, expect, it } from 'vitest';
import { createTransport } from '../../src/api/transport.ts';
import { MAX_BYTES } from '../../src/files.ts';
import { closeServers, identityOf, listen, pathOf, startTcpServer } from '../harness/tcp-server.ts';

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
  return { url, connections, send: (init: typeof GET | typeof PATCH) => fetch(url, init) };
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

  it.each([301, 307, 400, 421, 503, 599])('gives back a %d like any other response', async (status) => {
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

describe('a response that cannot be used', () => {
  const withBody = (bytes: Buffer, headers = '') =>
    respondWith(`HTTP/1.1 200 OK\r\n${headers}content-length: ${bytes.length}\r\n\r\n`, bytes);

  it.each([
    ['in Latin-1', Buffer.from('{"name":"café"}', 'latin1')],
    ['that ends in a cut character', Buffer.from('"é').subarray(0, -1)],
  ])('is one %s', async (_, bytes) => {
    expect(await messageOf(withBody(bytes))).toContain('not UTF-8');
  });

  it.each(['gzip', 'br', 'gzip, identity'])(
    'is one compressed with %s, which was not requested',
    async (name) => {
      expect(await messageOf(withBody(Buffer.from('{}'), `content-encoding: ${name}\r\n`))).toContain(
        `(${name})`,
      );
    },
  );

  it.each(['099', '600', '999'])('is one with the status %s', async (status) => {
    const response = respondWith(`HTTP/1.1 ${status} Odd\r\ncontent-length: 0\r\n\r\n`);
    expect(await messageOf(response)).toBe(`${Number(status)} is not an HTTP status`);
  });

  it.each([
    ['101', '101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: h2c'],
    ['600', '600 Odd'],
    ['gzip', '200 OK\r\ncontent-encoding: gzip'],
  ])('ends the connection at once, if it is one with %s', async (name, head) => {
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

  it('is one of more than 32 MiB', async () => {
    const server = await start((_, response) => {
      response.write(Buffer.alloc(MAX_BYTES, ' '));
      response.end(' ');
    });
    expect(await messageOf(server.send(GET))).toContain(' 32 MiB');
  });

  it('is not one of exactly 32 MiB', async () => {
    const server = await start((_, response) => void response.end(Buffer.alloc(MAX_BYTES, ' ')));
    expect((await server.send(GET)).body).toHaveLength(MAX_BYTES);
  });

  it.each([300, 502])('never hides a status of %d: any text is read, no compressed page', async (status) => {
    const head = `HTTP/1.1 ${status} No\r\n`;
    const latin1 = await respondWith(`${head}content-length: 4\r\n\r\n`, Buffer.from('café', 'latin1'));
    const gzip = await respondWith(`${head}content-encoding: gzip\r\ncontent-length: 4\r\n\r\nabcd`);
    expect([latin1, gzip]).toMatchObject([
      { status, body: 'caf\ufffd' },
      { status, body: '' },
    ]);
  });
});

describe('an endless response is cut off', () => {
  /** The error, and whether the connection is closed by then. */
  async function endOf(act: (socket: Socket) => void) {
    const closed: Promise<unknown>[] = [];
    const { host, received } = await startTcpServer((socket) => {
      closed.push(new Promise((resolve) => socket.once('close', resolve)));
      act(socket);
    });
    const baseUrl = `http://${host}`;
    const error = await createTransport({ baseUrl, env: {}, timeoutMs: 300 })
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
    expect(await endOf(act)).toMatchObject(timedOut);
  });

  it('at a size limit: headers as fast as possible', async () => {
    const act = (socket: Socket) => {
      socket.write('HTTP/1.1 200 OK\r\n');
      flood('a: b\r\n')(socket);
    };
    expect(await endOf(act)).toMatchObject({ code: 'HPE_HEADER_OVERFLOW', connections: 1 });
  });

  it('at a limit: interim responses as fast as possible', async () => {
    expect(await endOf(flood('HTTP/1.1 102 Processing\r\n\r\n'))).toMatchObject({
      name: 'BadResponseError',
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

  it('is kept after an error status, and not after a response that broke off', async () => {
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

  it('is not replaced for a POST, which must not be made twice', async () => {
    const { send, connections } = await closing();
    await send(GET);
    expect(await messageOf(send(POST))).toBe('socket hang up');
    expect(connections).toEqual([['GET', 'POST']]);
  });

  it('that was new is not replaced', async () => {
    const { send, connections } = await start(({ socket }) => void socket.end());
    expect(await messageOf(send(GET))).toBe('socket hang up');
    expect(connections).toEqual([['GET']]);
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
