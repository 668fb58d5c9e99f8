import type { Answer, Direction } from "../trace/answer.ts";
import { tableWord } from "./diff-words.ts";
import type { Grid } from "./grid.ts";
import type { Layout } from "./layout.ts";
import { Page } from "./page.ts";
import { tableLines } from "./table.ts";

/** One mode's answer as it is shown. */
export interface ShownMode {
  readonly mode: {
    readonly name: string;
    readonly family: string;
    readonly learns: string;
    readonly deprecated?: { readonly since: string; readonly why: string };
  };
  readonly answer: Answer;
  readonly delivers: boolean;
  readonly bgp: boolean;
  readonly fabric: readonly string[];
  readonly contract: readonly ShownRequirement[];
  readonly holds?: {
    readonly node: string;
    readonly routes: number;
    readonly each: readonly { readonly table: Parameters<typeof tableWord>[0]; readonly rows: number }[];
    readonly writers: readonly string[];
    readonly rules: number;
    readonly policed: boolean;
  };
  readonly settings: readonly { readonly path: string; readonly value: string; readonly written: boolean }[];
}

export interface ShownRequirement {
  readonly what: string;
  readonly from: string;
  readonly to: string;
  readonly segments: readonly string[];
  readonly length?: number;
  readonly why: string;
}

/** Everything `compare` has found. */
export interface ShownComparison {
  readonly topology: string;
  readonly compared: readonly ShownMode[];
  readonly refused: readonly {
    readonly mode: { readonly name: string };
    readonly problems: readonly { readonly message: string }[];
  }[];
}

/** Payloads whose share of headers is told, in bytes. */
const PAYLOADS = [64, 512, 1400] as const;

/** The same packet in several modes, side by side. */
export function renderCompare(comparison: ShownComparison, layout: Layout): string {
  const { compared, refused } = comparison;
  const page = new Page(layout);
  const [first] = compared;
  if (first) page.text(headline(first.answer), "strong");
  page.gap();
  page.raw(tableLines(cells(resultGrid(compared, layout.columns)), layout.columns));
  writeNotes(page, compared);
  const held = compared.filter(({ holds }) => holds);
  if (held.length > 0) {
    page.gap();
    // NetworkPolicy is a matter of families: a line below says it in fewer words than a column.
    page.raw(
      tableLines(
        cells(holdsGrid(held)).map((row) => row.slice(0, -1)),
        layout.columns,
      ),
    );
    for (const [policed, words] of [
      [true, "enforced"],
      [false, "ignored"],
    ] as const) {
      const names = together(held, ({ holds }) => holds?.policed === policed);
      if (names !== "") page.row({ head: "", text: `NetworkPolicy is ${words} in ${names}`, under: "  " });
    }
    for (const learns of new Set(held.map(({ mode }) => mode.learns))) {
      const names = together(held, ({ mode }) => mode.learns === learns);
      page.row({ head: "", text: `from ${learns} nodes learn of one another in ${names}`, under: "  " });
    }
  }
  for (const { mode, problems } of refused) {
    page.gap();
    page.row({ head: `${mode.name}  `, text: `not asked: ${problems.map(({ message }) => message).join("; ")}` });
  }
  page.gap();
  page.text(summary(compared));
  page.text("exit 0: compare asks, it does not judge; --require MODES makes it judge", "faint");
  return page.toString();
}

/** Names of modes; a family all of which is meant is named once. */
function together(all: readonly ShownMode[], isMeant: (each: ShownMode) => boolean): string {
  const families = [...new Set(all.map(({ mode }) => mode.family))];
  const words = families.flatMap((family) => {
    const members = all.filter(({ mode }) => mode.family === family);
    const meant = members.filter(isMeant).map(({ mode }) => mode.name);
    return members.length > 1 && meant.length === members.length ? [`all of ${family}'s modes`] : meant;
  });
  return words.join(", ");
}

function cells({ head, rows }: Grid): readonly (readonly string[])[] {
  return [head, ...rows];
}

function headline({ question }: Answer): string {
  const { src, dst, protocol, size, topology } = question;
  return `${src.name} ${src.ip} → ${dst.name} ${dst.ip}   ${protocol}, IP length ${size}, both ways, ${topology}`;
}

