// `npm run mutate` changes src in one place at a time and runs the tests that reach that place. reports/mutation.html lists the
// changes that no test notices. `npm run mutate -- --mutate src/plan/plan.ts` does so for one file.

export default {
  testRunner: 'vitest',
  vitest: { configFile: 'scripts/mutate/vitest.config.ts' },
  // The tests run the excluded files in other processes, where Stryker cannot reach them.
  mutate: [
    'src/**/*.ts',
    '!src/{index,end,step}.ts',
    '!src/host/{node-host,node-files,event-file}.ts',
    '!src/*.d.ts',
  ],
  coverageAnalysis: 'perTest',
  concurrency: 2,
  // Vitest gets slower with each run in one process.
  maxTestRunnerReuse: 100,
  reporters: ['progress', 'clear-text', 'html', 'json'],
  htmlReporter: { fileName: 'reports/mutation.html' },
  jsonReporter: { fileName: 'reports/mutation.json' },
  clearTextReporter: { logTests: false, allowColor: false },
  thresholds: { high: 97, low: 95, break: 95 },
  // This file does not exist, on purpose: Stryker reads a tsconfig with an API that TypeScript 7 does not have.
  tsconfigFile: 'none.json',
};
