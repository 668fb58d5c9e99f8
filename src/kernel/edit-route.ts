import type { Ip } from "../addr/ip.ts";
import { Prefix } from "../addr/prefix.ts";
import { PROTOCOL_NAMES, protocolName, scopeOf, TABLE_NAMES, tableNumber } from "./names.ts";
import type { RouteRequest } from "./request.ts";
import { LOCAL_TABLE, type Nexthop, type RouteType } from "./route.ts";
import { quoted, type Words } from "./words.ts";

/** `ip route add` and its kin. For `del`, what is left out matches anything. */
export interface RouteEdit {
  readonly kind: "route";
  readonly op: "add" | "append" | "replace" | "change" | "del";
  readonly route: RouteRequest;
}

/** `ip route flush`: every row of the table that has all that is named. */
export interface RouteFlush {
  readonly kind: "route-flush";
  /** Absent: every table. */
  readonly table?: number;
  /** Absent: both families. */
  readonly family?: 4 | 6;
  readonly dst?: Prefix;
  readonly dev?: string;
  readonly via?: Ip;
  readonly proto?: string;
  readonly type?: RouteType;
}

const ROUTE_TYPES: readonly RouteType[] = [
  "unicast",
  "local",
  "broadcast",
  "blackhole",
  "unreachable",
  "prohibit",
  "throw",
];

const OPTIONS = [
  "via",
  "dev",
  "oif",
  "onlink",
  "src",
  "metric",
  "priority",
  "preference",
  "table",
  "proto",
  "protocol",
  "scope",
  "mtu",
  "pref",
  "nexthop",
] as const;
type Option = (typeof OPTIONS)[number];

/** What may be shortened (`matches` in ip/iproute.c); the others must be spelt out. */
const SHORTENED: readonly Option[] = ["metric", "priority", "table", "protocol"];

/** Where the kernel stops reading a metric, a table or an MTU. */
const U32 = 0xffffffff;

type Draft = { -readonly [K in keyof RouteRequest]?: RouteRequest[K] };

/** The words after `ip route add`: `[TYPE] PREFIX OPTIONS` in any order. */
export function readRoute(words: Words, op: RouteEdit["op"], family: 4 | 6 | undefined): RouteRequest {
  const draft: Draft = {};
  let everything = false;
  while (!words.done) {
    const option = asOption(words.ahead);
    if (option) {
      words.next("an option");
      readOption(words, option, draft, draft.dst?.family ?? family);
      continue;
    }
    words.take("to");
    const type = ROUTE_TYPES.find((candidate) => candidate === words.ahead);
    if (type && words.take(type)) draft.type = type;
    if (draft.dst || everything) {
      words.refuseAhead(
        `unknown word ${quoted(words.ahead)} in a route`,
        words.nearestAhead([...OPTIONS, ...ROUTE_TYPES]),
      );
    }
    if (words.take("default", "any", "all")) everything = true;
    else draft.dst = readDestination(words, family);
  }
  const dst = draft.dst ?? (everything ? Prefix.all(family ?? familyOf(draft) ?? 4) : undefined);
  if (!dst) words.refuseAhead("a route needs a prefix", "10.244.2.0/24, or default");
  return finish(words, op, draft, dst);
}

function asOption(word: string): Option | undefined {
  return OPTIONS.find((known) => known === word) ?? SHORTENED.find((full) => word !== "" && full.startsWith(word));
}

function readDestination(words: Words, family: 4 | 6 | undefined): Prefix {
  const hint =
    /^[a-z]/i.test(words.ahead) && !words.ahead.includes(":")
      ? words.nearestAhead([...OPTIONS, ...ROUTE_TYPES])
      : undefined;
  if (hint !== undefined) words.refuseAhead(`unknown word ${quoted(words.ahead)} in a route`, hint);
  return words.prefix(family);
}

function familyOf(draft: Draft): 4 | 6 | undefined {
  return draft.via?.family ?? draft.src?.family ?? draft.nexthops?.find((hop) => hop.via)?.via?.family;
}

function readOption(words: Words, option: Option, draft: Draft, family: 4 | 6 | undefined): void {
  switch (option) {
    case "via":
      draft.via = readVia(words, family);
      break;
    case "dev":
    case "oif":
      draft.dev = words.device();
      break;
    case "onlink":
      draft.onlink = true;
      break;
    case "src":
      draft.src = words.ip(family);
      break;
    case "metric":
    case "priority":
    case "preference":
      draft.metric = words.number("a metric", 0, U32);
      break;
    case "table":
      draft.table = readTable(words);
      break;
    case "proto":
    case "protocol":
      draft.proto = readProtocol(words);
      break;
    case "scope": {
      const text = words.next("a scope");
      draft.scope = scopeOf(text) ?? words.refuse(`unknown scope ${quoted(text)}`, "global, link or host");
      break;
    }
    case "mtu":
      words.take("lock");
      draft.mtu = words.number("an MTU", 68, U32);
      break;
    case "pref":
      // RFC 4191 preference: of no consequence between routes that nobody advertised.
      words.keyword("route preference", ["medium", "low", "high"]);
      break;
    case "nexthop":
      draft.nexthops = [...(draft.nexthops ?? []), readNexthop(words, family)];
      break;
  }
}

