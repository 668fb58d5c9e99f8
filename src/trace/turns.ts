import type { Place } from "./steps.ts";

/** A round that a packet went more than once: places `first` to `first + period - 1` (from 0), `count` times in all. */
export interface Turns {
  readonly first: number;
  readonly period: number;
  readonly count: number;
}

/** A loop is worth folding when it was gone through at least this often. */
const LEAST = 3;

/** The first round of places that repeats; the same devices and rows, whatever the TTL. */
export function turnsOf(places: readonly Place[]): Turns | undefined {
  const signs = places.map(sign);
  for (let first = 0; first < signs.length; first++) {
    for (let period = 1; first + period * LEAST <= signs.length; period++) {
      const count = repeats(signs, first, period);
      if (count >= LEAST) return { first, period, count };
    }
  }
  return undefined;
}

function repeats(signs: readonly string[], first: number, period: number): number {
  let at = first + period;
  while (at < signs.length && signs[at] === signs[at - period]) at++;
  return Math.floor((at - first) / period);
}

function sign(place: Place): string {
  const rows = place.steps.map(({ event }) => `${event.at.dev} ${event.action.kind}`);
  return [place.netns, ...place.in, ...rows].join("\n");
}
