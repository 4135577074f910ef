import { IncomingMessage } from 'node:http';
import { Socket } from 'node:net';
import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { contentOf } from '../../src/api/content.ts';
import { MAX_BYTES } from '../../src/files.ts';

const TEXT = '{"name":"Répondre"}';
const MIB = 1024 * 1024;

/** The content of a response with these bytes. */
function contentIn(bytes: Uint8Array, coding?: string) {
  const incoming = new IncomingMessage(new Socket());
  if (coding !== undefined) incoming.headers['content-encoding'] = coding;
  for (let at = 0; at < bytes.length; at += MIB) incoming.push(bytes.subarray(at, at + MIB));
  incoming.push(null);
  return contentOf(incoming);
}

describe('a body', () => {
  it.each(['', 'identity', 'Identity', ' , identity'])(
    'is not compressed if its coding is %j',
    async (coding) => {
      expect(await contentIn(Buffer.from(TEXT), coding)).toEqual({ body: TEXT });
    },
  );

  it.each([
    ['gzip', gzipSync],
    ['GZIP', gzipSync],
    ['x-gzip', gzipSync],
    ['gzip, identity', gzipSync],
    [', gzip', gzipSync],
    ['deflate', deflateSync],
    ['Deflate', deflateRawSync],
    ['br', brotliCompressSync],
  ])('is decompressed, although nobody asked for %s', async (coding, pack) => {
    expect(await contentIn(pack(TEXT), coding)).toEqual({ body: TEXT });
  });

  it('may be empty, whatever its coding', async () => {
    expect(await contentIn(Buffer.alloc(0), 'gzip')).toEqual({ body: '' });
  });

  it('stays as it is under an unknown coding, which is named in its own case', async () => {
    expect(await contentIn(Buffer.from(TEXT), 'Zstd')).toEqual({ body: TEXT, unknownCoding: 'Zstd' });
    expect(await contentIn(Buffer.from(TEXT), 'x-identity')).toEqual({
      body: TEXT,
      unknownCoding: 'x-identity',
    });
    expect(await contentIn(gzipSync(TEXT), 'gzip, zstd')).toEqual({
      body: '',
      problem: 'is not UTF-8',
      unknownCoding: 'gzip, zstd',
    });
  });

  it.each([
    ['in Latin-1', Buffer.from('café', 'latin1'), 'caf\ufffd'],
    ['that ends in a cut character', Buffer.from('"é').subarray(0, -1), '"\ufffd'],
  ])('%s is not UTF-8', async (_, bytes, body) => {
    expect(await contentIn(bytes)).toEqual({ body, problem: 'is not UTF-8' });
    expect(await contentIn(gzipSync(bytes), 'gzip')).toEqual({ body, problem: 'is not UTF-8' });
  });

  it.each([
    ['gzip', gzipSync(TEXT).subarray(0, -1), 'gzip: unexpected end of file'],
    ['deflate', deflateSync(TEXT).subarray(0, -1), 'deflate: unexpected end of file'],
    ['br', brotliCompressSync(TEXT).subarray(0, -1), 'br: unexpected end of file'],
    ['GZip', Buffer.from(TEXT), 'GZip: incorrect header check'],
  ])('cannot be decompressed if its %s is cut off or invalid', async (coding, bytes, reason) => {
    expect(await contentIn(bytes, coding)).toEqual({
      body: '',
      problem: `cannot be decompressed (${reason})`,
    });
  });

  it('may have 32 MiB, compressed and decompressed, and no more', async () => {
    const most = Buffer.alloc(MAX_BYTES, ' ');
    const more = Buffer.alloc(MAX_BYTES + 1, ' ');
    expect((await contentIn(most)).body).toHaveLength(MAX_BYTES);
    expect((await contentIn(gzipSync(most), 'gzip')).body).toHaveLength(MAX_BYTES);
    const tooLarge = { body: '', problem: 'is larger than 32 MiB' };
    expect(await contentIn(more)).toEqual(tooLarge);
    expect(await contentIn(more, 'zstd')).toEqual(tooLarge);
    expect(await contentIn(gzipSync(more), 'gzip')).toEqual(tooLarge);
    expect(await contentIn(brotliCompressSync(more), 'br')).toEqual(tooLarge);
  });
});
