import * as z from 'zod/mini';
import { ApiError, type ApiErrorDetails, FormError } from '../errors.ts';
import { isJsonObject, type Json, kindOf, parseExactJson, parseJson } from '../json.ts';
import { present } from '../present.ts';
import { cut, secondsText, textOf } from '../text.ts';
import type { Content } from './content.ts';
import { isRetriedStatus, isTooLong, isTransientStatus, retryAfterMs } from './retry.ts';

// In a span, recorded values are one level deeper than in the input, and `{ data }` may be around the span.
const MAX_DEPTH = 1100;

const MAX_SERVER_MESSAGE = 500;

/** A response with its whole body. Has the parts of a `Response` that ofetch uses. */
export interface HttpResponse extends Content {
  readonly status: number;
  readonly statusText: string;
  readonly location: string | undefined;
  /** The header `Retry-After`. */
  readonly retryAfter: string | undefined;
  text(): Promise<string>;
}

/** A request, and what errors say about it. */
export interface Call {
  readonly method: 'GET' | 'POST' | 'PATCH';
  readonly url: string;
  readonly body?: string;
  /** What the response should contain, such as `a span`. */
  readonly wanted: string;
  /** What to check after a 404, as sentences. */
  readonly ifNotFound: string;
  /** The id that the response must have; absent if the server may choose one. */
  readonly id?: string;
  /** Whether a 404 is retried, since what was just created may take a moment to appear. */
  readonly isNew?: boolean;
  /** Whether other failures are not retried. */
  readonly isTriedOnce?: boolean;
  /** Whether a lookup did not find what the request should have created. */
  readonly wasLookedFor?: boolean;
}

/**
 * The content of a successful response, checked by its schema; `{ "data": … }` may be around it. Every number keeps its digits.
 * Throws {@link ApiError} for an error status, a redirect, and any other unexpected content. `attempts` says how often the request
 * was sent.
 */
