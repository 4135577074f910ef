import { type CreateFetchOptions, createFetch, type FetchContext, FetchError } from 'ofetch';
import type * as z from 'zod/mini';
import { secondsText } from '../words.ts';
import { type Answer, answerText, apiError, type Call, read } from './answer.ts';
import { failureHint, failureText, isWorthRetrying } from './no-answer.ts';
import { isRetriedStatus, isTooLong, retryAfterMs, waitBefore } from './retry.ts';
import type { Transport } from './transport.ts';

export interface SenderOptions {
  readonly apiKey: string;
  readonly userAgent: string;
  /** Limit of one attempt, as the transport has it; for messages. */
  readonly timeoutMs: number;
  /** Attempts after the first. */
  readonly retries: number;
  readonly transport: Transport;
  /** Resolves after so many milliseconds. */
  readonly wait: (ms: number) => Promise<void>;
  /** At least 0 and below 1. */
  readonly random: () => number;
  readonly now: () => number;
  /** Told before each wait: what happened, what comes next, how long the wait is. One line, foreign text in it. */
  readonly onRetry: (notice: string) => void;
}

/** What came of an attempt: an answer, whatever its status, or none. */
export type Result = { readonly answer: Answer } | { readonly thrown: unknown };
/** The last of several attempts. */
type LastResult = Result & { readonly attempts: number };

/** The retries that one call of the client has used, over all the requests it takes. */
export interface Tries {
  used: number;
}

/** Decides after a failed attempt whether there is another, and waits until it is time for it. */
type RetryRule = (failure: Result) => Promise<boolean>;

export interface Traffic {
  requests: number;
  /** HTTP status of the last answer. */
  status: number | undefined;
}

export interface Sender {
  /** Sends a request, again where `rule` says so; the usual one is {@link retry}. Never throws for what a server does. */
  send(call: Call, tries: Tries, body?: string, rule?: RetryRule): Promise<LastResult>;
  /** What the last answer holds. Throws {@link ApiError} where none came, or one that holds something else. */
  read<Schema extends z.ZodMiniType>(
    last: LastResult,
    schema: Schema,
    call: Call,
    afterwards?: string,
  ): z.infer<Schema>;
  /** Waits for the next attempt and resolves to true, where retries are left and the server asks for no long wait. */
  retry(failure: Result, call: Call, tries: Tries): Promise<boolean>;
  /** Waits as before a retry, for something else than one. */
  pause(failure: Result, call: Call, tries: Tries, next: string): Promise<void>;
  /** `returned 503 Service Unavailable` or `failed: read ECONNRESET`. */
  textOf(result: Result): string;
  readonly traffic: Readonly<Traffic>;
}

/**
 * Requests over ofetch, which makes and repeats them; when to, is decided here. The key lives in this closure and in no object
 * that is thrown or handed on.
 *
 * Works around two behaviours of ofetch 1.5.1: by itself it retries no PATCH and no POST; and a body that is an object makes it
 * load all of Node's fetch, so it gets text.
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
  // Of fetch and Headers, the transport has as much as ofetch uses.
  const request = createFetch({ fetch, Headers: transport.Headers } as unknown as CreateFetchOptions);

  function resultOf({ response, error }: { response?: TextResponse | undefined; error?: unknown }): Result {
    if (!response) return { thrown: error };
    const { status, statusText, headers, _data: body = '' } = response;
    const location = headers.get('location');
    return {
      answer: {
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
            ...(body !== undefined && { 'content-type': 'application/json' }),
          },
          ...(body !== undefined && { body }),
          responseType: 'text',
          retry: false,
          onRequestError: onFailure,
          onResponseError: onFailure,
        });
        return { ...resultOf({ response }), attempts };
      } catch (error) {
        // It holds the request's headers, and with them the key, so it goes no further.
        if (!(error instanceof FetchError)) throw error;
        return { ...resultOf({ response: error.response, error: error.cause }), attempts };
      }
    },

    read(last, schema, call, afterwards = '') {
      const tried = `${last.attempts === 1 ? 'tried once' : `tried ${last.attempts} times`}${afterwards}`;
      if ('answer' in last) return read(last.answer, schema, call, tried);
      const { thrown } = last;
      throw apiError(
        call,
        `${sender.textOf(last)} (${tried})`,
        '',
        failureHint(thrown),
        isWorthRetrying(thrown),
      );
    },

    async retry(failure, call, tries) {
      const askedMs = 'answer' in failure ? failure.answer.retryAfterMs : undefined;
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
      'answer' in result ? answerText(result.answer) : failureText(result.thrown, timeoutMs),
  };
  return sender;
}

/** A response as ofetch hands it on, its text in `_data`. */
type TextResponse = Pick<Response, 'status' | 'statusText' | 'headers'> & { _data?: string };

/** Whether the same request may well be answered otherwise the next time. */
export function isRetried(failure: Result): boolean {
  return 'answer' in failure ? isRetriedStatus(failure.answer.status) : isWorthRetrying(failure.thrown);
}

export function statusOf(result: Result): number | undefined {
  return 'answer' in result ? result.answer.status : undefined;
}
