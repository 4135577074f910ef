import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { fromJSONSchema } from 'zod';
import { evaluate, runStep, type StepResult } from '../harness/runner.ts';
import { type Span, type SpanServer, startSpanServer } from '../harness/span-server.ts';

const ROOT = join(import.meta.dirname, '../..');
const FIXTURES = join(ROOT, 'test', 'fixtures', 'results');
const ACTION = 'OWNER/opper-span-action@v1';
const END = '2026-11-20T12:00:00+00:00';

interface Step {
  readonly if?: string;
  readonly uses?: string;
  readonly with?: Readonly<Record<string, string | number | boolean>>;
}
interface Workflow {
  readonly jobs: Readonly<Record<string, { readonly steps?: readonly Step[] }>>;
}

/** The steps of an example that use the action. */
function stepsOf(name: string): readonly Step[] {
  const { jobs } = parse(readFileSync(join(ROOT, 'examples', name), 'utf8')) as Workflow;
  return Object.values(jobs).flatMap(({ steps = [] }) => steps.filter(({ uses }) => uses === ACTION));
}

let server: SpanServer;
beforeAll(async () => {
  server = await startSpanServer();
});
const folder = mkdtempSync(join(tmpdir(), 'examples-'));
afterAll(async () => {
  rmSync(folder, { recursive: true });
  await server.close();
});

/** What the steps before the action's left behind. */
interface Before {
  readonly span?: Partial<Span>;
  /** Outputs of steps, by the step's id. `SPAN` stands for the id of the span. */
  readonly outputs?: Readonly<Record<string, Readonly<Record<string, string>>>>;
  readonly inputs?: Readonly<Record<string, string | number>>;
  readonly matrix?: Readonly<Record<string, string>>;
  /** Files in the workspace, by path. */
  readonly files?: Readonly<Record<string, string>>;
  readonly jobStatus?: 'success' | 'failure';
}

/** The one step of an example that uses the action, run as on the runner, against the span server. */
async function runExample(name: string, before: Before): Promise<{ result: StepResult; span: Span }> {
  const [step, ...others] = stepsOf(name);
  expect(others).toEqual([]);
  const { id } = server.create({ name: 'Eval', start_time: END, ...before.span });
  const outputs = { span: { span_id: id }, ...before.outputs };
  const contexts = {
    secrets: { OPPER_API_KEY: server.key },
    steps: Object.fromEntries(
      Object.entries(outputs).map(([step, values]) => [
        step,
        {
          outputs: Object.fromEntries(
            Object.entries(values).map(([key, value]) => [key, value === 'SPAN' ? id : value]),
          ),
        },
      ]),
    ),
    inputs: Object.fromEntries(
      Object.entries(before.inputs ?? {}).map(([key, value]) => [key, value === 'SPAN' ? id : value]),
    ),
    matrix: before.matrix ?? null,
  };
  const cwd = mkdtempSync(join(folder, 'workspace-'));
  for (const [path, content] of Object.entries(before.files ?? {})) {
    mkdirSync(dirname(join(cwd, path)), { recursive: true });
    writeFileSync(join(cwd, path), content);
  }
  const result = await runStep({
    cwd,
    with: {
      ...Object.fromEntries(
        Object.entries(step?.with ?? {}).map(([input, value]) => [input, evaluate(String(value), contexts)]),
      ),
      base_url: server.baseUrl,
    },
    context: {
      job: { status: before.jobStatus ?? 'success' },
      ...(before.matrix && { matrix: before.matrix }),
    },
  });
  return { result, span: server.span(id) };
}

/** What of a run is told by its example: the end of the step, and the span without times, ids and CI facts. */
function essence({ result, span }: { result: StepResult; span: Span }) {
  const { name, score, error } = span;
  const own = Object.entries(span.meta ?? {}).filter(([key]) => !/^(cicd|vcs|github)\./.test(key));
  return {
    exitCode: result.exitCode,
    outcome: result.outputs.outcome,
    ended: span.end_time !== null,
    name,
    score,
    error,
    meta: Object.fromEntries(own),
  };
}

