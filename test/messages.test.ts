import { afterAll, expect, test } from 'vitest';
import { html, raw, redirect, reset, span as returned, status, truncatedJson } from './harness/faults.ts';
import { type Fault, startSpanServer } from './harness/span-server.ts';
import { FOREVER, FORK, runStage, type StepOptions } from './harness/step.ts';

// messages.md shows the messages in one file that a person can read through. After changing a message, run `npm test -- -u` and
// review the diff.

const ID = '3c90c3cc-0d44-4b50-8888-8dd25736052a';
const OTHER_ID = /(?!3c90c3cc)[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}/g;
const server = await startSpanServer();
server.create({ id: ID, name: 'Support' });
afterAll(() => server.close());

type Inputs = Readonly<Record<string, string>>;
type Scene = readonly [title: string, inputs: Inputs, options?: StepOptions];

const file = (content: string, name = 'r.json'): StepOptions => ({ files: { [name]: content } });
const results = (content: string, inputs: Inputs = {}): Scene => {
  const name = content.startsWith('<') ? 'r.xml' : 'r.json';
  return [JSON.stringify(content.slice(0, 60)), { results_file: name, ...inputs }, file(content, name)];
};
const fields = (content: string): Scene => results(content, { results_format: 'fields' });
const response = (title: string, fault: Fault, inputs: Inputs = {}): Scene => [
  title,
  { score: '1', retries: '0', ...inputs },
  { faults: [{ times: FOREVER, fault }] },
];
const body = (text: string): Fault => raw(`HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n${text}`);

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
      score_scale: ['0', 'x'],
      meta: ['[1]', '{"a": 1,}', '{"a": NaN}', '{"a": "'],
      end_time: ['today', '2026-11-20T12:00:00', '2026-11-20T12:00:00+0200', '2026-02-30T12:00:00Z', '17320'],
      clear: ['name', 'colour'],
      score_pointer: ['score'],
      metrics: ['{"a": "high"}', '[1]'],
      results_format: ['csv'],
      case_spans: ['some'],
      max_case_spans: ['0'],
      min_score: ['high'],
      dry_run: ['perhaps'],
      timeout_seconds: ['0'],
      retries: ['11'],
      job_status: ['skipped'],
    }).flatMap(([name, values]) =>
      values.map((value): Scene => [`${name}: ${JSON.stringify(value)}`, { score: '1', [name]: value }]),
    ),
    ['no key', { score: '1', api_key: '' }],
    ['no span', { score: '1', span_id: '' }],
    ['nothing to record', { ci_meta: 'false' }],
  ],
  'Inputs that do not go together': [
    ['get with something to record', { operation: 'get', score: '1' }],
    ['create with a span', { operation: 'create' }],
    ['create with clear', { operation: 'create', span_id: '', clear: 'score' }],
    ['update with a parent and a trace', { score: '1', parent_id: ID, trace_id: ID }],
    ['a field cleared and given', { score: '1', clear: 'score' }],
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
    ['a gate on another scale than the score', { score: '0.9', score_scale: '100', min_score: '0.8' }],
  ],
  'A file': [
    ['meta_file that is not there', { meta_file: 'm.json' }],
    ['meta_file that is not an object', { meta_file: 'm.json' }, file('3', 'm.json')],
    ['results_file that is not there', { results_file: 'r.xml' }],
    results(''),
    results('<testsuite/>'),
    results('<testsuite><testcase><skipped/></testcase></testsuite>'),
    results('<testsuite><testcase>'),
    results('<html/>'),
    results('name,score'),
    results('> demo@1.0.0 test\n> vitest run\n\n{"testResults": []}'),
    results('{"a": 1}'),
    results('{"results": {"tests": [{"status": "odd"}]}}'),
    results('{"a": {"b": "c"}}', { results_format: 'json', score_pointer: '/a/x' }),
    results('{"a": {"b": "c"}}', { results_format: 'json', score_pointer: '/a/b' }),
    fields('{}'),
    fields('[]'),
    fields('{"scores": 1}'),
    fields('{"score": 0.87, "end_time": "today"}'),
    ['a file that a failed job did not write', { results_file: 'r.xml', job_status: 'failure' }],
    ['a file that a cancelled job did not write', { results_file: 'r.xml', job_status: 'cancelled' }],
  ],
  'A response of the API': [
    ...[400, 401, 403, 404, 408, 409, 413, 418, 421, 422, 429, 500, 503].map((code) =>
      response(String(code), status(code)),
    ),
    response('404 before a write', status(404), { meta: '{}' }),
    response('503, with retries', status(503), { retries: '1' }),
    response('429 that asks to wait for an hour', status(429, { headers: { 'retry-after': '3600' } })),
    response('redirect', redirect('https://elsewhere.example/v2')),
    response('HTML', html()),
    response('JSON that breaks off', truncatedJson()),
    response('nothing', body('')),
    response('a list', body('[]')),
    response('another span', body('{"id": "4c90c3cc-0d44-4b50-8888-8dd25736052a", "name": "x"}')),
    response('no span', body('{"id": 7}')),
    response(
      'not UTF-8',
      raw(Buffer.from('HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n"caf\xe9"', 'latin1')),
    ),
    response('compressed', raw('HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\nconnection: close\r\n\r\nx')),
    response('not HTTP', raw('SSH-2.0-OpenSSH_9.2\r\n')),
    response('a status that is not HTTP', raw('HTTP/1.1 600 Odd\r\nconnection: close\r\n\r\n')),
    response('a connection that breaks off', reset('in body')),
    ['a port that nothing listens on', { score: '1', retries: '0', base_url: 'http://127.0.0.1:1/v2' }],
  ],
  'A span that was not stored as sent': [
    response('a score', returned({ score: null }), { score: '87' }),
    response('a cleared field', returned({ error: 'old' }), { clear: 'error' }),
    response('a key of meta', returned({ meta: { b: 2 } }), { meta: '{"a": 1}' }),
    response('an output that is not kept', returned({ output: null }), { output: 'x' }),
    response(
      'an end before the start',
      returned({ start_time: '2026-11-20T12:00:00+00:00', end_time: '2026-11-20T11:00:00+00:00' }),
      { end_time: '2026-11-20T11:00:00Z' },
    ),
  ],
  'The rest': [
    ['a score below the gate', { score: '62', min_score: '80', dry_run: 'true' }],
    ['a gate without a score', { output: 'x', min_score: '80', dry_run: 'true' }],
    ['no key on a pull request from a fork', { score: '1', api_key: '' }, { context: FORK }],
    ['outputs that cannot be written', { score: '1', dry_run: 'true' }, { broken: 'setOutput' }],
    ['a summary that cannot be written', { score: '1', dry_run: 'true' }, { broken: 'appendSummary' }],
    ['a span_file that cannot be written', { score: '1', dry_run: 'true' }, { broken: 'writeTemp' }],
    ['outputs beyond 1 MiB', { output: 'x'.repeat(600_000), dry_run: 'true' }],
    ['a bug', { score: '1' }, { broken: 'connect' }],
    [
      'a tracked job whose start fails for a passing reason',
      { operation: 'track', span_id: '', retries: '0' },
      { faults: [{ times: FOREVER, fault: status(503) }] },
    ],
    [
      'metrics that fail',
      { metrics: '{"a": 1, "b": 2}', retries: '0' },
      { faults: [{ when: ({ path }) => path.includes('metrics'), times: FOREVER, fault: status(503) }] },
    ],
    [
      'case spans that fail',
      { results_file: 'r.xml', case_spans: 'all' },
      {
        ...file('<testsuite><testcase name="a"/></testsuite>', 'r.xml'),
        faults: [{ on: 'POST', times: FOREVER, fault: status(422) }],
      },
    ],
  ],
};

test('the messages are those in messages.md', { timeout: 60_000 }, async () => {
  const lines = ['# What the step says', ''];
  for (const [chapter, scenes] of Object.entries(CHAPTERS)) {
    lines.push(`## ${chapter}`, '');
    for (const [title, inputs, options] of scenes) {
      const given = { span_id: ID, ci_meta: 'false', ...inputs };
      const { annotations, log } = await runStage(server, given, options);
      const retries = log
        .filter((line) => line.includes('attempt'))
        .map((message) => ({ level: 'log', title: '', message }));
      lines.push(`**${title}**`, '');
      for (const { level, title, message } of [...retries, ...annotations]) {
        lines.push(
          `- ${level}${title && ` (${title})`}`,
          ...message.split('\n').map((line) => `  > ${line}  `),
        );
      }
      lines.push('');
    }
  }
  const { port } = new URL(server.baseUrl);
  const catalogue = lines
    .join('\n')
    .replaceAll(`127.0.0.1:${port}`, '127.0.0.1:PORT')
    .replace(OTHER_ID, 'UUID');
  await expect(catalogue).toMatchFileSnapshot('messages.md');
});
