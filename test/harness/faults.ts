import { randomUUID } from 'node:crypto';
import { STATUS_CODES } from 'node:http';
import { setTimeout as wait } from 'node:timers/promises';
import { brotliCompressSync, gzipSync } from 'node:zlib';
import { apiError, type Exchange, encode, type Fault, type Reply } from './span-server.ts';

/**
 * Where a response is cut off. All except `before headers` start to send the API's real response, so the request took effect. For
 * a request that took effect although nothing came back, see {@link applied}.
 */
export type Point = 'before headers' | 'in headers' | 'after headers' | 'in body';

/** Any response. A function gets the request, so that it can echo its headers. The request has no effect. */
export function reply(what: Reply | ((exchange: Exchange) => Reply)): Fault {
  return (exchange) => exchange.send(typeof what === 'function' ? what(exchange) : what);
}

/** An error status. The default body is the API's own envelope if the status has one, else a bare `{detail}`. */
export function status(
  code: number,
  options: { retryAfter?: string; headers?: Record<string, string>; body?: unknown } = {},
): Fault {
  const { retryAfter, headers, body = errorBody(code) } = options;
  const retry = retryAfter === undefined ? {} : { 'retry-after': retryAfter };
  return reply({ status: code, headers: { ...retry, ...headers }, body });
}

function errorBody(code: number): unknown {
  if (code === 400) return apiError(code, 'Bad request').body;
  if (code === 401) return apiError(code, 'The API key is invalid').body;
  if (code === 404) return apiError(code, `Span ${randomUUID()} not found`).body;
  if (code === 422) {
    const detail = [
      { input: 'x', loc: ['body', 'score'], msg: 'Input should be a valid integer', type: 'int_type' },
    ];
    return apiError(code, detail).body;
  }
  return { detail: STATUS_CODES[code] ?? 'Error' };
}

/** The response starts and then stalls. The connection stays open. */
export function stall(at: Point): Fault {
  return ({ socket, ...exchange }) => {
    socket.write(upTo(at, exchange));
  };
}

/** The connection is reset (RST). Node cannot reset a TLS connection, so that is destroyed without close_notify. */
export function reset(at: Point): Fault {
  return async ({ socket, ...exchange }) => {
    socket.write(upTo(at, exchange));
    // A reset may overtake what was written just before it.
    if (at !== 'before headers') await wait(20, undefined, { signal: exchange.signal });
    if ('encrypted' in socket) socket.destroy();
    else socket.resetAndDestroy();
  };
}

/** The connection is closed properly (FIN), but too early: in the body, before Content-Length is reached. */
export function hangUp(at: Point): Fault {
  return ({ socket, ...exchange }) => {
    socket.end(upTo(at, exchange));
  };
}

/** The request takes effect before the fault: `applied(reset('before headers'))` is a PATCH whose response is lost. */
export function applied(fault: Fault): Fault {
  return (exchange) => {
    exchange.handle();
    return fault(exchange);
  };
}

/** These bytes in place of HTTP, then the end of the connection. */
export function raw(bytes: string | Buffer): Fault {
  return ({ socket }) => {
    socket.end(bytes);
  };
}

/** A web page, as a proxy or a login wall sends it. */
export function html(code = 200): Fault {
  const body =
    '<!doctype html>\n<html><head><title>Sign in</title></head><body><h1>Sign in</h1></body></html>\n';
  return reply({ status: code, headers: { 'content-type': 'text/html; charset=utf-8' }, body });
}

/** A valid HTTP response whose body is only the first half of the JSON. Compare {@link hangUp}. */
export function truncatedJson(): Fault {
  return (exchange) => {
    const { bytes } = encode(exchange.handle());
    const body = bytes.subarray(0, Math.floor(bytes.length / 2));
    exchange.send({ status: 200, headers: { 'content-type': 'application/json' }, body });
  };
}

/** The real response with some fields replaced: another `id`, a wrong type, a different score than was sent. */
export function span(overrides: Readonly<Record<string, unknown>>): Fault {
  return (exchange) => {
    const what = exchange.handle();
    exchange.send({ ...what, body: { ...(what.body as object), ...overrides } });
  };
}

/** A status and no body. */
export function empty(code = 200): Fault {
  return reply({ status: code });
}

/** A redirect. A function gets the request, so that the target can echo the key. */
export function redirect(location: string | ((exchange: Exchange) => string), code = 307): Fault {
  return reply((exchange) => ({
    status: code,
    headers: { location: typeof location === 'function' ? location(exchange) : location },
  }));
}

