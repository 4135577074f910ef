import type { Agent, RequestOptions } from 'node:https';
import { isIP } from 'node:net';
import { codeOf, InputError } from '../errors.ts';
import { isLoopback } from '../loopback.ts';

type Environment = Readonly<Record<string, string | undefined>>;

export interface Proxy {
  readonly protocol: string;
  /** An IPv6 address is without brackets. */
  readonly hostname: string;
  readonly port: string;
  /** The value of `Proxy-Authorization`; undefined if the URL has no user and password. */
  readonly authorization: string | undefined;
}

/** The proxy made no connection. `status` is its response; without one, `cause` says what failed. */
export class ProxyError extends Error {
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
    const { protocol, hostname, port, username, password } = new URL(env[name] as string);
    if (!['http:', 'https:'].includes(protocol)) throw new TypeError();
    const login = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
    const authorization = login === ':' ? undefined : `Basic ${Buffer.from(login).toString('base64')}`;
    return { protocol, hostname: unbracketed(hostname), port, authorization };
  } catch {
    // Neither the value nor the caught error is shown: both may contain a password.
    throw new InputError([{ name, message: 'is not a URL such as http://proxy.example:3128' }]);
  }
}

/** NO_PROXY as curl reads it: names, which include their subdomains, each with or without a port; `*` is any host. */
function isExempt({ hostname, port }: URL, list: string): boolean {
  const names = [hostname, unbracketed(hostname), `${hostname}:${port || 443}`];
  const entries = list.toLowerCase().split(/[\s,]/).filter(Boolean);
  return entries.some((entry) => {
    const suffix = `.${entry.replace(/^\*?\./, '')}`;
    return entry === '*' || names.some((name) => `.${name}`.endsWith(suffix));
  });
}

/** The host name of a URL as Node's sockets want it: `::1` for `[::1]`. */
function unbracketed(hostname: string): string {
  return hostname.replace(/[[\]]/g, '');
}

/**
 * An agent that asks the proxy for a tunnel (CONNECT, RFC 9110, section 9.3.6) and speaks TLS through it, so that the proxy
 * sees only a host name.
 *
 * Not Node's own (`proxyEnv`): early releases of Node 24 lack it. In 24.21 each piece of the proxy's response doubles the
 * listeners, so forty pieces use up all memory (lib/https.js, establishTunnel).
 */
export function tunnelAgent({ protocol, hostname, port, authorization }: Proxy, timeoutMs: number): Agent {
  const https = process.getBuiltinModule('node:https');
  const { request } = protocol === 'http:' ? process.getBuiltinModule('node:http') : https;

  class TunnelAgent extends https.Agent {
    override createConnection(
      options: RequestOptions & { readonly host: string },
      done: (error: Error | null, socket?: unknown) => void,
    ): undefined {
      const host = options.host.includes(':') ? `[${options.host}]` : options.host;
      const target = `${host}:${options.port}`;
      request({
        hostname,
        port,
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
