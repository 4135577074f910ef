import * as z from 'zod/mini';
import { defaults } from '../action.yml';
import { type Decimal, integerOf, parseDecimal, roundedProduct } from './decimal.ts';
import { FormError, InputError, type Problem } from './errors.ts';
import { isJsonObject, type Json, type JsonObject, kindOf, parseJson } from './json.ts';
import { RESULTS_FORMATS, type ResultsRequest } from './results/results.ts';
import { SPAN_FIELDS, type SpanField, type SpanPatch } from './span.ts';
import { parseTimestamp } from './timestamp.ts';

export type InputName = keyof z.input<ReturnType<typeof schemaAt>> | keyof z.input<typeof ResultsInputs>;
/** Every input as text; '' where it was not given and action.yml has no default. */
export type RawInputs = Readonly<Record<InputName, string>>;

/** The inputs that say what to record. A results file of the format `fields` may hold these, and nothing else. */
export const FIELD_INPUTS = [...SPAN_FIELDS, 'score_scale', 'clear'] as const satisfies readonly InputName[];

/** What the workflow asks for, checked and typed. Absent means "not given". */
export interface Inputs {
  readonly spanId: string;
  readonly apiKey: string | undefined;
  /** Without a slash at the end. */
  readonly baseUrl: string;
  readonly operation: 'update' | 'get';
  /** The fields to record, but for `meta`. */
  readonly fields: Omit<SpanPatch, 'meta'>;
  readonly meta: JsonObject | undefined;
  readonly metaFile: string | undefined;
  readonly metaMode: 'merge' | 'replace';
  readonly clear: readonly SpanField[];
  readonly scoreScale: Decimal | undefined;
  readonly minScore: number | undefined;
  readonly ciMeta: boolean;
  readonly jobStatus: 'success' | 'failure' | 'cancelled' | undefined;
  readonly jobMatrix: Json | undefined;
  readonly jobCheckRunId: string | undefined;
  readonly dryRun: boolean;
  readonly summary: boolean;
  readonly failOnApiError: boolean;
  readonly timeoutMs: number;
  readonly retries: number;
}

/** Every input of action.yml through `getInput`, as it was given; an empty one is its default. */
export function rawInputsOf(getInput: (name: string) => string): RawInputs {
  const entries = Object.entries(defaults).map(([name, value]) => {
    const given = getInput(name);
    return [name, given.trim() === '' ? value || given : given];
  });
  return Object.fromEntries(entries) as RawInputs;
}

/** The key without white space and line ends around it; '' where there is none. */
export function keyOf(raw: RawInputs, environmentKey: string | undefined): string {
  return raw.api_key.trim() || (environmentKey ?? '').trim();
}

/**
 * The inputs, checked and typed. `now` is what the word `now` means. Throws {@link InputError} with every problem at once.
 * The key is checked for its form only; whether one is needed depends on what is to be done.
 */
export function parseInputs(raw: RawInputs, key: string, now: Date): Inputs {
  const parsed = z.safeParse(schemaAt(now), { ...raw, api_key: key });
  if (!parsed.success) throw new InputError(parsed.error.issues.map(problemOf));
  const { name, type, start_time, end_time, input, output, error, ...given } = parsed.data;
  const score = given.score && Number(scaled(given.score, given.score_scale));
  return {
    spanId: given.span_id,
    apiKey: given.api_key,
    baseUrl: given.base_url,
    operation: given.operation,
    fields: present({ name, type, start_time, end_time, input, output, error, score }),
    meta: given.meta,
    metaFile: given.meta_file,
    metaMode: given.meta_mode,
    clear: given.clear,
    scoreScale: given.score_scale,
    minScore: given.min_score,
    ciMeta: given.ci_meta,
    jobStatus: given.job_status,
    jobMatrix: given.job_matrix,
    jobCheckRunId: given.job_check_run_id,
    dryRun: given.dry_run,
    summary: given.summary,
    failOnApiError: given.fail_on_api_error,
    timeoutMs: given.timeout_seconds,
    retries: given.retries,
  };
}

/** What to read results from, undefined where no file is named. Throws {@link InputError}. */
export function parseResultsRequest(raw: RawInputs): ResultsRequest | undefined {
  const parsed = z.safeParse(ResultsInputs, raw);
  if (!parsed.success) throw new InputError(parsed.error.issues.map(problemOf));
  const { results_file: pattern, results_format: format, score_pointer: scorePointer } = parsed.data;
  return pattern === undefined ? undefined : { pattern, format, scorePointer, fieldNames: FIELD_INPUTS };
}

/** A JSON object for `meta`. Throws {@link FormError}. */
export function parseMeta(text: string): JsonObject {
  const value = parseJson(text);
  if (!isJsonObject(value))
    throw new FormError(`is ${kindOf(value)}, expected a JSON object such as {"dataset": "v3"}`);
  return value;
}

