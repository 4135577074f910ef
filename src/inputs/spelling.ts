const MIN_LENGTH = 5;

/** Whether a name is `right`, which has no `-`, but `-` stands for `_`, or one letter is more, less, another, or swapped with the next. */
export function isMisspelt(name: string, right: string): boolean {
  if (name.replaceAll('-', '_') === right) return true;
  if (right.length < MIN_LENGTH) return false;
  let start = 0;
  // It ends, since they differ.
  while (name[start] === right[start]) start++;
  const [a, b] = [name.slice(start), right.slice(start)];
  const swapped = a.charAt(1) + a.charAt(0) + a.slice(2);
  return a.slice(1) === b || a === b.slice(1) || a.slice(1) === b.slice(1) || swapped === b;
}
