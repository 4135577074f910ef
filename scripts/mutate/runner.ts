import { TestRunner } from 'vitest';

/** Loads no more test files after a failure, which is all that Stryker wants to know. Vitest would load them and skip their tests. */
export default class FirstFailureRunner extends TestRunner {
  #isStopped = false;

  override cancel(...args: Parameters<TestRunner['cancel']>): void {
    this.#isStopped = true;
    super.cancel(...args);
  }

  override importFile(...args: Parameters<TestRunner['importFile']>): unknown {
    return this.#isStopped ? undefined : super.importFile(...args);
  }
}
