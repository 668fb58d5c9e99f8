import type { Netns } from "../kernel/netns.ts";
import type { Refused } from "../kernel/refused.ts";
import type { Peer } from "../kernel/table.ts";
import type { Sighting } from "./finding.ts";
import type { Kind, Scope } from "./scope.ts";

/** Rows that agents asked for and kernels refused, read for one peer of each kind in the own site and one elsewhere. */
export function* refusals({ kinds, siteOf }: Scope): Generator<Sighting> {
  for (const kind of kinds) {
    const about = new Map<string, { readonly refused: Refused; pairs: number; readonly example: Host }>();
    const home = siteOf(kind.sample);
    const others = kinds.flatMap(({ hosts }) => {
      const peers = hosts.filter((host) => host !== kind.sample);
      return [peers.filter((host) => siteOf(host) === home), peers.filter((host) => siteOf(host) !== home)];
    });
    for (const peers of others) {
      const [peer] = peers;
      const pairs = peers.length;
      for (const refused of peer ? refusedFor(kind.netns, peer) : []) {
        const key = `${refused.asked.table} ${refused.text}`;
        const known = about.get(key);
        if (known) known.pairs += pairs;
        else about.set(key, { refused, pairs, example: peer as Host });
      }
    }
    for (const { refused, pairs, example } of about.values()) yield sighting(kind, refused, pairs, example);
  }
}

type Host = Kind["sample"];

function refusedFor(netns: Netns, { nodeIPs, name }: Host): readonly Refused[] {
  const peers: Peer[] = nodeIPs.flatMap((ip) => netns.peers.byIp(ip)).filter((peer) => peer.name === name);
  return [...netns.refused(peers.slice(0, 1))];
}

function sighting({ sample, hosts, netns }: Kind, refused: Refused, pairs: number, example: Host): Sighting {
  const at = sample.name;
  const base = { severity: "error", at, path: ["hosts", at], count: hosts.length } as const;
  const { asked, by, text: said, errno } = refused;
  if (asked.table !== "route") {
    const what = "words" in asked ? asked.words : `a row of its ${asked.table} table`;
    return { ...base, code: "ROUTE_REFUSED", text: `${at} refuses ${by} ${what}: ${said} (${errno}).` };
  }
  const { dst, via } = asked.row;
  const others = pairs > 1 ? `, and ${pairs - 1} more like it` : "";
  const offLink = via !== undefined && /gateway|host/i.test(said);
  const links = netns.addresses
    .filter(({ dev }) => netns.links.get(dev)?.kind === "nic")
    .map(({ dev, ip, length }) => `${dev} ${ip}/${length}`);
  const why = offLink ? ` ${via} is on no link of ${at} (${links.join(", ")}).` : "";
  return {
    ...base,
    code: offLink ? "NEXTHOP_NOT_ONLINK" : "ROUTE_REFUSED",
    text: `${by} on ${at} asks for ${dst} via ${via} to reach ${example.name}${others}, and the kernel says "${said}".${why}`,
  };
}
