import type { Ip } from "../addr/ip.ts";
import type { Prefix } from "../addr/prefix.ts";
import { PrefixTrie } from "./prefix-trie.ts";

/** So few rows are looked through sooner than anything is found in a trie of them. */
const FEW = 32;
/** To put a row into a trie takes as long as to look through so many: a single packet's walk never pays for one. */
const COST = 32;

type Keyed<Row> = readonly [key: string, row: Row];
type Trie<Row> = PrefixTrie<Keyed<Row>> | undefined;

/** Finds the rows whose prefixes cover an address, among many that are asked for again and again. */
export class PrefixIndex<Row> {
  readonly #prefixOf: (row: Row) => Prefix;
  #tries: { readonly 4: Trie<Row>; readonly 6: Trie<Row> } | undefined;
  /** Rows that came after the tries were made. */
  #recent: Keyed<Row>[] = [];
  /** How many rows have been looked through since. */
  #seen = 0;

  constructor(prefixOf: (row: Row) => Prefix) {
    this.#prefixOf = prefixOf;
  }

  /** All of `rows` that cover `ip`, those of one prefix in their order, and perhaps others; each with its key. */
  near(rows: ReadonlyMap<string, Row>, ip: Ip): Iterable<Keyed<Row>> {
    if (rows.size <= FEW) return rows;
    this.#seen += this.#tries ? this.#recent.length : rows.size;
    if (this.#seen > COST * rows.size) {
      this.#tries = { 4: this.#trieOf(rows, 4), 6: this.#trieOf(rows, 6) };
      this.#recent = [];
      this.#seen = 0;
    }
    const trie = this.#tries?.[ip.family];
    if (!trie) return rows;
    const found: Keyed<Row>[] = [];
    for (let at = trie.match(ip); at; at = at.wider) found.push(...at.items);
    for (const each of this.#recent) found.push(each);
    return found;
  }

  /** One more row. */
  add(key: string, row: Row): void {
    if (this.#tries) this.#recent.push([key, row]);
  }

  /** Rows went, or are others now. */
  forget(): void {
    this.#tries = undefined;
    this.#recent = [];
  }

  #trieOf(rows: ReadonlyMap<string, Row>, family: 4 | 6): Trie<Row> {
    const keyed = Array.from(rows, (each) => [this.#prefixOf(each[1]), each] as const);
    return PrefixTrie.of(keyed.filter(([prefix]) => prefix.family === family));
  }
}
