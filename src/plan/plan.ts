import type { NewMetric } from '../api/metric.ts';
import {
  fieldsOf,
  type NewSpan,
  type Span,
  type SpanField,
  type SpanFields,
  type SpanPatch,
} from '../api/span.ts';
import { FormError, InputError, type Problem } from '../errors.ts';
import { defaultInputs, type Fields, type Inputs, RECORDED, type Read } from '../inputs/inputs.ts';
import {
  accessProblems,
  clearProblems,
  formatProblems,
  gateProblems,
  operationProblems,
  resultsScale,
} from '../inputs/rules.ts';
import type { Job } from '../job.ts';
import type { JsonObject } from '../json.ts';
import { recordOf } from '../results/record.ts';
import type { TestCase } from '../results/test-run.ts';
import { PASS_RATE_SCALE, scoreOf } from '../score.ts';
import type { Found } from './found.ts';

/** What is to be done, everything checked. */
export interface Plan {
  readonly inputs: Inputs;
  readonly recording: Recording;
  readonly metrics: readonly NewMetric[];
  /** The cases to make child spans of. */
  readonly cases: readonly TestCase[];
  /** What is wrong with files that a broken job did not write, or not to the end. */
  readonly unread: readonly Problem[];
}

/** What to record on a span. */
export interface Recording {
  /** Values by field. `meta` holds only the keys this step names. */
  readonly fields: SpanFields;
  /** Fields to empty, unless a value is recorded on them after all. */
  readonly clear: readonly SpanField[];
  /** Whether keys of the stored `meta` that this step does not name stay. */
  readonly keepsMeta: boolean;
  /** The error of a broken job, for a span that would have none otherwise. */
  readonly jobError: string | undefined;
}

/**
 * Checks inputs, files and job together, and works out what to record. Throws {@link InputError} with every problem at once.
 * In a broken job, what is wrong with files is only noted: the step that writes them may be the one that failed, and that is
 * to be recorded.
 */
export function planOf(read: Read<Partial<Inputs>>, found: Found, job: Job): Plan {
  const values: Partial<Inputs> & Fields = { ...found.fields, ...read.values };
  const results = found.tests && recordOf(found.tests, values.score_scale ?? PASS_RATE_SCALE);
  const score = scoreIn(read.values, found, results?.score);
  const ofClear = clearProblems(read.values);
  const problems = [
    ...read.problems,
    ...accessProblems(read, job),
    ...operationProblems(read),
    ...formatProblems(read),
    ...ofClear,
    ...gateProblems(values.min_score, score.scale),
  ];
  const ofFiles = [...found.problems];
  if (ofClear.length === 0) {
    ofFiles.push(...clearProblems({ ...values, ...(found.score && { score: found.score.value }) }));
  }
  // With a bad scale nobody knows the score.
  const isScaleBad = read.problems.some(({ name }) => name === 'score_scale');
  if (score.problem && !isScaleBad) (values.score === undefined ? ofFiles : problems).push(score.problem);
  if (!job.isBroken) problems.push(...ofFiles);
  if (problems.length > 0) throw new InputError(problems);
  // Without a problem every input has been read.
  const inputs = read.values as Inputs;

  const recording = {
    fields: fieldsOf({
      ...values,
      score: score.value,
      error: values.error ?? results?.error,
      meta: merged([
        inputs.ci_meta ? job.facts : undefined,
        results?.meta,
        found.fields.meta,
        found.meta,
        inputs.meta,
      ]),
    }),
    clear: values.clear ?? [],
    keepsMeta: inputs.meta_mode === 'merge',
    jobError: job.error,
  };
  const metrics = metricsOf([
    inputs.results_metrics ? found.tests?.metrics : undefined,
    found.fields.metrics,
    inputs.metrics,
  ]);
  if (inputs.operation === 'update' && metrics.length === 0 && isEmpty(patchFor(recording))) {
    const message = `update has nothing to record. Give one of ${RECORDED.join(', ')}`;
    throw new InputError([{ name: 'operation', message }]);
  }
  return { inputs, recording, metrics, cases: found.tests?.cases ?? [], unread: job.isBroken ? ofFiles : [] };
}

/**
 * What an end of a tracked job can still record when its plan fails: that the job has ended, and why the rest is missing.
 * Undefined where not even the way to the API is known.
 */
