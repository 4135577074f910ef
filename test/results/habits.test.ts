import { createReadStream, globSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { otherText } from '../../src/results/documents.ts';
import {
  followsFromCase,
  isEmptyMessage,
  isEmptyOnPurpose,
  isHash,
  isNoise,
  isOutside,
} from '../../src/results/facts.ts';
import { type ResultsRequest, readResults } from '../../src/results/read-results.ts';
import { failureLine } from '../../src/results/record.ts';
import type { Failure } from '../../src/results/tests.ts';

const FOLDER = join(import.meta.dirname, '../fixtures/results/habits');

interface Habit {
  /** Whose file, and what it shows. */
  readonly habit: string;
  /** In the folder. */
  readonly pattern: string;
  /** Total / passed / failed / errored / skipped, absent if nothing could be read. */
  readonly counts?: string;
  readonly durationMs?: number;
  /** The failures, or the names of those whose reason does not matter. */
  readonly failures?: readonly string[];
  /** Parts of the warnings and the problems, in order. */
  readonly warnings?: readonly string[];
  readonly problems?: readonly string[];
  readonly outcome?: ResultsRequest['outcome'];
}

const DOTNET = 'Write JUnit with the package JunitXml.TestLogger: dotnet test --logger junit';
const BESIDE: Pick<Habit, 'counts' | 'failures'> = { counts: '3/2/1/0/0', failures: ['a > z: no'] };

const HABITS: readonly Habit[] = [
  // Several endings of one case.
  {
    habit: 'GoogleTest: a failure, then GTEST_SKIP',
    pattern: 'gtest-failure-and-skip.xml',
    counts: '3/1/2/0/0',
    failures: ['Model > Answers: Expected equality of these values: 1 2', 'Fix > Body: could not release'],
  },
  {
    habit: 'pytest: a skip, then an error in the teardown',
    pattern: 'pytest-skip-then-teardown-error.xml',
    counts: '3/1/0/1/1',
    failures: [
      'test_sk > test_skip_then_teardown: failed on teardown with "RuntimeError: could not release the lock"',
    ],
  },
  {
    habit: 'pytest: subtests, one skipped and one failed',
    pattern: 'pytest-subtests.xml',
    counts: '4/1/2/0/1',
    failures: [
      'test_s > test_subskip: AssertionError: b is wrong assert False',
      'test_s.T > test_u: AssertionError: u is wrong',
    ],
  },
  {
    habit: 'Catch2: a failure that is allowed',
    pattern: 'catch2-mayfail.xml',
    counts: '2/1/0/0/1',
  },
  {
    habit: 'Catch2: a pass that should not be, which only the suite shows',
    pattern: 'catch2-shouldfail.xml',
    counts: '3/1/0/1/1',
    failures: ['K: the suite says failures="1", but none of its cases failed'],
  },
  // Attempts.
  {
    habit: 'pytest-rerunfailures: each attempt is a case',
    pattern: 'pytest-reruns.xml',
    counts: '2/0/2/0/0',
    failures: [
      'test_r > test_answer[a]: AssertionError: model was wrong assert False',
      'test_r > test_answer[b]: AssertionError: model was wrong assert False',
    ],
  },
  {
    habit: 'DeepEval under pytest-rerunfailures',
    pattern: 'deepeval-reruns.xml',
    counts: '2/1/1/0/0',
    failures: [
      'test_e > test_retry[short]: AssertionError: Metrics: Length (score: 0.25, threshold: 0.5, strict: False, error: None, reason: len 5) failed.',
    ],
  },
  {
    habit: 'pytest: a test that did not end',
    pattern: 'pytest-exit.xml',
    counts: '1/1/0/0/0',
    warnings: ['has 1 test that did not end, not counted'],
  },
  {
    habit: 'gotestsum: each attempt counts, since two tests may have the same name',
    pattern: 'gotestsum-rerun.xml',
    counts: '4/3/1/0/0',
    failures: ['demo/a > TestFlaky: a_test.go:7: first try'],
  },
  // Skips that nobody asked for.
  {
    habit: 'CTest: not built, without data or folder; skipped and disabled on purpose',
    pattern: 'ctest-not-run.xml',
    counts: '6/1/0/3/2',
    failures: [
      'unbuilt: Unable to find executable',
      'nodata: Required Files Missing',
      'nodir: Failed to change working directory',
    ],
  },
  {
    habit: 'Common Test: a failed init_per_testcase; a skip on purpose',
    pattern: 'common-test-auto-skip.xml',
    counts: '3/1/0/1/1',
    failures: ['cart_SUITE > a: Test a in cart_SUITE skipped!'],
  },
  {
    habit: 'EUnit: a timeout',
    pattern: 'eunit-timeout.xml',
    counts: '3/1/0/2/0',
    failures: [
      'module \'k_tests\' > k_tests:0 bad_test: **error:{assertEqual,[{module,k_tests}, {expression,"2"}, {expected,1},',
      "module 'k_tests' > k_tests:0 -slow_test_/0-fun-0-: timeout",
    ],
  },
  {
    habit: 'behave: a failed hook of the feature',
    pattern: 'behave-untested/*.xml',
    counts: '2/1/0/1/0',
    failures: ['cart.cart > add: status="untested"'],
  },
  // What went wrong outside of the cases.
  {
    habit: 'JunitXml.TestLogger: a crashed host',
    pattern: 'dotnet-host-crashed.xml',
    counts: '3/2/0/1/0',
    failures: ['shop.dll: Error - The active test run was aborted. Reason: Test host process crashed'],
  },
  {
    habit: 'JunitXml.TestLogger: the teardown of a fixture',
    pattern: 'dotnet-fixture-teardown.xml',
    counts: '2/1/0/1/0',
    failures: [
      'shop.dll: Error - TearDown failed for test fixture Shop.Cart Error - TearDown : System.Exception : once down',
    ],
  },
  {
    habit: 'JunitXml.TestLogger: a warning, and lines that only look like errors',
    pattern: 'dotnet-warning-only.xml',
    counts: '1/1/0/0/0',
  },
  {
    habit: 'JunitXml.TestLogger under xUnit: a test that failed',
    pattern: 'dotnet-ordinary-failure.xml',
    counts: '2/1/1/0/0',
    failures: ['Shop.Cart > Bad: Assert.Equal() Failure: Values differ'],
  },
  {
    habit: 'Meson: an exit code, of a program whose tests passed and of one with a failed test',
    pattern: 'meson-exit-code.xml',
    counts: '7/5/1/1/0',
    failures: ['shop.shop:tap: (test program exited with status code 3)', 'shop.shop:tapfail > 2'],
  },
  {
    habit: 'xUnit.net v3, CTRF: the cleanup of a class',
    pattern: 'ctrf-other.json',
    counts: '2/1/0/1/0',
    failures: ["outside of the tests: Shop.Cart: Class fixture type 'Shop.Db' threw in Dispose"],
  },
  {
    habit: 'GoogleTest: the teardown of the environment',
    pattern: 'gtest-environment.xml',
    counts: '3/2/1/0/0',
    failures: ['NonTestSuiteFailure: env teardown'],
    warnings: ['says 0 failed; its cases add up to 1 failed, which is what counts'],
  },
  {
    habit: 'RSpec: a file that does not load, reported by the suite',
    pattern: 'rspec-load-error-in-suite.xml',
    counts: '1/0/0/1/0',
    failures: ['rspec: the suite says errors="1", but none of its cases failed'],
  },
  {
    habit: 'Jest: a file that does not load',
    pattern: 'jest-load-error.json',
    counts: '3/2/0/1/0',
    failures: ["a.test.js: load boom > 1 | throw new Error('load boom');"],
  },
  {
    habit: 'prove: an exit code that a failed test explains',
    pattern: 'prove-unplanned.xml',
    counts: '4/3/0/1/0',
    failures: ['toomany_t > 2 - b: ok 2 - b'],
    warnings: ['says 3 failed; its cases add up to 1 failed, which is what counts'],
  },
  // Failures that do not count as one.
  { habit: 'doctest: WARN', pattern: 'doctest-warn.xml', counts: '2/2/0/0/0' },
  { habit: 'prove: a to-do that passed', pattern: 'prove-todo-passed.xml', counts: '4/4/0/0/0' },
  { habit: 'Ant: an assumption of JUnit 5', pattern: 'ant-aborted.xml', counts: '3/1/0/0/2' },
  { habit: 'Qt 5: qWarning', pattern: 'qt5-warning.xml', counts: '3/3/0/0/0' },
  {
    habit: 'playwright-ctrf-json-reporter: an expected failure alone',
    pattern: 'playwright-ctrf-expected-failure.json',
    counts: '2/2/0/0/0',
  },
  {
    habit: 'playwright-ctrf-json-reporter: an expected failure beside others',
    pattern: 'playwright-ctrf.json',
    counts: '15/5/6/0/4',
    failures: [
      'api > a.spec.js > always',
      'api > a.spec.js > ::error::boom 🚀 "q" red',
      'api > a.spec.js > timeout',
      'api > a.spec.js > soft',
      'api > a.spec.js > hooks > n1',
      'api > a.spec.js > serial > s1',
    ],
  },
  // What the file does not show.
  {
    habit: 'jest-junit: a to-do is a plain case',
    pattern: 'jest-junit-todo.xml',
    counts: '5/4/1/0/0',
    failures: ['bad: Error: x'],
  },
  {
    habit: 'GoogleTest, jest-junit, Meson and RSpec: nothing in the file',
    pattern: 'nothing-in-the-file/*.xml',
    counts: '6/5/0/0/1',
  },
  // Names, numbers and reasons.
  {
    habit: 'gotestsum: an empty class',
    pattern: 'gotestsum-empty-classname.xml',
    counts: '16/7/8/0/1',
    failures: [
      'demo/a > TestBad',
      'demo/a > TestSub/a_b',
      'demo/a > TestSub',
      'demo/a > TestFlaky',
      'demo/a > Example',
      'demo/b > TestMain: FAIL demo/b [build failed]',
      'demo/c > TestPanic',
      'demo/d > TestMain: exit status 3 FAIL demo/d 0.002s',
    ],
    warnings: ['says 9 failed; its cases add up to 8 failed, which is what counts'],
  },
  {
    habit: 'Robot Framework: the reason is in the second line',
    pattern: 'robot-setup-failed.xml',
    counts: '8/1/6/0/1',
    failures: [
      'Ro.A > Bad ::error::boom 🚀: ::error::x',
      'Ro.A > With Teardown: Teardown failed: teardown broke',
      'Ro.A > HTML: *HTML*<b>bold</b> & "q"',
      'Ro.B > N1: Parent suite setup failed: suite setup broke',
      'Ro.B > N2: Parent suite setup failed: suite setup broke',
      'Ro.C > T1: Parent suite teardown failed: suite teardown broke',
    ],
  },
  {
    habit: 'PHPUnit 9, Boost, tap-xunit, bats, LuaUnit, EUnit: the reason is in a later line, or in the type',
    pattern: 'reason-on-a-later-line.xml',
    counts: '6/0/6/0/0',
    failures: [
      'PhpUnit9 > testFails: Failed asserting that 2 is identical to 1.',
      'Boost > adds: - message: check 1 == 2 has failed [1 != 2]',
      'TapXunit > #4 bad: name: AssertionError message: 1 is not 2',
      'Bats > fails: `[ "$status" -eq 0 ]\' failed',
      'LuaUnit > TestK.testBad: lu.lua:1: expected: 2, actual: 1',
      'EUnit > bad_test: **error:{assertEqual,[{expected,1},{value,2}]}',
    ],
  },
  { habit: 'Surefire: @Nested, tests="0"', pattern: 'surefire-nested.xml', counts: '2/2/0/0/0' },
  { habit: 'a decimal comma', pattern: 'comma-decimals.xml', counts: '2/2/0/0/0', durationMs: 1734 },
  {
    habit: 'Playwright: a NUL byte in a text',
    pattern: 'nul-in-system-out.xml',
    counts: '2/1/1/0/0',
    failures: ['a.spec.js > y: no'],
  },
  {
    habit: 'cmocka: a document for each suite',
    pattern: 'cmocka.xml',
    counts: '5/2/2/0/1',
    failures: ['cart > bad: 0x1 != 0x2 cm/t.c:7: error: Failure!', 'price > ok: Test setup failed'],
  },
  // Files beside the results.
  {
    habit: 'coverage.py: Cobertura',
    pattern: 'coverage-in-glob/*.xml',
    ...BESIDE,
    warnings: ['coverage.xml is a coverage report (Cobertura or Clover), not JUnit, and is left out'],
  },
  {
    habit: 'Maven Failsafe: its summary',
    pattern: 'failsafe-summary-in-glob/*.xml',
    ...BESIDE,
    warnings: ['failsafe-summary.xml is the summary of Maven Failsafe, not JUnit, and is left out'],
  },
  {
    habit: 'JUnit 5: the open test report',
    pattern: 'open-test-report-in-glob/*.xml',
    ...BESIDE,
    warnings: ['open-test-report.xml is an open test report, not JUnit, and is left out'],
  },
  {
    habit: 'jest-junit: a file without a case',
    pattern: 'one-empty-of-many/*.xml',
    ...BESIDE,
    problems: [
      'b.xml has no test case, so nothing ran. Check which tests the command selects, and that all of them load. To leave it out, add the line !',
    ],
  },
  {
    habit: 'jest-junit: a file without a case, after a step that succeeded',
    pattern: 'one-empty-of-many/*.xml',
    outcome: 'success',
    ...BESIDE,
    warnings: ['b.xml has no test case, so nothing ran, and is left out'],
  },
  {
    habit: 'a file that is cut',
    pattern: 'one-cut-of-many/*.xml',
    outcome: 'success',
    ...BESIDE,
    problems: ['b.xml is not well-formed XML: line 1, column 124: unclosed tag: system-out'],
  },
  {
    habit: 'RSpec: a file that does not load',
    pattern: 'rspec-load-error/*.xml',
    counts: '1/1/0/0/0',
    problems: ['a.xml has no test case, so nothing ran. '],
  },
  {
    habit: 'Check: its own XML, with failures',
    pattern: 'check-own-xml/*.xml',
    counts: '1/1/0/0/0',
    problems: [
      "check.xml is Check's own XML, not JUnit. Write TAP (srunner_set_tap) and convert that to JUnit",
    ],
  },
  // Other formats.
  {
    habit: 'CppUnit: its own XML',
    pattern: 'cppunit-own-xml.xml',
    problems: [
      "is CppUnit's own XML, not JUnit. Convert it to JUnit, or write it with an outputter of your own",
    ],
  },
  { habit: 'Visual Studio: TRX', pattern: 'results.trx', problems: [`is TRX, not JUnit. ${DOTNET}`] },
  { habit: 'NUnit 3', pattern: 'nunit3.xml', problems: [`is NUnit's own XML, not JUnit. ${DOTNET}`] },
  {
    habit: 'xUnit.net',
    pattern: 'xunit-net.xml',
    problems: [`is xUnit.net's own XML, not JUnit. ${DOTNET}`],
  },
  {
    habit: 'go test -json',
    pattern: 'go-test.json',
    problems: ['is the output of go test -json. Write JUnit with gotestsum --junitfile results.xml'],
  },
  {
    habit: 'RAGAS: CSV',
    pattern: 'ragas.csv',
    problems: ['is CSV. Write JSON, and set results_format to json with score_pointer or metrics_pointer'],
  },
  {
    habit: 'GoogleTest: a list of tests',
    pattern: 'gtest-list.xml',
    problems: ['only lists tests, so nothing ran. Run them, without --gtest_list_tests'],
  },
];

/** A failure as a line, or its name alone if that is what is expected. */
function shownLike(expected: string | undefined, failure: Failure): string {
  return failure.name === expected ? failure.name : failureLine(failure);
}

describe('what single tools mean', () => {
  it.each(HABITS)('$habit', async ({ pattern, outcome, durationMs, ...expected }) => {
    const keepCases = { kind: 'none', max: 1 } as const;
    const {
      tests,
      warnings = [],
      problems,
    } = await readResults(
      { patterns: [pattern], format: 'auto', pointer: undefined, keepCases, outcome },
      {
        find: async () => globSync(pattern, { cwd: FOLDER }).sort(),
        read: (path) => createReadStream(join(FOLDER, path)),
        modifiedMs: () => undefined,
      },
      new Date(0),
    );
    if (durationMs !== undefined) expect(tests?.durationMs).toBe(durationMs);
    const { counts, failures = [], warnings: warned = [], problems: wrong = [] } = expected;
    expect({
      counts:
        tests &&
        [
          tests.passed + tests.failed + tests.errored + tests.skipped,
          ...[tests.passed, tests.failed, tests.errored, tests.skipped],
        ].join('/'),
      failures: tests?.failures.map((failure, i) => shownLike(failures[i], failure)) ?? [],
      warnings,
      problems: problems.map(({ message }) => message),
    }).toEqual({
      counts,
      failures,
      warnings: warned.map((part) => expect.stringContaining(part)),
      problems: wrong.map((part) => expect.stringContaining(part)),
    });
  });
});

/** What a pattern is about, whether it matches, texts that it matches, and texts that only look like them. */
const PATTERNS: readonly [what: string, (text: string) => boolean, yes: string[], no: string[]][] = [
  [
    'a message for every failure',
    isEmptyMessage,
    ['Failed', 'failure', 'Test failure', 'None'],
    [
      ...['it failed', 'failed: a', 'a failure', 'failure: a', 'a test failure', 'test failure: a'],
      ...['is none', 'none of them'],
    ],
  ],
  ['no letter or digit', isNoise, ['', '-', '--- !'], ['- a', 'a -', '- é -', '- 1 -']],
  [
    'a place',
    isNoise,
    ['a.cc:3', 'a.cc:30', 'a.cc:30:12', 'a.cc:3:1:', 'a.cc:3:'],
    ['in a.cc:3', 'a.cc:3 no', 'a.cc:b', 'a.cc:3:b', '10:b'],
  ],
  [
    'a frame of V8, Java or .NET',
    isNoise,
    ['at f (a.js:1:2)', 'at new f (a)', 'at f ()', 'at a b.js:12', 'at A.b() in a b.cs:line 12'],
    ['look at f (a.js:1:2)', 'at f (a) no', 'at 12 of a', 'at a b:12 no', 'at a:line b', 'at a:line 1 no'],
  ],
  [
    'a frame of Python',
    isNoise,
    ['File "a b.py", line 12', 'File "", line 1, in f', 'Traceback (most recent call last):'],
    ['in File "a.py", line 1', 'File "a.py", line b', 'a Traceback (most recent call last):'],
  ],
  [
    'a file that Jest could not load',
    isNoise,
    ['● Test suite failed to run'],
    ['a ● Test suite failed to run', '● Test suite failed to run: a'],
  ],
  [
    'a stack of Go',
    isNoise,
    [
      ...['goroutine 12 [running]:', 'created by main.f in goroutine 1', 'created by  in goroutine'],
      ...['/w/a.go:12 +0x1d', 'main.f(0x1, {0xc0, 1})', 'main.f( 0xf)', 'main.f.func1(', 'f.func12.3.4(...)'],
    ],
    [
      ...['a goroutine 1 [b', 'goroutine a [b', 'as created by a in goroutine', 'created by a'],
      ...['at /w/a.go:12 +0x1d', '/w/a.go:b +0x1d', 'in main.f(0x1)', 'main.f(0x1) no', 'main.f(0xg)'],
      ...['main.f(1)', 'in main.f.func1(', 'main.f.func(', 'main.f.func1a(', 'main.f.funca('],
    ],
  ],
  ['a mark of go test', isNoise, ['=== RUN a', '--- FAIL: a'], ['a === b', 'a --- b', '===a', '---a']],
  [
    'a stack of Lua',
    isNoise,
    [
      'stack traceback:',
      ...['function', 'upvalue', 'method', 'local', 'main', 'field'].map((kind) => `a.lua:12: in ${kind} b`),
    ],
    ['a stack traceback:', 'stack traceback: a', 'as b: in function c', 'a: in functions'],
  ],
  [
    'a stack of Erlang',
    isNoise,
    [
      ...['in function f (a.erl, line 12)', '::in call from f(line 12)', 'in function (line 1)'],
      ...['{module,k_tests},', '{line,12}', '{line,1},'],
    ],
    [
      ...['is in function f(line 1)', 'in function f(line 1) no', 'in function f(line a)', 'in f(line 1)'],
      ...['a{line,1}', '{line,1}a', '{line,a}', '{module,-a}'],
    ],
  ],
  [
    'a place of bats',
    isNoise,
    ['(in test file a.bats, line 12)', 'from function f in a.bats line 1,', 'in a line 1)'],
    [
      'is (in test file a, line 1)',
      '(in test file a, line 1) no',
      '(in test file a, line b)',
      'in a line 1.',
    ],
  ],
  [
    'a place of Boost',
    isNoise,
    ['ASSERTION FAILURE:', '- file: a b.cpp', '- line   : 12', '- file:'],
    ['an ASSERTION FAILURE:', 'ASSERTION FAILURE: a', 'a - file: b', '- files: a'],
  ],
  ['an empty suite', isEmptyOnPurpose, ['JUnit Vintage'], ['a JUnit Vintage', 'JUnit Vintage 2']],
  [
    'a hash of xUnit.net',
    isHash,
    ['0f'.repeat(32)],
    ['0f'.repeat(31), `${'0f'.repeat(32)}0`, `${'0f'.repeat(31)}0g`],
  ],
  [
    'a failure outside of the cases',
    isOutside,
    [
      ...['Error - a', 'Error - a [FAIL] b', 'Error - ', '(test program exited with status code 12) a'],
      '(test program exited with status code 1)',
    ],
    [
      ...['an Error - a', 'Error - a [FAIL]', 'Error - [FAIL]  ', 'Error: a'],
      ...['a (test program exited with status code 1)', '(test program exited with status code a)'],
    ],
  ],
  [
    'an error of a suite that follows from a failed case',
    followsFromCase,
    ['Dubious, test returned 3', '(test program exited with status code 3)'],
    ['no. Dubious, test returned 3', 'no (test program exited with status code 3)'],
  ],
  [
    'the output of go test',
    (text) => otherText(text)?.reason === 'is the output of go test -json',
    ['{"Time":"2026","Action":"run"}', '{"Action":"run"}'],
    ['[{"Action":"run"}]', '{"Action":1}'],
  ],
  [
    'TAP',
    (text) => otherText(text)?.reason === 'is TAP',
    ['TAP version 13', '1..12', 'ok', 'ok 1', 'not ok 1', 't/a.t ..', 't/a.t .. ok'],
    ['no TAP version 13', 'TAP version a', '1..a', 'okay', 'not 1', 't/a.t', 'at t/a.t ..'],
  ],
  [
    'CSV',
    (text) => otherText(text)?.reason === 'is CSV',
    ['ab,cd', 'a b,c.d-e,f', '"ab","cd"', 'a,,b', 'a,'],
    ['ab', 'ab, cd', ',ab', '!ab,cd', 'ab,cd!', '{a,b}', 'a:b,c'],
  ],
];

describe('what single tools write', () => {
  it.each(PATTERNS)('is known, and what only looks like it is not: %s', (_what, matches, yes, no) => {
    expect([...yes, ...no].filter((text) => matches(text))).toEqual(yes);
  });
});
