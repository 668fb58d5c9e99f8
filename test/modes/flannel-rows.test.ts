import { describe, expect, test } from "vitest";
import { walk } from "../../src/dataplane/walk.ts";
import { arrival } from "../../src/query/flow.ts";
import type { Answer } from "../../src/trace/answer.ts";
import { placeName } from "../../src/trace/project.ts";
import { eventsOf, probePackets, type Trace } from "../../src/trace/trace.ts";
import { ip, networkFrom } from "../diagnose/ask.ts";
import { ask } from "../query/ask.ts";

/* flannel.md 10.10 and 5.1: every row of the negative variants, and of who is seen as the sender. */

const MAC = "02:00:00:00:00:99";
const golden = {
  "cni-trace": 1,
  cluster: { podCIDR: "100.96.0.0/16" },
  subnets: { lan: "10.168.0.0/24" },
  routers: { gw: "10.168.0.1" },
  hosts: { a: "10.168.0.2", b: "10.168.0.3" },
  pods: { p1: "a", p2: "b" },
};

/** What a capture on every device would show of the packet: `a flannel.1`. */
function captured({ forward: { trace } }: Answer): readonly string[] {
  const seen = trace.events.filter(({ action }) => action.kind === "receive" || action.kind === "transmit");
  return [...new Set(seen.map(({ at }) => `${placeName(at.netns)} ${at.dev}`))];
}

function told({ senderSees: { kind, error } }: Answer): string {
  const { errno, icmp, from, after } = error ?? {};
  return error ? [errno, icmp && `${icmp.type}/${icmp.code}`, from, after].filter(Boolean).join(" ") : kind;
}

async function vtep(mode: string, host: string): Promise<string> {
  return (await networkFrom(mode, golden)).netns(`host/${host}`)?.links.get("flannel.1")?.mac ?? "";
}

