import { afterAll, describe, expect, test } from 'vitest';
import { applied, raw, reset, span as returned, status } from '../harness/faults.ts';
import { startSpanServer } from '../harness/span-server.ts';
import { FOREVER, runStage } from '../harness/step.ts';

const server = await startSpanServer();
afterAll(() => server.close());

describe('an update', () => {
  test('outputs the span from the response, and what changed', async () => {
    const { id } = server.create({
      name: 'Answer support tickets',
      start_time: '2026-11-20T11:59:18+00:00',
      input: { tickets: 100 },
      output: 'done',
      score: 12,
      meta: { prompt: 12 },
      feedback: { score: 0.5, comment: 'So so' },
    });
    const { exitCode, outputs, sent, unsent, log } = await runStage(server, {
      span_id: ` ${id.toUpperCase()}\n`,
      score: '87',
      error: 'line 1\nline 2\n',
      meta: '{"dataset": "support-v3"}',
      ci_meta: 'false',
      end_time: 'now',
    });
    const { feedback, ...span } = server.span(id);
    expect({ exitCode, unsent }).toEqual({ exitCode: 0, unsent: [] });
    expect(log).toEqual([
      `Span ${id} "Answer support tickets": updated (2 requests, 0 s)`,
      '  score: 12 → 87',
      '  error: line 1 ⏎ line 2',
      '  meta: 1 key → 2 keys: dataset',
      '  end_time: 2026-11-20 12:00:00 UTC',
      '  human feedback: 0.5: So so',
    ]);
    expect(sent).toEqual([
      [`GET /${id.toUpperCase()}`],
      [
        `PATCH /${id.toUpperCase()}`,
        {
          score: 87,
          error: 'line 1\nline 2',
          meta: { prompt: 12, dataset: 'support-v3' },
          end_time: '2026-11-20T12:00:00.000Z',
        },
      ],
    ]);
    const { span: whole = '', ...others } = outputs;
    expect(others).toEqual({
      outcome: 'updated',
      id,
      name: 'Answer support tickets',
      type: '',
      start_time: '2026-11-20T11:59:18+00:00',
      end_time: '2026-11-20T12:00:00+00:00',
      duration_ms: '42000',
      input: '{"tickets":100}',
      output: 'done',
      error: 'line 1\nline 2',
      meta: '{"prompt":12,"dataset":"support-v3"}',
      score: '87',
      trace_id: span.trace_id ?? '',
      parent_id: '',
      feedback_score: '0.5',
      feedback_comment: 'So so',
      changed: '["score","error","meta","end_time"]',
      metrics: '',
      case_spans: '',
      span_file: '/runner/opper-span.json',
      summary_file: '/runner/opper-summary.md',
      baseline_score: '',
      score_change: '',
      comparison: '',
      status: '200',
    });
    expect(JSON.parse(whole)).toEqual({ ...span, feedback });
  });

  test('skips the read if there is no meta to keep', async () => {
    const { id } = server.create({ name: 'Support', score: 87, meta: { a: 1 } });
    const { sent, outputs } = await runStage(server, { span_id: id, score: '88', ci_meta: 'false' });
    expect(sent).toEqual([[`PATCH /${id}`, { score: 88 }]]);
    expect(outputs.changed).toBe('');
  });

  test('replaces meta without reading it, with meta_mode replace', async () => {
    const { id } = server.create({ name: 'Support', meta: { a: 1 } });
    const inputs = { span_id: id, meta: '{"b": 2}', meta_mode: 'replace', ci_meta: 'false' };
    expect((await runStage(server, inputs)).sent).toEqual([[`PATCH /${id}`, { meta: { b: 2 } }]]);
  });

  test('says that nothing changed if the span had the same values', async () => {
    const { id } = server.create({ name: 'Support', score: 88, meta: { a: 1 } });
    const { outputs } = await runStage(server, {
      span_id: id,
      score: '88',
      meta: '{"a": 1}',
      ci_meta: 'false',
    });
    expect(outputs.changed).toBe('[]');
  });

  test('repeats the same body when its response was lost', async () => {
    const { id } = server.create({ name: 'Support' });
    const faults = [{ on: 'PATCH', fault: applied(reset('before headers')) }] as const;
    const inputs = { span_id: id, score: '87', end_time: 'now', ci_meta: 'false' };
    const { exitCode, annotations, sent } = await runStage(server, inputs, { faults });
    const patch = [`PATCH /${id}`, { score: 87, end_time: '2026-11-20T12:00:00.000Z' }];
    expect({ exitCode, annotations, sent }).toEqual({ exitCode: 0, annotations: [], sent: [patch, patch] });
  });

  test('sends text unchanged, with a user agent that names the action', async () => {
    const { id } = server.create({ name: 'Support' });
    const { sent } = await runStage(server, {
      span_id: id,
      output: '  indented\n  text \n',
      ci_meta: 'false',
    });
    expect(sent).toEqual([[`PATCH /${id}`, { output: '  indented\n  text ' }]]);
    expect(server.requests[0]?.headers['user-agent']).toBe('opper-span-action/1.2.3');
  });

  test('sends back every number and key of the stored meta unchanged', async () => {
    const { id } = server.create({ name: 'Support' });
    const meta =
      '{"a":1.0,"b":-0,"c":0.1234567890123456789,"__proto__":{"x":1e2},"constructor":123456789012345.678901}';
    const faults = [
      {
        on: 'GET',
        fault: raw(`HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n{"id":"${id}","name":"x","meta":${meta}}`),
      },
    ] as const;
    const { annotations } = await runStage(
      server,
      { span_id: id, meta: '{"d": 1.50}', ci_meta: 'false' },
      { faults },
    );
    expect(server.requests[1]?.text).toBe(`{"meta":${meta.slice(0, -1)},"d":1.50}}`);
    expect(annotations).toEqual([]);
  });

  test('that failed names the span and the status, and records nothing', async () => {
    const { id } = server.create({ name: 'Support', score: 12 });
    const faults = [{ on: 'PATCH', fault: status(422) }] as const;
    const result = await runStage(server, { span_id: id, score: '87', ci_meta: 'false' }, { faults });
    expect(result).toMatchObject({
      exitCode: 1,
      annotations: [{ level: 'error', title: 'Opper span: API failure' }],
      outputs: { outcome: 'failed', id, status: '422', score: '' },
    });
  });

  test('of a span that is not there says how to write without a read', async () => {
    const inputs = { span_id: '3c90c3cc-0d44-4b50-8888-8dd25736052a', meta: '{"a": 1}' };
    const { annotations } = await runStage(server, inputs);
    expect(annotations[0]?.message).toMatch(/ 404 .*meta_mode: replace/);
  });

  test('that failed is a warning with fail_on_api_error false', async () => {
    const inputs = {
      span_id: server.create({ name: 'Support' }).id,
      score: '87',
      fail_on_api_error: 'false',
      retries: '1',
    };
    const result = await runStage(server, inputs, { faults: [{ times: FOREVER, fault: status(503) }] });
    expect(result).toMatchObject({
      exitCode: 0,
      annotations: [{ level: 'warning', title: 'Opper span: API failure' }],
      outputs: { outcome: 'failed', status: '503' },
    });
  });
});

