import type { Problem } from '../errors.ts';
import type { Fields } from '../inputs/inputs.ts';
import type { TestRun } from './run.ts';

/** What results files say, as far as they could be read. */
export interface Results {
  /** From files of a test format, if all of them could be read. */
  readonly tests?: TestRun;
  /** The failures in files of a test format, if some of the files could not be read. */
  readonly error?: string | undefined;
  /** From a `json` or `fields` file. `name` says where it is, for errors. */
  readonly score?: { readonly name: string; readonly value: number; readonly scale?: number | undefined };
  /** From `json` files, by dimension. */
  readonly metrics?: Readonly<Record<string, number>>;
  /** From a `fields` file, except its score. */
  readonly fields?: Fields;
  readonly problems: readonly Problem[];
}
