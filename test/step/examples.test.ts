import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { fromJSONSchema } from 'zod';
import { type ActionStep, type JobOptions, type JobStep, type RunStep, runJob } from '../harness/job.ts';
import { type Span, type SpanServer, startSpanServer } from '../harness/span-server.ts';

const ROOT = join(import.meta.dirname, '../..');
const FIXTURES = join(ROOT, 'test', 'fixtures', 'results');
const ACTION = /\/opper-span-action@v1$/;

type Step = ActionStep & { readonly name?: string; readonly run?: string };
interface Workflow {
  readonly jobs: Readonly<Record<string, { readonly steps?: readonly Step[] }>>;
}

function jobsOf(name: string): Workflow['jobs'] {
  return (parse(readFileSync(join(ROOT, 'examples', name), 'utf8')) as Workflow).jobs;
}

type Command = RunStep['run'];

interface Surroundings {
  /** What the user's own commands do, by command. All others do nothing. */
  readonly commands?: Readonly<Record<string, Command>>;
  /** The values of expressions that only GitHub can evaluate. */
  readonly values?: Readonly<Record<string, string>>;
  readonly context?: JobOptions['context'];
  readonly event?: JobOptions['event'];
}

/** Runs a job of an example as the runner would, against a span server. Other actions are left out. */
async function runExample(server: SpanServer, name: string, job: string, surroundings: Surroundings = {}) {
  const { commands = {}, values = {}, context, event } = surroundings;
  const filled = (value: string) =>
    value.replaceAll(/\$\{\{ (.*?) \}\}/g, (whole, expression: string) => values[expression] ?? whole);
  const steps = (jobsOf(name)[job]?.steps ?? []).flatMap(
    ({ id, if: condition = 'success()', uses, with: inputs = {}, env, run, ...rest }): JobStep[] => {
      const step = {
        ...(id && { id }),
        'continue-on-error': rest['continue-on-error'] ?? false,
        if: values[String(condition)] ?? condition,
        env: Object.fromEntries(Object.entries(env ?? {}).map(([key, value]) => [key, filled(value)])),
      };
      if (run !== undefined) return [{ ...step, run: commands[run.trim()] ?? (() => {}) }];
      if (!ACTION.test(uses ?? '')) return [];
      const given = Object.entries(inputs).map(([input, value]) => [input, filled(String(value))]);
      return [{ ...step, with: { ...Object.fromEntries(given), base_url: server.baseUrl } }];
    },
  );
  return await runJob(steps, {
    secrets: { OPPER_API_KEY: server.key, OPENAI_API_KEY: 'none' },
    ...(context && { context }),
    ...(event && { event }),
  });
}

/** A command that writes files to the workspace, and may then fail. */
function leaves(files: Readonly<Record<string, string>>, end: 'well' | 'badly' = 'well') {
  return ({ workspace }: { readonly workspace: string }) => {
    for (const [path, content] of Object.entries(files)) {
      mkdirSync(dirname(join(workspace, path)), { recursive: true });
      writeFileSync(join(workspace, path), content);
    }
    if (end === 'badly') throw new Error('Exit code 1');
  };
}

/** The spans of an example, without times, ids and CI facts. Children come last, and passed ones at the very end. */
function essenceOf(server: SpanServer) {
  const spans = server.spans();
  const rank = ({ parent_id, error }: Span) => (parent_id === null ? 0 : error === null ? 2 : 1);
  const ranked = spans.toSorted((a, b) => rank(a) - rank(b));
  return ranked.map(({ id, name, type, score, error, end_time, parent_id, meta }) => ({
    name,
    type,
    score,
    error,
    ended: end_time !== null,
    under: spans.find((span) => span.id === parent_id)?.name ?? null,
    meta: Object.fromEntries(
      Object.entries(meta ?? {}).filter(([key]) => !/^(cicd|vcs|github|test)\./.test(key)),
    ),
    metrics: Object.fromEntries(server.metrics(id).map(({ dimension, value }) => [dimension, value])),
  }));
}

