import { describe, expect, test } from "vitest";
import { good } from "./ask.ts";
import { calico, calicoAnnotations, configMap, container, daemonSet, type Kube, node, pod } from "./objects.ts";

const pool = (name: string, spec: Kube, group?: string) => calico("IPPool", name, spec, group);
const plain = pool("default-ipv4-ippool", {
  cidr: "10.244.0.0/16",
  ipipMode: "Never",
  vxlanMode: "Always",
  natOutgoing: true,
});
const nodes = [1, 2].map((n) =>
  node(`node-${n}`, {
    ips: [`192.168.${n}.11`],
    podCIDRs: [`10.99.${n}.0/24`],
    annotations: calicoAnnotations({ IPv4Address: `192.168.${n}.11/25`, IPv4VXLANTunnelAddr: `10.244.${n}.64` }),
  }),
);
const pods = [1, 2].map((n) =>
  pod(`web/p${n}`, { on: `node-${n}`, ips: [`10.244.${n}.70`], hostIP: `192.168.${n}.11` }),
);
const agent = (env: Readonly<Record<string, string>> = {}, image = "docker.io/calico/node:v3.31.2") =>
  daemonSet("kube-system/calico-node", [container("calico-node", image, env)]);

describe("the mode", () => {
  test.each([
    [{ ipipMode: "Always" }, "calico-ipip"],
    [{ ipipMode: "CrossSubnet" }, "calico-ipip-crosssubnet"],
    [{ vxlanMode: "Always" }, "calico-vxlan"],
    [{ vxlanMode: "CrossSubnet", ipipMode: "Never" }, "calico-vxlan-crosssubnet"],
    [{}, "calico-bgp"],
  ])("is the live pool's, in both API groups: %j is %s", async (spec, mode) => {
    for (const group of ["crd.projectcalico.org/v1", "projectcalico.org/v3"]) {
      const { topology } = await good([...nodes, ...pods, pool("p", { cidr: "10.244.0.0/16", ...spec }, group)]);
      expect(topology.cni.mode).toBe(mode);
      expect(topology.cluster.podCIDRs.map(String)).toEqual(["10.244.0.0/16"]);
    }
  });

  test("is not what the environment seeded the first pool with, and that is said", async () => {
    const { topology, findings } = await good([...nodes, ...pods, plain, agent({ CALICO_IPV4POOL_IPIP: "Always" })]);
    expect(topology.cni.mode).toBe("calico-vxlan");
    expect(findings.chosen?.because).toEqual(["IPPool default-ipv4-ippool: ipipMode Never, vxlanMode Always"]);
    expect(findings.doubts.join("\n")).toContain(
      "DaemonSet kube-system/calico-node has CALICO_IPV4POOL_IPIP Always, and pool default-ipv4-ippool ipipMode Never: the environment only seeds the first pool",
    );
  });

  test("without a pool is what the environment says, listed as assumed", async () => {
    const env = {
      CALICO_IPV4POOL_IPIP: "Never",
      CALICO_IPV4POOL_VXLAN: "CrossSubnet",
      CALICO_IPV4POOL_CIDR: "10.244.0.0/16",
    };
    const { topology } = await good([...nodes, ...pods, agent(env)]);
    expect(topology.cni.mode).toBe("calico-vxlan-crosssubnet");
    expect(topology.cluster.podCIDRs.map(String)).toEqual(["10.244.0.0/16"]);
    expect(topology.assumptions.map(({ supply }) => supply)).toContain(
      "kubectl get ippools.crd.projectcalico.org -o yaml",
    );
  });

  test("without pool and environment is what tunnels the nodes have", async () => {
    const { topology } = await good([...nodes, ...pods]);
    expect(topology.cni.mode).toBe("calico-vxlan");
  });

  test("is WireGuard when Felix is told so, whatever the pool", async () => {
    const felix = calico("FelixConfiguration", "default", {
      wireguardEnabled: true,
      wireguardMTU: 1400,
      wireguardListeningPort: 51999,
    });
    const bare = pool("p", { cidr: "10.244.0.0/16" });
    const { topology } = await good([...nodes, ...pods, bare, felix]);
    expect(topology.cni.mode).toBe("calico-wireguard");
    expect(topology.cni.modes.get("calico-wireguard")).toEqual({ mtu: 1400, port: 51999 });
  });

  test("is the operator's pool when there are no IPPools", async () => {
    const ipPools = [
      { cidr: "10.244.0.0/16", encapsulation: "VXLANCrossSubnet", natOutgoing: "Enabled", blockSize: 27 },
    ];
    const spec = {
      calicoNetwork: { bgp: "Disabled", ipPools, mtu: 1430 },
      cni: { type: "Calico", ipam: { type: "Calico" } },
    };
    const { topology } = await good([
      ...nodes,
      ...pods,
      calico("Installation", "default", spec, "operator.tigera.io/v1"),
    ]);
    expect(topology.cni.mode).toBe("calico-vxlan-crosssubnet");
    expect(topology.cni.calico.blockSize.v4).toBe(27);
    expect(topology.cni.modes.get("calico-vxlan-crosssubnet")).toEqual({ mtu: 1430 });
  });

  test("needs BIRD unless it is VXLAN: what says that there is none is a doubt", async () => {
    const config = configMap("kube-system/calico-config", { calico_backend: "vxlan" });
    const ipip = pool("p", { cidr: "10.244.0.0/16", ipipMode: "Always" });
    const { findings } = await good([...nodes, ...pods, ipip, config]);
    expect(findings.doubts).toContain(
      "ConfigMap kube-system/calico-config has calico_backend vxlan, and calico-ipip needs BIRD to spread routes",
    );
    expect(findings.doubts).toContain(
      "node-1 still has the address of an VXLAN tunnel, though the mode is calico-ipip",
    );
  });

  test("of several pools is that of each packet's destination", async () => {
    const other = pool("legacy", {
      cidr: "10.245.0.0/16",
      ipipMode: "Always",
      natOutgoing: false,
      disableBGPExport: true,
    });
    const { topology, findings } = await good([...nodes, ...pods, plain, other]);
    expect(
      topology.cni.calico.ipPools.map(({ name, cidr, ipipMode, vxlanMode, natOutgoing, disableBGPExport }) => [
        name,
        `${cidr}`,
        ipipMode,
        vxlanMode,
        natOutgoing,
        disableBGPExport,
      ]),
    ).toEqual([
      ["default-ipv4-ippool", "10.244.0.0/16", undefined, "Always", true, false],
      ["legacy", "10.245.0.0/16", "Always", undefined, false, true],
    ]);
    expect(findings.notes).toContain("pools differ, and the pool of the destination decides: legacy calico-ipip");
  });
});

