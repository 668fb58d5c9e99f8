import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Ip } from "../../src/addr/ip.ts";
import { Prefix } from "../../src/addr/prefix.ts";
import { type Edit, parseCommand, parseRoute } from "../../src/kernel/edit.ts";
import { PROTOCOL_NAMES } from "../../src/kernel/names.ts";
import type { FilterRule, Target } from "../../src/kernel/netfilter.ts";
import { complete } from "../../src/kernel/request.ts";
import type { Route } from "../../src/kernel/route.ts";
import type { Rule } from "../../src/kernel/rule.ts";
import {
  addressCommand,
  addressText,
  fdbCommand,
  fdbText,
  leaseCommand,
  neighbourCommand,
  neighbourText,
  routeCommand,
  routeText,
  ruleCommand,
  ruleText,
  setCommand,
} from "../../src/render/iproute.ts";
import { linkCommands, linkText } from "../../src/render/iproute-link.ts";
import { chainLines, filterCommand, filterRuleText } from "../../src/render/iptables.ts";
import { sysctlCommand } from "../../src/render/sysctl.ts";
import { host, ip, mac, prefix, vxlanNode } from "../kernel/node.ts";

const NETNS = host("192.168.0.11/24", "fd00::11/64").netns;

function edit(command: string): Edit {
  const read = parseCommand(command);
  if (!read.ok) throw new Error(`${command}: ${read.message}`);
  return read.edit;
}

/** The row that a command makes in the end. */
function routeOf(command: string): Route {
  const read = edit(command);
  if (read.kind !== "route") throw new Error(command);
  return complete(NETNS, read.route, "fault");
}

describe("a route is printed as ip route show prints it", () => {
  // What a 6.18 kernel with iproute2 6.1 answers to these commands.
  test.each([
    ["default via 192.168.0.1", "default via 192.168.0.1 dev eth0"],
    ["10.244.2.0/24 via 10.244.2.0 dev flannel.1 onlink", "10.244.2.0/24 via 10.244.2.0 dev flannel.1 onlink"],
    ["10.100.0.0/16 dev flannel0 scope global", "10.100.0.0/16 dev flannel0"],
    ["10.100.0.0/16 dev flannel-wg", "10.100.0.0/16 dev flannel-wg scope link"],
    ["10.233.1.2/32 dev calice0906292e2 scope link", "10.233.1.2 dev calice0906292e2 scope link"],
    ["blackhole 10.233.1.0/26 proto bird", "blackhole 10.233.1.0/26 proto bird"],
    ["blackhole 10.233.1.0/26 proto 80", "blackhole 10.233.1.0/26 proto 80"],
    ["throw 10.233.1.0/26 table 1", "throw 10.233.1.0/26 table 1"],
    [
      "10.233.2.0/26 via 192.168.0.3 dev tunl0 proto bird onlink metric 1024",
      "10.233.2.0/26 via 192.168.0.3 dev tunl0 proto bird metric 1024 onlink",
    ],
    [
      "10.4.0.0/24 dev eth0 src 192.168.0.11 mtu 1400 metric 20",
      "10.4.0.0/24 dev eth0 scope link src 192.168.0.11 metric 20 mtu 1400",
    ],
    [
      "10.5.0.0/24 nexthop via 192.168.0.12 weight 2 nexthop via 192.168.0.13 dev eth0 onlink",
      "10.5.0.0/24\n\tnexthop via 192.168.0.12 dev eth0 weight 2\n\tnexthop via 192.168.0.13 dev eth0 weight 1 onlink",
    ],
    ["local 10.99.0.0/16 dev lo", "local 10.99.0.0/16 dev lo table local scope host"],
    [
      "fd02::/64 via fd00::1 mtu 1400 metric 5 proto bird src fd00::11",
      "fd02::/64 via fd00::1 dev eth0 proto bird src fd00::11 metric 5 mtu 1400 pref medium",
    ],
    ["fd0d::/64 via fd09::1 dev eth0 onlink", "fd0d::/64 via fd09::1 dev eth0 metric 1024 onlink pref medium"],
    [
      "fd01::/64 nexthop via fd00::1 nexthop via fd00::2 weight 3",
      "fd01::/64 metric 1024 pref medium\n\tnexthop via fd00::1 dev eth0 weight 1\n\tnexthop via fd00::2 dev eth0 weight 3",
    ],
    ["unreachable fd03::/64", "unreachable fd03::/64 dev lo metric 1024 pref medium"],
    ["fd04::1 dev eth0", "fd04::1 dev eth0 metric 1024 pref medium"],
  ])("%s", (asked, printed) => {
    const read = parseRoute(asked);
    expect(read.ok && routeText(complete(NETNS, read.route, "operator"))).toBe(printed);
  });

  test("the rows the kernel makes itself", () => {
    const rows = [...host("192.168.0.11/24", "fd00::11/64").netns.routes.rows()].map(routeText);
    expect(rows).toEqual(
      expect.arrayContaining([
        "192.168.0.0/24 dev eth0 proto kernel scope link src 192.168.0.11",
        "local 192.168.0.11 dev eth0 table local proto kernel scope host src 192.168.0.11",
        "broadcast 192.168.0.255 dev eth0 table local proto kernel scope link src 192.168.0.11",
        "fd00::/64 dev eth0 proto kernel metric 256 pref medium",
        "local fd00::11 dev eth0 table local proto kernel metric 0 pref medium",
        "fe80::/64 dev eth0 proto kernel metric 256 pref medium",
      ]),
    );
  });
});

