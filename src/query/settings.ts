import type { Mode } from "../modes/mode.ts";
import type { Cni, Topology } from "../topology/topology.ts";

/** A setting without which a packet does not arrive, and that is not the default. */
export interface NeededSetting {
  /** As a topology file spells it: `cni.calico.nodeToNodeMeshEnabled`. */
  readonly path: string;
  readonly value: string;
  /** Whether the topology says so already; if not, it should. */
  readonly written: boolean;
}

/** A topology in which one setting is another. */
interface Trial extends NeededSetting {
  readonly topology: Topology;
}

/**
 * The settings that must differ from the default for a packet to arrive: of those the topology changes, the ones whose
 * default would lose it; when it is lost as things are, the first that would bring it there. Each was walked.
 */
export function neededSettings(
  topology: Topology,
  mode: Mode,
  delivers: (topology: Topology) => boolean,
): readonly NeededSetting[] {
  const plain = ({ path, value, written }: Trial): NeededSetting => ({ path, value, written });
  if (delivers(topology)) {
    return [...undone(topology, mode)].filter((trial) => !delivers(trial.topology)).map(plain);
  }
  for (const trial of untried(topology, mode)) if (delivers(trial.topology)) return [plain(trial)];
  return [];
}

/** Each setting that the topology changes for this mode, back at its default. */
function* undone(topology: Topology, mode: Mode): Generator<Trial> {
  const { cni } = topology;
  const own = cni.modes.get(mode.name) ?? {};
  for (const [key, value] of Object.entries(own)) {
    const { [key]: _, ...rest } = own;
    yield trial(topology, `cni.${mode.name}.${key}`, value, true, { modes: new Map(cni.modes).set(mode.name, rest) });
  }
  if (mode.bgp(topology) && !cni.calico.nodeToNodeMeshEnabled) yield mesh(topology, true, true);
}

/** Other ports, and the other kind of BGP sessions: what people change when a fabric stands in the way. */
function* untried(topology: Topology, mode: Mode): Generator<Trial> {
  const { cni } = topology;
  if (mode.bgp(topology)) yield mesh(topology, !cni.calico.nodeToNodeMeshEnabled, false);
  for (const [key, { about }] of Object.entries(mode.settings ?? {})) {
    if (!about.startsWith("UDP port")) continue;
    for (const port of OTHER_PORTS) {
      const own = { ...cni.modes.get(mode.name), [key]: port };
      yield trial(topology, `cni.${mode.name}.${key}`, port, false, { modes: new Map(cni.modes).set(mode.name, own) });
    }
  }
}

/** VXLAN by IANA, by Linux before it had a number, and the ports of the other modes. */
const OTHER_PORTS = [4789, 8472, 8285, 51820];

function mesh(topology: Topology, enabled: boolean, written: boolean): Trial {
  const calico = { ...topology.cni.calico, nodeToNodeMeshEnabled: enabled };
  // What has been undone is told by the value that it had.
  return trial(topology, "cni.calico.nodeToNodeMeshEnabled", written ? !enabled : enabled, written, { calico });
}

function trial(topology: Topology, path: string, value: unknown, written: boolean, cni: Partial<Cni>): Trial {
  return { path, value: String(value), written, topology: { ...topology, cni: { ...topology.cni, ...cni } } };
}
