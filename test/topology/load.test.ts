import "../../src/modes/registry.ts";
import { describe, expect, test, vi } from "vitest";
import { loadTopology } from "../../src/topology/load.ts";
import { problemText } from "../../src/topology/problem-text.ts";
import type { Topology } from "../../src/topology/topology.ts";

vi.setConfig({ testTimeout: 60_000 });

async function load(text: string, ...set: string[]): Promise<Topology> {
  const outcome = await loadTopology({ text, file: "test.yaml", set });
  if (!outcome.ok) throw new Error(outcome.problems.map(problemText).join("\n"));
  return outcome.value;
}

async function problems(text: string, ...set: string[]): Promise<string[]> {
  const outcome = await loadTopology({ text, file: "f", set });
  return outcome.ok ? [] : outcome.problems.map(problemText);
}

/** A topology as plain data, for comparing. */
function plain({ subnets, routers, hosts, pods, ...rest }: Topology) {
  const names = [...pods.names()];
  const on = [...hosts.keys()].map((host) => pods.on(host));
  const data = { ...rest, subnets: [...subnets], routers: [...routers], hosts: [...hosts], names, on, size: pods.size };
  const text = JSON.stringify(data, (key, value: unknown) => {
    if (key === "place") return undefined;
    return value instanceof Map ? [...value] : value;
  });
  const parsed: unknown = JSON.parse(text);
  return parsed;
}

const SMALL = `
cni-trace: 1
subnets: { lan: 192.168.0.0/24 }
hosts:   { node-1: 192.168.0.11, node-2: 192.168.0.12 }
pods:    { pod-a: node-1, pod-b: node-2 }
`;

const COMPLETE = `
cni-trace: 1
cluster: { podCIDR: 10.244.0.0/16, nodeMaskSize: 24, serviceCIDR: 10.96.0.0/12 }
cni:
  mode: flannel-vxlan
  flannel: { bridge: cni0, ipMasq: true, attach: bridge }
  flannel-udp: { Port: 8285 }
  flannel-vxlan: { VNI: 1, Port: 8472 }
  calico:
    { version: v3.30, blockSize: 26, natOutgoing: true, asNumber: 64512, nodeToNodeMeshEnabled: true }
  calico-vxlan: { vxlanVNI: 4096, vxlanPort: 4789 }
subnets:
  rack-1: 192.168.1.0/24
  rack-2:
    cidr: 192.168.2.0/24
    mtu: 9000
    gateway: 192.168.2.1
    drop: [udp/8472, proto/4]
    sourceDestCheck: true
    routes:
      - 10.244.2.0/24 via 192.168.2.12
  core: 10.0.0.0/30
  mgmt: 172.16.5.0/24
routers:
  r1: [192.168.1.1, 10.0.0.1]
  r2:
    addresses: [192.168.2.1, 10.0.0.2]
    mtu: { eth1: 1400 }
    igp: false
    routes: [192.168.1.0/24 via 10.0.0.1]
    bgp: { as: 65002, peers: [node-2] }
hosts:
  node-1: 192.168.1.11
  node-2:
    addresses: [192.168.2.12, 172.16.5.12]
    nodeIP: 192.168.2.12
    mtu: 1500
    podCIDR: 10.244.2.0/24
    labels: { rack: "2" }
    bgp: { as: 64513, peers: [{ r2: 65009 }] }
    cni: { flannel-vxlan: { VNI: 2 } }
pods:
  pod-a: node-1
  shop/db-0:
    host: node-2
    address: 10.244.2.7
    device: cali9c02e56
    labels: { app: db }
    listen: [tcp/5432]
  mon/agent: { host: node-1, hostNetwork: true }
faults:
  - node-1: ip route del 10.244.2.0/24
  - r1: ip link set eth1 mtu 1400
  - pod:default/pod-a: ip link set eth0 down
  - "db: ip link set eth0 down"
`.replace('"db: ip', '"shop/db-0: ip');

