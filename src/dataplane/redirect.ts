import { Ip } from "../addr/ip.ts";
import type { FibResult } from "../kernel/fib.ts";
import { hasEthernet } from "../kernel/link.ts";
import { acceptsRedirects, sendsRedirects } from "../kernel/sysctl.ts";
import type { Header } from "../wire/header.ts";
import { lengthOf } from "../wire/stack.ts";
import { icmpPacket, silence } from "./icmp.ts";
import { findNeighbour } from "./neighbour.ts";
import type { Run } from "./run.ts";
import { ipOf, type Skb, type Step } from "./skb.ts";

/** How often one sender is told before it is given up (`net.ipv4.route.redirect_number`). */
const MOST_REDIRECTS = 9;

/** ICMP redirect for a host. */
const REDIRECT = { type: 5, code: 1 } as const;

/**
 * `ip_rt_send_redirect`: what leaves by the device it came in by, from a sender on that link, goes on all the same, and
 * its sender is told of the next hop. The kernel waits longer between one and the next (20 ms, doubled each time); a walk
 * has no clock, and only counts them. IPv6's redirects name link-local gateways alone, and no row here has one.
 */
export function redirect(run: Run, skb: Skb, route: FibResult): void {
  const ip = ipOf(skb);
  const dev = route.nexthop?.dev ?? "";
  if (ip.kind !== "ipv4" || dev !== skb.dev || !isNear(run, skb, dev)) return;
  const netns = run.netns(skb.netns);
  if (!sendsRedirects(netns, dev)) return;
  const gateway = route.nexthop?.via ?? ip.dst;
  const key = `${netns.name} ${ip.src}`;
  const told = run.state.redirects.get(key) ?? 0;
  const silent = silence(skb) ?? (told >= MOST_REDIRECTS ? "rate-limited" : undefined);
  if (silent) {
    run.note(skb, { kind: "redirect", gateway, why: silent });
    return;
  }
  const body: readonly Header[] = [
    { kind: "icmp", ...REDIRECT, rest: gateway.words[0] ?? 0 },
    { kind: "quote", packet: skb.packet, length: Math.min(548, lengthOf(skb.packet)) },
  ];
  const { id, made } = icmpPacket(run, skb, "redirect", body);
  if (!made) return;
  run.state.redirects.set(key, told + 1);
  run.note(skb, { kind: "redirect", gateway, sent: id });
  run.settle([{ stage: "ip_local_out", skb: made }]);
}

/** Whether the sender is on the link itself: the way back to it has no gateway (`fib_validate_source`, scope). */
function isNear(run: Run, skb: Skb, dev: string): boolean {
  const back = run.fib(run.netns(skb.netns), { dst: ipOf(skb).src, iif: "lo" });
  return back?.route.type === "unicast" && back.nexthop?.dev === dev && back.nexthop.via === undefined;
}

/**
 * `__ip_do_redirect`: believed when it comes from the gateway in use, by whoever accepts redirects, and once the new
 * gateway is a known neighbour; the question for it is all that follows from a redirect before.
 */
export function takeRedirect(run: Run, skb: Skb): readonly Step[] {
  const [, icmp, quote] = skb.packet;
  const about = quote?.kind === "quote" ? quote.packet[0] : undefined;
  if (icmp?.kind === "icmp" && about?.kind === "ipv4") believe(run, skb, about.dst, Ip.of(icmp.rest));
  return [];
}

function believe(run: Run, skb: Skb, about: Ip, gateway: Ip): void {
  const netns = run.netns(skb.netns);
  const from = ipOf(skb).src;
  const found = run.fib(netns, { dst: about });
  const dev = found?.nexthop?.dev ?? "";
  const link = netns.links.get(dev);
  if (!found?.nexthop?.via?.equals(from) || gateway.equals(from) || !link || !hasEthernet(link)) return;
  if (!acceptsRedirects(netns, skb.dev ?? "") || gateway.isMulticast || gateway.isUnspecified) return;
  if (netns.addresses.some(({ ip }) => ip.equals(gateway))) return;
  const { entry, asked } = findNeighbour(run, netns, link, skb, gateway);
  // Of a warm network all neighbours are taken to be known.
  if (!entry || (asked && run.cold)) return;
  run.state.gateways.set(`${netns.name} ${about}`, gateway);
  run.note(skb, { kind: "redirected", ip: about, gateway });
}
