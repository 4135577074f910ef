import { FormError } from '../errors.ts';
import { cut } from '../text.ts';
import { CaseTable } from './case-table.ts';
import { type Explanation, MAX_TEXT_LENGTH, type OnCase } from './cases.ts';
import { type Declared, hiddenCase, hiddenFailure, type Shown } from './declared.ts';
import { NoResultsError, type OtherXml, otherXml } from './documents.ts';
import {
  followsFromCase,
  habitOf,
  hasUniqueNames,
  isEmptyOnPurpose,
  isOutside,
  isRerun,
  listingOption,
  uncountedTotal,
} from './facts.ts';
import type { FileSummary } from './format.ts';
import { declaredBy, keyOf, millisecondsOf, reasonIn, startMsOf } from './junit-attributes.ts';
import { sumOf } from './shape.ts';
import { caseStatusOf, worseOf } from './status.ts';
import { type CaseStatus, isFailing } from './tests.ts';
import { type Attributes, type Close, type XmlHandler, XmlReader } from './xml.ts';

/** How much of a text is kept: more than is recorded, so that the record shows the cut. */
const MAX_KEPT_LENGTH = MAX_TEXT_LENGTH + 1;
/** How many lines from the standard error of a suite are kept. */
const MAX_KEPT = 100;
/** Of a case that passed. Most do, so that a map for each would take time. */
const NO_REASONS: OpenCase['reasons'] = new Map();

class OpenSuite {
  readonly attributes: Attributes;
  /** How many elements are open inside the document, with this one. */
  readonly depth: number;
  /** The status of each case by {@link keyOf}, if elements that share class and name are one case. */
  readonly cases: CaseTable | undefined;
  /** The cases in it and in the suites inside it. */
  readonly shown: Shown = { failed: 0, more: 0, fewer: 0 };
  /** The sum of the times of the suites directly in it, if known. */
  innerMs: number | undefined;
  /** How many failures the suites directly in it declare and its own cases show; NaN if one of those suites declares no number. */
  innerFailed = 0;
  /** Which of its totals does not count failures; undefined if both do. */
  uncounted: string | undefined;
  /** What it wrote to standard error. Newman puts the reason there. */
  output = '';
  /** Lines of that which show a failure outside of the cases. */
  readonly lines: string[] = [];

  constructor(attributes: Attributes, depth: number, isUnique: boolean) {
    this.attributes = attributes;
    this.depth = depth;
    this.cases = isUnique ? new CaseTable() : undefined;
  }
}

interface OpenCase {
  readonly attributes: Attributes;
  readonly depth: number;
  /** The first explanation of each ending. */
  reasons: ReadonlyMap<CaseStatus, Explanation>;
  /** How many of its elements a tool may count as failures. */
  failures: number;
  /** Set if it may fail: whether the totals of the tool count its failures. */
  mayFail: 'counted' | 'uncounted' | undefined;
}

/** An open element whose text is kept. */
interface KeptText {
  body: string;
  /** Collects lines that show a failure outside of the cases. */
  readonly lines?: string[] | undefined;
}

/**
 * Reads JUnit XML, which has no standard but many dialects: `testcase` elements in `testsuite` elements, which may be nested.
 * An `error` or `failure` of a suite, outside of its cases, counts as an errored case. So does a suite that says something failed
 * if none of its cases did. `facts.ts` lists what single tools mean. Calls `onCase` for each case, in the file's order. Throws
 * {@link FormError} with the place where the file is malformed or not JUnit. Reads the file as a stream and does not keep long
 * texts in memory. A suite without a name is named `path`.
 */
export async function readJunit(
  pieces: AsyncIterable<string>,
  path: string,
  onCase: OnCase,
): Promise<FileSummary> {
  const xml = await XmlReader.load();
  const reader = new JunitReader(xml, path, onCase);
  await xml.read(pieces, reader);
  return reader.summary();
}

class JunitReader implements XmlHandler {
  readonly #xml: XmlReader;
  readonly #path: string;
  readonly #onCase: OnCase;
  #root: Attributes = {};
  /** The innermost open suite. The first one stands for the document. */
  #suite = new OpenSuite({}, 0, false);
  #case: OpenCase | undefined;
  #text: KeptText | undefined;
  /** What the document is, if it is not JUnit but has to be read to its end. */
  #other: OtherXml | undefined;
  #caseMs: number | undefined;
  readonly #unknownStatuses = new Set<string>();
  #unended = 0;

  constructor(xml: XmlReader, path: string, onCase: OnCase) {
    this.#xml = xml;
    this.#path = path;
    this.#onCase = onCase;
  }