describe("what nodes of real clusters and of the lab print is read and printed again word for word", () => {
  test.each([
    "default via 10.168.0.1 dev eth0",
    "10.168.0.0/24 dev eth0 proto kernel scope link src 10.168.0.11",
    "100.96.0.0/16 dev flannel0",
    "100.96.0.0/16 dev flannel-wg scope link",
    "100.96.2.0/24 via 100.96.2.0 dev flannel.1 onlink",
    "100.96.2.0/24 via 10.168.0.3 dev eth0",
    "100.96.2.0/24 via 10.168.0.3 dev flannel.ipip onlink",
    "blackhole 10.233.1.0/26 proto bird",
    "blackhole 10.233.1.0/26 proto 80",
    "10.233.1.2 dev calice0906292e2 scope link",
    "10.233.1.2 dev calice0906292e2 scope link metric 1024",
    "169.254.1.1 dev eth0 scope link",
    "10.233.2.0/26 via 192.168.1.3 dev eth0 proto bird",
    "10.233.2.0/26 via 192.168.1.3 dev tunl0 proto bird onlink",
    "10.233.2.0/26 via 192.168.1.3 dev tunl0 proto 80 onlink mtu 1480",
    "10.233.2.0/26 via 10.233.2.0 dev vxlan.calico onlink mtu 1450",
    "10.233.2.0/26 via 192.168.1.3 dev eth0 proto 80 onlink",
    "10.233.2.0/26 dev wireguard.cali table 1 scope link",
    "throw 10.233.1.0/26 table 1",
    "blackhole fd00::/122 dev lo proto 80 metric 1024 pref medium",
  ])("%s", (text) => {
    const read = parseRoute(text);
    // A route that shows no scope has the widest, which a command would have to say of one without a gateway.
    const scope = /scope (link|host)/.test(text) ? {} : ({ scope: "global" } as const);
    expect(read.ok && routeText(complete(NETNS, { ...read.route, ...scope }, "operator"))).toBe(text);
  });
});

describe("devices", () => {
  test("a vxlan device, as flannel asks for it", () => {
    const link = vxlanNode().netns.links.get("flannel.1");
    const add =
      "flannel.1 address 5e:00:00:00:00:01 mtu 1450 type vxlan id 1 dev eth0 local 192.168.0.11 dstport 8472 nolearning";
    expect(link && linkText(link)).toBe(add);
    expect(link && linkCommands(link)).toEqual([`ip link add ${add}`, "ip link set flannel.1 up"]);
  });

  test("a bridge port, a card, a tunnel, a tun device", () => {
    const node = vxlanNode();
    node.link({
      kind: "ipip",
      name: "flannel.ipip",
      mtu: 1480,
      local: ip("192.168.0.11"),
      ttl: "inherit",
      pmtudisc: false,
      by: "flanneld",
    });
    node.link({ kind: "ipip", name: "tunl0", mtu: 1480, ttl: "inherit", pmtudisc: false, by: "felix" });
    node.link({ kind: "tun", name: "flannel0", mtu: 1472, process: "flanneld", by: "flanneld" });
    expect([...node.netns.links.values()].flatMap(linkCommands)).toEqual([
      "ip link set lo up",
      "ip link set eth0 address 02:00:00:00:00:30 mtu 1500 up",
      "ip link add flannel.1 address 5e:00:00:00:00:01 mtu 1450 type vxlan id 1 dev eth0 local 192.168.0.11 dstport 8472 nolearning",
      "ip link set flannel.1 up",
      "ip link add cni0 address 02:00:00:00:01:00 mtu 1450 type bridge",
      "ip link set cni0 up",
      "ip link add vethe0c1a5b2 address 02:00:00:00:01:01 mtu 1450 type veth peer name eth0 netns pod:default:pod-a",
      "ip link set vethe0c1a5b2 master cni0",
      "bridge link set dev vethe0c1a5b2 hairpin on",
      "ip link set vethe0c1a5b2 up",
      "ip link add flannel.ipip mtu 1480 type ipip remote any local 192.168.0.11 ttl inherit nopmtudisc",
      "ip link set flannel.ipip up",
      "ip link set tunl0 mtu 1480 up",
      "ip tuntap add dev flannel0 mode tun",
      "ip link set flannel0 mtu 1472 up",
    ]);
  });
});

