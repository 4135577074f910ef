import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test, vi } from 'vitest';
import { ProxyError } from '../src/api/attempt-failure.ts';
import { createTransport } from '../src/api/transport.ts';
import { FormError, headlineOf } from '../src/errors.ts';
import { MAX_BYTES } from '../src/files.ts';
import { eventProblemOf } from '../src/host/event-file.ts';
import { nodeFiles, notAFile } from '../src/host/node-files.ts';
import { nodeHost } from '../src/host/node-host.ts';
import { parseTracked } from '../src/plan/track.ts';
import {
  flood,
  html,
  huge,
  raw,
  redirect,
  reply,
  reset,
  span as returned,
  status,
  truncatedJson,
} from './harness/faults.ts';
import { factsOf } from './harness/push.ts';
import { type Fault, type FaultRule, startSpanServer } from './harness/span-server.ts';
import { FOREVER, FORK, NOW, runStage, type StepOptions } from './harness/step.ts';
import { memoryFiles } from './results/memory-files.ts';

// messages.md shows the messages in one file that a person can read through. After changing a message, run `npm test -- -u` and
// review the diff. What only a broken network or system can cause is thrown with the words and codes of Node, so that the file is
// the same on every machine; attempt-failure.test.ts and proxy.test.ts see that Node really throws them.

const ID = '3c90c3cc-0d44-4b50-8888-8dd25736052a';
const OTHER_ID = /(?!3c90c3cc)[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}/g;
const server = await startSpanServer();
afterAll(() => server.close());
// @actions/glob prints commands for the runner's debug log.
vi.spyOn(process.stdout, 'write').mockReturnValue(true);

const TESTS =
  '<testsuite name="cart"><testcase name="adds"/><testcase name="pays"><failure message="no"/></testcase></testsuite>';

type Inputs = Readonly<Record<string, string>>;
/** What is shown, and how to see it: the inputs of a step, or a function that produces the message. */
type Scene = readonly [title: string, how: Inputs | (() => string | undefined), options?: StepOptions];

const file = (content: string | Uint8Array, name = 'r.json'): StepOptions => ({ files: { [name]: content } });
const results = (content: string, inputs: Inputs = {}): Scene => {
  const name = content.startsWith('<') ? 'r.xml' : 'r.json';
  const given = { results_file: name, dry_run: 'true', ...inputs };
  return [JSON.stringify(content.slice(0, 60)), given, file(content, name)];
};
const beside = (content: string): Scene => {
  const inputs = { results_file: 'a.xml\nb.xml', dry_run: 'true' };
  return [
    `${JSON.stringify(content)} beside results`,
    inputs,
    { files: { 'a.xml': TESTS, 'b.xml': content } },
  ];
};
const atPointer = (pointer: string, content: string, name = 'score_pointer'): Scene => [
  `${name} ${pointer} in ${content.slice(0, 60).replaceAll('\n', ' ⏎ ')}`,
  { results_file: 'r.json', results_format: 'json', dry_run: 'true', [name]: pointer },
  file(content),
];
const metricsAt = (pointer: string, content: string) => atPointer(pointer, content, 'metrics_pointer');
const THOUSAND = Array.from({ length: 1000 }, (_, i) => (i === 7 ? null : 0.5));
const fields = (content: string): Scene => results(content, { results_format: 'fields' });
const read = (title: string, content: string | Uint8Array): Scene => [
  title,
  { meta_file: 'm.json' },
  file(content, 'm.json'),
];
const found = (title: string, pattern: string, find = nodeFiles.find): Scene => [
  title,
  { results_file: pattern },
  { host: { files: { ...nodeFiles, find } } },
];
const notFile = ([title, method]: readonly [
  string,
  'isDirectory' | 'isFIFO' | 'isSocket' | 'isDevice',
]): Scene => {
  const stats = {
    isDirectory: () => false,
    isFIFO: () => false,
    isSocket: () => false,
    [method]: () => true,
  };
  return found(title, 'reports', async () => {
    throw new FormError(notAFile(stats));
  });
};

