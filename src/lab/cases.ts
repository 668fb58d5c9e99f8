import type { Send } from "../dataplane/output.ts";
import { walk } from "../dataplane/walk.ts";
import type { Network } from "../kernel/network.ts";
import { requestOf } from "../query/flow.ts";
import { traceroute } from "../query/traceroute.ts";
import type { Endpoint, Question } from "../trace/answer.ts";
import { headerBytes } from "../trace/project.ts";
import type { Trace } from "../trace/trace.ts";

/** One packet to send in the model and in the kernel. */
export interface Case {
  readonly id: string;
  readonly question: Question;
  /** Whether somebody listens at the port. */
  readonly open: boolean;
  /** Sent after the case before it, with what that one taught the kernel. */
  readonly again: boolean;
}

/** IP lengths of a plain packet: those of a SYN with a kernel's usual options. */
const SMALL = { 4: 60, 6: 80 } as const;
export const OPEN_PORT = 9000;
const CLOSED_PORT = 9999;
/** Beyond the header, so that a TTL too small is seen to die, but not for ever. */
const MOST_TTL = 12;
const LARGEST = 9216;
const MOST_SIZES = 12;

/**
 * What is sent from one place to another: each kind of socket, each DF mode, sizes around every MTU on the way, every TTL
 * until the destination, closed ports, and one packet when nothing has been learned.
 */
export function casesOf(network: Network, src: Endpoint, dst: Endpoint): readonly Case[] {
  const probe = asker(network, src, dst);
  const open = openTo(network, dst.netns ?? "", OPEN_PORT);
  const plain = requestOf(probe({}).question);
  const { trace } = walk(open, plain, {});
  // Where a route is missing a longer packet fares no better.
  const dies = trace.events.some(({ action }) => action.kind === "drop" && action.reason === "IP_INNOROUTES");
  const hops = traceroute(open, plain, {}).length;
  return numbered([
    probe({}),
    probe({ df: "always" }),
    probe({ df: "never" }),
    probe({ protocol: "icmp", size: SMALL[dst.ip.family] + 24 }),
    probe({ protocol: "tcp" }),
    probe({ dport: CLOSED_PORT }),
    probe({ dport: CLOSED_PORT, protocol: "tcp" }),
    ...sizes(open, trace)
      .slice(0, dies ? 2 : MOST_SIZES)
      .flatMap((size) => [
        probe({ size, df: "always" }),
        ...again(open, probe({ size, df: "always" })),
        probe({ size }),
        ...again(open, probe({ size })),
        probe({ size, df: "never" }),
      ]),
    ...Array.from({ length: Math.min(hops + 1, MOST_TTL) }, (_, k) => probe({ ttl: k + 1 })),
    probe({ cold: true }),
  ]);
}

/** Every case has a source port of its own: connections that are tracked do not know each other. */
function numbered(cases: readonly Case[]): readonly Case[] {
  return cases.map((each, k) => {
    const first = each.again
      ? k -
        cases
          .slice(0, k + 1)
          .reverse()
          .findIndex((other) => !other.again)
      : k;
    return { ...each, question: { ...each.question, sport: 40000 + first } };
  });
}

function asker(network: Network, src: Endpoint, dst: Endpoint): (change: Partial<Question>) => Case {
  const base: Question = {
    mode: network.mode,
    topology: network.topology,
    src,
    dst,
    protocol: "udp",
    sport: 40000,
    dport: OPEN_PORT,
    size: SMALL[dst.ip.family],
    ttl: 64,
    df: "auto",
    cold: false,
    count: 1,
  };
  return (change) => {
    const question = { ...base, ...change };
    return { id: caseName(question), question, open: question.dport === OPEN_PORT, again: false };
  };
}

function caseName({ src, dst, protocol, size, df, ttl, dport, cold }: Question): string {
  const words = [
    `${src.name} > ${dst.name} ${protocol} ${size}`,
    df !== "auto" && `df ${df}`,
    ttl !== 64 && `ttl ${ttl}`,
    dport === CLOSED_PORT && "closed port",
    cold && "cold",
  ];
  return words.filter(Boolean).join(", ");
}

/** A packet that taught somebody a path MTU is sent twice more. */
function again(network: Network, one: Case): readonly Case[] {
  const { trace } = walk(network, requestOf(one.question), {});
  if (!trace.events.some(({ action }) => action.kind === "pmtu")) return [];
  return [2, 3].map((nth) => ({ ...one, id: `${one.id}, time ${nth}`, again: true }));
}

/** The MTUs of the devices and segments a probe passed, with and without the headers put around it; and one more. */
function sizes(network: Network, trace: Trace): readonly number[] {
  const mtus = trace.events.flatMap(({ at, action }) => {
    const link = network.netns(at.netns)?.links.get(at.dev);
    const segment = action.kind === "wire" ? network.segments.get(action.segment)?.mtu : undefined;
    return [...(link && link.kind !== "loopback" ? [link.mtu] : []), ...(segment === undefined ? [] : [segment])];
  });
  const around = headerBytes(trace);
  const limits = new Set(mtus.flatMap((mtu) => [mtu, mtu - around]));
  return [...new Set([...limits].flatMap((limit) => [limit, limit + 1]))]
    .filter((size) => size > SMALL[6] && size <= LARGEST)
    .sort((a, b) => a - b);
}

/** The network with one listener, and none anywhere else that is only assumed. */
export function openTo(network: Network, netns: string, port: number | undefined): Network {
  const seen = new Map<string, ReturnType<Network["netns"]>>();
  return {
    mode: network.mode,
    topology: network.topology,
    segments: network.segments,
    names: () => network.names(),
    netns: (name) => {
      if (!seen.has(name)) seen.set(name, listening(network, name, name === netns ? port : undefined));
      return seen.get(name);
    },
  };
}

function listening(network: Network, name: string, port: number | undefined): ReturnType<Network["netns"]> {
  const netns = network.netns(name);
  if (!netns) return undefined;
  const kernel = netns.sockets.filter(({ owner }) => {
    return owner.kind === "link" || netns.forwarders.some(({ process }) => process === owner.name);
  });
  const owner = { kind: "process", name: "listener" } as const;
  const mine =
    port === undefined
      ? []
      : (["udp", "tcp"] as const).map((protocol) => ({ protocol, port, owner, by: "operator" }) as const);
  return Object.create(netns, {
    assumeListening: { value: false, enumerable: true },
    sockets: { value: [...kernel, ...mine], enumerable: true },
  });
}

export function sendOf({ question }: Case): Send {
  return requestOf(question);
}
