import fc from "fast-check";
import { expect, test } from "vitest";
import { JsonPlaces } from "../../src/topology/json-places.ts";
import { markJson } from "../../src/topology/json-source.ts";
import { locateWhole } from "../../src/topology/locate.ts";
import { placeAt } from "../../src/topology/marks.ts";
import type { Path } from "../../src/topology/path.ts";

/** Every path of a tree, and beside each of its steps one that is not there. */
function* pathsOf(tree: unknown, path: Path = []): Generator<Path> {
  yield path;
  yield [...path, "no such entry"];
  yield [...path, 99];
  if (typeof tree !== "object" || tree === null) return;
  for (const [key, value] of Object.entries(tree))
    yield* pathsOf(value, [...path, Array.isArray(tree) ? Number(key) : key]);
}

test("places of a JSON text are those that a reading of all of it gives, in whatever order they are asked for", () => {
  fc.assert(
    fc.property(
      fc.oneof(fc.jsonValue({ maxDepth: 4 }), fc.dictionary(fc.string({ unit: "binary" }), fc.jsonValue())),
      fc.constantFrom("", "  ", "\t"),
      fc.boolean(),
      (value, indent, backwards) => {
        const text = `${indent}${JSON.stringify(value, undefined, indent)}\n`;
        const source = { file: "f.json", text };
        const read = markJson(source, { insidePods: true, twin: () => {} });
        if (!read) throw new Error("not read");
        const places = new JsonPlaces(source);
        const paths = [...pathsOf(JSON.parse(text))];
        for (const path of backwards ? paths.reverse() : paths) {
          for (const part of ["key", "value"] as const) {
            const mark = places.find(path);
            expect([path, mark && placeAt(source, mark[part])]).toEqual([path, locateWhole(read, path, part)]);
          }
        }
      },
    ),
    { numRuns: 400, seed: 20261126 },
  );
});
