import { cut } from '../words.ts';

// Control and format characters (bidirectional overrides and zero-width characters among them), line and paragraph
// separators, lone surrogates; without the joiners that emoji and some scripts need.
const INVISIBLE = /(?![\u200c\u200d])[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu;
// Nearly all text is of these, and the first use of a class of Unicode takes a millisecond.
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
 * A line for the log, with foreign text in it, as one line that only reads: a line break is `⏎`, any other invisible
 * character is written out (`\u{202e}`), and no workflow command `##[name]` survives, which the runner takes anywhere in a
 * line (actions/runner, ActionCommand.cs). It takes `::name::` only where a line begins with it: the caller begins the line
 * with a word of its own.
 */
export function inert(line: string): string {
  if (PLAIN.test(line) && !line.includes('##[')) return line;
  return line.split(LINE_BREAK).map(visible).join(' ⏎ ').replaceAll('##[', '##\\[');
}

/**
 * Foreign text as HTML that only reads, in one line of source, so that no blank line can end the HTML block around it. No
 * tag, entity or invisible character of the text is left; a line break is `<br>`; a word too long for a line may break.
 */
export function html(text: string, maxLength: number): string {
  return cut(text, maxLength)
    .split(LINE_BREAK)
    .map((line) => visible(line).replace(LONG_PIECE, '$&\n').split('\n').map(escaped).join('<wbr>'))
    .join('<br>');
}

/** Foreign text for an attribute of HTML, in double quotes. */
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
