import { bgpView, buildNetwork } from "../../modes/build.ts";
import type { Mode } from "../../modes/mode.ts";
import { bgpJson, renderBgp } from "../../render/bgp.ts";
import type { Layout } from "../../render/layout.ts";
import type { Outcome } from "../../topology/problem.ts";
import type { Topology } from "../../topology/topology.ts";
import { notAmong } from "../ask.ts";
import { FORMATS } from "../choices.ts";
import { complain } from "../complain.ts";
import type { Io } from "../io.ts";
import { layoutOf } from "../layout.ts";
import { findNetns } from "../place.ts";
import type { Run } from "../run.ts";
import { readWorld } from "../world.ts";

/** `bgp [PLACE]`: the BGP sessions of a host or a router, and what it has learned over them; without a place, of all. */
export const bgp: Run = async ([place], flags, io) => {
  const others = notAmong("--format", flags.format, FORMATS);
  const world = await readWorld(flags, io, { places: place === undefined ? [] : [place], others });
  if (!world.ok) return complain(world.problems, io);
  const { topology, modes, faults } = world.value;
  const machines = machinesOf(topology, place);
  if (!machines.ok) return complain(machines.problems, io);
  const layout = await layoutOf(io, flags);
  for (const mode of modes) {
    const built = buildNetwork(topology, mode, faults);
    if (!built.ok) return complain(built.problems, io);
    const views = (machine: string) => bgpView(built.value, machine);
    if (flags.format === "json") {
      const document = bgpJson({ mode: mode.name, topology: topology.name }, machines.value.flatMap(views));
      io.write(`${JSON.stringify(document, undefined, modes.length > 1 ? 0 : 2)}\n`);
    } else if (mode.bgp(topology)) writeText(mode, machines.value, views, { layout, io });
    else io.write(`${mode.name} speaks no BGP: its nodes learn of one another from ${mode.learns}\n`);
  }
  return 0;
};

/** Machine by machine, until nobody reads any more. */
function writeText(
  mode: Mode,
  machines: readonly string[],
  views: (machine: string) => ReturnType<typeof bgpView>,
  { layout, io }: { readonly layout: Layout; readonly io: Io },
): void {
  let isFirst = true;
  for (const machine of machines) {
    const speakers = views(machine);
    if (speakers.length === 0) continue;
    if (!io.write(`${isFirst ? "" : "\n"}${renderBgp(speakers, layout)}`)) return;
    isFirst = false;
  }
  if (isFirst) io.write(`${machines.join(", ")}: no BGP is spoken here in ${mode.name}\n`);
}

/** Hosts and routers by name, one or all; a pod speaks no BGP. */
function machinesOf(topology: Topology, place: string | undefined): Outcome<readonly string[]> {
  if (place === undefined) return { ok: true, value: [...topology.hosts.keys(), ...topology.routers.keys()] };
  const found = findNetns(topology, place);
  if (!found.ok) return found;
  const [, kind, name = ""] = /^(host|router|pod)\/(.*)$/.exec(found.value) ?? [];
  if (kind !== "pod") return { ok: true, value: [name] };
  const hint = `its host is ${topology.pods.get(name)?.host}`;
  return { ok: false, problems: [{ code: "no-speaker", message: `${place} is a pod, and pods speak no BGP`, hint }] };
}
