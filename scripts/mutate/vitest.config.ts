// The tests for `npm run mutate`: those that run src directly.
import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';
import { actionYml } from '../action-yml.ts';

/** Runs the test files that failed last time first, then the fastest, since the first failure ends a run. */
class LikelyFailureFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const fastest = (await super.sort(files)).toReversed();
    const hasFailed = (file: TestSpecification) =>
      this.ctx.cache.getTestSpecificationResult(file)?.failed === true;
    return [...fastest.filter(hasFailed), ...fastest.filter((file) => !hasFailed(file))];
  }
}

export default defineConfig({
  plugins: [actionYml()],
  test: {
    include: ['test/**/*.test.ts'],
    exclude: [
      // These run dist or scripts in another process.
      'test/{step,faults,harness,project}/**',
      'test/api/sdk.test.ts',
      // It runs the whole step two hundred times in one test, which says little of where a change is.
      'test/messages.test.ts',
    ],
    setupFiles: ['scripts/mutate/setup.ts'],
    // Stryker puts all its changes into src at once, which makes src many times slower.
    testTimeout: 60_000,
    // Loading src anew for each test file takes longer than most of the tests in it.
    isolate: false,
    runner: 'scripts/mutate/runner.ts',
    sequence: { sequencer: LikelyFailureFirst },
  },
});
