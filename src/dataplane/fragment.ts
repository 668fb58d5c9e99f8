import type { Link } from "../kernel/link.ts";
import type { Header, IpHeader, Packet } from "../wire/header.ts";
import { protocolNumber } from "../wire/protocol.ts";
import { lengthOf } from "../wire/stack.ts";
import { icmpSend } from "./icmp.ts";
import { pathMtu } from "./originate.ts";
import type { Run } from "./run.ts";
import { ipOf, type Skb, unsplittable } from "./skb.ts";
import type { Fragments } from "./state.ts";

/**
 * `ip_fragment`: the packet itself when it fits its way out, else its pieces. What may not be cut and is made here is
 * too big for its own namespace; `undefined` then, and the drop is noted. What is forwarded was measured in `ip_forward`.
 */
export function fragmentOut(run: Run, skb: Skb, link: Link): readonly Skb[] | undefined {
  const ip = ipOf(skb);
  const size = lengthOf(skb.packet);
  // What was learned of the path counts for what is made here, in IPv6 for what is forwarded too (`ip6_skb_dst_mtu`).
  const knows = skb.local || ip.kind === "ipv6";
  const device = knows && skb.route ? pathMtu(run, run.netns(skb.netns), skb.route, ip.dst) : link.mtu;
  const limit = Math.min(device, skb.largest ?? device);
  if (size <= limit) return [skb];
  // IPv6 is cut where it is made, and what was put together on its way as it had come (`ip6_fragment`, frag_max_size).
  const cuttable = ip.kind === "ipv6" && ((skb.local && !skb.uncut) || (skb.largest ?? device + 1) <= device);
  if (unsplittable(ip) && !cuttable) {
    run.settle(icmpSend(run, skb, "frag-needed", { mtu: limit }));
    run.drop(skb, "PKT_TOO_BIG", { mtu: limit, size, dev: link.name });
    return undefined;
  }
  return cut(run, skb, ip, limit);
}

function cut(run: Run, skb: Skb, ip: IpHeader, mtu: number): readonly Skb[] {
  const body = skb.packet.slice(1);
  const whole: { packet: Packet; start: number; end: number } = sliceOf(body);
  const room = mtu - (ip.kind === "ipv4" ? 20 : 48);
  const protocol = ip.fragment?.protocol ?? protocolNumber(body[0] as Header, ip.kind);
  const lengths = skb.pieces?.every((piece) => piece <= room) ? skb.pieces : evenly(whole.end - whole.start, room);
  run.note(skb, { kind: "fragment", mtu, count: lengths.length });
  let offset = whole.start;
  return lengths.map((length) => {
    const more = offset + length < whole.end || (ip.fragment?.more ?? false);
    const header = withFragment(ip, offset, more, protocol, skb.id);
    const packet: Packet = [header, { kind: "slice", packet: whole.packet, offset, length }];
    offset += length;
    return { ...skb, id: run.packet("fragment", skb.id), packet };
  });
}

/** Pieces as long as there is room, in steps of 8 bytes; the last one takes what is left. */
function evenly(size: number, room: number): readonly number[] {
  const step = Math.floor(room / 8) * 8;
  return Array.from({ length: Math.ceil(size / step) }, (_, k) => Math.min(step, size - k * step));
}

/** A fragment may be cut again: then its slice is cut, not the bytes of the slice. */
function sliceOf(body: Packet): { packet: Packet; start: number; end: number } {
  const [first] = body;
  if (first?.kind === "slice") return { packet: first.packet, start: first.offset, end: first.offset + first.length };
  return { packet: body, start: 0, end: lengthOf(body) };
}

function withFragment(ip: IpHeader, offset: number, more: boolean, protocol: number, id: number): IpHeader {
  if (ip.kind === "ipv6") return { ...ip, fragment: { offset, more, protocol, id: ip.fragment?.id ?? id } };
  return { ...ip, df: false, fragment: { offset, more, protocol } };
}

/**
 * `ip_defrag`: the whole packet once its last missing piece is here, `undefined` while one is missing. What is no
 * fragment passes.
 */
export function defragment(run: Run, skb: Skb): Skb | undefined {
  const ip = ipOf(skb);
  const slice = skb.packet[1];
  if (!ip.fragment || slice?.kind !== "slice") return skb;
  const identity = ip.kind === "ipv4" ? ip.id : ip.fragment.id;
  const key = `${skb.netns} ${ip.src} ${ip.dst} ${identity} ${ip.fragment.protocol}`;
  const held: Fragments = run.state.fragments.get(key) ?? { pieces: [], largest: 0 };
  const pieces = [...held.pieces, { offset: slice.offset, length: slice.length, more: ip.fragment.more }];
  const largest = Math.max(held.largest, lengthOf(skb.packet));
  if (!complete(pieces)) {
    run.state.fragments.set(key, { pieces, largest });
    return undefined;
  }
  run.state.fragments.delete(key);
  const { fragment: _, ...header } = ip;
  const parent = run.packets[skb.id]?.parent;
  const whole: Skb = {
    ...skb,
    id: run.packet("reassembled", parent ?? skb.id),
    packet: [header as IpHeader, ...slice.packet],
    largest,
    pieces: [...pieces].sort((a, b) => a.offset - b.offset).map(({ length }) => length),
  };
  run.note(whole, { kind: "reassemble", count: pieces.length });
  return whole;
}

function complete(pieces: Fragments["pieces"]): boolean {
  const sorted = [...pieces].sort((a, b) => a.offset - b.offset);
  let end = 0;
  for (const piece of sorted) {
    if (piece.offset > end) return false;
    end = Math.max(end, piece.offset + piece.length);
  }
  return sorted.at(-1)?.more === false;
}
