import { randomUUID } from 'node:crypto';
import {
  createServer as createHttpServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type ServerResponse,
} from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import { parseExactJson } from '../../src/json.ts';
import {
  bodyProblems,
  idProblems,
  METRIC_PATCH,
  NEW_METRIC,
  NEW_SPAN,
  queryProblems,
  type Schema,
  SPAN_PATCH,
} from './span-schema.ts';
import {
  createStore,
  type Metric,
  type NewMetricFields,
  type NewSpanFields,
  Refusal,
  type Span,
  type SpanStore,
  type StoreOptions,
} from './span-store.ts';

export type { Span } from './span-store.ts';

/**
 * A request as it arrived. `body` is the JSON, each number with its own digits ({@link parseExactJson}), or `undefined` if `text`
 * is not JSON. Header names are lower case.
 */
export interface SpanRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: unknown;
  readonly text: string;
}

/** An HTTP response. A body that is neither text nor bytes is sent as JSON. */
export interface Reply {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
}

/** One request in progress, with everything that a fault can use. */
export interface Exchange {
  readonly request: SpanRequest;
  readonly response: ServerResponse;
  /** The connection itself, for anything that is not HTTP. */
  readonly socket: Socket;
  /** Aborts when the connection is closed. Every wait of a fault must stop then. */
  readonly signal: AbortSignal;
  /** The API's response. The first call carries out the request, such as a PATCH; later calls do not. */
  handle(): Reply;
  /** Sends a complete response. */
  send(reply: Reply): void;
}

/** What happens instead of a response. `faults.ts` has constructors, but any function will do. */
export type Fault = (exchange: Exchange) => void | Promise<void>;

/** Which requests meet a fault: the next `times` (default 1) with the method `on` (default any) for which `when` is true. */
export interface FaultRule {
  readonly on?: 'GET' | 'PATCH' | 'POST' | 'DELETE' | '*';
  readonly when?: (request: SpanRequest) => boolean;
  readonly times?: number;
  readonly fault: Fault;
}

export interface SpanServerOptions extends StoreOptions {
  readonly key?: string;
  /** Leave null fields out of responses, as seen live. Default: false. */
  readonly omitNulls?: boolean;
  /** Wrap a span or a metric as `{ "data": … }`. Default: false. */
  readonly wrap?: boolean;
  /** Respond with a content length and few headers, not chunked with some fifteen as a real API does. Default: false. */
  readonly terse?: boolean;
  /** How long each response or fault is delayed. The request takes effect after that. Default: 0. */
  readonly latencyMs?: number;
  /** Serve https with this PEM key and certificate. */
  readonly tls?: { readonly key: string; readonly cert: string };
}

export interface SpanServer extends AsyncDisposable {
  /** `http://127.0.0.1:PORT/v2`, without a trailing slash. */
  readonly baseUrl: string;
  /** The only key it accepts. */
  readonly key: string;
  /** Every request, in the order in which they had arrived completely. */
  readonly requests: SpanRequest[];
  /** The highest number of requests that were waiting for a response at the same time. */
  readonly mostAtOnce: number;
  /** The first rule that matches a request wins. Used-up rules are skipped. */
  readonly faults: FaultRule[];
  /** Stores a span with only these fields. Throws if one has the wrong type. */
  create(fields: NewSpanFields): Span;
  /** A copy of the stored span. Throws if there is none. */
  span(id: string): Span;
  /** Copies of all spans, the oldest first. */
  spans(): Span[];
  /** Copies of the direct children of a span, the oldest first. */
  children(id: string): Span[];
  /** Stores a metric of a span. Throws if a field has the wrong type. */
  createMetric(spanId: string, fields: NewMetricFields): Metric;
  /** Copies of a span's metrics, the oldest first. */
  metrics(spanId: string): Metric[];
  /** Stops listening and destroys every connection. */
  close(): Promise<void>;
}

/**
 * The embedded span server: the Opper spans API (v2), its metrics and traces on loopback, in memory. It checks key, UUID, JSON and field
 * types, and responds in the API's own envelopes. Undocumented behaviour of the API is an option ({@link StoreOptions}).
 */
