import { inspect } from 'node:util';

/** One thing that is wrong with what the step was given. */
export interface Problem {
  /** The input as action.yml spells it, or the file it came from. */
  readonly name: string;
  /** What is wrong and what is expected, beginning with the verb: `is not a number. Write 9 or -3`. */
  readonly message: string;
  /** The text it is said of, as it was given. Foreign and possibly long: whoever shows it makes it inert and cuts it. */
  readonly found?: string;
}

/** A text does not have the form it should. The message begins with the verb, as in {@link Problem}. */
export class FormError extends Error {
  override readonly name = 'FormError';
  readonly found: string | undefined;

  constructor(message: string, options: { found?: string; cause?: unknown } = {}) {
    super(message, 'cause' in options ? { cause: options.cause } : undefined);
    this.found = options.found;
  }
}

/** What the step was given cannot be used. Carries every problem at once; nothing has been sent. */
export class InputError extends Error {
  override readonly name = 'InputError';
  readonly problems: readonly Problem[];

  constructor(problems: readonly Problem[]) {
    super(problems.map((problem) => `${problem.name}: ${problem.message}`).join('\n'));
    this.problems = problems;
  }
}

/** The API could not be reached, refused, or answered something that is not the span asked for. */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  /** HTTP status of the last answer; absent when none came. */
  readonly status: number | undefined;
  /** The server's own words. Foreign and possibly long: whoever shows them makes them inert and cuts them. */
  readonly said: string | undefined;
  /** What the reader of the red step can do about it, as a full sentence. */
  readonly hint: string | undefined;

  constructor(
    message: string,
    options: { status?: number; said?: string; hint?: string; cause?: unknown } = {},
  ) {
    super(message, 'cause' in options ? { cause: options.cause } : undefined);
    this.status = options.status;
    this.said = options.said;
    this.hint = options.hint;
  }
}

/**
 * Every message of a chain of causes, outermost first, as one line: `fetch failed: connect ECONNREFUSED 127.0.0.1:9`.
 * Node's fetch says only "fetch failed"; what happened stands in the cause, for an address with several IPs in an
 * AggregateError with an empty message. Anything may be thrown, so anything is accepted.
 */
export function headlineOf(thrown: unknown): string {
  const messages = [...causesOf(thrown)].map((error) =>
    messageOf(error)
      .trim()
      .replace(/[\r\n]+/g, ' '),
  );
  const telling = [...new Set(messages)].filter(
    (one) => !messages.some((other) => other !== one && other.includes(one)),
  );
  return telling.join(': ') || 'unknown error';
}

function messageOf(thrown: unknown): string {
  if (!(thrown instanceof Error)) return typeof thrown === 'string' ? thrown : inspect(thrown);
  return thrown.message || codeOf(thrown) || thrown.name;
}

/** The first system or library code (`ECONNREFUSED`, `UND_ERR_SOCKET`, …) in a chain of causes; empty when there is none. */
export function codeOf(thrown: unknown): string {
  for (const error of causesOf(thrown)) {
    const code = (error as { code?: unknown } | null)?.code;
    if (typeof code === 'string') return code;
  }
  return '';
}

function* causesOf(thrown: unknown): Generator<unknown> {
  let error = thrown;
  // A chain longer than this is a cycle.
  for (let depth = 0; depth < 10 && error !== undefined; depth++) {
    yield error;
    if (error instanceof AggregateError && error.errors.length > 0) [error] = error.errors;
    else error = error instanceof Error ? error.cause : undefined;
  }
}
