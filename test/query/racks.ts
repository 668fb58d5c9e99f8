import "../../src/modes/registry.ts";
import fc from "fast-check";
import { loadTopology } from "../../src/topology/load.ts";
import type { Fault, Topology } from "../../src/topology/topology.ts";

/** A cluster of racks, some alike and some not, small enough to walk every pair. */
export interface Racks {
  readonly racks: readonly { readonly hosts: number; readonly mtu: number; readonly drop: boolean }[];
  /** How routers know of pods. */
  readonly bgp: "mesh" | "tors" | "none";
  readonly podsPerHost: number;
  readonly core: number;
  /** Routes for shares in words, on the routers of racks. */
  readonly routes: boolean;
  readonly faults: readonly { readonly kind: number; readonly at: number; readonly other: number }[];
}

const rack = fc.record({
  hosts: fc.integer({ min: 1, max: 2 }),
  mtu: fc.constantFrom(1500, 1500, 1500, 1400),
  drop: fc.constantFrom(false, false, false, true),
});

export const racks = (faults: { readonly min: number; readonly max: number }): fc.Arbitrary<Racks> =>
  fc.record({
    racks: fc.array(rack, { minLength: 1, maxLength: 4 }),
    bgp: fc.constantFrom("mesh", "tors", "none"),
    podsPerHost: fc.integer({ min: 1, max: 2 }),
    core: fc.constantFrom(1500, 9000, 1400),
    routes: fc.boolean(),
    faults: fc.array(fc.record({ kind: fc.nat(99), at: fc.nat(9), other: fc.nat(9) }), {
      minLength: faults.min,
      maxLength: faults.max,
    }),
  });

interface Named {
  readonly name: string;
  readonly rack: number;
  readonly ip: string;
  readonly share: string;
}

function hostsOf({ racks }: Racks): readonly Named[] {
  const all = racks.flatMap(({ hosts }, rack) => Array.from({ length: hosts }, (_, i) => ({ rack, i })));
  return all.map(({ rack, i }, k) => ({
    name: `n${k}`,
    rack,
    ip: `172.16.${rack}.${11 + i}`,
    share: `10.244.${k + 1}.0/24`,
  }));
}

export async function topologyOf(draw: Racks): Promise<Topology> {
  const hosts = hostsOf(draw);
  const tor = (k: number) => `r${k}`;
  const others = (k: number) => draw.racks.flatMap((_, other) => (other === k ? [] : [tor(other)]));
  const document = {
    "cni-trace": 1,
    cni: { calico: { nodeToNodeMeshEnabled: draw.bgp === "mesh" } },
    subnets: {
      ...Object.fromEntries(
        draw.racks.map(({ mtu, drop }, k) => [
          `s${k}`,
          { cidr: `172.16.${k}.0/24`, mtu, gateway: `172.16.${k}.1`, ...(drop && { drop: ["udp/8472", "proto/4"] }) },
        ]),
      ),
      core: { cidr: "172.31.0.0/24", mtu: draw.core },
    },
    routers: Object.fromEntries(
      draw.racks.map((_, k) => {
        const own = hosts.filter((host) => host.rack === k);
        return [
          tor(k),
          {
            addresses: [`172.16.${k}.1`, `172.31.0.${k + 1}`],
            ...(draw.routes && { routes: own.map(({ share, ip }) => `${share} via ${ip}`) }),
            ...(draw.bgp === "tors" && {
              bgp: { as: 65100 + k, routeReflector: true, peers: [...own.map(({ name }) => name), ...others(k)] },
            }),
          },
        ];
      }),
    ),
    hosts: Object.fromEntries(
      hosts.map(({ name, ip, rack }) => [
        name,
        { address: ip, ...(draw.bgp === "tors" && { bgp: { as: 65100 + rack, peers: [tor(rack)] } }) },
      ]),
    ),
    pods: Object.fromEntries(
      hosts.flatMap(({ name }) => Array.from({ length: draw.podsPerHost }, (_, i) => [`p${name}-${i}`, name])),
    ),
  };
  const loaded = await loadTopology({ text: JSON.stringify(document), file: "racks.json" });
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.problems));
  return loaded.value;
}

/** Commands of every reach: about one other host, about all, about a router, about one pod. */
export function faultsOf(draw: Racks): readonly Fault[] {
  const hosts = hostsOf(draw);
  return draw.faults.flatMap(({ kind, at, other }): readonly Fault[] => {
    const host = hosts[at % hosts.length] as Named;
    const peer = hosts[other % hosts.length] as Named;
    const [, , k] = peer.share.split(".");
    const onHost = [
      `ip route del ${peer.share}`,
      `ip route del 10.244.${k}.0/26`,
      `ip route replace ${peer.share} dev eth0`,
      `ip route add 10.244.${k}.2 via 172.16.${host.rack}.1`,
      `ip route add blackhole 10.244.${k}.2/31`,
      `ip neigh del 10.244.${k}.0 dev flannel.1`,
      `ip neigh replace 10.244.${k}.0 lladdr 02:00:00:00:00:99 dev flannel.1`,
      `lease del ${peer.share}`,
      `ip route replace ${peer.share} via ${hosts[(other + 1) % hosts.length]?.ip} onlink dev eth0`,
      "sysctl net.ipv4.ip_forward=0",
      "sysctl net.ipv4.conf.all.rp_filter=1",
      "iptables -P FORWARD DROP",
      `iptables -I FORWARD -d 10.244.${k}.2 -j DROP`,
      `iptables -I FORWARD -s ${peer.share} -j DROP`,
      "iptables -I INPUT -j DROP",
      "ip link set eth0 mtu 1280",
      "ip route del default",
    ];
    const onRouter = [
      `ip route del 172.16.${peer.rack}.0/24`,
      `ip route add ${peer.share} via 172.31.0.${peer.rack + 1}`,
      `ip route add blackhole 10.244.${k}.0/25`,
      "iptables -P FORWARD DROP",
      "ip link set eth1 mtu 1300",
    ];
    const onPod = ["ip link set eth0 mtu 1000", "ip route del default", "iptables -I INPUT -j DROP"];
    const choice = kind % (onHost.length + onRouter.length + onPod.length);
    if (choice < onHost.length) {
      return [{ text: onHost[choice] as string, target: { kind: "host", name: host.name } }];
    }
    const text = [...onRouter, ...onPod][choice - onHost.length] as string;
    return onRouter.includes(text) && choice - onHost.length < onRouter.length
      ? [{ text, target: { kind: "router", name: `r${host.rack}` } }]
      : [{ text, target: { kind: "pod", name: `default/p${host.name}-0` } }];
  });
}
