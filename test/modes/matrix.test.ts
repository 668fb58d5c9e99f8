import { describe, expect, test } from "vitest";
import type { Send } from "../../src/dataplane/output.ts";
import { walk } from "../../src/dataplane/walk.ts";
import type { Network } from "../../src/kernel/network.ts";
import { arrival } from "../../src/query/flow.ts";
import { traceroute } from "../../src/query/traceroute.ts";
import { A, B } from "./calico-topologies.ts";
import { ip, network } from "./model.ts";

const GOLDEN = `
cluster: { podCIDR: 100.96.0.0/16 }
subnets: { lan: 10.168.0.0/24 }
routers: { gw: [10.168.0.1] }
hosts: { a: 10.168.0.2, b: 10.168.0.3 }
pods: { pod1: a, pod2: b }
`;

/** What the receiver sees as TTL, and who a traceroute shows; the summary matrices of both references. */
async function seen(
  mode: string,
  yaml: string,
  [from, to]: readonly [string, string] = ["pod1", "pod2"],
): Promise<string> {
  const net = await network(mode, yaml);
  const send = datagram(net, { from, to });
  const ip = arrival(walk(net, send).trace)?.headers[0];
  const hops = traceroute(net, send, {}).map((hop) => `${hop.from ?? "*"}`);
  return `${ip?.kind === "ipv4" ? ip.ttl : "lost"}: ${hops.join(" ")}`;
}

function datagram(
  net: Network,
  { from, to }: { readonly from: string | undefined; readonly to: string | undefined },
): Send {
  const dst = net.netns(`pod/default/${to}`)?.addresses.find(({ dev }) => dev === "eth0")?.ip ?? ip("0.0.0.0");
  const payload = [
    { kind: "udp", sport: 40000, dport: 9000 },
    { kind: "payload", length: 32 },
  ] as const;
  return { from: `pod/default/${from}`, dst, df: "auto", process: "test", payload };
}

const BACK = ["pod2", "pod1"] as const;
const DIRECT = "62: 192.168.1.2 192.168.1.3 10.233.2.2";
const DIRECT_BACK = "62: 192.168.1.3 192.168.1.2 10.233.1.2";
const TUNNELLED = "62: 192.168.1.2 10.233.2.0 10.233.2.2";
const TUNNELLED_BACK = "62: 192.168.1.3 10.233.1.0 10.233.1.2";
/** In (b) node2 has another address. */
const FAR_BACK = "62: 192.168.2.2 10.233.1.0 10.233.1.2";
const HIDDEN = "62: 192.168.1.2 * * 10.233.2.2";
const HIDDEN_BACK = "62: 192.168.2.2 * * 10.233.1.2";

/** (b2): the routers peer, an AS a rack, mesh off. */
const B2 = B.replace(
  "router1: [192.168.1.1, 10.0.0.1]",
  "router1: { addresses: [192.168.1.1, 10.0.0.1], bgp: { as: 65001, peers: [node1, router2] } }",
)
  .replace(
    "router2: [192.168.2.1, 10.0.0.2]",
    "router2: { addresses: [192.168.2.1, 10.0.0.2], bgp: { as: 65002, peers: [node2, router1] } }",
  )
  .replace("node1: 192.168.1.2", "node1: { address: 192.168.1.2, bgp: { as: 64512, peers: [router1] } }")
  .replace("node2: 192.168.2.2", "node2: { address: 192.168.2.2, bgp: { as: 64513, peers: [router2] } }")
  .concat("cni: { calico: { nodeToNodeMeshEnabled: false } }\n");

