import { Ip } from "../addr/ip.ts";
import { Prefix } from "../addr/prefix.ts";
import { refusal } from "./admit.ts";
import { addRule, makeChain, removeRules } from "./chains.ts";
import { derived, linkLocalOf, primaryOf } from "./derived.ts";
import { Families } from "./family.ts";
import type { FdbEntry } from "./fdb.ts";
import { hasEthernet, type Link } from "./link.ts";
import { clampedMtu, refuseChange } from "./link-change.ts";
import type { Neighbour } from "./neighbour.ts";
import type { FilterRule, FilterTable, SetMember } from "./netfilter.ts";
import { MutableNetns, type NetnsKind } from "./netns.ts";
import type { Forwarder, Lease } from "./process.ts";
import type { Refusal, Refused, Row } from "./refused.ts";
import { complete, type LinkChange, type LinkRequest, type PeerRows, type RouteRequest } from "./request.ts";
import type { Writer, Written } from "./row.ts";
import type { Rule } from "./rule.ts";
import type { Socket } from "./socket.ts";
import type { Peer, Peers } from "./table.ts";
import type { WireguardPeer } from "./wireguard.ts";

export type { LinkChange, LinkRequest, PeerRows, RouteRequest } from "./request.ts";

/** The tables that hold rows per peer. */
const PEER_TABLES = ["routes", "neighbours", "fdb", "leases", "sets", "wireguardPeers"] as const;

/**
 * Writes the tables of one namespace as netlink would: requests are granted, clamped or refused in program order, and
 * the rows the kernel makes itself (local, connected, broadcast, link-local) follow from them.
 */
export class Netlink<P extends Peer = Peer> {
  readonly netns: MutableNetns;
  readonly #families: Families<P>;
  /** Bridges whose MTU somebody chose (`BROPT_MTU_SET_BY_USER`). */
  readonly #fixedMtu = new Set<string>();
  #nextIndex = 1;

  constructor(name: string, kind: NetnsKind, peers?: Peers) {
    this.netns = new MutableNetns(name, kind, peers);
    this.#families = new Families(this.netns);
    this.netns.expand = (peer) => this.#families.expand(peer as P | undefined);
    this.link({ kind: "loopback", name: "lo", mtu: 65536, by: "kernel" });
    this.address("lo", Ip.of(0x7f000001), 8, { by: "kernel" });
  }