/** Result and price of every mode. */
export function resultGrid(compared: readonly ShownMode[], columns = 80): Grid {
  const inline = compared.map(resultWords);
  const widest = (words: readonly string[]) => Math.max(...words.map((word) => word.length));
  // Names, numbers and the gaps between columns take the rest of a line; the last column wraps at 20.
  const room = columns - widest(compared.map(({ mode }) => mode.name)) - 26 - 20;
  const numbers = widest(inline) > room;
  const lost = compared.filter(({ delivers }) => !delivers);
  const rows = compared.map((each, i) => {
    const { mode, answer, fabric, delivers, bgp } = each;
    const { forward, reply } = answer;
    const result = numbers && !delivers ? `lost [${lost.indexOf(each) + 1}]` : (inline[i] ?? "");
    const must = `${fabric.join(", ") || "nothing"}${bgp ? " [b]" : ""}`;
    if (!delivers) return [mode.name, result, "", "", "", "", must];
    const crossings = `${forward.crossings.total}${forward.crossings.cni > 0 ? ` *${forward.crossings.cni}` : ""}`;
    return [
      mode.name,
      result,
      `+${forward.headerBytes}`,
      mtuWords(forward, reply),
      String(forward.ttl),
      crossings,
      must,
    ];
  });
  return { title: "Result and price", head: ["MODE", "RESULT", "HDR", "MTU", "TTL", "CROSS", "FABRIC MUST"], rows };
}

function resultWords({ answer: { code, forward, reply }, delivers }: ShownMode): string {
  const died = forward.ttl === undefined || !reply ? forward : reply;
  return delivers ? "delivered" : `${code} ${died.diagnosis.at}`;
}

function mtuWords(forward: Direction, reply: Direction | undefined): string {
  const [there, back] = [forward.pathMtu, reply?.pathMtu];
  return there === undefined ? "" : back === undefined || back === there ? String(there) : `${there}/${back}`;
}

function writeNotes(page: Page, compared: readonly ShownMode[]): void {
  const note = (head: string, text: string) => page.row({ head: `${head} `, text });
  if (compared.some(({ answer, delivers }) => delivers && answer.forward.crossings.cni > 0)) {
    note("*", "as many of them by the CNI's own daemon");
  }
  if (compared.some(({ bgp }) => bgp)) note("[b]", "and tcp/179, BGP between nodes, or to routers");
  const lost = compared.filter(({ delivers }) => !delivers);
  if (resultGrid(compared, page.layout.columns).rows.some(([, result]) => result === "lost [1]")) {
    for (const [i, each] of lost.entries()) note(`[${i + 1}]`, whyWords(each));
  }
  for (const { mode, settings } of compared) {
    for (const { path, value, written } of settings) {
      const words = written ? `needs ${path}: ${value}, as the topology says` : `would deliver with ${path}: ${value}`;
      page.row({ head: "", text: `${mode.name} ${words}` });
    }
  }
  for (const { mode } of compared) {
    if (mode.deprecated)
      page.row({ head: "", text: `${mode.name} is deprecated since ${mode.deprecated.since}: ${mode.deprecated.why}` });
  }
}

function whyWords({ answer }: ShownMode): string {
  const { code, forward, reply } = answer;
  const { at, because } = (forward.ttl === undefined || !reply ? forward : reply).diagnosis;
  const blame = because[0] ? `, because ${because[0].code} at ${because[0].at}` : "";
  return `${code} at ${at}${blame}`;
}

/** What a node's tables hold. */
export function holdsGrid(compared: readonly ShownMode[]): Grid {
  const node = compared[0]?.holds?.node ?? "a node";
  const rows = compared.map(({ mode, holds }) => [
    mode.name,
    String(holds?.routes ?? ""),
    holds ? growth(holds.each) : "",
    holds?.writers.join(" ") ?? "",
    holds?.policed ? "enforced" : "ignored",
  ]);
  return {
    title: `What ${node} holds`,
    head: [`${node} HOLDS`, "ROUTES", "EACH FURTHER NODE", "WRITTEN BY", "POLICY"],
    rows,
  };
}