const response = (title: string, fault: Fault, inputs: Inputs = {}): Scene =>
  responses(title, [{ fault }], inputs);
const responses = (title: string, faults: readonly FaultRule[], inputs: Inputs = {}): Scene => [
  title,
  { score: '1', retries: '0', ...inputs },
  { faults: faults.map((rule) => ({ times: FOREVER, ...rule })) },
];
const body = (text: string): Fault => raw(`HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n${text}`);
const create = { operation: 'create', span_id: '' };
const ofMetrics = (title: string, faults: readonly FaultRule[], metrics: object = { a: 1, b: 2 }): Scene => {
  const rules = faults.map((rule) => ({
    when: ({ path }: { path: string }) => path.includes('metrics'),
    ...rule,
  }));
  return responses(title, rules, { score: '', metrics: JSON.stringify(metrics) });
};

const BASELINE = { id: 'trace', name: 'Support', start_time: '2026-11-20T10:00:00Z' };
/** A comparison with a run on main that had the score 80. `total` is how many traces there are. */
const comparison = (title: string, inputs: Inputs, total = 1, faults: readonly FaultRule[] = []): Scene => {
  const meta = { ...factsOf('success'), 'cicd.pipeline.run.id': '1' };
  const spans = total > 1 ? [] : [{ name: 'Support', score: 80, meta }];
  const data = total > 0 ? [BASELINE] : [];
  const answer = (part: string, body: unknown): FaultRule => ({
    when: ({ path }) => path.includes(part),
    fault: reply({ status: 200, body }),
  });
  const list = answer('/traces?', { meta: { total_count: total }, data });
  const given = { score: '62', baseline: 'main', ...inputs };
  return [title, given, { faults: [...faults, list, answer('/traces/', { ...BASELINE, spans })] }];
};
const traces = { when: ({ path }: { path: string }) => path.includes('/traces'), times: FOREVER };

const error = (message: string, code = ''): Error => Object.assign(new Error(message), { code });
const noResponse = (title: string, thrown: unknown): Scene => {
  const fetch = () => Promise.reject(thrown);
  const connect: typeof nodeHost.connect = (to) => ({ ...createTransport({ ...to, env: {} }), fetch });
  return [title, { score: '1', retries: '0', base_url: 'https://api.opper.ai/v2' }, { host: { connect } }];
};
const TLS_ERROR = error(
  '00:error:0A00010B:SSL routines:ssl3_get_record:wrong version number:ssl3_record.c:1:',
  'EPROTO',
);
const NOT_TRUSTED = error('self-signed certificate', 'DEPTH_ZERO_SELF_SIGNED_CERT');
const OTHER_HOST = error(
  "Hostname/IP does not match certificate's altnames: Host: api.opper.ai. is not in the cert's altnames: DNS:example.com",
  'ERR_TLS_CERT_ALTNAME_INVALID',
);
const timeout = new DOMException('The operation was aborted due to timeout', 'TimeoutError');

const endlessMetrics: Fault = ({ request, send }) =>
  send({
    status: 200,
    body: { meta: { total_count: 1e6 }, data: [{ id: request.path, dimension: 'c', value: 1 }] },
  });

const FULL = error('ENOSPC: no space left on device, write', 'ENOSPC');
const full = () => {
  throw FULL;
};

const thrownBy = (act: () => unknown): string => {
  try {
    return `nothing, but ${act()}`;
  } catch (thrown) {
    return headlineOf(thrown);
  }
};

const folder = mkdtempSync(join(tmpdir(), 'messages-'));
afterAll(() => rmSync(folder, { recursive: true }));
const eventOf = (content: string) => {
  writeFileSync(join(folder, 'event.json'), content);
  return eventProblemOf(join(folder, 'event.json'));
};

// On a runner this names the summary of the job that runs this test.
vi.stubEnv('GITHUB_STEP_SUMMARY', '');
afterAll(() => vi.unstubAllEnvs());

