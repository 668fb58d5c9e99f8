import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { networkOf } from "../../src/modes/build.ts";
import { bgpJson, renderBgp } from "../../src/render/bgp.ts";
import { plain } from "../../src/render/paint.ts";
import { loadTopology } from "../../src/topology/load.ts";
import { validator } from "./validator.ts";

async function networkFor(topology: string) {
  const file = `topologies/${topology}.yaml`;
  const text = readFileSync(new URL(`../../${file}`, import.meta.url), "utf8");
  const loaded = await loadTopology({ text, file });
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.problems));
  const built = networkOf(loaded.value, "calico-bgp");
  if (!built.ok) throw new Error(JSON.stringify(built.problems));
  return { ...loaded.value, network: built.value };
}

describe.each(["two-subnets", "bgp-routers", "seed-calico-routers"])("%s", (topology) => {
  const speakers = async () => {
    const { network, hosts, routers } = await networkFor(topology);
    const views = [...hosts.keys(), ...routers.keys()].flatMap((name) => network.routing.views(name));
    return { network, views };
  };

  test("shows sessions and routes as a daemon would", async () => {
    const { views } = await speakers();
    const text = renderBgp(views, { columns: 80, paint: plain, ascii: false });
    expect(text.split("\n").filter((line) => line.length > 80)).toEqual([]);
    await expect(text).toMatchFileSnapshot(`../golden/render/bgp-${topology}.txt`);
  });

  test("keeps to its schema", async () => {
    const { network, views } = await speakers();
    const validate = validator("bgp");
    const valid = validate(JSON.parse(JSON.stringify(bgpJson(network, views))));
    expect(validate.errors ?? []).toEqual([]);
    expect(valid).toBe(true);
  });
});
