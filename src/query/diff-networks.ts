import { diffSegments, type Near, NetnsDiff } from "../kernel/diff.ts";
import { type Explained, explainer } from "../kernel/diff-causes.ts";
import { type Cause, MOST_LISTED, type Part, type PlaceKind, Tally } from "../kernel/diff-tally.ts";
import type { Network } from "../kernel/network.ts";
import type { RowChange } from "../kernel/row-change.ts";
import type { Peer } from "../kernel/table.ts";
import { DiffClasses, type MachineClass } from "./diff-classes.ts";
import type { Ground } from "./diff-side.ts";
import type { PeerKind, Relation } from "./peer-kind.ts";

/** What makes two networks different: how many rows, and the few causes behind them. */
export interface Diff {
  /** Of namespaces and segments that both sides have. */
  readonly rows: number;
  readonly causes: readonly Cause[];
  /** All of them, or where there are too many some for each cause. */
  readonly changes: readonly RowChange[];
  /** Namespaces and segments that one side has alone; their rows are not listed. */
  readonly only: { readonly left: readonly string[]; readonly right: readonly string[] };
  /** Those of one namespace or segment, explained. */
  in(place: string): readonly Explained[];
  /** All of them, one namespace or segment after the other; none is held. */
  all(): Iterable<Explained>;
}

/** A network, and what it was made from. */
export interface DiffGround extends Ground {
  readonly network: Network;
}

/**
 * Compares the tables of two networks, and what their segments do to frames. It looks at one machine of each class with
 * one peer of each kind, and counts for how many they stand: the cost is that of the classes, not of the rows.
 */
export function diffNetworks(left: DiffGround, right: DiffGround, most = MOST_LISTED): Diff {
  const { common, only } = namesOf(left.network, right.network);
  const apart = new Set<string>();
  for (;;) {
    const comparison = new Comparison(left, right, common, apart);
    const { tally, mixed } = comparison.count();
    // Rows of such peers stand where other rows do: they are looked at each by itself.
    for (const name of mixed) apart.add(name);
    if (mixed.length > 0) continue;
    const whole = tally.rows <= most ? comparison.listed() : undefined;
    const causes = (whole?.tally ?? tally).causes();
    return {
      rows: tally.rows,
      causes,
      changes: whole?.changes ?? [...new Set(causes.flatMap(({ changes }) => changes))],
      only,
      in: (place) => comparison.in(place),
      all: () => comparison.all(),
    };
  }
}

/** What a machine holds for itself and for those whose rows cannot be looked at apart from its own. */
interface Own {
  readonly diff: NetnsDiff;
  readonly found: readonly Explained[];
  readonly explain: (change: RowChange) => Explained;
}

class Comparison {
  readonly #left: Network;
  readonly #right: Network;
  /** The namespaces that both sides have. */
  readonly #common: readonly string[];
  readonly #classes: DiffClasses;
  readonly #own = new Map<string, Own>();
  /** What a machine of one kind holds for a peer of another, by how they stand to one another. */
  readonly #held = new Map<string, readonly Explained[] | undefined>();
  readonly #before = new Map<string, Peer>();
  readonly #after = new Map<string, Peer>();
  /** The pods whose like have changes. */
  readonly #changed = new Set<string>();
  #classOf: ReadonlyMap<string, MachineClass> | undefined;

