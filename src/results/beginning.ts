import { FormError } from '../errors.ts';
import { type Files, readTextPieces } from '../files.ts';
import { cut, quoted } from '../words.ts';

/** Like {@link checkBeginning}, for a file of any size. */
export async function readBeginning(path: string, files: Files): Promise<string> {
  let text = '';
  for await (const piece of readTextPieces(files, path)) {
    text = (text + piece).trimStart();
    if (text.length >= 200) break;
  }
  return checkBeginning(text);
}

/**
 * The first line of a text that is not blank, cut. Throws {@link FormError} if there is none, or if the line shows that a script
 * runner such as npm printed into the file before the tool did.
 */
export function checkBeginning(text: string): string {
  const [line = ''] = text
    .trimStart()
    .slice(0, 200)
    .split(/[\r\n]/, 1);
  const beginning = cut(line, 80);
  if (beginning === '') throw new FormError('is empty');
  if (/^(?:[>$] |yarn run )/.test(beginning)) {
    throw new FormError(
      `begins with what npm prints, ${quoted(beginning)}. Run the tool with npm run --silent, or let it write the file itself (--outputFile)`,
    );
  }
  return beginning;
}
