import type { Socket } from "../kernel/socket.ts";
import type { Exchange } from "../trace/exchange.ts";
import type { Step } from "../trace/steps.ts";
import type { Packet } from "../wire/header.ts";
import { dropWords } from "./drop-words.ts";
import { filterWords, translationWords } from "./filter-words.ts";
import { errorWords, icmpWords, outerEnds, popWords, pushWords } from "./packet-words.ts";
import { fdbWords, leaseWords, neighbourWords, routeWords, wireguardPeerWords } from "./row-words.ts";

/** A row of the path as text sets it. */
export interface Entry {
  readonly crossing?: "down" | "up" | undefined;
  readonly ttl?: string;
  readonly length?: string;
  /** `+50`, `−50`, in the column of lengths. */
  readonly bytes?: string;
  /** What stands in the tunnel's column. */
  readonly bar: string;
  readonly label: string;
  readonly text: string;
  readonly note?: string;
}

/** The lines of one step: most have one; a tunnel's end has its socket too, a drop may have none. */
export function entryOf(step: Step, previous: Step | undefined): readonly Entry[] {
  const more = step.likewise > 0 && previous?.likewise !== step.likewise ? alike(step.likewise) : undefined;
  return entries(step).map((entry, i) =>
    i === 0 && more ? { ...entry, note: [entry.note, more].filter(Boolean).join(", ") } : entry,
  );
}

function alike(count: number): string {
  return count === 1 ? "the other fragment does the same" : `${count} more fragments do the same`;
}

function entries(step: Step): readonly Entry[] {
  const { action, headers } = step.event;
  const bar = "│".repeat(Math.min(step.depth, 2));
  const plain = { crossing: step.crossing, bar };
  const numbered = { ...plain, ttl: step.ttl.join("/"), length: step.length > 0 ? String(step.length) : "" };
  switch (action.kind) {
    case "route": {
      const { route, nexthop } = action.found;
      return [{ ...numbered, label: "route", text: routeWords(route, nexthop) }];
    }
    case "neighbour":
      return [{ ...plain, label: "neigh", text: neighbourWords(action.entry) }];
    case "fdb":
      return [fdbEntry(step, plain)];
    case "peer":
      return [{ ...plain, label: "peer", text: wireguardPeerWords(action.peer) }];
    case "arp":
      return [{ ...plain, label: headers.some(({ kind }) => kind === "ndp") ? "ndp" : "arp", text: asked(step) }];
    case "handshake":
      return [{ ...plain, label: "shake", text: shaken(step) }];
    case "encapsulate": {
      const ports = step.process === undefined ? "destination" : "both";
      const note = step.process === undefined ? undefined : `${step.process} sendto`;
      const entry = { ...plain, bar: opened(step.depth), label: "push", text: pushWords(action.pushed, ports) };
      return [{ ...entry, bytes: signed(step.bytes), ...(note && { note }) }];
    }
    case "decapsulate":
      return popEntries(step);
    case "wire":
      return [{ ...plain, label: "~~~~~", text: wireWords(step) }];
    case "read":
      return [{ ...plain, label: "read", text: `${action.forwarder.process} takes it off ${action.forwarder.tun}` }];
    case "lease":
      return [{ ...numbered, label: "lease", text: leaseWords(action.lease) }];
    case "write":
      return [
        { ...numbered, label: "write", text: `${action.forwarder.process} puts it into ${action.forwarder.tun}` },
      ];
    case "deliver":
      return [{ ...numbered, label: "socket", ...socketWords(step) }];
    case "fragment":
      return [{ ...plain, label: "cut", text: `into ${action.count} fragments for mtu ${action.mtu}` }];
    case "reassemble":
      return [{ ...numbered, label: "whole", text: `put together from ${action.count} fragments` }];
    case "translate":
      return [{ ...plain, label: action.field === "src" ? "snat" : "dnat", text: translationWords(action) }];
    case "filter":
      return [{ ...plain, label: "filter", text: filterWords(action) }];
    case "flood": {
      const names = action.accepted.map(({ netns }) => netns);
      const taken = names.length > 0 ? `taken in by ${names.join(", ")}; ` : "";
      return [
        {
          ...plain,
          label: "flood",
          text: `nobody has learned the MAC: to every port; ${taken}${action.ignored} ignore it`,
        },
      ];
    }
    case "pmtu":
      return [{ ...plain, label: "pmtu", text: `${action.ip} mtu ${action.mtu} learned` }];
    case "redirect": {
      const { gateway, why } = action;
      const told = why === undefined ? "" : `: not told (${why.replaceAll("-", " ")})`;
      return [{ ...plain, label: "icmp", text: `ICMP 5/1 redirect, ${outerEnds(headers)?.dst} by ${gateway}${told}` }];
    }
    case "redirected":
      return [{ ...plain, label: "route", text: `${action.ip} by ${action.gateway}: redirected` }];
    case "icmp":
      return [{ ...plain, ...icmpEntry(step) }];
    case "error":
      return [{ ...plain, label: "error", text: errorWords(action.error) }];
    case "drop": {
      const text = dropWords(step);
      return text === "" ? [] : [{ ...plain, label: "", text }];
    }
    default:
      return [];
  }
}

