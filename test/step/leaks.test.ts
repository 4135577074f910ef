import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it as sequential } from 'vitest';
import { SPAN_FIELDS } from '../../src/api/span.ts';
import * as faults from '../harness/faults.ts';
import { readAction, runStep, type StepOptions, type StepResult } from '../harness/runner.ts';
import {
  type Fault,
  type FaultRule,
  type Reply,
  type SpanRequest,
  startSpanServer,
} from '../harness/span-server.ts';

// Each step has its own server and workspace.
const it = sequential.concurrent;

const folder = mkdtempSync(join(tmpdir(), 'leaks-test-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** Contains all characters that JSON, URLs, HTML, Base64 and workflow commands encode. */
const KEY = 'op-Te"st\\0123<b>+789/ab=cd%ef?gh&ij';
const ID = '3c90c3cc-0d44-4b50-8888-8dd25736052a';
const EVER = Number.POSITIVE_INFINITY;

const SPELLED: Readonly<Record<string, (text: string) => string>> = {
  'as it is': (text) => text,
  'as JSON writes it': (text) => JSON.stringify(text).slice(1, -1),
  'as a URL writes it': encodeURIComponent,
};
const base64 = (text: string) => Buffer.from(text).toString('base64');
const FORMS: typeof SPELLED = {
  ...SPELLED,
  'in Base64': base64,
  'in Base64, after the word Bearer': (text) => base64(`Bearer ${text}`),
};
const inEveryForm = (key: string) => Object.values(FORMS).map((form) => form(key));

/** What a step leaves behind: what the harness reads, and the files in the runner's temporary folder. */
interface Told {
  readonly step: StepResult;
  readonly files: readonly string[];
  readonly sent: readonly SpanRequest[];
}

const ENTITIES: Readonly<Record<string, string>> = { lt: '<', gt: '>', quot: '"', '#39': "'", amp: '&' };

/** Everything that can be read afterwards, except the mask itself. The summary as written and as a browser shows it. */
function tracesOf({ step, files }: Pick<Told, 'step' | 'files'>): string[] {
  const shown = step.summary
    .replaceAll('<wbr>', '')
    .replaceAll(/&(\w+|#\d+);/g, (whole, name: string) => ENTITIES[name] ?? whole);
  return [
    ...step.stdout.split(/\r?\n/).filter((line) => !line.startsWith('::add-mask::')),
    step.stderr,
    step.summary,
    shown,
    step.env,
    step.state,
    ...files,
    ...step.annotations.flatMap(({ title, message }) => [title, message]),
    ...Object.entries(step.outputs).flat(),
  ];
}

/** The traces with 12 characters of the secret in a row, in any encoding, or 12 of its Base64. */
function leaksIn(told: Pick<Told, 'step' | 'files'>, secret = KEY): string[] {
  const windows = (text: string, from = 0) =>
    Array.from({ length: Math.max(text.length - 11 - from, 0) }, (_, at) =>
      text.slice(from + at, from + at + 12),
    );
  const pieces = [
    ...windows(secret).flatMap((piece) => Object.values(SPELLED).map((spell) => spell(piece))),
    ...windows(base64(secret)),
    // The Base64 of "Bearer op" is not secret.
    ...windows(base64(`Bearer ${secret}`), 12),
  ];
  return tracesOf(told).filter((trace) => pieces.some((piece) => trace.includes(piece)));
}

interface Given extends Omit<StepOptions, 'cwd'> {
  readonly faults?: readonly FaultRule[];
  readonly files?: Readonly<Record<string, string>>;
}

/** Runs a stage of the step: an update of a span that was read before, unless the inputs say otherwise. */
async function run({ faults: rules = [], files = {}, ...options }: Given = {}): Promise<Told> {
  await using server = await startSpanServer({ key: KEY });
  server.create({ id: ID, name: 'Answer a ticket', meta: { a: 1 } });
  server.faults.push(...rules);
  const workspace = mkdtempSync(join(folder, 'workspace-'));
  const temp = join(workspace, 'temp');
  mkdirSync(temp);
  for (const [path, content] of Object.entries(files)) writeFileSync(join(workspace, path), content);
  const isUpdate = (options.with?.operation ?? 'update') === 'update';
  const step = await runStep({
    ...options,
    cwd: workspace,
    context: { runner: { temp } },
    env: { RUNNER_DEBUG: '1', ...options.env },
    with: {
      api_key: KEY,
      base_url: server.baseUrl,
      ...(isUpdate && { span_id: ID, score: '9', meta: '{"b": 2}' }),
      retries: '1',
      ...options.with,
    },
  });
  const left = readdirSync(temp).map((name) => readFileSync(join(temp, name), 'utf8'));
  return { step, files: left, sent: server.requests };
}

/** The key as the server got it. */
const keyIn = ({ headers }: SpanRequest) => String(headers.authorization).replace(/^Bearer /, '');

/** A response that contains the key as the server got it. */
function echo(of: (key: string) => Reply): Fault {
  return faults.reply(({ request }) => of(keyIn(request)));
}

/** Responds to a good request correctly, but with the key in every form in every text. */
const withKeyEverywhere: Fault = faults.reply(({ request }) => {
  const key = keyIn(request);
  const forms = inEveryForm(key);
  const text = forms.join(' ');
  if (request.path.includes('/metrics')) {
    const metric = { id: key, dimension: text, value: 1, comment: text, [key]: key };
    const page = { meta: { total_count: 1 }, data: [metric] };
    return { status: 200, body: request.method === 'GET' ? page : metric };
  }
  const texts = ['name', 'type', 'start_time', 'end_time', 'error', 'output', 'trace_id', 'parent_id'];
  const body = {
    id: (request.body as { id?: string } | undefined)?.id ?? ID,
    ...Object.fromEntries(texts.map((name) => [name, text])),
    input: { [key]: forms },
    // A warning shows meta as JSON, and a key that was encoded twice is not found.
    meta: Object.fromEntries(
      forms
        .filter((form) => form !== SPELLED['as JSON writes it']?.(key))
        .map((form) => [form, { [form]: [form] }]),
    ),
    score: 1,
    feedback: { score: 1, comment: forms.join('\n') },
    [key]: key,
  };
  return { status: 200, body };
});

const isChild = ({ method, path, body }: SpanRequest) =>
  path.includes('/metrics') || (method === 'POST' && 'parent_id' in (body as object));
const refusal = echo((key) => ({ status: 401, body: { detail: inEveryForm(key) } }));

const escaped = KEY.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');
const JUNIT = `<testsuite name="${escaped}"><testcase name="${escaped}"><failure message="${escaped}"/></testcase></testsuite>`;
/** An eval that puts the key into everything it records. */
const EVAL = {
  files: { 'r.xml': JUNIT },
  with: {
    meta: JSON.stringify({ [KEY]: [{ deep: `Bearer ${KEY}` }] }),
    output: KEY,
    results_file: 'r.xml',
    case_spans: 'all',
    metrics: JSON.stringify({ [KEY]: 0.5, b: { value: 2, comment: KEY } }),
  },
} as const;
const tracked = JSON.stringify({
  id: ID,
  exists: true,
  start_time: '2026-11-20T12:00:00Z',
  sent: [],
  given: [],
});

const STAGES: readonly [string, Given][] = [
  ['an update', EVAL],
  ['a read', { with: { operation: 'get', span_id: ID } }],
  ['a create', { ...EVAL, with: { ...EVAL.with, operation: 'create' } }],
  ['a start', { ...EVAL, with: { ...EVAL.with, operation: 'track' } }],
  ['an end', { ...EVAL, with: { ...EVAL.with, operation: 'track' }, stage: 'post', state: { tracked } }],
];

describe('the harness of these tests', () => {
  it('finds the key if it is shown', async () => {
    const { step } = await run();
    for (const form of Object.values(FORMS)) {
      const said = `said ${form(KEY)}`;
      expect(leaksIn({ step: { ...step, stdout: `${step.stdout}\n${said}\n` }, files: [] })).toEqual([said]);
      expect(leaksIn({ step, files: [said] })).toEqual([said]);
    }
    const broken = `${escaped.slice(0, 9)}<wbr>${escaped.slice(9)}`;
    expect(leaksIn({ step: { ...step, summary: broken }, files: [] })).not.toEqual([]);
  });
});

describe.each(STAGES)('the key, in %s', (_, given) => {
  it('whose every response contains it, shows only as ***', async () => {
    const told = await run({ ...given, faults: [{ times: EVER, fault: withKeyEverywhere }] });
    expect(new Set(told.sent.map(keyIn))).toEqual(new Set([KEY]));
    expect(leaksIn(told)).toEqual([]);
    expect(tracesOf(told).join()).toContain('***');
  });

  it.each<[string, readonly FaultRule[]]>([
    ['that is refused with it', [{ times: EVER, fault: refusal }]],
    ['whose metrics and case spans are refused with it', [{ when: isChild, times: EVER, fault: refusal }]],
    [
      'that meets an outage whose message names it',
      [{ times: EVER, fault: faults.raw(`HTTP/1.1 503 ${KEY}\r\ncontent-length: 0\r\n\r\n`) }],
    ],
  ])('%s, shows nowhere', async (_, rules) => {
    const told = await run({ ...given, faults: rules });
    expect(new Set(told.sent.map(keyIn))).toEqual(new Set([KEY]));
    expect(leaksIn(told)).toEqual([]);
  });
});

describe('the key, which the server echoes', () => {
  it.each<[string, Fault]>([
    [
      'in a page',
      echo((key) => ({ status: 500, body: `<html><title>${inEveryForm(key).reverse()}</title></html>` })),
    ],
    ...Object.entries(FORMS).map(([name, form]): [string, Fault] => [
      `at the cut of a long text, ${name}`,
      echo((key) => ({ status: 500, body: `${'x'.repeat(470)}${form(key)}${'y'.repeat(2000)}` })),
    ]),
    ['as the id of the span', echo((key) => ({ status: 200, body: { id: key, name: key } }))],
    ['in fields of wrong types', echo((key) => ({ status: 200, body: { id: [key], [key]: 1 } }))],
    ['in text that is not JSON', echo((key) => ({ status: 200, body: `{"id": ${key}}` }))],
    ['in the path of a redirect', faults.redirect(`https://example.com/${encodeURIComponent(KEY)}`)],
    ['as a redirect', faults.redirect(KEY)],
    [
      'in headers',
      echo((key) => ({ status: 429, headers: { 'retry-after': key, 'x-key': key, 'set-cookie': key } })),
    ],
    ['in place of HTTP', faults.raw(KEY)],
    ['in a broken header', faults.raw(`HTTP/1.1 200 OK\r\n${KEY}\r\n\r\n`)],
    ['at the end of a response that is cut off', echo((key) => ({ status: 400, body: key.slice(0, 20) }))],
  ])('%s, shows nowhere', async (_, fault) => {
    const told = await run({ faults: [{ on: 'PATCH', times: EVER, fault }] });
    expect(told.sent.map(keyIn).at(-1)).toBe(KEY);
    expect(told.step.exitCode).toBe(1);
    expect(leaksIn(told)).toEqual([]);
  });

  it('as the id of a new span is in no state and no variable', async () => {
    const fault = echo((key) => ({ status: 200, body: { id: key, name: key, trace_id: key } }));
    for (const operation of ['create', 'track']) {
      const told = await run({ with: { operation }, faults: [{ fault }] });
      expect(told.step).toMatchObject({ exitCode: 0, env: '', outputs: { id: '***' } });
      expect(leaksIn(told)).toEqual([]);
    }
  });
});

const { inputs = {} } = await readAction();

describe('a key that is in other inputs by mistake shows nowhere:', () => {
  const given = (names: readonly string[]) => Object.fromEntries(names.map((name) => [name, KEY]));
  const others = Object.keys(inputs).filter((name) => name !== 'api_key');

  it.each<[string, Record<string, string>]>([
    ['in all of them', given(others)],
    [
      'in those that are recorded as text',
      given(SPAN_FIELDS.filter((name) => !/score|meta|time/.test(name))),
    ],
    ['as the name of a file for meta', given(['meta_file'])],
    ['as the name of a results file', given(['results_file'])],
    ['in what a dry run would record', { ...EVAL.with, dry_run: 'true' }],
  ])('%s', async (_, inputs) => {
    const told = await run({ with: inputs, files: EVAL.files });
    expect(leaksIn(told)).toEqual([]);
    expect(tracesOf(told).join()).toContain('***');
  });

  it('base_url, as its user, path or host', async () => {
    const key = encodeURIComponent(KEY);
    for (const base_url of [
      `https://${key}@127.0.0.1:1/v2`,
      `https://127.0.0.1:1/${key}`,
      `https://a?k=${key}`,
    ]) {
      const told = await run({ with: { base_url, retries: '0' } });
      expect(told.step.exitCode).toBe(1);
      expect(leaksIn(told)).toEqual([]);
    }
  });
});

describe('a key that cannot be used shows nowhere:', () => {
  it.each([
    ['of two lines', `${KEY}\nop-Second-line-0123456789`],
    ['of two lines, with a carriage return', `${KEY}\rop-Second-line-0123456789`],
    ['with a letter beyond ASCII', `${KEY}é`],
    ['with a control character', `${KEY}\u0007${KEY}`],
  ])('one %s', async (_, key) => {
    for (const given of [
      { with: { api_key: key } },
      { with: { api_key: '' }, env: { OPPER_API_KEY: key } },
    ]) {
      const { step, files, sent } = await run(given);
      expect({ exitCode: step.exitCode, sent }).toEqual({ exitCode: 1, sent: [] });
      expect(step.annotations.map(({ message }) => message.split(':')[0])).toEqual(['api_key']);
      expect(leaksIn({ step, files })).toEqual([]);
      expect(leaksIn({ step, files }, 'op-Second-line-0123456789')).toEqual([]);
    }
  });
});

describe('the mask', () => {
  it('of each line of the key is the first thing on stdout', async () => {
    const lines = (text: string) => text.split(/\r?\n/).slice(0, 2);
    const { step: plain } = await run({ with: { api_key: ` ${KEY}\n` } });
    expect(lines(plain.stdout)[0]).toBe(`::add-mask::${KEY.replace('%', '%25')}`);
    expect(plain.masks).toEqual([KEY]);
    expect(plain.exitCode).toBe(0);

    const { step: broken } = await run({ with: { api_key: 'op-one\r\nop-second', span_id: 'x' } });
    expect(lines(broken.stdout)).toEqual(['::add-mask::op-one', '::add-mask::op-second']);
  });
});
