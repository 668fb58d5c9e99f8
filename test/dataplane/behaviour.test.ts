import { describe, expect, test } from "vitest";
import { Ip } from "../../src/addr/ip.ts";
import type { Send } from "../../src/dataplane/output.ts";
import { EMPTY_STATE, type State } from "../../src/dataplane/state.ts";
import { walk } from "../../src/dataplane/walk.ts";
import { placeName, senderSees } from "../../src/trace/project.ts";
import { eventsOf, probePackets, type Trace } from "../../src/trace/trace.ts";
import { cluster, reply, type Scene, scene, send } from "./scene.ts";

/*
 * What a kernel does besides carrying packets from pod to pod: routes that refuse, packets that cannot be, checks of the
 * reverse path, ARP, translation, listeners, and who speaks from which address. On tables of real modes.
 */

/** A packet of any kind from any source, as a raw socket may send it. */
function raw(
  { network }: Scene,
  from: string,
  more: Partial<Omit<Send, "dst" | "src">> & { src?: string; dst: string },
  state: State = EMPTY_STATE,
) {
  const { src, dst, ...rest } = more;
  const what: Send = {
    from,
    df: "auto",
    process: "test",
    payload: [{ kind: "udp", sport: 40000, dport: 9000 }],
    ...rest,
    dst: ip(dst),
    ...(src !== undefined && { src: ip(src) }),
  };
  return walk(network, what, { state }).trace;
}

const SYN: Send["payload"] = [
  { kind: "tcp", sport: 40000, dport: 9000, seq: 1, ack: 0, flags: ["SYN"], window: 64240, mss: 1460 },
];

function ip(text: string): Ip {
  const parsed = Ip.parse(text);
  if (!parsed) throw new Error(`no address: ${text}`);
  return parsed;
}

/** `n1 IP_RPFILTER`, the first drop; or who took the packet in, and from whom. */
function end(trace: Trace): string {
  const [drop] = eventsOf(trace, "drop");
  if (drop) return `${placeName(drop.at.netns)} ${drop.action.reason}`;
  const [taken] = eventsOf(trace, "deliver");
  const header = taken?.headers[0];
  return taken && header?.kind === "ipv4" ? `${placeName(taken.at.netns)} from ${header.src}` : "nothing";
}

function errno(trace: Trace): string {
  const { kind, error } = senderSees(trace);
  return error ? `${error.errno} ${error.origin}${error.from ? ` ${error.from}` : ""}` : kind;
}

function skips(trace: Trace): readonly string[] {
  return eventsOf(trace, "skip").map(({ at, action }) => `${placeName(at.netns)} ${action.what}`);
}

function translations(trace: Trace): readonly string[] {
  return eventsOf(trace, "translate").map(
    ({ at, action: { field, before, after } }) => `${placeName(at.netns)} ${field} ${before} → ${after}`,
  );
}

const pods = { p1: { host: "n1", device: "veth1" }, p2: { host: "n2", device: "veth2" } };

describe("routes that refuse", () => {
  test.each([
    ["unreachable", "n1 route-unreachable", "EHOSTUNREACH icmp 10.244.1.1", "EHOSTUNREACH local"],
    ["prohibit", "n1 route-prohibit", "EHOSTUNREACH icmp 10.244.1.1", "EACCES local"],
    ["blackhole", "n1 route-blackhole", "silence", "EINVAL local"],
  ])("%s: what a pod hears of its node, and a process on the node itself", async (type, drop, pod, host) => {
    const fault = `n1: ip route replace ${type} 10.244.2.0/24`;
    const there = await scene("flannel-host-gw", cluster({ faults: ["n1: ip route del 10.244.2.0/24", fault] }));
    const forwarded = send(there, "p1", "p2").trace;
    expect([end(forwarded), errno(forwarded)]).toEqual([drop, pod]);
    expect(errno(send(there, "n1", "p2").trace)).toBe(host);
  });

  test("throw goes on with the next rule's table", async () => {
    const rules = ["n1: ip rule add pref 100 lookup 100", "n1: ip route add throw 10.244.2.0/24 table 100"];
    const past = ["n1: ip route add 10.244.0.0/16 via 192.168.1.1 table 100"];
    const thrown = await scene("flannel-host-gw", cluster({ faults: [...rules, ...past] }));
    expect(send(thrown, "p1", "p2").end).toBe("delivered ttl 62");
    const caught = await scene("flannel-host-gw", cluster({ faults: [...rules.slice(0, 1), ...past] }));
    expect(send(caught, "p1", "p2").end).toBe("r1 IP_INNOROUTES");
  });
});

