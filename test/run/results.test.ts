import { afterAll, describe, expect, test } from 'vitest';
import { span as returned, status } from '../harness/faults.ts';
import { type SpanRequest, startSpanServer } from '../harness/span-server.ts';
import { FOREVER, runStage } from '../harness/step.ts';

const server = await startSpanServer();
afterAll(() => server.close());

const JUNIT = `<testsuite name="s"><testcase name="a" time="1"/><testcase name="b"><failure message="no"/></testcase>
  <testcase name="c"><skipped/></testcase><testcase name="d"/></testsuite>`;
const files = { 'r.xml': JUNIT };
const COUNTS = {
  'test.total': 4,
  'test.passed': 2,
  'test.failed': 1,
  'test.errored': 0,
  'test.skipped': 1,
  'test.duration_ms': 1000,
  'test.format': 'junit',
};

describe('results of a test tool', () => {
  test('become score, error and meta, unless given', async () => {
    const { id } = server.create({ name: 'Support', meta: { prompt: 12 } });
    const inputs = { span_id: id, results_file: 'r.xml', ci_meta: 'false', meta: '{"test.total": 5}' };
    const { sent } = await runStage(server, inputs, { files });
    const meta = { prompt: 12, ...COUNTS, 'test.total': 5 };
    expect(sent[1]).toEqual([`PATCH /${id}`, { score: 67, error: 's > b: no', meta }]);
  });

  test('win over the error of the job, and inputs win over both', async () => {
    const inputs = { results_file: 'r.xml', job_status: 'failure', ci_meta: 'false' };
    const fromResults = await runStage(
      server,
      { span_id: server.create({ name: 'Support' }).id, ...inputs },
      { files },
    );
    expect(fromResults.outputs.error).toBe('s > b: no');
    const given = { ...inputs, error: 'mine', score: '5' };
    const { outputs } = await runStage(
      server,
      { span_id: server.create({ name: 'Support' }).id, ...given },
      { files },
    );
    expect(outputs).toMatchObject({ error: 'mine', score: '5' });
  });

  test.each([
    ['are missing', {}, null],
    ['are broken', { 'r.xml': '<testsuite><testcase name="a"/>', 'm.json': '{"a": 1' }, null],
    ['are fine', { ...files, 'm.json': '{"a": 1}' }, 67],
  ])('that %s do not stop a failed job from being recorded', async (_, given, score) => {
    const { id } = server.create({ name: 'Support' });
    const inputs = {
      span_id: id,
      job_status: 'failure',
      ci_meta: 'false',
      results_file: 'r.xml',
      meta_file: 'm.json',
    };
    const { exitCode, annotations } = await runStage(server, inputs, { files: given });
    const warned = annotations.map(({ level, message }) => `${level} ${message.split(':')[0]}`);
    for (const { message } of annotations) expect(message).toContain('The job has failed, so the rest');
    expect(exitCode).toBe(0);
    expect(warned).toEqual(score === null ? ['warning results_file', 'warning meta_file'] : []);
    expect(server.span(id)).toMatchObject({
      score,
      error: expect.stringContaining(score === null ? 'Job eval failed' : 's > b'),
      ...(score !== null && { meta: expect.objectContaining({ a: 1, 'test.passed': 2 }) }),
    });
  });

  test.each([
    ['success', 1, 'error', 'failure'],
    ['failure', 0, 'warning', 'failure'],
  ])('that can be read in part give a job that is %s counts and failures, but no score', async (...row) => {
    const [job_status, exitCode, level, result] = row;
    const { id } = server.create({ name: 'Support', score: 90 });
    const read = { results_file: 'r.xml\nbad.xml', results_outcome: 'failure' };
    const inputs = { span_id: id, job_status, ...read, min_score: '80', baseline: 'main', max_drop: '5' };
    const given = { 'r.xml': JUNIT, 'bad.xml': '<testsuite>' };
    const stage = await runStage(server, inputs, { files: given });
    expect([stage.exitCode, stage.outputs.outcome]).toEqual([exitCode, 'updated']);
    expect(stage.annotations.map((annotation) => [annotation.level, annotation.message])).toEqual([
      [level, expect.stringMatching(/^results_file: bad\.xml /)],
    ]);
    expect(server.span(id)).toMatchObject({
      score: null,
      error: expect.stringMatching(/^results_file: bad\.xml .*\ns > b: no$/),
      meta: { 'test.total': 4, 'test.failed': 1, 'cicd.pipeline.task.run.result': result },
    });
  });

  test.each([
    ['failure', 'success', 1, 'error'],
    ['cancelled', 'failure', 0, 'warning'],
  ])('without a failure, of a step that is %s, give no score', async (...row) => {
    const [results_outcome, job_status, exitCode, level] = row;
    const { id } = server.create({ name: 'Support', score: 90 });
    const inputs = { span_id: id, results_file: 'r.xml', results_outcome, job_status };
    const given = { 'r.xml': '<testsuite><testcase name="a"/></testsuite>' };
    const stage = await runStage(server, inputs, { files: given });
    const reason = `results_outcome: is ${results_outcome}, but no case failed`;
    expect([stage.exitCode, stage.annotations.map((annotation) => annotation.level)]).toEqual([
      exitCode,
      [level],
    ]);
    expect(stage.annotations[0]?.message).toContain(reason);
    expect(stage.annotations[0]?.message).not.toContain('A json or fields file');
    expect(server.span(id)).toMatchObject({ score: null, error: expect.stringContaining(reason) });
  });

  test.each([
    ['update', 'success', 'failure', 'failed', 1, 'failure'],
    ['create', 'success', 'cancelled', 'was cancelled', 1, 'failure'],
    ['update', 'failure', 'failure', 'failed', 0, 'failure'],
  ])('that are missing are recorded by %s in a job that is %s, if their step is %s', async (...row) => {
    const [operation, job_status, results_outcome, ended, exitCode, result] = row;
    const { id } = server.create({ name: 'Support', score: 90 });
    const of = operation === 'update' ? { span_id: id } : { operation };
    const inputs = { ...of, job_status, results_outcome, results_file: 'r.xml', min_score: '80' };
    const stage = await runStage(server, inputs);
    const reasons = [
      `results_outcome: is ${results_outcome}: the step that should have written the results ${ended}. `,
      'results_file: "r.xml" matches no file. Check that the step that writes it ran',
    ];
    const messages = stage.annotations.map(({ message }) => message).join('\n');
    for (const text of [messages, stage.outputs.error]) {
      const lines = text?.split('\n') ?? [];
      expect(lines.map((line, at) => line.slice(0, reasons[at]?.length))).toEqual(reasons);
    }
    expect(stage.exitCode).toBe(exitCode);
    expect(server.span(stage.outputs.id ?? '')).toMatchObject({
      score: null,
      meta: { 'cicd.pipeline.task.run.result': result },
    });
  });

  test('that are missing do not send a bad input, whatever their step is', async () => {
    const { id } = server.create({ name: 'Support' });
    const inputs = { span_id: id, results_file: 'r.xml', results_outcome: 'failure', retries: 'x' };
    const { annotations, sent } = await runStage(server, inputs);
    const names = annotations[0]?.message.split('\n').map((line) => line.split(':')[0]);
    expect([names, sent]).toEqual([['retries', 'results_outcome', 'results_file'], []]);
  });

  test.each([
    ['failure', { 'r.xml': JUNIT }],
    ['skipped', { 'r.xml': '<testsuite><testcase name="a"/></testsuite>' }],
    ['success', { 'r.xml': '<testsuite><testcase name="a"/></testsuite>' }],
    ['', { 'r.xml': '<testsuite><testcase name="a"/></testsuite>' }],
  ])('go with the outcome %j of their step', async (results_outcome, given) => {
    const { id } = server.create({ name: 'Support' });
    const inputs = { span_id: id, results_file: 'r.xml', results_outcome };
    const { exitCode, annotations, outputs } = await runStage(server, inputs, { files: given });
    expect([exitCode, annotations, outputs.score !== '']).toEqual([0, [], true]);
  });

  test('are required by an outcome that is a failure', async () => {
    const { id } = server.create({ name: 'Support' });
    const inputs = { span_id: id, score: '9', results_outcome: 'failure' };
    const { annotations, sent } = await runStage(server, inputs);
    expect([annotations[0]?.message, sent]).toEqual([
      expect.stringMatching(/^results_file: is empty, but required by results_outcome/),
      [],
    ]);
  });

  test.each([
    ['failed, with no error', '{"score": 9}', {}, [true]],
    ['was cancelled, with no error', '{"score": 9}', { results_outcome: 'cancelled' }, [false]],
    ['failed, with an error', '{"score": 9, "error": "no"}', {}, []],
    ['failed, with an error as an input', '{"score": 9}', { error: 'no' }, []],
  ])('in a format without cases, of a step that %s', async (_, content, given, advised) => {
    const { id } = server.create({ name: 'Support' });
    const inputs = { span_id: id, results_file: 'f', results_format: 'fields', results_outcome: 'failure' };
    const stage = await runStage(server, { ...inputs, ...given }, { files: { f: content } });
    const isFailure = advised.length > 0;
    expect([stage.exitCode, server.span(id).score]).toEqual(isFailure ? [1, null] : [0, 9]);
    const advice =
      'the results name no error, so the run stopped early, or something failed that the results do not show. Look at the log of the step that wrote the results. A json or fields file names no case: let the tool exit with 0 whatever its score is';
    expect(stage.annotations.map(({ message }) => message?.includes(advice))).toEqual(advised);
  });
});

