import type { Answer } from "../trace/answer.ts";
import { pathOf } from "../trace/path.ts";
import { devicesMoved } from "../trace/stations.ts";
import type { Place, Step } from "../trace/steps.ts";

/**
 * `--minimal`: one line for each stay in a namespace with the devices that route it, one for each push and pop, and how
 * it ended. Stable: scripts read it.
 */
export function renderMinimal({ forward }: Answer): string {
  const path = pathOf(forward.trace);
  const lines = [...path.places.flatMap(placeLines), ending(forward, path.places)];
  return `${lines.join("\n")}\n`;
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
