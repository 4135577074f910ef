import { FormError } from '../errors.ts';
import type { Files } from '../files.ts';

/** The clocks of the runner's files may differ by this. */
const GRACE_MS = 5000;

/**
 * The problem with a results file from before the job, which an earlier run left over: on a self-hosted runner, or in a cache.
 * None if either time is unknown.
 */
export function staleProblem(
  path: string,
  { jobBeganMs }: { readonly jobBeganMs?: number | undefined },
  files: Files,
  now: Date,
): FormError | undefined {
  const modifiedMs = files.modifiedMs(path);
  if (jobBeganMs === undefined || modifiedMs === undefined || modifiedMs >= jobBeganMs - GRACE_MS)
    return undefined;
  const age = ageText(now.getTime() - modifiedMs);
  return new FormError(
    `is ${age} old, from before this job began. Remove old reports before the eval runs, or touch one that is current (Gradle and Bazel leave the reports of cached tests as they were)`,
  );
}

const UNITS = [
  ['day', 86_400_000],
  ['hour', 3_600_000],
  ['minute', 60_000],
  ['second', 1000],
] as const;

/** `3 days`, `1 hour`: the largest unit that fits. */
function ageText(ms: number): string {
  const [unit, size] = UNITS.find(([, length]) => ms >= length) ?? UNITS[3];
  const count = Math.floor(Math.max(0, ms) / size);
  return `${count} ${unit}${count === 1 ? '' : 's'}`;
}
