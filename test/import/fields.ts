import { expect, test } from "vitest";
import { importTopology } from "../../src/import/import.ts";
import { writeYaml } from "../../src/import/write.ts";
import { problemText } from "../../src/topology/problem-text.ts";
import {
  calico,
  calicoAnnotations,
  configMap,
  container,
  daemonSet,
  flannelAnnotations,
  flannelConfig,
  type Kube,
  list,
  node,
  pod,
} from "./objects.ts";

/** All that a user is told of some objects: sentences, the file that `import` writes, and which pods are left out. */
export async function told(objects: readonly Kube[]): Promise<string> {
  const inputs = [{ file: "o.json", text: list(objects) }];
  const outcome = await importTopology(inputs, { name: "objects", mode: "open" });
  if (!outcome.ok) return outcome.problems.map(problemText).join("\n");
  const { document, findings, absent, topology } = outcome.value;
  const lines = [
    ...(findings?.summary() ?? []),
    ...(findings?.refusal ? [findings.refusal.message] : []),
    ...[...absent].map(([name, why]) => `${name}: ${why}`),
    ...topology.assumptions.map(({ what }) => what),
    writeYaml(document, findings, "").replace(/\n *# +/g, " "),
  ];
  return lines.join("\n");
}

/** An object with something else at one place in it. */
export function put(object: Kube, path: readonly (string | number)[], value: unknown): Kube {
  const [step, ...rest] = path;
  if (step === undefined) return object;
  const copy: unknown = Array.isArray(object) ? [...object] : { ...object };
  const below: unknown = Reflect.get(object, step);
  Reflect.set(Object(copy), step, rest.length === 0 ? value : put(Object(below ?? {}), rest, value));
  return copy as Kube;
}

export const flannelNode = (n: number) =>
  node(`node-${n}`, {
    ips: [`192.168.0.1${n}`],
    podCIDRs: [`10.244.${n}.0/24`],
    annotations: flannelAnnotations("vxlan", { ip: `192.168.0.1${n}`, mac: `a2:aa:aa:aa:aa:0${n}` }),
  });
export const [one, two] = [flannelNode(1), flannelNode(2)];
export const pods = [
  pod("web/a", { on: "node-1", ips: ["10.244.1.5"] }),
  pod("web/b", { on: "node-2", ips: ["10.244.2.5"] }),
];
export const [a = {}] = pods;
export const net = (more: Kube = {}, backend: Kube = {}) =>
  flannelConfig({ Network: "10.244.0.0/16", ...more, Backend: { Type: "vxlan", ...backend } });
export const flanneld = daemonSet("kube-flannel/kube-flannel-ds", [
  { ...container("kube-flannel", "flannel:v0.26"), command: ["/opt/bin/flanneld"], args: ["--ip-masq"] },
]);
export const flannel = [one, two, ...pods, net(), flanneld];

export const calicoNode = (n: number, facts: Readonly<Record<string, string>> = {}) =>
  node(`node-${n}`, {
    ips: [`192.168.0.1${n}`],
    annotations: calicoAnnotations({ IPv4Address: `192.168.0.1${n}/24`, ...facts }),
  });
export const cali = [calicoNode(1), calicoNode(2)];
export const pool = (more: Kube = {}, name = "main") =>
  calico("IPPool", name, { cidr: "10.244.0.0/16", natOutgoing: true, ...more });
export const felix = (spec: Kube, name = "default") => calico("FelixConfiguration", name, spec);
export const bgp = (spec: Kube, name = "default") => calico("BGPConfiguration", name, spec);
export const peer = (spec: Kube) => calico("BGPPeer", "p", { peerIP: "192.168.0.1", asNumber: 65001, ...spec });
export const operator = (spec: Kube) => calico("Installation", "default", spec, "operator.tigera.io/v1");
export const agent = (env: Readonly<Record<string, string>>, image = "calico/node:v3.30.1") =>
  daemonSet("kube-system/calico-node", [container("calico-node", image, env)]);
export const block = (spec: Kube) =>
  calico("IPAMBlock", "b", { cidr: "10.244.1.0/26", affinity: "host:node-1", ...spec });
export const affinity = (spec: Kube = {}) =>
  calico("BlockAffinity", "b", {
    cidr: "10.244.7.0/26",
    node: "node-1",
    state: "confirmed",
    deleted: "false",
    ...spec,
  });
export const kubeProxy = (text: string) => configMap("kube-system/kube-proxy", { "config.conf": text });
export const control = (name: string, word: string) =>
  pod(`kube-system/${name}`, { on: "node-1", hostNetwork: true, containers: [{ name, command: [name, word] }] });
export const cilium = (data: Readonly<Record<string, string>>) => configMap("kube-system/cilium-config", data);
export const plainNode = node("n", { ips: ["172.18.0.2"] });
export const weave = (env: Readonly<Record<string, string>>) =>
  daemonSet("kube-system/weave-net", [container("weave", "weave-kube:2.8", env)]);

/** A field of the facts' list; objects that have it; what is said with it, and not without it. */
export type Row = readonly [field: string, objects: readonly Kube[], said: RegExp, without: readonly Kube[]];

/** Objects with one of them changed at one place. */
export const change = (
  all: readonly Kube[],
  which: Kube,
  path: readonly (string | number)[],
  value: unknown,
): readonly Kube[] => all.map((each) => (each === which ? put(each, path, value) : each));
export const f = (
  field: string,
  path: readonly (string | number)[],
  value: unknown,
  said: RegExp,
  which = one,
): Row => [field, change(flannel, which, path, value), said, flannel];
export const more = (field: string, base: readonly Kube[], added: readonly Kube[], said: RegExp): Row => [
  field,
  [...base, ...added],
  said,
  base,
];
export const bare = [...flannel].filter((each) => each !== flannel[4]);
export const calicoBase = [...cali, ...pods];
export const pooled = [...calicoBase, pool()];
export const c = (field: string, added: Kube, said: RegExp): Row => more(field, pooled, [added], said);
export const p = (field: string, spec: Kube, said: RegExp): Row => [field, [...calicoBase, pool(spec)], said, pooled];
export const recorded = (
  field: string,
  facts: Readonly<Record<string, string>>,
  said: RegExp,
  extra: Kube = pool(),
): Row => [field, [calicoNode(1, facts), ...cali.slice(1), ...pods, extra], said, [...calicoBase, extra]];

/** What is said of each field, and not said without it. */
export function sayWhatTheyTell(rows: readonly Row[]): void {
  test.each(rows.map(([field, ...rest]) => [field, rest] as const))("%s", async (_field, [objects, said, without]) => {
    expect(await told(without)).not.toMatch(said);
    expect(await told(objects)).toMatch(said);
  });
}
