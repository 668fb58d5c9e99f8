import type { Prefix } from "../addr/prefix.ts";
import type { Problem } from "../topology/problem.ts";
import type { ModeWords } from "../topology/settings.ts";
import type { Assumption, Topology } from "../topology/topology.ts";
import type { NodeDraft } from "./node.ts";
import type { Announcing } from "./routing.ts";

/**
 * A mode: what a CNI's agents write into one node. It states rows and nothing else; where packets then go is for the
 * walker to find out.
 */
export interface Mode extends Announcing, ModeWords {
  /** The product, in lower case: `flannel`. */
  readonly family: string;
  /** One line of character. */
  readonly summary: string;
  /** What it asks of the network and the machines, in a few words each. */
  readonly needs: readonly string[];
  /** Since when upstream calls it deprecated or advises against it, and why. */
  readonly deprecated?: { readonly since: string; readonly why: string };
  /** How the agents learn about peers: `etcd or the API`, `BGP`. */
  readonly learns: string;
  /** Address families upstream has it for. */
  readonly families: readonly (4 | 6)[];
  /** Whether agents exchange routes by BGP in this topology, so that its `bgp` means something. */
  readonly bgp: (topology: Topology) => boolean;
  /** The pods' networks that it must carry, each of a family it has. */
  readonly networks: (topology: Topology) => readonly Prefix[];
  /** Whether the family's agents enforce NetworkPolicy. */
  readonly enforcesPolicy: boolean;
  /** What of a topology upstream has no way for, beyond families. */
  readonly unfit?: (topology: Topology) => readonly Problem[];
  /** Facts about a real cluster that the mode settles by a rule of its own. */
  readonly assumptions?: readonly Assumption[];
  /** Where upstream's code says so. */
  readonly source: string;
  /** Writes the rows of one node. Pure: it sees that node's draft and nothing else. */
  program(node: NodeDraft): void;
}
