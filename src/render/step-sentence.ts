import type { Place, Step } from "../trace/steps.ts";
import type { Header } from "../wire/header.ts";
import { dropWords } from "./drop-words.ts";
import { filterWords, translationWords } from "./filter-words.ts";
import { icmpWords, outerEnds } from "./packet-words.ts";
import { routeWords } from "./row-words.ts";
import { isAssumed, serviceWords } from "./step-text.ts";

/** A step among the others of its place. */
export interface Told {
  readonly step: Step;
  readonly place: Place;
  readonly before: readonly Step[];
  readonly rest: readonly Step[];
  readonly next: Place | undefined;
}

/** What a step says to somebody who reads along: none, one or two full sentences. */
export function sentencesOf(told: Told): readonly string[] {
  const { step, place } = told;
  const { action } = step.event;
  switch (action.kind) {
    case "route":
      return [routeSentence(told)];
    case "neighbour":
      return tunnelSentence(told);
    case "fdb":
      return fdbSentence(told);
    case "peer": {
      const { dev, allowedIps, endpoint } = action.peer;
      return [`${dev} gives it to the peer that may have it: ${allowedIps.join(", ")} is behind ${endpoint}.`];
    }
    case "handshake": {
      const [answer] = step.exchange?.answers ?? [];
      const { dev, endpoint } = action.peer;
      return [
        answer
          ? `${dev} first asks ${endpoint} for a session, and ${answer.from} answers.`
          : `${dev} first asks ${endpoint} for a session, and nobody answers.`,
      ];
    }
    case "encapsulate":
      return [pushSentence(told)];
    case "decapsulate":
      return [popSentence(step, place)];
    case "read": {
      const { tun, process } = action.forwarder;
      return [
        `${tun} is a TUN device: its other end is a process. ${process} reads the packet (kernel → user)${leaseClause(told)}`,
      ];
    }
    case "deliver":
      return [deliverSentence(step, place)];
    case "arp":
      return [arpSentence(step, place)];
    case "fragment":
      return [`It is longer than the mtu of ${action.mtu}, so it is cut into ${action.count} fragments.`];
    case "reassemble":
      return [`${place.name} puts the ${action.count} fragments together.`];
    case "translate":
      return [`A rule changes its ${action.field === "src" ? "source" : "destination"}: ${translationWords(action)}.`];
    case "filter":
      return [`Netfilter stops it. ${filterWords(action)}.`];
    case "drop": {
      const why = dropWords(step);
      return [why === "" ? "The packet ends here." : `The packet ends here: ${why}.`];
    }
    case "icmp":
      return [icmpSentence(step)];
    case "pmtu":
      return [`${place.name} learns that the way to ${action.ip} carries ${action.mtu} bytes.`];
    case "redirect":
      return action.why === undefined
        ? [
            `It leaves by the device it came in by, so ${place.name} tells its sender of the shorter way by ${action.gateway}.`,
          ]
        : [];
    case "flood":
      return ["Nobody has learned that MAC, so the frame goes to everybody."];
    default:
      return [];
  }
}

/** Where a route leads: to the next place, or into a device that does something first. */
function routeSentence({ step, place, rest, next, before }: Told): string {
  const { action } = step.event;
  if (action.kind !== "route") return "";
  const { route, nexthop, losers } = action.found;
  const words = routeWords(route, nexthop);
  const outer = before.some(({ event }) => event.action.kind === "encapsulate");
  if (outer) return outerSentence(step, words, rest, next);
  const beats = losers.length > 0 && route.dst.length > 0 ? " (the longest match)" : "";
  const into = rest.some(({ event }) => event.action.kind === "encapsulate" || event.action.kind === "read");
  const ends = rest.some(({ event }) => event.action.kind === "drop");
  if (into || ends || !next) return `${place.name}'s table says ${words}${beats}.`;
  return `${words}${beats} takes it to ${next.name}.`;
}

function outerSentence(step: Step, words: string, rest: readonly Step[], next: Place | undefined): string {
  const ends = outerEnds(step.headers);
  const wire = rest.find(({ event }) => event.action.kind === "wire")?.event.action;
  const over = wire?.kind === "wire" ? ` over ${wire.segment}` : "";
  const to =
    next && rest.every(({ event }) => event.action.kind !== "drop")
      ? ` takes it${over} to ${next.name}`
      : " is its way";
  return `Outer addresses: ${ends?.src} → ${ends?.dst}; ${words}${to}.`;
}

