import { spawnSync } from "node:child_process";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeEach, describe, expect, test } from "vitest";
import { shell } from "./shell.ts";

/** The built command, as a user starts it. */
const bundle = join(import.meta.dirname, "../../bin/cni-trace.cjs");
const folder = mkdtempSync(join(tmpdir(), "cni-trace-bundle-"));
const home = join(folder, "home");
const cache = join(home, ".cache", "cni-trace");

beforeEach(() => {
  rmSync(home, { recursive: true, force: true });
  mkdirSync(home);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function run(argv: readonly string[], { input = "", env = {} }: { input?: string; env?: Record<string, string> } = {}) {
  const { NODE_OPTIONS: _options, XDG_CACHE_HOME: _cache, ...inherited } = process.env;
  const done = spawnSync(process.execPath, [bundle, ...argv], {
    cwd: folder,
    input,
    encoding: "utf8",
    env: { ...inherited, HOME: home, ...env },
  });
  return { out: done.stdout, err: done.stderr, code: done.status };
}

const TRACE = ["--mode", "vxlan", "pod-a", "pod-b"];
const version = /"version": "(.*?)"/;

describe("the built command", () => {
  test.each([[], ["--help"], ["help"], ["trace", "--help"], ["help", "diff"]].map((argv) => [argv.join(" "), argv]))(
    "says to `%s` what the program says",
    async (_, argv) => {
      expect(run(argv)).toEqual(await shell(argv));
    },
  );

  test("prints the version of its package", async () => {
    const { readFileSync } = await import("node:fs");
    const text = readFileSync(join(import.meta.dirname, "../../package.json"), "utf8");
    expect(run(["--version"]).out).toBe(`${version.exec(text)?.[1]}\n`);
  });

  test.each([
    TRACE,
    ["-t", "two-subnets", "--mode", "host-gw", "pod-a", "pod-b", "-v"],
    ["-t", "seed-udp", "container-1", "container-2", "--why"],
    ["-t", "two-nodes", "--mode", "bgp", "pod-a", "pod-b", "-o", "json"],
    ["tables", "--mode", "ipip", "node-1"],
    ["route", "node-1", "10.244.2.2"],
    ["diff", "udp", "vxlan"],
    ["modes"],
    ["topologies"],
    ["init"],
    ["explain", "8472"],
    ["schema", "topology"],
    ["schema", "trace"],
    ["completion", "zsh"],
    ["-t", "absent.yaml", "a", "b"],
    ["--mod", "x"],
  ])("does as the program does: %s %s %s", async (...argv) => {
    expect(run(argv)).toEqual(await shell(argv));
  });

  test("reads a topology from standard input and from a file, and explains a broken one", () => {
    const text =
      "cni-trace: 1\nsubnets: { a: 10.0.0.0/24 }\nhosts: { x: 10.0.0.1, y: 10.0.0.2 }\npods: { p: x, q: y }\n";
    writeFileSync(join(folder, "own.yaml"), text);
    expect(run(["-t", "-", "p", "q", "-q"], { input: text })).toEqual({ out: "", err: "", code: 0 });
    expect(run(["-t", "own.yaml", "p", "q", "-q"])).toEqual({ out: "", err: "", code: 0 });
    expect(run(["-t", "-", "p", "q"], { input: "hosts: 1" })).toMatchObject({ out: "", code: 2 });
    expect(run(["-t", ".", "p", "q", "-q"])).toEqual({ out: "", err: "", code: 0 });
    mkdirSync(join(folder, "empty"));
    expect(run(["-t", "empty", "p", "q"]).err).toMatch("cni-trace: there are no objects in this");
  });

  test("reads objects from a pipe, however many chunks they come in, and writes them as a file", () => {
    const filler = "x".repeat(500);
    const metadata = (name: string) => ({ name, annotations: { filler } });
    const nodes = Array.from({ length: 900 }, (_, i) => ({
      apiVersion: "v1",
      kind: "Node",
      metadata: metadata(`node-${i}`),
      spec: { podCIDR: `10.${64 + (i >> 8)}.${i & 255}.0/24` },
      status: { addresses: [{ type: "InternalIP", address: `192.168.${i >> 7}.${i & 127 || 200}` }] },
    }));
    const pods = nodes.slice(0, 2).map(({ metadata: { name } }, i) => ({
      apiVersion: "v1",
      kind: "Pod",
      metadata: { name: `p${i}`, namespace: "web" },
      spec: { nodeName: name },
      status: { phase: "Running", podIP: `10.64.${i}.7` },
    }));
    for (const items of [
      [...nodes, ...pods],
      [...nodes, ...nodes.map((node) => ({ ...node })), ...pods],
    ]) {
      const input = JSON.stringify({ apiVersion: "v1", kind: "List", items }, undefined, 2);
      const traced = run(["-t", "-", "--mode", "vxlan", "web/p0", "web/p1", "--brief"], { input });
      expect(traced).toMatchObject({ out: expect.stringMatching(/^DELIVERED/m), code: 0 });
      const { out, code } = run(["import", "-"], { input });
      expect(code).toBe(0);
      expect(out).toContain("# There is no mode:\n# - nothing in these objects says which CNI runs");
      writeFileSync(join(folder, "imported.yaml"), out);
      expect(run(["-t", "imported.yaml", "--mode", "vxlan", "web/p0", "web/p1", "--brief"]).out).toMatch(/^DELIVERED/m);
    }
  });

  test.skipIf(process.platform === "win32")("ends quietly when nobody reads any more", () => {
    const line = `"${process.execPath}" "${bundle}" tables -t huge --mode vxlan node-0001 | head -1; echo "\${PIPESTATUS[0]}"`;
    const { stdout, stderr } = spawnSync("bash", ["-c", line], {
      encoding: "utf8",
      env: { ...process.env, HOME: home },
    });
    expect([stdout, stderr]).toEqual(["# huge, flannel-vxlan\n0\n", expect.not.stringContaining("EPIPE")]);
  });
});

describe.skipIf(process.getuid === undefined)("the code cache", () => {
  test("is made by the first run in a folder that only the user can enter, and changes nothing that is said", () => {
    const first = run(TRACE);
    for (const file of readdirSync(cache)) expect(file).toMatch(/^trace-[0-9a-f]{16}-v.*-part-.*\.cjs\.bin$/);
    expect(readdirSync(cache).filter((file) => file.endsWith("-part-core.cjs.bin"))).toHaveLength(1);
    expect(statSync(cache).mode & 0o777).toBe(0o700);
    expect(run(TRACE)).toEqual(first);
    expect(first.code).toBe(0);
  });

  test("is not made for help, nor for a line that was wrong", () => {
    run(["--help"]);
    run(["-t", "absent.yaml", "a", "b"]);
    expect(existsSync(cache)).toBe(false);
  });

  test("is not made when Node's own switch says so", () => {
    expect(run(TRACE, { env: { NODE_DISABLE_COMPILE_CACHE: "1" } }).code).toBe(0);
    expect(existsSync(cache)).toBe(false);
  });

  test("is not used from a folder that others can enter", () => {
    run(TRACE);
    chmodSync(cache, 0o755);
    for (const file of readdirSync(cache)) rmSync(join(cache, file));
    expect(run(TRACE).code).toBe(0);
    expect(readdirSync(cache)).toEqual([]);
  });

  test("is not made under a folder that others can write to, nor through a link", () => {
    mkdirSync(join(home, ".cache"));
    chmodSync(join(home, ".cache"), 0o777);
    expect(run(TRACE).code).toBe(0);
    expect(existsSync(cache)).toBe(false);
    chmodSync(join(home, ".cache"), 0o700);
    mkdirSync(join(home, "elsewhere"), { mode: 0o700 });
    symlinkSync(join(home, "elsewhere"), cache);
    expect(run(TRACE).code).toBe(0);
    expect(readdirSync(join(home, "elsewhere"))).toEqual([]);
  });

  test("may hold anything: what is not compiled code of this build is compiled again", () => {
    const { out } = run(TRACE);
    const [file = ""] = readdirSync(cache);
    for (const junk of [
      "",
      "junk",
      '[["part-core.cjs",0,8]]\n12345678',
      "[1,2]\n",
      '[["part-core.cjs",0,99999999]]\n',
    ]) {
      writeFileSync(join(cache, file), junk);
      expect(run(TRACE)).toMatchObject({ out, code: 0 });
    }
  });

  test("of another build goes when this one writes its own", () => {
    run(TRACE);
    const old = `trace-${"0".repeat(16)}-v20.0.0-x64-part-core.cjs.bin`;
    writeFileSync(join(cache, old), "");
    writeFileSync(join(cache, "notes.txt"), "");
    run(["modes"]);
    expect(readdirSync(cache)).not.toContain(old);
    expect(readdirSync(cache)).toContain("notes.txt");
  });
});
