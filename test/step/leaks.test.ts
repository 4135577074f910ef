import { describe, expect, it, vi } from 'vitest';
import * as faults from '../harness/faults.ts';
import { runStep, type StepOptions, type StepResult } from '../harness/runner.ts';
import { type Answer, type Fault, startSpanServer } from '../harness/span-server.ts';

// Processes are started, on a machine that may be busy.
vi.setConfig({ testTimeout: 30_000 });

/** With whatever JSON, URLs, HTML, Base64 and workflow commands write differently. */
const KEY = 'op-Te"st\\0123<b>+789/ab=cd%ef?gh&ij';
const ID = '3c90c3cc-0d44-4b50-8888-8dd25736052a';
/** The inputs whose text is told where it has not the form it should. */
const FORMED = [
  'span_id',
  'operation',
  'score',
  'score_scale',
  'meta',
  'end_time',
  'start_time',
  'clear',
  'meta_mode',
  'ci_meta',
  'min_score',
  'dry_run',
  'summary',
  'fail_on_api_error',
  'timeout_seconds',
  'retries',
  'job_status',
  'job_matrix',
  'job_check_run_id',
];
const EVER = Number.POSITIVE_INFINITY;

const FORMS: Readonly<Record<string, (text: string) => string>> = {
  'as it is': (text) => text,
  'as JSON writes it': (text) => JSON.stringify(text).slice(1, -1),
  'as a URL writes it': encodeURIComponent,
  'in Base64': (text) => Buffer.from(text).toString('base64'),
  'in Base64, after the word Bearer': (text) => Buffer.from(`Bearer ${text}`).toString('base64'),
};

