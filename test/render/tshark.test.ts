import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { walk } from "../../src/dataplane/walk.ts";
import type { Network } from "../../src/kernel/network.ts";
import { buildNetwork } from "../../src/modes/build.ts";
import type { Mode } from "../../src/modes/mode.ts";
import { modes } from "../../src/modes/registry.ts";
import { type Ask, questionOf } from "../../src/query/answer.ts";
import { replyTo, requestOf } from "../../src/query/flow.ts";
import { pcapng } from "../../src/render/pcapng.ts";
import { loadTopology } from "../../src/topology/load.ts";
import type { Topology } from "../../src/topology/topology.ts";
import { placeName } from "../../src/trace/project.ts";
import type { Trace } from "../../src/trace/trace.ts";
import type { Header, Packet } from "../../src/wire/header.ts";
import { lengthOf } from "../../src/wire/stack.ts";
import { COMPARED, dissect, type Fields, fieldsIn, hasTshark } from "./tshark.ts";

/** A topology, and the pods that talk in it. */
interface Scene {
  readonly text: string;
  readonly src: string;
  readonly dst: string;
  readonly family: 4 | 6;
}

const SCENES: readonly Scene[] = [
  { text: packaged("two-nodes"), src: "pod-a", dst: "pod-b", family: 4 },
  { text: packaged("two-subnets"), src: "pod-a", dst: "pod-b", family: 4 },
  { text: packaged("seed-calico-routers"), src: "container-1", dst: "container-3", family: 4 },
  {
    text: `
cni-trace: 1
cluster: { podCIDR: "fd00:10:244::/48", nodeMaskSize: 64 }
subnets: { lan: "fd00:1::/64" }
hosts: { node-1: "fd00:1::11", node-2: "fd00:1::12" }
pods: { pod-a: node-1, pod-b: node-2 }
`,
    src: "pod-a",
    dst: "pod-b",
    family: 6,
  },
];

function packaged(name: string): string {
  return readFileSync(new URL(`../../topologies/${name}.yaml`, import.meta.url), "utf8");
}

/** What fits everywhere, what fits no tunnel, what fits no card; `never` lets them be cut on the way too. */
const SMALL = { 4: 60, 6: 80 } as const;
const FULL = 1500;
const LARGE = 2000;

/** A walk and the IP length of its question. */
interface Walked {
  readonly size: number;
  readonly trace: Trace;
}

/** A frame that a capture would show: in which mode, on which device, in which direction, how long, and our headers. */
interface Seen {
  readonly mode: string;
  readonly where: string;
  readonly headers: Packet;
}

/** A frame of ours as tshark read it. */
interface Read extends Seen {
  readonly read: Fields;
}

const STATUSES = ["ip", "udp", "tcp", "sctp", "icmp", "icmpv6"].map((name) => `${name}.checksum.status`);
/** Wireshark's PROTO_CHECKSUM_E_*. */
const STATUS = { bad: "0", good: "1", absent: "3" } as const;
const WRONG = [
  "_ws.malformed",
  ...["error", "overlap.conflict", "multipletails", "toolongfragment"].flatMap((what) => [
    `ip.fragment.${what}`,
    `ipv6.fragment.${what}`,
  ]),
];
const OWN = ["frame.interface_name", "frame.packet_flags_direction", "frame.len"];

const folder = mkdtempSync(join(tmpdir(), "cni-trace-tshark-"));
const walked: Walked[] = [];

beforeAll(async () => {
  for (const scene of SCENES) {
    const topology = await topologyOf(scene);
    for (const mode of modes.filter(({ families }) => families.includes(scene.family))) {
      walked.push(...walks(topology, mode, scene));
    }
  }
}, 60_000);

afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function topologyOf({ text }: Scene): Promise<Topology> {
  const loaded = await loadTopology({ text, file: "topology.yaml" });
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.problems));
  return loaded.value;
}

/** Every protocol and size there and back; small ones have to ask for their neighbours first. */
function walks(topology: Topology, mode: Mode, { src, dst, family }: Scene): readonly Walked[] {
  const built = buildNetwork(topology, mode);
  if (!built.ok) throw new Error(`${mode.name}: ${JSON.stringify(built.problems)}`);
  const small = SMALL[family];
  const asks: readonly Ask[] = (["udp", "tcp", "icmp"] as const).flatMap((protocol) =>
    [small, FULL, LARGE].map((size) => ({ src, dst, protocol, size, cold: size === small, df: "never" })),
  );
  // An INIT has its own size.
  return [...asks, { src, dst, protocol: "sctp" } as const].flatMap((ask) => walkOf(built.value, topology, mode, ask));
}

function walkOf(network: Network, topology: Topology, mode: Mode, ask: Ask): readonly Walked[] {
  const question = questionOf(topology, network, mode, ask);
  if (!question.ok) throw new Error(JSON.stringify(question.problems));
  const { cold, size } = question.value;
  const there = walk(network, requestOf(question.value), { cold });
  const response = replyTo(there.trace, question.value);
  const back = response && walk(network, response, { cold, state: there.state });
  return [{ size, trace: there.trace }, ...(back ? [{ size, trace: back.trace }] : [])];
}

