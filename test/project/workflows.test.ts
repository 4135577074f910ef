import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { parse } from 'yaml';
import manifest from '../../package.json' with { type: 'json' };

const ROOT = join(import.meta.dirname, '../..');
const folder = mkdtempSync(join(tmpdir(), 'workflows-'));
afterAll(() => rmSync(folder, { recursive: true }));

const WORKFLOW = `on: push
jobs:
  eval:
    runs-on: ubuntu-latest
    steps:
      - run: ./eval.sh
        id: eval
      - uses: ${manifest.repository.replace('github:', '')}@v1
        with:
          span_id: \${{ steps.eval.outputs.span_id }}
          end_time: now
`;

test('the check of workflows names the line of an unknown input, key or step', () => {
  const endtime = WORKFLOW.replace('end_time', 'endtime');
  const workflows: Readonly<Record<string, string>> = {
    'right.yml': WORKFLOW,
    'input.yml': endtime,
    'own.yml': endtime.replace(/uses: .*/, 'uses: ./'),
    'key.yml': WORKFLOW.replace('id: eval', 'id: eval\n        timeout: 5'),
    'step.yml': WORKFLOW.replace('steps.eval.', 'steps.other.'),
  };
  for (const [name, text] of Object.entries(workflows)) writeFileSync(join(folder, name), text);
  const args = [join(ROOT, 'scripts/lint-workflows.ts'), ...Object.keys(workflows)];
  const { status, stderr } = spawnSync(process.execPath, args, { cwd: folder, encoding: 'utf8' });
  expect({ status, faults: stderr.trim().split('\n') }).toEqual({
    status: 1,
    faults: [
      "input.yml:11: Invalid action input 'endtime'",
      expect.stringMatching(/^key\.yml:8: Unexpected value 'timeout'/),
      "own.yml:11: Invalid action input 'endtime'",
      'step.yml:10: Context access might be invalid: other',
    ],
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
  place = mkdtempSync(join(folder, 'step-')),
) {
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
    { title: 'the first release creates the major tag', tag: 'v1.10.0', major: '', calls: [PATCH, POST] },
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

test.each(
  onLinux(
    { heading: '## 1.2.3', notes: '\nThe notes.\n\n', status: 0 },
    { heading: '## 1.2.3 - 2026-12-01', notes: '\nThe notes.\n\n', status: 0 },
    { heading: '## 1.2.30', notes: '', status: 1 },
  ),
)('the notes of a release are what CHANGELOG.md says under $heading', ({ heading, notes, status }) => {
  const place = mkdtempSync(join(folder, 'notes-'));
  writeFileSync(
    join(place, 'CHANGELOG.md'),
    `# Changelog\n\n${heading}\n\nThe notes.\n\n## 1.2.2\n\nOlder.\n`,
  );
  const run = runScript(scriptOf('release.yml', 'build', 'notes'), {}, { GITHUB_REF_NAME: 'v1.2.3' }, place);
  expect({ status: run.status, notes: readFileSync(join(place, 'notes.md'), 'utf8') }).toEqual({
    status,
    notes,
  });
});