describe("a complete file", async () => {
  const topology = await load(COMPLETE);

  test("gives subnets with their fabric", () => {
    const rack = topology.subnets.get("rack-2");
    expect(rack).toMatchObject({
      mtu: 9000,
      sourceDestCheck: true,
      drop: [{ protocol: 17, port: 8472 }, { protocol: 4 }],
    });
    expect(rack?.gateways.join()).toBe("192.168.2.1");
    expect(rack?.routes).toMatchObject([{ text: "10.244.2.0/24 via 192.168.2.12", place: { line: 21, column: 9 } }]);
    expect(topology.subnets.get("rack-1")?.gateways.join()).toBe("192.168.1.1");
    expect(topology.subnets.get("core")?.gateways).toEqual([]);
  });

  test("gives routers with a card for each subnet", () => {
    const nics = topology.routers.get("r2")?.nics.map(({ name, subnet, mtu, addresses }) => {
      return `${name} ${subnet} ${mtu} ${addresses.map(({ ip, length }) => `${ip}/${length}`)}`;
    });
    expect(nics).toEqual(["eth0 rack-2 9000 192.168.2.1/24", "eth1 core 1400 10.0.0.2/30"]);
    expect(topology.routers.get("r2")).toMatchObject({ igp: false, bgp: { as: 65002, peers: [{ name: "node-2" }] } });
    expect(topology.routers.get("r1")).toMatchObject({ igp: true, routes: [] });
  });

  test("gives hosts with what their agent alone is told", () => {
    const host = topology.hosts.get("node-2");
    expect(host).toMatchObject({ index: 1, bgp: { as: 64513, peers: [{ name: "r2", as: 65009 }] } });
    expect(host?.nics.map(({ name, subnet, mtu }) => `${name} ${subnet} ${mtu}`)).toEqual([
      "eth0 rack-2 1500",
      "eth1 mgmt 1500",
    ]);
    expect(host?.cni.modes.get("flannel-vxlan")).toEqual({ VNI: 2 });
    expect(host?.labels.get("rack")).toBe("2");
    expect(host?.place).toEqual({ file: "test.yaml", line: 34, column: 3 });
    expect(topology.hosts.get("node-1")?.podCIDRs.join()).toBe("10.244.1.0/24");
    expect(topology.hosts.get("node-1")?.nodeIPs.join()).toBe("192.168.1.11");
  });

  test("gives pods by their full names", () => {
    expect(topology.pods.size).toBe(3);
    expect([...topology.pods.names()]).toEqual(["default/pod-a", "shop/db-0", "mon/agent"]);
    expect(topology.pods.get("default/pod-a")).toMatchObject({ host: "node-1", addresses: [], hostNetwork: false });
    expect(topology.pods.get("default/pod-a")?.listen).toBeUndefined();
    const db = topology.pods.get("shop/db-0");
    expect(db).toMatchObject({ device: "cali9c02e56", listen: [{ protocol: "tcp", port: 5432 }] });
    expect(db?.addresses.join()).toBe("10.244.2.7");
    expect(topology.pods.on("node-1").map(({ name }) => name)).toEqual(["default/pod-a", "mon/agent"]);
    expect(topology.pods.get("pod-a")).toBeUndefined();
  });

  test("gives faults with their targets", () => {
    expect(topology.faults.map(({ target, text }) => `${target.kind} ${target.name}: ${text}`)).toEqual([
      "host node-1: ip route del 10.244.2.0/24",
      "router r1: ip link set eth1 mtu 1400",
      "pod default/pod-a: ip link set eth0 down",
      "pod shop/db-0: ip link set eth0 down",
    ]);
    expect(topology.faults[0]?.place).toMatchObject({ line: 52, column: 13 });
  });
});

