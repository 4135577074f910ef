import * as z from 'zod/mini';
import type { MetricValue } from '../api/metric.ts';
import { FormError } from '../errors.ts';
import { isJsonObject, type Json, type JsonObject, kindOf, numberOf, parseExactJson } from '../json.ts';
import { isLoopback } from '../loopback.ts';
import { cut, quoted, textOf } from '../text.ts';
import { parseTimestamp } from '../timestamp.ts';
import { UUID } from '../uuid.ts';

// A form is a zod schema. It takes a text from the workflow or a JSON value from a `fields` file. It returns a typed value, or
// an error message that follows the name of the input.

/** The error of a schema: the value, a text in quotes, then the rule that it breaks. */
export const because = (rule: string) => ({
  error: ({ input }: { input?: unknown }) =>
    `${typeof input === 'string' ? quoted(input) : cut(textOf(input), 200)} ${rule}`,
});

/**
 * A schema from a function that throws {@link FormError}. The function gets the text untrimmed, so that the line and column in an
 * error are those of the original text.
 */
export function parsedBy<Value>(parse: (value: Json) => Value) {
  return z.transform((value: Json, { issues }): Value => {
    try {
      return parse(value);
    } catch (error) {
      if (!(error instanceof FormError)) throw error;
      issues.push({ code: 'custom', message: error.message, input: value });
      return z.NEVER;
    }
  });
}

/** An input that may be empty. This changes only the type, since empty inputs never reach their form. */
export function maybeAbsent<Schema extends z.ZodMiniType>(schema: Schema) {
  return schema as z.ZodMiniType<z.infer<Schema> | undefined>;
}

/** Text, unchanged except for line breaks at the end, which shells and YAML's `|` add. */
export const verbatim = z.transform(
  (value: Json): string | undefined => withoutAtEnd(textOf(value), '\r\n') || undefined,
);

/** Text without the white space around it. Other values are unchanged. */
const trimmed = z.transform((value: Json): unknown => (typeof value === 'string' ? value.trim() : value));
export const trimmedText = z.transform((value: Json) => textOf(value).trim());

