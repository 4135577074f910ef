import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import * as z from 'zod/mini';
import { defaults } from '../../action.yml';
import { parsedBy } from '../../src/inputs/forms.ts';
import {
  CLEARABLE,
  defaultInputs,
  FIELDS_FILE_INPUTS,
  type InputName,
  readFields,
  readInputs,
} from '../../src/inputs/inputs.ts';
import { type JsonObject, parseExactJson } from '../../src/json.ts';

const ID = '3c90c3cc-0d44-4b50-8888-8dd25736052a';
const KEY = 'op-0123456789abcdef';
const NOW = new Date('2026-04-07T13:33:27.179Z');
const NAMES = Object.keys(defaults) as InputName[];

type Given = Partial<Record<InputName, string>>;
const read = (given: Given, environmentKey?: string) =>
  readInputs((name) => given[name as InputName] ?? '', environmentKey, NOW);

/** The result for one input, regardless of the others: its value, or what is wrong with it. */
function outcomeOf(name: InputName, text: string) {
  const { values, problems } = read({ [name]: text });
  const wrong = problems.filter((problem) => problem.name === name).map(({ message }) => message);
  return wrong.length > 0 ? { wrong: wrong.join('\n') } : { value: values[name] };
}

const words = (text: string) => text.trim().split(/\s+/);
/** Texts that these inputs accept, and their values. */
const means = (names: string, rows: readonly [text: string, value: unknown][]) =>
  words(names).flatMap((name) => rows.map(([text, value]) => [name as InputName, text, value] as const));
/** Texts that these inputs reject, each with an error that matches `why`. */
const refused = (names: string, why: RegExp, ...texts: string[]) =>
  words(names).flatMap((name) => texts.map((text) => [name as InputName, text, why] as const));

const BOOLEANS = 'results_metrics ci_meta fail_on_api_error dry_run summary';
const IDS = 'span_id parent_id trace_id';
const TEXTS = 'error name type input output';
const TIMES = 'end_time start_time';
const NUMBERS = 'score score_scale min_score max_drop timeout_seconds';
const CHOICES = {
  operation: 'update get create track',
  results_format: 'auto junit ctrf promptfoo jest json fields',
  case_spans: 'none failed all',
  meta_mode: 'merge replace',
  job_status: 'success failure cancelled',
};

