import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseCommand, parseRoute } from "../../src/kernel/edit.ts";

/** What a command comes to, as JSON: addresses as text. */
function read(text: string): unknown {
  const result = parseCommand(text);
  if (!result.ok) return `${result.offset}: ${result.message}${result.hint === undefined ? "" : ` (${result.hint})`}`;
  const { text: _text, ...edit } = result.edit;
  return JSON.parse(JSON.stringify(edit));
}

describe("commands are read as iproute2 reads them", () => {
  test.each([
    ["ip route del 10.244.2.0/24", { kind: "route", op: "del", route: { dst: "10.244.2.0/24" } }],
    ["ip r d 10.244.2.0/24", { kind: "route", op: "del", route: { dst: "10.244.2.0/24" } }],
    [
      "  sudo ip ro a default via 192.168.0.1 ",
      { kind: "route", op: "add", route: { dst: "0.0.0.0/0", via: "192.168.0.1" } },
    ],
    [
      "ip -6 route add default via fe80::1 dev eth0",
      { kind: "route", op: "add", route: { dst: "::/0", via: "fe80::1", dev: "eth0" } },
    ],
    ["ip route add default via fd00::1", { kind: "route", op: "add", route: { dst: "::/0", via: "fd00::1" } }],
    [
      "ip route replace via 192.168.0.12 onlink dev eth0 10.244.2.0/24",
      { kind: "route", op: "replace", route: { via: "192.168.0.12", onlink: true, dev: "eth0", dst: "10.244.2.0/24" } },
    ],
    [
      "ip route add blackhole 10.233.1.0/26 proto 12",
      { kind: "route", op: "add", route: { type: "blackhole", dst: "10.233.1.0/26", proto: "bird" } },
    ],
    [
      "ip route add throw 10.233.1.0/26 table 1 proto 80",
      { kind: "route", op: "add", route: { type: "throw", dst: "10.233.1.0/26", table: 1, proto: "80" } },
    ],
    [
      "ip route add unicast 10.1.2.3 dev eth0 scope global src 10.0.0.1 metric 20 mtu lock 1400",
      {
        kind: "route",
        op: "add",
        route: {
          type: "unicast",
          dst: "10.1.2.3/32",
          dev: "eth0",
          scope: "global",
          src: "10.0.0.1",
          metric: 20,
          mtu: 1400,
        },
      },
    ],
    [
      "ip route add 10.5.0.0/24 nexthop via 192.168.0.1 weight 2 nexthop via 192.168.0.2 dev eth1 onlink",
      {
        kind: "route",
        op: "add",
        route: {
          dst: "10.5.0.0/24",
          nexthops: [
            { via: "192.168.0.1", weight: 2 },
            { via: "192.168.0.2", dev: "eth1", onlink: true },
          ],
        },
      },
    ],
    [
      "ip route add local 10.99.0.0/16 dev lo",
      { kind: "route", op: "add", route: { type: "local", dst: "10.99.0.0/16", dev: "lo", table: 255, scope: "host" } },
    ],
    [
      "ip -6 route add blackhole fd00:1::/64 dev lo metric 1024 pref medium",
      { kind: "route", op: "add", route: { type: "blackhole", dst: "fd00:1::/64", metric: 1024 } },
    ],
    ["ip route flush dev flannel.1", { kind: "route-flush", table: 254, dev: "flannel.1" }],
    ["ip route flush proto bird table all", { kind: "route-flush", proto: "bird" }],
    [
      "ip rule add pref 99 not from all fwmark 0x200000/0x200000 lookup 1",
      {
        kind: "rule",
        op: "add",
        rule: { pref: 99, invert: true, fwmark: { value: 0x200000, mask: 0x200000 }, table: 1, family: 4 },
      },
    ],
    [
      "ip rule del from 10.0.0.1 prio 200",
      { kind: "rule", op: "del", rule: { from: "10.0.0.1/32", pref: 200, family: 4 } },
    ],
    ["ip link set dev eth1 mtu 1400", { kind: "link", dev: "eth1", change: { mtu: 1400 } }],
    ["ip l set cni0 down", { kind: "link", dev: "cni0", change: { up: false } }],
    [
      "ip link set vethe0c1a5b2 master cni0 address 02:00:00:00:00:01 up",
      { kind: "link", dev: "vethe0c1a5b2", change: { master: "cni0", mac: "02:00:00:00:00:01", up: true } },
    ],
    ["ip link del dev flannel.1 type vxlan", { kind: "link-del", dev: "flannel.1" }],
    [
      "ip a add 10.244.1.0/32 dev flannel.1",
      { kind: "address", op: "add", dev: "flannel.1", ip: "10.244.1.0", length: 32 },
    ],
    ["ip address del 10.244.1.0 dev flannel.1", { kind: "address", op: "del", dev: "flannel.1", ip: "10.244.1.0" }],
    ["ip addr flush dev eth0", { kind: "address-flush", dev: "eth0" }],
    [
      "ip neigh replace 10.244.2.0 lladdr 02:00:00:00:00:99 dev flannel.1",
      {
        kind: "neighbour",
        op: "replace",
        dev: "flannel.1",
        ip: "10.244.2.0",
        lladdr: "02:00:00:00:00:99",
        state: "permanent",
      },
    ],
    ["ip n del 10.244.2.0 dev flannel.1", { kind: "neighbour", op: "del", dev: "flannel.1", ip: "10.244.2.0" }],
    ["ip neigh flush dev flannel.1 nud permanent", { kind: "neighbour-flush", state: "permanent", dev: "flannel.1" }],
    [
      "bridge fdb del 5e:f8:4f:00:e3:37 dev flannel.1",
      { kind: "fdb", op: "del", dev: "flannel.1", mac: "5e:f8:4f:00:e3:37" },
    ],
    [
      "bridge fdb append 5e:f8:4f:00:e3:37 dev flannel.1 dst 192.168.0.12 self permanent",
      { kind: "fdb", op: "append", dev: "flannel.1", mac: "5e:f8:4f:00:e3:37", dst: "192.168.0.12" },
    ],
    ["bridge link set dev vethe0c1a5b2 state 4", { kind: "link", dev: "vethe0c1a5b2", change: { state: "blocking" } }],
    ["bridge link set dev veth0 state learning", { kind: "link", dev: "veth0", change: { state: "learning" } }],
    ["bridge link set dev vethe0c1a5b2 hairpin off", { kind: "link", dev: "vethe0c1a5b2", change: { hairpin: false } }],
    ["sysctl net.ipv4.ip_forward=0", { kind: "sysctl", key: "net.ipv4.ip_forward", value: "0" }],
    ["sysctl -w net.ipv4.conf.all.forwarding = 0", { kind: "sysctl", key: "net.ipv4.ip_forward", value: "0" }],
    [
      "sysctl net/ipv4/conf/flannel.1/rp_filter 1",
      { kind: "sysctl", key: "net.ipv4.conf.flannel.1.rp_filter", value: "1" },
    ],
    [
      "sysctl -w net.ipv4.conf.flannel/1.rp_filter=1",
      { kind: "sysctl", key: "net.ipv4.conf.flannel.1.rp_filter", value: "1" },
    ],
    ["iptables -P FORWARD DROP", { kind: "policy", family: 4, table: "filter", chain: "FORWARD", policy: "DROP" }],
    ["ip6tables -t nat -F", { kind: "chain", op: "flush", family: 6, table: "nat" }],
    ["iptables -F FORWARD", { kind: "chain", op: "flush", family: 4, table: "filter", chain: "FORWARD" }],
    ["iptables -N KUBE-FORWARD", { kind: "chain", op: "new", family: 4, table: "filter", chain: "KUBE-FORWARD" }],
    ["iptables -D FORWARD 1", { kind: "filter", op: "delete", index: 1, family: 4, table: "filter", chain: "FORWARD" }],
    [
      "iptables -I FORWARD -s 10.244.0.0/16 ! -d 10.244.2.2 -j DROP",
      {
        kind: "filter",
        op: "insert",
        index: 1,
        family: 4,
        table: "filter",
        chain: "FORWARD",
        rule: {
          match: { family: 4, src: { prefix: "10.244.0.0/16" }, dst: { prefix: "10.244.2.2/32", not: true } },
          target: { kind: "DROP" },
        },
      },
    ],
    [
      "iptables -A INPUT -i eth0 -p udp -m udp --dport 8472 -j REJECT -t filter",
      {
        kind: "filter",
        op: "append",
        family: 4,
        table: "filter",
        chain: "INPUT",
        rule: {
          match: { family: 4, in: { dev: "eth0" }, protocol: 17, dport: 8472 },
          target: { kind: "REJECT", with: "icmp-port-unreachable" },
        },
      },
    ],
    [
      'iptables -t nat -A POSTROUTING -s 10.244.0.0/16 ! -d 224.0.0.0/4 -m comment --comment "flanneld masq" -j MASQUERADE --random-fully',
      {
        kind: "filter",
        op: "append",
        family: 4,
        table: "nat",
        chain: "POSTROUTING",
        rule: {
          match: { family: 4, src: { prefix: "10.244.0.0/16" }, dst: { prefix: "224.0.0.0/4", not: true } },
          target: { kind: "MASQUERADE", randomFully: true },
          comment: "flanneld masq",
        },
      },
    ],
    [
      "iptables -A FORWARD -m conntrack --ctstate ESTABLISHED,RELATED -m mark ! --mark 0x4000/0x4000 -j RETURN",
      {
        kind: "filter",
        op: "append",
        family: 4,
        table: "filter",
        chain: "FORWARD",
        rule: {
          match: { family: 4, ctstate: ["RELATED", "ESTABLISHED"], mark: { value: 0x4000, mask: 0x4000, not: true } },
          target: { kind: "RETURN" },
        },
      },
    ],
    [
      "iptables -t raw -A PREROUTING -m set --match-set cali40all-hosts-net src -m addrtype --dst-type LOCAL -m rpfilter --validmark --invert -j CT --notrack",
      {
        kind: "filter",
        op: "append",
        family: 4,
        table: "raw",
        chain: "PREROUTING",
        rule: {
          match: {
            family: 4,
            set: { name: "cali40all-hosts-net", dir: "src" },
            local: { dir: "dst" },
            rpfilterFails: true,
          },
          target: { kind: "NOTRACK" },
        },
      },
    ],
    [
      "iptables -t mangle -A FORWARD -j MARK --set-mark 0x1/0x2",
      {
        kind: "filter",
        op: "append",
        family: 4,
        table: "mangle",
        chain: "FORWARD",
        rule: { match: { family: 4 }, target: { kind: "MARK", value: 1, mask: 3 } },
      },
    ],
    [
      "ipset del cali40masq-ipam-pools 10.233.0.0/16",
      { kind: "set", op: "del", set: "cali40masq-ipam-pools", prefix: "10.233.0.0/16" },
    ],
    ["pkill -9 flanneld", { kind: "kill", process: "flanneld" }],
    ["lease del 10.244.2.0/24", { kind: "lease", op: "del", dst: "10.244.2.0/24" }],
    [
      "lease add 10.244.2.0/24 via 192.168.0.13:8285",
      { kind: "lease", op: "add", dst: "10.244.2.0/24", to: "192.168.0.13", port: 8285 },
    ],
    ["ip route del 10.244.2.0/24   # flanneld", { kind: "route", op: "del", route: { dst: "10.244.2.0/24" } }],
  ])("%s", (text, want) => expect(read(text)).toEqual(want));

  test("an edit keeps its words", () => {
    const result = parseCommand(" ip r d  10.244.2.0/24 ");
    expect(result.ok && result.edit.text).toBe("ip r d  10.244.2.0/24");
  });
});

