import type { Ip } from "../addr/ip.ts";
import type { Address } from "../kernel/address.ts";
import type { FilterRule, FilterTable } from "../kernel/netfilter.ts";
import type { LinkRequest, Netlink, PeerRows, RouteRequest } from "../kernel/netlink.ts";
import type { Forwarder } from "../kernel/process.ts";
import type { Writer } from "../kernel/row.ts";
import type { Rule } from "../kernel/rule.ts";
import type { Socket } from "../kernel/socket.ts";
import type { Peer } from "../kernel/table.ts";
import { HostPeer } from "./peer.ts";

/** A signature stands before what is signed: V8 gives every spread object to which something is added a hidden class of its own. */
type Unsigned<T> = T extends unknown ? Omit<T, "by"> : never;

/**
 * One writer at work in one namespace: netlink's verbs, each row signed with the writer's name, so that a mode reads
 * like the commands an operator would type.
 */
export class Agent {
  readonly by: Writer;
  readonly #netlink: Netlink;
  readonly #self: string;

  constructor(netlink: Netlink, by: Writer, self: string) {
    this.#netlink = netlink;
    this.by = by;
    this.#self = self;
  }

  link(request: Unsigned<LinkRequest>): this {
    this.#netlink.link({ by: this.by, ...request });
    return this;
  }

  address(dev: string, ip: Ip, length: Address["length"]): this {
    this.#netlink.address(dev, ip, length, { by: this.by });
    return this;
  }

  route(request: RouteRequest): this {
    this.#netlink.route({ by: this.by, ...request });
    return this;
  }

  /** Adds a policy rule (`ip rule add`). */
  rule(row: Omit<Rule, "by">): this {
    this.#netlink.rule({ by: this.by, ...row });
    return this;
  }

  sysctl(key: string, value: number): this {
    this.#netlink.sysctl(key, value);
    return this;
  }

  member(set: string, prefix: Parameters<Netlink["member"]>[0]["prefix"]): this {
    this.#netlink.member({ set, prefix, by: this.by });
    return this;
  }

  socket(row: Omit<Socket, "by">): this {
    this.#netlink.socket({ by: this.by, ...row });
    return this;
  }

  /** Ports without a socket are taken to have one. */
  assumeListening(): this {
    this.#netlink.netns.assumeListening = true;
    return this;
  }

  forwarder(row: Omit<Forwarder, "by">): this {
    this.#netlink.forwarder({ by: this.by, ...row });
    return this;
  }

  /** Sets the policy of a built-in chain (`iptables -P`). */
  policy(table: FilterTable, chain: string, policy: "ACCEPT" | "DROP"): this {
    this.#netlink.chain(table, chain, this.by, policy);
    return this;
  }

  /** Makes an empty chain (`iptables -N`). */
  chain(table: FilterTable, chain: string): this {
    this.#netlink.chain(table, chain, this.by);
    return this;
  }

  /** Makes a chain with all its rules (`iptables-restore`). */
  rules(table: FilterTable, name: string, rules: readonly FilterRule[]): this {
    this.#netlink.chain(table, name, this.by);
    this.#netlink.netns.chains.get(table)?.set(name, { table, name, rules, by: this.by });
    return this;
  }

  /** Appends a rule (`iptables -A`). */
  append(table: FilterTable, chain: string, rule: Omit<FilterRule, "by">): this {
    this.#netlink.filter(table, chain, { by: this.by, ...rule }, "append");
    return this;
  }

  /** Puts a rule first (`iptables -I`). */
  insert(table: FilterTable, chain: string, rule: Omit<FilterRule, "by">): this {
    this.#netlink.filter(table, chain, { by: this.by, ...rule }, "insert");
    return this;
  }

  /** The same for an agent that goes on looking at the tables (see `Netlink.keepPerPeer`). */
  keepPerPeer(name: string, rows: { peer: (peer: HostPeer) => PeerRows; alone: () => PeerRows }): this {
    const peer = this.#others(rows.peer);
    this.#netlink.keepPerPeer(this.by, name, { ...rows, peer });
    return this;
  }

  /** States what the agent does for every other node, once; it is asked for the peers that a lookup needs. */
  perPeer(name: string, rows: (peer: HostPeer) => PeerRows): this {
    this.#netlink.perPeer(this.by, name, this.#others(rows));
    return this;
  }

  #others(rows: (peer: HostPeer) => PeerRows): (peer: Peer) => PeerRows {
    return (peer) => (peer instanceof HostPeer && peer.name !== this.#self ? rows(peer) : {});
  }
}
