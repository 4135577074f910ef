import { CASE_STATUSES, type CaseStatus } from './tests.ts';

/** A status for each of many cases, by a key of up to 53 bits. A Map of numbers takes five times the memory, and longer. */
export class CaseTable {
  #keys = new Float64Array(1024);
  /** 0 for a free place, else 1 plus the index in `CASE_STATUSES`. */
  #statuses = new Uint8Array(1024);
  #size = 0;

  /** Adds a case, or another result of it: the worse one counts. Returns its status before; undefined for a new one. */
  add(key: number, status: CaseStatus): CaseStatus | undefined {
    const place = this.#placeOf(key);
    const before = this.#statuses[place] ?? 0;
    this.#keys[place] = key;
    this.#statuses[place] = Math.max(before, CASE_STATUSES.indexOf(status) + 1);
    if (before > 0) return CASE_STATUSES[before - 1];
    if (++this.#size > this.#keys.length * 0.7) this.#grow();
    return undefined;
  }

  /** Where the key is, or the free place for it. */
  #placeOf(key: number): number {
    const mask = this.#keys.length - 1;
    let place = (key >>> 0) & mask;
    while (this.#statuses[place] !== 0 && this.#keys[place] !== key) place = (place + 1) & mask;
    return place;
  }

  #grow(): void {
    const [keys, statuses] = [this.#keys, this.#statuses];
    this.#keys = new Float64Array(2 * keys.length);
    this.#statuses = new Uint8Array(2 * keys.length);
    for (const [i, key] of keys.entries()) {
      const { [i]: status = 0 } = statuses;
      if (status === 0) continue;
      const place = this.#placeOf(key);
      this.#keys[place] = key;
      this.#statuses[place] = status;
    }
  }
}
