import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import * as z from 'zod/mini';
import { SpanPatch } from '../../src/api/span.ts';
import { InputError, type Problem } from '../../src/errors.ts';
import {
  type InputName,
  type Inputs,
  parseInputs,
  parseResultsRequest,
  type RawInputs,
  rawInputsOf,
} from '../../src/inputs/inputs.ts';
import type { ResultsFormat, ResultsRequest } from '../../src/results/results.ts';

const ID = '3c90c3cc-0d44-4b50-8888-8dd25736052a';
const KEY = 'op-0123456789abcdef';
const NOW = new Date('2026-04-07T13:33:27.179Z');

type Given = Partial<Record<InputName, string>>;
/** What the inputs mean: the checked inputs, and where results are read from. */
type Meaning = Inputs & { readonly results: ResultsRequest | undefined };

/** The inputs of a workflow that names the span, and those in `given`. */
function rawOf(given: Given): RawInputs {
  const all: Given = { span_id: ID, ...given };
  return rawInputsOf((name) => all[name as InputName] ?? '');
}

/** What the inputs mean, or what is wrong with them. */
function outcomeOf(given: Given): Meaning | readonly Problem[] {
  const raw = rawOf(given);
  try {
    return { ...parseInputs(raw, NOW), results: parseResultsRequest(raw) };
  } catch (error) {
    if (error instanceof InputError) return error.problems;
    throw error;
  }
}

/** What a workflow asks for that names the span and nothing else: action.yml's defaults. */
const DEFAULTS: Meaning = {
  spanId: ID,
  apiKey: undefined,
  baseUrl: 'https://api.opper.ai/v2',
  operation: 'update',
  fields: {},
  meta: undefined,
  metaFile: undefined,
  metaMode: 'merge',
  clear: [],
  scoreScale: undefined,
  minScore: undefined,
  ciMeta: true,
  jobStatus: undefined,
  jobMatrix: undefined,
  jobCheckRunId: undefined,
  dryRun: false,
  summary: true,
  failOnApiError: true,
  timeoutMs: 10_000,
  retries: 3,
  results: undefined,
};

const score = (value: number) => ({ fields: { score: value } });
const scaled = (value: number, digits: bigint, exponent = 0) => ({
  fields: { score: value },
  scoreScale: { digits, exponent },
});
/** What a file of the format `fields` may name. */
const FIELD_NAMES = [
  'score',
  'error',
  'meta',
  'end_time',
  'start_time',
  'name',
  'type',
  'input',
  'output',
  'score_scale',
  'clear',
];
const resultsFrom = (pattern: string, format: ResultsFormat, scorePointer?: string) => ({
  results: { pattern, format, scorePointer, fieldNames: FIELD_NAMES },
});
const endTime = (value: string) => ({ fields: { end_time: value } });
const wrong = (name: InputName, message: string, found?: string): Problem[] => [
  { name, message, ...(found !== undefined && { found }) },
];

const NOT_A_UUID = 'is not a UUID such as 3c90c3cc-0d44-4b50-8888-8dd25736052a';
const NOT_PRINTABLE =
  'has a line break or a character that is not printable ASCII. Check the secret it comes from';
const NOT_A_URL = 'is not a URL such as https://api.opper.ai/v2';
const NOT_HTTPS =
  'has to begin with https:// (http:// only to a loopback address), so that the key is not sent in the clear';
const QUERY = 'holds a query or fragment. Drop what begins at the ? or #';
const USER_INFO = 'holds user info. Drop what stands before the @';
const NOT_A_NUMBER = 'is not a number such as 9 or 0.87';
const NOT_A_SCORE = 'is not a number such as 87, or 0.87 with score_scale 100';
const NOT_AN_INTEGER =
  'is not an integer, and the API takes no other. Set score_scale to record a fraction: 0.87 with score_scale 100 records 87';
const TOO_LARGE = 'is beyond ±9007199254740991, the integers that JSON carries safely';
const NOT_A_TIME =
  'is not a time. Write now, a time such as 2026-04-07T13:33:27Z, or Unix time (10 digits for seconds, 13 for milliseconds)';
