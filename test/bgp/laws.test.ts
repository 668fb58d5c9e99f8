import fc from "fast-check";
import { expect, test } from "vitest";
import { Ip } from "../../src/addr/ip.ts";
import { type Bgp, computeBgp } from "../../src/bgp/bgp.ts";
import type { BgpInput, Speaker } from "../../src/bgp/speaker.ts";
import { inUse, isUp, type Route, simulate } from "./simulator.ts";
import { input, prefix, speaker } from "./speakers.ts";

// Two or three segments with one to four nodes each, made of the same few settings so that groups form, and routers
// with a leg on one or two segments; sessions to routers, reflectors and each other, some one-sided or with a wrong AS.
const ADD_PATHS_LIMIT = 16;
const AS = [64512, 64513, 65001, 65002];

interface NodePlan {
  readonly rack: number;
  readonly as: number;
  readonly mesh: boolean;
  readonly reflector: boolean;
  readonly self: boolean;
  readonly peers: readonly number[];
}

const settings = fc.record({
  as: fc.constantFrom(...AS),
  mesh: fc.boolean(),
  self: fc.integer({ min: 0, max: 7 }).map((n) => n === 0),
  reflector: fc.integer({ min: 0, max: 3 }).map((n) => n === 0),
  peers: fc.uniqueArray(fc.nat(9), { maxLength: 4 }),
});

const plan = fc.record({
  racks: fc.array(
    fc.record({
      size: fc.integer({ min: 1, max: 4 }),
      common: settings,
      odd: fc.option(settings),
      defaultRoute: fc.boolean(),
    }),
    { minLength: 1, maxLength: 3 },
  ),
  routers: fc.array(
    fc.record({
      as: fc.constantFrom(...AS),
      legs: fc.uniqueArray(fc.nat(2), { minLength: 1, maxLength: 2 }),
      self: fc.boolean(),
      reflector: fc.boolean(),
      wrong: fc.option(fc.nat(9)),
      peers: fc.uniqueArray(fc.nat(9), { maxLength: 8 }),
    }),
    { maxLength: 3 },
  ),
  ids: fc.array(fc.nat(250), { minLength: 16, maxLength: 16 }),
});

type Plan = typeof plan extends fc.Arbitrary<infer T> ? T : never;

function build({ racks, routers, ids }: Plan): BgpInput {
  const nodes: NodePlan[] = racks.flatMap(({ size, common, odd }, rack) =>
    Array.from({ length: size }, (_, i) => ({ rack, ...(i === 0 && odd ? odd : common) })),
  );
  const names = [...nodes.map((_, i) => `n${i}`), ...routers.map((_, i) => `r${i}`)];
  const pick = (list: readonly number[], self: string) =>
    [...new Set(list.map((n) => names[names.length - 1 - (n % names.length)] ?? ""))].filter((name) => name !== self);
  // What one names, the other mostly names too: sessions that are up are the interesting ones.
  const asked = new Map<string, string[]>(names.map((name) => [name, []]));
  const own = [...nodes, ...routers].map(({ peers }, i) => pick(peers, names[i] ?? ""));
  for (const [i, peers] of own.entries()) {
    for (const peer of peers) if ((ids[i] ?? 0) % 8 !== 0) asked.get(peer)?.push(names[i] ?? "");
  }
  const routerId = (i: number) => Ip.of(((ids[i] ?? 0) * 256 + i + 1) >>> 0);
  const peersOf = (i: number, wrong: number | null) =>
    [...new Set([...(own[i] ?? []), ...(asked.get(names[i] ?? "") ?? [])])].map((name, n) =>
      n === wrong ? { name, as: 65099 } : { name },
    );
  const speakers: Speaker[] = nodes.map(({ rack, as, self, reflector, mesh }, i) =>
    speaker("node", `n${i}`, [`10.0.${rack}.${11 + i}/24`], {
      as,
      routerId: routerId(i),
      routeReflector: reflector && !mesh,
      nextHopSelf: self,
      peers: peersOf(i, null),
    }),
  );
  for (const [i, { as, legs, self, reflector, wrong }] of routers.entries()) {
    const addresses = [...legs.map((leg) => `10.0.${leg}.${1 + i}/24`), `10.9.0.${1 + i}/24`];
    const n = nodes.length + i;
    const more = { as, nextHopSelf: self, routeReflector: reflector, routerId: routerId(n), peers: peersOf(n, wrong) };
    speakers.push(speaker("router", `r${i}`, addresses, more));
  }
  const mesh = new Set(nodes.flatMap((node, i) => (node.mesh ? [`n${i}`] : [])));
  const routed = new Set(racks.flatMap(({ defaultRoute }, rack) => (defaultRoute ? [rack] : [])));
  return input(speakers, {
    mesh,
    gateway(from) {
      const rack = from.address.bytes()[2] ?? 0;
      if (from.kind === "router") return from.addresses[0] && prefix("10.9.0.0/24").host(254);
      return routed.has(rack) ? prefix(`10.0.${rack}.0/24`).host(254) : undefined;
    },
  });
}

