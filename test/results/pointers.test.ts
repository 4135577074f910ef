import { describe, expect, it } from 'vitest';
import { InputError, type Problem } from '../../src/errors.ts';
import { readResults } from '../../src/results/read-results.ts';
import { type Contents, memoryFiles, NOW, read } from './memory-files.ts';

const KEEP = { kind: 'none', max: 1 } as const;

const at = (contents: Contents, pointer: string | undefined, ...metricsPointers: readonly string[]) =>
  read(contents, { format: 'json', pointer, metricsPointers });

async function problemsAt(...args: Parameters<typeof at>): Promise<readonly Problem[]> {
  const error = await at(...args).catch((thrown: unknown) => thrown);
  if (error instanceof InputError) return error.problems;
  throw new Error(`expected an InputError, got ${String(error)}`);
}

describe('the score at a pointer', () => {
  it.each([
    ['{"summary": {"accuracy": 0.87}}', '/summary/accuracy', 0.87],
    ['[{"score": -3}, {"score": 1e2}]', '/1/score', 100],
    ['{"a/b": {"m~n": 9.0}}', '/a~1b/m~0n', 9],
    ['{"": {"0": 5}}', '//0', 5],
    ['{"~1": 5}', '/~01', 5],
    ['[0,1,2,3,4,5,6,7,8,9,10]', '/10', 10],
    ['{"ok": true}', '/ok', 1],
    ['{"ok": false}', '/ok', 0],
    ['{"n": 9007199254740991}', '/n', 9007199254740991],
    // A * is every item or member, even of an object with that key.
    ['{"*": 1, "b": 2}', '/*', 1.5],
    ['{"a*": 1, "b": 2}', '/a*', 1],
    ['[{"ok": true}, {"ok": false}, {"ok": true}]', '/*/ok', 0.666666666667],
    ['{"a": [{"b": {"x": 1, "y": 2}}, {"b": {"z": 6}}]}', '/a/*/b/*', 3],
    ['[{"a": 0.1}, {"a": 0.2}]', '/*/a', 0.15],
    ['{"__proto__": {"a": 1}}', '/__proto__/a', 1],
  ])('of %s at %s is %d', async (content, pointer, score) => {
    expect(await at({ 'out/r.json': content }, pointer)).toEqual({
      score: { name: 'score in out/r.json', value: score },
      problems: [],
    });
  });

  it('is named after its file, however long the path is', async () => {
    const path = `${'folder/'.repeat(30)}r.json`;
    expect((await at({ [path]: '[1]' }, '/0')).score?.name).toBe(`score in ${path}`);
  });

  it('is the mean over all files', async () => {
    const contents = { 'a.json': '[{"s": 1}, {"s": 1}]', 'b.json': '[{"s": 0}]', 'c.jsonl': '{"s": 0}' };
    expect(await at(contents, '/*/s')).toEqual({
      score: { name: 'score in a.json, b.json, c.jsonl', value: 0.5 },
      problems: [],
    });
  });

  it.each([
    [
      '{"summary": {"f1": 1, "n": 2}}',
      '/summary/accuracy',
      'finds nothing in r.json: /summary is an object with the keys f1, n',
    ],
    ['{}', '/a', 'finds nothing in r.json: the document is an empty object'],
    [
      JSON.stringify(Object.fromEntries([...'abcdefghijk'].map((key) => [key, 1]))),
      '/z',
      'finds nothing in r.json: the document is an object with the keys a, b, c, d, e, f, g, h, i, j, …',
    ],
    ['[1]', '/1', 'finds nothing in r.json: the document is an array of 1 item'],
    ['[1, 2]', '/01', 'finds nothing in r.json: the document is an array of 2 items'],
    ['[1, 2]', '/0x1', 'finds nothing in r.json: the document is an array of 2 items'],
    ['{"a": 1}', '/a/b', 'finds nothing in r.json: /a is a number'],
    ['{"a": 1}', '/constructor/name', 'finds nothing in r.json: the document is an object with the keys a'],
    ['{"a": "0.9"}', '/a', 'points to a string in r.json, expected a number'],
    ['{"a": null}', '/a', 'points to null in r.json, expected a number'],
    ['{"a": NaN}', '/a', 'points to null in r.json, expected a number'],
    ['{"a": {}}', '/a', 'points to an object in r.json, expected a number'],
    ['{"a": [1, 2]}', '/a', 'points to an array in r.json, expected a number'],
    ['{"a": 1e999}', '/a', 'points to a number in r.json that is too large'],
    ['{"a": []}', '/a/*', 'finds nothing in r.json: /a is an array of 0 items'],
    ['{"a": {}}', '/a/*/b', 'finds nothing in r.json: /a is an empty object'],
    ['{"a": 3}', '/a/*', 'finds nothing in r.json: /a is a number'],
    ['[{"a": 1}, {"a": 2}]', '/*/b', 'finds nothing in r.json: /0 is an object with the keys a'],
  ])('of %s at %s is an error', async (content, pointer, message) => {
    expect(await problemsAt({ 'r.json': content }, pointer)).toEqual([
      { name: 'score_pointer', message: `"${pointer}" ${message}` },
    ]);
  });

  // A row that did not finish must not raise the mean.
  it.each([
    ['[{"s": 1}, {"s": "0.9"}, {"s": null}]', '/*/s', '2 of 3', '/1/s is a string'],
    ['[{"s": 1}, {"t": 2}]', '/*/s', '1 of 2', '/1 is an object with the keys t'],
    ['[{"s": 1}, {"s": 1e999}]', '/*/s', '1 of 2', '/1/s is a number that is too large'],
    ['[{"s": 1}, {"s": -Infinity}]', '/*/s', '1 of 2', '/1/s is null'],
    ['[{"s": [1]}, {"s": []}]', '/*/s/*', '1 of 2', '/1/s is an array of 0 items'],
    ['{"a/b": {"m~n": [0, {}]}}', '/*/*/*', '1 of 2', '/a~1b/m~0n/1 is an object'],
    ['[null, null]', '/*', '2 of 2', '/0 is null'],
    [`{"${'k'.repeat(300)}": null}`, '/*', '1 of 1', `/${'k'.repeat(198)}… is null`],
  ])('of %.60s at %s is an error that counts', async (content, pointer, count, place) => {
    expect(await problemsAt({ 'r.json': content }, pointer)).toEqual([
      {
        name: 'score_pointer',
        message: `"${pointer}" finds no number at ${count} places in r.json: ${place}. Each needs one, since a case that did not finish must not raise the mean`,
      },
    ]);
  });

  it('is an error for numbers that add up to more than a double holds', async () => {
    expect(await problemsAt({ 'r.json': '[1e308, 1e308]' }, '/*')).toEqual([
      { name: 'score_pointer', message: '"/*" finds numbers in r.json whose sum is too large' },
    ]);
  });

  it('is an error for each file that has none, and for each that cannot be read', async () => {
    const contents = { 'a.json': '{"s": 1}', 'b.json': '{"t": 1}', 'c.json': '{"s": ', 'd.json': '' };
    expect(await problemsAt(contents, '/s', '/t')).toEqual([
      {
        name: 'score_pointer',
        message: '"/s" finds nothing in b.json: the document is an object with the keys t',
      },
      {
        name: 'results_file',
        message: 'c.json is not JSON: line 1, column 7: expected a value, found the end of the text',
      },
      { name: 'results_file', message: 'd.json is empty' },
    ]);
  });
});