describe("forms", () => {
  test.each([
    ["a list of one address", "{ addresses: [192.168.0.11] }"],
    ["a map with an address", "{ address: 192.168.0.11 }"],
    ["a bare list", "[192.168.0.11]"],
  ])("%s says what a bare address says", async (_, form) => {
    const text = SMALL.replace("node-1: 192.168.0.11", `node-1: ${form}`);
    expect(plain(await load(text))).toEqual(plain(await load(SMALL)));
  });

  test.each([
    ["subnets", "lan: 192.168.0.0/24", "lan: { cidr: 192.168.0.0/24 }"],
    ["subnets", "lan: 192.168.0.0/24", "lan: [192.168.0.0/24]"],
    ["pods", "pod-a: node-1", "pod-a: { host: node-1 }"],
    ["pods", "pod-a: node-1", "default/pod-a: node-1"],
  ])("%s: %s and %s are the same", async (_, short, long) => {
    expect(plain(await load(SMALL.replace(short, long)))).toEqual(plain(await load(SMALL)));
  });

  test("JSON is the same tree", async () => {
    const { parse } = await import("yaml");
    const tree: unknown = parse(COMPLETE);
    expect(plain(await load(JSON.stringify(tree)))).toEqual(plain(await load(COMPLETE)));
    expect(plain(await load(`\uFEFF${JSON.stringify(tree, undefined, 2).replaceAll("\n", "\r\n")}`))).toEqual(
      plain(await load(COMPLETE)),
    );
  });

  test("a subnet's name takes the next free address, after those that are written out", async () => {
    const { hosts, routers } = await load(`
cni-trace: 1
subnets: { lan: { cidr: 192.168.0.0/24, gateway: 192.168.0.2 }, mgmt: [10.9.0.0/24, "fd00:9::/64"] }
routers: { r1: [192.168.0.2, mgmt] }
hosts: { node-1: lan, node-2: 192.168.0.1, node-3: [lan, mgmt] }`);
    const addresses = (nics: readonly { addresses: readonly { ip: unknown }[] }[] | undefined) =>
      nics?.map((nic) => nic.addresses.map(({ ip }) => String(ip)).join(" "));
    expect(addresses(routers.get("r1")?.nics)).toEqual(["192.168.0.2", "10.9.0.1 fd00:9::1"]);
    expect(addresses(hosts.get("node-1")?.nics)).toEqual(["192.168.0.3"]);
    expect(addresses(hosts.get("node-3")?.nics)).toEqual(["192.168.0.4", "10.9.0.2 fd00:9::2"]);
  });

  test("both families of a subnet share a card, and IPv4 stands first", async () => {
    const { hosts, cluster } = await load(`
cni-trace: 1
cluster: { podCIDR: ["fd10::/48", 10.244.0.0/16] }
subnets: { lan: ["fd00::/64", 192.168.0.0/24] }
routers: { r1: ["fd00::1", 192.168.0.1] }
hosts: { node-1: ["fd00::11", 192.168.0.11] }`);
    const host = hosts.get("node-1");
    expect(cluster.podCIDRs.join()).toBe("10.244.0.0/16,fd10::/48");
    expect(host?.nics).toHaveLength(1);
    expect(host?.nodeIPs.join()).toBe("192.168.0.11,fd00::11");
    expect(host?.podCIDRs.join()).toBe("10.244.1.0/24,fd10:0:0:1::/64");
  });

  test("a gateway can be none, the only router, or the first address beside a route table", async () => {
    const { subnets } = await load(`
cni-trace: 1
subnets:
  a: { cidr: 10.1.0.0/24, gateway: none }
  b: 10.2.0.0/24
  c: { cidr: 10.3.0.0/24, routes: [10.244.1.0/24 via 10.3.0.11] }
routers: { r1: [10.1.0.1, 10.2.0.9] }
hosts: { node-1: 10.3.0.11 }`);
    expect([...subnets.values()].map(({ gateways }) => gateways.join())).toEqual(["", "10.2.0.9", "10.3.0.1"]);
  });

  test("a number for a host's share, or a block, goes to the family it fits", async () => {
    const text = (cluster: string) => `
cni-trace: 1
cluster: ${cluster}
cni: { calico: { blockSize: 122 } }
subnets: { lan: 192.168.0.0/24 }
hosts: { node-1: 192.168.0.11 }`;
    const v6 = await load(text('{ podCIDR: "fd00::/48", nodeMaskSize: 64 }'));
    expect(v6.cluster.nodeMaskSize).toEqual({ v4: 24, v6: 64 });
    expect(v6.cni.calico.blockSize).toEqual({ v4: 26, v6: 122 });
    const both = await load(text('{ podCIDR: [10.244.0.0/16, "fd00::/48"], nodeMaskSize: { v4: 25, v6: 80 } }'));
    expect(both.cluster.nodeMaskSize).toEqual({ v4: 25, v6: 80 });
  });

  test("YAML anchors and aliases may save typing", async () => {
    const text = SMALL.replace("192.168.0.11", "{ address: 192.168.0.11, labels: &l { a: b } }");
    const { hosts } = await load(text.replace("192.168.0.12", "{ address: 192.168.0.12, labels: *l }"));
    expect(hosts.get("node-2")?.labels.get("a")).toBe("b");
  });

  test("a pod may be called constructor, a host to-string", async () => {
    const { pods } = await load(SMALL.replace("pod-a:", "constructor:"));
    expect(pods.get("default/constructor")?.host).toBe("node-1");
    expect(pods.get("default/toString")).toBeUndefined();
    expect(pods.get("default/__proto__")).toBeUndefined();
    expect(pods.on("constructor")).toEqual([]);
  });

  test("places are told for hosts, routers, subnets and pods", async () => {
    const topology = await load(SMALL);
    expect(topology.subnets.get("lan")?.place).toEqual({ file: "test.yaml", line: 3, column: 12 });
    expect(topology.hosts.get("node-2")?.place).toEqual({ file: "test.yaml", line: 4, column: 34 });
    expect(topology.pods.get("default/pod-b")?.place).toEqual({ file: "test.yaml", line: 5, column: 27 });
  });

  test("every default that a trace depends on is an assumption", async () => {
    const { assumptions } = await load(SMALL);
    expect(assumptions.map(({ what, supply }) => `${what}: ${supply}`)).toEqual([
      "pods are in 10.244.0.0/16: cluster.podCIDR",
      "the MTU of every subnet is 1500: subnets.NAME.mtu",
      "the fabric passes everything: subnets.NAME.drop or .allow",
    ]);
  });
});