describe("packets that cannot be", () => {
  /** Behind a packet that made the neighbours known, so that nobody is asked in an impossible name. */
  const spoofed = (there: Scene, src: string) =>
    raw(there, "pod/default/p1", { src, dst: "10.244.2.2" }, send(there, "p1", "p2").state);

  test.each([
    ["the node's own address", "192.168.1.11", "n1 IP_LOCAL_SOURCE"],
    ["loopback", "127.0.0.1", "n1 IP_LOCALNET"],
    ["a group", "224.0.0.1", "n1 IP_INVALID_SOURCE"],
  ])(
    "a source that is %s: a martian to the kernel, and to Felix's rules no address of this pod",
    async (_, src, drop) => {
      const plain = spoofed(await scene("flannel-vxlan", cluster()), src);
      expect([end(plain), errno(plain)]).toEqual([drop, "silence"]);
      const felix = spoofed(await scene("calico-bgp", cluster()), src);
      expect([end(felix), errno(felix)]).toEqual(["n1 NETFILTER_DROP", "silence"]);
    },
  );

  test("loopback may be routed where a device says so", async () => {
    const faults = ["n1: sysctl net.ipv4.conf.all.route_localnet=1"];
    expect(end(spoofed(await scene("flannel-vxlan", cluster({ faults })), "127.0.0.1"))).not.toBe("n1 IP_LOCALNET");
  });
});

describe("the reverse path", () => {
  const direct = "n1: ip route replace 10.244.2.0/24 via 192.168.1.12 dev eth0";
  const cases: readonly (readonly [string, readonly string[], string])[] = [
    ["off", [], "delivered ttl 62"],
    ["strict on the device alone", ["n2: sysctl net.ipv4.conf.eth0.rp_filter=1"], "n2 IP_RPFILTER"],
    ["strict for all", ["n2: sysctl net.ipv4.conf.all.rp_filter=1"], "n2 IP_RPFILTER"],
    [
      "loose on the device is more than strict for all",
      ["n2: sysctl net.ipv4.conf.all.rp_filter=1", "n2: sysctl net.ipv4.conf.eth0.rp_filter=2"],
      "delivered ttl 62",
    ],
    [
      "loose, and nothing leads back at all",
      ["n2: sysctl net.ipv4.conf.all.rp_filter=2", "n2: ip route del 10.244.1.0/24", "n2: ip route del default"],
      "n2 IP_RPFILTER",
    ],
  ];
  test.each(cases)("%s", async (_, faults, expected) => {
    const there = await scene("flannel-vxlan", cluster({ faults: [direct, ...faults] }));
    expect(send(there, "p1", "p2").end).toBe(expected);
  });

  test("strict is fine where both directions take one device", async () => {
    const faults = ["n1", "n2"].map((node) => `${node}: sysctl net.ipv4.conf.all.rp_filter=1`);
    for (const mode of ["flannel-host-gw", "flannel-vxlan", "calico-bgp"]) {
      expect([mode, send(await scene(mode, cluster({ faults })), "p1", "p2").end]).toEqual([mode, "delivered ttl 62"]);
    }
  });
});

describe("the fabric's source and destination check", () => {
  const checked = cluster({ subnets: { a: { cidr: "192.168.1.0/24", sourceDestCheck: true } } });

  test.each(["flannel-host-gw", "calico-bgp"])("%s: pods' own addresses do not pass", async (mode) => {
    expect(send(await scene(mode, checked), "p1", "p2")).toMatchObject({ end: "n1 fabric", sees: "silence" });
  });

  test.each(["flannel-vxlan", "flannel-udp", "calico-ipip", "flannel-wireguard"])(
    "%s: a tunnel's outer addresses do",
    async (mode) => {
      expect(send(await scene(mode, checked), "p1", "p2").end).toMatch(/^delivered/);
    },
  );
});

