import type { Ip } from "../addr/ip.ts";
import { type Mac, macBytes } from "../addr/mac.ts";
import { Ip as IpClass } from "../addr/ip.ts";
import { Prefix } from "../addr/prefix.ts";
import type { Address } from "./address.ts";
import { deviceTowards, refusal } from "./admit.ts";
import type { FdbEntry } from "./fdb.ts";
import { hasEthernet, type Link, type LinkKind, type LinkOf } from "./link.ts";
import type { Neighbour } from "./neighbour.ts";
import type { Chain, FilterRule, FilterTable, SetMember } from "./netfilter.ts";
import { type Expanded, MutableNetns, NOTHING, type NetnsKind } from "./netns.ts";
import type { Forwarder, Lease } from "./process.ts";
import type { Refusal, Refused, Row } from "./refused.ts";
import { LOCAL_TABLE, MAIN_TABLE, type Route } from "./route.ts";
import type { Writer, Written } from "./row.ts";
import type { Rule } from "./rule.ts";
import type { Socket } from "./socket.ts";
import type { Peer, Peers } from "./table.ts";

/** A link as it is asked for: the kernel numbers it, brings it up unless told otherwise, and bounds its MTU. */
export type LinkRequest = { [K in LinkKind]: Omit<LinkOf<K>, "ifindex" | "up"> & { readonly up?: boolean } }[LinkKind];

/** A route as it is asked for; what iproute2 fills in may be left out. */
export type RouteRequest = Omit<Route, "table" | "type" | "metric" | "proto" | "scope" | "by"> &
  Partial<Pick<Route, "table" | "type" | "metric" | "proto" | "scope" | "by">>;

/** What a family holds for one peer; absent tables hold nothing. */
export interface PeerRows {
  readonly routes?: readonly RouteRequest[];
  readonly neighbours?: readonly Omit<Neighbour, "by">[];
  readonly fdb?: readonly Omit<FdbEntry, "by">[];
  readonly leases?: readonly Omit<Lease, "by">[];
  readonly sets?: readonly Omit<SetMember, "by">[];
}

/** Over Ethernet, IPv4, UDP and VXLAN: what a VXLAN device's MTU lies below its card's (`vxlan_config_validate`). */
const VXLAN_HEADROOM = { 4: 50, 6: 70 } as const;

/**
 * Writes the tables of one namespace as netlink would: requests are granted, clamped or refused in program order, and
 * the rows the kernel makes itself (local, connected, broadcast, link-local) follow from them.
 */
export class Netlink<P extends Peer = Peer> {
  readonly netns: MutableNetns;
  readonly #families: { readonly by: Writer; readonly rows: (peer: P) => PeerRows }[] = [];
  readonly #expanded = new Map<string, Expanded>();
  #nextIndex = 1;

  constructor(name: string, kind: NetnsKind, peers?: Peers) {
    this.netns = new MutableNetns(name, kind, peers);
    this.netns.expand = (peer) => this.#expand(peer as P);
    this.link({ kind: "loopback", name: "lo", mtu: 65536, by: "kernel" });
    this.address("lo", IpClass.of(0x7f000001), 8, { by: "kernel" });
  }

