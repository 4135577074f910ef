import fc from 'fast-check';
import { beforeEach } from 'vitest';

// The same random texts in every run, so that scores can be compared.
fc.configureGlobal({ seed: 1 });

// Tests with megabytes of data are about time and memory. With all of Stryker's changes in src, each would take minutes.
beforeEach(({ task, skip }) => {
  skip(/megabytes|decompressed|256 MiB|memory/.test(task.fullName));
});
