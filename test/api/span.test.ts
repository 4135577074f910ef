import { describe, expect, it } from 'vitest';
import * as z from 'zod/mini';
import { durationMsOf, Span } from '../../src/api/span.ts';
import { runStep } from '../harness/runner.ts';
import { startSpanServer } from '../harness/span-server.ts';

const BARE = { id: '3c90c3cc-0d44-4b50-8888-8dd25736052a', name: 'Answer a ticket' };

it.each<[Partial<Span>, number | undefined]>([
  [{ start_time: '2026-04-07T13:33:27Z', end_time: '2026-04-07T15:33:28.5+02:00' }, 1500],
  [{ start_time: '2026-04-07T13:33:27Z', end_time: '2026-04-07T13:33:26Z' }, -1000],
  [{ start_time: '2026-04-07T13:33:27Z', end_time: '2026-04-07T13:33:27Z' }, 0],
  [{ start_time: '2026-04-07T13:33:27Z' }, undefined],
  [{ start_time: null, end_time: '2026-04-07T13:33:27Z' }, undefined],
  [{ start_time: 'soon', end_time: '2026-04-07T13:33:27Z' }, undefined],
])('the duration of %j is %s ms', (span, duration) => {
  expect(durationMsOf(span)).toBe(duration);
});

describe('a span in a response', () => {
  it('may have fields that are new, null or missing, and any JSON as input and output', () => {
    const response = {
      ...BARE,
      score: null,
      input: [1, { a: null }],
      meta: { big: JSON.rawJSON('12345678901234567890') },
      feedback: { score: 0.5, comment: null, by: 'a' },
      shine: true,
    };
    expect(z.safeParse(Span, response)).toEqual({ success: true, data: response });
  });

  it('has an id, a name, and no field of a wrong type', () => {
    const problemsOf = (response: object) =>
      z.safeParse(Span, response).error?.issues.map(({ path, message }) => `${path.join('.')}: ${message}`);
    expect(problemsOf({ name: 7, score: '9', meta: 'none', feedback: { score: 'good' } })).toEqual([
      'id: expected text',
      'name: expected text',
      'meta: expected an object',
      'score: expected a number',
      'feedback.score: expected a number',
    ]);
    expect(problemsOf({ ...BARE, feedback: 'good' })).toEqual(['feedback: expected an object']);
  });
});

describe('whatever the API does with meta', () => {
  const stored = {
    prompt_version: 12,
    model: { name: 'small-2' },
    constructor: 'kept',
    dataset: 'support-v2',
  };

  it.each(['merge', 'replace'] as const)(
    'if it %ss, keys that the step does not set are kept',
    async (meta) => {
      await using server = await startSpanServer({ meta });
      const { id } = server.create({ name: 'Answer a ticket', meta: stored });
      const { exitCode, annotations, outputs } = await runStep({
        with: {
          api_key: server.key,
          base_url: server.baseUrl,
          span_id: id,
          ci_meta: 'false',
          meta: '{"dataset": "support-v3", "cost": 0.25}',
        },
      });
      const expected = { ...stored, dataset: 'support-v3', cost: 0.25 };
      expect({ exitCode, annotations, meta: JSON.parse(outputs.meta ?? '') }).toEqual({
        exitCode: 0,
        annotations: [],
        meta: expected,
      });
      expect(server.span(id).meta).toEqual(expected);
    },
  );
});
