import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { runStep } from '../harness/runner.ts';

const ROOT = join(import.meta.dirname, '../..');
const read = (path: string) => readFileSync(join(ROOT, path), 'utf8');
const DOCUMENTS = globSync(['*.md', 'docs/*.md'], { cwd: ROOT });
const proseOf = (document: string) => read(document).replaceAll(/^```.*?^```$/gms, '');

/** The anchors of a document's headings, as GitHub makes them. */
function anchorsOf(document: string): string[] {
  return [...proseOf(document).matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  );
}

function isDead(document: string, target: string): boolean {
  const [path = '', anchor] = target.split('#');
  const file = path === '' ? document : join(dirname(document), path);
  if (!existsSync(join(ROOT, file))) return true;
  return anchor !== undefined && !anchorsOf(file).includes(anchor);
}

/** The quoted words in the first column of the tables in docs/troubleshooting.md. `…` stands for anything. */
const PHRASES = [...read('docs/troubleshooting.md').matchAll(/^\| (`.*?) \| /gm)]
  .flatMap(([, cell = '']) => [...cell.matchAll(/`([^`]+)`/g)])
  .map(([, phrase = '']) => new RegExp(phrase.split('…').map(RegExp.escape).join('.*')));

/** The annotations and texts in test/messages.md, up to its part on the log. */
function messages(): string[] {
  const [catalogue = ''] = read('test/messages.md').split('\n## The log\n');
  const lists = [...catalogue.matchAll(/^- (?:error|warning|notice|text).*\n((?: {2}> .*\n)+)/gm)];
  return lists
    .flatMap(([, list = '']) => list.trim().split(/\s*\n\s*/))
    .map((line) => line.replace('> ', ''));
}

describe('the documents', () => {
  it('have no dead links or pictures', () => {
    const dead = DOCUMENTS.flatMap((document) =>
      [...proseOf(document).matchAll(/\]\(([^)]+)\)|\b(?:src|srcset)="([^"]+)"/g)]
        .map(([, link, picture]) => link ?? picture ?? '')
        .filter((target) => !target.startsWith('https://') && isDead(document, target))
        .map((target) => `${document}: ${target}`),
    );
    expect(dead).toEqual([]);
  });

  it('show YAML that parses, and give this action only inputs that it has', () => {
    const inputs = new Set(Object.keys(parse(read('action.yml')).inputs));
    const steps = DOCUMENTS.flatMap((document) =>
      [...read(document).matchAll(/^```yaml\n(.*?)^```$/gms)].flatMap(([, block = '']) => {
        const shown = parse(block);
        return Array.isArray(shown) ? shown.map((step) => ({ document, step })) : [];
      }),
    );
    const unknown = steps
      .filter(({ step }) => /\/opper-span-action@v1$/.test(step.uses))
      .flatMap(({ document, step }) => Object.keys(step.with).map((name) => ({ document, name })))
      .filter(({ name }) => !inputs.has(name));
    expect({ unknown, shown: steps.length > 3 }).toEqual({ unknown: [], shown: true });
  });

  it('have every message of test/messages.md in docs/troubleshooting.md', () => {
    expect(messages().filter((message) => !PHRASES.some((phrase) => phrase.test(message)))).toEqual([]);
  });

  it('are checked for links to a missing page or heading', () => {
    expect([
      isDead('README.md', 'docs/api.md#ci-facts'),
      isDead('docs/forks.md', '../README.md'),
      isDead('README.md', 'docs/api.md#nothing'),
      isDead('docs/forks.md', 'README.md'),
    ]).toEqual([false, false, true, true]);
  });

  it('name every CI fact that a job can send, in docs/api.md', async () => {
    const { outputs } = await runStep({
      with: { span_id: '3c90c3cc-0d44-4b50-8888-8dd25736052a', dry_run: 'true' },
      context: {
        github: {
          event_name: 'pull_request',
          ref: 'refs/pull/7/merge',
          head_ref: 'greeting',
          base_ref: 'main',
        },
        matrix: { model: 'small-2' },
      },
      event: JSON.parse(read('test/fixtures/events/pull-request.json')),
    });
    const told = [...read('docs/api.md').matchAll(/`((?:cicd|vcs|github)\.[a-z._]+)`/g)].map(
      ([, fact]) => fact,
    );
    expect(new Set(told)).toEqual(new Set(Object.keys(JSON.parse(outputs.meta ?? ''))));
  });
});

describe('README', () => {
  it("has a workflow to copy that has at most 14 lines of jobs, and no command but the user's own", () => {
    const [, jobs = ''] = read('examples/quick-start.yml').split(/^(?=jobs:)/m);
    expect(jobs.trimEnd().split('\n').length).toBeLessThanOrEqual(14);
    expect(jobs.match(/\brun: .*/g)).toEqual([
      'run: pytest --junitxml=reports/pytest.xml # Your own tests or eval',
    ]);
  });
});
