import { describe, expect, it } from 'vitest';
import {
  type Answer,
  answerText,
  BadAnswerError,
  type Call,
  connectionError,
  failureText,
  isFinal,
  refusal,
  secondsOf,
  spanOf,
} from '../../src/api/answer.ts';
import { ApiError } from '../../src/errors.ts';
import { parseJson } from '../../src/json.ts';

const ID = '3c90c3cc-0d44-4b50-8888-8dd25736052a';
const CALL: Call = {
  method: 'PATCH',
  url: `https://api.opper.ai/v2/spans/${ID}`,
  attempts: 1,
  redact: (value) => value,
};

const answerOf = (answer: Partial<Answer>): Answer => ({
  status: 200,
  statusText: '',
  location: null,
  retryAfterMs: undefined,
  body: '',
  ...answer,
});

function errorOf(act: () => unknown): ApiError {
  try {
    act();
  } catch (error) {
    if (error instanceof ApiError) return error;
    throw error;
  }
  throw new Error('no ApiError');
}

describe('the words of an error body', () => {
  const envelope = (detail: unknown) => ({ type: 'XError', message: 'The request is invalid', detail });
  const problem = {
    input: 'x',
    loc: ['body', 'score'],
    msg: 'Input should be a valid integer',
    type: 'int_type',
  };

  it.each<[string, unknown, string | undefined]>([
    ["the API's envelope", envelope('The API key is invalid'), 'The API key is invalid'],
    ['the envelope with a problem', envelope(problem), 'body.score: Input should be a valid integer'],
    [
      'the envelope with several',
      envelope([problem, { ...problem, loc: ['body', 'meta', 0], msg: 'No' }]),
      'body.score: Input should be a valid integer; body.meta.0: No',
    ],
    ['the envelope without detail', envelope(null), 'The request is invalid'],
    ['the envelope with an empty detail', envelope([]), 'The request is invalid'],
    ['a bare detail', { detail: 'Not Found' }, 'Not Found'],
    ['a detail that is a list of texts', { detail: ['a', '', 'b'] }, 'a; b'],
    ['a detail that is an object', { detail: { reason: 'quota' } }, '{"reason":"quota"}'],
    ['a detail with a message and no place', { detail: [{ msg: 'No' }] }, 'No'],
    ['a detail whose place is no list', { detail: { loc: 'body', msg: 'No' } }, 'No'],
    ['a detail that is a number', { detail: 7 }, '7'],
    ['a detail that is a list of lists', { detail: [['a', 1]] }, '["a",1]'],
    ['a message alone', { message: 'Slow down' }, 'Slow down'],
    ['another object', { error: { code: 7 } }, '{"error":{"code":7}}'],
    ['an object with a message that is none', { message: 7 }, '{"message":7}'],
    ['an empty object', {}, '{}'],
    ['a list', ['a', 1], '["a",1]'],
    ['a JSON text', JSON.stringify('No'), 'No'],
    ['a JSON number', '7', '7'],
    ['null', 'null', 'null'],
    ['an HTML page', '\n<!DOCTYPE html><HTML><title lang="en"> Bad\ngateway </title>', 'Bad\ngateway'],
    ['an HTML page without a title', '<html><body>No</body></html>', undefined],
    ['broken JSON', ' {"detail": ', '{"detail":'],
    ['JSON too deep', '['.repeat(5000) + ']'.repeat(5000), '['.repeat(5000) + ']'.repeat(5000)],
    ['text', ' upstream connect error\n', 'upstream connect error'],
    ['text that speaks of HTML', 'no <html><title>x</title>', 'no <html><title>x</title>'],
    ['nothing', '', undefined],
    ['white space', ' \r\n', undefined],
  ])('are told: %s', (_, body, said) => {
    const text = typeof body === 'string' ? body : JSON.stringify(body);
    expect(refusal(answerOf({ status: 400, body: text }), CALL, 0).said).toBe(said);
  });
});

