import { describe, expect, test } from "vitest";
import { fdbText, neighbourText } from "../../src/render/iproute.ts";
import { A, B, NODE1_BASE, NODE1_POD } from "./calico-topologies.ts";
import { network } from "./model.ts";
import { addresses, chainWords, links, mainRoutes } from "./words.ts";

const version = (word: string, yaml: string) => `cni: { calico: { version: ${word} } }${yaml}`;
const to2 = (rows: readonly string[]) => rows.filter((row) => row.startsWith("10.233.2."));

describe("calico-ipip-crosssubnet", () => {
  test("(a3) inside a subnet BIRD writes the routes of no encapsulation, and the tunnel stands idle", async () => {
    const net = await network("calico-ipip-crosssubnet", A);
    const node = net.netns("host/node1");
    expect(links(node).slice(2)).toEqual([
      "3: tunl0 mtu 1480 type ipip remote any local any ttl inherit nopmtudisc",
      "4: calice0906292e2 mtu 1480 type veth peer name eth0 netns pod:default:pod1",
    ]);
    expect(addresses(node)).toContain("10.233.1.0/32 dev tunl0");
    expect(mainRoutes(node)).toEqual([
      ...NODE1_BASE,
      "blackhole 10.233.1.0/26 proto bird",
      NODE1_POD,
      "10.233.2.0/26 via 192.168.1.3 dev eth0 proto bird",
    ]);
  });
  test("(b4) between subnets the routes are those of IP-in-IP always", async () => {
    const net = await network("calico-ipip-crosssubnet", B);
    expect(to2(mainRoutes(net.netns("host/node1")))).toEqual([
      "10.233.2.0/26 via 192.168.2.2 dev tunl0 proto bird onlink",
    ]);
    expect(mainRoutes(net.netns("host/node2"))).toContain("10.233.1.0/26 via 192.168.1.2 dev tunl0 proto bird onlink");
  });
  test("v3.32 gives both kinds the metric 1024, v3.33 has Felix write them", async () => {
    const mode = "calico-ipip-crosssubnet";
    const rows = async (word: string, yaml: string) =>
      to2(mainRoutes((await network(mode, version(word, yaml))).netns("host/node1")));
    expect(await rows("v3.32", A)).toEqual(["10.233.2.0/26 via 192.168.1.3 dev eth0 proto bird metric 1024"]);
    expect(await rows("v3.32", B)).toEqual(["10.233.2.0/26 via 192.168.2.2 dev tunl0 proto bird metric 1024 onlink"]);
    expect(await rows("v3.33", A)).toEqual(["10.233.2.0/26 via 192.168.1.3 dev eth0 proto 80 onlink"]);
    expect(await rows("v3.33", B)).toEqual(["10.233.2.0/26 via 192.168.2.2 dev tunl0 proto 80 onlink mtu 1480"]);
  });
});