export async function startSpanServer(options: SpanServerOptions = {}): Promise<SpanServer> {
  const { key = 'op-test-0123456789abcdef', terse = false, latencyMs = 0, tls } = options;
  const store = createStore(options);
  const handle = createApi(store, { key, omitNulls: false, wrap: false, ...options });
  const requests: SpanRequest[] = [];
  const faults: FaultRule[] = [];
  const timesUsed = new Map<FaultRule, number>();
  const waiting = new Set<ServerResponse>();
  let mostAtOnce = 0;

  function nextFault(request: SpanRequest): Fault | undefined {
    const rule = faults.find((each) => {
      const { on = '*', when = () => true, times = 1 } = each;
      return [request.method, '*'].includes(on) && when(request) && (timesUsed.get(each) ?? 0) < times;
    });
    if (rule !== undefined) timesUsed.set(rule, (timesUsed.get(rule) ?? 0) + 1);
    return rule?.fault;
  }

  async function serve(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const gone = new AbortController();
    response.once('close', () => {
      waiting.delete(response);
      gone.abort();
    });
    waiting.add(response);
    mostAtOnce = Math.max(mostAtOnce, waiting.size);
    const request = await readRequest(incoming);
    requests.push(request);
    const { socket } = incoming;
    const { signal } = gone;
    let reply: Reply | undefined;
    const exchange: Exchange = {
      request,
      response,
      socket,
      signal,
      handle: () => (reply ??= handle(request)),
      send: (what) => send(response, what, terse),
    };
    const fault = nextFault(request);
    if (latencyMs > 0) await wait(latencyMs, undefined, { signal });
    return fault === undefined ? exchange.send(exchange.handle()) : fault(exchange);
  }

  const listener = (incoming: IncomingMessage, response: ServerResponse): void => {
    serve(incoming, response).catch((error: unknown) => {
      // A client may disconnect. Any other error is a bug in the server or in a fault.
      if (incoming.socket.destroyed) return;
      console.error(error);
      incoming.socket.destroy();
    });
  };
  const server = tls === undefined ? createHttpServer(listener) : createHttpsServer({ ...tls }, listener);
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    socket.once('close', () => sockets.delete(socket));
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;

  async function close(): Promise<void> {
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    for (const socket of sockets) socket.destroy();
    await closed;
  }

  return {
    baseUrl: `${tls === undefined ? 'http' : 'https'}://127.0.0.1:${port}/v2`,
    key,
    requests,
    get mostAtOnce() {
      return mostAtOnce;
    },
    faults,
    create: store.insert,
    span(id) {
      const span = store.find(id);
      if (span === undefined) throw new Error(`The span server holds no span ${id}`);
      return span;
    },
    spans: store.all,
    children: (id) => store.all().filter(({ parent_id }) => parent_id === id),
    createMetric: store.insertMetric,
    metrics: store.metricsOf,
    close,
    [Symbol.asyncDispose]: close,
  };
}

/** The API's response to each request. */
function createApi(
  store: SpanStore,
  { key, omitNulls, wrap }: Required<Pick<SpanServerOptions, 'key' | 'omitNulls' | 'wrap'>>,
): (request: SpanRequest) => Reply {
  function one(fields: object): Reply {
    const shown = Object.entries(fields).filter(([, value]) => !(omitNulls && value === null));
    const body = Object.fromEntries(shown);
    return { status: 200, body: wrap ? { data: body } : body };
  }
  /** Only a GET shows the feedback. */
  const written = ({ feedback: _, ...span }: Span): Reply => one(span);

  const routes: Readonly<Record<string, Route>> = {
    'POST /v2/spans': { schema: NEW_SPAN, act: ({ body }) => written(store.post(body)) },
    'GET /v2/traces': { act: ({ query }) => pageOf(store.listTraces(query.get('name') ?? ''), query) },
    'GET /v2/traces/{id}': { act: ({ id }) => one(store.trace(id)) },
    'GET /v2/spans/{id}': { act: ({ id }) => one(store.get(id)) },
    'PATCH /v2/spans/{id}': { schema: SPAN_PATCH, act: ({ id, body }) => written(store.patch(id, body)) },
    'GET /v2/spans/{id}/metrics': { act: ({ id, query }) => pageOf(store.metricsOf(id), query) },
    'POST /v2/spans/{id}/metrics': {
      schema: NEW_METRIC,
      act: ({ id, body }) => one(store.postMetric(id, body)),
    },
    'GET /v2/spans/{id}/metrics/{metric}': { act: ({ id, metric }) => one(store.metric(id, metric)) },
    'PATCH /v2/spans/{id}/metrics/{metric}': {
      schema: METRIC_PATCH,
      act: ({ id, metric, body }) => one(store.patchMetric(id, metric, body)),
    },
    'DELETE /v2/spans/{id}/metrics/{metric}': {
      act({ id, metric }) {
        store.deleteMetric(id, metric);
        return { status: 204 };
      },
    },
  };

  return ({ method, path, body, text, headers }) => {
    const { pathname, searchParams: query } = new URL(path, 'http://loopback');
    const segments = pathname.split('/');
    const [, , , id, , metric] = segments;
    const template = segments.map((each, at) => ({ 3: '{id}', 5: '{metric}' })[at] ?? each).join('/');
    const route = routes[`${method} ${template}`];
    if (route === undefined) {
      const isKnown = Object.keys(routes).some((each) => each.endsWith(` ${template}`));
      return isKnown
        ? { status: 405, body: { detail: 'Method Not Allowed' } }
        : { status: 404, body: { detail: 'Not Found' } };
    }
    try {
      if (headers.authorization !== `Bearer ${key}`) throw new Refusal(401, 'The API key is invalid');
      const problems = [
        ...idProblems(segments[2] === 'traces' ? 'trace_id' : 'span_id', id),
        ...idProblems('metric_id', metric),
        ...(route.schema ? bodyProblems(body, text, headers['content-type'] ?? '', route.schema) : []),
      ];
      if (problems.length > 0) throw new Refusal(422, problems);
      return route.act({ id: id ?? '', metric: metric ?? '', body, query });
    } catch (error) {
      if (error instanceof Refusal) return apiError(error.status, error.detail);
      throw error;
    }
  };
}