function framesOf({ trace: { mode, events } }: Walked): readonly Seen[] {
  return events.flatMap(({ at, action, headers }) => {
    if (action.kind !== "transmit" && action.kind !== "receive") return [];
    const direction = action.kind === "transmit" ? "0x00000002" : "0x00000001";
    return [{ mode, where: `${placeName(at.netns)}/${at.dev} ${direction} ${lengthOf(headers)}`, headers }];
  });
}

/** Many walks are one file: starting tshark takes longer than reading them. */
async function readBack(some: readonly Walked[], names: readonly string[], fragments: "alone" | "together") {
  const file = join(folder, `${fragments}.pcapng`);
  const traces = some.map(({ trace }) => trace);
  writeFileSync(file, pcapng(traces, "cni-trace"));
  const all = await dissect(file, names, fragments);
  const seen = some.flatMap(framesOf);
  expect(all.length).toBe(seen.length);
  return seen.map((frame, k): Read => ({ ...frame, read: all[k] ?? new Map() }));
}

function has(packet: Packet, ...kinds: readonly Header["kind"][]): boolean {
  return packet.some(({ kind }) => kinds.includes(kind));
}

function statuses({ read }: Read): readonly string[] {
  return STATUSES.flatMap((status) => read.get(status) ?? []);
}

const NAMES = modes.map(({ name }) => name);

test.each(NAMES)("%s is asked about ARP, fragments and all protocols", (name) => {
  const packets = walked.flatMap(framesOf).filter(({ mode }) => mode === name);
  for (const kind of ["arp", "slice", "udp", "tcp", "icmp", "sctp"] as const) {
    expect(
      packets.some(({ headers }) => has(headers, kind)),
      kind,
    ).toBe(true);
  }
});

if (hasTshark || process.env.CI === "true") dissections();
else
  console.warn("NOT TESTED: nobody but us has read the predicted frames, tshark is not installed (apt install tshark)");

function dissections(): void {
  describe("tshark", () => {
    let alone: readonly Read[] = [];
    let together: readonly Read[] = [];

    beforeAll(async () => {
      alone = await readBack(walked, [...OWN, ...COMPARED, ...STATUSES, ...WRONG], "alone");
      // Each walk counts its identifications from the same start: what is put together must be of one size.
      const large = walked.filter(({ size }) => size === LARGE);
      const counts = ["ip.fragment.count", "ipv6.fragment.count"];
      together = await readBack(large, [...STATUSES, ...WRONG, ...counts], "together");
    }, 120_000);

    describe.each(NAMES)("%s", (name) => {
      const own = (frames: readonly Read[]) => frames.filter(({ mode }) => mode === name);

      test("no frame is malformed, whether fragments are put together or not", () => {
        expect(own(alone).length).toBeGreaterThan(100);
        expect(
          [...own(alone), ...own(together)].flatMap(({ read, where }) =>
            WRONG.filter((wrong) => read.has(wrong)).map((wrong) => `${where}: ${wrong}`),
          ),
        ).toEqual([]);
      });

      test("every checksum of a whole packet is there and good", () => {
        for (const frame of own(alone)) {
          if (has(frame.headers, "slice", "quote", "wireguard")) continue;
          const wanted = frame.headers.flatMap((header) => {
            if (header.kind === "udp") return [header.noChecksum ? STATUS.absent : STATUS.good];
            return ["ipv4", "tcp", "sctp", "icmp", "ndp"].includes(header.kind) ? [STATUS.good] : [];
          });
          expect(statuses(frame).toSorted(), frame.where).toEqual(wanted.toSorted());
        }
      });

      test("an error's own checksum is good, and those of all IP headers, quoted ones too", () => {
        for (const { read, where, headers } of own(alone).filter((frame) => has(frame.headers, "quote"))) {
          const own = headers.some(({ kind }) => kind === "ipv6") ? "icmpv6" : "icmp";
          expect(read.get(`${own}.checksum.status`)?.[0], where).toBe(STATUS.good);
          expect(new Set(read.get("ip.checksum.status") ?? [STATUS.good]), where).toEqual(new Set([STATUS.good]));
        }
      });

      test("of fragments no checksum is bad, and put together all are good", () => {
        for (const frame of own(alone).filter(({ headers }) => has(headers, "slice"))) {
          expect(statuses(frame), frame.where).not.toContain(STATUS.bad);
        }
        const whole = own(together).filter(({ read }) => read.has("ip.fragment.count"));
        expect(whole.length).toBeGreaterThan(10);
        for (const frame of whole) expect(new Set(statuses(frame)), frame.where).toEqual(new Set([STATUS.good]));
      });

      test("a frame is on its device, in its direction, of its length", () => {
        expect(own(alone).map(({ read }) => OWN.map((field) => read.get(field)?.[0]).join(" "))).toEqual(
          own(alone).map(({ where }) => where),
        );
      });

      test("every field that tshark reads is ours", () => {
        const text = (fields: Fields) =>
          COMPARED.flatMap((field) => (fields.has(field) ? [`${field} ${fields.get(field)?.join(" ")}`] : []));
        const differ = own(alone).flatMap(({ read, where, headers }) => {
          const [theirs, ours] = [text(read), text(fieldsIn(headers))];
          return theirs.join() === ours.join() ? [] : [{ where, theirs, ours }];
        });
        expect(differ).toEqual([]);
      });
    });
  });
}