  /**
   * The agents are done. What families hold was granted by the tables as they stand now, whatever is changed by hand
   * afterwards and whenever it is looked up.
   */
  seal(): void {
    if (this.#families.seal(this.netns.snapshot())) for (const table of PEER_TABLES) this.netns[table].seal();
  }

  /** Adds a device; `EEXIST` when the name is taken. A VXLAN device is clamped to what its card can carry. */
  link(request: LinkRequest): void {
    if (this.netns.links.has(request.name)) {
      this.#refuse(request.by, { table: "link", words: request.name }, { errno: "EEXIST", text: "File exists" });
      return;
    }
    const link = { up: true, ...request, ifindex: this.#nextIndex++, mtu: clampedMtu(this.netns, request) } as Link;
    this.netns.links.set(link.name, link);
    if (link.kind === "vxlan" || link.kind === "wireguard") {
      const taken = this.netns.sockets.some((socket) => socket.protocol === "udp" && socket.port === link.port);
      if (!taken) {
        this.netns.sockets.push({
          protocol: "udp",
          port: link.port,
          owner: { kind: "link", name: link.name },
          by: "kernel",
        });
      }
    }
    this.#retuneBridge(link.master);
    this.#linkLocal(link);
  }

  /** Changes a device that exists. */
  setLink(name: string, change: LinkChange): Refusal | undefined {
    const link = this.netns.links.get(name);
    if (!link) return { errno: "ENODEV", text: `Cannot find device "${name}"` };
    const refused = refuseChange(this.netns, link, change);
    if (refused) return refused;
    const changed = { ...link, ...change } as Link;
    if (change.master === undefined && "master" in change) delete (changed as { master?: string }).master;
    const moved =
      changed.kind === "bridge" && changed.mtu !== link.mtu ? { ...changed, routeMtu: changed.mtu } : changed;
    this.netns.links.set(name, moved);
    if (link.kind === "bridge" && change.mtu !== undefined) this.#fixedMtu.add(name);
    this.#retuneBridge(link.master);
    if (change.master !== undefined) this.#retuneBridge(change.master);
    if (link.up && change.up === false) this.#flush(name);
    if (!link.up && change.up === true) {
      this.#derive();
      this.#linkLocal(changed);
    }
    return undefined;
  }

  /** Removes a device, every row on it, and the tunnel devices that stand on it. */
  delLink(name: string): Refusal | undefined {
    const link = this.netns.links.get(name);
    if (!link) return { errno: "ENODEV", text: `Cannot find device "${name}"` };
    this.#flush(name);
    retain(this.netns.addresses, (address) => address.dev !== name);
    // A branch whose device is gone takes the whole route along (`fib_sync_down_dev`, NETDEV_UNREGISTER).
    this.netns.routes.drop((row) => row.dev === name || row.nexthops?.some((hop) => hop.dev === name) === true);
    this.netns.fdb.drop((row) => row.dev === name);
    this.netns.wireguardPeers.drop((row) => row.dev === name);
    retain(this.netns.sockets, ({ owner }) => owner.kind !== "link" || owner.name !== name);
    this.netns.links.delete(name);
    this.#retuneBridge(link.master);
    for (const other of [...this.netns.links.values()]) {
      if (other.master === name) this.setLink(other.name, { master: undefined });
      if (other.kind === "vxlan" && other.lower === name) this.delLink(other.name);
    }
    this.#derive();
    return undefined;
  }

  /** Adds an address, and with it the local, connected and broadcast routes the kernel derives. */
  address(dev: string, ip: Ip, length: number, written: Written): Refusal | undefined {
    const refused = !this.netns.links.has(dev)
      ? { errno: "ENODEV", text: `Cannot find device "${dev}"` }
      : this.netns.addresses.some(
            (address) => address.dev === dev && address.ip.equals(ip) && address.length === length,
          )
        ? { errno: "EEXIST", text: "Address already assigned" }
        : undefined;
    if (refused) {
      this.#refuse(written.by, { table: "addr", words: `${ip}/${length} dev ${dev}` }, refused);
      return refused;
    }
    const scope = ip.isLoopback ? "host" : ip.isLinkLocal && ip.family === 6 ? "link" : "global";
    this.netns.addresses.push({ ...written, dev, ip, length, scope });
    this.#derive();
    return undefined;
  }

  /**
   * Removes an address; its secondaries, the routes that speak from it, and with a device's last IPv4 address all its
   * routes go too (`__inet_del_ifa`, `fib_sync_down_addr`, `fib_inetaddr_event`).
   */
  delAddress(dev: string, ip: Ip, length?: number): Refusal | undefined {
    const { addresses, routes } = this.netns;
    const address = addresses.find(
      (row) => row.dev === dev && row.ip.equals(ip) && (length === undefined || row.length === length),
    );
    if (!address) return { errno: "EADDRNOTAVAIL", text: "Address not found" };
    const gone = addresses.filter((row) => row === address || primaryOf(row, addresses) === address);
    retain(addresses, (row) => !gone.includes(row));
    const isGone = (lost: Ip | undefined) => lost !== undefined && gone.some((row) => row.ip.equals(lost));
    const networks = gone.map((row) => Prefix.of(row.ip, row.length));
    routes.drop((row) => {
      if (row.by === "kernel" && row.dev === dev) {
        return (
          isGone(row.src) || isGone(row.dst.ip) || (ip.family === 6 && networks.some((net) => net.equals(row.dst)))
        );
      }
      return ip.family === 4 && isGone(row.src) && !addresses.some((left) => left.ip.equals(row.src));
    });
    if (ip.family === 4 && !addresses.some((row) => row.dev === dev && row.ip.family === 4)) {
      routes.drop((row) => row.dev === dev && row.dst.family === 4);
    }
    this.#derive();
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

  wireguardPeer(row: WireguardPeer): Refusal | undefined {
    return this.#write({ table: "wireguard", row });
  }

  rule(rule: Rule): void {
    this.netns.rules.push(rule);
    this.netns.rules.sort((a, b) => a.pref - b.pref);
  }

  forwarder(row: Forwarder): void {
    this.netns.forwarders.push(row);
    this.socket({
      protocol: "udp",
      ip: row.ip,
      port: row.port,
      owner: { kind: "process", name: row.process },
      by: row.by,
    });
  }

  socket(row: Socket): void {
    this.netns.sockets.push(row);
  }

  /**
   * Writes a setting. A change of what all devices forward goes to each of them (`inet_forward_change`,
   * `addrconf_fixup_forwarding`).
   */
  sysctl(key: string, value: string | number): void {
    const { sysctls } = this.netns;
    const v6 = key === "net.ipv6.conf.all.forwarding";
    if ((v6 || key === "net.ipv4.ip_forward") && (sysctls.get(key) ?? "0") !== String(value)) {
      const own = v6 ? /^net\.ipv6\.conf\..+\.forwarding$/ : /^net\.ipv4\.conf\..+\.forwarding$/;
      for (const other of [...sysctls.keys()]) if (own.test(other)) sysctls.delete(other);
    }
    sysctls.set(key, String(value));
  }

  /** Makes a chain (`iptables -N`), or sets the policy of a built-in one. */
  chain(table: FilterTable, name: string, by: Writer, policy?: "ACCEPT" | "DROP"): void {
    makeChain(this.netns.chains, { table, name, by, ...(policy && { policy }) });
  }

  /** Appends a rule to a chain, or puts it first (`iptables -A`, `-I`); the chain is made when it is missing. */
  filter(table: FilterTable, name: string, rule: FilterRule, where: "append" | "insert" = "append"): void {
    addRule(this.netns.chains, { table, name }, rule, where);
  }

  /** Takes rules out of a chain; how many went. */
  unfilter(table: FilterTable, name: string, gone: (rule: FilterRule) => boolean): number {
    return removeRules(this.netns.chains, { table, name }, gone);
  }

  /**
   * States what an agent does for every peer, once. `rows` is pure; it is called for the peers a lookup needs, and for
   * all of them only when a table is expanded.
   */
  perPeer(by: Writer, name: string, rows: (peer: P) => PeerRows): void {
    this.#families.add({ by, rows });
    for (const table of PEER_TABLES) this.netns[table].families.push({ name, by });
  }

  /**
   * The same for an agent that never stops: its rows follow the tables as they are, also after changes by hand, and it
   * adds them as `NLM_F_EXCL` asks: none takes the place of another's. `alone` are rows for no peer in particular.
   */
  keepPerPeer(by: Writer, name: string, rows: { peer: (peer: P) => PeerRows; alone: () => PeerRows }): void {
    this.#families.add({ by, rows: rows.peer, alone: rows.alone, live: true });
    for (const table of PEER_TABLES) this.netns[table].families.push({ name, by, live: true });
  }

  /** Agents that never stop look at the tables again. */
  rescan(): void {
    this.#families.forget();
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
    else if (request.table === "set") this.netns.sets.put(request.row);
    else this.netns.wireguardPeers.put(request.row);
    return undefined;
  }

  #refuse(by: Writer, asked: Refused["asked"], why: Refusal): void {
    this.netns.refusals.push({ asked, by, ...why });
  }

  /** A bridge takes the smallest MTU of its ports, until somebody chooses one (`br_mtu_auto_adjust`). */
  #retuneBridge(name: string | undefined): void {
    const bridge = name === undefined ? undefined : this.netns.links.get(name);
    if (bridge?.kind !== "bridge" || this.#fixedMtu.has(bridge.name)) return;
    const ports = [...this.netns.links.values()].filter((link) => link.master === name);
    const mtu = ports.length === 0 ? 1500 : Math.min(...ports.map((port) => port.mtu));
    if (mtu !== bridge.mtu) this.netns.links.set(bridge.name, { ...bridge, mtu, routeMtu: mtu });
  }

  /**
   * A device that goes down takes along its routes, its neighbours and its IPv6 addresses, but not the local rows of
   * its IPv4 addresses (`fib_sync_down_dev`, `neigh_ifdown`, `addrconf_ifdown`). A route with another branch stays.
   */
  #flush(dev: string): void {
    const { addresses, routes, neighbours } = this.netns;
    routes.drop((row) => row.dev === dev && (row.type !== "local" || row.dst.family === 6));
    neighbours.drop((row) => row.dev === dev);
    retain(addresses, (row) => row.dev !== dev || row.ip.family === 4 || row.ip.isLoopback);
  }

  /** Puts every row that follows from an address and does not stand yet; what was deleted by hand stays away. */
  #derive(): void {
    const { addresses, links, routes } = this.netns;
    for (const address of addresses) {
      const link = links.get(address.dev);
      const primary = primaryOf(address, addresses);
      for (const route of link ? derived(address, link, primary) : []) if (!routes.own(route)) routes.put(route);
    }
  }

  /** Every Ethernet device that is up, a bridge's port too, has an IPv6 link-local address from its MAC (RFC 4291). */
  #linkLocal(link: Link): void {
    if (!hasEthernet(link) || this.netns.sysctls.get("net.ipv6.conf.all.disable_ipv6") !== "0") return;
    this.address(link.name, linkLocalOf(link.mac), 64, { by: "kernel" });
  }
}

/** A namespace's verbs, whatever peers its families speak of. */
export type AnyNetlink = Omit<Netlink, "perPeer">;

function retain<T>(rows: T[], keep: (row: T) => boolean): void {
  rows.splice(0, rows.length, ...rows.filter(keep));
}
