import type * as z from 'zod/mini';
import { InputError } from '../errors.ts';
import { MAX_BYTES } from '../files.ts';
import { mibText } from '../text.ts';
import { createOnce } from './create-once.ts';
import { Metric, MetricPage, type MetricValue, type NewMetric, newestOf } from './metric.ts';
import { apiError, type Call } from './response.ts';
import { Sender, type SenderOptions, type Tries } from './sender.ts';
import { type NewSpan, Span, type SpanPatch } from './span.ts';
import { Trace, TracePage } from './traces.ts';

const METRICS_PER_PAGE = 100;
const TRACES_PER_PAGE = 100;
// More than any span has. Without a limit, a server that always has another page would keep the step running forever.
const MAX_PAGES = 100;

export interface ClientOptions extends SenderOptions {
  /** Without a slash at its end. */
  readonly baseUrl: string;
}

export interface TraceOptions {
  /** Whether no failure is retried. */
  readonly isTriedOnce: boolean;
}

/**
 * The spans API, v2. All methods throw {@link ApiError}. Those with a body throw {@link InputError} instead of sending one that
 * is too large.
 */
export interface Client {
  /**
   * `GET /spans/{id}`. With `isBeforeWrite`, the error for a 404 says how to write without reading. With `isNew`, a 404 is retried,
   * since a span that was just created may take a moment to appear.
   */
  readSpan(
    id: string,
    options?: { readonly isBeforeWrite?: boolean; readonly isNew?: boolean },
  ): Promise<Span>;
  /** `PATCH /spans/{id}`; resolves to the span in the response. */
  updateSpan(id: string, patch: SpanPatch): Promise<Span>;
  /**
   * `POST /spans`, created only once: if it is not known whether a POST arrived (timeout, reset, 408, 409, 5xx), this looks for the
   * span before the next POST. Set `mayExist` if an earlier call may have created the span: then it looks first.
   */
  createSpan(span: NewSpan, options?: { readonly mayExist?: boolean }): Promise<CreatedSpan>;
  /** `GET /spans/{id}/metrics`, all pages: the newest metric of each dimension. */
  listMetrics(spanId: string): Promise<ReadonlyMap<string, Metric>>;
  /** `POST /spans/{id}/metrics`, created once as in {@link createSpan}. It looks for the newest metric of that dimension. */
  createMetric(
    spanId: string,
    metric: NewMetric,
  ): Promise<{ readonly metric: Metric; readonly wasFound: boolean }>;
  /** `PATCH /spans/{id}/metrics/{metric_id}`. */
  updateMetric(spanId: string, metricId: string, change: MetricValue): Promise<Metric>;
  /** `GET /traces?name=…`: at most 100 traces. The name of a found trace contains `name`, but may be longer. */
  listTraces(name: string, offset: number, options: TraceOptions): Promise<TracePage>;
  /** `GET /traces/{id}`. Set `isNew` if the trace was just created: then a 404 is retried. */
  readTrace(id: string, options: TraceOptions & { readonly isNew?: boolean }): Promise<Trace>;
  /** The number of requests and the last status so far. */
  readonly traffic: Readonly<Sender['traffic']>;
}

/** Use the id of the span, which may differ from the given one. */
type CreatedSpan =
  /** `wasFound` means that the span was found, unchanged by this call. */
  | { readonly span: Span; readonly wasFound: boolean; readonly isUnread?: false }
  /** The API says that the span exists, but does not show it. */
  | { readonly span: Pick<Span, 'id'>; readonly wasFound: true; readonly isUnread: true };

