import { execFileSync } from "node:child_process";
import { describe, expect, test } from "vitest";
import { shell } from "./shell.ts";

/** What bash offers for a half-typed line: the last word is the one being completed. */
async function offered(line: string): Promise<readonly string[]> {
  const { out: script } = await shell(["completion", "bash"]);
  const list = line.split(" ").map((word) => `'${word}'`);
  const ask = `${script}\nCOMP_WORDS=(${list.join(" ")}); COMP_CWORD=${list.length - 1}; _cni_trace; printf '%s\\n' "\${COMPREPLY[@]}"`;
  return execFileSync("bash", ["--norc", "-c", ask], { encoding: "utf8" })
    .split("\n")
    .filter((word) => word !== "");
}

describe("bash completes", () => {
  test.each([
    ["cni-trace topo", ["topologies"]],
    ["cni-trace topologies seed-u", ["seed-udp"]],
    ["cni-trace completion z", ["zsh"]],
    ["cni-trace modes --asc", ["--ascii"]],
  ])("%s", async (line, words) => {
    expect(await offered(line)).toEqual(words);
  });
});

test.each(["bash", "zsh", "fish"])("the %s script names every command", async (name) => {
  const { out } = await shell(["completion", name]);
  for (const command of ["topologies", "init", "modes", "schema", "completion"]) expect(out).toContain(command);
});