const NO_OFFSET = 'has no offset. Add Z for UTC, or one such as +02:00';
const IMPOSSIBLE = 'is a date or time that does not exist';
const NOT_CLEARABLE =
  'is not among the fields that can be cleared: score, error, meta, end_time, start_time, name, type, input, output';
const NOT_SECONDS = 'is not a number of seconds from 0.001 to 3600';
const NOT_RETRIES = 'is not a whole number from 0 to 10';
const NOT_A_BOOLEAN = 'is not true or false';
const NOT_A_POINTER = 'is not a JSON Pointer such as /summary/accuracy';
const NOT_A_FORMAT = 'is not one of auto, junit, ctrf, promptfoo, jest, json, fields';
const notAnObject = (kind: string) => `is ${kind}, expected a JSON object such as {"dataset": "v3"}`;

/** Every form of SPEC.md's table, with what it means or what is wrong with it. */
const TABLE: [given: Given, expected: Partial<Meaning> | readonly Problem[]][] = [
  [{}, {}],

  [{ span_id: `\r\n ${ID.toUpperCase()}\t\n` }, { spanId: ID.toUpperCase() }],
  [{ span_id: '' }, { spanId: undefined }],
  [{ span_id: ' \n' }, { spanId: undefined }],
  [{ span_id: ID.slice(1) }, wrong('span_id', NOT_A_UUID, ID.slice(1))],
  [{ span_id: `${ID}0` }, wrong('span_id', NOT_A_UUID, `${ID}0`)],
  [{ span_id: `${ID}\n${ID}` }, wrong('span_id', NOT_A_UUID, `${ID}\n${ID}`)],
  [{ span_id: `{${ID}}` }, wrong('span_id', NOT_A_UUID, `{${ID}}`)],
  [{ span_id: ID.replaceAll('-', '') }, wrong('span_id', NOT_A_UUID, ID.replaceAll('-', ''))],
  [{ span_id: '../traces' }, wrong('span_id', NOT_A_UUID, '../traces')],

  [{ api_key: `${KEY}\r\n` }, { apiKey: KEY }],
  [{ api_key: `\n \t${KEY} ` }, { apiKey: KEY }],
  [{ api_key: ' \n' }, {}],
  [{ api_key: '!"~ x' }, { apiKey: '!"~ x' }],
  [{ api_key: 'op-\none' }, wrong('api_key', NOT_PRINTABLE)],
  [{ api_key: 'op-\rone' }, wrong('api_key', NOT_PRINTABLE)],
  [{ api_key: 'op-\0one' }, wrong('api_key', NOT_PRINTABLE)],
  [{ api_key: 'op-é' }, wrong('api_key', NOT_PRINTABLE)],
  [{ api_key: 'op-\x7f' }, wrong('api_key', NOT_PRINTABLE)],

  [{ base_url: 'https://eu.opper.ai/v2/' }, { baseUrl: 'https://eu.opper.ai/v2' }],
  [{ base_url: 'https://eu.opper.ai/v2///' }, { baseUrl: 'https://eu.opper.ai/v2' }],
  [{ base_url: ' HTTPS://EU.opper.ai:443/V2\r\n' }, { baseUrl: 'https://eu.opper.ai/V2' }],
  [{ base_url: 'https://eu.opper.ai' }, { baseUrl: 'https://eu.opper.ai' }],
  [{ base_url: 'http://127.0.0.1:8080/v2' }, { baseUrl: 'http://127.0.0.1:8080/v2' }],
  [{ base_url: 'http://127.1.2.3' }, { baseUrl: 'http://127.1.2.3' }],
  [{ base_url: 'http://127.10.20.30' }, { baseUrl: 'http://127.10.20.30' }],
  [{ base_url: 'http://localhost:1/' }, { baseUrl: 'http://localhost:1' }],
  [{ base_url: 'http://[::1]:1' }, { baseUrl: 'http://[::1]:1' }],
  [{ base_url: 'http://api.opper.ai/v2' }, wrong('base_url', NOT_HTTPS)],
  [{ base_url: 'http://localhost.evil.example' }, wrong('base_url', NOT_HTTPS)],
  [{ base_url: 'http://notlocalhost' }, wrong('base_url', NOT_HTTPS)],
  [{ base_url: 'http://127.0.0.1.evil.example' }, wrong('base_url', NOT_HTTPS)],
  [{ base_url: 'http://evil.example/127.0.0.1' }, wrong('base_url', NOT_HTTPS)],
  [{ base_url: 'http://localhost@evil.example' }, wrong('base_url', NOT_HTTPS)],
  [{ base_url: 'ftp://127.0.0.1' }, wrong('base_url', NOT_HTTPS)],
  [{ base_url: 'file:///v2' }, wrong('base_url', NOT_HTTPS)],
  [{ base_url: 'api.opper.ai/v2' }, wrong('base_url', NOT_A_URL)],
  [{ base_url: 'https://' }, wrong('base_url', NOT_A_URL)],
  [{ base_url: 'https://me:pass@api.opper.ai' }, wrong('base_url', USER_INFO)],
  [{ base_url: 'https://me@api.opper.ai' }, wrong('base_url', USER_INFO)],
  [{ base_url: 'https://:pass@api.opper.ai' }, wrong('base_url', USER_INFO)],
  [{ base_url: 'https://api.opper.ai?a=1' }, wrong('base_url', QUERY)],
  [{ base_url: 'https://api.opper.ai/v2?' }, wrong('base_url', QUERY)],
  [{ base_url: 'https://api.opper.ai/v2#x' }, wrong('base_url', QUERY)],
  [{ base_url: 'https://api.opper.ai/v2#' }, wrong('base_url', QUERY)],

  [{ score: '9' }, score(9)],
  [{ score: ' \n9\r\n' }, score(9)],
  [{ score: '-3' }, score(-3)],
  [{ score: '+3' }, score(3)],
  [{ score: '0' }, score(0)],
  [{ score: '-0' }, score(0)],
  [{ score: '007' }, score(7)],
  [{ score: '9.0' }, score(9)],
  [{ score: '9.' }, score(9)],
  [{ score: '1e2' }, score(100)],
  [{ score: '1.5E+1' }, score(15)],
  [{ score: '900e-2' }, score(9)],
  [{ score: '9007199254740991' }, score(9007199254740991)],
  [{ score: '-9007199254740991' }, score(-9007199254740991)],
  [{ score: '0e400' }, score(0)],
  [{ score: '9007199254740992' }, wrong('score', TOO_LARGE, '9007199254740992')],
  [{ score: '-9007199254740992' }, wrong('score', TOO_LARGE, '-9007199254740992')],
  [{ score: '9007199254740993' }, wrong('score', TOO_LARGE, '9007199254740993')],
  [{ score: '1e400' }, wrong('score', TOO_LARGE, '1e400')],
  [{ score: '0.87' }, wrong('score', NOT_AN_INTEGER, '0.87')],
  [{ score: '.87' }, wrong('score', NOT_AN_INTEGER, '.87')],
  [{ score: '9.0000000000000000001' }, wrong('score', NOT_AN_INTEGER, '9.0000000000000000001')],
  [{ score: '1e-400' }, wrong('score', NOT_AN_INTEGER, '1e-400')],
  ...[
    'high',
    'NaN',
    'Infinity',
    '-Infinity',
    'null',
    '0x10',
    '1_000',
    '1,5',
    '1 000',
    '--1',
    '1e',
    'e5',
    '.',
    '-.',
    '9%',
    '9/10',
    '٩',
    '1e999999999',
  ].map((text): [Given, Problem[]] => [{ score: text }, wrong('score', NOT_A_SCORE, text)]),

  [{ score: '0.87', score_scale: '100' }, scaled(87, 100n)],
  [{ score: '.87', score_scale: '1e2' }, scaled(87, 1n, 2)],
  [{ score: '0.285', score_scale: '100' }, scaled(29, 100n)],
  [{ score: '-0.285', score_scale: '100' }, scaled(-29, 100n)],
  [{ score: '1.005', score_scale: '100' }, scaled(101, 100n)],
  [{ score: '0.2849999999999999999999', score_scale: '100' }, scaled(28, 100n)],
  [{ score: '-0.5', score_scale: '1' }, scaled(-1, 1n)],
  [{ score: '0.4', score_scale: '1.25' }, scaled(1, 125n, -2)],
  [{ score: '87', score_scale: '0.1' }, scaled(9, 1n, -1)],
  [{ score: '-0.001', score_scale: '100' }, scaled(0, 100n)],
  [{ score: '1e-400', score_scale: '1e400' }, scaled(1, 1n, 400)],
  [{ score: '9007199254740990.5', score_scale: '1' }, scaled(9007199254740991, 1n)],
  [{ score_scale: ' 100 ' }, { scoreScale: { digits: 100n, exponent: 0 } }],
  [
    { score: '9007199254740991.5', score_scale: '1' },
    wrong('score', `times score_scale ${TOO_LARGE}`, '9007199254740991.5'),
  ],
  [{ score: '1e300', score_scale: '1e300' }, wrong('score', `times score_scale ${TOO_LARGE}`, '1e300')],
  [{ score_scale: '0' }, wrong('score_scale', 'has to be above 0', '0')],
  [{ score_scale: '0.0' }, wrong('score_scale', 'has to be above 0', '0.0')],
  [{ score_scale: '-100' }, wrong('score_scale', 'has to be above 0', '-100')],
  [{ score: '0.87', score_scale: 'percent' }, wrong('score_scale', NOT_A_NUMBER, 'percent')],
  [{ score: '1e20', score_scale: '0' }, wrong('score_scale', 'has to be above 0', '0')],

  [{ error: ' first\r\nsecond \n\r\n\n' }, { fields: { error: ' first\r\nsecond ' } }],
  [{ error: '\n' }, {}],
  [{ error: '\r\n\n' }, {}],
  [{ error: ' ' }, { fields: { error: ' ' } }],
  [{ error: '::error::%0A ${{ x }}' }, { fields: { error: '::error::%0A ${{ x }}' } }],
  [{ name: 'Eval \n' }, { fields: { name: 'Eval ' } }],
  [{ type: 'null' }, { fields: { type: 'null' } }],
  [{ input: '{"a": 1}' }, { fields: { input: '{"a": 1}' } }],
  [{ output: '\n\u2028' }, { fields: { output: '\n\u2028' } }],

  [{ meta: '{}' }, { meta: {} }],
  [{ meta: ' \n{"a": [1, null]}\r\n' }, { meta: { a: [1, null] } }],
  [{ meta: '\n' }, {}],
  [{ meta: '[1]' }, wrong('meta', notAnObject('an array'))],
  [{ meta: '"a"' }, wrong('meta', notAnObject('a string'))],
  [{ meta: 'null' }, wrong('meta', notAnObject('null'))],
  [{ meta: 'true' }, wrong('meta', notAnObject('a boolean'))],
  [{ meta: '12345678901234567890' }, wrong('meta', notAnObject('a number'))],
  [
    { meta: '{\n  "a": 1,\n  b: 2}' },
    wrong('meta', 'is not JSON: line 3, column 3: expected a key in double quotes, found b'),
  ],
  [{ meta: '\n\n  {"a": }\n' }, wrong('meta', 'is not JSON: line 3, column 9: expected a value, found }')],
  [
    { meta: `{"a": ${'['.repeat(1000)}${']'.repeat(1000)}}` },
    wrong('meta', 'is nested too deeply: line 1, column 1006: more than 1000 levels'),
  ],
  [{ meta_file: ' results/my meta.json\n' }, { metaFile: 'results/my meta.json' }],
  [{ meta_mode: ' replace ' }, { metaMode: 'replace' }],
  [{ meta_mode: 'merge' }, { metaMode: 'merge' }],
  [{ meta_mode: 'Merge' }, wrong('meta_mode', 'is not one of merge, replace', 'Merge')],

  [{ end_time: ' now\n' }, endTime('2026-04-07T13:33:27.179Z')],
  [{ start_time: '2026-04-07T13:33:27Z' }, { fields: { start_time: '2026-04-07T13:33:27Z' } }],
  [{ end_time: '2026-04-07T13:33:27.179710Z' }, endTime('2026-04-07T13:33:27.179710Z')],
  [{ end_time: '2026-04-07t13:33:27z' }, endTime('2026-04-07t13:33:27z')],
  [{ end_time: '2026-04-07 13:33:27+00:00' }, endTime('2026-04-07 13:33:27+00:00')],
  [{ end_time: '2026-04-07T13:33:27-23:59' }, endTime('2026-04-07T13:33:27-23:59')],
  [{ end_time: '2024-02-29T23:59:59Z' }, endTime('2024-02-29T23:59:59Z')],
  [{ end_time: '2000-02-29T00:00:00Z' }, endTime('2000-02-29T00:00:00Z')],
  [{ end_time: '1775568807' }, endTime('2026-04-07T13:33:27Z')],
  [{ end_time: '1775568807.123456789' }, endTime('2026-04-07T13:33:27.123456789Z')],
  [{ end_time: '1775568807.5' }, endTime('2026-04-07T13:33:27.5Z')],
  [{ end_time: '1775568807179' }, endTime('2026-04-07T13:33:27.179Z')],
  ...[
    '2026-02-29T00:00:00Z',
    '1900-02-29T00:00:00Z',
    '2026-04-31T00:00:00Z',
    '2026-04-00T00:00:00Z',
    '2026-13-01T00:00:00Z',
    '2026-00-01T00:00:00Z',
    '2026-04-07T24:00:00Z',
    '2026-04-07T13:60:00Z',
    '2026-06-30T23:59:60Z',
  ].map((text): [Given, Problem[]] => [{ end_time: text }, wrong('end_time', IMPOSSIBLE, text)]),
  ...['2026-04-07T13:33:27', '2026-04-07 13:33:27.179', '2026-02-30T00:00:00'].map(
    (text): [Given, Problem[]] => [{ end_time: text }, wrong('end_time', NO_OFFSET, text)],
  ),
  ...[
    'Now',
    'yesterday',
    '2026-04-07',
    '2026-04-07T13:33Z',
    '2026-04-07T13:33:27+24:00',
    '2026-04-07T13:33:27+02:60',
    '2026-04-07T13:33:27.Z',
    '2026-04-07T13:33:27,5Z',
    '2026-04-07  13:33:27Z',
    '+002026-04-07T13:33:27Z',
    'Tue, 07 Apr 2026 13:33:27 GMT',
    '1775568807.',
    '1775568807.1234567890',
    '1775568807179.5',
    '-1775568807',
    '1.775568807e9',
  ].map((text): [Given, Problem[]] => [{ start_time: text }, wrong('start_time', NOT_A_TIME, text)]),
  ...['2026-04-07T13:33:27+0200', '2026-04-07T13:33:27-1130'].map((text): [Given, Problem[]] => [
    { start_time: text },
    wrong('start_time', 'has an offset without a colon. Write it as +02:00', text),
  ]),
  ...['177556880', '17755688071', '11775568807179', '1775568807179000000'].map((text): [Given, Problem[]] => [
    { start_time: text },
    wrong(
      'start_time',
      `has ${text.length} digits. Unix time has 10 for seconds or 13 for milliseconds`,
      text,
    ),
  ]),

  [{ clear: 'score' }, { clear: ['score'] }],
  [{ clear: 'output, error\n\tscore,,error ' }, { clear: ['score', 'error', 'output'] }],
  [{ clear: ' , ' }, {}],
  [
    { clear: 'score error meta end_time start_time name type input output' },
    { clear: ['score', 'error', 'meta', 'end_time', 'start_time', 'name', 'type', 'input', 'output'] },
  ],
  [{ clear: 'score, trace_id Error' }, wrong('clear', NOT_CLEARABLE, 'trace_id, Error')],
  [
    { clear: 'error score name', score: '9', error: 'No' },
    wrong('clear', 'names score, error, which is also given. Drop one of the two'),
  ],
  [{ clear: 'meta', meta: '{}' }, wrong('clear', 'names meta, which is also given. Drop one of the two')],
  [
    { clear: 'meta', meta_file: 'm.json' },
    wrong('clear', 'names meta, which is also given. Drop one of the two'),
  ],
  [
    { clear: 'meta', score: '9' },
    { clear: ['meta'], fields: { score: 9 } },
  ],

  [{ operation: 'get' }, { operation: 'get' }],
  [{ operation: ' update\n' }, { operation: 'update' }],
  [{ operation: 'delete' }, wrong('operation', 'is not one of update, get', 'delete')],
  [{ operation: 'GET' }, wrong('operation', 'is not one of update, get', 'GET')],

  [{ min_score: '80' }, { minScore: 80 }],
  [{ min_score: ' -0.5 ' }, { minScore: -0.5 }],
  [{ min_score: '0' }, { minScore: 0 }],
  [{ min_score: '80%' }, wrong('min_score', NOT_A_NUMBER, '80%')],
  [{ min_score: 'NaN' }, wrong('min_score', NOT_A_NUMBER, 'NaN')],
  [{ min_score: '-1e400' }, wrong('min_score', 'is beyond what a score can be', '-1e400')],

  [{ timeout_seconds: '0.25' }, { timeoutMs: 250 }],
  [{ timeout_seconds: ' 3600 ' }, { timeoutMs: 3_600_000 }],
  [{ timeout_seconds: '0.001' }, { timeoutMs: 1 }],
  [{ timeout_seconds: '1.001' }, { timeoutMs: 1001 }],
  [{ timeout_seconds: '2.00049' }, { timeoutMs: 2000 }],
  ...['0', '-1', '0.0001', '3600.001', '10s', 'Infinity', '1e400', '0x10', '∞'].map(
    (text): [Given, Problem[]] => [{ timeout_seconds: text }, wrong('timeout_seconds', NOT_SECONDS, text)],
  ),
  [{ retries: '0' }, { retries: 0 }],
  [{ retries: ' 10\n' }, { retries: 10 }],
  ...['11', '-1', '1.0', '03', 'three', '1e1'].map((text): [Given, Problem[]] => [
    { retries: text },
    wrong('retries', NOT_RETRIES, text),
  ]),

  [{ ci_meta: 'false' }, { ciMeta: false }],
  [{ dry_run: 'True\n' }, { dryRun: true }],
  [{ summary: 'FALSE' }, { summary: false }],
  [{ fail_on_api_error: ' False ' }, { failOnApiError: false }],
  ...(['ci_meta', 'dry_run', 'summary', 'fail_on_api_error'] as const).flatMap((name) =>
    ['yes', '1', 'tRUE', 'true false', 'on'].map((text): [Given, Problem[]] => [
      { [name]: text },
      wrong(name, NOT_A_BOOLEAN, text),
    ]),
  ),

  [{ job_status: 'success' }, { jobStatus: 'success' }],
  [{ job_status: 'failure' }, { jobStatus: 'failure' }],
  [{ job_status: ' cancelled\n' }, { jobStatus: 'cancelled' }],
  [{ job_status: 'skipped' }, wrong('job_status', 'is not one of success, failure, cancelled', 'skipped')],
  [{ job_matrix: 'null' }, { jobMatrix: null }],
  [{ job_matrix: '{\n  "os": "linux",\n  "n": 1\n}' }, { jobMatrix: { os: 'linux', n: 1 } }],
  [
    { job_matrix: '{' },
    wrong(
      'job_matrix',
      'is not JSON: line 1, column 2: expected a key in double quotes or }, found the end of the text',
    ),
  ],
  [{ job_check_run_id: '41234567890' }, { jobCheckRunId: '41234567890' }],

  [{ results_file: ' reports/*.xml\n' }, resultsFrom('reports/*.xml', 'auto')],
  ...(['auto', 'junit', 'ctrf', 'promptfoo', 'jest', 'fields'] as const).map(
    (format): [Given, Partial<Meaning>] => [
      { results_file: 'r', results_format: format },
      resultsFrom('r', format),
    ],
  ),
  ...['/', '/a b/0', '/a~1b~0c', '//'].map((pointer): [Given, Partial<Meaning>] => [
    { results_file: 'r', results_format: 'json', score_pointer: pointer },
    resultsFrom('r', 'json', pointer),
  ]),
  [{ results_format: 'json' }, {}],
  [{ results_format: 'tap' }, wrong('results_format', NOT_A_FORMAT, 'tap')],
  [
    { results_file: 'r', results_format: 'json' },
    wrong(
      'score_pointer',
      'is required with results_format json. Write where the score is, such as /summary/accuracy',
    ),
  ],
  [
    { results_file: 'r', score_pointer: '/a' },
    wrong('score_pointer', 'is read with results_format json only'),
  ],
  ...['a', '$.a', '/a~', '/~2', '#/a'].map((pointer): [Given, Problem[]] => [
    { results_file: 'r', results_format: 'json', score_pointer: pointer },
    wrong('score_pointer', NOT_A_POINTER, pointer),
  ]),
];

