import type { SaxesParser, SaxesTagPlain } from 'saxes';
import { FormError } from '../errors.ts';
import { cut } from '../text.ts';
import { instantOf } from '../timestamp.ts';
import { CaseTable } from './case-table.ts';
import { type Explanation, MAX_TEXT_LENGTH, type OnCase } from './cases.ts';
import { type Declared, hiddenCase, hiddenFailure, type Shown, totalOf } from './declared.ts';
import { NoResultsError, type OtherXml, otherXml } from './documents.ts';
import {
  countsFailures,
  followsFromCase,
  habitOf,
  hasUniqueNames,
  isEmptyOnPurpose,
  isOutside,
  isRerun,
  listingOption,
  type Meaning,
} from './facts.ts';
import type { FileSummary } from './format.ts';
import type { CaseStatus } from './run.ts';
import { sumOf } from './shape.ts';
import { caseStatusOf, isFailing, worseOf } from './status.ts';

/** Limit for nested elements. Known tools stay below ten. */
const MAX_DEPTH = 100;
/** How long a text may become in memory before it is shortened. */
const MAX_HELD_LENGTH = 1024 * 1024;
/** How much of a text is kept: more than is recorded, so that the record shows the cut. */
const MAX_KEPT_LENGTH = MAX_TEXT_LENGTH + 1;
/** How many lines and properties of a suite are kept. */
const MAX_KEPT = 100;

// Not well-formed XML, but some tools copy terminal escape codes into their reports, raw or as character references.
const TOLERATED = ['disallowed character.', 'malformed character entity.'];
// saxes takes everything up to the next semicolon for the entity, which may be a whole element.
const SWALLOWED = /&#(?!x?[\da-f]+;)[^;]*;/i;
// Documents one after another, as cmocka writes them, are read as one. Each may begin with a declaration.
const TOLERATED_AFTER_ROOT =
  /^(?:documents may contain only one root|(?:an|the) XML declaration must|expected (?:one of|the name)|did not expect any more name)/;

const OUTSIDE_ROOT = 'text data outside of root node';

type Attributes = SaxesTagPlain['attributes'];
/** What to do at the end of an element. */
type Close = () => void;

interface OpenSuite {
  readonly attributes: Attributes;
  /** How many elements are open inside the document, with this one. */
  readonly depth: number;
  /** Whether this suite or one around it has a time. */
  readonly isTimed: boolean;
  /** The cases in it and in the suites inside it. */
  readonly shown: Shown;
  /** The status of each case by {@link keyOf}, if elements that share class and name are one case. */
  readonly cases: CaseTable | undefined;
  readonly properties: Set<string>;
  /** How many failures the suites directly in it declare, and its own cases show; undefined if a suite declares no number. */
  inner: number | undefined;
  /** What it wrote to standard error. Newman puts the reason there. */
  output: string;
  /** Lines of that. */
  readonly lines: string[];
}

interface OpenCase {
  readonly attributes: Attributes;
  readonly depth: number;
  /** The first explanation of each ending; undefined if it has none. */
  reasons: Map<Meaning, Explanation> | undefined;
  /** How many of its elements a tool may count as failures. */
  failures: number;
  /** Whether the tool counts none of them. */
  isUncounted: boolean;
}

/** An open element whose text is kept. */
interface OpenText {
  body: string;
  /** Collects lines that tell of a failure outside of the cases. */
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
  #doctype = '';
  #root: Attributes | undefined;
  /** The innermost open suite. The first one stands for the document. */
  #suite = openSuite({}, 0, false, false);
  #case: OpenCase | undefined;
  #text: OpenText | undefined;
  /** What the document is, if it is not JUnit but has to be read to its end. */
  #other: OtherXml | undefined;
  #caseMs: number | undefined;
  #suiteMs: number | undefined;
  #hasBadEntity = false;
  readonly #unknownStatuses = new Set<string>();
  #unended = 0;

