import { isJsonObject } from '../json.ts';

// A text may hold only the beginning of a secret, cut by whoever made it. One this long must not show either.
const MIN_PIECE = 12;
const ENTITIES: Readonly<Record<string, string>> = {
  '&': 'amp',
  '<': 'lt',
  '>': 'gt',
  '"': 'quot',
  "'": 'apos',
};

/**
 * Returns a function that replaces secrets by `***` in every text of a value, however deep, keys of objects included.
 *
 * What holds: a secret of 12 characters or more is found as it is; with any of its characters percent-encoded, escaped as
 * in JSON (`\/`, `\"`, `\u002b`) or written as an HTML entity (`&#43;`, `&#x2b;`, `&quot;`), in capital or small letters;
 * in Base64 of either alphabet, alone or within a longer text; and cut off, if 12 characters of any of these are left
 * (half of an escape may stay behind).
 * One that is shorter is found as it is, in values only, since it may be part of an ordinary word. Not found: a secret
 * that was encoded twice, split or changed in any other way, or that lost its first characters.
 */
export function redactorOf(secrets: readonly string[]): <Value>(value: Value) => Value {
  const long = secrets.filter((secret) => secret.length >= MIN_PIECE).flatMap(formsOf);
  const short = secrets.filter((secret) => secret !== '' && secret.length < MIN_PIECE);
  const inKeys = replacerOf(long);
  const inShort = short.length > 0 ? new RegExp(short.map(RegExp.escape).join('|'), 'g') : undefined;
  const inValues = (text: string) => (inShort ? inKeys(text).replace(inShort, '***') : inKeys(text));

  const redact = (value: unknown): unknown => {
    if (typeof value === 'string') return inValues(value);
    if (Array.isArray(value)) return value.map(redact);
    if (!isJsonObject(value)) return value;
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [inKeys(key), redact(item)]));
  };
  return redact as <Value>(value: Value) => Value;
}

/** The secret as it is and in Base64. */
function formsOf(secret: string): string[] {
  // Base64 turns three bytes into four characters, so a secret within a longer text can look three ways, the first
  // characters of which depend on what stands before it.
  const base64 = [0, 1, 2].map((shift) =>
    Buffer.from(' '.repeat(shift) + secret)
      .toString('base64')
      .replace(/=+$/, '')
      .slice(shift && shift + 1),
  );
  const base64Url = base64.map((text) => text.replaceAll('+', '-').replaceAll('/', '_'));
  return [...new Set([secret, ...base64, ...base64Url])];
}

/** Replaces each of the forms, spelled in any way, and what a cut left of it. */
function replacerOf(forms: readonly string[]): (text: string) => string {
  if (forms.length === 0) return (text) => text;
  const characters = new Set(forms.join(''));
  const spelled = new Map(
    [...characters].map((character) => [character, new RegExp(spellingsOf(character), 'y')]),
  );
  const beginnings = new Set(forms.map((form) => [...form.slice(0, MIN_PIECE)].map(spellingsOf).join('')));
  const beginning = new RegExp([...beginnings].join('|'), 'g');

  /** Where `form` ends in `text` when it starts at `start`, as far as it is there. */
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
      // Two forms may begin alike, so the longest counts.
      end = Math.max(...forms.map((form) => endOf(form, text, start)));
      beginning.lastIndex = end;
    }
    return [...kept, text.slice(end)].join('***');
  };
}

/** A pattern of the ways to write one character, the longer ones first. */
function spellingsOf(character: string): string {
  const plain = RegExp.escape(character);
  const code = character.charCodeAt(0);
  const hex = code
    .toString(16)
    .padStart(2, '0')
    .replace(/[a-f]/g, (digit) => `[${digit}${digit.toUpperCase()}]`);
  const entity = [`#0*${code}`, `#[xX]0*${hex}`, ENTITIES[character]].filter(Boolean).join('|');
  const escaped = /\w/.test(character) ? [] : [`\\\\${plain}`];
  return `(?:${[`&(?:${entity});`, `%${hex}`, `\\\\u00${hex}`, ...escaped, plain].join('|')})`;
}
