import type { SaxesTagPlain } from 'saxes';
import { FormError } from '../errors.ts';
import { cut } from '../words.ts';
import type { FileSummary, Totals } from './format.ts';
import { sumOf } from './shape.ts';
import { statusOf } from './status.ts';
import { type Explanation, MAX_TEXT_LENGTH, type OnCase } from './test-case.ts';
import type { CaseStatus } from './test-run.ts';

/** Limit for nested elements. Known tools stay below ten. */
const MAX_DEPTH = 100;
/** How much of one text is kept in memory. A longer attribute is an error. */
const MAX_HELD_LENGTH = 1024 * 1024;

/** A private field of saxes, in which it collects a text until its end. */
const TEXT = 'text';

// Not well-formed XML, but some tools copy terminal escape codes into their reports, raw or as character references.
const TOLERATED = /: (?:disallowed character|malformed character entity)\.$/;

/** If a case has several of these, the first one here counts. */
const ORDER: readonly CaseStatus[] = ['skipped', 'errored', 'failed'];

type Attributes = SaxesTagPlain['attributes'];

interface OpenSuite {
  readonly attributes: Attributes;
  readonly depth: number;
  /** Whether this suite or one around it has a time. */
  readonly isTimed: boolean;
  /** Whether a case in it failed, even if it passed when it was run again. */
  hasFailure: boolean;
  /** What the suite wrote to standard error. Newman puts the reason there. */
  output: Detail | undefined;
}

interface OpenCase {
  readonly attributes: Attributes;
  readonly depth: number;
  readonly endings: Map<CaseStatus, Detail>;
}

/** An open element that explains a failure. */
interface Detail extends Explanation {
  readonly type: string;
  readonly depth: number;
  body: string;
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
  const parser = new SaxesParser({ xmlns: false });
  const suites: OpenSuite[] = [];
  /** The totals of the root element, and the sum of those of the suites directly in it. */
  let rootTotals: Totals = {};
  let innerTotals: Totals | undefined;
  const unknownWords = new Set<string>();
  let depth = 0;
  let openCase: OpenCase | undefined;
  let detail: Detail | undefined;
  let isInTag = false;
  let caseMs: number | undefined;
  let suiteMs: number | undefined;

  parser.on('error', ({ message }) => {
    if (!TOLERATED.test(message)) fail('is not well-formed XML', message.replace(/^[\d:]+ |\.$/g, ''));
  });
  parser.on('opentagstart', () => {
    isInTag = true;
  });
  parser.on('opentag', (tag) => {
    isInTag = false;
    depth++;
    if (depth > MAX_DEPTH) fail('is nested too deeply', `more than ${MAX_DEPTH} nested elements`);
    open(localNameOf(tag), tag.attributes);
  });
  parser.on('text', addText);
  parser.on('cdata', addText);
  parser.on('closetag', () => {
    const suite = suites.at(-1);
    if (detail?.depth === depth) closeDetail(detail);
    if (openCase?.depth === depth) closeCase(openCase);
    else if (suite?.depth === depth) closeSuite(suite);
    depth--;
  });

  for await (const piece of pieces) {
    const nul = piece.indexOf('\0');
    parser.write(nul < 0 ? piece : piece.slice(0, nul));
    if (nul >= 0) fail('is not well-formed XML', 'a NUL byte follows');
    releaseText();
  }
  parser.close();
  return {
    durationMs: caseMs ?? suiteMs,
    // The root's own totals win.
    totals: { ...innerTotals, ...rootTotals },
    unknownWords: [...unknownWords],
  };

  function open(name: string, attributes: Attributes): void {
    const suite = suites.at(-1);
    if (depth === 1 && name !== 'testsuites' && name !== 'testsuite') {
      fail('is not JUnit', `expected the element testsuites or testsuite, found ${cut(name, 40)}`);
    }
    if (openCase !== undefined) openInCase(openCase, name, attributes);
    else if (name === 'testcase') {
      openCase = { attributes, depth, endings: new Map() };
      caseMs = sumOf([caseMs, millisecondsOf(attributes.time)]);
    } else if (name === 'testsuite' || name === 'testsuites') openSuite(suite, attributes);
    else if (suite?.depth !== depth - 1) return;
    else if (name === 'error' || name === 'failure') openDetail(attributes);
    else if (name === 'system-err') suite.output = openDetail(attributes);
  }

  function openSuite(parent: OpenSuite | undefined, attributes: Attributes): void {
    const time = millisecondsOf(attributes.time);
    const isWithinTimed = parent?.isTimed === true;
    if (!isWithinTimed) suiteMs = sumOf([suiteMs, time]);
    if (depth === 1) rootTotals = totalsIn(attributes);
    if (depth === 2) innerTotals = addTotals(innerTotals, totalsIn(attributes));
    const isTimed = isWithinTimed || time !== undefined;
    suites.push({ attributes, depth, isTimed, hasFailure: false, output: undefined });
  }

