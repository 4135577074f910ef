import type { Gate } from '../plan/gate.ts';
import type { Comparison } from './comparison.ts';

/**
 * The gate `max_drop`, judged on the recorded scores. There is no gate without a baseline. Without a score there is one only if
 * `needsScore`; otherwise another problem already explains why the score is missing.
 */
export function maxDropGate(
  maxDrop: number | undefined,
  score: number | undefined,
  comparison: Comparison | undefined,
  needsScore: boolean,
): Gate | undefined {
  if (maxDrop === undefined) return undefined;
  if (score === undefined) {
    if (!needsScore) return undefined;
    const text = `there is no score to compare with the baseline (max_drop ${maxDrop})`;
    return { isPassed: false, text, advice: 'Set score or results_file' };
  }
  if (comparison === undefined) return undefined;
  const { score: before, score_change } = comparison;
  if (score_change >= 0) {
    const text = `score ${score} is not below the baseline's ${before} (max_drop ${maxDrop})`;
    return { isPassed: true, text, afterChange: '' };
  }
  const isPassed = -score_change <= maxDrop;
  const verdict = isPassed ? `within max_drop ${maxDrop}` : `more than max_drop ${maxDrop} allows`;
  const text = `score ${score} is ${-score_change} below the baseline's ${before}, ${verdict}`;
  return { isPassed, text, afterChange: isPassed ? '' : `, ${verdict}` };
}
