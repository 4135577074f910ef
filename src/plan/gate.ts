import type { Inputs } from '../inputs/inputs.ts';
import type { Job } from '../job.ts';

/** A condition on the run. A missed gate fails the step by itself; it needs no finding. */
export interface Gate {
  readonly isPassed: boolean;
  /** A sentence without a full stop, such as `score 62 is below min_score 80`. Only numbers and the step's own words. */
  readonly text: string;
  /** What to do if it is missed, as a sentence without a full stop. */
  readonly advice?: string;
  /** What to add to the change of the score in the heading, in place of the sentence. Only for `max_drop`. */
  readonly afterChange?: string;
}

/**
 * The gates that the inputs ask for, judged on this score. There is none if the job failed or was cancelled and has no score: it
 * is red anyway, and its error says more.
 */
export function gatesOf({ min_score }: Inputs, score: number | undefined, job: Job): Gate[] {
  if (min_score === undefined || (job.endedBadly && score === undefined)) return [];
  return [minScoreGate(min_score, score)];
}

function minScoreGate(minScore: number, score: number | undefined): Gate {
  if (score === undefined) {
    const text = `there is no score to compare with min_score ${minScore}`;
    return { isPassed: false, text, advice: 'Set score or results_file' };
  }
  const isPassed = score >= minScore;
  return { isPassed, text: `score ${score} ${isPassed ? 'reaches' : 'is below'} min_score ${minScore}` };
}
