import type { Link } from "../../src/kernel/link.ts";
import type { Netns } from "../../src/kernel/netns.ts";
import type { Network } from "../../src/kernel/network.ts";
import { placeName } from "../../src/trace/project.ts";

/** A topology file as plain data. */
export interface Document {
  readonly subnets: Readonly<Record<string, object>>;
  readonly hosts: Readonly<Record<string, object>>;
  readonly routers?: Readonly<Record<string, object>>;
  readonly faults?: readonly Readonly<Record<string, string>>[];
  readonly [key: string]: unknown;
}

/** One way to break a network; three numbers that pick the way, the machine and the row. */
export interface Breakage {
  readonly kind: number;
  readonly at: number;
  readonly other: number;
}

/** What a breakage is done to. */
interface Scene {
  readonly document: Document;
  readonly network: Network;
  readonly at: number;
  readonly other: number;
}

type Break = (scene: Scene) => Document | undefined;

const DEAD_MAC = "02:00:00:00:00:99";

/** The ways to break a network, by name. One that finds nothing to break gives nothing. */
const KINDS: Readonly<Record<string, Break>> = {
  "route missing": byCommand("host", ({ netns, pick }) => {
    const route = pick(written(netns));
    return route && `ip route del ${typed(route)}${route.dst} table ${route.table}`;
  }),
  "route missing in a pod": byCommand("pod", ({ netns, pick }) => {
    const route = pick(written(netns));
    return route && `ip route del ${route.dst}`;
  }),
  "route missing in a router": byCommand("router", ({ netns, pick }) => {
    const route = pick(written(netns));
    return route && `ip route del ${route.dst}`;
  }),
  "route to the wrong node": byCommand("host", ({ netns, pick, network }) => {
    const route = pick(written(netns).filter((row) => row.type === "unicast"));
    const via = pick([...network.names()].flatMap((name) => cardsOf(network, name)).filter(onLinkOf(netns)));
    return route && via && `ip route replace ${route.dst} via ${via} dev eth0`;
  }),
  "route to no gateway": byCommand("host", ({ netns, pick }) => {
    const route = pick(written(netns).filter((row) => row.type === "unicast"));
    return route && `ip route replace ${route.dst} dev eth0`;
  }),
  "route of another type": byCommand("host", ({ netns, pick }) => {
    const route = pick(written(netns).filter((row) => row.type === "unicast"));
    const type = pick(["unreachable", "prohibit", "blackhole"]);
    return route && `ip route replace ${type} ${route.dst}`;
  }),
  "FDB entry missing": byCommand("host", ({ netns, pick }) => {
    const entry = pick(tunnelled(netns));
    return entry && `bridge fdb del ${entry.mac} dev ${entry.dev}`;
  }),
  "FDB entry to the wrong node": byCommand("host", ({ netns, pick, network }) => {
    const entry = pick(tunnelled(netns));
    const node = pick([...network.names()].flatMap((name) => cardsOf(network, name)).concat("172.16.0.250"));
    return entry && `bridge fdb replace ${entry.mac} dev ${entry.dev} dst ${node}`;
  }),
  "neighbour missing": byCommand("host", ({ netns, pick }) => {
    const neighbour = pick([...netns.neighbours.rows()]);
    return neighbour && `ip neigh del ${neighbour.ip} dev ${neighbour.dev}`;
  }),
  "stale MAC": byCommand("host", ({ netns, pick }) => {
    const neighbour = pick([...netns.neighbours.rows()]);
    return neighbour && `ip neigh replace ${neighbour.ip} lladdr ${DEAD_MAC} dev ${neighbour.dev}`;
  }),
  "stale MAC of the gateway": byCommand("pod", ({ netns, pick }) => {
    const gateway = pick(written(netns).flatMap((row) => (row.via && row.dev ? [row] : [])));
    return gateway && `ip neigh replace ${gateway.via} lladdr ${DEAD_MAC} dev ${gateway.dev}`;
  }),
  "rp_filter strict": byCommand("host", () => "sysctl net.ipv4.conf.all.rp_filter=1"),
  "rp_filter strict in a router": byCommand("router", () => "sysctl net.ipv4.conf.all.rp_filter=1"),
  "forwarding off": byCommand("host", () => "sysctl net.ipv4.ip_forward=0"),
  "forwarding off in a router": byCommand("router", () => "sysctl net.ipv4.ip_forward=0"),
  "proxy ARP off": byCommand("host", ({ netns, pick }) => {
    const key = pick([...netns.sysctls.keys()].filter((one) => one.endsWith(".proxy_arp")));
    return key && `sysctl ${key}=0`;
  }),
  "narrow link": byCommand("host", ({ netns, pick }) => narrowed(pick(devices(netns)))),
  "narrow link of a router": byCommand("router", ({ netns, pick }) => narrowed(pick(devices(netns)))),
  "narrow link of a pod": byCommand("pod", ({ netns, pick }) => narrowed(pick(devices(netns)))),
  "narrow segment": ({ document, other, at }) => {
    const name = nth(Object.keys(document.subnets), other);
    return name === undefined ? undefined : changed(document, "subnets", name, { mtu: nth([1280, 1400, 1450], at) });
  },
  "dropped protocol": ({ document, other, at }) => {
    const name = nth(Object.keys(document.subnets), other);
    const what = nth(["udp", "udp/8472", "udp/8285", "udp/4789", "icmp", "tcp", "udp/9000"], at);
    return name === undefined ? undefined : changed(document, "subnets", name, { drop: [what] });
  },
  "only one protocol let through": ({ document, other, at }) => {
    const name = nth(Object.keys(document.subnets), other);
    const what = nth(["udp", "udp/8472", "icmp", "tcp"], at);
    return name === undefined ? undefined : changed(document, "subnets", name, { allow: [what] });
  },
  "sources checked": ({ document, other }) => {
    const name = nth(Object.keys(document.subnets), other);
    return name === undefined ? undefined : changed(document, "subnets", name, { sourceDestCheck: true });
  },
  "wrong VNI": (scene) => told(scene, { "flannel-vxlan": "VNI", "flannel-vxlan-direct": "VNI", ...calico("vxlanVNI") }),
  "wrong port": (scene) =>
    told(scene, {
      "flannel-udp": "Port",
      "flannel-vxlan": "Port",
      "flannel-vxlan-direct": "Port",
      ...calico("vxlanPort"),
    }),
  "FORWARD DROP": byCommand("host", ({ pick }) => pick(["iptables -P FORWARD DROP", "iptables -I FORWARD -j DROP"])),
  "FORWARD REJECT": byCommand("host", () => "iptables -I FORWARD -p udp -j REJECT"),
  "INPUT DROP": byCommand("host", ({ pick }) => pick(["iptables -P INPUT DROP", "iptables -I INPUT -p udp -j DROP"])),
  "OUTPUT DROP": byCommand("host", () => "iptables -I OUTPUT -p udp -j DROP"),
  "INPUT DROP in a pod": byCommand("pod", () => "iptables -I INPUT -j DROP"),
  "link down": byCommand("host", ({ netns, pick }) => {
    const link = pick(devices(netns));
    return link && `ip link set ${link.name} down`;
  }),
  "link down in a router": byCommand("router", ({ netns, pick }) => {
    const link = pick(devices(netns));
    return link && `ip link set ${link.name} down`;
  }),
  "link down in a pod": byCommand("pod", () => "ip link set eth0 down"),
  "address missing": byCommand("host", ({ netns, pick }) => {
    const address = pick(netns.addresses.filter(({ dev, by }) => dev !== "lo" && by !== "kernel"));
    return address && `ip addr del ${address.ip}/${address.length} dev ${address.dev}`;
  }),
  "lease missing": byCommand("host", ({ netns, pick }) => {
    const lease = pick([...netns.leases.rows()]);
    return lease && `lease del ${lease.dst}`;
  }),
  "lease of the wrong node": byCommand("host", ({ netns, pick, network }) => {
    const lease = pick([...netns.leases.rows()]);
    const to = pick([...network.names()].flatMap((name) => cardsOf(network, name)).concat("172.16.0.250"));
    return lease && `lease replace ${lease.dst} via ${to}`;
  }),
  "process dead": byCommand("host", ({ netns }) => netns.forwarders[0] && `pkill ${netns.forwarders[0].process}`),
};

