import { type CreateFetchOptions, createFetch, FetchError, type FetchOptions } from 'ofetch';
import type * as z from 'zod/mini';
import { secondsText } from '../text.ts';
import { failureAdvice, failureText, isWorthRetrying } from './attempt-failure.ts';
import {
  apiError,
  attemptsText,
  type Call,
  type HttpResponse,
  readResponse,
  responseText,
} from './response.ts';
import { isRetriedStatus, isTooLong, retryAfterMs, waitBefore } from './retry.ts';
import type { Transport } from './transport.ts';

export interface SenderOptions {
  readonly apiKey: string;
  readonly userAgent: string;
  /** The transport's limit for one attempt, for messages. */
  readonly timeoutMs: number;
  /** Attempts after the first. */
  readonly retries: number;
  readonly transport: Transport;
  readonly wait: (ms: number) => Promise<void>;
  /** At least 0 and below 1. */
  readonly random: () => number;
  readonly now: () => number;
  /** Called before each wait with one line: what happened, what comes next, how long the wait is. May contain untrusted text. */
  readonly onRetry: (notice: string) => void;
}

/** What one attempt led to: a response with any status, or what was thrown. `number` is 1 for the first. */
export type Attempt = { readonly number: number } & (
  | { readonly response: HttpResponse; readonly thrown?: undefined }
  | { readonly response?: undefined; readonly thrown: unknown }
);

/** The retries that one call of the client has used, for all its requests. */
export interface Tries {
  used: number;
}

/**
 * Sends requests. The key stays in a private field and is in no object that is thrown or passed on.
 *
 * ofetch 1.5.1 makes one attempt and never decides about a retry. For a body that is an object it would load all of Node's fetch,
 * so the body is text. ofetch adds the `content-type` of JSON to it.
 */
export class Sender {
  /** The number of requests, and the HTTP status of the last response. */
  readonly traffic: { requests: number; status: number | undefined } = { requests: 0, status: undefined };
  readonly #options: SenderOptions;
  /** A wait that delays all requests. */
  #hold: Promise<unknown> | undefined;
  readonly #fetch: (
    url: string,
    options: FetchOptions<'text'> & { readonly isRetry: boolean },
  ) => Promise<HttpResponse>;

  constructor(options: SenderOptions) {
    this.#options = options;
    // The transport has the parts of fetch, Headers and Response that ofetch uses. ofetch resolves to the transport's own response.
    this.#fetch = createFetch(options.transport as unknown as CreateFetchOptions).raw as never;
  }

  /** Sends a request, and repeats it while a retry may help and retries are left. Never throws for what a server does. */
  async send(call: Call, tries: Tries): Promise<Attempt> {
    for (let number = 1; ; number++) {
      const attempt = await this.attempt(call, number, tries);
      const isWorthRetrying =
        (!call.isTriedOnce && isRetried(attempt)) || (call.isNew && attempt.response?.status === 404);
      if (!isWorthRetrying || !(await this.waitForRetry(attempt, call, tries))) return attempt;
    }
  }

  /** Sends a request once. Never throws for what a server does. */
  async attempt(call: Call, number: number, tries: Tries): Promise<Attempt> {
    const { apiKey, userAgent } = this.#options;
    for (let hold: unknown; hold !== this.#hold; ) {
      hold = this.#hold;
      await hold;
    }
    this.traffic.requests++;
    try {
      const response = await this.#fetch(call.url, {
        method: call.method,
        headers: {
          accept: 'application/json',
          authorization: `Bearer ${apiKey}`,
          'user-agent': userAgent,
        },
        body: call.body,
        isRetry: tries.used > 0,
        responseType: 'text',
        retry: false,
        ignoreResponseError: true,
      });
      this.traffic.status = response.status;
      return { number, response };
    } catch (error) {
      // Not rethrown: it contains the request's headers, and with them the key.
      if (!(error instanceof FetchError)) throw error;
      return { number, thrown: error.cause };
    }
  }

  /** The content of the last response. Throws {@link ApiError} if there was none, or if it has unexpected content. */
  read<Schema extends z.ZodMiniType>(last: Attempt, schema: Schema, call: Call): z.infer<Schema> {
    const { number: attempts, response, thrown } = last;
    if (response) return readResponse(response, schema, call, attempts, this.#options.now());
    const reason = `${this.#reasonOf(last)} (${attemptsText(attempts, call)})`;
    const isTransient = isWorthRetrying(thrown);
    throw apiError(call, reason, { attempts, advice: failureAdvice(thrown), isTransient });
  }

  /** Waits and resolves to true. Resolves to false at once if no retries are left or the server asks for too long a wait. */
  async waitForRetry(failed: Attempt, call: Call, tries: Tries): Promise<boolean> {
    const { retries, now } = this.#options;
    const askedMs = retryAfterMs(failed.response?.retryAfter, now());
    if (tries.used >= retries || isTooLong(askedMs)) return false;
    await this.waitFor(`attempt ${tries.used + 2} of ${retries + 1}`, failed, call, tries, askedMs);
    return true;
  }

  /**
   * Waits as before a retry, for the request that `next` describes, and at least `askedMs`. Counts as a retry, even if none is left.
   */
  async waitFor(next: string, failed: Attempt, call: Call, tries: Tries, askedMs?: number): Promise<void> {
    tries.used++;
    const ms = waitBefore(tries.used, askedMs, this.#options.random());
    const reason = `${this.#reasonOf(failed)}${isSuccess(failed) ? `, but without ${call.wanted}` : ''}`;
    this.#options.onRetry(`${call.method} ${reason}; ${next} in ${secondsText(ms)}`);
    const wait = this.#options.wait(ms);
    // The API wants fewer requests at once.
    if (failed.response?.status === 429) this.#hold = Promise.allSettled([this.#hold, wait]);
    await wait;
  }

  /** `returned 503 Service Unavailable` or `failed: read ECONNRESET`. */
  #reasonOf({ response, thrown }: Attempt): string {
    return response ? responseText(response) : failureText(thrown, this.#options.timeoutMs);
  }
}

/** Whether a retry may succeed. */
export function isRetried({ response, thrown }: Attempt): boolean {
  return response ? isRetriedStatus(response.status) : isWorthRetrying(thrown);
}

/** Whether a response came, with a status below 300. */
export function isSuccess({ response }: Attempt): boolean {
  return response !== undefined && response.status < 300;
}
