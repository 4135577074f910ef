import type { NewMetric } from '../api/metric.ts';
import { fieldsOf, type NewSpan } from '../api/span.ts';
import { FormError, InputError, type Problem, problemLine } from '../errors.ts';
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
import { recordOf } from '../results/record.ts';
import { PASS_RATE_SCALE, scoreOf } from '../score.ts';
import { caseSpanOf } from './case-span.ts';
import type { Found } from './found.ts';
import { mergedMeta, mergedMetrics } from './merge.ts';
import { isEmpty, patchFor, type Recording } from './recording.ts';

/** What to do, with everything checked. */
export interface Plan {
  readonly inputs: Inputs;
  readonly recording: Recording;
  readonly metrics: readonly NewMetric[];
  /** The child spans for cases, without their parent. */
  readonly caseSpans: readonly NewSpan[];
  /** Problems with files in a job that failed or was cancelled, which may not have written or finished them. One sentence each. */
  readonly warnings: readonly string[];
  /** What is wrong with the input, if only the end of a tracked job can be recorded. */
  readonly refused?: InputError;
}

/**
 * Checks inputs, files and job together, and works out what to record. Throws {@link InputError} with every problem at once.
 * If the job failed or was cancelled, problems with files do not throw: the step that writes them may be the one that failed, and
 * that should be recorded.
 */
export function planOf(read: Read<Partial<Inputs>>, found: Found, job: Job, newId: () => string): Plan {
  const values: Partial<Inputs> & Fields = { ...found.fields, ...read.values };
  const results = found.tests && recordOf(found.tests, values.score_scale ?? PASS_RATE_SCALE);
  const score = recordedScore(read.values, found, results?.score);
  const problemsOfClear = clearProblems(read.values);
  const problems = [
    ...read.problems,
    ...accessProblems(read, job),
    ...operationProblems(read),
    ...formatProblems(read),
    ...problemsOfClear,
    ...gateProblems(values.min_score, score.scale),
  ];
  const problemsOfFiles = [...found.problems];
  if (problemsOfClear.length === 0) {
    problemsOfFiles.push(...clearProblems({ ...values, ...(found.score && { score: found.score.value }) }));
  }
  // With a bad scale the score is unknown.
  const isScaleBad = read.problems.some(({ name }) => name === 'score_scale');
  if (score.problem && !isScaleBad)
    (values.score === undefined ? problemsOfFiles : problems).push(score.problem);
  if (!job.endedBadly) problems.push(...problemsOfFiles);
  if (problems.length > 0) throw new InputError(problems);
  // There are no problems, so every input has been read.
  const inputs = read.values as Inputs;

  const recording = {
    fields: fieldsOf({
      ...values,
      score: score.value,
      error: values.error ?? results?.error ?? found.error,
      meta: mergedMeta([
        inputs.ci_meta ? job.facts : undefined,
        results?.meta,
        found.fields?.meta,
        found.meta,
        inputs.meta,
      ]),
    }),
    clear: values.clear ?? [],
    keepsMeta: inputs.meta_mode === 'merge',
    jobError: job.error,
  };
  const metrics = mergedMetrics([
    inputs.results_metrics ? found.tests?.metrics : undefined,
    found.fields?.metrics,
    inputs.metrics,
  ]);
  if (inputs.operation === 'update' && metrics.length === 0 && isEmpty(patchFor(recording))) {
    const message = `update has nothing to record. Give one of ${RECORDED.join(', ')}`;
    throw new InputError([{ name: 'operation', message }]);
  }
  const cases = found.tests?.cases ?? [];
  return {
    inputs,
    recording,
    metrics,
    caseSpans: cases.map((testCase) => caseSpanOf(testCase, newId(), inputs.score_scale)),
    warnings: job.endedBadly ? problemsOfFiles.map((problem) => warningOf(problem, job)) : [],
  };
}

function warningOf(problem: Problem, { status }: Job): string {
  const what = status === 'failure' ? 'has failed' : 'was cancelled';
  return `${problemLine(problem)}. The job ${what}, so the rest is recorded without it`;
}

/**
 * The plan for the end of a tracked job. If the input is bad, it still records that the job has ended, and why the rest is
 * missing. Without a `base_url` or key it throws {@link InputError}, like {@link planOf}.
 */
export function planAtEnd(read: Read<Partial<Inputs>>, found: Found, job: Job, newId: () => string): Plan {
  try {
    return planOf(read, found, job, newId);
  } catch (error) {
    const { base_url, api_key } = read.values;
    if (!(error instanceof InputError) || base_url === undefined || api_key === undefined) throw error;
    const inputs = { ...defaultInputs(), ...read.values, min_score: undefined };
    const fields = { error: error.message, ...(inputs.ci_meta && { meta: job.facts }) };
    const recording = { fields, clear: [], keepsMeta: true, jobError: undefined };
    return { inputs, recording, metrics: [], caseSpans: [], warnings: [], refused: error };
  }
}

interface Score {
  readonly value?: number | undefined;
  /** The scale of the recorded score, if known. */
  readonly scale: number | undefined;
  readonly problem?: Problem;
}

/** The score to record: the input, else the score in a file, either of them scaled, else the pass rate. */
function recordedScore(inputs: Partial<Inputs>, found: Found, passRate: number | undefined): Score {
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
