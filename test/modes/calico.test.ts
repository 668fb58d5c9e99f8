import { describe, expect, test } from "vitest";
import { stringify } from "yaml";
import { fibLookup } from "../../src/kernel/fib.ts";
import { bgpView } from "../../src/modes/build.ts";
import { loadTopology } from "../../src/topology/load.ts";
import { A, B, NODE1_BASE, NODE1_POD } from "./calico-topologies.ts";
import { ip, network } from "./model.ts";
import { addresses, chainWords, links, mainRoutes } from "./words.ts";

/** Routers that peer, an AS a rack, mesh off. */
const B2 = `
cluster: { podCIDR: 10.233.0.0/16 }
cni: { calico: { nodeToNodeMeshEnabled: false } }
subnets: { rack-1: 192.168.1.0/24, rack-2: 192.168.2.0/24, core: 10.0.0.0/30 }
routers:
  router1: { addresses: [192.168.1.1, 10.0.0.1], bgp: { as: 65001, peers: [node1, router2] } }
  router2: { addresses: [192.168.2.1, 10.0.0.2], bgp: { as: 65002, peers: [node2, router1] } }
hosts:
  node1: { address: 192.168.1.2, bgp: { as: 64512, peers: [router1] } }
  node2: { address: 192.168.2.2, bgp: { as: 64513, peers: [router2] } }
pods: { pod1: node1, pod2: node2 }
`;

describe("a pod and its link", async () => {
  const net = await network("calico-bgp", A);
  test("the pod sends everything to an address nobody has", () => {
    const pod = net.netns("pod/default/pod1");
    expect(mainRoutes(pod)).toEqual(["169.254.1.1 dev eth0 scope link", "default via 169.254.1.1 dev eth0"]);
    expect(addresses(pod)).toEqual(["10.233.1.2/32 dev eth0"]);
  });
  test("the host end is named after the pod, has Calico's one MAC and answers by proxy", () => {
    const node = net.netns("host/node1");
    expect(node?.links.get("calice0906292e2")?.mac).toBe("ee:ee:ee:ee:ee:ee");
    expect(node?.sysctls.get("net.ipv4.conf.calice0906292e2.proxy_arp")).toBe("1");
    expect(net.netns("host/node2")?.links.has("calibd2348b4f67")).toBe(true);
  });
  test("a device name that the topology pins wins", async () => {
    const pinned = await network("calico-bgp", A.replace("pod1: node1", "pod1: { host: node1, device: cali9c02e56 }"));
    expect(mainRoutes(pinned.netns("host/node1"))).toContain("10.233.1.2 dev cali9c02e56 scope link");
  });
});