describe("--set", () => {
  test("makes the long form of a short one", async () => {
    const { hosts } = await load(SMALL, "hosts.node-2.mtu=1400");
    expect(hosts.get("node-2")?.nics[0]).toMatchObject({ mtu: 1400, subnet: "lan" });
    expect(hosts.get("node-2")?.place?.line).toBe(4);
  });

  test("makes the blocked topology from two nodes", async () => {
    const { subnets, cni } = await load(SMALL, "subnets.lan.drop=[udp/8472]", "cni.mode=flannel-vxlan");
    expect(subnets.get("lan")?.drop).toEqual([{ protocol: 17, port: 8472 }]);
    expect(cni.mode).toBe("flannel-vxlan");
  });

  test("finds names with dots and slashes, adds entries, and goes into lists", async () => {
    const text = SMALL.replace("node-2: 192", "node-2.example.org: 192").replace("pod-b: node-2", "shop/db-0: node-1");
    const { hosts, pods, faults } = await load(
      text,
      "hosts.node-2.example.org.mtu=1400",
      "pods.shop/db-0.listen=[tcp/5432]",
      "pods.pod-c=node-1",
      'hosts."node-3.example.org"=192.168.0.13',
      "faults=[{ node-1: ip route del default }]",
      "faults.1=pod-c: ip link set eth0 down",
      "faults.0.node-1=ip route del 10.0.0.0/8",
    );
    expect(hosts.get("node-2.example.org")?.nics[0]?.mtu).toBe(1400);
    expect([...hosts.keys()]).toEqual(["node-1", "node-2.example.org", "node-3.example.org"]);
    expect(pods.get("shop/db-0")?.listen).toEqual([{ protocol: "tcp", port: 5432 }]);
    expect(faults.map(({ text: words }) => words)).toEqual(["ip route del 10.0.0.0/8", "ip link set eth0 down"]);
    expect(faults[1]?.place).toEqual({ file: "--set faults.1=pod-c: ip link set eth0 down", line: 1, column: 17 });
  });

  test.each([
    ["hosts.node-2.mtu=14", "--set hosts.node-2.mtu=14:1:18  mtu cannot be 14 (68 to 65535)"],
    ["hosts.node-3.mtu=1400", "--set hosts.node-3.mtu=1400:1:7  there is no node-3 under hosts (did you mean node-1?)"],
    ["host.node-1.mtu=1400", "--set host.node-1.mtu=1400:1:1  host is not a key here (did you mean hosts?)"],
    ["hosts.node-1.mtuu=1400", "--set hosts.node-1.mtuu=1400:1:14  mtuu is not a key here (did you mean mtu?)"],
    [
      "subnets.lan.drop=[udp/1, upd/2]",
      '--set subnets.lan.drop=[udp/1, upd/2]:1:26  "upd/2" names no traffic (did you mean udp/2?)',
    ],
    ["hosts.node-1", "--set hosts.node-1:1:1  this is not path.to.key=value (for example hosts.node-2.mtu=1400)"],
    ["=1", "--set =1:1:1  this is not path.to.key=value (for example hosts.node-2.mtu=1400)"],
    ["cni-trace.a=1", "--set cni-trace.a=1:1:11  cni-trace has no entries (set it whole)"],
    ["faults.3=a", "--set faults.3=a:1:1  faults cannot be a map (a list: `- node-1: ip route del 10.244.2.0/24`)"],
    [
      "hosts.node-1.labels={a: ",
      "--set hosts.node-1.labels={a: :1:25  unexpected end of the stream within a flow collection (close the bracket)",
    ],
    ["pods.pod-a=", "--set pods.pod-a=:1:12  pod-a cannot be empty (the name of its host, or a map with host)"],
    ["pods.pod-a=node-9", '--set pods.pod-a=node-9:1:12  "node-9" is not a host (did you mean node-1?)'],
    ["__proto__.polluted=1", "--set __proto__.polluted=1:1:1  __proto__ cannot be a name here"],
    [
      "hosts.__proto__.mtu=1",
      "--set hosts.__proto__.mtu=1:1:7  there is no __proto__ under hosts (name one that is there, or set it whole)",
    ],
  ])("%s is a problem with its place in the edit", async (edit, problem) => {
    expect(await problems(SMALL, edit)).toEqual([problem]);
    expect(Object.hasOwn(Object.prototype, "polluted")).toBe(false);
  });
});

