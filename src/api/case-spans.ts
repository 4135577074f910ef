import { ApiError, InputError } from '../errors.ts';
import { cut } from '../text.ts';
import type { Client } from './client.ts';
import { fourAtOnce } from './four-at-once.ts';
import type { NewSpan, Span } from './span.ts';
import { caseSpanWarning } from './stored.ts';

const PROGRESS_EVERY = 100;

interface CaseSpans {
  readonly created: number;
  readonly of: number;
  /** The first failure; undefined if all were created. */
  readonly failure: ApiError | InputError | undefined;
  /** One line for all spans whose response lacks what was sent; undefined if there are none. May contain untrusted text. */
  readonly warning: string | undefined;
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
  const parent = { ...(id && { parent_id: id }), ...(trace_id && { trace_id }) };
  const differing: string[] = [];
  let created = 0;
  let failure: ApiError | InputError | undefined;

  await fourAtOnce(spans, async (span) => {
    const sent = { ...span, ...parent };
    try {
      const { span: stored, isUnread } = await client.createSpan(sent);
      const warning = isUnread ? undefined : caseSpanWarning(sent, stored);
      if (warning) differing.push(`${cut(span.name, 100)}: ${warning}`);
    } catch (error) {
      if (!(error instanceof ApiError || error instanceof InputError)) throw error;
      failure ??= error;
      return false;
    }
    created++;
    if (created % PROGRESS_EVERY === 0 && created < spans.length) onProgress(created, spans.length);
    return true;
  });
  const [first] = differing;
  const warning =
    first && `${differing.length} of ${created} case spans were not stored as sent. The first: ${first}`;
  return { created, of: spans.length, failure, warning };
}
