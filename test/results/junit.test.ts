import { getHeapStatistics, setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import { CaseTable } from '../../src/results/case-table.ts';
import { readResults } from '../../src/results/read-results.ts';
import type { TestRun } from '../../src/results/tests.ts';
import { resultsIn, run, testsIn } from './memory-files.ts';

const passed = run({ passed: 1 });
const failedAs = (message: string) => run({ failed: 1, failures: [{ name: 'a', message }] });
const suite = (content: string) => `<testsuite>${content}</testsuite>`;

const DIALECTS: Readonly<Record<string, [xml: string, expected: TestRun]>> = {
  'a suite as the root, without totals': [
    '<testsuite><testcase name="a"/><testcase name="b"><failure/></testcase></testsuite>',
    run({ passed: 1, failed: 1, failures: [{ name: 'b', message: '' }] }),
  ],
  'suites within suites, the innermost naming a case without a class': [
    `<testsuites><testsuite name="outer"><testcase name="a"/><testsuite name="inner">
       <testcase name="b"><failure message="no"/></testcase></testsuite><testcase name="c"><error message="oh"/></testcase>
     </testsuite></testsuites>`,
    run({
      passed: 1,
      failed: 1,
      errored: 1,
      failures: [
        { name: 'inner > b', message: 'no' },
        { name: 'outer > c', message: 'oh' },
      ],
    }),
  ],
  'an error beside a failure': [
    '<testsuite><testcase name="a"><failure message="first"/><error message="second"/></testcase></testsuite>',
    run({ errored: 1, failures: [{ name: 'a', message: 'second' }] }),
  ],
  'a failure beside a skip, in any order': [
    suite(
      `<testcase name="a"><skipped message="later"/><failure message="no"/></testcase>
       <testcase name="b"><error message="oh"/><skipped/></testcase><testcase name="c" status="failed"><skipped/></testcase>`,
    ),
    run({
      failed: 2,
      errored: 1,
      failures: [
        { name: 'a', message: 'no' },
        { name: 'b', message: 'oh' },
        { name: 'c', message: 'status="failed"' },
      ],
    }),
  ],
  'several failures of one case': [
    '<testsuite><testcase name="a"><failure message="first"/><failure message="second"/></testcase></testsuite>',
    failedAs('first'),
  ],
  'a pass after a flaky failure and a flaky error': [
    `<testsuite><testcase name="a"><flakyFailure message="no"><stackTrace>x</stackTrace></flakyFailure>
       <flakyError message="oh"/></testcase></testsuite>`,
    passed,
  ],
  'a failure with its reruns': [
    '<testsuite><testcase name="a"><failure message="no"/><rerunFailure message="no"/><rerunError/></testcase></testsuite>',
    failedAs('no'),
  ],
  'a class name that the case repeats': [
    '<testsuite><testcase classname="cart adds" name="cart adds two"><failure message="no"/></testcase></testsuite>',
    run({ failed: 1, failures: [{ name: 'cart adds two', message: 'no' }] }),
  ],
  'a case that only begins like its class': [
    '<testsuite><testcase classname="a" name="adds"><failure message="no"/></testcase></testsuite>',
    run({ failed: 1, failures: [{ name: 'a > adds', message: 'no' }] }),
  ],
  'a case without a name, and one with an empty class': [
    `<testsuites><testsuite><testcase><failure message="no"/></testcase></testsuite>
       <testsuite name="s"><testcase name=""><failure/></testcase><testcase classname="" name="a"><error/></testcase></testsuite></testsuites>`,
    run({
      failed: 2,
      errored: 1,
      failures: [
        { name: 'a case without a name', message: 'no' },
        { name: 's', message: '' },
        { name: 's > a', message: '' },
      ],
    }),
  ],
  'a failure of the suite itself, such as of a hook': [
    '<testsuite name="s"><testcase name="a"/><failure message="no"/><error>oh</error></testsuite><testsuite><error/></testsuite>',
    run({
      passed: 1,
      errored: 3,
      failures: [
        { name: 's', message: 'no' },
        { name: 's', message: 'oh' },
        { name: 'out/r', message: '' },
      ],
    }),
  ],
  'elements of other vocabularies deeper within a suite or a case': [
    `<testsuite><properties><failure message="no"/></properties>
       <testcase name="a"><properties><failure message="no"/><skipped/></properties><mytestcase/><testcases/></testcase></testsuite>`,
    passed,
  ],
  'namespaces and prefixes': [
    '<j:testsuites xmlns:j="urn:j" xmlnsb="http://check.sourceforge.net/ns" axmlns="http://check.sourceforge.net/ns"><j:testsuite><j:testcase name="a"><j:failure message="no"/></j:testcase></j:testsuite></j:testsuites>',
    failedAs('no'),
  ],
  'output that looks like XML': [
    `<testsuite><testcase name="a"><system-out><![CDATA[<testcase><failure/></testcase> ]] ]]></system-out>
       <system-err>&lt;failure/&gt;</system-err></testcase></testsuite>`,
    passed,
  ],
  'a message in the body alone, in CDATA and in text': [
    '<testsuite><testcase name="a"><failure>\n  <![CDATA[a < b]]> &amp; c\nstack</failure></testcase></testsuite>',
    failedAs('a < b & c stack'),
  ],
  'nothing but the type of the exception': [
    '<testsuite><testcase name="a"><failure type="java.lang.AssertionError"/></testcase></testsuite>',
    failedAs('java.lang.AssertionError'),
  ],
  'escape codes: raw, as references, and as pytest and Surefire write them': [
    '<testsuite><testcase name="a"><failure message="\x1b[31m1\x1b[0m &#27;[1m2&#x1b;[0m #x1B[31m3 &amp;#27;[0m4\x07"/></testcase></testsuite>',
    failedAs('1 2 3 4'),
  ],
  'a document type without entities': [
    '<?xml version="1.0"?><!DOCTYPE testsuite SYSTEM "junit.dtd"><testsuite><testcase name="a"/></testsuite>',
    passed,
  ],
  'several documents in one file, with declarations': [
    '<?xml version="1.0" encoding="UTF-8" ?>\n<testsuite><testcase name="a"/></testsuite>\n'.repeat(2),
    run({ passed: 2 }),
  ],
  'a skip of TestNG': [
    '<testsuite><testcase name="a"><error type="org.testng.SkipException"/></testcase><testcase name="b"/></testsuite>',
    run({ passed: 1, skipped: 1 }),
  ],
  'CDATA in a second document, and what looks like a bad reference in it or in a name, after an escape code or before one':
    [
      `<testsuite><testcase name="\x1b[0m"/></testsuite>
     <testsuite><testcase name="&amp;#a b;"><system-out><![CDATA[&#a b;]]></system-out></testcase>
       <testcase name="&#27;[0m"><system-out><![CDATA[&#a b]]></system-out></testcase></testsuite>`,
      run({ passed: 3 }),
    ],
  'an exit code of prove, which a failed case explains': [
    `<testsuites><testsuite name="s"><testcase name="a"><failure message="no"/></testcase><error message="Dubious, test returned 1"/></testsuite>
       <testsuite name="t"><testcase name="b"/><error message="Dubious, test returned 1"/></testsuite></testsuites>`,
    run({
      passed: 1,
      failed: 1,
      errored: 1,
      failures: [
        { name: 's > a', message: 'no' },
        { name: 't', message: 'Dubious, test returned 1' },
      ],
    }),
  ],
  'an exit code of Meson, which a failed case explains, beside another error': [
    '<testsuite name="s"><testcase name="a"><failure message="no"/></testcase><system-err>\n(test program exited with status code 1)\nError - oh</system-err></testsuite>',
    run({
      failed: 1,
      errored: 1,
      failures: [
        { name: 's > a', message: 'no' },
        { name: 's', message: 'Error - oh' },
      ],
    }),
  ],
  'a byte order mark and CR LF': [
    '\uFEFF<?xml version="1.0"?>\r\n<testsuite>\r\n<testcase name="a"/></testsuite>\r\n',
    passed,
  ],
  'the times of the cases, before those of the suites': [
    '<testsuite time="9"><testcase name="a" time="0.0015"/><testcase name="b" time="1,234.5"/><testcase name="c" time="?"/><testcase name="d" time="-1"/></testsuite>',
    run({ passed: 4, durationMs: 1_234_502 }),
  ],
  'text that is not a time': [
    suite(
      [' ', ',5', '1,', '1,234,5', '1,234.', '1.234,5', '1234,567.5', '1e999']
        .map((time) => `<testcase time="${time}"/>`)
        .join(''),
    ),
    run({ passed: 8 }),
  ],
  'a time of zero': [suite('<testcase time="0"/>'), run({ passed: 1, durationMs: 0 })],
  'times with thousands, or one decimal comma': [
    suite(
      ['0,5', '10,25', '1,234', '12,345.25', '1,234,567.5', '1,234,567']
        .map((time) => `<testcase time="${time}"/>`)
        .join(''),
    ),
    run({ passed: 6, durationMs: 500 + 10_250 + 1234 + 12_345_250 + 1_234_567_500 + 1_234_567_000 }),
  ],
  'a time of all suites, which covers those within': [
    '<testsuites time="2"><testsuite time="1"><testcase/></testsuite><testsuite time="4"/></testsuites>',
    run({ passed: 1, durationMs: 2000 }),
  ],
  'a failure of all suites, such as of a global hook': [
    '<testsuites name="s"><testsuite><testcase/></testsuite><failure message="no"/></testsuites>',
    run({ passed: 1, errored: 1, failures: [{ name: 's', message: 'no' }] }),
  ],
  'as many errors as passes': [
    '<testsuite><testcase name="a"/><testcase name="b"><error message="no"/></testcase></testsuite>',
    run({ passed: 1, errored: 1, failures: [{ name: 'b', message: 'no' }] }),
  ],
  'a body that names the exception of the message': [
    '<testsuite><testcase name="a"><failure message="by zero">a.B$C: by zero\nat x</failure></testcase></testsuite>',
    failedAs('a.B$C: by zero'),
  ],
  'a traceback of Python, with or without blank lines, beside a message that says nothing': [
    suite(
      ['test failure', 'None', '']
        .map(
          (message) => `<testcase name="a"><failure message="${message}">
Traceback (most recent call last):
  File "a.py", line 1

    assert 2 == 1
AssertionError: 2 != 1
more</failure></testcase>`,
        )
        .join(''),
    ),
    run({ failed: 3, failures: Array(3).fill({ name: 'a', message: 'AssertionError: 2 != 1 more' }) }),
  ],
  'a message that begins with the name of the case': [
    suite(
      ['A::b', 'A.b', 'b', 'A::b (1, 2)', 'b: no', 'b (1)!']
        .map((line) => `<testcase classname="A" name="b"><failure>${line}\nreason</failure></testcase>`)
        .join(''),
    ),
    run({
      failed: 6,
      failures: ['reason', 'reason', 'reason', 'reason', 'b: no reason', 'b (1)! reason'].map((message) => {
        return { name: 'A > b', message };
      }),
    }),
  ],
  'a traceback after something else': [
    suite(
      '<testcase name="a"><failure>no\nTraceback (most recent call last):\n  x\nE: y</failure></testcase>',
    ),
    failedAs('no x E: y'),
  ],
  'a message that begins with the place': [
    suite(
      [
        ...['a.cc:3', 'a.cc:30&#10;Expected:&#10; 2', 'in a.cc:3&#10;no', 'a.cc:3 no&#10;x'],
        ...['a.cc:3&#13;no', 'a.cc:3\u2028no', 'a.cc:3\u2029no'],
      ]
        .map((message) => `<testcase name="a"><failure message="${message}">x</failure></testcase>`)
        .join(''),
    ),
    run({
      failed: 7,
      failures: ['x', 'Expected: 2', 'in a.cc:3 no', 'a.cc:3 no x', 'no', 'no', 'no'].map((message) => {
        return { name: 'a', message };
      }),
    }),
  ],
  'a traceback with CR LF': [
    '<testsuite><testcase name="a"><failure message="Traceback (most recent call last):&#13;&#10; x&#13;&#10;E: y"/></testcase></testsuite>',
    failedAs('E: y'),
  ],
  'numbers that are no escape codes': [
    '<testsuite><testcase name="a"><failure message="#27 and #x1B; of a"/></testcase></testsuite>',
    failedAs('#27 and #x1B; of a'),
  ],
  'a message that says nothing, beside the type of the exception': [
    '<testsuite><testcase name="a"><failure message="Failed" type="E">---</failure></testcase></testsuite>',
    failedAs('Failed'),
  ],
  'a body that names the exception in a later line': [
    '<testsuite><testcase name="a"><failure message="no">oh\nError: no</failure></testcase></testsuite>',
    failedAs('no'),
  ],
  'blanks beside a traceback without an end': [
    '<testsuite><testcase name="a"><failure message=" ">Traceback (most recent call last):\n x\n</failure></testcase></testsuite>',
    failedAs('Traceback (most recent call last):'),
  ],
  'elements, each with a part of what a tool means by another element or message': [
    suite(
      `<testcase name="a"><error type="todo"/></testcase>
       <testcase name="b"><skipped message="not TEST_CASE tagged with !mayfail"/></testcase>
       <testcase name="c" status="notrun"><skipped message="SKIP_RETURN_CODE=77"/></testcase>
       <testcase name="d"><skipped message="timeout"/></testcase>
       <testcase name="e"><skipped>a{tc_auto_skip,</skipped></testcase>
       <testcase name="f"><error type="WARN"/></testcase>
       <testcase name="g"><error type="org.opentest4j.TestAbortedException"/></testcase>
       <testcase name="h"><skipped message="not TEST_CASE tagged with !mayfail"/><failure/></testcase>`,
    ),
    run({
      failed: 1,
      errored: 3,
      skipped: 4,
      failures: [
        { name: 'a', message: 'todo' },
        { name: 'f', message: 'WARN' },
        { name: 'g', message: 'org.opentest4j.TestAbortedException' },
        { name: 'h', message: '' },
      ],
    }),
  ],
  'a suite of an error that says more than prove does': [
    '<testsuite name="s"><testcase name="a"><failure/></testcase><error message="no. Dubious, test returned 1"/></testsuite>',
    run({
      failed: 1,
      errored: 1,
      failures: [
        { name: 's > a', message: '' },
        { name: 's', message: 'no. Dubious, test returned 1' },
      ],
    }),
  ],
  'a body that names an exception with another message': [
    '<testsuite><testcase name="a"><failure message="no">Error: oh</failure></testcase></testsuite>',
    failedAs('no'),
  ],
  'a body that says more than the name of the exception': [
    '<testsuite><testcase name="a"><failure message="no">in words: no</failure></testcase></testsuite>',
    failedAs('no'),
  ],
  'a body that says something after the name of the exception': [
    '<testsuite><testcase name="a"><failure message="no">Error: x: no</failure></testcase></testsuite>',
    failedAs('no'),
  ],
  'a body with the marks of go test within its lines': [
    '<testsuite><testcase name="a"><failure>=== RUN a\n    --- FAIL: a\na === b</failure></testcase></testsuite>',
    failedAs('a === b'),
  ],
  'control characters within a message': [
    '<testsuite><testcase name="a"><failure message="a\x01\x02b"/></testcase></testsuite>',
    failedAs('a b'),
  ],
  'the times of the outermost suites where no case has one': [
    `<testsuites><testsuite time="1.5"><testsuite time="1"><testcase name="a"/></testsuite></testsuite>
       <testsuite><testsuite time="0.25"/></testsuite></testsuites>`,
    run({ passed: 1, durationMs: 1750 }),
  ],
};

describe('JUnit', () => {
  it.each(Object.entries(DIALECTS))('knows %s', async (_name, [xml, expected]) => {
    expect(await testsIn(xml)).toEqual(expected);
    expect(await testsIn(xml, {}, 1)).toEqual(expected);
  });

  const WORDS = {
    passed: ['run', 'Passed', 'completed', 'success', '', ' '],
    skipped: ['skipped', 'disabled', 'Ignored', 'notrun', 'not-run', 'pending', 'todo', 'suppressed'],
    failed: ['fail', 'FAILED', 'failure', 'not ok'],
    errored:
      'error errored timeout Timed-Out broken aborted crashed interrupted cancelled undefined untested'.split(
        ' ',
      ),
  } as const;

  it.each(Object.entries(WORDS))('counts as %s what a status or a result calls %j', async (status, words) => {
    for (const attribute of ['status', 'result']) {
      const cases = words.map((word) => `<testcase name="a" ${attribute}="${word}"/>`).join('');
      const counts = { passed: 1, failed: 0, errored: 0, skipped: 0, warnings: [] };
      counts[status as keyof typeof WORDS] += words.length;
      expect(await resultsIn(suite(`<testcase/>${cases}`))).toMatchObject(counts);
    }
  });

  it('uses the worst of status, result and the elements', async () => {
    const cases = [
      '<testcase name="a" status="run" result="failed"/>',
      '<testcase name="b" status="timeout" result="completed"/>',
      '<testcase name="c" status="passed"><failure/></testcase>',
      '<testcase name="d" status="skipped" result="passed"/>',
    ];
    expect(await testsIn(suite(cases.join('')))).toMatchObject({
      passed: 0,
      failed: 2,
      errored: 1,
      skipped: 1,
      failures: [
        { name: 'a', message: 'status="run" result="failed"' },
        { name: 'b', message: 'status="timeout" result="completed"' },
        { name: 'c', message: '' },
      ],
    });
  });

  it('counts an unknown status as a pass, and warns about it', async () => {
    const words = ['constructor', '0', '0', 'w'.repeat(41), ...'abcdefghij'];
    const cases = words.map((word) => `<testcase status="${word}"><system-out/></testcase>`);
    const failed = '<testcase status="of no interest"><failure/></testcase>';
    expect(await resultsIn(suite([failed, ...cases].join('')))).toMatchObject({
      passed: 14,
      failed: 1,
      warnings: [
        `out/r has cases with an unknown status, counted as passed: constructor, 0, ${'w'.repeat(39)}…, a, b, c, d, e, f, g`,
      ],
    });
  });

  it.each([
    ['warning', 'errored'],
    ['timeout', 'errored'],
    ['failed', 'failed'],
    ['ignored', 'skipped'],
  ])('counts a case with only the element %s as %s, also PHPUnit’s warning', async (element, status) => {
    const xml = suite(
      `<testcase/><testcase name="a"><${element} type="W">No tests found</${element}></testcase>`,
    );
    const failures = status === 'skipped' ? [] : [{ name: 'a', message: 'No tests found' }];
    expect(await testsIn(xml)).toMatchObject({ passed: 1, [status]: 1, failures });
  });

  it.each([
    [
      'Newman',
      '<testsuites><testsuite name="s" tests="0" errors="1"><system-err>\nIteration: 0\n no host\n</system-err><system-out>done</system-out></testsuite></testsuites>',
      's',
      'errors="1"',
      ': Iteration: 0 no host',
    ],
    [
      'a suite that wrote 64 Ki blanks and then something',
      `<testsuite name="s" errors="1"><system-err>${' '.repeat(64 * 1024 + 1)}<![CDATA[no]]></system-err></testsuite>`,
      's',
      'errors="1"',
    ],
    [
      'a suite beside others',
      '<testsuites><testsuite><testcase><failure/></testcase></testsuite><testsuite name="s" failures="2"/></testsuites>',
      's',
      'failures="2"',
    ],
    [
      'the root',
      '<testsuites name="s" errors="1"><testsuite errors="0"><testcase/></testsuite></testsuites>',
      's',
      'errors="1"',
    ],
    ['a suite without a name', '<testsuite errors="1"><testcase/></testsuite>', 'out/r', 'errors="1"'],
    [
      'a long status',
      `<testsuite name="s" status="${'timeout'.padEnd(41)}"><testcase/></testsuite>`,
      's',
      `status="${'timeout'.padEnd(39)}…"`,
    ],
    [
      'a suite whose case wrote something',
      '<testsuites><testsuite><testsuite name="s" failures="1" errors="2"><testcase><system-out>no</system-out></testcase></testsuite></testsuite></testsuites>',
      's',
      'failures="1" errors="2"',
    ],
  ])('adds one errored case if a total says so but no case failed: %s', async (...row) => {
    const [_what, xml, name, totals, output = ''] = row;
    const { errored, failures, warnings } = await resultsIn(xml);
    expect({ errored, last: failures.at(-1), warnings }).toEqual({
      errored: 1,
      last: { name, message: `the suite says ${totals}, but none of its cases failed${output}` },
      warnings: [],
    });
  });

  const QT = '<properties><property name="QTestVersion" value="a"/></properties>';
  it.each([
    [
      'a failed case inside',
      '<testsuite errors="1"><testsuite errors="1"><error/></testsuite></testsuite>',
      1,
    ],
    ['a re-run', '<testsuite failures="1"><testcase><flakyFailure/></testcase></testsuite>', 0],
    [
      'fewer re-runs than failures',
      '<testsuite failures="2"><testcase><flakyFailure/></testcase></testsuite>',
      1,
    ],
    ['a to-do', '<testsuite errors="1"><testcase><skipped type="todo"/><error/></testcase></testsuite>', 0],
    [
      'a to-do with a status',
      '<testsuite failures="1"><testcase status="failed"><skipped type="todo"/></testcase></testsuite>',
      0,
    ],
    ['a status', '<testsuite failures="1"><testcase status="failed"/></testsuite>', 1],
    ['a result', '<testsuite errors="1"><testcase result="error"/></testsuite>', 1],
    ['odd numbers', '<testsuite failures=" 1 "><testcase/></testsuite>', 1],
    ['numbers with a comma', '<testsuite failures="1,000"><testcase/></testsuite>', 1],
    ['a number that is not a count', '<testsuite failures="0.5"><testcase/></testsuite>', 1],
    ['no number', '<testsuite failures="none" errors="-1"><testcase/></testsuite>', 0],
    ['no finite number', '<testsuite failures="1e999"><testcase/></testsuite>', 0],
    [
      'the name of Qt’s property elsewhere',
      '<testsuite errors="1"><output name="QTestVersion"/><testcase/></testsuite>',
      1,
    ],
    ['Qt 5, whose errors are messages', `<testsuite errors="2">${QT}<testcase/></testsuite>`, 0],
    ['Qt 5', `<testsuite failures="1" errors="2">${QT}<testcase/></testsuite>`, 1],
    [
      'another property than Qt’s',
      '<testsuite errors="1"><properties><property name="a"/></properties><testcase/></testsuite>',
      1,
    ],
    ['Qt 6', `<testsuite errors="1" hostname="h">${QT}<testcase/></testsuite>`, 1],
    ['its own status', '<testsuite status="failed"><testcase/></testsuite>', 1],
    ['its own result', '<testsuite result="Timed out"><testcase/></testsuite>', 1],
    ['a status that does not mean a failure', '<testsuite status="completed"><testcase/></testsuite>', 0],
  ])('counts a failure once that a suite declares: %s', async (_name, xml, failing) => {
    const { failed, errored, warnings } = await resultsIn(`<testsuites>${xml}<testcase/></testsuites>`);
    expect({ failing: failed + errored, warnings }).toEqual({ failing, warnings: [] });
  });

  it.each([
    [
      'more failures than cases show',
      '<testsuites><testsuite failures="2"><testcase><failure/></testcase></testsuite></testsuites>',
      '2 failed; its cases add up to 1 failed',
    ],
    [
      'fewer failures',
      '<testsuites failures="0"><testsuite failures="1"><testcase><failure/></testcase></testsuite></testsuites>',
      '0 failed; its cases add up to 1 failed',
    ],
    [
      'more failures in two documents',
      `<testsuite failures="1"><testcase><failure/></testcase></testsuite>
       <testsuites><testsuite failures="2"><testcase><error/></testcase></testsuite></testsuites>`,
      '3 failed; its cases add up to 2 failed',
    ],
    [
      'more failures than suites that failed without a number',
      '<testsuites failures="3"><testsuite status="failed"/><testsuite status="failed" failures="0"/></testsuites>',
      '3 failed; its cases add up to 2 failed',
    ],
  ])('warns about totals that nothing explains: %s', async (_name, xml, text) => {
    expect((await resultsIn(xml)).warnings).toEqual([`out/r says ${text}, which is what counts`]);
  });

  it.each([
    ['no totals', suite('<testcase><failure/></testcase>')],
    ['empty totals', '<testsuite failures=" " errors=""><testcase><failure/></testcase></testsuite>'],
    [
      'a suite without totals',
      '<testsuites><testsuite failures="9"><testcase><failure/></testcase></testsuite><testsuite/></testsuites>',
    ],
    ['counts of tests and skips', '<testsuite tests="9" skipped="5" failures="0"><testcase/></testsuite>'],
    ['a failure outside of the cases', '<testsuite failures="0" errors="0"><testcase/><error/></testsuite>'],
    [
      'a case beside the suites',
      '<testsuites><testsuite failures="0"/><testcase><failure/></testcase></testsuites>',
    ],
    [
      'several failures of one case',
      '<testsuite failures="3"><testcase><failure/><failure/><error/></testcase></testsuite>',
    ],
    [
      'a re-run beside a failure',
      '<testsuite failures="3"><testcase><failure/><rerunFailure/><rerunError/></testcase></testsuite>',
    ],
    [
      'an exit code of prove beside a failure',
      '<testsuite failures="1" errors="1"><testcase><failure/></testcase><error message="Dubious, test returned 1"/></testsuite>',
    ],
    ['a status alone', '<testsuite failures="0"><testcase status="failed"/></testsuite>'],
  ])('does not warn about totals that something explains: %s', async (_name, xml) => {
    expect((await resultsIn(xml)).warnings).toEqual([]);
  });

  it('keeps a hundred failures and counts the rest', async () => {
    const cases = Array.from(
      { length: 123 },
      (_, i) => `<testcase name="c${i}"><failure message="m${i}"/></testcase>`,
    );
    const failures = Array.from({ length: 100 }, (_, i) => ({ name: `c${i}`, message: `m${i}` }));
    expect(await testsIn(suite(cases.join('')))).toEqual(run({ failed: 123, failures }));
  });

  it('cuts long names and messages, never inside a character', async () => {
    const failureOf = async (name: string, message: string) =>
      (await testsIn(suite(`<testcase name="${name}"><failure message="${message}"/></testcase>`)))
        .failures[0];
    expect(await failureOf('n'.repeat(999), `${'m'.repeat(198)}😀😀`)).toEqual({
      name: `${'n'.repeat(199)}…`,
      message: `${'m'.repeat(198)}…`,
    });
    expect(await failureOf('n'.repeat(200), `😀${'m'.repeat(199)}`)).toEqual({
      name: 'n'.repeat(200),
      message: `😀${'m'.repeat(197)}…`,
    });
  });

  it('reads texts of any length, but only the start of a failure', async () => {
    const long = Array.from({ length: 300_000 }, (_, i) => `line ${i}\n`).join('');
    const xml = suite(
      `<testcase name="a"><failure>${long}</failure><system-out><![CDATA[${long}]]></system-out></testcase><!-- ${long} -->`,
    );
    const tests = await testsIn(`<!-- ${long} -->${xml}`, { keepCases: { kind: 'all', max: 1 } });
    expect(tests).toMatchObject({ failed: 1, failures: [{ name: 'a', message: 'line 0 line 1 line 2' }] });
    expect(tests.cases[0]?.error).toBe(`${long.slice(0, 64 * 1024 - 1)}…`);
  });

  it('finds a failure outside of the cases in an output of a mebibyte, keeps a hundred lines, and cuts a longer output to half', async () => {
    const begin = '<testsuite name="s"><testcase/><system-err>';
    const lines = Array.from({ length: 101 }, (_, i) => `Error - ${i}\n`).join('');
    const errorsAt = async (length: number) => {
      const xml = `${begin}${lines.padStart(length, '\n')}</system-err></testsuite>`;
      const keepCases = { kind: 'failed', max: 1 } as const;
      const { cases } = await testsIn(xml, { keepCases }, begin.length + length);
      return cases.map(({ error }) => error);
    };
    expect(await errorsAt(1024 * 1024)).toEqual([lines.slice(0, lines.indexOf('\nError - 100'))]);
    expect(await errorsAt(1024 * 1024 + 1)).toEqual([]);
  });

  it('reads attributes of any length, each cut for itself', async () => {
    const long = 'a'.repeat(1024 * 1024 + 200_000);
    const xml = suite(
      `<testcase name="${long}"><failure type="${long}" message="b${long}"/></testcase><testcase name="c"/>`,
    );
    const tests = await testsIn(xml, { keepCases: { kind: 'failed', max: 1 } });
    expect(tests).toMatchObject({
      passed: 1,
      failures: [{ name: `${'a'.repeat(199)}…`, message: `b${'a'.repeat(198)}…` }],
    });
    expect(tests.cases[0]?.error).toBe(`b${'a'.repeat(64 * 1024 - 2)}…`);
  });

  const ENDINGS = {
    p: '',
    f: '<failure message="f"/>',
    e: '<error message="e"/>',
    s: '<skipped/>',
  } as const;
  const pytest = (names: string, open = '<testsuite name="pytest">') => {
    const cases = [...names.matchAll(/(\w)([pfes])/g)].map(
      ([, name, ending]) => `<testcase name="${name}">${ENDINGS[ending as keyof typeof ENDINGS]}</testcase>`,
    );
    return `${open}${cases.join('')}</testsuite>`;
  };

  it.each([
    ['attempts that passed in the end', 'ap bp ap', '2/0/0/0'],
    ['attempts that failed in the end, not one after another', 'ap bp ap af', '1/1/0/0'],
    ['a failure and an error in the teardown', 'af bf ae', '0/1/1/0'],
    ['an error before all else', 'ae af as ap', '0/0/1/0'],
    ['a skip and a failure, in any order', 'as af bf bs', '0/2/0/0'],
    ['a skip before a pass', 'bp as ap', '1/0/0/1'],
  ])('counts what pytest wrote under one name as one case: %s', async (_name, names, counts) => {
    const tests = await resultsIn(pytest(names));
    const { passed, failed, errored, skipped, failures, warnings } = tests;
    expect({ counts: [passed, failed, errored, skipped].join('/'), warnings }).toEqual({
      counts,
      warnings: [],
    });
    expect(failures).toHaveLength(failed + errored);
  });

  it('keeps one case, for its span, of all that pytest wrote under one name, with its worst status and first reason', async () => {
    const keepCases = { kind: 'all', max: 9 } as const;
    const { cases, casesWanted, failures } = await testsIn(pytest('bp ap cp dp ap bf cs bs be ce gf ge'), {
      keepCases,
    });
    expect(cases.map(({ name, status, error }) => [name, status, error])).toEqual([
      ['pytest > b', 'errored', 'f'],
      ['pytest > c', 'errored', 'e'],
      ['pytest > g', 'errored', 'f'],
      ['pytest > a', 'passed', undefined],
      ['pytest > d', 'passed', undefined],
    ]);
    expect(casesWanted).toBe(5);
    expect(failures).toEqual([
      { name: 'pytest > b', message: 'f' },
      { name: 'pytest > c', message: 'e' },
      { name: 'pytest > g', message: 'f' },
    ]);
    const failed = await testsIn(pytest('ap ap af bp bf be'), { keepCases: { kind: 'failed', max: 3 } });
    expect([failed.cases.length, failed.casesWanted]).toEqual([2, 2]);
  });

  it('tells pytest cases apart by class and name, within one suite', async () => {
    const named = ['a" name="b', 'a" name="c', 'b" name="b', 'ab" name="'].map(
      (name) => `<testcase classname="${name}"/>`,
    );
    expect(await testsIn(`<testsuite name="pytest">${named.join('')}</testsuite>`)).toMatchObject({
      passed: 4,
    });
    const partlyNamed =
      '<testcase><error/></testcase><testcase name="a"/><testcase classname="a"/><testcase/>';
    expect(await resultsIn(`<testsuite name="pytest">${partlyNamed}</testsuite>`)).toMatchObject({
      passed: 2,
      errored: 1,
      warnings: ['out/r has 1 test that did not end, not counted: the run or a worker stopped early'],
    });
    const suites = `<testsuites>${pytest('af')}${pytest('af')}</testsuites>`;
    expect(await testsIn(suites)).toMatchObject({ failed: 2 });
  });

  it('counts each of many cases of pytest once', async () => {
    const cases = Array.from({ length: 9000 }, (_, i) => `<testcase classname="t" name="n[${i}]"/>`);
    const again = cases.map((one, i) => (i % 3 === 0 ? one.replace('/>', '><failure/></testcase>') : one));
    expect(
      await testsIn(`<testsuite name="pytest">${cases.join('')}${again.join('')}</testsuite>`),
    ).toMatchObject({
      passed: 6000,
      failed: 3000,
    });
  });

  it('keeps the worst status of each of many cases by its key', () => {
    const table = new CaseTable();
    const keys = Array.from({ length: 2000 }, (_, i) => (i % 2 ? i : i * 2 ** 20));
    const before = (['passed', 'failed', 'skipped', 'passed'] as const).map((status) => [
      ...new Set(keys.map((key) => table.add(key, status))),
    ]);
    expect(before).toEqual([[undefined], ['passed'], ['failed'], ['failed']]);
    expect(table.add(2, 'passed')).toBeUndefined();
  });

  it.each([
    [
      'the root has the name that pytest gives it',
      `<testsuites name="pytest tests">${pytest('ap af', '<testsuite name="mine">')}</testsuites>`,
      1,
    ],
    ['the suite has another name', pytest('ap af', '<testsuite name="mine">'), 2],
  ])('counts cases with one name as one if %s: %#', async (_name, xml, total) => {
    const { passed, failed } = await testsIn(xml);
    expect(passed + failed).toBe(total);
  });

  it('keeps no text in memory that it does not need', async () => {
    setFlagsFromString('--expose-gc');
    const gc: () => void = runInNewContext('gc');
    const usedBytes = () => {
      gc();
      return getHeapStatistics().used_heap_size;
    };
    const log = 'a line of a log\n'.repeat(4096);
    const passing = '<testcase name="a"/>'.repeat(3000);
    const failing = `<testcase name="the name of b"><failure>no</failure><system-out>${log}</system-out></testcase>`;
    let grownBytes = Number.NaN;
    const files = {
      find: async () => ['junit.xml'],
      modifiedMs: () => undefined,
      async *read() {
        const pieces = [
          ...[...Array(256).fill(passing), ...Array(256).fill(failing)],
          ...['<testcase name="c"><failure>', ...Array(256).fill(`<![CDATA[${log}]]>`), '</failure>'],
          ...['<system-out><![CDATA[', ...Array(256).fill(log)],
        ];
        yield Buffer.from('<testsuite>');
        const before = usedBytes();
        for (const piece of pieces) yield Buffer.from(piece);
        grownBytes = usedBytes() - before;
        yield Buffer.from(']]></system-out></testcase></testsuite>');
      },
    };
    const keepCases = { kind: 'all', max: 200 } as const;
    await readResults({ patterns: [''], format: 'junit', pointer: undefined, keepCases }, files, new Date(0));
    expect(grownBytes).toBeLessThan(8 * 1024 * 1024);
  });
});