const ACCEPTED = [
  ...Object.entries(CHOICES).flatMap(([name, choices]) =>
    means(
      name,
      words(choices).map((word) => [` ${word}\n`, word]),
    ),
  ),
  ...means(IDS, [[`\r\n ${ID.toUpperCase()}\t\n`, ID.toUpperCase()]]),
  ...means('api_key', [
    [`\n \t${KEY} \r\n`, KEY],
    ['!"~ x', '!"~ x'],
    ['Bearers', 'Bearers'],
    ['op-bearer x', 'op-bearer x'],
  ]),
  ...means('base_url', [
    ['https://eu.opper.ai/v2///', 'https://eu.opper.ai/v2'],
    [' HTTPS://EU.opper.ai:443/V2\r\n', 'https://eu.opper.ai/V2'],
    ['https://gateway.example/spans/v2', 'https://gateway.example/spans/v2'],
    ['http://127.10.20.30:8080', 'http://127.10.20.30:8080'],
    ['http://localhost:1/', 'http://localhost:1'],
    ['http://[::1]:1', 'http://[::1]:1'],
  ]),
  ...means('score min_score', [
    [' \n9\r\n', 9],
    ['-3', -3],
    ['+3', 3],
    ['-0', -0],
    ['9.0', 9],
    ['9.', 9],
    ['.87', 0.87],
    ['1e2', 100],
    ['1.5E+1', 15],
    ['1e015', 1e15],
    ['-9007199254740991', -9007199254740991],
  ]),
  ...means('score_scale', [[' 0.1 ', 0.1]]),
  ...means('baseline', [
    [' main\n', 'main'],
    ['refs/heads/release/1', 'release/1'],
    ['x/refs/heads/y', 'x/refs/heads/y'],
  ]),
  ...means('max_drop', [
    ['0', 0],
    ['2.5', 2.5],
  ]),
  ...means(TEXTS, [
    [' first\r\nsecond \n\r\n\n', ' first\r\nsecond '],
    ['::error::%0A ${{ x }}\u2028', '::error::%0A ${{ x }}\u2028'],
    [' ', ' '],
    ['\r\n\n', undefined],
  ]),
  ...means('meta', [
    [' \n{"a": [1, null]}\r\n', { a: [1, null] }],
    ['{}', {}],
  ]),
  ...means('meta_file', [[' results/my meta.json\n', 'results/my meta.json']]),
  ...means(TIMES, [
    [' now\n', '2026-04-07T13:33:27.179Z'],
    ['2026-04-07T15:33:27.179710+02:00', '2026-04-07T15:33:27.179710+02:00'],
    ['1775568807.5', '2026-04-07T13:33:27.5Z'],
    ['1775568807179', '2026-04-07T13:33:27.179Z'],
  ]),
  ...means('clear', [
    ['output, error\n\tscore,,error ', ['output', 'error', 'score']],
    [CLEARABLE.join(), CLEARABLE],
    [' , ', undefined],
  ]),
  ...means('results_file', [['\n a b.xml \r\n\r\nc,d.xml', ['a b.xml', 'c,d.xml']]]),
  ...means(
    'score_pointer',
    ['/', '/a b/0', '/a~1b~0c', '//'].map((pointer) => [pointer, pointer]),
  ),
  ...means('metrics_pointer', [['\n /a/* \r\n\r\n/a b~1c', ['/a/*', '/a b~1c']]]),
  ...means(
    'results_outcome',
    ['success', 'failure', 'cancelled', 'skipped'].map((outcome) => [outcome, outcome]),
  ),
  ...means('metrics', [
    ['{"a": 1.50, "__proto__": 2}', { a: { value: 1.5 }, ['__proto__']: { value: 2 } }],
    ['{"a": {"value": -1e2, "comment": "c"}}', { a: { value: -100, comment: 'c' } }],
    ['{"a": {"value": 1, "comment": null}}', { a: { value: 1 } }],
  ]),
  ...means('max_case_spans', [
    ['1', 1],
    [' 1000\n', 1000],
  ]),
  ...means(BOOLEANS, [
    [' True\n', true],
    ['FALSE', false],
  ]),
  ...means('timeout_seconds', [
    ['0.001', 0.001],
    [' 3600 ', 3600],
  ]),
  ...means('retries', [
    ['0', 0],
    [' 10\n', 10],
  ]),
  ...means('job_matrix', [
    ['null', null],
    ['{\n  "os": "linux",\n  "n": 1\n}', { os: 'linux', n: 1 }],
  ]),
  ...means('job_check_run_id', [['41234567890', '41234567890']]),
];

