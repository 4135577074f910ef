import type { SaxesTagPlain } from 'saxes';
import { FormError } from '../errors.ts';
import { cut } from '../text.ts';
import { instantOf } from '../timestamp.ts';
import { type Explanation, MAX_TEXT_LENGTH, type OnCase } from './cases.ts';
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

/** A private field of saxes, in which it collects a text until its end. */
const TEXT = 'text';

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
 * file is broken or not JUnit. Reads the file as a stream and does not keep long texts in memory. A suite without a name is
 * named `path`.
 */
export async function readJunit(
  pieces: AsyncIterable<string>,
  path: string,
  onCase: OnCase,
): Promise<FileSummary> {
  const { SaxesParser } = await import('saxes');
  const parser = new SaxesParser({ xmlns: false, position: false });
  /** For each open element, the outermost first. */
  const closers: (Close | undefined)[] = [];
  /** The innermost open suite. The first one stands for the document. */
  let suite: OpenSuite = { attributes: {}, depth: 0, isTimed: false, hasFailure: false, output: '' };
  let openCase: OpenCase | undefined;
  /** An open element that explains a failure. */
  let detail: { body: string } | undefined;
  /** The totals of the root element, and the sum of those of the suites directly in it. */
  let rootTotals: Totals = {};
  let innerTotals: Totals | undefined;
  const unknownWords = new Set<string>();
  let isInTag = false;
  let caseMs: number | undefined;
  let suiteMs: number | undefined;

  parser.on('error', ({ message }) => {
    if (!TOLERATED.includes(message)) fail('is not well-formed XML', message.replace(/\.$/, ''));
  });
  parser.on('opentagstart', () => {
    isInTag = true;
  });
  parser.on('opentag', (tag) => {
    isInTag = false;
    if (closers.length === MAX_DEPTH) fail('is nested too deeply', `more than ${MAX_DEPTH} nested elements`);
    closers.push(open(localNameOf(tag), tag.attributes));
  });
  parser.on('text', addText);
  parser.on('cdata', addText);
  parser.on('closetag', () => closers.pop()?.());

  for await (const piece of pieces) {
    const nul = piece.indexOf('\0');
    parser.write(nul < 0 ? piece : piece.slice(0, nul));
    if (nul >= 0) fail('is not well-formed XML', 'a NUL byte follows');
    shortenText();
  }
  parser.close();
  return {
    durationMs: caseMs ?? suiteMs,
    // The root's own totals win.
    totals: { ...innerTotals, ...rootTotals },
    unknownWords: [...unknownWords],
  };

  function open(name: string, attributes: Attributes): Close | undefined {
    const isSuite = name === 'testsuites' || name === 'testsuite';
    if (closers.length === 0 && !isSuite) {
      fail('is not JUnit', `expected the element testsuites or testsuite, found ${cut(name, 40)}`);
    }
    if (openCase !== undefined) return openInCase(openCase, name, attributes);
    if (isSuite) return openSuite(attributes);
    if (name === 'testcase') return openTestCase(attributes);
    if (closers.length !== suite.depth) return undefined;
    if (name === 'error' || name === 'failure') return openDetail(attributes, reportSuite);
    if (name !== 'system-err') return undefined;
    return openDetail(attributes, ({ body }) => {
      suite.output = body.trim();
    });
  }

  function openSuite(attributes: Attributes): Close {
    const around = suite;
    const depth = closers.length + 1;
    const time = millisecondsOf(attributes.time);
    if (!around.isTimed) suiteMs = sumOf([suiteMs, time]);
    if (depth === 1) rootTotals = totalsIn(attributes);
    if (depth === 2) innerTotals = addTotals(innerTotals, totalsIn(attributes));
    const isTimed = around.isTimed || time !== undefined;
    suite = { attributes, depth, isTimed, hasFailure: false, output: '' };
    return () => {
      checkTotals(suite);
      around.hasFailure ||= suite.hasFailure;
      suite = around;
    };
  }

  function openTestCase(attributes: Attributes): Close {
    const endings = new Map<CaseStatus, Explanation>();
    openCase = { depth: closers.length + 1, endings };
    caseMs = sumOf([caseMs, millisecondsOf(attributes.time)]);
    return () => {
      openCase = undefined;
      reportCase(attributes, endings);
    };
  }

  function openInCase({ depth, endings }: OpenCase, name: string, attributes: Attributes): Close | undefined {
    if (name === 'testcase') fail('is not JUnit', 'a testcase within a testcase');
    if (closers.length !== depth) return undefined;
    // Surefire's reruns. Its totals may include failures of a case that passed in the end.
    if (/flaky|rerun/.test(name)) suite.hasFailure = true;
    // Mostly `skipped`, `error` or `failure`. PHPUnit also writes `warning`.
    const ending = caseStatusOf(name);
    if (ending === undefined || endings.has(ending)) return undefined;
    return openDetail(attributes, (why) => endings.set(ending, why));
  }

  function openDetail(
    { message = '', type = '' }: Attributes,
    onClose: (why: Required<Explanation>) => void,
  ): Close {
    const opened = { message, type, body: '' };
    detail = opened;
    return () => {
      detail = undefined;
      onClose(opened);
    };
  }

  function addText(text: string): void {
    if (detail !== undefined) detail.body += text.slice(0, MAX_KEPT_LENGTH - detail.body.length);
  }

  function reportCase(attributes: Attributes, endings: ReadonlyMap<CaseStatus, Explanation>): void {
    const status = ORDER.find((ending) => endings.has(ending)) ?? statusIn(attributes);
    // Even the failure of a skipped case: node --test writes a failed to-do as skipped, but counts it as a failure.
    if (isFailing(status) || [...endings.keys()].some(isFailing)) suite.hasFailure = true;
    const around = suite.attributes;
    onCase({
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
  function statusIn({ status = '', result = '' }: Attributes): CaseStatus {
    const words = [status, result].filter((word) => word.trim() !== '');
    const statuses = words.map((word) => {
      const meant = caseStatusOf(word);
      if (meant === undefined && unknownWords.size < 10) unknownWords.add(cut(word, 40));
      return meant;
    });
    return ORDER.find((ending) => statuses.includes(ending)) ?? 'passed';
  }

  /** Reports a suite that says something failed although none of its cases did. */
  function checkTotals({ attributes, hasFailure, output }: OpenSuite): void {
    const totals = ['failures', 'errors'].filter((name) => countOf(attributes[name]));
    if (hasFailure || totals.length === 0) return;
    const says = `the suite says ${totals.map((name) => `${name}="${attributes[name]}"`).join(' ')}, but none of its cases failed`;
    const told = output && `: ${cut(output.replaceAll(/\s+/g, ' '), 200)}`;
    reportSuite({ message: `${says}${told}`, body: output });
  }

  function reportSuite(why: Explanation): void {
    suite.hasFailure = true;
    const { name, file } = suite.attributes;
    onCase({ status: 'errored', isExtra: true, details: () => ({ name: name || path, why, file }) });
  }

  /** Keeps only the beginning of a long text. */
  function shortenText(): void {
    if (parser[TEXT].length <= MAX_HELD_LENGTH) return;
    if (isInTag) fail('is not JUnit', `a tag with more than ${MAX_HELD_LENGTH} characters`);
    parser[TEXT] = parser[TEXT].slice(0, MAX_KEPT_LENGTH);
  }

  function fail(what: string, why: string): never {
    throw new FormError(`${what}: line ${parser.line}, column ${parser.column || 1}: ${cut(why, 200)}`);
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