function opened(depth: number): string {
  return depth > 1 ? "│┌" : "┌";
}

function signed(bytes: number): string {
  return bytes < 0 ? `−${-bytes}` : `+${bytes}`;
}

function fdbEntry(step: Step, plain: Pick<Entry, "crossing" | "bar">): Entry {
  const { action } = step.event;
  if (action.kind !== "fdb") throw new Error("no forwarding entry");
  const learned = action.entry.by === "arp" ? { note: "learned" } : {};
  return { ...plain, label: "fdb", text: fdbWords(action.entry), ...learned };
}

/** A tunnel device has its socket in the kernel; a process is woken with the datagram. */
function popEntries(step: Step): readonly Entry[] {
  const { action } = step.event;
  if (action.kind !== "decapsulate") return [];
  const { popped, socket, by } = action;
  const closed = { crossing: step.crossing, bytes: signed(step.bytes), bar: step.depth > 0 ? "│└" : "└", label: "pop" };
  const udp = popped.find((header) => header.kind === "udp");
  const port = udp?.kind === "udp" ? `udp/${udp.dport}` : undefined;
  if (step.process !== undefined) {
    return [{ ...closed, text: `${port ?? popWords(popped)} → ${step.process}`, note: `${step.process} recvfrom` }];
  }
  if (!socket || port === undefined) return [{ ...closed, text: `${popWords(popped)} → ${by}` }];
  const vni = popped.flatMap((header) => ("vni" in header ? [`, vni ${header.vni}`] : []));
  const bar = "│".repeat(Math.min(step.depth + 1, 2));
  return [
    { bar, label: "socket", text: `${port}${vni.join("")} → ${by}` },
    { ...closed, text: popWords(popped) },
  ];
}

