import { spawnSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { copyProject } from './copy.ts';

const BIOME = createRequire(import.meta.url).resolve('@biomejs/biome/bin/biome');

// Biome passes over folders of that name, and rules that need to see package.json fail there.
test('the linter finds nothing more in a clone under a folder named .cache', () => {
  const lint = (path: string) => {
    const { folder, copy } = copyProject(path);
    const args = [BIOME, 'lint', '--colors=off', '--reporter=github', '.'];
    const { status, stdout } = spawnSync(process.execPath, args, { cwd: copy, encoding: 'utf8' });
    rmSync(folder, { recursive: true });
    return {
      status,
      findings: stdout
        .split('\n')
        .filter((line) => line.startsWith('::'))
        .sort(),
    };
  };
  expect(lint(join('.cache', 'clone'))).toEqual(lint('clone'));
});
