import { cpSync, mkdtempSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';

export const ROOT = join(import.meta.dirname, '../..');

const LEFT_OUT = ['.git', '.stryker-tmp', '.try', 'node_modules', 'reports'];

/** Copies the project with its packages to `path` in a new temporary folder. The caller removes the folder. */
export function copyProject(path = 'project'): { readonly folder: string; readonly copy: string } {
  const folder = mkdtempSync(join(tmpdir(), 'copy-'));
  const copy = join(folder, path);
  cpSync(ROOT, copy, { recursive: true, filter: (source) => !LEFT_OUT.includes(basename(source)) });
  symlinkSync(join(ROOT, 'node_modules'), join(copy, 'node_modules'), 'junction');
  return { folder, copy };
}
