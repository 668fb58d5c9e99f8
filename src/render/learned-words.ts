import { type Learned, PMTU_SECONDS, REDIRECT_SECONDS, type Tuple } from "../trace/learned.ts";
import { placeName } from "../trace/project.ts";
import { protocolName } from "../wire/protocol.ts";
import { neighbourText } from "./iproute.ts";

/** A learned row in the words of whoever shows it on a real machine: `ip route get`, `ip neigh`, `bridge fdb`, `conntrack -L`. */
export function learnedWords(row: Learned): string {
  switch (row.kind) {
    case "pmtu":
      return `route ${row.ip} cache expires ${PMTU_SECONDS}sec mtu ${row.mtu}`;
    case "redirect":
      return `route ${row.ip} via ${row.gateway} cache <redirected> expires ${REDIRECT_SECONDS}sec`;
    case "neighbour":
      return `neigh ${neighbourText(row.entry)}`;
    case "fdb":
      return `fdb ${row.entry.mac} dev ${row.entry.dev} master ${row.bridge}`;
    case "connection":
      return `conntrack ${connectionWords(row.original, row.reply)}`;
    case "session":
      return `session of ${row.dev} with peer ${row.publicKey.slice(0, 8)}…`;
  }
}

/** Learned rows in words, gathered by the plain names of who learned them. */
export function byPlace(learned: readonly Learned[]): readonly (readonly [string, readonly string[]])[] {
  const places = new Map<string, string[]>();
  for (const row of learned) {
    const name = placeName(row.netns);
    places.set(name, [...(places.get(name) ?? []), learnedWords(row)]);
  }
  return [...places];
}

/** The replies' side only where something was translated: else it is the same backwards. */
function connectionWords(original: Tuple, reply: Tuple): string {
  const there = `${protocolName(original.protocol)} ${tupleWords(original)}`;
  const plain = reply.src.equals(original.dst) && reply.dst.equals(original.src);
  return plain ? there : `${there} ${tupleWords(reply)}`;
}

function tupleWords({ src, dst, protocol, sport, dport }: Tuple): string {
  const ends = `src=${src} dst=${dst}`;
  if (sport === 0) return ends;
  return `${ends} ${protocolName(protocol).startsWith("icmp") ? `id=${sport}` : `sport=${sport} dport=${dport}`}`;
}
