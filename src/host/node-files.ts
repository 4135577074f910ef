import { createReadStream, globSync, realpathSync, type Stats, statSync } from 'node:fs';
import { isAbsolute, relative, sep } from 'node:path';
import { codeOf, FormError } from '../errors.ts';
import { checkPattern, type Files } from '../files.ts';

/** The real file system, from the working directory. */
export const nodeFiles: Files = {
  async find(pattern) {
    // A path that exists is itself, whatever characters it holds.
    const stats = statsOf(pattern);
    if (stats !== undefined && !stats.isFile()) throw new FormError(notAFile(stats));
    if (stats !== undefined) return [realPathOf(pattern)];
    checkPattern(pattern);
    // A bracket in brackets is a plain bracket. A backslash would be a slash to Node.
    const paths = globSync(pattern.replaceAll('[', '[[]')).filter((path) => statsOf(path)?.isFile());
    return [...new Set(paths.map(realPathOf))].sort();
  },

  async *read(path) {
    // Opening a pipe waits for someone who writes to it, perhaps for ever.
    const stats = statsOf(path);
    if (stats !== undefined && !stats.isFile()) throw new FormError(notAFile(stats));
    yield* createReadStream(path);
  },
};

/** Undefined where there is nothing. Where the system will not tell, a file is assumed: reading it says why. */
function statsOf(path: string): Pick<Stats, 'isFile' | 'isDirectory' | 'isFIFO' | 'isSocket'> | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false });
  } catch (error) {
    // A long pattern is no name, and neither is one with a NUL.
    if (['ENAMETOOLONG', 'ERR_INVALID_ARG_VALUE'].includes(codeOf(error))) return undefined;
    return { isFile: () => true, isDirectory: () => false, isFIFO: () => false, isSocket: () => false };
  }
}

function notAFile(stats: Pick<Stats, 'isDirectory' | 'isFIFO' | 'isSocket'>): string {
  if (stats.isDirectory()) return 'is a directory; name a file in it';
  if (stats.isFIFO()) return 'is a named pipe; expected a file';
  return `is a ${stats.isSocket() ? 'socket' : 'device'}; expected a file`;
}

/** From the working directory where the file is inside of it, absolute where it is not; with slashes on every system. */
function realPathOf(path: string): string {
  let real = path;
  try {
    real = realpathSync.native(path);
    const inside = relative(realpathSync.native('.'), real);
    if (!inside.startsWith('..') && !isAbsolute(inside)) real = inside;
  } catch {
    // Reading it says why.
  }
  return real.replaceAll(sep, '/');
}
