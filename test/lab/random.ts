import fc from "fast-check";
import { walk } from "../../src/dataplane/walk.ts";
import type { Network } from "../../src/kernel/network.ts";
import type { Agreement } from "../../src/lab/agree.ts";
import { type Case, casesOf, sendOf } from "../../src/lab/cases.ts";
import type { Cases } from "../../src/lab/verify.ts";
import type { Mode } from "../../src/modes/mode.ts";
import type { Endpoint } from "../../src/trace/answer.ts";
import { placeName } from "../../src/trace/project.ts";
import { KIND_NAMES } from "../laws/breakage.ts";
import { type Drawn, mixed, type World, worldOf } from "../laws/random.ts";
import { codesOf } from "./shown.ts";

/** A random topology, the mode that programs it, and who sends to whom; everything that a kernel is asked. */
export interface Drawing {
  readonly draw: Drawn;
  readonly mode: Mode;
  /** Ordered pairs of pods and hosts, by number. */
  readonly asks: readonly (readonly [from: number, to: number])[];
  /** Which of the packets of a pair are sent. */
  readonly choice: number;
}

/** As many ordered pairs of each topology as are compared. */
const MOST_PAIRS = 4;
/** Packets of a pair: the plain one, and some of the others. */
const PACKETS = 6;
/** A kernel reports a missing route to one sender five times at once, then once a second; two go to make neighbours known. */
const LIMITED_PACKETS = 3;

/** Draws of topologies in the given modes; what fast-check shrinks is a smaller topology with fewer questions. */
export function drawings(modes: readonly Mode[]): fc.Arbitrary<Drawing> {
  return fc.record({
    draw: mixed,
    mode: fc.constantFrom(...modes),
    asks: fc.array(fc.tuple(fc.nat(19), fc.nat(19)), { minLength: 1, maxLength: MOST_PAIRS }),
    choice: fc.nat(99),
  });
}

/** What becomes of a drawing: its network, the pairs and packets to compare, and what the model says of them. */
export interface Subject extends World {
  readonly mode: Mode;
  readonly pairs: readonly (readonly [Endpoint, Endpoint])[];
  /** The packets to send. */
  readonly cases: Cases;
  /** The diagnosis codes of those packets. */
  readonly codes: ReadonlySet<string>;
}

export async function subjectOf({ draw, mode, asks, choice }: Drawing): Promise<Subject> {
  const world = await worldOf(draw, mode);
  const pairs = pairsOf(world.network, asks);
  const cases = pairs.map(([from, to]) => choose(world.network, casesOf(world.network, from, to), choice));
  return { ...world, mode, pairs, cases, codes: new Set(cases.flat().flatMap((one) => codesOf(world.network, one))) };
}

/** What a person needs to see it again: the file, and the command. */
export function againText({ document, mode, pairs }: Subject): string {
  const commands = pairs.map(
    ([from, to]) => `cni-trace lab verify -t random.json --mode ${mode.name} ${from.name} ${to.name}`,
  );
  return [`random.json: ${JSON.stringify(document, undefined, 1)}`, ...commands, ""].join("\n");
}

/** Three ends in four are pods: whoever is asked for beyond the pods is a host. */
function pairsOf(network: Network, asks: Drawing["asks"]): Subject["pairs"] {
  const ends = [...network.names()].filter((name) => !name.startsWith("router/"));
  const pods = ends.filter((name) => name.startsWith("pod/"));
  const hosts = ends.filter((name) => name.startsWith("host/"));
  const end = (k: number) => (k < 15 ? pods[k % pods.length] : hosts[k % hosts.length]) ?? "";
  const named = asks.map(([from, to]) => [end(from), end(to)] as const).filter(([from, to]) => from !== to);
  const distinct = new Map(named.map((pair) => [pair.join(" "), pair]));
  return [...distinct.values()].flatMap(([from, to]) => {
    const [src, dst] = [endpoint(network, from), endpoint(network, to)];
    return src && dst ? [[src, dst] as const] : [];
  });
}

function endpoint(network: Network, netns: string): Endpoint | undefined {
  const own = network.netns(netns)?.addresses.find(({ dev, ip }) => dev === "eth0" && ip.family === 4);
  return own && { name: placeName(netns), netns, ip: own.ip };
}

/** The first packet and every so many of the rest, each with those that follow it because of what it taught. */
function choose(network: Network, cases: readonly Case[], choice: number): readonly Case[] {
  const groups: Case[][] = [];
  for (const one of cases) {
    if (one.again) groups.at(-1)?.push(one);
    else groups.push([one]);
  }
  const [first = [], ...rest] = groups;
  const most = isLimited(network, first[0]) ? LIMITED_PACKETS : PACKETS;
  const step = Math.max(1, Math.floor(rest.length / (most - 1)));
  const some = rest.filter((_, k) => (k + choice) % step === 0).slice(0, most - 1);
  return [first, ...some].flat().slice(0, most + 2);
}

function isLimited(network: Network, one: Case | undefined): boolean {
  if (!one) return false;
  const { events } = walk(network, sendOf(one), {}).trace;
  return events.some(({ action }) => action.kind === "drop" && /NOROUTES|^route-/.test(action.reason));
}

/** What a run of random topologies was made of. */
export class Census {
  all = 0;
  broken = 0;
  pairs = 0;
  packets = 0;
  frames = 0;
  readonly kinds = new Map<string, number>();
  readonly modes = new Map<string, number>();
  readonly codes = new Map<string, number>();

  count({ kinds, mode, codes }: Subject, { pairs }: Pick<Agreement, "pairs">): void {
    this.all++;
    if (kinds.length > 0) this.broken++;
    this.pairs += pairs.length;
    for (const { cases, frames } of pairs) {
      this.packets += cases;
      this.frames += frames;
    }
    for (const kind of new Set(kinds)) add(this.kinds, kind);
    add(this.modes, mode.name);
    for (const code of codes) add(this.codes, code);
  }

  text(): string {
    const never = KIND_NAMES.filter((kind) => !this.kinds.has(kind));
    return [
      `${this.all} topologies, ${this.broken} of them broken; ${this.pairs} pairs, ${this.packets} packets, ${this.frames} frames`,
      `modes: ${listed(this.modes)}`,
      `broken by: ${listed(this.kinds)}${never.length > 0 ? `; never by ${never.join(", ")}` : ""}`,
      `${this.codes.size} codes: ${listed(this.codes)}`,
      "",
    ].join("\n");
  }
}

function add(counts: Map<string, number>, name: string): void {
  counts.set(name, (counts.get(name) ?? 0) + 1);
}

function listed(counts: ReadonlyMap<string, number>): string {
  return [...counts]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, count]) => `${name} ${count}`)
    .join(", ");
}
