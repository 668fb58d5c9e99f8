import { beforeAll, describe, expect, test } from "vitest";
import type { Send } from "../../src/dataplane/output.ts";
import type { State } from "../../src/dataplane/state.ts";
import { walk } from "../../src/dataplane/walk.ts";
import type { Network } from "../../src/kernel/network.ts";
import { arrival, replyTo } from "../../src/query/flow.ts";
import { traceroute } from "../../src/query/traceroute.ts";
import type { Question } from "../../src/trace/answer.ts";
import type { Event, SocketError } from "../../src/trace/event.ts";
import { senderSees } from "../../src/trace/project.ts";
import { eventsOf, type Trace } from "../../src/trace/trace.ts";
import { framesOf, Labels } from "./frames.ts";
import { address, builtModes, labNetwork, type Measured, TOPOLOGIES, type TruthFile, truthFile } from "./lab.ts";
import { withoutUnpredictable } from "./unpredictable.ts";

const DF = { "default(want)": "auto", do: "always", dont: "never" } as const;

describe.each(TOPOLOGIES)("measured on %s", (topology) => {
  describe.each(builtModes())("%s", (measured) => {
    const file = truthFile(topology, measured);
    let network: Network;
    beforeAll(async () => {
      network = await labNetwork(file);
    });

    const cases = file.tests.filter((each) => each.kind === "udp" || each.kind === "icmp-echo");
    test.each(cases.map((each) => [each.id, each] as const))(
      "%s: every frame and what the sender sees",
      (_, measuredTest) => {
        compare(network, file, measuredTest);
      },
    );

    const sweeps = file.tests.filter((each) => each.kind === "df-sweep");
    test.each(sweeps.map((each) => [each.id, each] as const))(
      "%s: which sizes pass with DF",
      (_, { src, dst, result }) => {
        for (const { ip_len, delivered, send, errors } of result as readonly SweepRow[]) {
          const { trace } = walk(network, datagram(file, { src, dst }, { length: ip_len, df: "always" }));
          expect({ ip_len, delivered: arrival(trace) !== undefined, ...told(trace) }).toEqual({
            ip_len,
            delivered,
            send,
            errors: errors.map(({ errno, mtu, origin }) => ({ errno, origin, ...(mtu && { mtu }) })),
          });
        }
      },
    );

    const routes = file.tests.filter((each) => each.kind === "traceroute");
    test.each(routes.map((each) => [each.id, each] as const))("%s: who answers each TTL", (_, measuredTest) => {
      compareTraceroute(network, file, measuredTest);
    });
  });
});

interface SweepRow {
  readonly ip_len: number;
  readonly delivered: boolean;
  readonly send: string;
  readonly errors: readonly { readonly errno: string; readonly origin: string; readonly mtu?: number }[];
}

interface Result {
  readonly delivered?: boolean;
  readonly replied?: boolean;
  readonly reply_ttl?: number;
  readonly ttl_at_receiver?: number;
  readonly seen_source?: string;
  readonly send: string;
  readonly errors_seen_by_sender?: readonly {
    readonly errno: string;
    readonly origin: string;
    readonly type?: number;
    readonly code?: number;
    readonly from?: string;
    readonly mtu?: number;
  }[];
}

type Pair = { readonly src: string; readonly dst: string };

function datagram(
  file: TruthFile,
  { src, dst }: Pair,
  how: { length: number; df: Send["df"]; dport?: number; ttl?: number },
): Send {
  return {
    from: `pod/default/${src}`,
    dst: address(file.layout.pod_ip[dst] ?? ""),
    df: how.df,
    ...(how.ttl !== undefined && { ttl: how.ttl }),
    process: src,
    payload: [
      { kind: "udp", sport: 40000, dport: how.dport ?? 9000 },
      { kind: "payload", length: how.length - 28 },
    ],
  };
}

/** An echo request of iputils: 56 bytes of data, DF set. */
function echo(file: TruthFile, { src, dst }: Pair, size: number): Send {
  return {
    from: `pod/default/${src}`,
    dst: address(file.layout.pod_ip[dst] ?? ""),
    df: "auto",
    process: src,
    payload: [
      { kind: "icmp", type: 8, code: 0, rest: 1 },
      { kind: "payload", length: size },
    ],
  };
}

