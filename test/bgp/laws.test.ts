import fc from "fast-check";
import { expect, test } from "vitest";
import { Ip } from "../../src/addr/ip.ts";
import { type Bgp, computeBgp } from "../../src/bgp/bgp.ts";
import type { BgpInput, Speaker } from "../../src/bgp/speaker.ts";
import { inUse, isUp, type Route, simulate } from "./simulator.ts";
import { input, prefix, speaker } from "./speakers.ts";

// Units of speakers alike: nodes on one of three segments, and routers with legs on one or two of them and on a core.
// Every member of a unit has a session with every member of another; some sessions are one-sided or wrong about an AS.
const ADD_PATHS_LIMIT = 16;

const unit = fc.record({
  as: fc.constantFrom(64512, 64513, 65001, 65002),
  segment: fc.nat(2),
  nextHopSelf: often(7),
  routeReflector: often(3),
});
const nodes = fc.record({ kind: fc.constant("node" as const), size: fc.integer({ min: 1, max: 4 }), mesh: often(2) });
const router = fc.record({ kind: fc.constant("router" as const), second: fc.nat(2) });
const plan = fc.record({
  units: fc.array(fc.tuple(unit, fc.oneof({ weight: 3, arbitrary: nodes }, { weight: 2, arbitrary: router })), {
    minLength: 2,
    maxLength: 6,
  }),
  sessions: fc.array(fc.record({ a: fc.nat(5), b: fc.nat(5), fault: fc.nat(15) }), { minLength: 1, maxLength: 8 }),
  ids: fc.array(fc.nat(250), { minLength: 24, maxLength: 24 }),
  routed: fc.tuple(fc.boolean(), fc.boolean(), fc.boolean()),
});

type Plan = typeof plan extends fc.Arbitrary<infer T> ? T : never;

/** True once in `n + 1`. */
function often(n: number): fc.Arbitrary<boolean> {
  return fc.nat(n).map((drawn) => drawn === n);
}

function build({ units, sessions, ids, routed }: Plan): BgpInput {
  const speakers: Speaker[] = [];
  const mesh = new Set<string>();
  const names = units.map(([{ as, segment, ...settings }, made], u) => {
    const size = made.kind === "node" ? made.size : 1;
    return Array.from({ length: size }, (_, i) => {
      const n = speakers.length;
      const name = `${made.kind}${u}-${i}`;
      const routerId = Ip.of(((ids[n] ?? 0) * 256 + n + 1) >>> 0);
      if (made.kind === "node") {
        if (made.mesh) mesh.add(name);
        const routeReflector = settings.routeReflector && !made.mesh;
        const given = { ...settings, as, routerId, routeReflector };
        speakers.push(speaker("node", name, [`10.0.${segment}.${11 + n}/24`], given));
      } else {
        const legs = [...new Set([segment, made.second])].map((leg) => `10.0.${leg}.${1 + u}/24`);
        speakers.push(speaker("router", name, [...legs, `10.9.0.${1 + u}/24`], { ...settings, as, routerId }));
      }
      return name;
    });
  });
  const peers = new Map<string, { name: string; as?: number }[]>(speakers.map(({ name }) => [name, []]));
  for (const { a, b, fault } of sessions) {
    const [left, right] = [names[a % names.length] ?? [], names[b % names.length] ?? []];
    for (const x of left) {
      for (const y of right) {
        if (x === y) continue;
        peers.get(x)?.push({ name: y });
        if (fault !== 0) peers.get(y)?.push(fault === 1 && x === left[0] ? { name: x, as: 65099 } : { name: x });
      }
    }
  }
  return input(
    speakers.map((each) => ({ ...each, peers: peers.get(each.name) ?? [] })),
    {
      mesh,
      gateway({ kind, address }) {
        if (kind === "router") return prefix("10.9.0.0/24").host(254);
        const segment = address.bytes()[2] ?? 0;
        return routed[segment] ? prefix(`10.0.${segment}.0/24`).host(254) : undefined;
      },
    },
  );
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
        const outcomes = orders(given).map((shuffle) => simulate(given, origin, { shuffle, limit: ADD_PATHS_LIMIT }));
        const [first, ...others] = outcomes.map((outcome) => outcome && JSON.stringify([...outcome]));
        const [tables] = outcomes;
        if (tables === undefined || others.some((other) => other !== first)) continue;
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
    { numRuns: 300 },
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
