import { describe, expect, test } from "vitest";
import { diffJson, diffJsonLines } from "../../src/render/diff-json.ts";
import { diffMarkdown } from "../../src/render/diff-markdown.ts";
import { patchLines } from "../../src/render/diff-patch.ts";
import { renderDiff, rowLines } from "../../src/render/diff-text.ts";
import { plain } from "../../src/render/paint.ts";
import { compared, type SideCase } from "./comparisons.ts";
import { validator } from "./validator.ts";

const LAYOUT = { columns: 80, paint: plain, ascii: false, rows: "some" } as const;

const two = (mode: string, ...set: readonly string[]): SideCase => ({ mode, topology: "two-nodes", set });

const PAIRS: ReadonlyMap<string, readonly [SideCase, SideCase]> = new Map([
  ["vxlan-host-gw", [two("flannel-vxlan"), two("flannel-host-gw")]],
  ["udp-vxlan", [two("flannel-udp"), two("flannel-vxlan")]],
  [
    "vxlan-ipip",
    [
      { mode: "flannel-vxlan", topology: "two-subnets" },
      { mode: "calico-ipip", topology: "two-subnets" },
    ],
  ],
  ["mtu", [two("flannel-vxlan"), two("flannel-vxlan", "hosts.node-2={address: 192.168.0.12, mtu: 1400}")]],
  ["moved-pod", [two("flannel-host-gw"), two("flannel-host-gw", "pods.pod-b=node-1")]],
  [
    "fabric",
    [
      two("flannel-vxlan"),
      two("flannel-vxlan", "subnets.lan={cidr: 192.168.0.0/24, mtu: 1400, gateway: none, drop: [udp/8472, proto/4]}"),
    ],
  ],
  ["same", [two("flannel-vxlan"), two("flannel-vxlan")]],
]);

describe.each([...PAIRS])("%s", (name, [left, right]) => {
  test("reads well", async () => {
    await expect(renderDiff(await compared(left, right), LAYOUT)).toMatchFileSnapshot(
      `../golden/render/diff-${name}.txt`,
    );
  });

  test("keeps to the columns and to its characters", async () => {
    const comparison = await compared(left, right);
    for (const columns of [72, 80, 120]) {
      for (const rows of ["some", "all"] as const) {
        const text = renderDiff(comparison, { ...LAYOUT, columns, rows });
        expect(text.split("\n").filter((line) => line.length > columns)).toEqual([]);
        expect(text).not.toMatch(/undefined|\[object|\n\n\n|[ \t]\n/);
      }
    }
    expect(renderDiff(comparison, { ...LAYOUT, ascii: true })).toMatch(/^[\n -~]*$/);
  });

  test("keeps to its schema, and describes every field", async () => {
    const validate = validator("diff");
    const valid = validate(JSON.parse(JSON.stringify(diffJson(await compared(left, right)))));
    expect(validate.errors ?? []).toEqual([]);
    expect(valid).toBe(true);
  });
});

test("a patch is the commands that make the rows, less and more", async () => {
  const comparison = await compared(two("flannel-vxlan"), two("flannel-host-gw"));
  const patch = [...patchLines(comparison)].map((line) => `${line}\n`).join("");
  await expect(patch).toMatchFileSnapshot("../golden/render/diff-vxlan-host-gw.patch");
});

test("a Markdown table has a line for each cause, for each row and for each place of the way", async () => {
  const comparison = await compared(two("flannel-vxlan"), two("flannel-host-gw"));
  await expect(diffMarkdown(comparison, "all")).toMatchFileSnapshot("../golden/render/diff-vxlan-host-gw.md");
  expect(diffMarkdown(await compared(two("flannel-vxlan"), two("flannel-vxlan")), "some")).toMatch(
    /^\*\*.*: no row differs\*\*$/m,
  );
});

test("where rows are too many for a table, it says that it has examples, and where all of them are", async () => {
  const { diff, ...rest } = await compared(two("flannel-vxlan"), two("flannel-host-gw"));
  const many = { ...rest, diff: { ...diff, rows: 24_995_000 } };
  const words = "examples only: 24 995 000 rows are too many for a table; the formats text and patch list them";
  expect(diffMarkdown(many, "all")).toContain(words);
  expect(diffJson(many)).toMatchObject({ rows: 24_995_000, omitted: 24_995_000 - diff.changes.length });
});

test("rows one by one have the numbers of their causes, in text and in JSON", async () => {
  const validate = validator("diff");
  const comparison = await compared(two("flannel-vxlan"), two("flannel-host-gw"));
  const document = JSON.parse([...diffJsonLines(comparison)].join("\n"));
  validate(document);
  expect(validate.errors ?? []).toEqual([]);
  expect(document).toMatchObject({ rows: document.changes.length, omitted: 0 });
  await expect([...rowLines(comparison, LAYOUT)].join("\n")).toMatchFileSnapshot("../golden/render/diff-rows.txt");
});

test("no patch for what is the same", async () => {
  expect([...patchLines(await compared(two("flannel-vxlan"), two("flannel-vxlan")))]).toEqual([]);
});
