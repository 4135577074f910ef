import { type CreateFetchOptions, createFetch, type FetchContext, FetchError } from 'ofetch';
import * as z from 'zod/mini';
import { ApiError, InputError } from '../errors.ts';
import { quoted, secondsText } from '../words.ts';
import { type Answer, answerText, apiError, type Call, read } from './answer.ts';
import { Metric, MetricPage, metricOf, type NewMetric } from './metric.ts';
import { failureHint, failureText, isWorthRetrying } from './no-answer.ts';
import { ProxyError } from './proxy.ts';
import { isRetriedStatus, isTooLong, retryAfterMs, waitBefore } from './retry.ts';
import { type NewSpan, Span, type SpanPatch } from './span.ts';
import { MAX_BODY_BYTES, type Transport } from './transport.ts';

const MIB = 1024 * 1024;
const PAGE = 100;

export interface ClientOptions {
  /** Without a slash at its end. */
  readonly baseUrl: string;
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
  /** Told before each wait: what happened, how long the wait is, what comes next. One line, foreign text in it. */
  readonly onRetry: (notice: string) => void;
}

/** All throw {@link ApiError}; those that send a body throw {@link InputError} for one that is too large, before sending it. */
export interface Client {
  /** `GET /spans/{id}`. The words for a 404 depend on whether it is to be written then. */
  readSpan(id: string, options?: { readonly isBeforeWrite?: boolean }): Promise<Span>;
  /** `PATCH /spans/{id}`; resolves to the span as the API answers it. */
  updateSpan(id: string, patch: SpanPatch): Promise<Span>;
  /**
   * `POST /spans`, in such a way that the span is made once: where it is not known whether a POST arrived (timeout, reset, 408,
   * 409, 5xx), a look for the span comes before the next, and at the very end. With `mayExist`, when an earlier step may have
   * made the span, a look comes first. `wasFound` says that a look found it: then it holds what was sent then.
   */
  createSpan(
    span: NewSpan,
    options?: { readonly mayExist?: boolean },
  ): Promise<{ readonly span: Span; readonly wasFound: boolean }>;
  /** `GET /spans/{id}/metrics`, all pages. */
  listMetrics(spanId: string): Promise<readonly Metric[]>;
  /** `POST /spans/{id}/metrics`, once by the rule of {@link createSpan}; a metric of that dimension counts as found. */
  createMetric(
    spanId: string,
    metric: NewMetric,
  ): Promise<{ readonly metric: Metric; readonly wasFound: boolean }>;
  /** `PATCH /spans/{id}/metrics/{metric_id}`. */
  updateMetric(spanId: string, metricId: string, change: Omit<NewMetric, 'dimension'>): Promise<Metric>;
  /** What has been sent and answered so far. */
  readonly traffic: Readonly<Traffic>;
}

interface Traffic {
  requests: number;
  /** HTTP status of the last answer. */
  status: number | undefined;
}

/** The retries that one call of the client has used, over all its requests. */
interface Tries {
  used: number;
}

/** What came of an attempt: an answer, whatever its status, or none. */
type Result = { readonly answer: Answer } | { readonly thrown: unknown };
/** The last attempt of several. */
type LastResult = Result & { readonly attempts: number };

interface Exchange {
  readonly call: Call;
  readonly tries: Tries;
  readonly body?: string;
  /** Called after each attempt that failed. Resolves to whether another is made, when it is time for it. */
  readonly mayRetry?: (failure: Result) => Promise<boolean>;
}

/** The URL of the spans, or of one. `baseUrl` has no slash at its end. */
export function spanUrl(baseUrl: string, id?: string): string {
  return id === undefined ? `${baseUrl}/spans` : `${baseUrl}/spans/${encodeURIComponent(id)}`;
}

/**
 * The spans API (v2) over ofetch, which makes the requests and repeats them; when, is decided here. Every request goes below
 * `baseUrl`. The key lives in this closure and in no object that is thrown or shown.
 *
 * Works around two behaviours of ofetch 1.5.1: it retries no PATCH and no POST, but a 409; and a body that is an object makes
 * it load all of Node's fetch, so it gets text.
 */
