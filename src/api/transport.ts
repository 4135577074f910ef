import { isUtf8 } from 'node:buffer';
import type { IncomingMessage } from 'node:http';
import { codeOf } from '../errors.ts';
import { MAX_BYTES } from '../files.ts';
import { BadResponseError } from './attempt-failure.ts';
import { proxyFor, tunnelAgent } from './proxy.ts';
import type { HttpResponse } from './response.ts';

// Real servers send one or two. Without a limit, a server could keep the connection busy and never respond.
const MAX_INTERIM_RESPONSES = 100;

export interface TransportOptions {
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
 * HTTP over node:http and node:https, which start twice as fast as Node's fetch. Connections are kept for later requests, but
 * do not keep the process alive. Redirects are not followed. Throws {@link InputError} for a proxy variable that is not a URL.
 */
export function createTransport({ baseUrl, env, timeoutMs }: TransportOptions): Transport {
  const base = new URL(baseUrl);
  // Loads only the module that is needed, since node:https takes 8 ms. As an import it would also load Node's fetch.
  const http = process.getBuiltinModule(base.protocol === 'http:' ? 'node:http' : 'node:https');
  const proxy = proxyFor(base, env);
  // Not the global agent: with NODE_USE_ENV_PROXY that uses a proxy even for loopback addresses.
  const agent = proxy ? tunnelAgent(proxy, timeoutMs) : new http.Agent({ keepAlive: true });

  async function fetch(url: string, init: AttemptInit): Promise<HttpResponse> {
    const signal = AbortSignal.timeout(timeoutMs);
    try {
      return await responseOf(await request(url, init, signal));
    } catch (error) {
      // A timeout can surface as many different errors.
      throw signal.aborted ? signal.reason : error;
    }
  }

  /** Resolves when the headers of the response have arrived. */
  function request(url: string, init: AttemptInit, signal: AbortSignal): Promise<IncomingMessage> {
    return new Promise((resolve, reject) => {
      let bytesBefore = 0;
      let interimResponses = 0;
      const sent = http
        .request(url, {
          agent,
          signal,
          method: init.method,
          headers: { ...Object.fromEntries(init.headers), 'accept-encoding': 'identity' },
        })
        .once('socket', (socket) => {
          bytesBefore = socket.bytesRead;
        })
        .on('information', () => {
          if (++interimResponses > MAX_INTERIM_RESPONSES) {
            sent.destroy(
              new BadResponseError(`more than ${MAX_INTERIM_RESPONSES} interim responses (1xx) came`),
            );
          }
        })
        .once('upgrade', (response, socket) => {
          socket.destroy();
          reject(new BadResponseError(`the server wants to switch protocols (${response.statusCode})`));
        })
        .once('response', resolve)
        // `on`, not `once`: a connection can fail again while it is closed.
        .on('error', (error) => {
          const isStale =
            sent.reusedSocket &&
            sent.socket?.bytesRead === bytesBefore &&
            /ECONNRESET|EPIPE/.test(codeOf(error));
          // The server closed the kept connection while the request was under way. It may have acted on the request, so a
          // POST is not repeated.
          if (isStale && init.method !== 'POST') resolve(request(url, init, signal));
          else reject(error);
        })
        .end(init.body);
    });
  }

  return { fetch, Headers };
}

async function responseOf(incoming: IncomingMessage): Promise<HttpResponse> {
  const { statusCode: status = 0, statusMessage: statusText = '', headers } = incoming;
  const isSuccess = status < 300;
  const encoding = headers['content-encoding'] ?? 'identity';
  try {
    if (status < 200 || status > 599) throw new BadResponseError(`${status} is not an HTTP status`);
    // For an error the status is what matters, even if a proxy compressed the page.
    if (isSuccess && encoding !== 'identity') {
      throw new BadResponseError(`the response is compressed (${encoding}), which was not requested`);
    }
    const bytes = await bytesOf(incoming);
    if (isSuccess && !isUtf8(bytes)) throw new BadResponseError('the response is not UTF-8');
    const body = encoding === 'identity' ? bytes.toString() : '';
    return {
      status,
      statusText,
      location: headers.location,
      retryAfter: headers['retry-after'],
      body,
      text: async () => body,
    };
  } catch (error) {
    incoming.destroy();
    throw error;
  }
}

async function bytesOf(incoming: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of incoming) {
    size += chunk.length;
    if (size > MAX_BYTES) {
      throw new BadResponseError(`the response is larger than ${MAX_BYTES / 1024 / 1024} MiB`);
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks, size);
}
