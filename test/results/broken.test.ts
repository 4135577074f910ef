import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { InputError } from '../../src/errors.ts';
import type { Inputs } from '../../src/inputs/inputs.ts';
import { read } from './memory-files.ts';

const FOLDER = join(import.meta.dirname, '../fixtures/results');

/** The result of reading a file with this content: the message of the error, or `a score`. */
async function endOf(
  content: string | Uint8Array,
  format: Inputs['results_format'] = 'auto',
  size?: number,
): Promise<string> {
  try {
    await read({ 'results.x': content }, { format }, size);
    return 'a score';
  } catch (error) {
    if (error instanceof InputError) return error.message;
    throw error;
  }
}

const suite = (content: string) => `<testsuite>${content}</testsuite>`;
const bytes = (...parts: (string | number)[]) =>
  Buffer.concat(parts.map((part) => (typeof part === 'string' ? Buffer.from(part) : Buffer.of(part))));
const ENTITY_BOMB = `<?xml version="1.0"?>
<!DOCTYPE testsuite [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;"><!ENTITY c SYSTEM "file:///etc/passwd">]>
<testsuite><testcase name="&b;"/></testsuite>`;
const at = (line: number, column: number) => `line ${line}, column ${column}:`;

/** Each content, and the parts of its message in order. */
const BROKEN: Readonly<Record<string, readonly [content: string | Uint8Array, ...message: string[]]>> = {
  'an empty file': ['', 'is empty'],
  'a blank file': [' \n\t\r\n', 'is empty'],
  'a byte order mark alone': ['\uFEFF', 'is empty'],
  'plain text': [
    '\nall good [really]\nok 2',
    'unknown format',
    '"all good [really]"',
    'junit, ctrf, promptfoo, jest',
  ],
  'the banner of npm': [
    '\n> demo@1.0.0 test\n> jest --json\n\n{"testResults": []}',
    'npm',
    '"> demo@1.0.0 test"',
    '--silent',
  ],
  'the banner of yarn': ['yarn run v1.22.22\n$ jest --json\n{"testResults": []}', '--outputFile'],
  'JSON of another kind': [
    '{"score": 1}',
    'none of the known formats (junit, ctrf, promptfoo, jest)',
    'json or fields',
  ],
  'a JSON array': ['[{"status": "passed"}]', 'none of the known formats (junit, ctrf, promptfoo, jest)'],
  'XML of another kind': ['<?xml version="1.0"?>\n<report line-rate="1"/>', 'not JUnit', at(2, 23), 'report'],
  HTML: ['<!DOCTYPE html><html><body>502</body></html>', 'not JUnit', at(1, 21), 'html'],
  'NaN, which is read as null': ['{"testResults": [NaN]}', 'testResults[0]', 'an object', 'null'],
  'a suite that is not closed': ['<testsuite>\n<testcase name="a"/>\n', at(3, 1), 'unclosed tag: testsuite'],
  'an element with a long name that is not closed': [
    suite(`<${'a'.repeat(201)}>`).slice(0, -12),
    `unclosed tag: ${'a'.repeat(185)}…`,
  ],
  'tags that do not match': [
    '<testsuite><testcase></testsuite></testcase>',
    at(1, 33),
    'unexpected close tag',
  ],
  'a second document that is cut': [
    '<testsuite><testcase/></testsuite>\n<?xml version="1.0"?><testsuite>',
    at(2, 32),
    'unclosed tag',
  ],
  'text after the document': [
    '<testsuite><testcase/></testsuite> ok',
    'is not well-formed XML: line',
    'text data outside of root node',
  ],
  'a declaration that declares something else': [
    '<?xml of="1.0"?><testsuite><testcase/></testsuite>',
    at(1, 9),
    'expected one of version',
  ],
  'another version of XML': ['<?xml version="2.0"?><testsuite/>', at(1, 19), 'version', '1\\.[0-9]+'],
  'a case within a case': [suite('<testcase><testcase/></testcase>'), 'not JUnit', at(1, 32), 'testcase'],
  'a suite within a case': [
    suite('<testcase><testsuite failures="1"/></testcase>'),
    'not JUnit',
    'testsuite',
  ],
  'a reference without a semicolon, which hides a failure': [
    suite('<testcase name="&#1"/><testcase><failure message="a&#10;b"/></testcase>'),
    'is not well-formed XML: line',
    'malformed character entity',
  ],
  'the same in a text': [
    suite('<testcase>&#x1b <failure>a;</failure></testcase>'),
    'malformed character entity',
  ],
  'an entity bomb': [ENTITY_BOMB, at(3, 30), 'undefined entity'],
  'XML 10 000 levels deep': ['<testsuite>'.repeat(10_000), 'nested too deeply', at(1, 1111), '100'],
  'JSON 10 000 levels deep': [
    `{"testResults":\n${'['.repeat(10_000)}${']'.repeat(10_000)}}`,
    'nested too deeply',
    at(2, 1000),
  ],
  'XML that is not UTF-8': [bytes('<testsuite><testcase name="', 0xe9, '"/></testsuite>'), 'is not UTF-8'],
  'JSON that is not UTF-8': [bytes('{"a": "', 0xc3, '"}'), 'is not UTF-8'],
  'UTF-16': [bytes(0xff, 0xfe, '<', 0, '/', 0), 'is UTF-16'],
  'the first half of a character at the end': [bytes('<testsuite/>', 0xc3), 'is not UTF-8'],
  'a NUL byte in JSON': ['{"testResults": []}\0', 'not JSON', at(1, 20)],
  'truncated JSON': ['{"testResults": [', 'not JSON', at(1, 18)],
  'a list of tests by GoogleTest': [
    '<testsuites tests="1" name="AllTests"><testsuite name="A" tests="1"><testcase name="b"/></testsuite></testsuites>',
    'only lists tests',
    '--gtest_list_tests',
  ],
  'no case in JUnit': ['<testsuites><testsuite tests="5"/></testsuites>', 'nothing ran'],
  'no case in CTRF': ['{"results": {"tests": [], "summary": {"passed": 5}}}', 'nothing ran'],
  'no case in promptfoo': [
    '{"results": {"version": 3, "results": [], "stats": {"successes": 5}}}',
    'nothing ran',
  ],
  'no case in Jest': ['{"numPassedTests": 5, "testResults": []}', 'nothing ran'],
  'a Jest file without a case': [
    '{"testResults": [{"name": "a.js", "status": "passed", "assertionResults": []}]}',
    'nothing ran',
  ],
  'nothing but skipped cases in JUnit': [suite('<testcase><skipped/></testcase>'), 'every case was skipped'],
  'nothing but skipped cases in CTRF': [
    '{"results": {"tests": [{"name": "a", "status": "pending"}]}}',
    'every case was skipped',
  ],
  'an unknown status in CTRF': [
    '{"results": {"tests": [{"status": "fine"}]}}',
    'results.tests[0].status',
    'pending, other',
    '"fine"',
  ],
  'a status that is a member of every object': [
    '{"results": {"tests": [{"status": "constructor"}]}}',
    'status',
    '"constructor"',
  ],
  'a status that is an array': ['{"results": {"tests": [{"status": ["passed"]}]}}', 'status', 'an array'],
  'a status of another type in Jest': [
    '{"testResults": [{"assertionResults": [{"status": true}]}]}',
    'testResults[0].assertionResults[0].status',
    'a boolean',
  ],
  'no success in promptfoo': [
    '{"results": {"results": [{"score": 1}]}}',
    'results.results[0].success',
    'true or false',
    'nothing',
  ],
  'a case that is not an object': [
    '{"results": {"tests": ["passed"]}}',
    'results.tests[0]',
    'an object',
    '"passed"',
  ],
};

