import { createReadStream, globSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseDecimal } from '../../src/decimal.ts';
import type { JsonObject } from '../../src/json.ts';
import { fieldsOf, readResults } from '../../src/results/results.ts';

const FOLDER = join(import.meta.dirname, '../fixtures/results');

interface Expectation {
  readonly tool: string;
  readonly pattern: string;
  readonly score: bigint;
  readonly error: readonly string[];
  readonly meta: JsonObject;
}

const EXPECTATIONS: readonly Expectation[] = [
  {
    tool: 'Vitest, junit reporter',
    pattern: 'vitest.junit.xml',
    score: 43n,
    error: [
      "test/broken.test.js: Error: Cannot find module '../src/missing.js' imported from /home/runner/work/demo/test/broken.test.js",
      'test/cart.test.js > cart > subtracts: AssertionError: expected 2 to be 1 // Object.is equality',
      'test/cart.test.js > cart > in colour > says "red" & <green>: red is not green',
      'test/close.test.js: Error: could not close',
    ],
    meta: {
      'test.total': 9,
      'test.passed': 3,
      'test.failed': 4,
      'test.errored': 0,
      'test.skipped': 2,
      'test.duration_ms': 15,
      'test.format': 'junit',
    },
  },
  {
    tool: 'Vitest, json reporter',
    pattern: 'vitest.json',
    score: 43n,
    error: [
      "broken.test.js: Cannot find module '../src/missing.js' imported from /home/runner/work/demo/test/broken.test.js",
      'cart > subtracts: AssertionError: expected 2 to be 1 // Object.is equality',
      'cart > in colour > says "red" & <green>: Error: red is not',
      'close.test.js: could not close',
    ],
    meta: {
      'test.total': 9,
      'test.passed': 3,
      'test.failed': 2,
      'test.errored': 2,
      'test.skipped': 2,
      'test.duration_ms': 11,
      'test.format': 'jest',
    },
  },
  {
    tool: 'Vitest, CTRF reporter',
    pattern: 'vitest.ctrf.json',
    score: 60n,
    error: [
      'cart > subtracts: AssertionError: expected 2 to be 1 // Object.is equality',
      'cart > in colour > says "red" & <green>: Error: red is not',
    ],
    meta: {
      'test.total': 7,
      'test.passed': 3,
      'test.failed': 2,
      'test.errored': 0,
      'test.skipped': 2,
      'test.duration_ms': 13,
      'test.format': 'ctrf',
    },
  },
  {
    tool: 'pytest',
    pattern: 'pytest.junit.xml',
    score: 18n,
    error: [
      'test_cart > test_subtracts: AssertionError: the difference',
      'test_cart > test_passes_against_expectation: [XPASS(strict)]',
      'test_cart > test_stores: failed on setup with "RuntimeError: no database"',
      'test_cart > test_closes: failed on teardown with "RuntimeError: could not close"',
      'test_cart > test_fails_and_closes: assert False',
      'test_cart > test_fails_and_closes: failed on teardown with "RuntimeError: could not close"',
      'test_cart > test_words[<angle> & "quote"]: assert \'<angle> & "quote"\' == \'plain\'',
      "test_cart > test_words[\\x1b[31mred\\x1b[0m]: AssertionError: assert '\\x1b[31mred\\x1b[0m' == 'plain'",
      'test_cart.TestUnit > test_sub: AssertionError: 1 != 0',
    ],
    meta: {
      'test.total': 13,
      'test.passed': 2,
      'test.failed': 6,
      'test.errored': 3,
      'test.skipped': 2,
      'test.duration_ms': 7,
      'test.format': 'junit',
    },
  },
  {
    tool: 'pytest, CTRF plugin',
    pattern: 'pytest.ctrf.json',
    score: 20n,
    error: [
      'test_cart.py::test_subtracts: AssertionError: the difference',
      'test_cart.py::test_passes_against_expectation: [XPASS(strict)]',
      'test_cart.py::test_stores: RuntimeError: no database',
      'test_cart.py::test_closes: RuntimeError: could not close',
      'test_cart.py::test_fails_and_closes: assert False',
      'test_cart.py::test_words[<angle> & "quote"]: assert \'<angle> & "quote"\' == \'plain\'',
      "test_cart.py::test_words[\\x1b[31mred\\x1b[0m]: AssertionError: assert '\\x1b[31mred\\x1b[0m' == 'plain'",
      'test_cart.py::TestUnit::test_sub: AssertionError: 1 != 0',
    ],
    meta: {
      'test.total': 12,
      'test.passed': 2,
      'test.failed': 8,
      'test.errored': 0,
      'test.skipped': 2,
      'test.duration_ms': 136,
      'test.format': 'ctrf',
    },
  },
  {
    tool: 'deepeval under pytest',
    pattern: 'deepeval.junit.xml',
    score: 33n,
    error: [
      'test_answers > test_answer[Capital of Peru?-I cannot say-Lima is the capital]: AssertionError: Metrics: Overlap (score: 0.0, threshold: 0.5, strict: False, error: None, reason: 0 of 4 expected words) failed.',
      'test_answers > test_model_is_down: ConnectionError: the model did not answer: 503',
    ],
    meta: {
      'test.total': 3,
      'test.passed': 1,
      'test.failed': 2,
      'test.errored': 0,
      'test.skipped': 0,
      'test.duration_ms': 6,
      'test.format': 'junit',
    },
  },
  {
    tool: 'Maven Surefire, a file per class',
    pattern: 'surefire/TEST-*.xml',
    score: 57n,
    error: [
      'demo.CartTest > subtracts: org.opentest4j.AssertionFailedError: the difference ==> expected: <1> but was: <2>',
      'demo.CartTest > divides: java.lang.ArithmeticException: / by zero',
      'demo.PriceTest > colours: org.opentest4j.AssertionFailedError: red is not green',
    ],
    meta: {
      'test.total': 8,
      'test.passed': 4,
      'test.failed': 2,
      'test.errored': 1,
      'test.skipped': 1,
      'test.duration_ms': 42,
      'test.format': 'junit',
    },
  },
  {
    tool: 'gotestsum',
    pattern: 'gotestsum.junit.xml',
    score: 40n,
    error: [
      'example.com/demo > TestTotals/two_items: cart_test.go:9: got 5, want 4',
      'example.com/demo > TestTotals: Failed',
      'example.com/demo > TestDivides: panic: runtime error: integer divide by zero [recovered, repanicked]',
    ],
    meta: {
      'test.total': 6,
      'test.passed': 2,
      'test.failed': 3,
      'test.errored': 0,
      'test.skipped': 1,
      'test.duration_ms': 0,
      'test.format': 'junit',
    },
  },
  {
    tool: 'promptfoo, results version 3',
    pattern: 'promptfoo-3.json',
    score: 25n,
    error: [
      'names the city [echo, prompt 2]: Expected output to contain "Answer"',
      'names the city [local-script, prompt 1]: Expected output to contain "Answer"',
      'names the city [local-script, prompt 2]: Expected output to contain "Answer"',
      'refuses politely [echo, prompt 1]: Expected output to contain "sorry"',
      'refuses politely [echo, prompt 2]: Expected output to contain "sorry"',
      'refuses politely [local-script, prompt 1]: Expected output to contain "sorry"',
      'refuses politely [local-script, prompt 2]: Expected output to contain "sorry"',
      'question=breaks [local-script, prompt 1]: the model did not answer: 503',
      'question=breaks [local-script, prompt 2]: the model did not answer: 503',
    ],
    meta: {
      'test.total': 12,
      'test.passed': 3,
      'test.failed': 7,
      'test.errored': 2,
      'test.skipped': 0,
      'test.duration_ms': 7,
      'test.format': 'promptfoo',
      'test.scores.grounded': 0.666666666667,
      'test.scores.style': 0.125,
      'test.score.mean': 0.291666666667,
      'test.cost': 0.008,
      'gen_ai.usage.input_tokens': 80,
      'gen_ai.usage.output_tokens': 40,
    },
  },
  {
    tool: 'promptfoo, results version 2',
    pattern: 'promptfoo-2.json',
    score: 25n,
    error: [
      'question=What is the capital of France? [echo, prompt 2]: Expected output to contain "Answer"',
      'question=What is the capital of France? [local-script, prompt 1]: Expected output to contain "Answer"',
      'question=What is the capital of France? [local-script, prompt 2]: Expected output to contain "Answer"',
      'question=Two lines, <b>one</b> question? [echo, prompt 1]: Expected output to contain "sorry"',
      'question=Two lines, <b>one</b> question? [echo, prompt 2]: Expected output to contain "sorry"',
      'question=Two lines, <b>one</b> question? [local-script, prompt 1]: Expected output to contain "sorry"',
      'question=Two lines, <b>one</b> question? [local-script, prompt 2]: Expected output to contain "sorry"',
      'question=breaks [local-script, prompt 1]: the model did not answer: 503',
      'question=breaks [local-script, prompt 2]: the model did not answer: 503',
    ],
    meta: {
      'test.total': 12,
      'test.passed': 3,
      'test.failed': 7,
      'test.errored': 2,
      'test.skipped': 0,
      'test.duration_ms': 0,
      'test.format': 'promptfoo',
      'test.scores.grounded': 0.666666666667,
      'test.scores.style': 0.125,
      'test.score.mean': 0.291666666667,
      'test.cost': 0.008,
      'gen_ai.usage.input_tokens': 80,
      'gen_ai.usage.output_tokens': 40,
    },
  },
];

describe('what real tools wrote', () => {
  it.each(EXPECTATIONS)('$tool: $pattern', async ({ pattern, score, error, meta }) => {
    const results = await readResults(
      { pattern, format: 'auto', scorePointer: undefined, fieldNames: [] },
      {
        find: async () => globSync(pattern, { cwd: FOLDER }).sort(),
        read: (path) => createReadStream(join(FOLDER, path)),
      },
    );
    if (results.kind !== 'tests') throw new Error(results.kind);
    expect(fieldsOf(results.tests, parseDecimal('100')!)).toEqual({ score, error: error.join('\n'), meta });
  });
});
