import type { Problem } from '../errors.ts';
import type { Fields } from '../inputs/inputs.ts';
import type { TestRun } from './run.ts';

/** What results files say, as far as they could be read. */
export interface Results {
  /** From the files of a test format that could be read, even if others could not. Absent if no case ran. */
  readonly tests?: TestRun;
  /** From a `json` or `fields` file. `name` says where it is, for errors. */
  readonly score?: { readonly name: string; readonly value: number; readonly scale?: number | undefined };
  /** From `json` files, by dimension. */
  readonly metrics?: Readonly<Record<string, number>>;
  /** From a `fields` file, except its score. */
  readonly fields?: Fields;
  /** About files, such as totals that disagree with the cases, or a file that was left out. One sentence each, eleven at most. */
  readonly warnings?: readonly string[];
  /** The `json` or `fields` files that were read. */
  readonly files?: readonly string[];
  readonly problems: readonly Problem[];
}
