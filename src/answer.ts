import * as z from 'zod/mini';
import { ApiError, codeOf, FormError, headlineOf } from './errors.ts';
import { isJsonObject, type Json, parseJson } from './json.ts';
import { Span } from './span.ts';

/** An answer of the API, fully read. */
export interface Answer {
  readonly status: number;
  readonly statusText: string;
  readonly location: string | null;
  /** What `Retry-After` asks for, undefined where there is none that can be understood. */
  readonly retryAfterMs: number | undefined;
  readonly body: string;
}

/** A request and how often it was made. */
export interface Call {
  /** Method and URL. */
  readonly request: string;
  readonly attempts: number;
}

/** An answer is longer than an answer may be. */
export class TooLargeError extends Error {
  override readonly name = 'TooLargeError';

  constructor(maxBytes: number) {
    super(`the answer is larger than ${maxBytes / 1024 / 1024} MiB, which no span is`);
  }
}

/** The span of an answer with a status below 400. Throws {@link ApiError} where it holds none, or another than asked for. */
export function spanOf(answer: Answer, request: string, id: string): Span {
  const { status, body } = answer;
  const failure = (what: string, said?: string, cause?: unknown) =>
    new ApiError(`${request} ${answerText(answer)}, but ${what}`, {
      status,
      hint: 'Check that base_url is the address of the Opper API, with its /v2.',
      ...(said && { said }),
      ...(cause !== undefined && { cause }),
    });

  if (status >= 300) {
    const target = URL.parse(answer.location ?? '', request.split(' ')[1]);
    throw failure(
      `redirects are not followed, so that the key stays with base_url`,
      target?.host && `to ${target.host}`,
    );
  }
  if (body.trim() === '') throw failure('with nothing where a span was expected');
  let json: Json;
  try {
    json = parseJson(body);
  } catch (error) {
    if (!(error instanceof FormError)) throw error;
    throw failure(isHtml(body) ? 'with an HTML page' : `what came ${error.message}`, wordsOf(body), error);
  }
  const parsed = z.safeParse(Span, json);
  if (!parsed.success) {
    const faults = parsed.error.issues.map(({ path, message }) => [...path, message].join(': '));
    throw failure(`with something that is not a span`, faults.join('; '));
  }
  if (parsed.data.id.toLowerCase() !== id.toLowerCase()) {
    throw failure('with another span than the one asked for', parsed.data.id);
  }
  return parsed.data;
}

/** The error for an answer with a status of 400 or more. A wait it asks for that is longer than `maxWaitMs` is named. */
export function refusal(answer: Answer, { request, attempts }: Call, maxWaitMs: number): ApiError {
  const { status, retryAfterMs = 0 } = answer;
  const said = wordsOf(answer.body);
  const hint =
    retryAfterMs > maxWaitMs
      ? `It asks to wait ${secondsOf(retryAfterMs)} (Retry-After), longer than the ${secondsOf(maxWaitMs)} this step waits at most. Run the job again then.`
      : hintFor(status);
  return new ApiError(`${request} ${answerText(answer)} (${times(attempts)})`, {
    status,
    ...(said && { said }),
    ...(hint && { hint }),
  });
}

/** The error where no whole answer came. `thrown` is what `fetch` or reading the body threw. */
export function connectionError(thrown: unknown, { request, attempts }: Call, timeoutMs: number): ApiError {
  return new ApiError(`${request} ${failureText(thrown, timeoutMs)} (${times(attempts)})`, {
    hint: connectionHint(thrown),
    cause: thrown,
  });
}

/** `was answered with 503 Service Unavailable`. */
export function answerText({ status, statusText }: Answer): string {
  return `was answered with ${`${status} ${statusText}`.trim()}`;
}

/** `failed: connect ECONNREFUSED 127.0.0.1:9`, or what the time limit was. */
export function failureText(thrown: unknown, timeoutMs: number): string {
  return isTimeout(thrown)
    ? `got no complete answer within ${secondsOf(timeoutMs)}`
    : `failed: ${headlineOf(thrown).replace(/^fetch failed: /, '')}`;
}

/** Whether another attempt would end the same way: a certificate does not change, nor does the size of an answer. */
export function isFinal(thrown: unknown): boolean {
  return thrown instanceof TooLargeError || isCertificateError(thrown);
}

/** `0.4 s`, `10 s`. */
export function secondsOf(ms: number): string {
  return `${Number((ms / 1000).toPrecision(ms < 1000 ? 2 : 3))} s`;
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
        ? 'The API is in trouble. Run the job again later, or set fail_on_api_error to false where it must stay green.'
        : undefined;
  }
}

function connectionHint(thrown: unknown): string {
  if (thrown instanceof TooLargeError) return 'Check that base_url is the address of the Opper API.';
  if (isTimeout(thrown)) return 'Raise timeout_seconds, or check the network of the runner.';
  if (isCertificateError(thrown)) {
    return 'The certificate is not trusted on this runner. For a private CA, set NODE_EXTRA_CA_CERTS in the env of the step to the path of its PEM file.';
  }
  return 'Check base_url and the network of the runner; behind a proxy, set HTTPS_PROXY in the env of the step.';
}

function isTimeout(thrown: unknown): boolean {
  return thrown instanceof Error && thrown.name === 'TimeoutError';
}

// Node's and OpenSSL's names: ERR_TLS_CERT_ALTNAME_INVALID, DEPTH_ZERO_SELF_SIGNED_CERT, CERT_HAS_EXPIRED,
// UNABLE_TO_VERIFY_LEAF_SIGNATURE (Node's documentation, tls, "X509 certificate error codes").
function isCertificateError(thrown: unknown): boolean {
  return /CERT|UNABLE_TO_|^ERR_TLS|^ERR_SSL|HOSTNAME_MISMATCH/.test(codeOf(thrown));
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
  let json: Json;
  try {
    json = parseJson(body);
  } catch {
    return body.trim();
  }
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
