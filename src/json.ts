import { FormError } from './errors.ts';

/** Any JSON value. A number that a double cannot hold is kept as its source text, see {@link parseJson}. */
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

/**
 * Strict JSON (RFC 8259), read without loss: an integer beyond ±(2⁵³−1) or a number beyond the range of a double comes
 * back as {@link RawJson}, so that writing the value again gives the same number. A byte order mark at the start is skipped.
 * Throws {@link FormError} that says where and why: line and column count from 1, columns in UTF-16 units; also where the
 * nesting is deeper than the engine's stack.
 */
export function parseJson(text: string): Json {
  const source = text.startsWith('\uFEFF') ? text.slice(1) : text;
  const lossless: ReviverWithSource = (_key, value, context) =>
    typeof value === 'number' && isLossy(value) && context.source !== undefined
      ? JSON.rawJSON(context.source)
      : value;
  try {
    // The reviver costs more than the parsing itself; without a long digit run or an exponent nothing can be lost.
    return /\d{16}|\d[eE]/.test(source)
      ? JSON.parse(source, lossless as Parameters<typeof JSON.parse>[1])
      : JSON.parse(source);
  } catch (error) {
    if (error instanceof RangeError) throw new FormError('is nested too deeply', { cause: error });
    throw new FormError(`is not JSON: ${explainBreak(source)}`, { cause: error });
  }
}

/** Whether a JSON value is an object: not null, not an array, not a number kept as text. */
export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !JSON.isRawJSON(value);
}

/** The kind of a JSON value in words, for a sentence such as "expected an object, got an array". */
export function kindOf(value: Json): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'an array';
  if (typeof value === 'number' || JSON.isRawJSON(value)) return 'a number';
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

function isLossy(value: number): boolean {
  return !Number.isFinite(value) || (Number.isInteger(value) && !Number.isSafeInteger(value));
}

const TOKEN =
  /([{}[\],:])|("(?:[^"\\\p{Cc}]|[\x7f-\x9f]|\\(?:["\\/bfnrt]|u[\da-fA-F]{4}))*")|(?:-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null)(?![\w.+-])/uy;
const WORD = /"|[^\s{}[\],:"]{1,20}|./suy;

/** What V8 leaves out for most texts: the place where a text stops being JSON, and what would have been expected there. */
function explainBreak(text: string): string {
  const open: ('{' | '[')[] = [];
  let expected = 'a value';
  let at = 0;
  for (;;) {
    while (' \t\n\r'.includes(text[at] ?? 'x')) at++;
    TOKEN.lastIndex = at;
    const [token, mark, string] = TOKEN.exec(text) ?? [];
    const isValue = token !== undefined && mark === undefined;
    const top = open.at(-1);
    if (expected.includes('a value') && (isValue || mark === '{' || mark === '[')) {
      if (mark === '{' || mark === '[') open.push(mark);
      if (mark === '{') expected = 'a key in double quotes or }';
      else if (mark === '[') expected = 'a value or ]';
      else expected = after(top);
    } else if (expected.includes('a key') && string !== undefined) expected = ':';
    else if (expected === ':' && mark === ':') expected = 'a value';
    else if (expected.startsWith(',') && mark === ',')
      expected = top === '{' ? 'a key in double quotes' : 'a value';
    else if (mark !== undefined && expected.endsWith(mark) && (mark === '}' || mark === ']')) {
      open.pop();
      expected = after(open.at(-1));
    } else break;
    at += token?.length ?? 0;
  }
  return `${placeOf(text, at)}: expected ${expected}, found ${foundAt(text, at)}`;
}

function after(container: '{' | '[' | undefined): string {
  if (container === undefined) return 'the end';
  return container === '{' ? ', or }' : ', or ]';
}

function placeOf(text: string, offset: number): string {
  const before = text.slice(0, offset);
  const line = before.split('\n').length;
  return `line ${line}, column ${offset - before.lastIndexOf('\n')}`;
}

function foundAt(text: string, offset: number): string {
  WORD.lastIndex = offset;
  const [word] = WORD.exec(text) ?? [];
  if (word === undefined) return 'the end of the text';
  return word === '"' ? 'a string that is not closed or holds a raw line break or a bad escape' : word;
}