describe('an input means what action.yml says, or is refused by name', () => {
  it.each(TABLE)('%j', (given, expected) => {
    const whole = Array.isArray(expected) ? expected : { ...DEFAULTS, ...expected };
    expect(outcomeOf(given)).toStrictEqual(whole);
  });
});

describe('the inputs of action.yml', () => {
  const action = parse(readFileSync('action.yml', 'utf8')) as {
    inputs: Record<InputName, { default?: unknown } | null>;
  };

  it('stand in when the workflow passes nothing, or nothing but white space', () => {
    const defaults = Object.entries(action.inputs)
      .map(([name, input]) => [name, String(input?.default ?? '')] as const)
      // The runner fills these; an empty one is a job of which nothing is known.
      .map(([name, value]) => [name, value.startsWith('${{') ? '' : value]);
    expect(rawInputsOf(() => '')).toEqual(Object.fromEntries(defaults));
    const blank = rawInputsOf(() => ' \n');
    expect({ ...blank, error: '' }).toEqual(
      Object.fromEntries(
        defaults.map(([name, value]) => [name, /^(error|api_key)$/.test(String(name)) ? '' : value || ' \n']),
      ),
    );
  });

  it('are handed on as the workflow wrote them', () => {
    const { api_key, ...raw } = rawInputsOf((name) => ` ${name}\r\n`);
    const others = Object.keys(action.inputs).filter((name) => name !== 'api_key');
    expect(raw).toEqual(Object.fromEntries(others.map((name) => [name, ` ${name}\r\n`])));
    expect(api_key).toBe('api_key');
  });

  it('mean the same when all but the span are blank', () => {
    const raw = rawInputsOf((name) =>
      name === 'span_id' ? ID : /^(name|type|input|output|error)$/.test(name) ? '' : ' \r\n',
    );
    expect(parseInputs(raw, NOW)).toStrictEqual(parseInputs(rawOf({}), NOW));
  });
});

