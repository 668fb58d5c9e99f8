import type { Facts, FlannelConf } from "./facts.ts";
import type { Field } from "./field.ts";
import { jsonOf, yamlOf } from "./inner.ts";
import { leaveOut } from "./left-out.ts";
import { fullName } from "./name.ts";
import { CALICO, CANAL, FLANNEL } from "./products.ts";
import { readCalicoConfig } from "./read-calico.ts";
import { prefixesOf } from "./read-control-plane.ts";

/** A ConfigMap: that of a CNI, of kube-proxy, of kubeadm, or of no interest here. */
export function readConfigMap(body: Field, facts: Facts): void {
  const name = fullName(body);
  if (name === undefined) return;
  const [, bare = ""] = name.split("/");
  const from = `ConfigMap ${name}`;
  const data = body.get("data");
  if (!data.get("net-conf.json").isAbsent) readFlannel(data, from, bare, facts);
  const product = PRODUCT_OF.get(bare);
  if (product !== undefined) facts.trace({ product, kind: "configured", text: from, mark: body.mark });
  if (bare === "cilium-config") readCilium(data, facts);
  if (bare === "weave-net") readWeave(body, facts);
  if (bare === "calico-config") readCalicoConfig(data, from, facts);
  if (bare === "kube-proxy") readKubeProxy(data.get("config.conf"), from, facts);
  if (bare === "kubeadm-config") readKubeadm(data.get("ClusterConfiguration"), from, facts);
}

const PRODUCT_OF: ReadonlyMap<string, string> = new Map([
  ["canal-config", CANAL],
  ["calico-config", CALICO],
  ["cilium-config", "Cilium"],
  ["weave-net", "Weave Net"],
  ["antrea-config", "Antrea"],
  ["kube-router-cfg", "kube-router"],
  ["ovnkube-config", "OVN-Kubernetes"],
  ["amazon-vpc-cni", "Amazon VPC CNI"],
  ["azure-cni-config", "Azure CNI"],
  ["eni-config", "Terway"],
]);

/** flanneld's `net-conf.json` (flannel pkg/subnet/config.go), and the bridge's name from `cni-conf.json`. */
function readFlannel(data: Field, from: string, bare: string, facts: Facts): void {
  const conf = jsonOf(data.get("net-conf.json"));
  if (!conf) return;
  if (bare !== "canal-config") {
    facts.trace({ product: FLANNEL, kind: "configured", text: `${from} net-conf.json`, mark: conf.mark });
  }
  const backend = conf.get("Backend");
  const number = (key: string) => anyCase(backend, key).number();
  const settings = Object.entries({
    VNI: number("VNI"),
    Port: number("Port"),
    MTU: number("MTU"),
    ListenPort: number("ListenPort"),
    ListenPortV6: number("ListenPortV6"),
    PersistentKeepaliveInterval: number("PersistentKeepaliveInterval"),
  }).filter((entry): entry is [string, number] => entry[1] !== undefined);
  const v4 = conf.get("EnableIPv4").flag() === false ? undefined : conf.get("Network").prefix();
  const v6 = conf.get("EnableIPv6").flag() === true ? conf.get("IPv6Network").prefix() : undefined;
  const delegates = (jsonOf(data.get("cni-conf.json"))?.get("plugins").list() ?? []).map((each) =>
    each.get("delegate"),
  );
  const [bridge] = delegates.flatMap((delegate) => delegate.get("bridge").text() ?? []);
  for (const [field, value, why] of [
    [conf.get("EnableNFTables"), true, "rules are drawn as iptables has them"],
    [anyCase(backend, "GBP"), true, "frames carry no group policy"],
    [anyCase(backend, "Learning"), true, "VTEPs learn nothing"],
    ...delegates.flatMap((delegate) => [
      [delegate.get("hairpinMode"), false, "ports of the bridge hairpin"] as const,
      [delegate.get("isDefaultGateway"), false, "the bridge is the pods' gateway"] as const,
    ]),
  ] as const) {
    if (field.flag() === value) leaveOut(`${from} ${field.name}`, why, true, facts);
  }
  const flannel: FlannelConf = {
    from: `${from} net-conf.json`,
    mark: conf.mark,
    networks: [v4, v6].filter((network) => network !== undefined),
    // Without the whole object flanneld picks udp, whatever its documentation says.
    type: (anyCase(backend, "Type").text() ?? "udp").toLowerCase(),
    directRouting: anyCase(backend, "DirectRouting").flag() === true,
    settings: Object.fromEntries(settings),
    ...(bridge !== undefined && { bridge }),
    ...canalOf(data),
  };
  facts.flannel.push(flannel);
}

