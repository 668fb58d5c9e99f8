import type { Answer, Direction, Finding, Fix, FlowPacket, TracerouteHop } from "../trace/answer.ts";
import { pathOf } from "../trace/path.ts";
import type { Path } from "../trace/steps.ts";
import { detours, fabricLegs, isWayBack, settled } from "../trace/way.ts";
import { agreementWords } from "./branches-text.ts";
import { beside } from "./layout.ts";
import { errorWords } from "./packet-words.ts";
import { labelled, type Page, type Tone } from "./page.ts";
import { zigzag } from "./zigzag.ts";

interface Line {
  readonly label: string;
  readonly text: string;
  readonly tone?: Tone;
}

/**
 * How it ended: what arrived and at what price, or why it did not and what would help. Of several packets the last one
 * counts, and what went wrong is told of the first, whose way was shown.
 */
export function writeVerdict(page: Page, answer: Answer, shown: Path, zoom: "brief" | "normal" | "verbose"): void {
  const delivered = answer.verdict === "REACHABLE" || answer.verdict === "REACHABLE_WITH_RISK";
  const end = settled(answer);
  const path = answer.flow ? pathOf(end.forward.trace) : shown;
  const lines = delivered ? [arrival(end, path), ...risks(end)] : loss(end);
  if (zoom === "brief") {
    labelled(page, [...lines, ...ways(answer)]);
    return;
  }
  labelled(page, [...lines, ...ways(answer), ...(delivered ? price(end, path) : []), ...assumed(answer, zoom)]);
  if (end.forward.crossings.cni > 0) writePicture(page, path);
  if (!delivered) writeHelp(page, answer);
  writeMore(page, answer, delivered, zoom);
}

function arrival({ verdict, forward, reply, flow }: Answer, path: Path): Line {
  const risk = verdict === "REACHABLE_WITH_RISK" ? "but at risk, see below; " : "";
  const packets = flow ? `${passed(flow)}; ` : "";
  return { label: "DELIVERED", text: `${packets}${risk}${replyWords(forward, reply, path)}`, tone: "good" };
}

/** How many packets of a flow arrived, and were answered where an answer was walked. */
function passed(flow: readonly FlowPacket[]): string {
  const arrived = flow.filter(({ forward, reply }) => forward.ttl !== undefined && (!reply || reply.ttl !== undefined));
  return `${arrived.length} of ${flow.length} packets`;
}

/** How many ways equal routes leave open, when there are several. */
function ways({ forward, reply, allBranches }: Answer): readonly Line[] {
  const hint = allBranches ? "" : "; --all-branches shows them";
  return [
    ...(forward.branches ? [{ label: "ways", text: `${agreementWords(forward.branches)}${hint}` }] : []),
    ...(reply?.branches ? [{ label: "reply ways", text: `${agreementWords(reply.branches)}${hint}` }] : []),
  ];
}

function replyWords(forward: Direction, reply: Direction | undefined, path: Path): string {
  if (!reply) return `ttl ${forward.ttl}; no reply was walked`;
  const back = pathOf(reply.trace);
  const way = isWayBack(path, back)
    ? "same places backwards"
    : `another way: ${back.places.map(({ name }) => name).join(", ")}`;
  return `the reply too: ${way}, ttl ${reply.ttl}, +${reply.headerBytes}`;
}

function risks({ because, forward, reply }: Answer): readonly Line[] {
  const facts = [...because, ...forward.diagnosis.because, ...(reply?.diagnosis.because ?? [])];
  return facts.map((fact) => ({ label: "risk", text: factWords(fact) }));
}

function factWords({ code, at, text }: Finding): string {
  return `${code} at ${at}: ${text.replace(/\.$/, "")}`;
}

/** Several equal ways, of which some lose the packet; one of them is shown. */
function disagreement(answer: Answer): readonly Line[] {
  const [first, ...lost] = answer.because;
  return [
    {
      label: answer.verdict,
      text: `${answer.code}: ${first?.text.replace(/\.$/, "") ?? "branches disagree"}`,
      tone: "bad",
    },
    ...lost.map((fact) => ({ label: "lost", text: factWords(fact) })),
    { label: `${answer.question.src.name} sees`, text: `on the way shown: ${seen(answer)}` },
  ];
}

