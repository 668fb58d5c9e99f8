import { describe, expect, test } from "vitest";
import { eventsOf, type Trace } from "../../src/trace/trace.ts";
import { cluster, hops, reply, scene, send } from "./scene.ts";

/*
 * The headline tables that were measured on kernels 6.18 and 6.1: for every mode the TTLs along the way, what carries the
 * packet, its DF, and who answers a traceroute; and the rules that were read off them.
 */

/** Successive values of the inner and the outer TTL, as captures on the way see them; sealed, the inner one is unseen. */
function ttls(trace: Trace): { readonly inner: string; readonly outer: string } {
  const seen = [...eventsOf(trace, "transmit"), ...eventsOf(trace, "receive")].sort(
    (a, b) => trace.events.indexOf(a) - trace.events.indexOf(b),
  );
  const runs = (values: readonly string[]) => values.filter((value, i) => value !== values[i - 1]).join(" ");
  const ips = seen.map(({ headers }) => ({
    sealed: headers.some(({ kind }) => kind === "wireguard"),
    ttl: headers.flatMap((header) => (header.kind === "ipv4" ? [String(header.ttl)] : [])),
  }));
  return {
    inner: runs(ips.map(({ sealed, ttl }) => (sealed ? "?" : (ttl.at(-1) ?? "")))),
    outer: runs(ips.flatMap(({ ttl }) => (ttl.length > 1 ? [ttl[0] ?? ""] : []))),
  };
}

/** What the packet rides in: `udp 8285 > 8285`, `udp * > 8472 vni 1`, `ipip`. */
function carrier(trace: Trace): string {
  const [event] = eventsOf(trace, "encapsulate");
  const udp = event?.action.pushed.find((header) => header.kind === "udp");
  if (!event) return "none";
  if (udp?.kind !== "udp") return "ipip";
  const vxlan = event.action.pushed.find((header) => header.kind === "vxlan");
  return vxlan?.kind === "vxlan" ? `vni ${vxlan.vni} > ${udp.dport}` : `${udp.sport} > ${udp.dport}`;
}

function outerDf(trace: Trace): boolean | undefined {
  const [ip] = eventsOf(trace, "encapsulate")[0]?.headers ?? [];
  return ip?.kind === "ipv4" ? ip.df : undefined;
}

describe("two nodes in one subnet", () => {
  const vtep = "10.244.2.0";
  const node = "192.168.1.12";
  test.each([
    // mode, TTL there and back, inner TTLs, carrier, outer TTLs, outer DF with the inner's and without, second hop
    ["flannel-udp", 60, "64 63 62 61 60", "8285 > 8285", "64", true, true, `10.244.1.1 * * ${vtep}`],
    ["flannel-vxlan", 62, "64 63 62", "vni 1 > 8472", "64", false, false, `10.244.1.1 ${vtep}`],
    ["flannel-vxlan-direct", 62, "64 63 62", "none", "", undefined, undefined, `10.244.1.1 ${node}`],
    ["flannel-host-gw", 62, "64 63 62", "none", "", undefined, undefined, `10.244.1.1 ${node}`],
    ["flannel-ipip", 62, "64 63 62", "ipip", "63", true, false, `10.244.1.1 ${vtep}`],
    ["flannel-ipip-direct", 62, "64 63 62", "none", "", undefined, undefined, `10.244.1.1 ${node}`],
    ["flannel-wireguard", 62, "64 63 ? 63 62", "51820 > 51820", "64", false, false, `10.244.1.1 ${vtep}`],
    ["calico-bgp", 62, "64 63 62", "none", "", undefined, undefined, `192.168.1.11 ${node}`],
    ["calico-ipip", 62, "64 63 62", "ipip", "63", true, false, `192.168.1.11 ${vtep}`],
    ["calico-ipip-crosssubnet", 62, "64 63 62", "none", "", undefined, undefined, `192.168.1.11 ${node}`],
    ["calico-vxlan", 62, "64 63 62", "vni 4096 > 4789", "64", false, false, `192.168.1.11 ${vtep}`],
    ["calico-vxlan-crosssubnet", 62, "64 63 62", "none", "", undefined, undefined, `192.168.1.11 ${node}`],
  ])("%s", async (mode, ttl, inner, carried, outer, withDf, without, answers) => {
    const there = await scene(mode, cluster());
    const df = send(there, "p1", "p2", { df: "always" });
    expect([df.end, reply(there, df).end]).toEqual([`delivered ttl ${ttl}`, `delivered ttl ${ttl}`]);
    expect(ttls(df.trace)).toEqual({ inner, outer });
    expect([carrier(df.trace), outerDf(df.trace)]).toEqual([carried, withDf]);
    expect(outerDf(send(there, "p1", "p2", { df: "never" }).trace)).toBe(without);
    expect(hops(there, "p1", "p2")).toBe(`${answers} 10.244.2.2`);
  });
});

