import { describe, expect, it } from 'vitest';
import { parseDecimal } from '../../src/decimal.ts';
import { InputError, type Problem } from '../../src/errors.ts';
import {
  fieldsOf,
  type Results,
  type ResultsRequest,
  readResults,
  type TestRun,
} from '../../src/results/results.ts';
import { memoryFiles } from './memory-files.ts';

const FIELD_NAMES = ['score', 'score_scale', 'error', 'meta', 'output', 'end_time', 'clear'];

function read(
  contents: Readonly<Record<string, string>>,
  request: Partial<ResultsRequest> = {},
): Promise<Results> {
  return readResults(
    { pattern: 'out/*', format: 'auto', scorePointer: undefined, fieldNames: FIELD_NAMES, ...request },
    memoryFiles(contents),
  );
}

async function problemsOf(reading: Promise<unknown>): Promise<readonly Problem[]> {
  const error = await reading.catch((thrown: unknown) => thrown);
  if (error instanceof InputError) return error.problems;
  throw new Error(`expected an InputError, got ${String(error)}`);
}

const JUNIT =
  '<testsuite><testcase name="a" time="0.5"/><testcase name="b"><failure message="no"/></testcase></testsuite>';
const JEST = JSON.stringify({
  testResults: [
    {
      name: '/work/demo/b.test.js',
      status: 'failed',
      message: '',
      assertionResults: [
        {
          ancestorTitles: ['cart'],
          title: 'adds',
          status: 'failed',
          duration: 2,
          failureMessages: ['Error: no\n  at x'],
        },
        { ancestorTitles: [], title: 'waits', status: 'todo', duration: null, failureMessages: [] },
      ],
    },
    {
      name: '/work/demo/sub/c.test.js',
      status: 'failed',
      message: '  ● did not load\n',
      assertionResults: [],
    },
  ],
});

