import { afterAll, describe, expect, test } from 'vitest';
import { span as returned, status } from '../harness/faults.ts';
import { type Span, startSpanServer } from '../harness/span-server.ts';
import { FOREVER, FORK, runStage, type StepOptions } from '../harness/step.ts';

const server = await startSpanServer();
afterAll(() => server.close());

interface Case {
  readonly span?: Partial<Span>;
  readonly with: Readonly<Record<string, string>>;
  readonly options?: StepOptions;
  readonly outcome: string;
  /** The score below the gate, or `none` if there is none; absent if the gate is passed. */
  readonly missed?: number | 'none';
}

describe('min_score 80', () => {
  test.each<[string, Case]>([
    ['fails the step after the span was written', { with: { score: '62' }, outcome: 'updated', missed: 62 }],
    ['passes a score that reaches it', { with: { score: '80' }, outcome: 'updated' }],
    [
      'compares the score as scaled',
      { with: { score: '0.62', score_scale: '100' }, outcome: 'updated', missed: 62 },
    ],
    [
      'compares the stored score when none is given',
      { span: { score: 62 }, with: { output: 'x' }, outcome: 'updated', missed: 62 },
    ],
    ['fails where the span has no score', { with: { output: 'x' }, outcome: 'updated', missed: 'none' }],
    [
      'fails if the score is cleared',
      { span: { score: 90 }, with: { clear: 'score' }, outcome: 'updated', missed: 'none' },
    ],
    ['works in a dry run', { with: { score: '62', dry_run: 'true' }, outcome: 'dry-run', missed: 62 }],
    ['passes in a dry run', { with: { score: '81', dry_run: 'true' }, outcome: 'dry-run' }],
    [
      'fails in a dry run without a score, as the span is not read',
      { span: { score: 90 }, with: { output: 'x', dry_run: 'true' }, outcome: 'dry-run', missed: 'none' },
    ],
    [
      'works if secrets are withheld',
      { with: { score: '62', api_key: '' }, options: { context: FORK }, outcome: 'skipped', missed: 62 },
    ],
    [
      'passes if secrets are withheld',
      { with: { score: '80', api_key: '' }, options: { context: FORK }, outcome: 'skipped' },
    ],
    [
      'works without the summary',
      { with: { score: '62', summary: 'false' }, outcome: 'updated', missed: 62 },
    ],
    [
      'works on a span that is only read',
      { span: { score: 62 }, with: { operation: 'get' }, outcome: 'read', missed: 62 },
    ],
    [
      'passes on a span that is only read',
      { span: { score: 80 }, with: { operation: 'get' }, outcome: 'read' },
    ],
    [
      'is not judged in a job that failed without a score',
      { with: { output: 'x', job_status: 'failure' }, outcome: 'updated' },
    ],
    [
      'is judged in a job that failed with a score',
      { with: { score: '62', job_status: 'failure' }, outcome: 'updated', missed: 62 },
    ],
    [
      'compares the pass rate',
      {
        with: { results_file: 'r.xml' },
        options: { files: { 'r.xml': '<testsuite><testcase name="a"><failure/></testcase></testsuite>' } },
        outcome: 'updated',
        missed: 0,
      },
    ],
  ])('%s', async (_, { span = {}, with: inputs, options, outcome, missed }) => {
    const { id } = server.create({ name: 'Support', ...span });
    const result = await runStage(
      server,
      { span_id: id, min_score: '80', ci_meta: 'false', ...inputs },
      options,
    );
    const gates = result.annotations.filter(({ title }) => title === 'Opper span: gate');
    expect(result.outputs.outcome).toBe(outcome);
    expect(result.exitCode).toBe(missed === undefined ? 0 : 1);
    expect(gates.map(({ level, message }) => [level, message.includes(`score ${missed} `)])).toEqual(
      missed === undefined ? [] : [['error', missed !== 'none']],
    );
    expect(result.summaries).toHaveLength(inputs.summary === 'false' ? 0 : 1);
  });

  test.each([
    ['update', '62', 90, ['score 62 is below min_score 80']],
    ['create', '90', 62, []],
  ])('compares its own score, not what the API stored: %s', async (operation, score, stored, gates) => {
    const { id } = server.create({ name: 'Support' });
    const faults = [{ fault: returned({ score: stored }) }];
    const given = { ...(operation === 'update' && { span_id: id }), operation, score, min_score: '80' };
    const { exitCode, annotations } = await runStage(server, { ci_meta: 'false', ...given }, { faults });
    expect(exitCode).toBe(gates.length);
    expect(annotations.map(({ message }) => message)).toEqual([
      ...gates,
      `score was not stored as sent: sent ${score}, the span has ${stored}`,
    ]);
  });

  test.each([
    ['79.6 of 100', '0.796', '100', '80', 'score 79.6 is below min_score 80'],
    ['a half', '0.5', '1', '0.8', 'score 0.5 is below min_score 0.8'],
    ['a score just below it', '79.996', '1', '80', 'score 79.996 is below min_score 80'],
    ['a score closer still', '79.99951', '1', '80', 'score 79.9995 is below min_score 80'],
    ['no more decimals than needed', '0.79123456', '100', '80', 'score 79.12 is below min_score 80'],
    ['the noise of binary numbers', '0.57', '100', '57', undefined],
    ['a score that reaches it', '0.80004', '100', '80', undefined],
  ])('compares %s before it is rounded', async (_, score, score_scale, min_score, message) => {
    const { id } = server.create({ name: 'Support' });
    const given = { span_id: id, score, score_scale, min_score, ci_meta: 'false' };
    const { annotations } = await runStage(server, given);
    expect(annotations.map((annotation) => annotation.message)).toEqual(message ? [message] : []);
  });

  test('does not reach 100 with 299 of 300 passed, and the span shows it', async () => {
    const { id } = server.create({ name: 'Support' });
    const cases = '<testcase name="a"/>'.repeat(299);
    const files = { 'r.xml': `<testsuite>${cases}<testcase name="b"><failure/></testcase></testsuite>` };
    const given = { span_id: id, results_file: 'r.xml', min_score: '100', job_status: 'success' };
    const { exitCode, annotations } = await runStage(server, given, { files });
    expect([exitCode, annotations[0]?.message]).toEqual([1, 'score 99.67 is below min_score 100']);
    expect(server.span(id)).toMatchObject({
      score: 100,
      error: 'b',
      meta: { 'cicd.pipeline.task.run.result': 'failure' },
    });
  });

  test.each([
    ['62', 'false', 1, ['API failure', 'gate']],
    ['80', 'false', 0, ['API failure']],
    ['62', 'true', 1, ['API failure', 'gate']],
    ['80', 'true', 1, ['API failure']],
  ])(
    'checks the score %s even if the API is down, with fail_on_api_error %s: exit code %d',
    async (score, fail_on_api_error, exitCode, titles) => {
      const { id } = server.create({ name: 'Support' });
      const inputs = {
        span_id: id,
        score,
        fail_on_api_error,
        min_score: '80',
        retries: '0',
        ci_meta: 'false',
      };
      const result = await runStage(server, inputs, { faults: [{ times: FOREVER, fault: status(500) }] });
      expect(result.exitCode).toBe(exitCode);
      expect(result.outputs).toMatchObject({ outcome: 'failed', id, status: '500', score: '' });
      expect(result.annotations.map(({ title }) => title.replace('Opper span: ', '')).sort()).toEqual(titles);
    },
  );

  test('checks the score that was read before the API went down', async () => {
    const { id } = server.create({ name: 'Support', score: 62 });
    const inputs = {
      span_id: id,
      meta: '{"a": 1}',
      fail_on_api_error: 'false',
      min_score: '80',
      retries: '0',
    };
    const faults = [{ on: 'PATCH', fault: status(500) }] as const;
    const { exitCode, annotations } = await runStage(server, inputs, { faults });
    expect(exitCode).toBe(1);
    expect(annotations.map(({ level }) => level)).toEqual(['error', 'warning']);
  });

  test('is not checked on bad input, which fails the step anyway', async () => {
    const { exitCode, annotations, sent } = await runStage(server, {
      span_id: 'x',
      score: '62',
      min_score: '80',
    });
    expect({ exitCode, titles: annotations.map(({ title }) => title), sent }).toEqual({
      exitCode: 1,
      titles: ['Opper span: bad input, nothing was recorded'],
      sent: [],
    });
  });
});