  /** Adds a device; `EEXIST` when the name is taken. A VXLAN device is clamped to what its card can carry. */
  link(request: LinkRequest): void {
    if (this.netns.links.has(request.name)) {
      this.#refuse(request.by, { table: "link", words: request.name }, { errno: "EEXIST", text: "File exists" });
      return;
    }
    const link = { up: true, ...request, ifindex: this.#nextIndex++, mtu: this.#clamped(request) } as Link;
    this.netns.links.set(link.name, link);
    if (link.kind === "vxlan") {
      const taken = this.netns.sockets.some((socket) => socket.protocol === "udp" && socket.port === link.port);
      if (!taken) {
        this.netns.sockets.push({ protocol: "udp", port: link.port, owner: { kind: "link", name: link.name }, by: "kernel" });
      }
    }
    this.#retuneBridge(link.master);
    this.#linkLocal(link);
  }

  /** Changes a device that exists. */
  setLink(name: string, change: { mtu?: number; up?: boolean; mac?: Mac; master?: string | undefined; hairpin?: boolean }): Refusal | undefined {
    const link = this.netns.links.get(name);
    if (!link) return { errno: "ENODEV", text: `Cannot find device "${name}"` };
    const changed = { ...link, ...change } as Link;
    if (change.mtu !== undefined && this.#clamped(changed) !== change.mtu) {
      return { errno: "EINVAL", text: "mtu greater than device maximum" };
    }
    if (change.master === undefined && "master" in change) delete (changed as { master?: string }).master;
    this.netns.links.set(name, changed);
    this.#retuneBridge(link.master);
    if (change.master !== undefined) this.#retuneBridge(change.master);
    if (link.up && change.up === false) this.#flush(name);
    if (!link.up && change.up === true) this.#connect(name);
    return undefined;
  }

  /** Removes a device and every row on it. */
  delLink(name: string): Refusal | undefined {
    const link = this.netns.links.get(name);
    if (!link) return { errno: "ENODEV", text: `Cannot find device "${name}"` };
    this.#flush(name);
    for (let i = this.netns.addresses.length - 1; i >= 0; i--) {
      if (this.netns.addresses[i]?.dev === name) this.netns.addresses.splice(i, 1);
    }
    this.netns.routes.drop((row) => row.dev === name);
    for (let i = this.netns.sockets.length - 1; i >= 0; i--) {
      const owner = this.netns.sockets[i]?.owner;
      if (owner?.kind === "link" && owner.name === name) this.netns.sockets.splice(i, 1);
    }
    this.netns.links.delete(name);
    this.#retuneBridge(link.master);
    return undefined;
  }

  /** Adds an address, and with it the local, connected and broadcast routes the kernel derives. */
  address(dev: string, ip: Ip, length: number, written: Written): Refusal | undefined {
    const refused = !this.netns.links.has(dev)
      ? { errno: "ENODEV", text: `Cannot find device "${dev}"` }
      : this.netns.addresses.some((address) => address.dev === dev && address.ip.equals(ip) && address.length === length)
        ? { errno: "EEXIST", text: "File exists" }
        : undefined;
    if (refused) {
      this.#refuse(written.by, { table: "addr", words: `${ip}/${length} dev ${dev}` }, refused);
      return refused;
    }
    const scope = ip.isLoopback ? "host" : ip.isLinkLocal && ip.family === 6 ? "link" : "global";
    const address: Address = { ...written, dev, ip, length, scope };
    this.netns.addresses.push(address);
    for (const route of derived(address, this.netns.links.get(dev) as Link)) this.netns.routes.put(route);
    return undefined;
  }

  /** Removes an address and the routes that followed from it. */
  delAddress(dev: string, ip: Ip): Refusal | undefined {
    const index = this.netns.addresses.findIndex((address) => address.dev === dev && address.ip.equals(ip));
    const [address] = index < 0 ? [] : this.netns.addresses.splice(index, 1);
    if (!address) return { errno: "EADDRNOTAVAIL", text: "Cannot assign requested address" };
    const gone = new Set(derived(address, { up: true } as Link).map((route) => `${route.table} ${route.dst}`));
    this.netns.routes.drop((row) => row.by === "kernel" && row.dev === dev && gone.has(`${row.table} ${row.dst}`));
    return undefined;
  }

  /** Adds a route, or replaces the one with its key. */
  route(request: RouteRequest & Written): Refusal | undefined {
    return this.#write({ table: "route", row: complete(this.netns, request, request.by) });
  }

  neighbour(row: Neighbour): Refusal | undefined {
    return this.#write({ table: "neigh", row });
  }

  fdb(row: FdbEntry): Refusal | undefined {
    return this.#write({ table: "fdb", row });
  }

  lease(row: Lease): Refusal | undefined {
    return this.#write({ table: "lease", row });
  }

  /** Adds a member to an ipset. */
  member(row: SetMember): Refusal | undefined {
    return this.#write({ table: "set", row });
  }

  rule(rule: Rule): void {
    this.netns.rules.push(rule);
    this.netns.rules.sort((a, b) => a.pref - b.pref);
  }

  forwarder(row: Forwarder): void {
    this.netns.forwarders.push(row);
    this.socket({ protocol: "udp", ip: row.ip, port: row.port, owner: { kind: "process", name: row.process }, by: row.by });
  }

  socket(row: Socket): void {
    this.netns.sockets.push(row);
  }

  sysctl(key: string, value: string | number): void {
    this.netns.sysctls.set(key, String(value));
  }

  /** Makes a chain (`iptables -N`), or sets the policy of a built-in one. */
  chain(table: FilterTable, name: string, by: Writer, policy?: "ACCEPT" | "DROP"): void {
    const chains = this.netns.chains.get(table) ?? new Map<string, Chain>();
    this.netns.chains.set(table, chains);
    const old = chains.get(name);
    const kept = policy ?? old?.policy;
    chains.set(name, { table, name, rules: old?.rules ?? [], by: old?.by ?? by, ...(kept && { policy: kept }) });
  }

  /** Appends a rule to a chain, or puts it first (`iptables -A`, `-I`); the chain is made when it is missing. */
  filter(table: FilterTable, name: string, rule: FilterRule, where: "append" | "insert" = "append"): void {
    const builtIn = /^(PREROUTING|INPUT|FORWARD|OUTPUT|POSTROUTING)$/.test(name);
    if (!this.netns.chains.get(table)?.has(name)) this.chain(table, name, rule.by, builtIn ? "ACCEPT" : undefined);
    const chain = this.netns.chains.get(table)?.get(name) as Chain;
    const rules = where === "append" ? [...chain.rules, rule] : [rule, ...chain.rules];
    this.netns.chains.get(table)?.set(name, { ...chain, rules });
  }

  /** Takes rules out of a chain; how many went. */
  unfilter(table: FilterTable, name: string, gone: (rule: FilterRule) => boolean): number {
    const chain = this.netns.chains.get(table)?.get(name);
    if (!chain) return 0;
    const rules = chain.rules.filter((rule) => !gone(rule));
    this.netns.chains.get(table)?.set(name, { ...chain, rules });
    return chain.rules.length - rules.length;
  }

  /**
   * States what an agent does for every peer, once. `rows` is pure; it is called for the peers a lookup needs, and for
   * all of them only when a table is expanded.
   */
  perPeer(by: Writer, name: string, rows: (peer: P) => PeerRows): void {
    this.#families.push({ by, rows });
    const family = { name, by };
    for (const table of ["routes", "neighbours", "fdb", "leases", "sets"] as const) {
      this.netns[table].families.push(family);
    }
  }

  #expand(peer: P): Expanded {
    const known = this.#expanded.get(peer.name);
    if (known) return known;
    // A family must not see what it is about to hold: while it expands, its peer has no rows yet.
    this.#expanded.set(peer.name, NOTHING);
    const made = { routes: [], neighbours: [], fdb: [], leases: [], sets: [], refused: [] } as {
      [K in keyof Expanded]: Expanded[K][number][];
    };
    for (const { by, rows } of this.#families) {
      for (const request of requests(this.netns, rows(peer), by)) {
        const refused = refusal(this.netns, request);
        if (refused) made.refused.push({ asked: request, by, ...refused });
        else if (request.table === "route") made.routes.push(request.row);
        else if (request.table === "neigh") made.neighbours.push(request.row);
        else if (request.table === "fdb") made.fdb.push(request.row);
        else if (request.table === "lease") made.leases.push(request.row);
        else made.sets.push(request.row);
      }
    }
    this.#expanded.set(peer.name, made);
    return made;
  }