function readVia(words: Words, family: 4 | 6 | undefined): Ip {
  const told = words.take("inet6") ? 6 : words.take("inet") ? 4 : undefined;
  const ip = words.ip(told);
  if (family !== undefined && ip.family !== family) words.refuse(`${ip} is no gateway of an IPv${family} route`);
  return ip;
}

export function readTable(words: Words): number {
  const text = words.next("a table");
  return tableNumber(text) ?? words.refuse(`unknown table ${quoted(text)}`, words.nearestTo(TABLE_NAMES));
}

function readProtocol(words: Words): string {
  const text = words.next("a protocol");
  return (
    protocolName(text) ?? words.refuse(`unknown routing protocol ${quoted(text)}`, words.nearestTo(PROTOCOL_NAMES))
  );
}

function readNexthop(words: Words, family: 4 | 6 | undefined): Nexthop {
  const hop: { -readonly [K in keyof Nexthop]: Nexthop[K] } = {};
  while (!words.done && words.ahead !== "nexthop") {
    const word = words.keyword("word of a next hop", ["via", "dev", "weight", "onlink"]);
    if (word === "via") hop.via = readVia(words, family);
    else if (word === "dev") hop.dev = words.device();
    else if (word === "onlink") hop.onlink = true;
    else {
      const weight = words.number("a weight", 1, 256);
      // One is what every branch weighs unless told otherwise, and is not worth a word.
      if (weight > 1) hop.weight = weight;
    }
  }
  if (!hop.via && hop.dev === undefined) words.refuseAhead("a next hop needs via or dev");
  return hop;
}

/** Fills in what iproute2 fills in by type (`iproute_modify`), and checks what contradicts itself. */
function finish(words: Words, op: RouteEdit["op"], draft: Draft, dst: Prefix): RouteRequest {
  const foreign = [draft.via, draft.src, ...(draft.nexthops ?? []).map((hop) => hop.via)].find(
    (ip) => ip && ip.family !== dst.family,
  );
  if (foreign) words.refuse(`${foreign} does not belong into a route to ${dst}`);
  if (draft.nexthops && (draft.via || draft.dev !== undefined)) {
    words.refuse("via and dev belong into the next hops when there are several");
  }
  const { type } = draft;
  const rejects = type !== undefined && type !== "unicast" && type !== "local" && type !== "broadcast";
  // The kernel shows IPv6 routes that reject on the loopback device and does not need to be told.
  if (rejects && dst.family === 6 && draft.dev === "lo") delete draft.dev;
  if (type === "local" || type === "broadcast") draft.table ??= LOCAL_TABLE;
  if (op !== "del" && dst.family === 4) {
    if (type === "local") draft.scope ??= "host";
    if (type === "broadcast") draft.scope ??= "link";
  }
  if (dst.family === 6) {
    // IPv6 routes have no scope; a metric of 0 is stored as 1024 (IP6_RT_PRIO_USER).
    delete draft.scope;
    if (draft.metric === 0) draft.metric = 1024;
  }
  return { ...draft, dst };
}

/** The words after `ip route flush`. */
export function readRouteFlush(words: Words, family: 4 | 6 | undefined): RouteFlush {
  if (words.done) words.refuseAhead("ip route flush needs to know what: a prefix, dev, proto, table or via");
  let flush: RouteFlush = { kind: "route-flush", table: 254, ...(family && { family }) };
  let everywhere = false;
  while (!words.done) {
    if (words.take("cache")) words.refuse("what path MTUs were learnt belongs to a walk, not to a table");
    else if (words.take("dev", "oif")) flush = { ...flush, dev: words.device() };
    else if (words.take("via")) flush = { ...flush, via: words.ip(family) };
    else if (words.take("proto", "protocol")) flush = { ...flush, proto: readProtocol(words) };
    else if (words.take("type")) flush = { ...flush, type: words.keyword("route type", ROUTE_TYPES, []) };
    else if (words.take("table")) {
      if (words.take("all")) everywhere = true;
      else flush = { ...flush, table: readTable(words) };
    } else {
      words.take("to", "exact");
      const dst = words.take("default") ? Prefix.all(family ?? 4) : readDestination(words, family);
      flush = { ...flush, dst };
    }
  }
  const { table, ...rest } = flush;
  return everywhere ? rest : { ...rest, ...(table !== undefined && { table }) };
}
