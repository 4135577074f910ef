// `npm run mutate` changes src in one place at a time and runs the tests that reach that place. Changes that no test notices
// are listed in reports/mutation.html. `npm run mutate -- --mutate src/plan/plan.ts` looks at one file.

export default {
  testRunner: 'vitest',
  vitest: { configFile: 'scripts/mutate/vitest.config.ts' },
  // These run only in processes of their own, as dist or in tests of the real machine. Stryker cannot reach them there.
  mutate: ['src/**/*.ts', '!src/{index,end,step}.ts', '!src/host/*.ts', '!src/*.d.ts'],
  coverageAnalysis: 'perTest',
  concurrency: 2,
  reporters: ['progress', 'clear-text', 'html', 'json'],
  htmlReporter: { fileName: 'reports/mutation.html' },
  jsonReporter: { fileName: 'reports/mutation.json' },
  clearTextReporter: { logTests: false, allowColor: false },
  thresholds: { high: 97, low: 95, break: 95 },
  // No such file exists, on purpose: Stryker reads a tsconfig with an API that TypeScript 7 does not have.
  tsconfigFile: 'none.json',
};
