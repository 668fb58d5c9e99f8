import { expect, test } from "vitest";
import { asciiOf, beside, wrap } from "../../src/render/layout.ts";
import { Page } from "../../src/render/page.ts";
import { plain } from "../../src/render/paint.ts";

test.each([
  ["a b c", 3, ["a b", "c"]],
  ["", 10, []],
  ["10.0.0.0/8 via 10.0.0.1 dev eth0 onlink", 24, ["10.0.0.0/8 via 10.0.0.1", "dev eth0 onlink"]],
  ["to node-2 by r1", 9, ["to node-2", "by r1"]],
  ["a-very-long-word b", 4, ["a-very-long-word", "b"]],
])("%j in %i columns", (text, width, lines) => {
  expect(wrap(text, width)).toEqual(lines);
});

test("a first line may be longer than those that follow", () => {
  expect(wrap("aa bb cc dd", 2, 5)).toEqual(["aa bb", "cc", "dd"]);
});

test("what does not fit beside stands below", () => {
  expect(beside("left", "right", 10, 20)).toEqual(["left      right"]);
  expect(beside("left", "right", 18, 12)).toEqual(["left  right"]);
  expect(beside("left", "right", 10, 8)).toEqual(["left", "right"]);
});

test("every sign the views draw has a likeness in ASCII", () => {
  expect(asciiOf("▼▲→←↔│┌└─═−–…·×↻≤≥")).not.toContain("?");
  expect(asciiOf("ü")).toBe("?");
});

test("a note that does not fit stands on a line of its own", () => {
  const page = new Page({ columns: 40, paint: plain, ascii: false });
  page.row({ head: "head ", text: "some text that is rather long", note: "and a note" });
  expect(page.toString()).toBe("head some text that is rather long\n     and a note\n");
});

test("two gaps are one", () => {
  const page = new Page({ columns: 40, paint: plain, ascii: false });
  page.gap();
  page.text("a");
  page.gap();
  page.gap();
  page.text("b");
  expect(page.toString()).toBe("a\n\nb\n");
});