describe("what cannot be read is told by place and nearest word", () => {
  test.each([
    ["", "0: there is no command (ip route del 10.244.2.0/24)"],
    ["ipp route del 10.244.2.0/24", '0: unknown command "ipp" (ip)'],
    ["ip ruote del 10.244.2.0/24", '3: unknown object of ip "ruote" (route)'],
    ["ip route dele 10.244.2.0/24 vai 10.0.0.1", '28: unknown word "vai" in a route (via)'],
    ["ip route add 10.244.2.1/24 dev eth0", "13: 10.244.2.1/24 has host bits set (10.244.2.0/24)"],
    ["ip route add 10.244.2.0/33 dev eth0", '13: "10.244.2.0/33" is no prefix (10.244.2.0/24)'],
    ["ip route add 10.244.2.0/24 via fd00::1", "31: fd00::1 is no gateway of an IPv4 route"],
    ["ip route add 10.244.2.0/24 via", "30: an address is missing at the end"],
    ["ip route add via 192.168.0.1", "28: a route needs a prefix (10.244.2.0/24, or default)"],
    ["ip route add 10.244.2.0/24 proto brid", '33: unknown routing protocol "brid" (bird)'],
    ["ip route add 10.244.2.0/24 metric -1", '34: a metric must be 0 to 4294967295, not "-1"'],
    ["ip route add blackhol 10.0.0.0/8", '13: unknown word "blackhol" in a route (blackhole)'],
    ["ip route flush cache", "15: what path MTUs were learnt belongs to a walk, not to a table"],
    ["ip -n ns1 route del default", '3: ip "-n" is not known here (ip -4 or ip -6)'],
    ["ip neigh add 10.244.2.0 dev flannel.1", "37: ip neigh add needs a MAC address (lladdr 02:00:00:00:00:01)"],
    ["ip link set eth0 mtv 1400", '17: unknown link setting "mtv" (mtu)'],
    ["bridge fdb del 5e:f8 dev flannel.1", '15: "5e:f8" is no MAC address (02:00:00:00:00:01)'],
    ["sysctl net.ipv4.ip_forwad=0", '7: "net.ipv4.ip_forwad" is no setting a trace depends on (net.ipv4.ip_forward)'],
    [
      "sysctl net.ipv4.conf.eth0.rp_fliter=0",
      '7: "net.ipv4.conf.eth0.rp_fliter" is no setting a trace depends on (net.ipv4.conf.eth0.rp_filter)',
    ],
    ["sysctl net.ipv4.ip_forward=yes", '7: net.ipv4.ip_forward must be a number, not "yes"'],
    ["iptables -P FORWARD DORP", '20: unknown policy "DORP" (DROP)'],
    ["iptables -A FORWARD --dport 53 -j DROP", "31: --dport needs a protocol that has ports (-p udp)"],
    ["iptables -A FORWARD -s 10.0.0.0/8", "33: a rule needs a target (-j DROP)"],
    ["iptables -A FORWARD ! -p udp -j DROP", '22: "!" is not known before -p'],
    ["iptables -X FORWARD -x", '20: unexpected "-x"'],
    [
      "ip route del 10.244.2.0/24; reboot",
      '26: ";" belongs to a shell, and nothing here is run by one (one command, in plain words)',
    ],
    [
      "ip route del $(cat x)",
      '13: "$" belongs to a shell, and nothing here is run by one (one command, in plain words)',
    ],
    [
      "ip route del `cat x`",
      '13: "`" belongs to a shell, and nothing here is run by one (one command, in plain words)',
    ],
    ["ip route | tee", '9: "|" belongs to a shell, and nothing here is run by one (one command, in plain words)'],
    [
      "ip route del 10.0.0.0/8\nreboot",
      "23: a control character or line break belongs to a shell, and nothing here is run by one (one command, in plain words)",
    ],
    ['iptables -A FORWARD -m comment --comment "a', '41: a quote " is not closed'],
  ])("%s", (text, want) => expect(read(text)).toBe(want));
});