const SPAN = { type: null, score: null, error: null, ended: true, under: null, meta: {}, metrics: {} };
const NAMED = { ...SPAN, name: 'Evals / eval' };

const PYTEST = `<?xml version="1.0" encoding="utf-8"?><testsuites name="pytest tests"><testsuite name="pytest" tests="3">
<testcase classname="test_cart" name="test_adds" time="0.010" />
<testcase classname="test_cart" name="test_subtracts" time="0.010"><failure message="AssertionError: the difference">assert 1 == 2</failure></testcase>
<testcase classname="test_cart" name="test_empties" time="0.010" />
</testsuite></testsuites>`;
const PASSED = '<testsuites><testsuite name="eval"><testcase name="greets"/></testsuite></testsuites>';
/** A JUnit file with so many cases. */
function junit(passed: number, failed: number): string {
  const cases = (count: number, name: string, content: string) =>
    Array.from({ length: count }, (_, at) => `<testcase name="${name} ${at + 1}">${content}</testcase>`).join(
      '',
    );
  return `<testsuite name="eval">${cases(passed, 'passes', '')}${cases(failed, 'fails', '<failure/>')}</testsuite>`;
}
/** A case that passed and one that failed, of a real promptfoo run. */
const PROMPTFOO = (() => {
  const document = JSON.parse(readFileSync(join(FIXTURES, 'promptfoo-3.json'), 'utf8'));
  const cases: readonly { readonly success: boolean }[] = document.results.results;
  document.results.results = [true, false].map((success) => cases.find((each) => each.success === success));
  return JSON.stringify(document);
})();
/** What examples/eval.py writes with opperai 2.1.1 for the answers "30 days", "No" and "It is 12 euros". */
const RESULT =
  '{"score": 0.6666666666666666, "score_scale": 100, "error": "Do you ship to Norway? Answer yes or no. \\u2192 No", "metrics": {"accuracy": 0.6666666666666666}, "meta": {"dataset": "support-v3", "cases": 3}}';
const RECORDED_RESULT = {
  ...SPAN,
  name: 'Support eval',
  type: 'evaluation',
  score: 67,
  error: 'Do you ship to Norway? Answer yes or no. → No',
  meta: { dataset: 'support-v3', cases: 3 },
  metrics: { accuracy: 2 / 3 },
};
/** A pull request to main. */
const PULL = {
  context: {
    github: { event_name: 'pull_request', ref: 'refs/pull/7/merge', base_ref: 'main', run_id: '9123456790' },
  },
  event: {
    number: 7,
    pull_request: {
      number: 7,
      head: { ref: 'shorter', sha: 'b194', repo: { full_name: 'acme/support-bot' } },
      base: { ref: 'main', sha: '6dcb', repo: { full_name: 'acme/support-bot' } },
    },
  },
};
const EVAL_TO_JUNIT = './eval.sh --dataset "$DATASET" --junit reports/eval.xml';
const EVAL_FOR_GATE = './eval.sh --junit reports/eval.xml';
const EVAL_BY_PROMPTFOO = 'npx promptfoo eval --output promptfoo.json';

interface Case extends Surroundings {
  readonly example: string;
  readonly job?: string;
  readonly when: string;
  readonly status: 'success' | 'failure';
  readonly spans: readonly Record<keyof ReturnType<typeof essenceOf>[number], unknown>[];
}

