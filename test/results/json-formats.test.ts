import { describe, expect, it } from 'vitest';
import { resultsIn, testsIn } from './memory-files.ts';

const ctrf = (tests: readonly unknown[], summary?: object) => resultsIn({ results: { tests, summary } });
const promptfoo = (results: readonly unknown[], stats?: object) => resultsIn({ results: { results, stats } });
const jest = (testResults: readonly unknown[], totals?: object) => resultsIn({ testResults, ...totals });

describe('CTRF', () => {
  it('counts a test that did not run as skipped, and an unknown status as errored', async () => {
    const tests = [
      { name: 'a', status: 'other', rawStatus: 'todo' },
      { name: 'b', status: 'other', rawStatus: 'interrupted', trace: 'Error: stopped\n at x (a.js:1:2)' },
      { name: 'c', status: 'passed', flaky: true, suite: 'old' },
      { name: 'd', status: 'failed', suite: ['outer', '', 'inner'], message: 'outer inner d\nno' },
      { name: 'e', status: 'passed', rawStatus: 'pending', duration: '5' },
      ...['skip', 'Skipped', 'pending', 'disabled', 'ignored'].map((rawStatus) => ({
        status: 'other',
        rawStatus,
      })),
    ];
    expect(await ctrf(tests)).toMatchObject({
      format: 'ctrf',
      passed: 2,
      failed: 1,
      errored: 1,
      skipped: 6,
      durationMs: undefined,
      failures: [
        { name: 'b', message: 'Error: stopped' },
        { name: 'outer > inner > d', message: 'no' },
      ],
    });
  });

  it('leaves out the hash that xUnit.net puts before the names of the suites', async () => {
    const hash = '582676be756755c2250c542cafdf31e636e656f0db0b850577c2b43750bf421a';
    expect(
      await ctrf([{ name: 'Shop.Cart.Add', status: 'failed', suite: [hash, 'Shop.Cart', 'Add'] }]),
    ).toMatchObject({
      failures: [{ name: 'Shop.Cart.Add', message: '' }],
    });
  });

  it.each([
    ['a failure that no test shows', { failed: 3 }, 2, 'summary.failed is 3, and 1 of the tests failed'],
    ['a number as text', { failed: ' 2 ' }, 1, 'summary.failed is 2, and 1 of the tests failed'],
    ['as many as the tests show', { failed: 1 }, 0, undefined],
    ['fewer', { failed: 0 }, 0, undefined],
    [
      'an error outside of the tests',
      { failed: 1, other: 1 },
      1,
      'summary.other is 1, and 0 of the tests have this status',
    ],
  ])(
    'adds an errored case for each failure that the summary alone counts: %s',
    async (_name, summary, errored, message) => {
      const tests = [
        { name: 'a', status: 'failed' },
        { name: 'b', status: 'passed' },
      ];
      const results = await ctrf(tests, summary);
      const added = message === undefined ? [] : [{ name: 'outside of the tests', message }];
      expect(results).toMatchObject({ passed: 1, failed: 1, errored, warnings: [] });
      expect(results.failures).toEqual([{ name: 'a', message: '' }, ...added]);
    },
  );

  it('counts a test with the status other as a failure if the summary counts it as failed', async () => {
    const other = { name: 'a', status: 'other', rawStatus: 'interrupted' };
    expect(await ctrf([other], { failed: 1, other: 0 })).toMatchObject({ failed: 0, errored: 1 });
    expect(await ctrf([other], { failed: 1, other: 1 })).toMatchObject({ failed: 0, errored: 2 });
  });

  it.each([
    ['passed', 'failed', 0],
    ['passed', 'passed', 1],
    ['skipped', 'failed', 1],
  ])('has no hidden failure in a test that is %s because it %s: %i', async (status, rawStatus, errored) => {
    const tests = [{ name: 'a', status, rawStatus }, { status: 'passed' }];
    expect(await ctrf(tests, { failed: 1 })).toMatchObject({ failed: 0, errored });
  });

  it('counts any number of failures that no test shows, as one case to show', async () => {
    const tests = [{ name: 'a', status: 'passed' }];
    const { errored, failures, casesWanted } = await ctrf(tests, { failed: 1_000_000_000 });
    expect({ errored, failures: failures.length, casesWanted }).toEqual({
      errored: 1_000_000_000,
      failures: 1,
      casesWanted: 0,
    });
  });

  it('may contain text full of brackets, and lone surrogates', async () => {
    const tests = [
      { name: `\ud800"${'[{'.repeat(200)}`, status: 'passed' },
      { name: '\ud800a', status: 'failed', message: '"[' },
    ];
    expect(await ctrf(tests)).toMatchObject({ passed: 1, failures: [{ name: '\ufffda', message: '"[' }] });
  });
});

