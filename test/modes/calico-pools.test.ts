import { describe, expect, test } from "vitest";
import { fibLookup } from "../../src/kernel/fib.ts";
import { MAIN_TABLE } from "../../src/kernel/route.ts";
import { bgpView, buildNetwork } from "../../src/modes/build.ts";
import { findMode } from "../../src/modes/registry.ts";
import { network, topology } from "./model.ts";
import { addresses, chainWords, links, mainRoutes } from "./words.ts";

/** Three pools, of which one says nothing of itself; a pod's address picks its pool. */
const POOLS = `
cluster: { podCIDR: 10.244.0.0/16 }
cni:
  calico:
    ipPools:
      a-ipip: { cidr: 10.244.0.0/17, ipipMode: CrossSubnet }
      b-vxlan: { cidr: 10.244.128.0/18, vxlanMode: Always, natOutgoing: false }
      c-silent: 10.244.192.0/18
subnets: { rack-1: 192.168.1.0/24, rack-2: 192.168.2.0/24, core: 10.0.0.0/30 }
routers: { r1: [192.168.1.1, 10.0.0.1], r2: [192.168.2.1, 10.0.0.2] }
hosts: { node-1: 192.168.1.11, node-2: 192.168.2.12, node-3: 192.168.1.13 }
pods:
  pod-a: node-1
  pod-b: node-2
  pod-c: node-3
  pod-v: { host: node-2, address: 10.244.130.7 }
  pod-s: { host: node-2, address: 10.244.255.7 }
  pod-w: { host: node-3, address: 10.244.130.9 }
  pod-t: { host: node-3, address: 10.244.255.9 }
`;

async function remoteRoutes(mode: string, yaml = POOLS): Promise<readonly string[]> {
  const rows = mainRoutes((await network(mode, yaml)).netns("host/node-1"));
  return rows.filter((row) => /^10\.244\.\S+ via/.test(row));
}

