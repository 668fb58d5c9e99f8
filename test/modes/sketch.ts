import { Ip } from "../../src/addr/ip.ts";
import { parseMac } from "../../src/addr/mac.ts";
import { Prefix, parseWithLength } from "../../src/addr/prefix.ts";
import type {
  BgpPeer,
  CalicoSettings,
  Fault,
  FlannelSettings,
  Host,
  HostCni,
  Nic,
  Pod,
  Router,
  Speaker,
  Subnet,
  Topology,
} from "../../src/topology/topology.ts";

type Numbers = Readonly<Record<string, number>>;

interface SketchedCni {
  readonly flannel?: Partial<FlannelSettings>;
  readonly calico?: Partial<CalicoSettings>;
  readonly modes?: Readonly<Record<string, Numbers>>;
}

interface SketchedSpeaker {
  readonly as?: number;
  readonly peers: readonly (string | readonly [string, number])[];
  readonly routeReflector?: boolean;
}

/** A topology in the fewest words, for tests; no text is parsed but addresses, nothing is checked. */
export interface Sketch {
  readonly name?: string;
  readonly podCIDR?: string | readonly string[];
  readonly cni?: SketchedCni;
  readonly subnets: Readonly<Record<string, string | readonly string[] | SketchedSubnet>>;
  readonly routers?: Readonly<Record<string, readonly string[] | SketchedRouter>>;
  readonly hosts: Readonly<Record<string, string | SketchedHost>>;
  readonly pods?: Readonly<Record<string, string | SketchedPod>>;
  /** `machine: words`; a name with a slash is a pod. */
  readonly faults?: readonly string[];
}

interface SketchedSubnet {
  readonly cidr: string | readonly string[];
  readonly mtu?: number;
  readonly gateway?: string | readonly string[];
  readonly drop?: Subnet["drop"];
  readonly routes?: readonly string[];
}

interface SketchedRouter {
  readonly addresses: readonly string[];
  readonly mtu?: Readonly<Record<string, number>>;
  readonly igp?: boolean;
  readonly routes?: readonly string[];
  readonly bgp?: SketchedSpeaker;
}

interface SketchedHost {
  readonly addresses: readonly string[];
  readonly nodeIP?: string;
  readonly podCIDR?: string | readonly string[];
  readonly mtu?: number;
  readonly mac?: string;
  readonly bgp?: SketchedSpeaker;
  readonly cni?: SketchedCni;
}

interface SketchedPod {
  readonly host: string;
  readonly address?: string | readonly string[];
  readonly device?: string;
  readonly hostNetwork?: boolean;
  readonly listen?: Pod["listen"];
}

export function topologyOf(sketch: Sketch): Topology {
  const podCIDRs = list(sketch.podCIDR ?? "10.244.0.0/16").map(prefix);
  const nodeMaskSize = { v4: 24, v6: 64 };
  const asNumber = sketch.cni?.calico?.asNumber ?? 64512;
  const subnets = new Map(Object.entries(sketch.subnets).map(([name, s]) => [name, subnetOf(name, s)]));
  const routers = new Map(
    Object.entries(sketch.routers ?? {}).map(([name, r]): [string, Router] => {
      const { addresses, mtu = {}, igp = true, routes = [], bgp } = "addresses" in r ? r : { addresses: r };
      const nics = nicsOf(addresses, subnets).map((nic) => ({ ...nic, mtu: mtu[nic.name] ?? nic.mtu }));
      const speaker = bgp && speakerOf(bgp, bgp.as ?? 0);
      return [name, { name, nics, igp, routes: routes.map((text) => ({ text })), ...(speaker && { bgp: speaker }) }];
    }),
  );
  for (const [name, subnet] of subnets) {
    if (subnet.gateways.length > 0) continue;
    const there = [...routers.values()].flatMap((r) => r.nics.filter((nic) => nic.subnet === name));
    if (there.length === 1) subnets.set(name, { ...subnet, gateways: there[0]?.addresses.map(({ ip }) => ip) ?? [] });
  }
  const hosts = new Map(
    Object.entries(sketch.hosts).map(([name, h], index): [string, Host] => {
      const { addresses, nodeIP, podCIDR, mtu, mac, bgp, cni } =
        typeof h === "string" ? ({ addresses: [h] } as SketchedHost) : h;
      const nics = nicsOf(addresses, subnets).map((nic, i) => ({
        ...nic,
        ...(mtu !== undefined && { mtu }),
        ...(i === 0 && mac !== undefined && { mac: parseMac(mac) as NonNullable<Nic["mac"]> }),
      }));
      const speaker = bgp && speakerOf(bgp, bgp.as ?? cni?.calico?.asNumber ?? asNumber);
      const shares = podCIDRs.map((pool) =>
        pool.subnet(pool.family === 4 ? nodeMaskSize.v4 : nodeMaskSize.v6, index + 1),
      );
      return [
        name,
        {
          name,
          index,
          nics,
          nodeIPs: nodeIP ? [ip(nodeIP)] : (nics[0]?.addresses.map((held) => held.ip) ?? []),
          podCIDRs: podCIDR ? list(podCIDR).map(prefix) : shares,
          labels: new Map(),
          cni: hostCni(cni),
          ...(speaker && { bgp: speaker }),
        },
      ];
    }),
  );
  const pods = Object.entries(sketch.pods ?? {}).map(([name, p]) =>
    podOf(name, typeof p === "string" ? { host: p } : p),
  );
  const byName = new Map(pods.map((pod) => [pod.name, pod]));
  return {
    name: sketch.name ?? "sketch",
    cluster: { podCIDRs, nodeMaskSize, serviceCIDRs: [prefix("10.96.0.0/12")] },
    cni: {
      flannel: { bridge: "cni0", ipMasq: true, ...sketch.cni?.flannel },
      calico: {
        version: "v3.30",
        blockSize: { v4: 26, v6: 122 },
        natOutgoing: true,
        asNumber,
        nodeToNodeMeshEnabled: true,
        ...sketch.cni?.calico,
      },
      modes: new Map(Object.entries(sketch.cni?.modes ?? {})),
    },
    subnets,
    routers,
    hosts,
    pods: {
      size: pods.length,
      get: (name) => byName.get(name),
      on: (host) => pods.filter((pod) => pod.host === host),
      names: () => byName.keys(),
    },
    faults: (sketch.faults ?? []).map((text) => faultOf(text, routers)),
    assumptions: [],
  };
}

