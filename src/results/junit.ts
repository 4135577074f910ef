import type { SaxesParser, SaxesTagPlain } from 'saxes';
import { FormError } from '../errors.ts';
import { cut } from '../text.ts';
import { instantOf } from '../timestamp.ts';
import { type Explanation, MAX_TEXT_LENGTH, type OnCase } from './cases.ts';
import { undeclaredCase } from './declared.ts';
import { isRerun } from './facts.ts';
import type { FileSummary, Totals } from './format.ts';
import type { CaseStatus } from './run.ts';
import { sumOf } from './shape.ts';
import { caseStatusOf, isFailing } from './status.ts';

/** Limit for nested elements. Known tools stay below ten. */
const MAX_DEPTH = 100;
/** How long a text may become in memory before it is shortened. A longer attribute is an error. */
const MAX_HELD_LENGTH = 1024 * 1024;
/** How much of a text is kept: more than is recorded, so that the record shows the cut. */
const MAX_KEPT_LENGTH = MAX_TEXT_LENGTH + 1;

// Not well-formed XML, but some tools copy terminal escape codes into their reports, raw or as character references.
const TOLERATED = ['disallowed character.', 'malformed character entity.'];

/** If a case has several of these, the first one here counts. */
const ORDER: readonly CaseStatus[] = ['skipped', 'errored', 'failed'];

type Attributes = SaxesTagPlain['attributes'];
/** What to do at the end of an element. */
type Close = () => void;

interface OpenSuite {
  readonly attributes: Attributes;
  /** How many elements are open inside the document, with this one. */
  readonly depth: number;
  /** Whether this suite or one around it has a time. */
  readonly isTimed: boolean;
  /** Whether a case in it failed, even if it passed when it was run again. */
  hasFailure: boolean;
  /** What the suite wrote to standard error. Newman puts the reason there. */
  output: string;
}

interface OpenCase {
  readonly depth: number;
  readonly endings: Map<CaseStatus, Explanation>;
}

/**
 * Reads JUnit XML, which has no standard but many dialects: `testcase` elements in `testsuite` elements, which may be nested.
 * An `error` or `failure` of a suite, outside of its cases, counts as an errored case. So does a suite that says something failed
 * if none of its cases did. Calls `onCase` for each case, in the file's order. Throws {@link FormError} with the place where the
 * file is malformed or not JUnit. Reads the file as a stream and does not keep long texts in memory. A suite without a name is
 * named `path`.
 */
export async function readJunit(
  pieces: AsyncIterable<string>,
  path: string,
  onCase: OnCase,
): Promise<FileSummary> {
  const { SaxesParser } = await import('saxes');
  const reader = new JunitReader(new SaxesParser({ xmlns: false, position: false }), path, onCase);
  for await (const piece of pieces) reader.write(piece);
  return reader.close();
}

class JunitReader {
  readonly #parser: SaxesParser<{ xmlns: false; position: false }>;
  readonly #path: string;
  readonly #onCase: OnCase;
  /** For each open element, the outermost first. */
  readonly #closers: (Close | undefined)[] = [];
  /** The innermost open suite. The first one stands for the document. */
  #suite: OpenSuite = { attributes: {}, depth: 0, isTimed: false, hasFailure: false, output: '' };
  #case: OpenCase | undefined;
  /** An open element that explains a failure. */
  #detail: { body: string } | undefined;
  #isInTag = false;
  /** The totals of the root element, and the sum of those of the suites directly in it. */
  #rootTotals: Totals = {};
  #innerTotals: Totals | undefined;
  #caseMs: number | undefined;
  #suiteMs: number | undefined;
  readonly #unknownStatuses = new Set<string>();

