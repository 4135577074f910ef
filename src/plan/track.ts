import * as z from 'zod/mini';
import type { NewSpan } from '../api/span.ts';
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
export function madeBy(span: NewSpan, { fields }: Recording, id = span.id): Tracked {
  // Not the fields of the span: its name may be the default, and the end may know a better one.
  return { id, exists: true, start_time: span.start_time, sent: Object.keys(fields) };
}

/** Reads what the runner gives the end as `STATE_tracked`. Throws where that is not what the start has saved. */
export function parseTracked(state: string): Tracked {
  try {
    return z.parse(Tracked, JSON.parse(state));
  } catch {
    throw new Error(
      'STATE_tracked is not what the start of the job saved, so the end cannot be recorded. Only the step may set it.',
    );
  }
}

/** What to record when a job begins: no score, error, output or end time. */
export function atStart({ fields, keepsMeta }: Recording, now: Date): Recording {
  const { score, error, output, end_time, ...known } = fields;
  return { fields: { start_time: now.toISOString(), ...known }, clear: [], keepsMeta, jobError: undefined };
}

/** What to record when a tracked job ends. A start time known at its start stays, and what was sent then is not sent again. */
export function atEnd(recording: Recording, { start_time, sent }: Tracked, now: Date): Recording {
  const fields = {
    end_time: now.toISOString(),
    ...recording.fields,
    ...(start_time !== undefined && { start_time }),
  };
  const open = Object.entries(fields).filter(([name]) => name === 'meta' || !sent.includes(name));
  return { ...recording, fields: Object.fromEntries(open) };
}