  open(name: string, attributes: Attributes): Close | undefined {
    if (this.#xml.depth === 0) this.#openRoot(name, attributes);
    if (this.#other !== undefined) return this.#openInOther(this.#other, name);
    if (this.#case !== undefined) return this.#openInCase(this.#case, name, attributes);
    if (name === 'testsuites' || name === 'testsuite') return this.#openSuite(attributes);
    if (name === 'testcase') return this.#openCase(attributes);
    return this.#openInSuite(this.#suite, name, attributes);
  }

  addText(text: string): void {
    const opened = this.#text;
    if (opened === undefined) return;
    opened.body += text.slice(0, MAX_KEPT_LENGTH - opened.body.length);
    const { lines } = opened;
    if (lines === undefined) return;
    for (const line of text.split(/\r?\n/)) {
      if (lines.length < MAX_KEPT && isOutside(line)) lines.push(line);
    }
  }

  /** What the file says, after all of it was read. */
  summary(): FileSummary {
    if (this.#other !== undefined) throw NoResultsError.for(this.#other);
    const { shown, innerMs, innerFailed } = this.#suite;
    return {
      durationMs: this.#caseMs ?? innerMs,
      declared: { failed: innerFailed },
      more: shown.more,
      fewer: shown.fewer,
      unknownStatuses: [...this.#unknownStatuses],
      unended: this.#unended,
      isEmptyOnPurpose: isEmptyOnPurpose(this.#root.name ?? ''),
    };
  }

  #openRoot(name: string, attributes: Attributes): void {
    this.#root = attributes;
    const other = otherXml(name, attributes, this.#xml.doctype);
    if (other?.unless !== undefined) {
      const { attribute, value } = other.unless;
      if (attributes[attribute] === value) throw new FormError(`says ${attribute}="${value}"`);
      this.#other = other;
    } else if (other !== undefined) {
      throw NoResultsError.for(other);
    } else if (name !== 'testsuites' && name !== 'testsuite') {
      const reason = `expected the element testsuites or testsuite, found ${cut(name, 40)}`;
      throw new NoResultsError(this.#xml.messageOf('is not JUnit', reason));
    } else if (listingOption(attributes) !== undefined) {
      const advice = `Run them, without ${listingOption(attributes)}`;
      throw new NoResultsError('only lists tests, so nothing ran', advice);
    }
  }

  #openInOther({ unless }: OtherXml, name: string): Close | undefined {
    if (name !== unless?.element) return undefined;
    return this.#openText({}, ({ body }) => {
      const line = body.trim().replace(/\n.*/s, '');
      if (line !== '') throw new FormError(`has a ${name}: ${cut(line, 200)}`);
    });
  }

  #openInSuite(suite: OpenSuite, name: string, attributes: Attributes): Close | undefined {
    if (name === 'property') suite.uncounted ??= uncountedTotal(suite.attributes, attributes.name);
    if (this.#xml.depth !== suite.depth) return undefined;
    if (name === 'error' || name === 'failure') {
      return this.#openText(attributes, (why) => {
        if (suite.shown.failed > 0 && followsFromCase(why.message)) suite.shown.more++;
        else this.#reportSuite(suite, why);
      });
    }
    if (name !== 'system-err') return undefined;
    return this.#openText(
      {},
      ({ body }) => {
        suite.output = body.trim();
      },
      suite.lines,
    );
  }

  #openSuite(attributes: Attributes): Close {
    const around = this.#suite;
    const isUnique = hasUniqueNames(attributes.name, this.#root.name);
    const suite = new OpenSuite(attributes, this.#xml.depth + 1, isUnique);
    this.#suite = suite;
    return () => {
      const declared = declaredBy(attributes, suite.uncounted);
      this.#closeSuite(suite, declared);
      const { failed = suite.depth === 1 ? suite.innerFailed : Number.NaN } = declared;
      around.innerFailed += failed;
      around.innerMs = sumOf([around.innerMs, millisecondsOf(attributes.time) ?? suite.innerMs]);
      for (const key of ['failed', 'more', 'fewer'] as const) around.shown[key] += suite.shown[key];
      this.#suite = around;
    };
  }

  /** Reports what went wrong outside of the cases. If only the suite itself says that something failed, reports that. */
  #closeSuite(suite: OpenSuite, declared: Declared): void {
    const { attributes, shown, lines, output } = suite;
    const outside = lines.filter((line) => shown.failed === 0 || !followsFromCase(line));
    if (outside.length > 0) this.#reportSuite(suite, { message: outside.join('\n'), body: output });
    const failure = hiddenFailure(declared, shown);
    if (failure === undefined) return;
    shown.failed++;
    shown.fewer++;
    shown.more += Math.max(0, (declared.failed ?? 0) - 1);
    this.#onCase(hiddenCase('suite', failure, attributes.name || this.#path, attributes.file, output));
  }

  #reportSuite({ attributes: { name, file }, shown }: OpenSuite, why: Explanation): void {
    shown.failed++;
    shown.fewer++;
    this.#onCase({ status: 'errored', details: () => ({ name: name || this.#path, why, file }) });
  }