  constructor(parser: SaxesParser<{ xmlns: false; position: false }>, path: string, onCase: OnCase) {
    this.#parser = parser;
    this.#path = path;
    this.#onCase = onCase;
    parser.on('error', ({ message }) => {
      if (!TOLERATED.includes(message)) this.#fail('is not well-formed XML', message.replace(/\.$/, ''));
    });
    parser.on('opentagstart', () => {
      this.#isInTag = true;
    });
    parser.on('opentag', (tag) => {
      this.#isInTag = false;
      this.#openElement(tag);
    });
    const addText = (text: string) => this.#addText(text);
    parser.on('text', addText);
    parser.on('cdata', addText);
    parser.on('closetag', () => this.#closers.pop()?.());
  }

  write(piece: string): void {
    const nul = piece.indexOf('\0');
    this.#parser.write(nul < 0 ? piece : piece.slice(0, nul));
    if (nul >= 0) this.#fail('is not well-formed XML', 'a NUL byte follows');
    this.#shortenText();
  }

  close(): FileSummary {
    this.#parser.close();
    return {
      durationMs: this.#caseMs ?? this.#suiteMs,
      // The root's own totals win.
      totals: { ...this.#innerTotals, ...this.#rootTotals },
      unknownStatuses: [...this.#unknownStatuses],
    };
  }

  #openElement(tag: SaxesTagPlain): void {
    if (this.#closers.length === MAX_DEPTH) {
      this.#fail('is nested too deeply', `more than ${MAX_DEPTH} nested elements`);
    }
    this.#closers.push(this.#open(localNameOf(tag), tag.attributes));
  }

  #open(name: string, attributes: Attributes): Close | undefined {
    const isSuite = name === 'testsuites' || name === 'testsuite';
    if (this.#closers.length === 0 && !isSuite) {
      this.#fail('is not JUnit', `expected the element testsuites or testsuite, found ${cut(name, 40)}`);
    }
    if (this.#case !== undefined) return this.#openInCase(this.#case, name, attributes);
    if (isSuite) return this.#openSuite(attributes);
    if (name === 'testcase') return this.#openCase(attributes);
    const suite = this.#suite;
    if (this.#closers.length !== suite.depth) return undefined;
    if (name === 'error' || name === 'failure') {
      return this.#openDetail(attributes, (why) => this.#reportSuite(why));
    }
    if (name !== 'system-err') return undefined;
    return this.#openDetail(attributes, ({ body }) => {
      suite.output = body.trim();
    });
  }

  #openSuite(attributes: Attributes): Close {
    const around = this.#suite;
    const depth = this.#closers.length + 1;
    const time = millisecondsOf(attributes.time);
    if (!around.isTimed) this.#suiteMs = sumOf([this.#suiteMs, time]);
    if (depth === 1) this.#rootTotals = totalsIn(attributes);
    if (depth === 2) this.#innerTotals = addTotals(this.#innerTotals, totalsIn(attributes));
    const isTimed = around.isTimed || time !== undefined;
    const suite = { attributes, depth, isTimed, hasFailure: false, output: '' };
    this.#suite = suite;
    return () => {
      this.#checkTotals(suite);
      around.hasFailure ||= suite.hasFailure;
      this.#suite = around;
    };
  }

