/**
 * Calls `act` for each item, in the given order, four at a time. Begins no more after one resolves to false. Rejects with what
 * `act` rejects with.
 */
export async function fourAtOnce<Item>(
  items: readonly Item[],
  act: (item: Item, index: number) => Promise<boolean>,
): Promise<void> {
  // All of them take the next item from it.
  const next = items.entries();
  let isStopped = false;
  async function work(): Promise<void> {
    for (const [index, item] of next) {
      if (isStopped) return;
      if (!(await act(item, index))) isStopped = true;
    }
  }
  await Promise.all([work(), work(), work(), work()]);
}
