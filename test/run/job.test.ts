import { afterAll, describe, expect, test } from 'vitest';
import { factsOf, JOB_ID, JOB_URL } from '../harness/push.ts';
import { startSpanServer } from '../harness/span-server.ts';
import { runStage } from '../harness/step.ts';

const server = await startSpanServer();
afterAll(() => server.close());

const FAILED = `Job eval failed in workflow Evals: ${JOB_URL}`;
const CANCELLED = `Job eval was cancelled in workflow Evals: ${JOB_URL}`;
const FACTS = { ...factsOf('failure'), 'github.matrix': { model: 'small-2' } };

describe('the outcome of the job', () => {
  test.each<[status: string, error: string, clear: string, recorded: string | null]>([
    ['success', '', '', 'old'],
    ['success', '', 'error', null],
    ['success', 'mine', '', 'mine'],
    ['failure', '', 'error', FAILED],
    ['failure', 'mine', '', 'mine'],
    ['cancelled', '', 'error', CANCELLED],
    ['cancelled', 'mine', '', 'mine'],
    ['', '', '', 'old'],
  ])(
    'job_status %j, error %j, clear %j on a span with an error leaves the error %j',
    async (job_status, error, clear, recorded) => {
      const { id } = server.create({ name: 'Support', error: 'old' });
      const inputs = { span_id: id, score: '1', job_status, job_check_run_id: JOB_ID, error, clear };
      expect(await runStage(server, inputs)).toMatchObject({ exitCode: 0, annotations: [] });
      expect(server.span(id).error).toBe(recorded);
    },
  );

  test.each([
    ['failure', FAILED],
    ['cancelled', CANCELLED],
  ])('%s becomes the error of a span that has none', async (job_status, error) => {
    const { id } = server.create({ name: 'Support' });
    await runStage(server, { span_id: id, job_status, job_check_run_id: JOB_ID });
    expect(server.span(id).error).toBe(error);
  });

  test('does not hide the error that the SDK has stored', async () => {
    const { id } = server.create({ name: 'Support', error: 'AssertionError: 3 != 4' });
    const { annotations } = await runStage(server, { span_id: id, job_status: 'failure' });
    expect(annotations).toEqual([]);
    expect(server.span(id).error).toBe('AssertionError: 3 != 4');
  });

  test('is recorded by a step that gets only the span', async () => {
    const { id } = server.create({ name: 'Support', meta: { prompt: 12 } });
    const inputs = {
      span_id: id,
      job_status: 'failure',
      job_matrix: '{"model": "small-2"}',
      job_check_run_id: JOB_ID,
    };
    const { exitCode, sent } = await runStage(server, inputs);
    const error = `Job eval (small-2) failed in workflow Evals: ${JOB_URL}`;
    expect(exitCode).toBe(0);
    expect(sent).toEqual([[`GET /${id}`], [`PATCH /${id}`, { error, meta: { prompt: 12, ...FACTS } }]]);
  });
});

test('an event that cannot be read is a warning, and the rest is recorded', async () => {
  const { id } = server.create({ name: 'Support' });
  const inputs = { span_id: id, score: '1' };
  const { exitCode, annotations } = await runStage(server, inputs, {
    eventProblem: 'The event cannot be read',
  });
  expect(exitCode).toBe(0);
  expect(annotations).toEqual([
    { level: 'warning', title: 'Opper span', message: 'The event cannot be read' },
  ]);
  expect(server.span(id)).toMatchObject({ score: 1, meta: { 'cicd.pipeline.name': 'Evals' } });
});
