import { expect, it } from 'vitest';
import {
  ageText,
  counted,
  cut,
  cutBytes,
  firstOf,
  listed,
  mibText,
  quoted,
  secondsText,
  textOf,
} from '../src/text.ts';

it.each([
  ['four', 4, 'four'],
  ['fours', 4, 'fou…'],
  ['a😀b', 4, 'a😀b'],
  ['a😀bc', 4, 'a😀…'],
  ['ab😀c', 4, 'ab…'],
  ['😀bcd', 4, '😀b…'],
])('%s cut to %i units is %s', (text, maxLength, cutText) => {
  expect(cut(text, maxLength)).toBe(cutText);
});

it.each([
  ['aé😀', 7, 'aé😀'],
  ['aé😀b', 7, 'aé…'],
  ['aaa😀', 6, 'aaa…'],
])('%s cut to %i bytes is %s', (text, maxBytes, cutText) => {
  expect(cutBytes(text, maxBytes)).toBe(cutText);
});

it('a quoted text is cut, but keeps its quotes', () => {
  expect([quoted('a"b'), quoted('x'.repeat(201))]).toEqual(['"a"b"', `"${'x'.repeat(199)}…"`]);
});

it('a count has a plural, except for one', () => {
  expect([0, 1, 2].map((count) => counted(count, 'test'))).toEqual(['0 tests', '1 test', '2 tests']);
});

it('a list shows ten names, each cut', () => {
  const names = [...'abcdefghij'];
  expect(listed(names)).toBe('a, b, c, d, e, f, g, h, i, j');
  expect(listed([...names, 'k'])).toBe('a, b, c, d, e, f, g, h, i, j, …');
  expect(listed(['x'.repeat(100), 'y'.repeat(101)])).toBe(`${'x'.repeat(100)}, ${'y'.repeat(99)}…`);
});

it('of many lines the first are shown, and how many more there are', () => {
  expect([firstOf(['a', 'b'], 2), firstOf(['a', 'b', 'c'], 2), firstOf(['a'], 2, 5)]).toEqual([
    ['a', 'b'],
    ['a', 'b', 'and 1 more'],
    ['a', 'and 4 more'],
  ]);
});

it('a size is rounded up to a tenth of a MiB', () => {
  expect([0, 1, 32 * 1024 * 1024, 32 * 1024 * 1024 + 1].map(mibText)).toEqual([
    '0 MiB',
    '0.1 MiB',
    '32 MiB',
    '32.1 MiB',
  ]);
});

it.each([
  [-5, '0 seconds'],
  [1000, '1 second'],
  [59_999, '59 seconds'],
  [60_000, '1 minute'],
  [3_599_999, '59 minutes'],
  [3_600_000, '1 hour'],
  [86_399_999, '23 hours'],
  [86_400_000, '1 day'],
  [3 * 86_400_000 - 1, '2 days'],
])('an age of %d ms is %s', (ms, text) => {
  expect(ageText(ms)).toBe(text);
});

it.each([
  [0, '0 s'],
  [423.4, '0.423 s'],
  [12_500, '12.5 s'],
  [99_949, '99.9 s'],
  [100_499, '100 s'],
  [3_600_000, '3600 s'],
  [1e26, '9007199254740991 s'],
  [Number.POSITIVE_INFINITY, '9007199254740991 s'],
])('%d ms are %s', (ms, text) => {
  expect(secondsText(ms)).toBe(text);
});

it.each([
  [undefined, ''],
  [null, ''],
  ['"a"', '"a"'],
  [0, '0'],
  [false, 'false'],
  [{ a: [JSON.rawJSON('1.0')] }, '{"a":[1.0]}'],
])('%j as text is %j', (value, text) => {
  expect(textOf(value)).toBe(text);
});
