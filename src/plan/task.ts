import type { NewSpan } from '../api/span.ts';
import type { Inputs } from '../inputs/inputs.ts';
import type { Job } from '../job.ts';
import { newSpanOf } from './patch.ts';
import type { Recording } from './recording.ts';
import { atEnd, atStart, type Tracked } from './track.ts';

/** What to do with which span. */
export type Task =
  | { readonly kind: 'read'; readonly id: string }
  | { readonly kind: 'update'; readonly id: string; readonly recording: Recording }
  | { readonly kind: 'create'; readonly span: NewSpan }
  /** The start of a tracked job that creates a span. `tracked` is what to save once it is created. */
  | { readonly kind: 'start'; readonly span: NewSpan; readonly tracked: Tracked }
  /** The start of a tracked job with an existing span: nothing is sent until its end. */
  | { readonly kind: 'wait'; readonly tracked: Tracked }
  /**
   * The end of a tracked job. There is a `span` to create, unless it exists, if its start failed or it is not known whether it
   * succeeded.
   */
  | {
      readonly kind: 'end';
      readonly id: string;
      readonly recording: Recording;
      readonly span: NewSpan | undefined;
    };

/** Whether it is the start of a tracked job, which has no results yet. */
export function isBeginning({ kind }: Task): boolean {
  return kind === 'start' || kind === 'wait';
}

/** When the step runs. */
export interface Stage {
  readonly now: Date;
  /** A random UUID. */
  readonly newId: () => string;
  /** The inputs that the workflow gives. */
  readonly given: readonly string[];
  /** What the start of a tracked job saved. If given, this is the end of that job. */
  readonly tracked: Tracked | undefined;
  /** The inputs that were given at the start and are empty at the end. */
  readonly lost: readonly string[];
}

/** What to do at this stage. */
export function taskOf(inputs: Inputs, recording: Recording, job: Job, stage: Stage): Task {
  const { now, newId, given, tracked } = stage;
  if (tracked) {
    const last = atEnd(recording, tracked, now);
    const span = tracked.exists ? undefined : newSpanOf(inputs, last, tracked.id, job.title);
    return { kind: 'end', id: tracked.id, recording: last, span };
  }
  const { operation, span_id, start_time } = inputs;
  const id = span_id ?? newId();
  const exists = { id, exists: true, given: [...given] };
  switch (operation) {
    case 'get':
      return { kind: 'read', id };
    case 'update':
      return { kind: 'update', id, recording };
    case 'create':
      return { kind: 'create', span: newSpanOf(inputs, recording, id, job.title) };
    case 'track': {
      if (span_id !== undefined) return { kind: 'wait', tracked: { ...exists, start_time, sent: [] } };
      const known = atStart(recording, now);
      const span = newSpanOf(inputs, known, id, job.title);
      // The name of the span may be the default. Then the end may know a better one, so it is not among the sent fields.
      const sent = Object.keys(known.fields);
      return { kind: 'start', span, tracked: { ...exists, start_time: span.start_time, sent } };
    }
  }
}
