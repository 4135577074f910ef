import type { Comparison } from '../comparison/comparison.ts';
import { present } from '../present.ts';
import { tidy } from '../results/mean.ts';
import type { Failure } from '../results/tests.ts';
import { ageText, cut, firstOf } from '../text.ts';
import { instantOf } from '../timestamp.ts';
import type { Report } from './report.ts';
import { shortened } from './wording.ts';

/** A failure to show; `isNew` if the case did not fail in the baseline. */
interface MarkedFailure extends Failure {
  readonly isNew: boolean;
}

/** The failures, new ones first. For new ones without details in the results, only the name. */
export function markedFailures({ tests, comparison }: Pick<Report, 'tests' | 'comparison'>): MarkedFailure[] {
  const left = [...(comparison?.newly_failed ?? [])];
  const failures = (tests?.failures ?? []).map((failure): MarkedFailure => {
    const at = left.indexOf(failure.name);
    if (at >= 0) left.splice(at, 1);
    return { ...failure, isNew: at >= 0 };
  });
  const others = left.map((name): MarkedFailure => ({ name, message: '', isNew: true }));
  return [...failures.filter(({ isNew }) => isNew), ...others, ...failures.filter(({ isNew }) => !isNew)];
}

/** `−18`, `+3` or `±0`. */
export function signed(change: number): string {
  const sign = change > 0 ? '+' : change < 0 ? '−' : '±';
  return `${sign}${shortened(Math.abs(change))}`;
}

/** Where the baseline comes from. `commit` is short; `age` is how much earlier it started, such as `2 hours earlier`. */
export function originOf(comparison: Comparison, start: string | null | undefined) {
  const { revision = '', start_time, run_url } = comparison;
  const [now = Number.NaN, then = Number.NaN] = [start, start_time].map(instantOf);
  const ageMs = now - then;
  return {
    commit: /^[\da-f]{40,64}$/.test(revision) ? revision.slice(0, 7) : revision,
    age: ageMs >= 1000 ? `${ageText(ageMs)} earlier` : '',
    runUrl: run_url,
  };
}

/** Each metric that both have, such as `accuracy` `0.9` `0.8` `−0.1`. */
export function metricRows({
  metrics,
}: Comparison): [name: string, before: string, after: string, change: string][] {
  return Object.entries(metrics).map(([name, { before, after }]) => [
    name,
    shortened(before),
    shortened(after),
    signed(tidy(after - before)),
  ]);
}

/** The lines for the log. */
export function comparisonLines({ comparison, span }: Pick<Report, 'comparison' | 'span'>): string[] {
  if (!comparison) return [];
  const { branch, score, score_change, no_longer_failing = [] } = comparison;
  const gone = no_longer_failing.map((name) => cut(name, 200));
  const { commit, age, runUrl } = originOf(comparison, span.start_time);
  const origin = present([commit && `commit ${cut(commit, 100)}`, age, runUrl]).join(', ');
  return present([
    `Compared with ${cut(branch, 200)}: score ${score} → ${score + score_change} (${signed(score_change)})${origin && `; ${origin}`}`,
    ...metricRows(comparison).map(
      ([name, before, after, change]) => `  ${cut(name, 200)}: ${before} → ${after} (${change})`,
    ),
    gone.length > 0 && `  no longer failing: ${firstOf(gone, 20).join(', ')}`,
  ]);
}