describe("other rows", () => {
  test("neighbours and forwarding entries, as ip neigh and bridge fdb print them", () => {
    const node = vxlanNode();
    expect([...node.netns.neighbours.rows()].map(neighbourText)[0]).toBe(
      "10.244.2.0 dev flannel.1 lladdr 5e:00:00:00:00:02 PERMANENT",
    );
    expect([...node.netns.fdb.rows()].map(fdbText)[0]).toBe(
      "5e:00:00:00:00:02 dev flannel.1 dst 192.168.0.12 self permanent",
    );
  });

  test("chains, as iptables-save prints them", () => {
    const chain = vxlanNode().netns.chains.get("filter")?.get("FLANNEL-FWD");
    expect(chain && chainLines(chain)).toEqual([
      ":FLANNEL-FWD - [0:0]",
      '-A FLANNEL-FWD -s 10.244.0.0/16 -m comment --comment "flanneld forward" -j ACCEPT',
      '-A FLANNEL-FWD -d 10.244.0.0/16 -m comment --comment "flanneld forward" -j ACCEPT',
    ]);
  });

  // Measured in the lab: what iptables-save prints of flanneld's rules.
  test.each([
    '-A FORWARD -m comment --comment "flanneld forward" -j FLANNEL-FWD',
    '-A FLANNEL-POSTRTG -m mark --mark 0x4000/0x4000 -m comment --comment "flanneld masq" -j RETURN',
    '-A FLANNEL-POSTRTG -s 100.96.1.0/24 -d 100.96.0.0/16 -m comment --comment "flanneld masq" -j RETURN',
    '-A FLANNEL-POSTRTG ! -s 100.96.0.0/16 -d 100.96.1.0/24 -m comment --comment "flanneld masq" -j RETURN',
    '-A FLANNEL-POSTRTG -s 100.96.0.0/16 ! -d 224.0.0.0/4 -m comment --comment "flanneld masq" -j MASQUERADE --random-fully',
  ])("%s", (text) => {
    const read = edit(`iptables -t nat ${text}`.replace("-A FORWARD", "-A POSTROUTING"));
    if (!("rule" in read) || read.kind !== "filter") throw new Error(text);
    expect(filterRuleText(read.chain, { ...read.rule, by: "fault" })).toBe(
      text.replace("-A FORWARD", "-A POSTROUTING"),
    );
  });

  test("rules and settings", () => {
    expect(
      ruleText({ pref: 99, invert: true, fwmark: { value: 0x200000, mask: 0x200000 }, table: 1, by: "felix" }),
    ).toBe("99:\tnot from all fwmark 0x200000/0x200000 lookup 1");
    expect(ruleText({ pref: 32766, table: 254, by: "kernel" })).toBe("32766:\tfrom all lookup main");
    expect(ruleText({ pref: 200, from: prefix("10.3.0.1"), oif: "eth1", table: 254, by: "fault" })).toBe(
      "200:\tfrom 10.3.0.1 oif eth1 lookup main",
    );
    expect(sysctlCommand("net.ipv4.conf.flannel.1.rp_filter", "0")).toBe(
      "sysctl -w net.ipv4.conf.flannel/1.rp_filter=0",
    );
    expect(addressText({ dev: "flannel.1", ip: ip("10.244.1.0"), length: 32, scope: "global", by: "flanneld" })).toBe(
      "10.244.1.0/32 dev flannel.1",
    );
  });
});

