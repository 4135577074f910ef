import { type Problem, problemOf } from '../errors.ts';
import { type Files, readText } from '../files.ts';
import { metaObject } from '../inputs/forms.ts';
import type { JsonObject } from '../json.ts';

/** Reads the JSON object in `meta_file`, if one is named. */
export async function readMetaFile(
  path: string | undefined,
  files: Files,
): Promise<{ readonly meta?: JsonObject; readonly problems: readonly Problem[] }> {
  if (path === undefined) return { problems: [] };
  try {
    return { meta: metaObject(await readText(files, path)), problems: [] };
  } catch (error) {
    return { problems: [problemOf('meta_file', path, error)] };
  }
}
