import "../../src/modes/registry.ts";
import { describe, expect, test } from "vitest";
import {
  a,
  agent,
  bare,
  change,
  cilium,
  control,
  f,
  flannel,
  flanneld,
  kubeProxy,
  more,
  net,
  one,
  operator,
  plainNode,
  pods,
  pool,
  type Row,
  sayWhatTheyTell,
  told,
  two,
} from "./fields.ts";
import { calico, configMap, container, daemonSet, type Kube, node, pod } from "./objects.ts";

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

describe("what nodes, pods and the cluster say", () => sayWhatTheyTell(GENERIC));
describe("what says which CNI it is", () => sayWhatTheyTell(DETECTION));

test.each(NEEDLESS)("%s changes nothing", async (_, objects) => {
  expect(await told(objects)).toBe(await told(flannel));
});
