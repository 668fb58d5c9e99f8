import { describe, expect, test } from "vitest";
import { placeName } from "../../src/trace/project.ts";
import { eventsOf, type Trace } from "../../src/trace/trace.ts";
import type { Packet } from "../../src/wire/header.ts";
import { ipLengthOf } from "../../src/wire/stack.ts";
import { cluster, type Outcome, type Scene, scene, send } from "./scene.ts";

/*
 * Every row of the table of lengths that was measured on kernels 6.18 and 6.1, in its order and for every mode it
 * speaks of: what the first packet does, and what those behind it find.
 */

const routed = cluster({ routed: true });
const narrow = { ...routed, routers: { r1: { addresses: ["192.168.1.1", "192.168.2.1"], mtu: { eth1: 1400 } } } };

/** The same packet several times, each with what those before it taught: how each ended, and what its sender saw. */
function again(there: Scene, size: number, times: number): readonly string[] {
  const told: string[] = [];
  let last: Outcome | undefined;
  for (let i = 0; i < times; i++) {
    last = send(there, "p1", "p2", { size, df: "always", ...(last && { state: last.state }) });
    told.push(last.end.startsWith("delivered") ? last.end : `${last.end}: ${last.sees}`);
  }
  return told;
}

/** IP lengths of the pieces that were cut, with the place that cut them. */
function pieces(trace: Trace): readonly string[] {
  const cut = new Set(trace.packets.filter(({ cause }) => cause === "fragment").map(({ id }) => id));
  const out = eventsOf(trace, "transmit").filter(({ packet }) => cut.has(packet));
  const first = out.filter(({ packet }, i) => out.findIndex((other) => other.packet === packet) === i);
  return first.map(({ at, headers }) => `${placeName(at.netns)} ${ipLengthOf(headers)}`);
}

function dfs(packet: Packet | undefined): readonly boolean[] {
  return (packet ?? []).flatMap((header) => (header.kind === "ipv4" ? [header.df] : []));
}

describe("the pod's MTU as the plugin sets it: one byte more is refused at once, every time", () => {
  test.each([
    ["flannel-udp", 1472],
    ["flannel-vxlan", 1450],
    ["flannel-vxlan-direct", 1450],
    ["flannel-host-gw", 1500],
    ["flannel-ipip", 1480],
    ["flannel-ipip-direct", 1480],
    ["flannel-wireguard", 1420],
    ["calico-bgp", 1500],
    ["calico-ipip", 1480],
    ["calico-ipip-crosssubnet", 1480],
    ["calico-vxlan", 1450],
    ["calico-vxlan-crosssubnet", 1450],
    ["calico-wireguard", 1440],
  ])("%s: %i", async (mode, mtu) => {
    const there = await scene(mode, cluster());
    expect(again(there, mtu, 1)[0]).toMatch(/^delivered/);
    expect(again(there, mtu + 1, 2)).toEqual([1, 2].map(() => `p1 PKT_TOO_BIG: EMSGSIZE ${mtu} local`));
    const { trace } = send(there, "p1", "p2", { size: mtu + 1, df: "always" });
    expect(eventsOf(trace, "transmit")).toEqual([]);
  });
});