describe('the key', () => {
  it.each([
    [`${KEY}\r\n`, 'op-other', KEY],
    ['', ` ${KEY}\n`, KEY],
    [' \n', KEY, KEY],
    ['', undefined, ''],
    ['', '\n', ''],
  ])('of the input %j and the environment %j is %j', (api_key, environment, key) => {
    expect(rawInputsOf((name) => (name === 'api_key' ? api_key : ''), environment).api_key).toBe(key);
  });

  it('is never part of an error, wherever it was put', () => {
    const broken = `${KEY}\n${KEY}`;
    const error = errorOf({ api_key: broken, retries: 'x' });
    expect(error.problems).toEqual([
      { name: 'api_key', message: NOT_PRINTABLE },
      { name: 'retries', message: NOT_RETRIES, found: 'x' },
    ]);
    expect(JSON.stringify([error.message, error.problems, error.stack, error.cause])).not.toContain(KEY);
  });
});

it('a base_url is never shown, for it may hold a password', () => {
  const { message, problems } = errorOf({ base_url: 'https://me:hunter2@api.opper.ai?hunter2' });
  expect({ message, problems }).toEqual({
    message: `base_url: ${USER_INFO}`,
    problems: [{ name: 'base_url', message: USER_INFO }],
  });
});

it('all problems come in one error: in the order of action.yml, then what does not go together', () => {
  const error = errorOf({
    span_id: '7',
    base_url: 'ftp://x',
    operation: 'put',
    score: '0.5',
    meta: '[]',
    end_time: '2026-04-07T13:33:27',
    name: 'Eval',
    clear: 'name',
    min_score: 'x',
    retries: '99',
  });
  expect(error.message.split('\n')).toEqual([
    `span_id: ${NOT_A_UUID}`,
    `base_url: ${NOT_HTTPS}`,
    'operation: is not one of update, get',
    `meta: ${notAnObject('an array')}`,
    `end_time: ${NO_OFFSET}`,
    `min_score: ${NOT_A_NUMBER}`,
    `retries: ${NOT_RETRIES}`,
    `score: ${NOT_AN_INTEGER}`,
    'clear: names name, which is also given. Drop one of the two',
  ]);
});

