import type { Span } from '../api/span.ts';
import { present } from '../present.ts';
import type { TestRun } from '../results/tests.ts';
import { counted, secondsText, textOf } from '../text.ts';

/** `40 tests, 87.5 % passed: 33 passed, 5 failed, 2 skipped, in 3.25 s (junit)`. The rate leaves out skipped tests. */
export function testsText(tests: TestRun): string {
  const { passed, failed, errored, skipped } = tests;
  const ran = passed + failed + errored;
  // Never 100 % with a failure, and never 0 % with a pass.
  const rounded = Math.round((passed / ran) * 1000) / 10;
  const rate = passed === 0 || passed === ran ? rounded : Math.min(Math.max(rounded, 0.1), 99.9);
  return `${counted(ran + skipped, 'test')}, ${rate} % passed: ${countsText(tests)}`;
}

/** `33 passed, 5 failed, 2 skipped, in 3.25 s (junit)`. */
export function countsText({ passed, failed, errored, skipped, durationMs, format }: TestRun): string {
  const counts = Object.entries({ passed, failed, errored, skipped })
    .filter(([, count]) => count > 0)
    .map(([status, count]) => `${count} ${status}`);
  // Tools write 0 if they do not know the time.
  const duration = durationMs ? `in ${secondsText(durationMs)}` : '';
  return `${present([...counts, duration]).join(', ')} (${format})`;
}

/** `0.8: Friendly and right`. Either half may be missing. Empty if there is no feedback. */
export function feedbackText(feedback: Span['feedback']): string {
  return present([textOf(feedback?.score), textOf(feedback?.comment)]).join(': ');
}

/** `Case spans: 3 of 12 created`. */
export function caseSpansText({ created, of }: { readonly created: number; readonly of: number }): string {
  return `Case spans: ${created} of ${of} created`;
}

/** A measured number without the decimals that are not worth reading: 0.9310344827586207 is 0.931, and 340.5 stays. */
export function shortened(value: number): string {
  return String(Number(Math.abs(value) < 1 ? value.toPrecision(3) : value.toFixed(3)));
}
