import { codeOf, FormError, headlineOf } from './errors.ts';
import { cut, mibText, quoted } from './text.ts';

/** What the step may read of the file system. */
export interface Files {
  /**
   * The files that a path or pattern matches, by the rules of @actions/glob, sorted; none that a line of `excludes`, which begins
   * with `!`, matches too. A path that exists is taken as it is written. Each is named by its real path, so a file and a link to it
   * count once. The list may be empty. It includes broken links, so that reading them reports what is wrong. Throws
   * {@link FormError} for a path that is not a file, an invalid pattern, and a folder that cannot be searched.
   */
  find(pattern: string, excludes?: readonly string[]): Promise<string[]>;
  /** The bytes of a file. Throws the system's own error, or {@link FormError} for a directory, a pipe or a device. */
  read(path: string): AsyncIterable<Uint8Array>;
  /** When a file was last modified, in Unix milliseconds; undefined if that is unknown. */
  modifiedMs(path: string): number | undefined;
}

/** The size limit for a request, a response, and a file that is read whole. Results in JSON have their own. */
export const MAX_BYTES = 32 * 1024 * 1024;

/** How much of a file is read to recognise its format, in UTF-16 units. */
const MAX_BEGINNING = 200;

const UTF_16 = 'is UTF-16, which older PowerShells write. Write it as UTF-8';
/** What a file is if it is not UTF-8, by its first two bytes in hexadecimal: `PK`, or the byte order mark of UTF-16. */
const NOT_UTF_8: Readonly<Record<string, string>> = {
  '504b':
    'is a ZIP archive, as a log of Inspect (.eval) is. Unpack it, or let Inspect write JSON (--log-format json)',
  fffe: UTF_16,
  feff: UTF_16,
};

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
 * The text of a UTF-8 file without a byte order mark. Throws {@link FormError} if the file cannot be read, is not UTF-8, is larger
 * than {@link MAX_BYTES}, is empty, or begins with what a script runner such as npm prints. The message follows the path.
 */
export async function readText(files: Files, path: string): Promise<string> {
  const pieces = await Array.fromAsync(readTextPieces(files, path, MAX_BYTES));
  const text = pieces.join('');
  beginningOf(text);
  return text;
}

/** A file whose beginning has been read. Disposing of it closes the file. */
export interface OpenText extends AsyncDisposable {
  /** The first line that is not blank, cut. */
  readonly beginning: string;
  /** The whole text, from its beginning. Can be read once. */
  readonly pieces: TextPieces;
}

export type TextPieces = AsyncGenerator<string, void, undefined>;

/** Opens a file of any size. Opening and reading throw like {@link readText}. */
export async function openText(files: Files, path: string): Promise<OpenText> {
  const rest = readTextPieces(files, path);
  const first: string[] = [];
  let text = '';
  let length = 0;
  try {
    // A file that begins with too much white space to hold counts as empty.
    while (text.length < MAX_BEGINNING && length < MAX_BYTES) {
      const { value, done } = await rest.next();
      if (done) break;
      first.push(value);
      length += value.length;
      text = (text + value).trimStart();
    }
    const pieces = chain(first, rest);
    return { beginning: beginningOf(text), pieces, [Symbol.asyncDispose]: () => rest[Symbol.asyncDispose]() };
  } catch (error) {
    await rest.return();
    throw error;
  }
}

/** First the pieces that are already read, then the rest. */
export async function* chain(first: readonly string[], rest: TextPieces): TextPieces {
  yield* first;
  yield* rest;
}

function beginningOf(text: string): string {
  const [line] = /\S[^\r\n]{0,80}/.exec(text) ?? [];
  if (line === undefined) throw new FormError('is empty');
  const beginning = cut(line, 80);
  if (/^(?:[>$] |yarn run )/.test(beginning)) {
    throw new FormError(
      `begins with what npm prints, ${quoted(beginning)}. Run the tool with npm run --silent, or let it write the file itself (--outputFile)`,
    );
  }
  return beginning;
}

/** The error for a file that is larger than the limit. */
export function tooLarge(maxBytes: number): FormError {
  return new FormError(`is larger than ${mibText(maxBytes)}, the limit. Shorten it`);
}

/** The text of a UTF-8 file piece by piece, of any size unless `maxBytes` is given. Throws {@link FormError}. */
async function* readTextPieces(files: Files, path: string, maxBytes = Number.POSITIVE_INFINITY): TextPieces {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  let start = '';
  let size = 0;
  try {
    for await (const bytes of files.read(path)) {
      start ||= Buffer.from(bytes.subarray(0, 2)).toString('hex');
      size += bytes.length;
      if (size > maxBytes) throw tooLarge(maxBytes);
      yield decoder.decode(bytes, { stream: true });
    }
    yield decoder.decode();
  } catch (error) {
    if (error instanceof FormError) throw error;
    if (codeOf(error) !== 'ERR_ENCODING_INVALID_ENCODED_DATA') {
      throw new FormError(`cannot be read: ${whyUnread(error)}`);
    }
    throw new FormError(NOT_UTF_8[start] ?? 'is not UTF-8. Write it as UTF-8');
  }
}
