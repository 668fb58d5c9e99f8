import { describe, expect, test } from "vitest";
import { stringify } from "yaml";
import type { Io } from "../../src/cli/io.ts";
import { openSource } from "../../src/cli/source.ts";
import { shell } from "../cli/shell.ts";
import { expectGood, readInputs } from "./ask.ts";
import { flannelAnnotations, type Kube, list, node, pod } from "./objects.ts";

const annotations = (n: number) => flannelAnnotations("vxlan", { ip: `192.168.0.1${n}`, mac: `a2:aa:aa:aa:aa:0${n}` });
const objects: readonly Kube[] = [
  ...[1, 2].map((n) =>
    node(`node-${n}`, { ips: [`192.168.0.1${n}`], podCIDRs: [`10.244.${n}.0/24`], annotations: annotations(n) }),
  ),
  pod("web/a", { on: "node-1", ips: ["10.244.1.5"], hostIP: "192.168.0.11", labels: { app: "a" } }),
  pod("web/b", { on: "node-2", ips: ["10.244.2.5"], hostIP: "192.168.0.12" }),
];
const [nodes, pods] = [objects.slice(0, 2), objects.slice(2)];

/** An object without what only an item of a typed list lacks. */
function bare({ kind: _kind, apiVersion: _version, ...rest }: Kube): Kube {
  return rest;
}

/** An object as Go's own types are written: fields with capitals, metadata among them, the host's flags in the context. */
function capital(object: Kube): Kube {
  const { metadata, spec, status } = object as { metadata: Kube; spec: Kube; status: Kube };
  const up = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(up);
    if (typeof value !== "object" || value === null) return value;
    return Object.fromEntries(
      Object.entries(value).map(([key, each]) => [key.charAt(0).toUpperCase() + key.slice(1), up(each)]),
    );
  };
  return { ...metadata, Spec: up(spec), Status: up(status) };
}

const yamlOf = (all: readonly Kube[]) => stringify({ apiVersion: "v1", items: all, kind: "List", metadata: {} });
const typed = (all: readonly Kube[], kind: string) =>
  JSON.stringify({ kind, apiVersion: "v1", metadata: {}, items: all.map(bare) });
const legacy = (all: readonly Kube[], link: string) =>
  JSON.stringify({ selfLink: link, resourceVersion: "1", Items: all.map(capital) });

describe("objects are read however they are written:", () => {
  test.each<[string, Readonly<Record<string, string>>]>([
    ["a List as JSON", { "o.json": list(objects) }],
    ["a List as YAML", { "o.yaml": yamlOf(objects) }],
    ["two Lists in one stream", { "o.yaml": `${yamlOf(nodes)}---\n${yamlOf(pods)}` }],
    ["documents one behind another", { "o.yaml": objects.map((each) => `---\n${stringify(each)}`).join("") }],
    ["JSON texts one behind another", { "o.json": objects.map((each) => JSON.stringify(each)).join("\n") }],
    ["JSON in a YAML stream", { "o.yaml": `--- # nodes\n${list(nodes)}\n---\n${list(pods)}\n...\n` }],
    [
      "a NodeList and a PodList, whose items lack a kind",
      { "n.json": typed(nodes, "NodeList"), "p.json": typed(pods, "PodList") },
    ],
    [
      "bare arrays, as Sonobuoy writes them",
      { "core_v1_nodes.json": JSON.stringify(nodes), "core_v1_pods.json": JSON.stringify(pods) },
    ],
    [
      "bare arrays without kinds",
      { "Nodes.json": JSON.stringify(nodes.map(bare)), "Pods.json": JSON.stringify(pods.map(bare)) },
    ],
    [
      "the dump of kubectl 1.7 to 1.13",
      { "nodes.json": legacy(nodes, "/api/v1/nodes"), "pods.json": legacy(pods, "/api/v1/namespaces/web/pods") },
    ],
    ["single objects in a folder", Object.fromEntries(objects.map((each, i) => [`d/${i}.yaml`, stringify(each)]))],
    ["with a byte order mark", { "o.yaml": `\uFEFF${yamlOf(objects)}` }],
    ["with Windows line ends", { "o.yaml": yamlOf(objects).replaceAll("\n", "\r\n") }],
    ["once in each of two files", { "a.yaml": yamlOf(objects), "b.yaml": yamlOf(objects) }],
  ])("%s", async (_, texts) => {
    const files = new Map(Object.entries(texts));
    const names = [...new Set([...files.keys()].map((name) => name.replace(/\/.*/, "")))];
    const { out, err, code } = await shell([...names.flatMap((name) => ["-t", name]), "web/a", "web/b", "--brief"], {
      files,
    });
    expect(err).toContain("these objects are of flannel-vxlan: backend-type vxlan on 2 Nodes");
    expect([code, out]).toEqual([0, expect.stringContaining("DELIVERED")]);
  });

  test("in a folder, however deep, with what is none of our business among them", async () => {
    const files = new Map([
      ["dump/nodes.json", typed(nodes, "NodeList")],
      ["dump/web/pods.json", typed(pods, "PodList")],
      ["dump/web/secrets.json", "not even read"],
      ["dump/web/events.json", list([{ apiVersion: "v1", kind: "Event", metadata: { name: "e" } }])],
      ["dump/web/a/logs.txt", "{"],
      ["dump/web/secret.yaml", "{"],
    ]);
    const { err, code } = await shell(["-t", "dump", "web/a", "web/b", "--brief"], { files });
    expect(code).toBe(0);
    expect(err).toContain("not read: 1 Event");
  });

  test("with Secrets in it, of which nothing is looked at", async () => {
    const secret = { apiVersion: "v1", kind: "Secret", metadata: "this would be a problem of any other kind", data: 7 };
    const { findings } = expectGood(await readInputs([{ file: "o.json", text: list([...objects, secret]) }]));
    expect(findings.notes).toEqual(["not read: 1 Secret"]);
  });
});