describe("calico.md 10, the summary matrix: the TTL that arrives and who traceroute shows, both directions", () => {
  test.each([
    ["calico-bgp", DIRECT, DIRECT_BACK],
    ["calico-ipip", TUNNELLED, TUNNELLED_BACK],
    ["calico-ipip-crosssubnet", DIRECT, DIRECT_BACK],
    ["calico-vxlan", TUNNELLED, TUNNELLED_BACK],
    ["calico-vxlan-crosssubnet", DIRECT, DIRECT_BACK],
    ["calico-wireguard", TUNNELLED, TUNNELLED_BACK],
  ])("(a) %s", async (mode, there, back) => {
    expect([await seen(mode, A), await seen(mode, A, BACK)]).toEqual([there, back]);
  });
  test.each([
    ["calico-bgp", "lost: 192.168.1.2 * * * * *", "lost: 192.168.2.2 * * * * *"],
    ["calico-ipip", HIDDEN, HIDDEN_BACK],
    ["calico-ipip-crosssubnet", HIDDEN, HIDDEN_BACK],
    ["calico-vxlan", TUNNELLED, FAR_BACK],
    ["calico-vxlan-crosssubnet", TUNNELLED, FAR_BACK],
    ["calico-wireguard", TUNNELLED, FAR_BACK],
  ])("(b) %s", async (mode, there, back) => {
    expect([await seen(mode, B), await seen(mode, B, BACK)]).toEqual([there, back]);
  });
  test("(b) no-encap with routers that peer: five hops, all of them seen", async () => {
    expect([await seen("calico-bgp", B2), await seen("calico-bgp", B2, BACK)]).toEqual([
      "60: 192.168.1.2 192.168.1.1 10.0.0.2 192.168.2.2 10.233.2.2",
      "60: 192.168.2.2 192.168.2.1 10.0.0.1 192.168.1.2 10.233.1.2",
    ]);
  });
});

/** flannel.md 4.3's table with an underlay of routers: nodes 10.168.0.2 and 10.169.0.2. */
const ROUTED = `
cluster: { podCIDR: 100.96.0.0/16 }
subnets: { near: 10.168.0.0/24, far: 10.169.0.0/24 }
routers: { gw: [10.168.0.1, 10.169.0.1] }
hosts: { a: 10.168.0.2, b: 10.169.0.2 }
pods: { pod1: a, pod2: b }
`;
const FLANNEL = "62: 100.96.1.1 100.96.2.0 100.96.2.2";
const FLANNEL_BACK = "62: 100.96.2.1 100.96.1.0 100.96.1.2";
const UDP = "60: 100.96.1.1 * * 100.96.2.0 100.96.2.2";
const UDP_BACK = "60: 100.96.2.1 * * 100.96.1.0 100.96.1.2";
const PLAIN = "62: 100.96.1.1 10.168.0.3 100.96.2.2";
const PLAIN_BACK = "62: 100.96.2.1 10.168.0.2 100.96.1.2";

describe("flannel.md 4.3 and 10.3: the TTL that arrives and who traceroute shows, both directions", () => {
  test.each([
    ["flannel-udp", UDP, UDP_BACK],
    ["flannel-vxlan", FLANNEL, FLANNEL_BACK],
    ["flannel-vxlan-direct", PLAIN, PLAIN_BACK],
    ["flannel-host-gw", PLAIN, PLAIN_BACK],
    ["flannel-ipip", FLANNEL, FLANNEL_BACK],
    ["flannel-ipip-direct", PLAIN, PLAIN_BACK],
    ["flannel-wireguard", FLANNEL, FLANNEL_BACK],
  ])("one L2 segment: %s", async (mode, there, back) => {
    expect([await seen(mode, GOLDEN), await seen(mode, GOLDEN, BACK)]).toEqual([there, back]);
  });
  test.each([
    ["flannel-udp", UDP, UDP_BACK],
    ["flannel-vxlan", FLANNEL, FLANNEL_BACK],
    ["flannel-vxlan-direct", FLANNEL, FLANNEL_BACK],
    ["flannel-host-gw", "lost: 100.96.1.1 * * * * *", "lost: 100.96.2.1 * * * * *"],
    // The outer TTL is the inner one: a probe dies at the router as an outer packet, which nobody hears of.
    ["flannel-ipip", "62: 100.96.1.1 * 100.96.2.2", "62: 100.96.2.1 * 100.96.1.2"],
    ["flannel-ipip-direct", "62: 100.96.1.1 * 100.96.2.2", "62: 100.96.2.1 * 100.96.1.2"],
    ["flannel-wireguard", FLANNEL, FLANNEL_BACK],
  ])("across an underlay router: %s", async (mode, there, back) => {
    expect([await seen(mode, ROUTED), await seen(mode, ROUTED, BACK)]).toEqual([there, back]);
  });
});
