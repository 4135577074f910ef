import { fieldsOf } from '../api/span.ts';
import { problemLine } from '../errors.ts';
import type { Inputs } from '../inputs/inputs.ts';
import type { Job } from '../job.ts';
import { failureLines, metaOf } from '../results/record.ts';
import type { Results } from '../results/results.ts';
import { cutBytes, firstOf } from '../text.ts';
import { type Checked, problemsOfResults } from './check.ts';
import type { ScoreGate } from './gate.ts';
import { mergedMeta } from './merge.ts';
import { type Recording, withFailure } from './recording.ts';
import type { Score } from './score.ts';

const MAX_REASONS = 10;
const MAX_ERROR_BYTES = 64 * 1024;

/**
 * What to record: inputs before a `fields` file, and that before test results and the CI facts. If something is missing, the
 * error says why, before the failures.
 */
export function composeRecording(
  inputs: Inputs,
  results: Results,
  score: Score,
  { fatal, reasons, isWhole }: Checked,
  job: Job,
): Recording {
  const { tests, fields } = results;
  const values = { ...fields, ...inputs };
  const why = firstOf(reasons.map(problemLine), MAX_REASONS);
  const failures = tests ? failureLines(tests) : [];
  const facts = fatal.length > 0 ? withFailure(job.facts) : job.facts;
  const layers = [inputs.ci_meta ? facts : undefined, tests && metaOf(tests), fields?.meta, inputs.meta];
  return {
    fields: fieldsOf({
      ...values,
      score: score.value,
      error: values.error ?? (failures.length > 0 ? errorOf([...why, ...failures]) : undefined),
      meta: mergedMeta(layers),
    }),
    clear: values.clear ?? [],
    lacksScore: !isWhole && score.value === undefined && asksForScore(inputs, results),
    keepsMeta: inputs.meta_mode === 'merge',
    fallbackError: why.length > 0 ? errorOf(why) : job.error,
    gate: scoreGate(inputs, score, isWhole, job),
    isOwn: false,
  };
}

/** None if results are incomplete and there is no other score: the step fails for them, so a stored score is not judged. */
function scoreGate(
  { min_score: minScore }: Inputs,
  { unrounded: score }: Score,
  isWhole: boolean,
  job: Job,
): ScoreGate | undefined {
  if (minScore === undefined || (score === undefined && !isWhole)) return undefined;
  return { minScore, score, needsScore: !job.endedBadly };
}

/** Whether the workflow asks for the score of results. */
function asksForScore({ results_file, results_format, score_pointer }: Inputs, results: Results): boolean {
  const areAsked = results_file !== undefined || problemsOfResults(results).length > 0;
  return areAsked && (results_format !== 'json' || score_pointer !== undefined);
}

function errorOf(lines: readonly string[]): string {
  return cutBytes(lines.join('\n'), MAX_ERROR_BYTES);
}