describe("one node", () => {
  const both = cluster({ pods: { p1: "n1", p2: "n1" } });
  test.each(["udp", "vxlan", "vxlan-direct", "host-gw", "ipip", "ipip-direct", "wireguard"])(
    "flannel-%s: the bridge takes nothing off",
    async (mode) => {
      const there = await scene(`flannel-${mode}`, both);
      const outcome = send(there, "p1", "p2");
      expect([outcome.end, reply(there, outcome).end]).toEqual(["delivered ttl 64", "delivered ttl 64"]);
      expect(hops(there, "p1", "p2")).toBe("10.244.1.3");
    },
  );

  test.each(["bgp", "ipip", "ipip-crosssubnet", "vxlan", "vxlan-crosssubnet", "wireguard"])(
    "calico-%s: the node routes, and answers first",
    async (mode) => {
      const there = await scene(`calico-${mode}`, both);
      const outcome = send(there, "p1", "p2");
      expect([outcome.end, reply(there, outcome).end]).toEqual(["delivered ttl 63", "delivered ttl 63"]);
      expect(hops(there, "p1", "p2")).toBe("192.168.1.11 10.244.1.3");
    },
  );
});

describe("routers below", () => {
  const routed = cluster({ routed: true });
  test.each([
    ["flannel-vxlan", "64 63"],
    ["flannel-udp", "64 63"],
    ["flannel-wireguard", "64 63"],
    ["calico-vxlan", "64 63"],
    ["flannel-ipip", "63 62"],
    ["calico-ipip", "63 62"],
  ])("%s: they take from the outer TTL alone", async (mode, outer) => {
    const { trace, end } = send(await scene(mode, routed), "p1", "p2");
    expect(ttls(trace).outer).toBe(outer);
    expect(end).toBe(`delivered ttl ${mode === "flannel-udp" ? 60 : 62}`);
  });

  test("without a tunnel each router takes one of the packet's own", async () => {
    const routes = ["10.244.1.0/24 via 192.168.1.11", "10.244.2.0/24 via 192.168.2.12"];
    const faults = routes.map((row) => `r1: ip route add ${row}`);
    expect(send(await scene("flannel-host-gw", { ...routed, faults }), "p1", "p2").end).toBe("delivered ttl 61");
  });
});

test("lengths on the wire: what is put around, and WireGuard's padding, which stops at its MTU", async () => {
  const added = async (mode: string, size: number) => {
    const { trace } = send(await scene(mode, cluster()), "p1", "p2", { size });
    const [wire] = eventsOf(trace, "wire");
    return (wire?.action.frame ?? 0) - 14;
  };
  expect(await added("flannel-vxlan", 60)).toBe(110);
  expect(await added("flannel-udp", 60)).toBe(88);
  expect(await added("calico-ipip", 60)).toBe(80);
  expect(await Promise.all([60, 84, 1420].map((size) => added("flannel-wireguard", size)))).toEqual([124, 156, 1480]);
});
