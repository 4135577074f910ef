import { ApiError, InputError } from '../errors.ts';
import type { Client } from './client.ts';
import type { NewSpan, Span } from './span.ts';

const AT_ONCE = 4;
const PROGRESS_EVERY = 100;

export interface CaseSpans {
  readonly created: number;
  readonly of: number;
  /** The first failure; undefined if all were created. */
  readonly failure: ApiError | InputError | undefined;
}

/**
 * Creates spans under `parent` in the given order, four at a time, each once ({@link Client.createSpan}). Starts no more after the
 * first failure. Calls `onProgress` after every hundred, but not at the end.
 */
export async function createCaseSpans(
  client: Client,
  spans: readonly NewSpan[],
  { id, trace_id }: Pick<Partial<Span>, 'id' | 'trace_id'>,
  { onProgress }: { readonly onProgress: (created: number, of: number) => void },
): Promise<CaseSpans> {
  const next = spans.values();
  const parent = { ...(id && { parent_id: id }), ...(trace_id && { trace_id }) };
  let created = 0;
  let failure: ApiError | InputError | undefined;

  /** Several of these run at the same time and share `next`. */
  async function work(): Promise<void> {
    for (const span of next) {
      if (failure) return;
      try {
        await client.createSpan({ ...span, ...parent });
      } catch (error) {
        if (!(error instanceof ApiError || error instanceof InputError)) throw error;
        failure ??= error;
        return;
      }
      created++;
      if (created % PROGRESS_EVERY === 0 && created < spans.length) onProgress(created, spans.length);
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  return { created, of: spans.length, failure };
}
