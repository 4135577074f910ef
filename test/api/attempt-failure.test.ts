import { createServer as createTlsServer } from 'node:https';
import type { Socket } from 'node:net';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { afterEach, describe, expect, it } from 'vitest';
import {
  failureAdvice,
  failureText,
  isWorthRetrying,
  LastingError,
  ProxyError,
} from '../../src/api/attempt-failure.ts';
import { createTransport } from '../../src/api/transport.ts';
import { closedPort, closeServers, identityOf, listen, startTcpServer } from '../harness/tcp-server.ts';

afterEach(closeServers);

const TIMEOUT_MS = 400;

/** The message and advice for a request that fails. */
async function failureOf(baseUrl: string) {
  const { fetch } = createTransport({ baseUrl, env: {}, timeoutMs: TIMEOUT_MS });
  const thrown = await fetch(baseUrl, { method: 'GET', headers: [] }).then(
    ({ status }) => `a ${status} came`,
    (error: unknown) => error,
  );
  return failureFor(thrown);
}

function failureFor(thrown: unknown) {
  const [text, advice] = [failureText(thrown, TIMEOUT_MS), failureAdvice(thrown)];
  expect(advice).toMatch(/^[A-Z].*\.$/);
  return { text, advice, again: isWorthRetrying(thrown) };
}

const failure = (text: string, advice: string, again: boolean) => ({
  text: expect.stringContaining(text),
  advice: expect.stringContaining(advice),
  again,
});

/** The API over TLS, trusted or not. */
async function startTls(name: 'loopback' | 'remote' | 'expired', isTrusted: boolean) {
  const identity = identityOf(name);
  if (isTrusted) setDefaultCACertificates([...known, identity.cert]);
  const port = await listen(createTlsServer(identity, (_, response) => void response.end('ok')));
  return `https://127.0.0.1:${port}`;
}
const known = getCACertificates();
afterEach(() => setDefaultCACertificates(known));

describe('without a response, the message says so', () => {
  it('if nothing listens on the port', async () => {
    const host = `127.0.0.1:${await closedPort()}`;
    expect(await failureOf(`http://${host}`)).toEqual(failure(`ECONNREFUSED ${host}`, 'base_url', true));
  });

  it('if the host name does not exist', async () => {
    expect(await failureOf('https://no..name')).toEqual(failure('ENOTFOUND no..name', 'base_url', true));
  });

  it('after a timeout', async () => {
    const { host } = await startTcpServer(() => {});
    expect(await failureOf(`http://${host}`)).toEqual(failure('within 0.4 s', 'timeout_seconds', true));
  });

  it.each<[string, (socket: Socket) => void, string]>([
    ['before the response', (socket) => socket.end(), 'closed before a response came'],
    ['in the headers', (socket) => socket.end('HTTP/1.1 200 OK\r\nconte'), 'closed before a response came'],
    [
      'in the body',
      (socket) => socket.end('HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n{'),
      'closed in the middle of the response',
    ],
    ['by force', (socket) => socket.resetAndDestroy(), 'ECONNRESET'],
  ])('if the connection ends %s', async (_, act, text) => {
    const { host } = await startTcpServer(act);
    expect(await failureOf(`http://${host}`)).toEqual(failure(text, 'base_url', true));
  });

  it('if the response is not HTTP', async () => {
    const { host } = await startTcpServer((socket) => socket.end('220 mail.example\r\n'));
    expect(await failureOf(`http://${host}`)).toEqual(failure('not HTTP', 'base_url', true));
  });

  it('if the response is not TLS', async () => {
    const { host } = await startTcpServer((socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'));
    expect(await failureOf(`https://${host}`)).toEqual({
      ...failure('', 'TLS', true),
      text: expect.stringMatching(/^failed: TLS: [a-z ]+$/),
    });
  });

  it('if the response is TLS although base_url says http', async () => {
    const baseUrl = await startTls('loopback', true);
    const { text, again } = await failureOf(baseUrl.replace('https', 'http'));
    expect({ text, again }).toEqual({ text: expect.stringMatching(/not HTTP|closed/), again: true });
  });
});

const withCode = (code: string) => Object.assign(new Error('odd'), { code });

it.each<[string, unknown, string, string, boolean]>([
  ['an unusable response', new LastingError('odd'), 'odd', 'the address of the Opper API', false],
  [
    'a proxy that wants a login',
    new ProxyError({ status: 407 }),
    'the proxy returned 407',
    'http://USER:PASSWORD@HOST',
    false,
  ],
  ['a proxy that refuses', new ProxyError({ status: 403 }), 'the proxy returned 403', 'Check base_url', true],
  [
    'a proxy that does not respond',
    new ProxyError({}),
    'no connection through the proxy',
    'HTTPS_PROXY',
    true,
  ],
])('%s has its own advice', (_, thrown, text, advice, again) => {
  expect(failureFor(thrown)).toEqual({ ...failure('', advice, again), text: `failed: ${text}` });
});

describe('a bad certificate is not retried, and the message says how to fix it', () => {
  it('from an unknown authority', async () => {
    expect(await failureOf(await startTls('loopback', false))).toEqual(
      failure('self-signed certificate', 'NODE_EXTRA_CA_CERTS', false),
    );
  });

  it('that has expired', async () => {
    expect(await failureOf(await startTls('expired', true))).toEqual(failure('expired', 'clock', false));
  });

  it('for another host', async () => {
    expect(await failureOf(await startTls('remote', true))).toEqual(
      failure('127.0.0.1', 'another host', false),
    );
  });

  it.each<[string, unknown, string]>([
    ["for another host, by OpenSSL's code", withCode('HOSTNAME_MISMATCH'), 'another host. Check base_url.'],
    ['that is valid later', withCode('CERT_NOT_YET_VALID'), 'clock'],
    [
      'of a proxy, for another host',
      new ProxyError({ cause: withCode('ERR_TLS_CERT_ALTNAME_INVALID') }),
      'another host. Check HTTPS_PROXY.',
    ],
  ])('%s', (_, thrown, advice) => {
    expect(failureFor(thrown)).toEqual(failure('odd', advice, false));
  });

  it('which the server requests from the client', async () => {
    const identity = identityOf('loopback');
    setDefaultCACertificates([...known, identity.cert]);
    const server = createTlsServer({ ...identity, requestCert: true }, () => {});
    const { text, again } = await failureOf(`https://127.0.0.1:${await listen(server)}`);
    expect({ text, again }).toEqual({ text: expect.stringContaining('TLS: '), again: true });
  });
});