describe("calico-vxlan", async () => {
  const net = await network("calico-vxlan", A);
  const node = net.netns("host/node1");
  test("(a4) has a device with VNI 4096 and a MAC of the node's name", () => {
    expect(links(node).slice(2)).toEqual([
      "3: vxlan.calico mtu 1450 type vxlan id 4096 dev eth0 local 192.168.1.2 dstport 4789 nolearning",
      "4: calice0906292e2 mtu 1450 type veth peer name eth0 netns pod:default:pod1",
    ]);
    expect(node?.links.get("vxlan.calico")?.mac).toBe("66:f9:37:c3:7e:94");
    expect(net.netns("host/node2")?.links.get("vxlan.calico")?.mac).toBe("66:2d:bf:44:a6:8b");
    expect(addresses(node)).toContain("10.233.1.0/32 dev vxlan.calico");
  });
  test("(a4) has a route, a neighbour and a forwarding entry for the other node", () => {
    expect(mainRoutes(node)).toEqual([
      ...NODE1_BASE,
      "blackhole 10.233.1.0/26 proto 80",
      NODE1_POD,
      "10.233.2.0/26 via 10.233.2.0 dev vxlan.calico onlink",
    ]);
    expect([...(node?.neighbours.rows() ?? [])].map(neighbourText)).toEqual([
      "10.233.2.0 dev vxlan.calico lladdr 66:2d:bf:44:a6:8b PERMANENT",
    ]);
    expect([...(node?.fdb.rows() ?? [])].map((entry) => fdbText(entry))).toEqual([
      "66:2d:bf:44:a6:8b dev vxlan.calico dst 192.168.1.3 self permanent",
    ]);
  });
  test("(b5) between subnets differs by the forwarding entry alone", async () => {
    const far = (await network("calico-vxlan", B)).netns("host/node1");
    expect(mainRoutes(far)).toEqual(mainRoutes(node));
    expect([...(far?.fdb.rows() ?? [])].map(({ dst }) => `${dst}`)).toEqual(["192.168.2.2"]);
  });
  test("needs no BGP: a fabric that eats TCP 179 changes nothing", async () => {
    const quiet = await network(
      "calico-vxlan",
      A.replace("lan: 192.168.1.0/24", "lan: { cidr: 192.168.1.0/24, drop: [tcp/179] }"),
    );
    expect(mainRoutes(quiet.netns("host/node1"))).toEqual(mainRoutes(node));
  });
  test("every other node, the block's owner too, has a /32 to a borrower's tunnel address", async () => {
    const borrowed = await network(
      "calico-vxlan",
      A.replace("pods: { pod1: node1", "pods: { pod1: { host: node1, address: 10.233.2.9 }"),
    );
    expect(mainRoutes(borrowed.netns("host/node2"))).toContain("10.233.2.9 via 10.233.1.0 dev vxlan.calico onlink");
  });
  test("from v3.31 on tunnel routes have the device's MTU", async () => {
    for (const word of ["v3.31", "v3.32", "v3.33"]) {
      const rows = mainRoutes((await network("calico-vxlan", version(word, A))).netns("host/node1"));
      expect(to2(rows)).toEqual(["10.233.2.0/26 via 10.233.2.0 dev vxlan.calico onlink mtu 1450"]);
    }
  });
  test("takes VNI, port and MTU from FelixConfiguration, and drops what pods send to that port", async () => {
    const odd = await network("calico-vxlan", `cni: { calico-vxlan: { vxlanVNI: 7, vxlanPort: 8472, mtu: 1300 } }${A}`);
    const its = odd.netns("host/node1");
    expect(links(its)[2]).toBe(
      "3: vxlan.calico mtu 1300 type vxlan id 7 dev eth0 local 192.168.1.2 dstport 8472 nolearning",
    );
    expect(its?.links.get("calice0906292e2")?.mtu).toBe(1300);
    expect(chainWords(its?.chains.get("filter")?.get("cali-fw-calice0906292e2"))).toContain(
      "-A cali-fw-calice0906292e2 -p udp -m udp --dport 8472 -j DROP",
    );
  });
  test("lets VXLAN in from the other nodes alone, and tracks none of it", () => {
    const words = (table: "raw" | "nat" | "filter", chain: string) => chainWords(node?.chains.get(table)?.get(chain));
    expect(words("filter", "cali-INPUT").slice(0, 2)).toEqual([
      "-A cali-INPUT -p udp -m udp --dport 4789 -m set --match-set cali40all-vxlan-net src -m addrtype --dst-type LOCAL -j ACCEPT",
      "-A cali-INPUT -p udp -m udp --dport 4789 -m addrtype --dst-type LOCAL -j DROP",
    ]);
    const members = [...(node?.sets.rows() ?? [])].filter((row) => row.set === "cali40all-vxlan-net");
    expect(members.map((row) => `${row.prefix}`)).toEqual(["192.168.1.3/32"]);
    expect(words("raw", "cali-PREROUTING")[1]).toBe("-A cali-PREROUTING -p udp -m udp --dport 4789 -j CT --notrack");
    expect(words("raw", "cali-OUTPUT")).toEqual([
      "-A cali-OUTPUT -j MARK --set-xmark 0x0/0x1f0000",
      "-A cali-OUTPUT -p udp -m udp --dport 4789 -j CT --notrack",
    ]);
    expect(words("nat", "cali-POSTROUTING")[1]).toBe(
      "-A cali-POSTROUTING ! -s 10.233.1.0/32 -o vxlan.calico -m addrtype --src-type LOCAL -j MASQUERADE --random-fully",
    );
  });
});

