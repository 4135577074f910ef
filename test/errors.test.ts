import { describe, expect, it } from 'vitest';
import { ApiError, codeOf, FormError, headlineOf, InputError } from '../src/errors.ts';

/** An error as Node makes it: with a code. */
const systemError = (message: string, code: string) => Object.assign(new Error(message), { code });

/** What fetch throws where a host has two addresses and refuses at both. */
const refused = new TypeError('fetch failed', {
  cause: Object.assign(
    new AggregateError([
      systemError('connect ECONNREFUSED ::1:9', 'ECONNREFUSED'),
      systemError('connect ECONNREFUSED 127.0.0.1:9', 'ECONNREFUSED'),
    ]),
    { code: 'ECONNREFUSED' },
  ),
});

function ring(): Error {
  const first = new Error('first');
  first.cause = new Error('second', { cause: first });
  return first;
}

function chainOf([message, ...causes]: readonly string[]): Error | undefined {
  return message === undefined ? undefined : new Error(message, { cause: chainOf(causes) });
}

describe('the headline of a failure', () => {
  it.each<[string, unknown, string]>([
    ['an error', new Error('no'), 'no'],
    [
      'its causes, outermost first',
      new Error('a', { cause: new Error('b', { cause: new Error('c') }) }),
      'a: b: c',
    ],
    ['a cause that is no error', new Error('a', { cause: 'b' }), 'a: b'],
    ['the first of several addresses', refused, 'fetch failed: connect ECONNREFUSED ::1:9'],
    [
      'a code where there is no message',
      new TypeError('fetch failed', { cause: systemError('', 'UND_ERR_SOCKET') }),
      'fetch failed: UND_ERR_SOCKET',
    ],
    ['several errors of which none is known', new AggregateError([], ''), 'AggregateError'],
    ['none of several, but a cause', new AggregateError([], 'a', { cause: 'b' }), 'a: b'],
    ['the name of an error that says nothing', new RangeError(), 'RangeError'],
    [
      'each message once',
      new Error('a: no b', { cause: new Error('no b', { cause: new Error('no b') }) }),
      'a: no b',
    ],
    ['a circle of causes', ring(), 'first: second'],
    ['the outer ten of more causes', chainOf([...'abcdefghijkl']), 'a: b: c: d: e: f: g: h: i: j'],
    ['several lines as one', new Error('a\r\nb\n', { cause: 'c\n\nd' }), 'a b: c d'],
    ['a text', 'no', 'no'],
    ['an empty text', '', 'unknown error'],
    ['nothing', undefined, 'unknown error'],
    ['null', null, 'null'],
    ['a number', 7, '7'],
    ['a symbol', Symbol('no'), 'Symbol(no)'],
    ['an object', { error: { code: 7 } }, '{ error: { code: 7 } }'],
    ['an object without a prototype', Object.create(null), '[Object: null prototype] {}'],
  ])('tells of %s', (_, thrown, headline) => {
    expect(headlineOf(thrown)).toBe(headline);
  });
});

describe('the code of a failure', () => {
  it.each<[string, unknown, string]>([
    ['its own', systemError('no', 'ENOENT'), 'ENOENT'],
    ['that of its cause', new Error('no', { cause: systemError('no', 'EPIPE') }), 'EPIPE'],
    ['that of the first of several', new AggregateError([systemError('no', 'ETIMEDOUT')]), 'ETIMEDOUT'],
    ['the outermost', refused, 'ECONNREFUSED'],
    ['that of an object', { code: 'E' }, 'E'],
    ['none that is a number', Object.assign(new Error('no'), { code: 7 }), ''],
    ['none', new Error('no'), ''],
    ['none of a text', 'no', ''],
    ['none of null', null, ''],
    ['none of nothing', undefined, ''],
    ['none in a circle', ring(), ''],
  ])('is %s', (_, thrown, code) => {
    expect(codeOf(thrown)).toBe(code);
  });
});

describe('an error of the action', () => {
  const cause = new Error('why');

  it('of the form of a text holds what it is said of', () => {
    const error = new FormError('is not a number', { found: 'x', cause });
    expect({ ...error, message: error.message, cause: error.cause }).toEqual({
      name: 'FormError',
      message: 'is not a number',
      found: 'x',
      cause,
    });
    expect(Object.hasOwn(new FormError('is not a number'), 'cause')).toBe(false);
  });

  it('of the input says every problem in a line, without the text it is said of', () => {
    const problems = [
      { name: 'score', message: 'is not a number', found: 'secret' },
      { name: 'retries', message: 'is not a whole number' },
    ];
    const error = new InputError(problems);
    expect({ ...error, message: error.message }).toEqual({
      name: 'InputError',
      message: 'score: is not a number\nretries: is not a whole number',
      problems,
    });
  });

  it('of the API holds status, words and hint', () => {
    const error = new ApiError('GET failed', { status: 503, said: 'busy', hint: 'Wait.', cause });
    expect({ ...error, message: error.message, cause: error.cause }).toEqual({
      name: 'ApiError',
      message: 'GET failed',
      status: 503,
      said: 'busy',
      hint: 'Wait.',
      cause,
    });
    expect(Object.hasOwn(new ApiError('GET failed'), 'cause')).toBe(false);
  });
});