describe("several pools (calico.md 1.1, 3.2): the mode is the destination's pool's", () => {
  test("what a pool says stands; one that says nothing does as the mode", async () => {
    const said = [
      "10.244.2.0/26 via 192.168.2.12 dev tunl0 proto bird onlink",
      "10.244.130.0/26 via 10.244.130.0 dev vxlan.calico onlink",
      "10.244.3.0/26 via 192.168.1.13 dev eth0 proto bird",
      "10.244.131.0/26 via 10.244.131.0 dev vxlan.calico onlink",
      "10.244.130.9 via 10.244.131.0 dev vxlan.calico onlink",
    ];
    const silent = async (mode: string) => (await remoteRoutes(mode)).filter((row) => !said.includes(row));
    expect(await silent("calico-bgp")).toEqual([
      "10.244.255.0/26 via 192.168.1.1 dev eth0 proto bird",
      "10.244.255.9 via 192.168.1.13 dev eth0 proto bird",
    ]);
    expect(await silent("calico-ipip")).toEqual([
      "10.244.255.0/26 via 192.168.2.12 dev tunl0 proto bird onlink",
      "10.244.255.9 via 192.168.1.13 dev tunl0 proto bird onlink",
    ]);
    expect(await silent("calico-ipip-crosssubnet")).toEqual([
      "10.244.255.0/26 via 192.168.2.12 dev tunl0 proto bird onlink",
      "10.244.255.9 via 192.168.1.13 dev eth0 proto bird",
    ]);
    expect(await silent("calico-vxlan-crosssubnet")).toEqual([
      "10.244.255.0/26 via 10.244.130.0 dev vxlan.calico onlink",
      "10.244.255.9 via 192.168.1.13 dev eth0 proto 80 onlink",
    ]);
    for (const mode of ["calico-bgp", "calico-ipip", "calico-vxlan", "calico-wireguard"]) {
      expect(await remoteRoutes(mode)).toEqual(expect.arrayContaining(said));
    }
  });

  test("a node has the devices of all pools, an address from a pool of each kind, and pods the smallest MTU", async () => {
    const node = (await network("calico-bgp", POOLS)).netns("host/node-1");
    expect(links(node).slice(2)).toEqual([
      "3: tunl0 mtu 1480 type ipip remote any local any ttl inherit nopmtudisc",
      "4: vxlan.calico mtu 1450 type vxlan id 4096 dev eth0 local 192.168.1.11 dstport 4789 nolearning",
      expect.stringMatching(/^5: cali\w+ mtu 1450 /),
    ]);
    expect(addresses(node)).toEqual([
      "192.168.1.11/24 dev eth0",
      "10.244.1.0/32 dev tunl0",
      "10.244.129.0/32 dev vxlan.calico",
    ]);
  });

  test("each block's blackhole is its pool's agent's", async () => {
    const rows = mainRoutes((await network("calico-bgp", POOLS)).netns("host/node-2"));
    expect(rows.filter((row) => row.startsWith("blackhole"))).toEqual([
      "blackhole 10.244.2.0/26 proto bird",
      "blackhole 10.244.130.0/26 proto 80",
      "blackhole 10.244.255.0/26 proto bird",
    ]);
  });

  test("v3.33 has Felix write IP-in-IP pools and BIRD those without a tunnel", async () => {
    const rows = await remoteRoutes("calico-bgp", POOLS.replace("calico:", "calico:\n    version: v3.33"));
    expect(rows).toContain("10.244.2.0/26 via 192.168.2.12 dev tunl0 proto 80 onlink mtu 1480");
    expect(rows).toContain("10.244.3.0/26 via 192.168.1.13 dev eth0 proto 80 onlink");
    expect(rows).toContain("10.244.255.0/26 via 192.168.1.1 dev eth0 proto bird metric 1024");
    expect(rows).toContain("10.244.130.0/26 via 10.244.130.0 dev vxlan.calico onlink mtu 1450");
  });

  test("only pools with natOutgoing are masqueraded, and no pool is masqueraded towards another", async () => {
    const node = (await network("calico-bgp", POOLS)).netns("host/node-1");
    const members = (set: string) =>
      [...(node?.sets.rows() ?? [])].filter((row) => row.set === set).map(({ prefix }) => `${prefix}`);
    expect(members("cali40all-ipam-pools")).toEqual(["10.244.0.0/17", "10.244.128.0/18", "10.244.192.0/18"]);
    expect(members("cali40masq-ipam-pools")).toEqual(["10.244.0.0/17", "10.244.192.0/18"]);
    const without = (await network("calico-bgp", POOLS.replace("calico:", "calico:\n    natOutgoing: false"))).netns(
      "host/node-1",
    );
    expect(chainWords(without?.chains.get("nat")?.get("cali-nat-outgoing"))).toEqual([]);
  });

  test("BIRD runs beside VXLAN as soon as one pool needs it, and is idle when none does", async () => {
    const mixed = await network("calico-vxlan", POOLS);
    expect(bgpView(mixed, "node-1")[0]?.sessions).toHaveLength(2);
    const pure = await network("calico-vxlan", POOLS.replace("ipipMode: CrossSubnet", "vxlanMode: CrossSubnet"));
    expect(bgpView(pure, "node-1")).toEqual([]);
  });

  test("a pool with disableBGPExport stays on its node, but for what Felix writes", async () => {
    const yaml = POOLS.replace("ipipMode: CrossSubnet", "ipipMode: CrossSubnet, disableBGPExport: true").replace(
      "vxlanMode: Always,",
      "vxlanMode: Always, disableBGPExport: true,",
    );
    const rows = await remoteRoutes("calico-bgp", yaml);
    expect(rows.filter((row) => row.startsWith("10.244.2.") || row.startsWith("10.244.3."))).toEqual([]);
    expect(rows).toContain("10.244.130.0/26 via 10.244.130.0 dev vxlan.calico onlink");
  });
});

