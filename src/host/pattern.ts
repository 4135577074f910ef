import { FormError } from '../errors.ts';

const MAX_PATTERN_LENGTH = 1000;
const MAX_ALTERNATIVES = 100;
const MAX_STARS = 4;

/**
 * Throws {@link FormError} for a glob that could take minutes to match. Globs support `*`, `?`, `**` as a whole folder, and `{a,b}` or
 * `{1..9}`. Everything else is literal, brackets too.
 */
export function checkPattern(pattern: string): void {
  if (pattern.length > MAX_PATTERN_LENGTH) {
    throw new FormError(`is longer than ${MAX_PATTERN_LENGTH} characters. Split it into several lines`);
  }
  if (/[@!+*?]\(/.test(pattern)) {
    throw new FormError('has a group such as @(a|b), which is not supported. Write {a,b}, or several lines');
  }
  if (alternativesIn(pattern) > MAX_ALTERNATIVES) {
    throw new FormError(
      `has braces that stand for more than ${MAX_ALTERNATIVES} patterns. Write a wildcard such as reports/*.xml`,
    );
  }
  // The time to match a name grows with its length to the power of the number of stars. Braces may contain slashes, so a pattern
  // with braces is not split.
  const parts = pattern.includes('{') ? [pattern] : pattern.split('/');
  if (parts.some((part) => starsIn(part) > MAX_STARS)) {
    throw new FormError(
      `has more than ${MAX_STARS} * in one name. Use fewer, such as reports/*.xml, or several lines`,
    );
  }
}

/** An upper bound for the number of patterns that the braces stand for. */
function alternativesIn(pattern: string): number {
  let product = 1;
  for (const [, from = '', to = ''] of pattern.matchAll(/\{(-?\w+)\.\.(-?\w+)(?:\.\.-?\d+)?\}/g)) {
    product *= 1 + Math.abs(placeOf(to) - placeOf(from));
  }
  const open: number[] = [];
  for (const [character] of pattern.matchAll(/[{,}]/g)) {
    if (character === '{') open.push(1);
    else if (character === '}') product *= open.pop() ?? 1;
    else if (open.length > 0) open.push((open.pop() ?? 0) + 1);
  }
  return product;
}

/** One end of a range, a number or a letter, as a number. */
function placeOf(end: string): number {
  return /^-?\d+$/.test(end) ? Number(end) : end.charCodeAt(0);
}

/** The number of `*`, not counting `**` as a whole folder. */
function starsIn(part: string): number {
  return part.replaceAll(/(?<=^|\/)\*\*(?=\/|$)/g, '').split('*').length - 1;
}
