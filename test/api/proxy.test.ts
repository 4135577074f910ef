import { spawn } from 'node:child_process';
import { createServer } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { failureAdvice, failureText, isWorthRetrying } from '../../src/api/attempt-failure.ts';
import { createTransport } from '../../src/api/transport.ts';
import {
  closedPort,
  closeServers,
  identityOf,
  listen,
  pathOf,
  startProxy,
  startTcpServer,
} from '../harness/tcp-server.ts';

afterEach(closeServers);

const KEY = 'op-test-0123456789abcdef';
const GET = { method: 'GET', headers: [['authorization', `Bearer ${KEY}`]] } as const;
const REMOTE = 'https://api.example/v2';

const trusted = getCACertificates();
beforeAll(() => {
  setDefaultCACertificates([...trusted, identityOf('remote').cert, identityOf('loopback').cert]);
});
afterAll(() => setDefaultCACertificates(trusted));

/** The API at api.example, which only a proxy can reach. */
async function startRemote() {
  const keys: unknown[] = [];
  const server = createTlsServer(identityOf('remote'), ({ headers }, response) => {
    keys.push(headers.authorization);
    response.end('ok');
  });
  return { port: await listen(server), keys };
}

const get = (env: Record<string, string>, baseUrl = REMOTE, timeoutMs = 5000) =>
  createTransport({ baseUrl, env, timeoutMs }).fetch(baseUrl, GET);

/** The message and advice for a request that fails. */
async function failureOf(env: Record<string, string>, baseUrl = REMOTE, timeoutMs = 5000) {
  const thrown = await get(env, baseUrl, timeoutMs).then(
    ({ status }) => `a ${status} came`,
    (error: unknown) => error,
  );
  return {
    text: failureText(thrown, timeoutMs),
    advice: failureAdvice(thrown),
    again: isWorthRetrying(thrown),
  };
}

