import { COUNT, document, list, object, one, ref, type Schema, TEXT, TRUTH } from "./schema-words.ts";

const DEFS: Readonly<Record<string, Schema>> = {
  finding: object({
    code: { ...TEXT, description: "a word that cni-trace explain knows" },
    severity: one("error", "warning", "note"),
    at: { ...TEXT, description: "a machine, a pod or a subnet by its plain name; an example where count is above 1" },
    count: { ...COUNT, description: "machines that it is true of" },
    "place?": ref("place"),
    text: { ...TEXT, description: "what is wrong" },
    sees: { ...TEXT, description: "what will be seen of it" },
    fix: { ...TEXT, description: "what to do" },
  }),
  place: object({ file: TEXT, line: COUNT, column: COUNT }, "lines and columns count from 1"),
  ending: object({
    packet: one("small", "full"),
    verdict: TEXT,
    code: TEXT,
    pairs: COUNT,
    witness: list(TEXT, "two pods of such a pair"),
  }),
  expected: object({
    name: TEXT,
    "place?": ref("place"),
    holds: TRUTH,
    of: COUNT,
    broken: COUNT,
    what: one("pairs", "nodes"),
    "text?": { ...TEXT, description: "one that is not so, and why" },
  }),
  loss: object({
    kind: one("link", "host", "router"),
    name: TEXT,
    alike: { ...COUNT, description: "elements whose loss breaks as much, this one among them" },
    breaks: { ...COUNT, description: "ordered pairs of pods" },
    witness: list(TEXT),
    code: TEXT,
  }),
  item: object({
    id: { ...TEXT, description: "the same from run to run; a baseline names it" },
    level: one("error", "warning", "note"),
    code: TEXT,
    text: TEXT,
    count: COUNT,
    "place?": ref("place"),
    "undetermined?": TRUTH,
    "accepted?": one("accepted", "expired", "grown"),
  }),
};

/** The schema of what `check` answers. */
export function checkSchema(): Schema {
  return document(
    "check",
    "The answer of cni-trace to check",
    {
      mode: TEXT,
      topology: TEXT,
      lint: object({
        findings: list(ref("finding"), "the worst first"),
        counts: object({ error: COUNT, warning: COUNT, note: COUNT }),
        looked: object(
          { hosts: COUNT, kinds: COUNT, ways: COUNT },
          "how many hosts there are, of how many kinds, and how many kinds of pairs of pods were walked",
        ),
      }),
      "pairs?": object(
        { pods: COUNT, pairs: COUNT, classes: COUNT, endings: list(ref("ending")) },
        "all ordered pairs of pods, counted by how both packets ended; one pair of each class was walked",
      ),
      "unnamed?": object(
        { pairs: COUNT, endings: list(ref("ending")) },
        "those that no expectation is about, where some are about pairs",
      ),
      expected: list(ref("expected")),
      "losses?": object({ tried: COUNT, elements: COUNT, losses: list(ref("loss"), "the worst first") }),
      items: list(ref("item"), "everything that is wrong"),
      stale: list(object({ id: TEXT, "place?": ref("place") }), "entries of the baseline that accept nothing any more"),
    },
    DEFS,
  );
}
