import { FormError, type Problem } from '../errors.ts';

/** What is wrong with a file or a pattern, as a problem of results_file. Anything but a {@link FormError} is thrown on. */
export function problemOf(what: string, error: unknown): Problem {
  if (!(error instanceof FormError)) throw error;
  return { name: 'results_file', message: `${what} ${error.message}` };
}
