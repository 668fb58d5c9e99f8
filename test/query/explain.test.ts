import { expect, test } from "vitest";
import { explain } from "../../src/query/explain.ts";
import { OTHER_NAMES } from "../../src/query/other-names.ts";
import { findCode } from "../../src/trace/codes.ts";

test("a word of another catalogue is answered with the code that says it here, or with why none does", () => {
  for (const { word, code, why } of OTHER_NAMES) {
    expect(findCode(word)).toBeUndefined();
    expect(why).toMatch(/\.$/);
    const found = explain(word.toLowerCase());
    expect(found).toMatchObject({ kind: "other", entry: { word } });
    expect(found.kind === "other" ? found.code?.code : "").toBe(code);
  }
});

test("a near miss of such a word, or of a code, is guessed", () => {
  expect(explain("ENCAP_KEY_MISING")).toMatchObject({ kind: "unknown", close: "ENCAP_KEY_MISSING" });
  expect(explain("NO_ROUT")).toMatchObject({ kind: "unknown", close: "NO_ROUTE" });
});

test("why a packet was not translated is explained by the word the trace has for it", () => {
  for (const word of ["SKIP_SNAT_DST_IN_POOL", "SKIP_SNAT_DST_IN_CLUSTER_CIDR", "SKIP_SNAT_REPLY"]) {
    expect(explain(word)).toMatchObject({ kind: "word", entry: { word: "SKIP_SNAT_DST_IN_POOL" } });
  }
});
