import { createReadStream, globSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseDecimal } from '../../src/decimal.ts';
import { fieldsOf, readResults } from '../../src/results/results.ts';
import { EXPECTED_RECORDS } from './expected-records.ts';

const FOLDER = join(import.meta.dirname, '../fixtures/results');

describe('what real tools wrote', () => {
  it.each(EXPECTED_RECORDS)('$tool: $pattern', async ({ pattern, score, error, meta }) => {
    const results = await readResults(
      { pattern, format: 'auto', scorePointer: undefined, fieldNames: [] },
      {
        find: async () => globSync(pattern, { cwd: FOLDER }).sort(),
        read: (path) => createReadStream(join(FOLDER, path)),
      },
    );
    if (results.kind !== 'tests') throw new Error(results.kind);
    expect(fieldsOf(results.tests, parseDecimal('100')!)).toEqual({
      score: BigInt(score),
      error: error.join('\n'),
      meta,
    });
  });
});
