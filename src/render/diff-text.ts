import type { Explained } from "../kernel/diff-causes.ts";
import { type Cause, explaining } from "../kernel/diff-tally.ts";
import { routeKey } from "../kernel/route.ts";
import type { RowChange } from "../kernel/row-change.ts";
import type { PathDiff, StationChange } from "../trace/path-diff.ts";
import { placeName } from "../trace/project.ts";
import { counted, extentWords, reasonWords, rowWords, tableWord } from "./diff-words.ts";
import { beside, type Layout } from "./layout.ts";
import { Page } from "./page.ts";

/** One side of a comparison. */
export interface Side {
  readonly mode: string;
  readonly topology: string;
}

/** Two networks, compared; and one packet's two ways, when one was asked about. */
export interface Comparison {
  readonly left: Side;
  readonly right: Side;
  readonly diff: {
    readonly rows: number;
    readonly causes: readonly Cause[];
    /** All that differ, or examples of each cause. */
    readonly changes: readonly RowChange[];
    readonly only: { readonly left: readonly string[]; readonly right: readonly string[] };
    /** The changes of one namespace or segment. */
    in(place: string): readonly Explained[];
    /** All of them, one place after the other. */
    all(): Iterable<Explained>;
  };
  readonly path?: { readonly src: string; readonly dst: string; readonly diff: PathDiff };
}

export interface DiffOptions extends Layout {
  /** `all` lists every row under its cause; `some` one machine of each kind as an example. */
  readonly rows: "some" | "all";
}

/** What makes two networks different, cause by cause, and how a packet's way changes with them. */
export function renderDiff(comparison: Comparison, options: DiffOptions): string {
  const page = new Page(options);
  const { diff, path } = comparison;
  page.text(headline(comparison), "strong");
  for (const [names, words] of [
    [diff.only.left, "go"],
    [diff.only.right, "come"],
  ] as const) {
    if (names.length > 0)
      page.row({ head: "   ", text: `${counted(names.length, "namespace")} ${words}: ${someNames(names)}` });
  }
  if (diff.causes.length > 0) page.gap();
  const digits = String(diff.causes.length).length;
  for (const [i, cause] of diff.causes.entries()) {
    writeCause(page, String(i + 1).padStart(digits), cause, options.rows);
  }
  if (path) {
    page.gap();
    writePathDiff(page, path, diff);
  }
  if (diff.rows > 0 && options.rows === "some") {
    page.gap();
    page.text(`exit 1: they differ    --rows lists all ${diff.rows} · --format patch · --exit-zero`, "faint");
  }
  return page.toString();
}

/** Every row, each with the number of its cause, place by place: what is too many to be held and told by causes. */
export function* rowLines({ diff }: Comparison, layout: Layout): Generator<string> {
  const placesOf = explaining(diff.causes);
  const width = String(diff.causes.length).length;
  let place = "";
  for (const found of diff.all()) {
    const { change } = found;
    const [at = 0] = placesOf(found);
    const cause = diff.causes[at];
    if (!cause) continue;
    const page = new Page(layout);
    if (change.netns !== place) {
      page.raw([""]);
      page.text(placeName(change.netns), "strong");
    }
    place = change.netns;
    writeChange(page, String(at + 1).padStart(width), width, { netns: place, change, names: [] }, cause);
    yield page.toString().trimEnd();
  }
}

/** How many names are spelled out. */
const MOST_NAMES = 4;

export function someNames(names: readonly string[]): string {
  const shown = names.slice(0, MOST_NAMES).map(placeName).join(", ");
  return names.length > MOST_NAMES ? `${shown}, …` : shown;
}

/** Why some rows are not listed, and where they are. */
export function omittedWords({ rows }: { readonly rows: number }): string {
  return `examples only: ${counted(rows, "row")} are too many for a table; the formats text and patch list them`;
}