const LOG = 'The log';

const STATE = JSON.stringify({ id: ID, exists: true, sent: [], given: [] });
const LOST = JSON.stringify({ id: ID, exists: true, sent: [], given: ['min_score'] });
const METRICS = JSON.stringify(Object.fromEntries(Array.from({ length: 501 }, (_, i) => [`m${i}`, i])));

const CHAPTERS: Readonly<Record<string, readonly Scene[]>> = {
  'An input': [
    ...Object.entries({
      span_id: ['42'],
      api_key: ['op\n1', 'Bearer op-1'],
      base_url: [
        'api.opper.ai',
        'https:///v2',
        'http://example.com',
        'https://u:p@h/v2',
        'https://h/v2?a',
        'https://h/v2/spans',
      ],
      operation: ['delete'],
      score: ['high', '0.87', '1e17'],
      score_scale: ['0', 'x', '1e300'],
      meta: [
        '[1]',
        '"x"',
        '{"a": 1,}',
        '{"a": NaN}',
        '{"a": "',
        '{\n"a": 1} // x',
        'a: 1',
        '{"a": "C:\\dir"}',
        '{"a": "x\n"}',
        '['.repeat(1001),
      ],
      end_time: ['today', '2026-11-20T12:00:00', '2026-11-20T12:00:00+0200', '2026-02-30T12:00:00Z', '17320'],
      clear: ['name', 'colour'],
      score_pointer: ['score'],
      metrics_pointer: ['/a\nb'],
      metrics: ['{"a": "high"}', '[1]', '{" ": 1}'],
      results_format: ['csv'],
      case_spans: ['some'],
      max_case_spans: ['0'],
      min_score: ['high'],
      max_drop: ['much', '-1'],
      dry_run: ['perhaps'],
      timeout_seconds: ['0'],
      retries: ['11'],
      job_status: ['skipped'],
    }).flatMap(([name, values]) =>
      values.map((value): Scene => {
        return [`${name}: ${JSON.stringify(value.slice(0, 60))}`, { score: '1', [name]: value }];
      }),
    ),
    ['no key', { score: '1', api_key: '' }],
    ['no span', { score: '1', span_id: '' }],
    ['nothing to record', { ci_meta: 'false' }],
    ['a large output', { output: 'x'.repeat(MAX_BYTES) }],
    ['at the end of a tracked job', { operation: 'track', span_id: '', score: 'high' }, { state: STATE }],
    ['lost at the end of a tracked job', { operation: 'track', span_id: '' }, { state: LOST }],
    [
      'lost at the end of a tracked job that failed',
      { operation: 'track', span_id: '', job_status: 'failure' },
      { state: LOST },
    ],
    ['misspelt', { score: '1' }, { env: { INPUT_RESULT_FILE: 'r.xml', 'INPUT_MIN-SCORE': '80' } }],
    ['more than 500 metrics', { metrics: METRICS }],
  ],
  'Inputs that do not go together': [
    ['get with something to record', { operation: 'get', score: '1' }],
    ['create with a span', { operation: 'create' }],
    ['create with clear', { operation: 'create', span_id: '', clear: 'score' }],
    ['update with a parent and a trace', { score: '1', parent_id: ID, trace_id: ID }],
    ['a field cleared and given', { score: '1', clear: 'score' }],
    ['a scale without a score', { output: 'x', score_scale: '100' }],
    ['json without a pointer', { results_file: 'r.json', results_format: 'json' }],
    [
      'a pointer without json',
      { results_file: 'r.xml', score_pointer: '/a' },
      file('<testsuite><testcase/></testsuite>', 'r.xml'),
    ],
    [
      'results options without results_file',
      { score: '1', results_format: 'junit', results_metrics: 'true', case_spans: 'all' },
    ],
    [
      'case spans from a file without cases',
      { results_file: 'r.json', results_format: 'fields', case_spans: 'all' },
      file('{"score": 1}'),
    ],
    ['max_drop without a baseline', { max_drop: '2' }],
    ['a gate on another scale than the score', { score: '0.9', score_scale: '100', min_score: '0.8' }],
    ['a gate that is a fraction', { score: '87', min_score: '0.8' }],
    ['a gate of 1', { results_file: 'r.xml', min_score: '1' }, file(TESTS, 'r.xml')],
    ['an outcome without results_file', { score: '1', results_outcome: 'failure' }],
    [
      'an outcome that the results do not explain',
      { results_file: 'r.xml', results_outcome: 'failure' },
      file('<testsuite><testcase name="a"/></testsuite>', 'r.xml'),
    ],
    ['an outcome of a step that wrote no results', { results_file: 'r.xml', results_outcome: 'failure' }],
    [
      'an outcome that a format without cases does not explain',
      { results_file: 'r.json', results_format: 'fields', results_outcome: 'failure' },
      file('{"score": 1}'),
    ],
    [
      'more than 500 metrics with those of a file',
      { results_file: 'r.json', results_format: 'fields', metrics: METRICS.replace('"m0":0,', '') },
      file('{"metrics": {"a": 1, "b": 2}}'),
    ],
  ],
  'A file': [
    ['meta_file that is not there', { meta_file: 'm.json' }],
    ['meta_file that is not an object', { meta_file: 'm.json' }, file('3', 'm.json')],
    read('UTF-16', Buffer.from('\ufeff{}', 'utf16le')),
    read('Latin-1', Buffer.from('{"a": "caf\xe9"}', 'latin1')),
    read('33 MiB', Buffer.alloc(MAX_BYTES + 1, ' ')),
    ...[error('EACCES: permission denied, open', 'EACCES'), error('EIO: i/o error, read', 'EIO')].map(
      (thrown): Scene => {
        const read = () => {
          throw thrown;
        };
        return [thrown.message, { meta_file: 'm.json' }, { host: { files: { ...nodeFiles, read } } }];
      },
    ),
    ['results_file that is not there', { results_file: 'r.xml' }],
    [
      'results_file that is not there at the end of a tracked job',
      { operation: 'track', span_id: '', results_file: 'r.xml' },
      { state: STATE },
    ],
    ['a pattern with braces', { results_file: 'reports/{a,b}.xml' }],
    ['a pattern before an exclusion', { results_file: 'reports/*.xml\n!reports/old.xml' }],
    ['only exclusions and comments', { results_file: '# none\n!r.xml' }],
    found('a pattern that goes up', '../*.xml'),
    ...(
      [
        ['a directory', 'isDirectory'],
        ['a named pipe', 'isFIFO'],
        ['a socket', 'isSocket'],
        ['a device', 'isDevice'],
      ] as const
    ).map(notFile),
    results(''),
    results('<testsuite/>'),
    results('<testsuite><testcase><skipped/></testcase></testsuite>'),
    results('<testsuite><testcase>'),
    results('<html/>'),
    results('<testsuite>'.repeat(101)),
    results('<testsuite><testcase><testcase/></testcase></testsuite>'),
    results('<testsuite failures="2"><testcase><failure/></testcase></testsuite>'),
    results('<testsuite name="pytest"><testcase name="a"/><testcase/></testsuite>'),
    results('<testsuites tests="1" name="AllTests"/>'),
    results('<coverage/>'),
    results('<TestRun xmlns="http://microsoft.com/schemas/VisualStudio/TeamTest/2010"/>'),
    results('<TestRun/>'),
    results('<testsuites xmlns="http://check.sourceforge.net/ns"/>'),
    results('<promptfoo/>'),
    beside('<coverage/>'),
    beside('<testsuite/>'),
    beside('<html/>'),
    beside('<testsuite'),
    beside('<failsafe-summary timeout="true"/>'),
    [
      'results from before the job',
      { results_file: 'r.xml', dry_run: 'true' },
      {
        host: {
          jobBeganMs: NOW.getTime(),
          files: { ...memoryFiles({}), find: async () => ['r.xml'], modifiedMs: () => 0 },
        },
      },
    ],
    results('<testsuite><testcase status="odd"/></testsuite>'),
    results('<testsuite failures="1"><testcase/></testsuite>'),
    results('<testsuite><testcase><failure/></testcase></testsuite>'),
    results('{}', { results_format: 'junit' }),
    results('name,score'),
    results('ok 1 - adds'),
    results('{"Action":"run","Test":"a"}'),
    results('> demo@1.0.0 test\n> vitest run\n\n{"testResults": []}'),
    results('{"a": 1}'),
    results('{"results": {"tests": [{"status": "odd"}]}}'),
    results('{"results": {"tests": [3]}}'),
    results('{"results": {"results": [{"success": "yes"}]}}'),
    results('{"testResults": [{"assertionResults": {}}]}'),
    results('{"testResults": [{"assertionResults": [{"status": "passed"}]}], "success": false}'),
    results('[]', { results_format: 'ctrf' }),
    results('{"results": {', { results_format: 'ctrf' }),
    results('{"a": {"b": "c"}}', { results_format: 'json', score_pointer: '/a/x' }),
    results('{"a": {"b": "c"}}', { results_format: 'json', score_pointer: '/a/b' }),
    results('{"a": [1e999]}', { results_format: 'json', score_pointer: '/a/0' }),
    results('{"a": [1e999]}', { results_format: 'json', score_pointer: '/a/1' }),
    atPointer('/a', '{"a": null}'),
    atPointer('/a', '{"a": {"b": 1}}'),
    atPointer('/a', JSON.stringify({ a: THOUSAND })),
    atPointer('/a/*', JSON.stringify({ a: THOUSAND })),
    atPointer('/*/s', '[{"s": 1}, {"s": "high"}, {"s": null}]'),
    atPointer('/*/s', '[{"s": 1}, {"input": "q", "error": "timeout"}]'),
    atPointer('/*/s', '[{"s": 1}, {"s": 1e999}]'),
    atPointer('/*/s', '[{"s": 1}, {"s": {"value": 1}}]'),
    atPointer('/*/t', '[{"s": 1}]'),
    atPointer('/*', '[]'),
    atPointer('/*', '{"*": 1, "b": "high"}'),
    atPointer('/*/*', '{"a/b": {"m~n": "high"}}'),
    atPointer('/*', '[1e308, 1e308]'),
    atPointer('/*/s', '{"s": 1}\n{"s": 1'),
    metricsAt('/a', '{"a": {"b": "high"}}'),
    metricsAt('/a/b', '{"a": 1}'),
    metricsAt('/a/*', JSON.stringify({ a: THOUSAND })),
    results('{"vars": {}, "promptIdx": 0, "success": true}\n{"vars": {}}'),
    [
      'two files where one is read',
      { results_file: 'a.json\nb.json', results_format: 'fields' },
      { files: { 'a.json': '{}', 'b.json': '{}' } },
    ],
    fields('{}'),
    fields('[]'),
    fields('{"scores": 1}'),
    fields('{"score": 0.87, "end_time": "today"}'),
    ['a file that a failed job did not write', { results_file: 'r.xml', job_status: 'failure' }],
    ['a file that a cancelled job did not write', { results_file: 'r.xml', job_status: 'cancelled' }],
  ],
  'A response from the API': [
    ...[400, 401, 403, 404, 405, 408, 409, 410, 413, 418, 421, 422, 425, 429, 500, 503].map((code) =>
      response(String(code), status(code)),
    ),
    response('404 before a write', status(404), { meta: '{}' }),
    response('503, with retries', status(503), { retries: '1' }),
    response('429 that asks to wait for an hour', status(429, { headers: { 'retry-after': '3600' } })),
    response('403 from a gateway', html(403)),
    response('403 without a body', status(403, { body: '' })),
    response('404 for a new span', status(404), create),
    response('404 for a new span with a parent', status(404), { ...create, parent_id: ID }),
    response('304', status(304)),
    response('redirect', redirect('https://elsewhere.example/v2')),
    response('HTML', html()),
    response('JSON that is cut off', truncatedJson()),
    response('an empty body', body('')),
    response('a list', body('[]')),
    response('another span', body('{"id": "4c90c3cc-0d44-4b50-8888-8dd25736052a", "name": "x"}')),
    response('no span', body('{"id": 7}')),
    response(
      'not UTF-8',
      raw(Buffer.from('HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n"caf\xe9"', 'latin1')),
    ),
    response(
      'an unknown coding',
      raw('HTTP/1.1 200 OK\r\ncontent-encoding: zstd\r\nconnection: close\r\n\r\nx'),
    ),
    response('invalid gzip', raw('HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\nconnection: close\r\n\r\nx')),
    response('a status that is not HTTP', raw('HTTP/1.1 600 Odd\r\nconnection: close\r\n\r\n')),
    response('a connection that is closed in the response', reset('in body')),
    response('33 MiB', huge(MAX_BYTES + 1)),
    response('only interim responses', flood('', 'HTTP/1.1 102 Processing\r\n\r\n')),
    response(
      'another protocol',
      raw('HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: h2c\r\n\r\n'),
    ),
    ['a port that nothing listens on', { score: '1', retries: '0', base_url: 'http://127.0.0.1:1/v2' }],
  ],
  'A request without a response': [
    noResponse('a timeout', timeout),
    noResponse('no such host', error('getaddrinfo ENOTFOUND api.opper.ai', 'ENOTFOUND')),
    noResponse(
      'several addresses',
      new AggregateError([error('connect ETIMEDOUT 192.0.2.1:443', 'ETIMEDOUT')]),
    ),
    noResponse('a closed connection', error('socket hang up', 'ECONNRESET')),
    noResponse('not HTTP', error('Parse Error: Expected HTTP/, RTSP/ or ICE/', 'HPE_INVALID_CONSTANT')),
    noResponse('long headers', error('Parse Error: Header overflow', 'HPE_HEADER_OVERFLOW')),
    noResponse('no TLS', TLS_ERROR),
    noResponse('a certificate for another host', OTHER_HOST),
    noResponse('an expired certificate', error('certificate has expired', 'CERT_HAS_EXPIRED')),
    noResponse('a certificate that is not trusted', NOT_TRUSTED),
    ...[407, 403, 502].map((code) => noResponse(`${code} from the proxy`, new ProxyError({ status: code }))),
    noResponse(
      'a proxy that cannot be reached',
      new ProxyError({ cause: error('connect ECONNREFUSED 192.0.2.1:3128', 'ECONNREFUSED') }),
    ),
    ...['ftp://proxy.example', 'socks5://proxy.example', 'http://me:50#off@proxy.example'].map(
      (HTTPS_PROXY): Scene => [
        `HTTPS_PROXY: ${HTTPS_PROXY}`,
        { score: '1', base_url: 'https://api.opper.ai/v2' },
        { env: { HTTPS_PROXY } },
      ],
    ),
    noResponse('a proxy without TLS', new ProxyError({ cause: TLS_ERROR })),
    noResponse('a proxy with a certificate for another host', new ProxyError({ cause: OTHER_HOST })),
    noResponse('a proxy with a certificate that is not trusted', new ProxyError({ cause: NOT_TRUSTED })),
  ],
  'A request that must not be sent twice': [
    response('a span that was not created', status(503), { ...create, retries: '1' }),
    responses('a span that is not found', [{ on: 'POST', fault: status(503) }], { ...create, retries: '1' }),
    responses('a span that exists, but is not found', [{ on: 'POST', fault: status(409) }], create),
    response('an HTML page for a new span', html(), create),
    responses('an HTML page for a new span that is not found', [{ on: 'POST', fault: html() }], create),
    responses(
      'a span that exists by a 409 to a repeated POST, but is not found',
      [
        { on: 'POST', times: 1, fault: status(503) },
        { on: 'POST', fault: status(409) },
      ],
      { ...create, retries: '1' },
    ),
    ofMetrics('a metric that exists, but is not found', [{ on: 'POST', fault: status(409) }]),
  ],
  'A span that was not stored as sent': [
    response('a score', returned({ score: null }), { score: '87' }),
    response('a cleared field', returned({ error: 'old' }), { clear: 'error' }),
    response('a key of meta', returned({ meta: { b: 2 } }), { meta: '{"a": 1}' }),
    response('a text', returned({ name: 'old' }), { name: 'new' }),
    response('an output that is not kept', returned({ output: null }), { output: 'x' }),
    response('another parent', returned({ parent_id: '123e4567-e89b-12d3-a456-426614174000' }), {
      ...create,
      parent_id: ID,
    }),
    [
      'a case span',
      { results_file: 'r.xml', case_spans: 'all' },
      {
        ...file('<testsuite><testcase name="a"/></testsuite>', 'r.xml'),
        faults: [{ on: 'POST', times: FOREVER, fault: returned({ type: null }) }],
      },
    ],
    response(
      'an end before the start',
      returned({ start_time: '2026-11-20T12:00:00+00:00', end_time: '2026-11-20T11:00:00+00:00' }),
      { end_time: '2026-11-20T11:00:00Z' },
    ),
  ],
  'A comparison': [
    comparison('a drop that is too large', { max_drop: '5' }),
    comparison('a drop that is too large and cannot be recorded', { max_drop: '5' }, 1, [
      { on: 'PATCH', fault: returned({}) },
      { on: 'PATCH', fault: status(422) },
    ]),
    comparison('no earlier run', {}, 0),
    comparison('no run among the newest', {}, 120),
    comparison('no score', { score: '', output: 'x', max_drop: '5' }),
    comparison('a dry run', { max_drop: '5', dry_run: 'true' }),
    [
      'traces that cannot be read',
      { score: '62', baseline: 'main' },
      { faults: [{ ...traces, fault: status(503) }] },
    ],
    [
      'traces that are not a list',
      { score: '62', baseline: 'main' },
      { faults: [{ ...traces, fault: reply({ status: 200, body: { data: 1 } }) }] },
    ],
  ],
  'The rest': [
    ['a score below the gate', { score: '62', min_score: '80', dry_run: 'true' }],
    ['a gate without a score', { output: 'x', min_score: '80', dry_run: 'true' }],
    ['no key on a pull request from a fork', { score: '1', api_key: '' }, { context: FORK }],
    ['outputs that cannot be written', { score: '1', dry_run: 'true' }, { broken: 'setOutput' }],
    [
      'a summary that cannot be written',
      { score: '1', dry_run: 'true' },
      { host: { appendSummary: nodeHost.appendSummary } },
    ],
    ['a span_file that cannot be written', { score: '1', dry_run: 'true' }, { host: { writeTemp: full } }],
    ['an event file that is not there', () => eventProblemOf('nowhere')],
    ['an event file that is not an object', () => eventOf('[]')],
    ['a state that the start of a tracked job did not save', () => thrownBy(() => parseTracked('x'))],
    ['outputs beyond 1 MiB', { output: 'x'.repeat(600_000), dry_run: 'true' }],
    ['a bug', { score: '1' }, { broken: 'connect' }],
    ['a state that cannot be written', { operation: 'track', span_id: '' }, { broken: 'saveState' }],
    [
      'a score just below the gate',
      { score: '0.79996', score_scale: '100', min_score: '80', dry_run: 'true' },
    ],
    [
      'a tracked job whose start is refused, with fail_on_api_error false',
      { operation: 'track', span_id: '', fail_on_api_error: 'false' },
      { faults: [{ fault: status(403) }] },
    ],
    [
      'the end of a tracked job whose span the API does not show',
      { operation: 'track', span_id: '', meta: '{"a": 1}', retries: '0' },
      { state: STATE, faults: [{ on: 'GET', times: FOREVER, fault: status(404) }] },
    ],
    [
      'the end of a tracked job that the API refuses',
      { operation: 'track', span_id: '', score: '7' },
      { state: STATE, faults: [{ on: 'PATCH', fault: status(413) }] },
    ],
    [
      'a tracked job whose start fails for a temporary reason',
      { operation: 'track', span_id: '', retries: '0' },
      { faults: [{ times: FOREVER, fault: status(503) }] },
    ],
    ofMetrics('metrics of a span that is not there', [{ fault: status(404) }]),
    ofMetrics('metrics that cannot be listed', [{ fault: status(503) }]),
    ofMetrics('a list of metrics with another form', [{ on: 'GET', fault: body('{"data": {}}') }]),
    ofMetrics('more metrics than a span has', [{ on: 'GET', fault: endlessMetrics }]),
    ofMetrics('a metric that is rejected', [{ on: 'POST', fault: status(422) }]),
    ofMetrics('metrics in an outage', [{ on: 'POST', fault: status(503) }], { a: 1, b: 2, c: 3, d: 4, e: 5 }),
    ofMetrics('a metric with another value', [
      { on: 'POST', fault: reply({ status: 200, body: { id: 'm', dimension: 'a', value: 3 } }) },
    ]),
    [
      'case spans that fail',
      { results_file: 'r.xml', case_spans: 'all' },
      {
        ...file('<testsuite><testcase name="a"/></testsuite>', 'r.xml'),
        faults: [{ on: 'POST', times: FOREVER, fault: status(422) }],
      },
    ],
  ],
  [LOG]: [
    ['an update', { results_file: 'r.xml', min_score: '50', case_spans: 'all' }, file(TESTS, 'r.xml')],
    response('an update that changes nothing', returned({ meta: { a: 1 } }), { score: '', meta: '{"a": 1}' }),
    comparison('a comparison', {}),
    ['a new span', { ...create, name: 'Support', metrics: '{"accuracy": 0.925}' }],
    [
      'get',
      { operation: 'get' },
      { faults: [{ fault: returned({ feedback: { score: 0.8, comment: 'Friendly' } }) }] },
    ],
    ['the start of a tracked job', { operation: 'track', span_id: '' }],
    ['a dry run', { score: '87', metrics: '{"accuracy": 0.925}', dry_run: 'true' }],
    response('a failure', status(422), { error: 'two\nlines' }),
  ],
};

