import { afterAll, describe, expect, test } from 'vitest';
import { FormError } from '../../src/errors.ts';
import { MAX_BYTES } from '../../src/files.ts';
import { applied, html, redirect, reset, span as returned, status } from '../harness/faults.ts';
import { JOB_ID } from '../harness/push.ts';
import { type Fault, type FaultRule, startSpanServer } from '../harness/span-server.ts';
import { FOREVER, FORK, NOW, runStage, type StepOptions } from '../harness/step.ts';
import { memoryFiles } from '../results/memory-files.ts';

const server = await startSpanServer();
afterAll(() => server.close());

const END = new Date('2026-11-20T13:00:00.000Z');
const JUNIT =
  '<testsuite><testcase name="a"/><testcase name="b"><failure message="expected 3, got 4"/></testcase></testsuite>';

type Inputs = Readonly<Record<string, string>>;

/** Runs both stages of a tracked job, an hour apart. `atEnd` are inputs that have changed at the end. */
async function track(
  inputs: Inputs,
  atEnd: Inputs,
  options: { start?: StepOptions; end?: StepOptions } = {},
) {
  const given = { operation: 'track', ci_meta: 'false', ...inputs };
  const start = await runStage(server, given, options.start);
  const end = await runStage(
    server,
    { ...given, ...atEnd },
    { now: END, ...options.end, state: start.state },
  );
  return { start, end };
}

