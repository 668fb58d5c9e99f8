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
const inFolder = (folder: string) => readdirSync(folder).flatMap((file) => /^(.*)\.yaml$/.exec(file)?.[1] ?? []);
/** All plain ones; `huge` has too many machines to compare them all, and comes last. */
const names = inFolder(FOLDER).filter((name) => name !== "huge");
const questions = inFolder(join(FOLDER, "questions")).map((name) => `questions/${name}`);
const LAYOUT = { columns: 80, paint: plain, ascii: false } as const;

function good<T>(outcome: Outcome<T>): T {
  if (!outcome.ok) throw new Error(outcome.problems.map(problemText).join("\n"));
  return outcome.value;
}

async function packaged(name: string): Promise<Topology> {
  const text = readFileSync(join(FOLDER, `${name}.yaml`), "utf8");
  return good(await loadTopology({ text, file: `${name}.yaml`, name }));
}

async function imported(topology: Topology, mode: Mode) {
  const { objects, overlay } = kubernetes(topology, mode);
  const inputs = [
    { file: "objects.json", text: list(objects) },
    { file: "overlay.yaml", text: overlay },
  ];
  return good(await importTopology(inputs, { name: topology.name, mode: "needed" }));
}

/** All that a network is: the tables of every machine, and what becomes of packets between the first pod and the last. */
function whole(topology: Topology, mode: Mode): readonly string[] {
  const pods = [...topology.pods.names()];
  const machines = [...topology.hosts.keys()].map((name) => `host/${name}`);
  return part(topology, mode, [...machines, ...pods.map((name) => `pod/${name}`)], [pods[0] ?? "", pods.at(-1) ?? ""]);
}

/** The tables of some machines, and what becomes of packets between two pods, each way. */
function part(topology: Topology, mode: Mode, machines: readonly string[], [one, other]: readonly [string, string]) {
  const network = good(buildNetwork(topology, mode));
  const tables = machines.map((netns) => {
    const found = network.netns(netns);
    return found ? renderTables(found, { detail: "all", columns: 80 }) : netns;
  });
  const ways = [
    [one, other],
    [other, one],
  ].map(([src = "", dst = ""]) => {
    const answer = traceQuestion(topology, mode, { src, dst });
    if (!answer.ok) return answer.problems.map(({ message }) => message).join("\n");
    // Where a row of the fabric was read is another file's line.
    return renderTrace(answer.value, { ...LAYOUT, zoom: "normal" }).replaceAll(/ \(\S+\.yaml:\d+\)/g, "");
  });
  return [...tables, ...ways];
}

describe.each(names)("%s, told by the objects of a cluster", (name) => {
  test.each(modes.map((mode) => [mode.name, mode] as const))(
    "in %s has the same tables and the same ways",
    async (_, mode) => {
      const original = await packaged(name);
      // Nobody runs a mode on pod networks that it does not carry: then it is refused, and for nothing else.
      const { podCIDRs } = original.cluster;
      if (!podCIDRs.every(({ family }) => mode.families.includes(family))) {
        const refused = buildNetwork(original, mode);
        expect(refused.ok ? [] : refused.problems.map(({ message }) => message)).toEqual([
          expect.stringMatching(/carries no IPv6/),
        ]);
        return;
      }
      const { topology } = await imported(original, mode);
      expect(topology.cni.mode).toBe(mode.name);
      expect(whole(topology, mode)).toEqual(whole(original, mode));
    },
  );
});

describe.each(questions)("%s, told by the objects of a cluster", (name) => {
  test("has the same tables and the same ways in the mode that it runs", async () => {
    const original = await packaged(name);
    const mode = modes.find((each) => each.name === (original.cni.mode ?? "flannel-vxlan")) as Mode;
    const { topology } = await imported(original, mode);
    expect(topology.cni.mode).toBe(mode.name);
    expect(whole(topology, mode)).toEqual(whole(original, mode));
  });
});

