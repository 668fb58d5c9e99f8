import { describe, expect, test } from "vitest";
import type { Imported } from "../../src/import/import.ts";
import { buildNetwork } from "../../src/modes/build.ts";
import { findMode } from "../../src/modes/registry.ts";
import { shell } from "../cli/shell.ts";
import { expectGood, readInputs } from "./ask.ts";
import { byName, isTunnelled, sessionsOf } from "./bird.ts";
import { evidenceOf, evidenceText, hasEvidence } from "./evidence.ts";
import { calico, container, daemonSet, list, node, pod } from "./objects.ts";

/** The sessions of a node, as `cni-trace bgp` tells them, and its routes of BIRD's. */
async function speaker(objects: string, name: string) {
  const files = new Map([["objects.yaml", objects]]);
  const told = await shell(["bgp", "-t", "objects.yaml", name, "-o", "json"], { files });
  expect(told.err).not.toContain("fault");
  const { speakers } = JSON.parse(told.out);
  const v4 = speakers.find(({ family }: { family: number }) => family === 4);
  const sessions = v4.sessions.map((each: { name: string; address: string; peerAs: number }) => ({
    name: each.name,
    address: each.address,
    as: each.peerAs,
  }));
  return sessions.sort(byName);
}

/** The routes that BIRD has in a node's kernel, and their devices. */
function birdRoutes({ topology }: Imported, host: string) {
  const mode = findMode(topology.cni.mode ?? "");
  if (!mode.ok) throw new Error("no mode");
  const network = buildNetwork(topology, mode.value);
  if (!network.ok) throw new Error("no network");
  const rows = [...(network.value.netns(`host/${host}`)?.routes.rows() ?? [])];
  return rows.flatMap((row) => {
    const { dst, via, dev, by } = row as { dst: unknown; via?: unknown; dev?: string; by: string };
    return by === "bird" && via !== undefined && dev !== undefined ? [{ dst: `${dst}`, via: `${via}`, dev }] : [];
  });
}

const pool = (ipipMode: string) => calico("IPPool", "pool", { cidr: "192.168.0.0/16", ipipMode, natOutgoing: true });
const host = (name: string, address: string) => ({
  apiVersion: "projectcalico.org/v3",
  kind: "Node",
  metadata: { name },
  spec: { bgp: { ipv4Address: address } },
});

describe("what calicoctl exports", () => {
  test.each([
    ["Always", "calico-ipip", "tunl0"],
    ["CrossSubnet", "calico-ipip-crosssubnet", "eth0"],
    ["Never", "calico-bgp", "eth0"],
  ])("with ipipMode %s is %s, and its routes leave by %s", async (ipipMode, mode, dev) => {
    const objects = [
      host("a", "10.192.0.2/16"),
      host("b", "10.192.0.3/16"),
      host("c", "10.192.0.4/16"),
      pool(ipipMode),
    ];
    const pods = ["a", "b", "c"].map((name, i) => pod(`p-${name}`, { on: name, ips: [`192.168.${i}.5`] }));
    const imported = expectGood(await readInputs([{ file: "objects.json", text: list([...objects, ...pods]) }]));
    expect(imported.topology.cni.mode).toBe(mode);
    expect(birdRoutes(imported, "a")).toEqual([
      { dst: "192.168.1.0/26", via: "10.192.0.3", dev },
      { dst: "192.168.2.0/26", via: "10.192.0.4", dev },
    ]);
    expect(await speaker(list([...objects, ...pods]), "a")).toEqual([
      { name: "Mesh_10_192_0_3", address: "10.192.0.3", as: 64512 },
      { name: "Mesh_10_192_0_4", address: "10.192.0.4", as: 64512 },
    ]);
  });
});

describe("CNIs that are not modelled are named and refused, with what is known of them", () => {
  test.each([
    ["kube-system/cilium", "Cilium"],
    ["kube-system/weave-net", "Weave Net"],
    ["kube-system/kindnet", "kindnet"],
    ["kube-system/kube-router", "kube-router"],
    ["kube-system/antrea-agent", "Antrea"],
    ["ovn-kubernetes/ovnkube-node", "OVN-Kubernetes"],
    ["kube-system/kube-ovn-cni", "Kube-OVN"],
    ["openshift-sdn/sdn", "OpenShift SDN"],
    ["kube-system/aws-node", "Amazon VPC CNI"],
    ["kube-system/azure-cns", "Azure CNI"],
    ["kube-system/netd", "GKE's netd"],
    ["kube-system/terway-eniip", "Terway"],
    ["nsx-system/nsx-node-agent", "NSX"],
  ])("%s", async (agent, product) => {
    const one = node("n", { ips: ["172.18.0.2"], podCIDRs: ["10.244.0.0/24"] });
    const [namespace = "", name = ""] = agent.split("/");
    const owned = pod(`${namespace}/${name}-abcde`, { on: "n", hostNetwork: true, owner: name, hostIP: "172.18.0.2" });
    for (const objects of [
      [one, daemonSet(agent)],
      [one, owned],
    ]) {
      const said = await readInputs([{ file: "objects.json", text: list(objects) }]);
      expect(said).toMatch(`this cluster runs ${product}`);
      expect(said).toMatch("whose tables cni-trace does not build: ");
      expect(said).toMatch("--mode MODE asks what another CNI would do with these nodes and pods");
      // Asked what if, the nodes and pods are all that is needed.
      const what = await readInputs([{ file: "objects.json", text: list(objects) }], { modeGiven: true });
      expect(what).toMatchObject({ topology: { name: "objects" } });
    }
  });

  test("with what their own configuration says", async () => {
    const data = { "routing-mode": "tunnel", "tunnel-protocol": "geneve", ipam: "cluster-pool" };
    const config = {
      apiVersion: "v1",
      kind: "ConfigMap",
      metadata: { name: "cilium-config", namespace: "kube-system" },
      data,
    };
    const one = node("n", { ips: ["172.18.0.2"] });
    const said = await readInputs([{ file: "o.json", text: list([one, config]) }]);
    expect(said).toMatch("here routing-mode tunnel, tunnel-protocol geneve, ipam cluster-pool");
    const env = { IPALLOC_RANGE: "10.32.0.0/12", WEAVE_PASSWORD: "hush" };
    const weave = daemonSet("kube-system/weave-net", [container("weave", "weave-kube:2.8", env)]);
    const told = await readInputs([{ file: "o.json", text: list([one, weave]) }]);
    expect(told).toMatch("here IPALLOC_RANGE 10.32.0.0/12");
    expect(told).not.toMatch("hush");
  });

  test("a pod network of 10.244.0.0/16 proves nothing", async () => {
    const objects = [node("n", { ips: ["172.18.0.2"], podCIDRs: ["10.244.0.0/24"] })];
    expect(await readInputs([{ file: "o.json", text: list(objects) }])).toMatch(
      "nothing in these objects says which CNI runs",
    );
  });

  test("Calico beside a cloud's own CNI is there for its policies", async () => {
    const objects = [
      node("n", { ips: ["10.0.0.2"] }),
      daemonSet("kube-system/aws-node"),
      daemonSet("kube-system/calico-node"),
    ];
    expect(await readInputs([{ file: "o.json", text: list(objects) }])).toMatch("this cluster runs Amazon VPC CNI");
  });
});