describe('a tracked job', () => {
  test('has a span from its start to its end, with everything known so far', async () => {
    const inputs = {
      results_file: 'r.xml',
      type: 'evaluation',
      input: 'suite',
      meta: '{"dataset": "v3"}',
      job_status: 'success',
      job_check_run_id: JOB_ID,
      ci_meta: 'true',
    };
    const { start, end } = await track(
      inputs,
      { job_status: 'failure' },
      { end: { files: { 'r.xml': JUNIT } } },
    );
    const [[, created]] = start.sent as [[string, { id: string; meta: object }]];
    expect(start.sent).toEqual([
      [
        'POST /',
        {
          id: created.id,
          name: 'Evals / eval',
          type: 'evaluation',
          input: 'suite',
          start_time: NOW.toISOString(),
          meta: expect.objectContaining({ dataset: 'v3', 'cicd.pipeline.name': 'Evals' }),
        },
      ],
    ]);
    expect(created.meta).not.toHaveProperty('cicd.pipeline.task.run.result');
    expect(start.outputs).toMatchObject({ outcome: 'tracking', id: created.id, name: 'Evals / eval' });
    expect(start.summaries).toEqual([]);
    expect(start.exported).toEqual({ OPPER_SPAN_ID: created.id, OPPER_TRACE_ID: start.outputs.trace_id });

    expect(end.exitCode).toBe(0);
    expect(end.sent).toEqual([
      [`GET /${created.id}`],
      [
        `PATCH /${created.id}`,
        {
          score: 50,
          error: 'b: expected 3, got 4',
          end_time: END.toISOString(),
          meta: expect.objectContaining({
            ...created.meta,
            'test.total': 2,
            'cicd.pipeline.task.run.result': 'failure',
          }),
        },
      ],
    ]);
    expect(end.outputs).toEqual({});
    expect(end.summaries).toHaveLength(1);
    expect(server.span(created.id)).toMatchObject({
      score: 50,
      start_time: '2026-11-20T12:00:00+00:00',
      end_time: '2026-11-20T13:00:00+00:00',
    });
  });

  test('is put under the given parent and trace', async () => {
    const parent = server.create({ name: 'Support', trace_id: '123e4567-e89b-12d3-a456-426614174000' });
    const { start } = await track({ parent_id: parent.id, trace_id: parent.trace_id ?? '' }, {});
    expect(start.outputs).toMatchObject({ parent_id: parent.id, trace_id: parent.trace_id });
  });

  test('records the error of a job that failed with no results', async () => {
    const { start, end } = await track({ results_file: 'r.xml' }, { job_status: 'cancelled' });
    const message = expect.stringMatching(/^results_file: .*The job was cancelled, so the rest/);
    expect(start.calls.filter(([what]) => what === 'saveState').map(([, name]) => name)).toEqual([
      'tracked',
      'tracked',
    ]);
    expect(end).toMatchObject({ exitCode: 0, annotations: [{ level: 'warning', message }] });
    expect(server.span(start.outputs.id ?? '').error).toContain('Job eval was cancelled');
  });

  test('records that the step with the results failed, then that they are missing', async () => {
    const { start, end } = await track({ results_file: 'r.xml', results_outcome: 'failure' }, {});
    const { error, end_time } = server.span(start.outputs.id ?? '');
    expect([end.exitCode, end_time]).toEqual([1, expect.any(String)]);
    expect(error).toMatch(
      /^results_outcome: is failure: .*\nresults_file: "r\.xml" matches no file\. The end of the job /,
    );
  });

  test('fails at the gate after the span was written', async () => {
    const { start, end } = await track(
      { min_score: '80', results_file: 'r.xml' },
      {},
      { end: { files: { 'r.xml': JUNIT } } },
    );
    expect(start.exitCode).toBe(0);
    expect(end).toMatchObject({ exitCode: 1, annotations: [{ title: 'Opper span: gate' }] });
    expect(server.span(start.outputs.id ?? '').score).toBe(50);
  });

  test('is recorded on an existing span, with nothing sent at the start', async () => {
    const { id } = server.create({ name: 'mine' });
    const { start, end } = await track({ span_id: id, start_time: 'now', metrics: '{"a": 1}' }, {});
    expect(start).toMatchObject({
      sent: [],
      outputs: { outcome: 'tracking', id },
      exported: { OPPER_SPAN_ID: id },
    });
    expect(end.sent).toEqual([
      [`PATCH /${id}`, { start_time: NOW.toISOString(), end_time: END.toISOString() }],
      [`GET /${id}/metrics?offset=0&limit=100`],
      [`POST /${id}/metrics`, { dimension: 'a', value: 1 }],
    ]);
  });

  test.each([
    ['creates', '', [expect.stringMatching(/^POST .*"start_time":/)]],
    ['finds', '3c90c3cc-0d44-4b50-8888-8dd25736052a', []],
  ])('shows in a dry run what it sends at start and end, if it %s the span', async (_, span_id, unsent) => {
    const gate = { baseline: 'main', max_drop: '5' };
    const inputs = { dry_run: 'true', api_key: '', metrics: '{"a": 1}', span_id, ...gate };
    const { start, end } = await track(inputs, { score: '7' });
    expect([...start.sent, ...end.sent]).toEqual([]);
    expect([start.unsent, start.annotations]).toEqual([unsent, []]);
    expect(end.annotations).toMatchObject([{ message: expect.stringContaining('max_drop was not judged') }]);
    const { id } = start.outputs;
    expect(end.unsent).toEqual([
      `PATCH /${id} {"end_time":"${END.toISOString()}","score":7}`,
      `POST /${id}/metrics {"dimension":"a","value":1}`,
    ]);
  });

  describe('if secrets are withheld', () => {
    const fork = (inputs: Inputs, files: Readonly<Record<string, string>>) =>
      track(
        { api_key: '', results_file: 'r.xml', ...inputs },
        {},
        {
          start: { context: FORK },
          end: { context: FORK, files },
        },
      );

    test('sends nothing: a notice at its start, a log line and the summary at its end', async () => {
      const { start, end } = await fork({}, {});
      expect(start).toMatchObject({
        exitCode: 0,
        sent: [],
        annotations: [{ level: 'notice' }],
        summaries: [],
      });
      expect(end).toMatchObject({ exitCode: 0, sent: [], annotations: [], summaries: [expect.any(String)] });
      expect(end.log[0]).toBe('Span "Evals / eval": skipped (nothing sent)');
    });

    test('is recorded as ever if there is a key', async () => {
      const { start } = await fork({ api_key: server.key }, { 'r.xml': JUNIT });
      expect(server.span(start.outputs.id ?? '').score).toBe(50);
    });

    test('shows in a dry run what it would record', async () => {
      const { end } = await fork({ dry_run: 'true' }, { 'r.xml': JUNIT });
      expect(end.unsent).toEqual([expect.stringContaining('"score":50')]);
    });

    test.each<[Inputs, Readonly<Record<string, string>>, string[]]>([
      [{ min_score: '80' }, { 'r.xml': JUNIT }, ['Opper span: gate']],
      [{ min_score: '50' }, { 'r.xml': JUNIT }, []],
      [{ min_score: '50' }, {}, ['Opper span: bad input, nothing was recorded']],
      [{ baseline: 'main', max_drop: '5' }, {}, ['Opper span: bad input, nothing was recorded']],
    ])('judges the gate %j with %j, and names no span', async (gate, files, titles) => {
      const { start, end } = await fork(gate, files);
      expect(start.annotations.map(({ title }) => title)).toEqual(['Opper span: skipped']);
      expect([end.exitCode, end.annotations.map(({ title }) => title), end.sent]).toEqual([
        titles.length,
        titles,
        [],
      ]);
      expect(end.log[0]).not.toContain('-');
    });
  });
});

