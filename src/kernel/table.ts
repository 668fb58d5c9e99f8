import type { Ip } from "../addr/ip.ts";
import type { Mac } from "../addr/mac.ts";
import type { Prefix } from "../addr/prefix.ts";
import { PrefixIndex } from "./prefix-index.ts";
import type { Writer } from "./row.ts";

/** Another machine that an agent programs rows for. Only its name matters here. */
export interface Peer {
  readonly name: string;
}

/** All machines an agent knows, and which of them a key can belong to; shared by every table of a network. */
export interface Peers {
  all(): Iterable<Peer>;
  /** Those with an address or a prefix that covers `ip`, in the order of `all`. */
  byIp(ip: Ip): readonly Peer[];
  /** Those with a device that has `mac`. */
  byMac(mac: Mac): readonly Peer[];
}

/** No peers at all: the tables of a pod. */
export const NO_PEERS: Peers = { all: () => [], byIp: () => [], byMac: () => [] };

/** A rule an agent follows for every peer alike: the unexpanded rows. */
export interface Family {
  readonly name: string;
  readonly by: Writer;
  /** The agent never stops: it looks at the tables again after they were changed, and writes its rows anew. */
  readonly live?: boolean;
}

/** A row that was changed by hand after the agents were done. */
export interface Exception<Row> {
  readonly op: "add" | "del";
  readonly row: Row;
}

/** What readers of a table see. A lookup that would need one peer's rows makes those alone. */
export interface Table<Row> {
  /** Every row, expanded, in program order. */
  rows(): Iterable<Row>;
  /**
   * The rows that one of `peers` or nobody in particular caused; all that can match a key of theirs. With an address,
   * rows with a prefix that does not cover it may be left out.
   */
  near(peers: readonly Peer[], dst?: Ip): readonly Row[];
  /** Rows written one by one and those changed by hand, without what families hold. */
  written(): Iterable<Row>;
  readonly families: readonly Family[];
  readonly exceptions: readonly Exception<Row>[];
}

/** Makes the rows that families hold for one peer, or for none in particular, already admitted. */
export type Expand<Row> = (peer?: Peer) => readonly Row[];

/**
 * Rows written one by one, rows that follow from a rule per peer, and rows changed afterwards.
 * A key stands once: a later row replaces an earlier one.
 */
export class RowTable<Row extends { readonly by: Writer }> implements Table<Row> {
  readonly families: Family[] = [];
  readonly exceptions: Exception<Row>[] = [];
  readonly #key: (row: Row) => string;
  readonly #peers: Peers;
  readonly #expand: Expand<Row>;
  #own = new Map<string, Row>();
  readonly #late = new Map<string, Row>();
  /** Keys of rows taken out by hand, and whose those were. */
  readonly #removed = new Map<string, Set<Writer>>();
  readonly #gone: ((row: Row) => boolean)[] = [];
  #sealed = false;
  readonly #prefixOf: ((row: Row) => Prefix) | undefined;
  readonly #index: PrefixIndex<Row> | undefined;

  /** `prefixOf`: what rows are looked up by, where that is a prefix. */
  constructor(key: (row: Row) => string, peers: Peers, expand: Expand<Row>, prefixOf?: (row: Row) => Prefix) {
    this.#key = key;
    this.#peers = peers;
    this.#expand = expand;
    this.#prefixOf = prefixOf;
    this.#index = prefixOf && new PrefixIndex(prefixOf);
  }

  *rows(): Iterable<Row> {
    if (this.families.length === 0) {
      yield* this.near([]);
      return;
    }
    yield* this.#merge(this.#peers.all());
  }

  *written(): Iterable<Row> {
    for (const [key, row] of this.#own) if (!this.#removed.has(key) && !this.#late.has(key)) yield row;
    yield* this.#late.values();
  }

  near(peers: readonly Peer[], dst?: Ip): readonly Row[] {
    const own = (dst && this.#index?.near(this.#own, dst)) ?? this.#own;
    const plain = this.families.length === 0 && this.#late.size === 0 && this.#removed.size === 0;
    return plain ? Array.from(own, ([, row]) => row) : [...this.#merge(peers, own)];
  }

  /** Writes a row unless one with the same key was written before. */
  putNew(row: Row): void {
    const key = this.#key(row);
    if (this.#late.has(key) || this.#own.has(key)) return;
    this.#index?.add(key, row);
    this.#own.set(key, row);
  }

  /** Writes a row; one with the same key gives way. */
  put(row: Row): void {
    const key = this.#key(row);
    if (this.#own.has(key)) this.#index?.forget();
    else this.#index?.add(key, row);
    this.#own.set(key, row);
  }

  /**
   * Takes out the rows that stand and that `gone` names; for a device that goes down. Once the table is sealed, rows of
   * families stand too, though nobody has asked for them yet.
   */
  drop(gone: (row: Row) => boolean): void {
    this.#own = new Map([...this.#own].filter(([, row]) => !gone(row)));
    this.#index?.forget();
    for (const [key, row] of this.#late) if (gone(row)) this.#late.delete(key);
    if (this.#sealed) this.#gone.push(gone);
  }

  /** The agents are done. */
  seal(): void {
    this.#sealed = true;
  }

  /** The table as it stands, whatever is changed in this one afterwards. */
  snapshot(): Table<Row> {
    const copy = new RowTable(this.#key, this.#peers, this.#expand, this.#prefixOf);
    copy.families.push(...this.families);
    copy.exceptions.push(...this.exceptions);
    copy.#own = new Map(this.#own);
    for (const [key, row] of this.#late) copy.#late.set(key, row);
    for (const [key, writers] of this.#removed) copy.#removed.set(key, new Set(writers));
    copy.#gone.push(...this.#gone);
    return copy;
  }

  /** Writes a row after the agents are done. */
  except(op: "add" | "del", row: Row): void {
    const key = this.#key(row);
    this.exceptions.push({ op, row });
    this.#late.delete(key);
    if (op === "add") this.#late.set(key, row);
    else this.#removed.set(key, (this.#removed.get(key) ?? new Set()).add(row.by));
  }

  *#merge(peers: Iterable<Peer>, own: Iterable<readonly [string, Row]> = this.#own): Generator<Row> {
    const merged = new Map<string, Row>();
    for (const [key, row] of own) if (!this.#removed.has(key)) merged.set(key, row);
    if (this.families.length > 0) {
      const live = new Set(this.families.flatMap((family) => (family.live ? [family.by] : [])));
      const add = (row: Row) => {
        const key = this.#key(row);
        const removed = this.#removed.get(key);
        // An agent that never stops puts its row where another's was taken out.
        const stands = live.has(row.by)
          ? removed?.has(row.by) !== true
          : removed === undefined && !this.#gone.some((gone) => gone(row));
        if (stands) merged.set(key, row);
      };
      for (const row of this.#expand()) add(row);
      for (const peer of peers) for (const row of this.#expand(peer)) add(row);
    }
    for (const [key, row] of this.#late) merged.set(key, row);
    yield* merged.values();
  }
}
