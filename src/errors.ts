import { inspect } from 'node:util';

/** One thing that is wrong with what the step was given. */
export interface Problem {
  /** The input as action.yml spells it, or what else is at fault, such as `meta_file settings.json`. */
  readonly name: string;
  /** What is wrong and what is expected. Reads on after the name: `"x" is not a number such as 9 or 0.87`. May hold foreign text. */
  readonly message: string;
}

/** A text or a file does not have the form it should. The message reads on after the name of what is at fault. */
export class FormError extends Error {
  override readonly name = 'FormError';
}

/** What the step was given cannot be used. Carries every problem at once. Nothing has been sent. */
export class InputError extends Error {
  override readonly name = 'InputError';
  readonly problems: readonly Problem[];

  constructor(problems: readonly Problem[]) {
    super(problems.map(({ name, message }) => `${name}: ${message}`).join('\n'));
    this.problems = problems;
  }
}

/**
 * The API could not be reached, refused, or answered something unusable. The message tells it all in one line: what was tried,
 * what came back in the server's own words, and then the advice what to do. It may hold foreign text.
 */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  /** Whether the same request may well succeed later: no connection, a timeout, 408, 425, 429 or 5xx. */
  readonly isTransient: boolean;
  /** The message without the advice. */
  readonly story: string;

  constructor(story: string, advice: string, isTransient: boolean) {
    super(advice ? `${story}${/[.!?…]$/.test(story) ? '' : '.'} ${advice}` : story);
    this.story = story;
    this.isTransient = isTransient;
  }
}

/** The message of whatever was thrown, as one line. Anything may be thrown, so anything is accepted. */
export function headlineOf(thrown: unknown): string {
  if (!(thrown instanceof Error)) return oneLine(typeof thrown === 'string' ? thrown : inspect(thrown));
  // Node gives an address with several IPs one AggregateError, whose own message is empty.
  const [first] = thrown instanceof AggregateError ? thrown.errors : [];
  return oneLine(thrown.message) || (first ? headlineOf(first) : codeOf(thrown) || thrown.name);
}

/** The code of a system or library error, such as `ECONNREFUSED`; empty where it has none. */
export function codeOf(thrown: unknown): string {
  const code = (thrown as { code?: unknown } | null | undefined)?.code;
  return typeof code === 'string' ? code : '';
}

function oneLine(text: string): string {
  return text.trim().replace(/[\r\n]+/g, ' ');
}
