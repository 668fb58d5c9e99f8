import { NOUNS } from "./diff-words.ts";
import { COUNT, document, list, object, one, ref, type Schema, TEXT, TRUTH } from "./schema-words.ts";

const DEFS: Readonly<Record<string, Schema>> = {
  direction: object({
    verdict: TEXT,
    code: TEXT,
    at: TEXT,
    because: list(object({ code: TEXT, at: TEXT })),
    "ttl?": COUNT,
    headerBytes: COUNT,
    "pathMtu?": COUNT,
    "mss?": COUNT,
    crossings: object({ application: COUNT, cni: COUNT, total: COUNT }),
  }),
  requirement: object(
    {
      what: {
        ...TEXT,
        description: "udp/8472, proto/4, tcp/179; any-ip: pods' own addresses, unfiltered and unchecked",
      },
      from: TEXT,
      to: TEXT,
      segments: list(TEXT),
      "length?": { ...COUNT, description: "the longest IP packet, in bytes" },
      why: TEXT,
    },
    "what the fabric must pass",
  ),
  mode: object({
    mode: TEXT,
    family: TEXT,
    delivers: TRUTH,
    verdict: TEXT,
    code: TEXT,
    forward: ref("direction"),
    "reply?": ref("direction"),
    fabric: list(TEXT, "what the underlay must do, from the frames seen"),
    contract: list(ref("requirement")),
    "holds?": object({
      node: TEXT,
      routes: COUNT,
      each: list(object({ table: one(...Object.keys(NOUNS)), rows: COUNT }), "what one further node adds"),
      writers: list(TEXT),
      rules: COUNT,
      policed: TRUTH,
    }),
    learns: TEXT,
    settings: list(object({ path: TEXT, value: TEXT, written: TRUTH }), "that must differ from the default"),
    "deprecated?": object({ since: TEXT, why: TEXT }),
  }),
};

/** The schema of what `compare` answers. */
export function compareSchema(): Schema {
  return document(
    "compare",
    "The answer of cni-trace to a comparison of modes",
    {
      topology: TEXT,
      "packet?": object({ src: TEXT, dst: TEXT, protocol: TEXT, size: COUNT, df: TEXT }),
      modes: list(ref("mode")),
      refused: list(object({ mode: TEXT, problems: list(TEXT) })),
    },
    DEFS,
  );
}
