import { stripVTControlCharacters } from 'node:util';
import { defined } from '../present.ts';
import { cut } from '../text.ts';
import { isEmptyMessage, isNoise } from './facts.ts';
import { type CaseStatus, type Failure, isFailing, type TestCase } from './tests.ts';

/** A case that a format found in a file. */
export interface FoundCase {
  readonly status: CaseStatus;
  /** How many such cases there are, 1 if absent. */
  readonly count?: number;
  /** For a case that may be reported again, with a worse status: what identifies it, and its status so far. */
  readonly key?: number | undefined;
  readonly before?: CaseStatus | undefined;
  /** Called only for cases that are shown or kept. */
  readonly details: () => CaseDetails;
  readonly measured?: Measured;
}

/** Called by a format with each case that it finds. */
export type OnCase = (found: FoundCase) => void;

/** What a format knows about a case. */
export interface CaseDetails {
  /** The names of the suites, outermost first. Empty ones are left out later. */
  readonly suites?: readonly string[];
  readonly name: string;
  readonly why: Explanation;
  readonly input?: string;
  readonly output?: string;
  readonly score?: number | undefined;
  readonly file?: string | undefined;
  readonly durationMs?: number | undefined;
  /** Unix time in milliseconds. Without an end, the case ends `durationMs` after its start. */
  readonly startMs?: number | undefined;
  readonly endMs?: number | undefined;
}

/** Where a format may say why a case failed. Each may be empty. */
export interface Explanation {
  readonly message: string;
  /** Mostly a stack trace, which begins with the message. */
  readonly body?: string;
  /** The type of the exception. */
  readonly type?: string;
}

/** What an eval measured for one case. */
export interface Measured {
  readonly score?: number | undefined;
  readonly namedScores: Readonly<Record<string, number | undefined>>;
  readonly cost?: number | undefined;
  readonly inputTokens?: number | undefined;
  readonly outputTokens?: number | undefined;
}

/** The length at which a text of a case is cut, in UTF-16 units. */
export const MAX_TEXT_LENGTH = 64 * 1024;
const MAX_NAME_LENGTH = 200;
const MAX_MESSAGE_LENGTH = 200;
/** How many lines of a failure are shown. */
const MAX_LINES = 3;
/** A longer line is shown as it is: some patterns take long on it. */
const MAX_NOISE_LENGTH = 1000;
const MAX_PATH_LENGTH = 1000;

/** A failure to show: the name, and the lines that say most. */
export function failureOf(details: CaseDetails): Failure {
  return {
    name: nameOf(details),
    message: cut(reasonOf(details), MAX_MESSAGE_LENGTH),
    ...(details.file && { file: cut(linesOf(details.file).join(' '), MAX_PATH_LENGTH) }),
  };
}

/** Everything known about a case. A failed case has an error even if the file does not say why. */
export function testCaseOf(status: CaseStatus, details: CaseDetails): TestCase {
  const { why, input, output, score, file, durationMs, startMs = Number.NaN } = details;
  const { endMs = startMs + (durationMs ?? Number.NaN) } = details;
  const suite = suitesOf(details).join(' > ');
  const times = [startMs, endMs].map(timeOf);
  const [startTime, endTime] = endMs < startMs ? [] : times;
  return {
    status,
    name: nameOf(details),
    ...defined({
      error: isFailing(status) ? wholeOf(why) || `${status}; the file does not say why` : undefined,
      input: input === undefined ? undefined : cut(input, MAX_TEXT_LENGTH),
      output: output === undefined ? undefined : cut(output, MAX_TEXT_LENGTH),
      score,
      startTime,
      endTime,
      suite: suite ? cut(suite, MAX_NAME_LENGTH) : undefined,
      file: file ? cut(file, MAX_PATH_LENGTH) : undefined,
      durationMs: durationMs === undefined ? undefined : Math.round(durationMs),
    }),
  };
}

/** `cart > adds two`: the suites and the case. Some tools repeat the outermost suite in the name of the case. */
function nameOf(details: CaseDetails): string {
  const { name } = details;
  const parts = [...suitesOf(details), name].filter((part) => part !== '');
  const [outermost = name] = parts;
  const isRepeated = name.startsWith(outermost) && !/^\w/.test(name.slice(outermost.length));
  const whole = isRepeated ? name : parts.join(' > ');
  return cut(linesOf(whole).join(' '), MAX_NAME_LENGTH) || 'a case without a name';
}

