import type { Event, PacketInfo } from "./event.ts";
import type { Trace } from "./trace.ts";

/**
 * One packet followed from where it was made to where it ended, over the fragments and copies that carry it on. What a
 * reader is shown is the stable way: of a flood the copy that gets furthest, of fragments the first or the one that is
 * lost.
 */
export interface Strand {
  /** Places in `trace.events`, ascending. */
  readonly events: readonly number[];
  /** Packets that went another way than those followed, each the root of a strand of its own. */
  readonly others: readonly number[];
  /** How many fragments did exactly what the one followed did, by the packet that was followed. */
  readonly likewise: ReadonlyMap<number, number>;
}

/** The strand of a packet; of the one that was sent, unless another is named. */
export function strandOf(trace: Trace, root = 0): Strand {
  return new Splicer(trace).strand(root);
}

/** How far a packet came: taken in, lost by somebody who had to do with it, or merely not meant. */
const RANK = { delivered: 3, lost: 2, none: 1, ignored: 0 } as const;

class Splicer {
  readonly #trace: Trace;
  readonly #byPacket = new Map<number, number[]>();
  readonly #children = new Map<number, PacketInfo[]>();
  readonly #known = new Map<number, Strand>();

  constructor(trace: Trace) {
    this.#trace = trace;
    for (const [index, { packet }] of trace.events.entries()) push(this.#byPacket, packet, index);
    for (const info of trace.packets) if (info.parent !== undefined) push(this.#children, info.parent, info);
  }

  strand(root: number): Strand {
    const known = this.#known.get(root);
    if (known) return known;
    const made = this.#splice(root);
    this.#known.set(root, made);
    return made;
  }

  #splice(root: number): Strand {
    const own = this.#byPacket.get(root) ?? [];
    const kids = this.#children.get(root) ?? [];
    const of = (cause: PacketInfo["cause"]) => kids.filter((kid) => kid.cause === cause).map((kid) => kid.id);
    const copies = [...of("flood"), ...of("branch")];
    const pieces = of("fragment");
    if (pieces.length > 0) return this.#fragmented(own, pieces, of("reassembled"), copies);
    return this.#flooded(own, copies);
  }

  #fragmented(
    own: readonly number[],
    pieces: readonly number[],
    whole: readonly number[],
    copies: readonly number[],
  ): Strand {
    const strands = pieces.map((id) => ({ id, strand: this.strand(id) }));
    const lost = strands.find(({ strand }) => this.#rank(strand.events) === RANK.lost);
    const followed = lost ?? strands[0];
    if (!followed) return { events: own, others: copies, likewise: new Map() };
    const rest = strands.filter((other) => other !== followed);
    const sign = this.#signature(followed.strand.events);
    const same = rest.filter(({ strand }) => this.#signature(strand.events) === sign);
    const after = whole.map((id) => this.strand(id));
    return {
      events: [...own, ...followed.strand.events, ...after.flatMap((strand) => strand.events)],
      others: [
        ...copies,
        ...rest.filter((other) => !same.includes(other)).map(({ id }) => id),
        ...followed.strand.others,
        ...after.flatMap((strand) => strand.others),
      ],
      likewise: new Map([
        [followed.id, same.length],
        ...followed.strand.likewise,
        ...after.flatMap((strand) => [...strand.likewise]),
      ]),
    };
  }

  #flooded(own: readonly number[], copies: readonly number[]): Strand {
    const best = copies
      .map((id) => ({ id, strand: this.strand(id) }))
      .reduce<{ id?: number; rank: number; strand?: Strand }>(
        (top, { id, strand }) => {
          const rank = this.#rank(strand.events);
          return rank > top.rank ? { id, rank, strand } : top;
        },
        { rank: this.#rank(own) },
      );
    if (!best.strand) return { events: own, others: copies, likewise: new Map() };
    const [first] = best.strand.events;
    const parting = own.findLastIndex(
      (index) => this.#event(index)?.action.kind === "flood" && this.#samePlace(index, first),
    );
    const before = own.slice(0, parting + 1);
    return {
      events: [...before, ...best.strand.events],
      others: [...copies.filter((id) => id !== best.id), ...best.strand.others],
      likewise: best.strand.likewise,
    };
  }

  #event(index: number | undefined): Event | undefined {
    return index === undefined ? undefined : this.#trace.events[index];
  }

  #samePlace(a: number, b: number | undefined): boolean {
    return this.#event(a)?.at.netns === this.#event(b)?.at.netns;
  }

  #rank(events: readonly number[]): number {
    const actions = events.map((index) => this.#event(index)?.action);
    if (actions.some((action) => action?.kind === "deliver")) return RANK.delivered;
    const drop = actions.find((action) => action?.kind === "drop");
    if (drop?.kind !== "drop") return RANK.none;
    return drop.reason === "OTHERHOST" ? RANK.ignored : RANK.lost;
  }

  /** What happened, without the numbers in which fragments of one packet differ. */
  #signature(events: readonly number[]): string {
    return events
      .map((index) => {
        const event = this.#event(index);
        return event ? `${event.at.netns} ${event.at.dev} ${event.action.kind}` : "";
      })
      .join("\n");
  }
}

function push<V>(lists: Map<number, V[]>, key: number, value: V): void {
  const list = lists.get(key);
  if (list) list.push(value);
  else lists.set(key, [value]);
}
