import { isJsonObject } from './json.ts';

// A text may hold only the beginning of the secret, cut by whoever made it. One this long must not show either.
const MIN_PIECE = 12;

/**
 * A function that replaces a secret by `***` in every text of a value, however deep, keys of objects included. It finds
 * the secret as it is, as JSON, URL and Base64 write it, and a beginning of any of these that a cut left over. One of a few
 * letters, which is in ordinary words too, is looked for as it is, and not in keys.
 */
export function redactorOf(secret: string): <Value>(value: Value) => Value {
  if (secret === '') return (value) => value;
  const isShort = secret.length < MIN_PIECE;
  const forms = isShort ? [secret] : formsOf(secret);
  const beginning = new RegExp(forms.map((form) => RegExp.escape(form.slice(0, MIN_PIECE))).join('|'), 'g');

  const redactText = (text: string): string => {
    const kept: string[] = [];
    let end = 0;
    beginning.lastIndex = 0;
    for (let found = beginning.exec(text); found; found = beginning.exec(text)) {
      const start = found.index;
      kept.push(text.slice(end, start));
      // Two forms may begin alike, so the longest counts.
      end = start + Math.max(...forms.map((form) => commonLength(form, text, start)));
      beginning.lastIndex = end;
    }
    return [...kept, text.slice(end)].join('***');
  };
  const redact = (value: unknown): unknown => {
    if (typeof value === 'string') return redactText(value);
    if (Array.isArray(value)) return value.map(redact);
    if (!isJsonObject(value)) return value;
    return Object.fromEntries(
      Object.entries(value).map(([key, item]) => [isShort ? key : redactText(key), redact(item)]),
    );
  };
  return redact as <Value>(value: Value) => Value;
}

function formsOf(secret: string): string[] {
  const json = JSON.stringify(secret).slice(1, -1);
  // Base64 turns three bytes into four characters, so a secret within a longer text can look three ways, the first
  // characters of which depend on what stands before it.
  const base64 = [0, 1, 2].map((shift) =>
    Buffer.from(' '.repeat(shift) + secret)
      .toString('base64')
      .replace(/=+$/, '')
      .slice(shift && shift + 1),
  );
  const base64Url = base64.map((text) => text.replaceAll('+', '-').replaceAll('/', '_'));
  return [...new Set([secret, json, encodeURIComponent(secret), ...base64, ...base64Url])];
}

/** How many characters of `form` stand in `text` at `start`. */
function commonLength(form: string, text: string, start: number): number {
  let length = 0;
  while (length < form.length && form[length] === text[start + length]) length++;
  return length;
}
