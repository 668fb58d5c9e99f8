import { describe, expect, test } from "vitest";
import { cluster, hops, reply, scene, send } from "./scene.ts";

/*
 * What real kernels did with the same tables, measured on 6.18 and 6.1. Nodes are 192.168.1.11 and 192.168.1.12, or
 * 192.168.2.12 behind r1. Every table of that measurement is a test:
 *
 *   headline tables, TTLs, carriers, DF, traceroute, lengths on the wire   kernel-headline.test.ts
 *   lengths: whose MTU, who reports, who cuts, who learns                  kernel-sizes.test.ts, ../query/flow.test.ts
 *   failures between subnets                                               here, "nodes in different subnets"
 *   surprises: ipip copies TTL and DF; flannel-udp's two stars             here and kernel-headline.test.ts
 *              flannel-udp's own net unreachable, dead pod addresses,
 *              no or wrong neighbour, fdb, VNI, closed port, rp_filter,
 *              Calico without a default route, node to remote pod          here, "surprises"
 *              hairpin echo, martians, ARP, masquerade, listeners          behaviour.test.ts
 *
 * Left out: the outer source port, which real kernels hash with a random key; tunnels that take their metadata from
 * routes (geneve); a `tunl0` in every namespace; first hops of Calico by the order in which devices were made.
 */

const routed = cluster({ routed: true });
const POD_ROUTES = ["10.244.1.0/24 via 192.168.1.11", "10.244.2.0/24 via 192.168.2.12"];

describe("nodes in different subnets", () => {
  test("host-gw: the route is refused, the packet dies at the router, in silence", async () => {
    const there = await scene("flannel-host-gw", routed);
    const [refused] = [...(there.network.netns("host/n1")?.refused() ?? [])];
    expect(refused).toMatchObject({ errno: "ENETUNREACH", text: "Nexthop has invalid gateway" });
    expect(send(there, "p1", "p2")).toMatchObject({ end: "r1 IP_INNOROUTES", sees: "silence" });
    expect(hops(there, "p1", "p2")).toBe("10.244.1.1 * * * * *");
  });

  test("calico-bgp: the route goes to the gateway and looks right, the packet dies at the router, in silence", async () => {
    const there = await scene("calico-bgp", routed);
    const rows = [...(there.network.netns("host/n1")?.routes.rows() ?? [])];
    const row = rows.find((each) => String(each.dst) === "10.244.2.0/26");
    expect([String(row?.via), row?.dev, row?.by]).toEqual(["192.168.1.1", "eth0", "bird"]);
    expect(send(there, "p1", "p2")).toMatchObject({ end: "r1 IP_INNOROUTES", sees: "silence" });
    expect(hops(there, "p1", "p2")).toBe("192.168.1.11 * * * * *");
  });

  test("host-gw, the router knows the way back only: its ICMP arrives", async () => {
    const there = await scene("flannel-host-gw", { ...routed, faults: [`r1: ip route add ${POD_ROUTES[0]}`] });
    expect(send(there, "p1", "p2")).toMatchObject({
      end: "r1 IP_INNOROUTES",
      sees: "ENETUNREACH 3/0 from 192.168.1.1",
    });
  });

  test("host-gw, the router knows both pod networks: delivered over one more hop", async () => {
    const there = await scene("flannel-host-gw", {
      ...routed,
      faults: POD_ROUTES.map((row) => `r1: ip route add ${row}`),
    });
    expect(send(there, "p1", "p2").end).toBe("delivered ttl 61");
  });

  test("host-gw, no default route: the node itself says net unreachable, at once", async () => {
    const there = await scene("flannel-host-gw", { ...routed, faults: ["n1: ip route del default"] });
    expect(send(there, "p1", "p2")).toMatchObject({ end: "n1 IP_INNOROUTES", sees: "ENETUNREACH 3/0 from 10.244.1.1" });
  });

  test("host-gw forced with onlink: the node asks its own subnet, and says host unreachable", async () => {
    const fault = "n1: ip route add 10.244.2.0/24 via 192.168.2.12 dev eth0 onlink";
    const there = await scene("flannel-host-gw", { ...routed, faults: [fault] });
    expect(send(there, "p1", "p2")).toMatchObject({ end: "n1 NEIGH_FAILED", sees: "EHOSTUNREACH 3/1 from 10.244.1.1" });
  });

  test("tunnels do not care", async () => {
    for (const mode of ["flannel-vxlan", "calico-ipip"]) {
      expect(send(await scene(mode, routed), "p1", "p2").end).toBe("delivered ttl 62");
    }
    expect(send(await scene("flannel-udp", routed), "p1", "p2").end).toBe("delivered ttl 60");
  });

  test("ipip copies the TTL: a traceroute sees a star for each router, and never the far node", async () => {
    expect(hops(await scene("calico-ipip", routed), "p1", "p2")).toBe("192.168.1.11 * 10.244.2.2");
    expect(hops(await scene("flannel-vxlan", routed), "p1", "p2")).toBe("10.244.1.1 10.244.2.0 10.244.2.2");
    expect(hops(await scene("flannel-udp", routed), "p1", "p2")).toBe("10.244.1.1 * * 10.244.2.0 10.244.2.2");
  });
});