describe.each(
  names.flatMap((name) => ["flannel-vxlan", "calico-vxlan-crosssubnet"].map((mode) => [name, mode] as const)),
)("%s in %s, imported and written as a file", (name, running) => {
  const mode = modes.find(({ name: each }) => each === running) as Mode;

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
    for (const { nodeIPs } of original.hosts.values())
      for (const ip of nodeIPs) expect(text).not.toMatch(new RegExp(`\\b${ip}\\b`));
    const [before, after] = [made.topology, other].map((topology) => {
      const [src = "", ...pods] = [...topology.pods.names()];
      const { verdict, code, forward } = good(traceQuestion(topology, mode, { src, dst: pods.at(-1) ?? "" }));
      return { verdict, code, events: forward.trace.events.map(({ action }) => action.kind) };
    });
    expect(after).toEqual(before);
  });
});

/** The subnets and routers of a topology, which no API knows. */
function underlay({ subnets, routers }: Topology) {
  return {
    subnets: Object.fromEntries(
      [...subnets].map(
        ([
          name,
          {
            cidrs,
            gateways: [gateway],
          },
        ]) => {
          return [name, { cidr: cidrs.map(String), gateway: gateway?.toString() ?? "none" }];
        },
      ),
    ),
    routers: Object.fromEntries(
      [...routers].map(([name, { nics, bgp }]) => {
        const addresses = nics.flatMap((nic) => nic.addresses.map(({ ip }) => ip.toString()));
        const peers = bgp?.peers.map((peer) => peer.name);
        return [name, { addresses, ...(bgp && { bgp: { as: bgp.as, peers, routeReflector: bgp.routeReflector } }) }];
      }),
    ),
  };
}

test("a large cluster of racks with BGP is the same too", async () => {
  const text = `cni-trace: 1
cluster: { podCIDR: 10.0.0.0/11 }
cni: { mode: calico-bgp, calico: { nodeToNodeMeshEnabled: false } }
generate: { racks: 3, hostsPerRack: 4, podsPerHost: 2, underlay: 172.16.0.0/16, bgp: true }
`;
  const mode = modes.find(({ name }) => name === "calico-bgp") as Mode;
  const original = good(await loadTopology({ text, file: "racks.yaml" }));
  const { objects } = kubernetes(original, mode);
  const inputs = [
    { file: "objects.json", text: list(objects) },
    { file: "overlay.json", text: JSON.stringify(underlay(original)) },
  ];
  const made = good(await importTopology(inputs, { name: "racks", mode: "needed" }));
  expect(whole(made.topology, mode)).toEqual(whole(original, mode));
});

describe("huge, told by the objects of 5,000 nodes and 150,000 pods", async () => {
  const original = await packaged("huge");
  const ends = ["pod-000001", "pod-150000"] as const;
  const machines = ["host/node-0001", "host/node-5000", "pod/default/pod-000001", "pod/default/pod-150000"];

  // A minute where everything is slow, so that it is given ten.
  test("has the same tables and the same ways in the mode that it runs", { timeout: 600_000 }, async () => {
    const mode = modes.find(({ name }) => name === original.cni.mode) as Mode;
    // Each host's pods have the first addresses of its share, one after another.
    const counts = new Map<string, number>();
    const addressOf = (host: string) => {
      const count = (counts.get(host) ?? 0) + 1;
      counts.set(host, count);
      return original.hosts.get(host)?.podCIDRs.map((share) => share.host(count + 1)) ?? [];
    };
    const { objects } = kubernetes(original, mode, { addressOf });
    const inputs = [
      { file: "objects.json", chunks: [new TextEncoder().encode(JSON.stringify(objects))] },
      { file: "overlay.json", text: JSON.stringify(underlay(original)) },
    ];
    const made = good(await importTopology(inputs, { name: "huge", mode: "needed" }));
    expect(made.topology.pods.size).toBe(150_000);
    expect(part(made.topology, mode, machines, ends)).toEqual(part(original, mode, machines, ends));
  });
});
