import { describe, expect, test } from "vitest";
import { fibLookup } from "../../src/kernel/fib.ts";
import type { Netns } from "../../src/kernel/netns.ts";
import { routeText, ruleText, wireguardPeerCommand } from "../../src/render/iproute.ts";
import { A, B, NODE1_BASE, NODE1_POD } from "./calico-topologies.ts";
import { COMMON, GOLDEN, RACKS } from "./flannel-topologies.ts";
import { ip, network } from "./model.ts";
import { addresses, chainWords, links, mainRoutes } from "./words.ts";

/** Peers without their keys. */
const peers = (netns: Netns | undefined) =>
  [...(netns?.wireguardPeers.rows() ?? [])].map((row) =>
    wireguardPeerCommand(row).replace(`wg set ${row.dev} peer ${row.publicKey} `, `${row.dev} `),
  );
const table = (netns: Netns | undefined, number: number) =>
  [...(netns?.routes.rows() ?? [])].filter((row) => row.table === number).map(routeText);
const rules = (netns: Netns | undefined) => (netns?.rules ?? []).map((rule) => ruleText(rule).replace("\t", " "));

describe("flannel-wireguard", async () => {
  const net = await network("flannel-wireguard", GOLDEN);
  const a = net.netns("host/a");
  test("has one device with the /32 of its share, and one route for the whole network", () => {
    expect(links(a)[2]).toBe("3: flannel-wg mtu 1420 type wireguard");
    expect(a?.links.get("flannel-wg")).toMatchObject({ port: 51820 });
    expect(addresses(a)).toContain("100.96.1.0/32 dev flannel-wg");
    expect(links(a)[3]).toBe("4: cni0 mtu 1420 type bridge");
    expect(mainRoutes(a)).toEqual([
      ...COMMON.slice(0, 2),
      "100.96.0.0/16 dev flannel-wg scope link",
      ...COMMON.slice(2),
    ]);
  });
  test("has a peer a lease, known by its device's key, and no neighbours", () => {
    expect(peers(a)).toEqual(["flannel-wg endpoint 10.168.0.3:51820 allowed-ips 100.96.2.0/24"]);
    const [row] = [...(a?.wireguardPeers.rows() ?? [])];
    expect(net.netns("host/b")?.links.get("flannel-wg")).toMatchObject({ publicKey: row?.publicKey });
    expect(row?.publicKey).toMatch(/^[A-Za-z0-9+/]{43}=$/);
    expect([...(a?.neighbours.rows() ?? []), ...(a?.fdb.rows() ?? [])]).toEqual([]);
  });
  test("does not care which subnet a node is on", async () => {
    expect(peers((await network("flannel-wireguard", RACKS)).netns("host/a"))).toEqual([
      "flannel-wg endpoint 10.169.0.3:51820 allowed-ips 100.96.2.0/24",
      "flannel-wg endpoint 10.168.0.4:51820 allowed-ips 100.96.3.0/24",
    ]);
  });
  test("sends to the port that the other node's lease says", async () => {
    const own = "{ flannel-wireguard: { ListenPort: 4500, MTU: 1400, PersistentKeepaliveInterval: 25 } }";
    const odd = await network(
      "flannel-wireguard",
      GOLDEN.replace("b: 10.168.0.3", `b: { address: 10.168.0.3, cni: ${own} }`),
    );
    expect(peers(odd.netns("host/a"))).toEqual(["flannel-wg endpoint 10.168.0.3:4500 allowed-ips 100.96.2.0/24"]);
    expect(peers(odd.netns("host/b"))).toEqual([
      "flannel-wg endpoint 10.168.0.2:51820 allowed-ips 100.96.1.0/24 persistent-keepalive 25",
    ]);
    expect(links(odd.netns("host/b"))[2]).toBe("3: flannel-wg mtu 1320 type wireguard");
    const socket = odd.netns("host/b")?.sockets.find(({ owner }) => owner.name === "flannel-wg");
    expect(socket).toMatchObject({ protocol: "udp", port: 4500, owner: { kind: "link" } });
  });
});

