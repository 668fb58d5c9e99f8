import { BROADCAST, isGroup } from "../addr/mac.ts";
import { hasEthernet, type Link } from "../kernel/link.ts";
import type { Run } from "./run.ts";
import { ethernetOf, type Skb, type Step } from "./skb.ts";
import { takesIn } from "./xmit.ts";

/** `__netif_receive_skb_core`: a bridge port's frames go to the bridge, all others to their protocol. */
export function netifReceive(run: Run, skb: Skb): readonly Step[] {
  const link = run.netns(skb.netns).links.get(skb.dev ?? "");
  if (!link?.up) return run.drop(skb, "DEV_READY", { dev: skb.dev ?? "" });
  if (link.kind === "loopback") return [protocolStep(skb)];
  // A veth or card does not take in what is longer than its own MTU; tunnels and tun devices never ask.
  if ((link.kind === "veth" || link.kind === "nic") && !takesIn(link, skb)) {
    return run.drop(skb, "PKT_TOO_BIG", { mtu: link.mtu, dev: link.name });
  }
  run.note(skb, { kind: "receive" });
  if (link.master !== undefined) return [{ stage: "br_handle_frame", skb }];
  return [protocolStep({ ...skb, type: addressed(link, skb) })];
}

/** `eth_type_trans`: for whom the frame is, as its device sees it. */
export function addressed(link: Link, skb: Skb): Skb["type"] {
  const ethernet = ethernetOf(skb);
  if (!ethernet || !hasEthernet(link) || ethernet.dst === link.mac) return "host";
  if (ethernet.dst === BROADCAST) return "broadcast";
  return isGroup(ethernet.dst) ? "multicast" : "otherhost";
}

/** The protocol a frame is handed to. */
export function protocolStep(skb: Skb): Step {
  const headers = ethernetOf(skb) ? skb.packet.slice(1) : skb.packet;
  if (headers[0]?.kind === "arp") return { stage: "arp_rcv", skb };
  if (headers[1]?.kind === "ndp") return { stage: "ndisc_rcv", skb };
  return { stage: "ip_rcv", skb: { ...skb, packet: headers } };
}
