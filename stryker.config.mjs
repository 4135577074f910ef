// `npm run mutate`: changes src in one place at a time and runs the tests that reach that place. What no test notices is in
// reports/mutation.html. `npm run mutate -- --mutate src/inputs.ts` looks at one file. A run knows the results of the last
// one, and tries again what a new test may notice; but for what runs only while a file loads (tables, patterns), which
// takes `--force`.

export default {
  testRunner: 'vitest',
  vitest: { configFile: 'scripts/mutate/vitest.config.ts' },
  // index.ts is wiring: it runs only in dist, in a process of its own.
  mutate: ['src/**/*.ts', '!src/index.ts', '!src/action.d.ts'],
  coverageAnalysis: 'perTest',
  concurrency: 2,
  incremental: true,
  incrementalFile: 'reports/mutation-incremental.json',
  reporters: ['progress', 'clear-text', 'html', 'json'],
  htmlReporter: { fileName: 'reports/mutation.html' },
  jsonReporter: { fileName: 'reports/mutation.json' },
  clearTextReporter: { logTests: false, allowColor: false },
  thresholds: { high: 95, low: 90, break: 85 },
  // There is no such file, on purpose: Stryker reads a tsconfig with the API that TypeScript 7 no longer has.
  tsconfigFile: 'none.json',
};
