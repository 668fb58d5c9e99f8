import { refusal } from "./admit.ts";
import { type Expanded, type Netns, NOTHING } from "./netns.ts";
import type { Refusal, Row } from "./refused.ts";
import { type PeerRows, requests } from "./request.ts";
import { routeKey } from "./route.ts";
import type { Writer } from "./row.ts";
import type { Peer } from "./table.ts";

/** What an agent does for every peer alike. */
export interface PeerRule<P> {
  readonly by: Writer;
  /** Pure; called for the peers a lookup needs. */
  readonly rows: (peer: P) => PeerRows;
  /** What belongs to no peer in particular. */
  readonly alone?: () => PeerRows;
  /** Its rows are granted by the tables as they are when they are asked for, and never take another's place. */
  readonly live?: boolean;
}

/** The rules per peer of one namespace, and the rows they have given so far, each granted or refused by the kernel. */
export class Families<P extends Peer> {
  readonly #netns: Netns;
  readonly #rules: PeerRule<P>[] = [];
  readonly #expanded = new Map<string | undefined, Expanded>();
  #programmed: Netns | undefined;

  constructor(netns: Netns) {
    this.#netns = netns;
  }

  add(rule: PeerRule<P>): void {
    this.#rules.push(rule);
  }

  get isSealed(): boolean {
    return this.#programmed !== undefined;
  }

  /** From now on `programmed` decides what is granted. */
  seal(programmed: Netns): void {
    this.#programmed = programmed;
  }

  /** Rows are made again when they are next asked for. */
  forget(): void {
    if (this.#rules.some((rule) => rule.live)) this.#expanded.clear();
  }

  /** The rows of one peer, or of none in particular; made once. */
  expand(peer: P | undefined): Expanded {
    const known = this.#expanded.get(peer?.name);
    if (known) return known;
    // A family must not see what it is about to hold: while it expands, its peer has no rows yet.
    this.#expanded.set(peer?.name, NOTHING);
    const made = this.#granted(peer);
    this.#expanded.set(peer?.name, made);
    return made;
  }

  #granted(peer: P | undefined): Expanded {
    const made = { routes: [], neighbours: [], fdb: [], leases: [], sets: [], wireguardPeers: [], refused: [] } as {
      [K in keyof Expanded]: Expanded[K][number][];
    };
    for (const { by, rows, alone, live } of this.#rules) {
      const netns = live ? this.#netns : (this.#programmed ?? this.#netns);
      for (const request of requests(netns, (peer ? rows(peer) : alone?.()) ?? {}, by)) {
        const refused = refusal(netns, request) ?? (live ? taken(netns, request) : undefined);
        if (refused) made.refused.push({ asked: request, by, ...refused });
        else if (request.table === "route") made.routes.push(request.row);
        else if (request.table === "neigh") made.neighbours.push(request.row);
        else if (request.table === "fdb") made.fdb.push(request.row);
        else if (request.table === "lease") made.leases.push(request.row);
        else if (request.table === "set") made.sets.push(request.row);
        else made.wireguardPeers.push(request.row);
      }
    }
    return made;
  }
}

/** The kernel's answer where a route of that prefix and metric stands already. */
function taken(netns: Netns, { table, row }: Row): Refusal | undefined {
  if (table !== "route") return undefined;
  const key = routeKey(row);
  for (const other of netns.routes.written()) {
    if (routeKey(other) === key) return { errno: "EEXIST", text: "File exists" };
  }
  return undefined;
}
