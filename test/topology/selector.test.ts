import { describe, expect, test } from "vitest";
import { parseSelector } from "../../src/topology/selector.ts";

const LABELS = new Map([
  ["rack", "1"],
  ["topology.kubernetes.io/zone", "eu-west-1a"],
  ["in", "out"],
]);

/** libcalico-go/lib/selector/parser/parser.go. */
describe("a selector in Calico's words", () => {
  test.each([
    ["", true],
    ["  ", true],
    ["all()", true],
    ["global()", true],
    ['rack == "1"', true],
    ["rack=='2'", false],
    ['rack != "2"', true],
    ['disk != "ssd"', true],
    ['disk == "ssd"', false],
    ["has(rack)", true],
    ["!has( disk )", true],
    ["!!has(disk)", false],
    ['rack in {"1", "2"}', true],
    ["rack in {}", false],
    ["rack not in { '1' }", false],
    ["disk not in { 'ssd' }", true],
    ['topology.kubernetes.io/zone starts with "eu-"', true],
    ['topology.kubernetes.io/zone ends  with "b"', false],
    ['topology.kubernetes.io/zone contains "west"', true],
    ['in == "out"', true],
    ['rack == "2" && has(disk) || all()', true],
    ['rack == "2" && (has(disk) || all())', false],
  ])("%s", (text, taken) => {
    expect(parseSelector(text)?.(LABELS)).toBe(taken);
  });
  test.each([
    "rack",
    "rack = 1",
    "rack == 1",
    "has()",
    "some(rack)",
    "all() &&",
    "(all()",
    "all() all()",
    '"1" == rack',
  ])("%s makes no sense", (text) => {
    expect(parseSelector(text)).toBeUndefined();
  });
});
