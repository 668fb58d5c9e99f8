import { COUNT, document, list, object, one, ref, type Schema, TEXT } from "./schema-words.ts";

const DEFS: Readonly<Record<string, Schema>> = {
  finding: object({
    code: { ...TEXT, description: "a word that cni-trace explain knows" },
    severity: one("error", "warning", "note"),
    at: { ...TEXT, description: "a machine, a pod or a subnet by its plain name; an example where count is above 1" },
    count: { ...COUNT, description: "machines that it is true of" },
    "place?": object({ file: TEXT, line: COUNT, column: COUNT }, "lines and columns count from 1"),
    text: { ...TEXT, description: "what is wrong" },
    sees: { ...TEXT, description: "what will be seen of it" },
    fix: { ...TEXT, description: "what to do" },
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
          { hosts: COUNT, kinds: COUNT, pairs: COUNT, walked: COUNT },
          "how many hosts there are, of how many kinds, and between how many pairs of kinds packets were walked",
        ),
      }),
    },
    DEFS,
  );
}