describe("pods wider than the tunnel: the node says so once, then the pod knows", () => {
  const pods = { p1: { host: "n1", device: "veth1" }, p2: { host: "n2", device: "veth2" } };
  const links = ["n1: ip link set veth1 mtu 1500", "n2: ip link set veth2 mtu 1500"];
  const inside = ["p1: ip link set eth0 mtu 1500", "p2: ip link set eth0 mtu 1500"];

  test.each([
    ["flannel-vxlan", 1450, "10.244.1.1"],
    ["calico-vxlan", 1450, "192.168.1.11"],
    ["flannel-udp", 1472, "10.244.1.1"],
    ["calico-ipip", 1480, "192.168.1.11"],
    ["flannel-ipip", 1480, "10.244.1.1"],
    ["flannel-wireguard", 1420, "10.244.1.1"],
    ["calico-wireguard", 1440, "192.168.1.11"],
  ])("%s: mtu %i, from %s", async (mode, mtu, from) => {
    const bridge = mode.startsWith("flannel") ? ["n1: ip link set cni0 mtu 1500"] : [];
    const there = await scene(mode, cluster({ pods, faults: [...links, ...bridge, ...inside] }));
    expect(again(there, 1500, 3)).toEqual([
      `n1 PKT_TOO_BIG: EMSGSIZE 3/4 ${mtu} from ${from}`,
      `p1 PKT_TOO_BIG: EMSGSIZE ${mtu} local`,
      `p1 PKT_TOO_BIG: EMSGSIZE ${mtu} local`,
    ]);
  });
});

test("a tunnel over a card of 1500 never has an MTU of 1500: clamped when made, refused later", async () => {
  const vxlan = await scene("flannel-vxlan", cluster());
  expect(vxlan.network.netns("host/n1")?.links.get("flannel.1")?.mtu).toBe(1450);
  for (const [mode, dev] of [
    ["flannel-vxlan", "flannel.1"],
    ["calico-vxlan", "vxlan.calico"],
  ] as const) {
    const wide = scene(mode, cluster({ faults: [`n1: ip link set ${dev} mtu 1500`] }));
    await expect(wide).rejects.toThrow(/EINVAL/);
  }
});

describe("eth0 narrowed afterwards: the node cuts the outer packet for ever, and learns nothing", () => {
  test.each([
    ["flannel-vxlan", 1450, "delivered ttl 62"],
    ["calico-vxlan", 1450, "delivered ttl 62"],
    ["flannel-udp", 1472, "delivered ttl 60"],
  ])("%s: %i bytes", async (mode, size, end) => {
    const there = await scene(mode, cluster({ faults: ["n1: ip link set eth0 mtu 1450"] }));
    expect(again(there, size, 3)).toEqual([end, end, end]);
    const { trace, state } = send(there, "p1", "p2", { size, df: "always" });
    expect(pieces(trace).map((piece) => piece.split(" ")[0])).toEqual(["n1", "n1"]);
    expect(state.pmtu.size).toBe(0);
  });
});

describe("a router's leg of 1400 below a tunnel without DF: the router cuts, for ever", () => {
  test.each([
    ["flannel-vxlan", 1450, ["r1 1396", "r1 124"]],
    ["calico-vxlan", 1450, ["r1 1396", "r1 124"]],
    ["flannel-wireguard", 1420, ["r1 1396", "r1 104"]],
    // Its MTU is 1440, so there is room for padding.
    ["calico-wireguard", 1420, ["r1 1396", "r1 108"]],
  ])("%s: %i bytes into %j", async (mode, size, cut) => {
    const there = await scene(mode, narrow);
    expect(again(there, size, 2)).toEqual(["delivered ttl 62", "delivered ttl 62"]);
    const { trace, state } = send(there, "p1", "p2", { size, df: "always" });
    expect(pieces(trace)).toEqual(cut);
    expect(state.pmtu.size).toBe(0);
  });
});

test("a router's leg of 1400 below flannel-udp: the first is lost, then the node cuts what flanneld sends, without DF", async () => {
  const there = await scene("flannel-udp", narrow);
  expect(again(there, 1472, 3)).toEqual(["r1 PKT_TOO_BIG: silence", "delivered ttl 60", "delivered ttl 60"]);
  const first = send(there, "p1", "p2", { size: 1472, df: "always" });
  expect([...first.state.pmtu]).toEqual([["host/n1 192.168.2.12", 1400]]);
  const second = send(there, "p1", "p2", { size: 1472, df: "always", state: first.state });
  const [sent, later] = [first, second].map(({ trace }) => eventsOf(trace, "encapsulate")[0]?.headers);
  expect([dfs(sent)[0], dfs(later)[0]]).toEqual([true, false]);
});