// biome-ignore lint/suspicious/noExplicitAny: its schema has already been checked
type Body = any;

interface Route {
  /** Of the body. */
  readonly schema?: Schema;
  act(call: { id: string; metric: string; body: Body; query: URLSearchParams }): Reply;
}

/** A page of a list: the first 100 entries, unless the query says otherwise. */
function pageOf(list: readonly object[], query: URLSearchParams): Reply {
  const offset = Number(query.get('offset') ?? 0);
  const limit = Number(query.get('limit') ?? 100);
  const problems = [
    ...queryProblems('offset', offset, 0, Number.MAX_SAFE_INTEGER),
    ...queryProblems('limit', limit, 1, 100),
  ];
  if (problems.length > 0) throw new Refusal(422, problems);
  const data = list.slice(offset, offset + limit);
  return { status: 200, body: { meta: { total_count: list.length }, data } };
}

/** An error in the API's own envelope, as in the official SDK. */
export function apiError(status: keyof typeof ERRORS, detail: unknown): Reply {
  const [type, message] = ERRORS[status];
  return { status, body: { type, message, detail } };
}

const ERRORS = {
  400: ['BadRequestError', 'The request is invalid'],
  401: ['UnauthorizedError', 'The request is unauthorized'],
  404: ['NotFoundError', 'The resource was not found'],
  409: ['ConflictError', 'The resource already exists'],
  422: ['RequestValidationError', 'The request is invalid'],
} as const;

/** The bytes of a response's body, and its headers, including the length. */
export function encode({ headers, body }: Reply): { headers: Record<string, string>; bytes: Buffer } {
  const plain = typeof body === 'string' || Buffer.isBuffer(body);
  const bytes = body === undefined ? Buffer.alloc(0) : Buffer.from(plain ? body : JSON.stringify(body));
  const type =
    body === undefined
      ? undefined
      : { 'content-type': plain ? 'text/plain; charset=utf-8' : 'application/json' };
  return { headers: { ...type, 'content-length': String(bytes.length), ...headers }, bytes };
}

function send(response: ServerResponse, reply: Reply, terse: boolean): void {
  const { headers, bytes } = encode(reply);
  const given = reply.headers ?? {};
  if ((reply.status === 204 || !terse) && !('content-length' in given)) delete headers['content-length'];
  // Without a length, Node sends the body chunked.
  response.writeHead(reply.status, terse ? headers : { ...usualHeaders(), ...headers }).end(bytes);
}

/**
 * Headers that proxies and frameworks add to a real API's responses. With those from Node, there are about fifteen. A client does
 * less work with few headers and a known length, so a benchmark with such responses would flatter it.
 */
function usualHeaders(): Record<string, string> {
  return {
    server: 'uvicorn',
    via: '1.1 loopback',
    vary: 'accept-encoding, origin',
    'cache-control': 'no-store',
    'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
    'cross-origin-resource-policy': 'same-origin',
    'referrer-policy': 'no-referrer',
    'strict-transport-security': 'max-age=31536000; includeSubDomains',
    'x-content-type-options': 'nosniff',
    'x-frame-options': 'DENY',
    'x-request-id': randomUUID(),
  };
}

async function readRequest(incoming: IncomingMessage): Promise<SpanRequest> {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(chunk);
  const text = Buffer.concat(chunks).toString('utf8');
  return {
    method: incoming.method ?? '',
    path: incoming.url ?? '',
    headers: incoming.headers,
    body: parseOrUndefined(text),
    text,
  };
}

function parseOrUndefined(text: string): unknown {
  try {
    return parseExactJson(text);
  } catch {
    return undefined;
  }
}
