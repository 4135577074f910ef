import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

// The working directory belongs to the process, so each question runs in its own process.
const MODULE = pathToFileURL(join(import.meta.dirname, '../../src/host/node-files.ts')).href;
const folder = mkdtempSync(join(tmpdir(), 'node-files-'));
const socket = createServer();
const EXECUTABLE = realpathSync(process.execPath);
/** Kinds of files that only some systems have. */
const SPECIAL: readonly [path: string, message: string][] =
  process.platform === 'win32'
    ? []
    : [
        ['pipe.xml', 'is a named pipe'],
        ['socket.xml', 'is a socket'],
        ['/dev/zero', 'is a device'],
      ];

function ask(question: string): unknown {
  const script = `
    const { nodeFiles } = await import(${JSON.stringify(MODULE)});
    const { readText } = await import(${JSON.stringify(MODULE.replace('host/node-files', 'files'))});
    const response = await (${question}).catch(({ name, message }) => ({ name, message }));
    console.log(JSON.stringify(response));`;
  const output = execFileSync(process.execPath, ['--input-type=module', '-e', script], {
    cwd: folder,
    // A process that waits forever is killed, and its response is missing.
    timeout: 20_000,
  });
  return JSON.parse(output.toString());
}
const find = (pattern: string) => ask(`nodeFiles.find(${JSON.stringify(pattern)})`);
const readText = (path: string) => ask(`readText(nodeFiles, ${JSON.stringify(path)})`);
const refusal = (message: string) => ({ name: 'FormError', message: expect.stringContaining(message) });

beforeAll(async () => {
  const files = [
    'job [3.12]/a.xml',
    'report1.xml',
    'b/c/d.xml',
    'b/e.xml',
    '{x,y}.xml',
    'x.xml',
    '.hidden.xml',
  ];
  for (const path of files) {
    mkdirSync(join(folder, path, '..'), { recursive: true });
    writeFileSync(join(folder, path), path);
  }
  mkdirSync(join(folder, 'b/folder.xml'));
  symlinkSync('e.xml', join(folder, 'b/latest.xml'));
  symlinkSync('nowhere', join(folder, 'b/dangling.xml'));
  symlinkSync('..', join(folder, 'b/loop'));
  if (SPECIAL.length === 0) return;
  execFileSync('mkfifo', [join(folder, 'pipe.xml')]);
  await new Promise<void>((resolve) => socket.listen(join(folder, 'socket.xml'), resolve));
});
afterAll(() => {
  socket.close();
  rmSync(folder, { recursive: true });
});

describe('finding files', () => {
  it.each([
    ['report1.xml', ['report1.xml']],
    ['./b/../report1.xml', ['report1.xml']],
    [join(folder, 'report1.xml'), ['report1.xml']],
    ['*.xml', ['report1.xml', 'x.xml', '{x,y}.xml']],
    ['b/**/*.xml', ['b/c/d.xml', 'b/e.xml']],
    ['b/{e,latest,e}.xml', ['b/e.xml']],
    ['b/latest.xml', ['b/e.xml']],
    ['b/dangling.xml', []],
    ['nothing/*.xml', []],
    ['', []],
  ])('%s gives %j: only files, each once and by its real path', (pattern, paths) => {
    expect(find(pattern)).toEqual(paths);
  });

  it('gives a file outside of the working directory by its absolute path', () => {
    expect(find(EXECUTABLE)).toEqual([EXECUTABLE.replaceAll('\\', '/')]);
  });

  it.each([
    ['{x,y}.xml', ['{x,y}.xml']],
    ['job [3.12]/a.xml', ['job [3.12]/a.xml']],
    ['job [3.12]/*.xml', ['job [3.12]/a.xml']],
    ['report[1].xml', []],
    ['{report[1],x}.xml', ['x.xml']],
  ])('%s gives %j: a path that exists is taken literally, and so are brackets', (pattern, paths) => {
    expect(find(pattern)).toEqual(paths);
  });

  it.each([
    ['b', 'is a directory'],
    ...SPECIAL,
    ['{a,b}'.repeat(100), 'braces'],
    ['*a'.repeat(400), 'more than 4'],
  ])('%s is an error at once', (pattern, message) => {
    expect(find(pattern)).toEqual(refusal(message));
  });
});

describe('reading a file', () => {
  it('gives its text', () => {
    expect(readText('job [3.12]/a.xml')).toBe('job [3.12]/a.xml');
  });

  it.each([
    ['b', 'is a directory'],
    ...SPECIAL,
    ['b/dangling.xml', 'no such file'],
    ['report1.xml/a', 'cannot be read'],
  ])('%s is an error at once', (path, message) => {
    expect(readText(path)).toEqual(refusal(message));
  });
});