  #openCase(attributes: Attributes): Close {
    const depth = this.#xml.depth + 1;
    const opened: OpenCase = { attributes, depth, reasons: NO_REASONS, failures: 0, mayFail: undefined };
    this.#case = opened;
    this.#caseMs = sumOf([this.#caseMs, millisecondsOf(attributes.time)]);
    return () => {
      this.#case = undefined;
      this.#closeCase(opened, this.#suite);
    };
  }

  #openInCase(opened: OpenCase, name: string, attributes: Attributes): Close | undefined {
    if (/^test(?:case|suites?)$/.test(name)) this.#xml.fail('is not JUnit', `a ${name} within a testcase`);
    if (this.#xml.depth !== opened.depth) return undefined;
    if (isRerun(name)) this.#suite.shown.more++;
    // Mostly `skipped`, `error` or `failure`. PHPUnit also writes `warning`.
    const status = caseStatusOf(name);
    if (status === undefined) return undefined;
    return this.#openText(attributes, (why) => {
      if (isFailing(status)) opened.failures++;
      const habit = habitOf(name, why, opened.attributes);
      opened.mayFail ??= habit?.mayFail;
      const meaning = habit?.means ?? status;
      if (!opened.reasons.has(meaning)) opened.reasons = new Map(opened.reasons).set(meaning, why);
    });
  }

  #closeCase({ attributes, reasons, failures, mayFail }: OpenCase, suite: OpenSuite): void {
    if (suite.cases !== undefined && !attributes.name && !attributes.classname && reasons.size === 0) {
      this.#unended++;
      return;
    }
    const inAttributes = this.#statusIn(attributes, reasons.size === 0);
    const ending = mayFail ? 'skipped' : [...reasons.keys()].reduce(worseOf, inAttributes);
    const why = reasons.get(ending);
    const marks = mayFail === 'uncounted' ? 0 : failures || (isFailing(inAttributes) ? 1 : 0);

    const key = suite.cases && keyOf(attributes);
    const before = key === undefined ? undefined : suite.cases?.add(key, ending);
    const status = worseOf(before ?? ending, ending);
    const isNew = isFailing(status) && !isFailing(before);
    count(suite, isNew, marks, failures === 0);
    if (status === before) return;
    const around = suite.attributes;
    this.#onCase({
      status,
      key,
      before,
      details: () => ({
        suites: [attributes.classname || around.name || ''],
        name: attributes.name ?? '',
        why: why ?? reasonIn(attributes),
        file: attributes.file ?? around.file,
        durationMs: millisecondsOf(attributes.time),
        startMs: startMsOf(attributes),
      }),
    });
  }

  /** The status in the attributes of a case. GoogleTest, CTest and Bazel may write it only there. */
  #statusIn({ status, result }: Attributes, isAlone: boolean): CaseStatus {
    let worst: CaseStatus = 'passed';
    for (const word of [status, result]) {
      if (!word?.trim()) continue;
      const meant = caseStatusOf(word);
      if (meant !== undefined) worst = worseOf(worst, meant);
      else if (isAlone && this.#unknownStatuses.size < 10) this.#unknownStatuses.add(cut(word, 40));
    }
    return worst;
  }

  #openText(
    { message = '', type = '' }: Attributes,
    onClose: (why: Required<Explanation>) => void,
    lines?: string[],
  ): Close {
    const opened = { message, type, body: '', lines };
    this.#text = opened;
    return () => {
      this.#text = undefined;
      onClose(opened);
    };
  }
}

/** Adds a case to what its suite shows. `marks` is how many failures of it the totals may count. */
function count(suite: OpenSuite, isNewFailure: boolean, marks: number, isUnmarked: boolean): void {
  const { shown } = suite;
  shown.more += Math.max(0, marks - Number(isNewFailure));
  if (!isNewFailure) return;
  shown.failed++;
  suite.innerFailed++;
  if (isUnmarked) shown.fewer++;
}
