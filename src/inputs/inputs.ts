import { defaults } from '../../action.yml';
import { SPAN_FIELDS, type SpanField, type SpanPatch } from '../api/span.ts';
import { type Decimal, integerOf, parseDecimal, roundedProduct } from '../decimal.ts';
import { FormError, InputError, type Problem } from '../errors.ts';
import { isJsonObject, type Json, type JsonObject, kindOf, parseJson } from '../json.ts';
import { RESULTS_FORMATS, type ResultsRequest } from '../results/results.ts';
import { parseTimestamp } from '../timestamp.ts';

export type InputName = keyof ReturnType<typeof formsAt> | keyof typeof RESULTS_FORMS;
/** Every input as text; '' where it was not given and action.yml has no default. */
export type RawInputs = Readonly<Record<InputName, string>>;

/** The inputs that say what to record. A results file of the format `fields` may hold these, and nothing else. */
export const FIELD_INPUTS = [...SPAN_FIELDS, 'score_scale', 'clear'] as const satisfies readonly InputName[];

/** What the workflow asks for, checked and typed. Absent means "not given". */
export interface Inputs {
  readonly spanId: string | undefined;
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

/**
 * Every input of action.yml through `getInput`, as it was given; an empty one is its default. The key is that of the
 * environment where none is given, without the white space and line ends around it.
 */
export function rawInputsOf(getInput: (name: string) => string, environmentKey = ''): RawInputs {
  const entries = Object.entries(defaults).map(([name, value]) => {
    const given = getInput(name);
    return [name, given.trim() === '' ? value || given : given];
  });
  const raw = Object.fromEntries(entries) as RawInputs;
  return { ...raw, api_key: raw.api_key.trim() || environmentKey.trim() };
}

/** The id of the span where it is one, whatever is wrong with the other inputs. */
export function spanIdOf(raw: RawInputs): string | undefined {
  const id = raw.span_id.trim();
  return UUID.test(id) ? id : undefined;
}

/**
 * The inputs, checked and typed. `now` is what the word `now` means. Throws {@link InputError} with every problem at once.
 * Whether the id of a span and a key are needed depends on what is to be done: here they may be empty.
 */
export function parseInputs(raw: RawInputs, now: Date): Inputs {
  const { values, problems } = readForms(formsAt(now), raw);
  problems.push(...scoreProblems(values, problems), ...clearProblems(values));
  if (problems.length > 0) throw new InputError(problems);
  const { name, type, start_time, end_time, input, output, error, ...given } = values;
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
  const { values, problems } = readForms(RESULTS_FORMS, raw);
  problems.push(...pointerProblems(values, problems));
  if (problems.length > 0) throw new InputError(problems);
  const { results_file: pattern, results_format: format, score_pointer: scorePointer } = values;
  return pattern === undefined ? undefined : { pattern, format, scorePointer, fieldNames: FIELD_INPUTS };
}

/** A JSON object for `meta`. Throws {@link FormError}. */
export function parseMeta(text: string): JsonObject {
  const value = parseJson(text);
  if (!isJsonObject(value))
    throw new FormError(`is ${kindOf(value)}, expected a JSON object such as {"dataset": "v3"}`);
  return value;
}

/** The form of every input, in the order of action.yml. A form throws {@link FormError}; undefined is "not given". */
const formsAt = (now: Date) => ({
  span_id: optional(parseSpanId),
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
});

const RESULTS_FORMS = {
  results_file: optional(asIs),
  results_format: trimmed(oneOf(...RESULTS_FORMATS)),
  score_pointer: optional(parsePointer),
};

type Form<Value> = (text: string) => Value;
type Values<Forms> = {
  readonly [Name in keyof Forms]: Forms[Name] extends Form<infer Value> ? Value : never;
};

/** Reads every input with the form of its name. One that is broken is undefined, and has a problem. */
function readForms<Forms extends Readonly<Record<string, Form<unknown>>>>(
  forms: Forms,
  raw: Readonly<Record<string, string>>,
): { values: Values<Forms>; problems: Problem[] } {
  const problems: Problem[] = [];
  const read = (name: string, form: Form<unknown>): unknown => {
    try {
      return form(raw[name] ?? '');
    } catch (error) {
      if (!(error instanceof FormError)) throw error;
      const { message, found } = error;
      problems.push({ name, message, ...(found !== undefined && { found }) });
      return undefined;
    }
  };
  const entries = Object.entries(forms).map(([name, form]) => [name, read(name, form)]);
  return { values: Object.fromEntries(entries) as Values<Forms>, problems };
}

function scoreProblems(
  { score, score_scale }: Partial<Values<ReturnType<typeof formsAt>>>,
  problems: readonly Problem[],
): Problem[] {
  // What a score becomes under a broken scale is not known.
  if (!score || problems.some(({ name }) => name === 'score_scale')) return [];
  const integer = scaled(score, score_scale);
  if (integer === undefined) {
    const message =
      'is not an integer, and the API takes no other. Set score_scale to record a fraction: 0.87 with score_scale 100 records 87';
    return [{ name: 'score', message, found: score.text }];
  }
  if (Number.isSafeInteger(Number(integer))) return [];
  const scaling = score_scale ? 'times score_scale ' : '';
  const message = `${scaling}is beyond ±9007199254740991, the integers that JSON carries safely`;
  return [{ name: 'score', message, found: score.text }];
}

function clearProblems(values: Partial<Values<ReturnType<typeof formsAt>>>): Problem[] {
  const given = { ...values, meta: values.meta ?? values.meta_file };
  const both = values.clear?.filter((field) => given[field] !== undefined) ?? [];
  if (both.length === 0) return [];
  return [{ name: 'clear', message: `names ${both.join(', ')}, which is also given. Drop one of the two` }];
}

function pointerProblems(
  { results_file, results_format, score_pointer }: Partial<Values<typeof RESULTS_FORMS>>,
  problems: readonly Problem[],
): Problem[] {
  const name = 'score_pointer';
  if (problems.some((problem) => problem.name === name)) return [];
  if (results_file && results_format === 'json' && !score_pointer) {
    const message =
      'is required with results_format json. Write where the score is, such as /summary/accuracy';
    return [{ name, message }];
  }
  if (score_pointer && results_format && results_format !== 'json') {
    return [{ name, message: 'is read with results_format json only' }];
  }
  return [];
}

function trimmed<Value>(form: Form<Value>): Form<Value> {
  return (text) => form(text.trim());
}

function optional<Value>(form: Form<Value>): Form<Value | undefined> {
  return trimmed((text) => (text === '' ? undefined : form(text)));
}

/** JSON as it was written: white space before it counts in the place of an error. */
function json<Value>(form: Form<Value>): Form<Value | undefined> {
  return (text) => (text.trim() === '' ? undefined : form(text));
}

/** Text as it was written, but for line breaks at the very end, which shells and YAML's `|` add. */
function verbatim(text: string): string | undefined {
  return withoutAtEnd(text, '\r\n') || undefined;
}

/** The integer to record; undefined where the score is none and no scale is given. */
function scaled(score: Decimal, scale: Decimal | undefined): bigint | undefined {
  return scale ? roundedProduct(score, scale) : integerOf(score);
}

function asIs(text: string): string {
  return text;
}

const UUID = /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/i;

function parseSpanId(text: string): string {
  if (!UUID.test(text)) {
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
  const decimal = parseDecimal(text);
  if (!decimal) {
    throw new FormError('is not a number such as 87, or 0.87 with score_scale 100', { found: text });
  }
  return { ...decimal, text };
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
