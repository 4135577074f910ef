import { codeOf, FormError, headlineOf } from './errors.ts';

/** What the step may read of the file system. */
export interface Files {
  /** The files a path or glob names, sorted; none is an empty list. The path of a file is itself, whatever characters it holds. */
  find(pattern: string): Promise<string[]>;
  /** The bytes of a file. Reading fails with the system's own error. */
  read(path: string): AsyncIterable<Uint8Array>;
}

/** The most a file may hold that is read whole, in UTF-16 units: what V8 keeps of such a JSON file is a few times as much. */
const MAX_TEXT_LENGTH = 64 * 1024 * 1024;

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  EISDIR: 'it is a directory',
  EACCES: 'permission denied',
};

/**
 * The text of a UTF-8 file without a byte order mark. Throws {@link FormError} where the file cannot be read, is not UTF-8
 * or is longer than 64 Mi characters; the message leaves out the path.
 */
export async function readText(files: Files, path: string): Promise<string> {
  const pieces: string[] = [];
  let length = 0;
  for await (const piece of readTextPieces(files, path)) {
    length += piece.length;
    if (length > MAX_TEXT_LENGTH) {
      throw new FormError(
        `is too long: at most ${MAX_TEXT_LENGTH / 1024 / 1024} Mi characters of it can be read`,
      );
    }
    pieces.push(piece);
  }
  return pieces.join('');
}

/** The same as {@link readText}, piece by piece and of any length. */
export async function* readTextPieces(files: Files, path: string): AsyncGenerator<string, void, undefined> {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  let offset = 0;
  let before = new Uint8Array();
  try {
    for await (const bytes of files.read(path)) {
      yield decode(bytes);
      offset += bytes.length;
      before = bytes.slice(-3);
    }
    yield decode();
  } catch (error) {
    if (error instanceof FormError) throw error;
    throw new FormError(`cannot be read: ${REASONS[codeOf(error)] ?? headlineOf(error)}`, { cause: error });
  }

  function decode(bytes?: Uint8Array): string {
    try {
      return decoder.decode(bytes, { stream: bytes !== undefined });
    } catch (error) {
      const place =
        bytes === undefined ? 'it ends within a character' : `byte ${offset + brokenAt(before, bytes)}`;
      throw new FormError(`is not UTF-8: ${place}`, { cause: error });
    }
  }
}

/** The first byte that no UTF-8 could have there, counted from the start of `bytes`; `before` is what came before them. */
function brokenAt(before: Uint8Array, bytes: Uint8Array): number {
  const joined = new Uint8Array([...before, ...bytes]);
  // `before` may begin within a character.
  const start = joined.findIndex((byte) => (byte & 0xc0) !== 0x80);
  let good = start;
  let bad = joined.length;
  while (bad - good > 1) {
    const middle = (good + bad) >>> 1;
    if (isUtf8Start(joined.subarray(start, middle))) good = middle;
    else bad = middle;
  }
  return good - before.length;
}

function isUtf8Start(bytes: Uint8Array): boolean {
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(bytes, { stream: true });
    return true;
  } catch {
    return false;
  }
}
