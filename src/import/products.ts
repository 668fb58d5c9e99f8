/** A CNI by the names that its agents and objects have, and what is known of how it carries packets. */
export interface Product {
  readonly name: string;
  /** The name of its DaemonSet. */
  readonly agent: RegExp;
  /** The API groups of its own objects. */
  readonly groups?: RegExp;
  /** How it works, for products whose tables are not built here. */
  readonly known?: string;
}

export const FLANNEL = "Flannel";
export const CALICO = "Calico";
export const CANAL = "Canal";
export const CILIUM = "Cilium";

/**
 * The CNIs that are told apart, in the order in which they are looked for (as in submariner's pkg/discovery/network):
 * the ones that bring others along come first.
 */
export const PRODUCTS: readonly Product[] = [
  { name: CANAL, agent: /^(?:rke2-)?canal$/ },
  {
    name: CALICO,
    agent: /^(?:rke2-)?calico-node$/,
    groups: /^(?:crd\.projectcalico\.org|projectcalico\.org|operator\.tigera\.io)$/,
  },
  {
    name: CILIUM,
    agent: /^(?:cilium|anetd)$/,
    groups: /^cilium\.io$/,
    known: "eBPF programs at the pods' devices carry packets, in VXLAN or Geneve, or by plain routes",
  },
  {
    name: "Weave Net",
    agent: /^weave-net$/,
    known:
      "an Open vSwitch datapath and the process weaver carry packets in VXLAN on UDP 6784, or sleeve on UDP 6783; no node has a subnet of its own",
  },
  { name: FLANNEL, agent: /^(?:kube-)?flannel(?:-ds)?(?:-[a-z0-9]+)?$/ },
  { name: "kindnet", agent: /^kindnet$/, known: "plain routes between nodes on one link, set from the Nodes' podCIDR" },
  { name: "kube-router", agent: /^kube-router$/, known: "BGP inside subnets, IP-in-IP between them" },
  {
    name: "Antrea",
    agent: /^antrea-agent$/,
    groups: /\.antrea\.io$/,
    known: "an Open vSwitch bridge; Geneve between nodes by default",
  },
  {
    name: "OVN-Kubernetes",
    agent: /^ovnkube-(?:node|master)/,
    groups: /^k8s\.ovn\.org$/,
    known: "OVN's logical routers over Geneve",
  },
  {
    name: "Kube-OVN",
    agent: /^(?:kube-ovn-cni|ovs-ovn)$/,
    groups: /^kubeovn\.io$/,
    known: "OVN's logical switches over Geneve",
  },
  {
    name: "OpenShift SDN",
    agent: /^sdn$/,
    groups: /^network\.openshift\.io$/,
    known: "an Open vSwitch bridge and VXLAN",
  },
  {
    name: "Amazon VPC CNI",
    agent: /^aws-node$/,
    groups: /^(?:crd\.k8s\.amazonaws\.com|vpcresources\.k8s\.aws)$/,
    known: "pods have addresses of the VPC on the instance's own network interfaces, without a tunnel",
  },
  {
    name: "Azure CNI",
    agent: /^azure-(?:cns|cni|npm)/,
    groups: /^acn\.azure\.com$/,
    known: "pods have addresses of the VNet, or of an overlay that the VNet itself routes",
  },
  { name: "GKE's netd", agent: /^netd$/, known: "pods have alias addresses that the VPC routes" },
  { name: "Terway", agent: /^terway/, known: "pods have addresses of the VPC" },
  {
    name: "NSX",
    agent: /^nsx-(?:node-agent|ncp)/,
    groups: /^nsx\.vmware\.com$/,
    known: "logical switches over Geneve, kept by NSX",
  },
  { name: "Romana", agent: /^romana-agent$/, known: "plain routes by aggregated blocks" },
];

/** The product whose agent a workload is. */
export function productOfAgent(workload: string): Product | undefined {
  return PRODUCTS.find(({ agent }) => agent.test(workload));
}

/** The product whose own kind of object a group has. */
export function productOfGroup(apiVersion: string): Product | undefined {
  if (!apiVersion.includes("/")) return undefined;
  const [group = ""] = apiVersion.split("/");
  return PRODUCTS.find(({ groups }) => groups?.test(group));
}