const CASES: readonly Case[] = [
  {
    example: 'quick-start.yml',
    when: 'a test fails',
    commands: { 'pytest --junitxml=reports/pytest.xml': leaves({ 'reports/pytest.xml': PYTEST }, 'badly') },
    status: 'failure',
    spans: [{ ...NAMED, score: 67, error: expect.stringContaining('test_subtracts') }],
  },
  {
    example: 'quick-start.yml',
    when: 'the tests crash without a report',
    commands: { 'pytest --junitxml=reports/pytest.xml': leaves({}, 'badly') },
    status: 'failure',
    spans: [{ ...NAMED, error: expect.stringContaining('/actions/runs/9123456789/job/41234567890') }],
  },
  {
    example: 'pytest.yml',
    job: 'pytest',
    when: 'a test fails',
    commands: { 'pytest --junitxml=reports/pytest.xml': leaves({ 'reports/pytest.xml': PYTEST }, 'badly') },
    status: 'failure',
    spans: [
      { ...NAMED, score: 67, error: expect.stringContaining('test_subtracts') },
      {
        ...SPAN,
        name: expect.stringContaining('test_subtracts'),
        type: 'test',
        error: expect.stringContaining('AssertionError: the difference'),
        ended: false,
        under: 'Evals / eval',
      },
    ],
  },
  {
    example: 'eval-python.yml',
    when: 'the script leaves its result',
    commands: { 'python eval.py': leaves({ 'result.json': RESULT }) },
    status: 'success',
    spans: [RECORDED_RESULT],
  },
  {
    example: 'eval-python.yml',
    when: 'the script crashes',
    commands: { 'python eval.py': leaves({}, 'badly') },
    status: 'failure',
    spans: [
      { ...SPAN, name: 'Support eval', type: 'evaluation', error: expect.stringContaining('/actions/runs/') },
    ],
  },
  {
    example: 'promptfoo.yml',
    job: 'promptfoo',
    when: 'one of two cases fails',
    commands: { [EVAL_BY_PROMPTFOO]: leaves({ 'promptfoo.json': PROMPTFOO }, 'badly') },
    status: 'failure',
    spans: [
      {
        ...NAMED,
        type: 'evaluation',
        score: 50,
        error: expect.stringContaining('names the city'),
        metrics: expect.objectContaining({ pass_rate: 0.5 }),
      },
      {
        ...SPAN,
        name: expect.stringContaining('names the city'),
        type: 'test',
        error: expect.any(String),
        score: expect.any(Number),
        ended: expect.any(Boolean),
        under: 'Evals / eval',
      },
      {
        ...SPAN,
        name: expect.any(String),
        type: 'test',
        score: expect.any(Number),
        ended: expect.any(Boolean),
        under: 'Evals / eval',
      },
    ],
  },
  {
    example: 'promptfoo.yml',
    job: 'promptfoo',
    when: 'promptfoo crashes without a report',
    commands: { [EVAL_BY_PROMPTFOO]: leaves({}, 'badly') },
    status: 'failure',
    spans: [
      {
        ...NAMED,
        type: 'evaluation',
        error: expect.stringMatching(
          /^results_outcome: is failure: .*\nresults_file: "promptfoo.json" matches/,
        ),
      },
    ],
  },
  {
    example: 'gate.yml',
    when: 'a case fails, but the pass rate reaches min_score',
    commands: { [EVAL_FOR_GATE]: leaves({ 'reports/eval.xml': junit(9, 1) }, 'badly') },
    status: 'success',
    spans: [{ ...NAMED, score: 90, error: expect.stringContaining('fails 1') }],
  },
  {
    example: 'gate.yml',
    when: 'the pass rate is below min_score',
    commands: { [EVAL_FOR_GATE]: leaves({ 'reports/eval.xml': junit(7, 3) }, 'badly') },
    status: 'failure',
    spans: [{ ...NAMED, score: 70, error: expect.stringContaining('fails 3') }],
  },
  {
    example: 'gate.yml',
    when: 'the eval stops early after cases that passed',
    commands: { [EVAL_FOR_GATE]: leaves({ 'reports/eval.xml': junit(3, 0) }, 'badly') },
    status: 'failure',
    spans: [{ ...NAMED, error: expect.any(String) }],
  },
  {
    example: 'reusable.yml',
    when: 'it is called',
    commands: { [EVAL_TO_JUNIT]: leaves({ 'reports/eval.xml': PASSED }) },
    values: { 'inputs.dataset': 'support-v3', 'inputs.min_score': '80' },
    status: 'success',
    spans: [{ ...SPAN, name: 'Eval on support-v3', type: 'evaluation', score: 100 }],
  },
];

