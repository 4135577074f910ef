import type { Agent, RequestOptions } from 'node:https';
import { isIP } from 'node:net';
import { isLoopback } from '../loopback.ts';
import { LastingError, ProxyError } from './attempt-failure.ts';

type Environment = Readonly<Record<string, string | undefined>>;

export interface Proxy {
  readonly protocol: string;
  /** An IPv6 address has no brackets. */
  readonly hostname: string;
  readonly port: string;
  /** The value of `Proxy-Authorization`; undefined if the URL has no user and password. */
  readonly authorization: string | undefined;
}

/** An option of every socket that Node's types of agents and requests lack. */
export interface AddressOptions {
  /** The limit for each of several addresses, in milliseconds. */
  readonly autoSelectFamilyAttemptTimeout?: number | undefined;
}

// Lower case wins, as in curl and Node. HTTP_PROXY is not here: all requests are https, except to a loopback address.
const PROXY_VARIABLES = ['https_proxy', 'HTTPS_PROXY'];

/**
 * The proxy that the environment names for requests to `target`. Undefined for a loopback address, where the key may be sent
 * in plain text, and for hosts in NO_PROXY. Throws {@link LastingError}, which does not quote the URL: it may contain a password.
 */
export function proxyFor(target: URL, env: Environment): Proxy | undefined {
  const name = PROXY_VARIABLES.find((variable) => env[variable]?.trim());
  if (!name || isLoopback(target.hostname) || isExempt(target, env.no_proxy || env.NO_PROXY))
    return undefined;
  const [, scheme = 'http', login = '', address] =
    /(?:([a-z][a-z\d+.-]*):\/\/)?(?:(.*)@)?(.*)/is.exec(`${env[name]}`.trim()) ?? [];
  if (/^socks/i.test(scheme)) {
    throw new LastingError(`${name} names a SOCKS proxy, and only HTTP proxies work`, SET_ADDRESS);
  }
  const [reserved] = /[#/?\\]/.exec(login) ?? [];
  if (reserved) {
    const written = `%${Buffer.from(reserved).toString('hex').toUpperCase()}`;
    throw new LastingError(
      `${name} has a ${reserved} before its last @`,
      `In a user or password, write ${written} for it.`,
    );
  }
  const url = URL.parse(`${scheme}://${address}`);
  if (!url || !['http:', 'https:'].includes(url.protocol)) {
    throw new LastingError(`${name} is not the address of an HTTP proxy`, SET_ADDRESS);
  }
  return {
    protocol: url.protocol,
    hostname: unbracketed(url.hostname),
    port: url.port,
    authorization: authorizationFor(login),
  };
}

const SET_ADDRESS = 'Set it to the address of an HTTP proxy, such as http://proxy.example:3128.';

function authorizationFor(login: string): string | undefined {
  const credentials = unescaped(login.includes(':') ? login : `${login}:`);
  return credentials === ':' ? undefined : `Basic ${Buffer.from(credentials).toString('base64')}`;
}

/** Decodes each run of escapes that is UTF-8, and leaves the rest, so that a password may contain `%`. */
function unescaped(text: string): string {
  return text.replace(/(?:%[\da-f]{2})+/gi, (run) => {
    try {
      return decodeURIComponent(run);
    } catch {
      return run;
    }
  });
}

/** NO_PROXY as curl reads it: names, which include their subdomains, each with or without a port; `*` is any host. */
function isExempt({ hostname, port }: URL, list?: string): boolean | undefined {
  const names = [hostname, unbracketed(hostname), `${hostname}:${port || 443}`];
  const entries = list?.toLowerCase().split(/[\s,]/).filter(Boolean);
  return entries?.some((entry) => {
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
export function tunnelAgent(
  { protocol, hostname, port, authorization }: Proxy,
  { keepAlive, timeoutMs }: { readonly keepAlive: boolean; readonly timeoutMs: number },
): Agent {
  const https = process.getBuiltinModule('node:https');
  const { request } = protocol === 'http:' ? process.getBuiltinModule('node:http') : https;

  class TunnelAgent extends https.Agent {
    override createConnection(
      options: RequestOptions & AddressOptions & { readonly host: string },
      done: (error: Error | null, socket?: unknown) => void,
    ): undefined {
      const host = options.host.includes(':') ? `[${options.host}]` : options.host;
      const target = `${host}:${options.port}`;
      const connect: RequestOptions & AddressOptions = {
        hostname,
        port,
        // Otherwise Node would check the proxy's certificate for the name in `host`. TLS takes no IP address as server name.
        servername: isIP(hostname) ? '' : hostname,
        method: 'CONNECT',
        path: target,
        headers: { host: target, ...(authorization && { 'proxy-authorization': authorization }) },
        agent: false,
        signal: AbortSignal.timeout(timeoutMs),
        autoSelectFamilyAttemptTimeout: options.autoSelectFamilyAttemptTimeout,
      };
      request(connect)
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
  return new TunnelAgent({ keepAlive });
}
