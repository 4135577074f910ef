import { describe, expect, it } from 'vitest';
import { type Files, readText } from '../src/files.ts';

const filesOf = (...pieces: readonly Uint8Array[]): Files => ({
  find: async () => [],
  async *read() {
    yield* pieces;
  },
});

describe('the text of a file', () => {
  it('is read across pieces that end within a character, without a byte order mark', async () => {
    const bytes = Buffer.from('\uFEFFgrün 😀');
    expect(await readText(filesOf(...Array.from(bytes, (byte) => Buffer.of(byte))), 'a')).toBe('grün 😀');
  });

  it.each([
    [['ab', [0xff]], 'byte 2'],
    [['a', 'bc', ['d', 0xff, 'e']], 'byte 4'],
    [['aé', ['é', 0xc3, 'b']], 'byte 6'],
    [
      [
        ['a', 0xc3],
        [0xa9, 'b', 0x80],
      ],
      'byte 4',
    ],
    [
      [
        [0xf0, 0x9f],
        [0x98, 'b'],
      ],
      'byte 3',
    ],
    [['😀', [0x80]], 'byte 4'],
    [['a', [0x80, 'b', 'c']], 'byte 1'],
    [['ab', [0xf0, 0x9f]], 'it ends within a character'],
  ] as const)('that is not UTF-8, %j, is an error with the place', async (pieces, place) => {
    const bytes = pieces.map((piece) =>
      Buffer.concat(
        [...piece].map((part) => (typeof part === 'string' ? Buffer.from(part) : Buffer.of(part))),
      ),
    );
    await expect(readText(filesOf(...bytes), 'a')).rejects.toMatchObject({
      message: `is not UTF-8: ${place}`,
      cause: { code: 'ERR_ENCODING_INVALID_ENCODED_DATA' },
    });
  });

  it('has a bound', async () => {
    const mebi = Buffer.alloc(1024 * 1024, 'a');
    expect(await readText(filesOf(...Array.from({ length: 64 }, () => mebi)), 'a')).toHaveLength(
      64 * 1024 * 1024,
    );
    const longer = filesOf(...Array.from({ length: 64 }, () => mebi), Buffer.from('b'));
    await expect(readText(longer, 'a')).rejects.toThrow(
      'is too long: at most 64 Mi characters of it can be read',
    );
  });

  it.each([
    ['ENOENT', 'cannot be read: there is no such file'],
    ['EISDIR', 'cannot be read: it is a directory'],
    ['EACCES', 'cannot be read: permission denied'],
    ['EIO', 'cannot be read: the disk is gone'],
  ])('that fails with %s is an error without the path', async (code, message) => {
    const files: Files = {
      find: async () => [],
      read: () => {
        throw Object.assign(new Error('the disk is gone'), { code });
      },
    };
    await expect(readText(files, 'secret/path')).rejects.toMatchObject({ message, cause: { code } });
  });
});
