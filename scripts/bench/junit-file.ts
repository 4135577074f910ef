import { once } from 'node:events';
import { createWriteStream } from 'node:fs';

const CASES = 100;
const STACK = '    at Object.run (/app/src/some/module/file.ts:10:5)\n'.repeat(8);
const OUTPUT = 'a line of a log that says nothing much at all\n'.repeat(10);

/**
 * Writes a JUnit file of that size: suites of a hundred cases, a few failures with stack traces, a few skipped, output in CDATA
 * sections. Resolves to the number of cases.
 */
export async function writeJunitFile(path: string, megabytes: number): Promise<number> {
  const suites = function* () {
    for (let i = 0, size = 0; size < megabytes * 1e6; i++) {
      const text = suiteOf(i);
      size += text.length;
      yield text;
    }
  };
  return (await write(path, '<testsuites>\n', suites(), '</testsuites>\n')) * CASES;
}

/** Writes half a million small cases as pytest does, all in one suite. Resolves to their number. */
export async function writePytestFile(path: string): Promise<number> {
  const hundreds = function* () {
    for (let i = 0; i < 5000; i++) yield Array.from({ length: CASES }, (_, k) => pytestCase(i, k)).join('');
  };
  const start =
    '<testsuites name="pytest tests"><testsuite name="pytest" errors="0" failures="0" skipped="0">';
  return (await write(path, start, hundreds(), '</testsuite></testsuites>')) * CASES;
}

function pytestCase(file: number, i: number): string {
  return `<testcase classname="tests.test_module_${file}" name="test_answer[case ${i}-0.${i}]" time="0.001" />`;
}

/** Resolves to the number of parts. */
async function write(path: string, start: string, parts: Iterable<string>, end: string): Promise<number> {
  const file = createWriteStream(path);
  file.write(`<?xml version="1.0" encoding="UTF-8"?>\n${start}`);
  let count = 0;
  for (const part of parts) {
    count++;
    if (!file.write(part)) await once(file, 'drain');
  }
  file.end(end);
  await once(file, 'finish');
  return count;
}

function suiteOf(suite: number): string {
  const cases = Array.from({ length: CASES }, (_, i) => {
    const attributes = `classname="com.example.module.Suite${suite}Test" name="handles case ${i} &amp; more" time="0.0${i % 10}3"`;
    return `  <testcase ${attributes}>${contentOf(i)}</testcase>\n`;
  });
  const totals = `tests="${CASES}" failures="1" errors="0" skipped="5" time="1.234"`;
  return `<testsuite name="com.example.module.Suite${suite}Test" ${totals} timestamp="2026-01-01T00:00:00">\n${cases.join('')}</testsuite>\n`;
}

function contentOf(index: number): string {
  if (index === 0) {
    return `<failure message="expected 1 to equal 2" type="AssertionError">AssertionError: expected 1 to equal 2\n${STACK}</failure>`;
  }
  if (index % 20 === 1) return '<skipped message="not now"/>';
  return index % 10 === 2 ? `<system-out><![CDATA[${OUTPUT}]]></system-out>` : '';
}
