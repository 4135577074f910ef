import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { EOL, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, describe, expect, test } from 'vitest';
import { readInputs } from '../../src/inputs/inputs.ts';
import { OUTPUTS } from '../../src/report/outputs.ts';
import { parseCommand, parseKeyValueFile } from '../harness/commands.ts';
import { raw, reply, span as returned, status } from '../harness/faults.ts';
import { readAction, runStep, type StepOptions, type StepResult } from '../harness/runner.ts';
import { type Fault, type SpanRequest, startSpanServer } from '../harness/span-server.ts';

// Commands after every kind of line break and after what a comparison by culture ignores; escape codes and
// bidirectional controls; and what would be pairs of an environment file.
const HOSTILE = [
  '::error::FORGED',
  '\n::add-mask::FORGED',
  '\r \t::set-output name=score::FORGED',
  '\r\n\u00a0::stop-commands::FORGED',
  '\u2028::error::FORGED',
  '\u2029::warning::FORGED',
  '\u0085::notice::FORGED',
  '\v::group::FORGED',
  '\f::debug::FORGED',
  '\n\u200b\u200d::error::FORGED',
  '\n\ufeff\u2060\u00ad::error::FORGED',
  '\n##[error]FORGED##[add-mask]FORGED',
  '\u001b[31m\u202e\u2066FORGED',
  '\nscore=FORGED\nFORGED<<EOF\nx\nEOF\n',
].join('');
// An environment variable cannot contain these.
const HOSTILE_FOR_FILES = `${HOSTILE}\0\ud800 \udc00`;
// Each is put at the beginning of a text, and is short enough to be shown whole.
const HOSTILE_PIECES = HOSTILE.split(/(?=\n|\r(?!\n)|[\u2028\u2029\u0085\v\f])/);
const UUID = /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/;

const server = await startSpanServer();
const folder = mkdtempSync(join(tmpdir(), 'hostile-test-'));
afterAll(async () => {
  await server.close();
  rmSync(folder, { recursive: true });
});
beforeEach(() => {
  server.requests.length = 0;
  server.faults.length = 0;
});

function write(name: string, content: string): string {
  writeFileSync(join(folder, name), content);
  return name;
}

async function step(
  inputs: Readonly<Record<string, string>>,
  options: StepOptions = {},
): Promise<StepResult> {
  const result = await runStep({
    cwd: folder,
    ...options,
    with: { api_key: server.key, base_url: server.baseUrl, retries: '0', ...inputs },
  });
  expectTame(result, inputs.api_key ?? server.key);
  expect(Object.keys(result.outputs).toSorted()).toEqual(options.stage === 'post' ? [] : OUTPUTS.toSorted());
  return result;
}

/** Only the action's own commands took effect: masks of the key, annotations with its own titles, its two variables. */
function expectTame(result: StepResult, key: string): void {
  expect(result.timedOut).toBe(false);
  expect(result.stderr).toBe('');
  const meant = result.commands.filter(({ name, version, properties, message }) => {
    if (version !== 2) return false;
    if (name === 'add-mask') return key.includes(message);
    return (
      ['error', 'warning', 'notice'].includes(name) &&
      /^Opper span(: [a-z, ]+)?$/i.test(properties.title ?? '')
    );
  });
  expect(result.commands).toEqual(meant);

  // As a comparison by culture sees it, and as a viewer that breaks lines at more than the runner does. A mask is verbatim.
  const shown = result.stdout.replaceAll(EOL, '\n').replace(/^::add-mask::[^\n]*\n/gm, '');
  const ignorant = shown
    .replace(/\p{Default_Ignorable_Code_Point}/gu, '')
    .split(/[\n\r\u2028\u2029\u0085\v\f]+/);
  const commands = ignorant.filter((line) => parseCommand(line) !== undefined);
  expect(commands).toHaveLength(meant.filter(({ name }) => name !== 'add-mask').length);
  expect(shown.match(/[\0-\x08\x0b-\x1f\x7f-\x9f\u200b\u2028-\u202e\u2060-\u2069\ufeff\ufffd]/g)).toBeNull();
  expect(result.stdout.length).toBeLessThan(100_000);

  const variables = Object.entries(parseKeyValueFile(result.env));
  expect(
    variables.filter(([name, value]) => !/^OPPER_(SPAN|TRACE)_ID$/.test(name) || !UUID.test(value)),
  ).toEqual([]);
  expect(Object.keys(parseKeyValueFile(result.state)).filter((name) => name !== 'tracked')).toEqual([]);
}