function compare(network: Network, file: TruthFile, measured: Measured): void {
  const { params = {}, result } = measured as Measured & { result: Result };
  const send =
    measured.kind === "icmp-echo"
      ? echo(file, measured, params.size ?? 56)
      : datagram(file, measured, {
          length: params.ip_len ?? 60,
          df: DF[(params.pmtudisc ?? "default(want)") as keyof typeof DF],
          ...(params.dport !== undefined && { dport: params.dport }),
        });
  const closed = params.dport === 9999;
  const { trace, state } = walk(closed ? withClosedPorts(network) : network, send, { cold: params.cold ?? false });
  // The lab's pods had not spoken before they answered a ping.
  const fresh = (measured.frames ?? []).some((line) => line.split(" ")[2] === "arp");
  const reply = measured.kind === "icmp-echo" ? answered(network, trace, { state, cold: fresh }) : undefined;
  const ours = [...framesOf(network, trace), ...(reply ? framesOf(network, reply, "reply") : [])];
  expectFrames(ours, measured.frames ?? []);
  expect(outcome(trace, reply)).toEqual(expected(result));
}

/** Pods in a topology are taken to listen; the lab's listened on 9000 alone. */
function withClosedPorts(network: Network): Network {
  return {
    mode: network.mode,
    topology: network.topology,
    segments: network.segments,
    names: () => network.names(),
    netns: (name) => {
      const netns = network.netns(name);
      return netns && Object.create(netns, { assumeListening: { value: false } });
    },
  };
}

function answered(network: Network, trace: Trace, options: { state: State; cold: boolean }): Trace | undefined {
  const reply = replyTo(trace, { dst: { name: "p2" } } as Question);
  return reply && walk(network, reply, options).trace;
}

/** Probe, reply and errors in order; ARP as a set, since questions on different links overlap in time. */
function expectFrames(ours: readonly string[], frames: readonly string[]): void {
  const clean = (lines: readonly string[], wanted: (line: string) => boolean) =>
    lines.filter(wanted).map(withoutUnpredictable);
  const heard = frames.filter((line) => !/^\S+ \S+ \S+ otherhost /.test(line));
  for (const role of ["probe", "reply", "icmp-error", "carrier", "wg-handshake"]) {
    const of = (line: string) => line.split(" ")[2] === role;
    expect(byPlace(clean(ours, of))).toEqual(byPlace(clean(heard, of)));
  }
  const arp = (line: string) => line.split(" ")[2] === "arp" && !/^(sw|r1:)/.test(line);
  if (frames.some(arp)) expect(clean(ours, arp).sort()).toEqual(clean(heard, arp).sort());
}

/**
 * Fragments of one packet overtake each other's processing on different devices, so what is compared in order is what
 * each device saw, and the order in which devices first saw anything.
 */
function byPlace(lines: readonly string[]): Record<string, string[]> {
  const places: Record<string, string[]> = {};
  for (const line of lines) {
    const [where = ""] = line.split(" ");
    places[where] = [...(places[where] ?? []), line.slice(where.length + 1)];
  }
  return places;
}

function told(trace: Trace): { send: string; errors: readonly object[] } {
  const errors = eventsOf(trace, "error")
    .filter((event) => event.at.netns === trace.from)
    .map((event) => event.action.error);
  const local = errors.find((error) => error.origin === "local");
  return {
    send: local?.errno ?? "ok",
    errors: errors.map(({ errno, origin, mtu }) => ({ errno, origin, ...(mtu && { mtu }) })),
  };
}

function outcome(trace: Trace, reply: Trace | undefined): object {
  const delivered = arrival(trace);
  const { error } = senderSees(trace);
  const local = error?.origin === "local";
  const back = reply && arrival(reply);
  const ip = delivered?.headers[0];
  return {
    delivered: delivered !== undefined,
    send: local ? error.errno : "ok",
    ...(delivered && ip?.kind === "ipv4" && { ttl: ip.ttl, source: String(ip.src) }),
    ...(back?.headers[0]?.kind === "ipv4" && { replyTtl: back.headers[0].ttl }),
    ...(error && { error: plainError(error) }),
  };
}

function plainError({ errno, origin, from, icmp, mtu }: SocketError): object {
  return {
    errno,
    origin,
    ...(icmp && { type: icmp.type, code: icmp.code }),
    ...(from && { from: String(from) }),
    ...(mtu && { mtu }),
  };
}

function expected(result: Result): object {
  const delivered = result.delivered ?? result.replied ?? false;
  const [error] = result.errors_seen_by_sender ?? [];
  const { from_is: _, name: __, ...plain } = (error ?? {}) as Record<string, unknown>;
  return {
    delivered,
    send: result.send,
    ...(result.ttl_at_receiver !== undefined && {
      ttl: result.ttl_at_receiver,
      source: result.seen_source?.split(":")[0],
    }),
    ...(result.reply_ttl !== undefined && {
      ttl: expect.any(Number),
      source: expect.any(String),
      replyTtl: result.reply_ttl,
    }),
    ...(error && { error: plain }),
  };
}

