import type { Place } from "../topology/problem.ts";
import type { Layout } from "./layout.ts";
import { labelled, Page, type Tone } from "./page.ts";

/** What a check has to say of one network. */
export interface Checked {
  readonly mode: string;
  readonly topology: string;
  readonly lint: {
    readonly findings: readonly CheckedFinding[];
    readonly counts: Readonly<Record<CheckedFinding["severity"], number>>;
    readonly looked: {
      readonly hosts: number;
      readonly kinds: number;
      readonly pairs: number;
      readonly walked: number;
    };
  };
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

/** Findings one below the other: what is wrong and where, what will be seen of it, what to do. */
export function renderCheck({ mode, topology, lint }: Checked, layout: Layout): string {
  const page = new Page(layout);
  const { findings, counts, looked } = lint;
  page.text(`${mode} · ${topology}: ${summary(counts)}`, "strong");
  for (const finding of findings) {
    page.gap();
    writeFinding(page, finding);
  }
  page.gap();
  const kinds = `${counted(looked.hosts, "host")} of ${counted(looked.kinds, "kind")}`;
  const ways =
    looked.pairs === looked.walked
      ? `packets walked between all ${counted(looked.pairs, "pair")} of kinds`
      : `packets walked between ${looked.walked} of ${counted(looked.pairs, "pair")} of kinds, so a row that spoils another pair is not seen`;
  page.row({
    head: "looked at  ",
    text: `${kinds}, ${looked.pairs === 0 ? "no packets walked: there is but one host" : ways}`,
  });
  const [first] = findings;
  if (first) page.row({ head: "more: ", text: `cni-trace explain ${first.code}` });
  return page.toString();
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
