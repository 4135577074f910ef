import type * as z from 'zod/mini';
import { ApiError } from '../errors.ts';
import { isWorthRetrying, ProxyError } from './attempt-failure.ts';
import type { Call } from './response.ts';
import { type Attempt, isRetried, isSuccess, type Sender, type Tries } from './sender.ts';

/** Something that a POST creates. */
interface Creation<Schema extends z.ZodMiniType, Unread> {
  /** The schema of the response. */
  readonly schema: Schema;
  /** Looks for it: resolves to it if it exists. Throws {@link ApiError}. */
  readonly look: (tries: Tries) => Promise<z.infer<Schema> | undefined>;
  /** Whether an earlier POST may have created it. Then `look` is called first. */
  readonly mayExist: boolean;
  /** What is known about it without reading it, if the POST chose the id. */
  readonly unread?: Unread;
}

/**
 * Creates something with a POST, and not twice if a lookup can find it: if it is not known whether a POST arrived
 * ({@link mayHaveArrived}), `look` is called before the next POST, and once more after the last. No POST follows a response that
 * says that it exists: one with a success status, however unusable, and a 409 to a repeated POST with an id of its own. Then only
 * `look` is called again, and after such a 409 `unread` will do. Retries of `look` count as retries of the POST. Throws
 * {@link ApiError} if it was neither created nor found.
 */
export async function createOnce<Schema extends z.ZodMiniType, Unread = never>(
  sender: Sender,
  call: Call,
  { schema, look, mayExist, unread }: Creation<Schema, Unread>,
): Promise<{ readonly created: z.infer<Schema> | Unread; readonly wasFound: boolean }> {
  const tries: Tries = { used: 0 };
  const existing = mayExist ? await look(tries) : undefined;
  if (existing !== undefined) return { created: existing, wasFound: true };

  // Never reset: the result of an earlier POST may appear late.
  let isInDoubt = mayExist;
  let mayBeOurs = mayExist;
  for (let number = 1; ; number++) {
    const post = await sender.attempt(call, number, tries);
    const result = resultOf(() => sender.read(post, schema, call));
    if (!(result instanceof ApiError)) return { created: result, wasFound: false };

    const isConflict = post.response?.status === 409;
    const isOurs = isConflict && mayBeOurs && unread !== undefined;
    const exists = isOurs || isSuccess(post);
    const isDoubtful = mayHaveArrived(post);
    isInDoubt ||= isDoubtful;
    mayBeOurs ||= isDoubtful && !isConflict;
    // After a conflict a retry can help too: the lookup may then find what exists already.
    const isPassing = exists || isConflict || isRetried(post);
    let willRetry = isPassing && (await sender.waitForRetry(post, call, tries));
    if (isInDoubt && (isPassing || isDoubtful)) {
      if (!willRetry) await sender.waitFor('a last lookup', post, call, tries);
      do {
        const found = await look(tries).catch((error: unknown) => {
          if (!(error instanceof ApiError)) throw error;
          if (!isOurs) throw unknownOutcome(result, error);
        });
        if (found !== undefined) return { created: found, wasFound: true };
        if (exists) willRetry = await sender.waitForRetry(post, call, tries);
      } while (exists && willRetry);
    }
    if (isOurs) return { created: unread, wasFound: true };
    if (!willRetry) {
      return { created: sender.read(post, schema, { ...call, wasLookedFor: isInDoubt }), wasFound: false };
    }
  }
}

/** What a function returns, or the ApiError that it throws. */
function resultOf<Result>(act: () => Result): Result | ApiError {
  try {
    return act();
  } catch (error) {
    if (error instanceof ApiError) return error;
    throw error;
  }
}

/** The lookup decides whether this is transient: a login page for every request is not an outage. */
function unknownOutcome({ summary, attempts }: ApiError, lookup: ApiError): ApiError {
  const { status, isTransient } = lookup;
  const look = 'Look for the span in Opper before you run the job again.';
  return new ApiError(
    `${summary.replace(/\.$/, '')}. It may have taken effect, but the lookup failed: ${lookup.summary}`,
    { status, attempts, advice: isTransient ? look : `${lookup.advice} ${look}`, isTransient },
  );
}

/** Whether a failed request may still have taken effect: the server did not reject it, and there was a connection. */
function mayHaveArrived(post: Attempt): boolean {
  const { response, thrown } = post;
  if (response) return isSuccess(post) || [408, 409].includes(response.status) || response.status >= 500;
  if (thrown instanceof ProxyError || !isWorthRetrying(thrown)) return false;
  // For an address with several IPs there is an error for each.
  const [first] = thrown instanceof AggregateError ? thrown.errors : [thrown];
  return !['connect', 'getaddrinfo'].includes(first.syscall);
}
