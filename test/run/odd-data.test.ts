import { afterAll, expect, test } from 'vitest';
import { reply } from '../harness/faults.ts';
import { startSpanServer } from '../harness/span-server.ts';
import { FORK, runStage } from '../harness/step.ts';

const server = await startSpanServer();
afterAll(() => server.close());

test('ids that are lone surrogates are failures of the API, not bugs of the action', async () => {
  const data = [{ id: '\ud800', dimension: 'accuracy', value: 7 }];
  const fault = reply({ status: 200, body: { meta: { total_count: 1 }, data } });
  const inputs = { span_id: server.create({ name: 'Support' }).id, metrics: '{"accuracy": 0.9}' };
  const ofMetrics = await runStage(server, inputs, {
    faults: [{ on: 'GET', when: ({ path }) => path.includes('/metrics'), fault }],
  });
  const state = JSON.stringify({ id: '\ud800', exists: true, sent: [], given: [] });
  const ofSpan = await runStage(server, { operation: 'track' }, { state });
  const titles = [ofMetrics, ofSpan].map(({ annotations }) => annotations.map(({ title }) => title));
  expect(titles).toEqual([['Opper span: metrics'], ['Opper span: API failure']]);
});

test.each(['create', 'track', 'get'])('%s without a key outputs no id', async (operation) => {
  const inputs = { operation, api_key: '' };
  const { exitCode, outputs, exported } = await runStage(server, inputs, { context: FORK });
  expect({ exitCode, exported }).toEqual({ exitCode: 0, exported: {} });
  expect(outputs).toMatchObject({ outcome: 'skipped', id: '' });
});

test('an event whose workflow_run has an unexpected form does not stop the step', async () => {
  const payload = { workflow_run: { event: 5, head_branch: 'main' } } as object;
  const inputs = { span_id: server.create({ name: 'Support' }).id, score: '5' };
  expect(await runStage(server, inputs, { context: { payload } })).toMatchObject({ exitCode: 0 });
});

test('feedback without score and comment is not shown', async () => {
  const { id } = server.create({ name: 'Support', feedback: {} as never });
  const { log, summaries } = await runStage(server, { operation: 'get', span_id: id });
  expect([...log, ...summaries].filter((text) => /feedback/i.test(text))).toEqual([]);
});
