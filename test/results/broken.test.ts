import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { InputError } from '../../src/errors.ts';
import { type ResultsFormat, readResults } from '../../src/results/results.ts';
import { memoryFiles } from './memory-files.ts';

const FOLDER = join(import.meta.dirname, '../fixtures/results');

/** What reading a file of this content ends with: the message of the error, or `a score`. */
async function outcomeOf(
  content: string | Uint8Array,
  format: ResultsFormat = 'auto',
  pointer?: string,
): Promise<string> {
  try {
    await readResults(
      { pattern: '*', format, scorePointer: pointer, fieldNames: ['score', 'meta'] },
      memoryFiles({ 'results.x': content }),
    );
    return 'a score';
  } catch (error) {
    if (error instanceof InputError) return error.message;
    throw error;
  }
}

const suite = (content: string) => `<testsuite>${content}</testsuite>`;
const bytes = (...parts: (string | number)[]) =>
  Buffer.concat(parts.map((part) => (typeof part === 'string' ? Buffer.from(part) : Buffer.of(part))));
const NOTHING_RAN = 'results_file: results.x holds no test case: nothing ran';
const ALL_SKIPPED = 'results_file: results.x: every case was skipped: nothing ran';
const ENTITY_BOMB = `<?xml version="1.0"?>
<!DOCTYPE testsuite [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;"><!ENTITY c SYSTEM "file:///etc/passwd">]>
<testsuite><testcase name="&b;"/></testsuite>`;

const BROKEN: Readonly<
  Record<
    string,
    readonly [content: string | Uint8Array, message: string, format?: ResultsFormat, pointer?: string]
  >