  #write(request: Row): Refusal | undefined {
    const refused = refusal(this.netns, request);
    if (refused) {
      this.#refuse(request.row.by, request, refused);
      return refused;
    }
    if (request.table === "route") this.netns.routes.put(request.row);
    else if (request.table === "neigh") this.netns.neighbours.put(request.row);
    else if (request.table === "fdb") this.netns.fdb.put(request.row);
    else if (request.table === "lease") this.netns.leases.put(request.row);
    else this.netns.sets.put(request.row);
    return undefined;
  }

  #refuse(by: Writer, asked: Refused["asked"], why: Refusal): void {
    this.netns.refusals.push({ asked, by, ...why });
  }

  #clamped(link: LinkRequest | Link): number {
    const lower = link.kind === "vxlan" && link.lower !== undefined ? this.netns.links.get(link.lower) : undefined;
    return lower && link.kind === "vxlan" ? Math.min(link.mtu, lower.mtu - VXLAN_HEADROOM[link.local.family]) : link.mtu;
  }

  /** A bridge takes the smallest MTU of its ports (`br_mtu_auto_adjust`). */
  #retuneBridge(name: string | undefined): void {
    const bridge = name === undefined ? undefined : this.netns.links.get(name);
    if (bridge?.kind !== "bridge") return;
    const ports = [...this.netns.links.values()].filter((link) => link.master === name);
    const mtu = ports.length === 0 ? 1500 : Math.min(...ports.map((port) => port.mtu));
    this.netns.links.set(bridge.name, { ...bridge, mtu });
  }

  /** A device that goes down takes its routes along, but not its addresses' local rows (`fib_sync_down_dev`). */
  #flush(dev: string): void {
    this.netns.routes.drop((row) => row.dev === dev && row.type !== "local");
  }

  /** A device that comes up gets its connected routes back; others do not return by themselves. */
  #connect(dev: string): void {
    const link = this.netns.links.get(dev) as Link;
    for (const address of this.netns.addresses) {
      if (address.dev === dev) for (const route of derived(address, link)) this.netns.routes.put(route);
    }
  }

  /** Every Ethernet device that is up has an IPv6 link-local address from its MAC (RFC 4291 appendix A). */
  #linkLocal(link: Link): void {
    if (!hasEthernet(link) || link.master !== undefined || this.netns.sysctls.get("net.ipv6.conf.all.disable_ipv6") !== "0") return;
    this.address(link.name, linkLocalOf(link.mac), 64, { by: "kernel" });
  }
}