/** Log lines about something wrong. In the chapter about the log, all of them. */
const isShown = (chapter: string, line: string) => chapter === LOG || /attempt|a last look| ✗ /.test(line);

async function saidBy(chapter: string, [, how, options]: Scene): Promise<string[]> {
  if (typeof how === 'function') return ['- text', ...quotation(how() ?? '')];
  server.create({ id: ID, name: 'Support' });
  const { annotations, log } = await runStage(server, { span_id: ID, ci_meta: 'false', ...how }, options);
  const lines = log.filter((line) => isShown(chapter, line));
  return [
    ...(lines.length > 0 ? ['- log', ...quotation(lines.join('\n'))] : []),
    ...annotations.flatMap(({ level, title, message }) => [`- ${level} (${title})`, ...quotation(message)]),
  ];
}

const quotation = (text: string) => text.split('\n').map((line) => `  > ${line}  `);

test('the messages are those in messages.md', { timeout: 60_000 }, async () => {
  const lines = ['# What the step says', ''];
  for (const [chapter, scenes] of Object.entries(CHAPTERS)) {
    lines.push(`## ${chapter}`, '');
    for (const scene of scenes) lines.push(`**${scene[0]}**`, '', ...(await saidBy(chapter, scene)), '');
  }
  const { port } = new URL(server.baseUrl);
  const catalogue = lines
    .join('\n')
    .replaceAll(`127.0.0.1:${port}`, '127.0.0.1:PORT')
    .replace(OTHER_ID, 'UUID');
  await expect(catalogue).toMatchFileSnapshot('messages.md');
});