  constructor(left: DiffGround, right: DiffGround, common: readonly string[], apart: ReadonlySet<string>) {
    this.#left = left.network;
    this.#right = right.network;
    this.#common = common;
    const routers = common.filter((name) => name.startsWith("router/"));
    this.#classes = new DiffClasses(left, right, routers, apart);
    for (const [network, peers] of [
      [left.network, this.#before],
      [right.network, this.#after],
    ] as const) {
      const [first] = network.names();
      for (const peer of network.netns(first ?? "")?.peers.all() ?? []) peers.set(peer.name, peer);
    }
  }

  /** Counts everything by classes; `mixed` are peers that must be looked at each by itself first. */
  count(): { readonly tally: Tally; readonly mixed: readonly string[] } {
    const tally = new Tally("some");
    for (const machine of this.#classes.machines) {
      const parts: Part[] = [{ found: this.#ownOf(machine).found, times: 1 }];
      for (const kind of this.#classes.kinds) {
        for (const [relation, times] of kind.counts(machine, machine.near)) {
          const found = this.#heldFor(machine, kind, relation);
          if (!found) return { tally, mixed: [...kind.members.keys()] };
          parts.push({ found, times });
        }
      }
      tally.add(kindOf(machine.netns), machine.members.length, parts);
    }
    for (const { members } of this.#classes.pods) {
      const found = this.#whole(`pod/${members[0]}`);
      if (found.length === 0) continue;
      tally.add("pod", members.length, [{ found, times: 1 }]);
      for (const name of members) this.#changed.add(`pod/${name}`);
    }
    for (const place of this.#segments()) tally.add("segment", 1, [{ found: this.in(place), times: 1 }]);
    return { tally, mixed: [] };
  }

  /** Every row that differs. */
  listed(): { readonly tally: Tally; readonly changes: readonly RowChange[] } {
    const tally = new Tally("all");
    const changes: RowChange[] = [];
    for (const place of [...this.#common, ...this.#segments()]) {
      const found = this.in(place);
      tally.add(kindOf(place), 1, [{ found, times: 1 }]);
      for (const { change } of found) changes.push(change);
    }
    return { tally, changes };
  }

  *all(): Generator<Explained> {
    let last = "";
    for (const place of [...this.#common, ...this.#segments()]) {
      // Pods follow their host.
      if (!place.startsWith("pod/")) {
        for (const network of [this.#left, this.#right]) network.forget?.(last);
        last = place;
      }
      yield* this.in(place);
    }
  }

  /** Those of one namespace or segment that both sides have. */
  in(place: string): readonly Explained[] {
    const segment = place.startsWith("segment/") ? place.slice("segment/".length) : undefined;
    if (segment !== undefined) {
      const [before, after] = [this.#left.segments.get(segment), this.#right.segments.get(segment)];
      const changes = before && after ? diffSegments(before, after) : [];
      return changes.map(explainer(changes));
    }
    if (place.startsWith("pod/")) return this.#changed.has(place) ? this.#whole(place) : [];
    this.#classOf ??= new Map(this.#classes.machines.flatMap((each) => each.members.map((name) => [name, each])));
    const machine = this.#classOf.get(place);
    if (!machine) return [];
    const names = this.#peersOf(machine, place);
    // A machine whose like have no change is not built.
    if (names.length === 0 && this.#ownOf(machine).found.length === 0) return [];
    return this.#whole(place, this.#peers([...machine.near, ...names]));
  }

  #whole(netns: string, near?: Near): readonly Explained[] {
    const diff = this.#diff(netns);
    const changes = diff?.changes(near) ?? [];
    return changes.map(explainer(changes, diff));
  }

  #diff(netns: string): NetnsDiff | undefined {
    const [before, after] = [this.#left.netns(netns), this.#right.netns(netns)];
    return before && after && new NetnsDiff(before, after);
  }

  /** The peers, of those looked at by kinds, for whom a machine of a class holds something that differs. */
  #peersOf(machine: MachineClass, netns: string): readonly string[] {
    const self = { name: netns.slice(netns.indexOf("/") + 1), sites: machine.sites };
    const names: string[] = [];
    for (const kind of this.#classes.kinds) {
      for (const relation of kind.counts(self, machine.near).keys()) {
        if (this.#heldFor(machine, kind, relation)?.length === 0) continue;
        for (const name of kind.related(self, relation, machine.near)) names.push(name);
      }
    }
    return names;
  }

  #peers(names: readonly string[]): Near {
    return {
      before: names.flatMap((name) => this.#before.get(name) ?? []),
      after: names.flatMap((name) => this.#after.get(name) ?? []),
    };
  }

  #ownOf(machine: MachineClass): Own {
    const known = this.#own.get(machine.key);
    if (known) return known;
    const diff = this.#diff(machine.netns);
    if (!diff) throw new Error(`${machine.netns} is not on both sides`);
    const changes = diff.changes(this.#peers([...machine.near]));
    const explain = explainer(changes, diff);
    const own = { diff, found: changes.map(explain), explain };
    this.#own.set(machine.key, own);
    return own;
  }

  #heldFor(machine: MachineClass, kind: PeerKind, relation: Relation): readonly Explained[] | undefined {
    const key = `${machine.kind} → ${kind.index} ${relation}`;
    if (this.#held.has(key)) return this.#held.get(key);
    const [peer] = kind.related(machine, relation, machine.near);
    const diff = this.#diff(machine.netns);
    const changes = peer === undefined ? [] : diff?.changesFor(this.#peers([peer]));
    const found = changes?.map(this.#ownOf(machine).explain);
    this.#held.set(key, found);
    return found;
  }

  #segments(): readonly string[] {
    return segmentNames([...this.#left.segments.keys()].filter((name) => this.#right.segments.has(name)));
  }
}

function kindOf(place: string): PlaceKind {
  const kind = place.slice(0, place.indexOf("/"));
  return kind === "host" || kind === "router" || kind === "segment" ? kind : "pod";
}

/** The namespaces that both have; and those, and segments, that one has alone. */
function namesOf(left: Network, right: Network): { readonly common: readonly string[]; readonly only: Diff["only"] } {
  const [before, after] = [new Set(left.names()), new Set(right.names())];
  const [wires, others] = [left.segments, right.segments].map((segments) => segmentNames(segments.keys()));
  return {
    common: [...before].filter((name) => after.has(name)),
    only: {
      left: [...less(before, after), ...less(wires ?? [], new Set(others))],
      right: [...less(after, before), ...less(others ?? [], new Set(wires))],
    },
  };
}

function segmentNames(names: Iterable<string>): readonly string[] {
  return [...names].map((name) => `segment/${name}`);
}

function less(names: Iterable<string>, others: ReadonlySet<string>): readonly string[] {
  return [...names].filter((name) => !others.has(name));
}
