import type { Answer, Direction, Finding } from "../trace/answer.ts";
import { pathOf } from "../trace/path.ts";
import type { Path } from "../trace/steps.ts";
import { writeBranches } from "./branches-text.ts";
import { writeFlow } from "./flow-text.ts";
import type { Layout } from "./layout.ts";
import { beside } from "./layout.ts";
import { Page } from "./page.ts";
import { endWords, writePath } from "./path-text.ts";
import { serviceWords } from "./step-text.ts";
import { writeVerdict } from "./verdict-text.ts";

/** How close a look the text gives: a line or two, the rows that decided, or all there is. */
export type Zoom = "brief" | "normal" | "verbose";

export interface TraceOptions extends Layout {
  readonly zoom: Zoom;
}

/**
 * The answer to `trace SRC DST` as text: the packet, its way place by place with the row that decided each step, the
 * verdict, what the sender sees, what would mend it. Ends in a line feed; no line is longer than `columns`.
 */
export function renderTrace(answer: Answer, options: TraceOptions): string {
  const page = new Page(options);
  const path = pathOf(answer.forward.trace);
  writeQuestion(page, answer);
  if (options.zoom === "brief") {
    page.row({ head: "", text: briefWay(path) });
    writeVerdict(page, answer, path, "brief");
    return page.toString();
  }
  const verbose = options.zoom === "verbose";
  page.gap();
  writePath(page, path, { verbose, findings: blamed(answer.forward) });
  writeOthers(page, path, verbose);
  writeReply(page, answer, verbose);
  writeBranches(page, answer);
  writeFlow(page, answer);
  page.gap();
  writeVerdict(page, answer, path, options.zoom);
  return page.toString();
}

/** Who speaks to whom, in which mode, and the packet itself. */
function writeQuestion(page: Page, { question, forward, flow }: Answer): void {
  const { src, dst, mode, topology } = question;
  const ends = `${src.name}${at(src.name, `${src.ip}`)} → ${dst.name}${at(dst.name, `${dst.ip}`)}`;
  for (const line of beside(ends, `${mode} · ${topology}`, 43, page.layout.columns)) page.text(line, "strong");
  const packets = question.count > 1 ? `, ${question.count} packets of one flow` : "";
  page.text(`${packetWords(forward, flow?.[0]?.size ?? question.size)}${packets}`);
}

function at(name: string, ip: string): string {
  return name === ip ? "" : ` ${ip}`;
}

function packetWords({ trace }: Direction, size: number): string {
  const [ip, next] = trace.sent;
  const header = ip?.kind === "ipv4" || ip?.kind === "ipv6" ? ip : undefined;
  const ports = next && "sport" in next ? ` ${next.sport} → ${next.dport}` : "";
  const what =
    next?.kind === "icmp"
      ? serviceWords(trace.sent)
      : next?.kind === "tcp"
        ? `tcp ${next.flags.join(",")}`
        : next?.kind;
  const df = header?.kind === "ipv4" && header.df ? ", DF" : "";
  const ttl = header && header.ttl !== 64 ? `, ttl ${header.ttl}` : "";
  return `${what}${ports}, IP length ${size}${df}${ttl}`;
}

/** The places alone, with what is pushed and popped between them. */
function briefWay(path: Path): string {
  return path.places
    .map((place) => {
      const bytes = place.steps.filter((step) => step.bytes !== 0);
      const signs = bytes.map((step) => (step.bytes < 0 ? `−${-step.bytes}` : `+${step.bytes}`));
      return signs.length > 0 ? `${place.name} (${signs.join(", ")})` : place.name;
    })
    .join(" → ");
}

/** Fragments and copies that did not go the way that is shown. */
function writeOthers(page: Page, path: Path, verbose: boolean): void {
  const told = path.others.filter((other) => verbose || !isMerelyIgnored(other));
  for (const other of told) {
    const names = other.places.map(({ name }) => name).join(" → ");
    page.row({ head: "also         ", text: `packet ${other.packet}: ${names}: ${endWords(other)}` });
  }
}

function isMerelyIgnored(path: Path): boolean {
  const actions = path.places.flatMap((place) => place.steps.map((step) => step.event.action));
  return actions.every(
    (action) => action.kind !== "deliver" && (action.kind !== "drop" || action.reason === "OTHERHOST"),
  );
}

/** The reply's own way, when it is the lesson or when everything is wanted. */
function writeReply(page: Page, { reply, question }: Answer, verbose: boolean): void {
  if (!reply || (reply.ttl !== undefined && !verbose)) return;
  page.gap();
  page.text(`reply: ${question.dst.name} → ${question.src.name}`, "strong");
  page.text(packetWords(reply, replySize(reply)));
  page.gap();
  writePath(page, pathOf(reply.trace), { verbose, findings: blamed(reply) });
}

function replySize({ trace }: Direction): number {
  return pathOf(trace).places[0]?.steps[0]?.length ?? 0;
}

/** Facts that explain a loss stand at their places; those that are mere risks stand behind the verdict. */
function blamed({ ttl, diagnosis }: Direction): readonly Finding[] {
  return ttl === undefined ? diagnosis.because : [];
}