describe("calico-bgp", () => {
  test("(a1) on one subnet the next hop is the node", async () => {
    const net = await network("calico-bgp", A);
    expect(mainRoutes(net.netns("host/node1"))).toEqual([
      ...NODE1_BASE,
      "blackhole 10.233.1.0/26 proto bird",
      NODE1_POD,
      "10.233.2.0/26 via 192.168.1.3 dev eth0 proto bird",
    ]);
    expect(mainRoutes(net.netns("host/node2"))).toContain("10.233.1.0/26 via 192.168.1.2 dev eth0 proto bird");
    expect(mainRoutes(net.netns("host/node2"))).toContain("blackhole 10.233.2.0/26 proto bird");
    expect(mainRoutes(net.netns("router/router1"))).toHaveLength(1);
    expect(links(net.netns("host/node1")).at(-1)).toMatch(/mtu 1500/);
  });
  test("(b1) across subnets it is the default gateway, which knows no pods", async () => {
    const net = await network("calico-bgp", B);
    expect(mainRoutes(net.netns("host/node1"))).toEqual([
      ...NODE1_BASE,
      "blackhole 10.233.1.0/26 proto bird",
      NODE1_POD,
      "10.233.2.0/26 via 192.168.1.1 dev eth0 proto bird",
    ]);
    expect(mainRoutes(net.netns("router/router1"))).toEqual([
      "192.168.1.0/24 dev eth0 proto kernel scope link src 192.168.1.1",
      "10.0.0.0/30 dev eth1 proto kernel scope link src 10.0.0.1",
      "192.168.2.0/24 via 10.0.0.2 dev eth1 proto static",
    ]);
  });
  test("(b2) routers that peer hold the blocks", async () => {
    const net = await network("calico-bgp", B2);
    expect(mainRoutes(net.netns("host/node1"))).toContain("10.233.2.0/26 via 192.168.1.1 dev eth0 proto bird");
    expect(mainRoutes(net.netns("host/node2"))).toContain("10.233.1.0/26 via 192.168.2.1 dev eth0 proto bird");
    expect(mainRoutes(net.netns("router/router1")).slice(-2)).toEqual([
      "10.233.1.0/26 via 192.168.1.2 dev eth0 proto bird",
      "10.233.2.0/26 via 10.0.0.2 dev eth1 proto bird",
    ]);
    expect(mainRoutes(net.netns("router/router2")).slice(-2)).toEqual([
      "10.233.1.0/26 via 10.0.0.1 dev eth1 proto bird",
      "10.233.2.0/26 via 192.168.2.2 dev eth0 proto bird",
    ]);
  });
  test("(b2) with one AS in both racks the loop check leaves nothing but the default route", async () => {
    const net = await network("calico-bgp", B2.replace("as: 64513", "as: 64512"));
    expect(mainRoutes(net.netns("host/node1")).filter((row) => row.startsWith("10.233.2."))).toEqual([]);
  });
  test("(b2) with the mesh left on, the router sends packets for node2 back to node1", async () => {
    const net = await network(
      "calico-bgp",
      B2.replace("nodeToNodeMeshEnabled: false", "nodeToNodeMeshEnabled: true").replace("as: 64513", "as: 64512"),
    );
    expect(mainRoutes(net.netns("host/node1"))).toContain("10.233.2.0/26 via 192.168.1.1 dev eth0 proto bird");
    expect(mainRoutes(net.netns("router/router1"))).toContain("10.233.2.0/26 via 192.168.1.2 dev eth0 proto bird");
  });
  test("without mesh and peers no node learns anything", async () => {
    const net = await network("calico-bgp", `cni: { calico: { nodeToNodeMeshEnabled: false } }${A}`);
    expect(mainRoutes(net.netns("host/node1"))).toEqual([
      ...NODE1_BASE,
      "blackhole 10.233.1.0/26 proto bird",
      NODE1_POD,
    ]);
  });
  test("a node without pods owns no block", async () => {
    const net = await network("calico-bgp", A.replace("pod2: node2", ""));
    expect(mainRoutes(net.netns("host/node1")).filter((row) => row.startsWith("10.233.2."))).toEqual([]);
    expect(mainRoutes(net.netns("host/node2")).filter((row) => row.startsWith("blackhole"))).toEqual([]);
  });
  test("a fabric that eats TCP 179 leaves nodes without routes", async () => {
    const net = await network(
      "calico-bgp",
      A.replace("lan: 192.168.1.0/24", "lan: { cidr: 192.168.1.0/24, drop: [tcp/179] }"),
    );
    expect(mainRoutes(net.netns("host/node1")).filter((row) => row.startsWith("10.233.2."))).toEqual([]);
    expect(bgpView(net, "node1")[0]?.sessions).toMatchObject([
      { peer: "node2", state: "Passive", why: expect.stringContaining("tcp/179") },
    ]);
  });
  test("a reflector leaves the mesh; who does not peer with it learns nothing of it", async () => {
    const net = await network(
      "calico-bgp",
      A.replace("node2: 192.168.1.3", "node2: { address: 192.168.1.3, bgp: { routeReflector: true } }"),
    );
    expect(mainRoutes(net.netns("host/node1")).filter((row) => row.startsWith("10.233.2."))).toEqual([]);
  });
  test("a block of one address has no blackhole: it would be the pod's own route", async () => {
    const net = await network("calico-bgp", `cni: { calico: { blockSize: 32, version: v3.32 } }${A}`);
    expect(mainRoutes(net.netns("host/node1"))).toEqual([
      ...NODE1_BASE,
      `${NODE1_POD} metric 1024`,
      "10.233.2.2 via 192.168.1.3 dev eth0 proto bird metric 1024",
    ]);
  });
  test("a router resolves a next hop through the longest of its static routes", async () => {
    const net = await network(
      "calico-bgp",
      `
cluster: { podCIDR: 10.233.0.0/16 }
subnets: { rack: 192.168.1.0/24, up: 10.0.0.0/29, far: 192.168.9.0/24 }
routers:
  near: { addresses: [192.168.1.1, 10.0.0.1], igp: false, bgp: { as: 65001, peers: [node1] }, routes: [default via 10.0.0.3, 192.168.9.0/24 via 10.0.0.2] }
  mid: [10.0.0.2, 192.168.9.1]
  edge: [10.0.0.3]
hosts: { node1: { address: 192.168.9.5, bgp: { as: 64512, peers: [near] } } }
pods: { pod1: node1 }`,
    );
    expect(mainRoutes(net.netns("router/near")).at(-1)).toBe("10.233.1.0/26 via 10.0.0.2 dev eth1 proto bird");
  });
  test("v3.32 gives mesh routes and pod routes the metric 1024, blackholes none", async () => {
    const net = await network("calico-bgp", `cni: { calico: { version: v3.32 } }${A}`);
    expect(mainRoutes(net.netns("host/node1"))).toEqual([
      ...NODE1_BASE,
      "blackhole 10.233.1.0/26 proto bird",
      `${NODE1_POD} metric 1024`,
      "10.233.2.0/26 via 192.168.1.3 dev eth0 proto bird metric 1024",
    ]);
    const mixed = await network(
      "calico-bgp",
      `cni: { calico: { version: v3.32 } }${A}`.replace(
        "node2: 192.168.1.3",
        "node2: { address: 192.168.1.3, cni: { calico: { version: v3.30 } } }",
      ),
    );
    expect(mainRoutes(mixed.netns("host/node1")).at(-1)).toBe(
      "10.233.2.0/26 via 192.168.1.3 dev eth0 proto bird metric 2147483547",
    );
  });
});

