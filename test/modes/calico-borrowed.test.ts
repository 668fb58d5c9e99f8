import { describe, expect, test } from "vitest";
import { walk } from "../../src/dataplane/walk.ts";
import { arrival } from "../../src/query/flow.ts";
import { eventsOf } from "../../src/trace/trace.ts";
import { ip, network } from "./model.ts";
import { mainRoutes } from "./words.ts";

/** calico.md 1.4: pod-x runs on node-1 with an address of node-2's block; node-3 has nothing to do with either. */
const BORROWED = `
cluster: { podCIDR: 10.233.0.0/16 }
subnets: { rack-1: 192.168.1.0/24, rack-2: 192.168.2.0/24, core: 10.0.0.0/30 }
routers: { r1: [192.168.1.1, 10.0.0.1], r2: [192.168.2.1, 10.0.0.2] }
hosts: { node-1: 192.168.1.2, node-2: 192.168.2.2, node-3: 192.168.1.3 }
pods:
  pod-x: { host: node-1, address: 10.233.2.9 }
  pod-a: node-1
  pod-b: node-2
  pod-c: node-3
`;

/** How node-2, the block's owner, and node-3 route to the borrowed address. */
const WAYS = [
  ["calico-bgp", "via 192.168.2.1 dev eth0 proto bird", "via 192.168.1.2 dev eth0 proto bird"],
  ["calico-ipip", "via 192.168.1.2 dev tunl0 proto bird onlink", "via 192.168.1.2 dev tunl0 proto bird onlink"],
  ["calico-ipip-crosssubnet", "via 192.168.1.2 dev tunl0 proto bird onlink", "via 192.168.1.2 dev eth0 proto bird"],
  ["calico-vxlan", "via 10.233.1.0 dev vxlan.calico onlink", "via 10.233.1.0 dev vxlan.calico onlink"],
  ["calico-vxlan-crosssubnet", "via 10.233.1.0 dev vxlan.calico onlink", "via 192.168.1.2 dev eth0 proto 80 onlink"],
  ["calico-wireguard", "via 192.168.2.1 dev eth0 proto bird", "via 192.168.1.2 dev eth0 proto bird"],
] as const;

describe.each(WAYS)("calico.md 1.4: a borrowed address in %s", (mode, fromOwner, fromOther) => {
  const proto = mode.startsWith("calico-vxlan") ? "80" : "bird";
  test("every other node has a /32, the block's owner beside its blackhole", async () => {
    const net = await network(mode, BORROWED);
    const [borrower, owner, other] = ["node-1", "node-2", "node-3"].map((name) =>
      mainRoutes(net.netns(`host/${name}`)),
    );
    expect(owner).toContain(`10.233.2.9 ${fromOwner}`);
    expect(owner).toContain(`blackhole 10.233.2.0/26 proto ${proto}`);
    expect(other).toContain(`10.233.2.9 ${fromOther}`);
    expect(borrower?.filter((row) => row.startsWith("10.233.2.9 "))).toEqual([
      expect.stringMatching(/dev cali\w+ scope link$/),
    ]);
    expect(borrower?.some((row) => row.startsWith("10.233.2.0/26 via"))).toBe(true);
  });
  test("who sends to it reaches the borrower, and the owner's own pods do too", async () => {
    const net = await network(mode, BORROWED);
    const across = mode === "calico-bgp" ? "lost" : "host/node-1";
    for (const [from, wanted] of [
      ["pod-c", "host/node-1"],
      ["pod-a", "host/node-1"],
      ["pod-b", across],
    ] as const) {
      const payload = [
        { kind: "udp", sport: 40000, dport: 9000 },
        { kind: "payload", length: 32 },
      ] as const;
      const send = {
        from: `pod/default/${from}`,
        dst: ip("10.233.2.9"),
        df: "auto",
        process: "test",
        payload,
      } as const;
      const { trace } = walk(net, send);
      expect(arrival(trace) ? "host/node-1" : "lost", from).toBe(wanted);
    }
  });
  test("an address of the block that nobody has goes into the owner's blackhole, silently", async () => {
    const net = await network(mode, BORROWED);
    const payload = [
      { kind: "udp", sport: 40000, dport: 9000 },
      { kind: "payload", length: 32 },
    ] as const;
    const { trace } = walk(net, {
      from: "pod/default/pod-b",
      dst: ip("10.233.2.40"),
      df: "auto",
      process: "test",
      payload,
    });
    const drops = eventsOf(trace, "drop");
    expect(drops.map(({ at }) => at.netns)).toEqual(["host/node-2"]);
    expect(trace.packets.filter(({ cause }) => cause === "icmp-error")).toEqual([]);
  });
});