const errorOf = (result: StepResult) =>
  result.annotations.filter(({ level }) => level === 'error').map(({ message }) => message);

describe('inputs', async () => {
  const { inputs = {} } = await readAction();
  const names = Object.keys(inputs).filter((name) => name !== 'api_key');
  const lineNames = (result: StepResult) =>
    errorOf(result).flatMap((message) => message.split('\n').map((line) => line.split(/[: ]/)[0]));

  test('that are rejected are quoted as inert text', async () => {
    const result = await step(Object.fromEntries(names.map((name) => [name, HOSTILE])));
    expect(result).toMatchObject({ exitCode: 1, outputs: { outcome: 'failed', score: '' } });
    const named = new Set(lineNames(result));
    // All but those whose form takes any text. The results file is not looked for before its format is known; meta_file is, and there is none.
    const takesAnyText = (name: string) =>
      readInputs((other) => (other === name ? HOSTILE : ''), undefined, new Date()).problems.length === 0;
    expect(names.filter((name) => !named.has(name))).toEqual(
      names.filter((name) => takesAnyText(name) && name !== 'meta_file'),
    );
  });

  test('of free text come back unchanged', async () => {
    const { id } = server.create({ name: 'n' });
    const meta = { [HOSTILE_FOR_FILES]: [HOSTILE_FOR_FILES] };
    const texts = { name: `n${HOSTILE}`, type: HOSTILE, input: HOSTILE, output: HOSTILE, error: HOSTILE };
    const metrics = JSON.stringify({ [HOSTILE_FOR_FILES]: { value: 1, comment: HOSTILE_FOR_FILES } });
    const result = await step({
      span_id: id,
      meta: JSON.stringify(meta),
      ci_meta: 'false',
      metrics,
      ...texts,
    });
    const recorded = Object.fromEntries(
      Object.entries(texts).map(([name, text]) => [name, text.replace(/\n+$/, '')]),
    );
    expect(result.exitCode).toBe(0);
    expect(server.span(id)).toMatchObject({ ...recorded, meta });
    expect(result.outputs).toMatchObject({ ...recorded, score: '', meta: JSON.stringify(meta) });
    expect(JSON.parse(result.outputs.span ?? '')).toMatchObject({ ...recorded, meta });
    expect(JSON.parse(result.outputs.metrics ?? '')).toEqual({ [HOSTILE_FOR_FILES]: 1 });
    expect(server.metrics(id)).toMatchObject([{ dimension: HOSTILE_FOR_FILES, comment: HOSTILE_FOR_FILES }]);
  });

  test('with a bad key are masked line by line and rejected', async () => {
    const { id } = server.create({ name: 'n' });
    const key = `${HOSTILE}\n${server.key}`;
    const result = await step({ span_id: id, score: '1', api_key: key });
    expect(result.masks).toContain(server.key);
    expect(lineNames(result)).toEqual(['api_key']);
  });

  test.each([0, 5, 10])('at the start of what is quoted (from piece %d)', async (from) => {
    const given = names.map((name, at) => [name, HOSTILE_PIECES[(at + from) % HOSTILE_PIECES.length] ?? '']);
    expect(await step(Object.fromEntries(given))).toMatchObject({ exitCode: 1 });
  });
});

