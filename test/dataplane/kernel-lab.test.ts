import { describe, expect, test } from "vitest";
import { Ip } from "../../src/addr/ip.ts";
import type { Send } from "../../src/dataplane/output.ts";
import type { State } from "../../src/dataplane/state.ts";
import { walk } from "../../src/dataplane/walk.ts";
import { eventsOf } from "../../src/trace/trace.ts";
import { cluster, type Scene, scene, send } from "./scene.ts";

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

test("a VXLAN device that is down has closed its port", async () => {
  const there = await scene("flannel-vxlan", { ...cluster(), faults: ["n2: ip link set flannel.1 down"] });
  const { trace, end } = send(there, "p1", "p2");
  const [told] = eventsOf(trace, "icmp").filter(({ at }) => at.netns === "host/n2");
  expect([end, told?.action.error]).toEqual(["n2 NO_SOCKET", { type: 3, code: 3 }]);
});

test("a bridge without a live port has no carrier, and shows no frame", async () => {
  const faults = ["n2: ip neigh replace 10.244.2.2 lladdr 02:00:00:00:00:99 dev cni0"];
  const whole = await scene("flannel-vxlan", { ...cluster(), faults });
  const port = [...(whole.network.netns("host/n2")?.links.values() ?? [])].find(({ master }) => master === "cni0");
  const broken = await scene("flannel-vxlan", {
    ...cluster(),
    faults: [...faults, `n2: ip link set ${port?.name} down`],
  });
  const sentByBridge = (there: typeof whole) =>
    eventsOf(send(there, "p1", "p2").trace, "transmit").filter(({ at }) => at.netns === "host/n2" && at.dev === "cni0");
  expect([sentByBridge(whole).length, sentByBridge(broken).length]).toEqual([1, 0]);
  expect(send(broken, "p1", "p2").end).toBe("n2 DEV_READY");
});

test("what is for a group goes to the group's own MAC, not to the gateway of the default route", async () => {
  const { network } = await scene("calico-bgp", cluster());
  const group = Ip.parse("224.0.0.5") as Ip;
  const payload = [{ kind: "udp", sport: 40000, dport: 9000 }] as const;
  const { trace } = walk(network, { from: "pod/default/p1", dst: group, df: "auto", process: "test", payload }, {});
  const [first] = eventsOf(trace, "transmit");
  expect(first?.headers[0]).toMatchObject({ kind: "ethernet", dst: "01:00:5e:00:00:05" });
});

describe("what a 6.18 kernel does with IPv6", () => {
  const DUAL = {
    "cni-trace": 1,
    cluster: { podCIDR: ["10.244.0.0/16", "fd00:10:244::/48"] },
    subnets: {
      a: ["192.168.1.0/24", "fd00:1::/64"],
      b: { cidr: ["192.168.2.0/24", "fd00:2::/64"], mtu: 1400 },
    },
    routers: { r1: ["192.168.1.1", "fd00:1::1", "192.168.2.1", "fd00:2::1"] },
    hosts: { n1: ["192.168.1.11", "fd00:1::11"], n2: ["192.168.2.12", "fd00:2::12"] },
    pods: { p1: "n1", p2: "n2" },
  };
  const P2 = "fd00:10:244:2::2";
  const sent = (network: Scene["network"], size: number, df: Send["df"], state?: State) =>
    walk(
      network,
      {
        ...{ from: "pod/default/p1", dst: Ip.parse(P2) as Ip, df, process: "p1" },
        payload: [
          { kind: "udp", sport: 40000, dport: 9000 },
          { kind: "payload", length: size - 48 },
        ],
      },
      { cold: size < 100, ...(state && { state }) },
    );
  const dropped = ({ trace }: ReturnType<typeof sent>) =>
    eventsOf(trace, "drop").map(({ at, action }) => `${at.netns} ${at.dev} ${action.reason}`);

  test("VXLAN's outer packet is not cut where it is made; a node that learns of it refuses what it forwards", async () => {
    const { network } = await scene("flannel-vxlan", DUAL);
    const first = sent(network, 1331, "always");
    const second = sent(network, 1331, "always", first.state);
    const third = sent(network, 1331, "always", second.state);
    const fourth = sent(network, 1331, "always", third.state);
    expect([first, second, third, fourth].map(dropped)).toEqual([
      ["router/r1 eth0 PKT_TOO_BIG"],
      ["host/n1 eth0 PKT_TOO_BIG"],
      ["host/n1 flannel-v6.1 PKT_TOO_BIG"],
      ["pod/default/p1 eth0 PKT_TOO_BIG"],
    ]);
    expect(third.state.pmtu.get(`pod/default/p1 ${P2}`)).toBe(1330);
  });

  test("what conntrack put together on its way goes on in pieces no larger than it came in", async () => {
    const hosts = { n1: DUAL.hosts.n1, n2: ["192.168.1.12", "fd00:1::12"] };
    const { network } = await scene("flannel-host-gw", { ...DUAL, subnets: { a: DUAL.subnets.a }, routers: {}, hosts });
    expect(dropped(sent(network, 1501, "never"))).toEqual([]);
  });

  test("an advertisement says whether its sender forwards", async () => {
    const { network } = await scene("calico-bgp", DUAL);
    const told = sent(network, 80, "auto").trace.events.flatMap(({ at, headers, action }) => {
      const [ndp] = headers.flatMap((header) => (header.kind === "ndp" && header.op === "advert" ? [header] : []));
      return action.kind === "transmit" && ndp ? [`${at.netns} ${ndp.router ?? false}`] : [];
    });
    expect(told).toContain("host/n1 true");
  });

  test("errors have no traffic class", async () => {
    const { network } = await scene("flannel-vxlan", DUAL);
    const [error] = sent(network, 1331, "auto").trace.events.flatMap(({ headers: [, ip, icmp] }) =>
      ip?.kind === "ipv6" && icmp?.kind === "icmp" ? [ip.tos] : [],
    );
    expect(error).toBe(0);
  });
});

test("an IPv4 error has the type of service of what it is about", async () => {
  const document = { ...cluster(), faults: ["n2: ip link set flannel-wg down"] };
  const { trace } = send(await scene("flannel-wireguard", document), "p1", "p2");
  const tos = trace.events.flatMap(({ headers: [, ip, icmp] }) =>
    ip?.kind === "ipv4" && icmp?.kind === "icmp" && icmp.code === 3 ? [ip.tos] : [],
  );
  expect(new Set(tos)).toEqual(new Set([0xc8]));
});
