import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage } from 'node:http';
import { type AddressInfo, connect, createServer as createTcpServer, type Socket } from 'node:net';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { useProxy } from '../../src/api/proxy.ts';
import { InputError } from '../../src/errors.ts';
import { runStep } from '../harness/runner.ts';
import { type SpanServer, startSpanServer } from '../harness/span-server.ts';

// Processes are started, on a machine that may be busy.
vi.setConfig({ testTimeout: 30_000 });

const CERTIFICATE = fileURLToPath(new URL('../harness/loopback-cert.pem', import.meta.url));
const EXPIRED = fileURLToPath(new URL('../harness/expired-cert.pem', import.meta.url));
const KEY = readFileSync(new URL('../harness/loopback-key.pem', import.meta.url), 'utf8');
const TRUSTED = { NODE_EXTRA_CA_CERTS: CERTIFICATE };
const NETWORK =
  'Check base_url (scheme, host, port) and the network of the runner; behind a proxy, HTTPS_PROXY in the env of the step too.';

/** A span server that speaks TLS. */
async function startTls(certificate = CERTIFICATE): Promise<SpanServer> {
  const server = await startSpanServer({ tls: { key: KEY, cert: readFileSync(certificate, 'utf8') } });
  onTestFinished(() => server.close());
  return server;
}

/** A proxy that connects whoever has the login, and only to `target`, whatever host is asked for. */
async function startProxy({ baseUrl }: SpanServer, login?: string) {
  const asked: { target: string | undefined; login: string | undefined }[] = [];
  const sockets = new Set<Socket>();
  const proxy = createServer().on('connect', (request: IncomingMessage, client: Socket) => {
    const [, given] = request.headers['proxy-authorization']?.split(' ') ?? [];
    const decoded = given && Buffer.from(given, 'base64').toString();
    asked.push({ target: request.url, login: decoded });
    client.on('error', () => {});
    if (login !== decoded) {
      client.end('HTTP/1.1 407 Proxy Authentication Required\r\nproxy-authenticate: Basic\r\n\r\n');
      return;
    }
    const api = connect(Number(new URL(baseUrl).port), '127.0.0.1', () => {
      client.write('HTTP/1.1 200 Connection Established\r\n\r\n');
      api.pipe(client).pipe(api);
    });
    api.on('error', () => client.destroy());
    sockets.add(api);
  });
  const port = await listen(proxy);
  onTestFinished(() => {
    proxy.close().closeAllConnections();
    for (const socket of sockets) socket.destroy();
  });
  return { asked, host: `127.0.0.1:${port}`, url: `http://127.0.0.1:${port}` };
}

async function listen(server: ReturnType<typeof createTcpServer>): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

async function closedPort(): Promise<number> {
  const server = createTcpServer();
  const port = await listen(server);
  server.close();
  return port;
}

