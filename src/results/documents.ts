import { FormError } from '../errors.ts';
import type { Attributes } from './xml.ts';

/** A file that is not test results, or has none. The workflow may leave it out. */
export class NoResultsError extends FormError {
  /** What the file is, to follow its path. */
  readonly reason: string;
  /** Whether it is left out, with a warning, beside a file with a case that ran. */
  readonly isHarmless: boolean;

  constructor(reason: string, advice = '', isHarmless = false) {
    super(advice ? `${reason}. ${advice}` : reason);
    this.reason = reason;
    this.isHarmless = isHarmless;
  }

  static for({ name, advice, isHarmless }: OtherXml): NoResultsError {
    return new NoResultsError(`is ${name}, not JUnit`, advice, isHarmless);
  }
}

/** A kind of XML that is not JUnit, recognised by its root element. */
export interface OtherXml {
  /** To follow `is`. */
  readonly name: string;
  readonly root: string;
  /** In the value of an attribute `xmlns` or `xmlns:…` of the root. */
  readonly namespace?: RegExp;
  readonly doctype?: RegExp;
  /** How to get JUnit instead. */
  readonly advice: string;
  /** Whether tools write it beside their results, and it holds no failure of its own. */
  readonly isHarmless?: true;
  /** What shows a failure in spite of that. */
  readonly unless?: { readonly attribute: string; readonly value: string; readonly element: string };
}

const DOTNET = 'Write JUnit with the package JunitXml.TestLogger: dotnet test --logger junit';
const COVERAGE = 'Name the file with the test results';

const OTHER_XML: readonly OtherXml[] = [
  // Written beside the results.
  { name: 'a coverage report (Cobertura or Clover)', root: 'coverage', advice: COVERAGE, isHarmless: true },
  {
    name: 'a coverage report (JaCoCo)',
    root: 'report',
    doctype: /JACOCO/,
    advice: COVERAGE,
    isHarmless: true,
  },
  {
    name: 'the summary of Maven Failsafe',
    root: 'failsafe-summary',
    advice: 'Name the TEST-*.xml files',
    isHarmless: true,
    unless: { attribute: 'timeout', value: 'true', element: 'failureMessage' },
  },
  {
    name: 'an open test report',
    root: 'events',
    namespace: /opentest4j/,
    advice: 'Name the TEST-*.xml files',
    isHarmless: true,
  },
  { name: 'a Checkstyle report', root: 'checkstyle', advice: COVERAGE, isHarmless: true },
  // Results in a form of their own.
  {
    name: 'TRX',
    root: 'TestRun',
    namespace: /microsoft\.com\/schemas\/VisualStudio\/TeamTest/,
    advice: DOTNET,
  },
  {
    name: "CppUnit's own XML",
    root: 'TestRun',
    advice: 'Convert it to JUnit, or write it with an outputter of your own',
  },
  {
    name: "Check's own XML",
    root: 'testsuites',
    namespace: /check\.sourceforge\.net/,
    advice: 'Write TAP (srunner_set_tap) and convert that to JUnit',
  },
  { name: "NUnit's own XML", root: 'test-run', advice: DOTNET },
  { name: "NUnit 2's own XML", root: 'test-results', advice: DOTNET },
  { name: "xUnit.net's own XML", root: 'assemblies', advice: DOTNET },
  { name: "promptfoo's own XML", root: 'promptfoo', advice: 'Write JSON: promptfoo eval -o results.json' },
];

/** The kind of a document that is not JUnit although it may look so; undefined for JUnit, and for an unknown root element. */
export function otherXml(root: string, attributes: Attributes, doctype: string): OtherXml | undefined {
  const names = Object.keys(attributes).filter((name) => /^xmlns(?::|$)/.test(name));
  const namespaces = names.map((name) => attributes[name]).join();
  return OTHER_XML.find(
    (row) =>
      row.root === root && (row.namespace?.test(namespaces) ?? true) && (row.doctype?.test(doctype) ?? true),
  );
}

/** Files that are neither XML nor one JSON document, recognised by how they begin. */
const OTHER_TEXT: readonly { readonly name: string; readonly beginning: RegExp; readonly advice: string }[] =
  [
    {
      name: 'the output of go test -json',
      beginning: /^\{.*"Action":"/,
      advice: 'Write JUnit with gotestsum --junitfile results.xml',
    },
    {
      name: 'TAP',
      beginning: /^(?:TAP version \d|1\.\.\d|(?:not )?ok\b|\S+\.t \.\.)/,
      advice: 'Write JUnit, or convert TAP to it, for example with tap-xunit',
    },
    {
      name: 'CSV',
      beginning: /^"?[\w. -]+"?(?:,(?! )"?[\w. -]*"?)+$/,
      advice: 'Write JSON, and set results_format to json with score_pointer or metrics_pointer',
    },
  ];

/** The error for a file that begins in a known other form. */
export function otherText(beginning: string): NoResultsError | undefined {
  const row = OTHER_TEXT.find((one) => one.beginning.test(beginning));
  return row && new NoResultsError(`is ${row.name}`, row.advice);
}