it.each([
  [
    'user_input,faithfulness\nq1,0.9\n',
    'is CSV. Write JSON, and set results_format to json with score_pointer or metrics_pointer',
  ],
  ['ok 1 - {"s": 1}\n', 'is TAP. Write JUnit, or convert TAP to it, for example with tap-xunit'],
])(
  'a file that is not JSON is rejected, and the error says what to write instead: %j',
  async (text, message) => {
    expect(await problemsAt({ r: text }, '/*/s')).toEqual([
      { name: 'results_file', message: `r ${message}` },
    ]);
  },
);

it('a file of JSON may look like the output of a known tool', async () => {
  expect((await at({ r: '{"Action":"a", "s": 1}' }, '/s')).score?.value).toBe(1);
});

describe('the metrics at pointers', () => {
  it.each<[string, readonly string[], object]>([
    ['{"a": {"b": 0.5}}', ['/a/b'], { b: 0.5 }],
    ['{"a/b": 1, "m~n": true}', ['/a~1b', '/m~0n'], { 'a/b': 1, 'm~n': 1 }],
    ['{"a": {"x": 1, "y": false, "z": "1", "n": null, "deep": {"d": 1}}}', ['/a'], { x: 1, y: 0 }],
    ['{"a": {"x": 1, "y": 2}}', ['/a/*'], { x: 1, y: 2 }],
    ['[{"x": 1, "y": 2}, {"x": 2}, null, "x", [3]]', ['/*'], { x: 1.5, y: 2 }],
    ['[{"name": "x", "score": 1}, {"name": "x", "score": 0}]', ['/*'], { x: 0.5 }],
    ['[{"name": "x", "value": true, "n": 7}]', ['/*'], { x: 1 }],
    ['[{"name": "x", "score": null, "n": 7}, {"name": "y", "value": 1}]', ['/*'], { y: 1 }],
    // The threshold of a metric that has no score is no metric.
    ['[{"name": "x", "threshold": 0.5}, {"name": "y", "score": 1}]', ['/*'], { y: 1 }],
    ['[{"name": "Ada", "faithful": 1}, {"name": "Bob", "faithful": 0}]', ['/*'], { faithful: 0.5 }],
    ['[{"name": 3, "score": 1}]', ['/*'], { name: 3, score: 1 }],
    ['[{"name": "x", "score": 1}, {"y": 2}]', ['/*'], { x: 1, y: 2 }],
    ['{"a": {"x": 1}, "b": {"x": 0}}', ['/a', '/b/x'], { x: 0.5 }],
    ['{"a": {"x": 1, "y": NaN, "z": 1e999, " ": 1}}', ['/a'], { x: 1 }],
    ['{"a": {"__proto__": 1}}', ['/a'], JSON.parse('{"__proto__": 1}')],
    ['{"a": {"x": 1e308}, "b": {"x": 1e308, "y": 1}}', ['/*'], { y: 1 }],
  ])('in %s at %j are %j', async (content, pointers, metrics) => {
    expect(await at({ 'r.json': content }, undefined, ...pointers)).toEqual({ metrics, problems: [] });
  });

  it('are means over all files, and may be in some of them only', async () => {
    const contents = { 'a.json': '{"m": {"x": 1}}', 'b.json': '{"m": {"x": 0, "y": 1}}', 'c.json': '{}' };
    expect(await at(contents, undefined, '/m')).toEqual({ metrics: { x: 0.5, y: 1 }, problems: [] });
  });

  it.each([
    ['{"a": {"x": "1"}}', '/a', 'finds no number in r.json: /a is an object'],
    ['{"a": {"x": "1"}}', '/a/x', 'finds no number in r.json: /a/x is a string'],
    ['{"a": 1}', '/b/c', 'finds no number in r.json: the document is an object with the keys a'],
    ['[[1]]', '/*', 'finds no number in r.json: /0 is an array'],
    [
      '{"a": [0.5, 1]}',
      '/a/*',
      'finds numbers without a name in r.json: /a/0 is a number in an array. Point to objects such as {"accuracy": 0.92} or {"name": "accuracy", "value": 0.92}',
    ],
    [
      '[true]',
      '/0',
      'finds numbers without a name in r.json: /0 is a boolean in an array. Point to objects such as {"accuracy": 0.92} or {"name": "accuracy", "value": 0.92}',
    ],
  ])('of %s at %s are an error', async (content, pointer, message) => {
    expect(await problemsAt({ 'r.json': content }, undefined, pointer)).toEqual([
      { name: 'metrics_pointer', message: `"${pointer}" ${message}` },
    ]);
  });
});