export function headline({ left, right, diff }: Comparison): string {
  const sides =
    left.topology === right.topology
      ? `${left.mode} → ${right.mode} on ${left.topology}`
      : `${left.mode} on ${left.topology} → ${right.mode === left.mode ? "" : `${right.mode} on `}${right.topology}`;
  const { rows: differ, causes, only } = diff;
  if (differ === 0 && only.left.length + only.right.length === 0) return `${sides}: no row differs`;
  const rows = `${counted(differ, "row")} ${differ === 1 ? "differs" : "differ"}`;
  return `${sides}: ${rows}, ${causes.length} ${causes.length === 1 ? "cause" : "causes"}`;
}

function writeCause(page: Page, number: string, cause: Cause, rows: DiffOptions["rows"]): void {
  const head = `${number}  `;
  const width = page.layout.columns - head.length;
  const extent = extentWords(cause);
  // The extent stands at the right edge: nothing behind an arrow is lined up.
  const [first = "", ...rest] = beside(reasonWords(cause), extent, width - extent.length, width);
  page.row({ head, text: first, tones: { head: "strong" } });
  for (const line of rest) page.row({ head: " ".repeat(head.length), text: line });
  const shown = rows === "all" ? cause.changes : examples(cause);
  const names = Math.max(...shown.map(({ netns }) => placeName(netns).length), 0);
  let last = "";
  for (const group of alike(shown, cause)) {
    const name = placeName(group.netns);
    writeChange(page, name === last ? "" : name, names, group, cause);
    last = name;
  }
}

/** The rows of the first host, of the first router and of the first pod: the others are alike. */
export function examples({ changes }: Cause): readonly RowChange[] {
  const kinds = new Map<string, string>();
  for (const { netns } of changes) {
    const kind = netns.slice(0, netns.indexOf("/"));
    if (!kinds.has(kind)) kinds.set(kind, netns);
  }
  const chosen = new Set(kinds.values());
  const shown = changes.filter(({ netns }) => chosen.has(netns));
  const counts = new Map<string, number>();
  return shown.filter(({ netns, table }) => {
    const key = `${netns} ${table}`;
    counts.set(key, (counts.get(key) ?? 0) + 1);
    return (counts.get(key) ?? 0) <= MOST_EXAMPLES;
  });
}

/** Rows of one table in one namespace that stand for the rest. */
const MOST_EXAMPLES = 4;

interface Shown {
  readonly netns: string;
  readonly change: RowChange;
  /** Several rows of which only the names need telling. */
  readonly names: readonly string[];
}

/** Links whose change the cause already tells are listed by name, on one line. */
function alike(changes: readonly RowChange[], { reason }: Cause): readonly Shown[] {
  const shown: { netns: string; change: RowChange; names: string[] }[] = [];
  for (const change of changes) {
    const { netns } = change;
    const name = reason.kind === "field" && reason.before !== undefined ? shortName(change) : undefined;
    const last = shown.at(-1);
    if (name !== undefined && last?.netns === netns && last.names.length > 0 && last.change.table === change.table) {
      last.names.push(name);
    } else shown.push({ netns, change, names: name === undefined ? [] : [name] });
  }
  return shown;
}

function shortName({ before }: RowChange): string | undefined {
  return before?.table === "link" ? before.row.name : undefined;
}

function writeChange(page: Page, name: string, width: number, { change, names }: Shown, cause: Cause): void {
  const { before, after, table } = change;
  const sign = before && after ? "~" : before ? "-" : "+";
  const head = `   ${name.padEnd(width)}  ${sign} ${tableWord(table).padEnd(6)} `;
  if (names.length > 0) {
    page.row({ head, text: names.join(", ") });
    return;
  }
  if (before && after && cause.reason.kind !== "field") {
    page.row({ head, text: rowWords(before) });
    page.row({
      head: `${" ".repeat(head.length - 2)}→ `,
      text: cause.reason.kind === "rename" ? renamed(change) : rowWords(after),
    });
    return;
  }
  if (before && after && cause.reason.kind === "field") {
    const { reason } = cause;
    const field = change.fields.find((each) => each.field === reason.field);
    const values =
      reason.before === undefined && reason.after === undefined && field
        ? `: ${field.before ?? "none"} → ${field.after ?? "none"}`
        : "";
    page.row({ head, text: `${rowWords(before)}${values}` });
    return;
  }
  const row = before ?? after;
  if (row) page.row({ head, text: rowWords(row) });
}

