import type { Tun } from "../kernel/link.ts";
import type { Forwarder } from "../kernel/process.ts";
import { defaultTtl } from "../kernel/sysctl.ts";
import type { Header, IpHeader } from "../wire/header.ts";
import { lengthOf } from "../wire/stack.ts";
import { originate } from "./originate.ts";
import type { Run } from "./run.ts";
import { ipOf, type Skb, type Step, withIp } from "./skb.ts";

/**
 * `tun_net_xmit` and what the process at the other end does: read, look up the lease, one off the TTL, send in a
 * datagram. The lookup comes before the TTL, and at TTL 0 nothing is reported (`proxy_amd64.c`, `tun_to_udp`).
 */
export function tunXmit(run: Run, skb: Skb): readonly Step[] {
  const netns = run.netns(skb.netns);
  const link = netns.links.get(skb.dev ?? "") as Tun;
  const forwarder = netns.forwarders.find((row) => row.tun === link.name);
  if (!forwarder) return run.drop(skb, "process-gone", { dev: link.name });
  run.note(skb, { kind: "read", forwarder });
  const ip = ipOf(skb);
  const size = lengthOf(skb.packet);
  if (size > forwarder.buffer) return run.drop(skb, "process-truncated", { size, mtu: forwarder.buffer });
  const leases = netns.leases.near(netns.peers.byIp(ip.dst)).filter((row) => row.process === forwarder.process);
  const lease = leases.find((row) => row.dst.contains(ip.dst));
  if (!lease) return noLease(run, skb, forwarder);
  const lowered = withIp(skb, { ttl: ip.ttl - 1 });
  run.note(lowered, { kind: "lease", lease });
  if (ip.ttl - 1 <= 0) return run.drop(lowered, "process-ttl");
  const udp: Header = { kind: "udp", sport: forwarder.port, dport: lease.port };
  const outer = originate(run, {
    id: skb.id,
    netns: skb.netns,
    src: forwarder.ip,
    dst: lease.to,
    ttl: defaultTtl(netns),
    df: "auto",
    payload: [udp, ...lowered.packet],
  });
  if (!outer) return run.drop(lowered, "IP_OUTNOROUTES", { ip: lease.to });
  const pushed = [outer.packet[0] as Header, udp];
  run.note({ ...outer, dev: link.name }, { kind: "sendto", forwarder });
  run.note({ ...outer, dev: link.name }, { kind: "encapsulate", pushed, by: forwarder.process });
  return [{ stage: "ip_local_out", skb: outer }];
}

/**
 * A destination nobody leases: the process writes a net-unreachable back into its own device. Its source is the
 * device's own address, so the kernel takes it for a martian and the sender hears nothing (`send_net_unreachable`).
 */
function noLease(run: Run, skb: Skb, forwarder: Forwarder): readonly Step[] {
  const ip = ipOf(skb);
  run.note(skb, { kind: "drop", reason: "no-lease", because: { ip: ip.dst } });
  const src = run.netns(skb.netns).addresses.find((address) => address.dev === forwarder.tun)?.ip;
  const aboutIcmp = skb.packet[1]?.kind === "icmp";
  if (!src || aboutIcmp || ip.kind !== "ipv4" || (ip.fragment?.offset ?? 0) > 0) return [];
  const id = run.packet("icmp-error", skb.id);
  const header: IpHeader = { kind: "ipv4", src, dst: ip.src, ttl: 8, tos: 0, id: 0, df: false };
  const error: readonly Header[] = [
    { kind: "icmp", type: 3, code: 0, rest: 0 },
    { kind: "quote", packet: skb.packet, length: Math.min(28, lengthOf(skb.packet)) },
  ];
  run.note(skb, { kind: "icmp", error: { type: 3, code: 0 }, sent: id });
  return intoTun({ ...skb, id, packet: [header, ...error] }, forwarder, run);
}

/** The process takes the packet out of the datagram, one off the TTL, and writes it into its device; nothing is checked. */
export function forwarderReceive(run: Run, skb: Skb): readonly Step[] {
  const [outer, udp, inner] = skb.packet;
  const netns = run.netns(skb.netns);
  const port = udp?.kind === "udp" ? udp.dport : undefined;
  const forwarder = netns.forwarders.find((row) => row.port === port);
  if (!forwarder || !outer || !udp) return run.drop(skb, "process-gone");
  run.note(skb, { kind: "recvfrom", forwarder });
  if (inner?.kind !== "ipv4" && inner?.kind !== "ipv6") return run.drop(skb, "UNHANDLED_PROTO");
  const bare: Skb = { ...skb, packet: skb.packet.slice(2) };
  const size = lengthOf(bare.packet);
  // One buffer serves both ways (`udp_to_tun`); what is cut off, the kernel takes for a truncated packet.
  if (size > forwarder.buffer) return run.drop(bare, "process-truncated", { size, mtu: forwarder.buffer });
  const socket = netns.sockets.find((row) => row.owner.name === forwarder.process && row.port === port);
  const popped = [outer, udp];
  run.note(bare, { kind: "decapsulate", popped, by: forwarder.process, ...(socket && { socket }) });
  const lowered = withIp(bare, { ttl: inner.ttl - 1 });
  if (inner.ttl - 1 <= 0) return run.drop(lowered, "process-ttl");
  return intoTun(lowered, forwarder, run);
}

function intoTun(skb: Skb, forwarder: Forwarder, run: Run): readonly Step[] {
  const written: Skb = {
    id: skb.id,
    netns: skb.netns,
    packet: skb.packet,
    dev: forwarder.tun,
    type: "host",
    mark: 0,
    local: false,
    depth: 0,
  };
  run.note(written, { kind: "write", forwarder });
  return [{ stage: "netif_receive_skb", skb: written }];
}
