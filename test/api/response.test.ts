import { describe, expect, it } from 'vitest';
import * as z from 'zod/mini';
import { type Call, type HttpResponse, readResponse } from '../../src/api/response.ts';
import { Span } from '../../src/api/span.ts';
import { ApiError } from '../../src/errors.ts';
import { parseJson } from '../../src/json.ts';

const ID = '3c90c3cc-0d44-4b50-8888-8dd25736052a';
const CALL: Call = {
  method: 'PATCH',
  url: `https://api.opper.ai/v2/spans/${ID}`,
  wanted: 'the span',
  ifNotFound: 'Check span_id.',
};

const responseOf = (response: Partial<HttpResponse>): HttpResponse => ({
  status: 200,
  statusText: '',
  location: undefined,
  retryAfter: undefined,
  body: '',
  text: async () => '',
  ...response,
});

const spanIn = (response: Partial<HttpResponse>, call: Partial<Call> = {}) =>
  readResponse(responseOf(response), Span, { ...CALL, ...call }, 2, 0);

function errorOf(response: Partial<HttpResponse>, call: Partial<Call> = {}): ApiError {
  try {
    spanIn(response, call);
  } catch (error) {
    if (error instanceof ApiError) return error;
    throw error;
  }
  throw new Error('no ApiError');
}

describe('the message in an error body', () => {
  const envelope = (detail: unknown) => ({ type: 'XError', message: 'The request is invalid', detail });
  const problem = {
    input: 'x',
    loc: ['body', 'score'],
    msg: 'Input should be a valid integer',
    type: 'int_type',
  };

  it.each<[string, unknown, string]>([
    ["the API's envelope", envelope('The API key is invalid'), 'The API key is invalid'],
    ['the envelope with a problem', envelope(problem), 'body.score: Input should be a valid integer'],
    [
      'the envelope with several',
      envelope([problem, { ...problem, loc: ['body', 'meta', 0, { a: 1 }], msg: 'No' }]),
      'body.score: Input should be a valid integer; body.meta.0.{"a":1}: No',
    ],
    ['the envelope without detail', envelope(null), 'The request is invalid'],
    ['the envelope with an empty detail', envelope([]), 'The request is invalid'],
    ['a bare detail', { detail: 'Not Found' }, 'Not Found'],
    ['a detail that is a list of texts', { detail: ['a', '', 'b'] }, 'a; b'],
    ['a detail that is an object', { detail: { reason: 'quota' } }, '{"reason":"quota"}'],
    ['a detail with a message and no place', { detail: [{ msg: 'No' }] }, 'No'],
    ['a detail whose place is not a list', { detail: { loc: 'body', msg: 'No' } }, 'No'],
    ['a detail that is a number', { detail: 7 }, '7'],
    ['a detail that is a list of lists', { detail: [['a', 1]] }, '["a",1]'],
    ['a detail with white space around it', { detail: ' No\n' }, 'No'],
    ['a message alone', { message: 'Slow down' }, 'Slow down'],
    ['another object', { error: { code: 7 } }, '{"error":{"code":7}}'],
    ['an object with a message that is not text', { message: 7 }, '{"message":7}'],
    ['an empty object', {}, '{}'],
    ['a list', ['a', 1], '["a",1]'],
    ['a JSON text', JSON.stringify('No'), 'No'],
    ['a JSON number', '7', '7'],
    ['null', 'null', 'null'],
    ['an HTML page', '\n<!DOCTYPE html><HTML><title lang="en"> Bad\ngateway </title>', 'Bad gateway'],
    ['an HTML page without a title', '<html><body>No</body></html>', ''],
    ['an HTML page titled by the status', '<html><title> Bad Request </title>', ''],
    ['the status as text', 'Bad Request\n', ''],
    ['broken JSON', ' {"detail": ', '{"detail":'],
    ['text', ' upstream\r\n\tconnect error\n', 'upstream connect error'],
    ['text that mentions HTML', 'no <html><title>x</title>', 'no <html><title>x</title>'],
    ['nothing', '', ''],
    ['white space', ' \r\n', ''],
    ['what the status line already says', { detail: 'Bad Request' }, ''],
  ])('is reported in one line: %s', (_, body, message) => {
    const text = typeof body === 'string' ? body : JSON.stringify(body);
    const { summary } = errorOf({ status: 400, statusText: 'Bad Request', body: text });
    expect(summary).toBe(
      `PATCH ${CALL.url} returned 400 Bad Request (tried 2 times)${message && `: ${message}`}`,
    );
  });

  it.each([
    ['text', 'x'.repeat(20 * 1024 * 1024)],
    ['JSON that is too deep', '['.repeat(5000)],
    ['white space', `a${' '.repeat(20 * 1024 * 1024)}b`],
  ])('is cut to 500 characters: %s', (_, body) => {
    const { summary } = errorOf({ status: 400, body });
    expect(summary.split('(tried 2 times): ')[1]?.length).toBeLessThanOrEqual(500);
  });
});