const REFUSED = [
  ...Object.entries(CHOICES).flatMap(([name, choices]) =>
    refused(name, new RegExp(words(choices).join(', ')), 'other', choices.toUpperCase()),
  ),
  ...refused('max_drop', /below 0/, '-1'),
  ...refused(IDS, /UUID/, ID.slice(1), `${ID}0`, `${ID}\n${ID}`, `{${ID}}`, ID.replaceAll('-', ''), '../x'),
  ...refused(
    'api_key',
    /printable ASCII/,
    ...['\n', '\r', '\0', 'é', '\x7f'].map((end) => `${KEY}${end}${KEY}`),
  ),
  ...refused('api_key', /Bearer.*Remove/, `Bearer ${KEY}`, `bearer  ${KEY}`, 'Bearer '),
  ...refused('base_url', /host/, 'https://a\tb/v2', 'https://ho st/v2', 'https://a.example/\nv2'),
  ...refused(
    'base_url',
    /host/,
    ...words(`api.opper.ai/v2 https:// https:///v2 https:h/v2 https:\\\\h https://\\h https://:443 file:///v2
      https:h/https://h https://me:${KEY}@/v2`),
  ),
  ...refused(
    'base_url',
    /https:/,
    ...words(`http://api.opper.ai/v2 http://localhost.evil.example http://notlocalhost ftp://127.0.0.1
      http://127.0.0.1.evil.example http://evil.example/127.0.0.1 http://localhost@evil.example`),
  ),
  ...refused('base_url', /password.*@/, ...words(`https://me:${KEY}@a.b https://me@a.b https://:${KEY}@a.b`)),
  ...refused(
    'base_url',
    /query or fragment/,
    ...words(`https://a.b?key=${KEY} https://a.b/v2? https://a.b/v2#${KEY} https://a.b/v2#`),
  ),
  ...refused(
    'base_url',
    /spans.*span.*Remove/,
    ...words(
      `https://a.b/spans https://a.b/v2/spans/ https://a.b/v2/spans/${ID} https://a.b/${ID.toUpperCase()}/`,
    ),
  ),
  ...refused(
    NUMBERS,
    /number/,
    ...words('high NaN Infinity 1e400 null 0x10 1_000 1,5 --1 1e . e5 9% ٩'),
    '1 000',
  ),
  ...refused('score_scale', /above 0/, '0', '0.0', '-100'),
  ...refused('meta', /^is an array, expected a JSON object such as \{"dataset": "v3"}$/, '[1]'),
  ...refused('meta', /a string.*object/, '"a"'),
  ...refused('meta', /a number.*object/, '12345678901234567890'),
  ...refused('meta', /null.*object/, 'null'),
  ...refused('meta', /line 3, column 9/, '\n\n  {"a": }\n'),
  ...refused('meta', /deep.*column 1006.*1000/, `{"a": ${'['.repeat(1000)}${']'.repeat(1000)}}`),
  ...refused(TIMES, /no offset/, '2026-04-07T13:33:27'),
  ...refused(TIMES, /not exist/, '2026-02-29T00:00:00Z'),
  ...refused(TIMES, /not a time/, 'yesterday'),
  ...refused(
    'clear',
    /"trace_id" is not one of the fields that can be cleared: score, error, meta, .*output/,
    'score, trace_id',
    'trace_id',
  ),
  ...refused('clear', /"name" /, 'name', 'score name'),
  ...refused('results_outcome', /is not one of success, failure, cancelled, skipped/, 'failed'),
  ...refused('score_pointer', /JSON Pointer/, ...words('a $.a /a~ /~2 #/a')),
  ...refused('metrics_pointer', /"b" is not a JSON Pointer/, 'b', '/a\nb'),
  ...refused('metrics', /an array.*object such as {"accuracy"/, '[]'),
  ...refused('metrics', /line 1, column 7/, '{"a": }'),
  ...refused('metrics', /has "1" for "a", expected a number/, '{"a": "1"}'),
  ...refused('metrics', /has null for "a"/, '{"b": 1, "a": null}'),
  ...refused('metrics', /has 1e400 for "a"/, '{"a": 1e400}'),
  ...refused('metrics', /for "a"/, '{"a": {"comment": "c"}}', '{"a": {"value": 1, "x": 2}}'),
  ...refused('metrics', /for "a"/, '{"a": {"value": 1, "comment": 2}}'),
  ...refused('metrics', /without a name/, '{" ": 1}'),
  ...refused(
    'max_case_spans',
    /^\S+ is not a whole number from 1 to 1000$/,
    ...words('0 1001 1.5 0.5 1000.5 1e300 all'),
  ),
  ...refused(BOOLEANS, /true or false/, ...words('yes 1 truefalse on')),
  ...refused(
    'timeout_seconds',
    /^\S+ is not a number of seconds from 0.001 to 3600$/,
    ...words('0 -1 0.0001 3600.001 10s'),
  ),
  ...refused('retries', /^\S+ is not a whole number from 0 to 10$/, ...words('11 -1 0.5 -0.5 10.5 three')),
  ...refused('job_matrix', /line 1, column 2/, '{'),
];

describe('an input', () => {
  it.each(ACCEPTED)('%s %j means %j', (name, text, value) => {
    expect(outcomeOf(name, text)).toStrictEqual({ value });
  });

  it.each(REFUSED)('%s may not be %j', (name, text, why) => {
    expect(outcomeOf(name, text)).toEqual({ wrong: expect.stringMatching(why) });
  });

  it('that is rejected is quoted, unless it may contain a secret', () => {
    const secret = REFUSED.filter(([name]) => name === 'api_key' || name === 'base_url');
    const outcomes = secret.map(([name, text]) => JSON.stringify(outcomeOf(name, text)));
    expect(outcomes.filter((text) => text.includes(KEY) || text.includes('evil'))).toEqual([]);
    expect(outcomeOf('retries', 'three')).toEqual({ wrong: expect.stringMatching(/^"three" /) });
    expect(outcomeOf('score', 'x'.repeat(9999)).wrong?.length).toBeLessThan(300);
  });

  it('with numbers as JSON keeps their digits', () => {
    const meta = '{"id":12345678901234567890,"rate":[1.0,-0,0.1234567890123456789],"__proto__":{"a":1e400}}';
    expect(JSON.stringify(read({ meta }).values.meta)).toBe(meta);
  });
});

test('a bug in a form is not reported as bad input', () => {
  const form = parsedBy(() => {
    throw new RangeError('Maximum call stack size exceeded');
  });
  expect(() => z.safeParse(form, 'x')).toThrow(RangeError);
});

describe('the inputs', () => {
  it('get the defaults of action.yml if they are empty or blank', () => {
    const { values, problems } = read({});
    expect({ values, problems }).toStrictEqual({
      values: {
        operation: 'update',
        base_url: 'https://api.opper.ai/v2',
        results_format: 'auto',
        results_metrics: false,
        case_spans: 'none',
        max_case_spans: 100,
        meta_mode: 'merge',
        ci_meta: true,
        fail_on_api_error: true,
        dry_run: false,
        summary: true,
        timeout_seconds: 10,
        retries: 3,
      },
      problems: [],
    });
    expect(defaultInputs()).toStrictEqual(values);
    const blank = NAMES.filter((name) => !words(TEXTS).includes(name)).map((name) => [name, ' \r\n']);
    expect(read(Object.fromEntries(blank))).toStrictEqual({ values, problems });
  });

  it('are those of action.yml, each read once', () => {
    const asked: string[] = [];
    const { values, problems } = readInputs((name) => `\0${asked.push(name)}`, undefined, NOW);
    expect(asked).toEqual(NAMES);
    const read = [...Object.keys(values), ...problems.map(({ name }) => name)];
    expect(read.sort()).toEqual([...NAMES].sort());
  });

  it('report all problems at once, in the order of action.yml, and the valid ones are read', () => {
    const bad: Given = Object.fromEntries(REFUSED.map(([name, text]) => [name, text]));
    const good: Given = Object.fromEntries(ACCEPTED.map(([name, text]) => [name, text]));
    const fine = NAMES.filter((name) => bad[name] === undefined);
    const { values, problems } = read({ ...good, ...bad });
    expect(problems.map(({ name }) => name)).toEqual(NAMES.filter((name) => bad[name] !== undefined));
    expect(problems).toEqual(NAMES.flatMap((name) => read({ [name]: bad[name] ?? '' }).problems));
    expect(fine.filter((name) => values[name] === undefined)).toEqual(
      fine.filter((name) => read({ [name]: good[name] ?? '' }).values[name] === undefined),
    );
    expect(Object.keys(values).filter((name) => bad[name as InputName] !== undefined)).toEqual([]);
  });

  it.each([
    [`${KEY}\r\n`, 'op-other', KEY],
    ['', ` ${KEY}\n`, KEY],
    [' \n', KEY, KEY],
    ['', undefined, undefined],
    ['', '\n', undefined],
  ])('get the key from the environment if they have none: %j and %j give %j', (api_key, environment, key) => {
    expect(read({ api_key }, environment)).toEqual({
      values: { ...defaultInputs(), ...(key && { api_key: key }) },
      problems: [],
    });
  });

  it('reject a bad key from the environment too', () => {
    const { problems } = read({}, `Bearer ${KEY}`);
    expect(problems).toEqual([{ name: 'api_key', message: expect.stringMatching(/^(?!.*op-).*Bearer/) }]);
  });

  it('accept any text, or reject it with the name of its input', () => {
    const texts = [...ACCEPTED, ...REFUSED].map(([, text]) => text).filter((text) => text.length < 99);
    const nearby = fc.oneof(
      fc.constantFrom(...texts),
      fc.string({ unit: 'binary' }),
      fc.json(),
      fc.double().map(String),
    );
    const given = fc.dictionary(fc.constantFrom(...NAMES), nearby, { maxKeys: 4 });
    fc.assert(
      fc.property(given, (given) => {
        const { values, problems } = read(given as Given);
        const wrong = problems.map(({ name }) => name as InputName);
        expect(Object.keys(given)).toEqual(expect.arrayContaining(wrong));
        expect(wrong.filter((name) => values[name] !== undefined)).toEqual([]);
        const others = NAMES.filter((name) => !Object.hasOwn(given, name));
        expect(others.map((name) => values[name])).toEqual(others.map((name) => defaultInputs()[name]));
      }),
      { numRuns: 300 },
    );
  });

  // A form with quadratic time would take minutes.
  it.each(['\n', '/', ' ', '1', '"', '[', '\\n', 'a', ',', '.'])(
    'with a text of 200,000 times %j are read or rejected',
    (unit) => {
      const text = unit.repeat(200_000);
      for (const each of [`${text}x`, `/${text}~`, `https://x/${text}x`, `{"a": "${text}`, `"${text}"`]) {
        const { values, problems } = read(Object.fromEntries(NAMES.map((name) => [name, each])));
        expect(Object.keys(values).length + problems.length).toBeGreaterThan(NAMES.length - 4);
      }
    },
  );
});

describe('a fields file', () => {
  const readText = (text: string) => readFields(parseExactJson(text) as JsonObject, 'result.json', NOW);
  const results = (why: RegExp) => [{ name: 'results_file', message: expect.stringMatching(why) }];

  it.each([
    ['{"score": 1.0, "score_scale": "1e2"}', { score: 1, score_scale: 100 }],
    ['{"score": " .87 "}', { score: 0.87 }],
    [
      '{"error": "a\\n\\n", "name": 12, "input": {"a": 1.0}, "output": ["b"]}',
      { error: 'a', name: '12', input: '{"a":1.0}', output: '["b"]' },
    ],
    ['{"meta": "{\\"a\\": 1}", "metrics": {"b": 2.0}}', { meta: { a: 1 }, metrics: { b: { value: 2 } } }],
    ['{"clear": ["score", "error", "score"]}', { clear: ['score', 'error'] }],
    ['{"clear": "score,error"}', { clear: ['score', 'error'] }],
    [
      '{"end_time": 1775568807.50, "start_time": "now"}',
      { end_time: '2026-04-07T13:33:27.50Z', start_time: NOW.toISOString() },
    ],
    ['{"type": null, "name": "n", "error": "", "clear": []}', { name: 'n' }],
  ])('%s has values in the same forms as the inputs', (text, values) => {
    expect(readText(text)).toEqual({ values, problems: [] });
  });

  it('keeps the digits of its meta', () => {
    expect(JSON.stringify(readText('{"meta": {"a": 1.0, "b": -0}}').values.meta)).toBe('{"a":1.0,"b":-0}');
  });

  it('may contain only what can be recorded', () => {
    const others = NAMES.filter((name) => !FIELDS_FILE_INPUTS.some((field) => field === name));
    const document = Object.fromEntries([...FIELDS_FILE_INPUTS, ...others].map((name) => [name, 'x']));
    const { message } = readFields(document, 'result.json', NOW).problems.at(-1) ?? {};
    for (const name of others) expect(message).toContain(`"${name}"`);
    for (const name of FIELDS_FILE_INPUTS) expect(message).not.toContain(`"${name}"`);
    expect(message).toContain(FIELDS_FILE_INPUTS.join(', '));
    expect(readText('{"score": 1, "__proto__": 2, "toString": 3}')).toEqual({
      values: { score: 1 },
      problems: results(/result\.json .*"__proto__", "toString"/),
    });
  });

  it('reports each problem with the names of the field and the file, and the other fields are read', () => {
    const text =
      '{"score": 1e400, "score_scale": 0, "end_time": 17, "clear": ["name"], "meta": [1], "metrics": 1, "name": "n", "bogus": 1}';
    const { values, problems } = readText(text);
    expect(values).toEqual({ name: 'n' });
    expect(problems.map(({ name, message }) => [name, message])).toEqual([
      ['score in result.json', expect.stringMatching(/^1e400 .*number/)],
      ['meta in result.json', expect.stringMatching(/an array/)],
      ['end_time in result.json', expect.stringMatching(/2 digits/)],
      ['score_scale in result.json', expect.stringMatching(/above 0/)],
      ['clear in result.json', expect.stringMatching(/"name"/)],
      ['metrics in result.json', expect.stringMatching(/a number/)],
      ['results_file', expect.stringMatching(/"bogus"/)],
    ]);
  });

  it('with one bad value and nothing else has one problem', () => {
    expect(readText('{"score": "x"}').problems.map(({ name }) => name)).toEqual(['score in result.json']);
  });

  it.each([
    '{}',
    '{"score": null, "error": null}',
    '{"score": ""}',
    '{"error": "\\n", "clear": []}',
    '{"score_scale": 100}',
  ])('%s sets no field, which is an error', (text) => {
    expect(readText(text).problems).toEqual(results(/result\.json .*nothing/));
  });
});
