import { defineConfig } from 'vitest/config';
import { actionYml } from './scripts/action-yml.ts';

const [major] = process.versions.node.split('.');
if (Number(major) < 24) {
  throw new Error(
    `The tests need Node 24, the action's runtime; this is ${process.version}. Run \`npm test\`.`,
  );
}

export default defineConfig({
  plugins: [actionYml()],
  test: {
    include: ['test/**/*.test.ts'],
    pool: 'threads',
    // Only a test that hangs takes this long, even on a busy machine.
    testTimeout: 30_000,
    slowTestThreshold: 5000,
    // Covers only code in the tests' own process. dist runs in another.
    coverage: { include: ['src/**/*.ts'], exclude: ['src/*.d.ts'], reportsDirectory: 'reports/coverage' },
    reporters: ['default', ['json', { outputFile: 'reports/tests.json' }]],
  },
});
