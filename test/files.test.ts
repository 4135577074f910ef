import { describe, expect, it } from 'vitest';
import { checkPattern, type Files, MAX_BYTES, readText } from '../src/files.ts';

const filesOf = (...pieces: readonly Uint8Array[]): Files => ({
  find: async () => [],
  async *read() {
    yield* pieces;
  },
});

describe('the text of a file', () => {
  it('is read from pieces that split a character, without a byte order mark', async () => {
    const bytes = Buffer.from('\uFEFFgrün 😀');
    expect(await readText(filesOf(...Array.from(bytes, (byte) => Buffer.of(byte))), 'a')).toBe('grün 😀');
  });

  it.each([
    [Buffer.from('"caf\xe9"', 'latin1'), 'is not UTF-8'],
    [Buffer.from('😀').subarray(0, 3), 'is not UTF-8'],
    [Buffer.from('\uFEFF{}', 'utf16le'), 'is UTF-16'],
    [Buffer.from('\uFEFF{}', 'utf16le').swap16(), 'is UTF-16'],
  ])('in another encoding (%#) is an error', async (bytes, message) => {
    await expect(readText(filesOf(bytes), 'a')).rejects.toMatchObject({
      name: 'FormError',
      message: expect.stringContaining(message),
    });
  });

  it('may be 32 MiB long, but not a byte more', async () => {
    const mebi = Array.from({ length: 32 }, () => Buffer.alloc(1024 * 1024, 'a'));
    expect(await readText(filesOf(...mebi), 'a')).toHaveLength(MAX_BYTES);
    await expect(readText(filesOf(...mebi, Buffer.from('b')), 'a')).rejects.toThrow(/^is larger than 32 MiB/);
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
    };
    await expect(readText(files, 'some/path')).rejects.toMatchObject({
      name: 'FormError',
      message: `cannot be read: ${reason}`,
    });
  });
});

describe('a pattern', () => {
  it.each([
    'reports/*.xml',
    '{app,lib}/**/build/test-results/**/TEST-*.xml',
    'shard-{1..100}.xml',
    'shard-{a..z}.xml',
    'job (3.12)/*/*/*/*/*.xml',
    'a'.repeat(1000),
    '*a*a*a*c',
    '**/{a,b}/*/*/*/*/**',
    '{a,b',
    `${'a,'.repeat(101)}}`,
    '}a,b{',
  ])('may be %s', (pattern) => {
    expect(() => checkPattern(pattern)).not.toThrow();
  });

  it.each([
    ['braces within a product', '{a,b}'.repeat(20), 'braces'],
    ['braces within each other', '{a,{b,c,{d,e,f,{g,h,i,j}}}}'.repeat(2), 'braces'],
    ['a range', '{1..10000000}', 'braces'],
    ['a range with steps', '{-5000..5000..20}', 'braces'],
    ['a range beside what only looks like one', '{a1..b1}{1a..1b}{1..10000000}', 'braces'],
    ['two ranges of letters', '{a..z}{A..Z}', 'braces'],
    ['a range after a stray brace', '}{1..10000000}', 'braces'],
    ['one star too many', '*a*a*a*a*c', 'more than 4'],
    ['one star too many in one of its names', 'a/*a*a*a*a*c/*.xml', 'more than 4'],
    ['stars in braces', '{*a*,b/*}*a*a*', 'more than 4'],
    ['groups', '+(a|aa)+(b)', '@(a|b)'],
    ['text without end', 'a'.repeat(1001), '1000 characters'],
  ])('of %s is an error', (_what, pattern, message) => {
    expect(() => checkPattern(pattern)).toThrow(message);
  });
});
