import { isJsonObject } from './json.ts';

// Text is cut before it is shown, and a cut may go through the secret: a beginning of it this long must not show either.
const MIN_PIECE = 12;
const MAX_PIECE = 200;

/**
 * A function that replaces a secret by `***` in every text of a value, however deep, keys of objects included. It finds
 * the secret as it is, as JSON, URL and Base64 write it, and a beginning of it that a cut left over.
 */
export function redactorOf(secret: string): <Value>(value: Value) => Value {
  if (secret === '') return (value) => value;
  const pattern = new RegExp([...formsOf(secret)].map(beginningOf).join('|'), 'g');
  const redact = (value: unknown): unknown => {
    if (typeof value === 'string') return value.replace(pattern, '***');
    if (Array.isArray(value)) return value.map(redact);
    if (!isJsonObject(value)) return value;
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [redact(key), redact(item)]));
  };
  return redact as <Value>(value: Value) => Value;
}

function formsOf(secret: string): Set<string> {
  // Encoded, a secret of a few letters would be found in ordinary words.
  if (secret.length < MIN_PIECE) return new Set([secret]);
  const json = JSON.stringify(secret).slice(1, -1);
  const base64 = Buffer.from(secret).toString('base64').replace(/=+$/, '');
  return new Set([secret, json, encodeURIComponent(secret), base64]);
}

/** A pattern for the whole text or, where it is long, for as much of its beginning as there is: `abc(?:d(?:e)?)?`. */
function beginningOf(text: string): string {
  const pieces = [...text.slice(MIN_PIECE, MAX_PIECE), text.slice(MAX_PIECE)];
  const rest = pieces.reduceRight((after, piece) => `(?:${RegExp.escape(piece)}${after})?`, '');
  return RegExp.escape(text.slice(0, MIN_PIECE)) + rest;
}
