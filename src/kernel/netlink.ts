import { Ip } from "../addr/ip.ts";
import { addAddress, delAddress } from "./addresses.ts";
import { refusal } from "./admit.ts";
import { addRule, makeChain, removeRules } from "./chains.ts";
import { Devices } from "./devices.ts";
import { Families } from "./family.ts";
import type { FdbEntry } from "./fdb.ts";
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
  readonly #devices: Devices;

  constructor(name: string, kind: NetnsKind, peers?: Peers) {
    this.netns = new MutableNetns(name, kind, peers);
    this.#families = new Families(this.netns);
    this.#devices = new Devices(this.netns);
    this.netns.expand = (peer) => this.#families.expand(peer as P | undefined);
    this.link({ kind: "loopback", name: "lo", mtu: 65536, by: "kernel" });
    this.address("lo", Ip.of(0x7f000001), 8, { by: "kernel" });
  }

  /**
   * The agents are done. What families hold was granted by the tables as they stand now, whatever is changed by hand
   * afterwards and whenever it is looked up.
   */
  seal(): void {
    if (this.#families.isSealed) return;
    this.#families.seal(this.netns.snapshot());
    for (const table of PEER_TABLES) this.netns[table].seal();
  }

  /** Adds a device; `EEXIST` when the name is taken. A VXLAN device is clamped to what its card can carry. */
  link(request: LinkRequest): void {
    const refused = this.#devices.add(request);
    if (refused) this.#refuse(request.by, { table: "link", words: request.name }, refused);
  }

  /** Changes a device that exists. */
  setLink(name: string, change: LinkChange): Refusal | undefined {
    return this.#devices.set(name, change);
  }

  /** Removes a device, every row on it, and the tunnel devices that stand on it. */
  delLink(name: string): Refusal | undefined {
    return this.#devices.del(name);
  }

  /** Adds an address, and with it the local, connected and broadcast routes the kernel derives. */
  address(dev: string, ip: Ip, length: number, written: Written): Refusal | undefined {
    const refused = addAddress(this.netns, { ...written, dev, ip, length });
    if (refused) this.#refuse(written.by, { table: "addr", words: `${ip}/${length} dev ${dev}` }, refused);
    return refused;
  }

  /** Removes an address, and what stands on it. */
  delAddress(dev: string, ip: Ip, length?: number): Refusal | undefined {
    return delAddress(this.netns, dev, ip, length);
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
   * `addrconf_fixup_forwarding`). Where IPv6 is switched on, `lo` has ::1 (`init_loopback`).
   */
  sysctl(key: string, value: string | number): void {
    const { sysctls } = this.netns;
    const v6 = key === "net.ipv6.conf.all.forwarding";
    if ((v6 || key === "net.ipv4.ip_forward") && (sysctls.get(key) ?? "0") !== String(value)) {
      const own = v6 ? /^net\.ipv6\.conf\..+\.forwarding$/ : /^net\.ipv4\.conf\..+\.forwarding$/;
      for (const other of [...sysctls.keys()]) if (own.test(other)) sysctls.delete(other);
    }
    sysctls.set(key, String(value));
    const loopback = Ip.of(0, 0, 0, 1);
    if (key === "net.ipv6.conf.all.disable_ipv6" && String(value) === "0" && !this.#has(loopback)) {
      this.address("lo", loopback, 128, { by: "kernel" });
    }
  }

  #has(ip: Ip): boolean {
    return this.netns.addresses.some((address) => address.ip.equals(ip));
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
}

/** A namespace's verbs, whatever peers its families speak of. */
export type AnyNetlink = Omit<Netlink, "perPeer">;
