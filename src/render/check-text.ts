import type { Place } from "../topology/problem.ts";
import { placeName } from "../trace/project.ts";
import type { Layout } from "./layout.ts";
import { labelled, Page, type Tone } from "./page.ts";

/** What a check has to say of one network, with what a baseline says of it. */
export interface Checked {
  readonly mode: string;
  readonly topology: string;
  readonly lint: {
    readonly findings: readonly CheckedFinding[];
    readonly counts: Readonly<Record<CheckedFinding["severity"], number>>;
    readonly looked: {
      readonly hosts: number;
      readonly kinds: number;
      readonly ways: number;
    };
  };
  readonly pairs?: CheckedPairs;
  /** Those that no expectation is about. */
  readonly unnamed?: Pick<CheckedPairs, "pairs" | "endings">;
  readonly expected: readonly {
    readonly name: string;
    readonly place?: Place;
    readonly holds: boolean;
    readonly of: number;
    readonly broken: number;
    readonly what: "pairs" | "nodes";
    readonly text?: string;
  }[];
  readonly losses?: {
    readonly tried: number;
    readonly elements: number;
    readonly losses: readonly {
      readonly kind: string;
      readonly name: string;
      readonly alike: number;
      readonly breaks: number;
      readonly witness: readonly [string, string];
      readonly code: string;
    }[];
  };
  /** Everything that is wrong, under names that stay the same. */
  readonly items: readonly CheckedItem[];
  /** Entries of the baseline that accept nothing any more. */
  readonly stale: readonly { readonly id: string; readonly place?: Place }[];
}

export interface CheckedPairs {
  readonly pods: number;
  readonly pairs: number;
  readonly classes: number;
  readonly endings: readonly {
    readonly packet: "small" | "full";
    readonly verdict: string;
    readonly code: string;
    readonly pairs: number;
    readonly witness: readonly [string, string];
  }[];
}

export interface CheckedItem {
  readonly id: string;
  readonly level: "error" | "warning" | "note";
  readonly code: string;
  readonly text: string;
  readonly count: number;
  readonly place?: Place;
  readonly undetermined?: boolean;
  readonly accepted?: "accepted" | "expired" | "grown";
}

export interface CheckedFinding {
  readonly code: string;
  readonly severity: "error" | "warning" | "note";
  readonly at: string;
  readonly count: number;
  readonly place?: Place;
  readonly text: string;
  readonly sees: string;
  readonly fix: string;
}

const TONES: Readonly<Record<CheckedFinding["severity"], Tone>> = { error: "bad", warning: "strong", note: "faint" };

/**
 * Findings one below the other: what is wrong and where, what will be seen of it, what to do; then all pairs by how
 * they ended, what was expected, and what the loss of one element breaks.
 */
export function renderCheck(checked: Checked, layout: Layout): string {
  const page = new Page(layout);
  const { mode, topology, lint, pairs, unnamed, expected, losses, items } = checked;
  const { findings, counts, looked } = lint;
  page.text(`${mode} · ${topology}: ${summary(counts)}`, "strong");
  const accepted = new Set(items.filter((item) => item.accepted === "accepted").map(({ id }) => id));
  for (const finding of findings) {
    if (accepted.has(`lint/${finding.code}/${finding.at}`)) continue;
    page.gap();
    writeFinding(page, finding);
  }
  if (pairs) writePairs(page, pairs);
  if (expected.length > 0) writeExpected(page, expected);
  if (unnamed) writeUnnamed(page, unnamed);
  if (losses) writeLosses(page, losses);
  writeBaseline(page, checked);
  page.gap();
  const kinds = `${counted(looked.hosts, "host")} of ${counted(looked.kinds, "kind")}`;
  const ways =
    looked.ways === 0
      ? `no packets walked: ${pairs && pairs.pairs > 0 ? "every pair is expected to be lost" : "no two pods"}`
      : `packets walked between ${counted(looked.ways, "kind")} of pairs`;
  page.row({ head: "looked at  ", text: `${kinds}, ${ways}` });
  const [first] = findings;
  if (first) page.row({ head: "more: ", text: `cni-trace explain ${first.code}` });
  return page.toString();
}

function writePairs(page: Page, { pods, pairs, classes, endings }: CheckedPairs): void {
  page.gap();
  const walked = classes === pairs ? "each walked" : `of ${counted(classes, "kind")}, one of each walked`;
  page.row({ head: "pairs    ", text: `${grouped(pairs)} ordered pairs of ${grouped(pods)} pods, ${walked}` });
  const width = Math.max(...endings.map((ending) => grouped(ending.pairs).length), 0);
  for (const packet of ["small", "full"] as const) {
    const own = endings.filter((ending) => ending.packet === packet);
    for (const [i, { verdict, code, pairs: count, witness }] of own.entries()) {
      const name = i === 0 ? packet.padEnd(5) : "     ";
      const lost = !verdict.startsWith("REACHABLE");
      const text = lost ? `${code}, such as ${witness.map(plain).join(" → ")}` : code;
      const tones = lost ? { text: "bad" as const } : {};
      page.row({ head: `${INDENT}${name}  ${grouped(count).padStart(width)}  `, text, tones });
    }
  }
}