export function closingPlan(
  { values }: Read<Partial<Inputs>>,
  { problems }: InputError,
  job: Job,
): Plan | undefined {
  const { base_url, api_key } = values;
  if (base_url === undefined || api_key === undefined) return undefined;
  const inputs = { ...defaultInputs(), ...values, min_score: undefined };
  const error = problems.map(({ name, message }) => `${name}: ${message}`).join('\n');
  const fields = { error, ...(inputs.ci_meta && { meta: job.facts }) };
  const recording = { fields, clear: [], keepsMeta: true, jobError: undefined };
  return { inputs, recording, metrics: [], cases: [], unread: [] };
}

interface Score {
  readonly value?: number | undefined;
  /** That of the recorded score, as far as it is known. */
  readonly scale: number | undefined;
  readonly problem?: Problem;
}

/** The score to record: the one that is given, else that of a file, scaled, else the pass rate. */
function scoreIn(inputs: Partial<Inputs>, found: Found, passRate: number | undefined): Score {
  const { score, score_scale } = inputs;
  const own = score === undefined ? found.score : { name: 'score', value: score, scale: score_scale };
  const scale = own ? (own.scale ?? score_scale) : resultsScale(inputs);
  try {
    if (own) return { value: scoreOf(own.value, scale), scale };
    return { value: passRate === undefined ? undefined : scoreOf(passRate), scale };
  } catch (error) {
    if (!(error instanceof FormError)) throw error;
    return { scale, problem: { name: own?.name ?? 'score_scale', message: error.message } };
  }
}

/** The layers in one, later ones winning key by key; undefined where there is nothing. */
function merged(layers: readonly (JsonObject | undefined)[]): JsonObject | undefined {
  const given = layers.filter((layer) => layer !== undefined);
  // Object.assign would take a key named __proto__ for the prototype, and lose it.
  return given.length > 0 ? Object.fromEntries(given.flatMap((layer) => Object.entries(layer))) : undefined;
}

/** The layers in one, later ones winning dimension by dimension. */
function metricsOf(
  layers: readonly (Readonly<Record<string, number | Omit<NewMetric, 'dimension'>>> | undefined)[],
): NewMetric[] {
  const metrics = layers.flatMap((layer) =>
    Object.entries(layer ?? {}).map(([dimension, metric]): NewMetric => {
      return { dimension, ...(typeof metric === 'number' ? { value: metric } : metric) };
    }),
  );
  return [...new Map(metrics.map((metric) => [metric.dimension, metric])).values()];
}

/** Whether the stored span has to be read before {@link patchFor}: only where its `meta` is to be kept beside new keys. */
export function needsStored({ fields, clear, keepsMeta }: Recording): boolean {
  return fields.meta !== undefined && keepsMeta && !clear.includes('meta');
}

/**
 * The body to send. Fields that the recording does not name are absent, so the API leaves them alone. The stored `meta` is
 * sent along under the recorded keys, which loses nothing whether the API merges `meta` or replaces it. The job's error is
 * recorded where neither the recording nor the stored span has one.
 */
export function patchFor(recording: Recording, stored?: Span): SpanPatch {
  const { fields, clear, jobError } = recording;
  const cleared = Object.fromEntries(clear.map((field) => [field, null]));
  const hasError = stored?.error && !clear.includes('error');
  return {
    ...cleared,
    ...(jobError !== undefined && !hasError && { error: jobError }),
    ...fields,
    ...(fields.meta && needsStored(recording) && { meta: { ...stored?.meta, ...fields.meta } }),
  };
}

/**
 * A span that holds what the recording says. It is named `title` where no name is given. One that has ended but gives no start
 * starts when it ended: the server would take the time of the request, which is later.
 */
export function newSpanOf(
  { parent_id, trace_id }: Inputs,
  recording: Recording,
  id: string,
  title: string,
): NewSpan {
  const { name = title, ...fields } = patchFor({ ...recording, clear: [] }) as SpanFields;
  const start_time = fields.start_time ?? fields.end_time;
  return {
    id,
    name,
    ...(parent_id && { parent_id }),
    ...(trace_id && { trace_id }),
    ...fields,
    ...(start_time && { start_time }),
  };
}

/** Whether nothing would be sent. */
export function isEmpty(patch: SpanPatch): boolean {
  return Object.keys(patch).length === 0;
}
