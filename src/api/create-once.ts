import type * as z from 'zod/mini';
import { ApiError } from '../errors.ts';
import { isWorthRetrying } from './attempt-failure.ts';
import { ProxyError } from './proxy.ts';
import type { Call } from './response.ts';
import { type Attempt, isRetried, type Sender, statusOf, type Tries } from './sender.ts';

/** Something that a POST creates. */
export interface Creation<Schema extends z.ZodMiniType> {
  /** The schema of the response. */
  readonly schema: Schema;
  /** Looks for it: resolves to it if it exists. Throws {@link ApiError}. */
  readonly look: (tries: Tries) => Promise<z.infer<Schema> | undefined>;
  /** Whether an earlier POST may have created it. Then `look` is called first. */
  readonly mayExist: boolean;
}

/**
 * Creates something with a POST, and not twice if a lookup can find it: if it is not known whether a POST arrived
 * ({@link mayHaveArrived}), `look` is called before the next POST, and once more after the last. Retries of `look` count as
 * retries of the POST. Throws {@link ApiError} if it was neither created nor found.
 */
export async function createOnce<Schema extends z.ZodMiniType>(
  sender: Sender,
  call: Call,
  { schema, look, mayExist }: Creation<Schema>,
): Promise<{ readonly created: z.infer<Schema>; readonly wasFound: boolean }> {
  const tries: Tries = { used: 0 };
  const existing = mayExist ? await look(tries) : undefined;
  if (existing !== undefined) return { created: existing, wasFound: true };

  // Never reset: the result of an earlier POST may appear late.
  let isInDoubt = mayExist;
  for (let number = 1; ; number++) {
    const post = await sender.attempt(call, number);
    const isDoubtful = mayHaveArrived(post);
    isInDoubt ||= isDoubtful;
    // After a conflict a retry can help too: what exists already may be found then.
    const isPassing = isRetried(post) || statusOf(post) === 409;
    const willRetry = isPassing && (await sender.waitForRetry(post, call, tries));
    if (isInDoubt && (isPassing || isDoubtful)) {
      if (!willRetry) await sender.waitFor('a last lookup', post, call, tries);
      const found = await look(tries).catch((error: unknown) => {
        throw error instanceof ApiError ? unknownOutcome(call, sender.reasonOf(post), number, error) : error;
      });
      if (found !== undefined) return { created: found, wasFound: true };
    }
    if (!willRetry) {
      return { created: sender.read(post, schema, { ...call, wasLookedFor: isInDoubt }), wasFound: false };
    }
  }
}

function unknownOutcome({ method, url }: Call, reason: string, attempts: number, lookup: ApiError): ApiError {
  const { status, summary } = lookup;
  return new ApiError(
    `${method} ${url} ${reason}. It may have taken effect, but the lookup failed: ${summary}`,
    {
      status,
      attempts,
      advice: 'Look for the span in Opper before you run the job again.',
      isTransient: true,
    },
  );
}

/** Whether a failed request may still have taken effect: the server did not reject it, and there was a connection. */
function mayHaveArrived(post: Attempt): boolean {
  if ('response' in post) return [408, 409].includes(post.response.status) || post.response.status >= 500;
  const { thrown } = post;
  if (thrown instanceof ProxyError || !isWorthRetrying(thrown)) return false;
  // For an address with several IPs there is an error for each.
  const [first] = thrown instanceof AggregateError ? thrown.errors : [thrown];
  return !['connect', 'getaddrinfo'].includes(first.syscall);
}