describe('test results', () => {
  it('of several files are added up, whatever their formats', async () => {
    expect(await read({ 'a.txt': JUNIT, 'b.txt': JEST, 'c.txt': JUNIT })).toEqual({
      kind: 'tests',
      tests: {
        format: 'junit, jest',
        files: ['a.txt', 'b.txt', 'c.txt'],
        passed: 2,
        failed: 3,
        errored: 1,
        skipped: 1,
        durationMs: 1002,
        failures: [
          { name: 'b', message: 'no' },
          { name: 'cart > adds', message: 'Error: no' },
          { name: 'sub/c.test.js', message: '● did not load' },
          { name: 'b', message: 'no' },
        ],
        meta: {},
      },
    });
  });

  it('may have a file in which all was skipped beside one in which something ran', async () => {
    const skipped = '<testsuite><testcase name="a"><skipped/></testcase></testsuite>';
    const results = await read({ 'a.xml': skipped, 'b.xml': '<testsuite><testcase name="a"/></testsuite>' });
    expect(results).toMatchObject({ tests: { passed: 1, skipped: 1 } });
  });

  it('of CTRF count what did not run as skipped, and what nobody knows as an error', async () => {
    const tests = [
      { name: 'a', status: 'other', rawStatus: 'todo' },
      { name: 'b', status: 'other', rawStatus: 'interrupted', trace: 'Error: stopped\n at x' },
      { name: 'c', status: 'passed', flaky: true, suite: 'old' },
      { name: 'd', status: 'failed', suite: ['outer', 'inner'], message: 'no' },
      { name: 'e', status: 'passed', rawStatus: 'pending', duration: '5' },
    ];
    expect(await read({ 'a.json': JSON.stringify({ results: { tests } }) })).toMatchObject({
      tests: {
        passed: 2,
        failed: 1,
        errored: 1,
        skipped: 1,
        durationMs: undefined,
        failures: [
          { name: 'b', message: 'Error: stopped' },
          { name: 'outer > inner > d', message: 'no' },
        ],
      },
    });
  });

  it.each(['todo', 'skip', 'Skipped', 'pending', 'disabled', 'ignored'])(
    'of CTRF have not run a case that is other and %s',
    async (rawStatus) => {
      const tests = [{ status: 'passed' }, { status: 'other', rawStatus }];
      expect(await read({ 'a.json': JSON.stringify({ results: { tests } }) })).toMatchObject({
        tests: { passed: 1, errored: 0, skipped: 1 },
      });
    },
  );

  it('of promptfoo give means over the cases that have a score, and only known sums', async () => {
    const results = [
      { success: true, score: 0.1, namedScores: { style: 0.1 }, cost: 0.1, vars: {} },
      { success: true, score: 0.2, namedScores: { style: 0.2, tone: 1 }, cost: 0.2, vars: {} },
      { success: true, namedScores: null, cost: null, tokenUsage: { prompt: 0, completion: 7 } },
      {
        success: false,
        provider: 'echo',
        vars: { n: 1, list: ['a'] },
        gradingResult: { reason: 'too short' },
        error: null,
      },
    ];
    const { tests } = (await read({ 'a.json': JSON.stringify({ results: { results } }) })) as {
      tests: TestRun;
    };
    expect(tests.meta).toEqual({
      'test.score.mean': 0.15,
      'test.scores.style': 0.15,
      'test.scores.tone': 1,
      'test.cost': 0.3,
      'gen_ai.usage.output_tokens': 7,
    });
  });

  it('of promptfoo name a case by its variables, and by provider and prompt where there are several', async () => {
    const failure = { success: false, vars: { n: 1, list: ['a'] }, gradingResult: { reason: 'too short' } };
    const echo = { ...failure, provider: { id: 'echo' }, prompt: { raw: 'p' } };
    const failuresOf = async (...results: unknown[]) =>
      ((await read({ 'a.json': JSON.stringify({ results: { results } }) })) as { tests: TestRun }).tests
        .failures;
    expect(await failuresOf(echo)).toEqual([{ name: 'n=1, list=["a"]', message: 'too short' }]);
    expect(await failuresOf(echo, { ...echo, provider: 'local' })).toEqual([
      { name: 'n=1, list=["a"] [echo]', message: 'too short' },
      { name: 'n=1, list=["a"] [local]', message: 'too short' },
    ]);
    expect(await failuresOf(echo, { ...echo, prompt: { raw: 'q' } })).toEqual([
      { name: 'n=1, list=["a"] [prompt 1]', message: 'too short' },
      { name: 'n=1, list=["a"] [prompt 2]', message: 'too short' },
    ]);
  });

  it('of promptfoo number the prompts as the configuration does, in whatever order they ended', async () => {
    const failure = { success: false, vars: { n: 1 } };
    const results = [
      { ...failure, prompt: { raw: 'second' }, promptIdx: 1 },
      { ...failure, prompt: { raw: 'first' }, promptIdx: 0 },
      { ...failure, prompt: { raw: 'third' }, promptIdx: 2 },
    ];
    expect(await read({ 'a.json': JSON.stringify({ results: { results } }) })).toMatchObject({
      tests: {
        failures: [
          { name: 'n=1 [prompt 2]', message: '' },
          { name: 'n=1 [prompt 1]', message: '' },
          { name: 'n=1 [prompt 3]', message: '' },
        ],
      },
    });
  });

  it('of promptfoo tell errors by the reason, and where there is none by what is missing', async () => {
    const results = [
      { success: false, failureReason: 1, error: 'assertion' },
      { success: false, failureReason: 1, error: 'assertion' },
      { success: false, failureReason: 2, error: 'no API', gradingResult: {} },
      { success: false, error: 'no API' },
      { success: false, error: 'assertion', gradingResult: {} },
    ];
    expect(await read({ 'a.json': JSON.stringify({ results: { results } }) })).toMatchObject({
      tests: { failed: 3, errored: 2 },
    });
  });

  it('of Jest name a case by what there is, and tell the first message that says something', async () => {
    const cases = [
      { title: 'adds', failureMessages: ['', 'no'] },
      { fullName: 'cart subtracts', failureMessages: [] },
      { ancestorTitles: ['cart'], title: 'multiplies' },
    ];
    const assertionResults = cases.map((one) => ({ ...one, status: 'failed' }));
    const content = JSON.stringify({ testResults: [{ name: 'a.js', assertionResults }] });
    expect(await read({ 'a.json': content })).toMatchObject({
      tests: {
        failures: [
          { name: 'adds', message: 'no' },
          { name: 'cart subtracts', message: '' },
          { name: 'cart > multiplies', message: '' },
        ],
      },
    });
  });

  it('of Jest name a file that did not load by its path from the folder that all have in common', async () => {
    const suite = (name: string) => ({
      name,
      status: 'failed',
      message: 'did not load',
      assertionResults: [],
    });
    const namesOf = async (...paths: string[]) =>
      (
        (await read({ 'a.json': JSON.stringify({ testResults: paths.map(suite) }) })) as { tests: TestRun }
      ).tests.failures.map(({ name }) => name);
    expect(await namesOf('/w/demo/a/x.js', '/w/demo/b/x.js', '/w/demo/y.js')).toEqual([
      'a/x.js',
      'b/x.js',
      'y.js',
    ]);
    expect(await namesOf('C:\\w\\a\\x.js', 'C:\\w\\b.js')).toEqual(['a\\x.js', 'b.js']);
    expect(await namesOf('/w/x.js')).toEqual(['x.js']);
    expect(await namesOf('/a/x.js', '/b/x.js', 'z.js')).toEqual(['/a/x.js', '/b/x.js', 'z.js']);
  });

  it('may hold texts full of brackets, and halves of characters', async () => {
    const tests = [
      { name: `\ud800"${'[{'.repeat(200)}`, status: 'passed' },
      { name: '\ud800a', status: 'failed', message: '"[' },
    ];
    expect(await read({ 'a.json': JSON.stringify({ results: { tests } }) })).toMatchObject({
      tests: { passed: 1, failures: [{ name: '\ufffda', message: '"[' }] },
    });
  });

  it('are an error where no file matches', async () => {
    const message =
      'matches no file. Check that the step that writes it ran, and its path from the workspace; of a directory write a glob such as reports/*.xml';
    expect(await problemsOf(read({}))).toEqual([{ name: 'results_file', message, found: 'out/*' }]);
  });

  it('are an error where a file cannot be read', async () => {
    const files = { ...memoryFiles({}), find: async () => ['gone.xml'] };
    const request = { pattern: 'gone.xml', format: 'auto', scorePointer: undefined, fieldNames: [] } as const;
    expect(await problemsOf(readResults(request, files))).toEqual([
      { name: 'results_file', message: 'gone.xml cannot be read: there is no such file' },
    ]);
  });
});

