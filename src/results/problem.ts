import { FormError, type Problem } from '../errors.ts';

/** Turns a {@link FormError} about a file or pattern into a problem of results_file. Rethrows any other error. */
export function problemOf(what: string, error: unknown): Problem {
  if (!(error instanceof FormError)) throw error;
  return { name: 'results_file', message: `${what} ${error.message}` };
}
