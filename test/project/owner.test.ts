import { spawnSync } from 'node:child_process';
import { globSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { copyProject } from './copy.ts';

const { folder, copy } = copyProject();
afterAll(() => rmSync(folder, { recursive: true }));

function run(script: string, args: readonly string[] = [], env: Readonly<Record<string, string>> = {}) {
  const { GITHUB_REPOSITORY_OWNER: _, ...surroundings } = process.env;
  const { status, stdout, stderr } = spawnSync(process.execPath, [join('scripts', script), ...args], {
    cwd: copy,
    env: { ...surroundings, ...env },
    encoding: 'utf8',
  });
  return { status, stdout, stderr };
}
const owner = (...args: string[]) => run('owner.ts', args);
const guard = (ownerOnGitHub: string) =>
  run('owner.ts', ['--check'], { GITHUB_REPOSITORY_OWNER: ownerOnGitHub });
const passed = { status: 0, stdout: '', stderr: '' };
const filesWith = (text: string) =>
  ['package.json', '*.md', 'docs/**/*.md', 'examples/*', '.github/**/*.yml', 'scripts/**/*.ts', 'src/**/*.ts']
    .flatMap((glob) => globSync(glob, { cwd: copy, exclude: ['**/node_modules/**'] }))
    .filter((path) => readFileSync(join(copy, path), 'utf8').includes(text));

// The copy starts without an owner, even if this repository has one.
beforeAll(() => void owner('OWNER'));

test('a repository without an owner is not released, and the error says how to set one', () => {
  const { status, stderr } = guard('acme');
  expect(status).toBe(1);
  expect(stderr).toContain('OWNER/opper-span-action');
  expect(stderr).toContain('npm run owner -- acme');
});

test('one command sets the owner everywhere, and all checks of names then pass', () => {
  const before = filesWith('OWNER/opper-span-action');
  expect(before).toEqual(expect.arrayContaining(['package.json', 'README.md', 'SECURITY.md']));
  const { status, stdout } = owner('acme');
  expect(status).toBe(0);
  expect(filesWith('OWNER/opper-span-action')).toEqual([]);
  expect(filesWith('acme/opper-span-action')).toEqual(before);
  for (const path of before) expect(stdout.replaceAll('\\', '/')).toContain(path.replaceAll('\\', '/'));
  expect(guard('acme')).toEqual(passed);
  expect(run('lint-workflows.ts')).toEqual(passed);
  expect(run('docs.ts', ['--check'])).toEqual(passed);
});

test('a repository with a different owner than on GitHub is not released', () => {
  const { status, stderr } = guard('umbrella');
  expect(status).toBe(1);
  expect(stderr).toContain('npm run owner -- umbrella');
});

test.each(['', '--help', 'acme/eval', '-acme', 'a'.repeat(40)])('%j is not an owner', (argument) => {
  expect(owner(argument)).toEqual({
    status: 2,
    stdout: '',
    stderr: expect.stringMatching(/^Usage: npm run owner -- /),
  });
});