  function openInCase(parent: OpenCase, name: string, attributes: Attributes): void {
    if (name === 'testcase') fail('is not JUnit', 'a testcase within a testcase');
    if (depth !== parent.depth + 1) return;
    // Mostly `skipped`, `error` or `failure`. PHPUnit also writes `warning`.
    const ending = statusOf(name);
    if (ending !== undefined && !parent.endings.has(ending)) {
      parent.endings.set(ending, openDetail(attributes));
    }
    // Surefire's reruns. Its totals may include failures of a case that passed in the end.
    if (/^(?:flaky|rerun)/.test(name)) noteFailure();
  }

  function openDetail({ message = '', type = '' }: Attributes): Detail {
    detail = { message: cut(message, MAX_TEXT_LENGTH), type, depth, body: '' };
    return detail;
  }

  function addText(text: string): void {
    if (detail !== undefined) detail.body += text.slice(0, MAX_TEXT_LENGTH - detail.body.length);
  }

  function closeDetail(closed: Detail): void {
    detail = undefined;
    const suite = suites.at(-1);
    if (openCase === undefined && suite !== undefined && closed !== suite.output) reportSuite(suite, closed);
  }

  function closeCase({ attributes, endings }: OpenCase): void {
    openCase = undefined;
    const status = ORDER.find((ending) => endings.has(ending)) ?? statusIn(attributes);
    // Even the failure of a skipped case: node --test writes a failed to-do as skipped, but counts it as a failure.
    if (status === 'failed' || endings.has('failed') || status === 'errored' || endings.has('errored'))
      noteFailure();
    const suite = suites.at(-1)?.attributes;
    const durationMs = millisecondsOf(attributes.time);
    const startMs = instantOf(attributes.timestamp);
    onCase({
      status,
      details: () => ({
        suites: [attributes.classname ?? suite?.name ?? ''],
        name: attributes.name ?? '',
        why: endings.get(status),
        file: attributes.file ?? suite?.file,
        durationMs,
        startMs,
        endMs: startMs === undefined || durationMs === undefined ? undefined : startMs + durationMs,
      }),
    });
  }

  /** The status in the attributes of a case. GoogleTest, CTest and Bazel write it only there. */
  function statusIn({ status = '', result = '' }: Attributes): CaseStatus {
    const words = [status, result].filter((word) => word.trim() !== '');
    const statuses = words.map((word) => {
      const meant = statusOf(word);
      if (meant === undefined && unknownWords.size < 10) unknownWords.add(cut(word, 40));
      return meant;
    });
    return ORDER.find((ending) => statuses.includes(ending)) ?? 'passed';
  }

  function closeSuite(suite: OpenSuite): void {
    const totals = ['failures', 'errors'].filter((name) => countOf(suite.attributes[name]) !== undefined);
    if (!suite.hasFailure && totals.some((name) => countOf(suite.attributes[name]))) {
      const says = `the suite says ${totals.map((name) => `${name}="${suite.attributes[name]}"`).join(' ')}, but none of its cases failed`;
      const output = suite.output?.body.trim() ?? '';
      const told = output === '' ? '' : `: ${cut(output.replaceAll(/\s+/g, ' '), 200)}`;
      reportSuite(suite, { message: `${says}${told}`, body: output });
    }
    suites.pop();
  }

  function reportSuite({ attributes }: OpenSuite, why: Explanation): void {
    noteFailure();
    onCase({
      status: 'errored',
      isExtra: true,
      details: () => ({ name: attributes.name || path, why, file: attributes.file }),
    });
  }

  function noteFailure(): void {
    for (const suite of suites) suite.hasFailure = true;
  }

  function releaseText(): void {
    if (parser[TEXT].length <= MAX_HELD_LENGTH) return;
    if (isInTag) fail('is not JUnit', `a tag with more than ${MAX_HELD_LENGTH} characters`);
    addText(parser[TEXT]);
    parser[TEXT] = '';
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
  return text !== undefined && /^\d+$/.test(text) ? Number(text) : undefined;
}

/** Milliseconds from seconds such as `0.25`, or `1,234.5` as Surefire writes it. */
function millisecondsOf(text: string | undefined): number | undefined {
  if (text === undefined || text.trim() === '') return undefined;
  const hasThousands = /^[1-9]\d{0,2}(?:,\d{3})+(?:\.\d+)?$/.test(text);
  const seconds = Number(hasThousands ? text.replaceAll(',', '') : text);
  return Number.isFinite(seconds) && seconds >= 0 ? seconds * 1000 : undefined;
}

/** The instant of a timestamp with an offset. Without an offset the instant is unknown. */
function instantOf(timestamp: string | undefined): number | undefined {
  const hasOffset = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)$/.test(timestamp ?? '');
  const ms = hasOffset ? Date.parse(timestamp ?? '') : Number.NaN;
  return Number.isNaN(ms) ? undefined : ms;
}
