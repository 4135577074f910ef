import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { type JobOptions, type JobResult, type JobStep, runJob } from './job.ts';

const folder = mkdtempSync(join(tmpdir(), 'job-test-'));
afterAll(() => rmSync(folder, { recursive: true }));

let actions = 0;
/** An action file with these scripts. They can use `env`, `write(text)` and `append(variable, text)`. */
function action({ main = '', post = '', runs = '' }): string {
  const path = join(folder, `action-${actions++}`);
  const prelude = `
    import { appendFileSync } from 'node:fs';
    const { env } = process;
    const write = (text) => process.stdout.write(text + '\\n');
    const append = (variable, text) => appendFileSync(env[variable], text + '\\n');
  `;
  mkdirSync(path);
  writeFileSync(join(path, 'main.mjs'), prelude + main);
  writeFileSync(join(path, 'post.mjs'), prelude + post);
  const file = join(path, 'action.yml');
  const inputs =
    "inputs: { given: { description: A }, status: { description: B, default: '${{ job.status }}' } }";
  writeFileSync(file, `${inputs}\nruns: { using: node24, main: main.mjs, post: post.mjs${runs} }\n`);
  return file;
}

/** An action that prints its name, stage and inputs. */
function speaker(name: string): string {
  const say = (stage: string) => `write(\`${name} ${stage}: \${env.INPUT_GIVEN} \${env.INPUT_STATUS}\`)`;
  return action({ main: say('main'), post: say('post') });
}

const told = (job: JobResult) =>
  job.stages.map(({ step, stage, outcome, result }) =>
    [step, stage, outcome, ...(result?.log ?? [])].join(' | '),
  );
const PASS = { id: 'pass', run: () => {} };
const FAIL = {
  id: 'fail',
  run: () => {
    throw new Error('The tests failed');
  },
};

describe('the stages', () => {
  it('run main first to last and post last to first', async () => {
    const job = await runJob([
      { id: 'a', uses: speaker('a'), with: { given: 1 } },
      PASS,
      { uses: speaker('b'), with: { given: true } },
    ]);
    expect(job.status).toBe('success');
    expect(told(job)).toEqual([
      'a | main | success | a main: 1 success',
      'pass | main | success',
      'step 3 | main | success | b main: true success',
      'step 3 | post | success | b post: true success',
      'a | post | success | a post: 1 success',
    ]);
  });

  it('evaluate inputs and defaults again at the end', async () => {
    const job = await runJob([
      {
        id: 'a',
        uses: speaker('a'),
        with: { given: 'score ${{ steps.eval.outputs.score }} ${{ env.MODEL }}' },
      },
      { id: 'eval', run: () => ({ outputs: { score: '87' }, env: { MODEL: 'small-2' } }) },
      FAIL,
    ]);
    expect(job.status).toBe('failure');
    expect(told(job)).toEqual([
      'a | main | success | a main: score   success',
      'eval | main | success',
      'fail | main | failure',
      'a | post | success | a post: score 87 small-2 failure',
    ]);
  });

  it('pass on to post what main saved, and nothing else', async () => {
    const uses = action({
      main: `append('GITHUB_STATE', 'id=7'); append('GITHUB_STATE', 'text<<X\\na\\nb\\nX');`,
      post: `write(JSON.stringify(Object.entries(env).filter(([name]) => name.startsWith('STATE_'))))`,
    });
    const job = await runJob([
      { id: 'a', uses },
      { id: 'b', uses: action({}) },
    ]);
    expect(JSON.parse(job.post('a').stdout)).toEqual([
      ['STATE_id', '7'],
      ['STATE_text', 'a\nb'],
    ]);
  });

  it('keep the outputs of main, drop those of post, and have a summary each', async () => {
    const script = (stage: string) =>
      `append('GITHUB_OUTPUT', 'stage=${stage}'); append('GITHUB_STEP_SUMMARY', '# ${stage}')`;
    const job = await runJob([{ id: 'a', uses: action({ main: script('main'), post: script('post') }) }]);
    expect(job.steps.a).toEqual({ outputs: { stage: 'main' }, outcome: 'success', conclusion: 'success' });
    expect([job.main('a').summary, job.post('a').summary]).toEqual(['# main\n', '# post\n']);
  });

  it('share masks and environment variables', async () => {
    const uses = action({
      main: `write('::add-mask::s3cret'); append('GITHUB_ENV', 'SPAN=7\\nGITHUB_SHA=0'); write(env.SPAN ?? 'none')`,
      post: `write('s3cret ' + env.SPAN)`,
    });
    const job = await runJob([
      { id: 'a', uses },
      { id: 'own', run: ({ env }) => ({ outputs: { seen: env.SPAN ?? '' } }), env: { SPAN: '8' } },
      { id: 'sh', run: 'echo "$SPAN s3cret $GITHUB_SHA"; echo score=$((80 + 7)) >> "$GITHUB_OUTPUT"' },
    ]);
    expect(job.steps.own?.outputs).toEqual({ seen: '8' });
    expect(job.env).toEqual({ SPAN: '7' });
    expect(job.main('a').log).toEqual(['none']);
    expect(job.main('sh').log).toEqual(['7 *** 6dcb09b5b57875f334f61aebed695e2e4193db5e']);
    expect(job.steps.sh?.outputs).toEqual({ score: '87' });
    expect(job.post('a').log).toEqual(['*** 7']);
  });

  it('share a workspace and the runner’s temporary folder, which are gone afterwards', async () => {
    const uses = action({
      main: `appendFileSync(env.RUNNER_TEMP + '/span.json', '{}'); append('GITHUB_OUTPUT', 'temp=' + env.RUNNER_TEMP)`,
      post: `import { readdirSync } from 'node:fs'; write(readdirSync('.') + ' ' + readdirSync(env.RUNNER_TEMP))`,
    });
    const job = await runJob([
      { id: 'a', uses },
      { run: ({ workspace }) => writeFileSync(join(workspace, 'report.xml'), '') },
    ]);
    expect(job.post('a').log).toEqual(['report.xml span.json']);
    expect(existsSync(job.steps.a?.outputs.temp as string)).toBe(false);
  });
});