function growth(each: NonNullable<ShownMode["holds"]>["each"]): string {
  if (each.length === 0) return "nothing";
  const words = each.map(({ table, rows }) => {
    // What the kernel refuses is asked of it all the same.
    const word = table === "refused" ? "route (refused)" : tableWord(table);
    return rows === 1 ? word : `${rows} ${word}`;
  });
  return words.join(" + ");
}

/** How large a part of each packet headers are, of what carries a payload of so many bytes. */
export function shareGrid(compared: readonly ShownMode[]): Grid {
  const rows = compared
    .filter(({ delivers }) => delivers)
    .map(({ mode, answer }) => {
      const { forward, reply } = answer;
      const added = forward.headerBytes;
      const mss = mssWords(forward, reply);
      return [
        mode.name,
        `+${added}`,
        ...PAYLOADS.map((payload) => `${percent(added, payload)} %`),
        mtuWords(forward, reply),
        mss,
      ];
    });
  const head = ["MODE", "HDR", ...PAYLOADS.map((payload) => `OF ${payload}`), "MTU", "MSS"];
  return { title: "Headers as a share of the payload", head, rows };
}

function percent(added: number, payload: number): string {
  return ((added / payload) * 100).toFixed(1);
}

function mssWords(forward: Direction, reply: Direction | undefined): string {
  const headers = forward.trace.sent[0]?.kind === "ipv6" ? 60 : 40;
  const mtus = [forward.pathMtu, reply?.pathMtu].filter((mtu) => mtu !== undefined);
  return mtus.length === 0 ? "" : String(Math.min(...mtus) - headers);
}

function summary(compared: readonly ShownMode[]): string {
  const good = compared.filter(({ delivers }) => delivers);
  const least = Math.min(...good.map(({ answer }) => answer.forward.headerBytes));
  const names = good.filter(({ answer }) => answer.forward.headerBytes === least).map(({ mode }) => mode.name);
  const best = good.length === 0 ? "" : ` Least header among them: +${least}, ${names.join(", ")}.`;
  return `${good.length} of ${compared.length} deliver.${best}`;
}

/** Everything about every mode in one row, for a spreadsheet. */
export function fullGrid(compared: readonly ShownMode[]): Grid {
  const shares = shareGrid(compared).rows;
  const held = holdsGrid(compared).rows;
  const rows = resultGrid(compared, Number.POSITIVE_INFINITY).rows.map(
    ([name = "", result, , , ttl, crossings, must], i) => {
      const [, added, ...share] = shares.find(([mode]) => mode === name) ?? [];
      const needed = compared[i]?.settings.map(({ path, value }) => `${path}: ${value}`).join("; ");
      return [
        name,
        result,
        added,
        ...(added === undefined ? ["", "", "", "", ""] : share),
        ttl,
        crossings,
        must,
        ...(held[i] ?? []).slice(1),
        needed,
      ];
    },
  );
  const [, ...shareHead] = shareGrid([]).head;
  const head = [
    "MODE",
    "RESULT",
    ...shareHead,
    "TTL",
    "CROSS",
    "FABRIC MUST",
    "ROUTES",
    "EACH FURTHER NODE",
    "WRITTEN BY",
    "NETWORKPOLICY",
    "SETTINGS",
  ];
  return { title: "Modes", head, rows: rows.map((row) => row.map((cell) => cell ?? "")) };
}

/** The requirements of several modes as lines of one ticket. */
export function contractGrid(compared: readonly ShownMode[]): Grid {
  const rows = compared.flatMap(({ mode, contract }) =>
    contract.map(({ what, from, to, segments, length, why }) => [
      mode.name,
      what === "any-ip" ? "any, unchecked" : what,
      from,
      to,
      length === undefined ? "" : String(length),
      segments.join(" "),
      why,
    ]),
  );
  const head = ["MODE", "PASS", "FROM", "TO", "MTU", "SEGMENTS", "WHY"];
  return { title: "What the fabric must pass, in both directions as listed", head, rows };
}