describe("calico-ipip", () => {
  test("(a2) sends every remote block into tunl0, the other node as gateway", async () => {
    const net = await network("calico-ipip", A);
    const node = net.netns("host/node1");
    expect(links(node).slice(1)).toEqual([
      "2: eth0 mtu 1500",
      "3: tunl0 mtu 1480 type ipip remote any local any ttl inherit nopmtudisc",
      "4: calice0906292e2 mtu 1480 type veth peer name eth0 netns pod:default:pod1",
    ]);
    expect(addresses(node)).toContain("10.233.1.0/32 dev tunl0");
    expect(mainRoutes(node)).toEqual([
      ...NODE1_BASE,
      "blackhole 10.233.1.0/26 proto bird",
      NODE1_POD,
      "10.233.2.0/26 via 192.168.1.3 dev tunl0 proto bird onlink",
    ]);
    expect([...(node?.neighbours.rows() ?? []), ...(node?.fdb.rows() ?? [])]).toEqual([]);
  });
  test("(b3) across subnets the gateway is still the other node", async () => {
    const net = await network("calico-ipip", B);
    expect(mainRoutes(net.netns("host/node1"))).toContain("10.233.2.0/26 via 192.168.2.2 dev tunl0 proto bird onlink");
    expect(mainRoutes(net.netns("host/node2"))).toContain("10.233.1.0/26 via 192.168.1.2 dev tunl0 proto bird onlink");
  });
  test("a node without pods still owns the block of its tunnel address", async () => {
    const net = await network("calico-ipip", A.replace("pod2: node2", ""));
    expect(mainRoutes(net.netns("host/node1"))).toContain("10.233.2.0/26 via 192.168.1.3 dev tunl0 proto bird onlink");
  });
  test("with no way to the other node there is no session, and no route", async () => {
    const net = await network(
      "calico-ipip",
      B.replace("rack-1: 192.168.1.0/24", "rack-1: { cidr: 192.168.1.0/24, gateway: none }"),
    );
    expect(mainRoutes(net.netns("host/node1")).filter((row) => row.includes("10.233.2.0/26"))).toEqual([]);
  });
  test("v3.33 has Felix write the routes, with their MTU", async () => {
    const net = await network("calico-ipip", `cni: { calico: { version: v3.33 } }${A}`);
    const rows = mainRoutes(net.netns("host/node1"));
    expect(rows).toContain("blackhole 10.233.1.0/26 proto 80");
    expect(rows).toContain("10.233.2.0/26 via 192.168.1.3 dev tunl0 proto 80 onlink mtu 1480");
  });
});