  constructor(parser: SaxesParser<{ xmlns: false; position: false }>, path: string, onCase: OnCase) {
    this.#parser = parser;
    this.#path = path;
    this.#onCase = onCase;
    parser.on('error', ({ message }) => this.#malformed(message));
    parser.on('doctype', (doctype) => {
      this.#doctype = doctype;
    });
    parser.on('opentag', ({ name, attributes }) => {
      if (this.#closers.length === MAX_DEPTH) {
        this.#fail('is nested too deeply', `more than ${MAX_DEPTH} nested elements`);
      }
      for (const value of this.#hasBadEntity ? Object.values(attributes) : []) this.#checkEntities(value);
      // Without its namespace prefix.
      this.#closers.push(this.#open(name.slice(name.indexOf(':') + 1), attributes));
    });
    const addText = (text: string) => this.#addText(text);
    parser.on('text', addText);
    parser.on('cdata', addText);
    parser.on('closetag', () => this.#closers.pop()?.());
  }

  write(piece: string): void {
    // Some tools copy binary output, whose NUL bytes are not allowed in XML.
    this.#parser.write(piece.includes('\0') ? piece.replaceAll('\0', '') : piece);
    this.#shortenText();
  }

  close(): FileSummary {
    this.#parser.close();
    if (this.#other !== undefined) throw NoResultsError.for(this.#other);
    const { shown, inner } = this.#suite;
    return {
      durationMs: this.#caseMs ?? this.#suiteMs,
      declared: { failed: inner, totals: '' },
      more: shown.more,
      fewer: shown.fewer,
      unknownStatuses: [...this.#unknownStatuses],
      unended: this.#unended,
      isEmptyOnPurpose: this.#root !== undefined && isEmptyOnPurpose(this.#root),
    };
  }

  #open(name: string, attributes: Attributes): Close | undefined {
    if (this.#closers.length === 0) this.#openRoot(name, attributes);
    if (this.#other !== undefined) return this.#openInOther(this.#other, name);
    if (this.#case !== undefined) return this.#openInCase(this.#case, name, attributes);
    if (name === 'testsuites' || name === 'testsuite') return this.#openSuite(attributes);
    if (name === 'testcase') return this.#openCase(attributes);
    return this.#openInSuite(this.#suite, name, attributes);
  }

  #openRoot(name: string, attributes: Attributes): void {
    this.#root = attributes;
    const other = otherXml(name, attributes, this.#doctype);
    if (other?.unless !== undefined) {
      const { attribute, value } = other.unless;
      if (attributes[attribute] === value) throw new FormError(`says ${attribute}="${value}"`);
      this.#other = other;
    } else if (other !== undefined) {
      throw NoResultsError.for(other);
    } else if (name !== 'testsuites' && name !== 'testsuite') {
      const reason = `expected the element testsuites or testsuite, found ${cut(name, 40)}`;
      throw new NoResultsError(this.#messageOf('is not JUnit', reason));
    } else if (listingOption(attributes) !== undefined) {
      const advice = `Run them, without ${listingOption(attributes)}`;
      throw new NoResultsError('only lists tests, so nothing ran', advice);
    }
  }

  #openInOther({ unless }: OtherXml, name: string): Close | undefined {
    if (name !== unless?.element) return undefined;
    return this.#openText({}, ({ body }) => {
      const [line = ''] = body.trim().split('\n');
      if (line !== '') throw new FormError(`has a ${name}: ${cut(line, 200)}`);
    });
  }

  #openInSuite(suite: OpenSuite, name: string, attributes: Attributes): Close | undefined {
    const { name: property } = attributes;
    if (name === 'property' && property && suite.properties.size < MAX_KEPT) suite.properties.add(property);
    if (this.#closers.length !== suite.depth) return undefined;
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
    const time = millisecondsOf(attributes.time);
    if (!around.isTimed) this.#suiteMs = sumOf([this.#suiteMs, time]);
    const isTimed = around.isTimed || time !== undefined;
    const isUnique = hasUniqueNames(attributes.name, this.#root?.name);
    const suite = openSuite(attributes, this.#closers.length + 1, isTimed, isUnique);
    this.#suite = suite;
    return () => {
      this.#closeSuite(suite);
      const { failed = suite.depth === 1 ? suite.inner : undefined } = declaredBy(suite);
      around.inner = around.inner === undefined || failed === undefined ? undefined : around.inner + failed;
      for (const key of ['failed', 'more', 'fewer'] as const) around.shown[key] += suite.shown[key];
      this.#suite = around;
    };
  }

  /** Reports what went wrong outside of the cases, or says that something did. */
  #closeSuite(suite: OpenSuite): void {
    const { attributes, shown, lines, output } = suite;
    const outside = lines.filter((line) => isOutside(line, shown.failed > 0));
    if (outside.length > 0) this.#reportSuite(suite, { message: outside.join('\n'), body: output });
    const declared = declaredBy(suite);
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
    const depth = this.#closers.length + 1;
    const opened: OpenCase = { attributes, depth, reasons: undefined, failures: 0, isUncounted: false };
    this.#case = opened;
    this.#caseMs = sumOf([this.#caseMs, millisecondsOf(attributes.time)]);
    return () => {
      this.#case = undefined;
      this.#closeCase(opened, this.#suite);
    };
  }

  #openInCase(opened: OpenCase, name: string, attributes: Attributes): Close | undefined {
    if (/^test(?:case|suites?)$/.test(name)) this.#fail('is not JUnit', `a ${name} within a testcase`);
    if (this.#closers.length !== opened.depth) return undefined;
    if (isRerun(name)) this.#suite.shown.more++;
    // Mostly `skipped`, `error` or `failure`. PHPUnit also writes `warning`.
    const status = caseStatusOf(name);
    if (status === undefined) return undefined;
    return this.#openText(attributes, (why) => {
      if (isFailing(status)) opened.failures++;
      const habit = habitOf(name, why, opened.attributes);
      if (habit?.isUncounted) opened.isUncounted = true;
      const meaning = habit?.means ?? status;
      opened.reasons ??= new Map();
      if (!opened.reasons.has(meaning)) opened.reasons.set(meaning, why);
    });
  }

  #closeCase({ attributes, reasons, failures, isUncounted }: OpenCase, suite: OpenSuite): void {
    if (suite.cases !== undefined && !attributes.name && !attributes.classname && reasons === undefined) {
      this.#unended++;
      return;
    }
    let status = this.#statusIn(attributes, reasons === undefined);
    const marks = isUncounted ? 0 : failures || (isFailing(status) ? 1 : 0);
    for (const meaning of reasons?.keys() ?? []) {
      if (meaning !== 'may fail') status = worseOf(status, meaning);
    }
    if (reasons?.has('may fail')) status = 'skipped';
    const why = reasons?.get(status);

    const key = suite.cases && keyOf(attributes);
    const before = key === undefined ? undefined : suite.cases?.get(key);
    if (before !== undefined) status = worseOf(before, status);
    if (key !== undefined) suite.cases?.set(key, status);

    const { shown } = suite;
    const isNew = isFailing(status) && !(before && isFailing(before));
    if (isNew) shown.failed++;
    if (isNew && suite.inner !== undefined) suite.inner++;
    if (isNew && failures === 0) shown.fewer++;
    shown.more += Math.max(0, marks - (isNew ? 1 : 0));
    if (status === before) return;
    const around = suite.attributes;
    this.#onCase({
      status,
      ...(key !== undefined && { key, before }),
      details: () => ({
        suites: [attributes.classname || around.name || ''],
        name: attributes.name ?? '',
        why: why ?? reasonIn(attributes),
        file: attributes.file ?? around.file,
        durationMs: millisecondsOf(attributes.time),
        startMs: startOf(attributes),
      }),
    });
  }

  /** The status in the attributes of a case. GoogleTest, CTest and Bazel may write it only there. */
  #statusIn({ status, result }: Attributes, isAlone: boolean): CaseStatus {
    let worst: CaseStatus = 'passed';
    if (status === undefined && result === undefined) return worst;
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

  #addText(text: string): void {
    // saxes reports this only once, and also for CDATA within a second document.
    if (this.#closers.length === 0 && text.trim() !== '') this.#fail('is not well-formed XML', OUTSIDE_ROOT);
    if (this.#hasBadEntity) this.#checkEntities(text);
    const opened = this.#text;
    if (opened === undefined) return;
    opened.body += text.slice(0, MAX_KEPT_LENGTH - opened.body.length);
    const { lines } = opened;
    if (lines === undefined) return;
    for (const line of text.split(/\r?\n/)) {
      if (lines.length < MAX_KEPT && isOutside(line, false)) lines.push(line.slice(0, MAX_KEPT_LENGTH));
    }
  }

  /** Keeps only the beginning of a long text. saxes has no public way to bound the text that it collects until its end. */
  #shortenText(): void {
    const field = 'text';
    if (this.#parser[field].length <= MAX_HELD_LENGTH) return;
    this.#parser[field] = this.#parser[field].slice(0, MAX_KEPT_LENGTH);
  }

  #malformed(message: string): void {
    if (message.includes('entity')) this.#hasBadEntity = true;
    if (TOLERATED.includes(message) || message.startsWith(OUTSIDE_ROOT)) return;
    if (this.#root !== undefined && TOLERATED_AFTER_ROOT.test(message)) return;
    this.#fail('is not well-formed XML', message.replace(/\.$/, ''));
  }

  #checkEntities(text: string): void {
    if (SWALLOWED.test(text)) this.#fail('is not well-formed XML', 'malformed character entity');
  }

  #fail(problem: string, reason: string): never {
    throw new FormError(this.#messageOf(problem, reason));
  }

  #messageOf(problem: string, reason: string): string {
    const { line, column } = this.#parser;
    return `${problem}: line ${line}, column ${column || 1}: ${cut(reason, 200)}`;
  }
}

