import { describe, expect, test } from "vitest";
import { walk } from "../../src/dataplane/walk.ts";
import { Netlink } from "../../src/kernel/netlink.ts";
import { placeName, senderSees } from "../../src/trace/project.ts";
import { eventsOf, probePackets, type Trace } from "../../src/trace/trace.ts";
import { lengthOf } from "../../src/wire/stack.ts";
import { ip } from "../diagnose/ask.ts";
import { byHand, mac, prefix } from "../diagnose/by-hand.ts";
import { cluster, type Scene, scene, send } from "./scene.ts";

/* What depends on the state, the order and the kind of devices, and not on routes. */

/** `n2 DEV_READY`, for each drop of the packet and its copies. */
function drops(trace: Trace): readonly string[] {
  const probe = probePackets(trace);
  return eventsOf(trace, "drop")
    .filter(({ packet }) => probe.has(packet))
    .map(({ at, action }) => `${placeName(at.netns)} ${at.dev} ${action.reason}`);
}

const macOf = ({ network }: Scene, name: string, dev: string) => network.netns(name)?.links.get(dev)?.mac ?? "";

describe("a node reports from the first address in the order of its devices, where the way back has none (icmp_send)", () => {
  test.each([
    [["eth0", "tunl0"], "192.168.1.1"],
    [["tunl0", "eth0"], "10.9.1.0"],
  ] as const)("%s: from %s", (order, from) => {
    const node = new Netlink("host/a", "host");
    for (const name of order) {
      if (name === "eth0") {
        node.link({ kind: "nic", name, mac: mac("a"), mtu: 1500, segment: "lan", by: "operator" });
        node.address(name, ip("192.168.1.1"), 24, { by: "operator" });
      } else {
        node.link({ kind: "ipip", name, mtu: 1480, ttl: "inherit", pmtudisc: false, by: "felix" });
        node.address(name, ip("10.9.1.0"), 32, { by: "felix" });
      }
    }
    const pod = new Netlink("pod/default/p", "pod");
    const peer = { netns: "pod/default/p", dev: "eth0" };
    node.link({ kind: "veth", name: "cali1", mac: mac("c"), mtu: 1500, peer, by: "cni" });
    node.sysctl("net.ipv4.ip_forward", 1);
    node.route({ dst: prefix("10.9.1.5/32"), dev: "cali1", by: "felix" });
    pod.link({
      kind: "veth",
      name: "eth0",
      mac: mac("p"),
      mtu: 1500,
      peer: { netns: "host/a", dev: "cali1" },
      by: "cni",
    });
    pod.address("eth0", ip("10.9.1.5"), 32, { by: "cni" });
    pod.route({ dst: prefix("0.0.0.0/0"), via: ip("169.254.1.1"), dev: "eth0", onlink: true, by: "cni" });
    pod.neighbour({ dev: "eth0", ip: ip("169.254.1.1"), lladdr: mac("c"), state: "permanent", by: "cni" });
    const payload = [{ kind: "udp", sport: 40000, dport: 9000 }] as const;
    const what = {
      from: "pod/default/p",
      dst: ip("192.168.1.9"),
      ttl: 1,
      df: "auto",
      process: "test",
      payload,
    } as const;
    const { error } = senderSees(walk(byHand(node, pod), what).trace);
    expect([error?.icmp?.type, `${error?.from}`]).toEqual([11, from]);
  });
});

