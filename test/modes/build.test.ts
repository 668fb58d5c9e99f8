import { describe, expect, test } from "vitest";
import { buildNetwork, networkOf } from "../../src/modes/build.ts";
import { aliasesOf, findMode, modes } from "../../src/modes/registry.ts";
import { modeNames } from "../../src/topology/settings.ts";
import { ip, network, topology } from "./model.ts";
import { addresses, mainRoutes } from "./words.ts";

const RACKS = `
subnets: { rack-1: 192.168.1.0/24, rack-2: 192.168.2.0/24, core: 10.0.0.0/30 }
routers: { r1: [192.168.1.1, 10.0.0.1], r2: [192.168.2.1, 10.0.0.2] }
hosts: { node-1: 192.168.1.11, node-2: 192.168.2.12 }
pods: { pod-a: node-1, pod-b: node-2, mon/agent: { host: node-1, hostNetwork: true, listen: [tcp/9100] } }
`;

describe("a network", async () => {
  const net = await network("vxlan", RACKS);
  test("names every namespace, a host before its pods; a pod on the host's network has none", () => {
    expect([...net.names()]).toEqual([
      "host/node-1",
      "pod/default/pod-a",
      "host/node-2",
      "pod/default/pod-b",
      "router/r1",
      "router/r2",
    ]);
    expect(net.netns("pod/mon/agent")).toBeUndefined();
    expect(net.netns("host/nobody")).toBeUndefined();
    expect(net.netns("constructor")).toBeUndefined();
  });
  test("makes a namespace once", () => {
    expect(net.netns("host/node-1")).toBe(net.netns("host/node-1"));
  });
  test("a pod without listen is assumed to listen; one that says where has sockets there", () => {
    expect(net.netns("pod/default/pod-a")?.assumeListening).toBe(true);
    expect(net.netns("host/node-1")?.assumeListening).toBe(false);
    expect(net.netns("host/node-1")?.sockets).toContainEqual(
      expect.objectContaining({ protocol: "tcp", port: 9100, owner: { kind: "process", name: "mon/agent" } }),
    );
  });
});

describe("routers", () => {
  test("know every subnet, as if an IGP ran, and no pod network", async () => {
    const net = await network("vxlan", RACKS);
    expect(mainRoutes(net.netns("router/r1"))).toEqual([
      "192.168.1.0/24 dev eth0 proto kernel scope link src 192.168.1.1",
      "10.0.0.0/30 dev eth1 proto kernel scope link src 10.0.0.1",
      "192.168.2.0/24 via 10.0.0.2 dev eth1 proto static",
    ]);
  });
  test("take the shortest way through several others", async () => {
    const net = await network(
      "vxlan",
      `
subnets: { a: 10.1.0.0/24, ab: 10.2.0.0/24, bc: 10.3.0.0/24, ac: 10.4.0.0/24, c: 10.5.0.0/24 }
routers: { ra: [10.1.0.1, 10.2.0.1, 10.4.0.1], rb: [10.2.0.2, 10.3.0.2], rc: [10.3.0.3, 10.4.0.3, 10.5.0.1] }
hosts: { n: 10.1.0.2 }`,
    );
    expect(mainRoutes(net.netns("router/ra")).filter((row) => row.includes("static"))).toEqual([
      "10.3.0.0/24 via 10.2.0.2 dev eth1 proto static",
      "10.5.0.0/24 via 10.4.0.3 dev eth2 proto static",
    ]);
  });
  test("without igp have what is connected, and what they are given", async () => {
    const net = await network(
      "vxlan",
      RACKS.replace(
        "r2: [192.168.2.1, 10.0.0.2]",
        "r2: { addresses: [192.168.2.1, 10.0.0.2], igp: false, routes: [192.168.1.0/25 via 10.0.0.1 metric 5] }",
      ),
    );
    expect(mainRoutes(net.netns("router/r2")).slice(2)).toEqual(["192.168.1.0/25 via 10.0.0.1 dev eth1 metric 5"]);
    expect(mainRoutes(net.netns("router/r1")).filter((row) => row.includes("static"))).toEqual([]);
  });
  test("a subnet's route table goes to its gateway", async () => {
    const net = await network(
      "host-gw",
      RACKS.replace("192.168.2.0/24", "{ cidr: 192.168.2.0/24, routes: [10.244.2.0/24 via 192.168.2.12] }"),
    );
    expect(mainRoutes(net.netns("router/r2"))).toContain("10.244.2.0/24 via 192.168.2.12 dev eth0");
  });
  test("a gateway address that nobody has gets a router named after the subnet", async () => {
    const net = await network(
      "host-gw",
      "subnets: { lan: { cidr: 10.0.0.0/24, gateway: 10.0.0.1, routes: [10.244.1.0/24 via 10.0.0.11] } }\nhosts: { n: 10.0.0.11 }",
    );
    expect([...net.names()]).toEqual(["host/n", "router/lan-gw"]);
    expect(mainRoutes(net.netns("router/lan-gw"))).toContain("10.244.1.0/24 via 10.0.0.11 dev eth0");
    expect(net.segments.get("lan")?.population).toBe(2);
  });
  test("a route whose words make no sense is a problem with its place", async () => {
    const bad = await topology(
      RACKS.replace(
        "rack-1: 192.168.1.0/24",
        "rack-1: { cidr: 192.168.1.0/24, routes: [10.244.2.0/24 vai 192.168.2.12] }",
      ),
    );
    expect(networkOf(bad, "vxlan")).toMatchObject({
      ok: false,
      problems: [{ code: "bad-route", place: { file: "test.yaml", line: 3 } }],
    });
  });
});