describe("pods", () => {
  const all = (...more: readonly Kube[]) => [{ file: "o.json", text: list([...objects, ...more]) }];

  test.each([
    [pod("web/x", { on: "node-1", ips: ["10.244.1.9"], phase: "Succeeded" }), "its phase is Succeeded"],
    [pod("web/x", { on: "node-1", ips: ["10.244.1.9"], phase: "Failed" }), "its phase is Failed"],
    [pod("web/x", { phase: "Pending" }), "it is on no node yet"],
    [pod("web/x", { on: "node-1", phase: "Pending" }), "it has no address: its phase is Pending"],
    [pod("web/x", { on: "node-1", ips: ["***HIDDEN***"] }), "its address is redacted"],
    [pod("web/x", { on: "node-9", ips: ["10.244.1.9"] }), "its node has no known address"],
    [
      pod("web/x", { on: "node-1", ips: ["172.30.1.9"] }),
      "its address 172.30.1.9 is not in the pods' network: left over from another CNI, until it is restarted",
    ],
  ])("that are not on the network are left out, and who asks for one is told why: %#", async (odd, why) => {
    const conf = {
      apiVersion: "v1",
      kind: "ConfigMap",
      metadata: { name: "kube-flannel-cfg", namespace: "kube-flannel" },
      data: { "net-conf.json": '{"Network":"10.244.0.0/16","Backend":{"Type":"vxlan"}}' },
    };
    const { topology, absent } = expectGood(await readInputs(all(odd, conf)));
    expect(topology.pods.get("web/x")).toBeUndefined();
    expect(absent.get("web/x")).toBe(why);
    const { err, code } = await shell(["-t", "-", "web/a", "web/x"], { stdin: list([...objects, odd, conf]) });
    expect([code, err]).toEqual([2, expect.stringContaining(`pod web/x is not on the network: ${why}`)]);
  });

  test("on the host's network have no address of their own, whether they say so or show it", async () => {
    const said = pod("kube-system/p", {
      on: "node-1",
      hostNetwork: true,
      ips: ["192.168.0.11"],
      hostIP: "192.168.0.11",
    });
    const shown = pod("kube-system/q", { on: "node-1", ips: ["192.168.0.11"], hostIP: "192.168.0.11" });
    const { topology } = expectGood(await readInputs(all(said, shown)));
    for (const name of ["kube-system/p", "kube-system/q"]) {
      expect(topology.pods.get(name)).toMatchObject({ host: "node-1", hostNetwork: true, addresses: [] });
    }
  });

  test("keep their labels, and listen where they like: ports of containers are information only", async () => {
    const { topology } = expectGood(
      await readInputs(
        all(
          pod("web/c", {
            on: "node-1",
            ips: ["10.244.1.8"],
            containers: [{ name: "c", ports: [{ containerPort: 80 }] }],
          }),
        ),
      ),
    );
    expect(topology.pods.get("web/a")?.labels).toEqual(new Map([["app", "a"]]));
    expect(topology.pods.get("web/c")?.listen).toBeUndefined();
  });
});

