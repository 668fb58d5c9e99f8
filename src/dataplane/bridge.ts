import { isGroup, type Mac } from "../addr/mac.ts";
import type { FdbEntry } from "../kernel/fdb.ts";
import type { Bridge, Link } from "../kernel/link.ts";
import type { Netns } from "../kernel/netns.ts";
import { bridgeCallsIptables } from "../kernel/sysctl.ts";
import { defragment, fragmentOut } from "./fragment.ts";
import { hook, tracks } from "./netfilter.ts";
import { addressed, protocolStep } from "./receive.ts";
import type { Run } from "./run.ts";
import { ethernetOf, ipLength, type Skb, type Step } from "./skb.ts";

/** What br_netfilter cuts to on a bridge whose MTU nobody has changed; measured on 6.18. */
const ROUTE_MTU = 1500;

/** `br_handle_frame`: learns the sender, then up to the host, on to a port, or to all of them. */
export function bridgeHandleFrame(run: Run, skb: Skb): readonly Step[] {
  const netns = run.netns(skb.netns);
  const port = netns.links.get(skb.dev ?? "");
  const bridge = netns.links.get(port?.master ?? "");
  const ethernet = ethernetOf(skb);
  if (!port || bridge?.kind !== "bridge" || !ethernet) return run.drop(skb, "DEV_READY");
  if (port.state !== undefined && port.state !== "learning") return blocked(run, skb, port);
  if (isGroup(ethernet.src)) return run.drop(skb, "MAC_INVALID_SOURCE");
  run.state.fdb.set(`${netns.name} ${bridge.name} ${ethernet.src}`, { dev: port.name, mac: ethernet.src, by: "arp" });
  if (port.state !== undefined) return blocked(run, skb, port);
  if (!bridge.up) return run.drop(skb, "DEV_READY", { dev: bridge.name });
  const frame = preRoute(run, netns, bridge, skb);
  if (!frame) return [];
  if (ethernet.dst === bridge.mac) return passUp(run, bridge, frame);
  if (!isGroup(ethernet.dst)) return unicast(run, netns, bridge, port, frame, ethernet.dst);
  const others = egress(netns, bridge, port);
  run.note(frame, { kind: "flood", accepted: [], ignored: 0 });
  // The ports first, then the host itself, as `br_handle_frame_finish` does.
  const copies = others.flatMap((to) => out(run, netns, bridge, to, copyOf(run, frame), port));
  return [...copies, ...passUp(run, bridge, frame)];
}

/** A port that does not forward takes nothing in; while it learns it looks at the sender first. */
function blocked(run: Run, skb: Skb, port: Link): readonly Step[] {
  return run.drop(skb, "BRIDGE_INGRESS_STP_STATE", { dev: port.name });
}

/** `br_nf_pre_routing`: with br_netfilter, every IPv4 frame passes PREROUTING here, and fragments are put together. */
function preRoute(run: Run, netns: Netns, bridge: Bridge, skb: Skb): Skb | undefined {
  const [ethernet, ...rest] = skb.packet;
  if (!ethernet || rest[0]?.kind !== "ipv4" || !bridgeCallsIptables(netns)) return skb;
  const packet: Skb = { ...skb, packet: rest, dev: bridge.name };
  const whole = tracks(netns) ? defragment(run, packet) : packet;
  const passed = whole && hook(run, "PREROUTING", whole, { in: bridge.name });
  return passed && { ...passed, dev: skb.dev ?? "", packet: [ethernet, ...passed.packet], prerouted: true };
}

/** `br_dev_xmit`: the host itself sends into its bridge. */
export function bridgeXmit(run: Run, skb: Skb): readonly Step[] {
  const netns = run.netns(skb.netns);
  const bridge = netns.links.get(skb.dev ?? "");
  const dst = ethernetOf(skb)?.dst;
  if (bridge?.kind !== "bridge" || !dst) return run.drop(skb, "DEV_READY");
  if (!isGroup(dst)) return unicast(run, netns, bridge, undefined, skb, dst);
  const ports = egress(netns, bridge, undefined);
  return ports.flatMap((to, i) => [transmit(i === 0 ? skb : copyOf(run, skb), to)]);
}