export const KIND_NAMES: readonly string[] = Object.keys(KINDS);

/** The document broken in one way: what the numbers mean, then the ways after it, because one may fit nothing here. */
export function* broken(
  { document, network }: { readonly document: Document; readonly network: Network },
  { kind, at, other }: Breakage,
): Generator<{ readonly kind: string; readonly document: Document }> {
  for (let k = 0; k < KIND_NAMES.length; k++) {
    const name = KIND_NAMES[(kind + k) % KIND_NAMES.length] ?? "";
    const next = KINDS[name]?.({ document, network, at, other });
    if (next) yield { kind: name, document: next };
  }
}

interface Place {
  readonly netns: Netns;
  readonly network: Network;
  pick<T>(rows: readonly T[]): T | undefined;
}

/** A command on a machine, as an entry of the file's faults. */
function byCommand(kind: Netns["kind"], command: (place: Place) => string | undefined): Break {
  return ({ document, network, at, other }) => {
    const name = nth(
      [...network.names()].filter((each) => each.startsWith(`${kind}/`)),
      at,
    );
    const netns = name === undefined ? undefined : network.netns(name);
    if (!netns) return undefined;
    const text = command({ netns, network, pick: (rows) => nth(rows, other) });
    return text ? { ...document, faults: [...(document.faults ?? []), { [placeName(netns.name)]: text }] } : undefined;
  };
}