describe('a refusal', () => {
  const words = (answer: Partial<Answer>, attempts = 1) => {
    const { message, status, said, hint } = refusal(answerOf(answer), { ...CALL, attempts }, 60_000);
    return { message: message.replace(CALL.url, 'URL'), status, said, hint };
  };

  const LATER =
    'The API is in trouble. Run the job again later; with fail_on_api_error false a job stays green all the same.';

  it.each<[number, string | undefined]>([
    [400, undefined],
    [401, 'The API does not know this key. Check the secret behind api_key or OPPER_API_KEY.'],
    [403, 'The key is known but may not do this. Check its rights and its project.'],
    [
      404,
      'Check span_id, that the key belongs to the project of the span, and base_url. A span made a moment ago can take a little until it is there.',
    ],
    [409, undefined],
    [413, 'Record less: shorten output, input, error or meta.'],
    [422, 'Correct what it names.'],
    [429, 'Too many requests. Raise retries, or run fewer of these steps at once.'],
    [499, undefined],
    [500, LATER],
    [503, LATER],
  ])('with %d says what to do', (status, hint) => {
    expect(words({ status })).toEqual({
      message: `PATCH URL was answered with ${status} (tried once)`,
      status,
      said: undefined,
      hint,
    });
  });

  it('says how often it was tried, and the reason of the status', () => {
    expect(words({ status: 503, statusText: 'Service Unavailable' }, 4).message).toBe(
      'PATCH URL was answered with 503 Service Unavailable (tried 4 times)',
    );
  });

  it.each([
    [60_000, 'Too many requests. Raise retries, or run fewer of these steps at once.'],
    [
      60_500,
      'It asks to wait 60.5 s (Retry-After), longer than the 60 s this step waits at most. Run the job again then.',
    ],
    [
      86_400_000,
      'It asks to wait 86400 s (Retry-After), longer than the 60 s this step waits at most. Run the job again then.',
    ],
  ])('that asks for %d ms', (retryAfterMs, hint) => {
    expect(words({ status: 429, retryAfterMs }).hint).toBe(hint);
  });
});

it('has a name for an answer that no API gives', () => {
  expect(String(new BadAnswerError('too long'))).toBe('BadAnswerError: too long');
});

it('takes the key out of everything an error says', () => {
  const call: Call = {
    ...CALL,
    redact: (value) => JSON.parse(JSON.stringify(value).replaceAll('op-secret', '***')),
  };
  const error = refusal(
    answerOf({ status: 400, statusText: 'op-secret', body: 'for op-secret' }),
    call,
    60_000,
  );
  expect(error).toEqual(
    new ApiError(`PATCH ${CALL.url} was answered with 400 *** (tried once)`, {
      status: 400,
      said: 'for ***',
    }),
  );
  expect(error.cause).toBeUndefined();
});

