import type { Network } from "../kernel/network.ts";
import type { Endpoint } from "../trace/answer.ts";
import type { Trace } from "../trace/trace.ts";
import type { Expected } from "./expect.ts";
import type { Probe, ProbesFile } from "./layout.ts";
import { isArp, isRedirect } from "./lines.ts";
import { kernelName, type Names } from "./names.ts";
import { type Sealed, sealedOf } from "./plan-wireguard.ts";

/** Seconds in which nothing happens at the end of a probe; longer where processes forward. */
const QUIET = { kernel: 0.035, process: 0.08 } as const;

/** The same when every frame that the model foretells has been seen. */
const BRIEF = { kernel: 0.006, process: 0.025 } as const;

/**
 * How long to wait for what may be late. In a kernel elsewhere nothing is sent again; and one before 6.14 may forget what
 * it has left to report when `icmp_ratelimit` is 0 (`inet_peer_xrlim_allow`), so no burst is counted on.
 */
export type Pace = "brisk" | "patient" | "elsewhere";
const PATIENCE: Readonly<Record<Pace, number>> = { brisk: 1, patient: 5, elsewhere: 1 };

/** What the helper is told to send: the cases of each pair in order, behind a few packets that make neighbours known. */
export function probesOf(
  network: Network,
  names: Names,
  pairs: readonly (readonly Expected[])[],
  pace: Pace,
): ProbesFile {
  const forwards = [...network.names()].some((name) => (network.netns(name)?.forwarders.length ?? 0) > 0);
  const carrier = forwards ? "process" : "kernel";
  return {
    netns: [...names.kernel.values()],
    bridges: Object.fromEntries([...names.kernel].map(([place, name]) => [name, bridgesOf(network, place)])),
    sealed: Object.fromEntries([...names.kernel].map(([place, name]) => [name, sealedAt(network, place)])),
    quiet: QUIET[carrier] * PATIENCE[pace],
    brief: BRIEF[carrier],
    burst: pace === "brisk" ? BURST : 0,
    probes: pairs.flatMap((expected) => {
      const [first] = expected;
      return [...(first ? warming(names, first, pace) : []), ...expected.map((one) => probeOf(names, one, pace))];
    }),
  };
}

function bridgesOf(network: Network, place: string): string[] {
  const links = [...(network.netns(place)?.links.values() ?? [])];
  return links.filter(({ kind }) => kind === "bridge").map(({ name }) => name);
}

function sealedAt(network: Network, place: string): Sealed[] {
  const netns = network.netns(place);
  return netns ? [...sealedOf(netns)] : [];
}

/** Two packets each way before the first. */
function warming(names: Names, { case: { question }, trace }: Expected, pace: Pace): readonly Probe[] {
  const { src, dst } = question;
  const pause = isLimited(trace) ? LIMIT : 0;
  const wait = failsSlowly(trace) ? SLOW : 0;
  return [
    { src, dst },
    { src: dst, dst: src },
  ].flatMap(({ src: from, dst: to }): Probe[] => {
    if (from.netns === undefined) return [];
    const ends = { from: endOf(from), to: endOf(to), netns: kernelName(names, from.netns), dst: `${to.ip}` };
    const packet = { protocol: "udp", sport: 39999, dport: 39998, size: 60, df: "auto", ttl: 64 } as const;
    const rest = { cold: false, keep: false, open: false, learns: false, pause, wait, warming: true };
    const one = { id: "warming", ...ends, ...packet, ...rest, ...(pace !== "patient" && { expected: 1 }) };
    return [one, one];
  });
}

function probeOf(names: Names, { case: each, trace, lines }: Expected, pace: Pace): Probe {
  const { src, dst, protocol, sport, dport, size, df, ttl, cold } = each.question;
  if (protocol === "sctp") throw new Error("no case sends SCTP");
  const listen = each.open && dst.netns !== undefined && protocol !== "icmp";
  return {
    id: each.id,
    from: endOf(src),
    to: endOf(dst),
    netns: kernelName(names, src.netns ?? ""),
    dst: `${dst.ip}`,
    ...{ protocol, sport, dport, size, df, ttl, cold },
    keep: each.again,
    open: each.open,
    ...(listen && { listen: kernelName(names, dst.netns ?? "") }),
    learns: trace.events.some(({ action }) => action.kind === "pmtu"),
    pause: isLimited(trace) ? LIMIT : 0,
    wait: failsSlowly(trace) ? SLOW : 0,
    // What a patient or a cold probe shows may come late.
    ...(pace !== "patient" && !cold && { expected: lines.filter((line) => !isArp(line) && !isRedirect(line)).length }),
    warming: false,
  };
}

function endOf({ name, netns, ip }: Endpoint): Probe["from"] {
  return { name, ...(netns !== undefined && { place: netns }), ip: `${ip}` };
}

/** Seconds between two errors about routes that one sender gets (`ip_error`). */
const LIMIT = 1.05;
/** Errors that it gets at once when it got none for a while. */
const BURST = 5;
/** Seconds until a neighbour that does not answer is given up, where nothing is seen of it. */
const SLOW = 0.12;

function isLimited({ events }: Trace): boolean {
  const missing = ["IP_INNOROUTES", "route-unreachable", "route-prohibit"];
  return (
    events.some(({ action }) => action.kind === "drop" && missing.includes(action.reason)) &&
    events.some(({ action }) => action.kind === "icmp" && action.sent !== undefined)
  );
}

function failsSlowly({ events }: Trace): boolean {
  return events.some(({ action }) => action.kind === "drop" && action.reason === "NEIGH_FAILED");
}