describe('a file', () => {
  it('may have 256 MiB, but not a byte more', async () => {
    const mebi = Buffer.from(`"${'a'.repeat(1024 * 1024 - 3)}"\n`);
    const files = (more: string) => ({
      ...memoryFiles({}),
      find: async () => ['r'],
      async *read() {
        for (let i = 0; i < 256; i++) yield mebi;
        yield Buffer.from(more);
      },
    });
    const request = { patterns: ['r'], format: 'json', pointer: '/300', keepCases: KEEP } as const;
    await expect(readResults(request, files(''), NOW)).rejects.toThrow('an array of 256 items');
    await expect(readResults(request, files('1'), NOW)).rejects.toThrow(
      'r is larger than 256 MiB, the limit',
    );
  });
});

it.each([
  ['r.jsonl', 'json', '{"s": 1', 1],
  ['r.jsonl', 'json', '{"s": 1}\n{"s": ', 1],
  ['r.txt', 'auto', 'ok 1', 1],
  ['r.json', 'auto', '{"s": 1}', 100],
] as const)('%s is closed as soon as reading it fails: %s, %j', async (path, format, line, pieces) => {
  let isOpen: boolean | undefined;
  let read = 0;
  const files = {
    ...memoryFiles({}),
    find: async () => [path],
    async *read() {
      isOpen = true;
      try {
        for (let i = 0; i < 100; i++) {
          read++;
          yield Buffer.from(`${line}\n`.repeat(100));
        }
      } finally {
        isOpen = false;
      }
    },
  };
  const request = { patterns: [path], format, pointer: '/*/t', keepCases: KEEP };
  const reading = readResults(request, files, NOW).then(({ problems }) => problems.length > 0);
  expect(await reading.catch((error: unknown) => error instanceof InputError)).toBe(true);
  expect({ isOpen, read }).toEqual({ isOpen: false, read: pieces });
});

