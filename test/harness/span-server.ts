import { randomUUID } from 'node:crypto';
import {
  createServer as createHttpServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type ServerResponse,
} from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { isJsonObject, parseJson } from '../../src/json.ts';

/** A span as the server stores it: every field is there, unknown ones as `null`; times in UTC as `…+00:00`. */
export interface Span {
  id: string;
  name: string;
  type: string | null;
  start_time: string | null;
  end_time: string | null;
  input: unknown;
  output: unknown;
  error: string | null;
  meta: Record<string, unknown> | null;
  score: number | null;
  trace_id: string | null;
  parent_id: string | null;
  feedback: { score: number; comment: string | null } | null;
}

/**
 * A request as it arrived. `body` is the JSON, numbers too large for a double included ({@link parseJson}), `undefined` when `text` is
 * not JSON; header names are lower case.
 */
interface SpanRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: unknown;
  readonly text: string;
}

/** An HTTP answer. A body that is neither text nor bytes is sent as JSON. */
export interface Answer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
}

/** One request on its way to an answer: all that a fault has in hand. */
export interface Exchange {
  readonly request: SpanRequest;
  readonly response: ServerResponse;
  /** The connection itself, for whatever is not HTTP. */
  readonly socket: Socket;
  /** Aborts when the connection is gone: every wait of a fault heeds it. */
  readonly signal: AbortSignal;
  /** What the API answers. It acts on the request (a PATCH is applied) on the first call, and only then. */
  handle(): Answer;
  /** Sends an answer whole. */
  send(answer: Answer): void;
}

/** What happens instead of an answer. Constructors stand in `faults.ts`; any function will do. */
export type Fault = (exchange: Exchange) => void | Promise<void>;

/** Which requests meet a fault: the next `times` (1 unless given) with the method `on` (any unless given). */
export interface FaultRule {
  readonly on?: 'GET' | 'PATCH' | 'POST' | '*';
  readonly times?: number;
  readonly fault: Fault;
}

export interface SpanServerOptions {
  readonly key?: string;
  /** What a PATCH of `meta` does to stored keys that it does not name (nobody outside knows). Default: `replace`. */
  readonly meta?: 'merge' | 'replace';
  /** What an explicit `null` in a PATCH does (nobody outside knows). Default: `clear`. A `name` is never cleared. */
  readonly nulls?: 'clear' | 'ignore';
  /** Leave null fields out of answers, as seen live. Default: false. */
  readonly omitNulls?: boolean;
  /** Serve https with this PEM key and certificate. */
  readonly tls?: { readonly key: string; readonly cert: string };
}

export interface SpanServer extends AsyncDisposable {
  /** `http://127.0.0.1:PORT/v2`, without a trailing slash. */
  readonly baseUrl: string;
  /** The only key it accepts. */
  readonly key: string;
  /** Every request, in the order in which they had arrived whole. */
  readonly requests: SpanRequest[];
  /** The first rule that fits a request wins; a used-up one is passed over. */
  readonly faults: FaultRule[];
  /** Stores a span. Throws when a field has the wrong type. */
  create(fields: Partial<Span> & { readonly name: string }): Span;
  /** A copy of the span as stored. Throws when there is none. */
  span(id: string): Span;
  /** Stops listening and destroys every connection. */
  close(): Promise<void>;
}

/**
 * The embedded span server: POST, GET and PATCH of the Opper spans API (v2) on loopback, in memory. It checks key, UUID, JSON and field
 * types, and answers in the API's own envelopes.
 */