describe("calico-wireguard", async () => {
  const net = await network("calico-wireguard", A);
  const node = net.netns("host/node1");
  test("(a6) has a device whose mark takes its own packets past a rule in front of table main", () => {
    expect(links(node).slice(2)).toEqual([
      "3: wireguard.cali mtu 1440 type wireguard",
      "4: calice0906292e2 mtu 1440 type veth peer name eth0 netns pod:default:pod1",
    ]);
    expect(node?.links.get("wireguard.cali")).toMatchObject({ port: 51820, fwmark: 0x200000 });
    expect(addresses(node)).toContain("10.233.1.0/32 dev wireguard.cali");
    expect(rules(node)).toEqual([
      "0: from all lookup local",
      "99: not from all fwmark 0x200000/0x200000 lookup 1",
      "32766: from all lookup main",
    ]);
  });
  test("(a6) leads others' blocks into the device and throws its own back; table main is BIRD's, unused", () => {
    expect(table(node, 1)).toEqual([
      "throw 10.233.1.0/26 table 1",
      "10.233.2.0/26 dev wireguard.cali table 1 scope link",
      "10.233.2.0 dev wireguard.cali table 1 scope link",
    ]);
    expect(mainRoutes(node)).toEqual([
      ...NODE1_BASE,
      "blackhole 10.233.1.0/26 proto bird",
      NODE1_POD,
      "10.233.2.0/26 via 192.168.1.3 dev eth0 proto bird",
    ]);
    const way = (mark?: number) => node && fibLookup(node, { dst: ip("10.233.2.2"), mark })?.nexthop?.dev;
    expect([way(), way(0x200000)]).toEqual(["wireguard.cali", "eth0"]);
  });
  test("(a6) gives a peer what the routes lead to; (b7) only the endpoint differs", async () => {
    expect(peers(node)).toEqual(["wireguard.cali endpoint 192.168.1.3:51820 allowed-ips 10.233.2.0/26,10.233.2.0/32"]);
    const far = (await network("calico-wireguard", B)).netns("host/node1");
    expect(peers(far)).toEqual(["wireguard.cali endpoint 192.168.2.2:51820 allowed-ips 10.233.2.0/26,10.233.2.0/32"]);
    expect(table(far, 1)).toEqual(table(node, 1));
    expect(mainRoutes(far)).toContain("10.233.2.0/26 via 192.168.1.1 dev eth0 proto bird");
  });
  test("a borrowed address is its borrower's, and stays out of the borrower's own device", async () => {
    const borrowed = await network(
      "calico-wireguard",
      A.replace("pods: { pod1: node1", "pods: { pod1: { host: node1, address: 10.233.2.9 }"),
    );
    expect(table(borrowed.netns("host/node1"), 1)).toContain("throw 10.233.2.9 table 1");
    expect(table(borrowed.netns("host/node2"), 1)).toContain("10.233.2.9 dev wireguard.cali table 1 scope link");
  });
  test("v3.33 keeps peers' blocks out of table main", async () => {
    const newer = await network("calico-wireguard", `cni: { calico: { version: v3.33 } }${A}`);
    const rows = mainRoutes(newer.netns("host/node1"));
    expect(rows.filter((row) => row.startsWith("10.233.2."))).toEqual([]);
    expect(table(newer.netns("host/node1"), 1)).toEqual(table(node, 1));
  });
  test("lets the datagrams in from anywhere: the device knows its peers", () => {
    const words = (at: "filter" | "nat", chain: string) => chainWords(node?.chains.get(at)?.get(chain));
    expect(words("filter", "cali-INPUT")[0]).toBe(
      "-A cali-INPUT -p udp -m udp --dport 51820 -m addrtype --dst-type LOCAL -j ACCEPT",
    );
    expect(words("nat", "cali-POSTROUTING")[1]).toBe(
      "-A cali-POSTROUTING ! -s 10.233.1.0/32 -o wireguard.cali -m addrtype --src-type LOCAL -j MASQUERADE --random-fully",
    );
  });
});

const DUAL = `
cluster: { podCIDR: [10.244.0.0/16, "fd00:10:244::/48"] }
subnets: { lan: [192.168.0.0/24, "fd00:192::/64"] }
hosts: { a: [192.168.0.11, "fd00:192::11"], b: [192.168.0.12, "fd00:192::12"] }
pods: { pa: a, pb: b }
`;

describe("IPv6", () => {
  test("flannel has a second device for it, on the next port, with the same MTU", async () => {
    const a = (await network("flannel-wireguard", DUAL)).netns("host/a");
    expect(links(a).slice(2, 4)).toEqual([
      "3: flannel-wg mtu 1420 type wireguard",
      "4: flannel-wg-v6 mtu 1420 type wireguard",
    ]);
    expect(mainRoutes(a)).toContain("fd00:10:244::/48 dev flannel-wg-v6 metric 1024");
    expect(peers(a)).toContain("flannel-wg-v6 endpoint '[fd00:192::12]:51821' allowed-ips fd00:10:244:2::/64");
  });
  test("Calico has a second device, rule and table for it, and pods the smaller MTU", async () => {
    const a = (await network("calico-wireguard", DUAL)).netns("host/a");
    expect(links(a).slice(2, 4)).toEqual([
      "3: wireguard.cali mtu 1440 type wireguard",
      "4: wg-v6.cali mtu 1420 type wireguard",
    ]);
    expect(links(a)[4]).toMatch(/^5: cali\w+ mtu 1420 /);
    expect(rules(a)).toContain("99: not from all fwmark 0x200000/0x200000 lookup 2");
    expect(table(a, 2).map((row) => row.replace(" pref medium", ""))).toEqual([
      "throw fd00:10:244:1::/122 dev lo table 2 metric 1024",
      "fd00:10:244:2::/122 dev wg-v6.cali table 2 metric 1024",
      "fd00:10:244:2:: dev wg-v6.cali table 2 metric 1024",
    ]);
    expect(peers(a)).toContain(
      "wg-v6.cali endpoint '[fd00:192::12]:51821' allowed-ips fd00:10:244:2::/122,fd00:10:244:2::/128",
    );
  });
});
