import * as z from 'zod/mini';
import { defaults } from '../../action.yml';
import { SPAN_FIELDS } from '../api/span.ts';
import type { Problem } from '../errors.ts';
import { type Json, parseJson } from '../json.ts';
import { quoted, textOf } from '../text.ts';
import {
  apiKey,
  baseUrl,
  because,
  boolean,
  branch,
  jsonPointer,
  jsonPointers,
  lines,
  maybeAbsent,
  metaObject,
  metricsObject,
  namesAmong,
  numberBetween,
  numberForm,
  oneOf,
  parsedBy,
  positiveNumber,
  timestampAt,
  trimmedText,
  uuid,
  verbatim,
  wholeNumber,
} from './forms.ts';

const OPERATIONS = ['update', 'get', 'create', 'track'] as const;

/** What `clear` may name. Every span must have a name. */
export const CLEARABLE = SPAN_FIELDS.filter((field) => field !== 'name');

/**
 * The form of every input, with the names and order of action.yml. A form takes a text from the workflow, or a JSON value from
 * a `fields` file. `now` is the time that the word `now` stands for.
 */
const formsAt = (now: Date) => ({
  operation: oneOf(OPERATIONS),
  span_id: maybeAbsent(uuid),
  api_key: maybeAbsent(apiKey),
  base_url: baseUrl,
  parent_id: maybeAbsent(uuid),
  trace_id: maybeAbsent(uuid),
  score: maybeAbsent(numberForm('is not a number such as 87, or 0.87 with score_scale 100')),
  score_scale: maybeAbsent(positiveNumber),
  error: verbatim,
  meta: maybeAbsent(parsedBy(metaObject)),
  meta_file: maybeAbsent(trimmedText),
  end_time: maybeAbsent(timestampAt(now)),
  start_time: maybeAbsent(timestampAt(now)),
  name: verbatim,
  type: verbatim,
  input: verbatim,
  output: verbatim,
  clear: maybeAbsent(namesAmong(CLEARABLE, 'is not one of the fields that can be cleared')),
  results_file: maybeAbsent(lines),
  // `auto` is any test format, so neither `json` nor `fields`.
  results_format: oneOf(['auto', 'junit', 'ctrf', 'promptfoo', 'jest', 'json', 'fields']),
  score_pointer: maybeAbsent(jsonPointer),
  metrics_pointer: maybeAbsent(jsonPointers),
  results_outcome: maybeAbsent(oneOf(['success', 'failure', 'cancelled', 'skipped'])),
  metrics: maybeAbsent(parsedBy(metricsObject)),
  results_metrics: boolean,
  case_spans: oneOf(['none', 'failed', 'all']),
  max_case_spans: wholeNumber(1, 1000),
  min_score: maybeAbsent(numberForm('is not a number such as 80')),
  baseline: maybeAbsent(branch),
  max_drop: maybeAbsent(numberForm('is not a number such as 2').check(z.gte(0, because('is below 0')))),
  meta_mode: oneOf(['merge', 'replace']),
  ci_meta: boolean,
  fail_on_api_error: boolean,
  dry_run: boolean,
  summary: boolean,
  timeout_seconds: numberBetween(0.001, 3600, 'is not a number of seconds'),
  retries: wholeNumber(0, 10),
  job_status: maybeAbsent(oneOf(['success', 'failure', 'cancelled'])),
  job_matrix: maybeAbsent(parsedBy((value) => parseJson(textOf(value)))),
  job_check_run_id: maybeAbsent(trimmedText),
});

type Forms = ReturnType<typeof formsAt>;
export type InputName = keyof Forms;
/** Every input by name, checked and typed. Undefined means "not given". */
export type Inputs = { readonly [Name in InputName]: z.infer<Forms[Name]> };

/** The inputs that a `fields` file may contain. */
export const FIELDS_FILE_INPUTS = [...SPAN_FIELDS, 'score_scale', 'clear', 'metrics'] as const;
/** All inputs that say what to record. */
export const RECORDING_INPUTS = [...FIELDS_FILE_INPUTS, 'meta_file', 'results_file'] as const;
export type Fields = Partial<Pick<Inputs, (typeof FIELDS_FILE_INPUTS)[number]>>;

/** The values that could be read. A bad value is absent, like one that was not given, and has a problem. */
export interface Read<Values> {
  readonly values: Values;
  readonly problems: readonly Problem[];
}

/**
 * Reads every input of action.yml once, with `getInput`, which must not trim. An empty input gets its default. The key comes
 * from the environment if no input has it.
 */
export function readInputs(
  getInput: (name: string) => string,
  environmentKey: string | undefined,
  now: Date,
): Read<Partial<Inputs>> {
  const whenEmpty: Readonly<Record<string, string | undefined>> = { ...defaults, api_key: environmentKey };
  const given = Object.keys(defaults).map((name) => {
    const value = getInput(name);
    return [name, value.trim() === '' ? whenEmpty[name] || value : value];
  });
  return readForms(formsAt(now), Object.fromEntries(given), (name) => name);
}

/** The inputs that the workflow gives: not empty, not the default, and not filled in by the runner. */
export function givenInputs(getInput: (name: string) => string): string[] {
  return Object.keys(defaults).filter((name) => {
    const text = getInput(name).trim();
    return text !== '' && text !== defaults[name] && !name.startsWith('job_');
  });
}

/** The inputs of a step that sets none. */
export function defaultInputs(): Inputs {
  return readInputs(() => '', undefined, new Date(0)).values as Inputs;
}

/** Reads the content of a `fields` file, with the forms of the inputs of the same names. Null is the same as absent. */
export function readFields(document: Readonly<Record<string, Json>>, path: string, now: Date): Read<Fields> {
  const forms = formsAt(now);
  const known = Object.fromEntries(FIELDS_FILE_INPUTS.map((name) => [name, forms[name]]));
  const read = readForms<Fields>(known, document, (name) => `${name} in ${path}`);
  const unknown = Object.keys(document).filter((name) => !Object.hasOwn(known, name));
  const problems = [...read.problems];
  if (unknown.length > 0) {
    const message = `${path} has ${unknown.map(quoted).join(', ')}, but may have only ${FIELDS_FILE_INPUTS.join(', ')}`;
    problems.push({ name: 'results_file', message });
  } else if (problems.length === 0 && Object.keys(read.values).every((name) => name === 'score_scale')) {
    const message = `${path} sets no field, so there is nothing to record`;
    problems.push({ name: 'results_file', message });
  }
  return { values: read.values, problems };
}

function readForms<Values>(
  forms: Readonly<Record<string, z.ZodMiniType>>,
  given: Readonly<Record<string, Json>>,
  nameOf: (name: string) => string,
): Read<Values> {
  const problems: Problem[] = [];
  const entries = Object.entries(forms).flatMap(([name, form]) => {
    const value = given[name];
    // White space alone counts as text only in verbatim inputs.
    if (form !== verbatim && textOf(value).trim() === '') return [];
    const { success, data, error } = z.safeParse(form, value);
    if (success) return data === undefined ? [] : [[name, data]];
    problems.push(...error.issues.map(({ message }) => ({ name: nameOf(name), message })));
    return [];
  });
  return { values: Object.fromEntries(entries) as Values, problems };
}
