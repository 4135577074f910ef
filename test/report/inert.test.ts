import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { html, inert } from '../../src/report/inert.ts';
import { parseCommand } from '../harness/commands.ts';

const LINE_BREAKS = ['\n', '\r', '\r\n', '\u2028', '\u2029', '\u0085', '\v', '\f'];
// Invisible, and partly not counted where text is compared by culture.
const IGNORED = [
  '\u200b',
  '\u200c',
  '\u200d',
  '\u2060',
  '\ufeff',
  '\u00ad',
  '\u034f',
  '\ufe0f',
  '\u{e0001}',
  '\u3164',
];
const COMMANDS = [
  '::error::x',
  '::set-output name=outcome::x',
  '##[error]x',
  '##[add-mask]x',
  '::stop-commands::t',
];

describe('inert text', () => {
  test.each([
    ['a line\nand\ranother\tone', 'a line\\nand\\ranother\\tone'],
    ['\u001b[31mred\u001b[0m', '\\u{1b}[31mred\\u{1b}[0m'],
    ['abc\u202edcb\u2066', 'abc\\u{202e}dcb\\u{2066}'],
    ['NUL \0, BOM \ufeff, zero width \u200b', 'NUL \\u{0}, BOM \\u{feff}, zero width \\u{200b}'],
    ['lone \ud800 and \udc00', 'lone \\u{d800} and \\u{dc00}'],
    ['tag \u{e0041}', 'tag \\u{e0041}'],
    ['::error::x', '\\::error::x'],
    ['  ::error::x', '  \\::error::x'],
    ['\u00a0\u200d::error::x', '\u00a0\u200d\\::error::x'],
    [' a ::error::x', ' a ::error::x'],
    ['é: x', 'é: x'],
    ['a: ##[error]x', 'a: ##\\[error]x'],
    ['see ##[error]x ##[group]', 'see ##\\[error]x ##\\[group]'],
    ['##\u200d[error]x', '##\u200d\\[error]x'],
    ['👩‍👩‍👧 نمی‌خواهم 日本 é', '👩‍👩‍👧 نمی‌خواهم 日本 é'],
    ['', ''],
  ])('%j reads %j', (text, expected) => {
    expect(inert(text)).toBe(expected);
  });

  test('longer than the limit is cut, never through a character, and says how much is left out', () => {
    expect(inert('abcdef', 6)).toBe('abcdef');
    expect(inert('abcdef', 4)).toBe('abcd… (2 more characters)');
    expect(inert('abc😀def', 4)).toBe('abc… (5 more characters)');
    expect(inert('😀abcdef', 4)).toBe('😀ab… (4 more characters)');
    expect(inert('x'.repeat(2_000_000))).toBe(`${'x'.repeat(2000)}… (1998000 more characters)`);
  });

  test('is one line that is no command, whatever stands before and around one', () => {
    const piece = fc.constantFrom(
      ...LINE_BREAKS,
      ...IGNORED,
      ...COMMANDS,
      ' ',
      '\t',
      '\u00a0',
      '\u3000',
      ':',
      '#',
      '[',
      'x',
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 8 }), fc.integer({ min: 0, max: 40 }), (pieces, maxLength) => {
        const text = inert(pieces.join(''), maxLength);
        expect(text).not.toMatch(/[\n\r\u2028\u2029\u0085\v\f]/);
        expect(parseCommand(text)).toBeUndefined();
        // As a comparison by culture sees it.
        expect(parseCommand(text.replace(/\p{Default_Ignorable_Code_Point}/gu, ''))).toBeUndefined();
      }),
      { numRuns: 2000 },
    );
  });

  test('is the same when made inert again', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(inert(inert(text))).toBe(inert(text));
      }),
    );
  });
});

describe('HTML of foreign text', () => {
  test('has no markup, no entity and no line break of its own', () => {
    expect(html(`<b a='1' b="2">&amp; &#10;</b>\n\r\r\n::x`)).toBe(
      '&lt;b a=&#39;1&#39; b=&quot;2&quot;&gt;&amp;amp; &amp;#10;&lt;/b&gt;&#10;&#10;&#10;::x',
    );
    expect(html('a\u2028b\u202ec\0')).toBe('a\\u{2028}b\\u{202e}c\\u{0}');
  });

  test('is cut before it is escaped', () => {
    expect(html('<<<<', 2)).toBe('&lt;&lt;… (2 more characters)');
  });

  test('is at most eight bytes for a character, which bounds the summary', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', minLength: 1, maxLength: 50 }), (text) => {
        expect(Buffer.byteLength(html(text))).toBeLessThanOrEqual(8 * text.length);
      }),
      { numRuns: 2000 },
    );
  });
});