describe("ARP", () => {
  const cold = ({ network }: Scene, dst: string) =>
    walk(
      network,
      {
        from: "pod/default/p1",
        dst: ip(dst),
        df: "auto",
        process: "p1",
        payload: [{ kind: "udp", sport: 1, dport: 2 }],
      },
      { cold: true },
    ).trace;
  const asked = (trace: Trace) =>
    eventsOf(trace, "arp").map(
      ({ at, action }) => `${placeName(at.netns)} ${action.op} ${action.ip}${action.proxy ? " proxy" : ""}`,
    );

  test("Calico's pods ask for an address nobody has, and their node answers for its default route", async () => {
    const there = await scene("calico-bgp", cluster({ pods }));
    expect(asked(cold(there, "10.244.2.2")).slice(0, 2)).toEqual([
      "p1 request 169.254.1.1",
      "n1 reply 169.254.1.1 proxy",
    ]);
  });

  test("a node answers for any address it has, whatever device it is on", async () => {
    const faults = ["p1: ip route add 192.168.1.11/32 dev eth0"];
    const there = await scene("calico-bgp", cluster({ pods, faults }));
    expect(asked(cold(there, "192.168.1.11")).slice(0, 2)).toEqual([
      "p1 request 192.168.1.11",
      "n1 reply 192.168.1.11",
    ]);
  });

  test("it is no proxy for what it would send out of the device it was asked on", async () => {
    const faults = ["p1: ip route add 10.244.1.9/32 dev eth0", "n1: ip route add 10.244.1.9/32 dev veth1"];
    const trace = cold(await scene("calico-bgp", cluster({ pods, faults })), "10.244.1.9");
    expect([asked(trace), end(trace)]).toEqual([["p1 request 10.244.1.9"], "p1 NEIGH_FAILED"]);
  });

  test("a hairpin port gives a pod its own question back, and the pod does not mind", async () => {
    const there = await scene("flannel-vxlan", cluster({ pods }));
    const trace = cold(there, "10.244.2.2");
    const [question] = eventsOf(trace, "arp").map(({ packet }) => packet);
    const kin = new Set(
      trace.packets.filter(({ id, parent }) => id === question || parent === question).map(({ id }) => id),
    );
    const back = eventsOf(trace, "receive").filter(
      ({ packet, at }) => kin.has(packet) && at.netns === "pod/default/p1",
    );
    expect(back.length).toBeGreaterThan(0);
    expect(end(trace)).toBe("p2 from 10.244.1.2");
  });
});

describe("listeners", () => {
  const closed = (listen: readonly string[]) => cluster({ pods: { p1: "n1", p2: { host: "n2", listen } } });

  test("a datagram to a closed port: port unreachable from the pod itself", async () => {
    const { trace } = send(await scene("flannel-vxlan", closed([])), "p1", "p2");
    expect([end(trace), errno(trace)]).toEqual(["p2 NO_SOCKET", "ECONNREFUSED icmp 10.244.2.2"]);
  });

  test("a SYN to an open port is taken in, one to a closed port answered with a reset that is not answered again", async () => {
    const open = raw(await scene("calico-ipip", closed(["tcp/9000"])), "pod/default/p1", {
      dst: "10.244.2.2",
      payload: SYN,
    });
    expect(end(open)).toBe("p2 from 10.244.1.2");
    const shut = raw(await scene("calico-ipip", closed(["udp/9000"])), "pod/default/p1", {
      dst: "10.244.2.2",
      payload: SYN,
    });
    expect([end(shut), errno(shut)]).toEqual(["p2 NO_SOCKET", "ECONNREFUSED tcp 10.244.2.2"]);
    const resets = shut.packets.filter(({ cause }) => cause === "icmp-error");
    expect(resets).toHaveLength(1);
  });

  test.each([
    ["", "ECONNREFUSED icmp 192.168.1.12"],
    ["--reject-with icmp-admin-prohibited", "EHOSTUNREACH icmp 192.168.1.12"],
    ["--reject-with tcp-reset", "ECONNREFUSED tcp 10.244.2.2"],
  ])("a firewall on the way that rejects %s", async (how, sees) => {
    const faults = [`n2: iptables -I FORWARD -p tcp -j REJECT ${how}`];
    const there = await scene("flannel-host-gw", cluster({ faults }));
    const trace = raw(there, "pod/default/p1", { dst: "10.244.2.2", payload: SYN });
    expect([end(trace), errno(trace)]).toEqual(["n2 NETFILTER_DROP", sees]);
  });

  test("an error about an error is never sent, nor one about a fragment that is not the first", async () => {
    const there = await scene("flannel-vxlan", closed([]));
    const { trace } = send(there, "p1", "p2", { size: 2000, df: "never" });
    expect(eventsOf(trace, "icmp").filter(({ action }) => action.sent !== undefined)).toHaveLength(1);
    const error: Send["payload"] = [
      { kind: "icmp", type: 3, code: 1, rest: 0 },
      {
        kind: "quote",
        packet: [{ kind: "ipv4", src: ip("10.244.2.2"), dst: ip("10.244.1.2"), ttl: 9, tos: 0, id: 1, df: false }],
        length: 20,
      },
    ];
    const late = raw(there, "pod/default/p1", { dst: "10.244.2.2", ttl: 1, payload: error });
    expect(eventsOf(late, "icmp").map(({ action }) => action.why)).toEqual(["about-an-error"]);
  });
});