export async function startSpanServer(options: SpanServerOptions = {}): Promise<SpanServer> {
  const {
    key = 'op-test-0123456789abcdef',
    meta = 'replace',
    nulls = 'clear',
    omitNulls = false,
    tls,
  } = options;
  const spans = new Map<string, Span>();
  const requests: SpanRequest[] = [];
  const faults: FaultRule[] = [];
  const timesUsed = new Map<FaultRule, number>();
  const sockets = new Set<Socket>();

  function create(fields: Partial<Span> & { readonly name: string }): Span {
    const problems = problemsOf(fields, CREATE_FIELDS);
    if (problems.length > 0) throw new TypeError(`not a span: ${JSON.stringify(problems)}`);
    const span: Span = { ...BLANK_SPAN, id: randomUUID() };
    for (const field of Object.keys(BLANK_SPAN) as (keyof Span)[]) {
      if (fields[field] !== undefined) Object.assign(span, { [field]: fields[field] });
    }
    span.id = span.id.toLowerCase();
    normaliseTimes(span);
    spans.set(span.id, copyOf(span));
    return copyOf(span);
  }

  function update(span: Span, patch: Record<string, unknown>): void {
    for (const field of Object.keys(UPDATE_FIELDS)) {
      const value = patch[field];
      if (value === undefined) continue;
      if (value === null && (nulls === 'ignore' || field === 'name')) continue;
      const merged =
        field === 'meta' && meta === 'merge' && value !== null ? { ...span.meta, ...value } : value;
      Object.assign(span, { [field]: merged });
    }
    normaliseTimes(span);
  }

  /** The span as the API writes it: only a GET shows the feedback. */
  function spanAnswer(span: Span, method: string): Answer {
    const fields = Object.entries(span).filter(
      ([field, value]) => (field !== 'feedback' || method === 'GET') && !(omitNulls && value === null),
    );
    return { status: 200, body: Object.fromEntries(fields) };
  }

  function handle(request: SpanRequest): Answer {
    const { method, path, body } = request;
    const [, route, id] = /^\/v2\/(spans)(?:\/([^/?]*))?$/.exec(path) ?? [];
    if (route === undefined) return { status: 404, body: { detail: 'Not Found' } };
    if (!(id === undefined ? ['POST'] : ['GET', 'PATCH']).includes(method)) {
      return { status: 405, body: { detail: 'Method Not Allowed' } };
    }
    if (request.headers.authorization !== `Bearer ${key}`) return apiError(401, 'The API key is invalid');

    const span = spans.get(id?.toLowerCase() ?? '');
    const problems = [
      ...(id === undefined || isUuid(id)
        ? []
        : [problem(['path', 'span_id'], 'uuid_parsing', 'Input should be a valid UUID', id)]),
      ...(method === 'GET' ? [] : bodyProblems(request, method === 'POST' ? CREATE_FIELDS : UPDATE_FIELDS)),
    ];
    if (problems.length > 0) return apiError(422, problems);
    if (method === 'POST') return spanAnswer(create(body as Partial<Span> & { name: string }), method);
    if (span === undefined) return apiError(404, `Span ${id} not found`);
    if (method === 'PATCH') update(span, body as Record<string, unknown>);
    return spanAnswer(span, method);
  }

  function nextFault(method: string): Fault | undefined {
    const rule = faults.find(
      (each) => [method, '*', undefined].includes(each.on) && (timesUsed.get(each) ?? 0) < (each.times ?? 1),
    );
    if (rule !== undefined) timesUsed.set(rule, (timesUsed.get(rule) ?? 0) + 1);
    return rule?.fault;
  }

  async function serve(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const request = await readRequest(incoming);
    requests.push(request);
    const gone = new AbortController();
    const { socket } = incoming;
    response.once('close', () => gone.abort());
    let answer: Answer | undefined;
    const exchange: Exchange = {
      request,
      response,
      socket,
      signal: gone.signal,
      handle: () => (answer ??= handle(request)),
      send: (what) => send(response, what),
    };
    const fault = nextFault(request.method);
    return fault === undefined ? exchange.send(exchange.handle()) : fault(exchange);
  }

  const listener = (incoming: IncomingMessage, response: ServerResponse): void => {
    serve(incoming, response).catch((error: unknown) => {
      // A client that left is the client's affair; anything else is a defect of the server or of a fault.
      if (incoming.socket.destroyed) return;
      console.error(error);
      incoming.socket.destroy();
    });
  };
  const server = tls === undefined ? createHttpServer(listener) : createHttpsServer({ ...tls }, listener);
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
    faults,
    create,
    span(id) {
      const span = spans.get(id);
      if (span === undefined) throw new Error(`The span server holds no span ${id}`);
      return copyOf(span);
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}

/** An error in the API's own envelope (API.md, "Errors"). */
export function apiError(status: 400 | 401 | 404 | 422, detail: unknown): Answer {
  const [type, message] = ERRORS[status];
  return { status, body: { type, message, detail } };
}

const ERRORS = {
  400: ['BadRequestError', 'The request is invalid'],
  401: ['UnauthorizedError', 'The request is unauthorized'],
  404: ['NotFoundError', 'The resource was not found'],
  422: ['RequestValidationError', 'The request is invalid'],
} as const;

/** The bytes of an answer's body, and the headers that go with it. */
export function encode({ headers, body }: Answer): { headers: Record<string, string>; bytes: Buffer } {
  const plain = typeof body === 'string' || Buffer.isBuffer(body);
  const bytes = body === undefined ? Buffer.alloc(0) : Buffer.from(plain ? body : JSON.stringify(body));
  const type =
    body === undefined
      ? undefined
      : { 'content-type': plain ? 'text/plain; charset=utf-8' : 'application/json' };
  return { headers: { ...type, 'content-length': String(bytes.length), ...headers }, bytes };
}

function send(response: ServerResponse, answer: Answer): void {
  const { headers, bytes } = encode(answer);
  if (answer.status === 204) delete headers['content-length'];
  response.writeHead(answer.status, headers).end(bytes);
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

/** A copy that keeps the numbers too large for a double, which `structuredClone` does not. */
function copyOf(span: Span): Span {
  return parseJson(JSON.stringify(span)) as unknown as Span;
}

function parseOrUndefined(text: string): unknown {
  try {
    return parseJson(text);
  } catch {
    return undefined;
  }
}

// ---- The schema, with pydantic's words ----

interface Problem {
  readonly input: unknown;
  readonly loc: readonly string[];
  readonly msg: string;
  readonly type: string;
}
type Check = (value: unknown) => readonly [type: string, msg: string] | undefined;

const STRING: Check = (value) =>
  typeof value === 'string' ? undefined : ['string_type', 'Input should be a valid string'];
const INTEGER: Check = (value) =>
  Number.isInteger(value) ? undefined : ['int_type', 'Input should be a valid integer'];
const OBJECT: Check = (value) =>
  isJsonObject(value) ? undefined : ['dict_type', 'Input should be a valid dictionary'];
const UUID: Check = (value) => (isUuid(value) ? undefined : ['uuid_parsing', 'Input should be a valid UUID']);
const TIME: Check = (value) =>
  typeof value === 'string' && parseTime(value) !== undefined
    ? undefined
    : ['datetime_from_date_parsing', 'Input should be a valid datetime or date'];
const ANY: Check = () => undefined;

const UPDATE_FIELDS: Readonly<Record<string, Check>> = {
  name: STRING,
  start_time: TIME,
  type: STRING,
  end_time: TIME,
  input: STRING,
  output: STRING,
  error: STRING,
  meta: OBJECT,
  score: INTEGER,
};
const CREATE_FIELDS: Readonly<Record<string, Check>> = {
  ...UPDATE_FIELDS,
  input: ANY,
  output: ANY,
  id: UUID,
  trace_id: UUID,
  parent_id: UUID,
};

const BLANK_SPAN: Span = {
  id: '',
  name: '',
  type: null,
  start_time: null,
  end_time: null,
  input: null,
  output: null,
  error: null,
  meta: null,
  score: null,
  trace_id: null,
  parent_id: null,
  feedback: null,
};

function bodyProblems(
  { body, text, headers }: SpanRequest,
  fields: Readonly<Record<string, Check>>,
): Problem[] {
  if (body === undefined) return [problem(['body'], 'json_invalid', 'JSON decode error', text)];
  if (!isJsonObject(body) || !/^application\/(.+\+)?json\b/.test(headers['content-type'] ?? '')) {
    const msg = 'Input should be a valid dictionary or object to extract fields from';
    return [problem(['body'], 'model_attributes_type', msg, body)];
  }
  return problemsOf(body, fields);
}

/** Unknown fields pass; `null` is good for every field but a new span's name. */
function problemsOf(body: object, fields: Readonly<Record<string, Check>>): Problem[] {
  const values = new Map<string, unknown>(Object.entries(body));
  const missing =
    fields === CREATE_FIELDS && values.get('name') == null
      ? [problem(['body', 'name'], 'missing', 'Field required', body)]
      : [];
  const wrong = Object.entries(fields).flatMap(([field, check]) => {
    const value = values.get(field);
    const found = value == null ? undefined : check(value);
    return found === undefined ? [] : [problem(['body', field], ...found, value)];
  });
  return [...missing, ...wrong];
}

function problem(loc: readonly string[], type: string, msg: string, input: unknown): Problem {
  return { input, loc, msg, type };
}

function isUuid(value: unknown): value is string {
  return typeof value === 'string' && /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/i.test(value);
}

function normaliseTimes(span: Span): void {
  if (span.start_time !== null) span.start_time = parseTime(span.start_time) ?? span.start_time;
  if (span.end_time !== null) span.end_time = parseTime(span.end_time) ?? span.end_time;
}

/** An RFC 3339 time with an offset → the API's form: UTC, `+00:00`, six digits of fraction or none. */
function parseTime(text: string): string | undefined {
  const match = /^(\d{4}-\d\d-\d\d)[Tt ](\d\d:\d\d:\d\d)(?:\.(\d+))?([Zz]|[+-]\d\d:\d\d)$/.exec(text);
  if (match === null) return undefined;
  const [, date, time, fraction = '', offset = ''] = match;
  const asUtc = new Date(`${date}T${time}Z`);
  const instant = new Date(`${date}T${time}${offset.toUpperCase()}`);
  // `Date` rolls an impossible day over to the next month.
  if (Number.isNaN(instant.getTime()) || !asUtc.toISOString().startsWith(`${date}T${time}`)) return undefined;
  const micros = fraction.slice(0, 6).padEnd(6, '0');
  return `${instant.toISOString().slice(0, 19)}${/[1-9]/.test(micros) ? `.${micros}` : ''}+00:00`;
}
