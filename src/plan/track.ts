import * as z from 'zod/mini';
import { fieldsOf, type NewSpan } from '../api/span.ts';
import type { Recording } from './plan.ts';

const Tracked = z.object({
  id: z.string(),
  /** False where it is not known: the request to make the span was sent, and no answer came. */
  exists: z.boolean(),
  /** Absent where the span was there before, and no start time was given. */
  start_time: z.optional(z.string()),
  /** The fields that the span got at the start. */
  sent: z.array(z.string()),
});

/** What the start of a tracked job hands to its end. Small, since the runner hands it over in an environment variable. */
export type Tracked = z.infer<typeof Tracked>;

/** What to hand on before the answer has come. */
export function startedBy({ id, start_time }: NewSpan): Tracked {
  return { id, exists: false, start_time, sent: [] };
}

/** What to hand on once the span was made. The server may have given it another id. */
export function madeBy(span: NewSpan, id = span.id): Tracked {
  return { id, exists: true, start_time: span.start_time, sent: Object.keys(fieldsOf(span)) };
}

/** Reads what the runner gives the end as `STATE_tracked`. */
export function parseTracked(state: string): Tracked {
  return z.parse(Tracked, JSON.parse(state));
}

/** What to record when a job begins: no score, error, output or end time. */
export function atStart({ fields, keepsMeta }: Recording, now: Date): Recording {
  const { score, error, output, end_time, ...known } = fields;
  return { fields: { start_time: now.toISOString(), ...known }, clear: [], keepsMeta, jobError: undefined };
}

/** What to record when a tracked job ends: the start time is that of its start, and what was sent then is not sent again. */
export function atEnd(recording: Recording, { start_time, sent }: Tracked, now: Date): Recording {
  const { start_time: _, ...known } = recording.fields;
  const fields = { end_time: now.toISOString(), ...(start_time !== undefined && { start_time }), ...known };
  const open = Object.entries(fields).filter(([name]) => name === 'meta' || !sent.includes(name));
  return { ...recording, fields: Object.fromEntries(open) };
}
