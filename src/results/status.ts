import { CASE_STATUSES, type CaseStatus } from './tests.ts';

const WORDS: Readonly<Record<CaseStatus, string>> = {
  passed: 'passed pass ok success successful succeeded run ran completed complete executed done fixed true',
  skipped:
    'skipped skip disabled ignored ignore notrun notexecuted pending todo suppressed deselected filtered excluded incomplete',
  errored:
    'error errored timeout timedout broken abort aborted crash crashed interrupted cancelled canceled killed terminated undefined ambiguous inconclusive unknown blocked warning risky exception hang hung stopped invalid unstable untested',
  failed: 'failed fail failure notok ko unsuccessful false',
};

const STATUSES: ReadonlyMap<string, CaseStatus> = new Map(
  CASE_STATUSES.flatMap((status) => WORDS[status].split(' ').map((word) => [word, status] as const)),
);

/**
 * The meaning of a tool's word for the status of a case, in an attribute or as the name of an element. Case, spaces, `-` and `_`
 * are ignored: `Timed-Out` is `timedout`. Undefined for an unknown word.
 */
export function caseStatusOf(word: string): CaseStatus | undefined {
  return STATUSES.get(word.toLowerCase().replaceAll(/[\s_-]/g, ''));
}

/** The worse of two statuses of one case. */
export function worseOf(one: CaseStatus, other: CaseStatus): CaseStatus {
  return CASE_STATUSES.indexOf(other) > CASE_STATUSES.indexOf(one) ? other : one;
}
