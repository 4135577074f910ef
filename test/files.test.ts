import { describe, expect, it } from 'vitest';
import { FormError } from '../src/errors.ts';
import { type Files, MAX_BYTES, openText, readText } from '../src/files.ts';

const filesOf = (...pieces: readonly Uint8Array[]): Files => ({
  find: async () => [],
  async *read() {
    yield* pieces;
  },
  modifiedMs: () => undefined,
});

describe('the text of a file', () => {
  it('is read from pieces that split a character, without a byte order mark', async () => {
    const bytes = Buffer.from('\uFEFFgrün 😀');
    expect(await readText(filesOf(...Array.from(bytes, (byte) => Buffer.of(byte))), 'a')).toBe('grün 😀');
  });

  it.each([
    [Buffer.from('"caf\xe9"', 'latin1'), 'is not UTF-8. Write it as UTF-8'],
    [Buffer.from('😀').subarray(0, 3), 'is not UTF-8. Write it as UTF-8'],
    [Buffer.from('\uFEFF{}', 'utf16le'), 'is UTF-16, which older PowerShells write. Write it as UTF-8'],
    [
      Buffer.from('\uFEFF{}', 'utf16le').swap16(),
      'is UTF-16, which older PowerShells write. Write it as UTF-8',
    ],
    [
      Buffer.from('PK\x03\x04\xff', 'latin1'),
      'is a ZIP archive, as a log of Inspect (.eval) is. Unpack it, or let Inspect write JSON (--log-format json)',
    ],
    [Buffer.from('P\xff', 'latin1'), 'is not UTF-8. Write it as UTF-8'],
  ])('in another encoding (%#) is an error', async (bytes, message) => {
    const files = filesOf(bytes.subarray(0, 2), bytes.subarray(2));
    await expect(readText(files, 'a')).rejects.toThrow(new FormError(message));
  });

  it('may be 32 MiB long, but not a byte more', async () => {
    const mebi = Array.from({ length: 32 }, () => Buffer.alloc(1024 * 1024, 'a'));
    expect(await readText(filesOf(...mebi), 'a')).toHaveLength(MAX_BYTES);
    await expect(readText(filesOf(...mebi, Buffer.from('b')), 'a')).rejects.toThrow(
      new FormError('is larger than 32 MiB, the limit. Shorten it'),
    );
  });

  it.each([
    ['ENOENT', 'no such file'],
    ['EISDIR', 'it is a directory'],
    ['EACCES', 'permission denied'],
    ['EIO', 'the disk is gone'],
  ])('that fails with %s is an error whose message follows the path', async (code, reason) => {
    const files: Files = {
      find: async () => [],
      read: () => {
        throw Object.assign(new Error('the disk is gone'), { code });
      },
      modifiedMs: () => undefined,
    };
    await expect(readText(files, 'some/path')).rejects.toThrow(new FormError(`cannot be read: ${reason}`));
  });
});

describe('an open file', () => {
  const textOf = async (pieces: AsyncIterable<string>) => {
    const all: string[] = [];
    for await (const piece of pieces) all.push(piece);
    return all.join('');
  };

  it('has its first line that is not blank, and its text from the beginning', async () => {
    const text = `\n \n${'a'.repeat(100)}\r\n${'b'.repeat(300)}`;
    for (const size of [1, 50, 1000]) {
      const pieces = text.match(new RegExp(`[^]{1,${size}}`, 'g')) ?? [];
      const file = await openText(filesOf(...pieces.map((piece) => Buffer.from(piece))), 'a');
      expect(file.beginning).toBe(`${'a'.repeat(79)}…`);
      expect(await textOf(file.pieces)).toBe(text);
    }
  });

  it('is read once, and closed wherever reading ends', async () => {
    const log: string[] = [];
    const files: Files = {
      find: async () => [],
      modifiedMs: () => undefined,
      async *read(path) {
        try {
          log.push(`open ${path}`);
          yield Buffer.from(path.repeat(200));
          log.push(`read on ${path}`);
          yield Buffer.from('end');
        } finally {
          log.push(`close ${path}`);
        }
      },
    };
    const [whole, part] = [await openText(files, 'a'), await openText(files, 'b')];
    expect(await textOf(whole.pieces)).toBe(`${'a'.repeat(200)}end`);
    await whole[Symbol.asyncDispose]();
    await part[Symbol.asyncDispose]();
    await expect(openText(files, '> ')).rejects.toThrow('begins with what npm prints');
    expect(log).toEqual(['open a', 'open b', 'read on a', 'close a', 'close b', 'open > ', 'close > ']);
  });

  it('is empty if it begins with white space alone, or with 32 MiB of it', async () => {
    const blank = Array.from({ length: 32 }, () => Buffer.alloc(1024 * 1024, ' '));
    for (const pieces of [[Buffer.from(' \n')], [...blank, Buffer.from('{}')]]) {
      await expect(openText(filesOf(...pieces), 'a')).rejects.toThrow(new FormError('is empty'));
    }
  });

  it.each(['> demo@1.0.0 eval', '$ jest --json', 'yarn run v1.22.22'])(
    'does not begin with what npm or yarn prints: %s',
    async (line) => {
      await expect(openText(filesOf(Buffer.from(`\n${line}\n\n{}`)), 'a')).rejects.toThrow(
        new FormError(
          `begins with what npm prints, "${line}". Run the tool with npm run --silent, or let it write the file itself (--outputFile)`,
        ),
      );
    },
  );

  it.each(['>', '$a', 'a > b', 'a yarn run b'])('may begin with %s', async (line) => {
    expect((await openText(filesOf(Buffer.from(line)), 'a')).beginning).toBe(line);
  });
});