describe('a proxy', () => {
  it('named by HTTP_PROXY is for http only, and does not see a request over https', async () => {
    const remote = await startRemote();
    const proxy = await startProxy(remote.port);
    const { text } = await failureOf({
      HTTP_PROXY: `http://${proxy.host}`,
      http_proxy: `http://${proxy.host}`,
    });
    expect(text).toContain('getaddrinfo');
    expect(proxy.received).toEqual([]);
  });

  it.each(['HTTPS_PROXY', 'https_proxy'])(
    'named by %s is asked for the host of base_url, and does not see the key',
    async (variable) => {
      const remote = await startRemote();
      const proxy = await startProxy(remote.port);
      expect(await get({ [variable]: `http://${proxy.host}` })).toMatchObject({ status: 200, body: 'ok' });
      expect(remote.keys).toEqual([`Bearer ${KEY}`]);
      const [bytes] = proxy.received;
      expect(bytes?.slice(0, bytes.indexOf('\r\n\r\n')).split('\r\n')).toEqual([
        'CONNECT api.example:443 HTTP/1.1',
        'host: api.example:443',
        'Connection: close',
      ]);
      expect(bytes).not.toContain(KEY);
    },
  );

  it('may itself speak TLS, with a certificate for its own name', async () => {
    const remote = await startRemote();
    const proxy = await startProxy(remote.port, undefined, identityOf('loopback'));
    expect(await get({ HTTPS_PROXY: `https://${proxy.host}` })).toMatchObject({ status: 200 });
    const other = await startProxy(remote.port, undefined, identityOf('remote'));
    expect(await failureOf({ HTTPS_PROXY: `https://${other.host}` })).toMatchObject({
      text: expect.stringContaining('127.0.0.1'),
      again: false,
    });
  });

  it.each([
    ['localhost', ['localhost']],
    ['127.0.0.1', []],
  ])(
    'that speaks TLS is asked for the certificate of its name, if it has one: %s',
    async (host, expected) => {
      const names: string[] = [];
      const tls = {
        ...identityOf('remote'),
        SNICallback(name: string, done: (error: null) => void) {
          names.push(name);
          done(null);
        },
      };
      const proxy = await startProxy(1, undefined, tls);
      const { text } = await failureOf({ HTTPS_PROXY: `https://${host}:${proxy.port}` });
      expect({ text, names }).toEqual({ text: expect.stringContaining(host), names: expected });
    },
  );

  it('keeps its tunnel for the next request', async () => {
    const remote = await startRemote();
    const proxy = await startProxy(remote.port);
    const env = { HTTPS_PROXY: `http://${proxy.host}` };
    const { fetch } = createTransport({ baseUrl: REMOTE, env, timeoutMs: 5000 });
    await fetch(REMOTE, GET);
    await fetch(REMOTE, GET);
    expect({ tunnels: proxy.received.length, requests: remote.keys.length }).toEqual({
      tunnels: 1,
      requests: 2,
    });
  });

  it('gives each request its own tunnel after one was reset', async () => {
    const used = new Set<unknown>();
    const server = createTlsServer(identityOf('remote'), ({ socket }, response) => {
      if (used.has(socket)) socket.destroy();
      else response.end('ok');
      used.add(socket);
    });
    const proxy = await startProxy(await listen(server));
    const env = { HTTPS_PROXY: `http://${proxy.host}` };
    const { fetch } = createTransport({ baseUrl: REMOTE, env, timeoutMs: 5000 });
    // The second request is the one that is reset, and replaced.
    for (let count = 0; count < 4; count++) expect(await fetch(REMOTE, GET)).toMatchObject({ status: 200 });
    expect(proxy.received).toHaveLength(4);
    for (const post of [1, 2]) await fetch(REMOTE, { ...GET, method: 'POST', body: `${post}` });
    expect(proxy.received).toHaveLength(6);
  });

  it('gets an IPv6 address in brackets', async () => {
    const proxy = await startTcpServer((socket) => socket.end('HTTP/1.1 502 Bad Gateway\r\n\r\n'));
    await failureOf({ HTTPS_PROXY: `http://${proxy.host}` }, 'https://[2001:db8::1]:8443/v2');
    expect(proxy.received[0]).toMatch(/^CONNECT \[2001:db8::1\]:8443 HTTP/);
  });

  it.each([
    ['me%40acme:p%3Ass', 'me@acme:p:ss'],
    ['me', 'me:'],
    [':p', ':p'],
    ['me:50%off', 'me:50%off'],
    ['m%c3%a9:100%25%zz', 'mé:100%%zz'],
    ['me:%e9t%C3%A9', 'me:%e9té'],
    ['me:p@ss:word', 'me:p@ss:word'],
  ])('gets the user and password of its URL: %s', async (written, login) => {
    const remote = await startRemote();
    const proxy = await startProxy(remote.port, login);
    expect(await get({ HTTPS_PROXY: `http://${written}@${proxy.host}` })).toMatchObject({ status: 200 });
  });

  it.each(['', ' me:50%off@'])('without a scheme is one for http: %jHOST:PORT', async (login) => {
    const remote = await startRemote();
    const proxy = await startProxy(remote.port, login ? 'me:50%off' : undefined);
    expect(await get({ HTTPS_PROXY: `${login}${proxy.host}` })).toMatchObject({ status: 200 });
  });

  // A name cannot have two dots in a row, so no DNS server is asked for it.
  it.each<[string, string?]>([
    ['api.example'],
    ['example'],
    ['.example'],
    ['*.example'],
    ['API.Example:443'],
    ['other.test, api.example'],
    ['other.test api.example'],
    ['*'],
    ['::', 'https://[::]:1'],
    ['[::]:1', 'https://[::]:1'],
  ])('is not used for NO_PROXY=%s', async (value, baseUrl = 'https://no..api.example/v2') => {
    const proxy = await startProxy(1);
    const { text } = await failureOf({ HTTPS_PROXY: `http://${proxy.host}`, no_proxy: value }, baseUrl);
    expect(text).toMatch(/ENOTFOUND no|connect E/);
    expect(proxy.received).toEqual([]);
  });

  it.each<[string, string?]>([
    [''],
    ['', 'https://api.example./v2'],
    ['pi.example'],
    ['api.example.com'],
    ['api.example:8443'],
    ['127.0.0.1'],
    ['.'],
    [','],
  ])('is used for NO_PROXY=%s', async (value, baseUrl = REMOTE) => {
    const remote = await startRemote();
    const proxy = await startProxy(remote.port);
    const env = { HTTPS_PROXY: `http://${proxy.host}`, NO_PROXY: value };
    expect(await get(env, baseUrl)).toMatchObject({ status: 200 });
    expect(proxy.received).toHaveLength(1);
  });

  it.each<[string, string, string]>([
    ['ftp://me:wr0ng@127.0.0.1', 'is not the address of an HTTP proxy', 'http://proxy.example:3128'],
    ['http://me:wr0ng@', 'is not the address of an HTTP proxy', 'http://proxy.example:3128'],
    ['shttp://127.0.0.1', 'is not the address of an HTTP proxy', 'http://proxy.example:3128'],
    ['mysocks://127.0.0.1', 'is not the address of an HTTP proxy', 'http://proxy.example:3128'],
    ['http://127.0.0.1:wr0ng', 'is not the address of an HTTP proxy', 'http://proxy.example:3128'],
    [
      'SOCKS5://me:wr0ng@127.0.0.1',
      'names a SOCKS proxy, and only HTTP proxies work',
      'http://proxy.example:3128',
    ],
    ['socks://127.0.0.1', 'names a SOCKS proxy, and only HTTP proxies work', 'http://proxy.example:3128'],
    ['http://me:wr0ng#1@127.0.0.1', 'has a # before its last @', '%23'],
    ['http://me:wr0ng/1@127.0.0.1', 'has a / before its last @', '%2F'],
    ['me:wr0ng?@1@127.0.0.1', 'has a ? before its last @', '%3F'],
    ['http://a\\me:wr0ng@127.0.0.1', 'has a \\ before its last @', '%5C'],
  ])('of %j is a failure that no retry fixes, named without its value', async (url, reason, advice) => {
    const failure = await failureOf({ https_proxy: ' ', HTTPS_PROXY: url });
    expect(failure).toEqual({
      text: `failed: HTTPS_PROXY ${reason}`,
      advice: expect.stringContaining(advice),
      again: false,
    });
    expect(JSON.stringify(failure)).not.toMatch(/wr0ng|127/);
  });

  it('is not read for a host that needs none', async () => {
    const env = { HTTPS_PROXY: 'socks5://127.0.0.1', NO_PROXY: '*' };
    expect(await failureOf(env, 'https://no..name')).toMatchObject({
      text: expect.stringContaining('no..name'),
    });
  });
});