describe('a failure', () => {
  it.each<[string, JobStep[], string, string[]]>([
    ['a function that throws', [FAIL], 'failure', ['fail failure']],
    ['a command', [{ id: 'sh', run: 'false; echo no' }], 'failure', ['sh failure']],
    [
      'a main, whose post still runs',
      [{ id: 'a', uses: action({ main: 'process.exit(1)' }) }],
      'failure',
      ['a failure', 'a success'],
    ],
    [
      'a post, after which the others run',
      [
        { id: 'a', uses: action({}) },
        { id: 'b', uses: action({ post: 'process.exit(1)' }) },
      ],
      'failure',
      ['a success', 'b success', 'b failure', 'a success'],
    ],
    [
      'a step, after which each if decides',
      [
        FAIL,
        PASS,
        { ...PASS, if: 'failure()' },
        { ...PASS, if: '${{ always() }}' },
        { ...PASS, if: '!cancelled()' },
        { ...PASS, if: 'cancelled()' },
        { ...PASS, if: true },
      ],
      'failure',
      ['fail failure', 'pass skipped', ...Array(3).fill('pass success'), 'pass skipped', 'pass success'],
    ],
    [
      'a step or post that may fail',
      [
        { ...FAIL, 'continue-on-error': true },
        { id: 'a', uses: action({ post: 'process.exit(1)' }), 'continue-on-error': true },
      ],
      'success',
      ['fail failure', 'a success', 'a failure'],
    ],
  ])('of %s', async (_, steps, status, stages) => {
    const job = await runJob(steps);
    expect(job.status).toBe(status);
    expect(job.stages.map(({ step, outcome }) => `${step} ${outcome}`)).toEqual(stages);
  });

  it('is reported for each step, with what a function threw', async () => {
    const job = await runJob([
      { ...FAIL, 'continue-on-error': true },
      { ...PASS, if: false },
    ]);
    expect(job.steps).toEqual({
      fail: { outputs: {}, outcome: 'failure', conclusion: 'success' },
      pass: { outputs: {}, outcome: 'skipped', conclusion: 'skipped' },
    });
    expect(job.stages[0]?.error).toEqual(new Error('The tests failed'));
    expect(() => job.main('fail')).toThrow('The main stage of fail had no process');
  });
});

it('does not run the post of a step that was skipped, nor one whose post-if is false', async () => {
  const job = await runJob([
    { id: 'a', uses: speaker('a'), if: false },
    { id: 'b', uses: action({ runs: ', post-if: failure()' }) },
  ]);
  expect(told(job)).toEqual(['a | main | skipped', 'b | main | success']);
});

describe('a job that is cancelled', () => {
  const cancelled = async (steps: (stop: AbortController) => JobStep[], options: JobOptions = {}) => {
    const stop = new AbortController();
    return await runJob(steps(stop), { ...options, cancel: stop.signal });
  };

  it('runs the steps whose if says so, and every post to its end', async () => {
    const job = await cancelled((stop) => [
      { id: 'a', uses: speaker('a'), with: { given: 1 } },
      { id: 'eval', run: () => stop.abort() },
      PASS,
      { ...FAIL, if: 'always()' },
      { id: 'sh', run: 'echo ran', if: 'cancelled()' },
    ]);
    expect(job.status).toBe('cancelled');
    expect(told(job)).toEqual([
      'a | main | success | a main: 1 success',
      'eval | main | cancelled',
      'pass | main | skipped',
      'fail | main | failure',
      'sh | main | success | ran',
      'a | post | success | a post: 1 cancelled',
    ]);
  });

  it('sends SIGINT to the running process', async () => {
    const file = join(folder, 'begun');
    const main = `
      process.on('SIGINT', () => { write('asked'); process.exit(1); });
      setInterval(() => {}, 1000);
      appendFileSync(${JSON.stringify(file)}, '');
    `;
    const job = await cancelled((stop) => {
      whenThere(file, () => stop.abort());
      return [{ id: 'a', uses: action({ main, post: `write(env.INPUT_STATUS)` }) }];
    });
    expect(told(job)).toEqual(['a | main | cancelled | asked', 'a | post | success | cancelled']);
  });
});

it('passes on to post what main had saved when it was killed', async () => {
  const file = join(folder, 'saved');
  const main = `
    append('GITHUB_STATE', 'id=7');
    appendFileSync(${JSON.stringify(file)}, '');
    setInterval(() => {}, 1000);
  `;
  const kill = new AbortController();
  whenThere(file, () => kill.abort());
  const job = await runJob([
    { id: 'a', uses: action({ main, post: 'write(String(env.STATE_id))' }), kill: kill.signal },
  ]);
  expect(job.main('a').signal).toBe('SIGKILL');
  expect(job.status).toBe('failure');
  expect(told(job)).toEqual(['a | main | failure', 'a | post | success | 7']);
});

/** Calls back as soon as a file exists. */
function whenThere(file: string, act: () => void): void {
  if (existsSync(file)) act();
  else setTimeout(whenThere, 20, file, act);
}
