import { chain, type Files, openText, type TextPieces, tooLarge } from '../files.ts';
import { type Json, parseResultsJson } from '../json.ts';

const MAX_JSON_BYTES = 256 * 1024 * 1024;

/** A file in JSON: one document, or JSON Lines, some at a time. */
type JsonFile = { readonly document: Json } | { readonly lines: AsyncIterable<readonly JsonLine[]> };
export interface JsonLine {
  /** The number of the line in the file, from 1. */
  readonly number: number;
  readonly value: Json;
}

/**
 * Whether a file holds JSON Lines. `first` is the value of the first line, undefined if that is not a whole value. `hasMore` says
 * whether anything follows it.
 */
type AreLines = (first: Json | undefined, hasMore: boolean) => boolean;

/** Reads a document, or opens JSON Lines, which can be read once. Both throw {@link FormError} with the place. */
export async function readJson(all: TextPieces, areLines: AreLines): Promise<JsonFile> {
  const pieces = limited(all);
  const [line, after] = await readFirstLine(pieces);
  const first = tryParse(line);
  let rest = after;
  while (rest.trim() === '') {
    const { value, done } = await pieces.next();
    if (done) break;
    rest += value;
  }
  const hasMore = rest.trim() !== '';
  if (areLines(first.value, hasMore)) {
    return { lines: linesOf({ number: line.split('\n').length, value: resultOf(first) }, rest, pieces) };
  }
  if (!hasMore) return { document: resultOf(first) };
  const texts = [line, '\n', rest];
  for await (const piece of pieces) texts.push(piece);
  return { document: parseResultsJson(texts.splice(0).join('')) };
}

/** The values of all lines. Throws like {@link readJson}. */
export async function* readLines(files: Files, path: string): AsyncGenerator<readonly JsonLine[]> {
  await using file = await openText(files, path);
  const json = await readJson(file.pieces, () => true);
  if ('lines' in json) yield* json.lines;
}

async function* limited(pieces: TextPieces): TextPieces {
  let length = 0;
  for await (const piece of pieces) {
    length += piece.length;
    // A character has one byte at least.
    if (length > MAX_JSON_BYTES) throw tooLarge(MAX_JSON_BYTES);
    yield piece;
  }
}

/** The text up to the end of the first line that is not blank, and what was read after it. */
async function readFirstLine(pieces: TextPieces): Promise<[line: string, after: string]> {
  const before: string[] = [];
  for (let isBlank = true; ; ) {
    const { value, done } = await pieces.next();
    if (done) return [before.join(''), ''];
    const start: number = isBlank ? value.search(/\S/) : 0;
    isBlank = start === -1;
    const end = isBlank ? -1 : value.indexOf('\n', start);
    before.push(end === -1 ? value : value.slice(0, end));
    if (end !== -1) return [before.join(''), value.slice(end + 1)];
  }
}

async function* linesOf(
  first: JsonLine,
  rest: string,
  pieces: TextPieces,
): AsyncGenerator<readonly JsonLine[]> {
  yield [first];
  let { number } = first;
  let open: string[] = [];
  const parsed = (text: string): JsonLine[] => {
    number++;
    return text.trim() === '' ? [] : [{ number, value: parseResultsJson(text, number) }];
  };
  for await (const piece of chain([rest], pieces)) {
    const end = piece.lastIndexOf('\n');
    if (end === -1) {
      open.push(piece);
      continue;
    }
    open.push(piece.slice(0, end));
    yield open.join('').split('\n').flatMap(parsed);
    open = [piece.slice(end + 1)];
  }
  yield parsed(open.join(''));
}

interface Parsed {
  readonly value?: Json;
  readonly error?: unknown;
}

function tryParse(text: string): Parsed {
  try {
    return { value: parseResultsJson(text) };
  } catch (error) {
    return { error };
  }
}

function resultOf({ value, error }: Parsed): Json {
  if (value === undefined) throw error;
  return value;
}