/** The real response, not in UTF-8. A name in it must have a non-ASCII character. */
export function latin1(): Fault {
  return inBytes((text) => Buffer.from(text, 'latin1'));
}

/** The real response, ending with the first byte of a character. */
export function cutCharacter(): Fault {
  return inBytes((text) => Buffer.from(`${text}é`).subarray(0, -1));
}

/** The real response, packed although that was not requested. A negative `end` cuts so many bytes off. */
export function packed(by: 'gzip' | 'br', end = 0, coding: string = by): Fault {
  const pack = by === 'br' ? brotliCompressSync : gzipSync;
  const cut = (text: string) => (end < 0 ? pack(text).subarray(0, end) : pack(text));
  return inBytes(cut, { 'content-encoding': coding });
}

/** The real response, which names a content coding, but is not packed. */
export function coded(coding: string): Fault {
  return inBytes((text) => Buffer.from(text), { 'content-encoding': coding });
}

function inBytes(bytesOf: (text: string) => Buffer, headers: Record<string, string> = {}): Fault {
  return (exchange) => {
    const { status, body } = exchange.handle();
    const type = { 'content-type': 'application/json', ...headers };
    exchange.send({ status, headers: type, body: bytesOf(JSON.stringify(body)) });
  };
}

/** Closes a connection at its second request. On a new connection the response is real. */
export function closeKept(): Fault {
  return ({ socket, send, handle }) => {
    if (socket.bytesWritten > 0) socket.destroy();
    else send(handle());
  };
}

/** The same piece of a response's head, again and again, as fast as the client reads it. */
export function flood(start: string, piece: string): Fault {
  return ({ socket }) => {
    const more = () => {
      while (!socket.destroyed && socket.write(piece.repeat(1000)));
    };
    socket.write(start);
    socket.on('drain', more);
    more();
  };
}

const MIB = 1024 * 1024;

/** A span whose name is `bytes` (rounded up to MiB) long, streamed without Content-Length. */
export function huge(bytes: number): Fault {
  return async ({ response, signal }) => {
    response.writeHead(200, { 'content-type': 'application/json' });
    response.write(HUGE_START);
    const chunk = Buffer.alloc(MIB, ' ');
    for (let left = bytes; left > 0; left -= MIB) {
      if (!response.write(chunk)) await drained(response, signal);
    }
    response.end(HUGE_END);
  };
}

/** Like {@link huge}, but in gzip: about one thousandth of the bytes on the wire. */
export function gzipBomb(bytes: number): Fault {
  return ({ response }) => {
    // A gzip file may have any number of members, so one MiB is compressed once and repeated.
    spaces ??= gzipSync(Buffer.alloc(MIB, ' '));
    const members = Array.from({ length: Math.ceil(bytes / MIB) }, () => spaces as Buffer);
    const body = Buffer.concat([gzipSync(HUGE_START), ...members, gzipSync(HUGE_END)]);
    response.writeHead(200, { 'content-type': 'application/json', 'content-encoding': 'gzip' }).end(body);
  };
}

let spaces: Buffer | undefined;
const HUGE_START = '{"id":"00000000-0000-4000-8000-000000000000","name":"';
const HUGE_END = '"}';

function drained(response: Exchange['response'], signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    response.once('drain', resolve);
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  });
}

/** Sends the real response's headers at once, then one byte of the body per interval: always alive, never done. */
export function trickle(intervalMs: number): Fault {
  return async (exchange) => {
    const { response, signal } = exchange;
    const what = exchange.handle();
    const { headers, bytes } = encode(what);
    response.writeHead(what.status, headers);
    for (const byte of bytes) {
      response.write(Buffer.of(byte));
      await wait(intervalMs, undefined, { signal });
    }
    response.end();
  };
}

/** The bytes of the real response up to a point. */
function upTo(at: Point, exchange: Pick<Exchange, 'handle'>): Buffer {
  if (at === 'before headers') return Buffer.alloc(0);
  const what = exchange.handle();
  const { headers, bytes } = encode(what);
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  const head = Buffer.from(`HTTP/1.1 ${what.status} ${STATUS_CODES[what.status]}\r\n${lines.join('')}\r\n`);
  if (at === 'in headers') return head.subarray(0, Math.floor(head.length / 2));
  if (at === 'after headers') return head;
  return Buffer.concat([head, bytes.subarray(0, Math.floor(bytes.length / 2))]);
}
