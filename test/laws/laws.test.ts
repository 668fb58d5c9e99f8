import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Ip } from "../../src/addr/ip.ts";
import type { Send } from "../../src/dataplane/output.ts";
import { walk } from "../../src/dataplane/walk.ts";
import type { Netns } from "../../src/kernel/netns.ts";
import type { Network } from "../../src/kernel/network.ts";
import { buildNetwork } from "../../src/modes/build.ts";
import { modes } from "../../src/modes/registry.ts";
import { arrival } from "../../src/query/flow.ts";
import type { Fault } from "../../src/topology/topology.ts";
import { fabricNeeds } from "../../src/trace/project.ts";
import { eventsOf, probePackets, type Trace } from "../../src/trace/trace.ts";
import { lengthOf } from "../../src/wire/stack.ts";
import { type Drawn, documentOf, drawn, loaded, mixed, worldOf } from "./random.ts";

const SEED = 20261122;
const RUNS = 30;
const healthy = drawn({ min: 0, max: 0 });

function law(arbitrary: fc.Arbitrary<Drawn>, holds: (draw: Drawn) => Promise<void>): Promise<void> {
  return fc.assert(fc.asyncProperty(arbitrary, holds), { seed: SEED, numRuns: RUNS });
}

describe.each(modes.map((mode) => [mode.name, mode] as const))("%s", (_, mode) => {
  test("what is looked up is what is expanded", () =>
    law(mixed, async (draw) => {
      const { network } = await worldOf(draw, mode);
      const addresses = [...namespaces(network)].flatMap((netns) => netns.addresses.map((address) => address.ip));
      for (const netns of namespaces(network)) {
        const routes = [...netns.routes.rows()];
        const neighbours = [...netns.neighbours.rows()];
        for (const ip of addresses) {
          const near = netns.peers.byIp(ip);
          const covers = (row: (typeof routes)[number]) => row.dst.contains(ip);
          expect(netns.routes.near(near).filter(covers).map(text).sort()).toEqual(
            routes.filter(covers).map(text).sort(),
          );
          const asks = (row: (typeof neighbours)[number]) => row.ip.equals(ip);
          expect(netns.neighbours.near(near).filter(asks).map(text)).toEqual(neighbours.filter(asks).map(text));
          const leads = [...netns.leases.rows()].filter((row) => row.dst.contains(ip));
          expect(
            netns.leases
              .near(near)
              .filter((row) => row.dst.contains(ip))
              .map(text),
          ).toEqual(leads.map(text));
          const allowed = [...netns.wireguardPeers.rows()].filter((row) => row.allowedIps.some((p) => p.contains(ip)));
          expect(
            netns.wireguardPeers
              .near(near)
              .filter((row) => row.allowedIps.some((p) => p.contains(ip)))
              .map(text),
          ).toEqual(allowed.map(text));
          const inSet = [...netns.sets.rows()].filter((row) => row.prefix.contains(ip));
          expect(
            netns.sets
              .near(near)
              .filter((row) => row.prefix.contains(ip))
              .map(text)
              .sort(),
          ).toEqual(inSet.map(text).sort());
        }
        for (const { mac, dev } of netns.fdb.rows()) {
          const found = netns.fdb.near(netns.peers.byMac(mac)).filter((row) => row.mac === mac && row.dev === dev);
          expect(found.map(text)).toEqual(
            [...netns.fdb.rows()].filter((row) => row.mac === mac && row.dev === dev).map(text),
          );
        }
      }
    }));

  test("building twice gives the same tables", () =>
    law(mixed, async (draw) => {
      const once = await worldOf(draw, mode);
      const twice = await worldOf(draw, mode);
      expect(everything(once.network)).toEqual(everything(twice.network));
    }));

  test("every header that was pushed is popped on delivery, and every frame fits its device", () =>
    law(mixed, async (draw) => {
      const { network } = await worldOf(draw, mode);
      for (const [from, to] of pairs(network)) {
        for (const size of [60, 1400]) {
          const { trace } = walk(network, datagram(from, to, size));
          if (arrival(trace)) expect(bytes(trace, "encapsulate")).toBe(bytes(trace, "decapsulate"));
          for (const { at, headers } of eventsOf(trace, "transmit")) {
            const link = network.netns(at.netns)?.links.get(at.dev);
            const ethernet = headers[0]?.kind === "ethernet" ? 14 : 0;
            expect(lengthOf(headers) - ethernet).toBeLessThanOrEqual(link?.mtu ?? 0);
          }
        }
      }
    }));

  test("on a healthy topology every tunnel leads to somebody's address", () =>
    law(healthy, async (draw) => {
      const { network } = await worldOf(draw, mode);
      const all = [...namespaces(network)];
      const owned = (ip: Ip) => all.some((netns) => netns.addresses.some((address) => address.ip.equals(ip)));
      for (const netns of all) {
        for (const { dst } of netns.fdb.rows()) expect(dst === undefined || owned(dst)).toBe(true);
        for (const { to } of netns.leases.rows()) expect(owned(to)).toBe(true);
        for (const { endpoint } of netns.wireguardPeers.rows()) expect(owned(endpoint)).toBe(true);
        for (const row of netns.routes.rows()) {
          if (netns.links.get(row.dev ?? "")?.kind === "ipip" && row.via) expect(owned(row.via)).toBe(true);
        }
      }
    }));

  test("taking away a row that a step names changes that step", () =>
    law(healthy, async (draw) => {
      const { topology, network } = await worldOf(draw, mode);
      const pair = pairs(network)[0];
      if (!pair) return;
      const before = walk(network, datagram(...pair, 60)).trace;
      for (const fault of removals(before)) {
        const built = buildNetwork(topology, mode, [fault]);
        if (!built.ok) throw new Error(`${fault.text}: ${JSON.stringify(built.problems)}`);
        expect(steps(walk(built.value, datagram(...pair, 60)).trace), fault.text).not.toEqual(steps(before));
      }
    }));

  test("forbidding what a walk asks of the fabric kills it there, forbidding anything else changes nothing", () =>
    law(healthy, async (draw) => {
      const { network } = await worldOf(draw, mode);
      const pair = pairs(network)[0];
      if (!pair) return;
      const before = walk(network, datagram(...pair, 60)).trace;
      if (!arrival(before)) return;
      const needs = fabricNeeds(before);
      for (const need of needs) {
        const rule = need.what === "any-ip" ? "udp/9000" : need.what;
        const after = walk(await forbidding(draw, mode, need.segment, rule), datagram(...pair, 60)).trace;
        const [drop] = eventsOf(after, "drop");
        expect(drop?.action.reason, `${need.segment} ${rule}`).toBe("fabric");
      }
      for (const segment of new Set(needs.map((need) => need.segment))) {
        const other = await forbidding(draw, mode, segment, "tcp/4242");
        expect(steps(walk(other, datagram(...pair, 60)).trace)).toEqual(steps(before));
      }
    }));
});

