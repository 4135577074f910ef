import * as z from 'zod/mini';
import { ApiError, FormError } from '../errors.ts';
import { isJsonObject, type Json, kindOf, parseExactJson, parseJson } from '../json.ts';
import { cut, secondsText, textOf } from '../text.ts';
import { isRetriedStatus, isTooLong } from './retry.ts';

// In a span, recorded values are one level deeper than in the input, and `{ data }` may be around the span.
const MAX_DEPTH = 1100;

const MAX_SAID = 500;

/** A response of the API, with its whole body. */
export interface HttpResponse {
  readonly status: number;
  readonly statusText: string;
  readonly location: string | null;
  /** `Retry-After` in milliseconds; undefined if absent or invalid. */
  readonly retryAfterMs: number | undefined;
  readonly body: string;
}

/** What errors say about a request. */
export interface Call {
  readonly method: 'GET' | 'POST' | 'PATCH';
  readonly url: string;
  /** What the response should contain, such as `a span`. */
  readonly wanted: string;
  /** What to check after a 404, as sentences. */
  readonly ifNotFound: string;
  /** The id that the response must have; absent if the server may choose one. */
  readonly id?: string;
}

/**
 * The content of a successful response, checked by its schema; `{ "data": … }` may be around it. Every number keeps its digits.
 * Throws {@link ApiError} for an error status, a redirect, and any other unexpected content. The error for an error status
 * contains `tried`, such as `tried 4 times`.
 */
export function read<Schema extends z.ZodMiniType>(
  response: HttpResponse,
  schema: Schema,
  call: Call,
  tried: string,
): z.infer<Schema> {
  const { status, location, body } = response;
  if (status >= 400) throw refusal(response, call, tried);
  if (status >= 300) {
    throw unusable(
      response,
      call,
      location === null
        ? `, but without ${call.wanted}`
        : `${targetText(location, call.url)}, but redirects are not followed, so that the key stays with base_url`,
    );
  }
  if (body.trim() === '') throw unusable(response, call, `, but with an empty body, expected ${call.wanted}`);
  const json = jsonOf(response, call);
  const parsed = z.safeParse(schema, unwrapped(json));
  if (parsed.success) {
    const { id } = parsed.data as { id?: string };
    if (call.id === undefined || id?.toLowerCase() === call.id.toLowerCase()) return parsed.data;
    throw unusable(response, call, ', but with a different span than requested', id);
  }
  const faults = isJsonObject(json)
    ? parsed.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`).join('; ')
    : '';
  throw unusable(response, call, `, but with ${kindOf(json)} that is not ${call.wanted}`, faults);
}

/** The error for a successful response with unexpected content. `what` follows the status. */
function unusable(response: HttpResponse, call: Call, what: string, said = ''): ApiError {
  const advice = 'Check that base_url is the address of the Opper API, with its /v2.';
  return apiError(call, `${responseText(response)}${what}`, said, advice, false);
}

/** `returned 503 Service Unavailable`. */
export function responseText({ status, statusText }: HttpResponse): string {
  return `returned ${`${status} ${cut(statusText, 100)}`.trim()}`;
}

/** The error of a request that failed. */
export function apiError(
  { method, url }: Call,
  what: string,
  said: string,
  advice: string,
  isTransient: boolean,
): ApiError {
  // Cut twice, so that white space is not searched in all of a long body.
  const words = cut(
    cut(said, 4 * MAX_SAID)
      .replace(/\s+/g, ' ')
      .trim(),
    MAX_SAID,
  );
  return new ApiError(`${method} ${url} ${what}${words ? `: ${words}` : ''}`, advice, isTransient);
}

/** The error for a response with a status of 400 or more. */
function refusal(response: HttpResponse, call: Call, tried: string): ApiError {
  const { status, statusText, body } = response;
  const said = wordsOf(body);
  return apiError(
    call,
    `${responseText(response)} (${tried})`,
    // Do not repeat the status line.
    said.trim() === statusText ? '' : said,
    adviceFor(response, call),
    // A 409 for a POST says that it exists already, but a lookup did not find it. It may appear later.
    isRetriedStatus(status) || status >= 500 || (status === 409 && call.method === 'POST'),
  );
}

function adviceFor({ status, retryAfterMs }: HttpResponse, { method, ifNotFound }: Call): string {
  if (isRetriedStatus(status) && isTooLong(retryAfterMs)) {
    return `It asks to wait ${secondsText(retryAfterMs)} (Retry-After), longer than the step waits. Run the job again after that.`;
  }
  switch (status) {
    case 401:
      return 'Check the secret behind api_key or OPPER_API_KEY.';
    case 403:
      return 'The key is known but may not do this. Check its rights and its project.';
    case 404:
      return ifNotFound;
    case 408:
    case 425:
      return 'Run the job again later.';
    case 409:
      return method === 'POST'
        ? 'The API says that it already exists. Run the job again.'
        : 'Another job may have changed the span at the same time. Run the job again.';
    case 413:
      return 'Record less: shorten output, input, error or meta.';
    case 421:
      return 'This server does not serve that host. Check base_url, and the proxy if there is one.';
    case 422:
      return 'Correct the fields it names.';
    case 429:
      return 'Raise retries, or run fewer of these steps at once.';
    default:
      return status >= 500
        ? 'The API has a problem. Run the job again later. With fail_on_api_error: false the job stays green.'
        : 'If that does not say what is wrong, check that base_url is the address of the Opper API, with its /v2.';
  }
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

function jsonOf(response: HttpResponse, call: Call): Json {
  const { body } = response;
  try {
    return parseExactJson(body, MAX_DEPTH);
  } catch (error) {
    if (!(error instanceof FormError)) throw error;
    const what = isHtml(body) ? ', but with an HTML page' : `, but the body ${error.message}. It begins`;
    throw unusable(response, call, what, wordsOf(body));
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
function wordsOf(body: string): string {
  if (isHtml(body)) return /<title[^>]*>([^<]*)/i.exec(body)?.[1] ?? '';
  try {
    return jsonWords(parseJson(body));
  } catch {
    // Plain text, or JSON that is broken or too deep.
    return body;
  }
}

function jsonWords(json: Json): string {
  if (!isJsonObject(json)) return json === null ? 'null' : textOf(json);
  const { message, detail } = json;
  const details = (Array.isArray(detail) ? detail : [detail]).map(detailText).filter(Boolean);
  if (details.length > 0) return details.join('; ');
  return typeof message === 'string' ? message : JSON.stringify(json);
}

function detailText(detail: Json | undefined): string {
  if (!isJsonObject(detail) || typeof detail.msg !== 'string') return textOf(detail);
  const { loc, msg } = detail;
  return Array.isArray(loc) ? `${loc.map(textOf).join('.')}: ${msg}` : msg;
}
