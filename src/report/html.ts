import { cut, firstOf } from '../text.ts';
import { LINE_BREAK, visible } from './inert.ts';

/** The limit for a text in a cell or a list, in UTF-16 units. */
const MAX_CELL = 300;
const LONG_PIECE = /\S{30}(?=\S)/gu;
const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

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

function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (character) => ENTITIES[character] ?? character);
}

/** A table with the first `max` rows, and how many more there are. Cells are HTML. */
export function table(
  head: readonly string[],
  rows: readonly (readonly string[])[],
  max = rows.length,
): string {
  const lines = [
    head.map((cell) => `<th>${cell}</th>`),
    ...rows.slice(0, max).map((row) => row.map((cell) => `<td>${cell}</td>`)),
  ];
  const more = rows.length > max ? `\n<p>and ${rows.length - max} more</p>` : '';
  return `<table>\n${lines.map((cells) => `<tr>${cells.join('')}</tr>`).join('\n')}\n</table>${more}`;
}

/** Items are `<li>` elements. */
export function list(items: readonly string[]): string {
  return items.length > 0 ? `<ul>\n${items.join('\n')}\n</ul>` : '';
}

/** The first `max` untrusted texts, and how many more there are. */
export function codes(texts: readonly string[], max: number): string {
  const shown = texts.map((text) => code(text));
  return firstOf(shown, max).join(' · ');
}

/** Lines of HTML. */
export function paragraph(lines: readonly string[]): string {
  return `<p>${lines.join('<br>\n')}</p>`;
}

/** Untrusted text in `<code>`, where GitHub does not link mentions, issues and addresses. */
export function code(text: string, maxLength = MAX_CELL): string {
  return `<code>${html(text, maxLength)}</code>`;
}

/** A link; `url` is untrusted, `text` is HTML. */
export function link(url: string, text: string): string {
  return `<a href="${escaped(visible(url))}">${text}</a>`;
}
