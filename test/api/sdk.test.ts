import { Opper } from 'opperai';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { runStep } from '../harness/runner.ts';
import { type SpanServer, startSpanServer } from '../harness/span-server.ts';

let server: SpanServer;
let opper: Opper;
beforeAll(async () => {
  server = await startSpanServer();
  opper = new Opper({ httpBearer: server.key, serverURL: server.baseUrl });
});
afterAll(() => server.close());
beforeEach(() => {
  server.requests.length = 0;
});

/** The action's step, with no CI facts among what it records. */
async function step(inputs: Readonly<Record<string, string>>) {
  const result = await runStep({
    with: { api_key: server.key, base_url: server.baseUrl, ci_meta: 'false', ...inputs },
  });
  expect(result).toMatchObject({ exitCode: 0, annotations: [] });
  return result;
}

/** The PATCH requests so far, without what names the client. */
function patches() {
  return server.requests
    .filter(({ method }) => method === 'PATCH')
    .map(({ path, body, headers: { authorization, 'content-type': type, accept } }) => ({
      path,
      body,
      authorization,
      type,
      accept,
    }));
}

type SpanUpdate = Parameters<Opper['spans']['update']>[1];

describe('the action sends what the official SDK sends', () => {
  it.each<[string, Record<string, string>, SpanUpdate, object]>([
    [
      'for every field but meta',
      {
        score: '0.87',
        score_scale: '100',
        error: 'two lines,\nno “quotes”',
        end_time: '2026-04-07T13:33:30.250Z',
        start_time: '1775568807000',
        name: 'Eval',
        type: 'evaluation',
        input: '{"question": 1}',
        output: 'Grüße 👋',
      },
      {
        score: 87,
        error: 'two lines,\nno “quotes”',
        endTime: new Date('2026-04-07T13:33:30.250Z'),
        startTime: new Date(1775568807000),
        name: 'Eval',
        type: 'evaluation',
        input: '{"question": 1}',
        output: 'Grüße 👋',
      },
      {
        score: 87,
        error: 'two lines,\nno “quotes”',
        end_time: '2026-04-07T13:33:30.250Z',
        start_time: '2026-04-07T13:33:27.000Z',
        name: 'Eval',
        type: 'evaluation',
        input: '{"question": 1}',
        output: 'Grüße 👋',
      },
    ],
    [
      'for meta',
      { score: '-1', meta: '{"dataset": "support-v3", "deep": {"list": [1, null, true, 0.5]}}' },
      { score: -1, meta: { dataset: 'support-v3', deep: { list: [1, null, true, 0.5] } } },
      { score: -1, meta: { dataset: 'support-v3', deep: { list: [1, null, true, 0.5] } } },
    ],
    [
      'for what is cleared',
      { clear: 'error, score, meta', name: 'Eval' },
      { error: null, score: null, meta: null, name: 'Eval' },
      { error: null, score: null, meta: null, name: 'Eval' },
    ],
  ])('%s', async (_, inputs, update, body) => {
    const { id } = server.create({ name: 'Answer a ticket' });
    await Promise.all([opper.spans.update(id, update), step({ span_id: id, ...inputs })]);
    const [one, other, ...more] = patches();
    expect(one).toEqual({
      path: `/v2/spans/${id}`,
      body,
      authorization: `Bearer ${server.key}`,
      type: 'application/json',
      accept: 'application/json',
    });
    expect(other).toEqual(one);
    expect(more).toEqual([]);
  });
});

describe('a span goes back and forth', () => {
  it('from the SDK to the outputs of the step', async () => {
    const { id } = await opper.spans.create({
      name: 'Answer a ticket',
      type: 'workflow',
      startTime: new Date('2026-04-07T13:33:27.179Z'),
      endTime: new Date('2026-04-07T13:33:28.179Z'),
      input: { question: 'Where is my parcel?' },
      meta: { dataset: 'support-v3' },
      score: 9,
    });
    const { outputs } = await step({ span_id: id, operation: 'get' });
    const { id: _, span, ...rest } = outputs;
    expect(JSON.parse(span ?? '')).toEqual(server.span(id));
    expect(rest).toEqual({
      outcome: 'read',
      name: 'Answer a ticket',
      type: 'workflow',
      start_time: '2026-04-07T13:33:27.179000+00:00',
      end_time: '2026-04-07T13:33:28.179000+00:00',
      duration_ms: '1000',
      input: '{"question":"Where is my parcel?"}',
      output: '',
      error: '',
      meta: '{"dataset":"support-v3"}',
      score: '9',
      trace_id: '',
      parent_id: '',
      feedback_score: '',
      feedback_comment: '',
      changed: '',
      status: '200',
    });
  });

  it('from the step to the SDK', async () => {
    const { id } = await opper.spans.create({ name: 'Answer a ticket', meta: { kept: [1] } });
    await step({
      span_id: id,
      score: '9',
      meta: '{"dataset": "support-v3"}',
      end_time: '2026-04-07 15:33:27.179+02:00',
      output: 'Soon',
    });
    expect(await opper.spans.get(id)).toEqual({
      id,
      name: 'Answer a ticket',
      type: null,
      startTime: null,
      endTime: new Date('2026-04-07T13:33:27.179Z'),
      input: null,
      output: 'Soon',
      error: null,
      meta: { kept: [1], dataset: 'support-v3' },
      score: 9,
      traceId: null,
      parentId: null,
      feedback: null,
    });
  });
});
