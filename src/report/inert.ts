// Control and format characters (such as bidirectional overrides and zero-width characters), line and paragraph separators,
// and lone surrogates. Not the joiners, which emoji and some scripts need.
const INVISIBLE = /(?![\u200c\u200d])[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu;
export const LINE_BREAK = /\r\n|\r|\n/;

/**
 * Makes a log line with untrusted text harmless. It stays one line, since a line break becomes `⏎`. Other invisible characters are
 * escaped (`\u{202e}`). `##[` is broken up, since the runner finds the command `##[name]` anywhere in a line (actions/runner,
 * ActionCommand.cs). It finds `::name::` only at the beginning of a line, so the caller must begin the line with its own word.
 */
export function inert(line: string): string {
  return line.split(LINE_BREAK).map(visible).join(' ⏎ ').replaceAll('##[', '##\\[');
}

/** The text with invisible characters escaped (`\u{202e}`). */
export function visible(text: string): string {
  return text.replace(INVISIBLE, (character) =>
    character === '\t' ? ' ' : `\\u{${(character.codePointAt(0) as number).toString(16)}}`,
  );
}