function wireWords(step: Step): string {
  const { action, headers } = step.event;
  if (action.kind !== "wire") return "";
  const next = action.to.netns.replace(/^.*\//, "");
  const ends = step.depth > 0 ? outerEnds(headers) : undefined;
  const router = action.to.netns.startsWith("router/") ? ` by ${next}` : "";
  const way = ends ? `${ends.src} → ${ends.dst}${router}` : `→ ${next}`;
  return `wire: subnet ${action.segment}, ${way}, frame ${action.frame}`;
}

function socketWords({ event }: Step): Pick<Entry, "text" | "note"> {
  const { action, headers } = event;
  if (action.kind !== "deliver") return { text: "" };
  const what = serviceWords(headers);
  if (action.socket === "kernel") return { text: `${what} → kernel` };
  const { socket } = action;
  if (socket === "assumed" || isAssumed(socket)) return { text: what, note: "assumed" };
  return { text: `${what} → ${socket.owner.name}` };
}

/** Whether a socket is there only because nobody said what listens. */
export function isAssumed(socket: Socket | "assumed"): boolean {
  return socket === "assumed" || socket.assumed === true;
}

/** What a packet is for, at its receiver: `udp/9000`, `tcp/443 SYN`, `icmp echo request`. */
export function serviceWords(headers: Packet): string {
  const at = headers.findLastIndex(({ kind }) => kind === "ipv4" || kind === "ipv6");
  const next = headers[at + 1];
  if (next?.kind === "icmp") return next.type === 8 || next.type === 128 ? "icmp echo request" : "icmp echo reply";
  if (next?.kind === "tcp") return `tcp/${next.dport} ${next.flags.join(",")}`;
  return next && "dport" in next ? `${next.kind}/${next.dport}` : (next?.kind ?? "packet");
}

function icmpEntry(step: Step): Pick<Entry, "label" | "text"> {
  const { action, headers } = step.event;
  if (action.kind !== "icmp") return { label: "", text: "" };
  const ends = outerEnds(headers);
  const v6 = ends?.src.includes(":") ?? false;
  const words = icmpWords(action.error, v6 ? 6 : 4);
  const number = words.split(" ").slice(0, 2).join(" ");
  const { why } = action;
  if (why === undefined) {
    const way = step.error;
    const back = way && way.places.length > 1 ? `, back by ${way.places.slice(1).join(", ")}` : "";
    const lost = way?.end ? `: lost at ${way.places.at(-1)}` : "";
    return { label: "icmp", text: `${words}${back}${lost}` };
  }
  switch (why) {
    case "no-route-back":
      return { label: "", text: `no route to ${ends?.src}  so its ${number} is not sent either` };
    case "blackhole":
      return { label: "", text: `no ${number}: the way back to ${ends?.src} is a blackhole` };
    case "about-an-error":
      return { label: "", text: `no ${number}: it would be an error about an error` };
    case "not-first-fragment":
      return { label: "", text: `no ${number}: only a first fragment is reported` };
    case "group-address":
      return { label: "", text: `no ${number}: nothing is reported about group addresses` };
    case "rate-limited":
      return { label: "", text: `no ${number}: too many were sent` };
  }
}

function asked({ event, exchange }: Step): string {
  const ip = event.action.kind === "arp" ? event.action.ip : "";
  return `who has ${ip}? ${answered(exchange)}`;
}

function shaken({ event: { action }, exchange }: Step): string {
  if (action.kind !== "handshake") return "";
  const [answer] = exchange?.answers ?? [];
  const { dev, endpoint } = action.peer;
  return `${dev} asks ${endpoint} for a session: ${answer ? `${answer.from} answers` : "nobody answers"}`;
}

function answered(exchange: Exchange | undefined): string {
  const answers = exchange?.answers ?? [];
  if (answers.length > 0) {
    return answers.map(({ mac, from, proxy }) => `${from}: ${mac}${proxy ? " (proxy)" : ""}`).join(" and ");
  }
  const heard = exchange?.heard;
  if (!heard) return "nobody answers";
  const others = heard.accepted + heard.ignored;
  if (others === 0) return "nobody else is there";
  return others === 1 ? "the only other machine there is silent" : `all ${others} others there are silent`;
}

/** Who wrote the row that decided a step. */
export function writerOf({ event: { action } }: Step): string | undefined {
  switch (action.kind) {
    case "route":
      return action.found.route.by;
    case "neighbour":
    case "fdb":
      return action.entry.by;
    case "lease":
      return action.lease.by;
    case "peer":
    case "handshake":
      return action.peer.by;
    case "filter":
    case "translate":
      return action.rule?.by;
    default:
      return undefined;
  }
}