export function createClient(options: ClientOptions): Client {
  const { baseUrl, apiKey, userAgent, timeoutMs, retries, transport, now } = options;
  const traffic: Traffic = { requests: 0, status: undefined };

  const attempt: Transport['fetch'] = async (url, init) => {
    traffic.requests++;
    const reply = await transport.fetch(url, init);
    traffic.status = reply.status;
    return reply;
  };
  // The transport has as much of fetch and Headers as ofetch uses.
  const request = createFetch({
    fetch: attempt,
    Headers: transport.Headers,
  } as unknown as CreateFetchOptions);

  async function exchange({
    call,
    tries,
    body,
    mayRetry = (failure) => retry(failure, call, tries, isRetried),
  }: Exchange): Promise<LastResult> {
    let attempts = 1;
    const onFailure = async (context: FetchContext) => {
      const willRetry = await mayRetry(resultOf(context));
      if (willRetry) attempts++;
      context.options.retry = willRetry ? 1 : false;
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
      return { answer: answerOf(response), attempts };
    } catch (error) {
      // It holds the request's headers, and with them the key, so it goes no further.
      if (!(error instanceof FetchError)) throw error;
      return { ...resultOf({ response: error.response, error: error.cause }), attempts };
    }
  }

  /** Waits for the next attempt, where there is one. */
  async function retry(
    failure: Result,
    { method }: Call,
    tries: Tries,
    isWorthIt: (failure: Result) => boolean,
  ): Promise<boolean> {
    const askedMs = 'answer' in failure ? failure.answer.retryAfterMs : undefined;
    if (tries.used >= retries || !isWorthIt(failure) || isTooLong(askedMs)) return false;
    tries.used++;
    const next = `attempt ${tries.used + 1} of ${retries + 1}`;
    await pause(`${method} ${textOf(failure)}; ${next}`, waitBefore(tries.used, askedMs, options.random()));
    return true;
  }

  async function pause(what: string, ms: number): Promise<void> {
    options.onRetry(`${what} in ${secondsText(ms)}`);
    await options.wait(ms);
  }

  /**
   * Makes something with a POST, once. `look` resolves to it where it is there already. Throws {@link ApiError} where it was
   * neither made nor found.
   */
  async function makeOnce<Schema extends z.ZodMiniType>(
    call: Call,
    body: string,
    schema: Schema,
    look: (tries: Tries) => Promise<z.infer<Schema> | undefined>,
    mayExist: boolean,
  ): Promise<{ made: z.infer<Schema>; wasFound: boolean }> {
    const tries: Tries = { used: 0 };
    let found = mayExist ? await look(tries) : undefined;
    if (found !== undefined) return { made: found, wasFound: true };

    // Stays so once it is: the first of several may show up late.
    let isInDoubt = mayExist;
    const mayRetry = async (failure: Result): Promise<boolean> => {
      const isDoubtful = mayHaveArrived(failure);
      isInDoubt ||= isDoubtful;
      const willRetry = await retry(
        failure,
        call,
        tries,
        (each) => isRetried(each) || statusOf(each) === 409,
      );
      if (!isInDoubt || !(willRetry || isRetried(failure) || isDoubtful)) return willRetry;

      if (!willRetry) {
        const wait = waitBefore(tries.used + 1, undefined, options.random());
        await pause(`${call.method} ${textOf(failure)}; a last look for it`, wait);
      }
      try {
        found = await look(tries);
      } catch (error) {
        if (!(error instanceof ApiError)) throw error;
        const story = `${call.method} ${call.url} ${textOf(failure)}, and whether it was carried out is not known`;
        throw new ApiError(`${story}: ${error.message}`, true);
      }
      return willRetry && found === undefined;
    };
    const last = await exchange({ call, tries, body, mayRetry });
    if (found !== undefined) return { made: found, wasFound: true };
    return { made: readLast(last, schema, call, isInDoubt ? ', and not found' : ''), wasFound: false };
  }

  async function metricsOf(spanId: string, tries: Tries): Promise<readonly Metric[]> {
    const metrics = new Map<string, Metric>();
    for (let offset = 0; ; offset += PAGE) {
      const call: Call = {
        method: 'GET',
        url: `${metricUrl(baseUrl, spanId)}?offset=${offset}&limit=${PAGE}`,
        wanted: 'a list of metrics',
        ifNotFound: CHECK_SPAN,
      };
      const { data, meta } = readLast(await exchange({ call, tries }), MetricPage, call);
      const before = metrics.size;
      // Another step may add some meanwhile, and move the rest to later pages.
      for (const metric of data) metrics.set(metric.id, metric);
      if (metrics.size >= meta.total_count || metrics.size === before) return [...metrics.values()];
    }
  }

  function answerOf(response: Response & { _data?: string }): Answer {
    return {
      status: response.status,
      statusText: response.statusText,
      location: response.headers.get('location'),
      retryAfterMs: retryAfterMs(response.headers.get('retry-after'), now()),
      body: response._data ?? '',
    };
  }

  function resultOf({ response, error }: { response?: Response | undefined; error?: unknown }): Result {
    return response ? { answer: answerOf(response) } : { thrown: error };
  }

  function textOf(result: Result): string {
    return 'answer' in result ? answerText(result.answer) : failureText(result.thrown, timeoutMs);
  }

  /** What the answer holds. Throws {@link ApiError} where there is none, or one that holds something else. */
  function readLast<Schema extends z.ZodMiniType>(
    last: LastResult,
    schema: Schema,
    call: Call,
    afterwards = '',
  ): z.infer<Schema> {
    const tried = `${last.attempts === 1 ? 'tried once' : `tried ${last.attempts} times`}${afterwards}`;
    if ('answer' in last) return read(last.answer, schema, call, tried);
    const { thrown } = last;
    throw apiError(call, `${textOf(last)} (${tried})`, '', failureHint(thrown), isWorthRetrying(thrown));
  }

  return {
    traffic,

    async readSpan(id, { isBeforeWrite = false } = {}) {
      const ifNotFound = isBeforeWrite ? `${CHECK_SPAN_READ} ${WRITE_UNREAD}` : CHECK_SPAN_READ;
      const call: Call = { method: 'GET', url: spanUrl(baseUrl, id), wanted: 'the span', ifNotFound };
      return readLast(await exchange({ call, tries: { used: 0 } }), spanWith(id), call);
    },

    async updateSpan(id, patch) {
      const url = spanUrl(baseUrl, id);
      const call: Call = { method: 'PATCH', url, wanted: 'the span', ifNotFound: CHECK_SPAN_READ };
      const last = await exchange({ call, tries: { used: 0 }, body: bodyOf(patch) });
      return readLast(last, spanWith(id), call);
    },

    async createSpan(span, { mayExist = false } = {}) {
      const ifNotFound = span.parent_id === undefined ? CHECK_ADDRESS : CHECK_PARENT;
      const call: Call = { method: 'POST', url: spanUrl(baseUrl), wanted: 'a span', ifNotFound };
      const url = spanUrl(baseUrl, span.id);
      const lookCall: Call = { method: 'GET', url, wanted: 'the span', ifNotFound: '' };
      const look = async (tries: Tries) => {
        const last = await exchange({ call: lookCall, tries });
        return statusOf(last) === 404 ? undefined : readLast(last, spanWith(span.id), lookCall);
      };
      const { made, wasFound } = await makeOnce(call, bodyOf(span), Span, look, mayExist);
      return { span: made, wasFound };
    },

    listMetrics: (spanId) => metricsOf(spanId, { used: 0 }),

    async createMetric(spanId, metric) {
      const url = metricUrl(baseUrl, spanId);
      const call: Call = { method: 'POST', url, wanted: 'a metric', ifNotFound: CHECK_SPAN };
      const look = async (tries: Tries) => metricOf(await metricsOf(spanId, tries), metric.dimension);
      const { made, wasFound } = await makeOnce(call, bodyOf(metric), Metric, look, false);
      return { metric: made, wasFound };
    },

    async updateMetric(spanId, metricId, change) {
      const url = metricUrl(baseUrl, spanId, metricId);
      const call: Call = { method: 'PATCH', url, wanted: 'a metric', ifNotFound: CHECK_SPAN };
      return readLast(await exchange({ call, tries: { used: 0 }, body: bodyOf(change) }), Metric, call);
    },
  };
}

