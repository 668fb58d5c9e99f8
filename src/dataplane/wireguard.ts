import type { Ip } from "../addr/ip.ts";
import type { WireguardLink } from "../kernel/link.ts";
import type { Netns } from "../kernel/netns.ts";
import { defaultTtl } from "../kernel/sysctl.ts";
import { peerOf, type WireguardPeer } from "../kernel/wireguard.ts";
import type { Header, Udp, Wireguard } from "../wire/header.ts";
import { HANDSHAKE_TOS, handshake, indexFor, sessionKey } from "./handshake.ts";
import { icmpSend } from "./icmp.ts";
import { originate, outputDevice, pathMtu } from "./originate.ts";
import type { Run } from "./run.ts";
import { ipOf, type Skb, type Step } from "./skb.ts";

/** Tunnels inside tunnels of one namespace end here (XMIT_RECURSION_LIMIT). */
const RECURSION_LIMIT = 8;

/** `wg_xmit`: the peer whose allowed addresses hold the inner destination; then a sealed datagram to its endpoint. */
export function wireguardXmit(run: Run, skb: Skb): readonly Step[] {
  const netns = run.netns(skb.netns);
  const link = netns.links.get(skb.dev ?? "") as WireguardLink;
  const inner = ipOf(skb);
  const peer = peerOf(netns.wireguardPeers.near(netns.peers.byIp(inner.dst)), link.name, inner.dst);
  if (!peer) return nobody(run, skb, link);
  run.note(skb, { kind: "peer", peer });
  const { endpoint, port } = peer;
  if (skb.depth >= RECURSION_LIMIT || leadsBack(run, netns, link, endpoint)) {
    return run.drop(skb, "RECURSION_LIMIT", { dev: link.name, ip: endpoint });
  }
  const session = sessionKey(netns, peer);
  if (!run.state.sessions.has(session) && !negotiate(run, skb, netns, link, peer)) {
    return run.drop(skb, "wireguard-no-session", { dev: link.name, ip: endpoint });
  }
  const counter = run.state.sessions.get(session) ?? 0;
  run.state.sessions.set(session, counter + 1);
  const mtu = skb.route ? pathMtu(run, netns, skb.route, inner.dst) : link.mtu;
  const pushed: readonly [Udp, Wireguard] = [
    { kind: "udp", sport: link.port, dport: port },
    { kind: "wireguard", receiver: indexFor(peer.publicKey, link.publicKey), counter, mtu },
  ];
  const outer = originate(run, {
    ...sealedBy(netns, skb, link),
    dst: endpoint,
    tos: inner.tos & 3,
    payload: [...pushed, ...skb.packet],
    depth: skb.depth + 1,
  });
  if (!outer) return run.drop(skb, "IP_OUTNOROUTES", { dev: link.name, ip: endpoint });
  run.note(
    { ...outer, dev: link.name },
    { kind: "encapsulate", pushed: [outer.packet[0] as Header, ...pushed], by: link.name },
  );
  return [{ stage: "ip_local_out", skb: outer }];
}

/** No peer may have the destination: an error to the sender, at once when it is a process here. */
function nobody(run: Run, skb: Skb, link: WireguardLink): readonly Step[] {
  if (skb.local) run.note(skb, { kind: "error", error: { errno: "ENOKEY", origin: "local" } });
  run.note(skb, { kind: "drop", reason: "wireguard-no-peer", because: { dev: link.name, ip: ipOf(skb).dst } });
  return icmpSend(run, skb, "host-unreachable");
}

/** What every datagram of a device has (`send4`): the mark of the device, a hop limit of its own, and no DF. */
export function sealedBy(netns: Netns, { id, netns: name }: Pick<Skb, "id" | "netns">, { fwmark }: WireguardLink) {
  return { id, netns: name, ttl: defaultTtl(netns), df: false, ...(fwmark !== undefined && { mark: fwmark }) } as const;
}

/** A datagram that the device would get back to send is not sent (`-ELOOP`). */
function leadsBack(run: Run, netns: Netns, { name, fwmark }: WireguardLink, dst: Ip): boolean {
  const found = run.fib(netns, { dst, mark: fwmark });
  return found !== undefined && outputDevice(found) === name;
}

/**
 * A session with a peer, before the first packet: initiation, response. In a warm walk it was made before and is not
 * shown, unless it cannot be made.
 */
function negotiate(run: Run, skb: Skb, netns: Netns, link: WireguardLink, peer: WireguardPeer): boolean {
  const initiation = originate(run, {
    ...sealedBy(netns, { id: run.packet("handshake", skb.id), netns: netns.name }, link),
    dst: peer.endpoint,
    tos: HANDSHAKE_TOS,
    payload: [
      { kind: "udp", sport: link.port, dport: peer.port },
      handshake("initiation", { sender: indexFor(link.publicKey, peer.publicKey) }),
    ],
    depth: skb.depth + 1,
  });
  if (!initiation) return false;
  const before = run.events;
  run.events = [];
  run.note({ ...initiation, dev: link.name }, { kind: "handshake", message: "initiation", peer });
  run.settle([{ stage: "ip_local_out", skb: initiation }]);
  const agreed = run.state.sessions.has(sessionKey(netns, peer));
  run.events = run.cold || !agreed ? [...before, ...run.events] : before;
  return agreed;
}
