import { getHeapStatistics, setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import { readResults, type TestRun } from '../../src/results/results.ts';
import { memoryFiles } from './memory-files.ts';

async function read(xml: string, size?: number): Promise<TestRun> {
  const results = await readResults(
    { pattern: '*.xml', format: 'auto', scorePointer: undefined, fieldNames: [] },
    memoryFiles({ 'junit.xml': xml }, size),
  );
  if (results.kind !== 'tests') throw new Error(results.kind);
  return results.tests;
}

const run = (expected: Partial<TestRun>): TestRun => ({
  format: 'junit',
  files: ['junit.xml'],
  passed: 0,
  failed: 0,
  errored: 0,
  skipped: 0,
  durationMs: undefined,
  failures: [],
  meta: {},
  ...expected,
});

const passed = run({ passed: 1 });
const failedAs = (message: string) => run({ failed: 1, failures: [{ name: 'a', message }] });

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
  'totals that disagree with the cases': [
    '<testsuites tests="9" failures="0"><testsuite tests="7" failures="0" errors="3"><testcase name="a"/></testsuite></testsuites>',
    passed,
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
  'a status in place of an element': [
    `<testsuite><testcase name="a" status="run"/><testcase name="b" status="notrun"/><testcase name="c" status="FAIL"/>
       <testcase name="d" status="constructor"/></testsuite>`,
    run({ passed: 2, failed: 1, skipped: 1, failures: [{ name: 'c', message: '' }] }),
  ],
  'the words that tools have for a status': [
    `<testsuite><testcase/>${['skipped', 'disabled', 'Ignored', 'notrun', 'error', 'fail', 'failed', 'failure'].map((status) => `<testcase name="${status}" status="${status}"/>`).join('')}</testsuite>`,
    run({
      passed: 1,
      failed: 3,
      errored: 1,
      skipped: 4,
      failures: ['error', 'fail', 'failed', 'failure'].map((name) => ({ name, message: '' })),
    }),
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
    expect(await read(xml)).toEqual(expected);
    expect(await read(xml, 1)).toEqual(expected);
  });

  it('keeps ten failures and counts the rest', async () => {
    const cases = Array.from(
      { length: 23 },
      (_, i) => `<testcase name="c${i}"><failure message="m${i}"/></testcase>`,
    );
    expect(await read(`<testsuite>${cases.join('')}</testsuite>`)).toEqual(
      run({
        failed: 23,
        failures: Array.from({ length: 10 }, (_, i) => ({ name: `c${i}`, message: `m${i}` })),
      }),
    );
  });

  it('cuts long names and messages, never within a character', async () => {
    const { failures } = await read(
      `<testsuite><testcase name="${'n'.repeat(999)}"><failure message="${'m'.repeat(298)}😀😀"/></testcase></testsuite>`,
    );
    expect(failures).toEqual([{ name: `${'n'.repeat(199)}…`, message: `${'m'.repeat(298)}…` }]);
    const [failure] = (
      await read(
        `<testsuite><testcase name="${'n'.repeat(200)}"><failure message="😀${'m'.repeat(299)}"/></testcase></testsuite>`,
      )
    ).failures;
    expect(failure).toEqual({ name: 'n'.repeat(200), message: `😀${'m'.repeat(297)}…` });
  });

  it('reads texts of any length, and of a failure only the start', async () => {
    const long = 'a long line\n'.repeat(300_000);
    expect(
      await read(
        `<testsuite><testcase name="a"><failure>${long}</failure><system-out><![CDATA[${long}]]></system-out></testcase>
           <!-- ${long} --></testsuite>`,
      ),
    ).toEqual(failedAs('a long line'));
  });

  it('holds no text that it does not need', async () => {
    setFlagsFromString('--expose-gc');
    const gc: () => void = runInNewContext('gc');
    const usedBytes = () => {
      gc();
      return getHeapStatistics().used_heap_size;
    };
    const piece = Buffer.from('a line of a log\n'.repeat(4096));
    let grownBytes = Number.NaN;
    const files = {
      find: async () => ['junit.xml'],
      async *read() {
        yield Buffer.from('<testsuite><testcase name="a"><system-out><![CDATA[');
        const before = usedBytes();
        for (let i = 0; i < 256; i++) yield piece;
        grownBytes = usedBytes() - before;
        yield Buffer.from(']]></system-out></testcase></testsuite>');
      },
    };
    await readResults({ pattern: '', format: 'junit', scorePointer: undefined, fieldNames: [] }, files);
    expect(grownBytes).toBeLessThan(4 * 1024 * 1024);
  });
});
