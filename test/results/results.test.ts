import { describe, expect, it } from 'vitest';
import { FormError, InputError, type Problem } from '../../src/errors.ts';
import { type ResultsRequest, readResults } from '../../src/results/read-results.ts';
import { recordOf } from '../harness/record.ts';
import { type Contents, memoryFiles, NOW, read, readAll, run } from './memory-files.ts';

const JUNIT =
  '<testsuite><testcase name="a" time="0.5"/><testcase name="b"><failure message="no"/></testcase></testsuite>';
const SKIPPED = '<testsuite><testcase name="a"><skipped/></testcase></testsuite>';
const CTRF = JSON.stringify({
  results: { tests: [{ name: 'c', status: 'failed', message: 'oh', duration: 2 }] },
});

const CHECK = 'Check that the step that writes it ran, and that the path is relative to the workspace';
const BRACES = 'Braces are matched literally. Write one line for each path';

async function problemsOf(
  contents: Contents,
  request: Partial<ResultsRequest> = {},
): Promise<readonly Problem[]> {
  const error = await read(contents, request).catch((thrown: unknown) => thrown);
  if (error instanceof InputError) return error.problems;
  throw new Error(`expected an InputError, got ${String(error)}`);
}
const problem = (...parts: string[]) => ({
  name: 'results_file',
  message: expect.stringMatching(
    new RegExp(parts.map((part) => part.replace(/[[\]{}()*?.|]/g, '\\$&')).join('.*')),
  ),
});

