import { describe, expect, test } from "vitest";
import type { Ask } from "../../src/query/answer.ts";
import { learnedWords } from "../../src/render/learned-words.ts";
import type { Answer } from "../../src/trace/answer.ts";
import { placeName } from "../../src/trace/project.ts";
import { ask, codesOf } from "./ask.ts";

/*
 * Several packets of one flow: what each finds that those before it taught. The losses, reports and MTUs are those of
 * kernels 6.18 and 6.1 with the same tables, below a leg of 1400 between two routers.
 */

const narrow = {
  "cni-trace": 1,
  subnets: { a: "192.168.1.0/24", b: "192.168.2.0/24", core: { cidr: "10.0.0.0/30", mtu: 1400 } },
  routers: { r1: ["192.168.1.1", "10.0.0.1"], r2: ["192.168.2.1", "10.0.0.2"] },
  hosts: { n1: "192.168.1.11", n2: "192.168.2.12" },
  pods: { p1: "n1", p2: "n2" },
};

/** Each packet in a line: how it ended, what the sender saw, and which path MTUs were learned by whom. */
function told({ flow = [] }: Answer): readonly string[] {
  return flow.map(({ forward, senderSees, learned, like }) => {
    const { diagnosis, ttl } = forward;
    const end = ttl === undefined ? `${diagnosis.code} at ${diagnosis.at}` : `ttl ${ttl}`;
    const { error } = senderSees;
    const icmp = error?.icmp ? ` ${error.icmp.type}/${error.icmp.code} from ${error.from}` : "";
    const sees = error ? `${error.errno} ${error.mtu ?? ""}${icmp}` : senderSees.kind;
    const mtus = learned.flatMap((row) =>
      row.kind === "pmtu" ? [`${placeName(row.netns)} ${row.ip} ${row.mtu}`] : [],
    );
    return [end, sees, ...mtus, ...(like === undefined ? [] : [`as ${like}`])].join(", ");
  });
}

const there = (more: Partial<Ask>): Partial<Ask> => ({ oneWay: true, count: 4, ...more });

describe("a narrow leg between routers, with DF always", () => {
  test.each([
    ["flannel-ipip", "10.244.1.1"],
    ["calico-ipip", "192.168.1.11"],
  ])("%s: lost, then reported by %s with 20 less, then refused at once", async (mode, from) => {
    expect(told(await ask(mode, narrow, there({ size: 1480, df: "always" })))).toEqual([
      "PMTU_BLACKHOLE at r1, silence, n1 192.168.2.12 1400",
      `MTU_EXCEEDED_DF at n1, EMSGSIZE 1380 3/4 from ${from}, n1 10.244.2.2 1380, p1 10.244.2.2 1380`,
      "MTU_EXCEEDED_DF at p1, EMSGSIZE 1380",
      "MTU_EXCEEDED_DF at p1, EMSGSIZE 1380, as 3",
    ]);
  });

  test("flannel-udp: only the first is lost, then the node cuts what flanneld sends", async () => {
    const answer = await ask("flannel-udp", narrow, there({ size: 1472, df: "always" }));
    expect(told(answer)).toEqual([
      "PMTU_BLACKHOLE at r1, silence, n1 192.168.2.12 1400",
      "ttl 60, silence",
      "ttl 60, silence, as 2",
      "ttl 60, silence, as 2",
    ]);
    expect(codesOf(answer)).toEqual(["REACHABLE_WITH_RISK", "DELIVERED", "LOST_UNTIL_LEARNED at r1"]);
  });

  test.each([
    ["flannel-vxlan", 1450],
    ["calico-vxlan", 1450],
    ["flannel-wireguard", 1420],
    ["calico-wireguard", 1440],
  ])("%s: the router cuts the outer packet, and nobody learns anything", async (mode, size) => {
    const answer = await ask(mode, narrow, there({ size, df: "always" }));
    expect(told(answer)).toEqual(["ttl 62, silence", ...[2, 3, 4].map(() => "ttl 62, silence, as 1")]);
  });

  test("plain routing: the router itself tells the pod, which then refuses at once", async () => {
    const routes = ["10.244.1.0/24 via 192.168.1.11", "10.244.2.0/24 via 10.0.0.2"];
    const back = ["10.244.1.0/24 via 10.0.0.1", "10.244.2.0/24 via 192.168.2.12"];
    const faults = [...routes.map((row) => `r1: ip route add ${row}`), ...back.map((row) => `r2: ip route add ${row}`)];
    expect(told(await ask("flannel-host-gw", { ...narrow, faults }, there({ size: 1500, df: "always" })))).toEqual([
      "MTU_EXCEEDED_DF at r1, EMSGSIZE 1400 3/4 from 192.168.1.1, p1 10.244.2.2 1400",
      "MTU_EXCEEDED_DF at p1, EMSGSIZE 1400",
      "MTU_EXCEEDED_DF at p1, EMSGSIZE 1400, as 2",
      "MTU_EXCEEDED_DF at p1, EMSGSIZE 1400, as 2",
    ]);
  });
});

