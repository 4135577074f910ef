import { cut } from './text.ts';

/** What is wrong at the first place where a text stops being JSON. */
interface Fault {
  readonly at: number;
  readonly expected: string;
  /** What to report as found, if not the text at `at`. */
  readonly found?: string;
}

/** What may come next in the text. */
interface State {
  readonly expected: string;
  readonly isValue?: true;
  readonly isName?: true;
  /** The bracket that may close what is open. */
  readonly closer?: number;
  /** What comes after a comma, if there may be one. */
  readonly afterComma?: State;
}

const [SPACE, QUOTE, COMMA, COLON] = [0x20, 0x22, 0x2c, 0x3a] as const;
const [OPEN_ARRAY, CLOSE_ARRAY, OPEN_OBJECT, CLOSE_OBJECT] = [0x5b, 0x5d, 0x7b, 0x7d] as const;

const VALUE: State = { expected: 'a value', isValue: true };
const FIRST_ITEM: State = { expected: 'a value or ]', isValue: true, closer: CLOSE_ARRAY };
const NEXT_ITEM: State = { expected: 'a comma or ]', closer: CLOSE_ARRAY, afterComma: VALUE };
const NAME: State = { expected: 'a name in double quotes', isName: true };
const FIRST_NAME: State = { expected: 'a name in double quotes or }', isName: true, closer: CLOSE_OBJECT };
const AFTER_NAME: State = { expected: 'a colon' };
const NEXT_NAME: State = { expected: 'a comma or }', closer: CLOSE_OBJECT, afterComma: NAME };
const END: State = { expected: 'nothing more' };

