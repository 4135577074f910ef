import type { NewSpan } from '../api/span.ts';
import type { Inputs } from '../inputs/inputs.ts';
import type { Job } from '../job.ts';
import { newSpanOf, type Recording } from './recording.ts';
import { atEnd, atStart, type Tracked } from './track.ts';

/** What to do with which span. */
export type Task =
  | { readonly kind: 'read'; readonly id: string }
  | { readonly kind: 'update'; readonly id: string; readonly recording: Recording }
  | { readonly kind: 'create'; readonly span: NewSpan }
  /** The start of a tracked job that creates a span. `recording` is what was given for it. */
  | { readonly kind: 'start'; readonly span: NewSpan; readonly recording: Recording }
  /** The start of a tracked job with an existing span: nothing is sent until its end. */
  | { readonly kind: 'wait'; readonly tracked: Tracked }
  /** The start of the job failed to create the span, or it is not known whether it did. If the span exists, `recording` updates it. */
  | { readonly kind: 'ensure'; readonly span: NewSpan; readonly recording: Recording };

/** When the step runs. */
export interface Moment {
  readonly now: Date;
  /** A random UUID. */
  readonly newId: () => string;
  /** What the start of a tracked job saved. If given, this is the end of that job. */
  readonly tracked?: Tracked | undefined;
}

/** What to do at this moment. */
export function taskOf(
  inputs: Inputs,
  recording: Recording,
  job: Job,
  { now, newId, tracked }: Moment,
): Task {
  if (tracked) {
    const last = atEnd(recording, tracked, now);
    if (tracked.exists) return { kind: 'update', id: tracked.id, recording: last };
    return { kind: 'ensure', span: newSpanOf(inputs, last, tracked.id, job.title), recording: last };
  }
  const { operation, span_id } = inputs;
  const id = span_id ?? newId();
  switch (operation) {
    case 'get':
      return { kind: 'read', id };
    case 'update':
      return { kind: 'update', id, recording };
    case 'create':
      return { kind: 'create', span: newSpanOf(inputs, recording, id, job.title) };
    case 'track': {
      if (span_id !== undefined) {
        return { kind: 'wait', tracked: { id, exists: true, start_time: inputs.start_time, sent: [] } };
      }
      const known = atStart(recording, now);
      return { kind: 'start', span: newSpanOf(inputs, known, id, job.title), recording: known };
    }
  }
}
