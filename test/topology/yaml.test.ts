import { readdirSync, readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { isMap, isScalar, isSeq, parseDocument } from "yaml";
import { readYaml } from "../../src/topology/yaml-source.ts";

/* Our reading of YAML beside that of another library, which shares no line with the one that we use. */

/** Plain maps and lists as `yaml` makes them of a text without anchors and tags; `undefined` when it refuses it. */
function theirs(text: string): { readonly tree: unknown } | undefined {
  const document = parseDocument(text, { schema: "core", merge: false, prettyErrors: false, logLevel: "silent" });
  if (document.errors.length > 0) return undefined;
  try {
    return { tree: plain(document.contents) };
  } catch {
    return undefined;
  }
}

function plain(node: unknown): unknown {
  if (isScalar(node)) return node.value;
  if (isSeq(node)) return node.items.map(plain);
  if (!isMap(node)) return null;
  return Object.fromEntries(
    node.items.map(({ key, value }) => {
      const name = isScalar(key) ? (typeof key.value === "string" ? key.value : key.source) : undefined;
      if (name === undefined || name === "" || (isScalar(key) && key.value === null)) throw new Error("bad key");
      return [name, plain(value)];
    }),
  );
}

const ours = (text: string) => readYaml({ file: "some.yaml", text });

const files = ["topologies", "topologies/questions"].flatMap((folder) =>
  readdirSync(folder)
    .filter((file) => file.endsWith(".yaml"))
    .map((file) => `${folder}/${file}`),
);
const texts = files.map((file) => readFileSync(file, "utf8"));

describe("YAML", () => {
  test.each(files)("%s is what another library reads", (file) => {
    const text = readFileSync(file, "utf8");
    const { read, problems } = ours(text);
    expect(problems).toEqual([]);
    expect({ tree: read?.tree }).toEqual(theirs(text));
  });

  test("a text that was changed here and there is read alike, or refused", () => {
    let both = 0;
    fc.assert(
      fc.property(
        fc.constantFrom(...texts).map((text) => text.slice(0, 600)),
        fc.array(fc.tuple(fc.double({ min: 0, max: 1, noNaN: true }), fc.nat(3), fc.constantFrom(...PIECES)), {
          minLength: 1,
          maxLength: 4,
        }),
        (text, edits) => {
          let changed = text;
          for (const [where, cut, piece] of edits) {
            const at = Math.floor(where * changed.length);
            changed = changed.slice(0, at) + piece + changed.slice(at + cut);
          }
          const { read, problems } = ours(changed);
          const other = theirs(changed);
          if (problems.length > 0 || !other) return;
          both++;
          expect({ tree: read?.tree }).toEqual(other);
        },
      ),
      { seed: 7, numRuns: 800 },
    );
    expect(both).toBeGreaterThan(100);
  });
});

/** What changes the meaning of a YAML text, anchors and tags apart. */
const PIECES = ["", " ", "\n", "\n  ", ":", ": ", "- ", "[", "]", "{", "}", ",", "#", " #", "'", '"', "|\n", ">-\n", "? ", "~", "0x1F", "0o17", "1e3", ".5", "+12", "010", "1_000", "null", "True", "yes", ".inf", "\\", "\t", "\r\n", "%", "@", "é"]; // biome-ignore format: a list of words
