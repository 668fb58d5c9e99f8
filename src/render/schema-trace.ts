import { DROP_REASONS } from "../trace/reason.ts";
import { HEADER_DEFS, ROW_DEFS } from "./schema-rows.ts";
import {
  COUNT,
  document,
  either,
  IP,
  list,
  NETNS,
  NUMBER,
  object,
  one,
  ref,
  type Schema,
  TEXT,
  TRUTH,
} from "./schema-words.ts";

const PORT = object({ netns: NETNS, dev: TEXT });
const HOOK = one("PREROUTING", "INPUT", "FORWARD", "OUTPUT", "POSTROUTING");
const FILTER_TABLE = one("raw", "mangle", "nat", "filter");
const CODE: Schema = { ...TEXT, description: "a word that `cni-trace explain` knows" };

/** What each kind of event says besides where it happened. */
const ACTIONS: Readonly<Record<string, Readonly<Record<string, Schema>>>> = {
  send: { process: TEXT },
  deliver: { socket: either(ref("socket"), one("kernel", "assumed")) },
  receive: {},
  transmit: {},
  wire: { segment: TEXT, to: PORT, frame: COUNT },
  route: { direction: one("input", "output"), found: ref("found"), "src?": IP },
  neighbour: { entry: ref("neighbour") },
  fdb: { entry: ref("fdbEntry") },
  peer: { peer: ref("wireguardPeer") },
  handshake: { message: one("initiation", "response"), peer: ref("wireguardPeer") },
  flood: { accepted: list(PORT), ignored: COUNT },
  arp: { op: one("request", "reply"), ip: IP, "mac?": TEXT, "proxy?": ref("route") },
  forward: { ttl: COUNT },
  filter: {
    hook: HOOK,
    table: FILTER_TABLE,
    chain: ref("chain"),
    "rule?": ref("filterRule"),
    verdict: one("ACCEPT", "DROP", "REJECT"),
  },
  translate: { "rule?": ref("filterRule"), field: one("src", "dst"), before: IP, after: IP },
  encapsulate: { pushed: ref("packet"), by: TEXT },
  decapsulate: { popped: ref("packet"), "socket?": ref("socket"), by: TEXT },
  read: { forwarder: ref("forwarder") },
  lease: { lease: ref("lease") },
  sendto: { forwarder: ref("forwarder") },
  recvfrom: { forwarder: ref("forwarder") },
  write: { forwarder: ref("forwarder") },
  fragment: { mtu: COUNT, count: COUNT },
  reassemble: { count: COUNT },
  pmtu: { ip: IP, mtu: COUNT },
  icmp: { error: ref("icmpError"), "sent?": COUNT, "why?": TEXT },
  error: { error: ref("socketError") },
  drop: { reason: one(...DROP_REASONS), "because?": ref("because") },
  skip: { what: { ...TEXT, pattern: "^SKIP_" }, "rule?": ref("filterRule") },
};

