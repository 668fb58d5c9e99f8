import { locateWhole } from "../topology/locate.ts";
import type { SourceText } from "../topology/marks.ts";
import type { Outcome, Place } from "../topology/problem.ts";
import { baselineSchema } from "./baseline-schema.ts";
import { readDocument } from "./document.ts";

/** Something a check finds and everybody knows of. */
export interface Accepted {
  readonly id: string;
  /** At most so many machines, pairs or nodes. */
  readonly count?: number;
  /** The last day on which it is accepted, as `2027-01-31`. */
  readonly until?: string;
  readonly place?: Place;
}

/** Reads a baseline, YAML or JSON; an id that stands twice is a problem. */
export async function readBaseline(source: SourceText): Promise<Outcome<readonly Accepted[]>> {
  const document = await readDocument(source, baselineSchema, "baseline");
  if (!document.ok) return document;
  const { data, read, complaints } = document.value;
  const seen = new Set<string>();
  const accepted = data.accept.map(({ id, count, until }, i): Accepted => {
    const path = ["accept", i, "id"];
    if (seen.has(id)) complaints.complain({ code: "duplicate-id", path, message: `${id} stands here twice` });
    seen.add(id);
    const place = locateWhole(read, ["accept", i], "value");
    return {
      id,
      ...(count !== undefined && { count }),
      ...(until !== undefined && { until }),
      ...(place && { place }),
    };
  });
  return complaints.count() > 0 ? { ok: false, problems: complaints.problems() } : { ok: true, value: accepted };
}

/** What a baseline does to one thing that was found. */
export type Judged<Item> = Item & {
  /** Known and accepted; `expired` when it was until some day before today, `grown` when there is more of it now. */
  readonly accepted?: "accepted" | "expired" | "grown";
};

/**
 * Lays a baseline over what was found on a day (`2026-11-26`). `stale` are entries that accept nothing any more.
 */
export function judge<Item extends { readonly id: string; readonly count: number }>(
  items: readonly Item[],
  baseline: readonly Accepted[],
  today: string,
): { readonly items: readonly Judged<Item>[]; readonly stale: readonly Accepted[] } {
  const byId = new Map(baseline.map((entry) => [entry.id, entry]));
  const judged = items.map((item): Judged<Item> => {
    const entry = byId.get(item.id);
    if (!entry) return item;
    const expired = entry.until !== undefined && entry.until < today;
    const grown = entry.count !== undefined && item.count > entry.count;
    return { ...item, accepted: expired ? "expired" : grown ? "grown" : "accepted" };
  });
  const found = new Set(items.map(({ id }) => id));
  return { items: judged, stale: baseline.filter(({ id }) => !found.has(id)) };
}
