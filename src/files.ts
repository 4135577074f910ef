import { codeOf, FormError, headlineOf } from './errors.ts';

/** What the step may read of the file system. */
export interface Files {
  /**
   * The files that a path or glob matches, sorted, each once. They are named by real path, so that a file and a link to it are one.
   * The list may be empty. Throws {@link FormError} for a path that is not a file, and for a pattern that {@link checkPattern} rejects.
   */
  find(pattern: string): Promise<string[]>;
  /** The bytes of a file. Throws the system's own error, or {@link FormError} for a directory, a pipe or a device. */
  read(path: string): AsyncIterable<Uint8Array>;
}

/** The size limit of a file that is read whole, a request and a response. */
export const MAX_BYTES = 32 * 1024 * 1024;

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'no such file',
  EISDIR: 'it is a directory',
  EACCES: 'permission denied',
};

/** Why a file could not be opened or read, from the error of the system. */
export function whyUnread(error: unknown): string {
  return REASONS[codeOf(error)] ?? headlineOf(error);
}

/**
 * The text of a UTF-8 file without a byte order mark. Throws {@link FormError} if the file cannot be read, is not UTF-8
 * or is larger than {@link MAX_BYTES}. The message follows the path.
 */
export async function readText(files: Files, path: string): Promise<string> {
  const pieces: string[] = [];
  for await (const piece of readTextPieces(files, path, MAX_BYTES)) pieces.push(piece);
  return pieces.join('');
}

/** Like {@link readText}, but piece by piece, and of any size unless `maxBytes` is given. */
export async function* readTextPieces(
  files: Files,
  path: string,
  maxBytes = Number.POSITIVE_INFINITY,
): AsyncGenerator<string, void, undefined> {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  let first: number | undefined;
  let size = 0;
  try {
    for await (const bytes of files.read(path)) {
      first ??= bytes[0];
      size += bytes.length;
      if (size > maxBytes)
        throw new FormError(`is larger than ${maxBytes / 1024 / 1024} MiB, the limit. Shorten it`);
      yield decoder.decode(bytes, { stream: true });
    }
    yield decoder.decode();
  } catch (error) {
    if (error instanceof FormError) throw error;
    if (codeOf(error) !== 'ERR_ENCODING_INVALID_ENCODED_DATA') {
      throw new FormError(`cannot be read: ${whyUnread(error)}`);
    }
    // UTF-8 never begins with these bytes. UTF-16 with a byte order mark always does.
    const isUtf16 = first === 0xfe || first === 0xff;
    throw new FormError(
      isUtf16
        ? 'is UTF-16, which older PowerShells write. Write it as UTF-8'
        : 'is not UTF-8. Write it as UTF-8',
    );
  }
}

const MAX_PATTERN_LENGTH = 1000;
const MAX_ALTERNATIVES = 100;
const MAX_STARS = 4;

/**
 * Throws {@link FormError} for a glob that could take minutes to match. Globs support `*`, `?`, `**` as a whole folder, and `{a,b}` or
 * `{1..9}`. Everything else is literal, brackets too.
 */
export function checkPattern(pattern: string): void {
  if (pattern.length > MAX_PATTERN_LENGTH) {
    throw new FormError(`is longer than ${MAX_PATTERN_LENGTH} characters. Write several lines`);
  }
  if (/[@!+*?]\(/.test(pattern)) {
    throw new FormError('has a group such as @(a|b), which is not supported. Write {a,b}, or several lines');
  }
  if (alternativesIn(pattern) > MAX_ALTERNATIVES) {
    throw new FormError(
      `has braces that stand for more than ${MAX_ALTERNATIVES} patterns. Write a wildcard such as reports/*.xml`,
    );
  }
  // Matching a name takes its length to the power of the number of stars. Braces may contain slashes, so a pattern with braces is one part.
  const parts = pattern.includes('{') ? [pattern] : pattern.split('/');
  if (parts.some((part) => starsIn(part) > MAX_STARS)) {
    throw new FormError(
      `has more than ${MAX_STARS} * in one name. Use fewer, such as reports/*.xml, or several lines`,
    );
  }
}

/** An upper bound for the number of patterns that the braces stand for. */
function alternativesIn(pattern: string): number {
  let product = 1;
  for (const [, from = '', to = ''] of pattern.matchAll(/\{(-?\w+)\.\.(-?\w+)(?:\.\.-?\d+)?\}/g)) {
    product *= 1 + Math.abs(placeOf(to) - placeOf(from));
  }
  const open: number[] = [];
  for (const [character] of pattern.matchAll(/[{,}]/g)) {
    if (character === '{') open.push(1);
    else if (character === '}') product *= open.pop() ?? 1;
    else if (open.length > 0) open.push((open.pop() ?? 0) + 1);
  }
  return product;
}

/** The position of a range's end, a number or a letter. */
function placeOf(end: string): number {
  return /^-?\d+$/.test(end) ? Number(end) : end.charCodeAt(0);
}

/** The number of `*`, not counting `**` as a whole folder. */
function starsIn(part: string): number {
  return part.replaceAll(/(?<=^|\/)\*\*(?=\/|$)/g, '').split('*').length - 1;
}