const v4 = fc.integer({ min: 0x01000000, max: 0xdfffffff }).map((word) => Ip.of(word));
const v6 = fc
  .tuple(fc.nat(0xffff), fc.nat(), fc.nat(), fc.integer({ min: 2, max: 0x7fffffff }))
  .map(([a, b, c, d]) => Ip.of(0xfd000000 + a, b, c, d));
const dev = fc.constantFrom("eth0", "flannel.1", "cni0", "calice0906292e2");
const maybe = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: undefined, freq: 2 });
const macs = fc.nat(255).map((n) => mac(`02:00:00:00:00:${n.toString(16).padStart(2, "0")}`));

function prefixes(family: 4 | 6) {
  return fc
    .tuple(family === 4 ? v4 : v6, fc.integer({ min: 0, max: family === 4 ? 32 : 128 }))
    .map(([address, length]) => Prefix.of(address, length));
}

/** An object without the keys that are undefined. */
function present<T extends object>(value: T): T {
  return JSON.parse(JSON.stringify(value));
}

function routes(family: 4 | 6): fc.Arbitrary<Route> {
  const address = family === 4 ? v4 : v6;
  const hop = fc.record({
    via: address,
    dev,
    onlink: maybe(fc.constant(true)),
    weight: maybe(fc.integer({ min: 2, max: 256 })),
  });
  const way = fc.oneof(
    fc.record({ type: fc.constant("unicast"), via: address, dev, onlink: maybe(fc.constant(true)) }),
    fc.record({ type: fc.constantFrom("unicast", "local", "broadcast"), dev }),
    fc.record({ type: fc.constantFrom("blackhole", "unreachable", "prohibit", "throw") }),
    fc.record({ type: fc.constant("unicast"), nexthops: fc.array(hop, { minLength: 2, maxLength: 4 }) }),
  );
  const rest = fc.record({
    dst: prefixes(family),
    table: fc.constantFrom(254, 255, 253, 1, 4096),
    src: maybe(address),
    metric: family === 4 ? fc.nat(0xffffffff) : fc.integer({ min: 1, max: 0xffffffff }),
    proto: fc.constantFrom(...PROTOCOL_NAMES, "80"),
    scope: family === 4 ? fc.constantFrom("global", "link", "host") : fc.constant("global"),
    mtu: maybe(fc.integer({ min: 68, max: 65535 })),
    by: fc.constant("fault"),
  });
  return fc.tuple(way, rest).map(([a, b]) => ({ ...b, ...a }) as unknown as Route);
}

