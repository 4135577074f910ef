// What single tools mean by their files. Above each row is its tool and the version that was seen. The readers apply the rows by
// general rules: a new tool's habit is a new row here, and a file that the tool wrote in test/fixtures/results.

import type { JsonObject } from '../json.ts';
import type { CaseStatus } from './tests.ts';
import type { Attributes } from './xml.ts';

/** An element of a case that does not mean what its name says. Everything that a row gives must match. */
interface ElementHabit {
  readonly element?: string;
  readonly type?: string;
  readonly message?: RegExp;
  readonly body?: RegExp;
  /** The attribute `status` of the case. */
  readonly status?: string;
  readonly means?: CaseStatus;
  /** The case counts as skipped, whatever else is in it. The totals of the tool count its failures, or leave them out. */
  readonly mayFail?: 'counted' | 'uncounted';
}

const ELEMENTS: readonly ElementHabit[] = [
  // node --test 24: a to-do
  { element: 'skipped', type: 'todo', mayFail: 'counted' },
  // Catch2 2.13 and 3.7
  {
    element: 'skipped',
    message: /^TEST_CASE tagged with !(?:mayfail|shouldfail)/,
    mayFail: 'uncounted',
  },
  // Skips that nobody asked for.
  // CTest 3.25 and 4.4: not built, or without what it needs
  { element: 'skipped', status: 'notrun', message: /^(?!SKIP_)/, means: 'errored' },
  // EUnit of Erlang 25
  { element: 'skipped', type: 'timeout', means: 'errored' },
  // Common Test of Erlang 25: a failed init_per_testcase
  { element: 'skipped', body: /^\s*\{tc_auto_skip,/, means: 'errored' },
  // Failures that do not count as one.
  // doctest 2.4 and 2.5: WARN
  { element: 'failure', type: 'WARN', means: 'passed' },
  // TAP::Formatter::JUnit 0.11
  { type: 'TodoTestSucceeded', means: 'passed' },
  // Ant 1.10 junitlauncher: an assumption of JUnit 5
  { element: 'aborted', type: 'org.opentest4j.TestAbortedException', means: 'skipped' },
  // TestNG 7
  { type: 'org.testng.SkipException', means: 'skipped' },
];

/** The row about an element that does not mean what its name says. */
export function habitOf(
  element: string,
  { message, type, body }: Readonly<Record<'message' | 'type' | 'body', string>>,
  { status }: Attributes,
): Pick<ElementHabit, 'means' | 'mayFail'> | undefined {
  return ELEMENTS.find(
    (row) =>
      (row.element ?? element) === element &&
      (row.type ?? type) === type &&
      (row.status ?? status) === status &&
      (row.message?.test(message) ?? true) &&
      (row.body?.test(body) ?? true),
  );
}

/** Whether a line in the standard error of a suite shows a failure outside of its cases. */
export const isOutside = anyOf([
  // JunitXml.TestLogger 8.1 for .NET. xUnit writes a line that ends in [FAIL] for each failed case.
  /^Error - (?!.*\[FAIL\]\s*$)/,
  // Meson 1.12: an exit code
  /^\(test program exited with status code \d+\)/,
]);

/** Whether an error of a suite itself, or such a line, only repeats that a case failed. To be asked only if one did. */
export const followsFromCase = anyOf([
  // TAP::Formatter::JUnit 0.11: an exit code
  /^Dubious, test returned /,
  // Meson 1.12
  /^\(test program exited /,
]);

/** Totals of a suite that count something else. The tool is recognised by a property of the suite and by a missing attribute. */
const TOTALS = [
  // Qt Test 5.15: errors counts messages
  { property: 'QTestVersion', without: 'hostname', total: 'errors' },
] as const;

/** The total that does not count failures, if the suite has this property and is from such a tool. */
export function uncountedTotal(suite: Attributes, property: string | undefined): string | undefined {
  return TOTALS.find((row) => row.property === property && suite[row.without] === undefined)?.total;
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

/** Whether a document with this name is empty on purpose if it has no case. */
export const isEmptyOnPurpose = anyOf([
  // JUnit Platform 1.11
  /^JUnit Vintage$/,
]);

/** Whether an element of a case is an attempt before or after the one that counts. The totals may count it. */
export const isRerun = anyOf([
  // Maven Surefire 3.5: flakyFailure, flakyError, rerunFailure, rerunError
  /flaky|rerun/,
]);

/** Whether a tool writes this message for every failure. */
export const isEmptyMessage = anyOf([
  // gotestsum 1.13
  /^failed$/i,
  // Boost.Test 1.74, and others
  /^failure$/i,
  // nose2 0.16
  /^test failure$/i,
  // behave 1.3
  /^none$/i,
]);

/** Whether a line of a failure does not say what was wrong: a stack frame, a place, or what tools write around them. */
export const isNoise = anyOf([
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
]);

/** Tests in CTRF that passed because they failed as expected. The tool counts them in `summary.failed`. */
const EXPECTED_FAILURES = [
  // playwright-ctrf-json-reporter 0.0.29: test.fail
  { status: 'passed', rawStatus: 'failed' },
] as const;

/** Whether a test passed because it failed. */
export function isExpectedFailure(test: JsonObject): boolean {
  return EXPECTED_FAILURES.some((row) => row.status === test.status && row.rawStatus === test.rawStatus);
}

/** Whether a name in `suite` of CTRF is a hash. */
export const isHash = anyOf([
  // xUnit.net v3 4.0
  /^[0-9a-f]{64}$/,
]);

function anyOf(patterns: readonly RegExp[]): (text: string) => boolean {
  return (text) => patterns.some((pattern) => pattern.test(text));
}
