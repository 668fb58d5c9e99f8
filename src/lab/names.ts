import type { Network } from "../kernel/network.ts";

/** All that the lab makes in a kernel is called this, and nothing that is not so called is ever touched. */
export const PREFIX = "cnitrace-";

/** A generated name for each namespace and segment of a network: a netns cannot hold a slash. */
export interface Names {
  readonly prefix: string;
  /** From `pod/default/pod-a` to `cnitrace-2`. */
  readonly kernel: ReadonlyMap<string, string>;
  /** And back. */
  readonly places: ReadonlyMap<string, string>;
  /** The namespace of a segment's bridge. */
  readonly segments: ReadonlyMap<string, string>;
}

export function namesOf(network: Network, prefix: string): Names {
  const kernel = new Map([...network.names()].map((place, k) => [place, `${prefix}${k + 1}`]));
  const segments = new Map([...network.segments.keys()].map((name, k) => [name, `${prefix}s${k + 1}`]));
  return { prefix, kernel, segments, places: new Map([...kernel].map(([place, name]) => [name, place])) };
}

/** Names as they were given, here or elsewhere. */
export function namesAs(given: {
  readonly places: Readonly<Record<string, string>>;
  readonly segments: Readonly<Record<string, string>>;
}): Names {
  const kernel = new Map(Object.entries(given.places));
  const segments = new Map(Object.entries(given.segments));
  return { prefix: "", kernel, segments, places: new Map([...kernel].map(([place, name]) => [name, place])) };
}

/** A namespace of the network by its generated name; every name a row holds has one. */
export function kernelName({ kernel }: Names, place: string): string {
  const name = kernel.get(place);
  if (name === undefined) throw new Error(`no namespace ${place}`);
  return name;
}