/** The name of a branch. It may be given as a whole ref. */
export const branch = z.transform((value: Json) =>
  textOf(value)
    .trim()
    .replace(/^refs\/heads\//, ''),
);

export const uuid = matching(UUID, 'is not a UUID such as 3c90c3cc-0d44-4b50-8888-8dd25736052a');

// RFC 6901, section 3.
export const jsonPointer = matching(/^\/([^~]|~[01])*$/, 'is not a JSON Pointer such as /summary/accuracy');

export const timestampAt = (now: Date) => parsedBy((value) => parseTimestamp(textOf(value).trim(), now));

// In upper or lower case, like GitHub's own inputs.
export const boolean = z.pipe(
  trimmed,
  z.stringbool({ truthy: ['true'], falsy: ['false'], ...because('is not true or false') }),
);

/** One of these names, without white space around it. */
export function oneOf<const Names extends readonly string[]>(names: Names) {
  return z.pipe(trimmed, z.enum(names, because(`is not one of ${names.join(', ')}`)));
}

/** Names in an array, or in a text with commas, spaces or line breaks between them. Each once; undefined if there are none. */
export function namesAmong<const Names extends readonly string[]>(names: Names, rule: string) {
  const split = (value: Json): Json[] => (Array.isArray(value) ? value : textOf(value).split(/[\s,]/));
  const list = z.transform((value: Json) => {
    const given = [...new Set(split(value))].filter((name) => name !== '');
    return given.length > 0 ? given : undefined;
  });
  return z.pipe(list, z.optional(z.array(z.enum(names, because(`${rule}: ${names.join(', ')}`)))));
}

export const lines = z.transform((value: string): readonly string[] => linesIn(value));

export const jsonPointers = z.pipe(
  z.transform((value: string): Json[] => linesIn(value)),
  z.array(jsonPointer),
);

function linesIn(text: string): string[] {
  return text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
}

const DECIMAL = /^[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d{1,4})?$/;

/** A finite number. Text must be decimal: unlike `Number`, this accepts neither hex nor empty text. */
export function numberForm(rule: string) {
  const read = (value: Json): unknown => {
    const given = typeof value === 'string' ? value.trim() : value;
    const number = typeof given === 'string' && DECIMAL.test(given) ? Number(given) : numberOf(given);
    return Number.isFinite(number) ? number : given;
  };
  return z.pipe(z.transform(read), z.number(because(rule)));
}

export const positiveNumber = numberForm('is not a number such as 100').check(
  z.positive(because('must be above 0')),
);

/**
 * A number with these bounds, both included, that `isAllowed` accepts. `rule` is the beginning of the error, such as
 * `is not a number of seconds`.
 */
export function numberBetween(least: number, most: number, rule: string, isAllowed = Number.isFinite) {
  const whole = `${rule} from ${least} to ${most}`;
  const isBetween = (number: number) => isAllowed(number) && number >= least && number <= most;
  return numberForm(whole).check(z.refine(isBetween, because(whole)));
}

/** An integer with these bounds, both included. */
export function wholeNumber(least: number, most: number) {
  return numberBetween(least, most, 'is not a whole number', Number.isInteger);
}

// No message shows the value: it is the key.
export const apiKey = parsedBy((value) => {
  const key = textOf(value).trim();
  // HTTP allows only these characters in a header (RFC 9110, section 5.5).
  if (!/^[\x20-\x7e]+$/.test(key)) {
    throw new FormError(
      'has a line break or a character that is not printable ASCII. Check the secret it comes from',
    );
  }
  // If the secret in `Bearer ${{ secrets.KEY }}` does not exist, only that word is left.
  if (/^bearer( |$)/i.test(key)) {
    throw new FormError('begins with "Bearer". Remove that word: the step adds it');
  }
  return key;
});

// No message shows the value: a URL may contain a password.
export const baseUrl = parsedBy((value) => {
  const written = textOf(value).trim();
  const url = URL.parse(written);
  // URL.parse accepts `https:///v2`, `https:h/v2` and tabs, and invents a host for them.
  if (!url || !/^[a-z][a-z\d+.-]*:\/\/[^/\\]/i.test(written) || /\s/.test(written)) {
    throw new FormError(
      'is not a URL with a host, such as https://api.opper.ai/v2. Check that no variable in it is empty',
    );
  }
  if (url.protocol !== 'https:' && !(url.protocol === 'http:' && isLoopback(url.hostname))) {
    throw new FormError(
      'must begin with https:// (http:// only for a loopback address), so that the key is not sent in plain text',
    );
  }
  if (url.username || url.password)
    throw new FormError('has a user or a password. Remove everything between // and @');
  if (/[?#]/.test(written))
    throw new FormError('has a query or fragment. Remove everything from the ? or # on');
  const base = withoutAtEnd(url.href, '/');
  const end = base.slice(base.lastIndexOf('/') + 1);
  if (end === 'spans' || UUID.test(end)) {
    throw new FormError('ends in /spans or a span id. Remove that: the step adds it');
  }
  return base;
});

/** The object for `meta`. Numbers keep their digits. Throws {@link FormError}. */
export function metaObject(value: Json): JsonObject {
  return objectFrom(value, '{"dataset": "v3"}');
}

/** Metrics from a JSON object: dimension → number, or → `{"value": number, "comment": text}`. Throws {@link FormError}. */
export function metricsObject(value: Json): Readonly<Record<string, MetricValue>> {
  const entries = Object.entries(objectFrom(value, '{"accuracy": 0.92}')).map(([dimension, given]) => {
    if (dimension.trim() === '')
      throw new FormError('has a dimension without a name. Write one, such as {"accuracy": 0.92}');
    const metric = metricIn(given);
    if (metric) return [dimension, metric] as const;
    throw new FormError(
      `has ${cut(JSON.stringify(given), 200)} for ${quoted(dimension)}, expected a number, or {"value": number, "comment": text}`,
    );
  });
  return Object.fromEntries(entries);
}

function metricIn(given: Json): MetricValue | undefined {
  const { value, comment = null, ...others }: JsonObject = isJsonObject(given) ? given : { value: given };
  const number = numberOf(value) ?? Number.NaN;
  if (!Number.isFinite(number) || Object.keys(others).length > 0) return undefined;
  if (comment === null) return { value: number };
  return typeof comment === 'string' ? { value: number, comment } : undefined;
}

function objectFrom(value: Json, example: string): JsonObject {
  const object = typeof value === 'string' ? parseExactJson(value) : value;
  if (isJsonObject(object)) return object;
  throw new FormError(`is ${kindOf(object)}, expected a JSON object such as ${example}`);
}

function matching(pattern: RegExp, rule: string) {
  return z.pipe(trimmedText, z.string().check(z.regex(pattern, because(rule))));
}

/** Removes these characters from the end. `/[\r\n]+$/` would take quadratic time for a text with a long run of them inside. */
function withoutAtEnd(text: string, characters: string): string {
  let end = text.length;
  while (end > 0 && characters.includes(text.charAt(end - 1))) end--;
  return text.slice(0, end);
}
