import { cut } from '../text.ts';
import type { FoundCase } from './cases.ts';

/** What a suite or a file says about its failures. */
export interface Declared {
  /** How many cases failed or errored; undefined or NaN if it gives no number. */
  readonly failed?: number | undefined;
  /** Where it gives that number, such as `failures="2"`. */
  readonly totals?: string;
  /** That something failed, without a number, such as `success: false`. */
  readonly verdict?: string | undefined;
}

/** The failures that the cases of a suite or a file show. */
export interface Shown {
  /** How many cases failed or errored. */
  failed: number;
  /** How many more failures the totals may count: attempts, further failures of one case, failures that do not count here. */
  more: number;
  /** How many of the failed cases the totals may leave out: those outside of all cases, and those that a tool calls skipped. */
  fewer: number;
}

/** How a suite or file says that something failed, if none of its cases shows it. */
export function hiddenFailure({ failed = 0, totals, verdict }: Declared, shown: Shown): string | undefined {
  if (shown.failed > 0) return undefined;
  return verdict ?? (failed > shown.more ? totals : undefined);
}

/** Whether the number of failures differs from what the cases show, and nothing explains it. */
export function isContradicted({ failed = Number.NaN }: Declared, shown: Shown): boolean {
  return failed > shown.failed + shown.more || failed < shown.failed - shown.fewer;
}

/** One errored case, for a suite or file that says `failure` although none of its cases shows it. */
export function hiddenCase(
  kind: 'suite' | 'file',
  failure: string,
  name: string,
  file: string | undefined,
  output = '',
): FoundCase {
  const reason = output && `: ${cut(output.replaceAll(/\s+/g, ' '), 200)}`;
  const why = { message: `the ${kind} says ${failure}, but none of its cases failed${reason}`, body: output };
  return { status: 'errored', details: () => ({ name, why, file }) };
}

/** A total as tools write it: ` 1 `, `1,000`. Undefined if it is not a count. */
export function totalOf(value: unknown): number | undefined {
  const text = String(value).replaceAll(/[\s,]/g, '');
  const count = text === '' ? Number.NaN : Math.ceil(Number(text));
  return Number.isFinite(count) && count >= 0 ? count : undefined;
}