describe('JSON Lines', () => {
  const ROWS = ['{"s": 1}', '{"s": 0}', '{"s": 0.5}'];

  it.each([
    ['r.json', ROWS.join('\n')],
    ['r.json', `\n \n${ROWS.join('\r\n\r\n')}\r\n`],
    ['r.json', `\uFEFF${ROWS.join('\n')}`],
    ['r.jsonl', ROWS.join('\n')],
    ['R.NDJSON', `${ROWS.join('\n')}\n`],
  ])('are recognised by their content, and read as one array: %s, %j', async (name, content) => {
    for (const size of [1, 7, 9, 64]) {
      const results = await read({ [name]: content }, { format: 'json', pointer: '/*/s' }, size);
      expect(results.score?.value).toBe(0.5);
    }
  });

  it('have items by number', async () => {
    expect((await at({ r: ROWS.join('\n') }, '/2/s')).score?.value).toBe(0.5);
    expect(await problemsAt({ r: ROWS.join('\n') }, '/3/s')).toMatchObject([
      { message: '"/3/s" finds nothing in r: the document is an array of 3 items' },
    ]);
    expect(await problemsAt({ r: ROWS.join('\n') }, '/s')).toMatchObject([
      { message: '"/s" finds nothing in r: the document is an array of 3 items' },
    ]);
  });

  it('may be a single line only in a file that is named so', async () => {
    expect((await at({ 'r.jsonl': '{"s": 1}' }, '/*/s')).score?.value).toBe(1);
    expect((await at({ 'r.json': '{"s": 1}\n' }, '/s')).score?.value).toBe(1);
    expect((await at({ 'r.json': '\n{"s":\n 1}\n' }, '/s')).score?.value).toBe(1);
    expect((await at({ 'r.json': '{"s": 1}\n \n' }, '/s')).score?.value).toBe(1);
    expect((await at({ 'r.jsonl.json': '{"s": 1}' }, '/s')).score?.value).toBe(1);
    expect((await at({ 'r-jsonl': '{"s": 1}' }, '/s')).score?.value).toBe(1);
  });

  it('may hold NaN', async () => {
    expect(await problemsAt({ 'r.jsonl': '{"s": NaN}\n{"s": 1}' }, '/*/s')).toMatchObject([
      { message: expect.stringContaining('1 of 2 places in r.jsonl: /0/s is null') },
    ]);
  });

  it.each([
    ['r.json', '{"s": 1}\n\n{"s": 0', 'line 3, column 8: expected a comma or }, found the end of the text'],
    ['r.jsonl', '\n{"s": 1\n{"s": 0}', 'line 2, column 8: expected a comma or }, found the end of the text'],
    ['r.json', '{"s": 1\n{"s": 0}', 'line 2, column 1: expected a comma or }, found {'],
    ['r.json', '\n\n{"s": 1}\n{"s": 0', 'line 4, column 8: expected a comma or }, found the end of the text'],
    ['r.json', '{"s": 1}\n{"s": 0} 1', 'line 2, column 10: expected nothing more, found 1'],
  ])('that are cut off are an error with the line: %s, %j', async (name, content, message) => {
    expect(await problemsAt({ [name]: content }, '/*/s')).toEqual([
      { name: 'results_file', message: `${name} is not JSON: ${message}` },
    ]);
  });

  it('that are nested too deeply are an error with the line', async () => {
    expect(await problemsAt({ r: `1\n${'['.repeat(1001)}` }, '/*')).toMatchObject([
      { message: 'r is nested too deeply: line 2, column 1001: more than 1000 levels' },
    ]);
  });
});