it('a number in meta that a double cannot hold is written again as it was given', () => {
  const meta = '{"id":12345678901234567890,"tiny":[1e-400],"__proto__":{"a":1e400}}';
  const outcome = outcomeOf({ meta });
  expect(JSON.stringify((outcome as Meaning).meta)).toBe(meta);
});

/** Texts that come near to meaning something, for each of the inputs. */
const nearby = fc.oneof(
  fc.constant(''),
  fc.constantFrom(
    ...new Set(TABLE.flatMap(([given]) => Object.values(given)).filter((text) => text.length < 99)),
  ),
  fc.string({ unit: 'binary' }),
  fc.json(),
  fc.double().map(String),
);

it('any text at all is either refused by the name of its input, or understood to the last field', () => {
  const names = Object.keys(rawOf({})) as InputName[];
  const given = fc.dictionary(fc.constantFrom(...names), nearby, { maxKeys: 4 });
  fc.assert(
    fc.property(given, (given) => {
      const outcome = outcomeOf(given);
      if ('spanId' in outcome) {
        const body = { ...outcome.fields, ...(outcome.meta && { meta: outcome.meta }) };
        expect(z.safeParse(SpanPatch, body)).toMatchObject({ success: true });
        expect(outcome).toStrictEqual({ ...DEFAULTS, ...outcome });
      } else {
        expect(outcome.length).toBeGreaterThan(0);
        expect(names).toEqual(expect.arrayContaining(outcome.map(({ name }) => name)));
      }
    }),
    { numRuns: 300 },
  );
});