function loss(answer: Answer): readonly Line[] {
  if (answer.verdict === "AMBIGUOUS") return disagreement(answer);
  const { forward, reply, verdict, question } = answer;
  const died = forward.ttl === undefined || !reply ? forward : reply;
  const { code, at, because } = died.diagnosis;
  const blame = [...betweenBoth(answer), ...because].map((fact) => `${fact.code} at ${fact.at}`).join(" and ");
  const where = `${code} at ${at}${blame ? `, because ${blame}` : ""}`;
  const packets = answer.flow ? `${passed(answer.flow)} pass; in the end ` : "";
  const text = `${packets}${died === forward ? where : `the packet arrives, its reply does not: ${where}`}`;
  const lines: Line[] = [
    { label: verdict, text, tone: "bad" },
    { label: `${question.src.name} sees`, text: seen(answer) },
  ];
  if (died === forward && reply?.ttl === undefined && reply) {
    const { diagnosis } = reply;
    const same =
      diagnosis.at === at ? `would die the same way at ${at}` : `would die too: ${diagnosis.code} at ${diagnosis.at}`;
    lines.push({ label: "reply", text: same });
  }
  return lines;
}

/** What only packet and reply together show of a reply that dies, but that it dies. */
export function betweenBoth({ because, reply, forward }: Answer): Answer["because"] {
  if (forward.ttl === undefined || !reply || reply.ttl !== undefined) return [];
  return because.filter(({ code }) => code !== "RETURN_PATH_BROKEN");
}

function seen({ senderSees, traceroute }: Answer): string {
  const stars = traceroute && `. traceroute: ${hopWords(traceroute)}`;
  const told = senderSees.error && errorWords(senderSees.error);
  switch (senderSees.kind) {
    case "reply":
      return `the reply${stars ?? ""}`;
    case "error":
      return `${told}${stars ?? ""}`;
    case "silence":
      return `nothing: a timeout${stars ?? ""}`;
    case "nothing-sent":
      return told ? `${told}; nothing was sent` : "nothing was sent";
  }
}

/** Whom traceroute hears of; that nobody answers any more is said with three stars. */
function hopWords(hops: readonly TracerouteHop[]): string {
  const words = hops.map((hop) => (hop.from ? `${hop.from}` : "*"));
  const last = words.findLastIndex((word) => word !== "*");
  return words.slice(0, Math.max(last + 1, Math.min(words.length, last + 4))).join(" ");
}

function price({ forward, reply }: Answer, path: Path): readonly Line[] {
  return [
    { label: "headers", text: headerLine(path, forward.headerBytes) },
    { label: "crossings", text: crossingLine(forward, path) },
    ...mtuLines(forward, reply),
    ...fabricLines(forward, reply),
  ];
}

/** Rounds as a reader would, with a point. */
function headerLine(path: Path, bytes: number): string {
  const sent = path.places[0]?.steps[0]?.length ?? 0;
  if (bytes === 0) return `${sent} bytes all the way: none added`;
  return `${sent} → ${sent + bytes} bytes on the wire; +${((bytes / 1400) * 100).toFixed(1)} % at 1400`;
}

function crossingLine({ crossings }: Direction, path: Path): string {
  const from = path.places[0]?.name;
  const to = path.places.at(-1)?.name;
  const mine = detours(path);
  if (crossings.cni === 0 || mine.length === 0) {
    return `${crossings.total}   ▼ ${from} sends, ▲ ${to} receives; none added by the CNI`;
  }
  const theirs = mine.map(({ process, places, crossings: count }) => {
    const where = places.map((place) => `on ${place}`).join(", and ");
    return `${count} are ${process}'s: kernel→user→kernel ${where}`;
  });
  return `${crossings.total}   ${theirs.join("; ")}`;
}

