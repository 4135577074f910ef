import type { NewMetric } from '../api/metric.ts';
import type { NewSpan } from '../api/span.ts';
import { InputError, type Problem, problemLine } from '../errors.ts';
import { defaultInputs, type Inputs, RECORDING_INPUTS, type Read } from '../inputs/inputs.ts';
import type { Job } from '../job.ts';
import type { Results } from '../results/results.ts';
import { caseSpanOf } from './case-span.ts';
import { canSend, check } from './check.ts';
import { composeRecording } from './compose.ts';
import type { ScoreGate } from './gate.ts';
import { metricsFor } from './metrics.ts';
import { isEmptyPatch, patchFor } from './patch.ts';
import { EMPTY_RECORDING } from './recording.ts';
import { scoreFor } from './score.ts';
import { type Stage, type Task, taskOf } from './task.ts';

/** What to do, with everything checked. */
export interface Plan {
  readonly inputs: Inputs;
  readonly task: Task;
  readonly gate: ScoreGate | undefined;
  readonly metrics: readonly NewMetric[];
  /** The child spans for cases, without their parent. */
  readonly caseSpans: readonly NewSpan[];
  /** Problems that do not fail the step, since the job failed or was cancelled. One sentence each. */
  readonly warnings: readonly string[];
  /** What fails the step, although something is recorded. */
  readonly failure: unknown;
}

/** Checks inputs, files and job together, and decides what to send for which span. Throws {@link InputError}. */
export function planOf(read: Read<Partial<Inputs>>, results: Results, job: Job, stage: Stage): Plan {
  const { values } = read;
  const found = scoreFor(read, results);
  const metrics = metricsFor(values, results);
  const checked = check(read, results, found, metrics, job, stage);
  const { fatal, forgiven, isWhole } = checked;
  const inputs = { ...defaultInputs(), ...values };
  // With lost inputs, such as a scale, no score can be trusted.
  const score = isWhole || (values.score !== undefined && stage.lost.length === 0) ? found : {};
  const recording = composeRecording(inputs, results, score, checked, job);
  const recorded = isWhole ? metrics.all : metrics.given;
  if (inputs.operation === 'update' && recorded.length === 0 && isEmptyPatch(patchFor(recording))) {
    const message = `update has nothing to record. Give one of ${RECORDING_INPUTS.join(', ')}`;
    throw InputError.of('operation', message);
  }
  const cases = results.tests?.cases ?? [];
  return {
    inputs,
    task: taskOf(inputs, recording, job, stage),
    gate: recording.gate,
    metrics: recorded,
    caseSpans: cases.map((testCase) => caseSpanOf(testCase, stage.newId(), inputs.score_scale)),
    warnings: forgiven.map((problem) => warningOf(problem, job)),
    failure: fatal.length > 0 ? new InputError(fatal) : undefined,
  };
}

function warningOf(problem: Problem, { status }: Job): string {
  const ending = status === 'failure' ? 'has failed' : 'was cancelled';
  return `${problemLine(problem)}. The job ${ending}, so the rest is recorded without it`;
}

/**
 * A plan that only ends the span of a tracked job, after an error that is not about inputs or files. `reason` is its message, to be
 * recorded. Undefined if that cannot or must not be tried.
 */
export function closingPlan(
  error: unknown,
  reason: string,
  { values }: Read<Partial<Inputs>>,
  job: Job,
  stage: Stage,
): Plan | undefined {
  if (!stage.tracked || error instanceof InputError || values.dry_run || !canSend(values, stage))
    return undefined;
  const inputs = { ...defaultInputs(), ...values };
  const fallbackError = `The end of the job was not recorded: ${reason}`;
  const recording = { ...EMPTY_RECORDING, fallbackError };
  const task = taskOf(inputs, recording, job, stage);
  return { inputs, task, gate: undefined, metrics: [], caseSpans: [], warnings: [], failure: error };
}