describe("masquerade, and what is spared", () => {
  test.each([
    ["flannel-vxlan", "SKIP_SNAT_DST_IN_CLUSTER_CIDR"],
    ["calico-bgp", "SKIP_SNAT_DST_IN_POOL"],
  ])("%s: from pod to pod nothing is translated: %s", async (mode, what) => {
    const there = await scene(mode, cluster());
    const outcome = send(there, "p1", "p2");
    expect([translations(outcome.trace), skips(outcome.trace)[0]]).toEqual([[], `n1 ${what}`]);
    expect(skips(reply(there, outcome).trace)).toContain("n2 SKIP_SNAT_REPLY");
  });

  test.each(["flannel-vxlan", "flannel-host-gw", "calico-ipip", "calico-bgp"])(
    "%s: to a machine outside a pod speaks from its node's address, and hears the answer",
    async (mode) => {
      const there = await scene(mode, cluster({ routed: true }));
      const outcome = send(there, "p1", "ip:192.168.2.1", { ping: true });
      expect(end(outcome.trace)).toBe("r1 from 192.168.1.11");
      expect(translations(outcome.trace)).toEqual(["n1 src 10.244.1.2 → 192.168.1.11"]);
      const back = reply(there, outcome);
      expect([back.end, translations(back.trace)]).toEqual(["delivered ttl 63", ["n1 dst 192.168.1.11 → 10.244.1.2"]]);
    },
  );

  test("an error about a translated packet finds the pod that sent it, quoted as that one sent it", async () => {
    const there = await scene("flannel-vxlan", cluster());
    const { trace } = send(there, "p1", "ip:203.0.113.9");
    expect([end(trace), errno(trace)]).toEqual(["r1 IP_INNOROUTES", "ENETUNREACH icmp 192.168.1.1"]);
    const error = eventsOf(trace, "error").at(-1);
    const quote = error?.headers.find(({ kind }) => kind === "quote");
    const quoted = quote?.kind === "quote" ? quote.packet[0] : undefined;
    expect(quoted?.kind === "ipv4" && String(quoted.src)).toBe("10.244.1.2");
  });

  test("without masquerade nobody outside knows the way back", async () => {
    const there = await scene("calico-bgp", cluster({ routed: true, cni: { calico: { natOutgoing: false } } }));
    const outcome = send(there, "p1", "ip:192.168.2.1", { ping: true });
    expect([end(outcome.trace), reply(there, outcome).end]).toEqual(["r1 from 10.244.1.2", "r1 IP_OUTNOROUTES"]);
  });
});

describe("pods, nodes and the world", () => {
  test.each([
    ["flannel-vxlan", "10.244.1.1"],
    ["flannel-host-gw", "10.244.1.1"],
    ["calico-bgp", "192.168.1.11"],
    ["calico-vxlan", "192.168.1.11"],
  ])("%s: a node speaks to its own pod from %s, and its pod to it as itself", async (mode, src) => {
    const there = await scene(mode, cluster());
    const down = send(there, "n1", "p1");
    expect(end(down.trace)).toBe(`p1 from ${src}`);
    expect(reply(there, down).end).toMatch(/^delivered/);
    const up = send(there, "p1", "n1", { ping: true });
    expect([end(up.trace), translations(up.trace)]).toEqual(["n1 from 10.244.1.2", []]);
  });

  test("nobody outside reaches a pod unless a router knows the way", async () => {
    const there = await scene("flannel-vxlan", cluster({ routed: true }));
    expect(errno(send(there, "r1", "p2").trace)).toBe("ENETUNREACH local");
  });

  test("over the pod's own node it comes as it is; over another node that one translates it", async () => {
    const known = (via: string) => cluster({ faults: [`r1: ip route add 10.244.0.0/16 via ${via}`] });
    const own = send(await scene("flannel-vxlan", known("192.168.1.12")), "r1", "p2").trace;
    expect([end(own), translations(own)]).toEqual(["p2 from 192.168.1.1", []]);
    const other = await scene("flannel-vxlan", known("192.168.1.11"));
    const outcome = send(other, "r1", "p2");
    expect(translations(outcome.trace)).toEqual(["n1 src 192.168.1.1 → 10.244.1.0"]);
    expect(end(outcome.trace)).toBe("p2 from 10.244.1.0");
    expect(reply(other, outcome).end).toMatch(/^delivered/);
  });

  test("two machines that send to each other go round until the TTL ends, and the last says so", async () => {
    const faults = ["n2: ip route replace 10.244.2.0/24 via 192.168.1.11 dev eth0"];
    const { trace } = send(await scene("flannel-host-gw", cluster({ faults })), "p1", "p2");
    expect(end(trace)).toMatch(/^n[12] TTL_EXPIRED$/);
    expect(eventsOf(trace, "forward").filter(({ packet }) => packet === 0)).toHaveLength(63);
    expect(errno(trace)).toMatch(/^EHOSTUNREACH icmp /);
  });
});

