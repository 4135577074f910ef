import { FormError } from './errors.ts';
import { faultIn, placeTooDeep, withoutNaN } from './json-text.ts';

/** Any JSON value. A number that a double would change may be kept as source text: see {@link parseExactJson}. */
export type Json = null | boolean | number | string | readonly Json[] | JsonObject | RawJson;
export type JsonObject = { readonly [key: string]: Json };
/** A JSON number as source text. `JSON.rawJSON` creates it, and `JSON.stringify` writes it unchanged. */
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

// JSON.stringify and other recursive functions overflow the stack at about 5000 levels in Node 24.
const MAX_DEPTH = 1000;

/**
 * Parses strict JSON (RFC 8259), numbers as doubles. Skips a byte order mark. Throws {@link FormError} that says where and
 * why; line and column count from 1, columns in UTF-16 units. Nesting of more than `maxDepth` levels is also an error, so that
 * recursion through the result is safe.
 */
export function parseJson(text: string, maxDepth = MAX_DEPTH): Json {
  const source = text.replace(/^\uFEFF/, '');
  checkDepth(source, maxDepth);
  return parse(source, () => faultIn(source));
}

/**
 * Like {@link parseJson}, for what a tool wrote: `NaN` and `Infinity`, which Python writes, are null. `line` is the number of the
 * text's first line. For texts of hundreds of megabytes: it takes at most twice the memory and three times the time of
 * `JSON.parse`, whatever the text.
 */
export function parseResultsJson(text: string, line = 1): Json {
  checkDepth(text, MAX_DEPTH, line);
  if (!text.includes('NaN') && !text.includes('Infinity')) return parse(text, () => faultIn(text, line));
  // First, since a failed parse takes as long as a successful one.
  const finite = withoutNaN(text, line);
  return parse(finite.text, () => finite.fault);
}

function parse(text: string, fault: () => string | undefined): Json {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new FormError(`is not JSON: ${fault() ?? (error as SyntaxError).message}`);
  }
}

/** Like {@link parseJson}, but numbers keep their digits when they are written again: `1.0`, `-0`, 20 decimals. */
export function parseExactJson(text: string, maxDepth = MAX_DEPTH): Json {
  const value = parseJson(text, maxDepth);
  if (!MAY_BE_REWRITTEN.test(text)) return value;
  const exact: ReviverWithSource = (_key, value, { source }) =>
    typeof value === 'number' && source !== String(value) ? JSON.rawJSON(source as string) : value;
  return JSON.parse(text.replace(/^\uFEFF/, ''), exact as Parameters<typeof JSON.parse>[1]);
}

// The reviver takes longer than the parser, and only these numbers can differ from how a double is written.
const MAY_BE_REWRITTEN = /[\d.]{16}|\d[eE]|\.\d*0(?!\d)|-0(?![.\d])|0\.0{6}/;

/** Whether a JSON value is an object: not null, not an array, not a number kept as text. */
export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !JSON.isRawJSON(value);
}

/** The type of a JSON value, for a sentence such as "expected an object, found an array". */
export function kindOf(value: Json): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'an array';
  if (JSON.isRawJSON(value)) return 'a number';
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`;
}

/** A number, exact or not, as a double; undefined if the value is not a number. */
export function numberOf(value: Json | undefined): number | undefined {
  if (typeof value === 'number') return value;
  return JSON.isRawJSON(value) ? Number(value.rawJSON) : undefined;
}

/**
 * Whether two JSON values are equal. The order of keys does not matter. Numbers are compared as doubles, since servers store
 * them like that (`1.0` comes back as `1`), except integers that a double cannot hold.
 */
export function sameJson(a: Json | undefined, b: Json | undefined): boolean {
  return a === b || JSON.stringify(a, canonical) === JSON.stringify(b, canonical);
}

function canonical(_key: string, value: Json): Json {
  if (JSON.isRawJSON(value)) {
    const double = Number(value.rawJSON);
    const isHeld =
      Number.isFinite(double) && (Number.isSafeInteger(double) || !/^-?\d+$/.test(value.rawJSON));
    return isHeld ? double : value;
  }
  if (!isJsonObject(value)) return value;
  const keys = Object.keys(value).sort();
  return Object.fromEntries(keys.map((key) => [key, value[key] as Json]));
}

/** Throws {@link FormError} if a JSON text is nested too deeply, with the place of the first bracket beyond the limit. */
function checkDepth(text: string, maxDepth: number, line?: number): void {
  const place = placeTooDeep(text, maxDepth, line);
  if (place) throw new FormError(`is nested too deeply: ${place}: more than ${maxDepth} levels`);
}