describe('Jest', () => {
  it('names a case by the names it has, and shows the first message that is not empty', async () => {
    const cases = [
      { title: 'adds', failureMessages: ['', 'no\n  at x (a.js:1:2)'] },
      { fullName: 'cart subtracts', failureMessages: [] },
      { ancestorTitles: ['cart'], title: 'multiplies', duration: 2 },
    ];
    const skipped = ['pending', 'skipped', 'todo', 'disabled'].map((status) => ({ title: 'later', status }));
    const assertionResults = [...cases.map((one) => ({ ...one, status: 'failed' })), ...skipped];
    expect(await jest([{ name: 'a.js', status: 'failed', assertionResults }])).toMatchObject({
      format: 'jest',
      failed: 3,
      errored: 0,
      skipped: 4,
      durationMs: 2,
      failures: [
        { name: 'adds', message: 'no' },
        { name: 'cart subtracts', message: '' },
        { name: 'cart > multiplies', message: '' },
      ],
    });
  });

  it('names a file that did not load by its path from the common folder', async () => {
    const file = (name: string) => ({
      name,
      status: 'failed',
      message: '  ● did not load\n',
      assertionResults: [],
    });
    const namesOf = async (...paths: string[]) => {
      const { errored, failures } = await jest(paths.map(file), {
        success: false,
        numTotalTests: 0,
        numFailedTests: 0,
      });
      expect({ errored, message: failures[0]?.message }).toEqual({
        errored: paths.length,
        message: '● did not load',
      });
      return failures.map(({ name }) => name);
    };
    expect(await namesOf('/w/demo/a/x.js', '/w/demo/b/x.js', '/w/demo/y.js')).toEqual([
      'a/x.js',
      'b/x.js',
      'y.js',
    ]);
    expect(await namesOf('C:\\w\\a\\x.js', 'C:\\w\\b.js')).toEqual(['a\\x.js', 'b.js']);
    expect(await namesOf('/w/x.js')).toEqual(['x.js']);
    expect(await namesOf('/a/x.js', '/b/x.js', 'z.js')).toEqual(['/a/x.js', '/b/x.js', 'z.js']);
  });
});

describe('Vitest’s evals', () => {
  it('give each case a score and an output, and the means of what is a number', async () => {
    const cases = [
      { scores: [{ name: ' ', score: 1 }, { score: 1 }], avgScore: 1, output: 'A' },
      {
        scores: [
          { name: 'a', score: 1 },
          { name: 'a', score: null },
          { name: 'b', score: '1' },
        ],
        avgScore: 0.5,
        output: { b: [1] },
      },
      { scores: 'none', avgScore: null, output: null },
    ].map((meta, i) => ({ title: `t${i}`, status: 'passed', meta: { eval: meta } }));
    const others = [{ title: 'other', status: 'passed', meta: {} }];
    const content = { testResults: [{ assertionResults: [...cases, ...others] }] };
    const { meta, cases: kept } = await testsIn(content, { keepCases: { kind: 'all', max: 9 } });
    expect(meta).toEqual({ 'test.score.mean': 0.75, 'test.scores.a': 1 });
    expect(kept).toEqual([
      { status: 'passed', name: 't0', score: 1, output: 'A' },
      { status: 'passed', name: 't1', score: 0.5, output: '{"b":[1]}' },
      { status: 'passed', name: 't2' },
      { status: 'passed', name: 'other' },
    ]);
  });
});

