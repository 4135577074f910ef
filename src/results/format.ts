import type { Json } from '../json.ts';
import type { OnCase } from './cases.ts';

/** What a file says besides its cases. */
export interface FileSummary {
  /** The time of all cases, in milliseconds. */
  readonly durationMs: number | undefined;
  readonly totals: Totals;
  /** How the file says that something failed, such as `success: false`; undefined if it does not. */
  readonly failure?: string | undefined;
  /** Unknown words for the status of a case. They count as a pass. */
  readonly unknownStatuses?: readonly string[];
}

export interface Totals {
  readonly tests?: number | undefined;
  /** Failed or errored. */
  readonly failed?: number | undefined;
  readonly skipped?: number | undefined;
}

/** A test format in JSON. */
export interface JsonFormat {
  readonly name: string;
  /** Whether the content is in this format. */
  recognises(document: Json): boolean;
  /** Calls `onCase` for each case, in the file's order. Throws {@link FormError} with the place that is not in this format. */
  read(document: Json, onCase: OnCase): FileSummary;
}