/** Reads a span from `dist`, by another base URL than the server's own where one is given. */
async function read(
  server: SpanServer,
  env: Record<string, string>,
  baseUrl = server.baseUrl,
  timeoutSeconds?: string,
) {
  const { id } = server.create({ name: 'Answer a ticket' });
  const step = await runStep({
    env,
    with: {
      api_key: server.key,
      span_id: id,
      base_url: baseUrl,
      operation: 'get',
      retries: '1',
      ...(timeoutSeconds && { timeout_seconds: timeoutSeconds }),
    },
    timeoutMs: 15_000,
  });
  return {
    exitCode: step.exitCode,
    outcome: step.outputs.outcome,
    errors: step.annotations.map(({ message }) => message.replace(`${baseUrl}/spans/${id}`, 'URL')),
    requests: Number(/\((\d+) requests?,/.exec(step.log.join('\n'))?.[1] ?? 0),
    arrived: server.requests.length,
    everything: JSON.stringify(step),
  };
}

const DONE = { exitCode: 0, outcome: 'read', errors: [], requests: 1, arrived: 1 };
const failed = (error: string, requests = 1) => ({
  exitCode: 1,
  outcome: 'failed',
  errors: [error],
  requests,
  arrived: 0,
});

describe('a proxy', () => {
  it.each(['HTTPS_PROXY', 'https_proxy', 'HTTP_PROXY', 'http_proxy'])(
    'named by %s is used, and asked for the host of base_url',
    async (variable) => {
      const server = await startTls();
      const proxy = await startProxy(server);
      expect(await read(server, { ...TRUSTED, [variable]: proxy.url })).toMatchObject(DONE);
      expect(proxy.asked).toEqual([{ target: new URL(server.baseUrl).host, login: undefined }]);
    },
  );

  it('gets the user and password of its URL', async () => {
    const server = await startTls();
    const proxy = await startProxy(server, 'me@acme:p:ss');
    const { everything, ...step } = await read(server, {
      ...TRUSTED,
      HTTPS_PROXY: `http://me%40acme:p%3Ass@${proxy.host}`,
    });
    expect(step).toEqual(DONE);
    expect(proxy.asked).toHaveLength(1);
    expect(everything).not.toMatch(/me@acme|me%40acme|p:ss|p%3Ass/);
  });

  it.each([
    ['NO_PROXY', '127.0.0.1'],
    ['no_proxy', 'example.com,127.0.0.1'],
    ['NO_PROXY', '*'],
  ])('is left out for %s=%s', async (variable, value) => {
    const server = await startTls();
    const proxy = await startProxy(server);
    expect(await read(server, { ...TRUSTED, HTTPS_PROXY: proxy.url, [variable]: value })).toMatchObject(DONE);
    expect(proxy.asked).toEqual([]);
  });

  it('is used for what NO_PROXY does not name', async () => {
    const server = await startTls();
    const proxy = await startProxy(server);
    const env = { ...TRUSTED, HTTPS_PROXY: proxy.url, NO_PROXY: 'example.com,10.0.0.1' };
    expect(await read(server, env)).toMatchObject(DONE);
    expect(proxy.asked).toHaveLength(1);
  });

  it('is not used for a loopback address, where the key would pass it in the clear', async () => {
    const server = await startSpanServer();
    onTestFinished(() => server.close());
    const proxy = await startProxy(server);
    const { outcome } = await read(server, { HTTP_PROXY: proxy.url, HTTPS_PROXY: proxy.url });
    expect({ outcome, asked: proxy.asked }).toEqual({ outcome: 'read', asked: [] });
  });

  it('that refuses the login is an error that is not retried and shows no password', async () => {
    const server = await startTls();
    const proxy = await startProxy(server, 'me:right');
    const { everything, ...step } = await read(server, {
      ...TRUSTED,
      HTTPS_PROXY: `http://me:wr0ng@${proxy.host}`,
    });
    expect(step).toEqual(
      failed(
        'GET URL failed: the proxy answered with 407 (tried once). The proxy wants a user and password, or others than it got. Set HTTPS_PROXY in the env of the step to http://USER:PASSWORD@HOST:PORT, from a secret.',
      ),
    );
    expect(proxy.asked).toHaveLength(1);
    expect(everything).not.toContain('wr0ng');
  });

  it('that is dead is an error that names its address and shows no password', async () => {
    const server = await startTls();
    const host = `127.0.0.1:${await closedPort()}`;
    const { everything, ...step } = await read(server, {
      ...TRUSTED,
      HTTPS_PROXY: `http://me:wr0ng@${host}`,
    });
    expect(step).toEqual(
      failed(`GET URL failed: connect ECONNREFUSED ${host} (tried 2 times). ${NETWORK}`, 2),
    );
    expect(everything).not.toContain('wr0ng');
  });

  it.each<[string, (client: Socket) => void]>([
    ['never answers', () => {}],
    ['hangs up', (client) => client.end()],
  ])('that %s is an error within the time limit, and keeps nobody waiting', async (_, act) => {
    const server = await startTls();
    const proxy = createTcpServer((client) => client.on('error', () => {}).once('data', () => act(client)));
    const host = `127.0.0.1:${await listen(proxy)}`;
    onTestFinished(() => void proxy.close());
    const env = { ...TRUSTED, HTTPS_PROXY: `http://me:wr0ng@${host}` };
    const { everything, ...step } = await read(server, env, server.baseUrl, '1');
    expect(step).toEqual(
      failed(
        'GET URL got no complete answer within 1 s (tried 2 times). Raise timeout_seconds, or check the network of the runner.',
        2,
      ),
    );
    expect(everything).not.toContain('wr0ng');
  });

  it.each(['nonsense', 'ftp://me:wr0ng@127.0.0.1', 'http://me:wr0ng@', '://me:wr0ng@127.0.0.1'])(
    'of %j is bad input, named without its value, and nothing is sent',
    async (url) => {
      const server = await startTls();
      const { everything, ...step } = await read(server, { ...TRUSTED, HTTPS_PROXY: url });
      expect(step).toEqual(failed('HTTPS_PROXY: is not a URL such as http://proxy.example:3128', 0));
      expect(everything).not.toContain('wr0ng');
    },
  );
});

describe('useProxy', () => {
  const loadedBy = async (env: Record<string, string>, http: Parameters<typeof useProxy>[1]) => {
    let loads = 0;
    const warnings = await useProxy(env, () => {
      loads++;
      return http();
    });
    return { loads, warnings };
  };

  it.each([
    ['there is no proxy', { NO_PROXY: '*', HTTPS_PROXY: '' }],
    ['Node follows it by itself', { HTTPS_PROXY: 'http://127.0.0.1:1', NODE_USE_ENV_PROXY: '1' }],
  ])('loads nothing where %s', async (_, env) => {
    expect(await loadedBy(env, async () => ({}))).toEqual({ loads: 0, warnings: [] });
  });

  it('hands the whole environment to Node', async () => {
    const given: unknown[] = [];
    const env = { https_proxy: 'http://127.0.0.1:1', no_proxy: 'example.com' };
    const setGlobalProxyFromEnv = (value: unknown) => given.push(value);
    expect(await loadedBy(env, async () => ({ setGlobalProxyFromEnv }))).toEqual({ loads: 1, warnings: [] });
    expect(given).toEqual([env]);
  });

  it.each(['https_proxy', 'HTTPS_PROXY', 'http_proxy', 'HTTP_PROXY'])(
    'says what to set on a release of Node that cannot follow %s',
    async (name) => {
      expect(await useProxy({ [name]: 'http://me:wr0ng@127.0.0.1:1' }, async () => ({}))).toEqual([
        `${name} is set, but this release of Node can follow it only from its start. Set NODE_USE_ENV_PROXY to 1 in the env of the step; until then the request goes out directly`,
      ]);
    },
  );

  it('names the variable that is wrong', async () => {
    const env = { https_proxy: 'http://127.0.0.1:1', HTTP_PROXY: 'me:wr0ng@127.0.0.1' };
    const thrown = await useProxy(env, () => import('node:http')).catch((error: unknown) => error);
    if (!(thrown instanceof InputError)) throw new Error(`no InputError: ${thrown}`);
    expect(thrown.problems).toEqual([
      { name: 'HTTP_PROXY', message: 'is not a URL such as http://proxy.example:3128' },
    ]);
  });
});

describe('proxies that Node refuses', () => {
  const namesOf = async (env: Record<string, string>) => {
    const setGlobalProxyFromEnv = () => {
      throw new TypeError('Invalid URL');
    };
    const thrown = await useProxy(env, async () => ({ setGlobalProxyFromEnv })).catch((error) => error);
    if (!(thrown instanceof InputError)) throw new Error(`no InputError: ${thrown}`);
    return thrown.problems.map(({ name }) => name);
  };

  it('are those whose URL is not of HTTP', async () => {
    const env = {
      https_proxy: 'http://a',
      HTTPS_PROXY: 'xhttp://a',
      http_proxy: '//a',
      HTTP_PROXY: 'https://a',
    };
    expect(await namesOf(env)).toEqual(['HTTPS_PROXY', 'http_proxy']);
  });

  it('are all where every one is of HTTP', async () => {
    expect(await namesOf({ https_proxy: 'http://a', HTTP_PROXY: 'https://a' })).toEqual([
      'https_proxy',
      'HTTP_PROXY',
    ]);
  });
});

describe('a certificate', () => {
  it('of a private CA that NODE_EXTRA_CA_CERTS names is trusted', async () => {
    expect(await read(await startTls(), TRUSTED)).toMatchObject(DONE);
  });

  it.each([
    ['directly', () => ({})],
    ['through a proxy', async (server: SpanServer) => ({ HTTPS_PROXY: (await startProxy(server)).url })],
  ])('of an unknown CA, %s, is an error that says what to set, and is not retried', async (_, env) => {
    const server = await startTls();
    expect(await read(server, await env(server))).toMatchObject(
      failed(
        'GET URL failed: self-signed certificate; if the root CA is installed locally, try running Node.js with --use-system-ca (tried once). The certificate is not trusted on this runner. For a private CA, set NODE_EXTRA_CA_CERTS in the env of the step to the path of its PEM file.',
      ),
    );
  });

  it('that has expired is an error, and is not retried', async () => {
    expect(await read(await startTls(EXPIRED), { NODE_EXTRA_CA_CERTS: EXPIRED })).toMatchObject(
      failed(
        'GET URL failed: certificate has expired (tried once). The server has to renew its certificate, or the clock of the runner is wrong.',
      ),
    );
  });

  it('for another host is an error, and is not retried', async () => {
    const server = await startTls();
    const proxy = await startProxy(server);
    const step = await read(server, { ...TRUSTED, HTTPS_PROXY: proxy.url }, 'https://spans.example/v2');
    expect(step).toMatchObject({ ...failed(''), errors: [expect.any(String)] });
    expect(step.errors[0]).toMatch(
      /^GET URL failed: Hostname\/IP does not match certificate's altnames: Host: spans\.example\. .+ \(tried once\)\. The certificate is for another host\. Check base_url\.$/,
    );
    expect(proxy.asked).toEqual([{ target: 'spans.example:443', login: undefined }]);
  });
});

describe('the wrong protocol', () => {
  it('is an error where base_url says https and the server speaks http', async () => {
    const server = await startSpanServer();
    onTestFinished(() => server.close());
    expect(await read(server, {}, server.baseUrl.replace('http:', 'https:'))).toMatchObject(
      failed(
        'GET URL failed: TLS: wrong version number (tried 2 times). What answers there does not speak TLS. Check scheme and port, in base_url and in HTTPS_PROXY.',
        2,
      ),
    );
  });

  it('is an error where base_url says http and the server speaks https', async () => {
    const server = await startTls();
    expect(await read(server, {}, server.baseUrl.replace('https:', 'http:'))).toMatchObject(
      failed(`GET URL failed: other side closed (tried 2 times). ${NETWORK}`, 2),
    );
  });
});