describe('promptfoo', () => {
  it('gives means over the cases with a score, and only known sums, as meta and metrics', async () => {
    const results = [
      { success: true, score: 0.1, namedScores: { style: 0.1 }, cost: 0.1, vars: {} },
      { success: true, score: 0.2, namedScores: { style: 0.2, tone: 1 }, cost: 0.2, vars: {} },
      {
        success: true,
        namedScores: { cost: 3, score: 4, pass_rate: 5, style: 'good', tone: null, ' ': 1, '': 1 },
        cost: null,
        tokenUsage: { prompt: 0, completion: 7 },
      },
      {
        success: false,
        provider: 'echo',
        namedScores: null,
        gradingResult: { reason: 'too short' },
        error: null,
      },
    ];
    const { format, meta, metrics } = await promptfoo(results);
    expect({ format, meta, metrics }).toEqual({
      format: 'promptfoo',
      meta: {
        'test.score.mean': 0.15,
        'test.scores.style': 0.15,
        'test.scores.tone': 1,
        'test.scores.cost': 3,
        'test.scores.score': 4,
        'test.scores.pass_rate': 5,
        'test.cost': 0.3,
        'gen_ai.usage.output_tokens': 7,
      },
      metrics: {
        pass_rate: 0.75,
        score: 0.15,
        style: 0.15,
        tone: 1,
        'scores.cost': 3,
        'scores.score': 4,
        'scores.pass_rate': 5,
        cost: 0.3,
        output_tokens: 7,
      },
    });
  });

  it('names a case by its variables, and by provider and prompt if there are several', async () => {
    const failure = { success: false, vars: { n: 1, list: ['a'] }, gradingResult: { reason: 'too short' } };
    const echo = { ...failure, provider: { id: 'echo' }, prompt: { raw: 'p' } };
    const namesOf = async (...results: unknown[]) =>
      (await promptfoo(results)).failures.map(({ name }) => name);
    expect((await promptfoo([echo])).failures).toEqual([{ name: 'n=1, list=["a"]', message: 'too short' }]);
    expect(await namesOf({ ...echo, description: 'counts' })).toEqual(['counts']);
    const labelled = { ...echo, provider: { id: 'echo', label: 'Echo, short' } };
    expect(await namesOf(echo, { ...echo, provider: 'local' }, labelled)).toEqual([
      'n=1, list=["a"] [echo]',
      'n=1, list=["a"] [local]',
      'n=1, list=["a"] [Echo, short]',
    ]);
    // Numbered as in the configuration, in whatever order they ended.
    expect(
      await namesOf(
        { ...echo, prompt: { raw: 'second' }, promptIdx: 1 },
        { ...echo, prompt: { raw: 'third' }, promptIdx: 2 },
        { ...echo, prompt: { raw: 'first' }, promptIdx: 0 },
      ),
    ).toEqual(['n=1, list=["a"] [prompt 2]', 'n=1, list=["a"] [prompt 3]', 'n=1, list=["a"] [prompt 1]']);
  });

  it('recognises errors by the reason or, without one, by what is missing', async () => {
    const results = [
      { success: false, failureReason: 1, error: 'assertion' },
      { success: false, failureReason: 1, error: 'assertion' },
      { success: false, failureReason: 2, error: 'no API', gradingResult: {} },
      { success: false, error: 'no API' },
      { success: false, error: 'assertion', gradingResult: {} },
    ];
    expect(await promptfoo(results, { failures: 5, errors: 0 })).toMatchObject({
      failed: 3,
      errored: 2,
      warnings: [],
    });
  });
});

describe('a status that does not mean passed', () => {
  it.each([
    [
      'promptfoo: a success with a reason of its failure',
      () => promptfoo([{ success: true, failureReason: 1 }]),
      'failed',
    ],
    [
      'promptfoo: a success with the reason of an error',
      () => promptfoo([{ success: true, failureReason: 2 }]),
      'errored',
    ],
    [
      'Jest: an error',
      () => jest([{ status: 'failed', assertionResults: [{ title: 'a', status: 'error' }] }]),
      'errored',
    ],
  ])('is not a pass: %s', async (_name, reading, status) => {
    expect(await reading()).toMatchObject({ passed: 0, failed: 0, errored: 0, [status]: 1 });
  });
});

