import { createReadStream, existsSync, lstatSync, realpathSync, type Stats, statSync } from 'node:fs';
import { isAbsolute, relative, resolve, sep } from 'node:path';
import type { GlobOptions } from '@actions/glob';
import { FormError } from '../errors.ts';
import { type Files, whyUnread } from '../files.ts';

/** The real file system. Paths are relative to the working directory. */
export const nodeFiles: Files = {
  async find(pattern, excludes = []) {
    const isLiteral = isThere(pattern);
    if (!isLiteral && !isPattern(pattern)) return [];
    if (isLiteral) checkFile(pattern);
    if (isLiteral && excludes.length === 0) return [realPathOf(pattern)];
    const paths = await glob([isLiteral ? escaped(resolve(pattern)) : pattern, ...excludes]);
    return [...new Set(paths.map(realPathOf))].sort();
  },

  async *read(path) {
    // Opening a pipe waits until something writes to it, perhaps forever.
    checkFile(path);
    yield* createReadStream(path);
  },

  modifiedMs,
};

/** When a file or folder was last modified, in Unix milliseconds; undefined if that is unknown. */
export function modifiedMs(path: string): number | undefined {
  return statsOf(path)?.mtimeMs;
}

const ADVICE = 'Begin it with a folder of the workspace, or with the root of the disk';

/** The files and broken links that these lines match. */
async function glob(lines: readonly string[]): Promise<string[]> {
  const { create } = await import('@actions/glob');
  const search = async (links: GlobOptions) => {
    const options = { implicitDescendants: false, matchDirectories: false, ...links };
    return (await create(lines.join('\n'), options)).glob();
  };
  try {
    return await search({ omitBrokenSymbolicLinks: false }).catch(async (error: Error) => {
      if (!error.message.includes('broken symbolic link')) throw error;
      // The search met a broken link, which the lines may not even match.
      const entries = await search({ followSymbolicLinks: false });
      return [...(await search({})), ...entries.filter((entry) => !existsSync(entry))];
    });
  } catch (error) {
    const { path, message } = error as NodeJS.ErrnoException;
    if (path === undefined) throw new FormError(`is not a pattern: ${message} ${ADVICE}`);
    throw new FormError(`cannot be searched: ${whyUnread(error)}, ${realPathOf(path)}`);
  }
}

/** A pattern of @actions/glob that matches only this path. */
function escaped(path: string): string {
  const literal = sep === '/' ? path.replaceAll('\\', '\\\\') : path;
  return literal.replaceAll(/[*?[]/g, '[$&]');
}

const isPattern = (line: string) => /[*?[]|^~/.test(line);

/** Whether something has this name, even a broken link. If that is unknown, a path counts, so that reading reports why. */
function isThere(path: string): boolean {
  try {
    return lstatSync(path, { throwIfNoEntry: false }) !== undefined;
  } catch {
    return !isPattern(path);
  }
}

/** Throws {@link FormError} if the path is known not to be a file. If stat fails, it does not throw: reading reports why. */
function checkFile(path: string): void {
  const stats = statsOf(path);
  if (stats && !stats.isFile()) throw new FormError(notAFile(stats));
}

function statsOf(path: string): Stats | undefined {
  try {
    return statSync(path);
  } catch {
    return undefined;
  }
}

/** What is wrong with a path that is not a file. Follows the path. */
export function notAFile(stats: Pick<Stats, 'isDirectory' | 'isFIFO' | 'isSocket'>): string {
  if (stats.isDirectory()) return 'is a directory. Name a file in it';
  if (stats.isFIFO()) return 'is a named pipe, expected a file';
  return `is a ${stats.isSocket() ? 'socket' : 'device'}, expected a file`;
}

/** Relative to the working directory if the file is inside it, else absolute. With slashes on every system. */
function realPathOf(path: string): string {
  let real = resolve(path);
  try {
    real = realpathSync.native(path);
  } catch {
    // Reading the file reports why.
  }
  const inside = relative(realpathSync.native('.'), real);
  return (inside.startsWith('..') || isAbsolute(inside) ? real : inside).replaceAll(sep, '/');
}
