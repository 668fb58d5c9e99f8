import { describe, expect, test } from "vitest";
import { eventsOf } from "../../src/trace/trace.ts";
import { cluster, scene, send } from "./scene.ts";

/* What comparing whole topologies with a 6.18 kernel, frame by frame, taught the walk. */

const oneNode = (mtu: number, faults: readonly string[] = []) => ({
  ...cluster(),
  subnets: { a: { cidr: "192.168.1.0/24", mtu } },
  pods: { p1: "n1", p2: "n1" },
  faults,
});

describe("br_netfilter takes fragments apart again to the MTU of a route it pretends", () => {
  test.each([
    // The bridge's own MTU is 1500, 2000 and 9000, given when it was made: the route's stays 1500.
    [1500, [], "delivered ttl 64"],
    [2000, [], "n1 PKT_TOO_BIG"],
    [9000, [], "n1 PKT_TOO_BIG"],
    // A change goes to the route, up and down.
    [1500, ["n1: ip link set cni0 mtu 1280"], "n1 PKT_TOO_BIG"],
    [4200, ["n1: ip link set cni0 mtu 4100"], "n1 PKT_TOO_BIG"],
  ])("MTU %d, %j: one byte too long without DF is %s", async (mtu, faults, end) => {
    const there = await scene("flannel-host-gw", oneNode(mtu, faults));
    expect(send(there, "p1", "p2", { size: mtu + 1, df: "never" }).end).toBe(end);
    expect(send(there, "p1", "p2", { size: mtu, df: "always" }).end).toBe("delivered ttl 64");
  });
});

test("a veth whose other end is down shows no frame: it has no carrier", async () => {
  const there = await scene("calico-bgp", cluster());
  const dev = [...(there.network.netns("host/n1")?.links.keys() ?? [])].find((name) => name.startsWith("cali"));
  const broken = await scene("calico-bgp", { ...cluster(), faults: [`n1: ip link set ${dev} down`] });
  expect(eventsOf(send(broken, "p1", "p2").trace, "transmit")).toEqual([]);
});

test("of several fragments only the first is seen when the other end of the veth refuses it", async () => {
  const there = await scene("calico-bgp", cluster());
  const dev = [...(there.network.netns("host/n1")?.links.keys() ?? [])].find((name) => name.startsWith("cali"));
  const narrow = await scene("calico-bgp", { ...cluster(), faults: [`n1: ip link set ${dev} mtu 1280`] });
  const { trace, end } = send(narrow, "p1", "p2", { size: 1501, df: "never" });
  expect([eventsOf(trace, "transmit").length, end]).toEqual([1, "n1 PKT_TOO_BIG"]);
});

test("a forwarder cuts off what is longer than its own buffer on the way in", async () => {
  const subnets = { a: { cidr: "192.168.1.0/24", mtu: 1400 }, b: { cidr: "192.168.2.0/24", mtu: 1280 } };
  const there = await scene("flannel-udp", { ...cluster({ routed: true }), subnets });
  const first = send(there, "p1", "p2", { size: 1253, df: "always" });
  const second = send(there, "p1", "p2", { size: 1253, df: "always", state: first.state });
  expect([first.end, second.end]).toEqual(["r1 PKT_TOO_BIG", "n2 process-truncated"]);
});

test("the loopback device has a broadcast address of its own", async () => {
  const { network } = await scene("flannel-host-gw", cluster());
  const rows = [...(network.netns("host/n1")?.routes.rows() ?? [])].filter(({ dev }) => dev === "lo");
  expect(rows.map(({ type, dst }) => `${type} ${dst}`)).toContain("broadcast 127.255.255.255/32");
});
