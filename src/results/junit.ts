import type { SaxesTagPlain } from 'saxes';
import { FormError } from '../errors.ts';
import { cut, failureOf, nameWithin, type Outcome, type TestFormat } from './format.ts';

/** Nested suites and all; what the known tools write stays below ten. */
const MAX_DEPTH = 100;
/** The most that is kept of one text; an attribute that is longer is an error. */
const MAX_TEXT_LENGTH = 1024 * 1024;
/** The first lines of a failure say what there is to say. */
const MAX_BODY_LENGTH = 8192;

/** Private to saxes, which gathers a text until its end. */
const TEXT = 'text';

// Strictly not XML, but tools that copy escape codes into their reports write these characters, raw or as a reference.
const TOLERATED = /: (?:disallowed character|malformed character entity)\.$/;

// What some tools say in an attribute of the case alone: GoogleTest (notrun), CTest (disabled, fail).
const STATUSES: ReadonlyMap<string, Outcome> = new Map([
  ['skipped', 'skipped'],
  ['disabled', 'skipped'],
  ['ignored', 'skipped'],
  ['notrun', 'skipped'],
  ['error', 'errored'],
  ['fail', 'failed'],
  ['failed', 'failed'],
  ['failure', 'failed'],
]);

type Attributes = SaxesTagPlain['attributes'];

interface OpenSuite {
  readonly name: string;
  readonly depth: number;
  /** Whether a time of its own or of a suite around it covers it. */
  readonly isTimed: boolean;
}

interface OpenCase {
  readonly suite: string;
  readonly name: string;
  readonly status: Outcome | undefined;
  readonly depth: number;
  skipped: boolean;
  error: Detail | undefined;
  failure: Detail | undefined;
}

/** An `<error>` or `<failure>`. */
interface Detail {
  readonly message: string;
  readonly type: string;
  readonly depth: number;
  body: string;
}

/**
 * JUnit's XML, for which there is no standard but many dialects: `testcase` elements in `testsuite` elements, which may be nested.
 * Totals in attributes are not looked at. An `error` or `failure` of a suite, outside of its cases, is a case that errored.
 * Read as a stream: neither long files nor long texts in them are held.
 */