describe('JSON Lines of promptfoo', () => {
  const row = (promptIdx: number, success: boolean) => ({
    success,
    promptIdx,
    vars: { n: 1 },
    provider: 'echo',
    prompt: { raw: `p${promptIdx}` },
    score: success ? 1 : 0.5,
    latencyMs: 2,
  });
  const linesOf = (...rows: readonly object[]) => rows.map((one) => JSON.stringify(one)).join('\n');

  it('are read like its JSON, whatever their order', async () => {
    const rows = [row(1, false), row(0, true), row(0, false)];
    for (const request of [{}, { format: 'promptfoo' }] as const) {
      const { warnings: _, ...expected } = await promptfoo(rows);
      expect(await testsIn(linesOf(...rows), request, 50)).toEqual(expected);
    }
    expect((await testsIn(linesOf(...rows))).failures.map(({ name }) => name)).toEqual([
      'n=1 [prompt 2]',
      'n=1 [prompt 1]',
    ]);
  });

  it('number the prompts as in the configuration, which may have each once for each provider', async () => {
    const prompts = ['first', 'second'];
    const rows = [2, 1, 0].map((i) => ({
      ...row(i, i < 1),
      prompt: { raw: prompts[i % 2] },
      provider: i < 2 ? 'echo' : 'local',
    }));
    expect((await testsIn(linesOf(...rows))).failures.map(({ name }) => name)).toEqual([
      'n=1 [local, prompt 1]',
      'n=1 [echo, prompt 2]',
    ]);
  });

  it('may be one line', async () => {
    expect(await testsIn(linesOf(row(0, true)))).toMatchObject({ format: 'promptfoo', passed: 1 });
    expect(await testsIn(`${linesOf(row(0, true))}\n`, { format: 'promptfoo' })).toMatchObject({ passed: 1 });
  });

  it.each([
    [
      'a line without a result',
      `${linesOf(row(0, true))}\n{"vars": {}}`,
      'line 2: success: expected true or false',
    ],
    [
      'a line that is not an object',
      `${linesOf(row(0, true))}\n\n7`,
      'line 3: expected an object, found a number',
    ],
    ['a line that is cut off', `${linesOf(row(0, true))}\n{"vars"`, 'line 2, column 8'],
  ])('with %s are an error', async (_what, text, message) => {
    await expect(testsIn(text)).rejects.toThrow(message);
  });

  it('are recognised by the first row, unless the format is given', async () => {
    await expect(testsIn('{"success": true}\n{"success": true}')).rejects.toThrow(
      'line 2, column 1: expected nothing more, found {',
    );
    for (const part of ['success', 'promptIdx', 'vars'] as const) {
      const { [part]: _, ...rest } = row(0, true);
      await expect(testsIn(linesOf(rest, {}))).rejects.toThrow('line 2, column 1');
    }
    const given = { format: 'promptfoo' } as const;
    expect(await testsIn('{"success": true}\n{"success": true}', given)).toMatchObject({ passed: 2 });
  });

  it.each([0, 2])('are not a document: indented by %i', async (indent) => {
    const text = JSON.stringify({ results: { results: [{ success: true }] } }, null, indent);
    expect(await testsIn(text, { format: 'promptfoo' })).toMatchObject({ passed: 1 });
  });

  it('are not results of another format', async () => {
    await expect(testsIn(linesOf(row(0, true), row(0, true)), { format: 'ctrf' })).rejects.toThrow(
      'line 2, column 1: expected nothing more, found {',
    );
  });
});

describe('a file that says something failed although no case did', () => {
  const passing = { title: 'a', status: 'passed', success: true, name: 'a' };

  it.each([
    [
      'Jest',
      () => jest([{ assertionResults: [passing] }], { success: false, numFailedTests: 0 }),
      'success: false',
    ],
    [
      'Jest’s count',
      () => jest([{ assertionResults: [passing] }], { numFailedTests: 2 }),
      'numFailedTests: 2',
    ],
    [
      'Jest’s files',
      () => jest([{ assertionResults: [passing] }], { numFailedTestSuites: 1 }),
      'numFailedTestSuites: 1',
    ],
    [
      'Jest’s count as text',
      () => jest([{ assertionResults: [passing] }], { numFailedTests: '1' }),
      'numFailedTests: 1',
    ],
    ['promptfoo', () => promptfoo([passing], { successes: 1, errors: 2 }), 'failures: 0, errors: 2'],
    [
      'promptfoo, version 2',
      () => promptfoo([passing], { successes: 1, failures: 2 }),
      'failures: 2, errors: 0',
    ],
  ])('gets one extra errored case, named after the file: %s', async (_what, reading, words) => {
    expect(await reading()).toMatchObject({
      passed: 1,
      errored: 1,
      failures: [
        { name: 'out/r', message: `the file says ${words}, but none of its cases failed`, file: 'out/r' },
      ],
      warnings: [],
    });
  });

  it('does not count as a file in which nothing ran', async () => {
    expect(await jest([], { success: false })).toMatchObject({ errored: 1 });
  });

  it('leaves the extra case out of the totals, which are right', async () => {
    const totals = { success: false, numTotalTests: 1, numFailedTests: 0 };
    expect(await jest([{ assertionResults: [passing] }], totals)).toMatchObject({ errored: 1, warnings: [] });
  });

  it('is not one that counts 0 failures', async () => {
    expect(
      await jest([{ assertionResults: [passing] }], { numFailedTests: 0, numFailedTestSuites: 0 }),
    ).toMatchObject({
      passed: 1,
      errored: 0,
    });
  });
});

describe('totals that disagree with the cases', () => {
  const failing = { title: 'a', status: 'failed', success: false, name: 'a' };

  it.each([
    [
      'Jest',
      () => jest([{ assertionResults: [failing] }], { success: false, numTotalTests: 5, numFailedTests: 2 }),
    ],
    ['promptfoo', () => promptfoo([failing], { successes: 9, failures: 1, errors: 1 })],
    ['Jest, with less', () => jest([{ assertionResults: [failing] }], { numFailedTests: 0 }), 0],
  ])('are a warning: %s', async (_what, reading, declared = 2) => {
    const text = `out/r says ${declared} failed; its cases add up to 1 failed, which is what counts`;
    expect(await reading()).toMatchObject({ failed: 1, errored: 0, warnings: [text] });
  });
});
