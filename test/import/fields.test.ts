import "../../src/modes/registry.ts";
import { describe, expect, test } from "vitest";
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
async function told(objects: readonly Kube[]): Promise<string> {
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
function put(object: Kube, path: readonly (string | number)[], value: unknown): Kube {
  const [step, ...rest] = path;
  if (step === undefined) return object;
  const copy: unknown = Array.isArray(object) ? [...object] : { ...object };
  const below: unknown = Reflect.get(object, step);
  Reflect.set(Object(copy), step, rest.length === 0 ? value : put(Object(below ?? {}), rest, value));
  return copy as Kube;
}

const flannelNode = (n: number) =>
  node(`node-${n}`, {
    ips: [`192.168.0.1${n}`],
    podCIDRs: [`10.244.${n}.0/24`],
    annotations: flannelAnnotations("vxlan", { ip: `192.168.0.1${n}`, mac: `a2:aa:aa:aa:aa:0${n}` }),
  });
const [one, two] = [flannelNode(1), flannelNode(2)];
const pods = [pod("web/a", { on: "node-1", ips: ["10.244.1.5"] }), pod("web/b", { on: "node-2", ips: ["10.244.2.5"] })];
const [a = {}] = pods;
const net = (more: Kube = {}, backend: Kube = {}) =>
  flannelConfig({ Network: "10.244.0.0/16", ...more, Backend: { Type: "vxlan", ...backend } });
const flanneld = daemonSet("kube-flannel/kube-flannel-ds", [
  { ...container("kube-flannel", "flannel:v0.26"), command: ["/opt/bin/flanneld"], args: ["--ip-masq"] },
]);
const flannel = [one, two, ...pods, net(), flanneld];

const calicoNode = (n: number, facts: Readonly<Record<string, string>> = {}) =>
  node(`node-${n}`, {
    ips: [`192.168.0.1${n}`],
    annotations: calicoAnnotations({ IPv4Address: `192.168.0.1${n}/24`, ...facts }),
  });
const cali = [calicoNode(1), calicoNode(2)];
const pool = (more: Kube = {}, name = "main") =>
  calico("IPPool", name, { cidr: "10.244.0.0/16", natOutgoing: true, ...more });
const felix = (spec: Kube, name = "default") => calico("FelixConfiguration", name, spec);
const bgp = (spec: Kube, name = "default") => calico("BGPConfiguration", name, spec);
const peer = (spec: Kube) => calico("BGPPeer", "p", { peerIP: "192.168.0.1", asNumber: 65001, ...spec });
const operator = (spec: Kube) => calico("Installation", "default", spec, "operator.tigera.io/v1");
const agent = (env: Readonly<Record<string, string>>, image = "calico/node:v3.30.1") =>
  daemonSet("kube-system/calico-node", [container("calico-node", image, env)]);
const block = (spec: Kube) => calico("IPAMBlock", "b", { cidr: "10.244.1.0/26", affinity: "host:node-1", ...spec });
const affinity = (spec: Kube = {}) =>
  calico("BlockAffinity", "b", {
    cidr: "10.244.7.0/26",
    node: "node-1",
    state: "confirmed",
    deleted: "false",
    ...spec,
  });
const kubeProxy = (text: string) => configMap("kube-system/kube-proxy", { "config.conf": text });
const control = (name: string, word: string) =>
  pod(`kube-system/${name}`, { on: "node-1", hostNetwork: true, containers: [{ name, command: [name, word] }] });
const cilium = (data: Readonly<Record<string, string>>) => configMap("kube-system/cilium-config", data);
const plainNode = node("n", { ips: ["172.18.0.2"] });
const weave = (env: Readonly<Record<string, string>>) =>
  daemonSet("kube-system/weave-net", [container("weave", "weave-kube:2.8", env)]);

/** A field of the facts' list; objects that have it; what is said with it, and not without it. */
type Row = readonly [field: string, objects: readonly Kube[], said: RegExp, without: readonly Kube[]];

/** Objects with one of them changed at one place. */
const change = (
  all: readonly Kube[],
  which: Kube,
  path: readonly (string | number)[],
  value: unknown,
): readonly Kube[] => all.map((each) => (each === which ? put(each, path, value) : each));
const f = (field: string, path: readonly (string | number)[], value: unknown, said: RegExp, which = one): Row => [
  field,
  change(flannel, which, path, value),
  said,
  flannel,
];
const more = (field: string, base: readonly Kube[], added: readonly Kube[], said: RegExp): Row => [
  field,
  [...base, ...added],
  said,
  base,
];
const bare = [...flannel].filter((each) => each !== flannel[4]);
const calicoBase = [...cali, ...pods];
const pooled = [...calicoBase, pool()];
const c = (field: string, added: Kube, said: RegExp): Row => more(field, pooled, [added], said);
const p = (field: string, spec: Kube, said: RegExp): Row => [field, [...calicoBase, pool(spec)], said, pooled];
const recorded = (field: string, facts: Readonly<Record<string, string>>, said: RegExp, extra: Kube = pool()): Row => [
  field,
  [calicoNode(1, facts), ...cali.slice(1), ...pods, extra],
  said,
  [...calicoBase, extra],
];

const GENERIC: readonly Row[] = [
  f("Node metadata.name", ["metadata", "name"], "worker-7", /^ {2}worker-7: /m),
  f("Node status.addresses InternalIP", ["status", "addresses", 0, "address"], "192.168.0.77", /192\.168\.0\.77/),
  f(
    "Node status.addresses, several",
    ["status", "addresses", 2],
    { type: "InternalIP", address: "172.16.0.9" },
    /addresses: \[192\.168\.0\.11, 172\.16\.0\.9\]/,
  ),
  f(
    "Node status.addresses, dual stack",
    ["status", "addresses", 2],
    { type: "InternalIP", address: "fd00::9" },
    /"fd00::9"/,
  ),
  f(
    "Node status.addresses ExternalIP",
    ["status", "addresses", 2],
    { type: "ExternalIP", address: "203.0.113.9" },
    /set and not read: Node ExternalIP: only who is outside sends to it/,
  ),
  f("Node spec.podCIDR", ["spec"], { podCIDR: "10.244.9.0/24" }, /podCIDR: 10\.244\.9\.0\/24/),
  f("Node spec.podCIDRs", ["spec", "podCIDRs"], ["10.244.8.0/24"], /podCIDR: 10\.244\.8\.0\/24/),
  f(
    "Node metadata.annotations",
    ["metadata", "annotations"],
    {},
    /1 Node \(node-1 first\) has no annotations of flanneld's/,
  ),
  f(
    "Node label topology.kubernetes.io/zone",
    ["metadata", "labels"],
    { "topology.kubernetes.io/zone": "a" },
    /Node topology\.kubernetes\.io\/zone: a zone is no subnet/,
  ),
  f(
    "Node spec.taints",
    ["spec", "taints"],
    [{ key: "x", effect: "NoSchedule" }],
    /Node taints: they keep pods away, not packets/,
  ),
  f(
    "Node condition Ready",
    ["status", "conditions"],
    [{ type: "Ready", status: "Unknown", reason: "NodeStatusUnknown" }],
    /but node-1 is NotReady \(NodeStatusUnknown\): its agents may be down/,
  ),
  f(
    "Node condition NetworkUnavailable",
    ["status", "conditions"],
    [{ type: "NetworkUnavailable", status: "True" }],
    /but node-1 is NetworkUnavailable/,
  ),
  f("Pod spec.nodeName", ["spec", "nodeName"], "node-2", /web\/a: \{ host: node-2/, a),
  f("Pod without nodeName", ["spec", "nodeName"], "", /web\/a: it is on no node yet/, a),
  f("Pod spec.hostNetwork", ["spec", "hostNetwork"], true, /web\/a: \{ host: node-1, hostNetwork: true \}/, a),
  f("Pod status.podIP", ["status"], { phase: "Running", podIP: "10.244.1.77" }, /10\.244\.1\.77/, a),
  f("Pod status.podIPs", ["status", "podIPs"], [{ ip: "10.244.1.78" }], /10\.244\.1\.78/, a),
  f("Pod status.phase Succeeded", ["status", "phase"], "Succeeded", /web\/a: its phase is Succeeded/, a),
  f("Pod status.phase Failed", ["status", "phase"], "Failed", /web\/a: its phase is Failed/, a),
  f("Pod status.phase Pending", ["status"], { phase: "Pending" }, /web\/a: it has no address: its phase is Pending/, a),
  f("Pod metadata.labels", ["metadata", "labels"], { app: "shop" }, /labels: \{ app: shop \}/, a),
  f(
    "Pod metadata.deletionTimestamp",
    ["metadata", "deletionTimestamp"],
    "2026-01-01T00:00:00Z",
    /1 pod is on the way out, and still there/,
    a,
  ),
  more(
    "Pod status.hostIP",
    [net(), flanneld],
    [pod("web/a", { on: "far", ips: ["10.244.1.5"], hostIP: "192.168.0.55" }), one],
    /far: .*192\.168\.0\.55|192\.168\.0\.55/,
  ),
  more(
    "Namespace metadata.name",
    flannel,
    [{ apiVersion: "v1", kind: "Namespace", metadata: { name: "other" } }],
    /there are pods in web, and no such Namespace/,
  ),
  more(
    "Namespace metadata.labels",
    flannel,
    [{ apiVersion: "v1", kind: "Namespace", metadata: { name: "web", labels: { team: "x" } } }],
    /labels of 1 Namespace, by which NetworkPolicies select/,
  ),
  more(
    "Namespace status.phase",
    flannel,
    [{ apiVersion: "v1", kind: "Namespace", metadata: { name: "web" }, status: { phase: "Terminating" } }],
    /Namespaces on the way out, with all that is in them: web/,
  ),
  more("unknown kinds", flannel, [{ apiVersion: "v1", kind: "Event", metadata: { name: "e" } }], /not read: 1 Event/),
  more(
    "redaction",
    [plainNode],
    [node("m", { ips: ["***HIDDEN***"] })],
    /1 Nodes are left out: they have no InternalIP/,
  ),
  more("kube-proxy mode", flannel, [kubeProxy("mode: ipvs")], /kube-proxy is in mode ipvs/),
  more('kube-proxy mode ""', flannel, [kubeProxy('mode: ""')], /kube-proxy is in mode iptables/),
  more("kube-proxy clusterCIDR", bare, [kubeProxy("clusterCIDR: 10.240.0.0/12")], /podCIDR: 10\.240\.0\.0\/12/),
  more(
    "kube-proxy iptables.masqueradeAll",
    flannel,
    [kubeProxy("iptables: { masqueradeAll: true }")],
    /mode iptables, masqueradeAll/,
  ),
  more(
    "kube-proxy nodePortAddresses",
    flannel,
    [kubeProxy("nodePortAddresses: [10.0.0.0/8]")],
    /nodePortAddresses 10\.0\.0\.0\/8/,
  ),
  more("kube-proxy detectLocalMode", flannel, [kubeProxy("detectLocalMode: NodeCIDR")], /detectLocalMode NodeCIDR/),
  more(
    "kube-controller-manager --cluster-cidr",
    bare,
    [control("kube-controller-manager", "--cluster-cidr=10.240.0.0/12")],
    /podCIDR: 10\.240\.0\.0\/12/,
  ),
  more(
    "kube-apiserver --service-cluster-ip-range",
    flannel,
    [control("kube-apiserver", "--service-cluster-ip-range=10.99.0.0/16")],
    /serviceCIDR: 10\.99\.0\.0\/16/,
  ),
  more(
    "kubeadm-config networking.podSubnet",
    bare,
    [configMap("kube-system/kubeadm-config", { ClusterConfiguration: "networking: { podSubnet: 10.240.0.0/12 }" })],
    /podCIDR: 10\.240\.0\.0\/12/,
  ),
  more(
    "kubeadm-config networking.serviceSubnet",
    flannel,
    [configMap("kube-system/kubeadm-config", { ClusterConfiguration: "networking: { serviceSubnet: 10.98.0.0/16 }" })],
    /serviceCIDR: 10\.98\.0\.0\/16/,
  ),
  more(
    "ServiceCIDR spec.cidrs",
    flannel,
    [
      {
        apiVersion: "networking.k8s.io/v1",
        kind: "ServiceCIDR",
        metadata: { name: "k" },
        spec: { cidrs: ["10.97.0.0/16"] },
      },
    ],
    /serviceCIDR: 10\.97\.0\.0\/16/,
  ),
];

const DETECTION: readonly Row[] = [
  more(
    "canal-config",
    [one, two, ...pods],
    [configMap("kube-system/canal-config", {})],
    /which is Canal \(ConfigMap kube-system\/canal-config\)/,
  ),
  more(
    "calico-node with flannel in one pod",
    [one, two, ...pods],
    [daemonSet("kube-system/calico-node", [container("kube-flannel", "f")])],
    /which is Canal/,
  ),
  more(
    "calico-node DaemonSet",
    [plainNode],
    [agent({})],
    /these objects are of calico-bgp: DaemonSet kube-system\/calico-node runs/,
  ),
  more(
    "calico-config",
    [plainNode],
    [configMap("kube-system/calico-config", { calico_backend: "bird" })],
    /these objects are of calico-/,
  ),
  more(
    "Installation",
    [plainNode],
    [operator({ calicoNetwork: { ipPools: [{ cidr: "10.1.0.0/16" }] } })],
    /these objects are of calico-ipip/,
  ),
  more("an object of projectcalico.org", [plainNode], [pool()], /these objects are of calico-bgp: IPPool main/),
  more(
    "cilium DaemonSet",
    [plainNode],
    [daemonSet("kube-system/cilium")],
    /this cluster runs Cilium \(DaemonSet kube-system\/cilium\)/,
  ),
  more(
    "CiliumNode",
    [plainNode],
    [calico("CiliumNode", "n", {}, "cilium.io/v2")],
    /this cluster runs Cilium \(objects of cilium\.io\)/,
  ),
  more(
    "cni-chaining-mode beside another CNI",
    flannel,
    [cilium({ "cni-chaining-mode": "flannel" }), daemonSet("kube-system/cilium")],
    /but traces of Cilium are left/,
  ),
  more("weave-net DaemonSet", [plainNode], [daemonSet("kube-system/weave-net")], /this cluster runs Weave Net/),
  more("kube-flannel DaemonSet", [one, two], [flanneld], /DaemonSet kube-flannel\/kube-flannel-ds runs/),
  more(
    "kube-flannel-cfg",
    [plainNode],
    [net()],
    /these objects are of flannel-vxlan: ConfigMap kube-flannel\/kube-flannel-cfg/,
  ),
  more(
    "flannel's annotations alone, as with k3s",
    [],
    [one, two],
    /these objects are of flannel-vxlan: backend-type vxlan on 2 Nodes/,
  ),
  more("a CNI that is not modelled", [plainNode], [daemonSet("kube-system/kindnet")], /this cluster runs kindnet/),
  more(
    "several matches",
    [plainNode],
    [daemonSet("kube-system/cilium"), daemonSet("kube-system/weave-net")],
    /there are traces of Cilium .* and Weave Net .*, and nothing says which of them carries packets/,
  ),
];

const FLANNEL_ROWS: readonly Row[] = [
  more("net-conf.json Network", bare, [net({ Network: "10.240.0.0/12" })], /podCIDR: 10\.240\.0\.0\/12/),
  more("net-conf.json IPv6Network", bare, [net({ EnableIPv6: true, IPv6Network: "fd42::/56" })], /"fd42::\/56"/),
  more(
    "net-conf.json EnableNFTables",
    bare,
    [net({ EnableNFTables: true })],
    /EnableNFTables: rules are drawn as iptables has them/,
  ),
  ...(["vxlan", "host-gw", "udp", "wireguard", "ipip"] as const).map((type): Row => {
    const nodes = [1, 2].map((n) =>
      put(
        flannelNode(n),
        ["metadata", "annotations"],
        flannelAnnotations(type === "udp" ? "" : type, { ip: `192.168.0.1${n}` }),
      ),
    );
    const other = flannelConfig({ Network: "10.244.0.0/16", Backend: { Type: type } });
    return [
      `net-conf.json Backend.Type ${type}`,
      [...nodes, ...pods, other],
      new RegExp(`these objects are of flannel-${type}: .*Backend\\.Type ${type}`),
      [plainNode],
    ];
  }),
  more(
    "net-conf.json Backend.Type ipsec",
    [],
    [
      ...pods,
      node("node-1", { ips: ["192.168.0.11"], annotations: flannelAnnotations("ipsec") }),
      flannelConfig({ Network: "10.244.0.0/16", Backend: { Type: "ipsec" } }),
    ],
    /Flannel's backend ipsec/,
  ),
  more("net-conf.json Backend.VNI", bare, [net({}, { VNI: 77 })], /VNI: 77/),
  more("net-conf.json Backend.Port", bare, [net({}, { Port: 4789 })], /Port: 4789/),
  more("net-conf.json Backend.DirectRouting", bare, [net({}, { DirectRouting: true })], /flannel-vxlan-direct/),
  more("net-conf.json Backend.MTU", bare, [net({}, { MTU: 1400 })], /MTU: 1400/),
  more("net-conf.json Backend.GBP", bare, [net({}, { GBP: true })], /GBP: frames carry no group policy/),
  more("net-conf.json Backend.Learning", bare, [net({}, { Learning: true })], /Learning: VTEPs learn nothing/),
  ...(
    [
      ["bridge", "cbr7", /bridge: cbr7/],
      ["hairpinMode", false, /hairpinMode: ports of the bridge hairpin/],
      ["isDefaultGateway", false, /isDefaultGateway: the bridge is the pods' gateway/],
    ] as const
  ).map(([key, value, said]): Row => {
    const conf = {
      "net-conf.json": '{"Network":"10.244.0.0/16","Backend":{"Type":"vxlan"}}',
      "cni-conf.json": JSON.stringify({ plugins: [{ delegate: { [key]: value } }] }),
    };
    return more(`cni-conf.json delegate ${key}`, bare, [configMap("kube-flannel/kube-flannel-cfg", conf)], said);
  }),
  f(
    "annotation prefix of one's own",
    ["metadata", "annotations"],
    flannelAnnotations("vxlan", { prefix: "example.com/x-", ip: "192.168.0.11", mac: "a2:aa:aa:aa:aa:77" }),
    /a2:aa:aa:aa:aa:77/,
  ),
  f(
    "annotation backend-type",
    ["metadata", "annotations", "flannel.alpha.coreos.com/backend-type"],
    "host-gw",
    /run backend vxlan, not host-gw|run backend host-gw/,
  ),
  f(
    "annotation backend-data VNI",
    ["metadata", "annotations", "flannel.alpha.coreos.com/backend-data"],
    '{"VNI":9,"VtepMAC":"a2:aa:aa:aa:aa:01"}',
    /flannel-vxlan: \{ VNI: 9 \}/,
  ),
  f(
    "annotation backend-data VtepMAC",
    ["metadata", "annotations", "flannel.alpha.coreos.com/backend-data"],
    '{"VtepMAC":"a2:bb:bb:bb:bb:01"}',
    /flannel\.1: "a2:bb:bb:bb:bb:01"/,
  ),
  f(
    "annotation backend-v6-data VtepMAC",
    ["metadata", "annotations", "flannel.alpha.coreos.com/backend-v6-data"],
    '{"VNI":1,"VtepMAC":"a2:66:66:66:66:01"}',
    /flannel-v6\.1: "a2:66:66:66:66:01"/,
  ),
  f(
    "annotation backend-data PublicKey",
    ["metadata", "annotations", "flannel.alpha.coreos.com/backend-data"],
    '{"PublicKey":"abc="}',
    /Node PublicKey: keys follow from names/,
  ),
  f(
    "annotation public-ip",
    ["metadata", "annotations", "flannel.alpha.coreos.com/public-ip"],
    "172.16.5.1",
    /nodeIP: 172\.16\.5\.1/,
  ),
  f(
    "annotation public-ip-overwrite",
    ["metadata", "annotations", "flannel.alpha.coreos.com/public-ip-overwrite"],
    "203.0.113.5",
    /public-ip-overwrite: 203\.0\.113\.5/,
  ),
  f(
    "annotation kube-subnet-manager",
    ["metadata", "annotations", "flannel.alpha.coreos.com/kube-subnet-manager"],
    "false",
    /1 Node \(node-1 first\) has no annotations of flanneld's: it has not run there/,
  ),
  [
    "subnets that are no /24",
    change(change(flannel, one, ["spec"], { podCIDR: "10.244.0.128/25" }), two, ["spec"], { podCIDR: "10.244.1.0/25" }),
    /nodeMaskSize: 25/,
    flannel,
  ],
];

const CALICO_ROWS: readonly Row[] = [
  p("IPPool cidr", { cidr: "10.240.0.0/12" }, /10\.240\.0\.0\/12/),
  p("IPPool ipipMode", { ipipMode: "Always" }, /calico-ipip: IPPool main: ipipMode Always/),
  p("IPPool ipipMode CrossSubnet", { ipipMode: "CrossSubnet" }, /calico-ipip-crosssubnet/),
  p("IPPool vxlanMode", { vxlanMode: "Always" }, /calico-vxlan: IPPool main/),
  p("IPPool vxlanMode CrossSubnet", { vxlanMode: "CrossSubnet" }, /calico-vxlan-crosssubnet/),
  p("IPPool natOutgoing", { natOutgoing: false }, /natOutgoing: false/),
  p("IPPool blockSize", { blockSize: 28 }, /blockSize: 28/),
  p("IPPool nodeSelector", { nodeSelector: "rack == 'a'" }, /nodeSelector: "rack == 'a'"/),
  p("IPPool disabled", { disabled: true }, /disabled: true/),
  p("IPPool disableBGPExport", { disableBGPExport: true }, /disableBGPExport: true/),
  p("IPPool allowedUses", { allowedUses: ["Workload"] }, /allowedUses: \[Workload\]/),
  p("IPPool assignmentMode", { assignmentMode: "Manual" }, /assignmentMode: Manual/),
  p(
    "IPPool namespaceSelector",
    { namespaceSelector: "all()" },
    /IPPool namespaceSelector: pods have their addresses already/,
  ),
  [
    "IPPool of projectcalico.org/v3",
    [...calicoBase, calico("IPPool", "v3", { cidr: "10.244.0.0/16", vxlanMode: "Always" }, "projectcalico.org/v3")],
    /calico-vxlan: IPPool v3/,
    pooled,
  ],
  c(
    "several IPPools",
    pool({ cidr: "10.250.0.0/16", vxlanMode: "Always" }, "other"),
    /pools differ, and the pool of the destination decides: other calico-vxlan/,
  ),
  c(
    "CALICO_IPV4POOL_IPIP against the IPPool",
    agent({ CALICO_IPV4POOL_IPIP: "Always" }),
    /CALICO_IPV4POOL_IPIP Always, and pool main ipipMode Never: the environment only seeds the first pool/,
  ),
  more(
    "CALICO_IPV4POOL_VXLAN without an IPPool",
    calicoBase,
    [agent({ CALICO_IPV4POOL_VXLAN: "Always" })],
    /calico-vxlan: .*CALICO_IPV4POOL_VXLAN Always/,
  ),
  recorded("annotation IPv4Address", { IPv4Address: "192.168.0.11/26" }, /ipv4Address: 192\.168\.0\.11\/26/),
  recorded(
    "annotation IPv4IPIPTunnelAddr",
    { IPv4IPIPTunnelAddr: "10.244.1.9" },
    /ipv4IPIPTunnelAddr: 10\.244\.1\.9/,
    pool({ ipipMode: "Always" }),
  ),
  recorded(
    "annotation IPv4VXLANTunnelAddr",
    { IPv4VXLANTunnelAddr: "10.244.1.8" },
    /ipv4VXLANTunnelAddr: 10\.244\.1\.8/,
    pool({ vxlanMode: "Always" }),
  ),
  recorded(
    "annotation VXLANTunnelMACAddr",
    { VXLANTunnelMACAddr: "66:01:02:03:04:05" },
    /vxlan\.calico: "66:01:02:03:04:05"/,
  ),
  recorded("annotation ASNumber", { ASNumber: "64600" }, /as: 64600/),
  recorded(
    "annotation RouteReflectorClusterID",
    { RouteReflectorClusterID: "244.0.0.9" },
    /routeReflector: 244\.0\.0\.9/,
  ),
  [
    "annotation WireguardPublicKey",
    [calicoNode(1, { WireguardPublicKey: "k=" }), ...cali.slice(1), ...pods, pool(), felix({ wireguardEnabled: true })],
    /node-2 told no WireGuard key/,
    [...pooled, felix({ wireguardEnabled: true })],
  ],
  recorded("annotation Interfaces", { Interfaces: "[]" }, /Interfaces: cards are called eth0, eth1/),
  [
    "label route-reflector",
    [
      put(cali[0] ?? {}, ["metadata", "labels"], { "route-reflector": "true" }),
      ...cali.slice(1),
      ...pods,
      pool(),
      peer({ peerIP: "", asNumber: 0, nodeSelector: "!has(route-reflector)", peerSelector: "has(route-reflector)" }),
    ],
    /node-2: .*peers: \[node-1\]/,
    pooled,
  ],
  more(
    "calicoctl's Node spec.bgp.ipv4Address",
    [pool()],
    [
      {
        apiVersion: "projectcalico.org/v3",
        kind: "Node",
        metadata: { name: "etcd" },
        spec: { bgp: { ipv4Address: "10.9.0.2/20" } },
      },
    ],
    /10\.9\.0\.0\/20/,
  ),
  [
    "FelixConfiguration vxlanVNI",
    [...calicoBase, pool({ vxlanMode: "Always" }), felix({ vxlanVNI: 4097 })],
    /vxlanVNI: 4097/,
    pooled,
  ],
  [
    "FelixConfiguration vxlanPort",
    [...calicoBase, pool({ vxlanMode: "Always" }), felix({ vxlanPort: 4790 })],
    /vxlanPort: 4790/,
    pooled,
  ],
  [
    "FelixConfiguration vxlanMTU",
    [...calicoBase, pool({ vxlanMode: "Always" }), felix({ vxlanMTU: 1390 })],
    /mtu: 1390/,
    pooled,
  ],
  [
    "FelixConfiguration node.NAME",
    [...calicoBase, pool({ vxlanMode: "Always" }), felix({ vxlanMTU: 1380 }, "node.node-2")],
    /node-2: .*calico-vxlan: \{ mtu: 1380 \}/,
    pooled,
  ],
  [
    "FelixConfiguration vxlanEnabled",
    [...calicoBase, pool({ vxlanMode: "Always" }), felix({ vxlanEnabled: false })],
    /has vxlanEnabled false, and there is a pool that needs it/,
    pooled,
  ],
  c(
    "FelixConfiguration wireguardEnabled",
    felix({ wireguardEnabled: true }),
    /calico-wireguard: FelixConfiguration default: wireguardEnabled/,
  ),
  c(
    "FelixConfiguration node.NAME wireguardEnabled",
    felix({ wireguardEnabled: true }, "node.node-1"),
    /FelixConfiguration node\.node-1 has wireguardEnabled true: that node alone is otherwise/,
  ),
  c("FelixConfiguration bpfEnabled", felix({ bpfEnabled: true }), /Calico's eBPF dataplane/),
  c(
    "FelixConfiguration deviceRouteProtocol",
    felix({ deviceRouteProtocol: 80 }),
    /deviceRouteProtocol: a route's protocol decides nothing/,
  ),
  c(
    "FelixConfiguration programClusterRoutes",
    felix({ programClusterRoutes: "Enabled" }),
    /FelixConfiguration programClusterRoutes: the version says/,
  ),
  c("FelixConfiguration natPortRange", felix({ natPortRange: "1024:2048" }), /natPortRange: masqueraded ports/),
  c(
    "FelixConfiguration defaultEndpointToHostAction",
    felix({ defaultEndpointToHostAction: "Drop" }),
    /defaultEndpointToHostAction: pods may speak to their node/,
  ),
  c("FelixConfiguration ipForwarding", felix({ ipForwarding: "Disabled" }), /ipForwarding: nodes forward/),
  c(
    "FelixConfiguration routeSource",
    felix({ routeSource: "WorkloadIPs" }),
    /routeSource: blocks are the source of routes/,
  ),
  c("BlockAffinity cidr, node", affinity(), /blocks: \[.*10\.244\.7\.0\/26/),
  ["BlockAffinity state", [...pooled, affinity()], /10\.244\.7\.0\/26/, [...pooled, affinity({ state: "pending" })]],
  ["BlockAffinity deleted", [...pooled, affinity()], /10\.244\.7\.0\/26/, [...pooled, affinity({ deleted: "true" })]],
  ["BlockAffinity type", [...pooled, affinity()], /10\.244\.7\.0\/26/, [...pooled, affinity({ type: "virtual" })]],
  c("IPAMBlock affinity", block({ cidr: "10.244.6.0/26" }), /10\.244\.6\.0\/26/),
  [
    "IPAMBlock allocations, attributes",
    [
      ...cali,
      pool(),
      block({ allocations: [null, 0], attributes: [{ secondary: { node: "node-1", namespace: "web", pod: "only" } }] }),
    ],
    /web\/only: .*10\.244\.1\.1/,
    [...cali, pool()],
  ],
  more(
    "Node.spec.podCIDR is not Calico's",
    pooled,
    [put(calicoNode(3), ["spec"], { podCIDR: "10.99.3.0/24" })],
    /^(?!.*10\.99\.3).*node-3/s,
  ),
  c(
    "ipam host-local, usePodCidr",
    configMap("kube-system/calico-config", {
      cni_network_config: '{"ipam":{"type":"host-local","subnet":"usePodCidr"}}',
    }),
    /^(?!.*blocks:)/s,
  ),
  more(
    "pods as the only word on blocks",
    [...cali, pool()],
    pods,
    /2 blocks are the nodes' that have most addresses in them/,
  ),
  c("BGPConfiguration asNumber", bgp({ asNumber: 64999 }), /asNumber: 64999/),
  c("BGPConfiguration nodeToNodeMeshEnabled", bgp({ nodeToNodeMeshEnabled: false }), /nodeToNodeMeshEnabled: false/),
  c(
    "BGPConfiguration serviceClusterIPs",
    bgp({ serviceClusterIPs: [{ cidr: "10.96.0.0/12" }] }),
    /serviceClusterIPs: services are not asked about yet/,
  ),
  c(
    "BGPConfiguration communities",
    bgp({ communities: [{ name: "x", value: "1:2" }] }),
    /communities: no decision here is by community/,
  ),
  c(
    "BGPConfiguration node.NAME",
    bgp({ asNumber: 65055 }, "node.node-1"),
    /BGPConfiguration node\.node-1 has asNumber, which only default can set/,
  ),
  c("BGPPeer peerIP, asNumber", peer({}), /peer-192-168-0-1: .*as: 65001/),
  c("BGPPeer node", peer({ node: "node-2" }), /peer-192-168-0-1: .*peers: \[node-2\]/),
  c("BGPPeer nodeSelector", peer({ nodeSelector: "all()" }), /peers: \[node-1, node-2\]/),
  c("BGPPeer peerSelector", peer({ peerIP: "", node: "node-1", peerSelector: "all()" }), /node-2: .*peers: \[node-1\]/),
  more(
    "BGPFilter",
    [...pooled, peer({ filters: ["hide"] })],
    [calico("BGPFilter", "hide", { exportV4: [{ action: "Reject", cidr: "10.244.1.0/24", matchOperator: "In" }] })],
    /hide: \{ exportV4:/,
  ),
  c(
    "IPReservation",
    calico("IPReservation", "r", { reservedCIDRs: ["10.244.1.0/30"] }),
    /IPReservation reservedCIDRs: pods have their addresses already/,
  ),
  c(
    "Installation calicoNetwork.bgp",
    operator({ calicoNetwork: { bgp: "Disabled" } }),
    /Installation has bgp Disabled, and calico-bgp needs BIRD/,
  ),
  more(
    "Installation calicoNetwork.ipPools",
    calicoBase,
    [operator({ calicoNetwork: { ipPools: [{ cidr: "10.244.0.0/16", encapsulation: "VXLAN" }] } })],
    /calico-vxlan: Installation, pool/,
  ),
  c(
    "Installation calicoNetwork.linuxDataplane",
    operator({ calicoNetwork: { linuxDataplane: "BPF" } }),
    /Calico's eBPF dataplane/,
  ),
  c(
    "Installation calicoNetwork.nodeAddressAutodetectionV4",
    operator({ calicoNetwork: { nodeAddressAutodetectionV4: { firstFound: true } } }),
    /nodeAddressAutodetectionV4: Nodes say what was detected/,
  ),
  [
    "Installation calicoNetwork.mtu",
    [...calicoBase, pool({ vxlanMode: "Always" }), operator({ calicoNetwork: { mtu: 1370 } })],
    /mtu: 1370/,
    pooled,
  ],
  c("Installation cni.type", operator({ cni: { type: "AmazonVPC" } }), /the CNI plugin AmazonVPC/),
  c(
    "Installation cni.ipam.type",
    operator({ cni: { type: "Calico", ipam: { type: "HostLocal" } } }),
    /^(?!.*blocks:)/s,
  ),
  c("image of calico-node", agent({}, "calico/node:v3.33.0"), /version: v3\.33/),
  c(
    "Namespace ipv4pools",
    {
      apiVersion: "v1",
      kind: "Namespace",
      metadata: { name: "web", annotations: { "cni.projectcalico.org/ipv4pools": '["10.245.0.0/16"]' } },
    },
    /2 pods, web\/a first, have no address of 10\.245\.0\.0\/16, which an annotation names/,
  ),
  [
    "Pod ipv4pools",
    change(pooled, a, ["metadata", "annotations"], { "cni.projectcalico.org/ipv4pools": '["10.245.0.0/16"]' }),
    /pod web\/a has no address of 10\.245\.0\.0\/16/,
    pooled,
  ],
];

const KEYS = [
  "routing-mode",
  "tunnel",
  "tunnel-protocol",
  "tunnel-port",
  "ipam",
  "cluster-pool-ipv4-cidr",
  "cluster-pool-ipv4-mask-size",
  "auto-direct-node-routes",
  "direct-routing-skip-unreachable",
  "ipv4-native-routing-cidr",
  "enable-endpoint-routes",
  "enable-ipv4-masquerade",
  "enable-bpf-masquerade",
  "enable-host-legacy-routing",
  "kube-proxy-replacement",
  "bpf-lb-sock",
  "bpf-lb-sock-hostns-only",
  "bpf-lb-mode",
  "enable-node-port",
  "enable-policy",
  "policy-cidr-match-mode",
  "allow-localhost",
  "enable-wireguard",
  "enable-ipsec",
  "datapath-mode",
  "cni-chaining-mode",
  "devices",
  "mtu",
];

const OTHERS: readonly Row[] = [
  ...KEYS.map(
    (key): Row => [
      `cilium-config ${key}`,
      [plainNode, cilium({ [key]: "told" })],
      new RegExp(`here ${key} told`),
      [plainNode, cilium({})],
    ],
  ),
  [
    "CiliumNode spec.ipam.podCIDRs",
    [
      put(plainNode, ["spec"], { podCIDR: "10.244.0.0/24" }),
      calico("CiliumNode", "n", { ipam: { podCIDRs: ["10.0.3.0/24"] } }, "cilium.io/v2"),
    ],
    /10\.0\.3\.0|podCIDR: 10\.0\.0\.0\/16/,
    [put(plainNode, ["spec"], { podCIDR: "10.244.0.0/24" })],
  ],
  [
    "annotation network.cilium.io/ipv4-pod-cidr",
    [put(plainNode, ["metadata", "annotations"], { "network.cilium.io/ipv4-pod-cidr": "10.0.3.0/24" })],
    /this cluster runs Cilium \(Node annotations/,
    [plainNode],
  ],
  more(
    "CiliumEndpoint",
    [plainNode],
    [calico("CiliumEndpoint", "e", {}, "cilium.io/v2")],
    /not read: 1 CiliumEndpoint/,
  ),
  ...["IPALLOC_RANGE", "WEAVE_MTU", "KUBE_PEERS", "EXPECT_NPC", "NO_MASQ_LOCAL", "HAIRPIN_MODE"].map(
    (key): Row => [
      `weave-net ${key}`,
      [plainNode, weave({ [key]: "told" })],
      new RegExp(`here ${key} told`),
      [plainNode, weave({})],
    ],
  ),
  [
    "weave-net WEAVE_PASSWORD",
    [plainNode, weave({ WEAVE_PASSWORD: "hush" })],
    /^(?!.*hush).*encrypted, as it has a WEAVE_PASSWORD/s,
    [plainNode, weave({})],
  ],
  [
    "ConfigMap weave-net kube-peers.weave.works/peers",
    [
      plainNode,
      put(configMap("kube-system/weave-net", {}), ["metadata", "annotations"], {
        "kube-peers.weave.works/peers": '{"Peers":[{"PeerName":"a"},{"PeerName":"b"}]}',
      }),
    ],
    /here 2 peers/,
    [plainNode, weave({})],
  ],
];

/** Fields that change nothing, and are not mentioned: what they tell is said by another, or nobody can tell what they mean. */
const NEEDLESS: readonly (readonly [string, readonly Kube[], string])[] = [
  [
    "Node status.addresses Hostname",
    change(flannel, one, ["status", "addresses", 1, "address"], "other"),
    "metadata.name is its name",
  ],
  [
    "Pod containers[].ports",
    change(flannel, a, ["spec", "containers", 0, "ports"], [{ containerPort: 80 }]),
    "what is not listed may listen too (core/v1), so that a trace says it is assumed",
  ],
];

/** What every field that a cluster's objects have on the way of a packet comes to. */
describe.each([
  ["nodes, pods and the cluster", GENERIC],
  ["which CNI it is", DETECTION],
  ["Flannel", FLANNEL_ROWS],
  ["Calico", CALICO_ROWS],
  ["Cilium and Weave", OTHERS],
])("%s", (_, rows) => {
  test.each(rows.map(([field, ...rest]) => [field, rest] as const))("%s", async (_field, [objects, said, without]) => {
    expect(await told(without)).not.toMatch(said);
    expect(await told(objects)).toMatch(said);
  });
});

test.each(NEEDLESS)("%s changes nothing", async (_, objects) => {
  expect(await told(objects)).toBe(await told(flannel));
});
