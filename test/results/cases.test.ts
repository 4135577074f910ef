import { describe, expect, it } from 'vitest';
import { Tally } from '../../src/results/tally.ts';
import type { CaseStatus, TestCase } from '../../src/results/tests.ts';
import { testsIn } from './memory-files.ts';

const suite = (content: string) => `<testsuite name="s">${content}</testsuite>`;
const ALL = { keepCases: { kind: 'all', max: 100 } } as const;
const caseIn = async (content: string | object): Promise<TestCase | undefined> =>
  (await testsIn(content, ALL)).cases[0];

describe('the cases to create spans for', () => {
  const xml = suite(
    ['p1', 'f1', 's1', 'e1', 'p2', 'f2']
      .map((name) => {
        const ending = { p: '', f: '<failure/>', s: '<skipped/>', e: '<error/>' }[name[0]!];
        return `<testcase name="${name}">${ending}</testcase>`;
      })
      .join(''),
  );

  it.each([
    ['none', 100, [], 0],
    ['failed', 100, ['f1', 'e1', 'f2'], 3],
    ['failed', 2, ['f1', 'e1'], 3],
    ['all', 100, ['f1', 'e1', 'f2', 'p1', 's1', 'p2'], 6],
    ['all', 4, ['f1', 'e1', 'f2', 'p1'], 6],
    ['all', 3, ['f1', 'e1', 'f2'], 6],
    ['all', 1, ['f1'], 6],
  ] as const)(
    'of the kind %s, at most %i: failures first, each in the order of the file',
    async (kind, max, names, wanted) => {
      const { cases, casesWanted } = await testsIn(xml, { keepCases: { kind, max } });
      expect({ names: cases.map(({ name }) => name.replace('s > ', '')), casesWanted }).toStrictEqual({
        names,
        casesWanted: wanted,
      });
    },
  );

  it('are, with the first hundred failures, the only ones whose details are read', () => {
    const tally = new Tally({ kind: 'all', max: 1 });
    const read: string[] = [];
    const add = (name: string, status: CaseStatus) => {
      const details = () => {
        read.push(name);
        return { name, why: { message: '' } };
      };
      tally.add({ status, details });
    };
    const failing = Array.from({ length: 102 }, (_, i) => `f${i}`);
    for (const name of failing) add(name, 'failed');
    for (const name of ['p0', 'p1', 'p2']) add(name, 'passed');
    expect(read).toEqual(['f0', ...failing.slice(0, 100), 'p0']);
    expect(tally.counts).toStrictEqual({ passed: 3, failed: 102, errored: 0, skipped: 0 });
  });

  it('have what JUnit says: suite, file, time, and a start if its instant is known', async () => {
    const attributes = 'classname="c" file="a.py" time="1.5"';
    const known = { status: 'passed', name: 'c > a', suite: 'c', file: 'a.py', durationMs: 1500 };
    const at = (timestamp: string) =>
      caseIn(suite(`<testcase name="a" ${attributes} timestamp="${timestamp}"/>`));
    for (const timestamp of ['2026-11-20T12:00:00.25+01:00', '2026-11-20t11:00:00.25z']) {
      expect(await at(timestamp)).toStrictEqual({
        ...known,
        startTime: '2026-11-20T11:00:00.250Z',
        endTime: '2026-11-20T11:00:01.750Z',
      });
    }
    for (const timestamp of ['2026-11-20T12:00:00', '2026-13-20T12:00:00Z', 'Fri, 20 Nov 2026 12:00:00 Z']) {
      expect(await at(timestamp)).toStrictEqual(known);
    }
    expect(
      await caseIn(
        '<testsuite file="b.py" timestamp="2026-11-20T12:00:00Z"><testcase name="a"/></testsuite>',
      ),
    ).toStrictEqual({
      status: 'passed',
      name: 'a',
      file: 'b.py',
    });
  });

  it('have the whole explanation of a failure, each part once and without escape codes', async () => {
    const errorOf = async (content: string) =>
      (await caseIn(suite(`<testcase name="a">${content}</testcase>`)))?.error;
    expect(await errorOf('<failure message="no">E: \x1b[31mno\x1b[0m\n at x</failure>')).toBe('E: no\n at x');
    expect(await errorOf('<failure message="no"> at x\n at y</failure>')).toBe('no\nat x\n at y');
    expect(await errorOf('<failure message="no"/>')).toBe('no');
    expect(await errorOf('<failure><![CDATA[&amp#27;[31mno&#27;[0m]]></failure>')).toBe('no');
    expect(await errorOf('<failure message="Failed" type="E"/>')).toBe('Failed');
    expect(await errorOf('<failure message=" no ">no\n at x</failure>')).toBe('no\n at x');
    expect(await errorOf('<failure message="Failed">=== RUN a\n a_test.go:9</failure>')).toBe(
      '=== RUN a\n a_test.go:9',
    );
    expect(await errorOf('<failure message="a\0b">\0c</failure>')).toBe('ab\nc');
    expect(await errorOf('<error type="\x1b[31mE\x1b[0m"/>')).toBe('E');
    expect(await errorOf('<error/>')).toBe('errored; the file does not say why');
    expect(await errorOf('<failure>no</failure><system-out>out</system-out>')).toBe('no');
    const [long, cut] = ['m'.repeat(64 * 1024 + 1), `${'m'.repeat(64 * 1024 - 1)}…`];
    expect(await errorOf(`<failure>${long}</failure>`)).toBe(cut);
    expect(await errorOf(`<failure message="${long}">${long}</failure>`)).toBe(cut);
    expect(await errorOf(`<failure message="${long.slice(1)}"/>`)).toBe(long.slice(1));
  });

  it('have a reason even after a traceback of many megabytes', async () => {
    const traceback = `Traceback (most recent call last):\n${'  File "a.py", line 1, in f\n\n'.repeat(400_000)}`;
    const test = { name: 'a', status: 'failed', message: `${traceback}E: no\nmore` };
    const { failures } = await testsIn({ results: { tests: [test, { ...test, message: traceback }] } });
    expect(failures.map(({ message }) => message)).toEqual([
      'E: no more',
      'Traceback (most recent call last):',
    ]);
  });

  it('have as their reason the first line that says something, as each with more than 1000 characters does', async () => {
    const message = ['-'.repeat(1000), '='.repeat(1001)].join('\n');
    const { failures } = await testsIn({ results: { tests: [{ name: 'a', status: 'failed', message }] } });
    expect(failures[0]?.message).toBe(`${'='.repeat(199)}…`);
  });

  it('have a line of any length as their reason, found quickly', async () => {
    const tests = Array.from({ length: 10 }, (_, i) => {
      return {
        name: 'a',
        status: 'failed',
        message: `${i % 2 ? 'at ' : 'in function '}${'('.repeat(64 * 1024)}`,
      };
    });
    const { failures } = await testsIn({ results: { tests } });
    expect(failures[1]?.message).toBe(`at ${'('.repeat(196)}…`);
  });

  it('have the explanation of a whole suite that failed', async () => {
    expect(
      await caseIn('<testsuite name="s"><testcase/><error message="no">stack</error></testsuite>'),
    ).toStrictEqual({
      status: 'errored',
      name: 's',
      error: 'no\nstack',
    });
    const output = `no host\n${'x'.repeat(200)}`;
    expect(
      await caseIn(
        `<testsuite name="s" file="a.js" errors="1"><system-err> ${output} </system-err></testsuite>`,
      ),
    ).toStrictEqual({
      status: 'errored',
      name: 's',
      error: `the suite says errors="1", but none of its cases failed: no host ${'x'.repeat(191)}…\n${output}`,
      file: 'a.js',
    });
  });

  it('have what CTRF says', async () => {
    const test = {
      name: 'a',
      status: 'failed',
      suite: ['', 's', '', 't'],
      message: 'no',
      trace: 'at x',
      filePath: 'a.js',
      duration: 1.6,
      start: 1795195077288,
      stop: 1795195077290,
    };
    const known = {
      status: 'failed',
      name: 's > t > a',
      error: 'no\nat x',
      suite: 's > t',
      file: 'a.js',
      durationMs: 2,
    };
    const caseOf = (times: object) => caseIn({ results: { tests: [{ ...test, ...times }] } });
    expect(await caseOf({})).toStrictEqual({
      ...known,
      startTime: '2026-11-20T17:17:57.288Z',
      endTime: '2026-11-20T17:17:57.290Z',
    });
    // Seconds, nothing, a time no RFC 3339 can have, and an end before the start.
    for (const times of [{ start: 1795195077, stop: 1795195078 }, { start: 0, stop: 1e300 }, { stop: 1 }]) {
      expect((await caseOf(times))?.endTime).toBeUndefined();
    }
    expect(await caseOf({ stop: 1795195077287 })).toStrictEqual(known);
    expect((await caseOf({ stop: test.start }))?.endTime).toBe('2026-11-20T17:17:57.288Z');
    expect((await caseOf({ stop: undefined, duration: undefined }))?.endTime).toBeUndefined();
    expect((await caseOf({ stop: undefined, duration: 5 }))?.endTime).toBe('2026-11-20T17:17:57.293Z');
    expect(await caseOf({ start: 100_000_000_000, stop: 253_402_300_799_999 })).toStrictEqual({
      ...known,
      startTime: '1973-03-03T09:46:40.000Z',
      endTime: '9999-12-31T23:59:59.999Z',
    });
  });

  it('have suites and a file that are cut', async () => {
    const [suite, file] = ['s'.repeat(201), `a\n${'f'.repeat(1000)}`];
    const test = { name: 'a', status: 'failed', suite, filePath: file };
    const { cases, failures } = await testsIn({ results: { tests: [test] } }, ALL);
    expect([cases[0]?.suite, cases[0]?.file, failures[0]?.file]).toEqual([
      `${'s'.repeat(199)}…`,
      `a\n${'f'.repeat(997)}…`,
      `a ${'f'.repeat(997)}…`,
    ]);
  });

  it('have what Jest says', async () => {
    const test = { ancestorTitles: ['s'], title: 'a', status: 'passed', duration: 2 };
    const file = { name: '/w/a.js', startTime: 1795195077288, endTime: 1795195077298 };
    const caseOf = (assertionResults: object[], rest = {}) =>
      caseIn({ testResults: [{ ...file, assertionResults, ...rest }] });
    const known = { status: 'passed', name: 's > a', suite: 's', file: '/w/a.js', durationMs: 2 };
    expect(await caseOf([test])).toStrictEqual(known);
    expect(await caseOf([{ ...test, startAt: 1795195077290 }])).toStrictEqual({
      ...known,
      startTime: '2026-11-20T17:17:57.290Z',
      endTime: '2026-11-20T17:17:57.292Z',
    });
    expect(await caseOf([], { status: 'failed', message: 'did not load' })).toStrictEqual({
      status: 'errored',
      name: 'a.js',
      error: 'did not load',
      file: '/w/a.js',
      startTime: '2026-11-20T17:17:57.288Z',
      endTime: '2026-11-20T17:17:57.298Z',
    });
  });

  it('have what promptfoo says', async () => {
    const result = {
      success: false,
      vars: { q: 'é', n: [1] },
      response: { output: { a: 1 } },
      score: 0.5,
      latencyMs: 3,
      error: 'no',
    };
    const caseOf = (rest: object) => caseIn({ results: { results: [{ ...result, ...rest }] } });
    const known = {
      status: 'failed',
      name: 'q=é, n=[1]',
      error: 'no',
      input: '{"q":"é","n":[1]}',
      output: '{"a":1}',
      score: 0.5,
      durationMs: 3,
    };
    expect(await caseOf({ failureReason: 1 })).toStrictEqual(known);
    expect(await caseOf({ failureReason: 1, response: { output: 'text' } })).toStrictEqual({
      ...known,
      output: 'text',
    });
    const { output: _, ...unanswered } = known;
    expect(await caseOf({ response: undefined })).toStrictEqual({ ...unanswered, status: 'errored' });
    for (const response of [{ error: 'no' }, { output: null }]) {
      expect(await caseOf({ response })).toStrictEqual({ ...unanswered, status: 'errored' });
    }
    const { input: _input, ...unasked } = known;
    expect(await caseOf({ failureReason: 1, vars: ['é'], description: 'd' })).toStrictEqual({
      ...unasked,
      name: 'd',
    });
    const { score: _score, ...unscored } = known;
    expect(await caseOf({ failureReason: 1, error: null, score: null })).toStrictEqual({
      ...unscored,
      error: 'failed; the file does not say why',
    });
    const text = 'x'.repeat(99_999);
    const long = await caseOf({ vars: { q: text }, response: { output: text } });
    expect([long?.input?.length, long?.output?.length]).toEqual([64 * 1024, 64 * 1024]);
  });
});