interface MeasuredHop {
  readonly ttl: number;
  readonly from?: string;
  readonly last_seen: string;
  readonly reached?: boolean;
  readonly ttl_at_receiver?: number;
  readonly icmp_on_wire?: readonly string[];
}

function compareTraceroute(network: Network, file: TruthFile, { src, dst, result }: Measured): void {
  const { visible, hops } = result as { visible: readonly string[]; hops: readonly MeasuredHop[] };
  const send = datagram(file, { src, dst }, { length: 60, df: "auto" });
  const ours = traceroute(network, send, {});
  expect(ours.map((hop) => (hop.from ? String(hop.from) : "*"))).toEqual(visible);
  const labels = new Labels(network);
  for (const hop of hops) {
    const { trace } = walk(network, { ...send, ttl: hop.ttl });
    expect(lastSeen(labels, trace)).toBe(hop.last_seen);
    expect(arrivalTtlOf(trace)).toBe(hop.ttl_at_receiver);
    if (hop.icmp_on_wire) expect(onWire(labels, trace).slice(0, 3)).toEqual(hop.icmp_on_wire.slice(0, 3));
  }
}

function lastSeen(labels: Labels, trace: Trace): string | undefined {
  const seen = trace.events.findLast(
    (event) => event.packet === 0 && (event.action.kind === "receive" || event.action.kind === "transmit"),
  );
  const inner = seen?.headers.findLast((header) => header.kind === "ipv4");
  return (
    seen &&
    `${labels.port(seen.at)} ${seen.action.kind === "receive" ? "in" : "out"} ttl=${inner?.kind === "ipv4" ? inner.ttl : ""}`
  );
}

function arrivalTtlOf(trace: Trace): number | undefined {
  const ip = arrival(trace)?.headers[0];
  return ip?.kind === "ipv4" ? ip.ttl : undefined;
}

function onWire(labels: Labels, trace: Trace): readonly string[] {
  const names: Record<string, string> = { "11/0": "ttl-exceeded", "3/3": "port-unreachable", "3/4": "frag-needed" };
  return trace.events.flatMap((event) => {
    const { kind } = event.action;
    const icmp = event.headers.findLast((header) => header.kind === "icmp");
    if (event.headers.some(({ kind: sealed }) => sealed === "wireguard")) return [];
    if (event.packet === 0 || icmp?.kind !== "icmp" || trace.packets[event.packet]?.cause !== "icmp-error") return [];
    const ip = event.headers.findLast((header) => header.kind === "ipv4");
    const ends = ip?.kind === "ipv4" ? `${ip.src}>${ip.dst}` : "";
    const what = `${names[`${icmp.type}/${icmp.code}`]} ${ends}`;
    if (event.action.kind === "wire") {
      const tap = (netns: string) => `sw${segmentOf(event)}:to-${netns.split("/").at(-1)}`;
      return [`${tap(event.at.netns)} in ${what}`, `${tap(event.action.to.netns)} out ${what}`];
    }
    if (kind !== "receive" && kind !== "transmit") return [];
    return [`${labels.port(event.at)} ${kind === "receive" ? "in" : "out"} ${what}`];
  });
}

function segmentOf({ action }: Event): string {
  return action.kind === "wire" ? action.segment.toUpperCase() : "";
}

test("any field of a captured frame that is altered is noticed, but for those that cannot be predicted", () => {
  const seen = new Set<string>();
  for (const topology of TOPOLOGIES) {
    for (const measured of builtModes()) {
      for (const { frames = [] } of truthFile(topology, measured).tests) for (const line of frames) seen.add(line);
    }
  }
  expect(seen.size).toBeGreaterThan(300);
  for (const line of seen) {
    const words = line.split(" ");
    for (const [i, word] of words.entries()) {
      const hashedPort = words[i - 1] === "udp" && /^(8472|4789)$/.test(words[i + 2] ?? "");
      const altered = [...words.slice(0, i), alter(word), ...words.slice(i + 1)].join(" ");
      expect(withoutUnpredictable(altered) === withoutUnpredictable(line), altered).toBe(hashedPort);
    }
  }
});

/** Another value of the same kind: a number one higher, a word with another end. */
function alter(word: string): string {
  return /\d+$/.test(word) ? word.replace(/\d+$/, (digits) => String(Number(digits) + 1)) : `${word}x`;
}
