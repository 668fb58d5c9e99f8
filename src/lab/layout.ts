import { z } from "zod";

/**
 * A lab in a folder: what a kernel was asked, and what it answered. `lab prepare` writes the questions, `helper.py run`
 * the answers, `lab verify --to` both, `lab verify --from` reads both. The answers may have been made by anything else.
 *
 * ```text
 * lab.json       what this is: topology, mode, edits, faults; place -> network namespace, segment -> namespace of its bridge
 * topology.yaml  the topology file as it was written
 * steps.json     what makes the lab, in order, with what the kernel is to refuse; may be left out
 * probes.json    the namespaces captured, and each packet sent
 * helper.py      what carries the questions out: python3 helper.py run FOLDER, as root
 * kernel.json    the kernel that answered
 * built.jsonl    a line for each step: its exit status and what it said; only beside steps.json
 * tables.json    namespace -> table -> the lines of `ip -o -d link`, `ip -o addr`, `ip route show table all`, `ip rule`,
 *                `ip neigh`, `bridge fdb`, `iptables-save`, `wg show`, those of IPv6 under a name that ends in 6; may be
 *                left out
 * frames.jsonl   a line for each probe, in their order: its id, what sender and receiver saw, every frame by time
 * ```
 */
export const FILES = {
  lab: "lab.json",
  topology: "topology.yaml",
  steps: "steps.json",
  probes: "probes.json",
  helper: "helper.py",
  kernel: "kernel.json",
  built: "built.jsonl",
  tables: "tables.json",
  frames: "frames.jsonl",
} as const;

/** Of the layout: another number is another layout. */
export const LAYOUT = 1;

const MOST_ROWS = 100_000;
const MOST_PLACES = 10_000;
const word = z.string().min(1).max(256);
const line = z.string().max(4096);
/** A file below /run/netns: no path. */
const netns = z.string().regex(/^[A-Za-z0-9][\w.:-]{0,63}$/, "is no name of a network namespace");
const ip = z.union([z.ipv4(), z.ipv6()]);
const mtu = z.int().min(0).max(65_535);

export const labFile = z.strictObject({
  layout: z.literal(LAYOUT),
  topology: word,
  mode: word,
  set: z.array(line).max(1000),
  fault: z.array(line).max(1000),
  places: z.record(word, netns),
  segments: z.record(word, netns),
});

/** An end of a probe: how it is called, where it is, its address. */
const end = z.strictObject({ name: word, place: word.optional(), ip });

const probe = z.strictObject({
  id: line,
  from: end,
  to: end,
  netns,
  dst: ip,
  protocol: z.enum(["udp", "tcp", "icmp"]),
  sport: z.int().min(1).max(65_535),
  dport: z.int().min(1).max(65_535),
  /** IP length. */
  size: z.int().min(28).max(65_535),
  df: z.enum(["auto", "always", "never"]),
  ttl: z.int().min(1).max(255),
  /** Everything learned is forgotten before it. */
  cold: z.boolean(),
  /** What the probe before it taught is kept. */
  keep: z.boolean(),
  /** Whether somebody listens at the port. */
  open: z.boolean(),
  /** The namespace of the one who listens; none for an echo, which kernels answer. */
  listen: netns.optional(),
  /** Seconds in which a kernel reports one missing route to its sender; waited for when `burst` is spent. */
  pause: z.number().min(0).max(60),
  /** Somebody learns the MTU of a path by it. */
  learns: z.boolean().default(false),
  /** Seconds at least after it. */
  wait: z.number().min(0).max(60),
  /** Frames that end the waiting sooner, once as many were seen. */
  expected: z.int().min(0).optional(),
  /** Sent so that neighbours are known, and not compared. */
  warming: z.boolean(),
});

export const probesFile = z.strictObject({
  netns: z.array(netns).max(MOST_PLACES),
  /** The bridges of a namespace, which forget what they learned before a cold probe. */
  bridges: z.record(netns, z.array(word).max(1000)),
  /** The WireGuard devices of a namespace as `wg setconf` reads them, which ends their sessions. */
  sealed: z.record(netns, z.array(z.strictObject({ dev: word, conf: z.string().max(1_000_000) })).max(1000)),
  /** Seconds without a frame that end a probe. */
  quiet: z.number().min(0).max(60),
  /** The same once all expected frames were seen. */
  brief: z.number().min(0).max(60),
  /** Missing routes that the kernel reports to each sender at once; 5 in a lab that nothing was sent in. */
  burst: z.int().min(0).max(5).default(0),
  probes: z.array(probe).max(MOST_ROWS),
});

const refused = z.strictObject({ errno: word, text: line });

/** Of a step only what tells what it was and what was expected of it. */
const step = z.looseObject({
  kind: word,
  place: word,
  argv: z.array(line).max(1000).optional(),
  key: word.optional(),
  value: line.optional(),
  refused: refused.optional(),
});

export const stepsFile = z.array(step).max(MOST_ROWS);

export const kernelFile = z.looseObject({ release: word });

export const builtLine = z.strictObject({ status: z.int(), text: z.string().max(65_536) });

const lines = z.array(line).max(MOST_ROWS);
export const tablesFile = z.record(netns, z.record(word, lines));

const socketError = z.strictObject({
  errno: word,
  origin: word,
  type: z.int().optional(),
  code: z.int().optional(),
  from: ip.optional(),
  mtu: mtu.optional(),
});

const frame = z.object({
  netns,
  dev: word,
  dir: z.enum(["in", "out"]),
  /** For this host 0, broadcast 1, multicast 2, for another host 3, outgoing 4 (linux/if_packet.h). */
  type: z.int().min(0).max(7),
  /** Bytes, also those that were not kept. */
  length: z.int().min(0).max(1_000_000),
  hex: z
    .string()
    .max(2 * 66_000)
    .regex(/^(?:[0-9a-f]{2})*$/, "is no hex text"),
  /** With which header it begins. */
  start: z.enum(["ethernet", "ip"]),
});

export const framesLine = z.strictObject({
  id: line,
  result: z.strictObject({
    /** `ok`, or the errno of the call that sent. */
    send: word,
    errors: z.array(socketError).max(1000),
    delivered: z.strictObject({ from: ip, port: z.int(), ttl: z.int().nullable() }).nullable(),
    reply: z.strictObject({ ttl: z.int() }).nullable(),
  }),
  frames: z.array(frame).max(MOST_ROWS),
});

export type LabFile = z.infer<typeof labFile>;
export type Probe = z.infer<typeof probe>;
export type ProbesFile = z.infer<typeof probesFile>;
export type Frame = z.infer<typeof frame>;
export type Probed = z.infer<typeof framesLine>;

/** A step of either side: the plan's own, or one that was read. */
export interface Told {
  readonly kind: string;
  readonly place: string;
  readonly argv?: readonly string[] | undefined;
  readonly key?: string | undefined;
  readonly value?: string | undefined;
  readonly refused?: { readonly errno: string; readonly text: string } | undefined;
}

export type Said = z.infer<typeof builtLine>;
export type Tables = z.infer<typeof tablesFile>;