/** All that the step leaves behind, but for the mask itself; the summary as written and as a browser reads it. */
function tracesOf(step: StepResult): string[] {
  const entities: Readonly<Record<string, string>> = {
    lt: '<',
    gt: '>',
    quot: '"',
    '#39': "'",
    '#10': '\n',
    amp: '&',
  };
  const stdout = step.stdout.split(/\r?\n/).filter((line) => !line.startsWith('::add-mask::'));
  return [
    ...stdout,
    step.stderr,
    step.summary,
    step.summary.replaceAll(/&(\w+|#\d+);/g, (whole, name: string) => entities[name] ?? whole),
    step.env,
    step.state,
    ...step.annotations.flatMap(({ title, message }) => [title, message]),
    ...Object.entries(step.outputs).flat(),
  ];
}

/** The traces that hold 12 characters of the key in a row, in any form. */
function leaksIn(step: StepResult, secret = KEY): string[] {
  const pieces = Object.values(FORMS).flatMap((form) => {
    const whole = form(secret);
    // The Base64 of "Bearer op" is no secret.
    const from = whole.startsWith('QmVhcmVy') ? 12 : 0;
    return Array.from({ length: whole.length - 11 - from }, (_, at) =>
      whole.slice(from + at, from + at + 12),
    );
  });
  return tracesOf(step).filter((trace) => pieces.some((piece) => trace.includes(piece)));
}

/** Runs the step on a server whose every answer to `on` is the fault. */
async function run(on: 'GET' | 'PATCH', fault: Fault | undefined, options: StepOptions = {}) {
  await using server = await startSpanServer({ key: KEY });
  server.create({ id: ID, name: 'Answer a ticket', meta: { a: 1 } });
  if (fault) server.faults.push({ on, times: EVER, fault });
  const step = await runStep({
    ...options,
    env: { RUNNER_DEBUG: '1', ...options.env },
    with: {
      api_key: KEY,
      base_url: server.baseUrl,
      span_id: ID,
      ...(options.with?.operation !== 'get' && { score: '9', meta: '{"b": 2}' }),
      retries: '1',
      ...options.with,
    },
  });
  return { step, sent: server.requests.map(({ headers }) => headers.authorization) };
}

/** An answer that is made from the key as the server got it. */
function echo(of: (key: string) => Answer): Fault {
  return faults.answer(({ request }) => of(String(request.headers.authorization).replace(/^Bearer /, '')));
}

describe.concurrent('the harness of these tests', () => {
  it('finds the key where it is shown', async () => {
    const { step } = await run('GET', undefined);
    for (const form of Object.values(FORMS)) {
      const shown = { ...step, stdout: `${step.stdout}\nsaid ${form(KEY)}\n` };
      expect(leaksIn(shown)).toEqual([`said ${form(KEY)}`]);
    }
    const escaped = KEY.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');
    expect(leaksIn({ ...step, summary: escaped })).not.toEqual([]);
  });
});

describe.concurrent('the key, which the server echoes', () => {
  const inEveryForm = (key: string) => Object.values(FORMS).map((form) => form(key));

  it.each<[string, (key: string) => Answer]>([
    ['in the detail of a refusal', (key) => ({ status: 401, body: { detail: inEveryForm(key) } })],
    [
      'in a page',
      (key) => ({ status: 500, body: `<html><title>${inEveryForm(key).reverse()}</title></html>` }),
    ],
    [
      'in every field of the span',
      (key) => ({
        status: 200,
        body: {
          id: ID,
          ...Object.fromEntries(
            ['name', 'type', 'start_time', 'end_time', 'error', 'output'].map((name) => [
              name,
              inEveryForm(key).join(' '),
            ]),
          ),
          input: { [key]: inEveryForm(key) },
          meta: Object.fromEntries(inEveryForm(key).map((form) => [form, { [form]: [form] }])),
          score: 1,
          feedback: { score: 1, comment: inEveryForm(key).join('\n') },
          [key]: key,
        },
      }),
    ],
    ...Object.entries(FORMS).map(([name, form]): [string, (key: string) => Answer] => [
      `at the cut of a long text, ${name}`,
      (key) => ({ status: 500, body: `${'x'.repeat(484)}${form(key)}${'y'.repeat(2000)}` }),
    ]),
  ])('%s, shows nowhere', async (_, of) => {
    const { step, sent } = await run('GET', echo(of), { with: { operation: 'get', retries: '0' } });
    expect(sent).toEqual([`Bearer ${KEY}`]);
    expect(leaksIn(step)).toEqual([]);
    expect(tracesOf(step).join()).toContain('***');
  });

  it.each<[string, 'GET' | 'PATCH', Fault]>([
    [
      'as the fields of the stored span',
      'PATCH',
      echo((key) => ({ status: 200, body: { id: key, name: key } })),
    ],
    ['in fields of wrong types', 'GET', echo((key) => ({ status: 200, body: { id: [key], [key]: 1 } }))],
    ['in text that is not JSON', 'PATCH', echo((key) => ({ status: 200, body: `{"id": ${key}}` }))],
    ['in the path of a redirect', 'GET', faults.redirect(`https://example.com/${encodeURIComponent(KEY)}`)],
    ['as a redirect', 'PATCH', faults.redirect(KEY)],
    [
      'in headers',
      'PATCH',
      echo((key) => ({
        status: 429,
        headers: { 'retry-after': key, 'x-key': key, 'set-cookie': key },
      })),
    ],
    ['as the reason of the status', 'GET', faults.raw(`HTTP/1.1 503 ${KEY}\r\ncontent-length: 0\r\n\r\n`)],
    ['in place of HTTP', 'GET', faults.raw(KEY)],
    ['in a broken header', 'PATCH', faults.raw(`HTTP/1.1 200 OK\r\n${KEY}\r\n\r\n`)],
    [
      'at the end of an answer that breaks off',
      'PATCH',
      echo((key) => ({ status: 400, body: key.slice(0, 20) })),
    ],
  ])('%s, shows nowhere', async (_, on, fault) => {
    const { step, sent } = await run(on, fault);
    expect(sent.at(-1)).toBe(`Bearer ${KEY}`);
    expect(step.exitCode).toBe(1);
    expect(leaksIn(step)).toEqual([]);
  });
});

describe.concurrent('the key, which stands in other inputs by mistake, shows nowhere:', () => {
  const given = (...names: readonly string[]) => Object.fromEntries(names.map((name) => [name, KEY]));

  it.each([
    ['in those that have a form', given(...FORMED, 'results_format')],
    ['in those that are text', given('name', 'type', 'input', 'output', 'error')],
    ['as the name of a file for meta', given('meta_file')],
    ['as the name of a results file', given('results_file')],
  ])('%s', async (_, inputs) => {
    const { step } = await run('GET', undefined, { with: inputs });
    expect(leaksIn(step)).toEqual([]);
    expect(tracesOf(step).join()).toContain('***');
  });

  it('base_url, as its user, path or host', async () => {
    const key = encodeURIComponent(KEY);
    for (const base_url of [
      `https://${key}@127.0.0.1:1/v2`,
      `https://127.0.0.1:1/${key}`,
      `https://a?k=${key}`,
    ]) {
      const { step } = await run('GET', undefined, { with: { base_url, retries: '0' } });
      expect(step.exitCode).toBe(1);
      expect(leaksIn(step)).toEqual([]);
    }
  });

  it('meta, deep, and a dry run', async () => {
    const meta = JSON.stringify({ [KEY]: [{ deep: `Bearer ${KEY}` }] });
    const { step } = await run('GET', undefined, { with: { meta, dry_run: 'true', output: KEY } });
    expect(step.outputs.outcome).toBe('dry-run');
    expect(leaksIn(step)).toEqual([]);
  });
});

describe.concurrent('a key that cannot be used shows nowhere:', () => {
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
      const { step, sent } = await run('GET', undefined, given);
      expect({ exitCode: step.exitCode, sent }).toEqual({ exitCode: 1, sent: [] });
      expect(step.annotations).toEqual([
        {
          level: 'error',
          title: 'Opper span: bad input, nothing was sent',
          message: expect.stringMatching(
            /^api_key: has a line break or a character that is not printable ASCII/,
          ),
        },
      ]);
      expect(leaksIn(step)).toEqual([]);
      expect(leaksIn(step, 'op-Second-line-0123456789')).toEqual([]);
    }
  });
});

describe.concurrent('the mask', () => {
  it('of each line of the key is the first thing on stdout', async () => {
    const lines = (text: string) => text.split(/\r?\n/).slice(0, 2);
    const { step: plain } = await run('GET', undefined, { with: { api_key: ` ${KEY}\n` } });
    expect(lines(plain.stdout)[0]).toBe(`::add-mask::${KEY.replace('%', '%25')}`);
    expect(plain.masks).toEqual([KEY]);
    expect(plain.exitCode).toBe(0);

    const { step: broken } = await run('GET', undefined, {
      with: { api_key: 'op-one\r\nop-second', span_id: 'x' },
    });
    expect(lines(broken.stdout)).toEqual(['::add-mask::op-one', '::add-mask::op-second']);
  });
});