describe("a route alone", () => {
  test("is read as a topology writes it", () => {
    const via = parseRoute("10.244.2.0/24 via 192.168.2.12 dev eth1 metric 10");
    expect(via.ok && JSON.parse(JSON.stringify(via.route))).toEqual({
      dst: "10.244.2.0/24",
      via: "192.168.2.12",
      dev: "eth1",
      metric: 10,
    });
    const hole = parseRoute("blackhole 10.0.0.0/8");
    expect(hole.ok && JSON.parse(JSON.stringify(hole.route))).toEqual({ type: "blackhole", dst: "10.0.0.0/8" });
  });

  test("is no command", () => {
    expect(parseRoute("ip route add 10.0.0.0/8")).toMatchObject({ ok: false, offset: 0 });
    expect(parseRoute("")).toMatchObject({ ok: false, offset: 0, message: "a route needs a prefix" });
  });
});

describe("hostile text", () => {
  const words = [
    ..."ip bridge iptables ip6tables sysctl pkill lease ipset route rule link addr neigh fdb add del replace append flush set".split(
      " ",
    ),
    ..."via dev onlink src metric table proto scope mtu nexthop weight default blackhole 10.0.0.0/8 10.0.0.1 fd00::/8 fe80::1".split(
      " ",
    ),
    ..."-A -I -D -P -F -t nat -s -d ! -m mark --mark 0x1/0x1 comment --comment -j DROP MARK --set-xmark 99999999999 eth0".split(
      " ",
    ),
    ...'02:00:00:00:00:01 -6 -w net.ipv4.ip_forward=1 up down master nud permanent constructor __proto__ "a b" \''.split(
      " ",
    ),
  ];
  test("is answered, never thrown at, and within bounds", () => {
    const line = fc.oneof(
      fc.string({ unit: "binary", maxLength: 200 }),
      fc.array(fc.constantFrom(...words), { maxLength: 14 }).map((some) => some.join(" ")),
    );
    fc.assert(
      fc.property(line, (text) => {
        for (const result of [parseCommand(text), parseRoute(text)]) {
          if (result.ok) continue;
          expect(result.message).not.toMatch(/[\n\0]/);
          expect(result.offset).toBeGreaterThanOrEqual(0);
          expect(result.offset).toBeLessThanOrEqual(text.length);
        }
      }),
      { seed: 1, numRuns: 5000 },
    );
  });

  test("of great length is refused before it is read", () => {
    expect(parseCommand("ip ".repeat(1e6))).toMatchObject({ ok: false, offset: 4096 });
    expect(parseCommand(`ip route add ${"nexthop via 10.0.0.1 ".repeat(190)}`)).toMatchObject({ ok: false });
    expect(parseCommand(`${"i".repeat(4000)} route`)).toMatchObject({ ok: false, offset: 0 });
  });
});