describe('several results files', () => {
  it('are added up, whatever their formats', async () => {
    expect(await read({ 'a.txt': JUNIT, 'b.txt': CTRF, 'c.txt': JUNIT, 'd.txt': SKIPPED })).toEqual({
      warnings: [],
      problems: [],
      tests: run({
        format: 'junit, ctrf',
        files: ['a.txt', 'b.txt', 'c.txt', 'd.txt'],
        passed: 2,
        failed: 3,
        skipped: 1,
        durationMs: 1002,
        failures: [
          { name: 'b', message: 'no' },
          { name: 'c', message: 'oh' },
          { name: 'b', message: 'no' },
        ],
      }),
    });
  });

  it.each([
    ['junit', JUNIT],
    ['ctrf', CTRF],
  ] as const)('are read in the format that is given: %s', async (format, content) => {
    expect(await read({ a: content }, { format })).toMatchObject({ tests: { format, failed: 1 } });
  });

  it('may come from several patterns, and a file that two of them match counts once', async () => {
    const results = await read({ 'a.xml': JUNIT, 'b.xml': JUNIT }, { patterns: ['a*', '*.xml'] });
    expect(results).toMatchObject({ tests: { files: ['a.xml', 'b.xml'], passed: 2, failed: 2 } });
  });

  it('are an error for each pattern that matches nothing or is not allowed', async () => {
    const files = {
      ...memoryFiles({ good: JUNIT }),
      find: async (pattern: string, excludes: readonly string[] = []) => {
        if (pattern === 'good' && excludes.join() === '!bad,!old') return ['good'];
        if (pattern === 'folder') throw new FormError('is a directory');
        return [];
      },
    };
    const patterns = ['!first', 'good', '# a comment', '!bad', 'none.xml', '!old', 'folder', '{a,b}.xml'];
    const keepCases = { kind: 'none', max: 1 } as const;
    expect(
      await readResults({ patterns, format: 'auto', pointer: undefined, keepCases }, files, NOW),
    ).toMatchObject({
      tests: { files: ['good'], passed: 1, failed: 1 },
      problems: [
        {
          name: 'results_file',
          message: `"none.xml" matches no file. ${CHECK}. A file that a later line with ! excludes does not count`,
        },
        { name: 'results_file', message: '"folder" is a directory' },
        { name: 'results_file', message: `"{a,b}.xml" matches no file. ${CHECK}. ${BRACES}` },
      ],
    });
  });

  it.each([
    ['a#b!', []],
    ['{ab,cd}', [BRACES]],
    ['a{1..10}b', [BRACES]],
    ['{ab}', []],
    ['{a.b}', []],
    ['}a,b{', []],
  ])('are an error that gives a possible reason: %s', async (pattern, hints) => {
    expect(await problemsOf({}, { patterns: [pattern] })).toEqual([
      { name: 'results_file', message: [`"${pattern}" matches no file`, CHECK, ...hints].join('. ') },
    ]);
  });

  it('are an error that explains the order of the steps at the end of a job', async () => {
    const order =
      'The end of the job comes after all steps and the post steps of later ones, so check that none of them cleans the workspace';
    expect(await problemsOf({}, { patterns: ['a'], isAtEnd: true })).toEqual([
      { name: 'results_file', message: `"a" matches no file. ${order}. ${CHECK.replace('C', 'Also c')}` },
    ]);
  });

  it('are an error if no line names one', async () => {
    expect(await problemsOf({ a: JUNIT }, { patterns: ['# a comment', '!b'] })).toEqual([
      { name: 'results_file', message: 'has only comments and lines with !, which exclude' },
    ]);
  });

  it('are counted beside a bad file, from which nothing counts', async () => {
    const cut = `${JUNIT.replace('</testsuite>', '')}<testcase`;
    const contents = {
      'a.xml': '<a/>',
      'b.xml': JUNIT,
      'c.json': '{',
      'd.xml': '<testsuite/>',
      'e.xml': cut,
    };
    expect(await readAll(contents)).toEqual({
      tests: run({
        files: ['b.xml'],
        passed: 1,
        failed: 1,
        durationMs: 500,
        failures: [{ name: 'b', message: 'no' }],
      }),
      warnings: [],
      problems: [
        problem('a.xml is not JUnit', 'To leave it out, add the line !a.xml'),
        problem('c.json is not JSON'),
        problem('d.xml has no test case, so nothing ran', 'To leave it out, add the line !d.xml'),
        { name: 'results_file', message: expect.stringMatching(/^e\.xml is not well-formed XML: [^!]*$/) },
      ],
    });
  });

  it('of which none could be read are an error for each', async () => {
    expect(await readAll({ 'a.xml': '<a/>', 'd.xml': '<testsuite/>' })).toEqual({
      problems: [problem('a.xml', 'not JUnit'), problem('d.xml', 'nothing ran')],
    });
  });

  it('are an error if every case of every file was skipped', async () => {
    const contents = Object.fromEntries([...'abcde'].map((name) => [name, SKIPPED]));
    expect(await problemsOf(contents)).toEqual([problem('a, b, c, d, e', 'every case was skipped')]);
  });

  it('in which nothing ran are an error beside a bad file too, but not beside one that is left out', async () => {
    expect(await readAll({ a: SKIPPED, b: '<testsuite', c: '<coverage/>' })).toEqual({
      problems: [problem('b is not well-formed XML'), problem('a: every case was skipped, so nothing ran')],
    });
  });

  it.each([
    [10, 10, '9.xml says 9 failed'],
    [12, 11, '2 more warnings'],
  ])('have at most ten warnings, and the number of the others: %i', async (files, length, last) => {
    const contents = Array.from({ length: files }, (_, i) => [
      `${i}.xml`,
      '<testsuite failures="9"><testcase><failure/></testcase></testsuite>',
    ]);
    const { warnings = [] } = await read(Object.fromEntries(contents));
    expect(warnings).toHaveLength(length);
    expect(warnings.at(-1)).toContain(last);
  });

  it('keep the first hundred failures of all, and the first cases for spans, failures first', async () => {
    const suite = (name: string) => {
      const failed = Array.from(
        { length: 70 },
        (_, i) => `<testcase name="${name}${i}"><failure/></testcase>`,
      );
      return `<testsuite>${failed.join('')}<testcase name="${name}"/></testsuite>`;
    };
    const named = (name: string, length: number) => Array.from({ length }, (_, i) => `${name}${i}`);
    const { tests } = await read({ a: suite('a'), b: suite('b') }, { keepCases: { kind: 'all', max: 141 } });
    expect(tests?.failures.map(({ name }) => name)).toEqual([...named('a', 70), ...named('b', 30)]);
    expect(tests?.cases.map(({ name }) => name)).toEqual([...named('a', 70), ...named('b', 70), 'a']);
    expect(tests?.casesWanted).toBe(142);
  });

  it('are each compared with their own totals', async () => {
    const content = '<testsuite failures="1"><testcase><failure/></testcase></testsuite>';
    expect(await read({ 'a.xml': content, 'b.xml': content })).toMatchObject({
      tests: { failed: 2 },
      warnings: [],
    });
  });

  it('rethrow errors that are not about a file', async () => {
    const files = { ...memoryFiles({}), find: () => Promise.reject(new RangeError('a bug')) };
    const keepCases = { kind: 'none', max: 1 } as const;
    await expect(
      readResults({ patterns: ['a'], format: 'auto', pointer: undefined, keepCases }, files, NOW),
    ).rejects.toThrow(RangeError);
  });
});