const RECORDED = {
  exitCode: 0,
  outcome: 'updated',
  ended: true,
  name: 'Eval',
  score: 87,
  error: null,
  meta: {},
};
/** A case that passed and one that failed, of a real promptfoo run. */
const PROMPTFOO = (() => {
  const document = JSON.parse(readFileSync(join(FIXTURES, 'promptfoo-3.json'), 'utf8'));
  const cases: readonly { readonly success: boolean }[] = document.results.results;
  document.results.results = [true, false].map((success) => cases.find((each) => each.success === success));
  return JSON.stringify(document);
})();
const PYTEST = `<?xml version="1.0" encoding="utf-8"?><testsuites name="pytest tests"><testsuite name="pytest" tests="3">
<testcase classname="test_cart" name="test_adds" time="0.010" />
<testcase classname="test_cart" name="test_subtracts" time="0.010"><failure message="AssertionError: the difference">assert 1 == 2</failure></testcase>
<testcase classname="test_cart" name="test_empties" time="0.010" />
</testsuite></testsuites>`;
const SUMMARY = { 'summary.json': '{"summary": {"accuracy": 0.87}}' };

interface Case {
  readonly when: string;
  readonly before: Before;
  readonly expected: ReturnType<typeof essence>;
}

const CASES: Readonly<Record<string, readonly Case[]>> = {
  'quick-start.yml': [
    { when: 'the eval has a score', before: { outputs: { eval: { score: '87' } } }, expected: RECORDED },
    {
      when: 'the eval failed',
      before: { jobStatus: 'failure' },
      expected: {
        ...RECORDED,
        score: null,
        error:
          'Job eval failed in workflow Evals: https://github.com/acme/support-bot/actions/runs/15123456789/job/41234567890',
      },
    },
  ],
  'eval-python.yml': [
    {
      when: 'the script left its result',
      before: {
        outputs: { eval: { span_id: 'SPAN', result_file: 'result.json' } },
        // What examples/eval.py wrote with opperai 1.7.2.
        files: {
          'result.json':
            '{"score": 0.6666666666666666, "score_scale": 100, "error": "Do you ship to Norway? Answer yes or no. \\u2192 No", "meta": {"dataset": "support-v3", "cases": 3}}',
        },
      },
      expected: {
        ...RECORDED,
        score: 67,
        error: 'Do you ship to Norway? Answer yes or no. → No',
        meta: { dataset: 'support-v3', cases: 3 },
      },
    },
    {
      when: 'the script broke off after it made the span',
      before: { outputs: { eval: { span_id: 'SPAN' } }, jobStatus: 'failure' },
      expected: {
        ...RECORDED,
        score: null,
        error:
          'Job eval failed in workflow Evals: https://github.com/acme/support-bot/actions/runs/15123456789/job/41234567890',
      },
    },
  ],
  'eval-typescript.yml': [
    {
      when: 'the script set its outputs',
      before: { outputs: { eval: { span_id: 'SPAN', accuracy: '0.8666' } } },
      expected: { ...RECORDED, meta: { dataset: 'support-v3' } },
    },
  ],
  'promptfoo.yml': [
    {
      when: 'promptfoo wrote its results and ended with an error',
      before: { files: { 'promptfoo.json': PROMPTFOO }, jobStatus: 'failure' },
      expected: {
        ...RECORDED,
        score: 50,
        error: 'names the city [prompt 2]: Expected output to contain "Answer"',
        meta: {
          'test.total': 2,
          'test.passed': 1,
          'test.failed': 1,
          'test.errored': 0,
          'test.skipped': 0,
          'test.duration_ms': 3,
          'test.format': 'promptfoo',
          'test.score.mean': 0.75,
          'test.scores.grounded': 1,
          'test.scores.style': 0.5,
        },
      },
    },
  ],
  'pytest.yml': [
    {
      when: 'pytest wrote its report and ended with an error',
      before: { files: { 'reports/pytest.xml': PYTEST }, jobStatus: 'failure' },
      expected: {
        ...RECORDED,
        score: 67,
        error: 'test_cart > test_subtracts: AssertionError: the difference',
        meta: {
          'test.total': 3,
          'test.passed': 2,
          'test.failed': 1,
          'test.errored': 0,
          'test.skipped': 0,
          'test.duration_ms': 30,
          'test.format': 'junit',
        },
      },
    },
  ],
  'matrix.yml': [
    {
      when: 'one job of the matrix is done',
      before: { matrix: { model: 'small-2', dataset: 'support-v3' }, files: SUMMARY },
      expected: { ...RECORDED, name: 'Eval of small-2 on support-v3' },
    },
  ],
  'gate.yml': [
    { when: 'the score reaches min_score', before: { files: SUMMARY }, expected: RECORDED },
    {
      when: 'the score is below min_score',
      before: { files: { 'summary.json': '{"summary": {"accuracy": 0.794}}' } },
      expected: { ...RECORDED, exitCode: 1, score: 79 },
    },
  ],
  'feedback.yml': [
    {
      when: 'a span is named',
      before: { inputs: { span_id: 'SPAN' }, span: { score: 87, feedback: { score: 1, comment: 'Good' } } },
      expected: { ...RECORDED, outcome: 'read', ended: false },
    },
  ],
  'outputs.yml': [
    { when: 'the eval has a score', before: { outputs: { eval: { score: '87' } } }, expected: RECORDED },
  ],
  'reusable.yml': [
    {
      when: 'it is called',
      before: { inputs: { dataset: 'support-v3', min_score: 87 }, files: SUMMARY },
      expected: { ...RECORDED, name: 'Eval on support-v3' },
    },
  ],
};

