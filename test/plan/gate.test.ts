import { expect, test } from 'vitest';
import { gatesOf } from '../../src/plan/gate.ts';

test.each<[number, number, boolean, string]>([
  [80, 80, true, 'score 80 reaches min_score 80'],
  [62, 80, false, 'score 62 is below min_score 80'],
  [62.126, 80, false, 'score 62.13 is below min_score 80'],
  [80.126, 80.126, true, 'score 80.13 reaches min_score 80.126'],
  [79.996, 80, false, 'score 79.996 is below min_score 80'],
  [0.8004, 0.8003, true, 'score 0.8004 reaches min_score 0.8003'],
  [79.99999999999, 80, false, 'score 79.99999999999 is below min_score 80'],
  [79.9999999999961, 80, false, 'score 79.9999999999961 is below min_score 80'],
])('the score %d for min_score %d passes: %s, and is shown on its side: %s', (...row) => {
  const [score, minScore, isPassed, text] = row;
  expect(gatesOf({ minScore, score, needsScore: true }, 7)).toEqual([{ isPassed, text }]);
  expect(gatesOf({ minScore, score: undefined, needsScore: true }, score)).toEqual([{ isPassed, text }]);
});

test('without a score the gate is missed, unless it needs none', () => {
  const gate = { minScore: 80, score: undefined, needsScore: true };
  expect(gatesOf(gate, undefined)).toEqual([
    {
      isPassed: false,
      text: 'there is no score to compare with min_score 80',
      advice: 'Set score or results_file',
    },
  ]);
  expect(gatesOf({ ...gate, needsScore: false }, undefined)).toEqual([]);
});

test('without min_score there is no gate', () => {
  expect(gatesOf(undefined, 7)).toEqual([]);
});
