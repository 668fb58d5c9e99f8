import type { Network } from "../kernel/network.ts";
import type { Trace } from "../trace/trace.ts";
import { DecodeError, type Tunnel } from "../wire/codec.ts";
import { decode, TUNNELS } from "../wire/stack.ts";
import type { Expected, Outcome } from "./expect.ts";
import { ask } from "./helper.ts";
import { isArp, type Line, packetText, type Unknowable } from "./lines.ts";
import { kernelName, type Names } from "./names.ts";

/** A frame as the helper captured it. */
interface Frame {
  readonly netns: string;
  readonly dev: string;
  readonly dir: "in" | "out";
  readonly type: number;
  readonly hex: string;
  readonly start: "ethernet" | "ip";
}

interface Probed {
  readonly id: string;
  readonly result: {
    readonly send: string;
    readonly errors: readonly {
      readonly errno: string;
      readonly origin: string;
      readonly type?: number;
      readonly code?: number;
      readonly from?: string;
      readonly mtu?: number;
    }[];
    readonly delivered: { readonly from: string; readonly ttl: number | null } | null;
    readonly reply: { readonly ttl: number } | null;
  };
  readonly frames: readonly Frame[];
}

/** What the kernel did with a case. */
export interface Observed {
  readonly lines: readonly Line[];
  readonly outcome: Outcome;
}

const OTHERHOST = 3;
/** Seconds in which nothing happens at the end of a probe; longer where processes forward. */
const QUIET = { kernel: 0.035, process: 0.08 } as const;
/** The same when every frame that the model foretells has been seen. */
const BRIEF = { kernel: 0.006, process: 0.025 } as const;

/** How long to wait for what may be late. */
export type Pace = "brisk" | "patient";
const PATIENCE: Readonly<Record<Pace, number>> = { brisk: 1, patient: 5 };

/** Sends the cases in the lab that stands, and reads back every frame. */
export function observe(
  network: Network,
  names: Names,
  expected: readonly Expected[],
  pace: Pace,
): readonly Observed[] {
  const forwards = [...network.names()].some((name) => (network.netns(name)?.forwarders.length ?? 0) > 0);
  const carrier = forwards ? "process" : "kernel";
  const probes = expected.map(({ case: each, trace, lines: foretold }) => {
    const { src, dst, protocol, sport, dport, size, df, ttl, cold } = each.question;
    const netns = kernelName(names, src.netns ?? "");
    const listen = each.open && dst.netns !== undefined ? kernelName(names, dst.netns) : undefined;
    const plain = { id: each.id, netns, dst: `${dst.ip}`, protocol, sport, dport, size, df, ttl };
    const timing = { pause: isLimited(trace) ? LIMIT : 0, wait: failsSlowly(trace) ? SLOW : 0 };
    return {
      ...plain,
      ...timing,
      cold,
      keep: each.again,
      // What a patient or a cold probe shows may come late.
      ...(pace === "brisk" && !cold && { expected: foretold.filter((line) => !isArp(line)).length }),
      ...(listen !== undefined && protocol !== "icmp" && { listen }),
    };
  });
  const first = expected[0]?.case.question;
  const warming = [first && warm(names, first.src, first.dst), first && warm(names, first.dst, first.src)].flatMap(
    (one) => (one ? [one, one] : []),
  );
  const said = ask("probe", [], {
    netns: [...names.kernel.values()],
    bridges: Object.fromEntries([...names.kernel].map(([place, name]) => [name, bridgesOf(network, place)])),
    quiet: QUIET[carrier] * PATIENCE[pace],
    brief: BRIEF[carrier],
    probes: [...warming, ...probes],
  });
  const lines = said.trim().split("\n").slice(warming.length);
  const tunnels = tunnelsOf(network);
  return expected.map((one, k) => read(network, names, one, JSON.parse(lines[k] ?? "{}"), tunnels));
}

/** Seconds between two errors about routes that one sender gets (`ip_error`). */
const LIMIT = 1.05;
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

function bridgesOf(network: Network, place: string): readonly string[] {
  const links = [...(network.netns(place)?.links.values() ?? [])];
  return links.filter(({ kind }) => kind === "bridge").map(({ name }) => name);
}

type End = Expected["case"]["question"]["src"];

/** A packet before the first, so that neighbours are known. */
function warm(names: Names, from: End, to: End): object | undefined {
  if (from.netns === undefined) return undefined;
  const plain = { protocol: "udp", sport: 39999, dport: 39998, size: 60, df: "auto", ttl: 64 };
  return { id: "warm", netns: kernelName(names, from.netns), dst: `${to.ip}`, ...plain };
}

/** The ports behind which this network's own tunnels are. */
export function tunnelsOf(network: Network): ReadonlyMap<number, Tunnel> {
  const tunnels = new Map(TUNNELS);
  for (const name of network.names()) {
    const netns = network.netns(name);
    for (const link of netns?.links.values() ?? []) if (link.kind === "vxlan") tunnels.set(link.port, "vxlan");
    for (const { port } of netns?.forwarders ?? []) tunnels.set(port, "ip");
  }
  return tunnels;
}

function read(
  network: Network,
  names: Names,
  { case: each, trace }: Expected,
  { result, frames }: Probed,
  tunnels: ReadonlyMap<number, Tunnel>,
): Observed {
  const hashed = new Set([...tunnels].flatMap(([port, kind]) => (kind === "vxlan" ? [port] : [])));
  const translated = trace.events.some(({ action }) => action.kind === "translate");
  const { delivered, reply, send, errors } = result;
  return {
    lines: frames.flatMap((frame) => lineOf(network, names, frame, { hashed, translated }, tunnels) ?? []),
    outcome: {
      send,
      errors: [...new Set(errors.map(errorText))].sort(),
      ...(delivered && {
        delivered: `from ${delivered.from}${each.question.protocol === "udp" ? ` ttl ${delivered.ttl}` : ""}`,
      }),
      ...(reply && { reply: reply.ttl }),
    },
  };
}

function errorText({ errno, origin, type, code, from, mtu }: Probed["result"]["errors"][number]): string {
  return [
    errno,
    origin,
    type !== undefined && `${type}/${code}`,
    from && `from ${from}`,
    mtu !== undefined && `mtu ${mtu}`,
  ]
    .filter(Boolean)
    .join(" ");
}

/** A frame in the words of the model; none for what a bridge flooded to a card it was not for, and for handshakes' ends. */
function lineOf(
  network: Network,
  names: Names,
  { netns, dev, dir, type, hex, start }: Frame,
  unknowable: Unknowable,
  tunnels: ReadonlyMap<number, Tunnel>,
): Line | undefined {
  const place = names.places.get(netns) ?? netns;
  const kind = network.netns(place)?.links.get(dev)?.kind;
  if (
    type === OTHERHOST &&
    (kind === "nic" || kind === "veth") &&
    network.netns(place)?.links.get(dev)?.master === undefined
  ) {
    return undefined;
  }
  const where = `${place} ${dev}`;
  const bytes = Uint8Array.from(Buffer.from(hex, "hex"));
  try {
    const packet = decode(bytes, start, tunnels);
    const tcp = packet.find((header) => header.kind === "tcp");
    if (tcp?.kind === "tcp" && !tcp.flags.some((flag) => flag === "SYN" || flag === "RST")) return undefined;
    return { where, direction: dir, text: packetText(packet, unknowable) };
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error;
    return { where, direction: dir, text: `unreadable: ${error.message} in ${hex.slice(0, 200)}` };
  }
}
