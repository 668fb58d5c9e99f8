import type { Ip } from "../addr/ip.ts";
import type { FibResult } from "../kernel/fib.ts";
import type { Netns } from "../kernel/netns.ts";
import { MAIN_TABLE } from "../kernel/route.ts";
import { forwards, routesLocalnet } from "../kernel/sysctl.ts";
import type { DropReason } from "../trace/reason.ts";
import type { IpHeader } from "../wire/header.ts";
import { defragment } from "./fragment.ts";
import { icmpSend } from "./icmp.ts";
import { hook, tracks } from "./netfilter.ts";
import type { Run } from "./run.ts";
import { ipOf, isLimitedBroadcast, type Skb, type Step } from "./skb.ts";
import { validateSource } from "./source.ts";

/** `ip_rcv`: drops what was for another host, runs PREROUTING, and decides between here and onward. */
export function ipReceive(run: Run, skb: Skb): readonly Step[] {
  if (skb.type === "otherhost") {
    const mac = run.netns(skb.netns).links.get(skb.dev ?? "")?.mac;
    return run.drop(skb, "OTHERHOST", { dev: skb.dev ?? "", ...(mac && { expected: [mac] }) });
  }
  const netns = run.netns(skb.netns);
  // Conntrack puts fragments together before any rule sees them (`nf_defrag_ipv4`).
  const whole = tracks(netns) ? defragment(run, skb) : skb;
  if (!whole) return [];
  const passed = whole.prerouted ? whole : hook(run, "PREROUTING", whole, { in: skb.dev });
  return passed ? routeInput(run, netns, passed) : [];
}

/** `ip_route_input_slow`. */
function routeInput(run: Run, netns: Netns, skb: Skb): readonly Step[] {
  const ip = ipOf(skb);
  const dev = skb.dev as string;
  const martian = martianReason(netns, ip, dev);
  if (martian) return run.drop(skb, martian, { dev, ip: martian === "IP_LOCALNET" ? ip.dst : ip.src });
  if (ip.dst.isMulticast) return [{ stage: "ip_local_deliver", skb }];
  if (isLimitedBroadcast(ip.dst)) {
    const stranger = validateSource(run, netns, { src: ip.src, dev });
    return stranger ? run.drop(skb, stranger.reason, { dev, ip: ip.src }) : [{ stage: "ip_local_deliver", skb }];
  }
  const found = run.fib(netns, { dst: ip.dst, src: ip.src, iif: dev, mark: skb.mark });
  const forwarding = forwards(netns, dev, ip.dst.family);
  if (!found || !passable(found)) return unroutable(run, skb, found, forwarding);
  const mine = found.route.type !== "unicast";
  if (!mine && !forwarding) {
    return run.drop(skb, "IP_INADDRERRORS", { route: found, dev });
  }
  const refused = validateSource(run, netns, { src: ip.src, dev });
  if (refused) return run.drop(skb, refused.reason, { dev, ip: ip.src, ...(refused.back && { route: refused.back }) });
  const routed: Skb = { ...skb, route: found };
  run.note(routed, { kind: "route", direction: "input", found });
  return [{ stage: mine ? "ip_local_deliver" : "ip_forward", skb: routed }];
}

function passable({ route }: FibResult): boolean {
  return route.type === "unicast" || route.type === "local" || route.type === "broadcast";
}

/** `ip_error`: a forwarder reports what it has no way for, except where the row says to keep silent. */
function unroutable(run: Run, skb: Skb, found: FibResult | undefined, forwarding: boolean): readonly Step[] {
  const { dst } = ipOf(skb);
  const because = { dev: skb.dev ?? "", ip: dst, ...(found ? { route: found } : { expected: known(run, skb, dst) }) };
  if (found) run.note(skb, { kind: "route", direction: "input", found });
  if (!forwarding) return run.drop(skb, found ? "IP_INADDRERRORS" : "IP_INNOROUTES", because);
  const type = found?.route.type;
  if (type === "blackhole") {
    run.note(skb, { kind: "drop", reason: "route-blackhole", because });
    return [];
  }
  const reason: DropReason =
    type === "unreachable" ? "route-unreachable" : type === "prohibit" ? "route-prohibit" : "IP_INNOROUTES";
  run.note(skb, { kind: "drop", reason, because });
  const error = type === "unreachable" ? "host-unreachable" : type === "prohibit" ? "prohibited" : "net-unreachable";
  return icmpSend(run, skb, error);
}

function martianReason(netns: Netns, ip: IpHeader, dev: string): DropReason | undefined {
  if (dev === "lo") return undefined;
  if (ip.src.isMulticast || ip.src.isUnspecified) return "IP_INVALID_SOURCE";
  if (ip.dst.isUnspecified) return "IP_INVALID_DEST";
  const loopback = ip.src.isLoopback || ip.dst.isLoopback;
  return loopback && !(ip.dst.family === 4 && routesLocalnet(netns, dev)) ? "IP_LOCALNET" : undefined;
}

/** How many prefixes are named where none fits. */
const MOST_NAMED = 4;

/** What the namespace has ways to instead. */
function known(run: Run, skb: Skb, dst: Ip): readonly string[] {
  const netns = run.netns(skb.netns);
  const rows = netns.routes.near(netns.peers.byIp(dst)).filter((row) => row.table === MAIN_TABLE);
  const prefixes = [...new Set(rows.filter((row) => row.dst.family === dst.family).map((row) => `${row.dst}`))];
  const rest = prefixes.length - MOST_NAMED;
  return rest > 0 ? [...prefixes.slice(0, MOST_NAMED), `${rest} more`] : prefixes;
}