export function faultOf(text: string, routers: ReadonlyMap<string, Router> = new Map()): Fault {
  const [name = "", ...words] = text.split(": ");
  const kind = name.includes("/") ? "pod" : routers.has(name) ? "router" : "host";
  return { target: { kind, name }, text: words.join(": ") };
}

export function ip(text: string): Ip {
  const parsed = Ip.parse(text);
  if (!parsed) throw new Error(`no address: ${text}`);
  return parsed;
}

export function prefix(text: string): Prefix {
  const parsed = Prefix.parse(text);
  if (!parsed) throw new Error(`no prefix: ${text}`);
  return parsed;
}

function list<T>(one: T | readonly T[]): readonly T[] {
  return Array.isArray(one) ? one : [one as T];
}

function subnetOf(name: string, sketched: Sketch["subnets"][string]): Subnet {
  const {
    cidr,
    mtu = 1500,
    gateway = [],
    drop = [],
    routes = [],
  } = typeof sketched === "object" && "cidr" in sketched ? sketched : ({ cidr: sketched } as SketchedSubnet);
  return {
    name,
    cidrs: list(cidr).map(prefix),
    mtu,
    gateways: list(gateway).map(ip),
    drop,
    sourceDestCheck: false,
    routes: routes.map((text) => ({ text })),
  };
}

/** Each address on its subnet's own card; a second address of the same subnet shares the card. */
function nicsOf(addresses: readonly string[], subnets: ReadonlyMap<string, Subnet>): readonly Nic[] {
  const nics = new Map<string, Nic>();
  for (const text of addresses) {
    const address = parseWithLength(text)?.ip ?? ip(text);
    const subnet = [...subnets.values()].find((s) => s.cidrs.some((cidr) => cidr.contains(address)));
    const cidr = subnet?.cidrs.find((candidate) => candidate.contains(address));
    if (!subnet || !cidr) throw new Error(`${text} is on no subnet`);
    const held = { ip: address, length: text.includes("/") ? Number(text.split("/")[1]) : cidr.length };
    const nic = nics.get(subnet.name) ?? {
      name: `eth${nics.size}`,
      subnet: subnet.name,
      addresses: [],
      mtu: subnet.mtu,
    };
    nics.set(subnet.name, { ...nic, addresses: [...nic.addresses, held] });
  }
  return [...nics.values()];
}

function speakerOf(sketched: SketchedSpeaker, as: number): Speaker {
  const peers = sketched.peers.map(
    (peer): BgpPeer => (typeof peer === "string" ? { name: peer } : { name: peer[0], as: peer[1] }),
  );
  return { as, peers, routeReflector: sketched.routeReflector ?? false };
}

function hostCni(cni: SketchedCni | undefined): HostCni {
  return { flannel: cni?.flannel ?? {}, calico: cni?.calico ?? {}, modes: new Map(Object.entries(cni?.modes ?? {})) };
}

function podOf(name: string, { host, address = [], device, hostNetwork = false, listen }: SketchedPod): Pod {
  return {
    name: name.includes("/") ? name : `default/${name}`,
    host,
    addresses: list(address).map(ip),
    labels: new Map(),
    hostNetwork,
    ...(device !== undefined && { device }),
    ...(listen && { listen }),
  };
}
