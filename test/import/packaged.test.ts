import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { importTopology } from "../../src/import/import.ts";
import { redact } from "../../src/import/redact.ts";
import { writeYaml } from "../../src/import/write.ts";
import { buildNetwork } from "../../src/modes/build.ts";
import type { Mode } from "../../src/modes/mode.ts";
import { modes } from "../../src/modes/registry.ts";
import { traceQuestion } from "../../src/query/trace.ts";
import { plain } from "../../src/render/paint.ts";
import { renderTables } from "../../src/render/tables.ts";
import { renderTrace } from "../../src/render/trace-text.ts";
import { loadTopology } from "../../src/topology/load.ts";
import type { Outcome } from "../../src/topology/problem.ts";
import { problemText } from "../../src/topology/problem-text.ts";
import type { Topology } from "../../src/topology/topology.ts";
import { kubernetes } from "./kubernetes.ts";
import { list } from "./objects.ts";

const FOLDER = join(import.meta.dirname, "../../topologies");
const names = readdirSync(FOLDER)
  .flatMap((file) => /^(.*)\.yaml$/.exec(file)?.[1] ?? [])
  .filter((name) => name !== "huge");
const LAYOUT = { columns: 80, paint: plain, ascii: false } as const;

function good<T>(outcome: Outcome<T>): T {
  if (!outcome.ok) throw new Error(outcome.problems.map(problemText).join("\n"));
  return outcome.value;
}

async function packaged(name: string): Promise<Topology> {
  return good(await loadTopology({ text: readFileSync(join(FOLDER, `${name}.yaml`), "utf8"), file: `${name}.yaml` }));
}

async function imported(topology: Topology, mode: Mode) {
  const { objects, overlay } = kubernetes(topology, mode);
  const inputs = [
    { file: "objects.json", text: list(objects) },
    { file: "overlay.yaml", text: overlay },
  ];
  return good(await importTopology(inputs, { name: topology.name, mode: "needed" }));
}

/** All that a network is: the tables of every machine, and what becomes of a packet from the first pod to the last. */
function whole(topology: Topology, mode: Mode): readonly string[] {
  const network = good(buildNetwork(topology, mode));
  const pods = [...topology.pods.names()];
  const machines = [...topology.hosts.keys()].map((name) => `host/${name}`);
  const tables = [...machines, ...pods.map((name) => `pod/${name}`)].map((netns) => {
    const found = network.netns(netns);
    return found ? renderTables(found, { detail: "all", columns: 80 }) : netns;
  });
  const answer = good(traceQuestion(topology, mode, { src: pods[0] ?? "", dst: pods.at(-1) ?? "" }));
  // Where a row of the fabric was read is another file's line.
  return [...tables, renderTrace(answer, { ...LAYOUT, zoom: "normal" }).replaceAll(/ \(\S+\.yaml:\d+\)/g, "")];
}

describe.each(names)("%s, told by the objects of a cluster", (name) => {
  test.each(modes.map((mode) => [mode.name, mode] as const))(
    "in %s has the same tables and the same ways",
    async (_, mode) => {
      const original = await packaged(name);
      const { topology } = await imported(original, mode);
      expect(topology.cni.mode).toBe(mode.name);
      expect(whole(topology, mode)).toEqual(whole(original, mode));
    },
  );
});

describe.each(names)("%s, imported and written as a file", (name) => {
  const mode = modes.find(({ name: each }) => each === "flannel-vxlan") as Mode;

  test("is the same network when it is loaded again", async () => {
    const made = await imported(await packaged(name), mode);
    const text = writeYaml(made.document, made.findings, "objects.json");
    const again = good(await loadTopology({ text, file: "written.yaml", name }));
    expect(whole(again, mode)).toEqual(whole(made.topology, mode));
  });

  test("and redacted, has other names and addresses, and ends in the same way", async () => {
    const original = await packaged(name);
    const made = await imported(original, mode);
    const text = writeYaml(redact(made.document), undefined, "");
    const other = good(await loadTopology({ text, file: "redacted.yaml", name }));
    for (const pod of original.pods.names()) expect(text).not.toContain(pod.replace("default/", ""));
    const [before, after] = [made.topology, other].map((topology) => {
      const [src = "", ...pods] = [...topology.pods.names()];
      const { verdict, code, forward } = good(traceQuestion(topology, mode, { src, dst: pods.at(-1) ?? "" }));
      return { verdict, code, events: forward.trace.events.map(({ action }) => action.kind) };
    });
    expect(after).toEqual(before);
  });
});

test("a large cluster of racks with BGP is the same too", async () => {
  const text = `cni-trace: 1
cluster: { podCIDR: 10.0.0.0/11 }
cni: { mode: calico-bgp, calico: { nodeToNodeMeshEnabled: false } }
generate: { racks: 3, hostsPerRack: 4, podsPerHost: 2, underlay: 172.16.0.0/16, bgp: true }
`;
  const mode = modes.find(({ name }) => name === "calico-bgp") as Mode;
  const original = good(await loadTopology({ text, file: "racks.yaml" }));
  const { objects } = kubernetes(original, mode);
  const overlay = {
    subnets: Object.fromEntries(
      [...original.subnets].map(
        ([
          name,
          {
            cidrs,
            gateways: [gateway],
          },
        ]) => [name, { cidr: cidrs.map(String), gateway: gateway?.toString() ?? "none" }],
      ),
    ),
    routers: Object.fromEntries(
      [...original.routers].map(([name, { nics, bgp }]) => {
        const addresses = nics.flatMap((nic) => nic.addresses.map(({ ip }) => ip.toString()));
        const peers = bgp?.peers.map((peer) => peer.name);
        return [name, { addresses, bgp: { as: bgp?.as, peers, routeReflector: bgp?.routeReflector } }];
      }),
    ),
  };
  const inputs = [
    { file: "objects.json", text: list(objects) },
    { file: "overlay.json", text: JSON.stringify(overlay) },
  ];
  const made = good(await importTopology(inputs, { name: "racks", mode: "needed" }));
  expect(whole(made.topology, mode)).toEqual(whole(original, mode));
});