describe('the start', () => {
  test('reports problems with inputs that only the end uses, and the end has nothing to do', async () => {
    const inputs = {
      operation: 'track',
      score: 'high',
      end_time: 'today',
      min_score: '0.8',
      results_file: 'r.xml\nreports/[.xml\n[.xml\n!reports/*.txt\n# all *.xml',
    };
    const find = async () => {
      throw new FormError('is not a pattern');
    };
    const host = { files: { ...memoryFiles({}), find } };
    const env = { INPUT_RESULT_FILE: 'r.xml' };
    const { exitCode, sent, state, annotations } = await runStage(server, inputs, { host, env });
    expect({ exitCode, sent, state }).toEqual({ exitCode: 1, sent: [], state: undefined });
    expect(annotations[0]?.message.split('\n').map((line) => line.split(':')[0])).toEqual([
      'score',
      'end_time',
      'result_file',
      'min_score',
      'results_file',
      'results_file',
    ]);
    expect(annotations[0]?.message).toMatch(
      /results_file: "reports\/\[\.xml" is not a pattern\nresults_file: "\[\.xml" is not a pattern$/,
    );
  });

  test.each([
    ['an outage', status(503)],
    ['no response', reset('before headers')],
  ])('that runs into %s is a warning, and the end creates the span', async (_, fault) => {
    const faults = [{ times: FOREVER, fault }];
    const { start, end } = await track(
      { retries: '1', input: 'suite' },
      { score: '7' },
      { start: { faults } },
    );
    expect(start).toMatchObject({
      exitCode: 0,
      annotations: [
        {
          level: 'warning',
          message: expect.stringMatching(
            /^POST .* \(tried once\)\. The job goes on, and the span is created when it ends$/,
          ),
        },
      ],
      outputs: { outcome: 'failed' },
      summaries: [],
    });
    const { id } = JSON.parse(start.state ?? '');
    expect(end.exitCode).toBe(0);
    expect(end.sent).toEqual([
      [`GET /${id}`],
      [
        'POST /',
        {
          id,
          name: 'Evals / eval',
          input: 'suite',
          score: 7,
          start_time: NOW.toISOString(),
          end_time: END.toISOString(),
        },
      ],
    ]);
  });

  test('saves the id that the API gives the span', async () => {
    const id = '4c90c3cc-0d44-4b50-8888-8dd25736052a';
    const faults = [{ on: 'POST', fault: returned({ id }) }] as const;
    const { state } = await runStage(server, { operation: 'track' }, { faults });
    expect(JSON.parse(state ?? '')).toMatchObject({ id, exists: true });
  });

  test('whose response was lost has created the span, and the end finds it', async () => {
    const faults = [
      { on: 'POST', fault: applied(reset('before headers')) },
      { times: FOREVER, fault: reset('before headers') },
    ] as const;
    const { start, end } = await track({ retries: '0' }, { score: '7' }, { start: { faults } });
    const { id } = JSON.parse(start.state ?? '');
    expect(end.sent.map(([request]) => request)).toEqual([`GET /${id}`, `PATCH /${id}`]);
    expect(server.span(id)).toMatchObject({ score: 7, end_time: '2026-11-20T13:00:00+00:00' });
  });

  test.each([401, 422])(
    'that the API rejects with %i fails the first step, and the end has nothing to do',
    async (code) => {
      const start = await runStage(server, { operation: 'track' }, { faults: [{ fault: status(code) }] });
      expect(start).toMatchObject({ exitCode: 1, state: '', annotations: [{ level: 'error' }] });
      expect(start.summaries).toHaveLength(1);
    },
  );
});