describe("an answer to a question that nobody asked there", () => {
  const TO_P1 = { dst: "10.244.1.2" } as const;
  const SYN_ACK: Send["payload"] = [
    { kind: "tcp", sport: 9000, dport: 40000, seq: 1, ack: 2, flags: ["SYN", "ACK"], window: 64240 },
  ];
  const ECHO_REPLY: Send["payload"] = [{ kind: "icmp", type: 0, code: 0, rest: 0x9c400001 }];

  test("is reset when it is TCP's, and dropped without a word when it is an echo reply", async () => {
    const here = await scene("flannel-vxlan", cluster());
    const reset = raw(here, "pod/default/p2", { ...TO_P1, payload: SYN_ACK });
    expect([end(reset), errno(reset)]).toEqual(["p1 NO_SOCKET", "ECONNREFUSED tcp 10.244.1.2"]);
    const ignored = raw(here, "pod/default/p2", { ...TO_P1, payload: ECHO_REPLY });
    expect([end(ignored), errno(ignored)]).toEqual(["p1 NO_SOCKET", "silence"]);
  });

  test("is taken where it was asked", async () => {
    const here = await scene("flannel-vxlan", cluster());
    for (const [payload, answer] of [
      [SYN, SYN_ACK],
      [[{ kind: "icmp", type: 8, code: 0, rest: 0x9c400001 }], ECHO_REPLY],
    ] as const) {
      const what: Send = { from: "pod/default/p1", dst: ip("10.244.2.2"), df: "auto", process: "test", payload };
      const { state } = walk(here.network, what);
      expect(end(raw(here, "pod/default/p2", { ...TO_P1, payload: answer }, state))).toBe("p1 from 10.244.2.2");
    }
  });
});

test("a veth that is deleted at one end is gone at both", async () => {
  const here = await scene("calico-bgp", cluster({ faults: [{ p2: "ip link del eth0" }] }));
  expect([...(here.network.netns("pod/default/p2")?.links.keys() ?? [])]).toEqual(["lo"]);
  const links = [...(here.network.netns("host/n2")?.links.values() ?? [])];
  expect(links.filter(({ kind }) => kind === "veth")).toEqual([]);
});

describe("a broadcast", () => {
  const pods = { p1: "n1", p2: "n1", p3: { host: "n1", listen: [] }, p4: "n2" };
  const heard = (trace: Trace) => {
    const probe = probePackets(trace);
    const of = (kind: "deliver" | "drop") =>
      eventsOf(trace, kind)
        .filter(({ packet }) => probe.has(packet))
        .map(({ at }) => placeName(at.netns));
    return { took: of("deliver"), deaf: of("drop") };
  };

  test.each(["10.244.1.255", "255.255.255.255"])("to %s reaches every port of its bridge and the host", async (dst) => {
    const here = await scene("flannel-vxlan", cluster({ pods }));
    const { took, deaf } = heard(raw(here, "pod/default/p1", { dst }));
    expect(took).toContain("p2");
    expect(deaf).toEqual(expect.arrayContaining(["p3", "n1"]));
    expect([...took, ...deaf]).not.toContain("p4");
  });

  test("from a node reaches every card of the segment, once for each", async () => {
    const here = await scene("flannel-vxlan", cluster({ pods }));
    expect(heard(raw(here, "host/n1", { dst: "192.168.1.255" }))).toEqual({ took: [], deaf: ["n2", "r1"] });
  });

  test.each([
    ["a datagram", [{ kind: "udp", sport: 40000, dport: 9001 }]],
    ["a SYN", SYN],
    ["an echo request", [{ kind: "icmp", type: 8, code: 0, rest: 1 }]],
  ] as const)("is never answered with an error: %s", async (_, payload) => {
    const here = await scene("flannel-vxlan", cluster({ pods }));
    for (const dst of ["10.244.1.255", "192.168.1.255", "255.255.255.255"]) {
      const trace = raw(here, "pod/default/p1", { dst, payload: [...payload] });
      expect(trace.packets.filter(({ cause }) => cause === "icmp-error" || cause === "reply")).toEqual([]);
      expect(errno(trace)).toBe("silence");
    }
  });
});
