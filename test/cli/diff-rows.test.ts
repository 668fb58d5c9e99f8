import { describe, expect, test } from "vitest";
import { validator } from "../render/validator.ts";
import { formats } from "./formats.ts";
import { shell } from "./shell.ts";

/** Enough hosts that know one another for more rows than are held at once. */
const files = new Map([
  ["many.yaml", "cni-trace: 1\ngenerate: { racks: 1, hostsPerRack: 90, podsPerHost: 1, underlay: 172.16.0.0/16 }\n"],
]);
const diff = (...more: readonly string[]) => shell(["diff", "vxlan", "host-gw", "-t", "many.yaml", ...more], { files });

describe("rows that are too many to be held", () => {
  test("are all there in JSON when they are asked for, and each cause has as many as it says", async () => {
    const { out, code } = await diff("--rows", "-o", "json");
    const validate = validator("diff");
    const document = JSON.parse(out);
    validate(document);
    expect([code, validate.errors ?? []]).toEqual([1, []]);
    const { rows, omitted, changes, causes } = document;
    expect(rows).toBeGreaterThan(20_000);
    expect([changes.length, omitted]).toEqual([rows, 0]);
    const counts = causes.map(() => 0);
    for (const change of changes) for (const place of change.causes) counts[place]++;
    expect(counts).toEqual(causes.map((cause: { rows: number }) => cause.rows));
  });

  test("are examples in JSON when they are not asked for", async () => {
    const { rows, omitted, changes } = JSON.parse((await diff("-o", "json")).out);
    expect(omitted).toBe(rows - changes.length);
    expect(changes.length).toBeLessThan(100);
  });

  test("are all there in a patch, a section for each namespace", async () => {
    const { out } = await diff("-o", "patch");
    await formats.get("patch")?.(out, "diff");
    expect(out.match(/^@@ host/gm)).toHaveLength(90);
    expect(out.match(/^-ip neigh add /gm)).toHaveLength(90 * 89);
  });

  test("follow the causes in text, machine by machine, until nobody reads on", async () => {
    const { out, code } = await diff("--rows");
    expect(code).toBe(1);
    expect(out.match(/^node-\d{4}$/gm)).toHaveLength(90);
    expect(out.match(/^ {3}2 {2}- neigh /gm)).toHaveLength(90 * 89);
    expect(out.split("\n").filter((line) => line.length > 80)).toEqual([]);
    const cut = await shell(["diff", "vxlan", "host-gw", "-t", "many.yaml", "--rows"], { files, patience: 1 });
    expect([cut.code, cut.out.length < out.length / 10]).toEqual([1, true]);
  });
});