function openSuite(attributes: Attributes, depth: number, isTimed: boolean, isUnique: boolean): OpenSuite {
  return {
    attributes,
    depth,
    isTimed,
    shown: { failed: 0, more: 0, fewer: 0 },
    cases: isUnique ? new CaseTable() : undefined,
    properties: new Set(),
    inner: 0,
    output: '',
    lines: [],
  };
}

/** What the attributes of a case say of its end. */
function reasonIn(attributes: Attributes): Explanation {
  const type = ['status', 'result']
    .filter((name) => attributes[name])
    .map((name) => textOfAttribute(attributes, name));
  return { message: '', type: type.join(' ') };
}

/** What a suite says of its failures. */
function declaredBy({ attributes, properties }: OpenSuite): Declared {
  const totals = ['failures', 'errors'].filter((name) => countsFailures(name, attributes, properties));
  const status = ['status', 'result'].find((name) => {
    const meant = caseStatusOf(attributes[name] ?? '');
    return meant !== undefined && isFailing(meant);
  });
  return {
    failed: sumOf(totals.map((name) => totalOf(attributes[name]))),
    totals: totals
      .filter((name) => totalOf(attributes[name]))
      .map((name) => textOfAttribute(attributes, name))
      .join(' '),
    verdict: status && textOfAttribute(attributes, status),
  };
}

