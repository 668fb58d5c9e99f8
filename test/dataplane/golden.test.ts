import { describe, expect, test } from "vitest";
import { placeName } from "../../src/trace/project.ts";
import type { Trace } from "../../src/trace/trace.ts";
import { hops, reply, scene, send } from "./scene.ts";

/*
 * The worked examples of the references: flannel's nodes A and B on one segment, and Calico's two topologies, walked
 * both ways with an echo request of 84 bytes.
 */

/** `place dev: inner ttl (outer ttl)` at every point where the packet can be seen. */
function ttls(trace: Trace): readonly string[] {
  return trace.events.flatMap(({ packet, at, action, headers }) => {
    if (packet !== 0 || (action.kind !== "transmit" && action.kind !== "receive")) return [];
    const ips = headers.flatMap((header) => (header.kind === "ipv4" ? [header.ttl] : []));
    const outer = ips.length > 1 ? ` (${ips[0]})` : "";
    return [`${placeName(at.netns)} ${at.dev}: ${ips.at(-1)}${outer}`];
  });
}

describe("flannel: A 10.168.0.2 and B 10.168.0.3", () => {
  const nodes = {
    "cni-trace": 1,
    cluster: { podCIDR: "100.96.0.0/16" },
    subnets: { lan: "10.168.0.0/24" },
    routers: { gw: ["10.168.0.1"] },
    hosts: { a: "10.168.0.2", b: "10.168.0.3" },
    pods: {
      pa: { host: "a", device: "vetha" },
      other: { host: "b", device: "vetho" },
      pb: { host: "b", device: "vethb" },
    },
  };
  const start = ["pa eth0: 64", "a vetha: 64", "a cni0: 64"];

  test.each([
    [
      "flannel-udp",
      [
        ...start,
        "a flannel0: 63",
        "a eth0: 62 (64)",
        "b eth0: 62 (64)",
        "b flannel0: 61",
        "b cni0: 60",
        "b vethb: 60",
        "pb eth0: 60",
      ],
      60,
    ],
    [
      "flannel-vxlan",
      [
        ...start,
        "a flannel.1: 63",
        "a eth0: 63 (64)",
        "b eth0: 63 (64)",
        "b flannel.1: 63",
        "b cni0: 62",
        "b vethb: 62",
        "pb eth0: 62",
      ],
      62,
    ],
    ["flannel-host-gw", [...start, "a eth0: 63", "b eth0: 63", "b cni0: 62", "b vethb: 62", "pb eth0: 62"], 62],
  ])("%s: the TTL at each point, and of the reply", async (mode, points, back) => {
    const there = await scene(mode, nodes);
    const outcome = send(there, "pa", "pb", { ping: true, size: 84 });
    expect(ttls(outcome.trace)).toEqual(points);
    expect(outcome.trace.sent[0]).toMatchObject({ df: true });
    const answer = reply(there, outcome);
    expect(answer.end).toBe(`delivered ttl ${back}`);
    expect(answer.trace.sent[0]).toMatchObject({ df: false, ttl: 64 });
  });

  test.each([
    ["flannel-udp", "100.96.1.1 * * 100.96.2.0 100.96.2.3"],
    ["flannel-vxlan", "100.96.1.1 100.96.2.0 100.96.2.3"],
    ["flannel-host-gw", "100.96.1.1 10.168.0.3 100.96.2.3"],
  ])("%s: who answers a traceroute", async (mode, list) => {
    expect(hops(await scene(mode, nodes), "pa", "pb")).toBe(list);
  });

  test("an address nobody leases: flannel-udp keeps it, the others let it go to the default gateway", async () => {
    expect(send(await scene("flannel-udp", nodes), "pa", "ip:100.96.9.9").end).toBe("a no-lease");
    for (const mode of ["flannel-vxlan", "flannel-host-gw"]) {
      expect(send(await scene(mode, nodes), "pa", "ip:100.96.9.9").end).toBe("gw IP_INNOROUTES");
    }
  });

  test.each([
    ["flannel-udp", 2, "a process-ttl", "silence"],
    ["flannel-udp", 3, "b process-ttl", "silence"],
    ["flannel-udp", 4, "b TTL_EXPIRED", "EHOSTUNREACH 11/0 from 100.96.2.0"],
    ["flannel-vxlan", 2, "b TTL_EXPIRED", "EHOSTUNREACH 11/0 from 100.96.2.0"],
    ["flannel-host-gw", 2, "b TTL_EXPIRED", "EHOSTUNREACH 11/0 from 10.168.0.3"],
  ])("%s, TTL %i", async (mode, ttl, end, sees) => {
    expect(send(await scene(mode, nodes), "pa", "pb", { ttl })).toMatchObject({ end, sees });
  });
});

