import { describe, expect, test } from "vitest";
import type { Ip } from "../../src/addr/ip.ts";
import { walk } from "../../src/dataplane/walk.ts";
import { pathOf } from "../../src/trace/path.ts";
import { eventsOf } from "../../src/trace/trace.ts";
import { lengthOf } from "../../src/wire/stack.ts";
import { cluster, reply, scene, send } from "./scene.ts";

/** Lengths of the outer packets on the wire, in order. */
function sealed(trace: ReturnType<typeof send>["trace"]): readonly number[] {
  return eventsOf(trace, "wire")
    .filter(({ headers }) => headers.some(({ kind }) => kind === "wireguard"))
    .map(({ headers }) => lengthOf(headers.slice(1)));
}

describe("a WireGuard device", () => {
  test("pads to sixteen bytes, but not beyond the MTU, and adds 60", async () => {
    const there = await scene("flannel-wireguard", cluster());
    expect([60, 84, 1400, 1420].map((size) => sealed(send(there, "p1", "p2", { size }).trace)[0])).toEqual([
      124, 156, 1468, 1480,
    ]);
  });
  test("sends from its own port, TTL 64, no DF, ECN alone of the TOS", async () => {
    const there = await scene("calico-wireguard", cluster());
    const [wire] = eventsOf(send(there, "p1", "p2", { df: "always" }).trace, "wire");
    expect(wire?.headers[1]).toMatchObject({ kind: "ipv4", ttl: 64, df: false, tos: 0 });
    expect(wire?.headers[2]).toMatchObject({ kind: "udp", sport: 51820, dport: 51820 });
  });
  test("counts its packets on from one to the next, each way", async () => {
    const there = await scene("flannel-wireguard", cluster());
    const counter = ({ trace }: ReturnType<typeof send>) =>
      eventsOf(trace, "wire").flatMap(({ headers }) =>
        headers.flatMap((header) => (header.kind === "wireguard" ? [header.counter] : [])),
      );
    const first = send(there, "p1", "p2");
    const back = reply(there, first);
    const second = send(there, "p1", "p2", { state: back.state });
    expect([first, back, second].map(counter)).toEqual([[0], [0], [1]]);
  });
  test("shakes hands before its first packet, once, and a warm walk does not show it", async () => {
    const there = await scene("flannel-wireguard", cluster());
    const first = send(there, "p1", "p2");
    const shakes = ({ trace }: typeof first) => trace.packets.filter(({ cause }) => cause === "handshake").length;
    expect([shakes(first), shakes(send(there, "p1", "p2", { state: first.state }))]).toEqual([2, 0]);
    expect(eventsOf(first.trace, "wire")).toHaveLength(1);
  });
  test("shows the handshake where a walk starts cold, between the peer and the datagram", async () => {
    const { network } = await scene("flannel-wireguard", cluster());
    const payload = [{ kind: "udp", sport: 40000, dport: 9000 }] as const;
    const dst = network.netns("pod/default/p2")?.addresses.at(-1)?.ip as Ip;
    const { trace } = walk(
      network,
      { from: "pod/default/p1", dst, df: "auto", process: "p1", payload },
      { cold: true },
    );
    const steps = pathOf(trace).places.find(({ name }) => name === "n1")?.steps ?? [];
    expect(steps.map(({ event }) => event.action.kind)).toEqual([
      "route",
      "peer",
      "handshake",
      "encapsulate",
      "route",
      "wire",
    ]);
    expect(steps[2]?.exchange?.answers).toEqual([{ from: "n2", proxy: false }]);
    expect(steps[3]?.bytes).toBe(60 + 4);
  });
  test("with no peer for the destination says host unreachable, to its own machine ENOKEY", async () => {
    const there = await scene("flannel-wireguard", cluster());
    const nobody = { sees: "EHOSTUNREACH 3/1 from 10.244.1.1", end: "n1 wireguard-no-peer" };
    expect(send(there, "p1", "10.244.77.7")).toMatchObject(nobody);
    expect(send(there, "n1", "10.244.77.7")).toMatchObject({ sees: "ENOKEY local", end: "n1 wireguard-no-peer" });
  });
  test("is fragmented on the way when a leg is narrow: the outer packet has no DF", async () => {
    const narrow = cluster({
      routed: true,
      subnets: { a: "192.168.1.0/24", b: { cidr: "192.168.2.0/24", mtu: 1400 } },
    });
    const there = await scene("calico-wireguard", narrow);
    expect(send(there, "p1", "p2", { size: 1340, df: "always" }).end).toBe("delivered ttl 62");
    expect(eventsOf(send(there, "p1", "p2", { size: 1380, df: "always" }).trace, "fragment").length).toBe(1);
  });
  test("carries its own machine's packets from its own address, and their answers", async () => {
    const there = await scene("calico-wireguard", cluster());
    const out = send(there, "n1", "p2");
    expect(out.end).toBe("delivered ttl 63");
    expect(reply(there, out).end).toBe("delivered ttl 63");
  });
  test("keeps its outer packets out of itself by their mark; without the rule for it they would loop", async () => {
    const inside = "n1: ip route add 192.168.1.12 dev wireguard.cali table 1";
    const unmarked = ["n1: ip rule del not fwmark 0x200000/0x200000 pref 99", "n1: ip rule add pref 99 table 1"];
    const marked = await scene("calico-wireguard", cluster({ faults: [inside] }));
    expect(send(marked, "p1", "p2").end).toBe("delivered ttl 62");
    const looping = await scene("calico-wireguard", cluster({ faults: [inside, ...unmarked] }));
    expect(send(looping, "p1", "p2").end).toBe("n1 RECURSION_LIMIT");
  });
});