function textOfAttribute(attributes: Attributes, name: string): string {
  return `${name}="${cut(attributes[name] ?? '', 40)}"`;
}

/** A hash of class and name in 53 bits: of a million cases two share one with a chance of 1 in 18,000. */
function keyOf({ classname = '', name = '' }: Attributes): number {
  let low = 0x811c9dc5;
  let high = 0x9e3779b9;
  for (const text of [classname, '\0', name]) {
    const length = Math.min(text.length, MAX_KEPT_LENGTH);
    for (let i = 0; i < length; i++) {
      const code = text.charCodeAt(i);
      low = Math.imul(low ^ code, 0x01000193);
      high = Math.imul(((high << 5) | (high >>> 27)) ^ code, 0x85ebca77);
    }
  }
  return (high >>> 11) * 2 ** 32 + (low >>> 0);
}

/** Milliseconds from seconds such as `0.25`. One comma and no point is a decimal comma, other commas are thousands. */
function millisecondsOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const plain = Number(text);
  if (plain > 0 && Number.isFinite(plain)) return plain * 1000;
  if (text.trim() === '') return undefined;
  const hasThousands = /^[1-9]\d{0,2}(?:,\d{3})+(?:\.\d+)?$/.test(text) && !/^\d+,\d+$/.test(text);
  const seconds = Number(hasThousands ? text.replaceAll(',', '') : text.replace(/^(\d+),(\d+)$/, '$1.$2'));
  return Number.isFinite(seconds) && seconds >= 0 ? seconds * 1000 : undefined;
}

/** When a case began, in Unix milliseconds. Unknown if the timestamp has no offset. */
function startOf({ timestamp }: Attributes): number | undefined {
  return timestamp?.match(/Z|[+-]\d\d:\d\d/i) ? instantOf(timestamp) : undefined;
}
