import { isUtf8 } from 'node:buffer';
import type { IncomingMessage } from 'node:http';
import { codeOf, headlineOf } from '../errors.ts';
import { MAX_BYTES } from '../files.ts';
import { defined } from '../present.ts';
import { mibText } from '../text.ts';

/** The body of a response, decompressed. */
export interface Content {
  readonly body: string;
  /** Why a span cannot be read from the body, to follow `the body`: `is not UTF-8`. */
  readonly problem?: string;
  /** A content coding that cannot be decoded, so the body is as it came. May contain untrusted text. */
  readonly unknownCoding?: string;
}

const TOO_LARGE: Content = { body: '', problem: `is larger than ${mibText(MAX_BYTES)}` };

/**
 * Reads the body to its end. Decompresses it if a gateway compressed it, although the request asked for `identity` (RFC 9110,
 * section 8.4). Rejects if the connection fails.
 */
export async function contentOf(incoming: IncomingMessage): Promise<Content> {
  const codings = (incoming.headers['content-encoding'] ?? '').split(',').map((name) => name.trim());
  // Keeps its case: the key is found and removed only as it is written.
  const coding = codings.filter((name) => !/^(identity)?$/i.test(name)).join(', ');
  const bytes = await bytesOf(incoming);
  if (bytes === undefined) return TOO_LARGE;
  if (bytes.length === 0 || coding === '') return contentIn(bytes);
  try {
    const unpacked = unpack(bytes, coding.toLowerCase());
    return unpacked ? contentIn(unpacked) : contentIn(bytes, coding);
  } catch (error) {
    if (codeOf(error) === 'ERR_BUFFER_TOO_LARGE') return TOO_LARGE;
    return { body: '', problem: `cannot be decompressed (${coding}: ${headlineOf(error)})` };
  }
}

function contentIn(bytes: Buffer, unknownCoding?: string): Content {
  const isText = isUtf8(bytes);
  return {
    // An error message is useful even with some characters lost, but compressed bytes are not.
    body: isText || unknownCoding === undefined ? bytes.toString() : '',
    ...defined({ problem: isText ? undefined : 'is not UTF-8', unknownCoding }),
  };
}

/** Undefined if there are too many. Then the connection is closed. */
async function bytesOf(incoming: IncomingMessage): Promise<Buffer | undefined> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of incoming) {
    size += chunk.length;
    if (size > MAX_BYTES) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks, size);
}

/** Undefined for an unknown coding. Throws if the bytes are cut off, even if only a checksum after the text is missing. */
function unpack(bytes: Buffer, coding: string): Buffer | undefined {
  // Loaded only when it is needed, which is rare.
  const zlib = process.getBuiltinModule('node:zlib');
  const limit = { maxOutputLength: MAX_BYTES };
  switch (coding) {
    case 'gzip':
    case 'x-gzip':
      return zlib.gunzipSync(bytes, limit);
    case 'deflate':
      // It should have the header of zlib, whose first byte ends in 8. Some servers leave that out.
      return (bytes.readUInt8() & 15) === 8
        ? zlib.inflateSync(bytes, limit)
        : zlib.inflateRawSync(bytes, limit);
    case 'br':
      return zlib.brotliDecompressSync(bytes, limit);
    default:
      return undefined;
  }
}
