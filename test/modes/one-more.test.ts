import { spawnSync } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";

/*
 * A new mode is one file, and its word in the registry: both are laid over a copy of the tree, which is built, and the
 * command then knows the mode wherever it knows any other.
 */

const root = join(import.meta.dirname, "../..");
const copy = mkdtempSync(join(tmpdir(), "cni-trace-mode-"));

const FILE = `import { flannelHostGw } from "./flannel-host-gw.ts";
import type { Mode } from "./mode.ts";

/** host-gw, for nodes that never lie. */
export const toyPlain = {
  ...flannelHostGw,
  name: "toy-plain",
  aliases: ["toy"],
  settings: { Patience: { min: 0, max: 9, about: "seconds to wait" } },
  family: "toy",
  summary: "plain routes, as a toy would write them",
} as const satisfies Mode;
`;

const file = `cni-trace: 1
cni: { mode: toy-plain, toy-plain: { Patience: 3 } }
subnets: { lan: 192.168.0.0/24 }
hosts: { node-1: 192.168.0.11, node-2: 192.168.0.12 }
pods: { pod-a: node-1, pod-b: node-2 }
`;

beforeAll(() => {
  for (const part of ["src", "bin", "topologies", "package.json"]) {
    cpSync(join(root, part), join(copy, part), { recursive: true });
  }
  symlinkSync(join(root, "node_modules"), join(copy, "node_modules"), "junction");
  writeFileSync(join(copy, "src/modes/toy-plain.ts"), FILE);
  const registry = join(copy, "src/modes/registry.ts");
  const text = readFileSync(registry, "utf8");
  const named = text.replace("\n];\n", "\n  toyPlain,\n];\n");
  expect(named).not.toBe(text);
  writeFileSync(registry, `import { toyPlain } from "./toy-plain.ts";\n${named}`);
  const built = spawnSync(process.execPath, ["bin/build.mjs"], { cwd: copy, encoding: "utf8" });
  expect(`${built.stderr}${built.status}`).toBe("0");
  writeFileSync(join(copy, "toy.yaml"), file);
}, 120_000);

afterAll(() => rmSync(copy, { recursive: true, force: true }));

function cni(...argv: readonly string[]) {
  const { NODE_OPTIONS: _, ...env } = process.env;
  const options = { cwd: copy, encoding: "utf8", env: { ...env, XDG_CACHE_HOME: join(copy, ".cache") } } as const;
  const done = spawnSync(process.execPath, ["bin/cni-trace.cjs", ...argv], options);
  return { out: done.stdout, err: done.stderr, code: done.status };
}

test("it is traced by its name, by its short name, and as what the file says it runs", () => {
  for (const argv of [["--mode", "toy-plain"], ["--mode", "toy"], []]) {
    const { out, code } = cni("-t", "./toy.yaml", ...argv, "pod-a", "pod-b");
    expect(out).toMatch(/toy-plain · toy[\s\S]*\nDELIVERED/);
    expect(code).toBe(0);
  }
});

test("its settings are checked and its words explained, listed, completed and in the schema", () => {
  const wrong = cni("-t", "./toy.yaml", "--set", "cni.toy-plain.Patience=10", "pod-a", "pod-b");
  expect([wrong.code, wrong.err]).toEqual([2, expect.stringContaining("Patience cannot be 10 (0 to 9)")]);
  expect(cni("-t", "./toy.yaml", "--mode", "toy-plian", "pod-a", "pod-b").err).toContain("did you mean toy-plain?");
  expect(cni("modes").out).toContain("plain routes, as a toy would write them");
  expect(cni("explain", "toy-plain").out).toContain("plain routes, as a toy would write them");
  expect(cni("schema", "topology").out).toContain('"toy-plain"');
  expect(cni("completion", "bash").out).toContain("toy-plain");
  expect(cni("compare", "-t", "./toy.yaml", "--mode", "toy,vxlan", "pod-a", "pod-b").out).toContain("2 of 2 deliver");
});
