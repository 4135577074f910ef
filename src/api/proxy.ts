import type { Agent, RequestOptions } from 'node:https';
import { isIP } from 'node:net';
import { codeOf, InputError } from '../errors.ts';
import { isLoopback } from '../loopback.ts';

type Environment = Readonly<Record<string, string | undefined>>;

export interface Proxy {
  /** Without user and password. */
  readonly url: URL;
  /** The value of `Proxy-Authorization`; undefined if the URL has no user and password. */
  readonly authorization: string | undefined;
}

/** The proxy made no connection. `status` is its response; without one, `cause` says what failed. */
export class ProxyError extends Error {
  override readonly name = 'ProxyError';
  readonly status: number | undefined;
  readonly code: string;

  constructor({ status, cause }: { readonly status?: number | undefined; readonly cause?: unknown }) {
    super(status === undefined ? 'no connection through the proxy' : `the proxy returned ${status}`, {
      cause,
    });
    this.status = status;
    this.code = codeOf(cause);
  }
}

// Lower case wins, as in curl and Node. HTTP_PROXY is not here: all requests are https, except to a loopback address.
const PROXY_VARIABLES = ['https_proxy', 'HTTPS_PROXY'];

/**
 * The proxy that the environment names for requests to `target`. Undefined for a loopback address, where the key may be sent
 * in plain text, and for hosts in NO_PROXY. Throws {@link InputError} for a variable that is not a URL.
 */
export function proxyFor(target: URL, env: Environment): Proxy | undefined {
  const name = PROXY_VARIABLES.find((variable) => env[variable]?.trim());
  if (!name || isLoopback(target.hostname) || isExempt(target, env.no_proxy || env.NO_PROXY || ''))
    return undefined;
  try {
    const url = new URL(env[name] ?? '');
    if (!/^https?:$/.test(url.protocol)) throw new TypeError('not a URL of HTTP');
    const { username, password } = url;
    const login =
      username || password ? `${decodeURIComponent(username)}:${decodeURIComponent(password)}` : '';
    url.username = '';
    url.password = '';
    return { url, authorization: login ? `Basic ${Buffer.from(login).toString('base64')}` : undefined };
  } catch {
    // Neither the value nor the caught error is shown: both may contain a password.
    throw new InputError([{ name, message: 'is not a URL such as http://proxy.example:3128' }]);
  }
}

/** NO_PROXY as curl reads it: names, which include their subdomains, each with or without a port; `*` is any host. */
function isExempt({ hostname, port }: URL, list: string): boolean {
  const names = [hostname, hostname.replace(/^\[|\]$/g, ''), `${hostname}:${port || 443}`];
  const entries = list
    .toLowerCase()
    .split(/[\s,]+/)
    .filter(Boolean);
  return entries.some((entry) => {
    const suffix = `.${entry.replace(/^\*?\./, '')}`;
    return entry === '*' || names.some((name) => `.${name}`.endsWith(suffix));
  });
}

/**
 * An agent that asks the proxy for a tunnel (CONNECT, RFC 9110, section 9.3.6) and speaks TLS through it, so that the proxy
 * sees only a host name.
 *
 * Not Node's own (`proxyEnv`): early releases of Node 24 lack it. In 24.21 each piece of the proxy's response doubles the
 * listeners, so forty pieces use up all memory (lib/https.js, establishTunnel).
 */
export function tunnelAgent({ url, authorization }: Proxy, timeoutMs: number): Agent {
  const https = process.getBuiltinModule('node:https');
  const hostname = url.hostname.replace(/^\[|\]$/g, '');
  const { request } = url.protocol === 'http:' ? process.getBuiltinModule('node:http') : https;

  class TunnelAgent extends https.Agent {
    override createConnection(
      options: RequestOptions,
      done: (error: Error | null, socket?: unknown) => void,
    ): undefined {
      const host = options.host?.includes(':') ? `[${options.host}]` : options.host;
      const target = `${host}:${options.port}`;
      request({
        hostname,
        port: url.port,
        // Otherwise Node would check the proxy's certificate for the name in `host`. TLS takes no IP address as server name.
        servername: isIP(hostname) ? '' : hostname,
        method: 'CONNECT',
        path: target,
        headers: { host: target, ...(authorization && { 'proxy-authorization': authorization }) },
        agent: false,
        signal: AbortSignal.timeout(timeoutMs),
      })
        .once('connect', ({ statusCode: status }, socket) => {
          if (status === 200) {
            done(null, super.createConnection({ ...options, socket } as RequestOptions));
          } else {
            socket.destroy();
            done(new ProxyError({ status }));
          }
        })
        .on('error', (cause) => done(new ProxyError({ cause })))
        .end();
    }
  }
  return new TunnelAgent({ keepAlive: true });
}
