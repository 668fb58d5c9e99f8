import { JSONParser } from "@streamparser/json";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { stringify } from "yaml";
import { eachPiece } from "../../src/import/pieces.ts";
import type { Problem } from "../../src/topology/problem.ts";
import { problemText } from "../../src/topology/problem-text.ts";

const JSON_WHOLE = 2 ** 20;
const YAML_WHOLE = 2 ** 18;

/** What an input is taken apart into: trees with their paths, and problems. */
async function apart(bytes: Uint8Array, size: number, file: string) {
  const pieces: { readonly tree: unknown; readonly path: string; readonly kind: string | undefined }[] = [];
  const problems: Problem[] = [];
  await eachPiece(
    { file, chunks: chunksOf(bytes, size) },
    {
      piece: ({ read, path, list }) => pieces.push({ tree: read.tree, path, kind: list?.kind }),
      problem: (problem) => problems.push(problem),
    },
  );
  return { pieces, problems: problems.map(problemText) };
}

/** Chunks in one buffer that each writes over, as a file's are. */
function* chunksOf(bytes: Uint8Array, size: number): Generator<Uint8Array> {
  const buffer = Buffer.alloc(size);
  for (let at = 0; at < bytes.length; at += size) {
    const part = bytes.subarray(at, at + size);
    buffer.set(part);
    yield buffer.subarray(0, part.length);
  }
}

const bytesOf = (text: string) => new TextEncoder().encode(text);

/** Texts that a cutter could stumble over. */
const odd = fc.oneof(
  fc.string({ unit: "binary" }),
  fc.constantFrom('"', "\\", '\\"', "[", "]}", '{"items":[', "---", "\n---\n", "- ", "#", "€𝄞", "a: b", "|", ">"),
);
const value = fc.letrec((tie) => ({
  any: fc.oneof({ depthSize: "small" }, odd, fc.integer(), fc.boolean(), fc.constant(null), tie("list"), tie("map")),
  list: fc.array(tie("any"), { maxLength: 4 }),
  map: fc.dictionary(
    odd.filter((key) => key !== "__proto__" && key !== ""),
    tie("any"),
    { maxKeys: 4 },
  ),
})).map as fc.Arbitrary<Readonly<Record<string, unknown>>>;

const items = fc.array(value, { minLength: 0, maxLength: 6 });
const space = fc.constantFrom(0, 1, 4);
/** Enough that the text is cut up. */
const filler = { filler: "x".repeat(JSON_WHOLE) };

describe("JSON is cut into what a parser that streams reads in it", () => {
  test("a list, whatever is in it, in chunks of any size", async () => {
    await fc.assert(
      fc.asyncProperty(
        items,
        space,
        fc.integer({ min: 1, max: 400_000 }),
        fc.boolean(),
        async (all, gap, size, bare) => {
          const whole = [...all, filler, ...all];
          const document = bare ? whole : { kind: "PodList", items: whole, metadata: { items: [1, [2]] } };
          const bytes = bytesOf(`\n ${JSON.stringify(document, undefined, gap)}\n`);
          const read: unknown[] = [];
          const parser = new JSONParser({ paths: [bare ? "$.*" : "$.items.*"], keepStack: false });
          parser.onValue = ({ value }) => void read.push(value);
          parser.write(bytes);
          const { pieces, problems } = await apart(bytes, Math.max(size, 1000), "o.json");
          expect(problems).toEqual([]);
          expect(pieces.map(({ tree }) => tree)).toEqual(read);
          expect(pieces.map(({ path }) => path)).toEqual(whole.map((_, i) => `${bare ? "" : "items"}[${i}]`));
          expect(new Set(pieces.map(({ kind }) => kind))).toEqual(new Set([bare ? undefined : "PodList"]));
        },
      ),
      { numRuns: 30 },
    );
  });

  test("documents one behind another, a marker of YAML's between them", async () => {
    const texts = [{ kind: "List", items: [filler, 1] }, { kind: "Node", data: { items: [3] } }, [4], { items: [] }];
    const text = texts.map((each) => JSON.stringify(each)).join("\n--- # next\n");
    const { pieces, problems } = await apart(bytesOf(text), 1 << 16, "o.json");
    expect(problems).toEqual([]);
    expect(pieces.map(({ tree, path }) => [path, tree])).toEqual([
      ["items[0]", filler],
      ["items[1]", 1],
      ["", texts[1]],
      ["[0]", 4],
    ]);
  });

  const head = `{"kind":"List","items":[${JSON.stringify(filler)}`;
  const at = head.length;
  test.each([
    ["ends in the middle of an item", `,{"a":1`, `1:${at + 8}  this is not JSON (Unexpected end of JSON input)`],
    ["ends behind an item", "", `1:${at + 1}  this is not JSON (Unexpected end of JSON input)`],
    ["ends behind the items", "]", `1:${at + 2}  this is not JSON (`],
    ["has nothing between two commas", ",,1]}", `1:${at + 2}  this is not JSON (Unexpected end of JSON input)`],
    ["has a comma too many", ",1,]}", `1:${at + 4}  this is not JSON (Unexpected end of JSON input)`],
    ["lacks a comma", "\n,\n  1 2]}", "3:5  this is not JSON ("],
    ["closes its list as a map", ",1}}", `1:${at + 3}  this is not JSON (`],
    ["closes an item's map as a list", ',{"a":1]]}', `1:${at + 8}  this is not JSON (`],
    ["has rubbish behind the items", ',1],\n "x"}', `2:5  this is not JSON (`],
    ["has rubbish behind it", ",1]}\n x", `2:2  this is not JSON (`],
    ["is nested without end", `,${"[".repeat(200)}`, `1:${at + 130}  maps and lists stand deeper inside one another`],
  ])("a list that %s is told where", async (_, rest, problem) => {
    const { problems } = await apart(bytesOf(head + rest), 1000, "o.json");
    expect(problems).toEqual([expect.stringContaining(`o.json:${problem}`)]);
  });
});

describe("YAML is cut into what the parser of the whole reads in it", () => {
  const filler = { filler: "x".repeat(YAML_WHOLE) };

  test("a list, whatever is in it, in chunks of any size", async () => {
    await fc.assert(
      fc.asyncProperty(
        items,
        fc.boolean(),
        fc.boolean(),
        fc.integer({ min: 1000, max: 400_000 }),
        async (all, indentSeq, bare, size) => {
          const whole = [...all, filler, {}, ...all];
          const document = bare ? whole : { apiVersion: "v1", kind: "PodList", items: whole, metadata: { items: [1] } };
          const text = stringify(document, { indentSeq, lineWidth: 40, aliasDuplicateObjects: false });
          const { pieces, problems } = await apart(bytesOf(text), size, "o.yaml");
          expect(problems).toEqual([]);
          expect(pieces.map(({ tree }) => tree)).toEqual(whole);
          expect(pieces.map(({ path }) => path)).toEqual(whole.map((_, i) => `${bare ? "" : "items"}[${i}]`));
        },
      ),
      { numRuns: 30 },
    );
  });
});