describe('a custom file', () => {
  test('has its metrics at pointers, and leaves a stored score alone without score_pointer', async () => {
    const { id } = server.create({ name: 'Support', score: 7 });
    const inputs = {
      span_id: id,
      results_file: 'r.jsonl',
      results_format: 'json',
      metrics_pointer: '/*/scores\n/*/cost',
      metrics: '{"cost": 3}',
    };
    const lines = '{"scores": {"exact": true}, "cost": 1}\n{"scores": {"exact": false, "len": NaN}}\n';
    const { exitCode, outputs } = await runStage(server, inputs, { files: { 'r.jsonl': lines } });
    expect({ exitCode, metrics: outputs.metrics, score: server.span(id).score }).toEqual({
      exitCode: 0,
      metrics: '{"exact":0.5,"cost":3}',
      score: 7,
    });
  });

  test('has its score at a pointer, scaled', async () => {
    const inputs = {
      span_id: server.create({ name: 'Support' }).id,
      results_file: 'r.json',
      results_format: 'json',
      score_pointer: '/a/0',
      score_scale: '100',
    };
    const { outputs } = await runStage(server, inputs, { files: { 'r.json': '{"a": [0.285]}' } });
    expect(outputs.score).toBe('29');
  });

  test.each([
    ['scales its own score', '{"score": 0.87, "score_scale": 100}', {}, '87'],
    ['takes the scale of the input where it has none', '{"score": 0.87}', { score_scale: '10' }, '9'],
    ['does not scale the score of the input', '{"score": 0.5, "score_scale": 100}', { score: '87' }, '87'],
  ])('with fields %s', async (_, text, given, score) => {
    const inputs = {
      span_id: server.create({ name: 'Support' }).id,
      results_file: 'f.json',
      results_format: 'fields',
      ...given,
    };
    const { exitCode, outputs } = await runStage(server, inputs, { files: { 'f.json': text } });
    expect({ exitCode, score: outputs.score }).toEqual({ exitCode: 0, score });
  });

  test('with one bad field records the others in a job that has failed', async () => {
    const { id } = server.create({ name: 'Support' });
    const inputs = { span_id: id, results_file: 'f.json', results_format: 'fields', job_status: 'failure' };
    const { exitCode, annotations } = await runStage(server, inputs, {
      files: { 'f.json': '{"score": "high", "output": "kept"}' },
    });
    expect({ exitCode, levels: annotations.map(({ level }) => level) }).toEqual({
      exitCode: 0,
      levels: ['warning'],
    });
    expect(server.span(id)).toMatchObject({
      score: null,
      output: 'kept',
      error: expect.stringContaining('Job eval failed'),
    });
  });
});