describe('the examples', () => {
  const workflows = readdirSync(join(ROOT, 'examples')).filter((name) => name.endsWith('.yml'));
  const recording = workflows.filter((name) => stepsOf(name).length > 0);

  it('are all tried here', () => {
    expect(Object.keys(CASES).sort()).toEqual(recording);
    expect(workflows.filter((name) => !recording.includes(name))).toEqual(['reusable-caller.yml']);
  });

  it('record whatever became of the job: their steps begin with if: always()', () => {
    const steps = recording.filter((name) => name !== 'feedback.yml').flatMap(stepsOf);
    const always = steps.filter((step) => Object.keys(step)[0] === 'if' && /^always\(\)/.test(step.if ?? ''));
    expect(always).toEqual(steps);
  });

  for (const [name, cases] of Object.entries(CASES)) {
    for (const { when, before, expected } of cases) {
      it(`${name} does what it says when ${when}`, async () => {
        expect(essence(await runExample(name, before))).toEqual(expected);
      });
    }
  }

  it('feedback.yml hands on the human feedback', async () => {
    const feedback = { score: 1, comment: 'Friendly and right' };
    const { result } = await runExample('feedback.yml', { inputs: { span_id: 'SPAN' }, span: { feedback } });
    const { feedback_score, feedback_comment } = result.outputs;
    expect({ feedback_score, feedback_comment }).toEqual({
      feedback_score: '1',
      feedback_comment: 'Friendly and right',
    });
  });

  it('outputs.yml hands on the span in the form that schema/span.json describes', async () => {
    const schema = fromJSONSchema(JSON.parse(readFileSync(join(ROOT, 'schema', 'span.json'), 'utf8')));
    const { result, span } = await runExample('outputs.yml', { outputs: { eval: { score: '87' } } });
    const { feedback: _, ...stored } = span;
    expect(schema.parse(JSON.parse(result.outputs.span ?? ''))).toEqual(stored);
    expect(schema.safeParse({ ...stored, score: 'high' }).success).toBe(false);
  });
});

describe('the eval script in TypeScript', () => {
  it('makes a span, puts its calls under it, and hands on its id and the accuracy', async () => {
    await using own = await startSpanServer();
    const answers = ['30 days', 'No', 'It is 12 euros'];
    own.faults.push({
      times: Number.POSITIVE_INFINITY,
      fault({ request, send, handle }) {
        if (request.path !== '/v2/call') return send(handle());
        const body = { span_id: '3c90c3cc-0d44-4b50-8888-8dd25736052a', message: answers.shift() };
        return send({ status: 200, body });
      },
    });
    const cwd = mkdtempSync(join(folder, 'workspace-'));
    cpSync(join(ROOT, 'examples', 'cases.json'), join(cwd, 'cases.json'));
    const { outputs, exitCode, stderr } = await runStep({
      entry: join(ROOT, 'examples', 'eval.ts'),
      cwd,
      env: { OPPER_API_KEY: own.key, OPPER_BASE_URL: own.baseUrl },
    });
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
    const { span_id = '', accuracy } = outputs;
    expect({ name: own.span(span_id).name, accuracy }).toEqual({
      name: 'Support eval',
      accuracy: '0.6666666666666666',
    });
    const calls = own.requests.filter(({ path }) => path === '/v2/call');
    expect(calls.map(({ body }) => (body as { parent_span_id: string }).parent_span_id)).toEqual([
      span_id,
      span_id,
      span_id,
    ]);
  });
});