/** A written neighbour on the way into a tunnel: the next hop's MAC is known without a question. */
function tunnelSentence({ step, rest }: Told): readonly string[] {
  const { action } = step.event;
  if (action.kind !== "neighbour") return [];
  const { ip, lladdr, dev, by } = action.entry;
  const entry = rest.find(({ event }) => event.action.kind === "fdb")?.event.action;
  const behind = entry?.kind === "fdb" && entry.entry.dst ? `, and that MAC is behind ${entry.entry.dst}` : "";
  return [`${by} has written what ${dev} would have to ask for: ${ip} is ${lladdr}${behind}.`];
}

/** A bridge that only switches, or a tunnel's entry that no neighbour told already. */
function fdbSentence({ step, place, before }: Told): readonly string[] {
  const { action } = step.event;
  if (action.kind !== "fdb") return [];
  const { mac, dev, dst } = action.entry;
  if (!dst)
    return [
      `The frame is for ${mac}, which is behind ${dev}: the bridge of ${place.name} passes it on, no route is asked.`,
    ];
  return before.some(({ event }) => event.action.kind === "neighbour") ? [] : [`${mac} is behind ${dst}.`];
}

function deliverSentence({ event: { action, headers } }: Step, place: Place): string {
  if (action.kind !== "deliver") return "";
  const what = serviceWords(headers);
  if (action.socket === "kernel") return `The kernel of ${place.name} takes in the ${what} itself.`;
  const assumed = isAssumed(action.socket) ? " (nobody said that anything listens there: that is assumed)" : "";
  return `${place.name}'s socket for ${what} gets it, kernel → user${assumed}.`;
}

function leaseClause({ rest }: Told): string {
  const lease = rest.find(({ event }) => event.action.kind === "lease")?.event.action;
  const push = rest.find(({ event }) => event.action.kind === "encapsulate");
  if (lease?.kind !== "lease") return ".";
  const found = `, finds that ${lease.lease.to} leases ${lease.lease.dst}`;
  return push
    ? `${found}, and sends it there in a UDP datagram to port ${lease.lease.port} (user → kernel).`
    : `${found}.`;
}

function pushSentence({ step }: Told): string {
  const { action } = step.event;
  if (action.kind !== "encapsulate") return "";
  if (step.process !== undefined) return `That adds ${step.bytes} bytes: ${list(action.pushed)}.`;
  return `${action.by} wraps it inside the kernel, ${step.bytes} bytes more: ${list(action.pushed)}.`;
}

/** Innermost first, as they are put on. */
function list(pushed: readonly Header[]): string {
  const names = pushed.toReversed().map((header) => {
    if (header.kind === "udp") return `UDP to port ${header.dport}`;
    if ("vni" in header) return `${header.kind === "vxlan" ? "VXLAN" : "Geneve"} with vni ${header.vni}`;
    if (header.kind === "ipv4" || header.kind === "ipv6") return `IPv${header.kind === "ipv4" ? 4 : 6}`;
    if (header.kind === "wireguard") return "WireGuard, sealed";
    return header.kind === "ethernet" ? "the inner Ethernet header" : header.kind;
  });
  return names.join(", ");
}

function popSentence(step: Step, place: Place): string {
  const { action } = step.event;
  if (action.kind !== "decapsulate") return "";
  const udp = action.popped.find((header) => header.kind === "udp");
  const port = udp?.kind === "udp" ? `udp/${udp.dport}` : "the packet";
  if (step.process === undefined) return `${place.name} gives ${port} to ${action.by}, which unwraps it in the kernel.`;
  const tun = place.steps.map(({ event }) => event.action).find((each) => each.kind === "write");
  const into = tun?.kind === "write" ? ` and writes it into its ${tun.forwarder.tun} (user → kernel)` : "";
  return `${place.name} gives ${port} to ${step.process} (kernel → user), which unwraps the packet${into}.`;
}

function arpSentence({ event, exchange }: Step, place: Place): string {
  const ip = event.action.kind === "arp" ? event.action.ip : "";
  const [answer] = exchange?.answers ?? [];
  if (!answer) return `${place.name} asks who has ${ip}, and nobody answers.`;
  return `${place.name} asks who has ${ip}; ${answer.from} answers${answer.proxy ? " for it (proxy ARP)" : ""}: ${answer.mac}.`;
}

function icmpSentence({ event, error }: Step): string {
  const { action, headers } = event;
  if (action.kind !== "icmp") return "";
  const ends = outerEnds(headers);
  const words = icmpWords(action.error, ends?.src.includes(":") ? 6 : 4);
  if (action.why === "no-route-back")
    return `It would report ${words}, but has no route to ${ends?.src} either, so the sender hears nothing.`;
  if (action.why !== undefined) return `No ${words} is sent (${action.why.replaceAll("-", " ")}).`;
  const back = error && error.places.length > 1 ? ` and goes back by ${error.places.slice(1).join(", ")}` : "";
  return `${words} is sent${back}${error?.end ? `, where it is lost at ${error.places.at(-1)}` : ""}.`;
}
