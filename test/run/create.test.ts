import { afterAll, describe, expect, test } from 'vitest';
import { applied, reset, span as returned, status } from '../harness/faults.ts';
import { startSpanServer } from '../harness/span-server.ts';
import { FOREVER, NOW, runStage } from '../harness/step.ts';

const server = await startSpanServer();
afterAll(() => server.close());

const ID = '3c90c3cc-0d44-4b50-8888-8dd25736052a';
const JUNIT =
  '<testsuite><testcase name="a"/><testcase name="b"><failure message="no"/></testcase></testsuite>';

describe('create', () => {
  test('records a finished run in one request, and checks the gate', async () => {
    const inputs = {
      operation: 'create',
      results_file: 'r.xml',
      end_time: 'now',
      min_score: '80',
      job_matrix: '{"python": "3.12"}',
    };
    const result = await runStage(server, inputs, { ids: [ID], files: { 'r.xml': JUNIT } });
    expect(result.sent).toEqual([
      [
        'POST /',
        {
          id: ID,
          name: 'Evals / eval (3.12)',
          score: 50,
          error: 'b: no',
          meta: expect.objectContaining({ 'test.failed': 1, 'github.matrix': { python: '3.12' } }),
          start_time: NOW.toISOString(),
          end_time: NOW.toISOString(),
        },
      ],
    ]);
    expect(result).toMatchObject({
      exitCode: 1,
      outputs: { outcome: 'created', id: ID, score: '50' },
      exported: { OPPER_SPAN_ID: ID },
      annotations: [{ title: 'Opper span: gate' }],
    });
  });

  test('takes name, parent and trace', async () => {
    const parent = server.create({ name: 'Support', trace_id: '123e4567-e89b-12d3-a456-426614174000' });
    const inputs = {
      operation: 'create',
      name: 'mine',
      parent_id: parent.id,
      trace_id: parent.trace_id ?? '',
      ci_meta: 'false',
    };
    const { sent, outputs } = await runStage(server, inputs, { ids: [ID.replace('3c90', '4c90')] });
    expect(sent[0]?.[1]).toEqual({
      id: outputs.id,
      name: 'mine',
      parent_id: parent.id,
      trace_id: parent.trace_id,
    });
    expect(outputs).toMatchObject({ parent_id: parent.id, trace_id: parent.trace_id, changed: '' });
  });

  test('warns about a key of meta that nobody sent', async () => {
    const faults = [{ on: 'POST', fault: returned({ meta: { a: 1, theirs: 2 } }) }] as const;
    const inputs = { operation: 'create', meta: '{"a": 1}', ci_meta: 'false' };
    const { annotations } = await runStage(server, inputs, { faults });
    expect(annotations).toMatchObject([{ level: 'warning', message: expect.stringContaining('theirs') }]);
  });

  test('succeeds if the response was lost, and warns if the API does not show the span', async () => {
    const lost = () => ({ on: 'POST', fault: applied(reset('before headers')) }) as const;
    const exists = { on: 'POST', fault: status(409) } as const;
    const hidden = { on: 'GET', times: FOREVER, fault: status(404) } as const;
    const inputs = { operation: 'create', score: '7', ci_meta: 'false' };
    const found = await runStage(server, inputs, { faults: [lost()] });
    const unread = await runStage(server, inputs, { faults: [lost(), exists, hidden] });
    const message = 'the API says that the span exists, but does not show it, so only its id is known';
    expect([found, unread].map(({ outputs, annotations }) => [outputs.outcome, annotations])).toEqual([
      ['created', []],
      ['created', [{ level: 'warning', title: 'Opper span', message }]],
    ]);
  });

  test('records a job that failed', async () => {
    const { outputs } = await runStage(server, { operation: 'create', job_status: 'failure' });
    expect(outputs.error).toContain('Job eval failed');
  });

  test('shows its request in a dry run', async () => {
    const { sent, unsent, outputs } = await runStage(
      server,
      { operation: 'create', dry_run: 'true', score: '7', ci_meta: 'false' },
      { ids: [ID] },
    );
    expect({ sent, outcome: outputs.outcome, id: outputs.id }).toEqual({
      sent: [],
      outcome: 'dry-run',
      id: ID,
    });
    expect(unsent).toEqual([`POST  {"id":"${ID}","name":"Evals / eval","score":7}`]);
  });
});