describe("hosts with several cards", async () => {
  const net = await network(
    "vxlan",
    `
subnets: { front: { cidr: 192.168.0.0/24, gateway: none }, back: 172.16.5.0/24 }
routers: { r: [172.16.5.1] }
hosts: { node-1: { addresses: [192.168.0.11, 172.16.5.11], nodeIP: 172.16.5.11 }, node-2: { addresses: [192.168.0.12, 172.16.5.12], mtu: { eth1: 9000 } } }`,
  );
  test("have one default route, by the first subnet that has a gateway", () => {
    expect(mainRoutes(net.netns("host/node-1"))).toContain("default via 172.16.5.1 dev eth1");
  });
  test("tunnel by the card of the address that the CNI detects", () => {
    expect(net.netns("host/node-1")?.links.get("flannel.1")).toMatchObject({ lower: "eth1" });
    expect(net.netns("host/node-2")?.links.get("flannel.1")).toMatchObject({ lower: "eth0", mtu: 1450 });
    expect(net.netns("host/node-2")?.links.get("eth1")?.mtu).toBe(9000);
    expect([...(net.netns("host/node-2")?.fdb.rows() ?? [])].map(({ dst }) => `${dst}`)).toEqual(["172.16.5.11"]);
  });
});

test.each(modes.map((mode) => mode.name))(
  "a node without an IPv4 address has no IPv4 pods, and is nobody's peer: %s",
  async (mode) => {
    const net = await network(
      mode,
      `
subnets: { lan: [192.168.0.0/24, "fd00::/64"] }
hosts: { a: 192.168.0.11, b: "fd00::12" }
pods: { pa: a, pb: b }`,
    );
    expect(mainRoutes(net.netns("host/a")).filter((row) => row.startsWith("10.244.2."))).toEqual([]);
    expect(mainRoutes(net.netns("host/b")).filter((row) => row.startsWith("10.244.1."))).toEqual([]);
    expect([...(net.netns("host/b")?.refused() ?? [])]).toEqual([]);
  },
);

describe("pods' addresses", () => {
  const PODS = `
subnets: { lan: 192.168.0.0/24 }
hosts: { n: 192.168.0.11, m: 192.168.0.12 }
pods:
  a: n
  net: { host: n, hostNetwork: true }
  b: { host: n, address: 10.244.1.3 }
  c: n
  d: m
`;
  test.each(modes.map((mode) => mode.name))("are the same in every mode: %s", async (mode) => {
    const net = await network(mode, PODS);
    const held = ["a", "b", "c", "d"].map((name) => addresses(net.netns(`pod/default/${name}`)));
    const length = mode.startsWith("calico") ? 32 : 24;
    expect(held.flat()).toEqual(
      ["10.244.1.2", "10.244.1.3", "10.244.1.4", "10.244.2.2"].map((ip) => `${ip}/${length} dev eth0`),
    );
  });
  test("beyond a block take the next one", async () => {
    const pods = Array.from({ length: 64 }, (_, i) => `  p${i}: n`).join("\n");
    const net = await network(
      "bgp",
      `subnets: { lan: 192.168.0.0/24 }\nhosts: { n: 192.168.0.11, m: 192.168.0.12 }\npods:\n${pods}`,
    );
    expect(mainRoutes(net.netns("host/m")).filter((row) => row.includes("bird"))).toEqual([
      "10.244.1.0/26 via 192.168.0.11 dev eth0 proto bird",
      "10.244.1.64/26 via 192.168.0.11 dev eth0 proto bird",
    ]);
  });
});

