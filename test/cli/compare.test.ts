import { describe, expect, test } from "vitest";
import { validator } from "../render/validator.ts";
import { shell } from "./shell.ts";

const ask = (...words: readonly string[]) => shell(["compare", ...words]);

describe("reads well", () => {
  test.each([
    ["two-subnets", ["-t", "two-subnets", "pod-a", "pod-b"]],
    ["blocked", ["-t", "blocked", "pod-a", "pod-b"]],
    ["contract", ["-t", "two-subnets", "--contract", "--mode", "vxlan,bgp,ipip", "pod-a", "pod-b"]],
    ["families", ["-t", "two-nodes", "--families", "pod-a", "pod-b"]],
    ["markdown", ["-t", "two-nodes", "-o", "markdown", "--mode", "vxlan,bgp", "pod-a", "pod-b"]],
    ["csv", ["-t", "two-subnets", "-o", "csv", "--mode", "vxlan,bgp", "pod-a", "pod-b"]],
  ])("%s", async (name, words) => {
    const { out, code } = await ask(...words);
    expect(code).toBe(0);
    await expect(out).toMatchFileSnapshot(`../golden/compare/${name}.txt`);
  });

  test("within 80 columns, in ASCII when asked", async () => {
    const { out } = await ask("-t", "two-subnets", "--ascii", "pod-a", "pod-b");
    expect(out.split("\n").filter((line) => line.length > 80)).toEqual([]);
    expect(out).toMatch(/^[\n -~]*$/);
  });
});

describe("each cell", () => {
  test("is what a trace of that mode says", async () => {
    const { out } = await ask("-t", "two-subnets", "-o", "json", "pod-a", "pod-b");
    for (const row of JSON.parse(out).modes) {
      const traced = await shell(["-t", "two-subnets", "--mode", row.mode, "-o", "json", "pod-a", "pod-b"]);
      const { verdict, code, forward, reply } = JSON.parse(traced.out);
      const said = ({ ttl, headerBytes, pathMtu, crossings }: typeof forward) => ({
        ttl,
        headerBytes,
        pathMtu,
        crossings,
      });
      expect({ mode: row.mode, verdict: row.verdict, code: row.code, ...said(row.forward) }).toEqual({
        mode: row.mode,
        verdict,
        code,
        ...said(forward.summary),
      });
      expect(row.reply && said(row.reply)).toEqual(reply && said(reply.summary));
    }
  });

  test("is in the schema, and every field is described", async () => {
    const validate = validator("compare");
    for (const topology of ["two-subnets", "bgp-routers", "one-node", "blocked"]) {
      const { out } = await ask("-t", topology, "-o", "json", "pod-a", "pod-b");
      validate(JSON.parse(out));
      expect(validate.errors ?? []).toEqual([]);
    }
  });

  test("of growth is the difference that one more node makes in the tables", async () => {
    const two = "-t two-nodes --set hosts.node-3=192.168.0.13".split(" ");
    for (const mode of ["flannel-vxlan", "flannel-host-gw", "calico-bgp", "calico-vxlan"]) {
      const rows = async (...set: readonly string[]) => {
        const { out } = await shell(["tables", "node-1", "--mode", mode, "-o", "json", ...set]);
        const { routes, neighbours, fdb, sets } = JSON.parse(out).namespaces[0];
        return [routes, neighbours, fdb, sets].reduce((sum, table) => sum + (table?.length ?? 0), 0);
      };
      const { out } = await ask("-t", "two-nodes", "--mode", mode, "-o", "json", "pod-a", "pod-b");
      const [{ holds }] = JSON.parse(out).modes;
      const added = holds.each.reduce((sum: number, { rows }: { rows: number }) => sum + rows, 0);
      const pods = ["--set", "pods.pod-c=node-3"];
      expect([mode, (await rows(...two, ...pods)) - (await rows("-t", "two-nodes"))]).toEqual([mode, added]);
    }
  });
});

describe("settings", () => {
  test("that would deliver were walked: another port where the fabric eats the usual one", async () => {
    const { out } = await ask("-t", "blocked", "--mode", "vxlan", "pod-a", "pod-b");
    expect(out).toContain("flannel-vxlan would deliver with cni.flannel-vxlan.Port: 4789");
    const { code } = await shell(["-t", "blocked", "--set", "cni.flannel-vxlan.Port=4789", "-q", "pod-a", "pod-b"]);
    expect(code).toBe(0);
  });

  test("that the topology changes are told when their default would lose the packet, and only then", async () => {
    const set = ["--set", "cni.flannel-vxlan.Port=4789"];
    const { out } = await ask("-t", "blocked", ...set, "--mode", "vxlan", "pod-a", "pod-b");
    expect(out).toContain("flannel-vxlan needs cni.flannel-vxlan.Port: 4789, as the topology says");
    const plain = await ask("-t", "two-nodes", "--set", "cni.flannel-vxlan.VNI=7", "--mode", "vxlan", "pod-a", "pod-b");
    expect(plain.out).not.toContain("VNI");
  });
});

describe("exit status", () => {
  test.each([
    [0, ["-t", "two-subnets", "pod-a", "pod-b"]],
    [0, ["-t", "two-subnets", "--require", "vxlan,ipip", "pod-a", "pod-b"]],
    [1, ["-t", "two-subnets", "--require", "vxlan,host-gw", "pod-a", "pod-b"]],
    [1, ["-t", "two-subnets", "--mode", "vxlan", "--require", "host-gw", "-o", "json", "pod-a", "pod-b"]],
    [1, ["-t", "two-subnets", "--require", "host-gw", "-o", "csv", "pod-a", "pod-b"]],
    [1, ["-t", "two-subnets", "--require", "host-gw", "-o", "markdown", "pod-a", "pod-b"]],
    [2, ["-t", "two-subnets", "--require", "vxlam", "pod-a", "pod-b"]],
    [2, ["-t", "two-subnets", "-o", "patch", "pod-a", "pod-b"]],
    [2, ["pod-a", "pod-z"]],
    [2, ["pod-a"]],
    [2, ["--families", "--contract", "pod-a", "pod-b"]],
  ])("%i: %j", async (status, words) => {
    expect((await ask(...words)).code).toBe(status);
  });
});

test("a mode that cannot be asked is told apart from those that lose", async () => {
  const v6 = ["cluster.podCIDR=[10.244.0.0/16, fd00:10::/56]", "subnets.lan=[192.168.0.0/24, fd00:1::/64]"];
  const hosts = ["hosts.node-1=[192.168.0.11, fd00:1::11]", "hosts.node-2=[192.168.0.12, fd00:1::12]"];
  const set = [...v6, ...hosts].flatMap((each) => ["--set", each]);
  const { out, code } = await ask(...set, "--mode", "vxlan,flannel-udp", "pod-a", "pod-b");
  expect(code).toBe(0);
  expect(out).toMatch(/^flannel-udp {2}not asked: /m);
});
