// `npm run build` makes dist from src; with `--check` it says whether dist is what src builds, and writes nothing.
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
import { type InputOptions, type RenderedModule, rolldown } from 'rolldown';
import { actionYml } from './action-yml.ts';

const ROOT = join(import.meta.dirname, '..');
const DIST = join(ROOT, 'dist');

// The bundle is CommonJS, which Node starts some two per cent sooner than a module; the project's own package.json says module.
const COMMON_JS = '{"type":"commonjs"}\n';

const OPTIONS: InputOptions = {
  cwd: ROOT,
  platform: 'node',
  plugins: [actionYml()],
  resolve: {
    alias: {
      // ofetch imports node-fetch-native for Nodes without a fetch; Node 24 has one.
      'node-fetch-native': 'node-fetch-native/native',
      // Its other form is UMD, which no bundler can see through.
      'jsonc-parser': 'jsonc-parser/lib/esm/main.js',
    },
  },
  treeshake: {
    // Importing these packages does nothing by itself, but their package.json does not say so. Without this the toolkit's
    // OIDC client and Octokit come along, and with them undici: twenty times the bundle.
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
 * The JavaScript files of the entries by name, with all they import, and the modules in them. What several entries share, or
 * load only when they need it, has a file of its own. rolldown takes out what is not used, ncc packs each file for Node.
 */
export async function pack(
  entries: Readonly<Record<string, string>>,
): Promise<{ files: Files; modules: Modules }> {
  await using bundle = await rolldown({ ...OPTIONS, input: { ...entries } });
  const { output } = await bundle.generate({ format: 'cjs', chunkFileNames: '[name].js', comments: false });
  const files: Record<string, string> = {};
  const modules: Record<string, RenderedModule> = {};
  for (const chunk of output) {
    if (chunk.type !== 'chunk')
      throw new Error(`Only JavaScript was expected, rolldown also made ${chunk.fileName}.`);
    files[chunk.fileName] = await packed(chunk.code, [...chunk.imports, ...chunk.dynamicImports]);
    Object.assign(modules, chunk.modules);
  }
  return { files, modules };
}

async function packed(code: string, imports: readonly string[]): Promise<string> {
  const before = process.cwd();
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'build-')));
  try {
    // ncc writes the path of its input, as seen from here, into its output: it has to be the same everywhere.
    process.chdir(folder);
    const file = join(folder, 'index.cjs');
    writeFileSync(file, code);
    // Without one ncc looks for a file named undefined, which Node warns about.
    writeFileSync(join(folder, 'tsconfig.json'), '{}');
    const externals = imports.map((name) => `./${name}`);
    const result = await ncc(file, { cache: false, quiet: true, target: 'es2022', externals });
    const others = Object.keys(result.assets);
    if (others.length > 0) throw new Error(`One file expected, ncc also made ${others.join(', ')}.`);
    return result.code;
  } finally {
    process.chdir(before);
    rmSync(folder, { recursive: true });
  }
}

/** The files of dist, by name. */
async function build(): Promise<Files> {
  const { files, modules } = await pack({ index: 'src/index.ts', end: 'src/end.ts' });
  return { ...files, 'package.json': COMMON_JS, 'licenses.txt': licensesOf(modules) };
}

/** The license of every package that has code in the bundle. Throws when one ships no license text. */
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

/** The text a package ships or, where it ships none, the one of its repository, kept in scripts/licenses. */
function licenseOf(folder: string): string {
  const { name, version, license } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  const shipped = readdirSync(folder).find((entry) => /^(licen[cs]e|copying)(\.(md|txt))?$/i.test(entry));
  const file = shipped ? join(folder, shipped) : join(import.meta.dirname, 'licenses', `${name}.txt`);
  if (!existsSync(file))
    throw new Error(`${name} ${version} is in the bundle without a license text: add ${file}.`);
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

/** The files of dist that differ from `files`, are missing or should not be there. */
function staleFiles(files: Files): string[] {
  const present = existsSync(DIST) ? readdirSync(DIST, { recursive: true }).map(String) : [];
  const extra = present.filter((name) => !(name in files));
  const wrong = Object.keys(files).filter(
    (name) => !present.includes(name) || readFileSync(join(DIST, name), 'utf8') !== files[name],
  );
  return [...wrong, ...extra].map((name) => `dist/${name}`);
}

if (import.meta.main) {
  const files = await build();
  if (process.argv.includes('--check')) {
    const stale = staleFiles(files);
    if (stale.length > 0) {
      console.error(`Not what src builds: ${stale.join(', ')}. Run \`npm run build\` and commit dist.`);
      process.exitCode = 1;
    }
  } else {
    write(files);
  }
}