describe("surprises", () => {
  test("Calico without a default route: proxy ARP stays silent, the pod hears from itself", async () => {
    const there = await scene("calico-bgp", cluster({ faults: ["n1: ip route del default"] }));
    expect(send(there, "p1", "p2")).toMatchObject({ end: "p1 NEIGH_FAILED", sees: "EHOSTUNREACH 3/1 from 10.244.1.2" });
  });

  test("a dead pod address: flannel's far node says host unreachable, Calico's block swallows it", async () => {
    const vxlan = await scene("flannel-vxlan", cluster());
    expect(send(vxlan, "p1", "ip:10.244.2.9")).toMatchObject({
      end: "n2 NEIGH_FAILED",
      sees: "EHOSTUNREACH 3/1 from 10.244.2.0",
    });
    const bgp = await scene("calico-bgp", cluster());
    expect(send(bgp, "p1", "ip:10.244.2.9")).toMatchObject({ end: "n2 route-blackhole", sees: "silence" });
  });

  test("no forwarding entry: dropped at flannel.1, silence", async () => {
    const there = await scene("flannel-vxlan", cluster());
    const [entry] = [...(there.network.netns("host/n1")?.fdb.rows() ?? [])];
    const without = await scene(
      "flannel-vxlan",
      cluster({ faults: [`n1: bridge fdb del ${entry?.mac} dev flannel.1`] }),
    );
    expect(send(without, "p1", "p2")).toMatchObject({ end: "n1 NO_TX_TARGET", sees: "silence" });
  });

  test("no neighbour entry: ARP into the tunnel finds nobody, the bridge says host unreachable", async () => {
    const there = await scene("flannel-vxlan", cluster({ faults: ["n1: ip neigh del 10.244.2.0 dev flannel.1"] }));
    const outcome = send(there, "p1", "p2");
    expect(outcome.sees).toBe("EHOSTUNREACH 3/1 from 10.244.1.1");
  });

  test("a forwarding entry to a dead address: the node tells itself, the pod nothing", async () => {
    const there = await scene("flannel-vxlan", cluster());
    const [entry] = [...(there.network.netns("host/n1")?.fdb.rows() ?? [])];
    const fault = `n1: bridge fdb replace ${entry?.mac} dev flannel.1 dst 192.168.1.77`;
    const dead = await scene("flannel-vxlan", cluster({ faults: [fault] }));
    expect(send(dead, "p1", "p2")).toMatchObject({ end: "n1 NEIGH_FAILED", sees: "silence" });
  });

  test("another VNI at the far end: silence behind its eth0", async () => {
    const document = cluster();
    const there = await scene("flannel-vxlan", document, [
      "hosts.n2={address: 192.168.1.12, cni: {flannel-vxlan: {VNI: 2}}}",
    ]);
    expect(send(there, "p1", "p2")).toMatchObject({ end: "n2 VXLAN_VNI_NOT_FOUND", sees: "silence" });
  });

  test("a stale tunnel MAC: taken out of the tunnel, then seen to be for another host", async () => {
    const there = await scene(
      "flannel-vxlan",
      cluster({
        faults: [
          "n1: ip neigh replace 10.244.2.0 lladdr 02:00:00:00:00:99 dev flannel.1 nud permanent",
          "n1: bridge fdb add 02:00:00:00:00:99 dev flannel.1 dst 192.168.1.12",
        ],
      }),
    );
    expect(send(there, "p1", "p2")).toMatchObject({ end: "n2 OTHERHOST", sees: "silence" });
  });

  test("a closed VXLAN port: port unreachable reaches the node and stops there", async () => {
    const there = await scene("flannel-vxlan", cluster({ faults: ["n2: ip link del flannel.1"] }));
    const outcome = send(there, "p1", "p2");
    expect(outcome).toMatchObject({ end: "n2 NO_SOCKET", sees: "silence" });
  });

  test("flannel-udp's own net unreachable never reaches the pod; with accept_local it does", async () => {
    const there = await scene("flannel-udp", cluster());
    expect(send(there, "p1", "ip:10.244.9.9")).toMatchObject({ end: "n1 no-lease", sees: "silence" });
    const lax = await scene("flannel-udp", cluster({ faults: ["n1: sysctl net.ipv4.conf.flannel0.accept_local=1"] }));
    expect(send(lax, "p1", "ip:10.244.9.9").sees).toBe("ENETUNREACH 3/0 from 10.244.1.0");
  });

  test("node to remote pod: the tunnel's address over a tunnel, eth0's without", async () => {
    const sources: Record<string, string> = {
      "flannel-udp": "10.244.1.0 61",
      "flannel-vxlan": "10.244.1.0 63",
      "flannel-host-gw": "192.168.1.11 63",
      "calico-ipip": "10.244.1.0 63",
      "calico-bgp": "192.168.1.11 63",
    };
    for (const [mode, expected] of Object.entries(sources)) {
      const { trace } = send(await scene(mode, cluster()), "n1", "p2");
      const ip = trace.events.at(-1)?.headers[0];
      expect(ip?.kind === "ipv4" && `${ip.src} ${ip.ttl}`, mode).toBe(expected);
    }
  });

  test("pod to a node elsewhere: masqueraded to its own node, and the answer finds the pod", async () => {
    for (const mode of ["flannel-vxlan", "calico-bgp"]) {
      const there = await scene(mode, cluster());
      const outcome = send(there, "p1", "n2", { ping: true });
      const ip = outcome.trace.events.at(-1)?.headers[0];
      expect(ip?.kind === "ipv4" && String(ip.src), mode).toBe("192.168.1.11");
      expect(reply(there, outcome).end, mode).toMatch(/^delivered/);
    }
  });

  test("strict rp_filter drops what comes in by another device than the way back", async () => {
    const direct = "n1: ip route replace 10.244.2.0/24 via 192.168.1.12 dev eth0";
    const faults = (mode: number) => [direct, `n2: sysctl net.ipv4.conf.all.rp_filter=${mode}`];
    expect(send(await scene("flannel-vxlan", cluster({ faults: faults(1) })), "p1", "p2")).toMatchObject({
      end: "n2 IP_RPFILTER",
      sees: "silence",
    });
    for (const mode of [0, 2]) {
      expect(send(await scene("flannel-vxlan", cluster({ faults: faults(mode) })), "p1", "p2").end).toBe(
        "delivered ttl 62",
      );
    }
  });

  test("forwarding off, FORWARD closed: silence", async () => {
    const off = await scene("flannel-vxlan", cluster({ faults: ["n1: sysctl net.ipv4.ip_forward=0"] }));
    expect(send(off, "p1", "p2")).toMatchObject({ end: "n1 IP_INADDRERRORS", sees: "silence" });
    const closed = await scene("flannel-vxlan", cluster({ faults: ["n2: iptables -I FORWARD -j DROP"] }));
    expect(send(closed, "p1", "p2")).toMatchObject({ end: "n2 NETFILTER_DROP", sees: "silence" });
  });

  test("a tunnel that leads to its own node turns until the TTL ends", async () => {
    const there = await scene("flannel-vxlan", cluster());
    const [entry] = [...(there.network.netns("host/n1")?.fdb.rows() ?? [])];
    const fault = `n1: bridge fdb replace ${entry?.mac} dev flannel.1 dst 192.168.1.11`;
    const loop = await scene("flannel-vxlan", cluster({ faults: [fault] }));
    expect(send(loop, "p1", "p2").end).toMatch(/^n1 (TTL_EXPIRED|OTHERHOST)$/);
  });
});
