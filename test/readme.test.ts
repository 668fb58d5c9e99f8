import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { aliasesOf, modes } from "../src/modes/registry.ts";
import { shell } from "./cli/shell.ts";

const README = readFileSync(new URL("../README.md", import.meta.url), "utf8");

test("the README's table has every mode of the registry, in its order and words", () => {
  const rows = modes.map((mode) => `| ${mode.name} | ${aliasesOf(mode).join(", ")} | ${mode.summary} |`);
  expect(README).toContain(rows.join("\n"));
});

test("the README shows what the program prints", async () => {
  const { out } = await shell(["--mode", "host-gw", "-t", "two-subnets", "pod-a", "pod-b"]);
  expect(README).toContain(out);
});
