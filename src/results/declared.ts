import { cut } from '../text.ts';
import type { FoundCase } from './cases.ts';

/** A suite or file that says of itself that something failed. */
export interface Declared {
  readonly kind: 'suite' | 'file';
  readonly name: string;
  readonly path: string | undefined;
  /** How it says so, such as `failures="2"` or `success: false`. */
  readonly failure: string;
  /** What else it wrote. */
  readonly output?: string;
}

/** One errored case, for a suite or file that says something failed although none of its cases did. */
export function undeclaredCase({ kind, name, path, failure, output = '' }: Declared): FoundCase {
  const sentence = `the ${kind} says ${failure}, but none of its cases failed`;
  const reason = output && `: ${cut(output.replaceAll(/\s+/g, ' '), 200)}`;
  const why = { message: `${sentence}${reason}`, body: output };
  return { status: 'errored', isExtra: true, details: () => ({ name, why, file: path }) };
}