/** Content that is not in the given format. */
const MISMATCHED: readonly [format: Inputs['results_format'], content: string, ...message: string[]][] = [
  ['junit', '{"testResults": []}', 'not XML', '{', 'Name the JUnit file, or set results_format to auto'],
  ['ctrf', '<testsuite/>', 'not JSON', at(1, 1)],
  ['ctrf', '{"testResults": []}', 'results: expected an object, found nothing'],
  ['ctrf', '[]', 'the document: expected an object, found an array'],
  ['ctrf', '{"results": {}}', 'results.tests: expected an array, found nothing'],
  ['ctrf', '{"results": {"tests": [1]}}', 'results.tests[0]: expected an object, found a number'],
  ['jest', '[]', 'the document: expected an object'],
  ['jest', '{"results": {"tests": []}}', 'testResults: expected an array, found nothing'],
  ['jest', '{"testResults": 1}', 'testResults: expected an array'],
  ['jest', '{"testResults": [1]}', 'testResults[0]: expected an object'],
  ['jest', '{"testResults": [{}]}', 'testResults[0].assertionResults: expected an array'],
  [
    'jest',
    '{"testResults": [{"assertionResults": [1]}]}',
    'testResults[0].assertionResults[0]: expected an object',
  ],
  ['promptfoo', '[]', 'the document: expected an object'],
  ['promptfoo', '{"results": 1}', 'results: expected an object, found a number'],
  ['promptfoo', '{"results": {}}', 'results.results: expected an array'],
  ['promptfoo', '{"results": {"results": [1]}}', 'results.results[0]: expected an object'],
];

function expectParts(message: string, parts: readonly string[]): void {
  let from = 0;
  for (const part of ['results_file: results.x', ...parts]) {
    const found = message.indexOf(part, from);
    expect(found, `"${part}" in: ${message}`).toBeGreaterThanOrEqual(from);
    from = found + part.length;
  }
  expect(message).not.toMatch(/[.!]$/);
}

describe('a broken results file is an error that names it and the place', () => {
  it.each(Object.entries(BROKEN))('%s', async (_name, [content, ...parts]) => {
    expectParts(await endOf(content), parts);
  });

  it.each(MISMATCHED)('read as %s: %s', async (format, content, ...parts) => {
    expectParts(await endOf(content, format), parts);
  });

  it.each(globSync('{*,surefire/*}.{xml,json}', { cwd: FOLDER }))('%s, cut in fifty places', async (name) => {
    const whole = readFileSync(join(FOLDER, name));
    const end = whole.toString('latin1').trimEnd().length;
    for (let i = 0; i < 50; i++) {
      expect(await endOf(whole.subarray(0, Math.floor((end * i) / 50)))).toMatch(
        /^results_file: results\.x is (?:empty|not )/,
      );
    }
  });
});
