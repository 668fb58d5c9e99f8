import "../../src/modes/registry.ts";
import { describe } from "vitest";
import {
  bare,
  change,
  f,
  flannel,
  flannelNode,
  more,
  net,
  one,
  plainNode,
  pods,
  put,
  type Row,
  sayWhatTheyTell,
  two,
} from "./fields.ts";
import { configMap, flannelAnnotations, flannelConfig, node } from "./objects.ts";

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

describe("what Flannel's ConfigMap and annotations say", () => sayWhatTheyTell(FLANNEL_ROWS));