describe('a text of megabytes', () => {
  const length = 1_000_000;
  it.each([
    ['line breaks', '\n', 'x'],
    ['slashes', '/', '~'],
    ['blanks', ' ', 'x'],
    ['digits', '1', 'x'],
    ['quotes', '"', 'x'],
    ['brackets', '[', 'x'],
    ['escapes', '\\n', '"'],
    ['a word', 'a', ' '],
    ['commas', ',', 'x'],
    ['dots', '.', 'x'],
  ])('of %s is understood or refused at once, by every input', (_, unit, end) => {
    const text = unit.repeat(length / unit.length) + end;
    const texts = [text, `/${text}`, `https://x/${text}`, `{"a": "${text}`, `"${text}"`];
    const startedAt = performance.now();
    for (const each of texts) {
      const names = Object.keys(rawOf({})).filter((name) => name !== 'span_id');
      outcomeOf(Object.fromEntries(names.map((name) => [name, each])));
    }
    expect(performance.now() - startedAt).toBeLessThan(2000);
  });
});

function errorOf(given: Given): InputError {
  const raw = rawOf(given);
  try {
    parseInputs(raw, NOW);
  } catch (error) {
    if (error instanceof InputError) return error;
    throw error;
  }
  throw new Error('The inputs were accepted');
}
