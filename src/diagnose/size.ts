import type { Link } from "../kernel/link.ts";
import type { Netns } from "../kernel/netns.ts";
import type { Event } from "../trace/event.ts";
import { placeName } from "../trace/project.ts";
import { lengthOf } from "../wire/stack.ts";
import { type Change, change, type Fact } from "./fact.ts";
import { unreported } from "./routing.ts";
import { ipHeaders, type Loss, namespace, type Scene } from "./scene.ts";

/** Too long for a device, and not to be cut. */
export function tooBig(loss: Loss): Fact {
  const at = placeName(loss.netns.name);
  const bridge = loss.netns.links.get(loss.because.dev ?? "");
  // What may be cut is, except where a bridge has put it together first.
  if (bridge?.kind === "bridge" && loss.ip.kind === "ipv4" && !loss.ip.df) return refragmented(loss, bridge);
  const { mtu = 0, size = ipLengthOf(loss.event), dev = loss.event.at.dev } = loss.because;
  const told = isTold(loss);
  const which = loss.wrapped ? "The outer packet" : "The packet";
  const uncut = loss.ip.kind === "ipv6" || loss.ip.df ? " and must not be cut" : "";
  const text = `${which} is ${size} bytes long${uncut}, and ${dev} on ${at} takes ${mtu} at most`;
  const look = [
    {
      at: placeName(loss.trace.from),
      command: `ping -M do -s ${innerSize(loss) - 28} ${loss.sent.dst}`,
      expect: told ? `mtu = ${mtu}` : "nothing at all",
    },
    { at, command: `ip link show ${dev}`, expect: `mtu ${mtu}` },
  ];
  const mend = () => widerOrShorter(loss, dev, mtu, size);
  if (told) {
    return { code: "MTU_EXCEEDED_DF", at, text: `${text}; the sender is told.`, look, mend };
  }
  const why = whyUntold(loss);
  return {
    code: "PMTU_BLACKHOLE",
    at,
    text: `${text}; ${why}.`,
    look,
    mend,
  };
}

function isTold({ trace }: Loss): boolean {
  return trace.events.some(
    ({ at: { netns }, action }) => netns === trace.from && action.kind === "error" && action.error.errno === "EMSGSIZE",
  );
}

/** Put together by br_netfilter from pieces that its pretended route is too narrow for (`br_nf_dev_queue_xmit`). */
function refragmented({ netns, trace, because, sent }: Loss, bridge: Link): Fact {
  const at = placeName(netns.name);
  const { mtu = 0, size = 0 } = because;
  const from = placeName(trace.from);
  const bytes = bridge.mtu - 28;
  return {
    code: "BRIDGE_REFRAGMENT_DROP",
    at,
    text: `br_netfilter on ${at} put ${size} bytes together from fragments, and takes them apart for ${mtu} bytes at most, though ${bridge.name} has an MTU of ${bridge.mtu}; the fragments were longer, and nobody is told.`,
    look: [
      { at: from, command: `ping -M dont -s ${bytes + 1} ${sent.dst}`, expect: `no answer, but one with -s ${bytes}` },
      { at, command: "nstat -az IpFragFails", expect: "rises with every packet" },
    ],
    // Only a change reaches the pretended route: the same value again is none.
    mend: () => [
      [
        { at, command: `ip link set ${bridge.name} mtu ${bridge.mtu - 1}` },
        { at, command: `ip link set ${bridge.name} mtu ${bridge.mtu}` },
      ],
      change(at, "sysctl net.bridge.bridge-nf-call-iptables=0"),
    ],
  };
}

/** Why the report about a packet that is too long does not reach its sender. */
function whyUntold(loss: Loss): string {
  const from = placeName(loss.trace.from);
  const about = loss.trace.events.find(({ packet, action }) => packet === loss.event.packet && action.kind === "icmp");
  if (about?.action.kind !== "icmp") return `${from} hears nothing: a card that gets too much says nothing`;
  const { sent } = about.action;
  if (sent === undefined)
    return `${from} hears nothing: ${unreported(loss) === "no-route-back" ? "there is no way back to it" : "no error may be sent about it"}`;
  const report = loss.trace.events.filter(({ packet }) => packet === sent);
  const last = report.at(-1)?.at.netns ?? loss.netns.name;
  return `the report goes to ${placeName(last)}, not to ${from}`;
}