function renamed({ fields }: RowChange): string {
  return fields.find(({ field }) => field === "name")?.after ?? "";
}

function writePathDiff(page: Page, path: NonNullable<Comparison["path"]>, tables: Comparison["diff"]): void {
  const { diff } = path;
  page.text(`path ${path.src} → ${path.dst}`, "strong");
  const width = Math.max(...diff.stations.map(({ station }) => station.place.length), 0);
  const blame = blamed(diff, tables);
  let last = "";
  let shared = "";
  let told = false;
  for (const change of diff.stations) {
    const { op, station } = change;
    // What both have reads on by itself, whatever stands between.
    const name = station.place === (op === "same" ? shared : last) ? "" : station.place;
    last = station.place;
    if (op === "same") shared = station.place;
    const sign = op === "same" ? " " : op === "left" ? "-" : "+";
    const first = op !== "same" && !told;
    if (first) told = true;
    page.row({
      head: `  ${sign}  ${name.padEnd(width)}  `,
      text: stationWords(change),
      ...(first && blame !== undefined && { note: blame }),
    });
  }
  for (const line of outcomeLines(diff)) page.row({ head: "  ", text: line });
}

export function stationWords({ station }: StationChange): string {
  if (station.kind === "wire") return `${station.dev} ~ ${station.segment} ~ ${station.to}`;
  const { bytes } = station;
  return bytes === 0 ? station.dev : `${station.dev}  ${bytes > 0 ? "+" : "−"}${Math.abs(bytes)}`;
}

/** Which cause the row at which the two ways part belongs to. */
export function blamed({ parting }: PathDiff, tables: Comparison["diff"]): string | undefined {
  const route = [parting?.left, parting?.right]
    .map((step) => step?.event.action)
    .find((action) => action?.kind === "route");
  if (!parting || route?.kind !== "route") return undefined;
  const key = `route ${routeKey(route.found.route)}`;
  const found = tables.in(parting.netns).find(({ change }) => change.key === key);
  const [at] = found ? explaining(tables.causes)(found) : [];
  return at === undefined ? undefined : `first difference: cause ${at + 1}, on ${placeName(parting.netns)}`;
}

export function outcomeLines({ left, right, fabric }: PathDiff): readonly string[] {
  const pair = (name: string, a: string | number | undefined, b: string | number | undefined) => {
    if (a === undefined && b === undefined) return [];
    return [`${name}${name === "" ? "" : " "}${a ?? "none"} ${a === b ? "=" : "→"} ${b ?? "none"}`];
  };
  const words = (direction: PathDiff["left"]) =>
    direction.ttl === undefined ? `${direction.diagnosis.code} at ${direction.diagnosis.at}` : "delivered";
  const facts = [
    ...pair("", words(left), words(right)),
    ...pair("ttl", left.ttl, right.ttl),
    ...pair("header", signed(left.headerBytes), signed(right.headerBytes)),
    ...pair("mtu", left.pathMtu, right.pathMtu),
    ...pair("crossings", left.crossings.total, right.crossings.total),
  ].join(" · ");
  const needs = [
    ...fabric.left.map((what) => `${needWords(what)} no longer needed`),
    ...fabric.right.map((what) => `${needWords(what)} now needed`),
  ];
  return needs.length > 0 ? [facts, `fabric: ${needs.join("; ")}`] : [facts];
}

function signed(bytes: number): string {
  return bytes > 0 ? `+${bytes}` : "0";
}

function needWords(what: string): string {
  return what === "any-ip" ? "pods' own addresses on the wire" : what;
}
