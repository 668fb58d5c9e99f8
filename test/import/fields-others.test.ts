import "../../src/modes/registry.ts";
import { describe } from "vitest";
import { cilium, more, plainNode, put, type Row, sayWhatTheyTell, weave } from "./fields.ts";
import { calico, configMap } from "./objects.ts";

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

describe("what is known of Cilium and Weave", () => sayWhatTheyTell(OTHERS));