test("what is wrong with the file stays the file's beside an edit", async () => {
  expect(await problems("subnets: { lan: 192.168.0.0/24 }", "hosts={ node-1: lan }")).toEqual([
    "f:1:1  cni-trace is missing (add cni-trace: 1)",
  ]);
});

describe("generate", () => {
  const HUGE = `
cni-trace: 1
cluster: { podCIDR: 10.0.0.0/11 }
generate: { racks: 100, hostsPerRack: 50, podsPerHost: 30, bgp: true }
hosts:
  node-0042: { mtu: 1400 }
  extra: 172.16.1.200
pods:
  pod-000001: { listen: [tcp/80] }
  pod-000002: node-0002
  shop/db-0: node-0001
faults:
  - tor-007: ip route del 10.1.45.0/26
`;

  test("gives 5,000 hosts and 150,000 pods by their names", async () => {
    const { hosts, pods, routers, subnets } = await load(HUGE);
    expect([hosts.size, pods.size, routers.size, subnets.size]).toEqual([5001, 150_001, 100, 101]);
    expect(hosts.get("node-0301")?.podCIDRs.join()).toBe("10.1.45.0/24");
    expect(hosts.get("node-0301")?.nics[0]).toMatchObject({ subnet: "rack-007" });
    expect(hosts.get("node-0301")?.nodeIPs.join()).toBe("172.16.7.11");
    expect(hosts.get("node-0301")?.bgp).toMatchObject({ as: 64518, peers: [{ name: "tor-007" }] });
    expect(routers.get("tor-007")?.bgp).toMatchObject({ as: 64518, routeReflector: true });
    expect(routers.get("tor-007")?.bgp?.peers).toHaveLength(50 + 99);
    expect(subnets.get("rack-007")?.gateways.join()).toBe("172.16.7.1");
    expect(subnets.get("core")?.cidrs.join()).toBe("172.16.255.0/24");
    expect(pods.get("default/pod-150000")?.host).toBe("node-5000");
    expect(pods.get("default/pod-150001")).toBeUndefined();
    expect(pods.get("default/pod-0000001")).toBeUndefined();
    expect(pods.on("node-5000")).toHaveLength(30);
  });

  test("lays written entries over generated ones, by name", async () => {
    const { hosts, pods } = await load(HUGE);
    expect(hosts.get("node-0042")?.nics[0]?.mtu).toBe(1400);
    expect(hosts.get("extra")).toMatchObject({ index: 5000 });
    expect(pods.get("default/pod-000001")).toMatchObject({ host: "node-0001", listen: [{ port: 80 }] });
    expect(pods.get("default/pod-000002")?.host).toBe("node-0002");
    expect(
      pods
        .on("node-0001")
        .map(({ name }) => name)
        .slice(0, 3),
    ).toEqual(["default/pod-000001", "default/pod-000003", "default/pod-000004"]);
    expect(pods.on("node-0001").at(-1)?.name).toBe("shop/db-0");
    expect(pods.on("node-0002").at(-1)?.name).toBe("default/pod-000002");
    const names = [...pods.names()];
    expect(names).toHaveLength(pods.size);
    expect(new Set(names).size).toBe(pods.size);
    expect(names.at(-1)).toBe("shop/db-0");
  });

  test("agrees with itself: every pod is on its host, every host's pods are got by name", async () => {
    const { hosts, pods } = await load(HUGE.replace("racks: 100", "racks: 2").replace("tor-007", "tor-002"));
    const all = [...hosts.keys()].flatMap((host) => pods.on(host));
    expect(all.map(({ name }) => name).sort()).toEqual([...pods.names()].sort());
    for (const pod of all) expect(pods.get(pod.name)).toEqual(pod);
  });

  test("works in both families at once", async () => {
    const { hosts, subnets } = await load(`
cni-trace: 1
cluster: { podCIDR: [10.0.0.0/16, "fd00:1::/48"] }
generate: { racks: 2, hostsPerRack: 2, podsPerHost: 1, underlay: [172.16.0.0/20, "fd00:2::/48"] }`);
    expect(subnets.get("rack-002")?.cidrs.join()).toBe("172.16.2.0/24,fd00:2:0:2::/64");
    expect(subnets.get("core")?.cidrs.join()).toBe("172.16.15.0/24,fd00:2:0:ffff::/64");
    expect(hosts.get("node-0003")?.nodeIPs.join()).toBe("172.16.2.11,fd00:2:0:2::b");
  });
});

