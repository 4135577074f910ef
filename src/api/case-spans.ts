import { ApiError, InputError } from '../errors.ts';
import type { Client } from './client.ts';
import type { NewSpan, Span } from './span.ts';

const AT_ONCE = 4;
const PROGRESS_EVERY = 100;

export interface CaseSpans {
  readonly made: number;
  readonly of: number;
  /** The first failure; undefined if all were made. */
  readonly failure: ApiError | InputError | undefined;
}

/**
 * Makes spans under `parent` in the given order, four at a time, each once ({@link Client.createSpan}). Starts no more after the
 * first failure. Calls `onProgress` after every hundred, but not at the end.
 */
export async function createCaseSpans(
  client: Client,
  spans: readonly NewSpan[],
  { id, trace_id }: Pick<Partial<Span>, 'id' | 'trace_id'>,
  { onProgress }: { readonly onProgress: (made: number, of: number) => void },
): Promise<CaseSpans> {
  const next = spans.values();
  const parent = { ...(id && { parent_id: id }), ...(trace_id && { trace_id }) };
  let made = 0;
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
      made++;
      if (made % PROGRESS_EVERY === 0 && made < spans.length) onProgress(made, spans.length);
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  return { made, of: spans.length, failure };
}
