import type { Files } from '../../src/files.ts';

/** Files by path, in memory. Reads come in pieces of `size` bytes; `find` gives every path. */
export function memoryFiles(contents: Readonly<Record<string, string | Uint8Array>>, size = 65_536): Files {
  return {
    find: async () => Object.keys(contents),
    async *read(path) {
      const content = contents[path];
      if (content === undefined) throw Object.assign(new Error(`no ${path}`), { code: 'ENOENT' });
      const bytes = typeof content === 'string' ? new TextEncoder().encode(content) : content;
      for (let i = 0; i < bytes.length; i += size) yield bytes.subarray(i, i + size);
    },
  };
}
