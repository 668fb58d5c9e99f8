import { COUNT, document, list, object, ref, type Schema, TEXT } from "./schema-words.ts";

const DEFS: Readonly<Record<string, Schema>> = {
  disagreement: object({
    case: { ...TEXT, description: "the packet that was sent, and between whom" },
    about: { ...TEXT, description: "frames at a device, errors, the order of devices, a table" },
    expected: list(TEXT, "what the model says"),
    observed: list(TEXT, "what the kernel did"),
    "row?": { ...TEXT, description: "the row that decided in the model" },
  }),
};

/** The schema of what `lab verify` answers. */
export function labSchema(): Schema {
  return document(
    "lab",
    "The answer of cni-trace to lab verify",
    {
      mode: TEXT,
      topology: TEXT,
      kernel: { ...TEXT, description: "its release, as uname -r prints it" },
      pairs: list(
        object({
          from: TEXT,
          to: TEXT,
          family: { enum: [4, 6], description: "of the packets that were sent" },
          cases: COUNT,
          frames: { ...COUNT, description: "frames that were compared one by one" },
          disagreements: list(ref("disagreement")),
        }),
      ),
      tables: list(ref("disagreement"), "rows taken or refused otherwise than the model says, and tables that differ"),
      missing: list(TEXT, "what was not built, or not compared, a sentence each"),
    },
    DEFS,
  );
}