// These also match the empty text.
const PLAIN = /[^"\\\0-\x1f]*/y;
const ESCAPE = /(?:\\(?:["\\/bfnrt]|u[\da-fA-F]{4}))?/y;
const SCALAR = /(?:-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null)?/y;
const NOT_A_NUMBER = /(?:-?(?:NaN|Infinity))?/y;
const CONTROLS: Readonly<Record<string, readonly [name: string, written: string]>> = {
  '\n': ['a line break', '\\n'],
  '\r': ['a line break', '\\r'],
  '\t': ['a tab', '\\t'],
};

/**
 * Where a text stops being JSON, and why: `line 1, column 9: expected a colon, found x`. V8 leaves the place out of some of its
 * messages. Without recursion, so that no text overflows the stack. Undefined if the text is JSON.
 */
export function faultIn(text: string, line?: number): string | undefined {
  return faultText(text, scan(text), line);
}

/**
 * The text with null for each NaN and Infinity, which Python writes. If it still is not JSON, it is unchanged, and `fault` is
 * like {@link faultIn}.
 */
export function withoutNaN(
  text: string,
  line?: number,
): { readonly text: string; readonly fault?: string | undefined } {
  let written = '';
  let parts: string[] = [];
  let from = 0;
  const fault = scan(text, (start, end) => {
    parts.push(text.slice(from, start), 'null');
    from = end;
    // Joined from time to time, since there may be millions.
    if (parts.length < 10_000) return;
    written += parts.join('');
    parts = [];
  });
  if (fault) return { text, fault: faultText(text, fault, line) };
  return { text: written + parts.join('') + text.slice(from) };
}

function faultText(text: string, fault: Fault | undefined, line = 1): string | undefined {
  if (fault === undefined) return undefined;
  const { at, expected, found = foundAt(text, at) } = fault;
  return `${placeOf(text, at, line)}: expected ${expected}, found ${found}`;
}

/** The place of the first bracket that is nested too deeply, if there is one. */
export function placeTooDeep(text: string, maxDepth: number, line = 1): string | undefined {
  // Few texts have that many brackets, and the loop takes longer than parsing.
  const tooMany = maxDepth + 2;
  if (text.split(/[[{]/, tooMany).length < tooMany) return undefined;
  let depth = 0;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === QUOTE) {
      at = closingQuote(text, at);
    } else if (code === CLOSE_ARRAY || code === CLOSE_OBJECT) {
      depth--;
    } else if ((code === OPEN_ARRAY || code === OPEN_OBJECT) && ++depth > maxDepth) {
      return placeOf(text, at, line);
    }
  }
  return undefined;
}

/** `line 2, column 7`, columns from 1 in UTF-16 units. `line` is the number of the first line. */
function placeOf(text: string, offset: number, firstLine: number): string {
  let line = firstLine;
  let start = 0;
  for (let end = text.indexOf('\n'); end !== -1 && end < offset; end = text.indexOf('\n', start)) {
    line++;
    start = end + 1;
  }
  return `line ${line}, column ${offset - start + 1}`;
}

/** The first fault in a text. With `onNaN`, a NaN or Infinity is not a fault, but passed to that function. */
function scan(text: string, onNaN?: (start: number, end: number) => void): Fault | undefined {
  const outer: State[] = [];
  // What comes after the current value.
  let next = END;
  let state = VALUE;
  let at = 0;
  while (at < text.length) {
    const code = text.charCodeAt(at);
    if (code === SPACE || code === 0x0a || code === 0x0d || code === 0x09) {
      at++;
    } else if (code === QUOTE && (state.isValue || state.isName)) {
      const end = endOfString(text, at);
      if (typeof end !== 'number') return end;
      at = end;
      state = state.isName ? AFTER_NAME : next;
    } else if (state.isValue && (code === OPEN_ARRAY || code === OPEN_OBJECT)) {
      at++;
      outer.push(next);
      next = code === OPEN_ARRAY ? NEXT_ITEM : NEXT_NAME;
      state = code === OPEN_ARRAY ? FIRST_ITEM : FIRST_NAME;
    } else if (code === state.closer) {
      at++;
      next = outer.pop() ?? END;
      state = next;
    } else if (code === COMMA && state.afterComma) {
      at++;
      state = state.afterComma;
    } else if (code === COLON && state === AFTER_NAME) {
      at++;
      state = VALUE;
    } else {
      let end = state.isValue ? endOf(SCALAR, text, at) : at;
      if (end === at && state.isValue && onNaN) {
        end = endOf(NOT_A_NUMBER, text, at);
        onNaN(at, end);
      }
      if (end === at) return { at, expected: state.expected };
      at = end;
      state = next;
    }
  }
  return state === END ? undefined : { at, expected: state.expected };
}

/** The offset of the quote that ends the string, or of the end of the text. */
function closingQuote(text: string, start: number): number {
  for (let at = text.indexOf('"', start + 1); at !== -1; at = text.indexOf('"', at + 1)) {
    let escapes = 0;
    while (text.charAt(at - 1 - escapes) === '\\') escapes++;
    if (escapes % 2 === 0) return at;
  }
  return text.length;
}

/** The offset after the string that begins at `start`, or what is wrong in it. */
function endOfString(text: string, start: number): number | Fault {
  let at = endOf(PLAIN, text, start + 1);
  while (text.charAt(at) === '\\') {
    const end = endOf(ESCAPE, text, at);
    if (end === at) return { at, expected: 'an escape such as \\n or \\\\', found: text.slice(at, at + 2) };
    at = endOf(PLAIN, text, end);
  }
  const character = text.charAt(at);
  if (character === '"') return at + 1;
  if (character === '') {
    return { at: start, expected: 'a string with a quote at its end', found: foundAt(text, at) };
  }
  const [name, expected] = CONTROLS[character] ?? ['a control character', 'an escape such as \\u0000'];
  return { at, expected, found: `${name} in a string` };
}

/** The offset after the match of a sticky pattern. */
function endOf(pattern: RegExp, text: string, at: number): number {
  pattern.lastIndex = at;
  pattern.test(text);
  return pattern.lastIndex;
}

function foundAt(text: string, at: number): string {
  const [word = ''] = /^(?:[^\s,:{}[\]"]+|.)/su.exec(text.slice(at, at + 40)) ?? [];
  // Python's json.dumps writes these.
  if (/^-?(?:NaN|Infinity)$/.test(word)) {
    return `${word}, which JSON does not have: leave it out, or write null in meta`;
  }
  if (/^\/[/*]/.test(word)) return 'a comment, which JSON does not have';
  if (/^[\s\p{C}]/u.test(word)) return `U+${word.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0')}`;
  return word === '' ? 'the end of the text' : cut(word, 20);
}
