import { describe, expect, test } from "vitest";
import { renderCommands } from "../../src/render/commands.ts";
import type { Layout } from "../../src/render/layout.ts";
import { renderMinimal } from "../../src/render/minimal.ts";
import { ansi, plain } from "../../src/render/paint.ts";
import { renderTrace } from "../../src/render/trace-text.ts";
import { renderTraceroute } from "../../src/render/traceroute.ts";
import { renderWhy } from "../../src/render/why.ts";
import type { Answer } from "../../src/trace/answer.ts";
import { answerTo, CASES } from "./cases.ts";

const LAYOUT: Layout = { columns: 80, paint: plain, ascii: false };

/** Every text view; each is a file of its own so that a change is seen where it happens. */
const VIEWS: ReadonlyMap<string, (answer: Answer, layout: Layout) => string> = new Map([
  ["brief", (answer: Answer, layout: Layout) => renderTrace(answer, { ...layout, zoom: "brief" })],
  ["normal", (answer, layout) => renderTrace(answer, { ...layout, zoom: "normal" })],
  ["verbose", (answer, layout) => renderTrace(answer, { ...layout, zoom: "verbose" })],
  ["minimal", renderMinimal],
  ["why", renderWhy],
  ["commands", renderCommands],
]);

/** What every case is shown in; the rest of the views are told by a few. */
const SHOWN: ReadonlyMap<string, readonly string[]> = new Map([
  ["vxlan", ["brief", "normal", "verbose", "minimal", "why", "commands"]],
  ["seed-udp", ["normal", "verbose", "minimal", "why", "commands"]],
  ["host-gw-subnets", ["brief", "normal", "verbose", "minimal", "why", "commands"]],
  ["calico-ipip", ["normal", "minimal", "why", "commands"]],
  ["fragments", ["normal", "verbose", "minimal", "why"]],
  ["no-listener", ["normal", "minimal", "why"]],
  ["loop", ["normal", "minimal", "why"]],
  ["emsgsize", ["normal", "minimal", "why"]],
  ["arp-failed", ["normal", "why"]],
  ["vxlan-cold", ["normal", "verbose", "why"]],
  ["calico-veth", ["normal", "verbose", "why"]],
  ["bridge", ["normal", "minimal", "why"]],
  ["branches-all", ["normal", "minimal", "why"]],
  ["flow-ipip", ["normal", "brief", "minimal", "why"]],
  ["flow-lost", ["normal", "why"]],
  ["flow-cold", ["normal", "why"]],
]);

describe.each([...CASES.keys()])("%s", (name) => {
  test.each(SHOWN.get(name) ?? ["normal"])("reads well as %s", async (view) => {
    const text = VIEWS.get(view)?.(await answerTo(name), LAYOUT) ?? "";
    await expect(text).toMatchFileSnapshot(`../golden/render/${name}.${view}.txt`);
  });

  test.each([...VIEWS.keys()])("%s keeps to the columns and to its characters", async (view) => {
    const answer = await answerTo(name);
    const render = VIEWS.get(view) ?? renderMinimal;
    const isFree = view === "commands" || view === "minimal";
    for (const columns of [72, 80, 130]) {
      const text = render(answer, { ...LAYOUT, columns });
      if (!isFree) expect(text.split("\n").filter((line) => line.length > columns)).toEqual([]);
      expect(text).not.toContain("\u001b");
      expect(text).not.toMatch(/[ \t]\n/);
      expect(text).not.toMatch(/undefined|\[object|NaN|\n\n\n/);
    }
    const ascii = view === "minimal" ? "" : render(answer, { ...LAYOUT, ascii: true });
    expect(ascii).toMatch(/^[\n -~]*$/);
    if (!isFree) expect(ascii.split("\n").filter((line) => line.length > 80)).toEqual([]);
  });

  test("says the same without colour", async () => {
    const answer = await answerTo(name);
    const coloured = renderTrace(answer, { ...LAYOUT, paint: ansi(), zoom: "verbose" });
    const escapes = new RegExp(`${String.fromCharCode(27)}\\[[0-9;]*m`, "g");
    expect(coloured.replace(escapes, "")).toBe(renderTrace(answer, { ...LAYOUT, zoom: "verbose" }));
  });
});

test("green is for what was delivered alone", async () => {
  const green = `${String.fromCharCode(27)}[32m`;
  const delivered = renderTrace(await answerTo("vxlan"), { ...LAYOUT, paint: ansi(), zoom: "normal" });
  const lost = renderTrace(await answerTo("host-gw-subnets"), { ...LAYOUT, paint: ansi(), zoom: "normal" });
  expect(delivered.split(green)).toHaveLength(2);
  expect(delivered).toContain(`${green}DELIVERED`);
  expect(lost).not.toContain(green);
});

test("above 100 columns every row says who wrote it", async () => {
  const wide = renderTrace(await answerTo("vxlan"), { ...LAYOUT, columns: 120, zoom: "normal" });
  expect(wide).toContain("route  10.244.2.0/24 via 10.244.2.0 dev flannel.1 onlink  # flanneld");
});

test("traceroute lists who answers, with stars where nobody does", async () => {
  await expect(renderTraceroute(await answerTo("vxlan-icmp"))).toMatchFileSnapshot(
    "../golden/render/vxlan-icmp.traceroute.txt",
  );
  await expect(renderTraceroute(await answerTo("host-gw-subnets"))).toMatchFileSnapshot(
    "../golden/render/host-gw-subnets.traceroute.txt",
  );
});
