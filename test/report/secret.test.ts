import { describe, expect, test } from 'vitest';
import { redactorOf } from '../../src/report/secret.ts';

// Its Base64 has + and / however it is shifted.
const KEY = 'op-4fVj+2/xQ9"z{t$.*k\\8>>>>>?????8&<%3\'Z';
/** With patterns of its own each time, since they are compiled when they are first needed. */
const redact = <Value>(value: Value) => redactorOf([KEY])(value);

const encoded = (spell: (code: string, character: string) => string, only = /[^\w]/) =>
  [...KEY].map((c) => (only.test(c) ? spell(c.charCodeAt(0).toString(16).padStart(2, '0'), c) : c)).join('');
const NAMES: Record<string, string> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&apos;',
};

const FORMS: [string, string][] = [
  ['as it is', KEY],
  ['as JSON writes it', JSON.stringify(KEY).slice(1, -1)],
  ['as PHP writes JSON', JSON.stringify(KEY).slice(1, -1).replaceAll('/', '\\/')],
  ['as .NET writes JSON', encoded((code) => `\\u00${code.toUpperCase()}`)],
  ['as \\u escapes in small letters', encoded((code) => `\\u00${code}`, /./)],
  ['as a URL writes it', encodeURIComponent(KEY)],
  ['percent-encoded in small letters', encoded((code) => `%${code}`)],
  ['percent-encoded but for the slash', encodeURIComponent(KEY).replaceAll('%2F', '/')],
  ['with named entities', encoded((_, character) => NAMES[character] ?? character)],
  ['with decimal entities', encoded((code) => `&#0${Number.parseInt(code, 16)};`)],
  ['with hexadecimal entities', encoded((code) => `&#x${code.toUpperCase()};`)],
  ['with hexadecimal entities the other way round', encoded((code) => `&#X0${code};`)],
  ['in Base64', Buffer.from(KEY).toString('base64').replace(/=+$/, '')],
  ['in the Base64 of a URL', Buffer.from(KEY).toString('base64url')],
  ['in Base64 within a URL', encodeURIComponent(Buffer.from(KEY).toString('base64').replace(/=+$/, ''))],
];

describe('a secret is replaced', () => {
  test.each(FORMS)('%s', (_, form) => {
    expect(redact(form)).toBe('***');
    expect(redact(`Bearer ${form}; and ${form}${form}.`)).toBe('Bearer ***; and ******.');
  });

  test.each(['x', 'xy', 'xyz', 'user:', 'Bearer '])(
    'inside the Base64 of a longer text that begins with %j',
    (before) => {
      for (const encoding of ['base64', 'base64url'] as const) {
        const redacted = redact(Buffer.from(`${before}${KEY} and so on`).toString(encoding));
        expect(redacted).toMatch(/^[\w-]*\*\*\*[\w+/=-]*$/);
        const rest = Buffer.from(redacted.replace(/^.*\*\*\*/, ''), encoding).toString('latin1');
        // At most the letter that shares its characters with what follows.
        expect(rest).not.toContain(KEY.slice(-2));
      }
    },
  );

  test('if 12 or more of its characters are left, in any form', () => {
    const redact = redactorOf([KEY]);
    for (const [, form] of FORMS) {
      for (let length = 72; length <= form.length; length++) {
        // The first half of an escape may stay.
        expect(redact(`said ${form.slice(0, length)}… (more)`)).toMatch(
          /^said \*\*\*[\\u%&#;\w]{0,6}… \(more\)$/,
        );
      }
    }
    expect(redact(`said ${KEY.slice(0, 12)}…`)).toBe('said ***…');
    expect(redact(`said ${KEY.slice(0, 11)}…`)).toBe(`said ${KEY.slice(0, 11)}…`);
    expect(redact(`${KEY.slice(0, 15)}${KEY}`)).toBe('******');
  });

  test('if it looks like an escape', () => {
    for (const secret of ['op-%25abcdefghijk%2', 'op-&amp;abcdefghij', 'op-\\\\abc\\/defghijk']) {
      const redactIt = redactorOf([secret]);
      for (const form of [secret, encodeURIComponent(secret), JSON.stringify(secret).slice(1, -1)]) {
        expect(redactIt(`<${form}>`)).toBe('<***>');
      }
    }
  });

  test('at any depth in a value, also in keys, and nothing else is changed', () => {
    const value = {
      text: `a ${KEY} b`,
      list: [KEY, [1, null, true, undefined, KEY]],
      [KEY]: { [`x-${KEY}`]: 1.5 },
      raw: JSON.rawJSON('12345678901234567890'),
      ...JSON.parse(`{"__proto__": ${JSON.stringify(KEY)}}`),
    };
    expect(redact(value)).toEqual({
      text: 'a *** b',
      list: ['***', [1, null, true, undefined, '***']],
      '***': { 'x-***': 1.5 },
      raw: JSON.rawJSON('12345678901234567890'),
      ...JSON.parse('{"__proto__": "***"}'),
    });
    expect(value.text).toBe(`a ${KEY} b`);
  });
});

test('a secret shorter than 12 characters is matched literally, and not in keys', () => {
  expect(redactorOf(['a+b'])('1: a+b, a%2Bb, YSti, a+')).toBe('1: ***, a%2Bb, YSti, a+');
  expect(redactorOf(['$&'])({ '$&': 'cost: $&' })).toEqual({ '$&': 'cost: ***' });
  expect(redactorOf(['op-4fVj+2/x'])('op-4fVj%2B2%2Fx')).toBe('op-4fVj%2B2%2Fx');
  expect(redactorOf(['op-4fVj+2/xQ'])({ 'op-4fVj+2/xQ': 'op-4fVj%2B2%2FxQ' })).toEqual({ '***': '***' });
});

test('a backslash before a secret that begins with a letter is not part of it', () => {
  expect(redact(`C:\\${KEY}`)).toBe('C:\\***');
});

test('several secrets are replaced, and without secrets nothing changes', () => {
  expect(redactorOf(['short', KEY, 'op-another-key-1'])(`short op-another-key-1 ${KEY}`)).toBe('*** *** ***');
  expect(redactorOf(['ab', 'cd'])('ab cd ab')).toBe('*** *** ***');
  expect(redactorOf([''])({ text: 'anything' })).toEqual({ text: 'anything' });
});

test('a key of 10 000 characters in megabytes of text is found, whole or cut off anywhere', () => {
  const long = Array.from({ length: 10_000 }, (_, i) => String.fromCharCode(33 + ((i * 7919) % 90))).join('');
  const filler = long.slice(0, 11).repeat(100_000);
  const text = [filler, long, filler, long.slice(0, 5000), ' ', filler].join('');
  expect(redactorOf([long])(text)).toBe([filler, '***', filler, '*** ', filler].join(''));
});
