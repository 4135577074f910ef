import * as z from 'zod/mini';
import { defined } from '../present.ts';
import { EMPTY_RECORDING, type Recording } from './recording.ts';

const Tracked = z.object({
  id: z.string(),
  /** False if it is not known whether the span was created: its request failed, or the step was killed before the response. */
  exists: z.boolean(),
  /** Absent for an existing span without a given start time. */
  start_time: z.optional(z.string()),
  /** The fields that were sent at the start. */
  sent: z.array(z.string()),
  /** The inputs that the workflow gave at the start. */
  given: z.array(z.string()),
});

/**
 * What the start of a tracked job saves for its end: names, an id and a time. Small, since the runner passes it in an environment
 * variable.
 */
export type Tracked = z.infer<typeof Tracked>;

/** What to save before the response comes. */
export function beforeResponse(tracked: Tracked): Tracked {
  return { ...tracked, exists: false, sent: [] };
}

/** Parses `STATE_tracked`, which the runner sets at the end of the job. Throws if the start did not save it. */
export function parseTracked(state: string): Tracked {
  try {
    return z.parse(Tracked, JSON.parse(state));
  } catch {
    throw new Error(
      'STATE_tracked is not what the start of the job saved, so the end cannot be recorded. Only the step may set it.',
    );
  }
}

/** What to record when a job starts: no score, error, output or end time. */
export function atStart({ fields, keepsMeta }: Recording, now: Date): Recording {
  const { score, error, output, end_time, ...known } = fields;
  const sent = { start_time: now.toISOString(), ...known };
  return { ...EMPTY_RECORDING, fields: sent, keepsMeta, isOwn: true };
}

/** What to record when a tracked job ends. Keeps the start time from its start, and does not repeat what was sent then. */
export function atEnd(recording: Recording, tracked: Tracked, now: Date): Recording {
  const { start_time, sent, given } = tracked;
  const fields = { end_time: now.toISOString(), ...recording.fields, ...defined({ start_time }) };
  const unsent = Object.entries(fields).filter(([name]) => name === 'meta' || !sent.includes(name));
  // The step created the span, unless the workflow named it.
  return { ...recording, fields: Object.fromEntries(unsent), isOwn: !given.includes('span_id') };
}
