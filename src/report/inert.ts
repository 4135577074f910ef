import { cut } from '../text.ts';

// Control and format characters (such as bidirectional overrides and zero-width characters), line and paragraph separators,
// and lone surrogates. Not the joiners, which emoji and some scripts need.
const INVISIBLE = /(?![\u200c\u200d])[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu;
// Nearly all text matches this, and the first use of a Unicode class takes a millisecond.
const PLAIN = /^[ -~]*$/;
const LINE_BREAK = /\r\n|\r|\n/;
const LONG_PIECE = /\S{30}(?=\S)/gu;
const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/**
 * Makes a log line with untrusted text harmless. It stays one line, since a line break becomes `⏎`. Other invisible characters are
 * escaped (`\u{202e}`). `##[` is broken up, since the runner finds the command `##[name]` anywhere in a line (actions/runner,
 * ActionCommand.cs). It finds `::name::` only at the beginning of a line, so the caller must begin the line with its own word.
 */
export function inert(line: string): string {
  if (PLAIN.test(line) && !line.includes('##[')) return line;
  return line.split(LINE_BREAK).map(visible).join(' ⏎ ').replaceAll('##[', '##\\[');
}

/**
 * Untrusted text as harmless HTML. It is one line of source, so that no blank line can end the HTML block around it. Tags,
 * entities and invisible characters are escaped, a line break becomes `<br>`, and long words may wrap.
 */
export function html(text: string, maxLength: number): string {
  return cut(text, maxLength)
    .split(LINE_BREAK)
    .map((line) => visible(line).replace(LONG_PIECE, '$&\n').split('\n').map(escaped).join('<wbr>'))
    .join('<br>');
}

/** Untrusted text for an HTML attribute in double quotes. */
export function attribute(text: string): string {
  return escaped(visible(text));
}

function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (character) => ENTITIES[character] ?? '');
}

function visible(text: string): string {
  if (PLAIN.test(text)) return text;
  return text.replace(INVISIBLE, (character) =>
    character === '\t' ? ' ' : `\\u{${character.codePointAt(0)?.toString(16)}}`,
  );
}
