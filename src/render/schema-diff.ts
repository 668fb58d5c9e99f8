import { NOUNS } from "./diff-words.ts";
import { COUNT, document, either, list, NUMBER, object, one, ref, type Schema, TEXT } from "./schema-words.ts";

const TABLE = one(...Object.keys(NOUNS));
/** Where a row is: a namespace, or what a segment does by itself. */
const PLACE: Schema = { type: "string", pattern: "^(host|pod|router|segment)/" };
const SIDE = object({ mode: TEXT, topology: TEXT });
const ROW = object({ text: TEXT, by: TEXT });
const FIELD = object({ field: TEXT, "before?": TEXT, "after?": TEXT });

const DEFS: Readonly<Record<string, Schema>> = {
  change: object({
    netns: PLACE,
    table: TABLE,
    op: one("add", "del", "change"),
    "before?": ROW,
    "after?": ROW,
    "fields?": list(FIELD),
    "causes?": list(COUNT, "places in `causes`, where these name no changes"),
  }),
  reason: either(
    object({ kind: one("next-hop"), before: TEXT, after: TEXT }, "the same prefix by another device"),
    object(
      { kind: one("device"), op: one("add", "del"), device: TEXT },
      "a device that one side has alone, and its rows",
    ),
    object({ kind: one("rename") }, "devices that are called otherwise"),
    object(
      { kind: one("field"), table: TABLE, field: TEXT, "before?": TEXT, "after?": TEXT },
      "the same field changed alike; without values when they differ from row to row",
    ),
    object({ kind: one("rows"), op: one("add", "del"), table: TABLE, by: TEXT }, "rows by one writer"),
  ),
  cause: object({
    reason: ref("reason"),
    text: TEXT,
    rows: COUNT,
    places: object(
      { "host?": COUNT, "router?": COUNT, "pod?": COUNT, "segment?": COUNT },
      "how many namespaces and segments they are in",
    ),
    namespaces: list(PLACE, "of the changes listed"),
    changes: list(COUNT, "places in `changes`"),
  }),
  station: either(
    object({ op: one("same", "left", "right"), kind: one("device"), place: TEXT, dev: TEXT, bytes: NUMBER }),
    object({ op: one("same", "left", "right"), kind: one("wire"), place: TEXT, dev: TEXT, segment: TEXT, to: TEXT }),
  ),
  end: object({
    verdict: TEXT,
    code: TEXT,
    at: TEXT,
    "ttl?": COUNT,
    headerBytes: COUNT,
    "pathMtu?": COUNT,
    crossings: object({ application: COUNT, cni: COUNT, total: COUNT }),
  }),
};

/** The schema of what `diff` answers. */
export function diffSchema(): Schema {
  return document(
    "diff",
    "The answer of cni-trace to a diff",
    {
      left: SIDE,
      right: SIDE,
      only: object({ left: list(PLACE), right: list(PLACE) }, "namespaces and segments that one side has alone"),
      rows: { ...COUNT, description: "how many rows differ, of what both sides have" },
      omitted: { ...COUNT, description: "how many of them are not listed; then `changes` are examples of each cause" },
      causes: list(ref("cause")),
      changes: list(ref("change")),
      "path?": object({
        src: TEXT,
        dst: TEXT,
        stations: list(ref("station")),
        left: ref("end"),
        right: ref("end"),
        fabric: object({ left: list(TEXT), right: list(TEXT) }, "what the fabric must carry for one side only"),
      }),
    },
    DEFS,
  );
}
