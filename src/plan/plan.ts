import type { NewMetric } from '../api/metric.ts';
import { fieldsOf, type NewSpan } from '../api/span.ts';
import { FormError, InputError, type Problem, problemLine } from '../errors.ts';
import { defaultInputs, type Inputs, RECORDED, type Read } from '../inputs/inputs.ts';
import {
  accessProblems,
  baselineProblems,
  clearProblems,
  formatProblems,
  gateProblems,
  operationProblems,
  resultsScale,
} from '../inputs/rules.ts';
import type { Job } from '../job.ts';
import { defined, present } from '../present.ts';
import { failureLines, metaOf } from '../results/record.ts';
import type { Results } from '../results/results.ts';
import { passRateOf } from '../results/run.ts';
import { PASS_RATE_SCALE, scoreOf } from '../score.ts';
import { caseSpanOf } from './case-span.ts';
import { mergedMeta, mergedMetrics } from './merge.ts';
import { NO_RESULTS } from './read-files.ts';
import { isEmpty, patchFor, type Recording } from './recording.ts';
import { type Moment, type Task, taskOf } from './task.ts';

/** What to do, with everything checked. */
export interface Plan {
  readonly inputs: Inputs;
  readonly task: Task;
  readonly metrics: readonly NewMetric[];
  /** The child spans for cases, without their parent. */
  readonly caseSpans: readonly NewSpan[];
  /** Problems with files in a job that failed or was cancelled, which may not have written or finished them. One sentence each. */
  readonly warnings: readonly string[];
  /** What is wrong with the input, if only the end of a tracked job can be recorded. */
  readonly refused?: InputError;
}

/**
 * Checks inputs, files and job together, and decides what to send for which span. Throws {@link InputError} with every problem at
 * once. If the job failed or was cancelled, problems with files do not throw: the step that writes them may be the one that
 * failed, and that should be recorded. The end of a tracked job is recorded even if the input is bad, unless `base_url` or the key is.
 */
export function planOf(read: Read<Partial<Inputs>>, results: Results, job: Job, moment: Moment): Plan {
  try {
    return soundPlan(read, results, job, moment);
  } catch (error) {
    const { base_url, api_key } = read.values;
    const canSend = base_url !== undefined && api_key !== undefined;
    if (!(error instanceof InputError) || !moment.tracked || !canSend) throw error;
    const inputs = {
      ...defaultInputs(),
      ...read.values,
      min_score: undefined,
      baseline: undefined,
      max_drop: undefined,
    };
    const recorded = { ci_meta: inputs.ci_meta, meta_mode: 'merge', error: error.message } as const;
    const recording = recordingFrom(recorded, NO_RESULTS, undefined, job);
    const task = taskOf(inputs, recording, job, moment);
    return { inputs, task, metrics: [], caseSpans: [], warnings: [], refused: error };
  }
}

function soundPlan(read: Read<Partial<Inputs>>, results: Results, job: Job, moment: Moment): Plan {
  const { values } = read;
  const { tests, fields } = results;
  const score = scoreFor(read, results);
  const problems = [
    ...read.problems,
    ...accessProblems(read, job),
    ...operationProblems(read),
    ...formatProblems(read),
    ...clearProblems(values, { ...fields, ...defined({ score: results.score?.value }) }),
    ...gateProblems(values.min_score, score.scale),
    ...baselineProblems(read),
    ...results.problems,
    ...present([score.problem]),
  ];
  const isForgiven = ({ isFromFile }: Problem) => isFromFile === true && job.endedBadly;
  const fatal = problems.filter((problem) => !isForgiven(problem));
  if (fatal.length > 0) throw new InputError(fatal);
  // No input has a problem, so every input has been read.
  const inputs = values as Inputs;

  const recording = recordingFrom(inputs, results, score.value, job);
  const metrics = mergedMetrics([
    inputs.results_metrics ? tests?.metrics : undefined,
    fields?.metrics,
    inputs.metrics,
  ]);
  if (inputs.operation === 'update' && metrics.length === 0 && isEmpty(patchFor(recording))) {
    throw InputError.of('operation', `update has nothing to record. Give one of ${RECORDED.join(', ')}`);
  }
  const cases = tests?.cases ?? [];
  return {
    inputs,
    task: taskOf(inputs, recording, job, moment),
    metrics,
    caseSpans: cases.map((testCase) => caseSpanOf(testCase, moment.newId(), inputs.score_scale)),
    warnings: problems.filter(isForgiven).map((problem) => warningOf(problem, job)),
  };
}

function warningOf(problem: Problem, { status }: Job): string {
  const ending = status === 'failure' ? 'has failed' : 'was cancelled';
  return `${problemLine(problem)}. The job ${ending}, so the rest is recorded without it`;
}

/** What to record: inputs before a `fields` file, and that before test results and the CI facts. */
function recordingFrom(
  inputs: Partial<Inputs>,
  { tests, fields, error }: Results,
  score: number | undefined,
  job: Job,
): Recording {
  const values = { ...fields, ...inputs };
  const failures = tests ? failureLines(tests).join('\n') : '';
  const layers = [inputs.ci_meta ? job.facts : undefined, tests && metaOf(tests), fields?.meta, inputs.meta];
  return {
    fields: fieldsOf({
      ...values,
      score,
      error: values.error ?? (failures || error),
      meta: mergedMeta(layers),
    }),
    clear: values.clear ?? [],
    keepsMeta: inputs.meta_mode === 'merge',
    jobError: job.error,
  };
}

interface Score {
  readonly value?: number | undefined;
  /** The scale of the recorded score, if known. */
  readonly scale: number | undefined;
  readonly problem?: Problem;
}

/** The score to record: the input, else the score in a file, else the pass rate, each with its scale. */
function scoreFor({ values, problems }: Read<Partial<Inputs>>, results: Results): Score {
  const source = scoreSource(values, results);
  if (!source) return { scale: resultsScale(values) };
  const { name, value, scale } = source;
  try {
    return { value: scoreOf(value, scale), scale };
  } catch (error) {
    if (!(error instanceof FormError)) throw error;
    // With a bad scale the score is unknown.
    if (problems.some((problem) => problem.name === 'score_scale')) return { scale };
    return { scale, problem: { name, message: error.message, isFromFile: values.score === undefined } };
  }
}

function scoreSource({ score, score_scale }: Partial<Inputs>, { tests, score: inFile }: Results) {
  if (score !== undefined) return { name: 'score', value: score, scale: score_scale };
  if (inFile) return { ...inFile, scale: inFile.scale ?? score_scale };
  return tests && { name: 'score_scale', value: passRateOf(tests), scale: score_scale ?? PASS_RATE_SCALE };
}
