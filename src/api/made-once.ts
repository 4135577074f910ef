import type * as z from 'zod/mini';
import { ApiError } from '../errors.ts';
import type { Call } from './answer.ts';
import { isWorthRetrying } from './no-answer.ts';
import { ProxyError } from './proxy.ts';
import { isRetried, type Result, type Sender, statusOf, type Tries } from './sender.ts';

/** Something that a POST makes. */
export interface Making<Schema extends z.ZodMiniType> {
  readonly call: Call;
  readonly body: string;
  /** What the answer holds. */
  readonly schema: Schema;
  /** Resolves to the same where it is there already. Throws {@link ApiError}. */
  readonly look: (tries: Tries) => Promise<z.infer<Schema> | undefined>;
  /** An earlier POST may have made it, so the look comes first. */
  readonly mayExist: boolean;
}

/**
 * Makes something with a POST, and never twice where the server can tell: while it is not known whether a POST arrived
 * ({@link mayHaveArrived}), a look comes before the next. A look belongs to the retry that it precedes and takes from the same
 * retries where it fails; one more look is the last that is tried. Throws {@link ApiError} where it was neither made nor found.
 */
export async function makeOnce<Schema extends z.ZodMiniType>(
  sender: Sender,
  { call, body, schema, look, mayExist }: Making<Schema>,
): Promise<{ readonly made: z.infer<Schema>; readonly wasFound: boolean }> {
  const tries: Tries = { used: 0 };
  let found = mayExist ? await look(tries) : undefined;
  if (found !== undefined) return { made: found, wasFound: true };

  // Stays so once it is: the first of several may show up late.
  let isInDoubt = mayExist;
  const rule = async (failure: Result): Promise<boolean> => {
    const isDoubtful = mayHaveArrived(failure);
    isInDoubt ||= isDoubtful;
    // To ask again helps with a conflict too: what is there already may be found then.
    const isPassing = isRetried(failure) || statusOf(failure) === 409;
    const willRetry = isPassing && (await sender.retry(failure, call, tries));
    if (!isInDoubt || !(isPassing || isDoubtful)) return willRetry;
    if (!willRetry) await sender.pause(failure, call, tries, 'a last look for it');
    found = await look(tries).catch((error: unknown) => {
      throw error instanceof ApiError ? unknownOutcome(call, sender.textOf(failure), error) : error;
    });
    return willRetry && found === undefined;
  };
  const last = await sender.send(call, tries, body, rule);
  if (found !== undefined) return { made: found, wasFound: true };
  return { made: sender.read(last, schema, call, isInDoubt ? ', and not found' : ''), wasFound: false };
}

function unknownOutcome({ method, url }: Call, what: string, { story }: ApiError): ApiError {
  const both = `${method} ${url} ${what}, and it is not known whether it took effect: ${story}`;
  return new ApiError(both, 'Look for the span in Opper before you run the job again.', true);
}

/** Whether a request may have been carried out all the same: it was not refused, and a connection was there to send it on. */
function mayHaveArrived(failure: Result): boolean {
  if ('answer' in failure) return [408, 409].includes(failure.answer.status) || failure.answer.status >= 500;
  const { thrown } = failure;
  if (thrown instanceof ProxyError || !isWorthRetrying(thrown)) return false;
  // An address with several IPs gives an error for each.
  const [first] = thrown instanceof AggregateError ? thrown.errors : [thrown];
  return !['connect', 'getaddrinfo'].includes(first?.syscall);
}