describe("bounds", () => {
  test("a large YAML file is refused with what to do instead", async () => {
    const [problem] = await problems(`cni-trace: 1\n${"# a comment\n".repeat(1_100_000)}`);
    expect(problem).toBe(
      "f:1:1  as YAML 13 MiB is more than the 12 MiB that are read (write it as JSON, or describe a large cluster with `generate`)",
    );
  });

  test.each([
    ["brackets", `a: ${"[".repeat(100_000)}`],
    ["braces", `{"a":`.repeat(100_000)],
    ["dashes", "- ".repeat(100_000)],
    ["steps", Array.from({ length: 2000 }, (_, i) => `${" ".repeat(i)}a:\n`).join("")],
    ["JSON", `${'{"a":'.repeat(50_000)}1${"}".repeat(50_000)}`],
  ])("deep nesting in %s is refused", async (_, text) => {
    const found = await problems(text);
    expect(found.join("\n")).toContain("more than 32 maps and lists inside one another");
  });

  test("a thousand problems are told, the rest is counted", async () => {
    const pods = Object.fromEntries(Array.from({ length: 3000 }, (_, i) => [`pod-${i}a`, `nowhere-${i}`]));
    const hosts = { "node-1": "192.168.0.11" };
    const found = await problems(JSON.stringify({ "cni-trace": 1, subnets: { lan: "192.168.0.0/24" }, hosts, pods }));
    expect(found).toHaveLength(1001);
    expect(found.at(-1)).toBe("2000 more problems, not listed");
    expect(found[0]).toBe('f:1:102  "nowhere-0" is not a host (hosts are node-1)');
  });
});
