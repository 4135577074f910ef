import type * as z from 'zod/mini';
import { ApiError } from '../errors.ts';
import { isWorthRetrying } from './attempt-failure.ts';
import { ProxyError } from './proxy.ts';
import type { Call } from './response.ts';
import { isRetried, type Result, type Sender, statusOf, type Tries } from './sender.ts';

/** Something that a POST creates. */
export interface Creation<Schema extends z.ZodMiniType> {
  readonly call: Call;
  readonly body: string;
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
  { call, body, schema, look, mayExist }: Creation<Schema>,
): Promise<{ readonly created: z.infer<Schema>; readonly wasFound: boolean }> {
  const tries: Tries = { used: 0 };
  let found = mayExist ? await look(tries) : undefined;
  if (found !== undefined) return { created: found, wasFound: true };

  // Never reset: the result of an earlier POST may appear late.
  let isInDoubt = mayExist;
  const rule = async (failure: Result): Promise<boolean> => {
    const isDoubtful = mayHaveArrived(failure);
    isInDoubt ||= isDoubtful;
    // After a conflict a retry can help too: what exists already may be found then.
    const isPassing = isRetried(failure) || statusOf(failure) === 409;
    const willRetry = isPassing && (await sender.retry(failure, call, tries));
    if (!isInDoubt || !(isPassing || isDoubtful)) return willRetry;
    if (!willRetry) await sender.pause(failure, call, tries, 'a last lookup');
    found = await look(tries).catch((error: unknown) => {
      throw error instanceof ApiError ? unknownOutcome(call, sender.textOf(failure), error) : error;
    });
    return willRetry && found === undefined;
  };
  const last = await sender.send(call, tries, body, rule);
  if (found !== undefined) return { created: found, wasFound: true };
  return {
    created: sender.read(last, schema, call, isInDoubt ? ', and a lookup did not find it' : ''),
    wasFound: false,
  };
}

function unknownOutcome({ method, url }: Call, what: string, { story }: ApiError): ApiError {
  const both = `${method} ${url} ${what}. It may have taken effect, but the lookup failed: ${story}`;
  return new ApiError(both, 'Look for the span in Opper before you run the job again.', true);
}

/** Whether a failed request may still have taken effect: the server did not reject it, and there was a connection. */
function mayHaveArrived(failure: Result): boolean {
  if ('response' in failure)
    return [408, 409].includes(failure.response.status) || failure.response.status >= 500;
  const { thrown } = failure;
  if (thrown instanceof ProxyError || !isWorthRetrying(thrown)) return false;
  // For an address with several IPs there is an error for each.
  const [first] = thrown instanceof AggregateError ? thrown.errors : [thrown];
  return !['connect', 'getaddrinfo'].includes(first.syscall);
}
