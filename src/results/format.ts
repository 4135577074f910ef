import type { Json } from '../json.ts';
import type { OnCase } from './cases.ts';
import type { Declared } from './declared.ts';

/** What a file says besides its cases. */
export interface FileSummary {
  /** The time of all cases, in milliseconds. */
  readonly durationMs: number | undefined;
  readonly declared: Declared;
  /** How many more failures the totals may count than cases that failed, and how many of these they may leave out. */
  readonly more?: number;
  readonly fewer?: number;
  /** Unknown words for the status of a case. They count as a pass. */
  readonly unknownStatuses?: readonly string[];
  /** How many tests did not end. They are not counted. */
  readonly unended?: number;
  /** Whether the file says that it has no case on purpose. */
  readonly isEmptyOnPurpose?: boolean;
}

/** A test format in JSON. */
export interface JsonFormat {
  readonly name: string;
  /** Whether the content is in this format. */
  recognises(document: Json): boolean;
  /** Calls `onCase` for each case, in the file's order. Throws {@link FormError} with the place that is not in this format. */
  read(document: Json, onCase: OnCase): FileSummary;
}