describe("a default socket sets DF until it has learned, and then cuts", () => {
  test("ipip: two are lost, the third is cut by the pod", async () => {
    const answer = await ask("calico-ipip", narrow, there({ size: 1480 }));
    expect(told(answer)).toEqual([
      "PMTU_BLACKHOLE at r1, silence, n1 192.168.2.12 1400",
      "MTU_EXCEEDED_DF at n1, EMSGSIZE 1380 3/4 from 192.168.1.11, n1 10.244.2.2 1380, p1 10.244.2.2 1380",
      "ttl 62, silence",
      "ttl 62, silence, as 3",
    ]);
    expect(answer.flow?.map(({ forward }) => dfOf(forward.trace.sent[0]))).toEqual([true, true, false, false]);
  });

  test("without DF from the start nothing is lost and nothing learned", async () => {
    expect(told(await ask("calico-ipip", narrow, there({ size: 1480, df: "never", count: 2 })))).toEqual([
      "ttl 62, silence",
      "ttl 62, silence, as 1",
    ]);
  });

  test("the reply has a path of its own to learn: the flow settles when both ends have", async () => {
    const answer = await ask("calico-ipip", narrow, { size: 1480, count: 6 });
    expect(answer.flow?.map(({ senderSees, reply }) => `${senderSees.kind} ${reply?.diagnosis.at ?? "-"}`)).toEqual([
      "silence -",
      "error -",
      "silence r2",
      "silence n2",
      "reply p1",
      "reply p1",
    ]);
    expect(codesOf(answer)).toEqual(["REACHABLE_WITH_RISK", "DELIVERED", "LOST_UNTIL_LEARNED at r1"]);
  });
});

test("TCP sends a small SYN, then segments, and cuts them itself once it knows", async () => {
  const answer = await ask("calico-ipip", narrow, { size: 1480, count: 5, protocol: "tcp" });
  expect(answer.flow?.map(({ size, forward }) => `${size} ${flags(forward.trace.sent[1])}`)).toEqual([
    "60 SYN",
    "1480 PSH,ACK",
    "1480 PSH,ACK",
    "1380 PSH,ACK",
    "1380 PSH,ACK",
  ]);
});

describe("what a side says it takes", () => {
  const mss = (header: object | undefined) => (header && "mss" in header ? header.mss : undefined);
  const offers = async (mode: string, document: object, more: Partial<Ask> = {}) => {
    const { flow = [] } = await ask(mode, document, { protocol: "tcp", count: 3, size: 9000, ...more });
    return flow.map(({ size, forward, reply }) =>
      [size, mss(forward.trace.sent[1]), mss(reply?.trace.sent[1])].filter((one) => one !== undefined).join(" "),
    );
  };

  test.each([
    ["flannel-vxlan", 1450],
    ["calico-ipip", 1480],
    ["flannel-host-gw", 1500],
  ])("in %s it is its device's %i less the headers, on both sides", async (mode, mtu) => {
    const plain = {
      ...narrow,
      subnets: { a: "192.168.1.0/24" },
      routers: { r1: "192.168.1.1" },
      hosts: { n1: "192.168.1.11", n2: "192.168.1.12" },
    };
    expect(await offers(mode, plain)).toEqual([`60 ${mtu - 40} ${mtu - 40}`, `${mtu}`, `${mtu}`]);
  });

  test("the narrower side's word counts for segments to it", async () => {
    const plain = {
      ...narrow,
      subnets: { a: "192.168.1.0/24" },
      routers: { r1: "192.168.1.1" },
      hosts: { n1: "192.168.1.11", n2: "192.168.1.12" },
    };
    const faults = ["p2: ip link set eth0 mtu 1300", "n2: ip link set cni0 mtu 1300"];
    expect(await offers("flannel-host-gw", { ...plain, faults })).toEqual(["60 1460 1260", "1300", "1300"]);
  });

  test("what was learned of the path counts, and no less than 256 is said", async () => {
    const faults = ["p1: ip route replace default via 169.254.1.1 dev eth0 mtu 200"];
    const [first] = await offers("calico-ipip", { ...narrow, faults });
    expect(first).toBe("60 256 1440");
  });
});