describe('a start that the API refuses', () => {
  test.each<[string, Fault]>([
    ['401', status(401)],
    ['403', status(403)],
    ['404', status(404)],
    ['422', status(422)],
    ['a redirect', redirect('https://elsewhere.example')],
    ['a login page', html()],
  ])('with %s is a warning with fail_on_api_error false, and the end judges the gate', async (_, fault) => {
    const faults = [{ times: FOREVER, fault }];
    const files = { 'r.xml': JUNIT };
    const inputs = { fail_on_api_error: 'false', results_file: 'r.xml', min_score: '80', retries: '0' };
    const { start, end } = await track(inputs, {}, { start: { faults }, end: { faults, files } });
    expect([start.exitCode, start.annotations]).toEqual([
      0,
      [
        {
          level: 'warning',
          title: 'Opper span',
          message: expect.stringMatching(/\. [A-Z].*\. The job goes on/),
        },
      ],
    ]);
    expect(end.log[0]).toContain(`Span ${JSON.parse(start.state ?? '').id}: failed`);
    expect([end.exitCode, end.annotations.map(({ level, title }) => [level, title])]).toEqual([
      1,
      [
        ['error', 'Opper span: gate'],
        ['warning', 'Opper span: API failure'],
      ],
    ]);
  });

  test('is corrected by an end that the API accepts', async () => {
    const faults = [{ times: FOREVER, fault: status(403) }];
    const inputs = { fail_on_api_error: 'false' };
    const { start, end } = await track(inputs, { score: '7' }, { start: { faults } });
    expect(end.exitCode).toBe(0);
    expect(server.span(JSON.parse(start.state ?? '').id)).toMatchObject({
      score: 7,
      start_time: '2026-11-20T12:00:00+00:00',
      end_time: '2026-11-20T13:00:00+00:00',
    });
  });
});

test.each(['false', 'true'])(
  'a start whose state cannot be written sends nothing, and says why: dry_run %s',
  async (dry_run) => {
    const result = await runStage(server, { operation: 'track', dry_run }, { broken: 'saveState' });
    const failed = {
      exitCode: 1,
      sent: [],
      annotations: [{ level: 'error' }],
      outputs: { outcome: 'failed' },
    };
    expect(result).toMatchObject(failed);
    expect(result.annotations[0]?.message).toMatch(/^GITHUB_STATE: cannot be written .*would never end/);
  },
);

test.each([
  ['nothing', ''],
  ['another operation', 'update'],
])('an end to which the runner hands %s as its operation is still the end', async (_, operation) => {
  const { start, end } = await track({}, { operation, score: '7' });
  expect(end.exitCode).toBe(0);
  expect(server.span(start.outputs.id ?? '')).toMatchObject({ score: 7, end_time: expect.any(String) });
});

test('an end does not report a misspelt input again', async () => {
  const end = { env: { INPUT_RESULT_FILE: 'r.xml' } };
  expect((await track({}, { score: '7' }, { end })).end.annotations).toEqual([]);
});

describe('an end that lost inputs of its start', () => {
  const given = {
    results_file: 'r.xml',
    min_score: '80',
    name: ' ',
    retries: '3\n',
    job_check_run_id: JOB_ID,
  };
  // Losing a blank name or retries does not count, since they had their defaults, and neither does the id, which the runner fills in.
  const lost = { min_score: '', name: '', retries: '', job_check_run_id: '' };
  const files = { 'r.xml': JUNIT };

  test('fails, names them, and ends the span without a score', async () => {
    const { start, end } = await track(given, lost, { end: { files } });
    expect([end.exitCode, end.annotations]).toEqual([
      1,
      [
        {
          level: 'error',
          title: 'Opper span: bad input, the rest was recorded',
          message: expect.stringMatching(/^min_score: .*[^\n]+$/),
        },
      ],
    ]);
    expect(server.span(start.outputs.id ?? '')).toMatchObject({
      score: null,
      error: expect.stringMatching(/^min_score: .*\nb: expected 3, got 4$/),
      end_time: '2026-11-20T13:00:00+00:00',
    });
  });

  test('has lost those of white space alone', async () => {
    const { end } = await track(given, { ...lost, min_score: ' \n' }, { end: { files } });
    expect(end.annotations.map(({ message }) => message.split(':')[0])).toEqual(['min_score']);
  });

  test('only warns in a job that was cancelled', async () => {
    const { start, end } = await track(given, { ...lost, job_status: 'cancelled' }, { end: { files } });
    expect([end.exitCode, end.annotations.map(({ level }) => level)]).toEqual([0, ['warning']]);
    expect(server.span(start.outputs.id ?? '')).toMatchObject({ score: null, error: 'b: expected 3, got 4' });
  });

  test.each([
    ['base_url', 'success'],
    ['api_key', 'failure'],
    ['dry_run', 'failure'],
  ])('sends nothing without %s', async (name, job_status) => {
    const inputs = name === 'dry_run' ? { dry_run: 'true' } : {};
    const { start, end } = await track(inputs, { [name]: '', job_status });
    expect(end.log[0]).toContain(start.outputs.id);
    expect([end.exitCode, end.sent, end.annotations[0]?.message]).toEqual([
      1,
      [],
      expect.stringContaining(`${name}: was given at the start`),
    ]);
  });
});

