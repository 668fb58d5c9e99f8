import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

const root = join(import.meta.dirname, "..");
const folder = mkdtempSync(join(tmpdir(), "cni-trace-package-"));
const home = join(folder, "home");
const installed = join(folder, "elsewhere", "node_modules", "cni-trace");
const bundle = join(installed, "bin", "cni-trace.cjs");
let files: readonly string[] = [];

/** Packs the package and unpacks it far from the repository, as an installation does, with nothing beside it. */
beforeAll(() => {
  mkdirSync(home);
  mkdirSync(installed, { recursive: true });
  const npm = ["pack", "--json", "--ignore-scripts", "--pack-destination", folder];
  const packed: unknown = JSON.parse(
    execFileSync("npm", npm, { cwd: root, encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }),
  );
  expect(packed).toHaveLength(1);
  const [tarball = ""] = readdirSync(folder).filter((file) => file.endsWith(".tgz"));
  execFileSync("tar", ["-xzf", join(folder, tarball), "-C", installed, "--strip-components", "1"]);
  files = readdirSync(installed, { recursive: true, encoding: "utf8" });
}, 120_000);

afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Runs the unpacked command in another folder, with a home of its own. */
function run(...args: readonly string[]) {
  const { NODE_OPTIONS: _options, XDG_CACHE_HOME: _cache, ...inherited } = process.env;
  const env = { ...inherited, HOME: home };
  return spawnSync(process.execPath, [bundle, ...args], { cwd: folder, env, encoding: "utf8" });
}

describe("the packed package", () => {
  test("holds the command, the library with its types, the topologies, the lab's helper, and nothing else", () => {
    const strange = files.filter(
      (file) =>
        !/^(LICENSE|README\.md|package\.json|(bin|dist|topologies)(\/|$)|src(\/lab(\/helper\.py)?)?$)/.test(file),
    );
    expect(strange).toEqual([]);
    for (const file of [
      "LICENSE",
      "README.md",
      "bin/cni-trace.cjs",
      "dist/index.js",
      "dist/index.d.ts",
      "dist/third-party-notices.txt",
      "src/lab/helper.py",
      "topologies/two-nodes.yaml",
    ]) {
      expect(files).toContain(file);
    }
  });

  test("names a command that exists and starts Node", () => {
    const { bin } = JSON.parse(readFileSync(join(installed, "package.json"), "utf8"));
    expect(bin).toEqual({ "cni-trace": "bin/cni-trace.cjs" });
    expect(readFileSync(bundle, "utf8").startsWith("#!/usr/bin/env node\n")).toBe(true);
  });
});

describe("the command runs without any package beside it", () => {
  test("and traces a packaged topology", () => {
    expect(existsSync(join(installed, "node_modules"))).toBe(false);
    const { stdout, stderr, status } = run("--mode", "vxlan", "pod-a", "pod-b");
    expect(stderr).toBe("cni-trace: no --topology, using packaged two-nodes\n");
    expect(stdout).toMatch(/^DELIVERED/m);
    expect(status).toBe(0);
  });

  test("and says the same from its code cache, which only its user can enter", () => {
    const first = run("-t", "seed-udp", "--mode", "udp", "container-1", "container-2");
    const cache = join(home, ".cache", "cni-trace");
    expect(readdirSync(cache)).toContainEqual(expect.stringMatching(/^trace-[0-9a-f]{16}-v.*-part-core\.cjs\.bin$/));
    expect(run("-t", "seed-udp", "--mode", "udp", "container-1", "container-2")).toEqual({
      ...first,
      pid: expect.any(Number),
    });
  });
});
