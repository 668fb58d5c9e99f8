import { hasLivePort, type Link, type LinkKind } from "../kernel/link.ts";
import type { Run } from "./run.ts";
import { ethernetOf, ipLength, type Skb, type StageName, type Step } from "./skb.ts";

/** Where a frame goes that is handed to a device: dispatched on its kind, so a new kind does not compile until it is here. */
const next: { readonly [K in LinkKind]: StageName } = {
  loopback: "netif_receive_skb",
  nic: "segment_xmit",
  veth: "netif_receive_skb",
  bridge: "br_dev_xmit",
  vxlan: "vxlan_xmit",
  ipip: "ipip_tunnel_xmit",
  tun: "tun_net_xmit",
  wireguard: "wg_xmit",
};

/** `dev_queue_xmit`: hands the frame to its device, and through a veth to the device at its other end. */
export function devQueueXmit(run: Run, skb: Skb): readonly Step[] {
  const link = run.netns(skb.netns).links.get(skb.dev ?? "");
  if (!link?.up) return run.drop(skb, "DEV_READY", { dev: skb.dev ?? "" });
  // A veth whose other end is down has no carrier: the queue drops what it is given before a capture could see it.
  const peer = link.kind === "veth" ? run.network.netns(link.peer.netns)?.links.get(link.peer.dev) : undefined;
  if (link.kind === "veth" && !peer?.up) return run.drop(skb, "DEV_READY", { dev: link.peer.dev });
  // Nor has a bridge without a port that passes frames on.
  if (link.kind === "bridge" && !hasLivePort(run.netns(skb.netns).links, link.name)) {
    return run.drop(skb, "DEV_READY", { dev: link.name });
  }
  if (link.kind !== "loopback") run.note(skb, { kind: "transmit" });
  const step = (moved: Skb): readonly Step[] => [{ stage: next[link.kind], skb: moved }];
  if (link.kind === "veth") return step(arrive(skb, link.peer.netns, link.peer.dev));
  return step(link.kind === "loopback" ? { ...arrive(skb, skb.netns, "lo"), mark: skb.mark } : skb);
}

/** The packet as another device takes it in: nothing the sender's namespace kept beside it comes along. */
export function arrive(skb: Skb, netns: string, dev: string): Skb {
  return { id: skb.id, netns, dev, packet: skb.packet, type: "host", mark: 0, local: false, depth: 0 };
}

/** Whether a device takes in a frame of this length; four bytes are allowed for a VLAN tag (`is_skb_forwardable`). */
export function takesIn(link: Link, skb: Skb): boolean {
  const room = ethernetOf(skb) ? 4 : 0;
  return ipLength(skb.packet) <= link.mtu + room;
}