describe('the span', () => {
  const fields = {
    type: HOSTILE_FOR_FILES,
    error: HOSTILE_FOR_FILES,
    input: { [HOSTILE_FOR_FILES]: HOSTILE_FOR_FILES },
  };

  test('is output as it was read', async () => {
    const { id } = server.create({
      name: HOSTILE_FOR_FILES,
      ...fields,
      meta: { [HOSTILE_FOR_FILES]: 1 },
      feedback: { score: 1, comment: HOSTILE_FOR_FILES },
    });
    const result = await step({ span_id: id, operation: 'get' }, { context: { runner: { temp: folder } } });
    expect(result).toMatchObject({ exitCode: 0, annotations: [] });
    // A file cannot contain a lone surrogate.
    const text = HOSTILE_FOR_FILES.toWellFormed();
    expect(result.outputs).toMatchObject({ name: text, type: text, error: text, feedback_comment: text });
    expect(JSON.parse(result.outputs.span ?? '')).toEqual(server.span(id));
    expect(readFileSync(result.outputs.span_file ?? '', 'utf8')).toBe(result.outputs.span);
  });

  test.each([0, 6, 12])(
    'of texts that begin with a command is shown as inert text (from piece %d)',
    async (from) => {
      const [name = 'n', type = '', error = '', input = '', output = '', comment = ''] =
        HOSTILE_PIECES.slice(from);
      const feedback = { score: 1, comment };
      const { id } = server.create({ name, type, error, input, output, feedback, meta: { [name]: type } });
      const read = await step({ span_id: id, operation: 'get' });
      expect(read).toMatchObject({ exitCode: 0, outputs: { name, type, error, input, output } });
      const updated = await step({ span_id: id, clear: 'error', meta: '{"a": 1}', ci_meta: 'false' });
      expect(updated).toMatchObject({ exitCode: 0, outputs: { name, type, error: '', input, output } });
    },
  );

  test('differs from what was sent: the warning is inert', async () => {
    const { id } = server.create({ name: 'n' });
    const overrides = { score: null, end_time: HOSTILE_FOR_FILES, ...fields };
    server.faults.push({ on: 'PATCH', fault: returned(overrides) });
    const result = await step({ span_id: id, score: '1', error: 'x', type: 'y', ci_meta: 'false' });
    expect(result.annotations).toHaveLength(3);
  });

  test('of megabytes is cut in the log and the summary, and left out of the outputs', async () => {
    const { id } = server.create({ name: HOSTILE.repeat(5000), meta: { [HOSTILE.repeat(2000)]: 1 } });
    const result = await step({ span_id: id, score: '1', meta: '{"a": 1}' });
    expect(result).toMatchObject({
      exitCode: 0,
      outputs: { name: '', meta: expect.any(String), span: '', score: '1' },
      annotations: [{ level: 'warning', message: expect.stringMatching(/span, .*name/) }],
    });
    expect(Buffer.byteLength(result.summary)).toBeLessThan(1024 * 1024);
  });
});

describe('the API', () => {
  const text = HOSTILE_FOR_FILES;
  const wire = Buffer.from(HOSTILE.replaceAll(/[\r\n]/g, ' ')).toString('latin1');
  const detail = [{ loc: ['body', text], msg: text, type: text, input: text }];

  const responses: readonly [string, Fault][] = [
    ['an error of its own shape', status(400, { body: { type: text, message: text, detail: text } })],
    ['an error that names fields', status(422, { body: { detail } })],
    ['an error of another shape', status(500, { retryAfter: '0', body: { [text]: text } })],
    ['an error in plain text', status(500, { retryAfter: '0', body: HOSTILE })],
    [
      'an error as a web page',
      status(502, { retryAfter: '0', body: `<html><title>${HOSTILE}</title></html>` }),
    ],
    ['a status text', raw(`HTTP/1.1 500 ${wire}\r\nretry-after: 0\r\ncontent-length: 0\r\n\r\n`)],
    [
      'headers',
      raw(`HTTP/1.1 403 No\r\nretry-after: ${wire}\r\nlocation: ${wire}\r\ncontent-length: 0\r\n\r\n`),
    ],
    [
      'a redirect',
      raw(`HTTP/1.1 307 No\r\nlocation: https://evil.example/${wire}\r\ncontent-length: 0\r\n\r\n`),
    ],
    ['another span', returned({ id: text })],
    ['something of the wrong type', returned({ name: { [text]: text }, meta: text })],
    ['broken JSON', reply({ status: 200, body: `{${HOSTILE}` })],
    ['JSON that is not a span', reply({ status: 200, body: JSON.stringify(text) })],
    ['megabytes of error', status(500, { retryAfter: '0', body: { detail: text.repeat(5000) } })],
    ['something that is not HTTP', raw(HOSTILE)],
  ];
  test.each(responses)('that responds with %s is reported as inert text', async (_, fault) => {
    const { id } = server.create({ name: 'n' });
    server.faults.push({ times: 5, fault });
    const inputs = { span_id: id, score: '1', ci_meta: 'false', retries: '1', timeout_seconds: '5' };
    const result = await step(inputs);
    expect(result).toMatchObject({ exitCode: 1, outputs: { outcome: 'failed', score: '' } });
    expect(errorOf(result)).toHaveLength(1);
    expect(errorOf(result)[0]).not.toContain('\n');
  });

  test.each(responses.slice(0, 4))('that responds to metrics and case spans with %s', async (_, fault) => {
    const { id } = server.create({ name: 'n' });
    const isChild = ({ method, path }: SpanRequest) => method === 'POST' || path.includes('/metrics');
    server.faults.push({ when: isChild, times: 9, fault });
    const results_file = write('one.xml', '<testsuite><testcase name="a"/></testsuite>');
    const inputs = { span_id: id, score: '1', results_file, metrics: '{"a": 1}', case_spans: 'all' };
    expect((await step(inputs)).outputs).toMatchObject({ outcome: 'updated', score: '1' });
    expect(server.requests.filter(isChild).length).toBeGreaterThan(1);
  });

  test('that returns metrics with hostile names and comments', async () => {
    const { id } = server.create({ name: 'n' });
    server.createMetric(id, { dimension: text, value: 1, comment: text });
    const inputs = { span_id: id, metrics: JSON.stringify({ [text]: 2, [HOSTILE]: 3 }), ci_meta: 'false' };
    const result = await step(inputs);
    expect(result).toMatchObject({ exitCode: 0, annotations: [] });
    expect(server.metrics(id)).toMatchObject([
      { dimension: text, value: 2, comment: text },
      { dimension: HOSTILE, value: 3 },
    ]);
    expect(JSON.parse(result.outputs.metrics ?? '')).toEqual({ [text]: 2, [HOSTILE]: 3 });
  });
});