describe("calico-vxlan-crosssubnet", () => {
  test("(a5) inside a subnet the route goes to the node itself; neighbour and forwarding entry are there all the same", async () => {
    const node = (await network("calico-vxlan-crosssubnet", A)).netns("host/node1");
    expect(mainRoutes(node)).toEqual([
      ...NODE1_BASE,
      "blackhole 10.233.1.0/26 proto 80",
      NODE1_POD,
      "10.233.2.0/26 via 192.168.1.3 dev eth0 proto 80 onlink",
    ]);
    expect([...(node?.neighbours.rows() ?? [])]).toHaveLength(1);
    expect([...(node?.fdb.rows() ?? [])]).toHaveLength(1);
    expect(node?.links.get("calice0906292e2")?.mtu).toBe(1450);
  });
  test("(b6) between subnets it is that of VXLAN always; only that route has an MTU", async () => {
    const mode = "calico-vxlan-crosssubnet";
    const far = await network(mode, B);
    expect(to2(mainRoutes(far.netns("host/node1")))).toEqual(["10.233.2.0/26 via 10.233.2.0 dev vxlan.calico onlink"]);
    const newer = async (yaml: string) =>
      to2(mainRoutes((await network(mode, version("v3.31", yaml))).netns("host/node1")));
    expect(await newer(A)).toEqual(["10.233.2.0/26 via 192.168.1.3 dev eth0 proto 80 onlink"]);
    expect(await newer(B)).toEqual(["10.233.2.0/26 via 10.233.2.0 dev vxlan.calico onlink mtu 1450"]);
  });
});

const DUAL = `
cluster: { podCIDR: [10.233.0.0/16, "fd00:10:233::/48"] }
subnets: { lan: [192.168.1.0/24, "fd00:192::/64"] }
hosts: { node1: [192.168.1.2, "fd00:192::2"], node2: [192.168.1.3, "fd00:192::3"] }
pods: { pod1: node1, pod2: node2 }
`;

test("IPv6 has a device of its own, and pods the smaller of both MTUs", async () => {
  const node = (await network("calico-vxlan", DUAL)).netns("host/node1");
  expect(links(node).slice(2)).toEqual([
    "3: vxlan.calico mtu 1450 type vxlan id 4096 dev eth0 local 192.168.1.2 dstport 4789 nolearning",
    "4: vxlan-v6.calico mtu 1430 type vxlan id 4096 dev eth0 local fd00:192::2 dstport 4789 nolearning",
    "5: calice0906292e2 mtu 1430 type veth peer name eth0 netns pod:default:pod1",
  ]);
  expect(node?.links.get("vxlan-v6.calico")?.mac).toMatch(/^66:/);
  expect(node?.links.get("vxlan-v6.calico")?.mac).not.toBe(node?.links.get("vxlan.calico")?.mac);
  expect(mainRoutes(node)).toContain("blackhole fd00:10:233:1::/122 dev lo proto 80 metric 1024");
  expect(mainRoutes(node)).toContain("fd00:10:233:2::/122 via fd00:10:233:2:: dev vxlan-v6.calico metric 1024 onlink");
  const direct = (await network("calico-vxlan-crosssubnet", DUAL)).netns("host/node1");
  expect(mainRoutes(direct)).toContain("fd00:10:233:2::/122 via fd00:192::3 dev eth0 proto 80 metric 1024 onlink");
});
