import { inspect } from 'node:util';

/** One thing that is wrong with the input of the step. */
export interface Problem {
  /** The name of the input in action.yml, or the place of the value, such as `end_time in result.json`. */
  readonly name: string;
  /** What is wrong and what is expected, to follow the name: `"x" is not a number such as 9 or 0.87`. May contain untrusted text. */
  readonly message: string;
  /** Whether it is in a file, which the job may not have finished if it failed. */
  readonly isFromFile?: boolean;
}

/** `name: message`, as the user sees it. */
export function problemLine({ name, message }: Problem): string {
  return `${name}: ${message}`;
}

/** A text or file does not have the right form. The message follows the name of that text or file. */
export class FormError extends Error {
  override readonly name = 'FormError';
}

/** Turns a {@link FormError} about a file or pattern into a problem of the input `name`. Rethrows any other error. */
export function problemOf(name: string, path: string, error: unknown): Problem {
  if (!(error instanceof FormError)) throw error;
  return { name, message: `${path} ${error.message}` };
}

/** The step cannot use its input. Lists every problem. Nothing has been sent. */
export class InputError extends Error {
  override readonly name = 'InputError';
  readonly problems: readonly Problem[];

  constructor(problems: readonly Problem[]) {
    super(problems.map(problemLine).join('\n'));
    this.problems = problems;
  }

  /** The error for a single problem. */
  static of(name: string, message: string): InputError {
    return new InputError([{ name, message }]);
  }
}

export interface ApiErrorDetails {
  /** The HTTP status of the response; absent if none came. */
  readonly status?: number | undefined;
  /** How often the request was sent. */
  readonly attempts: number;
  /** What to do, as sentences. May be empty. */
  readonly advice: string;
  /** Whether the same request may succeed later: no connection, a timeout, 408, 425, 429 or 5xx. */
  readonly isTransient: boolean;
}

/**
 * The API could not be reached, refused, or returned something unusable. The message is one line: what was tried, what came
 * back in the server's own words, and what to do. It may contain untrusted text.
 */
export class ApiError extends Error implements ApiErrorDetails {
  override readonly name = 'ApiError';
  /** The message without the advice. */
  readonly summary: string;
  readonly status: number | undefined;
  readonly attempts: number;
  readonly advice: string;
  readonly isTransient: boolean;

  constructor(summary: string, { status, attempts, advice, isTransient }: ApiErrorDetails) {
    super(advice ? `${summary}${/[.!?…]$/.test(summary) ? '' : '.'} ${advice}` : summary);
    this.summary = summary;
    this.status = status;
    this.attempts = attempts;
    this.advice = advice;
    this.isTransient = isTransient;
  }
}

/** The message of whatever was thrown, as one line. Accepts any value, since anything can be thrown. */
export function headlineOf(thrown: unknown): string {
  if (!(thrown instanceof Error)) return oneLine(typeof thrown === 'string' ? thrown : inspect(thrown));
  // For an address with several IPs Node throws an AggregateError, whose own message is empty.
  const [first] = thrown instanceof AggregateError ? thrown.errors : [];
  return oneLine(thrown.message) || (first ? headlineOf(first) : codeOf(thrown) || thrown.name);
}

/** The code of a system or library error, such as `ECONNREFUSED`; empty if it has none. */
export function codeOf(thrown: unknown): string {
  const code = (thrown as { code?: unknown } | null | undefined)?.code;
  return typeof code === 'string' ? code : '';
}

function oneLine(text: string): string {
  return text.trim().replace(/[\r\n]+/g, ' ');
}
