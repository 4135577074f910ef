import type { Agent, ClientRequest, IncomingMessage } from 'node:http';
import type { RequestOptions } from 'node:https';
import { codeOf } from '../errors.ts';
import { LastingError, ProxyError } from './attempt-failure.ts';
import { contentOf } from './content.ts';
import { type AddressOptions, proxyFor, tunnelAgent } from './proxy.ts';
import type { HttpResponse } from './response.ts';

// Real servers send one or two. Without a limit, a server could keep the connection busy and never respond.
const MAX_INTERIM_RESPONSES = 100;

interface TransportOptions {
  /** Every request goes below this URL: https, or http to a loopback address. */
  readonly baseUrl: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Limit for one attempt, including the body. */
  readonly timeoutMs: number;
}

/** What ofetch uses in place of the platform's `fetch` and `Headers`: `createFetch({ fetch, Headers })`. */
export interface Transport {
  /** One attempt. Resolves with any status, once the whole body has arrived. attempt-failure.ts has the messages for what it throws. */
  readonly fetch: (url: string, init: AttemptInit) => Promise<HttpResponse>;
  readonly Headers: typeof Headers;
}

export interface AttemptInit {
  readonly method: string;
  readonly headers: Iterable<readonly [name: string, value: string]>;
  readonly body?: string;
  /** Whether a request failed before: then the connection is a new one. */
  readonly isRetry?: boolean;
}

/**
 * The parts of the platform's `Headers` that ofetch uses. The real class loads all of Node's fetch. Names must be in lower
 * case, as in ofetch.
 */
class Headers extends Map<string, string> {
  constructor(init: Iterable<readonly [string, string]> | Readonly<Record<string, string>> = {}) {
    super(Symbol.iterator in init ? init : Object.entries(init));
  }
}

/**
 * HTTP over node:http and node:https, which start twice as fast as Node's fetch. Connections are kept for later requests, until
 * one of them is reset, but do not keep the process alive. Redirects are not followed.
 */
export function createTransport({ baseUrl, env, timeoutMs }: TransportOptions): Transport {
  const base = new URL(baseUrl);
  // Loads only the module that is needed, since node:https takes 8 ms. As an import it would also load Node's fetch.
  const http = process.getBuiltinModule(base.protocol === 'http:' ? 'node:http' : 'node:https');
  let keepAlive = true;
  let agent: Agent | undefined;

  /** Has no connection yet. Not the global agent: with NODE_USE_ENV_PROXY that uses a proxy even for loopback addresses. */
  function newAgent(): Agent {
    const proxy = proxyFor(base, env);
    return proxy ? tunnelAgent(proxy, { keepAlive, timeoutMs }) : new http.Agent({ keepAlive });
  }

  async function fetch(url: string, init: AttemptInit): Promise<HttpResponse> {
    const signal = AbortSignal.timeout(timeoutMs);
    if (!agent || init.isRetry) agent = newAgent();
    try {
      return await responseOf(await request(url, init, signal));
    } catch (error) {
      if (isReset(error)) stopKeeping();
      // A timeout can surface as many different errors.
      throw signal.aborted ? signal.reason : error;
    }
  }

  /** Some servers close each kept connection at its second request. */
  function stopKeeping(): void {
    keepAlive = false;
    agent = newAgent();
  }

  /**
   * Resolves when the headers of the response have arrived. `addressMs` is the limit for each of several addresses. If Node's own
   * limit was too short for one of them, tries once more with a longer one.
   */
  async function request(
    url: string,
    init: AttemptInit,
    signal: AbortSignal,
    addressMs?: number,
  ): Promise<IncomingMessage> {
    const headers = { ...Object.fromEntries(init.headers), 'accept-encoding': 'identity' };
    const options: RequestOptions & AddressOptions = {
      agent,
      signal,
      method: init.method,
      headers,
      autoSelectFamilyAttemptTimeout: addressMs,
    };
    let bytesBefore = 0;
    const sent = http.request(url, options).once('socket', ({ bytesRead }) => {
      bytesBefore = bytesRead;
    });
    try {
      return await responseTo(sent.end(init.body));
    } catch (error) {
      if (addressMs === undefined && hasUnansweredAddresses(error)) {
        return request(url, init, signal, timeoutMs / 2);
      }
      const isStale = sent.reusedSocket && sent.socket?.bytesRead === bytesBefore && isReset(error);
      if (!isStale || init.method === 'POST') throw error;
      // The server closed the kept connection while the request was under way. It may have acted on the request, so a POST is
      // not repeated.
      stopKeeping();
      return request(url, init, signal);
    }
  }

  return { fetch, Headers };
}

/** Resolves when the headers of the response have arrived. */
function responseTo(sent: ClientRequest): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    let interimResponses = 0;
    sent
      .on('information', () => {
        if (++interimResponses <= MAX_INTERIM_RESPONSES) return;
        sent.destroy(new LastingError(`more than ${MAX_INTERIM_RESPONSES} interim responses (1xx) came`));
      })
      .once('upgrade', ({ statusCode }, socket) => {
        socket.destroy();
        reject(new LastingError(`the server wants to switch protocols (${statusCode})`));
      })
      .once('response', resolve)
      // `on`, not `once`: a connection can fail again while it is closed.
      .on('error', reject);
  });
}

/** Whether the other side ended the connection. */
function isReset(error: unknown): boolean {
  return /ECONNRESET|EPIPE/.test(codeOf(error));
}

/**
 * Whether connecting failed at each of several addresses, at one of them because Node gave up after 250 ms (its default limit).
 * Nothing was sent (https://github.com/nodejs/node/issues/54359).
 */
function hasUnansweredAddresses(thrown: unknown): boolean {
  const error = thrown instanceof ProxyError ? thrown.cause : thrown;
  return error instanceof AggregateError && error.errors.some((each) => codeOf(each) === 'ETIMEDOUT');
}

async function responseOf(incoming: IncomingMessage): Promise<HttpResponse> {
  const { statusCode: status = 0, statusMessage: statusText = '', headers } = incoming;
  if (status < 200 || status > 599) {
    incoming.destroy();
    throw new LastingError(`${status} is not an HTTP status`);
  }
  const content = await contentOf(incoming);
  return {
    status,
    statusText,
    location: headers.location,
    retryAfter: headers['retry-after'],
    ...content,
    text: async () => content.body,
  };
}