describe("flannel.md 10.10", () => {
  const there = { oneWay: true } as const;

  test("vxlan, FDB entry on A removed", async () => {
    const faults = [{ a: `bridge fdb del ${await vtep("flannel-vxlan", "b")} dev flannel.1` }];
    const answer = await ask("flannel-vxlan", { ...golden, faults }, there);
    expect(captured(answer)).toContain("a flannel.1");
    expect(captured(answer)).not.toContain("a eth0");
    expect([answer.code, answer.forward.diagnosis.at, told(answer)]).toEqual(["FDB_MISS", "a", "silence"]);
  });

  test("vxlan, ARP entry on A removed", async () => {
    const faults = [{ a: "ip neigh del 100.96.2.0 dev flannel.1" }];
    const answer = await ask("flannel-vxlan", { ...golden, faults }, there);
    const asked = eventsOf(answer.forward.trace, "arp").filter(({ action }) => action.op === "request");
    expect(asked.map(({ at, action }) => `${placeName(at.netns)} ${at.dev} ${action.ip}`)).toEqual([
      "a flannel.1 100.96.2.0",
    ]);
    expect(told(answer)).toMatch(/^EHOSTUNREACH 3\/1 100\.96\.1\.1/);
  });

  test("vxlan, B has VNI 2", async () => {
    const hosts = { ...golden.hosts, b: { address: "10.168.0.3", cni: { "flannel-vxlan": { VNI: 2 } } } };
    const answer = await ask("flannel-vxlan", { ...golden, hosts }, there);
    expect(captured(answer)).toContain("b eth0");
    expect(captured(answer).filter((line) => line.startsWith("b flannel"))).toEqual([]);
    expect(answer.forward.trace.packets.filter(({ cause }) => cause === "icmp-error")).toEqual([]);
  });

  test("vxlan, B on port 4789", async () => {
    const hosts = { ...golden.hosts, b: { address: "10.168.0.3", cni: { "flannel-vxlan": { Port: 4789 } } } };
    const answer = await ask("flannel-vxlan", { ...golden, hosts }, there);
    const { trace } = answer.forward;
    const [error] = trace.packets.filter(({ cause }) => cause === "icmp-error");
    const sent = trace.events.find(({ packet, action }) => packet === error?.id && action.kind === "transmit");
    expect(sent?.at.netns).toBe("host/b");
    const headers = sent?.headers.filter((header) => header.kind === "ipv4" || header.kind === "icmp");
    expect(headers).toMatchObject([{ dst: ip("10.168.0.2") }, { type: 3, code: 3 }]);
    expect(told(answer)).toBe("silence");
  });

  test("vxlan, stale VTEP MAC on A", async () => {
    const answer = await ask(
      "flannel-vxlan",
      { ...golden, faults: [{ b: `ip link set flannel.1 address ${MAC}` }] },
      there,
    );
    expect(captured(answer)).toContain("b flannel.1");
    expect(captured(answer)).not.toContain("b cni0");
    expect(told(answer)).toBe("silence");
  });

  test.each([
    [2, "a"],
    [3, "b"],
  ])("udp, TTL %i from PA dies in flanneld on %s, without ICMP", async (ttl, at) => {
    const answer = await ask("flannel-udp", golden, { ...there, ttl });
    const [drop] = eventsOf(answer.forward.trace, "drop");
    expect([drop?.action.reason, drop && placeName(drop.at.netns), told(answer)]).toEqual([
      "process-ttl",
      at,
      "silence",
    ]);
  });

  test.each([
    ["flannel-udp", 4, "100.96.2.0"],
    ["flannel-vxlan", 2, "100.96.2.0"],
    ["flannel-ipip", 2, "100.96.2.0"],
    ["flannel-wireguard", 2, "100.96.2.0"],
    ["flannel-host-gw", 2, "10.168.0.3"],
    ["flannel-vxlan-direct", 2, "10.168.0.3"],
    ["flannel-ipip-direct", 2, "10.168.0.3"],
  ])("%s, TTL %i from PA: Time Exceeded from %s", async (mode, ttl, from) => {
    expect(told(await ask(mode, golden, { ...there, ttl }))).toBe(`EHOSTUNREACH 11/0 ${from}`);
  });

  test.each([
    ["flannel-vxlan", "b flannel.1"],
    ["flannel-ipip", "b flannel.ipip"],
    ["flannel-udp", "b flannel0"],
    ["flannel-host-gw", "b eth0"],
  ])("%s, FORWARD DROP on B without FLANNEL-FWD: seen on %s, not on cni0", async (mode, dev) => {
    const faults = [{ b: "iptables -F FLANNEL-FWD" }, { b: "iptables -P FORWARD DROP" }];
    const answer = await ask(mode, { ...golden, faults }, there);
    expect(captured(answer)).toContain(dev);
    expect(captured(answer)).not.toContain("b cni0");
    expect([answer.code, told(answer)]).toEqual(["HOST_FORWARD_DROP", "silence"]);
  });

  test("FORWARD DROP on B with FLANNEL-FWD lets pods' packets through", async () => {
    const answer = await ask("flannel-vxlan", { ...golden, faults: [{ b: "iptables -P FORWARD DROP" }] });
    expect(answer.verdict).toBe("REACHABLE");
  });

  test.each(["flannel-udp", "flannel-vxlan", "flannel-host-gw", "flannel-ipip", "flannel-wireguard"])(
    "%s, ip_forward=0 on A: nothing leaves A, no ICMP",
    async (mode) => {
      const answer = await ask(mode, { ...golden, faults: [{ a: "sysctl -w net.ipv4.ip_forward=0" }] }, there);
      expect(captured(answer)).not.toContain("a eth0");
      expect([answer.code, answer.forward.diagnosis.at, told(answer)]).toEqual(["FORWARDING_DISABLED", "a", "silence"]);
    },
  );

  test("host-gw, B moved behind a router: refused, and sent to the router bare", async () => {
    const moved = {
      ...golden,
      subnets: { lan: "10.168.0.0/24", far: "10.169.0.0/24" },
      routers: { gw: ["10.168.0.1", "10.169.0.1"] },
      hosts: { a: "10.168.0.2", b: "10.169.0.3" },
    };
    const answer = await ask("flannel-host-gw", moved, there);
    const at = answer.forward.trace.events.find(
      (event) => event.at.netns === "router/gw" && event.action.kind === "receive",
    );
    const headers = at?.headers.filter((header) => header.kind === "ipv4");
    expect(headers).toMatchObject([{ src: ip("100.96.1.2"), dst: ip("100.96.2.2"), ttl: 63 }]);
    expect(answer.forward.diagnosis.because.map(({ code }) => code)).toEqual(["NEXTHOP_NOT_ONLINK"]);
  });
});

/** Who is seen as the sender, and with which TTL; and whether the packet was wrapped on its way. */
async function sender(
  mode: string,
  { from, to, src }: { readonly from: string; readonly to: string; readonly src?: string },
  document: Readonly<Record<string, unknown>> = golden,
): Promise<string> {
  const network = await networkFrom(mode, document);
  const payload = [{ kind: "udp", sport: 40000, dport: 9000 }] as const;
  const bound = src === undefined ? {} : { src: ip(src) };
  const { trace } = walk(network, { from, dst: ip(to), df: "auto", process: "test", payload, ...bound });
  const header = (end(trace) ?? []).find(({ kind }) => kind === "ipv4");
  const probe = probePackets(trace);
  const wrapped = eventsOf(trace, "encapsulate").some(({ packet }) => probe.has(packet)) ? ", wrapped" : "";
  return header?.kind === "ipv4" ? `${header.src} ttl ${header.ttl}${wrapped}` : "lost";
}

/** A node takes nothing on that port: what came to it is told by the drop. */
function end(trace: Trace) {
  return (arrival(trace) ?? eventsOf(trace, "drop").find(({ action }) => action.reason === "NO_SOCKET"))?.headers;
}

