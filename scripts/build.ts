// `npm run build` builds dist from src. With `--check` it only checks that dist is up to date.
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import ncc from '@vercel/ncc';
import { type InputOptions, type Plugin, type RenderedModule, rolldown } from 'rolldown';
import { actionYml } from './action-yml.ts';

const ROOT = join(import.meta.dirname, '..');
const DIST = join(ROOT, 'dist');

// The bundle is CommonJS, which Node starts about 2 % faster than a module. The project's package.json says module.
const COMMON_JS = '{"type":"commonjs"}\n';

/** Keeps @actions/glob from printing its options and folders for debugging, past src/report, which makes text harmless. */
const silentGlob: Plugin = {
  name: 'silent-glob',
  resolveId: (source, importer) =>
    source === '@actions/core' && importer?.includes('glob') ? '\0silent' : null,
  load: (id) => (id === '\0silent' ? 'export const debug = () => {}, info = debug;' : null),
};

const OPTIONS: InputOptions = {
  cwd: ROOT,
  platform: 'node',
  plugins: [actionYml(), silentGlob],
  resolve: {
    alias: {
      // ofetch imports node-fetch-native for old Nodes without fetch.
      'node-fetch-native': 'node-fetch-native/native',
    },
  },
  treeshake: {
    // Importing these packages has no side effects, but their package.json does not say so. Without this the bundle would
    // include the toolkit's OIDC client, Octokit and undici, and be twenty times as large.
    moduleSideEffects: [
      {
        test: /[\\/]node_modules[\\/](@actions|@octokit|undici|tunnel|node-fetch-native)[\\/]/,
        sideEffects: false,
      },
    ],
  },
};

type Files = Readonly<Record<string, string>>;
type Modules = Readonly<Record<string, RenderedModule>>;

/**
 * Bundles the entries and all they import. Returns the JavaScript files by name, and the modules in them. Code that several
 * entries share, or load on demand, has its own file. rolldown removes unused code, and ncc packs each file for Node.
 */
async function pack(entries: Readonly<Record<string, string>>): Promise<{ files: Files; modules: Modules }> {
  await using bundle = await rolldown({ ...OPTIONS, input: { ...entries } });
  // rolldown names what several files share after one of its modules, which another change may replace.
  const chunkFileNames = ({ name, isDynamicEntry }: { name: string; isDynamicEntry: boolean }) =>
    isDynamicEntry || name === 'step' || name === 'rolldown-runtime' ? '[name].js' : 'shared.js';
  const { output } = await bundle.generate({ format: 'cjs', chunkFileNames, comments: false });
  const files: Record<string, string> = {};
  const modules: Record<string, RenderedModule> = {};
  for (const chunk of output) {
    if (chunk.type !== 'chunk')
      throw new Error(`Expected only JavaScript, but rolldown also wrote ${chunk.fileName}.`);
    files[chunk.fileName] = await packed(chunk.code, [...chunk.imports, ...chunk.dynamicImports]);
    Object.assign(modules, chunk.modules);
  }
  return { files, modules };
}

async function packed(code: string, imports: readonly string[]): Promise<string> {
  const before = process.cwd();
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'build-')));
  try {
    // ncc writes the relative path of its input into its output, so it must be the same everywhere.
    process.chdir(folder);
    const file = join(folder, 'index.cjs');
    writeFileSync(file, code);
    // Without it ncc looks for a file named undefined, and Node prints a warning.
    writeFileSync(join(folder, 'tsconfig.json'), '{}');
    const externals = imports.map((name) => `./${name}`);
    const result = await ncc(file, { cache: false, quiet: true, target: 'es2022', externals });
    const others = Object.keys(result.assets);
    if (others.length > 0) throw new Error(`Expected one file, but ncc also wrote ${others.join(', ')}.`);
    return asciiOf(result.code);
  } finally {
    process.chdir(before);
    rmSync(folder, { recursive: true });
  }
}

/**
 * Escapes every non-ASCII character as `\uXXXX`. With only one such character V8 would store the whole text in two bytes per
 * character, and the step would take 10 % longer. None of them is in `String.raw` or a comment, where an escape would be wrong.
 */
function asciiOf(code: string): string {
  return code.replace(/[^\0-\x7f]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

/** The files of dist, by name. */
async function build(): Promise<Files> {
  const { files, modules } = await pack({ index: 'src/index.ts', end: 'src/end.ts' });
  return { ...files, 'package.json': COMMON_JS, 'licenses.txt': licensesOf(modules) };
}

/** The licenses of all packages with code in the bundle. Throws if one has no license text. */
function licensesOf(modules: Modules): string {
  const folders = Object.entries(modules)
    .filter(([, { renderedLength }]) => renderedLength > 0)
    .flatMap(([id]) => packageFolderOf(id) ?? []);
  return [...new Set(folders)].map(licenseOf).sort().join('\n');
}

function packageFolderOf(id: string): string | undefined {
  if (id.startsWith('\0rolldown/')) return join(ROOT, 'node_modules', 'rolldown');
  return /^.*[\\/]node_modules[\\/](?:@[^\\/]+[\\/])?[^\\/]+/.exec(id)?.[0];
}

/** The license text of a package. If the package ships none, the text from its repository, kept in scripts/licenses. */
function licenseOf(folder: string): string {
  const { name, version, license } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  const shipped = readdirSync(folder).find((entry) => /^(licen[cs]e|copying)(\.(md|txt))?$/i.test(entry));
  const file = shipped ? join(folder, shipped) : join(import.meta.dirname, 'licenses', `${name}.txt`);
  if (!existsSync(file))
    throw new Error(`${name} ${version} is in the bundle, but has no license text. Add ${file}.`);
  const text = readFileSync(file, 'utf8').replaceAll('\r\n', '\n').trim();
  return `${name} ${version} (${license})\n\n${text}\n`;
}

function write(files: Files): void {
  rmSync(DIST, { recursive: true, force: true });
  mkdirSync(DIST);
  for (const [name, content] of Object.entries(files)) {
    writeFileSync(join(DIST, name), content);
    console.log(`dist/${name}: ${Buffer.byteLength(content)} bytes`);
  }
}

/** The files of dist that differ from `files`, are missing, or should not exist. */
function staleFiles(files: Files): string[] {
  const present = existsSync(DIST) ? readdirSync(DIST, { recursive: true }).map(String) : [];
  const extra = present.filter((name) => !(name in files));
  const wrong = Object.keys(files).filter(
    (name) => !present.includes(name) || readFileSync(join(DIST, name), 'utf8') !== files[name],
  );
  return [...wrong, ...extra].map((name) => `dist/${name}`);
}

const files = await build();
if (!process.argv.includes('--check')) {
  write(files);
} else {
  const stale = staleFiles(files);
  if (stale.length > 0) {
    console.error(`Out of date: ${stale.join(', ')}. Run \`npm run build\` and commit dist.`);
    process.exitCode = 1;
  }
}