function suitesOf({ suites = [] }: CaseDetails): string[] {
  return suites.filter((suite) => suite !== '');
}

/**
 * The first lines of the message that say something, or of the body if the message has none. If the body begins with the same
 * line after the name of the exception, that line is used: `/ by zero` alone says little.
 */
function reasonOf(details: CaseDetails): string {
  const { message, body = '', type = '' } = details.why;
  const [short, long] = [linesOf(afterTraceback(message)), linesOf(afterTraceback(body))];
  const [first = '', ...more] = short.filter((line) => saysSomething(line, details));
  const rest = long.filter((line) => saysSomething(line, details));
  const [beginning = first] = rest.slice(0, 1).filter((line) => isNamed(line, first));
  const lines = first === '' ? rest : [beginning, ...more];
  const [fallback = ''] = [...short, ...linesOf(type), ...linesOf(message), ...linesOf(body)];
  return lines.slice(0, MAX_LINES).join(' ') || fallback;
}

/** Whether a line is the message after the name of the exception. */
function isNamed(line: string, message: string): boolean {
  return line.endsWith(message) && /^[\w.$]+: $/.test(line.slice(0, line.length - message.length));
}

/** Whether a line is more than a place, a frame of a stack, the name of the case, or what a tool writes for every failure. */
function saysSomething(line: string, details: CaseDetails): boolean {
  if (line.length > MAX_NOISE_LENGTH) return true;
  return !isEmptyMessage(line) && !isNoise(line) && !isNameOf(line, details);
}

/** Whether a line is the name of the case, such as `CartTest::testAdds` or, with its data, `CartTest::testAdds with data set #0 (3)`. */
function isNameOf(line: string, details: CaseDetails): boolean {
  const [name, suites] = [details.name, suitesOf(details).join('')].map(lettersOf);
  const texts = [line, line.replace(/ \([^()]*\)$/, '')].map(lettersOf);
  return texts.some((text) => text === name || text === `${suites}${name}`);
}

function lettersOf(text: string): string {
  return text.replaceAll(/[^\p{L}\p{N}]/gu, '');
}

/** Message and body, each once. */
function wholeOf({ message, body = '', type = '' }: Explanation): string {
  const short = plain(message).trim();
  const rest = plain(body).trim();
  const isRepeated = isEmptyMessage(short) || rest.includes(short);
  const whole = isRepeated ? rest : `${short}\n${rest}`.trim();
  return cut(whole || short || plain(type), MAX_TEXT_LENGTH);
}

/** Removes a Python traceback from the beginning of a text. What follows it begins with the name of the exception. */
function afterTraceback(text: string): string {
  let end = /^\s*Traceback \(most recent call last\):\r?\n/.exec(text)?.[0].length ?? 0;
  while (end > 0 && /\s/.test(text.charAt(end))) end = text.indexOf('\n', end) + 1;
  return text.slice(end);
}

/** The lines of a text that are not blank, trimmed, without terminal escape codes and control characters. */
function linesOf(text: string): string[] {
  return plain(text)
    .split(/[\n\r\u2028\u2029]/)
    .map((line) => line.replace(/\p{Cc}+/gu, ' ').trim())
    .filter((line) => line !== '');
}

/** The beginning of a text, without terminal escape codes and lone surrogates. */
function plain(text: string): string {
  // The escape character as written by pytest (#x1B), and by Surefire in attributes (&#27;) and in CDATA (&amp#27;).
  const escaped = cut(text, MAX_TEXT_LENGTH).replace(/(?:&(?:amp)?)?#(?:x1b|27);?(?=\[)/gi, '\x1b');
  return stripVTControlCharacters(escaped).toWellFormed();
}

// A time before 1973 is more likely in seconds, or counted from the start of the run. RFC 3339 ends with the year 9999.
const [FIRST_MS, LAST_MS] = [100_000_000_000, 253_402_300_799_999];

function timeOf(ms: number): string | undefined {
  return ms >= FIRST_MS && ms <= LAST_MS ? new Date(ms).toISOString() : undefined;
}
