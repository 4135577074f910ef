import { afterAll, describe, expect, test } from 'vitest';
import { applied, reset, status } from '../harness/faults.ts';
import { JOB_ID } from '../harness/push.ts';
import { startSpanServer } from '../harness/span-server.ts';
import { FOREVER, FORK, NOW, runStage, type StepOptions } from '../harness/step.ts';

const server = await startSpanServer();
afterAll(() => server.close());

const END = new Date('2026-11-20T13:00:00.000Z');
const JUNIT =
  '<testsuite><testcase name="a"/><testcase name="b"><failure message="expected 3, got 4"/></testcase></testsuite>';

type Inputs = Readonly<Record<string, string>>;

/** Runs both stages of a tracked job, an hour apart. `atEnd` are inputs that have changed at the end. */
async function track(
  inputs: Inputs,
  atEnd: Inputs,
  options: { start?: StepOptions; end?: StepOptions } = {},
) {
  const given = { operation: 'track', ci_meta: 'false', ...inputs };
  const start = await runStage(server, given, options.start);
  const end = await runStage(
    server,
    { ...given, ...atEnd },
    { now: END, ...options.end, state: start.state },
  );
  return { start, end };
}

describe('a tracked job', () => {
  test('has a span from its start to its end, with everything known so far', async () => {
    const inputs = {
      results_file: 'r.xml',
      type: 'evaluation',
      input: 'suite',
      meta: '{"dataset": "v3"}',
      job_check_run_id: JOB_ID,
      ci_meta: 'true',
    };
    const { start, end } = await track(
      inputs,
      { job_status: 'failure' },
      { end: { files: { 'r.xml': JUNIT } } },
    );
    const [[, made]] = start.sent as [[string, { id: string; meta: object }]];
    expect(start.sent).toEqual([
      [
        'POST /',
        {
          id: made.id,
          name: 'Evals / eval',
          type: 'evaluation',
          input: 'suite',
          start_time: NOW.toISOString(),
          meta: expect.objectContaining({ dataset: 'v3', 'cicd.pipeline.name': 'Evals' }),
        },
      ],
    ]);
    expect(made.meta).not.toHaveProperty('cicd.pipeline.task.run.result');
    expect(start.outputs).toMatchObject({ outcome: 'tracking', id: made.id, name: 'Evals / eval' });
    expect(start.summaries).toEqual([]);
    expect(start.exported).toEqual({ OPPER_SPAN_ID: made.id, OPPER_TRACE_ID: start.outputs.trace_id });

    expect(end.exitCode).toBe(0);
    expect(end.sent).toEqual([
      [`GET /${made.id}`],
      [
        `PATCH /${made.id}`,
        {
          score: 50,
          error: 'b: expected 3, got 4',
          end_time: END.toISOString(),
          meta: expect.objectContaining({
            ...made.meta,
            'test.total': 2,
            'cicd.pipeline.task.run.result': 'failure',
          }),
        },
      ],
    ]);
    expect(end.outputs).toEqual({});
    expect(end.summaries).toHaveLength(1);
    expect(server.span(made.id)).toMatchObject({
      score: 50,
      start_time: '2026-11-20T12:00:00+00:00',
      end_time: '2026-11-20T13:00:00+00:00',
    });
  });

  test('is put under the given parent and trace', async () => {
    const parent = server.create({ name: 'Support', trace_id: '123e4567-e89b-12d3-a456-426614174000' });
    const { start } = await track({ parent_id: parent.id, trace_id: parent.trace_id ?? '' }, {});
    expect(start.outputs).toMatchObject({ parent_id: parent.id, trace_id: parent.trace_id });
  });

  test('records the error of a job that failed with no results', async () => {
    const { start, end } = await track({ results_file: 'r.xml' }, { job_status: 'cancelled' });
    const message = expect.stringMatching(/^results_file: .*The job was cancelled, so the rest/);
    expect(start.calls.filter(([what]) => what === 'saveState').map(([, name]) => name)).toEqual([
      'tracked',
      'tracked',
    ]);
    expect(end).toMatchObject({ exitCode: 0, annotations: [{ level: 'warning', message }] });
    expect(server.span(start.outputs.id ?? '').error).toContain('Job eval was cancelled');
  });

  test('fails at the gate after the span was written', async () => {
    const { start, end } = await track(
      { min_score: '80', results_file: 'r.xml' },
      {},
      { end: { files: { 'r.xml': JUNIT } } },
    );
    expect(start.exitCode).toBe(0);
    expect(end).toMatchObject({ exitCode: 1, annotations: [{ title: 'Opper span: gate' }] });
    expect(server.span(start.outputs.id ?? '').score).toBe(50);
  });

  test('is recorded on an existing span, with nothing sent at the start', async () => {
    const { id } = server.create({ name: 'mine' });
    const { start, end } = await track({ span_id: id, start_time: 'now', metrics: '{"a": 1}' }, {});
    expect(start).toMatchObject({
      sent: [],
      outputs: { outcome: 'tracking', id },
      exported: { OPPER_SPAN_ID: id },
    });
    expect(end.sent).toEqual([
      [`PATCH /${id}`, { start_time: NOW.toISOString(), end_time: END.toISOString() }],
      [`GET /${id}/metrics?offset=0&limit=100`],
      [`POST /${id}/metrics`, { dimension: 'a', value: 1 }],
    ]);
  });

  test.each([
    ['makes', '', [expect.stringMatching(/^POST .*"start_time":/)]],
    ['finds', '3c90c3cc-0d44-4b50-8888-8dd25736052a', []],
  ])('shows in a dry run what it sends at either end, where it %s the span', async (_, span_id, unsent) => {
    const inputs = { dry_run: 'true', api_key: '', metrics: '{"a": 1}', span_id };
    const { start, end } = await track(inputs, { score: '7' });
    expect([...start.sent, ...end.sent]).toEqual([]);
    expect(start.unsent).toEqual(unsent);
    const { id } = start.outputs;
    expect(end.unsent).toEqual([
      `PATCH /${id} {"end_time":"${END.toISOString()}","score":7}`,
      `POST /${id}/metrics {"dimension":"a","value":1}`,
    ]);
  });

  test('is silent and green at its start and end if secrets are withheld', async () => {
    const start = await runStage(server, { operation: 'track', api_key: '' }, { context: FORK });
    expect(start).toMatchObject({
      exitCode: 0,
      sent: [],
      state: undefined,
      annotations: [{ level: 'notice' }],
    });
  });
});