describe('metrics', () => {
  test('alone are attached to the span, which is read and not written', async () => {
    const { id } = server.create({ name: 'Support', score: 62, feedback: { score: 1, comment: null } });
    const inputs = { span_id: id, metrics: '{"accuracy": 0.92}', ci_meta: 'false', min_score: '80' };
    const { exitCode, sent, outputs } = await runStage(server, inputs);
    expect(sent.map(([request]) => request)).toEqual([
      `GET /${id}`,
      `GET /${id}/metrics?offset=0&limit=100`,
      `POST /${id}/metrics`,
    ]);
    expect({ exitCode, ...outputs }).toMatchObject({
      exitCode: 1,
      outcome: 'updated',
      score: '62',
      feedback_score: '1',
    });
    const { unsent } = await runStage(server, { ...inputs, dry_run: 'true' });
    expect(unsent).toEqual([`GET /${id}`, `POST /${id}/metrics {"dimension":"accuracy","value":0.92}`]);
  });

  test('from results, file and input are attached, later ones win', async () => {
    const { id } = server.create({ name: 'Support' });
    const inputs = {
      span_id: id,
      results_file: 'r.xml',
      results_metrics: 'true',
      metrics: '{"accuracy": 0.92, "latency": {"value": 3.5, "comment": "p95"}}',
    };
    const first = await runStage(server, inputs, { files });
    expect(first.exitCode).toBe(0);
    const [rate] = server.metrics(id).filter(({ dimension }) => dimension === 'pass_rate');
    expect(rate?.value).toBeCloseTo(2 / 3, 10);
    expect(JSON.parse(first.outputs.metrics ?? '')).toMatchObject({ accuracy: 0.92, latency: 3.5 });
    const stored = server.metrics(id);
    const second = await runStage(server, inputs, { files });
    expect(server.metrics(id)).toEqual(stored);
    expect(second.sent.filter(([request]) => /^(POST|PATCH) .*metrics/.test(String(request)))).toEqual([]);
  });

  test.each([
    ['true', 1, 'error'],
    ['false', 0, 'warning'],
  ])(
    'that fail are reported with fail_on_api_error %s, and the span is recorded',
    async (fail_on_api_error, exitCode, level) => {
      const { id } = server.create({ name: 'Support' });
      const inputs = { span_id: id, score: '7', metrics: '{"a": 1}', retries: '0', fail_on_api_error };
      const faults = [
        {
          when: ({ path }: { path: string }) => path.includes('metrics'),
          times: FOREVER,
          fault: status(503),
        },
      ];
      const result = await runStage(server, inputs, { faults });
      expect(result).toMatchObject({
        exitCode,
        outputs: { outcome: 'updated', score: '7' },
        annotations: [{ level, title: 'Opper span: metrics' }],
      });
    },
  );
});