test('a span that is only read is output unchanged, even if the job failed', async () => {
  const { id } = server.create({ name: 'Support', score: 87, feedback: { score: 1, comment: null } });
  const { sent, outputs } = await runStage(server, { span_id: id, operation: 'get', job_status: 'failure' });
  expect(sent).toEqual([[`GET /${id}`]]);
  expect(outputs).toMatchObject({ outcome: 'read', id, score: '87', feedback_score: '1', changed: '' });
  expect(JSON.parse(outputs.span ?? '')).toEqual(server.span(id));
});

describe('a span that was not stored as sent is a warning', () => {
  test.each<[string, Record<string, string>, Record<string, unknown>, string[]]>([
    ['a score that is not stored', { score: '87' }, { score: null }, ['score']],
    [
      'cleared fields that are still there',
      { clear: 'error output' },
      { error: 'old', output: { a: 1 } },
      ['error', 'output'],
    ],
    [
      'an end before the start',
      { end_time: '2026-11-20T12:00:00Z' },
      { start_time: '2026-11-20T12:00:01+00:00' },
      ['end_time'],
    ],
    [
      'a key of meta that is not stored',
      { meta: '{"a": 1, "b": 2}' },
      { meta: { a: 1, theirs: 2 } },
      ['meta'],
    ],
    ['but not the same instant written differently', { end_time: '2026-11-20T14:00:00.000+02:00' }, {}, []],
    ['but not a key that somebody else added', { meta: '{"a": 1}' }, { meta: { a: 1, theirs: 2 } }, []],
    ['but not a text that came back as the JSON in it', { output: '{"a":1}' }, { output: { a: 1 } }, []],
  ])('%s', async (_, inputs, overrides, fields) => {
    const { id } = server.create({ name: 'Support' });
    const faults = [{ on: 'PATCH', fault: returned(overrides) }] as const;
    const { exitCode, annotations } = await runStage(
      server,
      { span_id: id, ci_meta: 'false', ...inputs },
      { faults },
    );
    expect(exitCode).toBe(0);
    expect(annotations.map(({ level, message }) => [level, message.split(' ')[0]])).toEqual(
      fields.map((field) => ['warning', field]),
    );
  });
});

describe('a dry run', () => {
  test('sends nothing, needs no key and shows the request', async () => {
    const { id } = server.create({ name: 'Support', score: 12 });
    const inputs = {
      span_id: id,
      api_key: '',
      score: '87',
      meta: '{"a": [1]}',
      clear: 'error',
      ci_meta: 'false',
    };
    const { exitCode, sent, outputs, unsent } = await runStage(server, { ...inputs, dry_run: 'true' });
    expect({ exitCode, sent }).toEqual({ exitCode: 0, sent: [] });
    expect(outputs).toMatchObject({
      outcome: 'dry-run',
      id,
      score: '87',
      meta: '{"a":[1]}',
      span: JSON.stringify({ id, error: undefined, score: 87, meta: { a: [1] } }),
    });
    expect(unsent).toEqual([`PATCH /${id} {"error":null,"score":87,"meta":{"a":[1]}}`]);
  });

  test('of get shows what it would read', async () => {
    const { id } = server.create({ name: 'Support' });
    const inputs = { span_id: id, operation: 'get', dry_run: 'true' };
    const { sent, outputs, unsent } = await runStage(server, inputs);
    expect({ sent, unsent }).toEqual({ sent: [], unsent: [`GET /${id}`] });
    expect(outputs).toMatchObject({ outcome: 'dry-run', id });
  });
});
