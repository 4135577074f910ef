import { FormError } from './errors.ts';

/** Any JSON value. An integer that a double cannot hold is kept as its source text, see {@link parseJson}. */
export type Json = null | boolean | number | string | readonly Json[] | JsonObject | RawJson;
export type JsonObject = { readonly [key: string]: Json };
/** A JSON number as its source text: what `JSON.rawJSON` makes and `JSON.stringify` writes back verbatim. */
export interface RawJson {
  readonly rawJSON: string;
}

// The TC39 proposal "JSON.parse source text access", in V8 since Node 21; not yet in TypeScript's library.
declare global {
  interface JSON {
    rawJSON(text: string): RawJson;
    isRawJSON(value: unknown): value is RawJson;
  }
}
type ReviverWithSource = (key: string, value: Json, context: { source?: string }) => Json;

// JSON.stringify, and every other walk through a value, gives up where the stack ends: at some 5000 levels in Node 24.
const MAX_DEPTH = 1000;

/**
 * Strict JSON (RFC 8259). An integer beyond ±(2⁵³−1) or a number beyond the range of a double comes back as {@link RawJson},
 * so that writing the value again gives the same number; a fraction is the double next to it, as in most readers of JSON. A byte order mark at the start is skipped.
 * Throws {@link FormError} that says where and why: line and column count from 1, columns in UTF-16 units. Nesting of more
 * than `maxDepth` levels is an error too, so what comes back can be walked and written.
 */
export function parseJson(text: string, maxDepth = MAX_DEPTH): Json {
  const source = text.startsWith('\uFEFF') ? text.slice(1) : text;
  let value: Json;
  try {
    value = JSON.parse(source);
  } catch (error) {
    throw new FormError(`is not JSON: ${explainBreak(source)}`, { cause: error });
  }
  checkDepth(source, maxDepth);
  // The reviver costs more than the parsing itself; without a long digit run or an exponent nothing can be lost.
  if (!/\d{16}|\d[eE]/.test(source)) return value;
  const lossless: ReviverWithSource = (_key, value, { source }) =>
    typeof value === 'number' && source !== undefined && isLossy(value, source)
      ? JSON.rawJSON(source)
      : value;
  return JSON.parse(source, lossless as Parameters<typeof JSON.parse>[1]);
}

/** Whether a JSON value is an object: not null, not an array, not a number kept as text. */
export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !JSON.isRawJSON(value);
}