describe("IPAM", () => {
  test("blocks are those of the affinities, not the Node's podCIDR; what is elsewhere is borrowed", async () => {
    const affinity = (node: string, cidr: string, more: Kube = {}) =>
      calico("BlockAffinity", `${node}-${cidr.replace(/[./]/g, "-")}`, {
        node,
        cidr,
        state: "confirmed",
        deleted: "false",
        ...more,
      });
    const { topology } = await good([
      ...nodes,
      ...pods,
      plain,
      affinity("node-1", "10.244.1.64/26"),
      affinity("node-1", "10.244.7.0/26"),
      affinity("node-2", "10.244.2.64/26"),
      affinity("node-2", "10.244.9.0/26", { state: "pending" }),
      affinity("node-2", "10.244.9.64/26", { deleted: "true" }),
    ]);
    const blocks = (name: string) => topology.hosts.get(name)?.cni.calico.blocks?.map(String);
    expect(blocks("node-1")).toEqual(["10.244.1.64/26", "10.244.7.0/26"]);
    expect(blocks("node-2")).toEqual(["10.244.2.64/26"]);
  });

  test("an IPAMBlock says whose a block is, and without Pods which pods have its addresses", async () => {
    const block = calico("IPAMBlock", "10-244-1-64-26", {
      cidr: "10.244.1.64/26",
      affinity: "host:node-1",
      allocations: [0, null, 1],
      attributes: [
        { handle_id: "vxlan-tunnel-addr-node-1", secondary: { node: "node-1", type: "vxlanTunnelAddress" } },
        { handle_id: "k8s-pod-network.1", secondary: { node: "node-2", namespace: "web", pod: "borrower" } },
      ],
    });
    const { topology } = await good([...nodes, plain, block]);
    expect(topology.hosts.get("node-1")?.cni.calico.blocks?.map(String)).toEqual(["10.244.1.64/26"]);
    expect(topology.pods.get("web/borrower")).toMatchObject({ host: "node-2" });
    expect(topology.pods.get("web/borrower")?.addresses.map(String)).toEqual(["10.244.1.66"]);
  });

  test("without either, a block is the node's whose tunnel is in it, or most of whose pods are", async () => {
    const more = [
      pod("web/x", { on: "node-2", ips: ["10.244.5.1"] }),
      pod("web/y", { on: "node-2", ips: ["10.244.5.2"] }),
      pod("web/z", { on: "node-1", ips: ["10.244.5.3"] }),
    ];
    const { topology } = await good([...nodes, ...pods, ...more, plain]);
    expect(topology.hosts.get("node-2")?.cni.calico.blocks?.map(String)).toEqual(["10.244.2.64/26", "10.244.5.0/26"]);
    expect(topology.assumptions.map(({ supply }) => supply)).toContain(
      "kubectl get blockaffinities.crd.projectcalico.org -o yaml",
    );
  });

  test("with host-local IPAM a node's block is its podCIDR", async () => {
    const config = configMap("kube-system/calico-config", {
      cni_network_config: '{"ipam": {"type": "host-local", "subnet": "usePodCidr"}}',
    });
    const open = pool("p", { cidr: "10.99.0.0/16", vxlanMode: "Always" });
    const { topology } = await good([...nodes, open, config, pod("web/a", { on: "node-1", ips: ["10.99.1.5"] })]);
    expect(topology.hosts.get("node-1")?.podCIDRs.map(String)).toEqual(["10.99.1.0/24"]);
    expect(topology.cni.calico.blockSize.v4).toBe(24);
  });
});

