import type { Answer } from "../trace/answer.ts";
import { pathOf } from "../trace/path.ts";
import type { Place, Step } from "../trace/steps.ts";
import type { Packet } from "../wire/header.ts";
import { fdbText, neighbourText } from "./iproute.ts";
import { filterRuleText } from "./iptables.ts";
import type { Layout } from "./layout.ts";
import { outerEnds } from "./packet-words.ts";
import { Page } from "./page.ts";
import { routeWords } from "./row-words.ts";

/** One command for one machine, and what it shows there if the machine is as modelled. */
interface Look {
  readonly command: string;
  readonly shows: string;
}

/** `--commands`: what to type on each real machine, in the order of the way, with what it should show. */
export function renderCommands(answer: Answer, layout: Layout): string {
  const page = new Page(layout);
  const path = pathOf(answer.forward.trace);
  const seen = new Set<string>();
  for (const place of path.places) {
    for (const look of looks(place)) write(page, seen, place.name, look);
  }
  for (const { at, command, expect } of answer.forward.diagnosis.seeIt)
    write(page, seen, at, { command, shows: expect });
  return page.toString();
}

/** A command is typed once on a machine, however often the packet comes by. */
function write(page: Page, seen: Set<string>, at: string, { command, shows }: Look): void {
  if (seen.has(`${at} ${command}`)) return;
  seen.add(`${at} ${command}`);
  page.raw([`${at}# ${command}`]);
  page.row({ head: "  ", text: shows, under: "    ", tones: { text: "faint" } });
}

function* looks(place: Place): Generator<Look> {
  for (const step of place.steps) yield* look(step);
}

function* look(step: Step): Generator<Look> {
  const { action, headers, at } = step.event;
  switch (action.kind) {
    case "route":
      yield routeGet(step);
      return;
    case "neighbour":
      yield { command: `ip neigh show ${action.entry.ip} dev ${action.entry.dev}`, shows: neighbourText(action.entry) };
      return;
    case "fdb": {
      const { mac, dev } = action.entry;
      yield { command: `bridge fdb show dev ${dev} | grep ${mac}`, shows: fdbText(action.entry) };
      return;
    }
    case "peer": {
      const { dev, publicKey, endpoint, port } = action.peer;
      yield { command: `wg show ${dev} endpoints | grep ${publicKey}`, shows: `${publicKey}  ${endpoint}:${port}` };
      return;
    }
    case "encapsulate":
      if (step.process === undefined)
        yield { command: `ip -d -s link show ${action.by}`, shows: "TX packets rises with every packet" };
      return;
    case "decapsulate":
      if (step.process === undefined)
        yield { command: `ip -d -s link show ${action.by}`, shows: "RX packets rises with every packet" };
      return;
    case "wire":
      yield { command: `tcpdump -eni ${at.dev} ${capture(headers)}`, shows: frameWords(headers, action.frame) };
      return;
    case "read":
      yield {
        command: `ss -lunp 'sport = :${action.forwarder.port}'`,
        shows: `${action.forwarder.ip}:${action.forwarder.port} users:(("${action.forwarder.process}",…))`,
      };
      return;
    case "deliver": {
      const listening = listener(headers);
      if (listening) yield listening;
      return;
    }
    case "filter": {
      const { table, chain, rule, verdict } = action;
      const shows = rule ? filterRuleText(chain.name, rule) : `-P ${chain.name} ${verdict}`;
      yield { command: `iptables -t ${table} -S ${chain.name}`, shows };
      return;
    }
    default:
      return;
  }
}

/** As the kernel was asked: from whom and by which device matters where rules or reverse-path checks do. */
function routeGet(step: Step): Look {
  const { action, headers, at } = step.event;
  const ends = outerEnds(headers);
  if (action.kind !== "route") return { command: "", shows: "" };
  const { route, nexthop } = action.found;
  const from = action.direction === "input" ? ` from ${ends?.src}` : "";
  const via = nexthop?.via ? ` via ${nexthop.via}` : "";
  const command = `ip route get ${ends?.dst}${from}${from === "" ? "" : ` iif ${at.dev}`}`;
  if (route.type !== "unicast") return { command, shows: `the row ${routeWords(route, nexthop)}` };
  return { command, shows: `${ends?.dst}${from}${via} dev ${nexthop?.dev}   by the row ${routeWords(route, nexthop)}` };
}

function capture(headers: Packet): string {
  const ends = outerEnds(headers);
  const at = headers.findIndex(({ kind }) => kind === "ipv4" || kind === "ipv6");
  const next = headers[at + 1];
  const inner = headers.filter(({ kind }) => kind === "ipv4" || kind === "ipv6").length > 1;
  if (inner && next?.kind === "udp") return `udp port ${next.dport}`;
  if (inner) return "ip proto 4";
  return `host ${ends?.dst}`;
}

function frameWords(headers: Packet, frame: number): string {
  const [ethernet] = headers;
  const ends = outerEnds(headers);
  const macs = ethernet?.kind === "ethernet" ? `${ethernet.src} > ${ethernet.dst}, ` : "";
  return `${macs}length ${frame}: ${ends?.src} > ${ends?.dst}`;
}

function listener(headers: Packet): Look | undefined {
  const at = headers.findLastIndex(({ kind }) => kind === "ipv4" || kind === "ipv6");
  const next = headers[at + 1];
  if (next?.kind !== "udp" && next?.kind !== "tcp" && next?.kind !== "sctp") return undefined;
  const kind = { udp: "u", tcp: "t", sctp: "S" }[next.kind];
  return { command: `ss -l${kind}np 'sport = :${next.dport}'`, shows: `a socket on port ${next.dport}` };
}
