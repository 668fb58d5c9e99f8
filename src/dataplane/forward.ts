import type { FibResult } from "../kernel/fib.ts";
import { lengthOf } from "../wire/stack.ts";
import { icmpSend } from "./icmp.ts";
import { hook } from "./netfilter.ts";
import { redirect } from "./redirect.ts";
import type { Run } from "./run.ts";
import { ipOf, type Skb, type Step, unsplittable, withIp } from "./skb.ts";

/**
 * `ip_forward`: only what came in a frame for this machine alone (`pkt_type != PACKET_HOST`). TTL first, then the size, then one off the TTL, then the FORWARD hook. A learned path MTU does not count
 * here (ip_forward_use_pmtu 0), only the device's and the route's own.
 */
export function forward(run: Run, skb: Skb): readonly Step[] {
  const ip = ipOf(skb);
  const route = skb.route as FibResult;
  const netns = run.netns(skb.netns);
  if (skb.type !== "host") {
    const mac = netns.links.get(skb.dev ?? "")?.mac;
    return run.drop(skb, "group-frame", { dev: skb.dev ?? "", ...(mac && { expected: [mac] }) });
  }
  if (ip.ttl <= 1) {
    run.note(skb, { kind: "drop", reason: "TTL_EXPIRED", because: { route } });
    return icmpSend(run, skb, "ttl-exceeded");
  }
  const dev = route.nexthop?.dev ?? "";
  const link = netns.links.get(dev);
  if (!link) return run.drop(skb, "DEV_READY", { dev });
  const mtu = Math.min(route.route.mtu ?? link.mtu, link.mtu);
  const size = lengthOf(skb.packet);
  // Put together from fragments it may be cut again; what matters is the largest of them (`ip_exceeds_mtu`).
  if ((skb.largest ?? size) > mtu && unsplittable(ip)) {
    run.note(skb, { kind: "drop", reason: "PKT_TOO_BIG", because: { route, mtu, size, dev } });
    return icmpSend(run, skb, "frag-needed", { mtu });
  }
  const lowered = withIp(skb, { ttl: ip.ttl - 1 });
  run.note(lowered, { kind: "forward", ttl: ip.ttl - 1 });
  redirect(run, lowered, route);
  const passed = hook(run, "FORWARD", lowered, { in: skb.dev, out: dev });
  return passed ? [{ stage: "ip_output", skb: { ...passed, dev } }] : [];
}
