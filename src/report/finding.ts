import { ApiError, headlineOf, InputError, problemLine } from '../errors.ts';
import type { Inputs } from '../inputs/inputs.ts';

/**
 * Something the user must know. Becomes an annotation; an `error` fails the step. The title is the step's own words; the lines
 * may contain untrusted text.
 */
export interface Finding {
  readonly level: 'error' | 'warning' | 'notice';
  readonly title: string;
  readonly lines: readonly string[];
}

/** The finding that says why the step stopped. `effect` is what bad input led to, such as `nothing was recorded`. */
export function findingOf(error: unknown, inputs: Partial<Inputs>, effect: string): Finding {
  if (error instanceof InputError) {
    const title = `Opper span: bad input, ${effect}`;
    return { level: 'error', title, lines: error.problems.map(problemLine) };
  }
  if (error instanceof ApiError) {
    return { level: levelOf(inputs), title: 'Opper span: API failure', lines: [error.message] };
  }
  const lines = [`This is a bug in the action, please report it: ${headlineOf(error)}`];
  return { level: 'error', title: 'Opper span: internal error', lines };
}

/** The level of an API failure. */
export function levelOf({ fail_on_api_error }: Partial<Inputs>): Finding['level'] {
  return fail_on_api_error === false ? 'warning' : 'error';
}