> = {
  'an empty file': ['', 'results_file: results.x is empty'],
  'a blank file': [' \n\t\r\n', 'results_file: results.x is empty'],
  'a byte order mark alone': ['\uFEFF', 'results_file: results.x is empty'],
  'plain text': [
    'ok 1 - adds',
    'results_file: results.x is of an unknown kind: line 1, column 1: expected XML or JSON (junit, ctrf, promptfoo, jest)',
  ],
  'JSON of another kind': [
    '{"score": 1}',
    'results_file: results.x is JSON, but none of junit, ctrf, promptfoo, jest. For a file of your own set results_format to json or fields',
  ],
  'a JSON array': [
    '[{"status": "passed"}]',
    'results_file: results.x is JSON, but none of junit, ctrf, promptfoo, jest. For a file of your own set results_format to json or fields',
  ],
  'XML of another kind': [
    '<?xml version="1.0"?>\n<coverage line-rate="1"/>',
    'results_file: results.x is not JUnit: line 2, column 25: expected the element testsuites or testsuite, found coverage',
  ],
  HTML: [
    '<!DOCTYPE html><html><body>502</body></html>',
    'results_file: results.x is not JUnit: line 1, column 21: expected the element testsuites or testsuite, found html',
  ],
  'JSON where JUnit is expected': [
    '{"testResults": []}',
    'results_file: results.x is not well-formed XML: line 1, column 19: text data outside of root node',
    'junit',
  ],
  'XML where CTRF is expected': [
    '<testsuite/>',
    'results_file: results.x is not JSON: line 1, column 1: expected a value, found <testsuite/>',
    'ctrf',
  ],
  'Jest where CTRF is expected': [
    '{"testResults": []}',
    'results_file: results.x does not have the expected form: results: expected an object, found nothing',
    'ctrf',
  ],
  'a suite that is not closed': [
    '<testsuite>\n<testcase name="a"/>\n',
    'results_file: results.x is not well-formed XML: line 3, column 1: unclosed tag: testsuite',
  ],
  'tags that do not match': [
    '<testsuite><testcase></testsuite></testcase>',
    'results_file: results.x is not well-formed XML: line 1, column 33: unexpected close tag',
  ],
  'two documents in one file': [
    '<testsuite><testcase/></testsuite><testsuite/>',
    'results_file: results.x is not well-formed XML: line 1, column 45: documents may contain only one root',
  ],
  'another version of XML': [
    '<?xml version="2.0"?><testsuite/>',
    'results_file: results.x is not well-formed XML: line 1, column 19: version number must match /^1\\.[0-9]+$/',
  ],
  'a case within a case': [
    suite('<testcase><testcase/></testcase>'),
    'results_file: results.x is not JUnit: line 1, column 32: a testcase within a testcase',
  ],
  'an entity bomb': [
    ENTITY_BOMB,
    'results_file: results.x is not well-formed XML: line 3, column 30: undefined entity',
  ],
  'XML 10 000 levels deep': [
    '<testsuite>'.repeat(10_000),
    'results_file: results.x is nested too deeply: line 1, column 1111: more than 100 elements within each other',
  ],
  'JSON 10 000 levels deep': [
    `{"testResults":\n${'['.repeat(10_000)}${']'.repeat(10_000)}}`,
    'results_file: results.x is nested too deeply: line 2, column 1000: more than 1000 levels',
  ],
  'a tag of a megabyte': [
    suite(`<testcase name="${'a'.repeat(1024 * 1024 + 65_536)}"/>`),
    'results_file: results.x is not JUnit: line 1, column 1114112: a tag with more than 1048576 characters',
  ],
  'XML that is not UTF-8': [
    bytes('<testsuite><testcase name="', 0xe9, '"/></testsuite>'),
    'results_file: results.x is not UTF-8: byte 28',
  ],
  'JSON that is not UTF-8': [bytes('{"a": "', 0xc3, '"}'), 'results_file: results.x is not UTF-8: byte 8'],
  'UTF-16': [bytes(0xff, 0xfe, '<', 0, '/', 0), 'results_file: results.x is not UTF-8: byte 0'],
  'the first half of a character at the end': [
    bytes('<testsuite/>', 0xc3),
    'results_file: results.x is not UTF-8: it ends within a character',
  ],
  'a NUL byte in XML': [
    suite('\n<testcase name="a\0b"/>'),
    'results_file: results.x is not well-formed XML: line 2, column 17: a NUL byte follows',
  ],
  'a NUL byte in JSON': [
    '{"testResults": []}\0',
    'results_file: results.x is not JSON: line 1, column 20: expected the end, found \0',
  ],
  'no case in JUnit': ['<testsuites><testsuite tests="5"/></testsuites>', NOTHING_RAN],
  'no case in CTRF': ['{"results": {"tests": [], "summary": {"passed": 5}}}', NOTHING_RAN],
  'no case in promptfoo': [
    '{"results": {"version": 3, "results": [], "stats": {"successes": 5}}}',
    NOTHING_RAN,
  ],
  'no case in Jest': ['{"numPassedTests": 5, "testResults": []}', NOTHING_RAN],
  'a Jest suite without a case': [
    '{"testResults": [{"name": "a.js", "status": "passed", "assertionResults": []}]}',
    NOTHING_RAN,
  ],
  'nothing but skipped cases in JUnit': [suite('<testcase><skipped/></testcase>'), ALL_SKIPPED],
  'nothing but skipped cases in CTRF': [
    '{"results": {"tests": [{"name": "a", "status": "pending"}]}}',
    ALL_SKIPPED,
  ],
  'an unknown status in CTRF': [
    '{"results": {"tests": [{"name": "a", "status": "fine"}]}}',
    'results_file: results.x does not have the expected form: results.tests[0].status: expected one of passed, failed, skipped, pending, other, found "fine"',
  ],
  'a status of another type in Jest': [
    '{"testResults": [{"assertionResults": [{"status": true}]}]}',
    'results_file: results.x does not have the expected form: testResults[0].assertionResults[0].status: expected one of passed, failed, pending, skipped, todo, disabled, found a boolean',
  ],
  ...Object.fromEntries(
    (
      [
        ['ctrf', '[]', 'the document: expected an object, found an array'],
        ['ctrf', '{"results": 1}', 'results: expected an object, found a number'],
        ['ctrf', '{"results": {}}', 'results.tests: expected an array, found nothing'],
        ['ctrf', '{"results": {"tests": [1]}}', 'results.tests[0]: expected an object, found a number'],
        ['jest', '[]', 'the document: expected an object, found an array'],
        ['jest', '{"testResults": 1}', 'testResults: expected an array, found a number'],
        ['jest', '{"testResults": [1]}', 'testResults[0]: expected an object, found a number'],
        [
          'jest',
          '{"testResults": [{}]}',
          'testResults[0].assertionResults: expected an array, found nothing',
        ],
        [
          'jest',
          '{"testResults": [{"assertionResults": [1]}]}',
          'testResults[0].assertionResults[0]: expected an object, found a number',
        ],
        ['promptfoo', '[]', 'the document: expected an object, found an array'],
        ['promptfoo', '{"results": 1}', 'results: expected an object, found a number'],
        ['promptfoo', '{"results": {}}', 'results.results: expected an array, found nothing'],
        [
          'promptfoo',
          '{"results": {"results": [1]}}',
          'results.results[0]: expected an object, found a number',
        ],
      ] as const
    ).map(([format, content, why]) => [
      `${content} as ${format}`,
      [content, `results_file: results.x does not have the expected form: ${why}`, format] as const,
    ]),
  ),
  ...Object.fromEntries(
    (
      [
        ['"constructor"', '"constructor"'],
        ['["passed"]', 'an array'],
      ] as const
    ).map(([status, found]) => [
      `the status ${status}`,
      [
        `{"results": {"tests": [{"name": "a", "status": ${status}}]}}`,
        `results_file: results.x does not have the expected form: results.tests[0].status: expected one of passed, failed, skipped, pending, other, found ${found}`,
      ] as const,
    ]),
  ),
  'no success in promptfoo': [
    '{"results": {"results": [{"score": 1}]}}',
    'results_file: results.x does not have the expected form: results.results[0].success: expected true or false, found nothing',
  ],
  'a case that is not an object': [
    '{"results": {"tests": ["passed"]}}',
    'results_file: results.x does not have the expected form: results.tests[0]: expected an object, found "passed"',
  ],
  'truncated JSON for a score': [
    '{"score": 0.8',
    'results_file: results.x is not JSON: line 1, column 14: expected , or }, found the end of the text',
    'json',
    '/score',
  ],
  'truncated fields': [
    '{"score": 9,',
    'results_file: results.x is not JSON: line 1, column 13: expected a key in double quotes, found the end of the text',
    'fields',
  ],
  'deep fields': [
    `{"meta": ${'[1,'.repeat(10_000)}1${']'.repeat(10_000)}}`,
    'results_file: results.x is nested too deeply: line 1, column 3007: more than 1000 levels',
    'fields',
  ],
};