export function readResponse<Schema extends z.ZodMiniType>(
  response: HttpResponse,
  schema: Schema,
  call: Call,
  attempts: number,
  now: number,
): z.infer<Schema> {
  const { status, location, body, problem, unknownCoding } = response;
  if (status >= 400) throw refusal(response, call, attempts, now);
  const coding = unknownCoding === undefined ? '' : ` (Content-Encoding: ${cut(unknownCoding, 100)})`;
  const looked = call.wasLookedFor ? ' (and a lookup did not find it)' : '';
  const unusable = (reason: string, serverMessage = '') =>
    apiError(call, `${responseText(response)}${coding}${looked}${reason}`, {
      serverMessage,
      status,
      attempts,
      advice: isHtml(body) ? CHECK_URL_OR_GATEWAY : CHECK_URL,
      isTransient: false,
    });
  if (status >= 300) {
    throw unusable(
      location === undefined
        ? `, but without ${call.wanted}`
        : `${targetText(location, call.url)}, but redirects are not followed, so that the key stays with base_url`,
    );
  }
  if (problem !== undefined) throw unusable(`, but the body ${problem}`);
  if (body.trim() === '') throw unusable(`, but with an empty body, expected ${call.wanted}`);
  const json = jsonOf(body, unusable);
  const parsed = z.safeParse(schema, unwrapped(json));
  if (parsed.success) {
    // Only a list has no id, and a call for a list does not expect one.
    const { id } = parsed.data as { id: string };
    if (call.id === undefined || id.toLowerCase() === call.id.toLowerCase()) return parsed.data;
    throw unusable(`, but with a different ${call.wanted.replace(/the |a /, '')} than requested`, id);
  }
  const problems = isJsonObject(json)
    ? parsed.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`).join('; ')
    : '';
  throw unusable(`, but with ${kindOf(json)} that is not ${call.wanted}`, problems);
}

/** `returned 503 Service Unavailable`. */
export function responseText({ status, statusText }: HttpResponse): string {
  return `returned ${`${status} ${cut(statusText, 100)}`.trim()}`;
}

/** `tried 4 times`. */
export function attemptsText(attempts: number, { wasLookedFor }: Call): string {
  const times = attempts === 1 ? 'tried once' : `tried ${attempts} times`;
  return wasLookedFor ? `${times}, and a lookup did not find it` : times;
}

/** The error of a request that failed. `reason` follows the request. */
export function apiError(
  { method, url }: Call,
  reason: string,
  { serverMessage = '', ...details }: ApiErrorDetails & { readonly serverMessage?: string },
): ApiError {
  // Cut twice, so that white space is not searched in all of a long body.
  const shown = cut(
    cut(serverMessage, 4 * MAX_SERVER_MESSAGE)
      .replace(/\s+/g, ' ')
      .trim(),
    MAX_SERVER_MESSAGE,
  );
  return new ApiError(`${method} ${url} ${reason}${shown ? `: ${shown}` : ''}`, details);
}

/** The error for a response with a status of 400 or more. */
function refusal(response: HttpResponse, call: Call, attempts: number, now: number): ApiError {
  const { status, statusText, body } = response;
  const serverMessage = messageIn(body);
  return apiError(call, `${responseText(response)} (${attemptsText(attempts, call)})`, {
    // Do not repeat the status line.
    serverMessage: serverMessage.trim() === statusText ? '' : serverMessage,
    status,
    attempts,
    advice: adviceFor(response, call, now),
    // A 409 for a POST says that it exists already, but a lookup did not find it. It may appear later.
    isTransient: isTransientStatus(status) || (status === 409 && call.method === 'POST'),
  });
}

const CHECK_URL = 'Check that base_url is the address of the Opper API, with its /v2.';
const CHECK_URL_OR_GATEWAY =
  'Check that base_url is the address of the Opper API, with its /v2, and that no gateway in front of it challenges this runner.';
const UNCLEAR =
  'If that does not say what is wrong, check that base_url is the address of the Opper API, with its /v2.';
const OUTAGE =
  'The API has a problem. Run the job again later. With fail_on_api_error: false the job stays green.';

const ADVICE: Readonly<Record<number, string>> = {
  401: 'Check the secret behind api_key or OPPER_API_KEY.',
  408: 'Run the job again later.',
  409: 'Another job may have changed the span at the same time. Run the job again.',
  413: 'Record less: shorten output, input, error or meta.',
  421: 'This server does not serve that host. Check base_url, and the proxy if there is one.',
  422: 'Correct the fields it names.',
  425: 'Run the job again later.',
  429: 'Raise retries, or run fewer of these steps at once.',
};

function adviceFor(
  { status, retryAfter, body }: HttpResponse,
  { method, ifNotFound }: Call,
  now: number,
): string {
  const askedMs = retryAfterMs(retryAfter, now);
  if (isRetriedStatus(status) && isTooLong(askedMs)) {
    return `It asks to wait ${secondsText(askedMs)} (Retry-After), longer than the step waits. Run the job again after that.`;
  }
  if (status === 403) return forbiddenAdvice(body);
  if (status === 404) return ifNotFound;
  if (status === 409 && method === 'POST') return 'The API says that it already exists. Run the job again.';
  const otherwise = status >= 500 ? OUTAGE : UNCLEAR;
  return ADVICE[status] ?? otherwise;
}

/** The API refuses with JSON. Anything else comes from a firewall or proxy. */
function forbiddenAdvice(body: string): string {
  if (body.trim() === '') {
    return 'Check the permissions and the project of the key, and whether a gateway in front of the API blocks this runner.';
  }
  return jsonOrUndefined(body) !== undefined
    ? 'The key is valid, but lacks the permission for this. Check its permissions and its project.'
    : 'That is not from the API: a gateway in front of it blocks this runner. Ask whoever runs the gateway to allow the address of this runner.';
}

/**
 * ` to Other.example` for a redirect. Only the host, since the rest may be long and private. Not parsed as a URL: that would
 * change its case, and a key in it would not be found and removed.
 */
function targetText(location: string, url: string): string {
  const hostIn = (address: string) =>
    /^(?:[a-z][a-z\d+.-]*:)?[\\/]{2}(?:[^\\/?#]*@)?([^\\/?#]*)/i.exec(address)?.[1];
  const host = hostIn(location.trim()) ?? hostIn(url);
  return host ? ` to ${cut(host, 200)}` : '';
}

function jsonOf(body: string, unusable: (reason: string, serverMessage: string) => ApiError): Json {
  try {
    return parseExactJson(body, MAX_DEPTH);
  } catch (error) {
    if (!(error instanceof FormError)) throw error;
    const reason = isHtml(body) ? ', but with an HTML page' : `, but the body ${error.message}. It begins`;
    throw unusable(reason, messageIn(body));
  }
}

function unwrapped(json: Json): Json {
  return isJsonObject(json) && json.id === undefined && isJsonObject(json.data) ? json.data : json;
}

function isHtml(body: string): boolean {
  return /^\s*<(!doctype html|html)\b/i.test(body);
}

/**
 * The message in an error body of any shape: the API's envelope `{ type, message, detail }`, a bare `detail` as text, object
 * or list (FastAPI's `{ loc, msg }`), other JSON, an HTML page (its title), plain text, nothing.
 */
function messageIn(body: string): string {
  if (isHtml(body)) return /<title[^>]*>([^<]*)/i.exec(body)?.[1] ?? '';
  const json = jsonOrUndefined(body);
  return json === undefined ? body : messageInJson(json);
}

/** Undefined for plain text, and for JSON that is malformed or too deep. */
function jsonOrUndefined(body: string): Json | undefined {
  try {
    return parseJson(body);
  } catch {
    return undefined;
  }
}

function messageInJson(json: Json): string {
  if (!isJsonObject(json)) return json === null ? 'null' : textOf(json);
  const { message, detail } = json;
  const details = present((Array.isArray(detail) ? detail : [detail]).map(detailText));
  if (details.length > 0) return details.join('; ');
  return typeof message === 'string' ? message : JSON.stringify(json);
}

function detailText(detail: Json | undefined): string {
  if (!isJsonObject(detail) || typeof detail.msg !== 'string') return textOf(detail);
  const { loc, msg } = detail;
  return Array.isArray(loc) ? `${loc.map(textOf).join('.')}: ${msg}` : msg;
}
