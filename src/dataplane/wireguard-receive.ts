import type { WireguardLink } from "../kernel/link.ts";
import type { Netns } from "../kernel/netns.ts";
import { peerOf, type WireguardPeer } from "../kernel/wireguard.ts";
import type { Header, Udp } from "../wire/header.ts";
import { HANDSHAKE_TOS, handshake, indexFor, isResponse, senderIn, sessionKey } from "./handshake.ts";
import { originate } from "./originate.ts";
import type { Run } from "./run.ts";
import { ipOf, type Skb, type Step } from "./skb.ts";
import { sealedBy } from "./wireguard.ts";
import { arrive } from "./xmit.ts";

/** `wg_packet_receive`: a handshake, or a sealed packet of a session; its inner source must be one of that peer's. */
export function wireguardReceive(run: Run, skb: Skb): readonly Step[] {
  const [ip, udp, message] = skb.packet;
  const netns = run.netns(skb.netns);
  const link = listener(netns, udp);
  if (!ip || udp?.kind !== "udp" || !link) return run.drop(skb, "wireguard-unknown-sender");
  if (message?.kind !== "wireguard") return greet(run, skb, netns, link, udp);
  const peer = sender(netns, skb, link, message.receiver);
  if (!peer || !run.state.sessions.has(sessionKey(netns, peer))) {
    return run.drop(skb, "wireguard-unknown-sender", { dev: link.name, ip: ipOf(skb).src });
  }
  const inner: Skb = { ...arrive(skb, skb.netns, link.name), packet: skb.packet.slice(3) };
  const socket = netns.sockets.find((row) => row.owner.kind === "link" && row.owner.name === link.name);
  run.note(inner, {
    kind: "decapsulate",
    popped: [ip, udp, message],
    by: link.name,
    ...(socket && { socket }),
  });
  const { src } = ipOf(inner);
  const owner = peerOf(netns.wireguardPeers.near(netns.peers.byIp(src)), link.name, src);
  if (owner?.publicKey === peer.publicKey) return [{ stage: "netif_receive_skb", skb: inner }];
  const expected = peer.allowedIps.map(String);
  return run.drop(inner, "wireguard-source", { dev: link.name, ip: src, expected });
}

/** An initiation of a known peer is answered; a response makes the session that was asked for. */
function greet(run: Run, skb: Skb, netns: Netns, link: WireguardLink, udp: Udp): readonly Step[] {
  const index = senderIn(skb.packet[2]);
  const response = isResponse(skb.packet[2]);
  const from = ipOf(skb);
  const peer =
    index === undefined
      ? undefined
      : peerWith(netns, skb, link, (row) => index === indexFor(row.publicKey, link.publicKey));
  if (!peer) return run.drop(skb, "wireguard-unknown-sender", { dev: link.name, ip: from.src });
  run.note(skb, { kind: "deliver", socket: "kernel" });
  run.state.sessions.set(sessionKey(netns, peer), 0);
  if (response) return [];
  const answer = originate(run, {
    ...sealedBy(netns, { id: run.packet("handshake", skb.id), netns: netns.name }, link),
    src: from.dst,
    dst: from.src,
    tos: HANDSHAKE_TOS,
    payload: [
      { kind: "udp", sport: link.port, dport: udp.sport },
      handshake("response", {
        sender: indexFor(link.publicKey, peer.publicKey),
        receiver: indexFor(peer.publicKey, link.publicKey),
      }),
    ],
  });
  if (!answer) return [];
  run.note({ ...answer, dev: link.name }, { kind: "handshake", message: "response", peer });
  return [{ stage: "ip_local_out", skb: answer }];
}

/** The device that a datagram's port belongs to. */
function listener(netns: Netns, udp: Header | undefined): WireguardLink | undefined {
  return [...netns.links.values()].find(
    (link): link is WireguardLink =>
      link.kind === "wireguard" && link.up && udp?.kind === "udp" && link.port === udp.dport,
  );
}

/** The peer that a session index was given to. */
function sender(netns: Netns, skb: Skb, link: WireguardLink, receiver: number): WireguardPeer | undefined {
  return peerWith(netns, skb, link, (row) => receiver === indexFor(link.publicKey, row.publicKey));
}

/** First among those whose address the datagram came from, then among all. */
function peerWith(
  netns: Netns,
  skb: Skb,
  { name }: WireguardLink,
  fits: (row: WireguardPeer) => boolean,
): WireguardPeer | undefined {
  const rows = netns.wireguardPeers;
  const is = (row: WireguardPeer) => row.dev === name && fits(row);
  return rows.near(netns.peers.byIp(ipOf(skb).src)).find(is) ?? [...rows.rows()].find(is);
}