describe('what test results become', () => {
  const run = (counts: Partial<TestRun>): TestRun => ({
    format: 'junit',
    files: ['a.xml'],
    passed: 0,
    failed: 0,
    errored: 0,
    skipped: 0,
    durationMs: undefined,
    failures: [],
    meta: {},
    ...counts,
  });

  it('is a pass rate, scaled and rounded half away from zero', () => {
    const scoreOf = (passed: number, failed: number, scale: string) =>
      fieldsOf(run({ passed, failed, skipped: 9 }), parseDecimal(scale)!).score;
    expect(scoreOf(2, 1, '100')).toBe(67n);
    expect(scoreOf(1, 7, '100')).toBe(13n);
    expect(scoreOf(1, 1, '1')).toBe(1n);
    expect(scoreOf(0, 3, '100')).toBe(0n);
    expect(scoreOf(3, 0, '0.1e2')).toBe(10n);
    expect(scoreOf(1, 2, '1e18')).toBe(333333333333333333n);
  });

  it('has no error where nothing failed, and no duration where none is known', () => {
    expect(fieldsOf(run({ passed: 2, skipped: 1 }), parseDecimal('100')!)).toStrictEqual({
      score: 100n,
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
    expect(fieldsOf(run({ failed: 11, errored: 2, failures }), parseDecimal('100')!).error).toBe(
      't0\nt1: m1\nt2: m2\nt3: m3\nt4: m4\nt5: m5\nt6: m6\nt7: m7\nt8: m8\nt9: m9\nand 3 more',
    );
  });
});

describe('results_format json', () => {
  const json = (content: string, scorePointer: string) =>
    read({ 'out/r.json': content }, { format: 'json', scorePointer });

  it.each([
    ['{"summary": {"accuracy": 0.87}}', '/summary/accuracy', '0.87'],
    ['[{"score": -3}, {"score": 1e2}]', '/1/score', '100'],
    ['{"a/b": {"m~n": 9.0}}', '/a~1b/m~0n', '9'],
    ['{"": {"0": 5}}', '//0', '5'],
    ['{"~1": 5}', '/~01', '5'],
    ['[0,1,2,3,4,5,6,7,8,9,10]', '/10', '10'],
    ['0.285', '', '0.285'],
    ['{"big": 12345678901234567890}', '/big', '12345678901234567890'],
    ['{"a": 1e999}', '/a', '1e999'],
  ])('%s at "%s" is %s', async (content, pointer, score) => {
    expect(await json(content, pointer)).toEqual({
      kind: 'fields',
      fields: { score },
      path: 'out/r.json',
    });
  });

  it.each([
    [
      '{"summary": {"f1": 1, "n": 2}}',
      '/summary/accuracy',
      'leads nowhere in out/r.json: /summary is an object with f1, n',
    ],
    ['{}', '/a', 'leads nowhere in out/r.json: the document is an object without a key'],
    [
      JSON.stringify(Object.fromEntries([...'abcdefghijk'].map((key) => [key, 1]))),
      '/z',
      'leads nowhere in out/r.json: the document is an object with a, b, c, d, e, f, g, h, i, j, …',
    ],
    [
      JSON.stringify(Object.fromEntries([...'abcdefghij'].map((key) => [key, 1]))),
      '/z',
      'leads nowhere in out/r.json: the document is an object with a, b, c, d, e, f, g, h, i, j',
    ],
    ['[1]', '/01', 'leads nowhere in out/r.json: the document is an array of 1'],
    ['[1]', '/1', 'leads nowhere in out/r.json: the document is an array of 1'],
    ['{"a": 1}', '/a/b', 'leads nowhere in out/r.json: /a is a number'],
    ['{"a": 1}', '/constructor/name', 'leads nowhere in out/r.json: the document is an object with a'],
    ['{"a": "0.9"}', '/a', 'leads to a string in out/r.json; expected a number'],
    ['{"a": null}', '/a', 'leads to null in out/r.json; expected a number'],
  ])('%s at %s is an error', async (content, pointer, message) => {
    expect(await problemsOf(json(content, pointer))).toEqual([
      { name: 'score_pointer', message, found: pointer },
    ]);
  });

  it('reads one file', async () => {
    expect(await problemsOf(read({ a: '1', b: '2' }, { format: 'json', scorePointer: '' }))).toEqual([
      { name: 'results_file', message: 'matches 2 files; results_format json reads one' },
    ]);
  });
});

describe('results_format fields', () => {
  const fields = (content: unknown) =>
    read(
      { 'out/f.json': typeof content === 'string' ? content : JSON.stringify(content) },
      { format: 'fields' },
    );

  it('gives the inputs as text', async () => {
    const content = `{"score": 12345678901234567890, "score_scale": 0.1, "error": "line 1\\nline 2", "end_time": null,
      "meta": {"n": 12345678901234567890, "list": [1, null]}, "output": ["a", true], "clear": ["error", "input"]}`;
    expect(await fields(content)).toEqual({
      kind: 'fields',
      path: 'out/f.json',
      fields: {
        score: '12345678901234567890',
        score_scale: '0.1',
        error: 'line 1\nline 2',
        meta: '{"n":12345678901234567890,"list":[1,null]}',
        output: '["a",true]',
        clear: 'error,input',
      },
    });
  });

  it('names the fields it does not know', async () => {
    expect(await problemsOf(fields('{"api_key": "op-1", "scores": 9, "__proto__": {}, "score": 9}'))).toEqual(
      [
        {
          name: 'results_file',
          message:
            'out/f.json may hold score, score_scale, error, meta, output, end_time, clear; it holds api_key, scores, __proto__ too',
        },
      ],
    );
  });

  it('leaves it to the input what an odd value means', async () => {
    expect(await fields('{"score": {}, "clear": ["error", 12345678901234567890, {}]}')).toMatchObject({
      fields: { score: '{}', clear: 'error,12345678901234567890,{}' },
    });
  });

  it.each([
    [[1], 'out/f.json holds an array; results_format fields expects an object'],
    [9, 'out/f.json holds a number; results_format fields expects an object'],
  ])('%j is an error', async (content, message) => {
    expect(await problemsOf(fields(content))).toEqual([{ name: 'results_file', message }]);
  });

  it('reads one file', async () => {
    expect(await problemsOf(read({ a: '{}', b: '{}' }, { format: 'fields' }))).toEqual([
      { name: 'results_file', message: 'matches 2 files; results_format fields reads one' },
    ]);
  });
});
