import type { Answer, Branches, FlowPacket } from "../trace/answer.ts";
import { pathOf } from "../trace/path.ts";
import { placeName } from "../trace/project.ts";
import { devicesMoved } from "../trace/stations.ts";
import type { Place, Step } from "../trace/steps.ts";
import { learnedWords } from "./learned-words.ts";

/**
 * `--minimal`: one line for each stay in a namespace with the devices that route it, one for each push and pop, and how
 * it ended. Stable: scripts read it.
 */
export function renderMinimal({ forward, reply, flow, allBranches }: Answer): string {
  const path = pathOf(forward.trace);
  const lines = [
    ...path.places.flatMap(placeLines),
    ending(forward, path.places),
    ...(flow ?? []).flatMap(packetLines),
    ...(allBranches ? [...branchLines("way", forward.branches), ...branchLines("reply-way", reply?.branches)] : []),
  ];
  return `${lines.join("\n")}\n`;
}

/** One line for each packet of a flow, and one for each row that it left somewhere. */
function packetLines({ number, forward, reply, senderSees, learned }: FlowPacket): readonly string[] {
  const died = forward.ttl === undefined ? forward : reply?.ttl === undefined ? reply : undefined;
  const end = died ? `DROPPED ${died.diagnosis.code} at=${died.diagnosis.at}` : `DELIVERED ttl=${forward.ttl}`;
  const sees = senderSees.error?.errno ?? senderSees.kind;
  return [
    `packet ${number} ${end} sees=${sees}`,
    ...learned.map((row) => `learned ${number} ${placeName(row.netns)} ${learnedWords(row)}`),
  ];
}

function branchLines(label: string, branches: Branches | undefined): readonly string[] {
  return (branches?.walked ?? []).map((branch, i) => {
    const { diagnosis, ttl, share } = branch;
    const end = ttl === undefined ? `DROPPED ${diagnosis.code} at=${diagnosis.at}` : `DELIVERED ttl=${ttl}`;
    const names = pathOf(branch.trace).places.map(({ name }) => name);
    return `${label} ${i + 1} share=${share.toFixed(3)} ${end} ${names.join(" ")}`;
  });
}

function placeLines(place: Place): readonly string[] {
  const lines: string[] = [];
  let devices: string[] = [...place.in.slice(-1)];
  const flush = () => {
    if (devices.length > 0) lines.push([place.name, ...devices].join(" "));
    devices = [];
  };
  for (const step of place.steps) {
    const pushed = boundary(step);
    if (pushed) {
      // The device below a tunnel that ends here is left out: the packet was not routed there.
      if (step.bytes < 0) devices = [];
      flush();
      lines.push(pushed);
    }
    for (const dev of devicesMoved(step, place.in)) if (devices.at(-1) !== dev) devices.push(dev);
  }
  if (devices.length === 0 && lines.length === 0) lines.push(place.name);
  flush();
  return lines;
}

function boundary({ event: { action }, bytes }: Step): string | undefined {
  if (action.kind === "encapsulate") {
    return `push ${action.pushed
      .toReversed()
      .map(({ kind }) => kind)
      .join(" ")} ${bytes}`;
  }
  if (action.kind === "decapsulate") return `pop ${action.popped.map(({ kind }) => kind).join(" ")} ${-bytes}`;
  return undefined;
}

function ending({ ttl, crossings, pathMtu, diagnosis }: Answer["forward"], places: readonly Place[]): string {
  const last = places.at(-1)?.name ?? diagnosis.at;
  if (ttl === undefined) return `DROPPED ${diagnosis.code} at=${last}`;
  const mtu = pathMtu === undefined ? "" : ` mtu=${pathMtu}`;
  return `DELIVERED ttl=${ttl} crossings=${crossings.total}${mtu}`;
}
