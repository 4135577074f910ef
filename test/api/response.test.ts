import { describe, expect, it } from 'vitest';
import * as z from 'zod/mini';
import { type Call, type HttpResponse, read } from '../../src/api/response.ts';
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
  location: null,
  retryAfterMs: undefined,
  body: '',
  ...response,
});

function errorOf(response: Partial<HttpResponse>, call: Partial<Call> = {}): ApiError {
  try {
    read(responseOf(response), Span, { ...CALL, ...call }, 'tried once');
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
    ['text that speaks of HTML', 'no <html><title>x</title>', 'no <html><title>x</title>'],
    ['nothing', '', ''],
    ['white space', ' \r\n', ''],
    ['what the status line says already', { detail: 'Bad Request' }, ''],
  ])('is reported in one line: %s', (_, body, said) => {
    const text = typeof body === 'string' ? body : JSON.stringify(body);
    const { story } = errorOf({ status: 400, statusText: 'Bad Request', body: text });
    expect(story).toBe(`PATCH ${CALL.url} returned 400 Bad Request (tried once)${said && `: ${said}`}`);
  });

  it.each([
    ['text', 'x'.repeat(20 * 1024 * 1024)],
    ['JSON that is too deep', '['.repeat(5000)],
    ['white space', `a${' '.repeat(20 * 1024 * 1024)}b`],
  ])('is cut to 500 characters: %s', (_, body) => {
    const { story } = errorOf({ status: 400, body });
    expect(story.split('(tried once): ')[1]?.length).toBeLessThanOrEqual(500);
  });
});

describe('an error status', () => {
  it.each<[number, Partial<Call>, RegExp]>([
    [400, {}, /base_url/],
    [401, {}, /api_key/],
    [403, {}, /rights/],
    [404, {}, /Check span_id\.$/],
    [408, {}, /later/],
    [409, { method: 'POST' }, /already exists/],
    [409, { method: 'PATCH' }, /again/],
    [410, {}, /base_url/],
    [413, {}, /shorten/],
    [421, {}, /base_url/],
    [422, {}, /Correct/],
    [429, {}, /retries/],
    [500, {}, /later/],
    [599, {}, /later/],
  ])('of %d says what the server said, then what to do', (status, call, advice) => {
    const { message } = errorOf({ status, body: 'No such luck' }, call);
    expect(message).toMatch(/^\w+ https:.* returned \d+ \(tried once\): No such luck\. [A-Z].*\.$/);
    expect(message).toMatch(advice);
  });

  it('is transient or not', () => {
    const passing = [400, 401, 403, 404, 408, 409, 413, 418, 422, 425, 429, 500, 501, 503, 599].filter(
      (status) => errorOf({ status }).isTransient,
    );
    expect(passing).toEqual([408, 425, 429, 500, 501, 503, 599]);
  });

  it('does not end a sentence twice', () => {
    expect(errorOf({ status: 422, body: 'No.' }).message).toContain(': No. Correct');
    expect(errorOf({ status: 422, body: 'No!' }).message).toContain(': No! Correct');
  });

  it('has a status text that is cut', () => {
    const { story } = errorOf({ status: 400, statusText: `\u00e9${'x'.repeat(9999)}` });
    expect(story.length).toBeLessThan(300);
  });

  it.each([
    [60_000, false],
    [60_500, true],
    [86_400_000, true],
  ])('with a Retry-After of %d ms names it if it is too long: %s', (retryAfterMs, isNamed) => {
    const { message } = errorOf({ status: 429, retryAfterMs });
    expect(message.includes(`${retryAfterMs / 1000} s (Retry-After)`)).toBe(isNamed);
  });
});

describe('a redirect', () => {
  it.each([
    ['https://Other.Example:8443/x?y', ' to Other.Example:8443'],
    [' https://me:secret@pw@other.example#x', ' to other.example'],
    ['//other.example\\x', ' to other.example'],
    ['/v3/spans', ' to api.opper.ai'],
    ['spans?next=https://other.example/', ' to api.opper.ai'],
    ['https:///', ''],
  ])('to %s names only the host, as it was written', (location, target) => {
    expect(errorOf({ status: 307, location }).message).toContain(
      `returned 307${target}, but redirects are not followed`,
    );
  });

  it.each([300, 304, 399])('of status %d without a target is no span either', (status) => {
    const { message, isTransient } = errorOf({ status, body: JSON.stringify({ id: ID, name: 'x' }) });
    expect({ message, isTransient }).toEqual({
      message: expect.stringContaining(`returned ${status}, but without the span`),
      isTransient: false,
    });
  });
});

describe('a success', () => {
  const SPAN = { id: ID, name: 'x' };
  const spanIn = (body: string, status = 200) => read(responseOf({ status, body }), Span, CALL, '');

  it.each([200, 201, 202])('of status %d holds the span', (status) => {
    expect(spanIn(JSON.stringify(SPAN), status)).toEqual(SPAN);
  });

  it('may begin with a byte order mark', () => {
    expect(spanIn(`\ufeff${JSON.stringify(SPAN)}`)).toEqual(SPAN);
  });

  it('may have the span in { data }, but a span with its own data is not unwrapped', () => {
    expect(spanIn(JSON.stringify({ data: SPAN, meta: {} }))).toEqual(SPAN);
    expect(spanIn(JSON.stringify({ ...SPAN, data: { id: 'y', name: 'y' } }))).toMatchObject(SPAN);
  });

  it('may have meta as deep as meta may be', () => {
    const span = { ...SPAN, meta: parseJson(`${'{"a":'.repeat(1000)}1${'}'.repeat(1000)}`) };
    expect(spanIn(JSON.stringify({ data: span }))).toEqual(span);
  });

  it.each([
    ['null', 'null'],
    ['7', 'a number'],
    ['"x"', 'a string'],
    ['true', 'a boolean'],
    ['[]', 'an array'],
    ['{"data": null}', 'an object'],
  ])('that is %s is an error', (body, kind) => {
    expect(errorOf({ body }).message).toContain(`but with ${kind} that is not the span`);
  });

  it('may be a list, by the schema of a list', () => {
    const Page = z.object({ data: z.array(z.number()) });
    expect(read(responseOf({ body: '{"data": [1, 2]}' }), Page, CALL, '')).toEqual({ data: [1, 2] });
  });
});