describe("nodes", () => {
  test("stand on the network that calico-node has recorded", async () => {
    const { topology } = await good([...nodes, ...pods, plain]);
    expect([...topology.subnets.values()].map(({ cidrs }) => cidrs.map(String))).toEqual([
      ["192.168.1.0/25"],
      ["192.168.2.0/25"],
    ]);
    expect(topology.assumptions.map(({ what }) => what)).toContain(
      "the nodes' default gateway is 192.168.1.1, 192.168.2.1, and joins their subnets",
    );
  });

  test("that have all detected the same address, as behind a hypervisor's NAT, stand where their InternalIPs are", async () => {
    const nat = [1, 2].map((n) =>
      node(`node-${n}`, { ips: [`192.168.56.1${n}`], annotations: calicoAnnotations({ IPv4Address: "10.0.2.15/24" }) }),
    );
    const { topology, findings } = await good([...nat, plain]);
    expect([...topology.subnets.values()].map(({ cidrs }) => cidrs.map(String))).toEqual([["192.168.56.0/24"]]);
    expect([...topology.hosts.values()].map(({ nodeIPs }) => nodeIPs.map(String))).toEqual([
      ["10.0.2.15"],
      ["10.0.2.15"],
    ]);
    expect(findings.doubts.join()).toContain("2 Nodes tell the others that they are 10.0.2.15");
  });

  test("have the VTEP's MAC that their Node says", async () => {
    const annotations = calicoAnnotations({ IPv4Address: "192.168.1.11/24", VXLANTunnelMACAddr: "66:0a:0b:0c:0d:0e" });
    const { topology } = await good([node("node-1", { ips: ["192.168.1.11"], annotations }), plain]);
    expect(topology.hosts.get("node-1")?.agentMacs).toEqual(new Map([["vxlan.calico", "66:0a:0b:0c:0d:0e"]]));
  });

  test("have the labels that a pool selects them by", async () => {
    const racked = { ips: ["192.168.1.11"], labels: { rack: "1", "kubernetes.io/os": "linux" } };
    const { topology } = await good([
      node("node-1", racked),
      plain,
      pool("r", { cidr: "10.250.0.0/16", nodeSelector: "rack == '1'" }),
    ]);
    expect(topology.hosts.get("node-1")?.labels).toEqual(new Map([["rack", "1"]]));
  });

  test.each([
    ["v3.27.3", "v3.30"],
    ["v3.31.0", "v3.31"],
    ["v3.33.1", "v3.33"],
  ])("run a version that decides who writes which row: %s is profile %s", async (tag, profile) => {
    const { topology } = await good([...nodes, plain, agent({}, `quay.io/calico/node:${tag}`)]);
    expect(topology.cni.calico.version).toBe(profile);
  });
});

