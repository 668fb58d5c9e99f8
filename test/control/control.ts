import { mkdirSync, writeFileSync } from "node:fs";
import type { Network } from "../../src/kernel/network.ts";
import type { Writer } from "../../src/kernel/row.ts";
import { run } from "../../src/lab/helper.ts";
import { kernelName } from "../../src/lab/names.ts";
import { type Plan, planLab } from "../../src/lab/plan.ts";
import { surprises } from "../../src/lab/surprise.ts";
import { bringUp } from "../../src/lab/up.ts";
import { bgpView, type ModelNetwork } from "../../src/modes/build.ts";
import type { BgpView } from "../../src/modes/routing.ts";
import { routeText } from "../../src/render/iproute.ts";
import type { Topology } from "../../src/topology/topology.ts";
import { birdConfig } from "./bird-config.ts";
import { type BirdPath, birdc, readRoutes, readSessions } from "./birdc.ts";
import { modelOf, unwritten } from "./model.ts";

/** What every namespace and folder of these clusters is called. */
export const PREFIX = "cnibird-";

/** A topology in a mode whose routes real daemons write: the kernel has everything else from the model. */
export interface Cluster {
  readonly topology: Topology;
  readonly network: ModelNetwork;
  readonly plan: Plan;
  readonly daemons: readonly Daemon[];
}

/** One BIRD that runs, and what our model says it shows. */
export interface Daemon {
  readonly machine: string;
  readonly netns: string;
  readonly view: BgpView;
  readonly socket: string;
}

/** Builds the namespaces of a topology without what BIRD would write, and starts BIRD wherever it is spoken. */
export async function startCluster(name: string, document: object): Promise<Cluster> {
  const { topology, network } = await modelOf(document, "calico-bgp");
  const prefix = `${PREFIX}${name}-`;
  const plan = planLab(without("bird", network), prefix);
  const surprised = surprises(plan.steps, bringUp(plan));
  if (surprised.length > 0) throw new Error(`${name}: ${JSON.stringify(surprised)}`);
  const machines = [...network.names()].filter((place) => !place.startsWith("pod/"));
  const folder = `/run/${prefix}bird`;
  mkdirSync(folder, { mode: 0o700 });
  const daemons = machines.flatMap((place) => {
    const machine = place.slice(place.indexOf("/") + 1);
    return bgpView(network, machine).map((view): Daemon => {
      const stem = `${folder}/${machine}.${view.family}`;
      const daemon = { machine, netns: kernelName(plan.names, place), view, socket: `${stem}.ctl` };
      writeFileSync(`${stem}.conf`, birdConfig(topology, view, `${stem}.log`));
      const program = view.family === 4 ? "bird" : "bird6";
      const done = run(["ip", "netns", "exec", daemon.netns, program, "-c", `${stem}.conf`, "-s", daemon.socket]);
      if (done.status !== 0) throw new Error(`${program} on ${machine}: ${done.text}`);
      return daemon;
    });
  });
  return { topology, network, plan, daemons };
}

/** A network in which one writer has not written any route yet. */
function without(writer: Writer, network: Network): Network {
  return {
    mode: network.mode,
    topology: network.topology,
    segments: network.segments,
    names: () => network.names(),
    netns: (name) => {
      const netns = network.netns(name);
      if (!netns) return undefined;
      return Object.create(netns, { routes: { value: unwritten(netns.routes, writer), enumerable: true } });
    },
  };
}

/** Ends the daemons of a cluster; what they wrote stays, and nothing is then sent but what somebody sends. */
export function silence({ plan: { names }, network }: Cluster): void {
  const places = [...network.names()].filter((place) => !place.startsWith("pod/"));
  const netns = places.map((place) => kernelName(names, place));
  const pids = netns.flatMap((name) => run(["ip", "netns", "pids", name]).text.split("\n").filter(Boolean));
  // All stand still first: one that hears another's session break withdraws what it had of it.
  for (const signal of ["STOP", "KILL"]) if (pids.length > 0) run(["kill", `-${signal}`, ...pids]);
  for (const name of netns) run(["ip", "netns", "exec", name, "sysctl", "-qw", "net.ipv6.conf.all.disable_ipv6=1"]);
}

/** What BIRD has now. */
export interface Shown {
  readonly sessions: ReadonlyMap<string, string>;
  readonly paths: readonly BirdPath[];
}

async function show({ socket }: Daemon): Promise<Shown> {
  const [sessions, paths] = await Promise.all([birdc(socket, "show protocols"), birdc(socket, "show route all")]);
  return { sessions: readSessions(sessions), paths: readRoutes(paths) };
}

const QUIET = 2000;
const MOST = 120_000;
const PAUSE = 500;

/** All that was seen of a daemon: what it shows in the end, and every state its sessions were in on the way. */
export interface Settled {
  readonly daemon: Daemon;
  readonly shown: Shown;
  readonly states: ReadonlyMap<string, ReadonlySet<string>>;
}

/**
 * Waits until every session that ought to be is established, every other has been seen in the state that we say, and
 * nothing has changed for a while; two minutes at most, and then what is there is what is compared. Which end of a
 * session that cannot come up hangs up on the other first is a race, and each way leaves another word.
 */
