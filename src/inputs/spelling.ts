const MIN_LENGTH = 5;

/** Whether `-` stands for `_`, or one letter is more, less, another, or swapped with the next. */
export function isMisspelt(name: string, right: string): boolean {
  if (name.replaceAll('-', '_') === right) return true;
  if (right.length < MIN_LENGTH) return false;
  const [a, b] = withoutCommonEnds(name, right);
  return Math.max(a.length, b.length) === 1 || (a.length === 2 && a === [...b].reverse().join(''));
}

function withoutCommonEnds(a: string, b: string): [string, string] {
  let start = 0;
  while (start < Math.min(a.length, b.length) && a[start] === b[start]) start++;
  let end = 0;
  while (end < Math.min(a.length, b.length) - start && a.at(-1 - end) === b.at(-1 - end)) end++;
  return [a.slice(start, a.length - end), b.slice(start, b.length - end)];
}