describe("Calico: pool 10.233.0.0/16", () => {
  const pods = { pod1: "node1", pod2: "node2" };
  const pool = { podCIDR: "10.233.0.0/16" };
  const a = {
    "cni-trace": 1,
    cluster: pool,
    subnets: { lan: "192.168.1.0/24" },
    routers: { router1: ["192.168.1.1"] },
    hosts: { node1: "192.168.1.2", node2: "192.168.1.3" },
    pods,
  };
  const racks = {
    "cni-trace": 1,
    cluster: pool,
    subnets: { left: "192.168.1.0/24", right: "192.168.2.0/24", core: "10.0.0.0/30" },
    pods,
  };
  const b = {
    ...racks,
    routers: { router1: ["192.168.1.1", "10.0.0.1"], router2: ["192.168.2.1", "10.0.0.2"] },
    hosts: { node1: "192.168.1.2", node2: "192.168.2.2" },
  };
  const peering = {
    ...racks,
    cni: { calico: { nodeToNodeMeshEnabled: false } },
    routers: {
      router1: { addresses: ["192.168.1.1", "10.0.0.1"], bgp: { as: 65001, peers: ["node1", "router2"] } },
      router2: { addresses: ["192.168.2.1", "10.0.0.2"], bgp: { as: 65002, peers: ["node2", "router1"] } },
    },
    hosts: {
      node1: { address: "192.168.1.2", bgp: { as: 64512, peers: ["router1"] } },
      node2: { address: "192.168.2.2", bgp: { as: 64513, peers: ["router2"] } },
    },
  };

  test.each([
    ["a1", "calico-bgp", a, 62, "192.168.1.2 192.168.1.3 10.233.2.2"],
    ["b2", "calico-bgp", peering, 60, "192.168.1.2 192.168.1.1 10.0.0.2 192.168.2.2 10.233.2.2"],
    ["a2", "calico-ipip", a, 62, "192.168.1.2 10.233.2.0 10.233.2.2"],
    ["b3", "calico-ipip", b, 62, "192.168.1.2 * * 10.233.2.2"],
  ])("%s %s: delivered, answered and traced as measured", async (_, mode, document, ttl, list) => {
    const there = await scene(mode, document);
    const outcome = send(there, "pod1", "pod2", { ping: true, size: 84 });
    expect(outcome.end).toBe(`delivered ttl ${ttl}`);
    expect(reply(there, outcome).end).toBe(`delivered ttl ${ttl}`);
    expect(hops(there, "pod1", "pod2")).toBe(list);
  });

  test("b1: without encapsulation across subnets the pod hears nothing, its node hears the router", async () => {
    const there = await scene("calico-bgp", b);
    expect(send(there, "pod1", "pod2", { ping: true })).toMatchObject({
      end: "router1 IP_INNOROUTES",
      sees: "silence",
    });
    expect(send(there, "pod2", "pod1", { ping: true })).toMatchObject({
      end: "router2 IP_INNOROUTES",
      sees: "silence",
    });
    expect(send(there, "node1", "pod2")).toMatchObject({ sees: "ENETUNREACH 3/0 from 192.168.1.1" });
  });

  test("b2 with one AS for all nodes: no route for the block, the kernel's default does it", async () => {
    const hosts = {
      node1: { address: "192.168.1.2", bgp: { as: 64512, peers: ["router1"] } },
      node2: { address: "192.168.2.2", bgp: { as: 64512, peers: ["router2"] } },
    };
    const there = await scene("calico-bgp", { ...peering, hosts });
    const rows = [...(there.network.netns("host/node1")?.routes.rows() ?? [])];
    expect(rows.filter((row) => String(row.dst) === "10.233.2.0/26")).toEqual([]);
    expect(send(there, "pod1", "pod2").end).toBe("delivered ttl 60");
  });

  test("the mesh left on beside routers that peer: packets go round until the TTL ends", async () => {
    const there = await scene("calico-bgp", { ...peering, cni: {}, hosts: sameAs() });
    expect(send(there, "pod1", "pod2").end).toMatch(/TTL_EXPIRED$/);
  });

  function sameAs(): object {
    return {
      node1: { address: "192.168.1.2", bgp: { as: 64512, peers: ["router1"] } },
      node2: { address: "192.168.2.2", bgp: { as: 64512, peers: ["router2"] } },
    };
  }

  test("b3: the outer TTL starts at the inner one and falls with each router, the inner stays", async () => {
    const { trace } = send(await scene("calico-ipip", b), "pod1", "pod2", { ping: true });
    expect(ttls(trace).filter((line) => line.includes("("))).toEqual([
      "node1 eth0: 63 (63)",
      "router1 eth0: 63 (63)",
      "router1 eth1: 63 (62)",
      "router2 eth1: 63 (62)",
      "router2 eth0: 63 (61)",
      "node2 eth0: 63 (61)",
    ]);
  });

  test("host to remote pod: the tunnel's address, or the node's", async () => {
    for (const [mode, src] of [
      ["calico-bgp", "192.168.1.2"],
      ["calico-ipip", "10.233.1.0"],
    ] as const) {
      const { trace } = send(await scene(mode, a), "node1", "pod2");
      expect(trace.sent[0]).toMatchObject({ src: expect.objectContaining({}) });
      expect(String((trace.sent[0] as { src: unknown }).src)).toBe(src);
      expect(ttls(trace).at(-1)).toBe("pod2 eth0: 63");
    }
  });
});
