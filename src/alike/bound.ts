import { Prefix } from "../addr/prefix.ts";
import { parseCommand } from "../kernel/edit.ts";
import type { Fault, Host } from "../topology/topology.ts";
import type { Claims } from "./claims.ts";

/**
 * A fault that only lookups for one other host's addresses can meet: a row that names a prefix of that host's. Whatever
 * else passes the machine does not see it.
 */
export interface Bound {
  readonly fault: Fault;
  /** The host it is done to. */
  readonly on: string;
  /** Whose addresses it is about. */
  readonly about: Host;
  readonly prefix: Prefix;
}

/** The faults of a network, told apart by how far they reach. */
export interface Reach {
  readonly bound: readonly Bound[];
  /** All others: they may touch whatever passes their machine. */
  readonly wide: readonly Fault[];
}

export function reachOf(faults: readonly Fault[], claims: Claims): Reach {
  const bound: Bound[] = [];
  const wide: Fault[] = [];
  for (const fault of faults) {
    const found = boundBy(fault, claims);
    if (found) bound.push(found);
    else wide.push(fault);
  }
  return { bound, wide };
}

function boundBy(fault: Fault, claims: Claims): Bound | undefined {
  if (fault.target.kind !== "host") return undefined;
  const prefix = keyOf(fault.text);
  const owners = prefix ? claims.covering(prefix) : [];
  const [owner] = owners;
  if (!prefix || owners.length !== 1 || owner?.kind !== "host" || owner.host.name === fault.target.name)
    return undefined;
  // What leads to the node itself, BGP sessions and next hops stand on; what leads to its pods, nothing does.
  if (!owner.host.podCIDRs.some((share) => share.containsPrefix(prefix))) return undefined;
  return { fault, on: fault.target.name, about: owner.host, prefix };
}

/** What a row is looked up by, of rows that are found by an address alone. */
function keyOf(text: string): Prefix | undefined {
  const read = parseCommand(text);
  if (!read.ok) return undefined;
  const { edit } = read;
  switch (edit.kind) {
    case "route":
      return edit.route.dst;
    case "neighbour":
      return Prefix.of(edit.ip);
    case "lease":
      return edit.dst;
    case "set":
      return edit.prefix;
    default:
      return undefined;
  }
}