describe('a file that is not test results', () => {
  const FAILSAFE = '<failsafe-summary result="255" timeout="false"><failureMessage>';

  const COVERAGE = 'Name the file with the test results';
  const NO_CASE = 'Check which tests the command selects, and that all of them load';
  it.each([
    [
      'Cobertura',
      '<coverage line-rate="1"/>',
      'is a coverage report (Cobertura or Clover), not JUnit',
      COVERAGE,
    ],
    [
      'Clover',
      '<?xml version="1.0"?><coverage generated="1" clover="4"><project/></coverage>',
      'is a coverage report (Cobertura or Clover), not JUnit',
      COVERAGE,
    ],
    [
      'JaCoCo',
      '<!DOCTYPE report PUBLIC "-//JACOCO//DTD Report 1.1//EN" "report.dtd"><report name="a"/>',
      'is a coverage report (JaCoCo), not JUnit',
      COVERAGE,
    ],
    [
      'Failsafe’s summary',
      `${FAILSAFE} </failureMessage></failsafe-summary>`,
      'is the summary of Maven Failsafe, not JUnit',
      'Name the TEST-*.xml files',
    ],
    [
      'an open test report',
      '<e:events xmlns:e="https://schemas.opentest4j.org/reporting/events/0.2.0"/>',
      'is an open test report, not JUnit',
      'Name the TEST-*.xml files',
    ],
    [
      'Checkstyle',
      '<checkstyle version="8"><file/></checkstyle>',
      'is a Checkstyle report, not JUnit',
      COVERAGE,
    ],
    [
      'JUnit Vintage without a test',
      '<testsuite name="JUnit Vintage" tests="0"/>',
      'has no test case, so nothing ran',
      NO_CASE,
    ],
    [
      'Jest without a test',
      '{"success": true, "testResults": []}',
      'has no test case, so nothing ran',
      NO_CASE,
    ],
  ])('is left out beside a case that ran, however old it is, and alone is an error: %s', async (...row) => {
    const [_name, content, reason, advice] = row;
    expect(await problemsOf({ b: content })).toEqual([
      { name: 'results_file', message: `b ${reason}. ${advice}` },
    ]);
    const contents = { a: JUNIT, b: content };
    const request = { jobBeganMs: 10_000 };
    expect(await readAll(contents, request, undefined, { a: 10_000, b: 0 })).toEqual({
      tests: expect.objectContaining({ files: ['a'], passed: 1, failed: 1 }),
      warnings: [`b ${reason}, and is left out`],
      problems: [],
    });
  });

  it.each([
    ['that says a time ran out', { a: JUNIT, b: FAILSAFE.replace('false', 'true') }, 'b says timeout="true"'],
    [
      'that has a failure',
      {
        a: JUNIT,
        b: `${FAILSAFE}\n ${'no host'.padEnd(201, '!')}\nat x</failureMessage></failsafe-summary>`,
      },
      `^b has a failureMessage: ${'no host'.padEnd(199, '!')}…$`,
    ],
    [
      'that has a short failure',
      { a: JUNIT, b: `${FAILSAFE}no host\nat x</failureMessage></failsafe-summary>` },
      '^b has a failureMessage: no host$',
    ],
    ['that is cut', { a: JUNIT, b: FAILSAFE }, 'b is not well-formed XML'],
    [
      'of an unknown kind',
      { a: JUNIT, b: `<${'r'.repeat(41)}/>` },
      `^b is not JUnit: line 1, column 44: expected the element testsuites or testsuite, found ${'r'.repeat(39)}…. To leave it out, add the line !b$`,
    ],
    [
      'of NUnit 2',
      { b: '<test-results/>' },
      "b is NUnit 2's own XML, not JUnit. Write JUnit with the package JunitXml.TestLogger: dotnet test --logger junit$",
    ],
    [
      'of promptfoo in XML',
      { b: '<promptfoo/>' },
      "b is promptfoo's own XML, not JUnit. Write JSON: promptfoo eval -o results.json$",
    ],
    [
      'of TAP',
      { b: 'TAP version 13' },
      'b is TAP. Write JUnit, or convert TAP to it, for example with tap-xunit$',
    ],
    ['without a case', { a: JUNIT, b: '<testsuite name="JUnit Jupiter"/>' }, 'b has no test case'],
    ['of Jest without a case', { a: JUNIT, b: '{"testResults": []}' }, 'b has no test case'],
  ])('is an error %s', async (_name, contents: Contents, message) => {
    const { problems, warnings } = await readAll(contents);
    expect({ problems, warnings: warnings ?? [] }).toEqual({ problems: [problem(message)], warnings: [] });
  });
});