describe('files', () => {
  // Windows takes neither control characters in a name nor what means something in its paths.
  const forbidden = process.platform === 'win32' ? /[\0-\x1f"*/:<>?\\|]/g : /\//g;
  const hostileName = `a${HOSTILE.replaceAll(forbidden, '').slice(0, 80)}.json`;
  const xml = (text: string) => text.replace(/[^\t\n\r -\uffff]|[&<>"]/g, '_').replaceAll(']]', '');

  test.each<[string, () => Record<string, string>]>([
    ['a missing file', () => ({ meta_file: HOSTILE, results_file: HOSTILE })],
    ['a pattern', () => ({ results_file: HOSTILE_PIECES.map((piece) => `a${piece.trim()}/*`).join('\n') })],
    ['a file with a hostile name', () => ({ meta_file: write(hostileName, '{'), results_file: hostileName })],
    [
      'what is not JSON',
      () => ({ meta_file: write('m.json', HOSTILE), results_file: write('r.json', `{${HOSTILE}`) }),
    ],
    [
      'unknown fields',
      () => ({
        results_file: write('f.json', JSON.stringify({ [HOSTILE_FOR_FILES]: 1, x: 1 })),
        results_format: 'fields',
      }),
    ],
    [
      'fields of the wrong form',
      () => {
        const fields = {
          score: HOSTILE_FOR_FILES,
          end_time: HOSTILE_FOR_FILES,
          meta: HOSTILE_FOR_FILES,
          clear: [HOSTILE],
        };
        return { results_file: write('g.json', JSON.stringify(fields)), results_format: 'fields' };
      },
    ],
    [
      'a pointer that finds nothing',
      () => ({
        results_file: write('p.json', JSON.stringify({ [HOSTILE]: HOSTILE })),
        results_format: 'json',
        score_pointer: `/${HOSTILE.replaceAll(/[~\s]/g, '')}`,
      }),
    ],
    ['broken XML', () => ({ results_file: write('b.xml', `<testsuite><${HOSTILE}`) })],
  ])('%s: the error is inert', async (_, inputsOf) => {
    const { id } = server.create({ name: 'n' });
    const result = await step({ span_id: id, ...inputsOf() });
    expect(result).toMatchObject({ exitCode: 1, outputs: { outcome: 'failed' } });
    expect(errorOf(result)).toHaveLength(1);
  });

  test('results with hostile names and messages are recorded, and shown as inert text', async () => {
    const { id } = server.create({ name: 'n' });
    const text = xml(HOSTILE);
    const cases = `<testcase name="${text}"><failure message="${text}">${text}</failure></testcase><testcase name="ok"/>`;
    const results_file = write('ok.xml', `<testsuite name="${text}">${cases}</testsuite>`);
    const result = await step({
      span_id: id,
      results_file,
      meta_file: write('ok.json', JSON.stringify({ [HOSTILE_FOR_FILES]: 1 })),
    });
    expect(result).toMatchObject({ exitCode: 0, outputs: { score: '50' } });
    expect(result.outputs.error).toBe(server.span(id).error);
  });

  test('an eval with hostile cases becomes a span for each, and metrics with hostile names', async () => {
    const { id } = server.create({ name: 'n' });
    // A lone surrogate becomes the replacement character.
    const text = `${HOSTILE}\0`;
    const results = [...HOSTILE_PIECES, text].map((piece) => ({
      success: false,
      error: piece,
      vars: { [piece]: piece },
      response: { output: piece },
      provider: piece,
      prompt: { raw: piece },
      namedScores: { [piece]: 1 },
      score: 0,
    }));
    const inputs = {
      span_id: id,
      results_file: write('promptfoo.json', JSON.stringify({ results: { results } })),
      case_spans: 'all',
      results_metrics: 'true',
    };
    const made = await step(inputs);
    expect(made).toMatchObject({ exitCode: 0, outputs: { case_spans: String(results.length) } });
    expect(server.children(id).map(({ output }) => output)).toContain(text);
    expect(Object.keys(JSON.parse(made.outputs.metrics ?? ''))).toContain(text);
    const shown = await step({ ...inputs, dry_run: 'true' });
    expect(shown).toMatchObject({ exitCode: 0, outputs: { outcome: 'dry-run' } });
  });
});

const GITHUB = {
  workflow: HOSTILE,
  job: HOSTILE,
  actor: HOSTILE,
  event_name: 'pull_request',
  ref: HOSTILE,
  sha: HOSTILE,
};
const EVENT = {
  pull_request: {
    number: 7,
    title: HOSTILE_FOR_FILES,
    user: { login: HOSTILE },
    head: { ref: HOSTILE, sha: HOSTILE, repo: { full_name: HOSTILE } },
    base: { ref: HOSTILE, sha: HOSTILE, repo: { full_name: 'acme/support-bot' } },
  },
};

describe('the job', () => {
  const context = {
    github: GITHUB,
    job: { status: 'failure', check_run_id: HOSTILE },
    matrix: { [HOSTILE]: HOSTILE },
  };
  const options = { context, event: EVENT };

  test('with hostile names of workflow, job, branch, actor, pull request and matrix', async () => {
    const { id } = server.create({ name: 'n' });
    const result = await step({ span_id: id }, options);
    expect(result).toMatchObject({
      exitCode: 0,
      annotations: [],
      outputs: { outcome: 'updated', score: '' },
    });
    expect(server.span(id).error).toContain(HOSTILE.trim());

    const skipped = await step({ span_id: id, api_key: '' }, options);
    expect(skipped).toMatchObject({ exitCode: 0, outputs: { outcome: 'skipped' } });
    const shown = await step({ span_id: id, api_key: '', dry_run: 'true' }, options);
    expect(shown).toMatchObject({ exitCode: 0, outputs: { outcome: 'dry-run' } });
  });

  test.each([`{${HOSTILE}`, JSON.stringify(HOSTILE)])(
    'with an unexpected event file: %j',
    async (content) => {
      const { id } = server.create({ name: 'n' });
      const env = { GITHUB_EVENT_PATH: join(folder, write('event.json', content)) };
      const result = await step({ span_id: id, score: '1' }, { env });
      expect(result).toMatchObject({ exitCode: 0, annotations: [{ level: 'warning' }] });
    },
  );
});

describe('a tracked job', () => {
  const results_file = write('tracked.xml', '<testsuite><testcase name="a"/></testsuite>');

  test.each<[string, Readonly<Record<string, unknown>>, code: number]>([
    ['texts', { name: HOSTILE_FOR_FILES, input: HOSTILE_FOR_FILES, meta: { [HOSTILE]: HOSTILE } }, 0],
    ['ids', { id: HOSTILE, trace_id: HOSTILE, parent_id: HOSTILE }, 1],
  ])('whose span has a hostile %s is inert at its start and end', async (_, overrides, exitCode) => {
    const inputs = { operation: 'track', name: HOSTILE, input: HOSTILE, results_file, output: HOSTILE };
    const options = { context: { github: GITHUB, matrix: { [HOSTILE]: HOSTILE } }, event: EVENT };
    server.faults.push({ times: 1, fault: returned(overrides) });
    const start = await step(inputs, options);
    expect(start).toMatchObject({ exitCode: 0, outputs: { outcome: 'tracking' } });
    expect(Object.keys(parseKeyValueFile(start.env))).toHaveLength(exitCode === 0 ? 2 : 0);
    const state = parseKeyValueFile(start.state);
    const end = await step(inputs, { ...options, stage: 'post', state });
    expect(end.exitCode).toBe(exitCode);
    expect(server.requests.length).toBeGreaterThan(1);

    const broken = { ...inputs, score: HOSTILE, results_file: HOSTILE };
    const closed = await step(broken, { ...options, stage: 'post', state });
    expect(closed.exitCode).toBe(1);
  });
});