describe('an error status', () => {
  it.each<[number, boolean, RegExp, Partial<Call>?, string?]>([
    [400, false, /base_url/],
    [401, false, /api_key/],
    [403, false, /permissions.*gateway/],
    [403, false, /^The key .* permissions/, {}, '{"detail":"No"}'],
    [403, false, /^That is not from the API: a gateway .* blocks/, {}, '<html>Attention Required!</html>'],
    [403, false, /^That is not from the API: a gateway .* blocks/, {}, 'error code: 1020'],
    [404, false, /^Check span_id\.$/],
    [408, true, /later/],
    [409, false, /changed the span/],
    // It exists already, and may be found later.
    [409, true, /already exists/, { method: 'POST' }],
    [413, false, /shorten/],
    [421, false, /base_url/],
    [422, false, /Correct/],
    [425, true, /later/],
    [429, true, /retries/],
    [499, false, /base_url/],
    [500, true, /later/],
    [501, true, /later/],
  ])(
    'of %d is an error with its advice, and transient: %s',
    (status, isTransient, advice, call, body = '') => {
      expect(errorOf({ status, body }, call)).toMatchObject({
        status,
        attempts: 2,
        advice: expect.stringMatching(advice),
        isTransient,
      });
    },
  );

  it('says how often the request was sent', () => {
    const response = responseOf({ status: 400, statusText: 'No' });
    const url = 'PATCH https://api.opper.ai/v2/spans/3c90c3cc-0d44-4b50-8888-8dd25736052a';
    for (const [attempts, text] of [
      [1, 'tried once'],
      [4, 'tried 4 times'],
    ] as const) {
      expect(() => readResponse(response, Span, CALL, attempts, 0)).toThrow(
        `${url} returned 400 No (${text}). `,
      );
    }
  });

  it('keeps its status, even if its body cannot be used', () => {
    expect(errorOf({ status: 503, problem: 'is not UTF-8', body: 'caf\ufffd' })).toMatchObject({
      summary: expect.stringMatching(/ returned 503 \(tried 2 times\): caf\ufffd$/),
      status: 503,
    });
  });

  it('has a status text that is cut', () => {
    const { summary } = errorOf({ status: 400, statusText: `\u00e9${'x'.repeat(9999)}` });
    expect(summary.length).toBeLessThan(300);
  });
});

describe('a redirect', () => {
  it.each([
    ['https://Other.Example:8443/x?y', ' to Other.Example:8443'],
    [' https://me:secret@pw@other.example#x', ' to other.example'],
    ['//other.example\\x', ' to other.example'],
    ['h2c:/\\other.example?x', ' to other.example'],
    ['/v3/spans', ' to api.opper.ai'],
    ['spans?next=https://other.example/', ' to api.opper.ai'],
    ['https:///', ''],
  ])('to %s names only the host, as it was written', (location, target) => {
    expect(errorOf({ status: 307, location }).summary).toContain(
      `returned 307${target}, but redirects are not followed`,
    );
  });

  it.each([300, 304, 399])('of status %d without a target is not a span either', (status) => {
    expect(errorOf({ status, body: JSON.stringify({ id: ID, name: 'x' }) })).toMatchObject({
      summary: expect.stringContaining(`returned ${status}, but without the span`),
      status,
      attempts: 2,
      isTransient: false,
    });
  });
});

