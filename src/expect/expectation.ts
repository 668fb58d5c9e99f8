import type { Place } from "../topology/problem.ts";
import type { Pod } from "../topology/topology.ts";
import type { Code } from "../trace/codes.ts";

/** Something that must hold of every pair of some pods with some pods. */
export interface PairsExpectation {
  readonly kind: "pairs";
  readonly name: string;
  readonly place?: Place;
  readonly from: (pod: Pod) => boolean;
  readonly to: (pod: Pod) => boolean;
  readonly protocol: "udp" | "tcp" | "icmp" | "sctp";
  readonly port: number;
  readonly packet: "small" | "full";
  readonly reachable: boolean;
  readonly code?: Code;
  readonly passes: readonly string[];
  readonly avoids: readonly string[];
  readonly crossings?: number;
  readonly headerBytes?: number;
  readonly pathMtu?: number;
  readonly fabric?: readonly string[];
}

/** How many rows of each table a node may hold. */
export interface RowsExpectation {
  readonly kind: "rows";
  readonly name: string;
  readonly place?: Place;
  readonly most: ReadonlyMap<string, number>;
}

export type Expectation = PairsExpectation | RowsExpectation;