const schemaAt = (now: Date) =>
  z
    .object({
      span_id: trimmed(parseSpanId),
      api_key: optional(parseKey),
      base_url: trimmed(parseBaseUrl),
      operation: trimmed(oneOf('update', 'get')),
      score: optional(parseScore),
      score_scale: optional(parseScale),
      error: verbatim,
      meta: json(parseMeta),
      meta_file: optional(asIs),
      end_time: optional((text) => parseTimestamp(text, now)),
      start_time: optional((text) => parseTimestamp(text, now)),
      name: verbatim,
      type: verbatim,
      input: verbatim,
      output: verbatim,
      clear: trimmed(parseClear),
      min_score: optional(parseThreshold),
      meta_mode: trimmed(oneOf('merge', 'replace')),
      ci_meta: trimmed(parseBoolean),
      fail_on_api_error: trimmed(parseBoolean),
      dry_run: trimmed(parseBoolean),
      summary: trimmed(parseBoolean),
      timeout_seconds: trimmed(parseTimeoutMs),
      retries: trimmed(parseRetries),
      job_status: optional(oneOf('success', 'failure', 'cancelled')),
      job_matrix: json(parseJson),
      job_check_run_id: optional(asIs),
    })
    .check(({ value, issues }) => {
      const { score, score_scale, clear } = value;
      // What a score becomes under a broken scale is not known.
      const known = isBroken('score_scale', issues) ? undefined : score;
      const integer = known && scaled(known, score_scale);
      if (known && integer === undefined) {
        const message =
          'is not an integer, and the API takes no other. Set score_scale to record a fraction: 0.87 with score_scale 100 records 87';
        issues.push(issueOf(value, 'score', message, known.text));
      }
      if (known && !Number.isSafeInteger(Number(integer ?? 0))) {
        const message = 'is beyond ±9007199254740991, the integers that JSON carries safely';
        issues.push(issueOf(value, 'score', message, known.text));
      }
      const given = { ...value, meta: value.meta ?? value.meta_file };
      const both = clear?.filter((field) => given[field] !== undefined) ?? [];
      if (both.length > 0) {
        issues.push(
          issueOf(value, 'clear', `names ${both.join(', ')}, which is also given. Drop one of the two`),
        );
      }
    });

const ResultsInputs = z
  .object({
    results_file: optional(asIs),
    results_format: trimmed(oneOf(...RESULTS_FORMATS)),
    score_pointer: optional(parsePointer),
  })
  .check(({ value, issues }) => {
    const { results_file, results_format, score_pointer } = value;
    if (results_file && results_format === 'json' && !score_pointer && !isBroken('score_pointer', issues)) {
      issues.push(
        issueOf(
          value,
          'score_pointer',
          'is required with results_format json. Write where the score is, such as /summary/accuracy',
        ),
      );
    }
    if (score_pointer && results_format && results_format !== 'json') {
      issues.push(issueOf(value, 'score_pointer', 'is read with results_format json only'));
    }
  });

/** A text that `parse` turns into a value; its {@link FormError} becomes an issue, and the rest is still checked. */
function form<Value>(parse: (text: string) => Value) {
  return z.pipe(
    z.string(),
    z.transform((text, context): Value => {
      try {
        return parse(text);
      } catch (error) {
        if (!(error instanceof FormError)) throw error;
        context.issues.push({ ...issueOf(text, undefined, error.message, error.found), continue: true });
        // Never seen: the parse as a whole fails. The checks across inputs take it as "not given".
        return undefined as Value;
      }
    }),
  );
}

function trimmed<Value>(parse: (text: string) => Value) {
  return form((text) => parse(text.trim()));
}

function optional<Value>(parse: (text: string) => Value) {
  return trimmed((text) => (text === '' ? undefined : parse(text)));
}

/** JSON as it was written: white space before it counts in the place of an error. */
function json<Value>(parse: (text: string) => Value) {
  return form((text) => (text.trim() === '' ? undefined : parse(text)));
}

/** Text as it was written, but for line breaks at the very end, which shells and YAML's `|` add. */
const verbatim = form((text) => withoutAtEnd(text, '\r\n') || undefined);

function isBroken(name: InputName, issues: readonly z.core.$ZodRawIssue[]): boolean {
  return issues.some(({ path }) => path?.[0] === name);
}

function issueOf(input: unknown, name: InputName | undefined, message: string, found?: string) {
  return { code: 'custom' as const, input, ...(name && { path: [name] }), message, params: { found } };
}

function problemOf(issue: z.core.$ZodIssue): Problem {
  const found: unknown = issue.code === 'custom' ? issue.params?.found : undefined;
  return { name: String(issue.path[0]), message: issue.message, ...(typeof found === 'string' && { found }) };
}

/** The integer to record; undefined where the score is none and no scale is given. */
function scaled(score: Decimal, scale: Decimal | undefined): bigint | undefined {
  return scale ? roundedProduct(score, scale) : integerOf(score);
}