function mtuLines(forward: Direction, reply: Direction | undefined): readonly Line[] {
  const there = forward.pathMtu;
  if (there === undefined) return [];
  const back = reply?.pathMtu;
  const headers = forward.trace.sent[0]?.kind === "ipv6" ? 60 : 40;
  const mss = `MSS ${Math.min(there, back ?? there) - headers}`;
  if (back === undefined) return [{ label: "path mtu", text: `${there}, ${mss}` }];
  const text = back === there ? `${there} both ways, ${mss}` : `${there} there, ${back} back, ${mss}`;
  return [{ label: "path mtu", text }];
}

function fabricLines(forward: Direction, reply: Direction | undefined): readonly Line[] {
  return fabricLegs(forward, reply).map(({ what, pairs }) => {
    const between = pairs.map(({ from, to, both }) => `${from} ${both ? "↔" : "→"} ${to}`).join(", ");
    const frames = what === "any-ip" ? "pods' own addresses" : what;
    return { label: "fabric", text: `must pass ${frames} ${between}` };
  });
}

function assumed({ assumptions }: Answer, zoom: "normal" | "verbose"): readonly Line[] {
  return zoom === "verbose" ? assumptions.map((text) => ({ label: "assumed", text })) : [];
}

function writePicture(page: Page, path: Path): void {
  const lines = zigzag(path, page.layout.columns);
  if (lines.length === 0) return;
  page.gap();
  page.raw(lines);
}

function writeHelp(page: Page, answer: Answer): void {
  const died = answer.forward.ttl === undefined || !answer.reply ? answer.forward : answer.reply;
  const { story, seeIt } = died.diagnosis;
  // On a way that delivers there is nothing to explain.
  if (story.length > 0 && died.ttl === undefined) {
    page.gap();
    page.text([...betweenBoth(answer).map(({ text }) => text), ...story].join(" "));
  }
  if (answer.fixes.length > 0 || seeIt.length > 0) page.gap();
  if (answer.fixes.length > 0) {
    page.text("fix, each re-traced");
    for (const [i, fix] of answer.fixes.entries()) writeFix(page, i + 1, fix);
  }
  if (seeIt.length === 0) return;
  page.text("see it on the real thing");
  const width = Math.max(...seeIt.map(({ at }) => at.length + 1));
  for (const { at, command, expect } of seeIt) {
    const head = `  ${`${at}#`.padEnd(width)} `;
    const lines = beside(command, `expect: ${expect}`, 0, page.layout.columns - head.length);
    page.row({ head, text: lines[0] ?? "" });
    for (const line of lines.slice(1)) page.row({ head: `${" ".repeat(head.length)}  `, text: line });
  }
}

function writeFix(page: Page, number: number, { edits, mode, headerBytes, pathMtu }: Fix): void {
  const commands = [
    ...(mode === undefined ? [] : [`--mode ${mode}`]),
    ...edits.map(({ at, command }) => `${at}: ${command}`),
  ];
  const result = `+${headerBytes}${pathMtu === undefined ? "" : `, mtu ${pathMtu}`}`;
  for (const [i, command] of commands.entries()) {
    const head = i === 0 ? `  ${number}  ` : "     ";
    const last = i === commands.length - 1;
    page.row({ head, text: command, ...(last && { note: `DELIVERED  ${result}` }) });
  }
}

function writeMore(page: Page, answer: Answer, delivered: boolean, zoom: "normal" | "verbose"): void {
  if (!delivered) {
    page.text(`more: cni-trace explain ${blamed(answer)} · --why in sentences · -v netfilter, MACs`);
  } else if (zoom === "normal") {
    page.gap();
    page.text("more: --why in sentences · -v losing rows, MACs, netfilter · --commands to run");
  }
}

function blamed({ verdict, forward, reply, code }: Answer): string {
  if (verdict === "AMBIGUOUS") return code;
  const died = forward.ttl === undefined || !reply ? forward : reply;
  return died.diagnosis.because[0]?.code ?? died.diagnosis.code ?? code;
}
