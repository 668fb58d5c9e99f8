import { addAddress, deriveAll } from "./addresses.ts";
import { linkLocalOf } from "./derived.ts";
import { hasEthernet, type Link } from "./link.ts";
import { changedLink, clampedMtu, refuseChange } from "./link-change.ts";
import type { MutableNetns } from "./netns.ts";
import type { Refusal } from "./refused.ts";
import type { LinkChange, LinkRequest } from "./request.ts";
import { retain } from "./retain.ts";

/** The devices of one namespace while they are made, changed and removed, and what goes up and down with them. */
export class Devices {
  readonly #netns: MutableNetns;
  /** Bridges whose MTU somebody chose (`BROPT_MTU_SET_BY_USER`). */
  readonly #fixedMtu = new Set<string>();
  #nextIndex = 1;

  constructor(netns: MutableNetns) {
    this.#netns = netns;
  }

  /** Adds a device; `EEXIST` when the name is taken. A VXLAN device is clamped to what its card can carry. */
  add(request: LinkRequest): Refusal | undefined {
    const { links, sockets } = this.#netns;
    if (links.has(request.name)) return { errno: "EEXIST", text: "File exists" };
    const mtu = clampedMtu(this.#netns, request);
    // Not spread: V8 gives every object of which a spread property is overwritten a hidden class of its own.
    const link: Link = Object.assign({ up: true, ifindex: this.#nextIndex++ }, request, { mtu });
    links.set(link.name, link);
    if (link.kind === "vxlan" || link.kind === "wireguard") {
      const { port, name } = link;
      const taken = sockets.some((socket) => socket.protocol === "udp" && socket.port === port);
      if (!taken) sockets.push({ protocol: "udp", port, owner: { kind: "link", name }, by: "kernel" });
    }
    this.#joined(link);
    this.#linkLocal(link);
    return undefined;
  }

  /** Changes a device that exists. */
  set(name: string, change: LinkChange): Refusal | undefined {
    const { links } = this.#netns;
    const link = links.get(name);
    if (!link) return absent(name);
    const refused = refuseChange(this.#netns, link, change);
    if (refused) return refused;
    const changed = changedLink(link, change);
    const moved =
      changed.kind === "bridge" && changed.mtu !== link.mtu ? { ...changed, routeMtu: changed.mtu } : changed;
    links.set(name, moved);
    if (link.kind === "bridge" && change.mtu !== undefined) this.#fixedMtu.add(name);
    this.#retune(link.master);
    if (change.master !== undefined) this.#retune(change.master);
    if (link.up && change.up === false) this.#flush(name);
    if (!link.up && change.up === true) {
      deriveAll(this.#netns);
      this.#linkLocal(changed);
    }
    return undefined;
  }

  /** Removes a device, every row on it, and the tunnel devices that stand on it. */
  del(name: string): Refusal | undefined {
    const { addresses, links, routes, fdb, wireguardPeers, sockets, lost } = this.#netns;
    const link = links.get(name);
    if (!link) return absent(name);
    this.#flush(name);
    lost.push({ link, addresses: addresses.filter((address) => address.dev === name) });
    retain(addresses, (address) => address.dev !== name);
    // A branch whose device is gone takes the whole route along (`fib_sync_down_dev`, NETDEV_UNREGISTER).
    routes.drop((row) => row.dev === name || row.nexthops?.some((hop) => hop.dev === name) === true);
    fdb.drop((row) => row.dev === name);
    wireguardPeers.drop((row) => row.dev === name);
    retain(sockets, ({ owner }) => owner.kind !== "link" || owner.name !== name);
    links.delete(name);
    this.#retune(link.master);
    for (const other of [...links.values()]) {
      if (other.master === name) this.set(other.name, { master: undefined });
      if (other.kind === "vxlan" && other.lower === name) this.del(other.name);
    }
    deriveAll(this.#netns);
    return undefined;
  }

  /** A bridge takes the smallest MTU of its ports, until somebody chooses one (`br_mtu_auto_adjust`). */
  #retune(name: string | undefined): void {
    const bridge = this.#tuned(name);
    if (!bridge) return;
    const ports = [...this.#netns.links.values()].filter((link) => link.master === name);
    this.#tune(bridge, ports.length === 0 ? 1500 : Math.min(...ports.map((port) => port.mtu)));
  }

  /** The same for a port that is new: its bridge has that of the ports before it, or none have come yet. */
  #joined(port: Link): void {
    const bridge = this.#tuned(port.master);
    if (!bridge) return;
    this.#tune(bridge, this.#hasOtherPort(port) ? Math.min(bridge.mtu, port.mtu) : port.mtu);
  }

  #hasOtherPort(port: Link): boolean {
    for (const link of this.#netns.links.values()) if (link.master === port.master && link !== port) return true;
    return false;
  }

  /** A bridge that follows its ports. */
  #tuned(name: string | undefined): Link | undefined {
    const bridge = name === undefined ? undefined : this.#netns.links.get(name);
    return bridge?.kind === "bridge" && !this.#fixedMtu.has(bridge.name) ? bridge : undefined;
  }

  #tune(bridge: Link, mtu: number): void {
    if (mtu !== bridge.mtu) this.#netns.links.set(bridge.name, { ...bridge, mtu, routeMtu: mtu } as Link);
  }

  /**
   * A device that goes down takes along its routes, its neighbours and its IPv6 addresses, but not the local rows of
   * its IPv4 addresses (`fib_sync_down_dev`, `neigh_ifdown`, `addrconf_ifdown`). A route with another branch stays.
   */
  #flush(dev: string): void {
    const { addresses, routes, neighbours } = this.#netns;
    routes.drop((row) => row.dev === dev && (row.type !== "local" || row.dst.family === 6));
    neighbours.drop((row) => row.dev === dev);
    retain(addresses, (row) => row.dev !== dev || row.ip.family === 4 || row.ip.isLoopback);
  }

  /** Every Ethernet device that is up, a bridge's port too, has an IPv6 link-local address from its MAC (RFC 4291). */
  #linkLocal(link: Link): void {
    if (!hasEthernet(link) || this.#netns.sysctls.get("net.ipv6.conf.all.disable_ipv6") !== "0") return;
    addAddress(this.#netns, { dev: link.name, ip: linkLocalOf(link.mac), length: 64, by: "kernel" });
  }
}

function absent(name: string): Refusal {
  return { errno: "ENODEV", text: `Cannot find device "${name}"` };
}
