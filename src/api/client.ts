import { createFetch, type FetchContext, FetchError } from 'ofetch';
import { redactorOf } from '../secret.ts';
import {
  type Answer,
  answerText,
  BadAnswerError,
  connectionError,
  failureText,
  isFinal,
  refusal,
  secondsOf,
  spanOf,
} from './answer.ts';
import type { Span, SpanPatch } from './span.ts';

/** An answer longer than this is no span. */
export const MAX_BODY_BYTES = 32 * 1024 * 1024;

const MAX_RETRY_AFTER_MS = 60_000;
const FIRST_WAIT_MS = 500;
const MAX_WAIT_MS = 10_000;
// ofetch's own, less 409: a conflict does not go away by asking again.
const RETRIED_STATUSES = [408, 425, 429, 500, 502, 503, 504];

export interface ClientOptions {
  readonly baseUrl: string;
  readonly apiKey: string;
  readonly userAgent: string;
  /** Limit of one attempt, body included. */
  readonly timeoutMs: number;
  /** Attempts after the first. */
  readonly retries: number;
  readonly fetch: typeof fetch;
  /** Resolves after so many milliseconds. */
  readonly wait: (ms: number) => Promise<void>;
  /** At least 0 and below 1. */
  readonly random: () => number;
  readonly now: () => number;
  /** Told before each wait: what happened, how long the wait is, which attempt comes next. One line, foreign text in it. */
  readonly onRetry: (notice: string) => void;
}

export interface Client {
  /** `GET /spans/{id}`. Throws {@link ApiError}. */
  getSpan(id: string): Promise<Span>;
  /** `PATCH /spans/{id}`; resolves to the span as the API answers it. Throws {@link ApiError}. */
  updateSpan(id: string, patch: SpanPatch): Promise<Span>;
  /** What has been sent and answered so far. */
  readonly traffic: Readonly<Traffic>;
}

interface Traffic {
  requests: number;
  /** HTTP status of the last answer. */
  status: number | undefined;
}

/**
 * The spans API (v2) over ofetch. Every request goes to the origin of `baseUrl` and redirects are not followed, so the
 * key reaches no other; it lives in this closure and in no object that is thrown or shown.
 *
 * An attempt ends with its whole body read (see {@link attemptWith}), so ofetch retries what breaks half-way too, each
 * attempt with its own timeout. That, and what is set and hooked in below, keeps out four ways of ofetch 1.5.1: `timeout`
 * is not renewed for a retry and ends at the headers (unjs/ofetch#621, #620); PATCH is not retried, 409 is; a body that is
 * not JSON comes back as text; redirects are followed.
 */
export function createClient(options: ClientOptions): Client {
  const { baseUrl, apiKey, timeoutMs, retries, now, onRetry } = options;
  const traffic: Traffic = { requests: 0, status: undefined };
  const request = createFetch({ fetch: attemptWith(options, traffic) });
  const redact = redactorOf(apiKey);

  async function send(method: 'GET' | 'PATCH', id: string, patch?: SpanPatch): Promise<Span> {
    const url = urlOf(baseUrl, id);
    const firstRequest = traffic.requests;
    const attempts = () => traffic.requests - firstRequest;
    const call = () => ({ method, url, attempts: attempts(), redact });
    const beforeRetry = async (context: FetchContext) => {
      const wait = waitAfter(context, attempts(), options);
      if (wait === undefined) {
        context.options.retry = false;
      } else if (attempts() <= retries) {
        const { error, response } = context;
        const what = response ? answerText(answerOf(response, now())) : failureText(error, timeoutMs);
        onRetry(`${method} ${what}; attempt ${attempts() + 1} of ${retries + 1} in ${secondsOf(wait)}`);
        await options.wait(wait);
      }
    };
    try {
      const response = await request.raw<string, 'text'>(url, {
        method,
        headers: {
          accept: 'application/json',
          authorization: `Bearer ${apiKey}`,
          'user-agent': options.userAgent,
        },
        ...(patch && { body: patch }),
        responseType: 'text',
        redirect: 'manual',
        retry: retries,
        onRequestError: beforeRetry,
        onResponseError: beforeRetry,
      });
      return spanOf(answerOf(response, now()), call(), id);
    } catch (error) {
      if (!(error instanceof FetchError)) throw error;
      // The FetchError itself holds the request's headers, and with them the key.
      throw error.response
        ? refusal(answerOf(error.response, now()), call(), MAX_RETRY_AFTER_MS)
        : connectionError(error.cause, call(), timeoutMs);
    }
  }

  return {
    getSpan: (id) => send('GET', id),
    updateSpan: (id, patch) => send('PATCH', id, patch),
    traffic,
  };
}

/** The URL of a span; `baseUrl` has no slash at its end. */
export function urlOf(baseUrl: string, id: string): string {
  return `${baseUrl}/spans/${id}`;
}

/** One attempt as a `fetch`: a signal of its own, and a response whose body, bounded in size, has arrived. */
function attemptWith({ fetch, timeoutMs }: ClientOptions, traffic: Traffic): typeof globalThis.fetch {
  return async (input, init) => {
    traffic.requests++;
    const response = await fetch(input, { ...init, signal: AbortSignal.timeout(timeoutMs) });
    traffic.status = response.status;
    if (response.status > 599) throw new BadAnswerError(`the status ${response.status} is none of HTTP`);
    const text = await textOf(response);
    // A new Response would not take every status text that servers send.
    return Object.assign(response, { text: async () => text });
  };
}

async function textOf(response: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  // Leaving the loop early cancels the stream, and with it the connection.
  for await (const chunk of response.body ?? []) {
    size += chunk.byteLength;
    if (size > MAX_BODY_BYTES) {
      throw new BadAnswerError(
        `the answer is larger than ${MAX_BODY_BYTES / 1024 / 1024} MiB, which no span is`,
      );
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks, size).toString();
}

/** How long to wait before the next attempt in milliseconds, undefined where there is no point in one. */
function waitAfter(
  { error, response }: FetchContext,
  attempt: number,
  { random, now }: ClientOptions,
): number | undefined {
  if (response ? !RETRIED_STATUSES.includes(response.status) : isFinal(error)) return undefined;
  const asked = response && retryAfterMs(response, now());
  if (asked !== undefined) return asked <= MAX_RETRY_AFTER_MS ? asked : undefined;
  return random() * Math.min(FIRST_WAIT_MS * 2 ** (attempt - 1), MAX_WAIT_MS);
}

function answerOf(response: Response & { _data?: string }, now: number): Answer {
  return {
    status: response.status,
    statusText: response.statusText,
    location: response.headers.get('location'),
    retryAfterMs: RETRIED_STATUSES.includes(response.status) ? retryAfterMs(response, now) : undefined,
    body: response._data ?? '',
  };
}

/** `Retry-After` in milliseconds (RFC 9110, section 10.2.3: seconds or a date); undefined where absent or neither. */
function retryAfterMs({ headers }: Response, now: number): number | undefined {
  const value = headers.get('retry-after')?.trim() ?? '';
  if (/^\d+$/.test(value)) return Number(value) * 1000;
  // Date.parse alone takes nearly anything for a date, "-5" too.
  const date = / GMT$/.test(value) ? Date.parse(value) : Number.NaN;
  return Number.isNaN(date) ? undefined : Math.max(date - now, 0);
}
