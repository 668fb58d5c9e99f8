import type { Ip } from "../addr/ip.ts";
import { Prefix, parseWithLength } from "../addr/prefix.ts";
import type { Host, Router } from "../topology/topology.ts";
import type { Site } from "./sites.ts";

/** What an address or a prefix is to somebody: `@q.share`; `undefined` when it is nothing to them. */
export type Naming = (prefix: Prefix) => string | undefined;

/** A host's own addresses and its share of the pod network, under a label. */
export function hostNaming(label: string, { podCIDRs, nodeIPs, nics }: Host): Naming {
  return (prefix) => {
    for (const [i, share] of podCIDRs.entries()) {
      if (!share.containsPrefix(prefix)) continue;
      const within = share.equals(prefix) ? "" : `+${prefix.ip.minus(share.ip)}/${prefix.length}`;
      return `@${label}.share${i}${within}`;
    }
    const node = indexOf(nodeIPs, prefix);
    if (node >= 0) return `@${label}.node${node}`;
    return cardNaming(label, nics)(prefix);
  };
}

function cardNaming(label: string, nics: Router["nics"]): Naming {
  return (prefix) => {
    for (const { name, addresses } of nics) {
      const i = indexOf(
        addresses.map(({ ip }) => ip),
        prefix,
      );
      if (i >= 0) return `@${label}.${name}.${i}`;
    }
    return undefined;
  };
}

/** The networks and routers of a site, by their places in it. */
export function siteNaming({ subnets, routers }: Site): Naming {
  const cards = routers.map((router, i) => cardNaming(`r${i}`, router.nics));
  return (prefix) => {
    for (const [i, { cidrs }] of subnets.entries()) {
      const at = cidrs.findIndex((cidr) => cidr.equals(prefix));
      if (at >= 0) return `@s${i}.${at}`;
    }
    for (const naming of cards) {
      const name = naming(prefix);
      if (name !== undefined) return name;
    }
    return undefined;
  };
}

/** A command with every address in it called what it is to the first who knows it; the others stay as they are. */
export function relativeText(text: string, ...namings: readonly Naming[]): string {
  return text.replace(WORD, (word) => {
    const read = parseWithLength(word);
    if (!read) return word;
    const { ip, length } = read;
    const network = Prefix.of(ip, length);
    // An address that stands in its network keeps its own name, and the length.
    const [prefix, rest] = network.ip.equals(ip) ? [network, ""] : [Prefix.of(ip), `/${length}`];
    for (const naming of namings) {
      const name = naming(prefix);
      if (name !== undefined) return name + rest;
    }
    return word;
  });
}

/** Every address and prefix that a command names. */
export function prefixesIn(text: string): readonly Prefix[] {
  return [...text.matchAll(WORD)].flatMap(([word]) => {
    const read = parseWithLength(word);
    return read ? Prefix.of(read.ip, read.length) : [];
  });
}

/** What may be an address, with or without a length. */
const WORD = /\d+\.\d+\.\d+\.\d+(?:\/\d+)?|[0-9a-fA-F]*:[0-9a-fA-F:.]*:[0-9a-fA-F:.]*(?:\/\d+)?/g;

function indexOf(ips: readonly Ip[], { ip, length }: Prefix): number {
  return length === ip.bits ? ips.findIndex((each) => each.equals(ip)) : -1;
}