describe("a device that does not take a frame in", () => {
  test("a card that is down, though its MAC is known", async () => {
    const plain = await scene("flannel-host-gw", cluster());
    const faults = [
      { n1: `ip neigh replace 192.168.1.12 lladdr ${macOf(plain, "host/n2", "eth0")} dev eth0` },
      { n2: "ip link set eth0 down" },
    ];
    const { trace } = send(await scene("flannel-host-gw", cluster({ faults })), "p1", "p2");
    expect(drops(trace)).toEqual(["n2 eth0 DEV_READY"]);
  });

  test("a pod's veth that is narrower than its bridge, and nobody is told", async () => {
    const faults = [{ p2: "ip link set eth0 mtu 1300" }];
    const here = await scene("flannel-host-gw", cluster({ faults }));
    const lost = send(here, "p1", "p2", { size: 1400 });
    expect([drops(lost.trace), lost.sees]).toEqual([["p2 eth0 PKT_TOO_BIG"], "silence"]);
    expect(send(here, "p1", "p2", { size: 1304 }).end).toBe("delivered ttl 62");
    expect(drops(send(here, "p1", "p2", { size: 1305 }).trace)).toEqual(["p2 eth0 PKT_TOO_BIG"]);
  });

  test("a tunnel device never asks: what it unwraps may be longer than its own MTU", async () => {
    const faults = [{ n2: "ip link set flannel.1 mtu 1000" }];
    const here = await scene("flannel-vxlan", cluster({ faults }));
    expect(send(here, "p1", "p2", { size: 1400 }).end).toBe("delivered ttl 62");
  });
});

test("IP-in-IP that no tunnel takes: protocol unreachable without a tunnel, port unreachable with one that is down", async () => {
  const told = async (fault: string) => {
    const { trace } = send(await scene("calico-ipip", cluster({ faults: [{ n2: fault }] })), "p1", "p2");
    return eventsOf(trace, "icmp").map(
      ({ at, action }) => `${placeName(at.netns)} ${action.error.type}/${action.error.code}`,
    );
  };
  expect(await told("ip link set tunl0 down")).toEqual(["n2 3/3"]);
  expect(await told("ip link del tunl0")).toEqual(["n2 3/2"]);
});

test("a forwarder counts the TTL down by one, and says so", async () => {
  const { trace } = send(await scene("flannel-host-gw", cluster({ routed: false })), "p1", "p2");
  expect(eventsOf(trace, "forward").map(({ at, action }) => `${placeName(at.netns)} ${action.ttl}`)).toEqual([
    "n1 63",
    "n2 62",
  ]);
});

test("the host's own broadcast goes to every port of its bridge", async () => {
  const pods = { p1: "n1", p2: "n1", p3: "n2" };
  const { network } = await scene("flannel-vxlan", cluster({ pods }));
  const payload = [{ kind: "udp", sport: 40000, dport: 9000 }] as const;
  const what = { from: "host/n1", dst: ip("10.244.1.255"), df: "auto", process: "test", payload } as const;
  const taken = eventsOf(walk(network, what).trace, "deliver").map(({ at }) => placeName(at.netns));
  expect(taken.sort()).toEqual(["p1", "p2"]);
});

test("what the nat table has seen of a connection is told once, and a reply is told to be spared", async () => {
  const here = await scene("flannel-vxlan", cluster());
  const { trace } = send(here, "p1", "p2");
  const tables = (table: string) => eventsOf(trace, "filter").filter(({ action }) => action.table === table).length;
  expect(tables("filter")).toBeGreaterThan(0);
  expect(tables("nat")).toBe(0);
});

describe("a report", () => {
  const back = { r1: { addresses: ["192.168.1.1", "192.168.2.1"], routes: ["10.244.1.0/24 via 192.168.1.11"] } };
  const blind = cluster({ routed: true, routers: back });

  test("comes from the address that was spoken to", async () => {
    const pods = { p1: "n1", p2: "n2" };
    const here = await scene("flannel-vxlan", cluster({ pods }));
    expect(send(here, "p1", "ip:10.244.2.1", { dport: 9 }).sees).toBe("ECONNREFUSED 3/3 from 10.244.2.1");
  });

  test("quotes as much as fits into 576 bytes, and no more", async () => {
    const { trace } = send(await scene("flannel-host-gw", blind), "p1", "p2", { size: 1000 });
    const [error] = trace.packets.filter(({ cause }) => cause === "icmp-error");
    const sent = trace.events.find(({ packet }) => packet === error?.id);
    expect(lengthOf(sent?.headers ?? [])).toBe(576);
  });

  test("is made of a first fragment only", async () => {
    const { trace } = send(await scene("flannel-host-gw", blind), "p1", "p2", { size: 2000, df: "never" });
    const reports = eventsOf(trace, "icmp").map(({ at, action }) => `${placeName(at.netns)} ${action.why ?? "sent"}`);
    expect(reports).toEqual(["r1 sent", "r1 not-first-fragment"]);
  });
});

