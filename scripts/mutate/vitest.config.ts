// The tests of `npm run mutate`: those that run src itself.
import { defineConfig } from 'vitest/config';
import { actionYml } from '../action-yml.ts';

export default defineConfig({
  plugins: [actionYml()],
  test: {
    include: ['test/**/*.test.ts'],
    exclude: [
      // They run dist, in a process of its own.
      'test/{step,faults,harness}/**',
      'test/results/bundle.test.ts',
      'test/api/sdk.test.ts',
      // They read the text of src, in which Stryker has put all its changes at once.
      'test/project/**',
    ],
    setupFiles: ['scripts/mutate/setup.ts'],
    // With those changes in it, src takes many times as long.
    testTimeout: 60_000,
  },
});
