import { createServer as createTlsServer } from 'node:https';
import type { Socket } from 'node:net';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { afterEach, describe, expect, it } from 'vitest';
import {
  BadResponseError,
  failureAdvice,
  failureText,
  isWorthRetrying,
} from '../../src/api/attempt-failure.ts';
import { ProxyError } from '../../src/api/proxy.ts';
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
  return wordsFor(thrown);
}

function wordsFor(thrown: unknown) {
  const [text, advice] = [failureText(thrown, TIMEOUT_MS), failureAdvice(thrown)];
  expect(advice).toMatch(/^[A-Z].*\.$/);
  return { text, advice, again: isWorthRetrying(thrown) };
}

const withCode = (code: string) => Object.assign(new Error('odd'), { code });

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

  it('if nothing listens at any of several addresses', () => {
    const first = new Error('connect ECONNREFUSED ::1:9');
    const thrown = new AggregateError([first, new Error('connect ECONNREFUSED 127.0.0.1:9')]);
    expect(wordsFor(thrown)).toEqual(failure('connect ECONNREFUSED ::1:9', 'base_url', true));
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
  ])('if the connection ends %s', async (_, act, words) => {
    const { host } = await startTcpServer(act);
    expect(await failureOf(`http://${host}`)).toEqual(failure(words, 'base_url', true));
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

  it('if the response is unusable', () => {
    expect(wordsFor(new BadResponseError('600 is not an HTTP status'))).toEqual(
      failure('failed: 600 is not an HTTP status', 'the address of the Opper API', false),
    );
  });

  it.each<[string, unknown, ReturnType<typeof failure>]>([
    ['nothing but a text is thrown', 'odd', failure('failed: odd', 'base_url', true)],
    [
      'the proxy wants a login',
      new ProxyError({ status: 407 }),
      failure('returned 407', 'http://USER:PASSWORD@HOST', false),
    ],
    ['the proxy says no', new ProxyError({ status: 403 }), failure('returned 403', 'Check base_url', true)],
    [
      'the certificate of the proxy is for another host',
      new ProxyError({ cause: withCode('ERR_TLS_CERT_ALTNAME_INVALID') }),
      failure('through the proxy: odd', 'another host. Check HTTPS_PROXY.', false),
    ],
    [
      'the certificate is for another host, in the words of OpenSSL',
      withCode('HOSTNAME_MISMATCH'),
      failure('odd', 'another host. Check base_url.', false),
    ],
    ['the certificate is to come', withCode('CERT_NOT_YET_VALID'), failure('odd', 'clock', false)],
    ['the headers are too long', withCode('HPE_HEADER_OVERFLOW'), failure('headers', 'base_url', true)],
  ])('%s', (_, thrown, expected) => {
    expect(wordsFor(thrown)).toEqual(expected);
  });
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

  it('which the server requests from the client', async () => {
    const identity = identityOf('loopback');
    setDefaultCACertificates([...known, identity.cert]);
    const server = createTlsServer({ ...identity, requestCert: true }, () => {});
    const { text, again } = await failureOf(`https://127.0.0.1:${await listen(server)}`);
    expect({ text, again }).toEqual({ text: expect.stringContaining('TLS: '), again: true });
  });
});
