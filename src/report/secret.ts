import { isJsonObject } from '../json.ts';
import { present } from '../present.ts';

// A text may be cut off inside a secret. A piece of this length must not be shown either.
const MIN_PIECE = 12;
/** The beginning of an escape: percent-encoding, JSON, HTML entity. */
const ESCAPES = /%[\da-f]|\\|&[#a-z]/i;
const ENTITIES: Readonly<Record<string, string>> = {
  '&': 'amp',
  '<': 'lt',
  '>': 'gt',
  '"': 'quot',
  "'": 'apos',
};

/**
 * Returns a function that replaces secrets with `***` in every text of a value, at any depth, including keys of objects.
 *
 * A secret of 12 characters or more is found in these forms:
 * - unchanged
 * - with any of its characters percent-encoded, escaped as in JSON (`\/`, `\"`, `\u002b`) or written as an HTML entity (`&#43;`,
 *   `&#x2b;`, `&quot;`); hex digits may be in upper or lower case
 * - in Base64 with either alphabet, alone or inside a longer text
 * - any of these without its end, if 12 characters are left (half of an escape may remain)
 *
 * A shorter secret is matched literally, and never in keys, since it may be part of an ordinary word. A secret is not found if it
 * was encoded twice, split, changed in another way, or has lost its first characters.
 */
export function redactorOf(secrets: readonly string[]): <Value>(value: Value) => Value {
  const long = secrets.filter((secret) => secret.length >= MIN_PIECE).flatMap(formsOf);
  const short = secrets.filter((secret) => secret !== '' && secret.length < MIN_PIECE);
  const inKeys = replacerOf(long);
  const inValues = (text: string) =>
    short.reduce((rest, secret) => rest.replaceAll(secret, '***'), inKeys(text));

  const redact = (value: unknown): unknown => {
    if (typeof value === 'string') return inValues(value);
    if (Array.isArray(value)) return value.map(redact);
    if (!isJsonObject(value)) return value;
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [inKeys(key), redact(item)]));
  };
  return redact as <Value>(value: Value) => Value;
}

/** The secret, unchanged and in Base64. */
function formsOf(secret: string): string[] {
  // Base64 turns three bytes into four characters, so inside a longer text a secret can look three ways. The first characters
  // depend on the text before it and are left out.
  const base64 = [0, 1, 2].map((shift) =>
    Buffer.from(' '.repeat(shift) + secret)
      .toString('base64')
      .slice(shift && shift + 1),
  );
  const base64Url = base64.map((text) => text.replaceAll('+', '-').replaceAll('/', '_'));
  return [...new Set([secret, ...base64, ...base64Url])];
}

/** Replaces all forms, with any escapes, whole or cut off. */
function replacerOf(forms: readonly string[]): (text: string) => string {
  if (forms.length === 0) return (text) => text;
  const pieces = forms.map((form) => form.slice(0, MIN_PIECE));
  // Compiling the patterns takes longer than the rest of the reporter, and few texts need them.
  let search: ((text: string) => string) | undefined;
  return (text) => {
    if (!ESCAPES.test(text) && !pieces.some((piece) => text.includes(piece))) return text;
    search ??= searchFor(forms);
    return search(text);
  };
}

function searchFor(forms: readonly string[]): (text: string) => string {
  const characters = new Set(forms.flatMap((form) => [...form]));
  const spelled = new Map(
    [...characters].map((character) => [character, new RegExp(spellingsOf(character), 'y')]),
  );
  const beginnings = new Set(forms.map((form) => [...form.slice(0, MIN_PIECE)].map(spellingsOf).join('')));
  const beginning = new RegExp([...beginnings].join('|'), 'g');

  /** Where `form`, or the part of it that is there, ends in `text` if it starts at `start`. */
  const endOf = (form: string, text: string, start: number): number => {
    let plain = 0;
    while (plain < form.length && form[plain] === text[start + plain]) plain++;
    let end = start;
    for (const character of form) {
      const spelling = spelled.get(character) as RegExp;
      spelling.lastIndex = end;
      if (!spelling.test(text)) break;
      end = spelling.lastIndex;
    }
    // The secret itself may look like an escape.
    return Math.max(start + plain, end);
  };

  return (text) => {
    const kept: string[] = [];
    let end = 0;
    beginning.lastIndex = 0;
    for (let found = beginning.exec(text); found; found = beginning.exec(text)) {
      const start = found.index;
      kept.push(text.slice(end, start));
      // Two forms may begin the same way, so take the longest match.
      end = Math.max(...forms.map((form) => endOf(form, text, start)));
      beginning.lastIndex = end;
    }
    return [...kept, text.slice(end)].join('***');
  };
}

/** A pattern for all ways to write one character, longer ones first. */
function spellingsOf(character: string): string {
  const plain = RegExp.escape(character);
  const code = character.charCodeAt(0);
  const hex = code.toString(16).replace(/[a-f]/g, (digit) => `[${digit}${digit.toUpperCase()}]`);
  const entity = present([`#0*${code}`, `#[xX]0*${hex}`, ENTITIES[character]]).join('|');
  const escaped = /\w/.test(character) ? [] : [`\\\\${plain}`];
  return `(?:${[`&(?:${entity});`, `%${hex}`, `\\\\u00${hex}`, ...escaped, plain].join('|')})`;
}
