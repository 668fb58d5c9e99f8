import type { RowChange } from "../kernel/row-change.ts";
import { placeName } from "../trace/project.ts";
import {
  blamed,
  type Comparison,
  examples,
  headline,
  omittedWords,
  outcomeLines,
  someNames,
  stationWords,
} from "./diff-text.ts";
import { counted, extentWords, NOUNS, reasonWords, rowWords } from "./diff-words.ts";
import { type Grid, markdownGrid } from "./grid.ts";

/** `--format markdown`: a table of causes, of rows when all are asked for, and of the places of a packet's way. */
export function diffMarkdown(comparison: Comparison, rows: "some" | "all"): string {
  const { diff, path } = comparison;
  const gone = [
    [diff.only.left, "go"],
    [diff.only.right, "come"],
  ] as const;
  const notes = gone.flatMap(([names, verb]) =>
    names.length > 0 ? [`${counted(names.length, "namespace")} ${verb}: ${someNames(names)}`] : [],
  );
  const tables =
    diff.causes.length > 0 ? [causesGrid(comparison), ...(rows === "all" ? [rowsGrid(comparison)] : [])] : [];
  const parts = [
    ...(diff.causes.length > 0 ? [] : [`**${headline(comparison)}**`]),
    ...notes,
    ...tables.map(markdownGrid),
    ...(rows === "all" && diff.changes.length < diff.rows ? [omittedWords(diff)] : []),
    ...(path ? [markdownGrid(pathGrid(path)), ...outcomes(comparison)] : []),
  ];
  return `${parts.join("\n\n")}\n`;
}

function causesGrid(comparison: Comparison): Grid {
  const rows = comparison.diff.causes.map((cause, i) => {
    const [example] = examples(cause);
    return [String(i + 1), reasonWords(cause), extentWords(cause), example ? changeWords(example) : ""];
  });
  return { title: headline(comparison), head: ["cause", "what changes", "how much", "for example"], rows };
}

function rowsGrid({ diff }: Comparison): Grid {
  const rows = diff.causes.flatMap(({ changes }, i) =>
    changes.map((change) => [String(i + 1), NOUNS[change.table], changeWords(change)]),
  );
  return { title: "rows", head: ["cause", "what", "where, and how it changes"], rows };
}

/** Where a row is, and the row as it was and as it is. */
function changeWords({ netns, before, after }: RowChange): string {
  const [was, is] = [before, after].map((row) => (row ? `\`${rowWords(row)}\`` : undefined));
  // Of a row whose words are the same only a field that they leave out has changed.
  const words = was && is ? (was === is ? was : `${was} → ${is}`) : was ? `− ${was}` : `+ ${is}`;
  return `${placeName(netns)}: ${words}`;
}

function pathGrid({ src, dst, diff }: NonNullable<Comparison["path"]>): Grid {
  const sides = { same: "both", left: "left", right: "right" } as const;
  const rows = diff.stations.map((change) => [sides[change.op], change.station.place, stationWords(change)]);
  return { title: `path ${src} → ${dst}`, head: ["way", "place", "device"], rows };
}

function outcomes({ diff, path }: Comparison): readonly string[] {
  if (!path) return [];
  const blame = blamed(path.diff, diff);
  return [...(blame === undefined ? [] : [blame]), ...outcomeLines(path.diff)];
}