function asIs(text: string): string {
  return text;
}

function parseSpanId(text: string): string {
  if (text === '') {
    throw new FormError(
      'is empty. Hand on the UUID of the span from the step that made it, and check that this step ran and set it',
    );
  }
  if (!/^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/i.test(text)) {
    throw new FormError('is not a UUID such as 3c90c3cc-0d44-4b50-8888-8dd25736052a', { found: text });
  }
  return text;
}

function parseKey(text: string): string {
  // HTTP allows no more in a header (RFC 9110, section 5.5). The key itself is never shown.
  if (!/^[\x20-\x7e]+$/.test(text)) {
    throw new FormError(
      'has a line break or a character that is not printable ASCII. Check the secret it comes from',
    );
  }
  return text;
}

const LOOPBACK = /^(localhost|127(\.\d+){3}|\[::1\])$/;

// The value is not shown: a URL may hold a password.
function parseBaseUrl(text: string): string {
  const url = URL.parse(text);
  if (!url) throw new FormError('is not a URL such as https://api.opper.ai/v2');
  if (url.protocol !== 'https:' && !(url.protocol === 'http:' && LOOPBACK.test(url.hostname))) {
    throw new FormError(
      'has to begin with https:// (http:// only to a loopback address), so that the key is not sent in the clear',
    );
  }
  if (url.username || url.password) throw new FormError('holds user info. Drop what stands before the @');
  if (/[?#]/.test(text)) throw new FormError('holds a query or fragment. Drop what begins at the ? or #');
  return withoutAtEnd(url.href, '/');
}

function parseNumber(text: string): Decimal {
  const decimal = parseDecimal(text);
  if (!decimal) throw new FormError('is not a number such as 9 or 0.87', { found: text });
  return decimal;
}

/** With its text, for what is wrong with it may show only together with the scale. */
function parseScore(text: string): Decimal & { text: string } {
  return { ...parseNumber(text), text };
}

function parseScale(text: string): Decimal {
  const decimal = parseNumber(text);
  if (decimal.digits <= 0n) throw new FormError('has to be above 0', { found: text });
  return decimal;
}

function parseThreshold(text: string): number {
  parseNumber(text);
  const threshold = Number(text);
  if (!Number.isFinite(threshold)) throw new FormError('is beyond what a score can be', { found: text });
  return threshold;
}

// Whole milliseconds: AbortSignal.timeout takes no other, and 1.001 * 1000 is 1000.9999999999999.
function parseTimeoutMs(text: string): number {
  const milliseconds = parseDecimal(text) ? Math.round(Number(text) * 1000) : Number.NaN;
  if (!(milliseconds >= 1 && milliseconds <= 3_600_000)) {
    throw new FormError('is not a number of seconds from 0.001 to 3600', { found: text });
  }
  return milliseconds;
}

function parseRetries(text: string): number {
  if (!/^(\d|10)$/.test(text)) throw new FormError('is not a whole number from 0 to 10', { found: text });
  return Number(text);
}

// The spellings of YAML 1.2's core schema, which the runner's own inputs take.
function parseBoolean(text: string): boolean {
  if (!/^(true|True|TRUE|false|False|FALSE)$/.test(text))
    throw new FormError('is not true or false', { found: text });
  return text.toLowerCase() === 'true';
}

function parseClear(text: string): SpanField[] {
  const names = new Set(text.split(/[\s,]+/).filter(Boolean));
  const unknown = [...names].filter((name) => !SPAN_FIELDS.some((field) => field === name));
  if (unknown.length > 0) {
    throw new FormError(`is not among the fields that can be cleared: ${SPAN_FIELDS.join(', ')}`, {
      found: unknown.join(', '),
    });
  }
  return SPAN_FIELDS.filter((field) => names.has(field));
}

function parsePointer(text: string): string {
  // RFC 6901, section 3.
  if (!text.startsWith('/') || /~(?![01])/.test(text)) {
    throw new FormError('is not a JSON Pointer such as /summary/accuracy', { found: text });
  }
  return text;
}

function oneOf<const Words extends readonly string[]>(...words: Words) {
  return (text: string): Words[number] => {
    if (!words.includes(text)) throw new FormError(`is not one of ${words.join(', ')}`, { found: text });
    return text;
  };
}

/** Without such characters at its very end. `/[\r\n]+$/` would take quadratic time where a long run of them stands inside. */
function withoutAtEnd(text: string, characters: string): string {
  let end = text.length;
  while (end > 0 && characters.includes(text.charAt(end - 1))) end--;
  return text.slice(0, end);
}

/** The entries that have a value: an absent key means "leave alone", and must not become `undefined` or `null`. */
function present<Fields extends object>(
  fields: Fields,
): { [Name in keyof Fields]?: NonNullable<Fields[Name]> } {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as never;
}