describe("a router's leg of 1400 below ipip: lost, then reported by the tunnel, then known to the pod", () => {
  test.each([
    ["flannel-ipip", "10.244.1.1"],
    ["calico-ipip", "192.168.1.11"],
  ])("%s: from %s", async (mode, from) => {
    expect(again(await scene(mode, narrow), 1480, 4)).toEqual([
      "r1 PKT_TOO_BIG: silence",
      `n1 PKT_TOO_BIG: EMSGSIZE 3/4 1380 from ${from}`,
      "p1 PKT_TOO_BIG: EMSGSIZE 1380 local",
      "p1 PKT_TOO_BIG: EMSGSIZE 1380 local",
    ]);
  });
});

test("a router's leg of 1400 and no tunnel: the router tells the pod itself", async () => {
  const told = ["10.244.1.0/26 via 192.168.1.11", "10.244.2.0/26 via 192.168.2.12"];
  const there = await scene("calico-bgp", { ...narrow, faults: told.map((row) => `r1: ip route add ${row}`) });
  expect(again(there, 1500, 3)).toEqual([
    "r1 PKT_TOO_BIG: EMSGSIZE 3/4 1400 from 192.168.1.1",
    "p1 PKT_TOO_BIG: EMSGSIZE 1400 local",
    "p1 PKT_TOO_BIG: EMSGSIZE 1400 local",
  ]);
});

describe("who cuts what", () => {
  test("a default socket's first packet has DF and is lost, those behind it are cut by the pod", async () => {
    const there = await scene("calico-bgp", {
      ...narrow,
      faults: ["r1: ip route add 10.244.1.0/26 via 192.168.1.11", "r1: ip route add 10.244.2.0/26 via 192.168.2.12"],
    });
    const first = send(there, "p1", "p2", { size: 1500 });
    expect([first.end, dfs(first.trace.sent)]).toEqual(["r1 PKT_TOO_BIG", [true]]);
    const second = send(there, "p1", "p2", { size: 1500, state: first.state });
    expect([second.end, dfs(second.trace.sent)]).toEqual(["delivered ttl 61", [false]]);
    expect(pieces(second.trace).slice(0, 2)).toEqual(["p1 1396", "p1 124"]);
  });

  test("longer than its own MTU and without DF it is cut by the pod, and each piece has a datagram of its own", async () => {
    const there = await scene("calico-vxlan", cluster());
    const { trace, end } = send(there, "p1", "p2", { size: 2000, df: "never" });
    expect(end).toBe("delivered ttl 62");
    expect(pieces(trace).slice(0, 2)).toEqual(["p1 1444", "p1 576"]);
    expect(eventsOf(trace, "encapsulate")).toHaveLength(2);
  });

  test("longer than the tunnel and without DF it is cut by the node in front of the tunnel", async () => {
    const pods = { p1: { host: "n1", device: "veth1" }, p2: { host: "n2", device: "veth2" } };
    const faults = ["n1: ip link set veth1 mtu 1500", "p1: ip link set eth0 mtu 1500"];
    const there = await scene("calico-vxlan", cluster({ pods, faults }));
    const { trace, end } = send(there, "p1", "p2", { size: 1500, df: "never" });
    expect([end, ...pieces(trace).slice(0, 2)]).toEqual(["delivered ttl 62", "n1 1444", "n1 76"]);
  });

  test("where connections are tracked the pieces are put together before any rule sees them", async () => {
    const { trace, end } = send(await scene("flannel-vxlan", cluster()), "p1", "p2", { size: 2000, df: "never" });
    expect(end).toBe("delivered ttl 62");
    expect(eventsOf(trace, "reassemble").map(({ at }) => placeName(at.netns))).toContain("n1");
  });
});