/** The segment itself is narrower than the cards on it say. */
export function tooLongForFabric(loss: Loss): Fact {
  const link = loss.netns.links.get(loss.event.at.dev);
  const from = placeName(loss.netns.name);
  const at = link?.kind === "nic" ? link.segment : from;
  const { mtu = 0, size = ipLengthOf(loss.event) } = loss.because;
  return {
    code: "PMTU_BLACKHOLE",
    at,
    text: `${at} carries packets of ${mtu} bytes at most, and ${loss.event.at.dev} on ${from}, with an MTU of ${link?.mtu}, sent one of ${size}.`,
    look: [
      {
        at: from,
        command: `ip link show ${loss.event.at.dev}`,
        expect: `mtu ${link?.mtu}, more than the fabric carries`,
      },
    ],
    mend: () => [...shorter(loss, mtu, size), change(from, `ip link set ${loss.event.at.dev} mtu ${mtu}`)],
  };
}

function widerOrShorter(loss: Loss, dev: string, mtu: number, size: number): readonly Change[] {
  const at = placeName(loss.netns.name);
  const link = loss.netns.links.get(dev);
  const segment = link?.kind === "nic" ? loss.network.segments.get(link.segment) : undefined;
  const wide = segment && segment.mtu >= size ? segment.mtu : size;
  const fits = link && link.mtu < size && (segment === undefined || segment.mtu >= size);
  return [...(fits ? [change(at, `ip link set ${dev} mtu ${wide}`)] : []), ...shorter(loss, mtu, size)];
}

/** The sender's own device takes in no more than fits, headers included; then it cuts or says so by itself. */
function shorter(loss: Loss, mtu: number, size: number): readonly Change[] {
  const room = mtu - (size - innerSize(loss));
  const netns: Netns = namespace(loss, loss.trace.from);
  const cards = [...netns.links.values()].filter(
    ({ kind, mtu: own }) => (kind === "veth" || kind === "nic") && own > room,
  );
  const least = loss.sent.kind === "ipv4" ? 576 : 1280;
  return room < least
    ? []
    : cards.slice(0, 1).map(({ name }) => change(placeName(netns.name), `ip link set ${name} mtu ${room}`));
}

/** The sender's own device takes longer packets than their way, and nobody tells it of the smaller size. */
export function tooWide(loss: Loss): readonly Fact[] {
  const { mtu, size = ipLengthOf(loss.event) } = loss.because;
  const sender = namespace(loss, loss.trace.from);
  const tooLong = loss.reason === "PKT_TOO_BIG" || (loss.reason === "fabric" && mtu !== undefined);
  const uncut = loss.ip.kind === "ipv6" || loss.ip.df || loss.reason === "fabric";
  if (!tooLong || !uncut || mtu === undefined || loss.netns === sender || isTold(loss)) return [];
  const room = mtu - (size - innerSize(loss));
  const card = [...sender.links.values()].find(
    ({ kind, mtu: own }) => (kind === "veth" || kind === "nic") && own > room,
  );
  if (!card || room <= 0) return [];
  const at = placeName(sender.name);
  return [
    {
      code: "MTU_INCONSISTENT",
      at,
      text: `${card.name} of ${at} takes packets of ${card.mtu} bytes, and no more than ${room} of theirs fit where this one was lost.`,
      plain: [],
      look: [{ at, command: `ip link show ${card.name}`, expect: `mtu ${card.mtu}; ${room} would fit` }],
    },
  ];
}

/** The IP length the application's packet has. */
function innerSize(scene: Scene): number {
  return lengthOf(scene.trace.sent);
}

function ipLengthOf({ headers }: Event): number {
  return lengthOf(headers[0]?.kind === "ethernet" ? headers.slice(1) : headers);
}

/** Every place where the packet, or one around it, was cut. */
export function cuts(scene: Scene): readonly Fact[] {
  return scene.path.flatMap(({ at: { netns, dev }, action, headers }): readonly Fact[] => {
    if (action.kind !== "fragment") return [];
    const at = placeName(netns);
    const which = ipHeaders(headers).length > 1 ? "The packet around it" : "The packet";
    return [
      {
        code: "FRAGMENTED",
        at,
        text: `${which} was cut into ${action.count} pieces at ${at}, which sends no more than ${action.mtu} bytes by ${dev}.`,
        look: [{ at, command: "nstat -az IpFragCreates", expect: "rises with every packet" }],
      },
    ];
  });
}
