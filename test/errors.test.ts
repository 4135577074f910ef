import { expect, it } from 'vitest';
import { ApiError, codeOf, FormError, headlineOf, InputError } from '../src/errors.ts';

/** An error with a code, as Node throws it. */
const systemError = (message: string, code: string) => Object.assign(new Error(message), { code });

it.each<[string, unknown, string]>([
  ['an error', new Error('no'), 'no'],
  ['several lines as one', new Error('\na\r\n\nb\n'), 'a b'],
  [
    'the first of several addresses',
    new AggregateError([systemError('connect ECONNREFUSED ::1:9', 'ECONNREFUSED'), new Error('other')], ''),
    'connect ECONNREFUSED ::1:9',
  ],
  ['several errors by their common message', new AggregateError([new Error('one')], 'all'), 'all'],
  ['several errors of which none is known', new AggregateError([], ''), 'AggregateError'],
  ['the code of an error without a message', systemError(' ', 'EPIPE'), 'EPIPE'],
  ['the name of an error without a message', new RangeError(), 'RangeError'],
  ['a text', 'no\n', 'no'],
  ['nothing', undefined, 'undefined'],
  ['an object', { error: { code: 7 } }, '{ error: { code: 7 } }'],
  ['an object without a prototype', Object.create(null), '[Object: null prototype] {}'],
])('a headline describes %s', (_, thrown, headline) => {
  expect(headlineOf(thrown)).toBe(headline);
});

it.each<[string, unknown, string]>([
  ['an error', systemError('no', 'ENOENT'), 'ENOENT'],
  ['an object', { code: 'E' }, 'E'],
  ['none where it is a number', { code: 7 }, ''],
  ['none of an error without one', new Error('no'), ''],
  ['none of a text', 'no', ''],
  ['none of null', null, ''],
  ['none of nothing', undefined, ''],
])('a code is found in %s', (_, thrown, code) => {
  expect(codeOf(thrown)).toBe(code);
});

it('a FormError is known by its name', () => {
  expect(String(new FormError('is empty'))).toBe('FormError: is empty');
});

it('an InputError lists each problem on its own line', () => {
  const problems = [
    { name: 'score', message: 'is not a number' },
    { name: 'score in result.json', message: 'is empty' },
  ];
  const error = new InputError(problems);
  expect([error.message, error.problems]).toEqual([
    'score: is not a number\nscore in result.json: is empty',
    problems,
  ]);
});

it.each([
  ['GET failed', 'Wait.', 'GET failed. Wait.'],
  ['GET failed: no!', 'Wait.', 'GET failed: no! Wait.'],
  ['GET failed: no! Yes', 'Wait.', 'GET failed: no! Yes. Wait.'],
  ['GET failed', '', 'GET failed'],
])('an ApiError says %j, then the advice %j', (summary, advice, message) => {
  const details = { status: 503, attempts: 2, advice, isTransient: true };
  const error = new ApiError(summary, details);
  expect({ ...error }).toEqual({ name: 'ApiError', summary, ...details });
  expect(error.message).toBe(message);
});