function writeExpected(page: Page, expected: Checked["expected"]): void {
  page.gap();
  const kept = expected.filter(({ holds }) => holds).length;
  page.row({ head: "expected ", text: `${kept} of ${expected.length} hold` });
  for (const { name, place, holds, of, broken, what, text } of expected) {
    const where = place ? `${place.file}:${place.line}` : undefined;
    const all = of === 1 ? `1 ${what.slice(0, -1)}` : `${grouped(of)} ${what}`;
    const words = holds ? `${name}  (${all})` : `${name}: not so for ${grouped(broken)} of ${all}`;
    page.row({
      head: `${INDENT}${holds ? "ok  " : "no  "}`,
      text: words,
      ...(!holds && { tones: { head: "bad" as const }, ...(where !== undefined && { note: where }) }),
    });
    if (text !== undefined) page.row({ head: `${INDENT}    `, text });
  }
}

/** Lost pairs that nobody has said anything of; when all are, or none is lost, there is nothing to tell. */
function writeUnnamed(page: Page, { endings }: NonNullable<Checked["unnamed"]>): void {
  const lost = endings.filter(({ verdict }) => !verdict.startsWith("REACHABLE"));
  for (const [i, { packet, code, pairs, witness }] of lost.entries()) {
    const head = i === 0 ? "besides  " : INDENT;
    const text = `${counted(pairs, "pair")} of which nothing is expected: ${code} (${packet}), such as ${witness.map(plain).join(" → ")}`;
    page.row({ head, text, tones: { text: "bad" } });
  }
}

function writeLosses(page: Page, { tried, elements, losses }: NonNullable<Checked["losses"]>): void {
  page.gap();
  const one = tried === elements ? "each taken away" : `one of each kind taken away, ${tried} in all`;
  const found = losses.length === 0 ? "none parts any pods" : `${losses.length} part pods`;
  page.row({ head: "failing  ", text: `${counted(elements, "element")}, ${one}: ${found}` });
  for (const { kind, name, alike, breaks, witness, code } of losses) {
    const like = alike > 1 ? `, or any of ${grouped(alike - 1)} like it` : "";
    page.row({ head: INDENT, text: `${kind} ${name}${like}: ${grouped(breaks)} pairs`, tones: { text: "bad" } });
    page.row({ head: `${INDENT}  `, text: `${code}, such as ${witness.map(plain).join(" → ")}` });
  }
}

function writeBaseline(page: Page, { items, stale }: Checked): void {
  const of = (word: CheckedItem["accepted"]) => items.filter(({ accepted }) => accepted === word);
  const lines = [
    ...(of("accepted").length > 0 ? [`${counted(of("accepted").length, "thing")} accepted`] : []),
    ...of("expired").map(({ id }) => `${id} was accepted until a day that is past`),
    ...of("grown").map(({ id, count }) => `${id} is about ${grouped(count)} now, more than accepted`),
    ...stale.map(
      ({ id, place }) => `${id} is not found any more${place ? ` (${place.file}:${place.line})` : ""}: take it out`,
    ),
  ];
  if (lines.length === 0) return;
  page.gap();
  for (const [i, text] of lines.entries()) page.row({ head: i === 0 ? "baseline " : INDENT, text });
}

function plain(pod: string): string {
  return placeName(`pod/${pod}`);
}

/** Digits in groups of three, the same everywhere. */
function grouped(count: number): string {
  return String(count).replace(/\B(?=(\d{3})+$)/g, ",");
}

function writeFinding(page: Page, { code, severity, at, count, place, text, sees, fix }: CheckedFinding): void {
  const others = count > 1 ? ` and ${count - 1} more like it` : "";
  const where = place ? `${place.file}:${place.line}:${place.column}` : undefined;
  page.row({
    head: severity.padEnd(9),
    text: `${code} at ${at}${others}`,
    tones: { head: TONES[severity], text: "strong" },
    ...(where !== undefined && { note: where }),
  });
  page.row({ head: INDENT, text });
  labelled(page, [
    ...(sees === "" ? [] : [{ label: `${INDENT}seen`, text: sees }]),
    { label: `${INDENT}do`, text: fix },
  ]);
}

const INDENT = " ".repeat(9);

function summary(counts: Checked["lint"]["counts"]): string {
  const some = (["error", "warning", "note"] as const).filter((severity) => counts[severity] > 0);
  return some.length === 0 ? "nothing found" : some.map((severity) => counted(counts[severity], severity)).join(", ");
}

function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? "" : "s"}`;
}