/** One host's agent is told another number. */
function told(
  { document, network, at }: Scene,
  keys: Readonly<Record<string, string | undefined>>,
): Document | undefined {
  const key = keys[network.mode];
  const name = nth(Object.keys(document.hosts), at);
  return key === undefined || name === undefined
    ? undefined
    : changed(document, "hosts", name, { cni: { [network.mode]: { [key]: 77 } } });
}

function calico(key: string): Readonly<Record<string, string | undefined>> {
  return { "calico-vxlan": key, "calico-vxlan-crosssubnet": key };
}

function changed(document: Document, section: "subnets" | "hosts", name: string, change: object): Document {
  return { ...document, [section]: { ...document[section], [name]: { ...document[section][name], ...change } } };
}

function nth<T>(rows: readonly T[], k: number): T | undefined {
  return rows[k % Math.max(1, rows.length)];
}

function written(netns: Netns) {
  return [...netns.routes.rows()].filter((row) => row.by !== "kernel" && row.dst.family === 4);
}

function typed({ type }: { readonly type: string }): string {
  return type === "unicast" ? "" : `${type} `;
}

function tunnelled(netns: Netns) {
  return [...netns.fdb.rows()].filter(({ dst }) => dst !== undefined);
}

function devices(netns: Netns): readonly Link[] {
  return [...netns.links.values()].filter(({ kind }) => kind !== "loopback");
}

function narrowed(link: Link | undefined): string | undefined {
  return link && link.mtu > 1280 ? `ip link set ${link.name} mtu ${link.mtu - 100}` : undefined;
}

function cardsOf(network: Network, name: string): readonly string[] {
  const addresses = name.startsWith("pod/") ? [] : (network.netns(name)?.addresses ?? []);
  return addresses.flatMap(({ dev, ip }) => (dev === "eth0" && ip.family === 4 ? [`${ip}`] : []));
}

/** Whether an address is a neighbour on the first card of a machine. */
function onLinkOf(netns: Netns): (address: string) => boolean {
  const own = netns.addresses.find(({ dev, ip }) => dev === "eth0" && ip.family === 4);
  const net = own && `${own.ip}`.split(".").slice(0, 3).join(".");
  return (address) => address !== `${own?.ip}` && address.split(".").slice(0, 3).join(".") === net;
}
