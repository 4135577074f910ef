import { type CreateFetchOptions, createFetch, type FetchContext, FetchError } from 'ofetch';
import type * as z from 'zod/mini';
import { secondsText } from '../text.ts';
import { failureAdvice, failureText, isWorthRetrying } from './attempt-failure.ts';
import { apiError, type Call, type HttpResponse, read, responseText } from './response.ts';
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

/** The result of an attempt: a response with any status, or what was thrown. */
export type Result = { readonly response: HttpResponse } | { readonly thrown: unknown };
/** The result of the last attempt. */
type LastResult = Result & { readonly attempts: number };

/** The retries that one call of the client has used, for all its requests. */
export interface Tries {
  used: number;
}

/** Decides after a failed attempt whether to try again, and waits before that. */
type RetryRule = (failure: Result) => Promise<boolean>;

export interface Traffic {
  requests: number;
  /** HTTP status of the last response. */
  status: number | undefined;
}

export interface Sender {
  /** Sends a request, and again if `rule` says so, which is {@link retry} by default. Never throws for what a server does. */
  send(call: Call, tries: Tries, body?: string, rule?: RetryRule): Promise<LastResult>;
  /** The content of the last response. Throws {@link ApiError} if there was none, or if it has unexpected content. */
  read<Schema extends z.ZodMiniType>(
    last: LastResult,
    schema: Schema,
    call: Call,
    afterwards?: string,
  ): z.infer<Schema>;
  /** Waits and resolves to true. Resolves to false at once if no retries are left or the server asks for too long a wait. */
  retry(failure: Result, call: Call, tries: Tries): Promise<boolean>;
  /** Waits as before a retry, but for another request, described by `next`. */
  pause(failure: Result, call: Call, tries: Tries, next: string): Promise<void>;
  /** `returned 503 Service Unavailable` or `failed: read ECONNRESET`. */
  textOf(result: Result): string;
  readonly traffic: Readonly<Traffic>;
}

/**
 * Sends requests with ofetch, which sends one again if `rule` says so. The key stays in this closure and is in no object that is
 * thrown or passed on.
 *
 * Works around two behaviours of ofetch 1.5.1: by default it does not retry PATCH and POST; and for a body that is an object it
 * loads all of Node's fetch, so the body is passed as text. ofetch adds the `content-type` of JSON to it.
 */
export function createSender(options: SenderOptions): Sender {
  const { apiKey, userAgent, timeoutMs, retries, transport, now } = options;
  const traffic: Traffic = { requests: 0, status: undefined };
  const fetch: Transport['fetch'] = async (url, init) => {
    traffic.requests++;
    const reply = await transport.fetch(url, init);
    traffic.status = reply.status;
    return reply;
  };
  // The transport implements only what ofetch uses of fetch and Headers.
  const request = createFetch({ fetch, Headers: transport.Headers } as unknown as CreateFetchOptions);

  function resultOf({ response, error }: { response?: TextResponse | undefined; error?: unknown }): Result {
    if (!response) return { thrown: error };
    const { status, statusText, headers, _data: body = '' } = response;
    const location = headers.get('location');
    return {
      response: {
        status,
        statusText,
        location,
        retryAfterMs: retryAfterMs(headers.get('retry-after'), now()),
        body,
      },
    };
  }

  async function pauseFor(what: string, ms: number): Promise<void> {
    options.onRetry(`${what} in ${secondsText(ms)}`);
    await options.wait(ms);
  }

  const sender: Sender = {
    traffic,

    async send(
      call,
      tries,
      body,
      rule = async (failure) => isRetried(failure) && sender.retry(failure, call, tries),
    ) {
      let attempts = 1;
      const onFailure = async (context: FetchContext) => {
        const isAgain = await rule(resultOf(context));
        if (isAgain) attempts++;
        context.options.retry = isAgain ? 1 : false;
      };
      try {
        const response = await request.raw<string, 'text'>(call.url, {
          method: call.method,
          headers: {
            accept: 'application/json',
            authorization: `Bearer ${apiKey}`,
            'user-agent': userAgent,
          },
          body,
          responseType: 'text',
          onRequestError: onFailure,
          onResponseError: onFailure,
        });
        return { ...resultOf({ response }), attempts };
      } catch (error) {
        // Not rethrown: it contains the request's headers, and with them the key.
        if (!(error instanceof FetchError)) throw error;
        return { ...resultOf({ response: error.response, error: error.cause }), attempts };
      }
    },

    read(last, schema, call, afterwards = '') {
      const tried = `${last.attempts === 1 ? 'tried once' : `tried ${last.attempts} times`}${afterwards}`;
      if ('response' in last) return read(last.response, schema, call, tried);
      const { thrown } = last;
      throw apiError(
        call,
        `${sender.textOf(last)} (${tried})`,
        '',
        failureAdvice(thrown),
        isWorthRetrying(thrown),
      );
    },

    async retry(failure, call, tries) {
      const askedMs = 'response' in failure ? failure.response.retryAfterMs : undefined;
      if (tries.used >= retries || isTooLong(askedMs)) return false;
      tries.used++;
      await pauseFor(
        `${call.method} ${sender.textOf(failure)}; attempt ${tries.used + 1} of ${retries + 1}`,
        waitBefore(tries.used, askedMs, options.random()),
      );
      return true;
    },

    async pause(failure, call, tries, next) {
      await pauseFor(
        `${call.method} ${sender.textOf(failure)}; ${next}`,
        waitBefore(tries.used + 1, undefined, options.random()),
      );
    },

    textOf: (result) =>
      'response' in result ? responseText(result.response) : failureText(result.thrown, timeoutMs),
  };
  return sender;
}

/** A response from ofetch, with its text in `_data`. */
type TextResponse = Pick<Response, 'status' | 'statusText' | 'headers'> & { _data?: string };

/** Whether a retry may succeed. */
export function isRetried(failure: Result): boolean {
  return 'response' in failure ? isRetriedStatus(failure.response.status) : isWorthRetrying(failure.thrown);
}

export function statusOf(result: Result): number | undefined {
  return 'response' in result ? result.response.status : undefined;
}