describe('the start', () => {
  test('reports problems with inputs that only the end uses, and the end has nothing to do', async () => {
    const inputs = {
      operation: 'track',
      score: 'high',
      end_time: 'today',
      min_score: '0.8',
      results_file: 'r.xml',
    };
    const { exitCode, sent, state, annotations } = await runStage(server, inputs);
    expect({ exitCode, sent, state }).toEqual({ exitCode: 1, sent: [], state: undefined });
    expect(annotations[0]?.message.split('\n').map((line) => line.split(':')[0])).toEqual([
      'score',
      'end_time',
      'min_score',
    ]);
  });

  test.each([
    ['an outage', status(503)],
    ['no response', reset('before headers')],
  ])('that meets %s is a warning, and the end creates the span', async (_, fault) => {
    const faults = [{ times: FOREVER, fault }];
    const { start, end } = await track(
      { retries: '1', input: 'suite' },
      { score: '7' },
      { start: { faults } },
    );
    expect(start).toMatchObject({
      exitCode: 0,
      annotations: [
        { level: 'warning', message: expect.stringContaining('the span is created when it ends') },
      ],
      outputs: { outcome: 'failed' },
      summaries: [],
    });
    const { id } = JSON.parse(start.state ?? '');
    expect(end.exitCode).toBe(0);
    expect(end.sent).toEqual([
      [`GET /${id}`],
      [
        'POST /',
        {
          id,
          name: 'Evals / eval',
          input: 'suite',
          score: 7,
          start_time: NOW.toISOString(),
          end_time: END.toISOString(),
        },
      ],
    ]);
  });

  test('whose response was lost has made the span, and the end finds it', async () => {
    const faults = [
      { on: 'POST', fault: applied(reset('before headers')) },
      { times: FOREVER, fault: reset('before headers') },
    ] as const;
    const { start, end } = await track({ retries: '0' }, { score: '7' }, { start: { faults } });
    const { id } = JSON.parse(start.state ?? '');
    expect(end.sent.map(([request]) => request)).toEqual([`GET /${id}`, `PATCH /${id}`]);
    expect(server.span(id)).toMatchObject({ score: 7, end_time: '2026-11-20T13:00:00+00:00' });
  });

  test.each([401, 422])(
    'that the API rejects with %i fails the first step, and the end has nothing to do',
    async (code) => {
      const start = await runStage(server, { operation: 'track' }, { faults: [{ fault: status(code) }] });
      expect(start).toMatchObject({ exitCode: 1, state: '', annotations: [{ level: 'error' }] });
      expect(start.summaries).toHaveLength(1);
    },
  );
});

describe('an end with bad input', () => {
  test('still ends the span, with the problem as its error', async () => {
    const { start, end } = await track({ results_file: 'r.xml' }, { score: 'high', min_score: '80' });
    const title = 'Opper span: bad input, only the end of the job was recorded';
    expect(end).toMatchObject({ exitCode: 1, annotations: [{ level: 'error', title }] });
    const { error, end_time, score } = server.span(start.outputs.id ?? '');
    expect({ end_time, score }).toEqual({ end_time: '2026-11-20T13:00:00+00:00', score: null });
    expect(error?.split('\n').map((line) => line.split(':')[0])).toEqual(['score', 'results_file']);
  });

  test('says so if not even the key is given', async () => {
    const { end } = await track({}, { api_key: '' });
    expect(end).toMatchObject({ exitCode: 1, sent: [], annotations: [{ level: 'error' }] });
  });
});
