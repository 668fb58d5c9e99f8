import type { Ip } from "../addr/ip.ts";
import type { Mac } from "../addr/mac.ts";
import { fibLookup } from "../kernel/fib.ts";
import { hasEthernet, type Link } from "../kernel/link.ts";
import { neighbourKey } from "../kernel/neighbour.ts";
import type { Netns } from "../kernel/netns.ts";
import type { Route } from "../kernel/route.ts";
import { forwards, proxies } from "../kernel/sysctl.ts";
import type { Packet } from "../wire/header.ts";
import type { Run } from "./run.ts";
import type { Skb, Step } from "./skb.ts";
import { validateSource } from "./source.ts";

/**
 * `arp_process`: learns from what it hears, and answers for addresses that are local to the namespace, whatever
 * device they are on (arp_ignore 0), or that it would forward out of another device when proxy_arp is on.
 */
export function arpReceive(run: Run, skb: Skb): readonly Step[] {
  const arp = skb.packet[1];
  const netns = run.netns(skb.netns);
  const link = netns.links.get(skb.dev ?? "");
  if (arp?.kind !== "arp" || !link || !hasEthernet(link) || skb.type === "otherhost") return [];
  if (arp.op === "reply") {
    learn(run, netns, link, arp.spa, arp.sha);
    return [];
  }
  if (validateSource(run, netns, { src: arp.spa, dev: link.name })) return [];
  const answer = answersFor(netns, link, arp.tpa, arp.spa);
  if (!answer) return [];
  learn(run, netns, link, arp.spa, arp.sha);
  const packet: Packet = [
    { kind: "ethernet", src: link.mac, dst: arp.sha },
    { kind: "arp", op: "reply", sha: link.mac, spa: arp.tpa, tha: arp.sha, tpa: arp.spa },
  ];
  return reply(run, skb, packet, { ip: arp.tpa, mac: link.mac, ...answer });
}

/** The same for IPv6: `ndisc_recv_ns` and `ndisc_recv_na`. Neighbour discovery answers only for the device's own addresses, or by proxy. */
export function ndiscReceive(run: Run, skb: Skb): readonly Step[] {
  const [, ip, ndp] = skb.packet;
  const netns = run.netns(skb.netns);
  const link = netns.links.get(skb.dev ?? "");
  if (ip?.kind !== "ipv6" || ndp?.kind !== "ndp" || !link || !hasEthernet(link) || skb.type === "otherhost") return [];
  if (ndp.op === "advert") {
    learn(run, netns, link, ndp.target, ndp.lladdr);
    return [];
  }
  const own = netns.addresses.some((address) => address.dev === link.name && address.ip.equals(ndp.target));
  const answer = own ? {} : proxy(netns, link, ndp.target, ip.src);
  if (!answer) return [];
  if (!ip.src.isUnspecified) learn(run, netns, link, ip.src, ndp.lladdr);
  const packet: Packet = [
    { kind: "ethernet", src: link.mac, dst: ndp.lladdr },
    { kind: "ipv6", src: ndp.target, dst: ip.src, ttl: 255, tos: 0, flow: 0 },
    {
      kind: "ndp",
      op: "advert",
      target: ndp.target,
      lladdr: link.mac,
      ...(forwards(netns, link.name, 6) && { router: true }),
    },
  ];
  return reply(run, skb, packet, { ip: ndp.target, mac: link.mac, ...answer });
}

function reply(run: Run, asked: Skb, packet: Packet, answer: { ip: Ip; mac: Mac; proxy?: Route }): readonly Step[] {
  const skb: Skb = { ...asked, id: run.packet("arp", asked.id), packet, type: "host", local: true };
  run.note(skb, { kind: "arp", op: "reply", ...answer });
  return [{ stage: "dev_queue_xmit", skb }];
}

function answersFor(netns: Netns, link: Link, target: Ip, asker: Ip): { proxy?: Route } | undefined {
  if (target.isMulticast || target.isLoopback) return undefined;
  if (netns.addresses.some((address) => address.ip.equals(target))) return {};
  return proxy(netns, link, target, asker);
}

/** `arp_fwd_proxy`: forwarding and proxying are on, and the way to the target leads out of another device. */
function proxy(netns: Netns, link: Link, target: Ip, asker: Ip): { proxy: Route } | undefined {
  if (!forwards(netns, link.name, target.family) || !proxies(netns, link.name, target.family)) return undefined;
  const found = fibLookup(netns, { dst: target, src: asker, iif: link.name });
  if (found?.route.type !== "unicast" || found.nexthop?.dev === link.name) return undefined;
  return { proxy: found.route };
}

function learn(run: Run, netns: Netns, link: Link, ip: Ip, mac: Mac): void {
  if (ip.isUnspecified) return;
  const entry = { dev: link.name, ip, lladdr: mac, state: "reachable", by: "arp" } as const;
  run.state.neighbours.set(`${netns.name} ${neighbourKey(entry)}`, entry);
}
