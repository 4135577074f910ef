// `npm run owner -- acme` sets the owner of this repository in package.json and in every file that users copy from.
// `node scripts/owner.ts --check` guards the release: it fails if the owner is not the one on GitHub.
import { globSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const ROOT = join(import.meta.dirname, '..');
/** The owner's name until there is one. */
const PLACEHOLDER = 'OWNER';
/** The files that may name the repository: `owner/opper-span-action`. */
const FILES = ['package.json', '*.md', '.github/**/*.{md,yml}', 'docs/**/*.md', 'examples/*'];

/** This repository, as package.json names it: `owner/opper-span-action`. */
export const REPOSITORY: string = JSON.parse(
  readFileSync(join(ROOT, 'package.json'), 'utf8'),
).repository.replace('github:', '');
const [owner = '', name = ''] = REPOSITORY.split('/');

/** Replaces the owner before the name of the repository, and returns the changed files. */
function rename(newOwner: string): string[] {
  const files = filesThatName(owner);
  for (const file of files) {
    const text = readFileSync(join(ROOT, file), 'utf8');
    writeFileSync(join(ROOT, file), text.replaceAll(`${owner}/${name}`, `${newOwner}/${name}`));
  }
  return files;
}

function filesThatName(someOwner: string): string[] {
  const files = FILES.flatMap((glob) => globSync(glob, { cwd: ROOT }));
  return files
    .filter((file) => readFileSync(join(ROOT, file), 'utf8').includes(`${someOwner}/${name}`))
    .sort();
}

/** What prevents a release, and how to fix it; undefined if nothing does. */
function obstacle(ownerOnGitHub: string | undefined): string | undefined {
  const remedy = `Run \`npm run owner -- ${ownerOnGitHub ?? '<owner>'}\`, commit, and tag that commit.`;
  if (owner === PLACEHOLDER) return `The repository is still named ${REPOSITORY}. ${remedy}`;
  if (ownerOnGitHub !== undefined && owner !== ownerOnGitHub) {
    return `The repository is named ${REPOSITORY}, but its owner on GitHub is ${ownerOnGitHub}. ${remedy}`;
  }
  const left = filesThatName(PLACEHOLDER);
  if (left.length === 0) return undefined;
  return `These files still say ${PLACEHOLDER}/${name}: ${left.join(', ')}. Write ${REPOSITORY} there.`;
}

if (import.meta.main) {
  const [argument = ''] = process.argv.slice(2);
  if (argument === '--check') {
    const problem = obstacle(process.env.GITHUB_REPOSITORY_OWNER);
    if (problem !== undefined) {
      console.error(problem);
      process.exitCode = 1;
    }
  } else if (/^[a-z\d][\w-]{0,38}$/i.test(argument)) {
    console.log(`Wrote ${argument}/${name} to ${rename(argument).join(', ')}.`);
  } else {
    console.error('Usage: npm run owner -- <user or organization on GitHub>');
    process.exitCode = 2;
  }
}