describe('an end that cannot write the span as a whole', () => {
  const closed = { end_time: END.toISOString() };
  const ONLY_ENDED = 'Only the end of the job and this failure were recorded on the span';
  const inputs = { meta: '{"a": 1}', retries: '0' };

  test.each<[string, Inputs, readonly FaultRule[], unknown[]]>([
    ['413', {}, [refusing(413)], [{ ...closed, score: 7, error: expect.stringMatching(/ 413 .*\nmine$/s) }]],
    ['422', {}, [refusing(422)], [{ ...closed, error: expect.stringMatching(/ 422 .*\nmine$/s) }]],
    ['400', {}, [refusing(400)], [{ ...closed, error: expect.stringMatching(/ 400 .*\nmine$/s) }]],
    ['403 for the write', {}, [refusing(403)], []],
    ['404 for the write', {}, [refusing(404)], []],
    ['503 for the write', {}, [refusing(503)], []],
    ['a lost write', {}, [{ on: 'PATCH', times: FOREVER, fault: reset('before headers') }], []],
    ['an unusable response to the write', {}, [{ on: 'PATCH', fault: html() }], []],
    [
      '403 for the read',
      {},
      [reading(status(403))],
      [{ ...closed, error: expect.stringContaining(' 403 ') }],
    ],
    [
      '503 for the read',
      {},
      [reading(status(503))],
      [{ ...closed, error: expect.stringContaining(' 503 ') }],
    ],
    ['a page for the read', {}, [reading(html())], [{ ...closed, error: expect.stringContaining(' HTML ') }]],
    ['401 for the read', {}, [reading(status(401))], []],
    ['no response to the read', {}, [reading(reset('before headers'))], []],
    [
      'an output over the limit',
      { output: 'x'.repeat(MAX_BYTES) },
      [],
      [{ ...closed, score: 7, error: expect.stringMatching(/^output: takes .*\nmine$/) }],
    ],
  ])('because of %s ends it with a small request, if that may help', async (_, given, faults, patches) => {
    const atEnd = { score: '7', error: 'mine', ...given };
    const { start, end } = await track(inputs, atEnd, { end: { faults } });
    const sent = end.sent.filter(([request]) => String(request).startsWith('PATCH')).slice(-patches.length);
    expect(end.exitCode).toBe(1);
    if (patches.length > 0) expect(sent.map(([, body]) => body)).toEqual(patches);
    expect(server.span(start.outputs.id ?? '').end_time !== null).toBe(patches.length > 0);
    expect(end.annotations.map(({ level }) => level)).toEqual(
      patches.length > 0 ? ['error', 'warning'] : ['error'],
    );
    if (patches.length > 0) expect(end.annotations[1]?.message).toBe(ONLY_ENDED);
  });

  test('leaves an error that the span has, and stays green with fail_on_api_error false', async () => {
    const { id } = server.create({ name: 'mine', error: 'theirs' });
    const given = { ...inputs, span_id: id, fail_on_api_error: 'false' };
    const { end } = await track(given, {}, { end: { faults: [refusing(422)] } });
    expect([end.exitCode, end.sent.at(-1)]).toEqual([0, [`PATCH /${id}`, closed]]);
  });

  test('sends no key to the span', async () => {
    const fault = status(422, { body: { detail: `no ${server.key}` } });
    const { end } = await track(inputs, {}, { end: { faults: [{ on: 'PATCH', fault }] } });
    expect(JSON.stringify(end.sent.at(-1))).toContain('no ***');
  });

  test('writes it unread if the API does not show it, after the retries', async () => {
    const faults = [{ on: 'GET', times: 3, fault: status(404) }] as const;
    const { start, end } = await track(
      { meta: '{"a": 1}', retries: '2' },
      { score: '7' },
      { end: { faults } },
    );
    const { id } = start.outputs;
    expect(end.sent.map(([request]) => request)).toEqual([...Array(3).fill(`GET /${id}`), `PATCH /${id}`]);
    expect([end.exitCode, end.annotations]).toEqual([
      0,
      [{ level: 'warning', title: 'Opper span', message: expect.stringContaining('without reading') }],
    ]);
    expect(server.span(id ?? '')).toMatchObject({ score: 7, meta: { a: 1 }, end_time: expect.any(String) });
  });

  test('does not write a span that the workflow named and that is not there', async () => {
    const span_id = '3c90c3cc-0d44-4b50-8888-8dd25736052a';
    const { end } = await track({ ...inputs, span_id, retries: '1' }, {});
    expect([end.exitCode, end.sent]).toEqual([1, [[`GET /${span_id}`]]]);
    expect(end.annotations.map(({ message }) => message)).toEqual([
      expect.stringMatching(/ 404 .* Set meta_mode: replace to write without reading\.$/),
    ]);
  });

  test.each<[string, () => Partial<StepOptions>]>([
    [
      'reading a file',
      () => ({
        files: { 'r.xml': JUNIT },
        host: {
          files: {
            ...memoryFiles({}),
            find: async () => {
              throw new RangeError('Maximum call stack size exceeded');
            },
          },
        },
      }),
    ],
    ['reading the span', () => ({ faults: [reading(status(503))], host: { random: throwing() } })],
    ['writing the span', () => ({ faults: [refusing(503)], host: { random: throwing() } })],
  ])('because of something unexpected in %s ends it', async (_, options) => {
    const given = { ...inputs, retries: '1', results_file: 'r.xml' };
    const { start, end } = await track(given, {}, { end: { files: { 'r.xml': JUNIT }, ...options() } });
    expect([end.exitCode, end.annotations[0]]).toMatchObject([1, { title: 'Opper span: internal error' }]);
    expect(server.span(start.outputs.id ?? '')).toMatchObject({
      end_time: '2026-11-20T13:00:00+00:00',
      error: expect.stringContaining('Maximum call stack size exceeded'),
    });
  });

  test.each<[string, string, readonly FaultRule[], string[]]>([
    ['does not write again', 'arrived', [], ['GET', 'PATCH']],
    ['writes again', 'was redirected', [refusing(300)], ['GET', 'PATCH', 'PATCH']],
  ])('%s after a write that %s, whatever is thrown then', async (_, __, faults, methods) => {
    const hasWritten = () => server.requests.some(({ method }) => method === 'PATCH');
    let hasThrown = false;
    const now = () => {
      if (!hasWritten() || hasThrown) return END.getTime();
      hasThrown = true;
      throw new RangeError('Maximum call stack size exceeded');
    };
    const { end } = await track(inputs, { score: '7' }, { end: { faults, host: { now } } });
    expect([hasThrown, end.exitCode, end.sent.map(([request]) => String(request).split(' ')[0])]).toEqual([
      true,
      1,
      methods,
    ]);
  });
});