describe("where addresses and blocks come from (calico.md 1.2)", () => {
  const own = async (yaml: string, host: string) =>
    mainRoutes((await network("calico-bgp", yaml)).netns(`host/${host}`)).filter((row) => row.startsWith("blackhole"));

  test("a node draws from the first pool by name that takes it", async () => {
    const yaml = `
cni: { calico: { ipPools: { z: 10.244.0.0/16, m: { cidr: 10.245.0.0/16, nodeSelector: 'rack == "2"' }, a: { cidr: 10.246.0.0/16, disabled: true } } } }
subnets: { lan: 192.168.0.0/24 }
hosts: { n1: 192.168.0.11, n2: { address: 192.168.0.12, labels: { rack: "2" } } }
pods: { p1: n1, p2: n2 }
`;
    expect(await own(yaml, "n1")).toEqual(["blackhole 10.244.1.0/26 proto bird"]);
    expect(await own(yaml, "n2")).toEqual(["blackhole 10.245.2.0/26 proto bird"]);
  });
  test("a pool too small for whole shares is shared out by blocks, of its own size", async () => {
    const yaml = `
cni: { calico: { ipPools: { big: { cidr: 10.244.0.0/16, assignmentMode: Manual }, small: { cidr: 10.245.7.0/24, blockSize: 28 } } } }
subnets: { lan: 192.168.0.0/24 }
hosts: { n1: 192.168.0.11, n2: 192.168.0.12 }
pods: { p1: n1, p2: n2, p3: { host: n2, address: 10.244.9.9 } }
`;
    expect(await own(yaml, "n1")).toEqual(["blackhole 10.245.7.16/28 proto bird"]);
    expect(await own(yaml, "n2")).toEqual([
      "blackhole 10.244.9.0/26 proto bird",
      "blackhole 10.245.7.32/28 proto bird",
    ]);
  });
  test("blocks that the file gives a node are its own, in nobody's share or in another's", async () => {
    const yaml = `
cluster: { podCIDR: 10.244.0.0/16 }
subnets: { lan: 192.168.0.0/24 }
hosts:
  n1: { address: 192.168.0.11, cni: { calico: { blocks: [10.244.7.64/26, 10.244.2.64/26] } } }
  n2: 192.168.0.12
pods:
  p1: n1
  p2: n2
  p3: { host: n2, address: 10.244.7.70 }
  p4: { host: n1, address: 10.244.2.65 }
  p5: { host: n2, address: 10.244.77.5 }
  p6: { host: n1, address: 10.244.77.6 }
`;
    expect(await own(yaml, "n1")).toEqual([
      "blackhole 10.244.2.64/26 proto bird",
      "blackhole 10.244.7.64/26 proto bird",
    ]);
    // 10.244.77.0/26 is cut from nobody's share: it is the node's whose pod has its lowest address.
    expect(await own(yaml, "n2")).toEqual([
      "blackhole 10.244.2.0/26 proto bird",
      "blackhole 10.244.77.0/26 proto bird",
    ]);
    const rows = mainRoutes((await network("calico-bgp", yaml)).netns("host/n2"));
    expect(rows.filter((row) => row.includes("via 192.168.0.11"))).toEqual([
      "10.244.2.64/26 via 192.168.0.11 dev eth0 proto bird",
      "10.244.7.64/26 via 192.168.0.11 dev eth0 proto bird",
      "10.244.77.6 via 192.168.0.11 dev eth0 proto bird",
    ]);
  });
  test("a lookup finds every route that a reader of the whole table does", async () => {
    const net = await network("calico-ipip", POOLS);
    for (const host of ["node-1", "node-2", "node-3"]) {
      const node = net.netns(`host/${host}`);
      for (const { dst, table } of node?.routes.rows() ?? []) {
        if (dst.length < 26 || table !== MAIN_TABLE) continue;
        const last = dst.host(dst.size - 1);
        expect(`${node && fibLookup(node, { dst: last })?.route.dst}`).toBe(`${dst}`);
      }
    }
  });
});

describe("what a mode refuses of pools", () => {
  const problems = async (mode: string, yaml: string) => {
    const found = findMode(mode);
    const built = found.ok ? buildNetwork(await topology(yaml), found.value) : found;
    return built.ok ? [] : built.problems.map(({ message }) => message);
  };
  const DUAL = `
cni: { calico: { ipPools: { v4: 10.244.0.0/16, v6: { cidr: "fd00:10:244::/56", vxlanMode: Always } } } }
subnets: { lan: [192.168.0.0/24, "fd00:192::/64"] }
hosts: { n1: [192.168.0.11, "fd00:192::11"], n2: [192.168.0.12, "fd00:192::12"] }
pods: { p1: n1, p2: n2 }
`;
  test("IPv6 where the pool leaves it to a mode that has none", async () => {
    expect(await problems("calico-ipip", DUAL)).toEqual([]);
    expect(await problems("calico-ipip", DUAL.replace(", vxlanMode: Always", ""))).toEqual([
      "calico-ipip carries no IPv6, and the pod network fd00:10:244::/56 is IPv6",
    ]);
  });
  test("flannel, shares outside its network", async () => {
    const yaml = `cluster: { podCIDR: 10.244.0.0/16 }${DUAL.replace("10.244.0.0/16", "10.245.0.0/16").replace(/, v6.*?} }/, " }")}`;
    expect(await problems("flannel-vxlan", yaml)).toEqual([
      "flannel leases inside 10.244.0.0/16, and n1 has 10.245.1.0/24",
      "flannel leases inside 10.244.0.0/16, and n2 has 10.245.2.0/24",
    ]);
  });
});
