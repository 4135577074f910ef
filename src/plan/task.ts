import type { NewSpan } from '../api/span.ts';
import type { Job } from '../job.ts';
import { newSpanOf, type Plan, type Recording } from './plan.ts';
import { atEnd, atStart, type Tracked } from './track.ts';

/** What an operation comes to: which span, and what happens to it. */
export type Task =
  | { readonly kind: 'read'; readonly id: string }
  | { readonly kind: 'update'; readonly id: string; readonly recording: Recording }
  | { readonly kind: 'create' | 'start'; readonly span: NewSpan }
  /** The start of a tracked job whose span was there before: nothing is sent until its end. */
  | { readonly kind: 'wait'; readonly tracked: Tracked }
  /** The start could not make the span, or cannot tell whether it did. `recording` is for a span that exists after all. */
  | { readonly kind: 'ensure'; readonly span: NewSpan; readonly recording: Recording };

/** What to do when the step runs. A span that is made gets the id `newId`. */
export function taskOf({ inputs, recording }: Plan, job: Job, newId: string, now: Date): Task {
  const { operation, span_id } = inputs;
  const id = span_id ?? newId;
  switch (operation) {
    case 'get':
      return { kind: 'read', id };
    case 'update':
      return { kind: 'update', id, recording };
    case 'create':
      return { kind: 'create', span: newSpanOf(inputs, recording, id, job.title) };
    case 'track':
      if (span_id !== undefined) {
        return { kind: 'wait', tracked: { id, exists: true, start_time: inputs.start_time, sent: [] } };
      }
      return { kind: 'start', span: newSpanOf(inputs, atStart(recording, now), id, job.title) };
  }
}

/** What to do at the end of a tracked job. */
export function taskAtEnd(plan: Plan, job: Job, tracked: Tracked, now: Date): Task {
  const recording = atEnd(plan.recording, tracked, now);
  if (tracked.exists) return { kind: 'update', id: tracked.id, recording };
  return { kind: 'ensure', span: newSpanOf(plan.inputs, recording, tracked.id, job.title), recording };
}