function unicast(run: Run, netns: Netns, bridge: Bridge, from: Link | undefined, skb: Skb, dst: Mac): readonly Step[] {
  const entry = lookup(run, netns, bridge, dst);
  if (!entry) {
    const others = egress(netns, bridge, from);
    run.note(skb, { kind: "flood", accepted: [], ignored: others.length });
    if (others.length === 0) return run.drop(skb, "BRIDGE_NO_EGRESS_PORT", { dev: bridge.name });
    return others.flatMap((to, i) => out(run, netns, bridge, to, i === 0 ? skb : copyOf(run, skb), from));
  }
  run.note(skb, { kind: "fdb", entry });
  const to = netns.links.get(entry.dev);
  if (!to || to.master !== bridge.name) return run.drop(skb, "BRIDGE_NO_EGRESS_PORT", { dev: entry.dev });
  if (to.state !== undefined) return run.drop(skb, "BRIDGE_NO_EGRESS_PORT", { dev: to.name });
  if (from && to.name === from.name && !to.hairpin) return run.drop(skb, "BRIDGE_NO_EGRESS_PORT", { dev: to.name });
  return out(run, netns, bridge, to, skb, from);
}

/** Written entries first, then what the bridge has learned. */
function lookup(run: Run, netns: Netns, bridge: Bridge, mac: Mac): FdbEntry | undefined {
  const written = netns.fdb.near([]).find((row) => row.mac === mac && netns.links.get(row.dev)?.master === bridge.name);
  return written ?? run.state.fdb.get(`${netns.name} ${bridge.name} ${mac}`);
}

/**
 * The ports a frame that came in by `from` may leave by: not that one, unless it hairpins. The newest comes first, as in
 * the list that `br_flood` goes through (`br_add_if` puts a port at its head).
 */
function egress(netns: Netns, bridge: Bridge, from: Link | undefined): readonly Link[] {
  const ports = [...netns.links.values()].filter(
    (link) =>
      link.master === bridge.name &&
      link.up &&
      link.state === undefined &&
      (link.name !== from?.name || (link.hairpin ?? false)),
  );
  return ports.reverse();
}

/** Out by a port; what came in by another one passes FORWARD and POSTROUTING when br_netfilter is on. */
function out(run: Run, netns: Netns, bridge: Bridge, to: Link, skb: Skb, from: Link | undefined): readonly Step[] {
  const [ethernet, ...rest] = skb.packet;
  if (!from || !ethernet || rest[0]?.kind !== "ipv4" || !bridgeCallsIptables(netns)) return [transmit(skb, to)];
  const forwarded = hook(run, "FORWARD", { ...skb, packet: rest }, { in: bridge.name, out: bridge.name });
  const passed = forwarded && hook(run, "POSTROUTING", forwarded, { out: bridge.name });
  if (!passed) return [];
  // What was put together is taken apart again (`br_nf_dev_queue_xmit`), unless a piece was larger than the bridge's route.
  const { largest } = passed;
  const size = ipLength(passed.packet);
  const mtu = bridge.routeMtu ?? ROUTE_MTU;
  if (largest !== undefined && largest > mtu && size > Math.min(to.mtu, largest)) {
    return run.drop(passed, "PKT_TOO_BIG", { mtu, size, dev: bridge.name });
  }
  const pieces = fragmentOut(run, passed, to);
  return (pieces ?? []).map((piece) => transmit({ ...piece, packet: [ethernet, ...piece.packet] }, to));
}

function transmit(skb: Skb, to: Link): Step {
  return { stage: "dev_queue_xmit", skb: { ...skb, dev: to.name } };
}

/**
 * `br_pass_frame_up`: the bridge's own device takes the frame in. What br_netfilter put together goes on as if it had
 * come whole, because `ip_rcv` clears what is kept beside it.
 */
function passUp(run: Run, bridge: Bridge, skb: Skb): readonly Step[] {
  const { largest: _, ...whole } = skb;
  const here: Skb = { ...whole, dev: bridge.name, type: addressed(bridge, skb) };
  run.note(here, { kind: "receive" });
  return [protocolStep(here)];
}

function copyOf(run: Run, skb: Skb): Skb {
  return { ...skb, id: run.packet("flood", skb.id) };
}