describe('case spans', () => {
  test('are children of the span, failures first', async () => {
    const inputs = { operation: 'create', results_file: 'r.xml', case_spans: 'all', max_case_spans: '3' };
    const { exitCode, annotations, outputs } = await runStage(server, inputs, { files });
    expect({ exitCode, annotations }).toEqual({ exitCode: 0, annotations: [] });
    const children = server.children(outputs.id ?? '');
    expect(outputs.case_spans).toBe('3');
    expect(children.map(({ name, type, meta }) => [name, type, meta?.['test.status']]).sort()).toEqual([
      ['s > a', 'test', 'passed'],
      ['s > b', 'test', 'failed'],
      ['s > c', 'test', 'skipped'],
    ]);
    expect(new Set(children.map(({ trace_id }) => trace_id))).toEqual(new Set([outputs.trace_id]));
  });

  test.each([
    ['true', 1, 'error'],
    ['false', 0, 'warning'],
  ])(
    'that fail are reported with their number, with fail_on_api_error %s',
    async (fail_on_api_error, exitCode, level) => {
      const cases = Array.from({ length: 20 }, (_, i) => `<testcase name="c${i}"><failure/></testcase>`).join(
        '',
      );
      const inputs = { operation: 'create', results_file: 'r.xml', case_spans: 'failed', fail_on_api_error };
      let count = 0;
      const faults = [{ on: 'POST', when: () => count++ > 7, times: FOREVER, fault: status(422) }] as const;
      const result = await runStage(server, inputs, {
        faults,
        files: { 'r.xml': `<testsuite>${cases}</testsuite>` },
      });
      expect(result).toMatchObject({
        exitCode,
        outputs: { outcome: 'created', case_spans: '7' },
        annotations: [{ level, title: 'Opper span: case spans' }],
      });
      expect(result.annotations[0]?.message).toMatch(
        /^7 of 20 case spans were created, then one failed: POST \S+ returned 422 /,
      );
    },
  );

  test('that the API does not store as sent are one warning', async () => {
    const inputs = { operation: 'create', results_file: 'r.xml', case_spans: 'all' };
    const isOfCase = ({ body }: SpanRequest) => Object.hasOwn(body as object, 'parent_id');
    const faults = [
      { on: 'POST', when: isOfCase, times: FOREVER, fault: returned({ type: 'llm' }) },
    ] as const;
    const { exitCode, annotations } = await runStage(server, inputs, { files, faults });
    const message = expect.stringMatching(
      /^4 of 4 case spans were not stored as sent\. The first: s > [a-d]: /,
    );
    expect([exitCode, annotations]).toEqual([0, [{ level: 'warning', title: 'Opper span', message }]]);
  });

  test('are counted in the log after each hundred', async () => {
    const inputs = { operation: 'create', results_file: 'r.xml', case_spans: 'all', max_case_spans: '101' };
    const files = { 'r.xml': `<testsuite>${'<testcase name="a"/>'.repeat(102)}</testsuite>` };
    const { log } = await runStage(server, inputs, { files });
    expect(log.filter((line) => line.startsWith('Case spans:'))).toEqual([
      'Case spans: 100 of 101 created',
      'Case spans: 101 of 102 created',
    ]);
  });

  test('are shown in a dry run', async () => {
    const inputs = {
      operation: 'create',
      results_file: 'r.xml',
      case_spans: 'failed',
      metrics: '{"a": 1}',
      dry_run: 'true',
    };
    const [id, ofCase] = ['3c90c3cc-0d44-4b50-8888-8dd25736052a', '4c90c3cc-0d44-4b50-8888-8dd25736052a'];
    const { sent, unsent } = await runStage(server, inputs, { files, ids: [id, ofCase] });
    expect(sent).toEqual([]);
    expect(unsent).toEqual([
      expect.stringMatching(`^POST  {"id":"${id}"`),
      `POST /${id}/metrics {"dimension":"a","value":1}`,
      expect.stringMatching(`^POST  {"id":"${ofCase}".*"parent_id":"${id}"`),
    ]);
  });
});

test('a scale without a score is a warning in a failed job, and no problem at the start of a tracked one', async () => {
  const { id } = server.create({ name: 'Support' });
  const failed = await runStage(server, { span_id: id, job_status: 'failure', score_scale: '100' });
  const started = await runStage(server, { operation: 'track', score_scale: '100' });
  expect([failed, started].map(({ exitCode, annotations }) => [exitCode, annotations])).toEqual([
    [0, [{ level: 'warning', title: 'Opper span', message: expect.stringMatching(/^score: .*score_scale/) }]],
    [0, []],
  ]);
});
