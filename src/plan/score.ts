import { FormError, type Problem } from '../errors.ts';
import type { Inputs, Read } from '../inputs/inputs.ts';
import { resultsScale } from '../inputs/rules.ts';
import type { Results } from '../results/results.ts';
import { passRateOf } from '../results/tests.ts';
import { PASS_RATE_SCALE, scoreOf, unroundedScore } from '../scale.ts';

/** The score to record, if there is one. */
export interface Score {
  /** Rounded to an integer, for the span. */
  readonly value?: number;
  /** For the gate. */
  readonly unrounded?: number;
  /** The scale of the score, if known. */
  readonly scale?: number | undefined;
  readonly problem?: Problem;
}

/** The score of the step: the input, else the score in a file, else the pass rate, each with its scale. */
export function scoreFor({ values, problems }: Read<Partial<Inputs>>, results: Results): Score {
  const source = scoreSource(values, results);
  if (!source) return { scale: resultsScale(values) };
  const { name, value, scale } = source;
  try {
    return { value: scoreOf(value, scale), unrounded: unroundedScore(value, scale), scale };
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