describe("BGP", () => {
  const bgp = pool("p", { cidr: "10.244.0.0/16" });
  const flat = [1, 2, 3].map((n) =>
    node(`node-${n}`, {
      ips: [`192.168.0.1${n}`],
      labels: n === 1 ? { "route-reflector": "true" } : { rack: "b" },
      annotations: calicoAnnotations({
        IPv4Address: `192.168.0.1${n}/24`,
        ...(n === 1 && { RouteReflectorClusterID: "244.0.0.1" }),
        ...(n === 3 && { ASNumber: "64600" }),
      }),
    }),
  );

  test("the configuration says AS and mesh, a node its own AS", async () => {
    const config = calico("BGPConfiguration", "default", { asNumber: 64520, nodeToNodeMeshEnabled: false });
    const { topology } = await good([...flat, bgp, config]);
    expect(topology.cni.calico).toMatchObject({ asNumber: 64520, nodeToNodeMeshEnabled: false });
    expect(topology.hosts.get("node-3")?.bgp).toMatchObject({ as: 64600, peers: [] });
    expect(topology.hosts.get("node-2")?.bgp).toBeUndefined();
  });

  test("a peering between nodes is by selectors, and has two sides", async () => {
    const peer = calico("BGPPeer", "rr", {
      nodeSelector: "has(route-reflector)",
      peerSelector: "!has(route-reflector)",
    });
    const { topology } = await good([...flat, bgp, peer]);
    const peersOf = (name: string) => topology.hosts.get(name)?.bgp?.peers.map((each) => each.name);
    expect(topology.hosts.get("node-1")?.bgp?.routeReflector).toBe(true);
    expect([peersOf("node-1"), peersOf("node-2"), peersOf("node-3")]).toEqual([
      ["node-2", "node-3"],
      ["node-1"],
      ["node-1"],
    ]);
  });

  test("a peer among the nodes that is none of them is their router", async () => {
    const peer = calico("BGPPeer", "tor", { peerIP: "192.168.0.1", asNumber: 65001 });
    const { topology } = await good([...flat, bgp, peer]);
    expect(topology.routers.get("peer-192-168-0-1")?.bgp).toMatchObject({ as: 65001 });
    expect(topology.subnets.get("nodes")?.gateways.map(String)).toEqual(["192.168.0.1"]);
    expect(topology.hosts.get("node-2")?.bgp?.peers.map(({ name }) => name)).toEqual(["peer-192-168-0-1"]);
  });

  test("a router of the overlay is known by its address; each side keeps its own belief", async () => {
    const peer = calico("BGPPeer", "tor", { node: "node-2", peerIP: "192.168.0.1:179", asNumber: 65009 });
    const overlay = "routers: { tor: { address: 192.168.0.1, bgp: { as: 65001, peers: [node-2] } } }";
    const { topology } = await good([...flat, bgp, peer], { overlay });
    expect(topology.hosts.get("node-2")?.bgp?.peers).toMatchObject([{ name: "tor", as: 65009 }]);
    expect(topology.routers.size).toBe(1);
  });

  test("filters and next hops go with the sessions, and what is not modelled is listed", async () => {
    const spec = { peerIP: "192.168.0.1", asNumber: 65001, keepOriginalNextHop: true, filters: ["f", "lost"] };
    const peer = calico("BGPPeer", "odd", { ...spec, numAllowedLocalASNumbers: 1, localASNumber: 65010 });
    const rule = { action: "Reject", cidr: "10.244.9.0/24", matchOperator: "In", prefixLength: { min: 26 } };
    const { topology } = await good([...flat, bgp, peer, calico("BGPFilter", "f", { exportV4: [rule] })]);
    expect(topology.hosts.get("node-2")?.bgp?.peers).toMatchObject([
      { name: "peer-192-168-0-1", filters: ["f"], nextHopMode: "Keep", numAllowedLocalASNumbers: 1 },
    ]);
    expect(topology.cni.calico.bgpFilters.get("f")?.export).toHaveLength(1);
    const listed = topology.assumptions.map(({ what }) => what);
    expect(listed).toContain("BGPPeer odd filters nothing by lost");
    expect(listed).toContain("BGPPeer odd has no localASNumber");
  });

  test("a reflector has its cluster id", async () => {
    const { topology } = await good([...flat, bgp]);
    expect(topology.hosts.get("node-1")?.bgp).toMatchObject({ routeReflector: true, clusterID: expect.anything() });
  });
});

