import type { Path, Place, Step } from "./steps.ts";

/** Where a packet is handed on: a device of a place, with what is pushed or popped there, or a wire between two. */
export type Station =
  | { readonly kind: "device"; readonly place: string; readonly dev: string; readonly bytes: number }
  | {
      readonly kind: "wire";
      readonly place: string;
      readonly dev: string;
      readonly segment: string;
      readonly to: string;
    };

/** The devices of a path in order; a bridge's port behind its bridge is left out, cards stand with their wire. */
export function stationsOf(path: Path): readonly Station[] {
  const stations: Station[] = [];
  let landed: string | undefined;
  for (const place of path.places) {
    const came = place.in.at(-1);
    if (came !== undefined && came !== landed) push(stations, place, came, 0);
    landed = undefined;
    let popped = 0;
    for (const step of place.steps) {
      const last = stations.at(-1);
      if (step.bytes > 0 && last?.kind === "device")
        stations[stations.length - 1] = { ...last, bytes: last.bytes + step.bytes };
      if (step.bytes < 0) popped += step.bytes;
      for (const dev of devicesMoved(step, place.in)) {
        push(stations, place, dev, popped);
        popped = 0;
      }
      landed = wire(stations, place, step) ?? landed;
    }
  }
  return stations;
}

function push(stations: Station[], place: Place, dev: string, bytes: number): void {
  const last = stations.at(-1);
  if (last?.kind === "device" && last.place === place.name && last.dev === dev && bytes === 0) return;
  stations.push({ kind: "device", place: place.name, dev, bytes });
}

/** A card and its wire are one station; the far card is told with it. */
function wire(stations: Station[], place: Place, { event }: Step): string | undefined {
  const { action, at } = event;
  if (action.kind !== "wire") return undefined;
  const last = stations.at(-1);
  if (last?.kind === "device" && last.dev === at.dev && last.bytes === 0) stations.pop();
  stations.push({ kind: "wire", place: place.name, dev: at.dev, segment: action.segment, to: action.to.dev });
  return action.to.dev;
}

/** The devices that a packet comes in by, or is handed to, after a row; not a bridge's port behind the bridge. */
export function devicesMoved({ under }: Step, came: readonly string[]): readonly string[] {
  const devices: string[] = [];
  let bridged = false;
  for (const { action, at } of under) {
    if (action.kind === "fdb") bridged = true;
    if (action.kind === "transmit" && !(bridged && devices.length > 0)) devices.push(at.dev);
    if (action.kind === "receive" && !came.includes(at.dev)) devices.push(at.dev);
  }
  return devices;
}
