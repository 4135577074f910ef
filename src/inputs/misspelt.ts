import { defaults } from '../../action.yml';
import type { Problem } from '../errors.ts';
import { quoted } from '../text.ts';
import { isMisspelt } from './spelling.ts';

const PREFIX = 'INPUT_';

/**
 * Inputs that this action does not have, but whose name is one step from one that it has. The runner sets `INPUT_…` for every
 * name under `with`, known or not; `variables` are the names of all environment variables.
 */
export function misspeltProblems(variables: readonly string[]): Problem[] {
  const known = Object.keys(defaults);
  const given = variables.filter((variable) => variable.startsWith(PREFIX));
  return given.flatMap((variable) => {
    const name = variable.slice(PREFIX.length).toLowerCase();
    const meant = known.find((right) => isMisspelt(name, right));
    if (!meant || known.includes(name)) return [];
    const message = `is not an input of this action. Write ${meant}, or rename the variable ${quoted(variable)} if an env sets it`;
    return [{ name, message }];
  });
}
