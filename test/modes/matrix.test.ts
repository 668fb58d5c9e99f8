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
async function seen(mode: string, yaml: string): Promise<string> {
  const net = await network(mode, yaml);
  const send = datagram(net);
  const ip = arrival(walk(net, send).trace)?.headers[0];
  const hops = traceroute(net, send, {}).map((hop) => `${hop.from ?? "*"}`);
  return `${ip?.kind === "ipv4" ? ip.ttl : "lost"}: ${hops.join(" ")}`;
}

function datagram(net: Network): Send {
  const dst = net.netns("pod/default/pod2")?.addresses.find(({ dev }) => dev === "eth0")?.ip ?? ip("0.0.0.0");
  const payload = [
    { kind: "udp", sport: 40000, dport: 9000 },
    { kind: "payload", length: 32 },
  ] as const;
  return { from: "pod/default/pod1", dst, df: "auto", process: "pod1", payload };
}

const DIRECT = "62: 192.168.1.2 192.168.1.3 10.233.2.2";
const TUNNELLED = "62: 192.168.1.2 10.233.2.0 10.233.2.2";

describe("Calico's TTL and traceroute", () => {
  test.each([
    ["calico-bgp", DIRECT, "lost: 192.168.1.2 * * * * *"],
    ["calico-ipip", TUNNELLED, "62: 192.168.1.2 * * 10.233.2.2"],
    ["calico-ipip-crosssubnet", DIRECT, "62: 192.168.1.2 * * 10.233.2.2"],
    ["calico-vxlan", TUNNELLED, TUNNELLED],
    ["calico-vxlan-crosssubnet", DIRECT, TUNNELLED],
    ["calico-wireguard", TUNNELLED, TUNNELLED],
  ])("%s, on one subnet and across two", async (mode, one, two) => {
    expect(await seen(mode, A)).toBe(one);
    expect(await seen(mode, B)).toBe(two);
  });
});

describe("flannel's TTL and traceroute", () => {
  test.each([
    ["flannel-udp", "60: 100.96.1.1 * * 100.96.2.0 100.96.2.2"],
    ["flannel-vxlan", "62: 100.96.1.1 100.96.2.0 100.96.2.2"],
    ["flannel-vxlan-direct", "62: 100.96.1.1 10.168.0.3 100.96.2.2"],
    ["flannel-host-gw", "62: 100.96.1.1 10.168.0.3 100.96.2.2"],
    ["flannel-ipip", "62: 100.96.1.1 100.96.2.0 100.96.2.2"],
    ["flannel-wireguard", "62: 100.96.1.1 100.96.2.0 100.96.2.2"],
    ["flannel-ipip-direct", "62: 100.96.1.1 10.168.0.3 100.96.2.2"],
  ])("%s", async (mode, wanted) => {
    expect(await seen(mode, GOLDEN)).toBe(wanted);
  });
});
