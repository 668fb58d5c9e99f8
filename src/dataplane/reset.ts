import { originate } from "./originate.ts";
import type { Run } from "./run.ts";
import { ipOf, type Skb, type Step } from "./skb.ts";

/**
 * `tcp_v4_send_reset`, and `nf_send_reset` for REJECT --reject-with tcp-reset: the answer to a segment nobody takes in,
 * from the address it was sent to, whoever has it. What is no TCP, or a reset itself, is not answered.
 */
export function reset(run: Run, skb: Skb): readonly Step[] {
  const tcp = skb.packet[1];
  if (tcp?.kind !== "tcp" || tcp.flags.includes("RST")) return [];
  const ip = ipOf(skb);
  const made = originate(run, {
    id: run.packet("icmp-error", skb.id),
    netns: skb.netns,
    src: ip.dst,
    anySource: true,
    dst: ip.src,
    ttl: 64,
    df: true,
    payload: [
      {
        kind: "tcp",
        sport: tcp.dport,
        dport: tcp.sport,
        seq: 0,
        ack: tcp.seq + 1,
        flags: ["RST", "ACK"],
        window: 0,
      },
    ],
  });
  return made ? [{ stage: "ip_local_out", skb: made }] : [];
}
