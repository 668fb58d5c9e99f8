import type { Answer } from "../trace/answer.ts";
import { pathOf } from "../trace/path.ts";
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
    for (const dev of moved(step, place.in)) if (devices.at(-1) !== dev) devices.push(dev);
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

/** The devices a packet comes in by or is handed to; a bridge's port behind the bridge is left out. */
function moved({ under }: Step, came: readonly string[]): readonly string[] {
  const devices: string[] = [];
  for (const [i, { action, at }] of under.entries()) {
    const bridged = under[i - 1]?.action.kind === "fdb" || under[i - 1]?.action.kind === "filter";
    if (action.kind === "transmit" && !(bridged && devices.length > 0)) devices.push(at.dev);
    if (action.kind === "receive" && !came.includes(at.dev)) devices.push(at.dev);
  }
  return devices;
}

function ending({ ttl, crossings, pathMtu, diagnosis }: Answer["forward"], places: readonly Place[]): string {
  const last = places.at(-1)?.name ?? diagnosis.at;
  if (ttl === undefined) return `DROPPED ${diagnosis.code} at=${last}`;
  const mtu = pathMtu === undefined ? "" : ` mtu=${pathMtu}`;
  return `DELIVERED ttl=${ttl} crossings=${crossings.total}${mtu}`;
}
