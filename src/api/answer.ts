import * as z from 'zod/mini';
import { ApiError, codeOf, FormError, headlineOf } from '../errors.ts';
import { isJsonObject, type Json, kindOf, parseJson } from '../json.ts';
import { Span } from './span.ts';

// A span holds what was recorded a level deeper than it was given.
const MAX_DEPTH = 1100;

/** An answer of the API, fully read. */
export interface Answer {
  readonly status: number;
  readonly statusText: string;
  readonly location: string | null;
  /** What `Retry-After` asks for; undefined where there is none that can be understood, or no point in waiting. */
  readonly retryAfterMs: number | undefined;
  readonly body: string;
}

/** A request, and what an error has to know of it. */
export interface Call {
  readonly method: string;
  readonly url: string;
  /** How often it was made. */
  readonly attempts: number;
  /** Takes the key out of a text: whatever a server says may echo it. */
  readonly redact: <Value>(value: Value) => Value;
}

/** No answer that an API gives: too long, or with a status that HTTP does not know. Asking again brings the same. */
export class BadAnswerError extends Error {
  override readonly name = 'BadAnswerError';
}

/** The span of an answer with a status below 400. Throws {@link ApiError} where it holds none, or another than asked for. */
export function spanOf(answer: Answer, call: Call, id: string): Span {
  const { status, body } = answer;
  const failure = (what: string, said?: string) =>
    apiError(call, `${answerText(answer)}${what}`, {
      status,
      hint: 'Check that base_url is the address of the Opper API, with its /v2.',
      ...(said && { said }),
    });

  if (status >= 300) {
    throw failure(
      answer.location === null
        ? ', but with no span'
        : `${targetText(answer, call)}, but redirects are not followed, so that the key stays with base_url`,
    );
  }
  if (body.trim() === '') throw failure(', but with nothing where a span was expected');
  let json: Json;
  try {
    json = parseJson(body, MAX_DEPTH);
  } catch (error) {
    if (!(error instanceof FormError)) throw error;
    throw failure(
      isHtml(body) ? ', but with an HTML page' : `, but what came ${error.message}`,
      wordsOf(body),
    );
  }
  const parsed = z.safeParse(Span, json);
  if (!parsed.success) {
    const faults = isJsonObject(json)
      ? parsed.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`)
      : [];
    throw failure(`, but with ${kindOf(json)} that is not a span`, faults.join('; '));
  }
  if (parsed.data.id.toLowerCase() !== id.toLowerCase()) {
    throw failure(', but with another span than the one asked for', parsed.data.id);
  }
  return parsed.data;
}

/** ` to other.example` where the answer names another place; only the host, for the rest may be long and private. */
function targetText({ location }: Answer, { url, redact }: Call): string {
  // The key goes first: parsed as a host, it would be in lower case.
  const target = location === null ? null : URL.parse(redact(location), url);
  return target?.host ? ` to ${target.host}` : '';
}

/** The error for an answer with a status of 400 or more. A wait it asks for that is longer than `maxWaitMs` is named. */
export function refusal(answer: Answer, call: Call, maxWaitMs: number): ApiError {
  const { status, retryAfterMs = 0 } = answer;
  const words = wordsOf(answer.body);
  // Not what the status line says already.
  const said = words === answer.statusText ? '' : words;
  const hint =
    retryAfterMs > maxWaitMs
      ? `It asks to wait ${secondsOf(retryAfterMs)} (Retry-After), longer than the ${secondsOf(maxWaitMs)} this step waits at most. Run the job again then.`
      : hintFor(status);
  return apiError(call, `${answerText(answer)} (${times(call.attempts)})`, {
    status,
    ...(said && { said }),
    ...(hint && { hint }),
  });
}

/** The error where no whole answer came. `thrown` is what `fetch` or reading the body threw. */
export function connectionError(thrown: unknown, call: Call, timeoutMs: number): ApiError {
  return apiError(call, `${failureText(thrown, timeoutMs)} (${times(call.attempts)})`, {
    hint: connectionHint(thrown),
  });
}

/** Without a `cause`: its message stands in the error's own, and the rest of it may hold the bytes that were received. */
function apiError(
  { method, url, redact }: Call,
  what: string,
  options: { status?: number; said?: string; hint?: string },
): ApiError {
  return new ApiError(redact(`${method} ${url} ${what}`), redact(options));
}

/** `was answered with 503 Service Unavailable`. */
export function answerText({ status, statusText }: Answer): string {
  return `was answered with ${`${status} ${statusText}`.trim()}`;
}

/** `failed: connect ECONNREFUSED 127.0.0.1:9`, or what the time limit was. */
export function failureText(thrown: unknown, timeoutMs: number): string {
  if (isTimeout(thrown)) return `got no complete answer within ${secondsOf(timeoutMs)}`;
  const proxyStatus = proxyStatusOf(thrown);
  if (proxyStatus) return `failed: the proxy answered with ${proxyStatus}`;
  const headline = headlineOf(thrown)
    // What undici puts before every cause.
    .replace(/^(fetch failed|terminated): /, '')
    // OpenSSL's error queue has the reason between the names of a function and of a file.
    .replace(/^[^ ]*:SSL routines:[^:]*:([^:]+):.*$/s, 'TLS: $1');
  return `failed: ${headline}`;
}

/** Whether another attempt would end the same way: with this certificate, this kind of answer, this login at the proxy. */
export function isFinal(thrown: unknown): boolean {
  return thrown instanceof BadAnswerError || isCertificateError(thrown) || proxyStatusOf(thrown) === '407';
}

/** `0.423 s`, `12.5 s`, `3600 s`. */
export function secondsOf(ms: number): string {
  const seconds = ms / 1000;
  return `${seconds < 100 ? Number(seconds.toPrecision(3)) : Math.round(seconds)} s`;
}

function times(attempts: number): string {
  return attempts === 1 ? 'tried once' : `tried ${attempts} times`;
}

function hintFor(status: number): string | undefined {
  switch (status) {
    case 401:
      return 'The API does not know this key. Check the secret behind api_key or OPPER_API_KEY.';
    case 403:
      return 'The key is known but may not do this. Check its rights and its project.';
    case 404:
      return 'Check span_id, that the key belongs to the project of the span, and base_url. A span made a moment ago can take a little until it is there.';
    case 413:
      return 'Record less: shorten output, input, error or meta.';
    case 422:
      return 'Correct what it names.';
    case 429:
      return 'Too many requests. Raise retries, or run fewer of these steps at once.';
    default:
      return status >= 500
        ? 'The API is in trouble. Run the job again later; with fail_on_api_error false a job stays green all the same.'
        : undefined;
  }
}

function connectionHint(thrown: unknown): string {
  if (thrown instanceof BadAnswerError) return 'Check that base_url is the address of the Opper API.';
  if (isTimeout(thrown)) return 'Raise timeout_seconds, or check the network of the runner.';
  switch (codeOf(thrown)) {
    case 'ERR_SSL_WRONG_VERSION_NUMBER':
      return 'What answers there does not speak TLS. Check scheme and port, in base_url and in HTTPS_PROXY.';
    case 'ERR_TLS_CERT_ALTNAME_INVALID':
    case 'HOSTNAME_MISMATCH':
      return 'The certificate is for another host. Check base_url.';
    case 'CERT_HAS_EXPIRED':
    case 'CERT_NOT_YET_VALID':
      return 'The server has to renew its certificate, or the clock of the runner is wrong.';
  }
  if (isCertificateError(thrown)) {
    return 'The certificate is not trusted on this runner. For a private CA, set NODE_EXTRA_CA_CERTS in the env of the step to the path of its PEM file.';
  }
  if (proxyStatusOf(thrown) === '407') {
    return 'The proxy wants a user and password, or others than it got. Set HTTPS_PROXY in the env of the step to http://USER:PASSWORD@HOST:PORT, from a secret.';
  }
  return 'Check base_url (scheme, host, port) and the network of the runner; behind a proxy, HTTPS_PROXY in the env of the step too.';
}

function isTimeout(thrown: unknown): boolean {
  return thrown instanceof Error && thrown.name === 'TimeoutError';
}

// Node's and OpenSSL's names: ERR_TLS_CERT_ALTNAME_INVALID, DEPTH_ZERO_SELF_SIGNED_CERT, CERT_HAS_EXPIRED,
// UNABLE_TO_VERIFY_LEAF_SIGNATURE (Node's documentation, tls, "X509 certificate error codes").
function isCertificateError(thrown: unknown): boolean {
  return /CERT|UNABLE_TO_|INVALID_CA|HOSTNAME_MISMATCH/.test(codeOf(thrown));
}

/** The status with which a proxy refused to connect. undici has it in the message only (its lib/dispatcher/proxy-agent.js). */
function proxyStatusOf(thrown: unknown): string | undefined {
  return /Proxy response \((\d+)\)/.exec(headlineOf(thrown))?.[1];
}

function isHtml(body: string): boolean {
  return /^\s*<(!doctype html|html)\b/i.test(body);
}

/**
 * What an error body says, whatever its shape: the API's envelope `{ type, message, detail }`, a bare `detail` as text,
 * object or list (FastAPI's `{ loc, msg }`), some other JSON, an HTML page (its title), plain text, nothing.
 */
function wordsOf(body: string): string {
  if (isHtml(body)) return /<title[^>]*>([^<]*)/i.exec(body)?.[1]?.trim() ?? '';
  try {
    return jsonWords(parseJson(body));
  } catch {
    // Text, or JSON that is broken or too deep.
    return body.trim();
  }
}

function jsonWords(json: Json): string {
  if (!isJsonObject(json)) return typeof json === 'string' ? json : JSON.stringify(json);
  const { message, detail } = json;
  const details = (Array.isArray(detail) ? detail : [detail]).map(detailText).filter(Boolean);
  if (details.length > 0) return details.join('; ');
  return typeof message === 'string' ? message : JSON.stringify(json);
}

function detailText(detail: Json | undefined): string {
  if (detail === undefined || detail === null) return '';
  if (!isJsonObject(detail)) return typeof detail === 'string' ? detail : JSON.stringify(detail);
  const { loc, msg } = detail;
  if (typeof msg !== 'string') return JSON.stringify(detail);
  return Array.isArray(loc) ? `${loc.join('.')}: ${msg}` : msg;
}
