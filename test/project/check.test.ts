import { spawnSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { copyProject } from './copy.ts';

const BIOME = createRequire(import.meta.url).resolve('@biomejs/biome/bin/biome');

/** What the linter finds in a copy at this path of a temporary folder. */
function findingsAt(path: string): string[] {
  const { folder, copy } = copyProject(path);
  const args = [BIOME, 'lint', '--colors=off', '--reporter=github', '.'];
  const { stdout } = spawnSync(process.execPath, args, { cwd: copy, encoding: 'utf8' });
  rmSync(folder, { recursive: true });
  return [...stdout.matchAll(/^::.*title=([^,]+).*[\\/]([^\\/,]+),line=(\d+)/gm)].map(([, ...found]) =>
    found.join(' '),
  );
}

// Biome's scanner skips folders with that name, so a rule that needs package.json would fail there.
test('the linter also works in a clone under a folder named .cache', () => {
  const found = findingsAt('clone');
  expect(findingsAt(join('.cache', 'clone')).filter((finding) => !found.includes(finding))).toEqual([]);
});
