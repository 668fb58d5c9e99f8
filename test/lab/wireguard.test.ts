import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { planLab } from "../../src/lab/plan.ts";
import { labKey } from "../../src/lab/plan-wireguard.ts";
import { scriptOf } from "../../src/lab/script.ts";
import { networkOf } from "../../src/modes/build.ts";
import { loadTopology } from "../../src/topology/load.ts";

test("a device's public key in the lab belongs to its private one, as `wg pubkey` says", () => {
  expect(labKey("iMyKPBYOHkbqW43M/gEbMBjdXL4g1Y/n7J7MJ/87tkE=")).toBe("H5+bflAE224Gw/y86ouZrlQbXL/IWuftj7JlnZovWBg=");
});

test("each node's device gets its key, port, mark and the peers of the table", async () => {
  const text = readFileSync(new URL("../../topologies/two-nodes.yaml", import.meta.url), "utf8");
  const loaded = await loadTopology({ text, file: "two-nodes.yaml" });
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.problems));
  const built = networkOf(loaded.value, "calico-wireguard");
  if (!built.ok) throw new Error(JSON.stringify(built.problems));
  const plan = planLab(built.value, "cnitest-");
  const set = plan.steps.flatMap((step) => (step.kind === "run" && step.argv[0] === "wg" ? [step] : []));
  expect(set.map(({ place, argv }) => [place, argv.join(" ")])).toEqual([
    ["host/node-1", "wg setconf wireguard.cali /dev/stdin"],
    ["host/node-2", "wg setconf wireguard.cali /dev/stdin"],
  ]);
  const [one = "", two = ""] = set.map(({ input }) => input);
  const own = (conf: string) => /PrivateKey = (\S+)/.exec(conf)?.[1] ?? "";
  expect(one).toContain(`PublicKey = ${labKey(own(two))}`);
  expect(two).toContain(`PublicKey = ${labKey(own(one))}`);
  expect(one).toContain("FwMark = 2097152\n");
  expect(one).toContain("Endpoint = 192.168.0.12:51820\nAllowedIPs = 10.244.2.0/26, 10.244.2.0/32\n");
  expect(scriptOf(plan)).toContain("exec cnitest-1 wg setconf wireguard.cali /dev/stdin <<'END'");
});
