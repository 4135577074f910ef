import { createReadStream, globSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readResults } from '../../src/results/read-results.ts';
import { recordOf } from '../harness/record.ts';
import { EXPECTED_RECORDS } from './expected-records.ts';

const FOLDER = join(import.meta.dirname, '../fixtures/results');

describe('what real tools wrote', () => {
  it.each(EXPECTED_RECORDS)('$tool: $pattern', async ({ pattern, score, error, meta, warnings = [] }) => {
    const { tests = expect.fail('there are no test results'), ...rest } = await readResults(
      { patterns: [pattern], format: 'auto', pointer: undefined, keepCases: { kind: 'none', max: 1 } },
      {
        find: async () => globSync(pattern, { cwd: FOLDER }).sort(),
        read: (path) => createReadStream(join(FOLDER, path)),
        modifiedMs: () => undefined,
      },
      new Date(0),
    );
    expect({ ...recordOf(tests, 100), ...rest }).toEqual({
      score,
      ...(error.length > 0 && { error: error.join('\n') }),
      meta,
      warnings,
      problems: [],
    });
  });
});
