import { describe, expect, test } from "vitest";
import { placeName } from "../../src/trace/project.ts";
import { eventsOf, type Trace } from "../../src/trace/trace.ts";
import type { Outcome } from "./scene.ts";
import { cluster, reply, type Scene, scene, send } from "./scene.ts";

/*
 * ICMP redirects, as a 6.18 kernel sent them on one link: a forwarder that lets a packet out of the device it came in
 * by tells its sender, if that is on the link itself, and the packet goes on. A pod believes it from the second packet
 * on; a machine that forwards does not, since forwarding turns accept_redirects for `all` off.
 */

/** The router knows where pods are, and every node sends by it. */
const through = (faults: readonly string[] = []) =>
  cluster({
    faults: [
      "n1: ip route del 10.244.2.0/24",
      "r1: ip route add 10.244.1.0/24 via 192.168.1.11",
      "r1: ip route add 10.244.2.0/24 via 192.168.1.12",
      ...faults,
    ],
  });

function redirects(trace: Trace): readonly string[] {
  return eventsOf(trace, "redirect").map(
    ({ at, action: { gateway, why, sent } }) =>
      `${placeName(at.netns)} by ${gateway}${sent === undefined ? ` ${why}` : ""}`,
  );
}

function again(there: Scene, from: string, to: string, times: number): readonly Outcome[] {
  const outcomes: Outcome[] = [];
  for (let i = 0; i < times; i++) {
    const state = outcomes.at(-1)?.state;
    outcomes.push(send(there, from, to, state ? { state } : {}));
  }
  return outcomes;
}

describe("a router that sends back into the segment", () => {
  test("tells the node that asked, in its own name, about the packet as it goes on; and carries it on", async () => {
    const { trace, end } = send(await scene("flannel-host-gw", through()), "n1", "p2");
    expect([end, redirects(trace)]).toEqual(["delivered ttl 62", ["r1 by 192.168.1.12"]]);
    const packet = trace.packets.find(({ cause }) => cause === "redirect");
    const [first] = trace.events.filter((event) => event.packet === packet?.id && event.action.kind === "transmit");
    expect(first?.headers.slice(1, 3)).toMatchObject([
      { kind: "ipv4", ttl: 64, tos: 0xc0, df: false },
      { kind: "icmp", type: 5, code: 1, rest: 0xc0a8010c },
    ]);
    expect(first?.headers[3]).toMatchObject({ kind: "quote", packet: [{ ttl: 63 }, {}, {}], length: 60 });
    expect(trace.events.at(-1)?.action.kind).toBe("deliver");
  });

  test("a node that forwards does not believe it, and is told nine times", async () => {
    const outcomes = again(await scene("flannel-host-gw", through()), "n1", "p2", 11);
    expect(outcomes.map(({ trace }) => redirects(trace)[0])).toEqual([
      ...Array.from({ length: 9 }, () => "r1 by 192.168.1.12"),
      "r1 by 192.168.1.12 rate-limited",
      "r1 by 192.168.1.12 rate-limited",
    ]);
    expect(outcomes.every(({ end }) => end === "delivered ttl 62")).toBe(true);
  });

  test.each([
    ["both settings on", ["all", "eth0"], true],
    ["its device alone", ["eth0"], false],
  ])("with %s a forwarder does or does not", async (_, devices, believes) => {
    const faults = devices.map((dev) => `n1: sysctl net.ipv4.conf.${dev}.accept_redirects=1`);
    const [first, second] = again(await scene("flannel-host-gw", through(faults)), "n1", "p2", 2);
    expect(first?.state.gateways.size).toBe(believes ? 1 : 0);
    expect(second?.end).toBe(believes ? "delivered ttl 63" : "delivered ttl 62");
  });

  test("a pod's packet comes from behind its node: nobody is told", async () => {
    const { trace, end } = send(await scene("flannel-host-gw", through()), "p1", "p2");
    expect([end, redirects(trace)]).toEqual(["delivered ttl 61", []]);
  });

  test.each([
    [["r1: sysctl net.ipv4.conf.all.send_redirects=0", "r1: sysctl net.ipv4.conf.eth0.send_redirects=0"], []],
    [["r1: sysctl net.ipv4.conf.eth0.send_redirects=0"], ["r1 by 192.168.1.12"]],
  ])("it is told not to only by both settings: %j", async (faults, told) => {
    const { trace } = send(await scene("flannel-host-gw", through(faults)), "n1", "p2");
    expect(redirects(trace)).toEqual(told);
  });

  test("nothing is said about an answer to somebody who is not there, nor of an error", async () => {
    const { trace } = send(await scene("flannel-vxlan", cluster()), "p1", "p2");
    expect(redirects(trace)).toEqual([]);
  });
});

describe("a pod that sends to a neighbour by its gateway", () => {
  const both = cluster({ pods: { p1: "n1", p2: "n1" }, faults: ["p1: ip route del 10.244.1.0/24"] });
  // The gateway itself stays within reach.
  const document = { ...both, faults: ["p1: ip route add 10.244.1.1/32 dev eth0", "p1: ip route del 10.244.1.0/24"] };

  test("is told that its neighbour is on the link, and then speaks to it directly", async () => {
    const there = await scene("flannel-vxlan", document);
    const [first, second] = again(there, "p1", "p2", 2);
    expect([first?.end, redirects(first?.trace as Trace)]).toEqual(["delivered ttl 63", ["n1 by 10.244.1.3"]]);
    expect([...(first?.state.gateways ?? [])].map(([key, gateway]) => `${key} ${gateway}`)).toEqual([
      "pod/default/p1 10.244.1.3 10.244.1.3",
    ]);
    expect([second?.end, redirects(second?.trace as Trace)]).toEqual(["delivered ttl 64", []]);
    expect(reply(there, second as Outcome).end).toMatch(/^delivered/);
  });

  test("refuses when it is told to by both settings", async () => {
    const off = ["all", "eth0"].map((dev) => `p1: sysctl net.ipv4.conf.${dev}.accept_redirects=0`);
    const there = await scene("flannel-vxlan", { ...document, faults: [...document.faults, ...off] });
    const [, second] = again(there, "p1", "p2", 2);
    expect(second?.end).toBe("delivered ttl 63");
  });
});
