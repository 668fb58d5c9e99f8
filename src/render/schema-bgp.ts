import {
  COUNT,
  document,
  either,
  IP,
  list,
  NUMBER,
  object,
  one,
  PREFIX,
  ref,
  type Schema,
  TEXT,
} from "./schema-words.ts";

const DEFS: Readonly<Record<string, Schema>> = {
  session: object({
    name: TEXT,
    peer: TEXT,
    "address?": IP,
    localAs: COUNT,
    "peerAs?": COUNT,
    kind: one("ibgp", "ebgp"),
    from: one("mesh", "configured"),
    state: one("Established", "Idle", "Connect", "Active", "Passive"),
    "info?": TEXT,
    "why?": { ...TEXT, description: "why it is not established" },
  }),
  path: object({
    origin: TEXT,
    from: TEXT,
    neighbour: IP,
    nextHop: IP,
    "linkLocal?": IP,
    reach: one("direct", "routed", "unreachable"),
    asPath: list(COUNT, "nearest AS first"),
    localPref: NUMBER,
    learned: one("ibgp", "ebgp"),
    "originatorId?": IP,
    clusterList: list(IP),
  }),
  way: either(
    object({ kind: one("via"), via: IP, dev: TEXT }),
    object({ kind: one("blackhole") }),
    object({ kind: one("unreachable"), why: TEXT }),
  ),
  speaker: object({
    name: TEXT,
    kind: one("node", "router"),
    family: one(4, 6),
    as: COUNT,
    routerId: IP,
    sessions: list(ref("session")),
    announced: list(PREFIX),
    learned: list(object({ dst: PREFIX, paths: list(ref("path")), resolved: list(ref("way")) })),
  }),
};

/** The schema of what `bgp` answers. */
export function bgpSchema(): Schema {
  return document(
    "bgp",
    "The answer of cni-trace to bgp",
    { mode: TEXT, topology: TEXT, speakers: list(ref("speaker")) },
    DEFS,
  );
}
