import { stripVTControlCharacters } from 'node:util';
import { FormError } from '../errors.ts';
import { isJsonObject, type Json, type JsonObject, kindOf } from '../json.ts';

/** How one case went. The order of judgement: skipped, else errored, else failed, else passed. */
export type Outcome = 'passed' | 'failed' | 'errored' | 'skipped';

/** One case that failed or errored. Both texts are one line, cut, without escape codes; `message` may be empty. */
export interface Failure {
  readonly name: string;
  readonly message: string;
}

/** A failure as one line; `cart > adds two: expected 3, got 4`. */
export function lineOf({ name, message }: Failure): string {
  return message ? `${name}: ${message}` : name;
}

/** What a format knows of one case. */
export interface TestCase {
  readonly outcome: Outcome;
  /** Asked only of the failures that are shown. */
  readonly describe: () => Failure;
  /** Numbers by the `meta` key under which their mean over all cases, or their sum, is recorded. */
  readonly means?: Readonly<Record<string, number>>;
  readonly sums?: Readonly<Record<string, number>>;
}

/** A results file as a format sees it. */
export interface Source {
  /** Its first character that is not white space. */
  readonly start: string;
  readPieces(): AsyncIterable<string>;
  /** The whole file; throws {@link FormError} where it is not JSON, too long or too deep. */
  readJson(): Promise<Json>;
}

/** One test format. */
export interface TestFormat {
  readonly name: string;
  /** Whether the content, not the name, is of this format. */
  recognises(source: Source): boolean | Promise<boolean>;
  /**
   * Reports each case to `found`, in the file's order. Gives the duration of all in milliseconds where the file has one.
   * Throws {@link FormError} with the place where the file is broken or not of this format.
   */
  parse(source: Source, found: (testCase: TestCase) => void): Promise<number | undefined>;
}

const MAX_NAME_LENGTH = 200;
const MAX_MESSAGE_LENGTH = 300;
// Enough to find the first line that says something.
const MAX_SEARCHED_LENGTH = 8192;

/** Where a format may say why a case failed; each may be empty. */
interface Explanation {
  readonly message: string;
  /** Mostly a stack trace, which begins with the message. */
  readonly body?: string;
  /** Of the exception. */
  readonly type?: string;
}

/** A failure with its texts made fit to show: the name, and the line that says most. */
export function failureOf(name: string, explanation: Explanation = { message: '' }): Failure {
  return {
    name: cut(linesOf(name).join(' '), MAX_NAME_LENGTH) || 'a case without a name',
    message: cut(headlineOf(explanation), MAX_MESSAGE_LENGTH),
  };
}

/**
 * The first line of the message, or of the body where the message is empty or as good as that. Where the body begins with
 * the same line after the name of the exception, that: `/ by zero` alone says little.
 */
function headlineOf({ message, body = '', type = '' }: Explanation): string {
  const [first = ''] = linesOf(message);
  // gotestsum puts the output of `go test -v` into the body.
  const [line = ''] = linesOf(body).filter((text) => !/^(?:===|---) /.test(text));
  const isEmpty = first === '' || first.toLowerCase() === 'failed';
  const isNamed = line.endsWith(first) && /^[\w.$]+: $/.test(line.slice(0, line.length - first.length));
  return (isEmpty || isNamed ? line : first) || first || linesOf(type)[0] || '';
}

/** The lines of a text that are not blank, trimmed, without terminal escape codes and control characters. */
function linesOf(text: string): string[] {
  return stripVTControlCharacters(
    // What pytest (#x1B), Surefire's attributes (&#27;) and its CDATA (&amp#27;) make of the escape character.
    text.slice(0, MAX_SEARCHED_LENGTH).replace(/(?:&(?:amp)?)?#(?:x1b|27);?(?=\[)/gi, '\x1b'),
  )
    .toWellFormed()
    .split(/[\n\r\u2028\u2029]+/)
    .map((line) => line.replace(/\p{Cc}+/gu, ' ').trim())
    .filter((line) => line !== '');
}

/** `cart > adds two`: the case within its suites, from the outside in. Some tools repeat the outermost in the name of the case. */
export function nameWithin(suites: readonly string[], name: string): string {
  const [outermost, ...inner] = suites.filter((suite) => suite !== '');
  const isRepeated =
    outermost === undefined || (name.startsWith(outermost) && !/^\w/.test(name.slice(outermost.length)));
  return isRepeated ? name : [outermost, ...inner, name].join(' > ');
}

export function cut(text: string, length: number): string {
  return text.length <= length ? text : `${text.slice(0, length - 1).replace(/[\ud800-\udbff]$/, '')}…`;
}

/** The sum of the numbers that are known; undefined where none is. */
export function sumOf(values: readonly (number | undefined)[]): number | undefined {
  const known = values.filter((value) => value !== undefined);
  return known.length === 0 ? undefined : known.reduce((sum, value) => sum + value, 0);
}

// Reading JSON of an expected shape: the first four insist, with the place in the error, the last two take what is there.

export function objectAt(place: string, value: Json | undefined): JsonObject {
  return isJsonObject(value) ? value : mismatch(place, 'an object', value);
}

export function arrayAt(place: string, value: Json | undefined): readonly Json[] {
  return Array.isArray(value) ? value : mismatch(place, 'an array', value);
}

export function booleanAt(place: string, value: Json | undefined): boolean {
  return typeof value === 'boolean' ? value : mismatch(place, 'true or false', value);
}

/** What `table` makes of the word at `place`. */
export function oneAt<Value>(
  place: string,
  value: Json | undefined,
  table: Readonly<Record<string, Value>>,
): Value {
  const found = typeof value === 'string' && Object.hasOwn(table, value) ? table[value] : undefined;
  return found ?? mismatch(place, `one of ${Object.keys(table).join(', ')}`, value);
}

export function textOf(value: Json | undefined): string {
  return typeof value === 'string' ? value : '';
}

export function numberOf(value: Json | undefined): number | undefined {
  return typeof value === 'number' ? value : undefined;
}

function mismatch(place: string, expected: string, value: Json | undefined): never {
  const found =
    value === undefined
      ? 'nothing'
      : typeof value === 'string'
        ? JSON.stringify(cut(value, 40))
        : kindOf(value);
  throw new FormError(`does not have the expected form: ${place}: expected ${expected}, found ${found}`);
}