test("SCTP shakes hands in four messages, and then sends data", async () => {
  const { flow = [] } = await ask("flannel-vxlan", narrow, { protocol: "sctp", count: 4 });
  const chunk = (header: object | undefined) => (header && "chunk" in header ? header.chunk : "");
  expect(flow.map(({ forward, reply }) => `${chunk(forward.trace.sent[1])}, ${chunk(reply?.trace.sent[1])}`)).toEqual([
    "init, init-ack",
    "cookie-echo, cookie-ack",
    "data, sack",
    "data, sack",
  ]);
  expect(flow.map(({ size }) => size)).toEqual([52, 40, 52, 52]);
});

test("an INIT that nobody answers is sent again", async () => {
  const closed = { ...narrow, pods: { p1: "n1", p2: { host: "n2", listen: [] } } };
  const { flow = [] } = await ask("flannel-vxlan", closed, { protocol: "sctp", count: 2 });
  expect(flow.map(({ size }) => size)).toEqual([52, 52]);
});

test("a SYN that nobody answers is sent again", async () => {
  const answer = await ask(
    "flannel-vxlan",
    { ...narrow, pods: { p1: "n1", p2: { host: "n2", listen: [] } } },
    {
      count: 3,
      protocol: "tcp",
    },
  );
  expect(answer.flow?.map(({ forward }) => flags(forward.trace.sent[1]))).toEqual(["SYN", "SYN", "SYN"]);
});

test("cold: ARP, bridge entries and the handshake are learned from the first packet alone", async () => {
  const answer = await ask("flannel-wireguard", narrow, { cold: true, count: 3 });
  const [first, ...rest] = answer.flow ?? [];
  const kinds = new Set(first?.learned.map(({ kind }) => kind));
  expect([...kinds].sort()).toEqual(["connection", "fdb", "neighbour", "session"]);
  expect(rest.map(({ learned }) => learned)).toEqual([[], []]);
  const asked = (answer.flow ?? []).map(
    ({ forward }) => forward.trace.packets.filter(({ cause }) => cause === "arp" || cause === "handshake").length > 0,
  );
  expect(asked).toEqual([true, false, false]);
});

test("warm: neighbours and sessions were there before, connections were not", async () => {
  const answer = await ask("flannel-wireguard", narrow, { count: 2 });
  expect(new Set(answer.flow?.[0]?.learned.map(({ kind }) => kind))).toEqual(new Set(["connection"]));
});

test("a masqueraded connection is learned with both of its sides", async () => {
  const answer = await ask("flannel-vxlan", narrow, { dst: "n2", count: 2, protocol: "icmp" });
  const rows = answer.flow?.[0]?.learned.map((row) => `${placeName(row.netns)} ${learnedWords(row)}`);
  expect(rows).toContain(
    "n1 conntrack icmp src=10.244.1.2 dst=192.168.2.12 id=40000 src=192.168.2.12 dst=192.168.1.11 id=40000",
  );
});

test("no packet of a flow has the identification of another", async () => {
  const answer = await ask("flannel-vxlan", narrow, { size: 1450, df: "never", count: 6 });
  const ids = answer.flow?.flatMap(({ forward, reply }) =>
    [forward, reply].map((way) => {
      const ip = way?.trace.sent[0];
      return ip?.kind === "ipv4" ? ip.id : 0;
    }),
  );
  expect(new Set(ids).size).toBe(12);
});

test("a fragment whose first part got lost is never completed by the next packet's", async () => {
  // Behind r1, which cuts, the fabric knows the port of a first fragment only.
  const document = { ...narrow, subnets: { ...narrow.subnets, b: { cidr: "192.168.2.0/24", drop: ["udp/8472"] } } };
  const answer = await ask("flannel-vxlan", document, there({ size: 1450, df: "never", count: 3 }));
  expect(told(answer)).toEqual([
    "ENCAP_BLOCKED at b, silence",
    "ENCAP_BLOCKED at b, silence, as 1",
    "ENCAP_BLOCKED at b, silence, as 1",
  ]);
});

function dfOf(header: object | undefined): boolean {
  return header !== undefined && "df" in header && header.df === true;
}

function flags(header: object | undefined): string {
  return header && "flags" in header && Array.isArray(header.flags) ? header.flags.join(",") : "";
}