describe('a results file from before the job', () => {
  const DAY = 86_400_000;
  const JOB = NOW.getTime() - 60_000;
  const readAt = (modifiedMs: number | undefined, request: Partial<ResultsRequest> = {}) => {
    const modified = { new: JOB, ...(modifiedMs !== undefined && { old: modifiedMs }) };
    return readAll({ new: JUNIT, old: JUNIT }, { jobBeganMs: JOB, ...request }, undefined, modified);
  };

  it.each([
    [3.9 * DAY, '3 days'],
    [DAY, '1 day'],
    [5 * 3_600_000, '5 hours'],
    [119_000, '1 minute'],
  ])('is an error that names its age and what to do, and does not count: %i ms', async (ageMs, age) => {
    expect(await readAt(NOW.getTime() - ageMs)).toEqual({
      tests: expect.objectContaining({ files: ['new'], passed: 1, failed: 1 }),
      warnings: [],
      problems: [
        {
          name: 'results_file',
          message: `old is ${age} old, from before this job began. Remove old reports before the eval runs, or touch one that is current (Gradle and Bazel leave the reports of cached tests as they were)`,
        },
      ],
    });
  });

  it.each([
    ['five seconds before the job', JOB - 5000, {}],
    ['at an unknown time', undefined, {}],
    ['in a job whose beginning is unknown', 0, { jobBeganMs: undefined }],
  ])('is not assumed if it was modified %s', async (_name, modifiedMs, request) => {
    expect(await readAt(modifiedMs, request)).toMatchObject({
      tests: { passed: 2, failed: 2 },
      problems: [],
    });
  });

  it('is an error because of its age, whatever else is wrong with it', async () => {
    const modified = { a: 0 };
    expect(await readAll({ a: '<testsuite' }, { jobBeganMs: JOB }, undefined, modified)).toMatchObject({
      problems: [problem('a is', 'days old')],
    });
  });

  it.each(['json', 'fields'] as const)('is an error in the format %s too', async (format) => {
    const reading = readAll(
      { a: '{"score": 1}' },
      { format, pointer: '/score', jobBeganMs: JOB },
      undefined,
      { a: 0 },
    );
    await expect(reading).rejects.toMatchObject({ problems: [problem('a is', 'days old')] });
  });
});

