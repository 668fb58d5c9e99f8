/**
 * Things that can be made again when they are asked for again, so that only those asked for lately are kept: a network
 * of thousands of machines can be gone through one by one.
 */
export class Lately<T> {
  readonly #most: number;
  readonly #make: (name: string) => T | undefined;
  #now = new Map<string, T>();
  #before = new Map<string, T>();

  /** At least the last `most` are kept, and at most twice as many. */
  constructor(most: number, make: (name: string) => T | undefined) {
    this.#most = most;
    this.#make = make;
  }

  get(name: string): T | undefined {
    const found = this.#now.get(name);
    if (found !== undefined) return found;
    const thing = this.#before.get(name) ?? this.#make(name);
    if (thing === undefined) return undefined;
    if (this.#now.size >= this.#most) {
      this.#before = this.#now;
      this.#now = new Map();
    }
    this.#now.set(name, thing);
    return thing;
  }

  forget(name: string): void {
    this.#now.delete(name);
    this.#before.delete(name);
  }

  clear(): void {
    this.#now.clear();
    this.#before.clear();
  }
}