describe('a failure', () => {
  const fetchFailed = (cause: unknown) => new TypeError('fetch failed', { cause });
  const withCode = (message: string, code: string) => Object.assign(new Error(message), { code });
  const proxy = (status: number) =>
    withCode(`Proxy response (${status}) !== 200 when HTTP Tunneling`, 'UND_ERR_ABORTED');

  it.each<[string, unknown, string]>([
    ['a timeout', new DOMException('x', 'TimeoutError'), 'got no complete answer within 12.5 s'],
    [
      'a connection that is refused',
      fetchFailed(new AggregateError([withCode('connect ECONNREFUSED ::1:9', 'ECONNREFUSED')], '')),
      'failed: connect ECONNREFUSED ::1:9',
    ],
    ['an error without a message', fetchFailed(withCode('', 'ECONNRESET')), 'failed: ECONNRESET'],
    [
      'an answer that breaks off',
      new TypeError('terminated', { cause: new Error('other side closed') }),
      'failed: other side closed',
    ],
    [
      'an error that has those words within',
      fetchFailed(new Error('session terminated: bye')),
      'failed: session terminated: bye',
    ],
    [
      "OpenSSL's queue",
      fetchFailed(
        withCode(
          '402DA4DFEE7F0000:error:0A00010B:SSL routines:tls_validate_record_header:wrong version number:../deps/openssl/x.c:77:\n',
          'ERR_SSL_WRONG_VERSION_NUMBER',
        ),
      ),
      'failed: TLS: wrong version number',
    ],
    [
      'a proxy that refuses',
      fetchFailed(new Error('Request was cancelled.', { cause: proxy(502) })),
      'failed: the proxy answered with 502',
    ],
    ['no error at all', 'no', 'failed: no'],
  ])('is told: %s', (_, thrown, text) => {
    expect(failureText(thrown, 12_500)).toBe(text);
  });

  const UNTRUSTED =
    'The certificate is not trusted on this runner. For a private CA, set NODE_EXTRA_CA_CERTS in the env of the step to the path of its PEM file.';
  const NETWORK =
    'Check base_url (scheme, host, port) and the network of the runner; behind a proxy, HTTPS_PROXY in the env of the step too.';

  it.each<[unknown, boolean, string]>([
    [
      new DOMException('x', 'TimeoutError'),
      false,
      'Raise timeout_seconds, or check the network of the runner.',
    ],
    [new BadAnswerError('x'), true, 'Check that base_url is the address of the Opper API.'],
    [fetchFailed(withCode('x', 'ECONNREFUSED')), false, NETWORK],
    [fetchFailed(withCode('x', 'ENOTFOUND')), false, NETWORK],
    [fetchFailed(withCode('x', 'UND_ERR_SOCKET')), false, NETWORK],
    [fetchFailed(withCode('x', 'ERR_TLS_HANDSHAKE_TIMEOUT')), false, NETWORK],
    [fetchFailed(withCode('x', 'ERR_SSL_TLSV1_ALERT_INTERNAL_ERROR')), false, NETWORK],
    [new Error('x'), false, NETWORK],
    [fetchFailed(withCode('x', 'DEPTH_ZERO_SELF_SIGNED_CERT')), true, UNTRUSTED],
    [fetchFailed(withCode('x', 'SELF_SIGNED_CERT_IN_CHAIN')), true, UNTRUSTED],
    [fetchFailed(withCode('x', 'UNABLE_TO_VERIFY_LEAF_SIGNATURE')), true, UNTRUSTED],
    [fetchFailed(withCode('x', 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY')), true, UNTRUSTED],
    [fetchFailed(withCode('x', 'INVALID_CA')), true, UNTRUSTED],
    [
      fetchFailed(withCode('x', 'HOSTNAME_MISMATCH')),
      true,
      'The certificate is for another host. Check base_url.',
    ],
    [
      fetchFailed(withCode('x', 'ERR_TLS_CERT_ALTNAME_INVALID')),
      true,
      'The certificate is for another host. Check base_url.',
    ],
    [
      fetchFailed(withCode('x', 'CERT_HAS_EXPIRED')),
      true,
      'The server has to renew its certificate, or the clock of the runner is wrong.',
    ],
    [
      fetchFailed(withCode('x', 'CERT_NOT_YET_VALID')),
      true,
      'The server has to renew its certificate, or the clock of the runner is wrong.',
    ],
    [
      fetchFailed(withCode('x', 'ERR_SSL_WRONG_VERSION_NUMBER')),
      false,
      'What answers there does not speak TLS. Check scheme and port, in base_url and in HTTPS_PROXY.',
    ],
    [
      fetchFailed(proxy(407)),
      true,
      'The proxy wants a user and password, or others than it got. Set HTTPS_PROXY in the env of the step to http://USER:PASSWORD@HOST:PORT, from a secret.',
    ],
    [fetchFailed(proxy(502)), false, NETWORK],
  ])('of %o is final: %s, and says what to do', (thrown, final, hint) => {
    expect(isFinal(thrown)).toBe(final);
    const error = connectionError(thrown, { ...CALL, attempts: 2 }, 10_000);
    expect({ status: error.status, hint: error.hint }).toEqual({ status: undefined, hint });
    expect(error.message).toBe(`PATCH ${CALL.url} ${failureText(thrown, 10_000)} (tried 2 times)`);
  });
});

describe('an answer', () => {
  const body = JSON.stringify({ id: ID, name: 'x' });

  it('with any status below 300 may hold the span', () => {
    for (const status of [200, 201, 202]) {
      expect(spanOf(answerOf({ status, body }), CALL, ID)).toEqual({ id: ID, name: 'x' });
    }
  });

  it('may hold meta as deep as meta may be', () => {
    const meta = parseJson(`${'{"a":'.repeat(1000)}1${'}'.repeat(1000)}`);
    const span = { id: ID, name: 'x', meta };
    expect(spanOf(answerOf({ body: JSON.stringify(span) }), CALL, ID)).toEqual(span);
  });

  it('with a status of 300 or more holds none', () => {
    for (const status of [300, 304, 399]) {
      const request = `PATCH ${CALL.url} was answered with ${status}`;
      expect(() => spanOf(answerOf({ status, body }), CALL, ID)).toThrow(`${request}, but with no span`);
      expect(() => spanOf(answerOf({ status, body, location: 'http://[' }), CALL, ID)).toThrow(
        `${request}, but redirects are not followed, so that the key stays with base_url`,
      );
    }
  });

  it.each([
    ['null', 'null'],
    ['7', 'a number'],
    ['"x"', 'a string'],
    ['true', 'a boolean'],
    ['[]', 'an array'],
  ])('that is %s is no span', (text, kind) => {
    expect(() => spanOf(answerOf({ body: text }), CALL, ID)).toThrow(`but with ${kind} that is not a span`);
  });

  it('that is nearly a span is no span, and its faults are said by their place', () => {
    const body = JSON.stringify({ id: ID, feedback: { score: 'high' } });
    const error = errorOf(() => spanOf(answerOf({ body }), CALL, ID));
    expect({ message: error.message, said: error.said }).toEqual({
      message: `PATCH ${CALL.url} was answered with 200, but with an object that is not a span`,
      said: 'name: expected text; feedback.score: expected a number',
    });
  });

  it('is told with its status, and the reason where there is one', () => {
    expect([
      answerText(answerOf({})),
      answerText(answerOf({ status: 404, statusText: 'Not Found' })),
    ]).toEqual(['was answered with 200', 'was answered with 404 Not Found']);
  });
});

it.each([
  [0, '0 s'],
  [4, '0.004 s'],
  [423.4567, '0.423 s'],
  [1000, '1 s'],
  [12_500, '12.5 s'],
  [60_000, '60 s'],
  [99_940, '99.9 s'],
  [3_600_000, '3600 s'],
  [123_456_789, '123457 s'],
])('%d ms are %s', (ms, text) => {
  expect(secondsOf(ms)).toBe(text);
});