/** What only Canal's ConfigMap has (projectcalico/calico manifests/canal.yaml). */
function canalOf(data: Field): Pick<FlannelConf, "masquerade" | "vethMtu"> {
  const masquerade = data.get("masquerade").text();
  const vethMtu = data.get("veth_mtu").number();
  return {
    ...(masquerade !== undefined && { masquerade: masquerade === "true" }),
    ...(vethMtu !== undefined && { vethMtu }),
  };
}

/** Go's encoding/json finds a field whatever the case of its letters. */
function anyCase(map: Field, key: string): Field {
  const found = map.map().find(([name]) => name.toLowerCase() === key.toLowerCase());
  return found ? found[1] : map.get(key);
}

/** How Cilium carries packets (install/kubernetes/cilium/templates/cilium-configmap.yaml). */
const CILIUM = [
  "routing-mode",
  "tunnel",
  "tunnel-protocol",
  "tunnel-port",
  "ipam",
  "cluster-pool-ipv4-cidr",
  "cluster-pool-ipv4-mask-size",
  "ipv4-native-routing-cidr",
  "auto-direct-node-routes",
  "direct-routing-skip-unreachable",
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
  "devices",
  "mtu",
  "cni-chaining-mode",
];

function readCilium(data: Field, facts: Facts): void {
  const told = CILIUM.flatMap((key) => {
    const value = data.get(key).text();
    return value === undefined ? [] : [`${key} ${value}`];
  });
  facts.detail("Cilium", ...told);
  const chaining = data.get("cni-chaining-mode").text() ?? "none";
  if (chaining !== "none") facts.ciliumChaining = chaining;
}

/** The peers that weave's allocator knows (weave prog/kube-utils). */
function readWeave(body: Field, facts: Facts): void {
  const peers =
    jsonOf(body.at("metadata", "annotations", "kube-peers.weave.works/peers"))
      ?.get("Peers")
      .list() ?? [];
  if (peers.length > 0) facts.detail("Weave Net", `${peers.length} peers`);
}

function readKubeProxy(field: Field, from: string, facts: Facts): void {
  const conf = yamlOf(field);
  if (!conf) return;
  const clusterCIDRs = prefixesOf(conf.get("clusterCIDR").text() ?? "");
  const detect = conf.get("detectLocalMode").text() ?? "";
  const ports = conf
    .get("nodePortAddresses")
    .list()
    .flatMap((each) => each.text() ?? []);
  const told = [
    ...(conf.at("iptables", "masqueradeAll").flag() === true ? ["masqueradeAll"] : []),
    ...(detect === "" ? [] : [`detectLocalMode ${detect}`]),
    ...(ports.length === 0 ? [] : [`nodePortAddresses ${ports.join(", ")}`]),
  ];
  facts.kubeProxy = { from, mode: conf.get("mode").text() || "iptables", told, clusterCIDRs };
  for (const value of clusterCIDRs) facts.podCIDRs.push({ value, from: `${from} clusterCIDR`, mark: field.mark });
}

function readKubeadm(field: Field, from: string, facts: Facts): void {
  const networking = yamlOf(field)?.get("networking");
  for (const [key, found] of [
    ["podSubnet", facts.podCIDRs],
    ["serviceSubnet", facts.serviceCIDRs],
  ] as const) {
    for (const value of prefixesOf(networking?.get(key).text() ?? "")) {
      found.push({ value, from: `${from} networking.${key}`, mark: field.mark });
    }
  }
}

/** A ServiceCIDR of networking.k8s.io. */
export function readServiceCIDR(body: Field, facts: Facts): void {
  for (const field of body.at("spec", "cidrs").list()) {
    const value = field.prefix();
    if (value) facts.serviceCIDRs.push({ value, from: "ServiceCIDR spec.cidrs", mark: field.mark });
  }
}
