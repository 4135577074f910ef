// What single tools mean by their files. Above each row is its tool and the version that was seen. The readers apply the rows by
// general rules: a new tool's habit is a new row here, and a file that the tool wrote in test/fixtures/results.

import type { JsonObject } from '../json.ts';
import type { CaseStatus } from './tests.ts';
import type { Attributes } from './xml.ts';

/** What an element of a case means. Whatever else is in a case that may fail, it counts as skipped. */
export type Meaning = CaseStatus | 'may fail';

/** An element of a case that does not mean what its name says. Everything that a row gives must match. */
interface ElementHabit {
  readonly element?: string;
  readonly type?: string;
  readonly message?: RegExp;
  readonly body?: RegExp;
  /** The attribute `status` of the case. */
  readonly status?: string;
  readonly means: Meaning;
  /** Whether the totals of the tool leave out the failures of a case that may fail. */
  readonly isUncounted?: true;
}

const ELEMENTS: readonly ElementHabit[] = [
  // node --test 24: a to-do
  { element: 'skipped', type: 'todo', means: 'may fail' },
  // Catch2 2.13 and 3.7
  {
    element: 'skipped',
    message: /^TEST_CASE tagged with !(?:mayfail|shouldfail)/,
    means: 'may fail',
    isUncounted: true,
  },
  // Skips that nobody asked for.
  // CTest 3.25 and 4.4: not built, or without what it needs
  {
    element: 'skipped',
    status: 'notrun',
    message: /^(?!SKIP_)/,
    means: 'errored',
  },
  // EUnit of Erlang 25
  { element: 'skipped', type: 'timeout', means: 'errored' },
  // Common Test of Erlang 25: a failed init_per_testcase
  {
    element: 'skipped',
    body: /^\s*\{tc_auto_skip,/,
    means: 'errored',
  },
  // Failures that do not count as one.
  // doctest 2.4 and 2.5: WARN
  { element: 'failure', type: 'WARN', means: 'passed' },
  // TAP::Formatter::JUnit 0.11
  { type: 'TodoTestSucceeded', means: 'passed' },
  // Ant 1.10 junitlauncher: an assumption of JUnit 5
  {
    element: 'aborted',
    type: 'org.opentest4j.TestAbortedException',
    means: 'skipped',
  },
  // TestNG 7
  { type: 'org.testng.SkipException', means: 'skipped' },
];

/** The row about an element that does not mean what its name says. */
export function habitOf(
  element: string,
  { message, type, body }: Readonly<Record<'message' | 'type' | 'body', string>>,
  { status }: Attributes,
): Pick<ElementHabit, 'means' | 'isUncounted'> | undefined {
  return ELEMENTS.find(
    (row) =>
      (row.element ?? element) === element &&
      (row.type ?? type) === type &&
      (row.status ?? status) === status &&
      (row.message?.test(message) ?? true) &&
      (row.body?.test(body) ?? true),
  );
}

/** A line in the standard error of a suite that shows a failure outside of its cases. */
interface OutsideHabit {
  readonly line: RegExp;
  /** Whether the tool also writes it because of a case that failed. */
  readonly isAlsoOfCase?: true;
}

const OUTSIDE: readonly OutsideHabit[] = [
  // xUnit writes a line that ends in [FAIL] for each failed case.
  // JunitXml.TestLogger 8.1 for .NET
  { line: /^Error - (?!.*\[FAIL\]\s*$)/ },
  // Meson 1.12
  { line: /^\(test program exited with status code \d+\)/, isAlsoOfCase: true },
];

/** Whether a line in the standard error of a suite shows a failure outside of its cases. */
export function isOutside(line: string, hasFailedCase: boolean): boolean {
  return OUTSIDE.some((row) => row.line.test(line) && !(hasFailedCase && row.isAlsoOfCase));
}

/** Errors of a suite itself that only repeat that one of its cases failed. */
const FOLLOWING: readonly RegExp[] = [
  // TAP::Formatter::JUnit 0.11: an exit code
  /^Dubious, test returned /,
];

/** Totals of a suite that count something else. */
interface TotalHabit {
  /** The name of a property of the suite. */
  readonly property: string;
  /** An attribute that the suite of this tool does not have. */
  readonly without: string;
  readonly total: string;
}

const TOTALS: readonly TotalHabit[] = [
  // Qt Test 5.15: errors counts messages
  {
    property: 'QTestVersion',
    without: 'hostname',
    total: 'errors',
  },
];

/** Whether the attribute `total` of a suite counts failures. */
export function countsFailures(total: string, suite: Attributes, properties: ReadonlySet<string>): boolean {
  return !TOTALS.some(
    (row) => row.total === total && properties.has(row.property) && suite[row.without] === undefined,
  );
}

/**
 * Tools whose cases have a class and name of their own: elements that share them are attempts or phases of one case, and one that
 * has neither is a test that did not end.
 */
const UNIQUE_NAMES = [
  // pytest 9.2, rerunfailures 16.7, xdist 3.8
  { root: 'pytest tests', suite: 'pytest' },
] as const;

/** Whether no two cases share class and name, judged by the names of suite and root. */
export function hasUniqueNames(suite: string | undefined, root: string | undefined): boolean {
  return UNIQUE_NAMES.some((row) => row.suite === suite || row.root === root);
}

/** Documents that only list tests. */
const LISTS = [
  // GoogleTest 1.12 and 1.18
  { root: 'AllTests', without: 'failures', option: '--gtest_list_tests' },
] as const;

/** The option of the tool, if the document only lists tests. */
export function listingOption(root: Attributes): string | undefined {
  return LISTS.find((row) => row.root === root.name && root[row.without] === undefined)?.option;
}

/** The names of documents that are empty on purpose if they have no case. */
const EMPTY_SUITES: readonly RegExp[] = [
  // JUnit Platform 1.11
  /^JUnit Vintage$/,
];

/** Elements of a case for an attempt before or after the one that counts. The totals may count them. */
const RERUNS: readonly RegExp[] = [
  // Maven Surefire 3.5: flakyFailure, flakyError, rerunFailure, rerunError
  /flaky|rerun/,
];

/** Messages that a tool writes for every failure. */
const EMPTY_MESSAGES: readonly RegExp[] = [
  // gotestsum 1.13
  /^failed$/i,
  // Boost.Test 1.74, and others
  /^failure$/i,
  // nose2 0.16
  /^test failure$/i,
  // behave 1.3
  /^none$/i,
];

/** Lines of a failure that do not say what was wrong: frames of a stack, places, and what tools write around them. */
const NOISE: readonly RegExp[] = [
  // all: lines without a letter or digit, such as ---
  /^[^\p{L}\p{N}]*$/u,
  // GoogleTest 1.12, PHPUnit 9: a place
  /^\S+:\d+:?$/,
  // V8, Java, .NET: a frame
  /^at .*(?:\(.*\)|:\d+|:line \d+)$/,
  // Python: a frame
  /^(?:File ".*", line \d|Traceback \(most recent call last\):)/,
  // Jest 30
  /^● Test suite failed to run$/,
  // Go: a stack
  /^(?:goroutine \d+ \[|created by .* in goroutine|\S+:\d+ \+0x|\S+\(.*0x[\da-f].*\)$|\S+\.func\d[.\d]*\()/,
  // go test 1.26, in the body of gotestsum
  /^(?:===|---) /,
  // LuaUnit 3.4
  /^(?:stack traceback:$|\S+: in (?:function|upvalue|method|local|main|field) )/,
  // EUnit of Erlang 25
  /^(?:(?:::)?in (?:function|call from) .*\(.*line \d+\)|\{(?:module,\w+|line,\d+)\},?)$/,
  // bats 1.8
  /^\(?(?:in test|from function|in) .* line \d+[,)]$/,
  // Boost.Test 1.74
  /^(?:ASSERTION FAILURE:|- (?:file|line)\s*:.*)$/,
];

/** Tests in CTRF that passed because they failed as expected. The tool counts them in `summary.failed`. */
const EXPECTED_FAILURES = [
  // playwright-ctrf-json-reporter 0.0.29: test.fail
  { status: 'passed', rawStatus: 'failed' },
] as const;

/** Whether a test passed because it failed. */
export function isExpectedFailure(test: JsonObject): boolean {
  return EXPECTED_FAILURES.some((row) => row.status === test.status && row.rawStatus === test.rawStatus);
}

/** What xUnit.net v3 4.0 puts first in `suite` of its CTRF. */
const HASHES: readonly RegExp[] = [/^[0-9a-f]{64}$/];

export const followsFromCase = anyOf(FOLLOWING);
export const isEmptyOnPurpose = anyOf(EMPTY_SUITES);
export const isRerun = anyOf(RERUNS);
export const isEmptyMessage = anyOf(EMPTY_MESSAGES);
export const isNoise = anyOf(NOISE);
export const isHash = anyOf(HASHES);

function anyOf(patterns: readonly RegExp[]): (text: string) => boolean {
  return (text) => patterns.some((pattern) => pattern.test(text));
}
