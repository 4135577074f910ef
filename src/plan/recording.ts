import type { NewSpan, Span, SpanField, SpanFields, SpanPatch } from '../api/span.ts';
import type { Inputs } from '../inputs/inputs.ts';
import { defined } from '../present.ts';

/** What to record on a span. */
export interface Recording {
  /** Values by field. `meta` has only the keys that this step sets. */
  readonly fields: SpanFields;
  /** Fields to empty, unless `fields` has a value for them. */
  readonly clear: readonly SpanField[];
  /** Whether to keep stored keys of `meta` that this step does not set. */
  readonly keepsMeta: boolean;
  /** The error of a job that failed or was cancelled, for a span that has no other error. */
  readonly jobError: string | undefined;
}

/** Whether {@link patchFor} needs the stored span: only to keep its `meta` beside new keys. */
export function needsStored({ fields, clear, keepsMeta }: Recording): boolean {
  return fields.meta !== undefined && keepsMeta && !clear.includes('meta');
}

/**
 * The body to send. Fields that are not recorded are absent, so the API leaves them alone. The recorded `meta` is merged into
 * the stored one, so nothing is lost whether the API merges `meta` or replaces it. The job's error is recorded if neither the
 * recording nor the stored span has an error.
 */
export function patchFor(recording: Recording, stored?: Span): SpanPatch {
  const { fields, clear, jobError } = recording;
  const cleared = Object.fromEntries(clear.map((field) => [field, null]));
  const hasError = stored?.error && !clear.includes('error');
  return {
    ...cleared,
    ...(jobError !== undefined && !hasError && { error: jobError }),
    ...fields,
    ...(fields.meta && needsStored(recording) && { meta: { ...stored?.meta, ...fields.meta } }),
  };
}

/**
 * A new span with this recording. Its name is `title` if none is given. A span with an end but no start gets the end as its
 * start: the server would use the time of the request, which is later.
 */
export function newSpanOf(
  { parent_id, trace_id }: Inputs,
  recording: Recording,
  id: string,
  title: string,
): NewSpan {
  const { name = title, ...fields } = patchFor({ ...recording, clear: [] }) as SpanFields;
  const start_time = fields.start_time ?? fields.end_time;
  return {
    id,
    name,
    ...defined({ parent_id, trace_id }),
    ...fields,
    ...defined({ start_time }),
  };
}

/** Whether the body would be empty. */
export function isEmpty(patch: SpanPatch): boolean {
  return Object.keys(patch).length === 0;
}