describe('a success', () => {
  const SPAN = { id: ID, name: 'x' };

  it.each([200, 201, 202])('of status %d holds the span', (status) => {
    expect(spanIn({ status, body: JSON.stringify(SPAN) })).toEqual(SPAN);
  });

  it('may begin with a byte order mark', () => {
    expect(spanIn({ body: `\ufeff${JSON.stringify(SPAN)}` })).toEqual(SPAN);
  });

  it('may have the span in { data }, but a span with its own data is not unwrapped', () => {
    expect(spanIn({ body: JSON.stringify({ data: SPAN, meta: {} }) })).toEqual(SPAN);
    expect(spanIn({ body: JSON.stringify({ ...SPAN, data: { id: 'y', name: 'y' } }) })).toMatchObject(SPAN);
  });

  it('may have meta as deep as meta may be', () => {
    const span = { ...SPAN, meta: parseJson(`${'{"a":'.repeat(1000)}1${'}'.repeat(1000)}`) };
    expect(spanIn({ body: JSON.stringify({ data: span }) })).toEqual(span);
  });

  it.each([
    ['', ', but with an empty body, expected the span'],
    [' \r\n', ', but with an empty body, expected the span'],
    ['OK', ', but the body is not JSON: line 1, column 1: expected a value, found OK. It begins: OK'],
    ['null', ', but with null that is not the span'],
    ['7', ', but with a number that is not the span'],
    ['"x"', ', but with a string that is not the span'],
    ['true', ', but with a boolean that is not the span'],
    ['[]', ', but with an array that is not the span'],
    ['{"data": null}', ', but with an object that is not the span: id: expected text; name: expected text'],
    [JSON.stringify({ ...SPAN, id: 'other' }), ', but with a different span than requested: other'],
  ])('that is %j is an error', (body, reason) => {
    expect(errorOf({ body }, { id: ID })).toMatchObject({
      summary: `PATCH ${CALL.url} returned 200${reason}`,
      status: 200,
      attempts: 2,
      advice: 'Check that base_url is the address of the Opper API, with its /v2.',
      isTransient: false,
    });
  });

  it('that is an HTML page may come from a gateway', () => {
    expect(errorOf({ body: '<!doctype html><title>Sign in</title>' })).toMatchObject({
      summary: `PATCH ${CALL.url} returned 200, but with an HTML page: Sign in`,
      advice: expect.stringMatching(/base_url.*gateway.*\.$/),
      isTransient: false,
    });
  });

  it('whose body cannot be used is an error that says why', () => {
    const problem = 'cannot be decompressed (gzip: unexpected end of file)';
    expect(errorOf({ body: JSON.stringify(SPAN), problem }).summary).toBe(
      `PATCH ${CALL.url} returned 200, but the body ${problem}`,
    );
  });

  it('names an unknown coding only if there is no span', () => {
    expect(spanIn({ body: JSON.stringify(SPAN), unknownCoding: 'zstd' })).toEqual(SPAN);
    expect(errorOf({ body: '[]', unknownCoding: `zstd${'x'.repeat(999)}` }).summary).toMatch(
      / returned 200 \(Content-Encoding: zstdx{95}…\), but with an array that is not the span$/,
    );
  });

  it('may be a list, by the schema of a list', () => {
    const Page = z.object({ data: z.array(z.number()) });
    expect(readResponse(responseOf({ body: '{"data": [1, 2]}' }), Page, CALL, 1, 0)).toEqual({
      data: [1, 2],
    });
  });
});