describe("the cluster's networks", () => {
  const configMap = (name: string, data: Kube) => ({
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: { name, namespace: "kube-system" },
    data,
  });
  const bareNodes = nodes.map((each) => ({ ...each, spec: {} }));
  const networks = async (...more: readonly Kube[]) => {
    const { topology } = expectGood(await readInputs([{ file: "o.json", text: list([...bareNodes, ...more]) }]));
    return { pods: topology.cluster.podCIDRs.map(String), services: topology.cluster.serviceCIDRs.map(String) };
  };

  test("are told by kubeadm, kube-proxy, the control plane's words and ServiceCIDRs", async () => {
    const kubeadm = configMap("kubeadm-config", {
      ClusterConfiguration: "networking:\n  podSubnet: 10.42.0.0/16,fd42::/56\n  serviceSubnet: 10.43.0.0/16\n",
    });
    expect(await networks(kubeadm)).toEqual({ pods: ["10.42.0.0/16", "fd42::/56"], services: ["10.43.0.0/16"] });
    const proxy = configMap("kube-proxy", { "config.conf": "mode: ipvs\nclusterCIDR: 10.50.0.0/16\n" });
    expect((await networks(proxy)).pods).toEqual(["10.50.0.0/16"]);
    const { findings } = expectGood(await readInputs([{ file: "o.json", text: list([...bareNodes, proxy]) }]));
    expect(findings.kept).toEqual(["kube-proxy is in mode ipvs (ConfigMap kube-system/kube-proxy)"]);
    const manager = {
      name: "kube-controller-manager",
      command: ["kube-controller-manager", "--cluster-cidr=10.60.0.0/16"],
    };
    const server = { name: "kube-apiserver", command: ["kube-apiserver", "--service-cluster-ip-range=10.61.0.0/16"] };
    const static_ = pod("kube-system/control", { on: "node-1", hostNetwork: true, containers: [manager, server] });
    expect(await networks(static_)).toEqual({ pods: ["10.60.0.0/16"], services: ["10.61.0.0/16"] });
    const services = {
      apiVersion: "networking.k8s.io/v1",
      kind: "ServiceCIDR",
      metadata: { name: "kubernetes" },
      spec: { cidrs: ["10.70.0.0/16"] },
    };
    expect((await networks(services)).services).toEqual(["10.70.0.0/16"]);
  });

  test("are not always cut into /24s", async () => {
    const small = [1, 2].map((n) =>
      node(`n${n}`, { ips: [`10.0.0.${n}`], podCIDRs: [`10.244.${n - 1}.128/25`], annotations: annotations(n) }),
    );
    const { topology } = expectGood(await readInputs([{ file: "o.json", text: list(small) }]));
    expect(topology.cluster.nodeMaskSize.v4).toBe(25);
    expect(topology.hosts.get("n2")?.podCIDRs.map(String)).toEqual(["10.244.1.128/25"]);
  });
});

describe("an overlay", () => {
  const ask = (overlay: string) =>
    readInputs([
      { file: "o.json", text: list(objects) },
      { file: "overlay.yaml", text: overlay },
    ]);

  test("takes the place of what was assumed", async () => {
    const { topology } = expectGood(
      await ask(
        "subnets: { lan: { cidr: 192.168.0.0/26, mtu: 9000, drop: [icmp] } }\nrouters: { r1: 192.168.0.62 }\nhosts: { node-2: { mtu: 1400 } }\n",
      ),
    );
    expect([...topology.subnets.keys()]).toEqual(["lan"]);
    expect([...topology.routers.keys()]).toEqual(["r1"]);
    expect(topology.hosts.get("node-2")?.nics[0]).toMatchObject({ mtu: 1400, subnet: "lan" });
    expect(topology.assumptions.map(({ what }) => what).filter((what) => /network is|gateway/.test(what))).toEqual([
      "the pods' network is 10.244.0.0/16",
    ]);
  });

  test("without routers is a cluster without routers", async () => {
    const { topology } = expectGood(await ask("routers: {}"));
    expect(topology.routers.size).toBe(0);
  });

  test("that is wrong is told with its own line, and what objects say wrong with theirs", async () => {
    expect(await ask("\nsubnets: { lan: 192.168.1.0/24x }")).toMatch(
      /^overlay\.yaml:2:17 {2}"192\.168\.1\.0\/24x" is not a CIDR/m,
    );
    expect(await ask("hosts: { node-2: { address: 192.168.0.11 } }")).toMatch(/192\.168\.0\.11 is node-\d's already/);
  });

  test("lies over a file of our own as well", async () => {
    const files = new Map([["mtu.yaml", "subnets: { lan: { mtu: 1400 } }"]]);
    const { out } = await shell(["-t", "two-nodes", "-t", "mtu.yaml", "--mode", "vxlan", "pod-a", "pod-b"], { files });
    expect(out).toContain("path mtu    1350 both ways");
  });
});

test("a long read says on the way how far it is, and takes that back", async () => {
  const said: string[] = [];
  const chunk = new TextEncoder().encode(" ".repeat(2 ** 20));
  function* chunks() {
    yield new TextEncoder().encode('{ "apiVersion": "v1", "kind": "List", "items": [');
    for (let i = 0; i < 40; i++) yield chunk;
    yield new TextEncoder().encode("] }");
  }
  const io = {
    open: () => ({ ok: true, chunks: chunks() }),
    progress: (text: string) => said.push(text),
  } as unknown as Io;
  const source = openSource(["-"], io);
  if (!source.ok || "own" in source.value) throw new Error("these are objects");
  expect(await readInputs([...source.value.inputs])).toMatch("there are no objects in this");
  expect(said.at(0)).toBe("stdin: 4 MiB read");
  expect(said.slice(-2)).toEqual(["stdin: 40 MiB read", ""]);
});