describe("the BGP of a machine", async () => {
  const net = await network("calico-bgp", B2);
  test("shows a node's sessions, what it announces and what it learned", () => {
    const [view, ...others] = bgpView(net, "node1");
    expect(others).toEqual([]);
    expect(view?.sessions).toMatchObject([{ peer: "router1", kind: "ebgp", state: "Established" }]);
    expect(view?.announced.map(String)).toEqual(["10.233.1.0/26"]);
    expect([...(view?.learned() ?? [])]).toMatchObject([
      { paths: [{ origin: "node2", asPath: [65001, 65002, 64513] }], resolved: [{ kind: "via", dev: "eth0" }] },
    ]);
    expect([...(view?.learned() ?? [])].map(({ dst }) => `${dst}`)).toEqual(["10.233.2.0/26"]);
  });
  test("shows a router's sessions, and that it announces nothing of its own", () => {
    const [view] = bgpView(net, "router1");
    expect(view?.sessions.map((session) => session.peer)).toEqual(["node1", "router2"]);
    expect(view?.announced).toEqual([]);
  });
  test("says why a session brings nothing", async () => {
    const one = await network("calico-bgp", B2.replace("as: 64513", "as: 64512"));
    const [view] = bgpView(one, "node1");
    expect(view?.refusals("node2")).toMatchObject([{ from: "router1", why: "as-loop" }]);
  });
  test("is nothing where no agent speaks BGP", async () => {
    expect(bgpView(await network("vxlan", B2), "node1")).toEqual([]);
    expect(bgpView(net, "nobody")).toEqual([]);
  });
});

describe("borrowed addresses", async () => {
  const net = await network(
    "calico-ipip",
    A.replace("pods: { pod1: node1", "pods: { pod1: { host: node1, address: 10.233.2.9 }"),
  );
  test("every other node, the block's owner too, has a /32 to the borrower", () => {
    const rows = mainRoutes(net.netns("host/node2"));
    expect(rows).toContain("10.233.2.9 via 192.168.1.2 dev tunl0 proto bird onlink");
    expect(rows).toContain("blackhole 10.233.2.0/26 proto bird");
  });
  test("a lookup finds it, as a reader of the whole table does", () => {
    const node = net.netns("host/node2");
    const found = node && fibLookup(node, { dst: ip("10.233.2.9") });
    expect(`${found?.route.dst}`).toBe("10.233.2.9/32");
  });
  test("the borrower has the pod's own route beside the owner's block", () => {
    const rows = mainRoutes(net.netns("host/node1"));
    expect(rows).toContain("10.233.2.9 dev calice0906292e2 scope link");
    expect(rows).toContain("10.233.2.0/26 via 192.168.1.3 dev tunl0 proto bird onlink");
  });
});

test.each(["yaml", "json", "large json"])("whose pod an address is pinned to is known from %s", async (format) => {
  const tree = {
    "cni-trace": 1,
    cluster: { podCIDR: "192.168.0.0/16" },
    subnets: { lan: "10.0.0.0/24" },
    hosts: { n: "10.0.0.1", m: "10.0.0.2" },
    pods: { plain: "n", pinned: { host: "n", address: "192.168.2.9" }, last: "m" },
  };
  const large = " ".repeat(format === "large json" ? 2 ** 20 : 0);
  const text = format === "yaml" ? stringify(tree) : JSON.stringify(tree) + large;
  const loaded = await loadTopology({ text, file: "x" });
  const pods = loaded.ok ? loaded.value.pods : undefined;
  expect(pods?.pinnedAt(ip("192.168.2.9"))?.name).toBe("default/pinned");
  expect(pods?.pinnedAt(ip("192.168.1.2"))).toBeUndefined();
  expect(pods?.pinnedAt(ip("0.0.0.0"))).toBeUndefined();
});