describe("flannel.md 5.1, who is seen as the sender", () => {
  const [P1, P2, A] = ["pod/default/p1", "100.96.2.2", "host/a"];
  const three = { ...golden, hosts: { ...golden.hosts, c: "10.168.0.4" }, pods: { ...golden.pods, p3: "a" } };
  const client = (routes: readonly string[]) => ({
    ...golden,
    routers: { gw: "10.168.0.1", client: { address: "10.168.0.77", igp: false, routes } },
  });

  test.each([
    ["pod A → remote pod", "flannel-vxlan", { from: P1, to: P2 }, "100.96.1.2 ttl 62, wrapped"],
    ["pod A → remote pod", "flannel-udp", { from: P1, to: P2 }, "100.96.1.2 ttl 60, wrapped"],
    ["pod A → remote pod", "flannel-host-gw", { from: P1, to: P2 }, "100.96.1.2 ttl 62"],
    ["pod A → node B", "flannel-vxlan", { from: P1, to: "10.168.0.3" }, "10.168.0.2 ttl 63"],
    ["pod A → own node", "flannel-vxlan", { from: P1, to: "10.168.0.2" }, "100.96.1.2 ttl 64"],
    ["host A → remote pod", "flannel-udp", { from: A, to: P2 }, "100.96.1.0 ttl 61, wrapped"],
    ["host A → remote pod", "flannel-vxlan", { from: A, to: P2 }, "100.96.1.0 ttl 63, wrapped"],
    ["host A → remote pod", "flannel-ipip", { from: A, to: P2 }, "100.96.1.0 ttl 63, wrapped"],
    ["host A → remote pod", "flannel-wireguard", { from: A, to: P2 }, "100.96.1.0 ttl 63, wrapped"],
    ["host A → remote pod", "flannel-host-gw", { from: A, to: P2 }, "10.168.0.2 ttl 63"],
    ["host A → remote pod", "flannel-vxlan-direct", { from: A, to: P2 }, "10.168.0.2 ttl 63"],
    [
      "host A bound to its card → remote pod",
      "flannel-vxlan",
      { from: A, to: P2, src: "10.168.0.2" },
      "100.96.1.0 ttl 63, wrapped",
    ],
    [
      "host A bound to its card → remote pod",
      "flannel-host-gw",
      { from: A, to: P2, src: "10.168.0.2" },
      "10.168.0.2 ttl 63",
    ],
    ["host A → own pod", "flannel-vxlan", { from: A, to: "100.96.1.2" }, "100.96.1.1 ttl 64"],
  ])("%s, %s", async (_, mode, flow, seen) => {
    expect(await sender(mode, flow)).toBe(seen);
  });

  test("pod → pod of the same node, past br_netfilter", async () => {
    expect(await sender("flannel-vxlan", { from: P1, to: "100.96.1.3" }, three)).toBe("100.96.1.2 ttl 64");
  });

  test("outside client → pod on this node: its address is kept", async () => {
    const document = client(["100.96.2.0/24 via 10.168.0.3"]);
    expect(await sender("flannel-vxlan", { from: "router/client", to: P2 }, document)).toBe("10.168.0.77 ttl 63");
  });

  test("outside client by A → pod on B: its address is lost", async () => {
    const document = client(["100.96.2.0/24 via 10.168.0.2"]);
    expect(await sender("flannel-vxlan", { from: "router/client", to: P2 }, document)).toBe(
      "100.96.1.0 ttl 62, wrapped",
    );
  });

  test("transit from pod to pod over a node that has neither is translated", async () => {
    const document = { ...three, faults: [{ a: "ip route replace 100.96.2.0/24 via 10.168.0.4" }] };
    expect(await sender("flannel-host-gw", { from: P1, to: P2 }, document)).toBe("10.168.0.4 ttl 61");
  });

  test("a mark of 0x4000 spares a packet: kube-proxy masquerades it itself", async () => {
    const faults = [{ a: "iptables -t mangle -A PREROUTING -s 100.96.1.2 -j MARK --set-xmark 0x4000/0x4000" }];
    expect(await sender("flannel-vxlan", { from: P1, to: "10.168.0.3" }, { ...golden, faults })).toBe(
      "100.96.1.2 ttl 63",
    );
  });

  test("without flanneld's ipMasq the bridge plugin translates whatever leaves its own network, to pods too (2.4)", async () => {
    const plain = { ...golden, cni: { flannel: { ipMasq: false } } };
    expect(await sender("flannel-vxlan", { from: P1, to: "10.168.0.3" }, plain)).toBe("10.168.0.2 ttl 63");
    expect(await sender("flannel-vxlan", { from: P1, to: P2 }, plain)).toBe("100.96.1.0 ttl 62, wrapped");
  });
});
