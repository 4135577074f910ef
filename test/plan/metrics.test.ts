import { expect, test } from 'vitest';
import { metricsFor } from '../../src/plan/metrics.ts';

const LIMIT = 'more than the limit of 500. Record fewer';

/** The given number of metrics of an input, of a `fields` file and of results. */
function metricsOf(input: number, file: number, results: number) {
  const inputs = Array.from({ length: input }, (_, i) => [`input${i}`, { value: i }]);
  const fields = Array.from({ length: file }, (_, i) => [`file${i}`, { value: i }]);
  const measured = Array.from({ length: results }, (_, i) => [`results${i}`, i]);
  const { all, given, problem } = metricsFor(
    { metrics: Object.fromEntries(inputs) },
    { problems: [], fields: { metrics: Object.fromEntries(fields) }, metrics: Object.fromEntries(measured) },
  );
  return { all: all.length, given: given.length, ...problem };
}

test.each<[number, number, number, ReturnType<typeof metricsOf>]>([
  [0, 0, 0, { all: 0, given: 0 }],
  [400, 50, 50, { all: 500, given: 450 }],
  [501, 0, 0, { all: 0, given: 0, name: 'metrics', message: `has 501 metrics, ${LIMIT}`, isFromFile: false }],
  [
    500,
    0,
    1,
    {
      all: 500,
      given: 500,
      name: 'results_file',
      message: `gives 501 metrics with those of the inputs, ${LIMIT}`,
      isFromFile: true,
    },
  ],
  [
    500,
    1,
    0,
    {
      all: 0,
      given: 0,
      name: 'results_file',
      message: `gives 501 metrics with those of the inputs, ${LIMIT}`,
      isFromFile: true,
    },
  ],
])('of %d metrics of an input, %d of a file and %d of results, at most 500 are recorded', (...row) => {
  const [input, file, results, expected] = row;
  expect(metricsOf(input, file, results)).toEqual(expected);
});