describe('a proxy that fails', () => {
  const anyAdvice = expect.any(String);

  it('by rejecting the login is reported with 407 and no password, and is not retried', async () => {
    const proxy = await startProxy(1, 'me:right');
    const failure = await failureOf({ HTTPS_PROXY: `http://me:wr0ng@${proxy.host}` });
    expect(failure).toEqual({
      text: expect.stringContaining('proxy returned 407'),
      advice: expect.stringContaining('HTTPS_PROXY'),
      again: false,
    });
    expect(JSON.stringify(failure)).not.toContain('wr0ng');
    expect(proxy.received).toHaveLength(1);
  });

  it.each([201, 403, 502])('by returning %d is reported with that status, and closed', async (status) => {
    const { promise: closed, resolve } = Promise.withResolvers<void>();
    const proxy = await startTcpServer((socket) => {
      socket.once('close', () => resolve());
      socket.write(`HTTP/1.1 ${status} No\r\n\r\n`);
    });
    expect(await failureOf({ HTTPS_PROXY: `http://${proxy.host}` }, REMOTE, 600_000)).toEqual({
      text: `failed: the proxy returned ${status}`,
      advice: anyAdvice,
      again: true,
    });
    await closed;
  });

  it.each([
    ['127.0.0.1', 'ECONNREFUSED 127.0.0.1'],
    // The reason is another one on a machine without IPv6.
    ['[::1]', 'E\\w+ ::1'],
  ])('by being down is reported with its address: %s', async (hostname, reason) => {
    const port = await closedPort();
    expect(await failureOf({ HTTPS_PROXY: `http://me:wr0ng@${hostname}:${port}` })).toEqual({
      text: expect.stringMatching(new RegExp(`proxy: connect ${reason}:${port}`)),
      advice: expect.stringContaining('HTTPS_PROXY'),
      again: true,
    });
  });

  const head = 'HTTP/1.1 200 OK\r\n';
  it.each<[string, (socket: Socket) => void, string]>([
    ['hanging up', (socket) => socket.end(), 'closed before a response'],
    ['a reset', (socket) => socket.resetAndDestroy(), 'ECONNRESET'],
    ['hanging up in its response', (socket) => socket.end(head), 'closed before a response'],
    ['hanging up in the tunnel', (socket) => socket.end(`${head}\r\n`), 'disconnected before secure TLS'],
    ['something else than HTTP', (socket) => socket.end('220 mail.example\r\n\r\n'), 'not HTTP'],
    ['silence', () => {}, 'within 0.5 s'],
    ['silence in the tunnel', (socket) => socket.write(`${head}\r\n`), 'within 0.5 s'],
    [
      'sending a byte now and then',
      (socket) => {
        const timer = setInterval(() => socket.write('a'), 5);
        socket.write(`${head}a: `);
        socket.once('close', () => clearInterval(timer));
      },
      'within 0.5 s',
    ],
    [
      'headers without end',
      (socket) => {
        const more = () => {
          while (!socket.destroyed && socket.write('a: b\r\n'.repeat(10_000)));
        };
        socket.write(head);
        socket.on('drain', more);
        more();
      },
      'response headers are too long',
    ],
  ])('by %s gets one CONNECT and causes one error', async (_, act, part) => {
    const proxy = await startTcpServer((socket) => act(socket));
    const { text, again } = await failureOf({ HTTPS_PROXY: `http://${proxy.host}` }, REMOTE, 500);
    expect(text).toContain(part);
    expect({ again, connects: proxy.received.length }).toEqual({ again: true, connects: 1 });
    expect(proxy.received[0]).toMatch(/^CONNECT /);
  });

  it('by not speaking TLS although its URL says https is reported with advice to check the scheme', async () => {
    const proxy = await startTcpServer((socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'));
    expect(await failureOf({ HTTPS_PROXY: `https://${proxy.host}` })).toEqual({
      text: expect.stringContaining('through the proxy: TLS: '),
      advice: expect.stringContaining('scheme and port'),
      again: true,
    });
  });

  it('by connecting to another host is an error about the certificate', async () => {
    const elsewhere = createTlsServer(identityOf('remote'), (_, response) => void response.end('ok'));
    const proxy = await startProxy(await listen(elsewhere));
    expect(await failureOf({ HTTPS_PROXY: `http://${proxy.host}` }, 'https://other.example')).toEqual({
      text: expect.stringContaining('other.example'),
      advice: expect.stringContaining('base_url'),
      again: false,
    });
  });
});

describe('a loopback address', () => {
  const SWITCHES: [string, Record<string, string>][] = [
    ['nothing but the variables', {}],
    ['NODE_USE_ENV_PROXY=1', { NODE_USE_ENV_PROXY: '1' }],
    ['NODE_OPTIONS=--use-env-proxy', { NODE_OPTIONS: '--use-env-proxy' }],
  ];

  it.each(
    SWITCHES.flatMap(([name, env]) => [
      [`http, with ${name}`, 'http', env] as const,
      [`https, with ${name}`, 'https', env] as const,
    ]),
  )('goes through no proxy: over %s', async (_, scheme, env) => {
    const keys: unknown[] = [];
    const response = (
      { headers }: { headers: Record<string, unknown> },
      response: { end(text: string): unknown },
    ) => {
      keys.push(headers.authorization);
      response.end('ok');
    };
    const server =
      scheme === 'http' ? createServer(response) : createTlsServer(identityOf('loopback'), response);
    const baseUrl = `${scheme}://127.0.0.1:${await listen(server)}`;
    const proxy = await startTcpServer((socket) => socket.end());
    const url = `http://${proxy.host}`;
    const proxies = { HTTP_PROXY: url, HTTPS_PROXY: url, http_proxy: url, https_proxy: url };

    const module = JSON.stringify(new URL('../../src/api/transport.ts', import.meta.url));
    const script = `
      import { createTransport } from ${module};
      const { fetch } = createTransport({ baseUrl: '${baseUrl}', env: process.env, timeoutMs: 5000 });
      const headers = [['authorization', 'Bearer ${KEY}']];
      console.log((await fetch('${baseUrl}', { method: 'GET', headers })).body);`;
    const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
      env: { ...proxies, ...env, NODE_EXTRA_CA_CERTS: pathOf('loopback-cert.pem') },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    expect({ body: await text(child.stdout), keys, proxied: proxy.received }).toEqual({
      body: 'ok\n',
      keys: [`Bearer ${KEY}`],
      proxied: [],
    });
  });

  it.each(['localhost', '127.0.0.1', '127.12.34.56', '[::1]'])('is %s', async (host) => {
    const proxy = await startTcpServer((socket) => socket.end());
    const port = await closedPort();
    const url = `http://${proxy.host}`;
    const { text } = await failureOf({ HTTP_PROXY: url, HTTPS_PROXY: url }, `https://${host}:${port}`);
    expect(text).toMatch(/connect E/);
    expect(proxy.received).toEqual([]);
  });
});
