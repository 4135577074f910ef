import { expect, it } from 'vitest';
import { misspeltProblems } from '../../src/inputs/misspelt.ts';

it.each([
  ['INPUT_RESULT_FILE', 'results_file'],
  ['INPUT_RESULTS_FILES', 'results_file'],
  ['INPUT_RESULTSS_FILE', 'results_file'],
  ['INPUT_ESULTS_FILE', 'results_file'],
  ['INPUT_RESUTLS_FILE', 'results_file'],
  ['INPUT_RESULTS_FIEL', 'results_file'],
  ['INPUT_RESULTS_FIBE', 'results_file'],
  ['INPUT_MIN-SCORE', 'min_score'],
  ['INPUT_FAIL-ON_API-ERROR', 'fail_on_api_error'],
  ['INPUT_SCOR', 'score'],
  ['INPUT_CORE', 'score'],
  ['INPUT_XSCORE', 'score'],
  ['INPUT_OUTPUTS', 'output'],
])('%s is a misspelt %s', (variable, right) => {
  const message = `is not an input of this action. Write ${right}, or rename the variable "${variable}" if an env sets it`;
  expect(misspeltProblems(['PATH', variable])).toEqual([
    { name: variable.slice('INPUT_'.length).toLowerCase(), message },
  ]);
});

it.each([
  ['an input', 'INPUT_SCORE'],
  ['two steps away', 'INPUT_RESULT-FILE'],
  ['two letters away', 'INPUT_SKORES'],
  ['a word of four letters', 'INPUT_MATA'],
  ['another four letters', 'INPUT_NAMES'],
  ['another name', 'INPUT_COVERAGE'],
  ['two letters longer', 'INPUT_SCORERS'],
  ['two letters shorter', 'INPUT_OUTP'],
  ['swapped and longer', 'INPUT_SCROES'],
  ['no input', 'RESULT_FILE'],
  ['of another program', 'INPUT-SCOR'],
  ['without a name', 'INPUT_'],
])('a variable that is %s is left to the runner: %s', (_, variable) => {
  expect(misspeltProblems([variable])).toEqual([]);
});
