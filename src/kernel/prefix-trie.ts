import type { Ip } from "../addr/ip.ts";
import type { Prefix } from "../addr/prefix.ts";

/** A prefix with what stands under it, and the next shorter one that covers it. */
export interface Covered<T> {
  readonly prefix: Prefix;
  /** In the order in which they came. */
  readonly items: readonly T[];
  readonly wider: Covered<T> | undefined;
}

/** Slots of one block: eight bits of an address choose one. */
const BLOCK = 256;
/** A trie of more is not made: 32 MiB, which thousands of scattered IPv6 host routes would need. */
const MOST_SLOTS = 8 * 1024 * 1024;

/**
 * Longest-prefix match for one address family: a multibit trie of eight bits a step, its prefixes expanded to the ends
 * of their steps (Srinivasan and Varghese, "Fast address lookups using controlled prefix expansion", 1999). An IPv4
 * lookup reads at most four numbers of one array.
 */
export class PrefixTrie<T> {
  /** The place of the next block, negative; else that of the entry which holds from here on, 0 for none. */
  #slots = new Int32Array(4 * BLOCK);
  #used = BLOCK;
  readonly #entries: (Covered<T> | undefined)[] = [undefined];

  /** `undefined` when it would be too large. All prefixes are of one family. */
  static of<T>(items: Iterable<readonly [Prefix, T]>): PrefixTrie<T> | undefined {
    const byPrefix = new Map<string, { readonly prefix: Prefix; readonly items: T[] }>();
    for (const [prefix, item] of items) {
      const key = `${prefix}`;
      const known = byPrefix.get(key);
      if (known) known.items.push(item);
      else byPrefix.set(key, { prefix, items: [item] });
    }
    const trie = new PrefixTrie<T>();
    // What is inserted later is longer: it finds on its way what covers it.
    const sorted = [...byPrefix.values()].sort((a, b) => a.prefix.length - b.prefix.length);
    return sorted.every(({ prefix, items: own }) => trie.#insert(prefix, own)) ? trie : undefined;
  }

  /** The longest prefix that covers an address. */
  match({ words }: Ip): Covered<T> | undefined {
    let slot = this.#descend(0, words[0] as number);
    for (let i = 1; slot < 0; i++) slot = this.#descend(-slot, words[i] as number);
    return this.#entries[slot];
  }

  /** Follows the bits of one word from a block on: the next block, negative, or an entry. */
  #descend(block: number, word: number): number {
    const slots = this.#slots;
    const first = slots[block + (word >>> 24)] as number;
    if (first >= 0) return first;
    const second = slots[((word >>> 16) & 255) - first] as number;
    if (second >= 0) return second;
    const third = slots[((word >>> 8) & 255) - second] as number;
    return third >= 0 ? third : (slots[(word & 255) - third] as number);
  }

  #insert(prefix: Prefix, items: readonly T[]): boolean {
    const { words } = prefix.ip;
    const byte = (i: number) => ((words[i >> 2] as number) >>> (24 - 8 * (i & 3))) & 255;
    const last = Math.max(Math.ceil(prefix.length / 8) - 1, 0);
    let block = 0;
    for (let i = 0; i < last; i++) {
      const at = block + byte(i);
      if ((this.#slots[at] as number) >= 0 && !this.#branch(at)) return false;
      block = -(this.#slots[at] as number);
    }
    const first = block + byte(last);
    const count = 1 << (8 * (last + 1) - prefix.length);
    const entry = this.#entries.length;
    this.#entries.push({ prefix, items, wider: this.#entries[this.#slots[first] as number] });
    this.#slots.fill(entry, first, first + count);
    return true;
  }

  /** Puts a block in the place of a slot's entry, which holds all over it. */
  #branch(at: number): boolean {
    if (this.#used + BLOCK > MOST_SLOTS) return false;
    if (this.#used + BLOCK > this.#slots.length) {
      const larger = new Int32Array(2 * this.#slots.length);
      larger.set(this.#slots);
      this.#slots = larger;
    }
    this.#slots.fill(this.#slots[at] as number, this.#used, this.#used + BLOCK);
    this.#slots[at] = -this.#used;
    this.#used += BLOCK;
    return true;
  }
}