/** The kind of a JSON value in words, for a sentence such as "expected an object, got an array". */
export function kindOf(value: Json): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'an array';
  if (JSON.isRawJSON(value)) return 'a number';
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`;
}

/** Whether two JSON values say the same; the order of an object's keys does not count. */
export function sameJson(a: Json | undefined, b: Json | undefined): boolean {
  return a === b || JSON.stringify(a, withSortedKeys) === JSON.stringify(b, withSortedKeys);
}

function withSortedKeys(_key: string, value: Json): Json {
  if (!isJsonObject(value)) return value;
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
}

function isLossy(value: number, source: string): boolean {
  if (value === 0) return /^[^eE]*[1-9]/.test(source);
  return !Number.isFinite(value) || (Number.isInteger(value) && !Number.isSafeInteger(value));
}

/** Throws {@link FormError} at the bracket of a JSON text that opens one level too many. */
function checkDepth(text: string, maxDepth: number): void {
  // Hardly a text has enough brackets for it, and a look at every character takes longer than the parsing.
  if (text.split(/[[{]/, maxDepth + 2).length <= maxDepth + 1) return;
  let depth = 0;
  let isInString = false;
  for (let at = 0; at < text.length; at++) {
    const character = text[at];
    if (character === '"') isInString = !isInString;
    // JSON has backslashes in strings only.
    else if (character === '\\') at++;
    else if (isInString) continue;
    else if (character === '}' || character === ']') depth--;
    else if ((character === '{' || character === '[') && ++depth > maxDepth) {
      throw new FormError(`is nested too deeply: ${placeOf(text, at)}: more than ${maxDepth} levels`);
    }
  }
}

/** What may come next in a JSON text, in the words of the error. */
type Expected =
  | 'a value'
  | 'a value or ]'
  | 'a key in double quotes'
  | 'a key in double quotes or }'
  | ':'
  | ', or }'
  | ', or ]'
  | 'the end';
type Token = '{' | '}' | '[' | ']' | ':' | ',' | 'string' | 'scalar';

const WHITE_SPACE = /[ \t\n\r]*/y;
const MARK = /[{}[\]:,]/;
const WORD = /[^\s{}[\]:,"]+|./suy;
const SCALAR = /^(?:-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null)$/;

/**
 * Where a text stops being JSON, what would have been expected there and what stands there; V8's own message leaves out
 * the place of most breaks. The place is the start of the word or mark that does not fit, within a string the character.
 */
function explainBreak(text: string): string {
  const open: ('{' | '[')[] = [];
  let expected: Expected = 'a value';
  let at = endOf(WHITE_SPACE, text, 0);
  for (;;) {
    const word = wordAt(text, at);
    const token = tokenOf(word);
    const next: Expected | undefined = token && expectedAfter(token, expected, open);
    if (next === undefined) {
      return `${placeOf(text, at)}: expected ${expected}, found ${shown(word)}`;
    }
    let end = at + word.length;
    if (token === 'string') {
      const { fault, ...string } = scanString(text, at);
      if (fault) return `${placeOf(text, string.at)}: found ${fault}`;
      end = string.at;
    }
    expected = next;
    at = endOf(WHITE_SPACE, text, end);
  }
}

/** A mark, a word as far as it goes, the quote that opens a string; '' at the end of the text. */
function wordAt(text: string, at: number): string {
  return text.slice(at, endOf(WORD, text, at));
}

function tokenOf(word: string): Token | undefined {
  if (MARK.test(word)) return word as Token;
  if (word === '"') return 'string';
  return SCALAR.test(word) ? 'scalar' : undefined;
}

/** What may follow a token; undefined where the token itself does not fit. Keeps `open` up to date. */
function expectedAfter(token: Token, expected: Expected, open: ('{' | '[')[]): Expected | undefined {
  const inside = open.at(-1);
  switch (token) {
    case '{':
    case '[':
      if (!expected.startsWith('a value')) return undefined;
      open.push(token);
      return token === '{' ? 'a key in double quotes or }' : 'a value or ]';
    case '}':
    case ']':
      if (!expected.endsWith(token)) return undefined;
      open.pop();
      return afterValue(open.at(-1));
    case ':':
      return expected === ':' ? 'a value' : undefined;
    case ',':
      if (!expected.startsWith(',')) return undefined;
      return inside === '{' ? 'a key in double quotes' : 'a value';
    case 'string':
      if (expected.startsWith('a key')) return ':';
      return expected.startsWith('a value') ? afterValue(inside) : undefined;
    case 'scalar':
      return expected.startsWith('a value') ? afterValue(inside) : undefined;
  }
}

function afterValue(inside: '{' | '[' | undefined): Expected {
  if (inside === undefined) return 'the end';
  return inside === '{' ? ', or }' : ', or ]';
}

const PLAIN = /[^"\\\x00-\x1f]*/y;
const ESCAPE = /\\(?:["\\/bfnrt]|u[\da-fA-F]{4})/y;

/** Where the string ends whose opening quote is at `start`, or what is wrong with it, and where. */
function scanString(text: string, start: number): { at: number; fault?: string } {
  let at = start + 1;
  // One pattern for the whole string would need a stack as deep as the string is long.
  for (;;) {
    at = endOf(PLAIN, text, at);
    const character = text[at];
    if (character === '"') return { at: at + 1 };
    if (character === undefined) return { at: start, fault: 'a string that is not closed' };
    const next = endOf(ESCAPE, text, at);
    if (next > at) at = next;
    else if (character === '\\')
      return { at, fault: `a bad escape in a string; a backslash is written \\\\` };
    else
      return {
        at,
        fault: `a control character in a string; it is written ${JSON.stringify(character).slice(1, -1)}`,
      };
  }
}

/** Where a sticky pattern ends that begins at `at`; `at` itself where it does not match. */
function endOf(pattern: RegExp, text: string, at: number): number {
  pattern.lastIndex = at;
  return pattern.test(text) ? pattern.lastIndex : at;
}

function placeOf(text: string, offset: number): string {
  const before = text.slice(0, offset);
  const line = before.split('\n').length;
  return `line ${line}, column ${offset - before.lastIndexOf('\n')}`;
}

function shown(word: string): string {
  if (word === '') return 'the end of the text';
  if (word === '"') return 'a string';
  return word.replace(/^(.{20}).+$/su, '$1…');
}
