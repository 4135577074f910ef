import { describe, expect, test } from 'vitest';
import { redactorOf } from '../src/secret.ts';

// Its Base64 has + and / however it is shifted.
const KEY = 'op-4fVj+2/xQ9"z{t$.*k\\8>>>>>?????8';
const redact = <Value>(value: Value): Value => redactorOf(KEY)(value);

describe('a secret is replaced', () => {
  test.each([
    ['as it is', KEY],
    ['as JSON writes it', JSON.stringify(KEY).slice(1, -1)],
    ['as a URL writes it', encodeURIComponent(KEY)],
    ['in Base64', Buffer.from(KEY).toString('base64').replace(/=+$/, '')],
    ['in the Base64 of a URL', Buffer.from(KEY).toString('base64url')],
  ])('%s', (_, form) => {
    expect(redact(form)).toBe('***');
    expect(redact(`Bearer ${form}; and ${form}${form}.`)).toBe('Bearer ***; and ******.');
  });

  test.each(['x', 'xy', 'xyz', 'user:', 'Bearer '])(
    'in the Base64 of a longer text that begins with %j',
    (before) => {
      for (const encoding of ['base64', 'base64url'] as const) {
        const text = Buffer.from(`${before}${KEY} and so on`).toString(encoding);
        const redacted = redact(text);
        expect(redacted).toMatch(/^[\w-]*\*\*\*[\w+/=-]*$/);
        const rest = Buffer.from(redacted.replace(/^.*\*\*\*/, ''), encoding).toString('latin1');
        // At most the letter that shares its characters with what follows.
        expect(rest).not.toContain(KEY.slice(-2));
      }
    },
  );

  test('however deep it stands in a value, in names of keys too, and nothing else is touched', () => {
    const value = {
      text: `a ${KEY} b`,
      list: [KEY, [1, null, true, undefined, KEY]],
      [KEY]: { [`x-${KEY}`]: 1.5 },
      raw: JSON.rawJSON('12345678901234567890'),
      safe: 'op-4fVj+2/x',
    };
    expect(redact(value)).toEqual({
      text: 'a *** b',
      list: ['***', [1, null, true, undefined, '***']],
      '***': { 'x-***': 1.5 },
      raw: JSON.rawJSON('12345678901234567890'),
      safe: 'op-4fVj+2/x',
    });
    expect(value.text).toBe(`a ${KEY} b`);
  });

  test('in a key named __proto__ too', () => {
    const value = JSON.parse(`{"__proto__": {"a": ${JSON.stringify(KEY)}}}`);
    expect(JSON.stringify(redact(value))).toBe('{"__proto__":{"a":"***"}}');
  });

  test('where a cut left its beginning: 12 characters or more, in any form', () => {
    for (const form of [KEY, JSON.stringify(KEY).slice(1, -1), encodeURIComponent(KEY)]) {
      for (let length = 12; length <= form.length; length++) {
        expect(redact(`said ${form.slice(0, length)}… (more)`)).toBe('said ***… (more)');
      }
      expect(redact(form.slice(0, 11))).toBe(form.slice(0, 11));
    }
  });

  test('where two forms begin alike, by the longer one', () => {
    expect(redactorOf('op-abcdefghijkl"mnop')('see op-abcdefghijkl\\"mnop!')).toBe('see ***!');
  });

  test('twice in a row, after a beginning of itself', () => {
    expect(redact(`${KEY.slice(0, 15)}${KEY}`)).toBe('******');
  });

  test('with characters that mean something in a pattern', () => {
    const secret = '^(a|b)+[c-d]{2,}.*?\\w$';
    expect(redactorOf(secret)(`<${secret}>`)).toBe('<***>');
    expect(redactorOf(secret)('<aabbcd.w>')).toBe('<aabbcd.w>');
  });
});

test('a short secret is replaced as it is only', () => {
  const redactShort = redactorOf('a+b');
  expect(redactShort('1: a+b, a%2Bb, YSti, a+')).toBe('1: ***, a%2Bb, YSti, a+');
  expect(redactorOf('$&')('cost: $&')).toBe('cost: ***');
});

test('a secret of 12 characters is replaced in every form, and in keys', () => {
  const redactTwelve = redactorOf('op-4fVj+2/xQ');
  expect(redactTwelve({ 'op-4fVj+2/xQ': 'see op-4fVj%2B2%2FxQ' })).toEqual({ '***': 'see ***' });
});

test('no secret, no change', () => {
  const value = { text: 'anything' };
  expect(redactorOf('')(value)).toBe(value);
});

test('a key of 10 000 characters in megabytes of text is found quickly, whole or cut anywhere', () => {
  const long = Array.from({ length: 10_000 }, (_, i) => String.fromCharCode(33 + ((i * 7919) % 90))).join('');
  const filler = long.slice(0, 11).repeat(100_000);
  const text = [filler, long, filler, long.slice(0, 5000), ' ', filler].join('');
  const start = performance.now();
  expect(redactorOf(long)(text)).toBe([filler, '***', filler, '*** ', filler].join(''));
  expect(performance.now() - start).toBeLessThan(1000);
});
