import { createReadStream, globSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { recordOf } from '../../src/results/record.ts';
import { readResults } from '../../src/results/results.ts';
import { EXPECTED_RECORDS } from './expected-records.ts';

const FOLDER = join(import.meta.dirname, '../fixtures/results');

describe('what real tools wrote', () => {
  it.each(EXPECTED_RECORDS)('$tool: $pattern', async ({ pattern, score, error, meta, warnings = [] }) => {
    const results = await readResults(
      { patterns: [pattern], format: 'auto', pointer: undefined, keepCases: { kind: 'none', max: 1 } },
      {
        find: async () => globSync(pattern, { cwd: FOLDER }).sort(),
        read: (path) => createReadStream(join(FOLDER, path)),
      },
    );
    if (results.kind !== 'tests') throw new Error(results.kind);
    expect({ ...recordOf(results.tests, 100), warnings: results.tests.warnings }).toEqual({
      score,
      ...(error.length > 0 && { error: error.join('\n') }),
      meta,
      warnings,
    });
  });
});
