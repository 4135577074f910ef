import { isJsonObject, type Json, numberOf } from '../../src/json.ts';

/** What is wrong with one field of a request, in pydantic's words, as the API returns it with 422. */
export interface Problem {
  readonly input: unknown;
  readonly loc: readonly string[];
  readonly msg: string;
  readonly type: string;
}

type Check = (value: unknown) => readonly [type: string, msg: string] | undefined;
export interface Schema {
  readonly fields: Readonly<Record<string, Check>>;
  readonly required: readonly string[];
}

const check = (type: string, msg: string, isGood: (value: unknown) => boolean): Check => {
  return (value) => (isGood(value) ? undefined : [type, `Input should be a valid ${msg}`]);
};
const STRING = check('string_type', 'string', (value) => typeof value === 'string');
const NUMBER = check('float_type', 'number', (value) => numberOf(value as Json) !== undefined);
const INTEGER = check('int_type', 'integer', (value) => Number.isInteger(numberOf(value as Json)));
const OBJECT = check('dict_type', 'dictionary', isJsonObject);
const UUID = check('uuid_parsing', 'UUID', isUuid);
const TIME = check('datetime_from_date_parsing', 'datetime or date', (value) => {
  return typeof value === 'string' && parseTime(value) !== undefined;
});
const ANY: Check = () => undefined;

const SPAN = {
  name: STRING,
  start_time: TIME,
  type: STRING,
  end_time: TIME,
  input: STRING,
  output: STRING,
  error: STRING,
  meta: OBJECT,
  score: INTEGER,
};
export const SPAN_PATCH: Schema = { fields: SPAN, required: [] };
export const NEW_SPAN: Schema = {
  fields: { ...SPAN, input: ANY, output: ANY, id: UUID, trace_id: UUID, parent_id: UUID },
  required: ['name'],
};

const METRIC = { dimension: STRING, value: NUMBER, comment: STRING };
export const METRIC_PATCH: Schema = { fields: METRIC, required: [] };
export const NEW_METRIC: Schema = { fields: METRIC, required: ['dimension', 'value'] };

/** Every wrong field. Unknown fields are accepted, and so is `null` for every field that is not required. */
export function problemsOf(body: object, { fields, required }: Schema): Problem[] {
  const values = new Map<string, unknown>(Object.entries(body));
  const missing = required
    .filter((field) => values.get(field) == null)
    .map((field) => problem(['body', field], 'missing', 'Field required', body));
  const wrong = Object.entries(fields).flatMap(([field, check]) => {
    const value = values.get(field);
    const found = value == null ? undefined : check(value);
    return found === undefined ? [] : [problem(['body', field], ...found, value)];
  });
  return [...missing, ...wrong];
}

/** The same for a body of any kind; undefined means a text that is not JSON. */
export function bodyProblems(body: unknown, text: string, contentType: string, schema: Schema): Problem[] {
  if (body === undefined) return [problem(['body'], 'json_invalid', 'JSON decode error', text)];
  if (isJsonObject(body) && /^application\/(.+\+)?json\b/.test(contentType)) return problemsOf(body, schema);
  const msg = 'Input should be a valid dictionary or object to extract fields from';
  return [problem(['body'], 'model_attributes_type', msg, body)];
}

/** An id in the path that is not a UUID. */
export function idProblems(name: string, id: string | undefined): Problem[] {
  if (id === undefined || isUuid(id)) return [];
  return [problem(['path', name], 'uuid_parsing', 'Input should be a valid UUID', id)];
}

/** A number in the query that is not a whole one within the bounds. */
export function queryProblems(name: string, value: number, min: number, max: number): Problem[] {
  if (Number.isInteger(value) && value >= min && value <= max) return [];
  const msg = `Input should be an integer from ${min} to ${max}`;
  return [problem(['query', name], 'int_range', msg, value)];
}

function problem(loc: readonly string[], type: string, msg: string, input: unknown): Problem {
  return { input, loc, msg, type };
}

function isUuid(value: unknown): boolean {
  return typeof value === 'string' && /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/i.test(value);
}

/** An RFC 3339 time with an offset in the API's form: UTC, `+00:00`, six digits of fraction or none. */
export function parseTime(text: string): string | undefined {
  const match = /^(\d{4}-\d\d-\d\d)[Tt ](\d\d:\d\d:\d\d)(?:\.(\d+))?([Zz]|[+-]\d\d:\d\d)$/.exec(text);
  if (match === null) return undefined;
  const [, date, time, fraction = '', offset = ''] = match;
  const asUtc = new Date(`${date}T${time}Z`);
  const instant = new Date(`${date}T${time}${offset.toUpperCase()}`);
  // `Date` rolls an impossible day over to the next month.
  if (Number.isNaN(instant.getTime()) || !asUtc.toISOString().startsWith(`${date}T${time}`)) return undefined;
  const micros = fraction.slice(0, 6).padEnd(6, '0');
  return `${instant.toISOString().slice(0, 19)}${/[1-9]/.test(micros) ? `.${micros}` : ''}+00:00`;
}