describe("a broadcast inside a bridge", () => {
  const pods = { p1: "n1", p2: "n1", p3: "n1", p4: "n2" };
  const payload = [{ kind: "udp", sport: 40000, dport: 9000 }] as const;
  const all = { dst: ip("10.244.1.255"), df: "auto", process: "test", payload } as const;

  test("goes to the newest port first, as a port is put at the head of the list (br_add_if)", async () => {
    const { network } = await scene("flannel-vxlan", cluster({ pods }));
    const taken = eventsOf(walk(network, { ...all, from: "host/n1" }).trace, "deliver").map(({ at }) =>
      placeName(at.netns),
    );
    expect(taken).toEqual(["p3", "p2", "p1"]);
  });

  test("comes back to who sent it by a port that hairpins, and is a martian there", async () => {
    const { network } = await scene("flannel-vxlan", cluster({ pods }));
    expect(drops(walk(network, { ...all, from: "pod/default/p1" }).trace)).toContain("p1 eth0 IP_LOCAL_SOURCE");
  });
});

test("what a machine tells itself never leaves it", async () => {
  const here = await scene("flannel-vxlan", cluster());
  const { sees, trace } = send(here, "n1", "ip:192.168.1.11", { dport: 9 });
  expect(sees).toBe("ECONNREFUSED 3/3 from 192.168.1.11");
  expect(eventsOf(trace, "transmit")).toEqual([]);
  expect(new Set(trace.events.map(({ at }) => at.dev))).toEqual(new Set(["lo"]));
});

test("a fabric that checks addresses drops what has one wrong, the sender's or the receiver's", async () => {
  const subnets = { a: { cidr: "192.168.1.0/24", sourceDestCheck: true } };
  const here = await scene("flannel-host-gw", cluster({ subnets }));
  for (const [from, to] of [
    ["n1", "p2"],
    ["p1", "p2"],
  ] as const) {
    expect(send(here, from, to).end).toBe("n1 fabric");
  }
  expect(send(here, "n1", "n2", { ping: true }).end).toBe("delivered ttl 64");
});

test("flanneld's buffer is as long as its device was when it started, and cuts off what is longer", async () => {
  const pods = { p1: { host: "n1", device: "veth1" }, p2: "n2" };
  const faults = [
    ...["flannel0", "veth1", "cni0"].map((dev) => ({ n1: `ip link set ${dev} mtu 2000` })),
    { p1: "ip link set eth0 mtu 2000" },
  ];
  const here = await scene("flannel-udp", cluster({ pods, faults }));
  expect(send(here, "p1", "p2", { size: 1472 }).end).toBe("delivered ttl 60");
  expect(send(here, "p1", "p2", { size: 1473 }).end).toBe("n1 process-truncated");
});

test("a bridge port that is down sends nothing, though an entry names it", async () => {
  const pods = { p1: "n1", p2: { host: "n2", device: "veth2" }, p3: "n2" };
  const plain = await scene("flannel-vxlan", cluster({ pods }));
  const lladdr = macOf(plain, "pod/default/p2", "eth0");
  const faults = [
    { n2: `ip neigh replace 10.244.2.2 lladdr ${lladdr} dev cni0` },
    { n2: `bridge fdb add ${lladdr} dev veth2 master` },
    { n2: "ip link set veth2 down" },
  ];
  const { trace } = send(await scene("flannel-vxlan", cluster({ pods, faults })), "p1", "p2");
  expect(drops(trace)).toEqual(["n2 veth2 DEV_READY"]);
});
