// Control and format characters (bidirectional overrides and zero-width characters among them), line and paragraph
// separators, lone surrogates; without the joiners that emoji and some scripts need.
const INVISIBLE = /(?![\u200c\u200d])[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu;
// Nearly all text is of these, and the first use of a class of Unicode takes a millisecond.
const PLAIN = /^[ -~]*$/;
const NAMED: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };
const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/**
 * Foreign text as one line that only reads: what cannot be seen is written out (`\n`, `\u{202e}`), and neither form of a
 * workflow command survives. The runner takes `::name::` at the start of a line, after white space, and `##[name]`
 * anywhere in it (actions/runner, ActionCommand.cs). It compares by culture, to which ignorable characters do not count.
 * Longer than `maxLength` is cut, with the number of characters left out.
 */
export function inert(text: string, maxLength = 2000): string {
  const line = visible(cut(text, maxLength));
  if (PLAIN.test(line) && !/^ *:|##\[/.test(line)) return line;
  return line.replace(/^([\s\p{DI}]*):/u, '$1\\:').replace(/(#\p{DI}*#\p{DI}*)\[/gu, '$1\\[');
}

/**
 * Foreign text as HTML that only reads, in one line of source: a line break is an entity, so no blank line can end the
 * HTML block around it. No tag, entity or invisible character of the text is left; a longer text than `maxLength` is cut.
 */
export function html(text: string, maxLength = 2000): string {
  return cut(text, maxLength)
    .split(/\r\n|\r|\n/)
    .map((line) => visible(line).replace(/[&<>"']/g, (character) => ENTITIES[character] ?? ''))
    .join('&#10;');
}

function visible(text: string): string {
  if (PLAIN.test(text)) return text;
  return text.replace(
    INVISIBLE,
    (character) => NAMED[character] ?? `\\u{${character.codePointAt(0)?.toString(16)}}`,
  );
}

function cut(text: string, maxLength: number): string {
  if (text.length <= maxLength) return text;
  // Not between the halves of a surrogate pair.
  const head = text.slice(0, maxLength).replace(/[\ud800-\udbff]$/, '');
  return `${head}… (${text.length - head.length} more characters)`;
}