/** fe80::/64 with the interface identifier that follows from a MAC (modified EUI-64). */
export function linkLocalOf(mac: Mac): Ip {
  const [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0] = macBytes(mac);
  return IpClass.of(0xfe800000, 0, ((a ^ 2) << 24) | (b << 16) | (c << 8) | 0xff, (0xfe << 24) | (d << 16) | (e << 8) | f);
}

/** What the kernel makes of an address: its local row, and while the device is up the connected and broadcast ones. */
function derived({ dev, ip, length }: Address, link: Link): Route[] {
  const common = { dev, metric: 0, proto: "kernel", by: "kernel" } as const;
  const local: Route = {
    ...common,
    table: LOCAL_TABLE,
    type: "local",
    dst: Prefix.of(ip),
    scope: "host",
    ...(ip.family === 4 && { src: ip }),
  };
  if (ip.isLoopback) return ip.family === 6 ? [local] : [{ ...local, dst: Prefix.of(ip, 8) }, local];
  const network = Prefix.of(ip, length);
  if (!link.up || length === ip.bits) return [local];
  const connected: Route = {
    ...common,
    table: MAIN_TABLE,
    type: "unicast",
    dst: network,
    scope: "link",
    ...(ip.family === 4 ? { src: ip } : { metric: 256, scope: "global" }),
  };
  if (ip.family === 6 || length > 30) return [local, connected];
  const broadcast: Route = { ...local, type: "broadcast", dst: Prefix.of(network.broadcast), scope: "link" };
  return [local, connected, broadcast];
}

/** Fills in what iproute2 fills in: table main, type unicast, scope by whether there is a gateway. */
export function complete(netns: MutableNetns, request: RouteRequest, by: Writer): Route {
  const type = request.type ?? "unicast";
  const narrow = request.via === undefined && request.nexthops === undefined && type === "unicast";
  const dev = request.dev ?? deviceTowards(netns, request);
  return {
    table: MAIN_TABLE,
    metric: request.dst.family === 6 ? 1024 : 0,
    proto: "boot",
    by,
    ...request,
    type,
    // iproute2 gives unicast routes without a gateway link scope; agents that speak netlink say what they mean.
    scope: request.scope ?? (narrow && request.dst.family === 4 ? "link" : "global"),
    ...(dev !== undefined && { dev }),
  };
}

function* requests(netns: MutableNetns, rows: PeerRows, by: Writer): Generator<Row> {
  for (const row of rows.neighbours ?? []) yield { table: "neigh", row: { ...row, by } };
  for (const row of rows.fdb ?? []) yield { table: "fdb", row: { ...row, by } };
  for (const row of rows.routes ?? []) yield { table: "route", row: complete(netns, row, row.by ?? by) };
  for (const row of rows.leases ?? []) yield { table: "lease", row: { ...row, by } };
  for (const row of rows.sets ?? []) yield { table: "set", row: { ...row, by } };
}