async function forbidding(draw: Drawn, mode: (typeof modes)[number], segment: string, rule: string): Promise<Network> {
  const document = documentOf(draw);
  const subnets = { ...document.subnets, [segment]: { ...document.subnets[segment], drop: [rule] } };
  const built = buildNetwork(await loaded({ ...document, subnets }), mode);
  if (!built.ok) throw new Error(JSON.stringify(built.problems));
  return built.value;
}

function* namespaces(network: Network): Generator<Netns> {
  for (const name of network.names()) yield network.netns(name) as Netns;
}

/** Ordered pairs of pods, at most four. */
function pairs(network: Network): readonly (readonly [Netns, Netns])[] {
  const pods = [...namespaces(network)].filter((netns) => netns.kind === "pod");
  return pods.flatMap((from) => pods.filter((to) => to !== from).map((to) => [from, to] as const)).slice(0, 4);
}

function datagram(from: Netns, to: Netns, size: number): Send {
  const dst = to.addresses.find((address) => address.dev === "eth0")?.ip as Ip;
  const payload = [
    { kind: "udp", sport: 40000, dport: 9000 },
    { kind: "payload", length: size - 28 },
  ] as const;
  return { from: from.name, dst, df: "auto", process: from.name, payload };
}

function bytes(trace: Trace, kind: "encapsulate" | "decapsulate"): number {
  const probe = probePackets(trace);
  const sum = (events: readonly { packet: number; action: { pushed?: unknown; popped?: unknown } }[]) =>
    events
      .filter((event) => probe.has(event.packet))
      .reduce((total, { action }) => total + lengthOf((action.pushed ?? action.popped) as never), 0);
  return kind === "encapsulate" ? sum(eventsOf(trace, "encapsulate")) : sum(eventsOf(trace, "decapsulate"));
}

/** Commands that take away, one at a time, the rows of agents that a walk named. */
function removals(trace: Trace): readonly Fault[] {
  const machines = trace.events.flatMap(({ at, action }) => {
    const command = removal(action);
    if (!command || !at.netns.startsWith("host/")) return [];
    return [{ text: command, target: { kind: "host", name: at.netns.slice("host/".length) } as const }];
  });
  return [...new Map(machines.map((fault) => [`${fault.target.name} ${fault.text}`, fault])).values()];
}

function removal(action: Trace["events"][number]["action"]): string | undefined {
  switch (action.kind) {
    case "route":
      return action.found.route.table === 254 ? `ip route del ${action.found.route.dst}` : undefined;
    case "neighbour":
      return action.entry.by === "arp" ? undefined : `ip neigh del ${action.entry.ip} dev ${action.entry.dev}`;
    case "fdb":
      return action.entry.dst && `bridge fdb del ${action.entry.mac} dev ${action.entry.dev}`;
    case "peer":
      return `wg set ${action.peer.dev} peer ${action.peer.publicKey} remove`;
    case "lease":
      return `lease del ${action.lease.dst}`;
    default:
      return undefined;
  }
}

/** What a walk did, without what differs by packet number alone. */
function steps(trace: Trace): readonly string[] {
  return trace.events.map(({ at, action }) => JSON.stringify([at, action]));
}

function text(row: unknown): string {
  return JSON.stringify(row);
}

function everything(network: Network): unknown {
  return [...namespaces(network)].map((netns) => [
    netns.name,
    [...netns.links.values()],
    netns.addresses,
    netns.rules,
    [...netns.routes.rows()],
    [...netns.neighbours.rows()],
    [...netns.fdb.rows()],
    [...netns.leases.rows()],
    [...netns.wireguardPeers.rows()],
    [...netns.sets.rows()],
    netns.sockets,
    [...netns.chains.values()].map((chains) => [...chains.values()]),
    [...netns.refused()],
  ]);
}