function refusing(code: number): FaultRule {
  return { on: 'PATCH', fault: status(code) };
}

function reading(fault: Fault): FaultRule {
  return { on: 'GET', times: FOREVER, fault };
}

function throwing(): () => number {
  return () => {
    throw new RangeError('Maximum call stack size exceeded');
  };
}

describe('an end with bad input', () => {
  test('still ends the span, with the problem as its error', async () => {
    const { start, end } = await track({ results_file: 'r.xml' }, { score: 'high', min_score: '80' });
    const title = 'Opper span: bad input, the rest was recorded';
    expect(end).toMatchObject({ exitCode: 1, annotations: [{ level: 'error', title }] });
    const { error, end_time, score } = server.span(start.outputs.id ?? '');
    expect({ end_time, score }).toEqual({ end_time: '2026-11-20T13:00:00+00:00', score: null });
    expect(error?.split('\n').map((line) => line.split(':')[0])).toEqual(['score', 'results_file']);
  });

  test('says that nothing was recorded if the API is down too', async () => {
    const faults = [{ times: FOREVER, fault: status(503) }];
    const { end } = await track({ retries: '0' }, { score: 'high' }, { end: { faults } });
    expect([end.exitCode, end.annotations.map(({ title }) => title)]).toEqual([
      1,
      ['Opper span: bad input, nothing was recorded', 'Opper span: API failure'],
    ]);
  });

  test('creates no case spans if case_spans is the bad input', async () => {
    const end = { files: { 'r.xml': JUNIT } };
    const { start } = await track({ results_file: 'r.xml' }, { case_spans: 'some' }, { end });
    expect(server.children(start.outputs.id ?? '')).toEqual([]);
  });

  test('says so if not even the key is given', async () => {
    const { end } = await track({ results_file: 'r.xml' }, { api_key: '' });
    expect(end).toMatchObject({ exitCode: 1, sent: [], annotations: [{ level: 'error' }] });
    const names = end.annotations[0]?.message.split('\n').map((line) => line.split(':')[0]);
    expect(names).toEqual(['api_key', 'results_file']);
  });
});
