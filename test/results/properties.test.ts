import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { recordOf } from '../harness/record.ts';
import { read, testsIn } from './memory-files.ts';

interface Case {
  readonly suite: string;
  readonly name: string;
  readonly outcome: 'passed' | 'failed' | 'skipped';
  readonly message: string;
  readonly ms: number;
}

// Any text that XML can hold and that JSON holds too.
const text = fc
  .string({ unit: 'grapheme', minLength: 1, maxLength: 400 })
  .filter((value) => value.trim() !== '');
const cases = fc
  .array(
    fc.record({
      suite: text,
      name: text,
      outcome: fc.constantFrom('passed' as const, 'failed' as const, 'skipped' as const),
      message: fc.array(text, { minLength: 1, maxLength: 3 }).map((lines) => lines.join('\n')),
      ms: fc.nat(100_000),
    }),
    { minLength: 1, maxLength: 30 },
  )
  .filter((all) => all.some(({ outcome }) => outcome !== 'skipped'));

const xml = (value: string) => value.replace(/[<>&"\n]/g, (character) => `&#${character.codePointAt(0)};`);

const WRITERS = {
  junit: (all: readonly Case[]) =>
    `<testsuites>${all
      .map(({ suite, name, outcome, message, ms }) => {
        const inner = { passed: '', failed: `<failure message="${xml(message)}"/>`, skipped: '<skipped/>' }[
          outcome
        ];
        return `<testsuite name="${xml(suite)}"><testcase name="${xml(name)}" time="${ms / 1000}">${inner}</testcase></testsuite>`;
      })
      .join('\n')}</testsuites>`,
  ctrf: (all: readonly Case[]) =>
    JSON.stringify({
      results: { tests: all.map(({ outcome, ms, ...rest }) => ({ ...rest, status: outcome, duration: ms })) },
    }),
  jest: (all: readonly Case[]) =>
    JSON.stringify({
      testResults: all.map(({ suite, name, outcome, message, ms }) => ({
        name: '/a.js',
        status: outcome,
        assertionResults: [
          { ancestorTitles: [suite], title: name, status: outcome, duration: ms, failureMessages: [message] },
        ],
      })),
    }),
};

async function recordIn(content: string, size?: number) {
  const tests = await testsIn(content, {}, size);
  return { tests, record: recordOf(tests, 100) };
}

describe('for any cases', () => {
  it('the counts add up, and the score is the pass rate of those that ran', async () => {
    await fc.assert(
      fc.asyncProperty(cases, fc.constantFrom(...Object.values(WRITERS)), async (all, write) => {
        const { tests, record } = await recordIn(write(all));
        const count = (outcome: Case['outcome']) => all.filter((one) => one.outcome === outcome).length;
        expect(tests).toMatchObject({
          passed: count('passed'),
          failed: count('failed'),
          errored: 0,
          skipped: count('skipped'),
          durationMs: all.reduce((sum, { ms }) => sum + ms, 0),
        });
        expect(record.meta['test.total']).toBe(all.length);
        expect(record.score).toBe(Math.round((100 * count('passed')) / (count('passed') + count('failed'))));
        const lines = record.error?.split('\n').length ?? 0;
        expect(lines).toBe(Math.min(count('failed'), 10) + (count('failed') > 10 ? 1 : 0));
      }),
    );
  });

  it('JUnit, CTRF and Jest give the same record, however the bytes arrive', async () => {
    await fc.assert(
      fc.asyncProperty(cases, fc.integer({ min: 1, max: 999 }), async (all, size) => {
        const [junit, ctrf, jest] = await Promise.all([
          recordIn(WRITERS.junit(all), size),
          recordIn(WRITERS.ctrf(all), size),
          recordIn(WRITERS.jest(all), size),
        ]);
        const named = (format: string) => ({
          tests: { ...junit.tests, format },
          record: { ...junit.record, meta: { ...junit.record.meta, 'test.format': format } },
        });
        expect(ctrf).toEqual(named('ctrf'));
        // Only Jest names the file of a case.
        const failures = jest.tests.failures.map(({ name, message }) => ({ name, message }));
        expect({ ...jest, tests: { ...jest.tests, failures } }).toEqual(named('jest'));
      }),
    );
  });

  it('any bytes give a record or an InputError', async () => {
    await fc.assert(
      fc.asyncProperty(
        cases,
        fc.constantFrom(...Object.values(WRITERS)),
        fc.nat(),
        fc.nat(255),
        async (all, write, at, byte) => {
          const bytes = new TextEncoder().encode(write(all));
          bytes[at % bytes.length] = byte;
          const reading = read({ x: bytes });
          const end = await reading.then(
            ({ tests }) => tests && 'tests',
            (error: Error) => error.name,
          );
          expect(['tests', 'InputError']).toContain(end);
        },
      ),
    );
  });
});
