import { createReadStream, globSync, realpathSync, type Stats, statSync } from 'node:fs';
import { isAbsolute, relative, sep } from 'node:path';
import { codeOf, FormError } from '../errors.ts';
import type { Files } from '../files.ts';
import { checkPattern } from './pattern.ts';

/** The real file system. Paths are relative to the working directory. */
export const nodeFiles: Files = {
  async find(pattern) {
    // A path that exists is taken literally, whatever characters it contains.
    const stats = statsOf(pattern);
    if (stats !== undefined && !stats.isFile()) throw new FormError(notAFile(stats));
    if (stats !== undefined) return [realPathOf(pattern)];
    checkPattern(pattern);
    // `[[]` matches a literal bracket. Node would take a backslash for a slash.
    const paths = globSync(pattern.replaceAll('[', '[[]')).filter((path) => statsOf(path)?.isFile());
    return [...new Set(paths.map(realPathOf))].sort();
  },

  async *read(path) {
    // Opening a pipe waits until something writes to it, perhaps forever.
    const stats = statsOf(path);
    if (stats !== undefined && !stats.isFile()) throw new FormError(notAFile(stats));
    yield* createReadStream(path);
  },

  modifiedMs,
};

/** When a file or folder was last modified, in Unix milliseconds; undefined if that is unknown. */
export function modifiedMs(path: string): number | undefined {
  try {
    return statSync(path).mtimeMs;
  } catch {
    return undefined;
  }
}

/** Undefined if nothing is there. If stat fails, it assumes a file, so that reading reports why. */
function statsOf(path: string): Pick<Stats, 'isFile' | 'isDirectory' | 'isFIFO' | 'isSocket'> | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false });
  } catch (error) {
    // A pattern that is too long or has a NUL cannot be the name of a file.
    if (['ENAMETOOLONG', 'ERR_INVALID_ARG_VALUE'].includes(codeOf(error))) return undefined;
    return { isFile: () => true, isDirectory: () => false, isFIFO: () => false, isSocket: () => false };
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
  let real = path;
  try {
    real = realpathSync.native(path);
    const inside = relative(realpathSync.native('.'), real);
    if (!inside.startsWith('..') && !isAbsolute(inside)) real = inside;
  } catch {
    // Reading the file reports why.
  }
  return real.replaceAll(sep, '/');
}