const CHECK_SPAN = 'Check span_id, that the key belongs to the project of the span, and base_url.';
const CHECK_SPAN_READ = `${CHECK_SPAN} A span made a moment ago can take a little until it is there.`;
const WRITE_UNREAD =
  'A project that retains no data cannot be read: meta_mode: replace writes without reading the span.';
const CHECK_PARENT = 'Check parent_id, that the key belongs to the project of the parent, and base_url.';
const CHECK_ADDRESS = 'Check base_url, and the project of the key.';

function metricUrl(baseUrl: string, spanId: string, metricId?: string): string {
  const url = `${spanUrl(baseUrl, spanId)}/metrics`;
  return metricId === undefined ? url : `${url}/${encodeURIComponent(metricId)}`;
}

/** The schema of one span and no other. */
function spanWith(id: string) {
  return Span.check(
    z.refine((span) => span.id.toLowerCase() === id.toLowerCase(), {
      path: ['id'],
      error: ({ input }) => `another span was asked for than ${quoted(String((input as Span).id))}`,
    }),
  );
}

function statusOf(result: Result): number | undefined {
  return 'answer' in result ? result.answer.status : undefined;
}

function isRetried(failure: Result): boolean {
  return 'answer' in failure ? isRetriedStatus(failure.answer.status) : isWorthRetrying(failure.thrown);
}

/** Whether the request may have been carried out all the same: it is not known to have been refused, nor never to have left. */
function mayHaveArrived(failure: Result): boolean {
  if ('answer' in failure) return [408, 409].includes(failure.answer.status) || failure.answer.status >= 500;
  const { thrown } = failure;
  if (thrown instanceof ProxyError || !isWorthRetrying(thrown)) return false;
  const [first] = thrown instanceof AggregateError ? thrown.errors : [thrown];
  return !['connect', 'getaddrinfo'].includes(first?.syscall);
}

/** A request's body. Throws {@link InputError} for one that is larger than an answer may be: it could never be read again. */
function bodyOf(fields: object): string {
  const body = JSON.stringify(fields);
  const size = Buffer.byteLength(body);
  if (size <= MAX_BODY_BYTES) return body;
  const sizes = Object.entries(fields).map(
    ([name, value]) => [name, Buffer.byteLength(JSON.stringify(value) ?? '')] as const,
  );
  const [name, largest] = sizes.reduce((a, b) => (b[1] > a[1] ? b : a));
  throw new InputError([
    {
      name,
      message: `is ${mibText(largest)} of the ${mibText(size)} to send; a span has at most ${mibText(MAX_BODY_BYTES)}. Shorten it`,
    },
  ]);
}

function mibText(bytes: number): string {
  return `${Math.ceil((bytes * 10) / MIB) / 10} MiB`;
}
