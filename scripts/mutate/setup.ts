import fc from 'fast-check';
import { beforeEach } from 'vitest';

// The same texts in every run, so that scores can be compared.
fc.configureGlobal({ seed: 1 });

// Tests of megabytes are about time and memory. With all of Stryker's changes in it, src needs minutes for each.
beforeEach(({ task, skip }) => {
  skip(task.fullName.includes('megabytes'));
});
