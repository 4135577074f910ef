import { defaults } from '../../action.yml';
import type { Problem } from '../errors.ts';
import { quoted } from '../text.ts';

const MIN_LENGTH = 5;

/**
 * Inputs that this action does not have, but whose name is one step from one that it has. The runner sets `INPUT_…` for every
 * name under `with`, known or not; `variables` are the names of all environment variables.
 */
export function misspeltProblems(variables: readonly string[]): Problem[] {
  const known = Object.keys(defaults);
  return variables.flatMap((variable) => {
    const [, name = ''] = /^INPUT_(.+)$/.exec(variable)?.map((part) => part.toLowerCase()) ?? [];
    const meant = name && !known.includes(name) && known.find((right) => isMisspelt(name, right));
    if (!meant) return [];
    const message = `is not an input of this action. Write ${meant}, or rename the variable ${quoted(variable)} if an env sets it`;
    return [{ name, message }];
  });
}

/** Whether `-` is written for `_`, or one letter is added, missing, wrong, or swapped with the next. */
function isMisspelt(name: string, right: string): boolean {
  if (name.replaceAll('-', '_') === right) return true;
  if (right.length < MIN_LENGTH) return false;
  const [a, b] = withoutCommonEnds(name, right);
  return Math.max(a.length, b.length) === 1 || (a.length === 2 && a === [...b].reverse().join(''));
}

function withoutCommonEnds(a: string, b: string): [string, string] {
  let start = 0;
  while (start < Math.min(a.length, b.length) && a[start] === b[start]) start++;
  let end = 0;
  while (end < Math.min(a.length, b.length) - start && a.at(-1 - end) === b.at(-1 - end)) end++;
  return [a.slice(start, a.length - end), b.slice(start, b.length - end)];
}
