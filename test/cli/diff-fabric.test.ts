import { expect, test } from "vitest";
import { shell } from "./shell.ts";

test("two files whose machines are alike differ when the fabric loses the packet in one of them", async () => {
  const { out, code } = await shell(["diff", "two-nodes", "blocked", "--mode", "vxlan", "pod-a", "pod-b"]);
  expect(code).toBe(1);
  expect(out).toContain("ENCAP_BLOCKED");
});

test("the fabric's own rows are compared without a packet too", async () => {
  const { out, code } = await shell(["diff", "two-nodes", "blocked", "--mode", "vxlan"]);
  expect(code).toBe(1);
  expect(out).toMatch(/lan +\+ fabric drop udp\/8472/);
});

test("a file compared with itself is the same, path and all", async () => {
  const { code } = await shell(["diff", "two-nodes", "two-nodes", "--mode", "vxlan", "pod-a", "pod-b"]);
  expect(code).toBe(0);
});
