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

/** What to do, with everything checked. */
export interface Plan {
  readonly inputs: Inputs;
  readonly recording: Recording;
  readonly metrics: readonly NewMetric[];
  /** The cases to make child spans for. */
  readonly cases: readonly TestCase[];
  /** Problems with files that a broken job did not write, or did not finish. */
  readonly unread: readonly Problem[];
}

/** What to record on a span. */
export interface Recording {
  /** Values by field. `meta` has only the keys that this step sets. */
  readonly fields: SpanFields;
  /** Fields to empty, unless `fields` has a value for them. */
  readonly clear: readonly SpanField[];
  /** Whether to keep stored keys of `meta` that this step does not set. */
  readonly keepsMeta: boolean;
  /** The error of a broken job, for a span that has no other error. */
  readonly jobError: string | undefined;
}

/**
 * Checks inputs, files and job together, and works out what to record. Throws {@link InputError} with every problem at once.
 * In a broken job, problems with files do not throw: the step that writes them may be the one that failed, and that should be
 * recorded.
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
  // With a bad scale the score is unknown.
  const isScaleBad = read.problems.some(({ name }) => name === 'score_scale');
  if (score.problem && !isScaleBad) (values.score === undefined ? ofFiles : problems).push(score.problem);
  if (!job.isBroken) problems.push(...ofFiles);
  if (problems.length > 0) throw new InputError(problems);
  // There are no problems, so every input has been read.
  const inputs = read.values as Inputs;

  const recording = {
    fields: fieldsOf({
      ...values,
      score: score.value,
      error: values.error ?? results?.error ?? found.error,
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
 * What the end of a tracked job can still record if its plan fails: that the job has ended, and why the rest is missing.
 * Undefined without a `base_url` or key.
 */
export function closingPlan(
  { values }: Read<Partial<Inputs>>,
  { message: error }: InputError,
  job: Job,
): Plan | undefined {
  const { base_url, api_key } = values;
  if (base_url === undefined || api_key === undefined) return undefined;
  const inputs = { ...defaultInputs(), ...values, min_score: undefined };
  const fields = { error, ...(inputs.ci_meta && { meta: job.facts }) };
  const recording = { fields, clear: [], keepsMeta: true, jobError: undefined };
  return { inputs, recording, metrics: [], cases: [], unread: [] };
}

interface Score {
  readonly value?: number | undefined;
  /** The scale of the recorded score, if known. */
  readonly scale: number | undefined;
  readonly problem?: Problem;
}

/** The score to record: the input, else the score in a file, either of them scaled, else the pass rate. */
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

/** Merges the layers key by key, later ones win; undefined if all are. */
function merged(layers: readonly (JsonObject | undefined)[]): JsonObject | undefined {
  const given = layers.filter((layer) => layer !== undefined);
  // Object.assign would lose a key named __proto__, since it would set the prototype.
  return given.length > 0 ? Object.fromEntries(given.flatMap((layer) => Object.entries(layer))) : undefined;
}

/** Merges the layers by dimension, later ones win. */
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

/** Whether {@link patchFor} needs the stored span: only to keep its `meta` beside new keys. */
export function needsStored({ fields, clear, keepsMeta }: Recording): boolean {
  return fields.meta !== undefined && keepsMeta && !clear.includes('meta');
}

/**
 * The body to send. Fields that are not recorded are absent, so the API leaves them alone. The recorded `meta` is merged into
 * the stored one, so nothing is lost whether the API merges `meta` or replaces it. The job's error is recorded if neither the
 * recording nor the stored span has an error.
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
 * A new span with this recording. Its name is `title` if none is given. A span with an end but no start gets the end as its
 * start: the server would use the time of the request, which is later.
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

/** Whether the body would be empty. */
export function isEmpty(patch: SpanPatch): boolean {
  return Object.keys(patch).length === 0;
}
