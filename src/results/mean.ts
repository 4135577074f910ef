/** A mean of numbers that come one by one. */
export class Mean {
  #sum = 0;
  #count = 0;

  add(value: number | undefined): void {
    if (value === undefined) return;
    this.#sum += value;
    this.#count++;
  }

  merge(other: Mean): void {
    this.#sum += other.#sum;
    this.#count += other.#count;
  }

  get sum(): number {
    return this.#sum;
  }

  get count(): number {
    return this.#count;
  }

  /** To 12 significant digits. */
  get value(): number {
    return tidy(this.#sum / this.#count);
  }
}

/** Means by name. */
export class NamedMeans {
  readonly #means = new Map<string, Mean>();

  /** Without a name or a value, adds nothing. */
  add(name: string, value: number | undefined): void {
    if (name.trim() !== '' && value !== undefined) this.#of(name).add(value);
  }

  merge(others: NamedMeans): void {
    for (const [name, mean] of others.#means) this.#of(name).merge(mean);
  }

  get size(): number {
    return this.#means.size;
  }

  entries(): (readonly [name: string, mean: number])[] {
    return [...this.#means].map(([name, mean]) => [name, mean.value]);
  }

  #of(name: string): Mean {
    const mean = this.#means.get(name) ?? new Mean();
    this.#means.set(name, mean);
    return mean;
  }
}

/** Removes the noise of binary addition: 0.30000000000000004 becomes 0.3. */
export function tidy(value: number): number {
  return Number(value.toPrecision(12));
}