export async function settle(daemons: readonly Daemon[]): Promise<readonly Settled[]> {
  const states = daemons.map(() => new Map<string, Set<string>>());
  const begun = Date.now();
  let [before, since] = ["", begun];
  for (;;) {
    const shown = await Promise.all(daemons.map(show));
    shown.forEach(({ sessions }, k) => {
      for (const [name, state] of sessions) {
        const seen = states[k]?.get(name) ?? new Set();
        states[k]?.set(name, seen.add(state));
      }
    });
    const now = JSON.stringify(shown.map(({ paths }) => paths.map(({ dst, way, bgp }) => [dst, way, ...bgp])));
    if (now !== before) [before, since] = [now, Date.now()];
    const complete = daemons.every(({ view }, k) =>
      view.sessions.every((session) =>
        session.state === "Established"
          ? shown[k]?.sessions.get(session.name) === "Established"
          : states[k]?.get(session.name)?.has(stateText(session)),
      ),
    );
    const waited = Date.now() - begun;
    if ((complete && Date.now() - since > QUIET && waited > 2 * QUIET) || waited > MOST) {
      return daemons.map((daemon, k) => ({
        daemon,
        shown: shown[k] ?? { sessions: new Map(), paths: [] },
        states: states[k] ?? new Map(),
      }));
    }
    await new Promise((resolve) => setTimeout(resolve, PAUSE));
  }
}

/** Points on which model and daemon differ, one line each: sessions, then what was learned. */
export function differences({ daemon, shown, states }: Settled): readonly string[] {
  return [...sessionDifferences(daemon.view, shown, states), ...pathDifferences(daemon.view, shown)];
}

/** A session that is not up goes from state to state: what we say must have been seen, and it must never be up. */
function sessionDifferences(view: BgpView, { sessions }: Shown, states: Settled["states"]): readonly string[] {
  const ours = new Map(view.sessions.map((session) => [session.name, stateText(session)]));
  return [...new Set([...ours.keys(), ...sessions.keys()])].flatMap((name) => {
    const said = ours.get(name);
    const seen = [...(states.get(name) ?? [])];
    if (said === undefined) return [`session ${name}: we have none, BIRD ${seen.join(", ")}`];
    if (said === "Established" ? sessions.get(name) === said : seen.includes(said) && !seen.includes("Established"))
      return [];
    return [`session ${name}: we say ${said}, BIRD ${seen.join(", ") || "has none"}`];
  });
}

function stateText({ state, info }: BgpView["sessions"][number]): string {
  return info ? `${state} ${info}` : state;
}

function pathDifferences(view: BgpView, { paths }: Shown): readonly string[] {
  const ours = [...view.learned()].map(({ dst, paths: [best], resolved }) => {
    if (!best) throw new Error(`${dst} was learned without a path`);
    const session = view.sessions.find(({ peer }) => peer === best.from)?.name;
    const way = resolved[0]?.kind === "via" ? "reachable" : (resolved[0]?.kind ?? "nowhere");
    const facts = [
      `as ${best.asPath.join(" ")}`,
      `next hop ${[best.nextHop, best.linkLocal].filter(Boolean).join(" ")}`,
      `pref ${best.localPref}`,
      best.originatorId && `originator ${best.originatorId}`,
      best.clusterList.length > 0 && `clusters ${best.clusterList.join(" ")}`,
    ];
    return `${dst} by ${session}: ${way}, ${facts.filter(Boolean).join(", ")}`;
  });
  const theirs = paths
    .filter(({ bgp, selected }) => selected && bgp.size > 0)
    .map(({ dst, protocol, way, bgp }) => {
      const originator = bgp.get("originator_id");
      const clusters = bgp.get("cluster_list");
      const facts = [
        `as ${bgp.get("as_path")}`,
        `next hop ${bgp.get("next_hop")}`,
        `pref ${bgp.get("local_pref")}`,
        originator && `originator ${originator}`,
        clusters && `clusters ${clusters}`,
      ];
      return `${dst} by ${protocol}: ${/^(via|multipath)/.test(way) ? "reachable" : way}, ${facts.filter(Boolean).join(", ")}`;
    });
  return [
    ...ours.filter((line) => !theirs.includes(line)).map((line) => `we say ${line}`),
    ...theirs.filter((line) => !ours.includes(line)).map((line) => `BIRD says ${line}`),
  ];
}

/** The kernel's IPv6 routes by BIRD against ours: what only one side has. IPv4 is compared with all other tables. */
export function ipv6Differences({ network, plan: { names } }: Cluster): readonly string[] {
  return [...network.names()].flatMap((place) => {
    const routes = [...(network.netns(place)?.routes.rows() ?? [])];
    const ours = routes
      .filter(({ dst, by }) => dst.family === 6 && by === "bird")
      .map((row) => routeText(row).replaceAll("\n\t", " "));
    const { text } = run(["ip", "-6", "-n", kernelName(names, place), "route", "show", "proto", "bird"]);
    const theirs = text
      .replaceAll("\n\t", " ")
      .split("\n")
      .map((line) => line.trim().replace(/ +/g, " "))
      .filter((line) => line !== "");
    // Asked for one protocol, iproute2 does not repeat it.
    const plain = ours.map((line) => line.replace(" proto bird", ""));
    return [
      ...plain.filter((line) => !theirs.includes(line)).map((line) => `${place}: we say ${line}`),
      ...theirs.filter((line) => !plain.includes(line)).map((line) => `${place}: the kernel has ${line}`),
    ];
  });
}