describe("what calico-node has recorded", () => {
  const recorded = (facts: Readonly<Record<string, string>>) =>
    node("node-1", { ips: ["192.168.1.11"], annotations: calicoAnnotations(facts) });

  test("a mask that is not that of the node's network, by which CrossSubnet goes", async () => {
    const odd = node("node-2", {
      ips: ["192.168.1.12"],
      annotations: calicoAnnotations({ IPv4Address: "192.168.1.12/26" }),
    });
    const { topology } = await good([recorded({ IPv4Address: "192.168.1.11/24" }), odd, plain]);
    const masks = [...topology.hosts.values()].map(({ cni }) =>
      cni.calico.recorded?.map(({ ip, length }) => `${ip}/${length}`),
    );
    expect(masks).toEqual([undefined, ["192.168.1.12/26"]]);
  });

  test("a tunnel's address that is not at the start of the node's first block", async () => {
    const { topology } = await good([
      recorded({ IPv4Address: "192.168.1.11/24", IPv4VXLANTunnelAddr: "10.244.1.77" }),
      plain,
    ]);
    expect(JSON.stringify(topology.hosts.get("node-1")?.cni.calico)).toContain("10.244.1.77");
  });
});

test.each([
  [calico("FelixConfiguration", "default", { bpfEnabled: true }), "Calico's eBPF dataplane"],
  [
    calico("Installation", "default", { calicoNetwork: { linuxDataplane: "VPP" } }, "operator.tigera.io/v1"),
    "Calico's VPP dataplane",
  ],
  [
    calico("Installation", "default", { cni: { type: "AmazonVPC" } }, "operator.tigera.io/v1"),
    "the CNI plugin AmazonVPC",
  ],
])("%j is refused: %s", async (object, what) => {
  await expect(good([...nodes, plain, object])).rejects.toThrow(`this cluster runs ${what}`);
});
