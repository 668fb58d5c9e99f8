import { describe, expect, test } from "vitest";
import { shell, words } from "./shell.ts";

const EIGHT = "subnets: { lan: 192.168.0.0/24 }\nhosts: { node-1: 192.168.0.11, node-2: 192.168.0.12 }\n";
const MINE = `cni-trace: 1\n${EIGHT}pods: { pod-a: node-1, pod-b: node-2 }\n`;
const files = new Map([["mine.yaml", MINE]]);

describe("check ends", () => {
  test.each([
    ["with 0 when nothing is found", "check -t two-nodes --mode host-gw", 0],
    ["with 0 for notes", "check -t two-nodes --mode vxlan", 0],
    ["with 0 for warnings", "check -t two-nodes --mode udp", 0],
    ["with 1 for warnings when asked to", "check -t two-nodes --mode udp --fail-on warning", 1],
    ["with 1 for notes when asked to", "check -t two-nodes --mode vxlan --fail-on note", 1],
    ["with 1 for errors", "check -t two-subnets --mode host-gw", 1],
    ["with 0 for errors when it shall only look", "check -t two-subnets --mode host-gw --fail-on never", 0],
    ["with 1 when one of several modes has errors", "check -t two-subnets --mode vxlan,host-gw", 1],
    ["with 1 for what a fault breaks", "check --mode bgp --fault 'node-1: sysctl net.ipv4.ip_forward=0'", 1],
    ["with 2 for an input that is wrong", "check -t mine.yaml --set subnets.lan.mtu=many", 2],
    ["with 2 for a severity that is none", "check --fail-on fatal", 2],
  ])("%s", async (_, line, code) => {
    expect((await shell(words(line), { files })).code).toBe(code);
  });
});

test("every finding has its file, line and column, what is seen and what to do", async () => {
  const { out, err } = await shell(words("check -t blocked --mode vxlan"));
  expect(err).toBe("");
  expect(out).toMatch(/^flannel-vxlan · blocked: 1 error, 1 note$/m);
  expect(out).toMatch(/^error {4}ENCAP_BLOCKED at lan {2}topologies\/blocked\.yaml:11:32$/m);
  expect(out).toMatch(/^ {9}seen {2}silence$/m);
  expect(out).toMatch(/^ {9}do {4}Let the fabric pass it/m);
});

test("80 columns are enough", async () => {
  for (const line of ["check -t two-subnets --mode host-gw,bgp,udp", "check -t vpc --mode host-gw"]) {
    const { out } = await shell(words(line));
    expect(out.split("\n").filter((each) => each.length > 80)).toEqual([]);
  }
});

test("several modes are one document a line", async () => {
  const { out } = await shell(words("check -t two-subnets --mode vxlan,host-gw -o json"));
  const documents = out
    .trim()
    .split("\n")
    .map((each) => JSON.parse(each));
  expect(documents.map(({ mode, lint }) => `${mode} ${lint.counts.error}`)).toEqual([
    "flannel-vxlan 0",
    "flannel-host-gw 1",
  ]);
});

test("explain knows the lint's own codes, in any case, and the nearest one", async () => {
  expect((await shell(["explain", "mtu_inconsistent"])).out).toMatch(/^MTU_INCONSISTENT$/m);
  expect((await shell(["explain", "MTU_INCONSISTANT"])).err).toMatch(/did you mean MTU_INCONSISTENT\?/);
});
