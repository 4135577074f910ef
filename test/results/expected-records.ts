import type { JsonObject } from '../../src/json.ts';

/** The record of a fixture. */
interface ExpectedRecord {
  readonly tool: string;
  /** Under test/fixtures/results. */
  readonly pattern: string;
  readonly score: number;
  /** Joined by line breaks. */
  readonly error: readonly string[];
  readonly meta: JsonObject;
  /** Present if the tool's own totals disagree with its cases. */
  readonly warnings?: readonly string[];
}

/** The keys of `meta` for every format, in order. */
function counts(
  format: string,
  ...[total, passed, failed, errored, skipped, durationMs]: readonly number[]
): Record<string, number | string> {
  return {
    'test.total': total!,
    'test.passed': passed!,
    'test.failed': failed!,
    'test.errored': errored!,
    'test.skipped': skipped!,
    'test.duration_ms': durationMs!,
    'test.format': format,
  };
}

export const EXPECTED_RECORDS: readonly ExpectedRecord[] = [
  {
    tool: 'Vitest, junit reporter',
    pattern: 'vitest.junit.xml',
    score: 43,
    error: [
      "test/broken.test.js: Error: Cannot find module '../src/missing.js' imported from /home/runner/work/demo/test/broken.test.js",
      'test/cart.test.js > cart > subtracts: AssertionError: expected 2 to be 1 // Object.is equality',
      'test/cart.test.js > cart > in colour > says "red" & <green>: red is not green',
      'test/close.test.js: Error: could not close',
    ],
    meta: counts('junit', 9, 3, 4, 0, 2, 15),
  },
  {
    tool: 'Vitest, json reporter',
    pattern: 'vitest.json',
    score: 43,
    error: [
      "broken.test.js: Cannot find module '../src/missing.js' imported from /home/runner/work/demo/test/broken.test.js",
      'cart > subtracts: AssertionError: expected 2 to be 1 // Object.is equality',
      'cart > in colour > says "red" & <green>: Error: red is not green',
      'close.test.js: could not close',
    ],
    meta: counts('jest', 9, 3, 2, 2, 2, 11),
  },
  {
    tool: 'Vitest, CTRF reporter',
    pattern: 'vitest.ctrf.json',
    score: 60,
    error: [
      'cart > subtracts: AssertionError: expected 2 to be 1 // Object.is equality',
      'cart > in colour > says "red" & <green>: Error: red is not green',
    ],
    meta: counts('ctrf', 7, 3, 2, 0, 2, 13),
  },
  {
    tool: 'pytest',
    pattern: 'pytest.junit.xml',
    score: 20,
    error: [
      'test_cart > test_subtracts: AssertionError: the difference assert (3 - 1) == 1',
      'test_cart > test_passes_against_expectation: [XPASS(strict)]',
      'test_cart > test_stores: failed on setup with "RuntimeError: no database"',
      'test_cart > test_closes: failed on teardown with "RuntimeError: could not close"',
      'test_cart > test_fails_and_closes: assert False',
      'test_cart > test_words[<angle> & "quote"]: assert \'<angle> & "quote"\' == \'plain\' - plain + <angle> & "quote"',
      "test_cart > test_words[\\x1b[31mred\\x1b[0m]: AssertionError: assert '\\x1b[31mred\\x1b[0m' == 'plain' - plain + red",
      'test_cart.TestUnit > test_sub: AssertionError: 1 != 0',
    ],
    meta: counts('junit', 12, 2, 5, 3, 2, 7),
  },
  {
    tool: 'pytest, CTRF plugin',
    pattern: 'pytest.ctrf.json',
    score: 20,
    error: [
      'test_cart.py::test_subtracts: AssertionError: the difference assert (3 - 1) == 1',
      'test_cart.py::test_passes_against_expectation: [XPASS(strict)]',
      'test_cart.py::test_stores: RuntimeError: no database',
      'test_cart.py::test_closes: RuntimeError: could not close',
      'test_cart.py::test_fails_and_closes: assert False',
      'test_cart.py::test_words[<angle> & "quote"]: assert \'<angle> & "quote"\' == \'plain\' - plain + <angle> & "quote"',
      "test_cart.py::test_words[\\x1b[31mred\\x1b[0m]: AssertionError: assert '\\x1b[31mred\\x1b[0m' == 'plain' - plain + red",
      'test_cart.py::TestUnit::test_sub: AssertionError: 1 != 0',
    ],
    meta: counts('ctrf', 12, 2, 8, 0, 2, 136),
  },
  {
    tool: 'deepeval under pytest',
    pattern: 'deepeval.junit.xml',
    score: 33,
    error: [
      'test_answers > test_answer[Capital of Peru?-I cannot say-Lima is the capital]: AssertionError: Metrics: Overlap (score: 0.0, threshold: 0.5, strict: False, error: None, reason: 0 of 4 expected words) failed.',
      'test_answers > test_model_is_down: ConnectionError: the model did not answer: 503',
    ],
    meta: counts('junit', 3, 1, 2, 0, 0, 6),
  },
  {
    tool: 'Maven Surefire, a file per class',
    pattern: 'surefire/TEST-*.xml',
    score: 57,
    error: [
      'demo.CartTest > subtracts: org.opentest4j.AssertionFailedError: the difference ==> expected: <1> but was: <2>',
      'demo.CartTest > divides: java.lang.ArithmeticException: / by zero',
      'demo.PriceTest > colours: org.opentest4j.AssertionFailedError: red is not green',
    ],
    meta: counts('junit', 8, 4, 2, 1, 1, 42),
  },
  {
    tool: 'gotestsum',
    pattern: 'gotestsum.junit.xml',
    score: 40,
    error: [
      'example.com/demo > TestTotals/two_items: cart_test.go:9: got 5, want 4',
      'example.com/demo > TestTotals: Failed',
      'example.com/demo > TestDivides: panic: runtime error: integer divide by zero [recovered, repanicked]',
    ],
    meta: counts('junit', 6, 2, 3, 0, 1, 0),
  },
  {
    tool: 'promptfoo, results version 3',
    pattern: 'promptfoo-3.json',
    score: 25,
    error: [
      'names the city [echo, prompt 2]: Expected output to contain "Answer"',
      'names the city [local-script, prompt 1]: Expected output to contain "Answer"',
      'names the city [local-script, prompt 2]: Expected output to contain "Answer"',
      'refuses politely [echo, prompt 1]: Expected output to contain "sorry"',
      'refuses politely [echo, prompt 2]: Expected output to contain "sorry"',
      'refuses politely [local-script, prompt 1]: Expected output to contain "sorry"',
      'refuses politely [local-script, prompt 2]: Expected output to contain "sorry"',
      'question=breaks [local-script, prompt 1]: the model did not answer: 503 upstream connect error',
      'question=breaks [local-script, prompt 2]: the model did not answer: 503 upstream connect error',
    ],
    meta: {
      ...counts('promptfoo', 12, 3, 7, 2, 0, 7),
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
    score: 25,
    error: [
      'question=What is the capital of France? [echo, prompt 2]: Expected output to contain "Answer"',
      'question=What is the capital of France? [local-script, prompt 1]: Expected output to contain "Answer"',
      'question=What is the capital of France? [local-script, prompt 2]: Expected output to contain "Answer"',
      'question=Two lines, <b>one</b> question? [echo, prompt 1]: Expected output to contain "sorry"',
      'question=Two lines, <b>one</b> question? [echo, prompt 2]: Expected output to contain "sorry"',
      'question=Two lines, <b>one</b> question? [local-script, prompt 1]: Expected output to contain "sorry"',
      'question=Two lines, <b>one</b> question? [local-script, prompt 2]: Expected output to contain "sorry"',
      'question=breaks [local-script, prompt 1]: the model did not answer: 503 upstream connect error',
      'question=breaks [local-script, prompt 2]: the model did not answer: 503 upstream connect error',
    ],
    meta: {
      ...counts('promptfoo', 12, 3, 7, 2, 0, 0),
      'test.scores.grounded': 0.666666666667,
      'test.scores.style': 0.125,
      'test.score.mean': 0.291666666667,
      'test.cost': 0.008,
      'gen_ai.usage.input_tokens': 80,
      'gen_ai.usage.output_tokens': 40,
    },
  },
  {
    tool: 'Newman, a request that got no answer',
    pattern: 'newman.junit.xml',
    score: 0,
    error: [
      "Up > is up: expected PostmanResponse{ …(5) } to have property 'code'",
      'none: the suite says errors="1", but none of its cases failed: Iteration: 0 RequestError: Error: connect ECONNREFUSED 127.0.0.1:9 at TCPConnectWrap.afterConnect [as oncomplete] (node:net:2021:16) ---',
    ],
    meta: counts('junit', 2, 0, 1, 1, 0, 0),
    warnings: ['newman.junit.xml says 3 failed; its cases add up to 2 failed, which is what counts'],
  },
  {
    tool: 'GoogleTest',
    pattern: 'gtest.junit.xml',
    score: 50,
    error: ['Cart > Subtracts: Expected equality of these values: 2 1'],
    meta: counts('junit', 4, 1, 1, 0, 2, 0),
  },
  {
    tool: 'CTest',
    pattern: 'ctest.junit.xml',
    score: 20,
    error: ['subtracts', 'missing: Unable to find executable', 'slow', 'crash'],
    meta: counts('junit', 7, 1, 3, 1, 2, 1018),
  },
  {
    tool: 'behave',
    pattern: 'behave.junit.xml',
    score: 25,
    error: [
      'cart.cart > fails: no',
      'cart.cart > undefined: Failing step: Given nobody knows ... undefined in 0.000s Location: features/cart.feature:7',
      'cart.cart > pending: STEP: pending',
    ],
    meta: counts('junit', 5, 1, 1, 2, 1, 1),
  },
  {
    tool: 'node --test',
    pattern: 'node.junit.xml',
    score: 50,
    error: ['cart > subtracts: 2 == 1', 'cart > slow: test timed out after 5ms'],
    meta: counts('junit', 6, 2, 2, 0, 2, 9),
  },
  {
    tool: 'nose2',
    pattern: 'nose2.junit.xml',
    score: 20,
    error: [
      'setUpClass (test_cart > TestBroken): RuntimeError: no server',
      'test_cart.TestCart > test_errors: RuntimeError: no database',
      'test_cart.TestCart > test_sub (i=1): AssertionError: 1 == 1',
      'test_cart.TestCart > test_subtracts: AssertionError: 2 != 1',
    ],
    meta: counts('junit', 8, 1, 2, 2, 3, 0),
  },
];
