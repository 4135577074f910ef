import type { Inputs } from '../inputs/inputs.ts';
import type { Job } from '../job.ts';
import { present } from '../present.ts';

/** A condition on the run. A missed gate fails the step by itself; it needs no finding. */
export interface Gate {
  readonly isPassed: boolean;
  /** A sentence without a full stop, such as `score 62 is below min_score 80`. Only numbers and the step's own words. */
  readonly text: string;
  /** What to do if it is missed, as a sentence without a full stop. */
  readonly advice?: string;
}

/** How the score differs from that of the baseline. */
export interface ScoreChange {
  readonly score: number;
  readonly score_change: number;
}

/**
 * The gates that the inputs ask for, judged on this score. There is none if the job failed or was cancelled and has no score: it
 * is red anyway, and its error says more.
 */
export function gatesOf(
  { min_score, max_drop }: Inputs,
  score: number | undefined,
  change: ScoreChange | undefined,
  job: Job,
): Gate[] {
  if (job.endedBadly && score === undefined) return [];
  return present([
    min_score !== undefined && minScoreGate(min_score, score),
    max_drop !== undefined && maxDropGate(max_drop, score, change),
  ]);
}

function minScoreGate(minScore: number, score: number | undefined): Gate {
  if (score === undefined) {
    const text = `there is no score to compare with min_score ${minScore}`;
    return { isPassed: false, text, advice: 'Set score or results_file' };
  }
  const isPassed = score >= minScore;
  return { isPassed, text: `score ${score} ${isPassed ? 'reaches' : 'is below'} min_score ${minScore}` };
}

/** Undefined if there is no baseline to compare with. */
export function maxDropGate(
  maxDrop: number,
  score: number | undefined,
  change: ScoreChange | undefined,
): Gate | undefined {
  if (score === undefined) {
    const text = `there is no score to compare with the baseline's, for max_drop ${maxDrop}`;
    return { isPassed: false, text, advice: 'Set score or results_file' };
  }
  if (change === undefined) return undefined;
  const { score: before, score_change } = change;
  if (score_change >= 0) {
    return {
      isPassed: true,
      text: `score ${score} is not below the baseline's ${before} (max_drop ${maxDrop})`,
    };
  }
  const isPassed = -score_change <= maxDrop;
  const verdict = isPassed ? `within max_drop ${maxDrop}` : `more than max_drop ${maxDrop} allows`;
  return { isPassed, text: `score ${score} is ${-score_change} below the baseline's ${before}, ${verdict}` };
}
