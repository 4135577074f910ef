import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, test } from 'vitest';
import { parse } from 'yaml';
import { REPOSITORY } from '../../scripts/owner.ts';
import { ROOT } from './copy.ts';

const folder = mkdtempSync(join(tmpdir(), 'workflows-'));
afterAll(() => rmSync(folder, { recursive: true }));

const CHECKOUT = 'actions/checkout@3d3c42e5aac5ba805825da76410c181273ba90b1';
const WORKFLOW = `on: push
permissions: {}
jobs:
  eval:
    runs-on: ubuntu-latest
    steps:
      - uses: ${CHECKOUT} # v7.0.1
      - run: ./eval.sh
        id: eval
      - uses: ${REPOSITORY}@v1
        id: record
        with:
          span_id: \${{ steps.eval.outputs.span_id }}
          end_time: now
      - run: echo "$SCORE"
        env:
          SCORE: \${{ steps.record.outputs.score }}
`;

/** One text of the workflow replaced by another, and what is wrong with the result, from its line on. */
const FAULTS: readonly (readonly [what: string, from: string, to: string, fault: string])[] = [
  ['an unknown input', 'end_time: now', 'endtime: now', "14: Invalid action input 'endtime'"],
  ['an unknown key', 'id: eval', 'id: eval\n        timeout: 5', "10: Unexpected value 'timeout'"],
  ['an unknown step', 'steps.eval.', 'steps.other.', '13: Context access might be invalid: other'],
  ['an unknown output', 'outputs.score', 'outputs.scores', '17: This action has no output scores'],
  [
    'a tag for a commit',
    `${CHECKOUT} # v7.0.1`,
    'actions/checkout@v7',
    '7: actions/checkout@v7 is not pinned',
  ],
  ['a commit without its version', ' # v7.0.1', '', `7: ${CHECKOUT} is not pinned`],
  [
    'an expression in a script',
    '"$SCORE"',
    '${{ github.head_ref }}',
    '15: An expression in run: lets text run as commands',
  ],
  ['permissions for all jobs', 'permissions: {}', 'permissions: write-all', '1: permissions: {} is missing'],
];
describe('the check of workflows', () => {
  const found = new Map<string, string[]>();
  beforeAll(() => {
    writeFileSync(join(folder, 'right.yml'), WORKFLOW);
    const own = WORKFLOW.replace(`${REPOSITORY}@v1`, './').replace('end_time', 'endtime');
    writeFileSync(join(folder, 'own.yml'), own);
    const names = FAULTS.map(([, from, to], at) => {
      expect(WORKFLOW).toContain(from);
      writeFileSync(join(folder, `${at}.yml`), WORKFLOW.replace(from, to));
      return `${at}.yml`;
    });
    const args = [join(ROOT, 'scripts/lint-workflows.ts'), 'right.yml', 'own.yml', ...names];
    const { stderr } = spawnSync(process.execPath, args, { cwd: folder, encoding: 'utf8' });
    for (const line of stderr.trim().split('\n')) {
      const [file = '', ...rest] = line.split(':');
      found.set(file, [...(found.get(file) ?? []), rest.join(':')]);
    }
  });

  it('finds nothing wrong in a correct one', () => {
    expect(found.get('right.yml')).toBeUndefined();
  });

  it.each(FAULTS.map(([what, , , fault], at) => ({ what, fault, file: `${at}.yml` })))(
    'finds $what, with the line',
    ({ fault, file }) => {
      expect(found.get(file)).toEqual([expect.stringContaining(fault)]);
    },
  );

  it('takes ./ for the action of this repository', () => {
    expect(found.get('own.yml')).toEqual(["14: Invalid action input 'endtime'"]);
  });
});

/** The script of a step in a workflow. */
function scriptOf(workflow: string, job: string, step: string): string {
  const { jobs } = parse(readFileSync(join(ROOT, '.github/workflows', workflow), 'utf8'));
  return jobs[job].steps.find(({ id }: { id?: string }) => id === step).run;
}

/** Runs a script as the runner does, with `commands` on the PATH, each a shell script. */
function runScript(
  script: string,
  commands: Readonly<Record<string, string>>,
  env: Readonly<Record<string, string>> = {},
) {
  const place = mkdtempSync(join(folder, 'step-'));
  const files = { output: join(place, 'output'), calls: join(place, 'calls') };
  for (const file of Object.values(files)) writeFileSync(file, '');
  mkdirSync(join(place, 'bin'));
  for (const [name, text] of Object.entries(commands)) {
    writeFileSync(join(place, 'bin', name), `#!/bin/bash\n${text}\n`);
    chmodSync(join(place, 'bin', name), 0o755);
  }
  const path = `${join(place, 'bin')}${delimiter}${process.env.PATH}`;
  const { status, stderr } = spawnSync('bash', ['-e', '-o', 'pipefail', '-c', script], {
    cwd: place,
    env: { ...process.env, ...env, GITHUB_OUTPUT: files.output, CALLS: files.calls, PATH: path },
    encoding: 'utf8',
  });
  return {
    status,
    stderr,
    output: readFileSync(files.output, 'utf8'),
    calls: readFileSync(files.calls, 'utf8').trim().split('\n'),
  };
}

// The scripts are for a Linux runner, so they run only on Linux.
const onLinux = <Case>(...cases: Case[]) => (process.platform === 'linux' ? cases : []);

test.each(onLinux('Warning: not an output'))(
  'CI passes on the outputs of the span server, and not %j',
  (warning) => {
    const node = `echo '${warning}' >&2; echo api_key=k; echo span_id=1; exec sleep 0.5`;
    expect(runScript(scriptOf('ci.yml', 'step', 'server'), { node })).toMatchObject({
      status: 0,
      stderr: `${warning}\n`,
      output: 'api_key=k\nspan_id=1\n',
    });
  },
);

const PATCH = '--method PATCH repos/{owner}/{repo}/git/refs/tags/v1 -f sha=f00 -F force=true';
const POST = '--method POST repos/{owner}/{repo}/git/refs -f ref=refs/tags/v1 -f sha=f00';

test.each(
  onLinux(
    { title: 'the newest release moves the major tag', tag: 'v1.10.0', major: 'there', calls: [PATCH] },
    { title: 'the first release makes the major tag', tag: 'v1.10.0', major: '', calls: [PATCH, POST] },
    { title: 'a fix of an older release leaves the major tag', tag: 'v1.2.0', major: 'there', calls: [''] },
  ),
)('$title', ({ tag, major, calls }) => {
  // Lists the tags, and logs every other call.
  const gh = `case "$*" in
    *matching-refs/tags/v1.*) printf 'refs/tags/%s\\n' v1.0.0 v1.2.0 v1.10.0 v1.10.1-rc.1 v1 v1.x ;;
    *PATCH*) echo "$*" >> "$CALLS"; test "$MAJOR" = there ;;
    *) echo "$*" >> "$CALLS" ;;
  esac`;
  const env = { GITHUB_REF_NAME: tag, GITHUB_SHA: 'f00', MAJOR: major };
  const run = runScript(scriptOf('release.yml', 'publish', 'major'), { gh }, env);
  expect(run).toMatchObject({ status: 0, calls: calls.map((call) => call && `api --silent ${call}`) });
});
