import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import { FILES } from "../../src/lab/layout.ts";
import { type Said, shell } from "../cli/shell.ts";

/** A few packets between two pods of flannel-vxlan, and what a kernel did with them. */
const RECORDED = join(import.meta.dirname, "../fixtures/lab/two-nodes-vxlan");
const TOPOLOGY = readFileSync(join(RECORDED, FILES.topology), "utf8");

const made: string[] = [];
afterEach(() => {
  for (const folder of made.splice(0)) rmSync(folder, { recursive: true });
});

function emptyFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "cni-trace-"));
  made.push(folder);
  return folder;
}

/** A copy of the record with one of its files written anew. */
function altered(file: string, change: (text: string) => string): string {
  const folder = emptyFolder();
  cpSync(RECORDED, folder, { recursive: true });
  writeFileSync(join(folder, file), change(readFileSync(join(RECORDED, file), "utf8")));
  return folder;
}

function verify(folder: string, ...more: readonly string[]): Promise<Said> {
  return shell(["lab", "verify", "--from", folder, ...more], {
    files: new Map([[`${folder}/${FILES.topology}`, TOPOLOGY]]),
  });
}

test("a record of a kernel that agrees is compared without a kernel", async () => {
  const { out, code } = await verify(RECORDED);
  expect(code).toBe(0);
  expect(out).toMatch(/^flannel-vxlan on two-nodes, Linux 6\.18\.\S+\n/);
  expect(out).toContain("AGREED");
});

test("the same as JSON", async () => {
  const { out, code } = await verify(RECORDED, "--format", "json");
  expect(code).toBe(0);
  const { mode, topology, pairs, tables } = JSON.parse(out);
  expect({ mode, topology, tables }).toEqual({ mode: "flannel-vxlan", topology: "two-nodes", tables: [] });
  expect(pairs.map(({ from, to }: Record<string, string>) => `${from} > ${to}`)).toEqual([
    "pod-a > pod-b",
    "pod-b > pod-a",
  ]);
});

describe("what differs is found", () => {
  test.each([
    // the TTL of an inner header, one off
    [FILES.frames, /(4500003c00[0-9a-f]{2}4000)40/, "$13f", "frames at pod/default/pod-a eth0"],
    [FILES.frames, '"ttl":62', '"ttl":61', "delivered"],
    [FILES.frames, '"errno":"ECONNREFUSED"', '"errno":"EHOSTUNREACH"', "errors"],
    [
      FILES.tables,
      "10.244.2.0/24 via 10.244.2.0 dev flannel.1",
      "10.244.2.0/24 via 10.244.2.1 dev flannel.1",
      "route of",
    ],
    [
      FILES.built,
      '{"status":0,"text":""}',
      '{"status":2,"text":"Error: Device or resource busy"}',
      "Device or resource",
    ],
  ])("in %s: %s", async (file, from, to, told) => {
    const folder = altered(file, (text) => {
      expect(text.search(from), `${from}`).toBeGreaterThan(-1);
      return text.replace(from, to);
    });
    const { out, code } = await verify(folder);
    expect(code).toBe(1);
    expect(out).toContain(told);
    expect(out).toContain("DISAGREED");
  });
});

describe("a folder that is none is refused with what is wrong in it", () => {
  test.each([
    [FILES.lab, () => "{", "lab.json is no JSON"],
    [FILES.lab, (text: string) => text.replace('"layout":1', '"layout":2'), "lab.json: layout"],
    [FILES.lab, (text: string) => text.replace('"cnitrace-1"', '"../../etc"'), "is no name of a network namespace"],
    [FILES.lab, (text: string) => text.replace("host/node-1", "host/node-9"), "names no namespace for host/node-1"],
    [
      FILES.probes,
      (text: string) => text.replace('"pod/default/pod-b"', '"pod/x"'),
      "between places that the topology",
    ],
    [FILES.probes, (text: string) => text.replace('"ttl":64', '"ttl":640'), "probes.json: probes.0.ttl"],
    [FILES.kernel, () => "{}", "kernel.json: release"],
    [FILES.frames, (text: string) => text.split("\n").slice(1).join("\n"), "frames.jsonl:1 is about"],
    [FILES.frames, (text: string) => text.split("\n").slice(0, 3).join("\n"), "frames.jsonl ends before"],
    [FILES.frames, (text: string) => text.replace(/"hex":"../, '"hex":"zz'), "is no hex text"],
    [FILES.frames, (text: string) => `${text}{}\n`, "frames.jsonl:"],
    [FILES.tables, () => "[]", "tables.json"],
  ])("%s", async (file, change, told) => {
    const { out, err, code } = await verify(altered(file, change));
    expect([code, out]).toEqual([2, ""]);
    expect(err).toContain(told);
    expect(err.length).toBeLessThan(500);
    expect(err.trim().split("\n")).toHaveLength(1);
  });

  test("a file that is missing, a folder, a link", async () => {
    const folder = altered(FILES.kernel, (text) => text);
    rmSync(join(folder, FILES.frames));
    expect((await verify(folder)).err).toContain("frames.jsonl cannot be read: it is not there");
    mkdirSync(join(folder, FILES.frames));
    expect((await verify(folder)).err).toContain("frames.jsonl is no plain file");
    rmSync(join(folder, FILES.frames), { recursive: true });
    symlinkSync(join(RECORDED, FILES.frames), join(folder, FILES.frames));
    expect((await verify(folder)).err).toContain("frames.jsonl is no plain file");
  });
});

test("what a folder says cannot steer a terminal", async () => {
  const folder = altered(FILES.kernel, (text) => text.replace("6.18", "\\u001b[2J6.18"));
  const { out } = await verify(folder);
  expect(out).toContain("\\u{1b}[2J6.18");
});

test("without steps and tables the rest is compared, and that is said", async () => {
  const folder = altered(FILES.kernel, (text) => text);
  for (const file of [FILES.steps, FILES.built, FILES.tables]) rmSync(join(folder, file));
  const { out, code } = await verify(folder);
  expect(code).toBe(0);
  expect(out).toContain("left out: the kernel's tables are not recorded");
});

test("prepare writes all questions and the helper, for any user and on any system", async () => {
  const folder = join(emptyFolder(), "lab");
  const said = await shell(["lab", "prepare", "-t", "two-nodes", "--mode", "ipip", "--to", folder]);
  expect([said.code, said.err]).toEqual([0, ""]);
  expect(said.out).toContain(`python3 ${folder}/helper.py run ${folder}`);
  for (const file of [FILES.lab, FILES.topology, FILES.steps, FILES.probes, FILES.helper]) {
    expect(readFileSync(join(folder, file), "utf8").length).toBeGreaterThan(0);
  }
  const again = await shell(["lab", "prepare", "-t", "two-nodes", "--mode", "ipip", "--to", folder]);
  expect([again.code, again.err]).toEqual([2, expect.stringContaining("is not empty")]);
});

test.each([
  [["lab", "prepare"], "none is named"],
  [["lab", "up", "--to", "x"], "--to is no option of lab up"],
  [["lab", "up", "--from", "x"], "--from is no option of lab up"],
  [["lab", "verify", "--from", "x", "pod-a", "pod-b"], "takes no SRC and DST"],
  [["lab", "prepare", "--to", "x", "--mode", "vxlan,bgp"], "a folder holds the lab of one"],
])("%j is refused", async (argv, told) => {
  const { err, code } = await shell(argv);
  expect([code, err]).toEqual([2, expect.stringContaining(told)]);
});