describe("Felix's rules", async () => {
  const net = await network("calico-ipip", A);
  const { chains, sets } = net.netns("host/node1") ?? {};
  const words = (table: "raw" | "nat" | "filter", chain: string) => chainWords(chains?.get(table)?.get(chain));
  test("drop what a pod sends with another's address", () => {
    expect(words("raw", "cali-PREROUTING")).toEqual([
      "-A cali-PREROUTING -j MARK --set-xmark 0x0/0x1f0000",
      "-A cali-PREROUTING -i cali+ -j MARK --set-xmark 0x80000/0x80000",
      "-A cali-PREROUTING -m mark --mark 0x80000/0x80000 -m rpfilter --invert --validmark -j DROP",
    ]);
  });
  test("accept by the profile of the pod's namespace, and let no tunnel start in a pod", () => {
    expect(words("filter", "cali-fw-calice0906292e2")).toEqual([
      "-A cali-fw-calice0906292e2 -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT",
      "-A cali-fw-calice0906292e2 -m conntrack --ctstate INVALID -j DROP",
      "-A cali-fw-calice0906292e2 -j MARK --set-xmark 0x0/0x10000",
      "-A cali-fw-calice0906292e2 -p udp -m udp --dport 4789 -j DROP",
      "-A cali-fw-calice0906292e2 -p 4 -j DROP",
      "-A cali-fw-calice0906292e2 -j cali-pro-kns.default",
      "-A cali-fw-calice0906292e2 -m mark --mark 0x10000/0x10000 -j RETURN",
      "-A cali-fw-calice0906292e2 -j DROP",
    ]);
    expect(words("filter", "FORWARD")).toEqual([
      "-A FORWARD -j cali-FORWARD",
      "-A FORWARD -m mark --mark 0x10000/0x10000 -j ACCEPT",
    ]);
  });
  test("let IP-in-IP in from Calico's hosts alone", () => {
    expect(words("filter", "cali-INPUT").slice(0, 2)).toEqual([
      "-A cali-INPUT -p 4 -m set --match-set cali40all-hosts-net src -m addrtype --dst-type LOCAL -j ACCEPT",
      "-A cali-INPUT -p 4 -j DROP",
    ]);
    const members = [...(sets?.rows() ?? [])].filter((row) => row.set === "cali40all-hosts-net");
    expect(members.map((row) => `${row.prefix}`)).toEqual(["192.168.1.2/32", "192.168.1.3/32"]);
  });
  test("masquerade what leaves the pools", () => {
    expect(words("nat", "cali-POSTROUTING")).toEqual([
      "-A cali-POSTROUTING -j cali-nat-outgoing",
      "-A cali-POSTROUTING ! -s 10.233.1.0/32 -o tunl0 -m addrtype --src-type LOCAL -j MASQUERADE --random-fully",
    ]);
    expect(words("nat", "cali-nat-outgoing")).toEqual([
      "-A cali-nat-outgoing -m set --match-set cali40all-ipam-pools dst -j RETURN",
      "-A cali-nat-outgoing -m set --match-set cali40masq-ipam-pools src -j MASQUERADE --random-fully",
    ]);
  });
  test("a long namespace's profile chain is hashed to 28 characters", async () => {
    const long = await network("calico-bgp", A.replace("pod1: node1", "a-namespace-with-a-long-name/pod1: node1"));
    const names = [...(long.netns("host/node1")?.chains.get("filter")?.keys() ?? [])];
    expect(names.filter((name) => name.startsWith("cali-pro-_"))).toHaveLength(1);
    expect(names.every((name) => name.length <= 28)).toBe(true);
  });
});
