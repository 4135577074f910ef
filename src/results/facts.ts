// What single tools mean by their files. Each row names its tool and the version that was seen. The readers apply the rows by
// general rules: a new tool's habit is a new row here and a file that the tool wrote in test/fixtures/results.

interface Habit {
  readonly tool: string;
  readonly pattern: RegExp;
}

/** Elements of a case for an attempt before or after the one that counts. The totals may count them. */
const RERUNS: readonly Habit[] = [
  { tool: 'Maven Surefire 3.5: flakyFailure, flakyError, rerunFailure, rerunError', pattern: /flaky|rerun/ },
];

/** Messages that a tool writes for every failure. */
const EMPTY_MESSAGES: readonly Habit[] = [
  { tool: 'gotestsum 1.13', pattern: /^failed$/i },
  { tool: 'many', pattern: /^failure$/i },
  { tool: 'nose2 0.16', pattern: /^test failure$/i },
  { tool: 'behave 1.3', pattern: /^none$/i },
];

/** Lines that frame the output of a case. */
const FRAMES: readonly Habit[] = [
  { tool: 'go test 1.26, in the body of gotestsum', pattern: /^(?:===|---) / },
];

export const isRerun = anyOf(RERUNS);
export const isEmptyMessage = anyOf(EMPTY_MESSAGES);
export const isFrame = anyOf(FRAMES);

function anyOf(habits: readonly Habit[]): (text: string) => boolean {
  return (text) => habits.some(({ pattern }) => pattern.test(text));
}
