import { InputError, type Problem } from '../errors.ts';
import type { Inputs, Read } from '../inputs/inputs.ts';
import {
  accessProblems,
  baselineProblems,
  clearProblems,
  formatProblems,
  gateProblems,
  lostProblems,
  operationProblems,
} from '../inputs/rules.ts';
import type { Job } from '../job.ts';
import { defined, present } from '../present.ts';
import type { Results } from '../results/results.ts';
import type { MetricsToRecord } from './metrics.ts';
import type { Score } from './score.ts';
import type { Stage } from './task.ts';

/** What is wrong, although something can still be recorded. */
export interface Checked {
  /** These fail the step. */
  readonly fatal: readonly Problem[];
  /** These do not, since the job failed or was cancelled: the step that writes a file may be the one that failed. */
  readonly forgiven: readonly Problem[];
  /** These are why the span lacks something that was asked for. */
  readonly reasons: readonly Problem[];
  /** Whether nothing is missing. If not, results give no score. */
  readonly isWhole: boolean;
}

/**
 * Checks inputs, files and job together. Throws {@link InputError} with every problem that fails the step, unless something can
 * be recorded anyway: good results files beside bad ones, that the step that writes them did not end well, or the end of a tracked
 * job, whose span must end.
 */
export function check(
  read: Read<Partial<Inputs>>,
  results: Results,
  score: Score,
  metrics: MetricsToRecord,
  job: Job,
  stage: Stage,
): Checked {
  const { values } = read;
  const problems = [
    ...problemsTogether(read, results, score, job, stage),
    ...present([score.problem, metrics.problem]),
  ];
  const isForgiven = ({ name, isFromFile }: Problem) =>
    job.endedBadly && (isFromFile === true || (stage.lost.includes(name) && !ESSENTIAL.includes(name)));
  const fatal = problems.filter((problem) => !isForgiven(problem));
  const ofResults = problemsOfResults(results);
  const isPartial = results.tests !== undefined || ofResults.some(({ name }) => name === 'results_outcome');
  const isEnough = isPartial && fatal.every((problem) => ofResults.includes(problem));
  if (fatal.length > 0 && !isEnough && !(stage.tracked && canSend(values, stage)))
    throw new InputError(fatal);
  return {
    fatal,
    forgiven: problems.filter(isForgiven),
    reasons: problems.filter(
      (problem) => fatal.includes(problem) || (isPartial && ofResults.includes(problem)),
    ),
    isWhole: fatal.length + ofResults.length + stage.lost.length === 0,
  };
}

/** What is wrong with inputs, files and job together. */
function problemsTogether(
  { values, problems }: Read<Partial<Inputs>>,
  results: Results,
  score: Score,
  job: Job,
  { lost }: Stage,
): Problem[] {
  const inFile = { ...results.fields, ...defined({ score: results.score?.value }) };
  const read = { values, problems: [...problems, ...lostProblems(lost)] };
  return [
    ...read.problems,
    ...accessProblems(read, job),
    ...operationProblems(read),
    ...formatProblems(read),
    ...clearProblems(values, inFile),
    ...gateProblems(values.min_score, score.scale),
    ...baselineProblems(read),
    ...results.problems,
  ];
}

// Without these a request could go to the wrong place, or be sent although none should be.
const ESSENTIAL = ['base_url', 'api_key', 'dry_run'];

/** Whether it is safe to send something at the end of a tracked job, whatever else is wrong. */
export function canSend({ base_url, api_key }: Partial<Inputs>, { lost }: Stage): boolean {
  return base_url !== undefined && api_key !== undefined && !ESSENTIAL.some((name) => lost.includes(name));
}

/** What is wrong with results files, or that there are none although they were asked for. */
export function problemsOfResults({ problems }: Results): readonly Problem[] {
  return problems.filter(({ name }) => name !== 'meta_file');
}