function text(nextHop: Ip, route: Pick<Route, "from" | "asPath" | "localPref" | "clusters">, more: string): string {
  return `${route.from} ${nextHop} [${route.asPath.join(" ")}] ${route.localPref} [${route.clusters.join()}] ${more}`;
}

function computed(bgp: Bgp, at: string, origin: string): string[] {
  return bgp.paths(at, origin).map((path) => {
    const clusters = path.clusterList.map(String);
    return text(path.nextHop, { ...path, clusters }, `${path.learned} ${path.originatorId ?? ""}`);
  });
}

function simulated(given: BgpInput, at: Speaker, table: readonly Route[]): string[] {
  return inUse(given, at, table).map((route) =>
    text(route.nextHop, route, `${route.internal ? "ibgp" : "ebgp"} ${route.originator ?? ""}`),
  );
}

/** The order in which speakers take their turn: as listed, backwards, or turning. */
function orders(given: BgpInput): readonly ((round: number) => readonly Speaker[])[] {
  const all = [...given.speakers.values()];
  const back = [...all].reverse();
  return [() => all, () => back, (round) => [...all.slice(round % all.length), ...back.slice(-(round % all.length))]];
}

test("paths are those of a simulation of every speaker and session, where that has one outcome", () => {
  let compared = 0;
  fc.assert(
    fc.property(plan, (drawn) => {
      const given = build(drawn);
      const bgp = computeBgp(given);
      for (const origin of given.speakers.values()) {
        if (origin.kind === "router") continue;
        const outcomes = orders(given).map((order) => simulate(given, origin, order));
        const [first, ...others] = outcomes.map((outcome) => outcome && JSON.stringify([...outcome]));
        const [tables] = outcomes;
        if (tables === undefined || others.some((other) => other !== first)) continue;
        if ([...tables.values()].some((table) => table.length > ADD_PATHS_LIMIT)) continue;
        compared++;
        for (const at of given.speakers.values()) {
          if (at === origin) continue;
          const want = simulated(given, at, tables.get(at.name) ?? []);
          const got = computed(bgp, at.name, origin.name);
          expect(got[0], `best at ${at.name} to ${origin.name}`).toBe(want[0]);
          // Paths of one session that are alike in everything differ in their path id alone.
          const alike = [...new Set(want)];
          expect([...got].sort(), `at ${at.name} to ${origin.name}`).toEqual(alike.sort());
        }
      }
    }),
    { numRuns: 150 },
  );
  expect(compared).toBeGreaterThan(150);
}, 60_000);

test("sessions are up on both sides or on neither", () => {
  fc.assert(
    fc.property(plan, (drawn) => {
      const given = build(drawn);
      const bgp = computeBgp(given);
      for (const a of given.speakers.values()) {
        const up = [...bgp.sessions(a.name)].filter(({ state }) => state === "Established").map(({ peer }) => peer);
        const want = [...given.speakers.values()].filter((b) => isUp(given, a, b)).map(({ name }) => name);
        expect([...up].sort()).toEqual([...want].sort());
      }
    }),
  );
});

test("nobody uses a path with its own AS on it, and all paths to a speaker lead there", () => {
  fc.assert(
    fc.property(plan, (drawn) => {
      const given = build(drawn);
      const bgp = computeBgp(given);
      for (const at of given.speakers.values()) {
        for (const origin of given.speakers.values()) {
          for (const { asPath, learned } of bgp.paths(at.name, origin.name)) {
            expect(asPath).not.toContain(at.as);
            expect(asPath.at(-1) ?? at.as).toBe(origin.as);
            if (learned === "ebgp") expect(asPath.length).toBeGreaterThan(0);
          }
        }
      }
    }),
  );
});

test("no path has no reason, unless nobody told of one", () => {
  fc.assert(
    fc.property(plan, (drawn) => {
      const given = build(drawn);
      const bgp = computeBgp(given);
      for (const at of given.speakers.values()) {
        const sessions = [...bgp.sessions(at.name)].filter(({ from }) => from === "configured");
        for (const origin of given.speakers.values()) {
          if (at === origin || origin.kind === "router" || bgp.paths(at.name, origin.name).length > 0) continue;
          const told = new Set(bgp.refusals(at.name, origin.name).map(({ from }) => from));
          for (const { peer } of sessions) expect(told, `${at.name} to ${origin.name}`).toContain(peer);
        }
      }
    }),
  );
});