test("redacted addresses are said to be missing", async () => {
  const hidden = "***HIDDEN***";
  const objects = [
    node("n", { ips: [hidden] }),
    pod("kube-system/weave-net-abcde", { on: "n", owner: "weave-net", hostNetwork: true, ips: [hidden] }),
  ];
  const said = await readInputs([{ file: "o.json", text: list(objects) }]);
  expect(said).toMatch("this cluster runs Weave Net");
  expect(said).toMatch(/o\.json:\d+:\d+ {2}2 addresses are redacted, this one first, and no node is left with one/);
});

if (hasEvidence) {
  describe("the originals", () => {
    test.each([
      ["calico-testvector-mesh-ipip-always", "calico-ipip"],
      ["calico-testvector-mesh-ipip-cross-subnet", "calico-ipip-crosssubnet"],
      ["calico-testvector-mesh-ipip-off", "calico-bgp"],
      ["calico-testvector-explicit-peering-route-reflector", "calico-ipip"],
    ])(
      "%s: mode, sessions and routes are those of the BIRD configuration that Calico renders",
      async (cluster, mode) => {
        const imported = expectGood(await readInputs(evidenceOf(cluster, "input.yaml")));
        expect(imported.topology.cni.mode).toBe(mode);
        const sessions = sessionsOf(evidenceText(cluster, "expected-bird.cfg"));
        expect(sessions.length).toBeGreaterThan(1);
        expect(await speaker(evidenceText(cluster, "input.yaml"), "kube-master")).toEqual(sessions);
        const config = evidenceText(cluster, "expected-bird_ipam.cfg");
        const routes = birdRoutes(imported, "kube-master");
        // Without a pod and without a tunnel no node has a block yet.
        expect(routes).toHaveLength(mode === "calico-bgp" ? 0 : 2);
        for (const { dst, via, dev } of routes) {
          expect([dst, dev]).toEqual([dst, isTunnelled(config, dst, via) ? "tunl0" : "eth0"]);
        }
      },
    );

    test("calico-iks-pods-2018: pods alone give hosts, blocks and the mode, with its evidence", async () => {
      const imported = expectGood(await readInputs(evidenceOf("calico-iks-pods-2018")));
      const { topology, findings } = imported;
      expect(findings.chosen?.mode).toBe("calico-ipip-crosssubnet");
      expect(findings.chosen?.because).toEqual([
        expect.stringMatching(/^Pod kube-system\/calico-node-\w+: CALICO_IPV4POOL_IPIP cross-subnet$/),
      ]);
      expect([...topology.hosts.keys()].sort()).toEqual(["10.186.164.166", "10.186.164.173", "10.186.164.174"]);
      const routes = birdRoutes(imported, "10.186.164.174");
      expect(routes.map(({ dst, via }) => `${dst} ${via}`).sort()).toEqual([
        "172.30.206.128/26 10.186.164.166",
        "172.30.86.128/26 10.186.164.173",
      ]);
      expect(findings.notes).toContain("there are no Nodes: hosts are known from the pods on them");
    });

    test.each([
      ["cilium-kind-ciliumnodes", ["init.yaml"], "this cluster runs Cilium (objects of cilium.io)"],
      [
        "cilium-kind-ciliumnodes",
        [],
        "Node cilium-nodes-worker stands here twice, and differently; the first is in init.yaml, line ",
      ],
      ["cilium-kind-nodeport", [], "this cluster runs Cilium"],
      ["kindnet-kind-2021", [], "this cluster runs kindnet (DaemonSet kube-system/kindnet)"],
      ["redacted-support-bundle-weave-kurl", [], "this cluster runs Weave Net"],
      [
        "redacted-support-bundle-weave-kurl",
        [],
        "addresses are redacted, this one first, and no node is left with one",
      ],
    ])("%s %j: %s", async (cluster, files, sentence) => {
      expect(await readInputs(evidenceOf(cluster, ...files))).toMatch(sentence);
    });
  });
}