describe("segments", async () => {
  const net = await network("vxlan", RACKS);
  const lan = net.segments.get("rack-1");
  test("name whose machine may answer for an address: its own on any card, or one its agents claim", () => {
    const owners = (text: string) => lan?.owners(ip(text)).map(({ netns, dev }) => `${netns} ${dev}`);
    expect(owners("192.168.1.11")).toEqual(["host/node-1 eth0"]);
    expect(owners("10.0.0.1")).toEqual(["router/r1 eth0"]);
    expect(owners("10.244.1.0")).toEqual(["host/node-1 eth0"]);
    expect(owners("10.244.2.0")).toEqual([]);
    expect(owners("192.168.1.99")).toEqual([]);
  });
  test("name the cards with a MAC", () => {
    const mac = net.netns("router/r1")?.links.get("eth0")?.mac;
    expect(mac && lan?.withMac(mac)).toEqual([{ netns: "router/r1", dev: "eth0" }]);
    expect([...(lan?.ports() ?? [])]).toHaveLength(2);
  });
  test("know addresses and MACs that a change has given to a machine", async () => {
    const changed = await network(
      "vxlan",
      `${RACKS}
faults:
  - node-1: ip addr add 192.168.1.99/24 dev eth0
  - r1: ip link set eth0 address 02:00:00:00:00:99`,
    );
    const segment = changed.segments.get("rack-1");
    expect(segment?.owners(ip("192.168.1.99"))).toEqual([{ netns: "host/node-1", dev: "eth0" }]);
    const mac = changed.netns("router/r1")?.links.get("eth0")?.mac;
    expect(mac && segment?.withMac(mac)).toEqual([{ netns: "router/r1", dev: "eth0" }]);
    const before = net.netns("router/r1")?.links.get("eth0")?.mac;
    expect(before && segment?.withMac(before)).toEqual([]);
  });
});

describe("faults", () => {
  test("are done to finished tables in order, rows of families too", async () => {
    const net = await network(
      "vxlan",
      `${RACKS}
faults:
  - node-1: ip route del 10.244.2.0/24
  - node-1: sysctl net.ipv4.ip_forward=0
  - node-1: sysctl net.ipv4.ip_forward=1
  - pod-a: ip route del default
  - r1: ip link set eth1 mtu 1400`,
    );
    expect(mainRoutes(net.netns("host/node-1")).filter((row) => row.startsWith("10.244.2"))).toEqual([]);
    expect(net.netns("host/node-1")?.sysctls.get("net.ipv4.ip_forward")).toBe("1");
    expect(mainRoutes(net.netns("pod/default/pod-a"))).toHaveLength(2);
    expect(net.netns("router/r1")?.links.get("eth1")?.mtu).toBe(1400);
  });
  test.each([
    ["node-1: ip roads del 10.244.2.0/24", "bad-command"],
    ["node-1: ip route del 10.244.9.0/24", "matches-nothing"],
    ["node-1: ip route add 10.9.0.0/16 via 172.16.0.1", "refused"],
  ])("%s is a problem with its place: %s", async (fault, code) => {
    const bad = await topology(`${RACKS}faults:\n  - ${fault}`);
    const [mode] = modes;
    expect(mode && buildNetwork(bad, mode)).toMatchObject({ ok: false, problems: [{ code, place: { line: 8 } }] });
  });
  test("changes from outside come after the topology's own, under the name they ask for", async () => {
    const net = await network("vxlan", `${RACKS}faults:\n  - node-1: ip route del 10.244.2.0/24`, [
      { target: { kind: "host", name: "node-1" }, text: "ip route add 10.244.2.0/24 via 192.168.1.1", by: "fix" },
    ]);
    expect(mainRoutes(net.netns("host/node-1"))).toContain("10.244.2.0/24 via 192.168.1.1 dev eth0");
    expect([...(net.netns("host/node-1")?.routes.rows() ?? [])].map((row) => row.by)).toContain("fix");
  });
});

describe("the word for a mode", () => {
  test.each([
    ["vxlan", "flannel-vxlan"],
    ["host-gw", "flannel-host-gw"],
    ["udp", "flannel-udp"],
    ["bgp", "calico-bgp"],
    ["calico-noencap", "calico-bgp"],
    ["ipip", "calico-ipip"],
  ])("%s means %s", (word, name) => expect(findMode(word)).toMatchObject({ ok: true, value: { name } }));
  test.each(modes.flatMap((mode) => aliasesOf(mode).map((alias) => [alias, mode.name])))(
    "%s, which %s calls its own, means it",
    (word, name) => expect(findMode(word)).toMatchObject({ ok: true, value: { name } }),
  );
  test("wireguard is two modes", () => {
    expect(findMode("wireguard")).toMatchObject({
      ok: false,
      problems: [{ code: "ambiguous-mode", hint: "flannel-wireguard or calico-wireguard" }],
    });
  });
  test("every mode that a topology may name is built", () => {
    expect(modes.map((mode) => mode.name)).toEqual(modeNames());
  });
  test("a slip gets the nearest name", () => {
    expect(findMode("flannel-vxlna")).toMatchObject({ ok: false, problems: [{ hint: "did you mean flannel-vxlan?" }] });
  });
});
