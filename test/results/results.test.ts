import { describe, expect, it } from 'vitest';
import { FormError, InputError, type Problem } from '../../src/errors.ts';
import { type ResultsRequest, readResults } from '../../src/results/read-results.ts';
import { recordOf } from '../harness/record.ts';
import { type Contents, memoryFiles, NOW, read, run } from './memory-files.ts';

const JUNIT =
  '<testsuite><testcase name="a" time="0.5"/><testcase name="b"><failure message="no"/></testcase></testsuite>';
const SKIPPED = '<testsuite><testcase name="a"><skipped/></testcase></testsuite>';
const CTRF = JSON.stringify({
  results: { tests: [{ name: 'c', status: 'failed', message: 'oh', duration: 2 }] },
});

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

  it('may come from several patterns, and a file that two of them match counts once', async () => {
    const results = await read({ 'a.xml': JUNIT, 'b.xml': JUNIT }, { patterns: ['a*', '*.xml'] });
    expect(results).toMatchObject({ tests: { files: ['a.xml', 'b.xml'], passed: 2, failed: 2 } });
  });

  it('are an error for each pattern that matches nothing or is not allowed', async () => {
    const files = {
      ...memoryFiles({}),
      find: async (pattern: string, excludes: readonly string[] = []) => {
        if (pattern === 'good' && excludes.join() === '!bad,!old') return ['good'];
        if (pattern === 'folder') throw new FormError('is a directory');
        return [];
      },
    };
    const patterns = ['!first', 'good', '# a comment', '!bad', 'none.xml', '!old', 'folder', '{a,b}.xml'];
    const keepCases = { kind: 'none', max: 1 } as const;
    await expect(
      readResults({ patterns, format: 'auto', pointer: undefined, keepCases }, files, NOW),
    ).rejects.toMatchObject({
      problems: [
        problem('"none.xml" matches no file', '!'),
        problem('"folder" is a directory'),
        {
          name: 'results_file',
          message: expect.stringMatching(
            /^"\{a,b}\.xml" matches no file[^!]*Braces [^!]* one line for each path$/,
          ),
        },
      ],
    });
  });

  it('are an error for each broken file, and the others are not counted', async () => {
    expect(
      await problemsOf({ 'a.xml': '<a/>', 'b.xml': JUNIT, 'c.json': '{', 'd.xml': '<testsuite/>' }),
    ).toEqual([
      problem('a.xml', 'not JUnit'),
      problem('c.json', 'not JSON'),
      problem('d.xml', 'nothing ran'),
    ]);
  });

  it('are an error if every case of every file was skipped', async () => {
    const contents = Object.fromEntries([...'abcde'].map((name) => [name, SKIPPED]));
    expect(await problemsOf(contents)).toEqual([problem('a, b, c, d, e', 'every case was skipped')]);
  });

  it.each([
    [10, 10, '9.xml says 9 tests'],
    [12, 11, '2 more warnings'],
  ])('have at most ten warnings, and the number of the others: %i', async (files, length, last) => {
    const contents = Array.from({ length: files }, (_, i) => [
      `${i}.xml`,
      '<testsuite tests="9"><testcase/></testsuite>',
    ]);
    const { tests } = await read(Object.fromEntries(contents));
    expect(tests?.warnings).toHaveLength(length);
    expect(tests?.warnings.at(-1)).toContain(last);
  });

  it('are each compared with their own totals', async () => {
    const content = '<testsuite tests="1"><testcase/><error/></testsuite>';
    expect(await read({ 'a.xml': content, 'b.xml': content })).toMatchObject({
      tests: { passed: 2, errored: 2, warnings: [] },
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
    const failures = Array.from({ length: 10 }, (_, i) => ({
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
  });

  it.each([
    ['[1]', 'an array'],
    ['9', 'a number'],
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
    expect(await problemsOf(contents, { format: 'fields' })).toEqual([problem('4 files', 'a, b, c, d')]);
  });
});