describe('a broken results file is an error that names it and the place', () => {
  it.each(Object.entries(BROKEN))('%s', async (_name, [content, message, format, pointer]) => {
    expect(await outcomeOf(content, format, pointer)).toBe(message);
  });

  it.each(globSync('**/*.{xml,json}', { cwd: FOLDER }))('%s, cut at every tenth byte', async (name) => {
    const whole = readFileSync(join(FOLDER, name));
    const end = whole.toString('latin1').trimEnd().length;
    for (let length = 0; length < end; length += 10) {
      expect(await outcomeOf(whole.subarray(0, length))).toMatch(
        /^results_file: results\.x is (?:empty|not )/,
      );
    }
  });

  it('a NUL byte is, however the bytes arrive', async () => {
    const files = memoryFiles({ 'results.x': suite('\0<testcase name="a"/>') }, 1);
    const request = { pattern: '*', format: 'junit', scorePointer: undefined, fieldNames: [] } as const;
    await expect(readResults(request, files)).rejects.toThrow(
      'results_file: results.x is not well-formed XML: line 1, column 11: a NUL byte follows',
    );
  });

  it('all files are named where every case of theirs was skipped', async () => {
    const skipped = suite('<testcase><skipped/></testcase>');
    const request = { pattern: '*', format: 'auto', scorePointer: undefined, fieldNames: [] } as const;
    await expect(readResults(request, memoryFiles({ 'a.xml': skipped, 'b.xml': skipped }))).rejects.toThrow(
      'results_file: a.xml, b.xml: every case was skipped: nothing ran',
    );
  });

  it('every broken file of several is named, and none of the others counts', async () => {
    const files = memoryFiles({ 'a.xml': '<a/>', 'b.xml': suite('<testcase/>'), 'c.json': '{' });
    const reading = readResults(
      { pattern: '*', format: 'auto', scorePointer: undefined, fieldNames: [] },
      files,
    );
    await expect(reading).rejects.toThrow(
      new InputError([
        {
          name: 'results_file',
          message:
            'a.xml is not JUnit: line 1, column 4: expected the element testsuites or testsuite, found a',
        },
        {
          name: 'results_file',
          message:
            'c.json is not JSON: line 1, column 2: expected a key in double quotes or }, found the end of the text',
        },
      ]),
    );
  });
});
