import { PORT_STATES } from "../kernel/link.ts";
import { ROW_DEFS, WRITTEN } from "./schema-rows.ts";
import {
  COUNT,
  document,
  either,
  IP,
  list,
  NETNS,
  object,
  one,
  PREFIX,
  ref,
  type Schema,
  TEXT,
  TRUTH,
} from "./schema-words.ts";

const LINK = {
  name: TEXT,
  ifindex: COUNT,
  mtu: COUNT,
  up: TRUTH,
  "master?": TEXT,
  "hairpin?": TRUTH,
  "state?": one(...PORT_STATES),
  text: { ...TEXT, description: "as iproute2 describes it" },
  ...WRITTEN,
} as const;
const MAC = { mac: TEXT } as const;

const DEFS: Readonly<Record<string, Schema>> = {
  link: either(
    object({ kind: one("loopback"), ...LINK }),
    object({ kind: one("nic"), segment: TEXT, ...MAC, ...LINK }),
    object({ kind: one("veth"), peer: object({ netns: NETNS, dev: TEXT }), ...MAC, ...LINK }),
    object({ kind: one("bridge"), ...MAC, ...LINK }),
    object({
      kind: one("vxlan"),
      vni: COUNT,
      port: COUNT,
      local: IP,
      "lower?": TEXT,
      learning: TRUTH,
      ttl: either(one("auto"), COUNT),
      ...MAC,
      ...LINK,
    }),
    object({
      kind: one("ipip"),
      "local?": IP,
      "remote?": IP,
      ttl: either(one("inherit"), COUNT),
      pmtudisc: TRUTH,
      ...LINK,
    }),
    object({ kind: one("tun"), process: TEXT, ...LINK }),
    object({ kind: one("wireguard"), port: COUNT, publicKey: TEXT, "fwmark?": COUNT, ...LINK }),
  ),
  address: object({ dev: TEXT, ip: IP, length: COUNT, scope: one("global", "link", "host"), ...WRITTEN }),
  setMember: object({ set: TEXT, prefix: PREFIX, ...WRITTEN }),
  namespace: object({
    netns: NETNS,
    links: list(ref("link")),
    addresses: list(ref("address")),
    rules: list(ref("rule")),
    routes: list(ref("route")),
    neighbours: list(ref("neighbour")),
    fdb: list(ref("fdbEntry")),
    sets: list(ref("setMember")),
    leases: list(ref("lease")),
    wireguardPeers: list(ref("wireguardPeer")),
    forwarders: list(ref("forwarder")),
    sockets: list(ref("socket")),
    chains: list(
      object({
        table: one("raw", "mangle", "nat", "filter"),
        name: TEXT,
        "policy?": one("ACCEPT", "DROP"),
        "policy6?": one("ACCEPT", "DROP"),
        rules: list(ref("filterRule")),
      }),
    ),
    sysctls: { type: "object", additionalProperties: TEXT },
    refused: list(ref("refused")),
  }),
};

/** The schema of what `tables` answers. */
export function tablesSchema(): Schema {
  const title = "The answer of cni-trace to tables";
  return document(
    "tables",
    title,
    { mode: TEXT, topology: TEXT, namespaces: list(ref("namespace")) },
    { ...ROW_DEFS, ...DEFS },
  );
}

/** The schema of what `route` answers; without `found` no row covers the address. */
export function routeSchema(): Schema {
  return document(
    "route",
    "The answer of cni-trace to a route lookup",
    {
      mode: TEXT,
      topology: TEXT,
      netns: NETNS,
      dst: IP,
      "src?": IP,
      "found?": ref("found"),
      refused: list(ref("refused")),
    },
    ROW_DEFS,
  );
}