describe("what is printed is read back as the same row", () => {
  test.each([4, 6] as const)("IPv%i routes", (family) => {
    fc.assert(
      fc.property(routes(family), (route) => {
        expect(present(routeOf(routeCommand(route)))).toEqual(present(route));
        // What ip route show prints says the same, but for what it leaves to the reader: the scope of a route without a
        // gateway, the table of a local one, the family of a default route.
        if (route.dst.length === 0) return;
        const shown = parseRoute(routeText(route).replaceAll("\n\t", " "));
        const { scope, table } = route;
        expect(shown.ok && present(complete(NETNS, { ...shown.route, scope, table }, "fault"))).toEqual(present(route));
      }),
      { seed: 2, numRuns: 700 },
    );
  });

  test("rules", () => {
    const rule = fc.constantFrom(4 as const, 6 as const).chain((family) =>
      fc.record({
        pref: fc.nat(0xffffffff),
        table: fc.constantFrom(254, 255, 253, 1, 4096),
        family: fc.constant(family),
        from: maybe(prefixes(family).filter(({ length }) => length > 0)),
        to: maybe(prefixes(family).filter(({ length }) => length > 0)),
        iif: maybe(dev),
        oif: maybe(dev),
        fwmark: maybe(fc.record({ value: fc.nat(0xffffffff), mask: fc.nat(0xffffffff) })),
        invert: maybe(fc.constant(true)),
      }),
    );
    fc.assert(
      fc.property(rule, (asked) => {
        const read = edit(ruleCommand({ ...asked, by: "fault" } as Rule));
        expect(read.kind === "rule" && present(read.rule)).toEqual(present(asked));
      }),
      { seed: 3, numRuns: 1000 },
    );
  });

  test("addresses, neighbours, forwarding entries, leases, set members", () => {
    const row = fc.record({
      address: fc.oneof(v4, v6),
      dev,
      mac: macs,
      to: v4,
      length: fc.integer({ min: 1, max: 32 }),
      port: fc.integer({ min: 1, max: 65535 }),
    });
    fc.assert(
      fc.property(row, ({ address, dev: on, mac: lladdr, to, length, port }) => {
        const by = "fault";
        expect(edit(addressCommand({ dev: on, ip: address, length, scope: "global", by }))).toMatchObject({
          kind: "address",
          dev: on,
          ip: address,
          length,
        });
        const neighbour = { dev: on, ip: address, lladdr, state: "permanent", by } as const;
        expect(edit(neighbourCommand(neighbour))).toMatchObject({
          kind: "neighbour",
          dev: on,
          ip: address,
          lladdr,
          state: "permanent",
        });
        expect(edit(fdbCommand({ dev: on, mac: lladdr, dst: to, by }))).toMatchObject({
          kind: "fdb",
          dev: on,
          mac: lladdr,
          dst: to,
        });
        expect(edit(fdbCommand({ dev: on, mac: lladdr, by }))).not.toHaveProperty("dst");
        const dst = Prefix.of(to, length);
        expect(edit(leaseCommand({ process: "flanneld", dst, to, port, by }))).toMatchObject({
          kind: "lease",
          dst,
          to,
          port,
        });
        expect(edit(setCommand({ set: "cali40masq-ipam-pools", prefix: dst, by }))).toMatchObject({
          kind: "set",
          prefix: dst,
        });
      }),
      { seed: 4, numRuns: 500 },
    );
  });

  test("netfilter rules", () => {
    const not = maybe(fc.constant(true));
    const target = fc.oneof(
      fc.constantFrom<Target>(
        { kind: "ACCEPT" },
        { kind: "DROP" },
        { kind: "RETURN" },
        { kind: "NOTRACK" },
        { kind: "REJECT", with: "icmp-port-unreachable" },
        { kind: "REJECT", with: "icmp-admin-prohibited" },
        { kind: "REJECT", with: "tcp-reset" },
        { kind: "MASQUERADE", randomFully: true },
        { kind: "MASQUERADE", randomFully: false },
        { kind: "jump", chain: "cali-fw-calice0906292e2" },
      ),
      fc
        .nat(0xffffffff)
        .chain((mask) =>
          fc.nat(0xffffffff).map((value): Target => ({ kind: "MARK", value: (value & mask) >>> 0, mask })),
        ),
    );
    const rule = fc.constantFrom(4 as const, 6 as const).chain((family) =>
      fc.record({
        match: fc.record({
          family: fc.constant(family),
          src: maybe(fc.record({ prefix: prefixes(family), not })),
          dst: maybe(fc.record({ prefix: prefixes(family), not })),
          in: maybe(fc.record({ dev: fc.constantFrom("eth0", "cali+"), not })),
          out: maybe(fc.record({ dev, not })),
          protocol: fc.constantFrom(6, 17, 132),
          dport: maybe(fc.integer({ min: 1, max: 65535 })),
          mark: maybe(fc.record({ value: fc.nat(0xffffffff), mask: fc.nat(0xffffffff), not })),
          ctstate: maybe(fc.subarray(["INVALID", "NEW", "RELATED", "ESTABLISHED"] as const, { minLength: 1 })),
          set: maybe(fc.record({ name: fc.constant("cali40all-hosts-net"), dir: fc.constantFrom("src", "dst"), not })),
          local: maybe(fc.record({ dir: fc.constantFrom("src", "dst"), not })),
          rpfilterFails: maybe(fc.constant(true)),
        }),
        target,
        comment: maybe(fc.string({ unit: fc.constantFrom(..."abz 09_-:/\"'\\$`;#|()"), minLength: 1, maxLength: 30 })),
      }),
    );
    fc.assert(
      fc.property(rule, (asked) => {
        const command = filterCommand("filter", "cali-FORWARD", { ...asked, by: "felix" } as FilterRule);
        const read = edit(command);
        expect(read.kind === "filter" && "rule" in read && present(read.rule)).toEqual(present(asked));
        expect(
          command.startsWith(
            asked.match.family === 6 ? "ip6tables -t filter -A cali-FORWARD " : "iptables -t filter -A cali-FORWARD ",
          ),
        ).toBe(true);
      }),
      { seed: 5, numRuns: 700 },
    );
  });
});