export const junit: TestFormat = {
  name: 'junit',

  recognises: ({ start }) => start === '<',

  async parse(source, found) {
    const { SaxesParser } = await import('saxes');
    const parser = new SaxesParser({ xmlns: false });
    const suites: OpenSuite[] = [];
    let depth = 0;
    let openCase: OpenCase | undefined;
    let detail: Detail | undefined;
    let isInTag = false;
    let seconds: number | undefined;
    let suiteSeconds: number | undefined;

    parser.on('error', ({ message }) => {
      if (!TOLERATED.test(message)) fail('is not well-formed XML', message.replace(/^[\d:]+ |\.$/g, ''));
    });
    parser.on('opentagstart', () => {
      isInTag = true;
    });
    parser.on('opentag', (tag) => {
      isInTag = false;
      depth++;
      if (depth > MAX_DEPTH)
        fail('is nested too deeply', `more than ${MAX_DEPTH} elements within each other`);
      open(localNameOf(tag), tag.attributes);
    });
    parser.on('text', addText);
    parser.on('cdata', addText);
    parser.on('closetag', () => {
      if (detail?.depth === depth) closeDetail(detail);
      if (openCase?.depth === depth) closeCase(openCase);
      else if (suites.at(-1)?.depth === depth) suites.pop();
      depth--;
    });

    for await (const piece of source.readPieces()) {
      const nul = piece.indexOf('\0');
      parser.write(nul < 0 ? piece : piece.slice(0, nul));
      if (nul >= 0) fail('is not well-formed XML', 'a NUL byte follows');
      releaseText();
    }
    parser.close();
    return milliseconds(seconds ?? suiteSeconds);

    function open(name: string, attributes: Attributes): void {
      if (depth === 1 && name !== 'testsuites' && name !== 'testsuite') {
        fail('is not JUnit', `expected the element testsuites or testsuite, found ${cut(name, 40)}`);
      }
      if (openCase !== undefined) openInCase(openCase, name, attributes);
      else if (name === 'testcase') {
        openCase = {
          suite: attributes.classname ?? suites.at(-1)?.name ?? '',
          name: attributes.name ?? '',
          status: STATUSES.get(attributes.status?.toLowerCase() ?? ''),
          depth,
          skipped: false,
          error: undefined,
          failure: undefined,
        };
        seconds = plus(seconds, secondsOf(attributes.time));
      } else if (name === 'testsuite' || name === 'testsuites') {
        const time = secondsOf(attributes.time);
        const isWithinTimed = suites.at(-1)?.isTimed === true;
        if (!isWithinTimed) suiteSeconds = plus(suiteSeconds, time);
        suites.push({ name: attributes.name ?? '', depth, isTimed: isWithinTimed || time !== undefined });
      } else if ((name === 'error' || name === 'failure') && suites.at(-1)?.depth === depth - 1) {
        openDetail(attributes);
      }
    }

    function openInCase(parent: OpenCase, name: string, attributes: Attributes): void {
      if (name === 'testcase') fail('is not JUnit', 'a testcase within a testcase');
      if (depth !== parent.depth + 1) return;
      if (name === 'skipped') parent.skipped = true;
      else if (name === 'error') parent.error ??= openDetail(attributes);
      else if (name === 'failure') parent.failure ??= openDetail(attributes);
    }

    function openDetail({ message = '', type = '' }: Attributes): Detail {
      detail = { message, type, depth, body: '' };
      return detail;
    }

    function addText(text: string): void {
      if (detail !== undefined && detail.body.length < MAX_BODY_LENGTH) {
        detail.body += text.slice(0, MAX_BODY_LENGTH);
      }
    }

    function closeDetail(closed: Detail): void {
      detail = undefined;
      if (openCase === undefined) {
        const suite = suites.at(-1)?.name ?? '';
        found({ outcome: 'errored', describe: () => failureOf(suite, closed) });
      }
    }

    function closeCase({ suite, name, status, skipped, error, failure }: OpenCase): void {
      openCase = undefined;
      const outcome = skipped ? 'skipped' : error ? 'errored' : failure ? 'failed' : (status ?? 'passed');
      found({ outcome, describe: () => failureOf(nameWithin([suite], name), error ?? failure) });
    }

    function releaseText(): void {
      if (parser[TEXT].length <= MAX_TEXT_LENGTH) return;
      if (isInTag) fail('is not JUnit', `a tag with more than ${MAX_TEXT_LENGTH} characters`);
      addText(parser[TEXT]);
      parser[TEXT] = '';
    }

    function fail(what: string, why: string): never {
      throw new FormError(`${what}: line ${parser.line}, column ${parser.column || 1}: ${cut(why, 200)}`);
    }
  },
};

/** Prefixes of namespaces say nothing here. */
function localNameOf({ name }: SaxesTagPlain): string {
  return name.slice(name.indexOf(':') + 1);
}

/** `0.25`, and `1,234.5` as Surefire writes it. */
function secondsOf(text: string | undefined): number | undefined {
  if (text === undefined || text.trim() === '') return undefined;
  const seconds = Number(text.includes(',') ? withoutThousands(text) : text);
  return Number.isFinite(seconds) && seconds >= 0 ? seconds : undefined;
}

function withoutThousands(text: string): string {
  return /^[1-9]\d{0,2}(?:,\d{3})+(?:\.\d+)?$/.test(text) ? text.replaceAll(',', '') : '?';
}

function plus(sum: number | undefined, value: number | undefined): number | undefined {
  return value === undefined ? sum : (sum ?? 0) + value;
}

function milliseconds(seconds: number | undefined): number | undefined {
  return seconds === undefined ? undefined : seconds * 1000;
}