describe('the examples', () => {
  it('are all tested here', () => {
    const workflows = readdirSync(join(ROOT, 'examples')).filter((name) => name.endsWith('.yml'));
    const tried = CASES.map(({ example }) => example);
    const apart = [
      'comment.yml',
      'compare.yml',
      'eval-typescript.yml',
      'feedback.yml',
      'lost-runner.yml',
      'matrix.yml',
      'outputs.yml',
      'own-span.yml',
      'reusable-caller.yml',
      'sdk-span-python.yml',
      'sdk-span-typescript.yml',
    ];
    expect(workflows).toEqual([...new Set([...tried, ...apart])].sort());
  });

  for (const { example, job = 'eval', when, status, spans, ...surroundings } of CASES) {
    it(`${example} records what it says when ${when}`, async () => {
      await using server = await startSpanServer();
      const result = await runExample(server, example, job, surroundings);
      expect({ status: result.status, spans: essenceOf(server) }).toEqual({ status, spans });
    });
  }

  it.each([
    ['eval-typescript.yml', 'eval.ts', RECORDED_RESULT],
    ['sdk-span-typescript.yml', 'sdk-span.ts', { ...RECORDED_RESULT, meta: {}, metrics: {} }],
  ])('%s puts the calls of the eval under the span of the job', async (example, script, recorded) => {
    await using server = await startSpanServer();
    const answers = ['30 days', 'No', 'It is 12 euros'];
    server.faults.push({
      when: ({ path }) => path === '/v2/call',
      times: answers.length,
      fault: ({ send }) =>
        send({
          status: 200,
          body: { span_id: '3c90c3cc-0d44-4b50-8888-8dd25736052a', message: answers.shift() },
        }),
    });
    const node = `OPPER_BASE_URL=${server.baseUrl} '${process.execPath}' '${join(ROOT, 'examples', script)}'`;
    const { status, stages } = await runExample(server, example, 'eval', {
      values: { "always() && steps.eval.outputs.span_id != ''": 'always()' },
      commands: { [`node ${script}`]: node },
    });
    expect(stages.map(({ result }) => result?.stderr).join('')).toBe('');
    expect({ status, spans: essenceOf(server) }).toEqual({ status: 'success', spans: [recorded] });
    const calls = server.requests.filter(({ path }) => path === '/v2/call');
    const parents = calls.map(({ body }) => (body as { parent_span_id: string }).parent_span_id);
    const [span] = server.spans();
    expect(parents).toEqual([span?.id, span?.id, span?.id]);
  });

  it('matrix.yml records the run as one trace, and ends it even if the matrix failed', async () => {
    await using server = await startSpanServer();
    const { steps } = await runExample(server, 'matrix.yml', 'start');
    const { id = '', trace_id = '' } = steps.root?.outputs ?? {};
    const needs = { 'needs.start.outputs.span_id': id, 'needs.start.outputs.trace_id': trace_id };
    const command = './eval.sh --model "$MODEL" --dataset "$DATASET" --junit reports/eval.xml';
    const failed = await runExample(server, 'matrix.yml', 'eval', {
      context: { matrix: { model: 'small-2', dataset: 'support-v3' } },
      values: needs,
      commands: { [command]: leaves({ 'reports/eval.xml': PYTEST }, 'badly') },
    });
    const end = (error: string, clear: string) =>
      runExample(server, 'matrix.yml', 'end', {
        values: {
          ...needs,
          "needs.eval.result != 'success' && 'Not every job of the matrix succeeded.' || ''": error,
          "needs.eval.result == 'success' && 'error' || ''": clear,
        },
      });
    const ended = await end('Not every job of the matrix succeeded.', '');
    expect([failed.status, ended.status]).toEqual(['failure', 'success']);
    expect(essenceOf(server)).toEqual([
      { ...SPAN, name: 'Eval matrix', type: 'workflow', error: 'Not every job of the matrix succeeded.' },
      {
        ...SPAN,
        name: 'small-2 on support-v3',
        type: 'evaluation',
        score: 67,
        error: expect.stringContaining('test_subtracts'),
        under: 'Eval matrix',
      },
    ]);
    expect(new Set(server.spans().map((span) => span.trace_id))).toEqual(new Set([trace_id]));
    // After the failed jobs were run again, and passed.
    expect((await end('', 'error')).status).toBe('success');
    expect(server.span(id)).toMatchObject({ error: null, end_time: expect.any(String) });
  });

  it.each([
    ['was lost', undefined, 'The eval never ended. Its runner was lost, or it did not start.'],
    ['ended by itself', PYTEST, expect.stringContaining('test_subtracts')],
  ])('lost-runner.yml ends the span of an eval whose runner %s', async (_, report, error) => {
    await using server = await startSpanServer();
    const { steps } = await runExample(server, 'lost-runner.yml', 'start');
    const values = { 'needs.start.outputs.span_id': steps.span?.outputs.id ?? '' };
    if (report !== undefined) {
      const commands = {
        './eval.sh --junit reports/eval.xml': leaves({ 'reports/eval.xml': report }, 'badly'),
      };
      await runExample(server, 'lost-runner.yml', 'eval', { values, commands });
    }
    const isOpen = server.spans()[0]?.end_time === null;
    const { status } = await runExample(server, 'lost-runner.yml', 'end', {
      values: { ...values, "steps.span.outputs.end_time == ''": isOpen ? 'success()' : 'failure()' },
    });
    const span = {
      ...SPAN,
      name: 'Eval',
      type: 'evaluation',
      score: report === undefined ? null : 67,
      error,
    };
    expect({ status, isOpen, spans: essenceOf(server) }).toEqual({
      status: 'success',
      isOpen: report === undefined,
      spans: [span],
    });
    expect(server.spans()[0]?.meta).toMatchObject({ 'cicd.pipeline.task.run.result': 'failure' });
  });

  it.each([
    [
      'own-span.yml',
      './eval.sh --result result.json',
      'id',
      '{"error": "Traceback:\\n  no model"}',
      'Traceback:\n  no model',
    ],
    ['own-span.yml', './eval.sh --result result.json', 'id', '', expect.stringContaining('Job eval failed')],
    ['sdk-span-python.yml', 'python sdk_span.py', 'span_id', '', expect.stringContaining('Job eval failed')],
  ])(
    '%s records on the span of a program that crashes: %s, %s, %s',
    async (example, command, output, result, error) => {
      await using server = await startSpanServer();
      const { id } = server.create({ name: 'Eval' });
      const leave = result === '' ? '' : `printf '%s' '${result}' > result.json;`;
      const { status } = await runExample(server, example, 'eval', {
        values: { [`always() && steps.eval.outputs.${output} != ''`]: 'always()' },
        commands: { [command]: `echo "${output}=${id}" >> "$GITHUB_OUTPUT"; ${leave} exit 1` },
      });
      const spans = [{ ...SPAN, name: 'Eval', error }];
      expect({ status, spans: essenceOf(server) }).toEqual({ status: 'failure', spans });
    },
  );

  it('feedback.yml keeps the span that a person approved', async () => {
    await using server = await startSpanServer();
    const feedback = { score: 1, comment: 'Friendly and right' };
    const { id } = server.create({ name: 'Eval', feedback });
    let kept = '';
    const { status } = await runExample(server, 'feedback.yml', 'feedback', {
      values: { 'inputs.span_id': id, "steps.span.outputs.feedback_score == '1'": 'success()' },
      commands: {
        'cp "$SPAN_FILE" approved.json': ({ env }) => {
          kept = readFileSync(env.SPAN_FILE ?? '', 'utf8');
        },
      },
    });
    expect({ status, feedback: JSON.parse(kept).feedback }).toEqual({ status: 'success', feedback });
  });

  it('compare.yml fails a pull request that is worse than main, and shows what is', async () => {
    await using server = await startSpanServer();
    const results = JSON.parse(PROMPTFOO);
    const run = (cases: unknown[], surroundings: Surroundings = {}) => {
      Object.assign(results.results, { results: cases, stats: {} });
      const commands = {
        'npx promptfoo eval --output promptfoo.json': leaves({ 'promptfoo.json': JSON.stringify(results) }),
      };
      const values = { 'github.base_ref || github.ref_name': 'main' };
      return runExample(server, 'compare.yml', 'promptfoo', { commands, values, ...surroundings });
    };
    const [passed, failed] = results.results.results;
    const main = await run([passed, passed]);
    const pull = await run([passed, failed], { context: PULL.context, event: PULL.event });
    expect([main.status, pull.status]).toEqual(['success', 'failure']);
    const [step] = pull.stages.flatMap(({ result }) => result ?? []);
    const { baseline_score, score_change, comparison = '' } = step?.outputs ?? {};
    expect([baseline_score, score_change]).toEqual(['100', '-50']);
    const schema = fromJSONSchema(JSON.parse(readFileSync(join(ROOT, 'schema', 'comparison.json'), 'utf8')));
    expect(schema.parse(JSON.parse(comparison))).toMatchObject({
      run_url: 'https://github.com/acme/support-bot/actions/runs/9123456789',
      metrics: { pass_rate: { before: 1, after: 0.5 } },
      newly_failed: [expect.stringContaining('names the city')],
      no_longer_failing: [],
    });
    expect(step?.summary).toContain('<h3>❌ 1 of 2 tests failed, score 50 (<code>main</code>: 100, −50');
  });

  it('comment.yml passes on the summary as a file', async () => {
    await using server = await startSpanServer();
    let comment = '';
    const { status, main } = await runExample(server, 'comment.yml', 'eval', {
      values: {
        "always() && github.event_name == 'pull_request' && steps.record.outputs.summary_file != ''":
          'always()',
        'github.base_ref || github.ref_name': 'main',
      },
      commands: {
        './eval.sh --junit reports/eval.xml': leaves({ 'reports/eval.xml': PASSED }),
        'gh pr comment "$PULL_REQUEST" --edit-last --create-if-none --body-file "$SUMMARY"': ({ env }) => {
          comment = readFileSync(env.SUMMARY ?? '', 'utf8');
        },
      },
    });
    expect([status, comment]).toEqual(['success', main('record').summary]);
  });

  it('outputs.yml passes on a span that matches schema/span.json', async () => {
    await using server = await startSpanServer();
    const schema = fromJSONSchema(JSON.parse(readFileSync(join(ROOT, 'schema', 'span.json'), 'utf8')));
    let handed: Span | undefined;
    const { status, steps } = await runExample(server, 'outputs.yml', 'eval', {
      values: { "always() && steps.record.outputs.outcome == 'created'": 'always()' },
      commands: {
        'echo "started=$(date +%s)" >> "$GITHUB_OUTPUT"\n./eval.sh --junit reports/eval.xml': (job) => {
          leaves({ 'reports/eval.xml': PASSED })(job);
          return { outputs: { started: '1700000000' } };
        },
        './report.sh --score "$SCORE" --span "$SPAN_FILE"': ({ env }) => {
          expect(env.SCORE).toBe('100');
          handed = JSON.parse(readFileSync(env.SPAN_FILE ?? '', 'utf8')) as Span;
        },
      },
    });
    const [stored] = server.spans();
    const { feedback: _, ...own } = stored ?? {};
    expect({ status, outcome: steps.record?.outputs.outcome }).toEqual({
      status: 'success',
      outcome: 'created',
    });
    expect(schema.parse(handed)).toEqual(own);
    expect(schema.safeParse({ ...own, score: 'high' }).success).toBe(false);
  });
});