const TRACE_DEFS: Readonly<Record<string, Schema>> = {
  icmpError: object({ type: COUNT, code: COUNT, "mtu?": COUNT }),
  socketError: object({
    errno: TEXT,
    origin: one("local", "icmp", "tcp"),
    "from?": IP,
    "icmp?": ref("icmpError"),
    "mtu?": COUNT,
    "after?": { type: "number", description: "seconds until it comes" },
  }),
  because: object({
    "route?": ref("found"),
    "fabric?": either(ref("fabricRow"), one("not-allowed", "source-dest-check")),
    "mtu?": COUNT,
    "size?": COUNT,
    "ip?": IP,
    "dev?": TEXT,
    "expected?": list(TEXT),
  }),
  event: either(
    ...Object.entries(ACTIONS).map(([kind, properties]) =>
      object({
        id: { ...COUNT, description: "its place in `events`" },
        packet: COUNT,
        netns: NETNS,
        dev: TEXT,
        kind: one(kind),
        ...properties,
        "headers?": ref("packet"),
      }),
    ),
  ),
  step: object({
    event: { ...COUNT, description: "the event that decided" },
    kind: one(...Object.keys(ACTIONS)),
    "crossing?": { ...one("down", "up"), description: "down: user to kernel" },
    "process?": TEXT,
    ttl: list(NUMBER, "as the packet leaves the row, outermost first"),
    length: { ...COUNT, description: "of the outermost IP packet" },
    "bytes?": { ...NUMBER, description: "pushed, or popped when negative" },
    depth: { ...COUNT, description: "tunnels around the packet" },
    "likewise?": { ...COUNT, description: "fragments that did just the same" },
    "under?": list(COUNT, "events that belong to the row"),
  }),
  place: object({ number: COUNT, netns: NETNS, name: TEXT, in: list(TEXT), steps: list(ref("step")) }),
  finding: object({ code: CODE, at: TEXT, text: TEXT, "refused?": ref("refused") }),
  diagnosis: object({
    verdict: ref("verdict"),
    code: CODE,
    at: TEXT,
    "reason?": { ...TEXT, description: "the kernel's skb_drop_reason" },
    because: list(ref("finding")),
    story: list(TEXT),
    seeIt: list(object({ at: TEXT, command: TEXT, expect: TEXT })),
  }),
  verdict: one("REACHABLE", "REACHABLE_WITH_RISK", "UNREACHABLE", "AMBIGUOUS", "UNDETERMINED"),
  direction: object({
    diagnosis: ref("diagnosis"),
    summary: object({
      places: { ...COUNT, description: "namespaces visited, ends included" },
      ipHops: { ...COUNT, description: "what traceroute counts" },
      crossings: object({ application: COUNT, cni: COUNT, total: COUNT }),
      headerBytes: COUNT,
      "ttl?": COUNT,
      "pathMtu?": COUNT,
    }),
    fabric: list(object({ segment: TEXT, what: TEXT, from: TEXT, to: TEXT })),
    "branches?": ref("branches"),
    path: list(ref("place")),
    from: NETNS,
    sent: ref("packet"),
    packets: list(
      object({
        id: COUNT,
        "parent?": COUNT,
        cause: one("sent", "fragment", "reassembled", "flood", "branch", "icmp-error", "arp", "handshake", "reply"),
      }),
    ),
    events: list(ref("event")),
  }),
  branches: object(
    {
      walked: { ...COUNT, description: "ways over equal routes, the one shown included" },
      more: { ...TRUTH, description: "there are more than were walked" },
      lost: { ...COUNT, description: "ways on which the packet does not arrive" },
      "ways?": list(
        object({
          share: { type: "number", description: "of all pairs of addresses" },
          choices: list(object({ netns: NETNS, dst: TEXT, nexthop: ref("nexthop"), share: { type: "number" } })),
          diagnosis: ref("diagnosis"),
          "ttl?": COUNT,
          places: list(NETNS),
        }),
        "with --all-branches",
      ),
    },
    "the ways that routes with several equal branches leave open",
  ),
  tuple: object({ src: IP, dst: IP, protocol: COUNT, sport: COUNT, dport: COUNT }),
  learned: either(
    object({ netns: NETNS, kind: one("pmtu"), ip: IP, mtu: COUNT }),
    object({ netns: NETNS, kind: one("neighbour"), entry: ref("neighbour") }),
    object({ netns: NETNS, kind: one("fdb"), bridge: TEXT, entry: ref("fdbEntry") }),
    object({ netns: NETNS, kind: one("connection"), original: ref("tuple"), reply: ref("tuple") }),
    object({ netns: NETNS, kind: one("session"), dev: TEXT, publicKey: TEXT }),
  ),
  senderSees: object({
    kind: one("reply", "error", "silence", "nothing-sent"),
    "error?": ref("socketError"),
  }),
  flowPacket: object({
    number: COUNT,
    size: { ...COUNT, description: "IP length" },
    "like?": { ...COUNT, description: "the earlier packet that it did everything like" },
    verdict: ref("verdict"),
    code: CODE,
    at: TEXT,
    senderSees: ref("senderSees"),
    learned: list(ref("learned"), "what it and its answer taught, by whom"),
    "forward?": ref("direction"),
    "reply?": ref("direction"),
  }),
  endpoint: object({ name: TEXT, "netns?": NETNS, ip: IP }),
};

/** The schema of what `trace` answers. */
export function traceSchema(): Schema {
  return document(
    "trace",
    "The answer of cni-trace to a trace",
    {
      question: object({
        mode: TEXT,
        topology: TEXT,
        src: ref("endpoint"),
        dst: ref("endpoint"),
        protocol: one("udp", "tcp", "icmp", "sctp"),
        sport: COUNT,
        dport: COUNT,
        size: COUNT,
        ttl: COUNT,
        df: one("auto", "always", "never"),
        cold: TRUTH,
        "count?": COUNT,
      }),
      verdict: ref("verdict"),
      code: CODE,
      because: list(ref("finding"), "what only both directions, or several branches, show together"),
      senderSees: ref("senderSees"),
      forward: ref("direction"),
      "reply?": ref("direction"),
      "flow?": list(ref("flowPacket"), "with --count: every packet; forward and reply are the first"),
      fixes: list(
        object({
          edits: list(object({ at: TEXT, command: TEXT })),
          "mode?": TEXT,
          code: CODE,
          headerBytes: COUNT,
          "pathMtu?": COUNT,
        }),
      ),
      "traceroute?": list(object({ ttl: COUNT, "from?": IP, "place?": TEXT, reached: TRUTH, "lastSeen?": TEXT })),
      assumptions: list(TEXT),
    },
    { ...TRACE_DEFS, ...ROW_DEFS, ...HEADER_DEFS },
  );
}
