// `npm run check` runs all static checks. It does not stop at the first failure, so one run shows everything to fix.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';

// biome-ignore format: one row for each check: its name, its command, what to do if it fails
const CHECKS = [
  ['types', 'tsc', 'Fix the types.'],
  ['lint and format', 'biome ci --colors=off .', 'Run `npx biome check --write`, then fix what is left.'],
  ['inputs, outputs and results formats, in every file that lists them', 'vitest run test/project/contract.test.ts --reporter=default', 'Add what each file lacks. CONTRIBUTING.md says what belongs there.'],
  ['documents in step with action.yml and examples', 'node scripts/docs.ts --check', 'Run `npm run docs` and commit what it wrote.'],
  ['workflows and examples', 'node scripts/lint-workflows.ts', 'Fix each place it names.'],
  ['schemas of the outputs in step with src', 'node scripts/schema.ts --check', 'Run `npm run docs` and commit schema.'],
  ['dist in step with src', 'node scripts/build.ts --check', 'Run `npm run build` and commit dist.'],
  ['unused code and dependencies', 'knip', 'Delete what is unused, or add what package.json lacks.'],
] as const;

async function run([name, command, remedy]: (typeof CHECKS)[number]): Promise<boolean> {
  const child = spawn(command, { shell: true, stdio: ['ignore', 'pipe', 'pipe'] });
  const [stdout, stderr, [code]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'close'),
  ]);
  console.log(code === 0 ? `ok      ${name}` : `FAILED  ${name}\n${stdout}${stderr}→ ${remedy}\n`);
  return code === 0;
}

const results = await Promise.all(CHECKS.map(run));
if (results.includes(false)) process.exitCode = 1;
