import { getHeapStatistics, setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import { readResults } from '../../src/results/read-results.ts';
import type { TestRun } from '../../src/results/run.ts';
import { run, testsIn } from './memory-files.ts';

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
  'a failure of a case that was skipped': [
    '<testsuite><testcase name="a"/><testcase name="b"><failure/><skipped/></testcase></testsuite>',
    run({ passed: 1, skipped: 1 }),
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
    '<testsuite><testcase classname="cart adds" name="cart adds"><failure message="no"/></testcase></testsuite>',
    run({ failed: 1, failures: [{ name: 'cart adds', message: 'no' }] }),
  ],
  'a case that only begins like its class': [
    '<testsuite><testcase classname="a" name="adds"><failure message="no"/></testcase></testsuite>',
    run({ failed: 1, failures: [{ name: 'a > adds', message: 'no' }] }),
  ],
  'a case without a name': [
    '<testsuite><testcase><failure message="no"/></testcase></testsuite>',
    run({ failed: 1, failures: [{ name: 'a case without a name', message: 'no' }] }),
  ],
  'a failure of the suite itself, such as of a hook': [
    '<testsuite name="s"><testcase name="a"/><failure message="no"/><error>oh</error></testsuite>',
    run({
      passed: 1,
      errored: 2,
      failures: [
        { name: 's', message: 'no' },
        { name: 's', message: 'oh' },
      ],
    }),
  ],
  'elements of other vocabularies deeper within a suite or a case': [
    `<testsuite><properties><failure message="no"/></properties>
       <testcase name="a"><properties><failure message="no"/><skipped/></properties></testcase></testsuite>`,
    passed,
  ],
  'namespaces and prefixes': [
    '<j:testsuites xmlns:j="urn:j"><j:testsuite><j:testcase name="a"><j:failure message="no"/></j:testcase></j:testsuite></j:testsuites>',
    failedAs('no'),
  ],
  'output that looks like XML': [
    `<testsuite><testcase name="a"><system-out><![CDATA[<testcase><failure/></testcase> ]] ]]></system-out>
       <system-err>&lt;failure/&gt;</system-err></testcase></testsuite>`,
    passed,
  ],
  'a message in the body alone, in CDATA and in text': [
    '<testsuite><testcase name="a"><failure>\n  <![CDATA[a < b]]> &amp; c\nstack</failure></testcase></testsuite>',
    failedAs('a < b & c'),
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
  'a byte order mark and CR LF': [
    '\uFEFF<?xml version="1.0"?>\r\n<testsuite>\r\n<testcase name="a"/></testsuite>\r\n',
    passed,
  ],
  'the times of the cases, before those of the suites': [
    '<testsuite time="9"><testcase name="a" time="0.0015"/><testcase name="b" time="1,234.5"/><testcase name="c" time="?"/><testcase name="d" time="-1"/></testsuite>',
    run({ passed: 4, durationMs: 1_234_502 }),
  ],
  'times that are none': [
    `<testsuite>${['1,5', ' ', '01,234', '1,2345', '1,234,5', '1,234.'].map((time) => `<testcase time="${time}"/>`).join('')}</testsuite>`,
    run({ passed: 6 }),
  ],
  'times of thousands and millions': [
    `<testsuite>${['1,234', '12,345.25', '1,234,567.5'].map((time) => `<testcase time="${time}"/>`).join('')}</testsuite>`,
    run({ passed: 3, durationMs: 1_248_146_750 }),
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
    run({ failed: 3, failures: Array(3).fill({ name: 'a', message: 'AssertionError: 2 != 1' }) }),
  ],
  'a traceback after something else': [
    suite(
      '<testcase name="a"><failure>no\nTraceback (most recent call last):\n  x\nE: y</failure></testcase>',
    ),
    failedAs('no'),
  ],
  'a message that begins with the place': [
    suite(
      ['a.cc:3', 'a.cc:30&#10;Expected:&#10; 2', 'in a.cc:3&#10;no', 'a.cc:3 no&#10;x']
        .map((message) => `<testcase name="a"><failure message="${message}">x</failure></testcase>`)
        .join(''),
    ),
    run({
      failed: 4,
      failures: ['a.cc:3', 'a.cc:30: Expected: 2', 'in a.cc:3', 'a.cc:3 no'].map((message) => {
        return { name: 'a', message };
      }),
    }),
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
    errored: 'error errored timeout Timed-Out broken aborted crashed interrupted cancelled undefined'.split(
      ' ',
    ),
  } as const;

  it.each(Object.entries(WORDS))('counts as %s what a status or a result calls %j', async (status, words) => {
    for (const attribute of ['status', 'result']) {
      const cases = words.map((word) => `<testcase name="a" ${attribute}="${word}"/>`).join('');
      const counts = { passed: 1, failed: 0, errored: 0, skipped: 0, warnings: [] };
      counts[status as keyof typeof WORDS] += words.length;
      expect(await testsIn(suite(`<testcase/>${cases}`))).toMatchObject(counts);
    }
  });

  it('uses the worse of status and result, and an element before both', async () => {
    const cases = [
      '<testcase status="run" result="failed"/>',
      '<testcase status="timeout" result="completed"/>',
      '<testcase status="passed"><failure/></testcase>',
      '<testcase status="failed"><skipped/></testcase>',
    ];
    expect(await testsIn(suite(cases.join('')))).toMatchObject({
      passed: 0,
      failed: 2,
      errored: 1,
      skipped: 1,
      failures: Array(3).fill({ name: 'a case without a name', message: '' }),
    });
  });

  it('counts an unknown status as a pass, and warns about it', async () => {
    const words = ['constructor', '0', '0', ...'abcdefghijk'];
    const cases = words.map((word) => `<testcase status="${word}"/>`);
    expect(await testsIn(suite(cases.join('')))).toMatchObject({
      passed: 14,
      warnings: [expect.stringMatching(/^out\/r [^:]*: constructor, 0, a, b, c, d, e, f, g, h$/)],
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
      'a suite whose case wrote something',
      '<testsuites><testsuite><testsuite name="s" failures="1" errors="2"><testcase><system-out>no</system-out></testcase></testsuite></testsuite></testsuites>',
      's',
      'failures="1" errors="2"',
    ],
  ])('adds one errored case if a total says so but no case failed: %s', async (...row) => {
    const [_what, xml, name, totals, output = ''] = row;
    const { errored, failures, warnings } = await testsIn(xml);
    expect({ errored, last: failures.at(-1), warnings }).toEqual({
      errored: 1,
      last: { name, message: expect.stringMatching(new RegExp(`^[a-z ]+ ${totals}, [a-z ]+${output}$`)) },
      warnings: [],
    });
  });

  it('adds none for a suite in which something failed, even if the case passed in the end or is a to-do', async () => {
    const xml = `<testsuites errors="3"><testsuite errors="1"><testsuite errors="1"><error/></testsuite></testsuite>
      <testsuite failures="1"><testcase><flakyFailure/></testcase></testsuite>
      <testsuite failures="1"><testcase><skipped type="todo"/><failure/></testcase></testsuite>
      <testsuite errors="1"><testcase><skipped type="todo"/><error/></testcase></testsuite>
      <testsuite failures="1"><testcase status="failed"/></testsuite>
      <testsuite errors="1"><testcase result="error"/></testsuite></testsuites>`;
    expect(await testsIn(xml)).toMatchObject({ passed: 1, failed: 1, errored: 2, skipped: 2 });
  });

  it.each([
    [
      '<testsuites tests="9"><testsuite tests="1"><testcase/></testsuite></testsuites>',
      '9 tests; its cases add up to 1 test',
    ],
    [
      '<testsuites><testsuite tests="4" failures="0"><testcase><failure/></testcase></testsuite></testsuites>',
      '4 tests, 0 failed; its cases add up to 1 test, 1 failed',
    ],
    [
      '<testsuite skipped="1" disabled="1"><testcase/><testcase><skipped/></testcase></testsuite>',
      '2 skipped; its cases add up to 1 skipped',
    ],
  ])('warns about totals that disagree with the cases: %s', async (xml, words) => {
    expect((await testsIn(xml)).warnings).toEqual([expect.stringContaining(`out/r says ${words}`)]);
  });

  it.each([
    suite('<testcase/>'),
    '<testsuites><testsuite tests="1"><testcase/></testsuite><testsuite><testcase/></testsuite></testsuites>',
    '<testsuite tests="4" skipped="2" disabled="0"><testcase/><testcase/><testcase><skipped/></testcase><testcase><skipped/></testcase></testsuite>',
    '<testsuite tests="1" failures="0" errors="0"><testcase/><error/></testsuite>',
    '<testsuite tests="two" failures="1.5" errors="-1"><testcase/></testsuite>',
  ])(
    'does not warn about totals that are missing or no counts, or that leave out failures outside of the cases: %s',
    async (xml) => {
      expect((await testsIn(xml)).warnings).toEqual([]);
    },
  );

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
    expect(await failureOf('n'.repeat(999), `${'m'.repeat(298)}😀😀`)).toEqual({
      name: `${'n'.repeat(199)}…`,
      message: `${'m'.repeat(298)}…`,
    });
    expect(await failureOf('n'.repeat(200), `😀${'m'.repeat(299)}`)).toEqual({
      name: 'n'.repeat(200),
      message: `😀${'m'.repeat(297)}…`,
    });
  });

  it('reads texts of any length, but only the start of a failure', async () => {
    const long = Array.from({ length: 300_000 }, (_, i) => `line ${i}\n`).join('');
    const xml = suite(
      `<testcase name="a"><failure>${long}</failure><system-out><![CDATA[${long}]]></system-out></testcase><!-- ${long} -->`,
    );
    const tests = await testsIn(`<!-- ${long} -->${xml}`, { keepCases: { kind: 'all', max: 1 } });
    expect(tests).toMatchObject({ failed: 1, failures: [{ name: 'a', message: 'line 0' }] });
    expect(tests.cases[0]?.error).toBe(`${long.slice(0, 64 * 1024 - 1)}…`);
  });

  it('reads a name of a mebibyte, the limit', async () => {
    const name = 'a'.repeat(1024 * 1024);
    const [beginning, end] = [`<testsuite><testcase name="${name}`, '"/></testsuite>'];
    expect(await testsIn(beginning + end, {}, beginning.length)).toEqual(passed);
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