/** A client that sends all requests below `baseUrl`. */
export function createClient({ baseUrl, ...options }: ClientOptions): Client {
  const sender = new Sender(options);

  async function request<Schema extends z.ZodMiniType>(
    call: Call,
    schema: Schema,
    tries: Tries = { used: 0 },
  ): Promise<z.infer<Schema>> {
    return sender.read(await sender.send(call, tries), schema, call);
  }

  async function metricsOf(spanId: string, tries: Tries): Promise<ReadonlyMap<string, Metric>> {
    const metrics = new Map<string, Metric>();
    for (let page = 0; ; page++) {
      const url = `${metricUrl(baseUrl, spanId)}?offset=${page * METRICS_PER_PAGE}&limit=${METRICS_PER_PAGE}`;
      const call: Call = { method: 'GET', url, wanted: 'a list of metrics', ifNotFound: CHECK_SPAN };
      if (page === MAX_PAGES) throw apiError(call, TOO_MANY_METRICS, REMOVE_METRICS);
      const { data, meta } = await request(call, MetricPage, tries);
      const countBefore = metrics.size;
      // If other metrics are added meanwhile, some may move to the next page and appear twice.
      for (const metric of data) metrics.set(metric.id, metric);
      if (metrics.size >= meta.total_count || metrics.size === countBefore) {
        return newestOf(metrics.values());
      }
    }
  }

  return {
    traffic: sender.traffic,

    readSpan(id, { isBeforeWrite = false, isNew = false } = {}) {
      const ifNotFound = isBeforeWrite ? `${CHECK_NEW_SPAN} ${HOW_TO_WRITE_UNREAD}` : CHECK_NEW_SPAN;
      const url = spanUrl(baseUrl, id);
      return request({ method: 'GET', url, wanted: 'the span', ifNotFound, id, isNew }, Span);
    },

    async updateSpan(id, patch) {
      const url = spanUrl(baseUrl, id);
      const body = bodyOf(patch);
      return request(
        { method: 'PATCH', url, body, wanted: 'the span', ifNotFound: CHECK_NEW_SPAN, id },
        Span,
      );
    },

    async createSpan(span, { mayExist = false } = {}) {
      const ifNotFound = span.parent_id === undefined ? CHECK_ADDRESS : CHECK_PARENT;
      const expected = { wanted: 'a span', ifNotFound };
      const call: Call = { method: 'POST', url: spanUrl(baseUrl), body: bodyOf(span), ...expected };
      const lookup: Call = { method: 'GET', url: spanUrl(baseUrl, span.id), id: span.id, ...expected };
      const look = async (tries: Tries) => {
        const last = await sender.send(lookup, tries);
        return last.response?.status === 404 ? undefined : sender.read(last, Span, lookup);
      };
      const unread: Pick<Span, 'id'> = { id: span.id };
      const { created, wasFound } = await createOnce(sender, call, { schema: Span, look, mayExist, unread });
      return 'name' in created
        ? { span: created, wasFound }
        : { span: created, wasFound: true, isUnread: true };
    },

    listMetrics: (spanId) => metricsOf(spanId, { used: 0 }),

    async createMetric(spanId, metric) {
      const url = metricUrl(baseUrl, spanId);
      const body = bodyOf(metric);
      const call: Call = { method: 'POST', url, body, wanted: 'a metric', ifNotFound: CHECK_SPAN };
      const look = async (tries: Tries) => (await metricsOf(spanId, tries)).get(metric.dimension);
      const { created, wasFound } = await createOnce(sender, call, { schema: Metric, look, mayExist: false });
      return { metric: created, wasFound };
    },

    async updateMetric(spanId, metricId, change) {
      const url = metricUrl(baseUrl, spanId, metricId);
      const body = bodyOf(change);
      return request({ method: 'PATCH', url, body, wanted: 'a metric', ifNotFound: CHECK_SPAN }, Metric);
    },

    listTraces(name, offset, { isTriedOnce }) {
      const query = `name=${encoded(name)}&offset=${offset}&limit=${TRACES_PER_PAGE}`;
      const call = { url: `${baseUrl}/traces?${query}`, wanted: 'a list of traces', isTriedOnce };
      return request({ method: 'GET', ifNotFound: CHECK_ADDRESS, ...call }, TracePage);
    },

    readTrace(id, options) {
      const call = { url: `${baseUrl}/traces/${encoded(id)}`, wanted: 'the trace', id, ...options };
      return request({ method: 'GET', ifNotFound: CHECK_ADDRESS, ...call }, Trace);
    },
  };
}

/** The URL of all spans, or of one. `baseUrl` has no slash at its end. */
export function spanUrl(baseUrl: string, id?: string): string {
  return id === undefined ? `${baseUrl}/spans` : `${baseUrl}/spans/${encoded(id)}`;
}

/** The URL of all metrics of a span, or of one. */
export function metricUrl(baseUrl: string, spanId: string, metricId?: string): string {
  const url = `${spanUrl(baseUrl, spanId)}/metrics`;
  return metricId === undefined ? url : `${url}/${encoded(metricId)}`;
}

/** An id from a response may contain anything. A lone surrogate cannot be encoded, so it is replaced. */
function encoded(id: string): string {
  return encodeURIComponent(id.toWellFormed());
}

const TOO_MANY_METRICS = `was not sent: the span has more than ${MAX_PAGES * METRICS_PER_PAGE} metrics`;
const REMOVE_METRICS = { attempts: 0, advice: 'Remove some of them.', isTransient: false };
const CHECK_SPAN = "Check span_id, base_url, and that the key belongs to the span's project.";
const CHECK_NEW_SPAN = `${CHECK_SPAN} A span that was just created may take a moment to appear.`;
const HOW_TO_WRITE_UNREAD =
  'Spans of a project that retains no data cannot be read. Set meta_mode: replace to write without reading.';
const CHECK_PARENT = "Check parent_id, base_url, and that the key belongs to the parent's project.";
const CHECK_ADDRESS = 'Check base_url, and which project the key belongs to.';

/** A request's body. Throws {@link InputError} if it is larger than a response may be, since it could never be read again. */
function bodyOf(fields: object): string {
  const body = JSON.stringify(fields);
  const size = Buffer.byteLength(body);
  if (size <= MAX_BYTES) return body;
  const [name, largest] = Object.entries(fields)
    .map(([field, value]) => [field, Buffer.byteLength(JSON.stringify(value))] as const)
    .reduce((a, b) => (b[1] > a[1] ? b : a));
  const message = `takes ${mibText(largest)} of the request's ${mibText(size)}. The limit is ${mibText(MAX_BYTES)}, so shorten it`;
  throw new InputError([{ name, message }]);
}
