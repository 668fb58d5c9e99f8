import type { Ipip } from "../kernel/link.ts";
import type { Header } from "../wire/header.ts";
import { lengthOf } from "../wire/stack.ts";
import { icmpSend } from "./icmp.ts";
import { originate, pathMtu } from "./originate.ts";
import type { Run } from "./run.ts";
import { ipOf, type Skb, type Step } from "./skb.ts";
import { arrive } from "./xmit.ts";

const RECURSION_LIMIT = 8;

/**
 * `ip_tunnel_xmit`: the outer destination is the tunnel's remote, or the gateway of the route that led here (NBMA);
 * TTL and DF are copied from the inner packet unless the device says otherwise.
 */
export function ipipXmit(run: Run, skb: Skb): readonly Step[] {
  const netns = run.netns(skb.netns);
  const link = netns.links.get(skb.dev ?? "") as Ipip;
  const inner = ipOf(skb);
  if (inner.kind !== "ipv4") return run.drop(skb, "UNHANDLED_PROTO", { dev: link.name });
  const dst = link.remote ?? skb.route?.nexthop?.via ?? inner.dst;
  if (skb.depth >= RECURSION_LIMIT) return run.drop(skb, "RECURSION_LIMIT", { dev: link.name, ip: dst });
  const way = run.fib(netns, { dst, src: link.local });
  // The outer packet would enter the same tunnel again (`tx_errors`, collisions).
  if (way?.nexthop?.dev === link.name) return run.drop(skb, "RECURSION_LIMIT", { dev: link.name, ip: dst, route: way });
  const df = link.pmtudisc || inner.df;
  if (way && inner.df) {
    const mtu = pathMtu(run, netns, way, dst) - 20;
    const size = lengthOf(skb.packet);
    // `tnl_update_pmtu`: what was learned about the path below is passed on to the sender above.
    if (size > mtu) {
      run.state.pmtu.set(`${netns.name} ${inner.dst}`, mtu);
      run.note(skb, { kind: "drop", reason: "PKT_TOO_BIG", because: { mtu, size, dev: link.name } });
      return icmpSend(run, skb, "frag-needed", { mtu });
    }
  }
  const outer = originate(run, {
    id: skb.id,
    netns: skb.netns,
    src: link.local,
    dst,
    ttl: link.ttl === "inherit" ? inner.ttl : link.ttl,
    tos: inner.tos & 3,
    df,
    payload: skb.packet,
    depth: skb.depth + 1,
  });
  if (!outer) return run.drop(skb, "IP_OUTNOROUTES", { dev: link.name, ip: dst, ...(way && { route: way }) });
  run.note({ ...outer, dev: link.name }, { kind: "encapsulate", pushed: [outer.packet[0] as Header], by: link.name });
  return [{ stage: "ip_local_out", skb: outer }];
}

/** `ipip_rcv`: the tunnel whose addresses match best, at last the one that names none (`ip_tunnel_lookup`). */
export function ipipReceive(run: Run, skb: Skb): readonly Step[] {
  const outer = ipOf(skb);
  const tunnels = [...run.netns(skb.netns).links.values()].filter((link): link is Ipip => link.kind === "ipip");
  const fits = (link: Ipip) =>
    (!link.local || link.local.equals(outer.dst)) && (!link.remote || link.remote.equals(outer.src));
  const named = (link: Ipip) => (link.remote ? 2 : 0) + (link.local ? 1 : 0);
  const [link] = tunnels.filter((link) => link.up && fits(link)).sort((a, b) => named(b) - named(a));
  if (!link) {
    run.note(skb, { kind: "drop", reason: "IP_NOPROTO" });
    // net/ipv4/tunnel4.c `tunnel4_rcv` answers in its own way where the module is loaded: for the sake of a tunnel, if any.
    return icmpSend(run, skb, tunnels.length > 0 ? "port-unreachable" : "protocol-unreachable");
  }
  const inner: Skb = { ...arrive(skb, skb.netns, link.name), packet: skb.packet.slice(1) };
  run.note(inner, { kind: "decapsulate", popped: [outer], by: link.name });
  return [{ stage: "netif_receive_skb", skb: inner }];
}
