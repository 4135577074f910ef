import * as z from 'zod/mini';
import type { NewSpan } from '../api/span.ts';
import { defined } from '../present.ts';
import type { Recording } from './recording.ts';

const Tracked = z.object({
  id: z.string(),
  /** False if it is not known whether the span was created: its request failed, or the step was killed before the response. */
  exists: z.boolean(),
  /** Absent for an existing span without a given start time. */
  start_time: z.optional(z.string()),
  /** The fields that were sent at the start. */
  sent: z.array(z.string()),
});

/** What the start of a tracked job saves for its end. Small, since the runner passes it in an environment variable. */
export type Tracked = z.infer<typeof Tracked>;

/** What to save before the response comes. */
export function trackedBeforeResponse({ id, start_time }: NewSpan): Tracked {
  return { id, exists: false, start_time, sent: [] };
}

/** What to save after the span was created. The server may have chosen another id. */
export function trackedSpan(span: NewSpan, { fields }: Recording, id = span.id): Tracked {
  // The recorded fields, not those of the span: its name may be the default, and the end may know a better one.
  return { id, exists: true, start_time: span.start_time, sent: Object.keys(fields) };
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
  return { fields: { start_time: now.toISOString(), ...known }, clear: [], keepsMeta, jobError: undefined };
}

/** What to record when a tracked job ends. Keeps the start time from its start, and does not repeat what was sent then. */
export function atEnd(recording: Recording, { start_time, sent }: Tracked, now: Date): Recording {
  const fields = {
    end_time: now.toISOString(),
    ...recording.fields,
    ...defined({ start_time }),
  };
  const unsent = Object.entries(fields).filter(([name]) => name === 'meta' || !sent.includes(name));
  return { ...recording, fields: Object.fromEntries(unsent) };
}