  #openCase(attributes: Attributes): Close {
    const endings = new Map<CaseStatus, Explanation>();
    this.#case = { depth: this.#closers.length + 1, endings };
    this.#caseMs = sumOf([this.#caseMs, millisecondsOf(attributes.time)]);
    return () => {
      this.#case = undefined;
      this.#reportCase(attributes, endings);
    };
  }

  #openInCase({ depth, endings }: OpenCase, name: string, attributes: Attributes): Close | undefined {
    if (name === 'testcase') this.#fail('is not JUnit', 'a testcase within a testcase');
    if (this.#closers.length !== depth) return undefined;
    if (isRerun(name)) this.#suite.hasFailure = true;
    // Mostly `skipped`, `error` or `failure`. PHPUnit also writes `warning`.
    const ending = caseStatusOf(name);
    if (ending === undefined || endings.has(ending)) return undefined;
    return this.#openDetail(attributes, (why) => endings.set(ending, why));
  }

  #openDetail({ message = '', type = '' }: Attributes, onClose: (why: Required<Explanation>) => void): Close {
    const opened = { message, type, body: '' };
    this.#detail = opened;
    return () => {
      this.#detail = undefined;
      onClose(opened);
    };
  }

  #addText(text: string): void {
    const detail = this.#detail;
    if (detail !== undefined) detail.body += text.slice(0, MAX_KEPT_LENGTH - detail.body.length);
  }

  #reportCase(attributes: Attributes, endings: ReadonlyMap<CaseStatus, Explanation>): void {
    const status = ORDER.find((ending) => endings.has(ending)) ?? this.#statusIn(attributes);
    const suite = this.#suite;
    // Even the failure of a skipped case: node --test writes a failed to-do as skipped, but counts it as a failure.
    if (isFailing(status) || [...endings.keys()].some(isFailing)) suite.hasFailure = true;
    const around = suite.attributes;
    this.#onCase({
      status,
      details: () => ({
        suites: [attributes.classname ?? around.name ?? ''],
        name: attributes.name ?? '',
        why: endings.get(status),
        file: attributes.file ?? around.file,
        durationMs: millisecondsOf(attributes.time),
        startMs: startOf(attributes),
      }),
    });
  }

  /** The status in the attributes of a case. GoogleTest, CTest and Bazel write it only there. */
  #statusIn({ status = '', result = '' }: Attributes): CaseStatus {
    const words = [status, result].filter((word) => word.trim() !== '');
    const statuses = words.map((word) => {
      const meant = caseStatusOf(word);
      if (meant === undefined && this.#unknownStatuses.size < 10) this.#unknownStatuses.add(cut(word, 40));
      return meant;
    });
    return ORDER.find((ending) => statuses.includes(ending)) ?? 'passed';
  }

  /** Reports a suite that says something failed although none of its cases did. */
  #checkTotals({ attributes, hasFailure, output }: OpenSuite): void {
    const totals = ['failures', 'errors'].filter((name) => countOf(attributes[name]));
    if (hasFailure || totals.length === 0) return;
    this.#suite.hasFailure = true;
    const failure = totals.map((name) => `${name}="${attributes[name]}"`).join(' ');
    const name = attributes.name || this.#path;
    this.#onCase(undeclaredCase({ kind: 'suite', name, path: attributes.file, failure, output }));
  }

  #reportSuite(why: Explanation): void {
    this.#suite.hasFailure = true;
    const { name, file } = this.#suite.attributes;
    this.#onCase({
      status: 'errored',
      isExtra: true,
      details: () => ({ name: name || this.#path, why, file }),
    });
  }

  /** Keeps only the beginning of a long text. saxes has no public way to bound the text that it collects until its end. */
  #shortenText(): void {
    const field = 'text';
    if (this.#parser[field].length <= MAX_HELD_LENGTH) return;
    if (this.#isInTag) this.#fail('is not JUnit', `a tag with more than ${MAX_HELD_LENGTH} characters`);
    this.#parser[field] = this.#parser[field].slice(0, MAX_KEPT_LENGTH);
  }

  #fail(problem: string, reason: string): never {
    const { line, column } = this.#parser;
    throw new FormError(`${problem}: line ${line}, column ${column || 1}: ${cut(reason, 200)}`);
  }
}

/** The name without its namespace prefix. */
function localNameOf({ name }: SaxesTagPlain): string {
  return name.slice(name.indexOf(':') + 1);
}

function totalsIn({ tests, failures, errors, skipped, disabled }: Attributes): Totals {
  const failed = sumOf([countOf(failures), countOf(errors)]);
  return {
    ...(countOf(tests) !== undefined && { tests: countOf(tests) }),
    ...(failed !== undefined && { failed }),
    ...(countOf(skipped) !== undefined && { skipped: sumOf([countOf(skipped), countOf(disabled)]) }),
  };
}

/** Adds up the totals that both have. If one suite lacks a total, the sum is unknown. */
function addTotals(sum: Totals | undefined, totals: Totals): Totals {
  if (sum === undefined) return totals;
  const keys = (Object.keys(sum) as (keyof Totals)[]).filter((key) => totals[key] !== undefined);
  return Object.fromEntries(keys.map((key) => [key, sumOf([sum[key], totals[key]])]));
}

function countOf(text: string | undefined): number | undefined {
  return text?.match(/^\d+$/) ? Number(text) : undefined;
}

/** Milliseconds from seconds such as `0.25`, or `1,234.5` as Surefire writes it. */
function millisecondsOf(text: string | undefined): number | undefined {
  if (text === undefined || text.trim() === '') return undefined;
  const hasThousands = /^[1-9]\d{0,2}(?:,\d{3})+(?:\.\d+)?$/.test(text);
  const seconds = Number(hasThousands ? text.replaceAll(',', '') : text);
  return Number.isFinite(seconds) && seconds >= 0 ? seconds * 1000 : undefined;
}

/** When a case began, in Unix milliseconds. Unknown if the timestamp has no offset. */
function startOf({ timestamp }: Attributes): number | undefined {
  return timestamp?.match(/Z|[+-]\d\d:\d\d/i) ? instantOf(timestamp) : undefined;
}
