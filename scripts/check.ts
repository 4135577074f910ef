// `npm run check` runs all static checks. It does not stop at the first failure, so one run shows everything to fix.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';

const CHECKS = [
  { name: 'types', command: 'tsc', remedy: 'Fix the types.' },
  {
    name: 'lint and format',
    command: 'biome ci --colors=off .',
    remedy: 'Run `npx biome check --write`, then fix what is left.',
  },
  {
    name: 'inputs, outputs and results formats, in every file that lists them',
    command: 'vitest run test/project/contract.test.ts --reporter=default',
    remedy: 'Add what each file lacks. CONTRIBUTING.md says what belongs there.',
  },
  {
    name: 'documents in step with action.yml and examples',
    command: 'node scripts/docs.ts --check',
    remedy: 'Run `npm run docs` and commit what it wrote.',
  },
  {
    name: 'workflows and examples',
    command: 'node scripts/lint-workflows.ts',
    remedy: 'Fix each place it names.',
  },
  {
    name: 'schema of the span in step with src',
    command: 'node scripts/schema.ts --check',
    remedy: 'Run `npm run docs` and commit schema/span.json.',
  },
  {
    name: 'dist in step with src',
    command: 'node scripts/build.ts --check',
    remedy: 'Run `npm run build` and commit dist.',
  },
  {
    name: 'unused code and dependencies',
    command: 'knip',
    remedy: 'Delete what is unused, or add what package.json lacks.',
  },
];

async function run({ name, command, remedy }: (typeof CHECKS)[number]): Promise<boolean> {
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
