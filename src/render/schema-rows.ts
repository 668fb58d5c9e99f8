import { COUNT, either, IP, list, NUMBER, object, one, PREFIX, ref, type Schema, TEXT, TRUTH } from "./schema-words.ts";

/** What every row says of itself. */
export const WRITTEN = {
  by: { ...TEXT, description: "who wrote the row: flanneld, felix, bird, kernel, cni, operator, …" },
  "source?": object({ file: TEXT, line: COUNT, column: COUNT }, "where the input file asked for it"),
} as const;

const MARK = object({ value: NUMBER, mask: NUMBER });

/** Rows of the kernel's tables, with the words iproute2 has for them where they have any. */
export const ROW_DEFS: Readonly<Record<string, Schema>> = {
  nexthop: object({ "via?": IP, "dev?": TEXT, "onlink?": TRUTH, "weight?": COUNT }),
  route: object({
    table: COUNT,
    type: one("unicast", "local", "broadcast", "blackhole", "unreachable", "prohibit", "throw"),
    dst: PREFIX,
    "via?": IP,
    "dev?": TEXT,
    "onlink?": TRUTH,
    "src?": IP,
    metric: COUNT,
    proto: TEXT,
    scope: one("global", "link", "host"),
    "mtu?": COUNT,
    "nexthops?": list(ref("nexthop")),
    text: { ...TEXT, description: "as iproute2 prints it" },
    ...WRITTEN,
  }),
  rule: object({
    pref: COUNT,
    table: COUNT,
    "family?": one(4, 6),
    "from?": PREFIX,
    "to?": PREFIX,
    "iif?": TEXT,
    "oif?": TEXT,
    "fwmark?": MARK,
    "invert?": TRUTH,
    ...WRITTEN,
  }),
  found: object(
    {
      row: ref("route"),
      rule: ref("rule"),
      "nexthop?": ref("nexthop"),
      "losers?": list(object({ row: ref("route"), why: TEXT })),
    },
    "what a lookup found: the row, the policy rule that led to its table, the branch, and the rows that lost",
  ),
  neighbour: object({ dev: TEXT, ip: IP, lladdr: TEXT, state: one("permanent", "reachable"), ...WRITTEN }),
  fdbEntry: object({ dev: TEXT, mac: TEXT, "dst?": IP, ...WRITTEN }),
  forwarder: object({ process: TEXT, tun: TEXT, ip: IP, port: COUNT, buffer: COUNT, ...WRITTEN }),
  lease: object({ process: TEXT, dst: PREFIX, to: IP, port: COUNT, ...WRITTEN }),
  wireguardPeer: object({
    dev: TEXT,
    publicKey: { ...TEXT, description: "base64" },
    endpoint: IP,
    port: COUNT,
    allowedIps: list(PREFIX),
    "keepalive?": COUNT,
    ...WRITTEN,
  }),
  socket: object({
    protocol: one("udp", "tcp", "sctp"),
    "ip?": IP,
    port: COUNT,
    "assumed?": TRUTH,
    owner: object({ kind: one("process", "link"), name: TEXT }),
    ...WRITTEN,
  }),
  filterRule: object({ text: { ...TEXT, description: "as iptables-save prints it" }, ...WRITTEN }),
  chain: object({ table: one("raw", "mangle", "nat", "filter"), name: TEXT, "policy?": one("ACCEPT", "DROP") }),
  fabricRow: object({ verdict: one("drop", "allow"), protocol: COUNT, "port?": COUNT, ...WRITTEN }),
  refused: object(
    {
      table: one("route", "neigh", "fdb", "lease", "set", "wireguard", "link", "addr"),
      asked: TEXT,
      by: TEXT,
      errno: TEXT,
      text: { ...TEXT, description: "netlink's words" },
    },
    "a row that was asked for and that the kernel did not take",
  ),
};

/** Headers outermost first; lengths, checksums and protocol numbers follow from the stack. */
export const HEADER_DEFS: Readonly<Record<string, Schema>> = {
  header: either(
    object({ kind: one("ethernet"), src: TEXT, dst: TEXT }),
    object({ kind: one("arp"), op: one("request", "reply"), sha: TEXT, spa: IP, tha: TEXT, tpa: IP }),
    object({
      kind: one("ipv4"),
      src: IP,
      dst: IP,
      ttl: COUNT,
      tos: COUNT,
      id: COUNT,
      df: TRUTH,
      "fragment?": object({ offset: COUNT, more: TRUTH, protocol: COUNT }),
    }),
    object({
      kind: one("ipv6"),
      src: IP,
      dst: IP,
      ttl: COUNT,
      tos: COUNT,
      flow: COUNT,
      "fragment?": object({ offset: COUNT, more: TRUTH, protocol: COUNT, id: COUNT }),
    }),
    object({ kind: one("icmp"), type: COUNT, code: COUNT, rest: COUNT, "whole?": ref("whole") }),
    object({ kind: one("ndp"), op: one("solicit", "advert"), target: IP, lladdr: TEXT, "router?": TRUTH }),
    object({ kind: one("udp"), sport: COUNT, dport: COUNT, "noChecksum?": TRUTH, "whole?": ref("whole") }),
    object({
      kind: one("tcp"),
      sport: COUNT,
      dport: COUNT,
      seq: COUNT,
      ack: COUNT,
      flags: list(one("FIN", "SYN", "RST", "PSH", "ACK", "URG", "ECE", "CWR")),
      window: COUNT,
      "mss?": COUNT,
      "options?": { ...TEXT, description: "hex" },
      "whole?": ref("whole"),
    }),
    object({
      kind: one("sctp"),
      sport: COUNT,
      dport: COUNT,
      tag: COUNT,
      chunk: one("init", "init-ack", "cookie-echo", "cookie-ack", "data", "sack", "abort"),
    }),
    object({ kind: one("vxlan"), vni: COUNT }),
    object({ kind: one("geneve"), vni: COUNT }),
    object({ kind: one("wireguard"), receiver: COUNT, counter: COUNT, "mtu?": COUNT }),
    object({ kind: one("quote"), packet: ref("packet"), length: COUNT }),
    object({ kind: one("slice"), packet: ref("packet"), offset: COUNT, length: COUNT }),
    object({ kind: one("payload"), length: COUNT, "bytes?": { ...TEXT, description: "hex" }, "protocol?": COUNT }),
  ),
  whole: object({ checksum: COUNT, "length?": COUNT }),
  packet: list(ref("header")),
};
