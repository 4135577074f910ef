import { expect, it } from 'vitest';
import { counted, cut, cutBytes, listed, quoted, secondsText, textOf } from '../src/text.ts';

it.each([
  ['four', 4, 'four'],
  ['fours', 4, 'fou…'],
  ['a😀b', 4, 'a😀b'],
  ['a😀bc', 4, 'a😀…'],
  ['ab😀c', 4, 'ab…'],
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
  expect(listed(['x'.repeat(41)])).toBe(`${'x'.repeat(39)}…`);
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
