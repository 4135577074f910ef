import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const MODULE = pathToFileURL(join(import.meta.dirname, '../../src/host/node-files.ts')).href;
const WINDOWS = process.platform === 'win32';
const folder = realpathSync(mkdtempSync(join(tmpdir(), 'node-files-')));
const socket = createServer();
const EXECUTABLE = realpathSync(process.execPath);
const refusal = (message: string) => ({ name: 'FormError', message: expect.stringContaining(message) });

/** Lines of `results_file`, the first with its exclusions, and the files that are found. */
const FOUND: readonly (readonly [lines: readonly string[], paths: unknown])[] = [
  [['report1.xml'], ['report1.xml']],
  [['./b/../report1.xml'], ['report1.xml']],
  [[join(folder, 'report1.xml')], ['report1.xml']],
  [[EXECUTABLE], [EXECUTABLE.replaceAll('\\', '/')]],
  [['*.xml'], ['.hidden.xml', 'report1.xml', 'x.xml', '{x,y}.xml']],
  [['./?.xml'], ['x.xml']],
  [['[p-r]*1.xml'], ['report1.xml']],
  // A linked folder is searched, a file and a link to it are one file, and folders are not files.
  [['b/**/*.xml'], ['b/c/d.xml', 'b/e.xml', 'outside/f.xml']],
  [['b/**/*.xml', '!b/c/**', '!**/f.xml'], ['b/e.xml']],
  [['b/**', '!b/**'], []],
  // A path that exists is taken as it is written.
  [['job [3.12]/a.xml'], ['job [3.12]/a.xml']],
  [['job [3.12]/a.xml', '!b/*.xml'], ['job [3.12]/a.xml']],
  [['job [3.12]/a.xml', '!**/a.xml'], []],
  [['{x,y}.xml'], ['{x,y}.xml']],
  [['{report1,x}.xml'], []],
  [['report[1].xml'], ['report1.xml']],
  [['[b]'], []],
  [['nothing/*.xml'], []],
  [['nothing.xml'], []],
  [[''], []],
  // Reading a broken link reports what is wrong.
  [['links/lost.xml'], ['links/lost.xml']],
  [['links/*.xml'], ['links/g.xml', 'links/lost.xml']],
  [['links/*.xml', '!**/lost*'], ['links/g.xml']],
  [['links/g*.xml'], ['links/g.xml']],
  [['b'], refusal('is a directory')],
  [['../*.xml'], refusal("is not a pattern: Invalid pattern '../*.xml'")],
  ...(WINDOWS
    ? ([[['b\\**\\d.xml'], ['b/c/d.xml']]] as const)
    : ([
        [['locked/*.xml'], refusal('cannot be searched: permission denied, locked')],
        [['**/*.xml', '!locked/**'], refusal('cannot be searched: permission denied, locked')],
      ] as const)),
];

const READ: readonly (readonly [path: string, text: unknown])[] = [
  ['job [3.12]/a.xml', 'job [3.12]/a.xml'],
  ['b', refusal('is a directory')],
  ['links/lost.xml', refusal('no such file')],
  ['report1.xml/a', refusal('cannot be read')],
  ...(WINDOWS
    ? []
    : ([
        ['special/pipe', refusal('is a named pipe')],
        ['special/socket', refusal('is a socket')],
        ['/dev/zero', refusal('is a device')],
      ] as const)),
];

/**
 * What was found and read by a process in `folder`, since the working directory belongs to the process. It is no administrator,
 * who may read everything. A process that waits forever is killed.
 */
function answers(): { found: unknown[]; read: unknown[] } {
  const script = `
    const { nodeFiles } = await import(${JSON.stringify(MODULE)});
    const { readText } = await import(${JSON.stringify(MODULE.replace('host/node-files', 'files'))});
    // Loads all modules first: another user may not be allowed to read this repository.
    await nodeFiles.find('nothing/*');
    if (process.getuid?.() === 0) process.setuid(65534);
    const all = (questions, ask) =>
      Promise.all(questions.map((question) => ask(question).catch(({ name, message }) => ({ name, message }))));
    const found = await all(${JSON.stringify(FOUND.map(([lines]) => lines))}, ([line, ...rest]) => nodeFiles.find(line, rest));
    const read = await all(${JSON.stringify(READ.map(([path]) => path))}, (path) => readText(nodeFiles, path));
    console.log('\\n' + JSON.stringify({ found, read }));`;
  const args = ['--input-type=module', '-e', script];
  const output = execFileSync(process.execPath, args, { cwd: folder, timeout: 20_000, encoding: 'utf8' });
  return JSON.parse(output.trimEnd().split('\n').at(-1) ?? '');
}

let given: ReturnType<typeof answers>;
beforeAll(async () => {
  const files = ['job [3.12]/a.xml', 'report1.xml', 'b/c/d.xml', 'b/e.xml', '{x,y}.xml', 'x.xml'];
  for (const path of [...files, '.hidden.xml', 'outside/f.xml', 'links/g.xml']) {
    mkdirSync(join(folder, path, '..'), { recursive: true });
    writeFileSync(join(folder, path), path);
  }
  for (const path of ['b/folder.xml', 'special', 'locked']) mkdirSync(join(folder, path));
  symlinkSync('e.xml', join(folder, 'b/latest.xml'));
  symlinkSync('..', join(folder, 'b/c/loop'));
  symlinkSync('../outside', join(folder, 'b/linked'));
  for (const name of ['lost.xml', 'lost.txt']) symlinkSync('nowhere', join(folder, 'links', name));
  if (!WINDOWS) {
    execFileSync('mkfifo', [join(folder, 'special/pipe')]);
    await new Promise<void>((resolve) => socket.listen(join(folder, 'special/socket'), resolve));
    chmodSync(join(folder, 'locked'), 0);
    chmodSync(folder, 0o755);
  }
  given = answers();
});
afterAll(() => {
  socket.close();
  if (!WINDOWS) chmodSync(join(folder, 'locked'), 0o755);
  rmSync(folder, { recursive: true });
});

describe('finding files', () => {
  it.each(FOUND.map(([lines, paths], at) => ({ lines, paths, at })))(
    '$lines gives $paths',
    ({ paths, at }) => {
      expect(given.found[at]).toEqual(paths);
    },
  );
});

describe('reading a file', () => {
  it.each(READ.map(([path, text], at) => ({ path, text, at })))(
    '$path gives its text, or an error at once',
    (row) => {
      expect(given.read[row.at]).toEqual(row.text);
    },
  );
});
