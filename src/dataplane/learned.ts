import { Ip } from "../addr/ip.ts";
import type { Learned } from "../trace/learned.ts";
import type { State } from "./state.ts";

/** What namespaces know after one or more walks that they did not know before, in the order they learned it. */
export function learnedBetween(before: State, after: State): readonly Learned[] {
  const learned: Learned[] = [];
  for (const [key, entry] of after.neighbours) {
    if (before.neighbours.get(key)?.lladdr === entry.lladdr) continue;
    const [netns] = words(key);
    learned.push({ netns, kind: "neighbour", entry });
  }
  for (const [key, entry] of after.fdb) {
    if (before.fdb.get(key)?.dev === entry.dev) continue;
    const [netns, bridge = ""] = words(key);
    learned.push({ netns, kind: "fdb", bridge, entry });
  }
  // That a session has carried one packet more is nothing new.
  for (const key of after.sessions.keys()) {
    if (before.sessions.has(key)) continue;
    const [netns, dev = "", publicKey = ""] = words(key);
    learned.push({ netns, kind: "session", dev, publicKey });
  }
  for (const entry of after.connections) {
    const { netns, original, reply } = entry;
    if (!before.connections.includes(entry)) learned.push({ netns, kind: "connection", original, reply });
  }
  for (const [key, mtu] of after.pmtu) {
    const [netns, address = ""] = words(key);
    const ip = Ip.parse(address);
    if (ip && before.pmtu.get(key) !== mtu) learned.push({ netns, kind: "pmtu", ip, mtu });
  }
  for (const [key, gateway] of after.gateways) {
    const [netns, address = ""] = words(key);
    const ip = Ip.parse(address);
    if (ip && before.gateways.get(key) !== gateway) learned.push({ netns, kind: "redirect", ip, gateway });
  }
  return learned;
}

/** The parts of a key of the state; no name in it holds a space. */
function words(key: string): readonly [string, ...string[]] {
  const [first = "", ...rest] = key.split(" ");
  return [first, ...rest];
}
