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

/** The gate `min_score`, before it is judged. */
export interface ScoreGate {
  readonly minScore: number;
  /** The score that this step records, before it is rounded. If there is none, the score on the span counts. */
  readonly score: number | undefined;
  /** Whether it is missed if there is no score. Not in a job that failed or was cancelled: its error says more. */
  readonly needsScore: boolean;
}

/** Judges the gates. `spanScore` is the score on the span. */
export function gatesOf(gate: ScoreGate | undefined, spanScore: number | undefined): Gate[] {
  if (!gate) return [];
  const { minScore, needsScore, score = spanScore } = gate;
  if (score === undefined) {
    const text = `there is no score to compare with min_score ${minScore}`;
    return needsScore ? [{ isPassed: false, text, advice: 'Set score or results_file' }] : [];
  }
  const isPassed = score >= minScore;
  const relation = isPassed ? 'reaches' : 'is below';
  return [{ isPassed, text: `score ${shortened(score, minScore)} ${relation} min_score ${minScore}` }];
}

/** The score with two decimals, or with as many more as keep it on its side of `minScore`. */
function shortened(score: number, minScore: number): number {
  const isOnSameSide = (other: number) => other >= minScore === score >= minScore;
  for (let decimals = 2; decimals < 12; decimals++) {
    const rounded = Number(score.toFixed(decimals));
    if (isOnSameSide(rounded)) return rounded;
  }
  return score;
}
