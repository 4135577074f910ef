import { readFileSync } from 'node:fs';
import { afterAll, expect, test } from 'vitest';
import { startSpanServer } from '../harness/span-server.ts';
import { runStage } from '../harness/step.ts';

const server = await startSpanServer();
afterAll(() => server.close());

const TRACE = '123e4567-e89b-12d3-a456-426614174000';
const FILE = readFileSync(new URL('../fixtures/results/promptfoo-3.json', import.meta.url), 'utf8');
const METRICS = {
  pass_rate: 0.25,
  grounded: 0.666666666667,
  style: 0.125,
  score: 0.291666666667,
  cost: 0.008,
  input_tokens: 80,
  output_tokens: 40,
};

/** The child spans of the cases in that file, by what promptfoo wrote. */
const childrenOf = (id: string) =>
  // biome-ignore lint/suspicious/noExplicitAny: as the tool wrote it
  JSON.parse(FILE).results.results.map((result: any) => ({
    name: `${result.testCase.description ?? `question=${result.vars.question}`} [${result.provider.id}, prompt ${(result.promptIdx % 2) + 1}]`,
    type: 'test',
    parent_id: id,
    trace_id: TRACE,
    input: JSON.stringify(result.vars),
    output: result.response.output ?? null,
    error: result.error ?? null,
    score: result.score * 100,
    end_time: null,
    meta: {
      'test.status': result.success ? 'passed' : result.failureReason === 2 ? 'errored' : 'failed',
      'test.duration_ms': result.latencyMs,
    },
  }));
const byName = (a: { name: string }, b: { name: string }) => (a.name < b.name ? -1 : 1);

test.each(['update', 'create', 'end of track'])(
  'a file of promptfoo becomes score, metrics and a child for each case: %s',
  async (how) => {
    const root = server.create({ name: 'Nightly', trace_id: TRACE });
    const { id: before } = server.create({ name: 'Eval', trace_id: TRACE, parent_id: root.id });
    const given: Readonly<Record<string, Readonly<Record<string, string>>>> = {
      update: { span_id: before },
      create: { operation: 'create', parent_id: root.id, trace_id: TRACE },
      'end of track': { operation: 'track' },
    };
    const inputs = { results_file: 'p.json', results_metrics: 'true', case_spans: 'all', ci_meta: 'false' };
    const state = JSON.stringify({ id: before, exists: true, sent: [], given: [] });
    const result = await runStage(
      server,
      { ...inputs, ...given[how] },
      { files: { 'p.json': FILE }, ...(how === 'end of track' && { state }) },
    );
    expect(result).toMatchObject({ exitCode: 0, annotations: [] });
    const id = how === 'create' ? (result.outputs.id ?? '') : before;
    expect(server.span(id)).toMatchObject({ score: 25, trace_id: TRACE, parent_id: root.id });
    const metrics = server.metrics(id).map(({ dimension, value }) => [dimension, value]);
    expect(Object.fromEntries(metrics)).toEqual(METRICS);
    const children = server.children(id).map(({ id: _, start_time, feedback, ...rest }) => rest);
    expect(children.sort(byName)).toEqual(childrenOf(id).sort(byName));
    // The trace is sent too, since the API might not copy it from the parent.
    const bodies = result.sent.flatMap(
      ([, body]) => (body as { parent_id?: string; trace_id?: string }) ?? [],
    );
    const traces = bodies.filter(({ parent_id }) => parent_id === id).map(({ trace_id }) => trace_id);
    expect(new Set(traces)).toEqual(new Set([TRACE]));
    const outputs = { metrics: JSON.stringify(METRICS), case_spans: '12' };
    if (how !== 'end of track') expect(result.outputs).toMatchObject(outputs);
  },
);
