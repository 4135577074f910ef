import { readFileSync } from 'node:fs';
import type { Plugin } from 'rolldown';
import { parse } from 'yaml';

interface ActionYml {
  readonly inputs: Readonly<Record<string, { readonly default?: unknown }>>;
}

/**
 * Lets src read action.yml at build time: `import { defaults } from '../action.yml'` gives every input's default as text.
 * It is '' for an input without a default, and for a default that only the runner can compute (`${{ job.status }}`).
 * Works with rolldown and Vite.
 */
export function actionYml(): Plugin {
  return {
    name: 'action-yml',
    load(id) {
      if (!/[\\/]action\.yml$/.test(id)) return null;
      const { inputs } = parse(readFileSync(id, 'utf8')) as ActionYml;
      const defaults = Object.entries(inputs).map(([name, input]) => [name, textOf(input.default)]);
      const code = `export const defaults = ${JSON.stringify(Object.fromEntries(defaults), null, 2)};\n`;
      return { code, moduleType: 'js' };
    },
  };
}

function textOf(value: unknown): string {
  const text = String(value ?? '');
  return text.includes('${{') ? '' : text;
}