describe('the record of test results', () => {
  it('has a pass rate, scaled and rounded half away from zero', () => {
    const scoreOf = (passed: number, failed: number, scale: number) =>
      recordOf(run({ passed, failed, skipped: 9 }), scale).score;
    expect(scoreOf(2, 1, 100)).toBe(67);
    expect(scoreOf(1, 7, 100)).toBe(13);
    expect(scoreOf(57, 143, 100)).toBe(29);
    expect(scoreOf(1, 1, 1)).toBe(1);
    expect(scoreOf(0, 3, 100)).toBe(0);
    expect(scoreOf(3, 0, 1000)).toBe(1000);
  });

  it('has no error if nothing failed, and no duration if it is unknown', () => {
    expect(recordOf(run({ passed: 2, skipped: 1 }), 100)).toStrictEqual({
      score: 100,
      meta: {
        'test.total': 3,
        'test.passed': 2,
        'test.failed': 0,
        'test.errored': 0,
        'test.skipped': 1,
        'test.format': 'junit',
      },
    });
  });

  it('names ten failures and counts the others', () => {
    const failures = Array.from({ length: 11 }, (_, i) => ({
      name: `t${i}`,
      message: i === 0 ? '' : `m${i}`,
    }));
    expect(recordOf(run({ failed: 11, errored: 2, failures }), 100).error).toBe(
      't0\nt1: m1\nt2: m2\nt3: m3\nt4: m4\nt5: m5\nt6: m6\nt7: m7\nt8: m8\nt9: m9\nand 3 more',
    );
  });
});

describe('a file of fields', () => {
  it('has numbers that keep their digits', async () => {
    const content =
      '{"score": 0.5, "score_scale": 10, "meta": {"n": 1.0}, "end_time": null, "start_time": "now"}';
    const results = await read({ 'f.json': content }, { format: 'fields' });
    expect(results).toMatchObject({
      score: { name: 'score in f.json', value: 0.5, scale: 10 },
      problems: [],
    });
    expect(JSON.stringify(results.fields)).toBe('{"meta":{"n":1.0},"start_time":"2026-11-20T12:00:00.000Z"}');
    expect(await read({ f: '{"error": "no"}' }, { format: 'fields' })).toEqual({
      fields: { error: 'no' },
      problems: [],
    });
  });

  it.each([
    ['[1]', ' is an array, but results_format fields expects an object such as {"score": 87}$'],
    ['9', ' is a number, but'],
    ['', 'is empty'],
    ['{"score": 9,', 'not JSON'],
    ['{"score": NaN}', 'NaN'],
    [`{"meta": ${'[1,'.repeat(10_000)}1${']'.repeat(10_000)}}`, 'nested too deeply'],
    ['\n> demo@1.0.0 eval\n> python eval.py\n\n{"score": 9}', '--silent'],
  ])('with the fields %.40j is an error', async (content, message) => {
    expect(await problemsOf({ 'f.json': content }, { format: 'fields' })).toEqual([
      problem('f.json', message),
    ]);
  });

  it('is one file', async () => {
    const contents = Object.fromEntries([...'abcd'].map((name) => [name, '{"score": 1}']));
    expect(await problemsOf(contents, { format: 'fields' })).toEqual([
      {
        name: 'results_file',
        message: 'matches 4 files, but results_format fields reads one. Name one of a, b, c, d',
      },
    ]);
  });
});
