import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';

const ROOT = join(import.meta.dirname, '../..');
const read = (path: string) => readFileSync(join(ROOT, path), 'utf8');
const folder = mkdtempSync(join(tmpdir(), 'docs-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** Runs a script of this repository in `folder`. */
function run(script: string, ...args: string[]) {
  const { status, stderr } = spawnSync(process.execPath, [join(ROOT, 'scripts', script), ...args], {
    cwd: folder,
    encoding: 'utf8',
  });
  return { status, stderr };
}

describe('npm run docs', () => {
  it('detects a README that is out of date with action.yml or the examples', () => {
    for (const path of ['README.md', 'docs', 'action.yml', 'examples']) {
      cpSync(join(ROOT, path), join(folder, 'copy', path), { recursive: true });
    }
    const edit = (path: string, from: string, to: string) => {
      const text = read(path);
      expect(text).toContain(from);
      writeFileSync(join(folder, 'copy', path), text.replace(from, to));
    };
    edit('action.yml', 'Address of the API.', 'Where the API is.');
    edit('examples/gate.yml', 'min_score: 80', 'min_score: 90');
    expect(run('docs.ts', '--check', join(folder, 'copy'))).toEqual({
      status: 1,
      stderr: 'README.md differs from its sources in: examples/gate.yml, inputs.\n',
    });
    writeFileSync(join(folder, 'copy', 'examples', 'new.yml'), '');
    expect(run('docs.ts', '--check', join(folder, 'copy'))).toEqual({
      status: 1,
      stderr: expect.stringContaining('No document quotes or links examples/new.yml.'),
    });
  });
});
