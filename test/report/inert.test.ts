import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { code, html } from '../../src/report/html.ts';
import { inert } from '../../src/report/inert.ts';
import { parseCommand } from '../harness/commands.ts';

describe('a line of the log', () => {
  test.each([
    ['a line\nand\r\nanother\rone\there', 'a line ⏎ and ⏎ another ⏎ one here'],
    ['\u001b[31mred\u001b[0m', '\\u{1b}[31mred\\u{1b}[0m'],
    ['abc\u202edcb\u2066', 'abc\\u{202e}dcb\\u{2066}'],
    ['lines\u2028and paragraphs\u2029', 'lines\\u{2028}and paragraphs\\u{2029}'],
    ['NUL \0, BOM \ufeff, zero width \u200b', 'NUL \\u{0}, BOM \\u{feff}, zero width \\u{200b}'],
    ['lone \ud800 and \udc00', 'lone \\u{d800} and \\u{dc00}'],
    ['a: ##[error]x ##[group]', 'a: ##\\[error]x ##\\[group]'],
    [':smile: é: x', ':smile: é: x'],
    ['👩‍👩‍👧 نمی‌خواهم 日本 é', '👩‍👩‍👧 نمی‌خواهم 日本 é'],
  ])('%j becomes %j', (line, expected) => {
    expect(inert(line)).toBe(expected);
  });

  test('is one line and no command, whatever follows its first word', () => {
    const commands = ['::error::x', '::stop-commands::t', '##[error]x', '##[add-mask]x', '[error]x'];
    const blanks = ['\n', '\r', '\u2028', '\u0085', '\v', '\t', ' ', '\u00a0', '\u200b', '\u200d', '\ufe0f'];
    const piece = fc.constantFrom(...commands, ...blanks, ':', '#', '##', '\\', 'x');
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 8 }), (pieces) => {
        const line = inert(`  score: ${pieces.join('')}`);
        expect(line).not.toMatch(/[\n\r\u2028\u2029\u0085\v\f]/);
        expect(parseCommand(line)).toBeUndefined();
        expect(inert(line)).toBe(line);
      }),
      { numRuns: 2000 },
    );
  });
});

describe('HTML of untrusted text', () => {
  test('has no markup, entity or line break from the text', () => {
    expect(html(`<b a='1' b="2">&amp; &#10;</b>\n\r\r\n::x`, 100)).toBe(
      '&lt;b a=&#39;1&#39; b=&quot;2&quot;&gt;&amp;amp; &amp;#10;&lt;/b&gt;<br><br><br>::x',
    );
    expect(html('a\u2028b\u202ec\0\td', 100)).toBe('a\\u{2028}b\\u{202e}c\\u{0} d');
  });

  test('is cut before it is escaped, never inside a character', () => {
    expect(html('<<<<', 3)).toBe('&lt;&lt;…');
    expect(code('x '.repeat(151))).toBe(`<code>${'x '.repeat(149)}x…</code>`);
    expect(html('ab😀<', 4)).toBe('ab…');
  });

  test('can wrap a word that is too long for a line', () => {
    expect(html(`see ${'x'.repeat(61)}`, 100)).toBe(`see ${'x'.repeat(30)}<wbr>${'x'.repeat(30)}<wbr>x`);
    expect(html('😀'.repeat(31), 100)).toBe(`${'😀'.repeat(30)}<wbr>😀`);
    expect(html('x'.repeat(30), 100)).toBe('x'.repeat(30));
  });
});
