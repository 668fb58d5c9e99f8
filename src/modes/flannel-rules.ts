import { Ip } from "../addr/ip.ts";
import { hash32 } from "../addr/mac.ts";
import { Prefix } from "../addr/prefix.ts";
import type { FilterRule } from "../kernel/netfilter.ts";
import type { NodeDraft } from "./node.ts";

type Rule = Omit<FilterRule, "by">;

const MASQ = "flanneld masq";
const FORWARD = "flanneld forward";
/** The mark kube-proxy puts on what it will masquerade itself. */
const KUBE_MARK = { value: 0x4000, mask: 0x4000 };
const MULTICAST = { 4: Prefix.of(Ip.of(0xe0000000), 4), 6: Prefix.of(Ip.of(0xff000000, 0, 0, 0), 8) };

/**
 * flanneld's rules in iptables mode: FLANNEL-POSTRTG with `--ip-masq`, FLANNEL-FWD always
 * (flannel pkg/trafficmngr/iptables/iptables.go `masqRules`, `forwardRules`). Both families share the chains here.
 */
export function flannelRules(node: NodeDraft): void {
  const flanneld = node.agent("flanneld");
  if (node.self.flannel.ipMasq) {
    flanneld.rules("nat", "FLANNEL-POSTRTG", signed(masqRules(node), MASQ));
    flanneld.append("nat", "POSTROUTING", {
      match: {},
      target: { kind: "jump", chain: "FLANNEL-POSTRTG" },
      comment: MASQ,
    });
  } else if (node.self.flannel.bridge !== "docker0" && node.self.flannel.attach === "bridge") {
    pluginMasquerade(node);
  }
  const accept = { kind: "ACCEPT" } as const;
  const inside = node.cluster.podCIDRs.flatMap((prefix): Rule[] => [
    { match: { src: { prefix } }, target: accept },
    { match: { dst: { prefix } }, target: accept },
  ]);
  flanneld.rules("filter", "FLANNEL-FWD", signed(inside, FORWARD));
  flanneld.append("filter", "FORWARD", { match: {}, target: { kind: "jump", chain: "FLANNEL-FWD" }, comment: FORWARD });
}

function signed(rules: readonly Rule[], comment: string): readonly FilterRule[] {
  return rules.map((rule) => ({ by: "flanneld", comment, ...rule }));
}

function masqRules(node: NodeDraft): readonly Rule[] {
  const masquerade = { kind: "MASQUERADE", randomFully: true } as const;
  const back = { kind: "RETURN" } as const;
  const perFamily = node.self.stacks.flatMap(({ family, share }): Rule[] => {
    const network = node.cluster.podCIDRs.find((prefix) => prefix.family === family);
    if (!network) return [];
    const multicast = { not: true, prefix: MULTICAST[family] };
    const inside = { prefix: network };
    const outside = { not: true, prefix: network };
    return [
      { match: { src: { prefix: share }, dst: inside }, target: back },
      { match: { src: inside, dst: { prefix: share } }, target: back },
      { match: { src: outside, dst: { prefix: share } }, target: back },
      { match: { src: inside, dst: multicast }, target: masquerade },
      { match: { src: outside, dst: inside }, target: masquerade },
    ];
  });
  return [{ match: { mark: KUBE_MARK }, target: back }, ...perFamily];
}

/** Without `--ip-masq` the bridge plugin masquerades, a chain a pod (containernetworking/plugins `SetupIPMasq`). */
function pluginMasquerade(node: NodeDraft): void {
  const cni = node.agent("cni");
  for (const { pod, addresses } of node.pods) {
    for (const ip of addresses) {
      const share = node.self.stack(ip.family)?.share;
      if (!share) continue;
      const chain = chainName(pod.name);
      const comment = `name: "cbr0" id: "${pod.name}"`;
      const multicast = { not: true, prefix: MULTICAST[ip.family] };
      cni.chain("nat", chain);
      cni.append("nat", chain, { match: { dst: { prefix: share } }, target: { kind: "ACCEPT" }, comment });
      cni.append("nat", chain, {
        match: { dst: multicast },
        target: { kind: "MASQUERADE", randomFully: false },
        comment,
      });
      cni.append("nat", "POSTROUTING", {
        match: { src: { prefix: Prefix.of(ip) } },
        target: { kind: "jump", chain },
        comment,
      });
    }
  }
}

/** `CNI-` and 24 hex digits, a hash of the network and the container upstream (`FormatChainName`). */
function chainName(pod: string): string {
  const words = [pod, `${pod}#`, `${pod}##`].map((text) => hash32(text).toString(16).padStart(8, "0"));
  return `CNI-${words.join("")}`;
}

/**
 * dockerd's rules for its bridge: since Docker 1.13 the FORWARD policy is DROP; `--ip-masq` is the opposite of
 * flanneld's, as flannel's dist/mk-docker-opts.sh sets it (moby libnetwork/drivers/bridge/setup_ip_tables.go).
 */
export function dockerRules(node: NodeDraft): void {
  const dev = "docker0";
  const docker = node.agent("docker");
  docker.policy("filter", "FORWARD", "DROP");
  const accept = { kind: "ACCEPT" } as const;
  // Each goes to the front, so the last one written stands first.
  docker.insert("filter", "FORWARD", { match: { in: { dev }, out: { dev } }, target: accept });
  docker.insert("filter", "FORWARD", { match: { in: { dev }, out: { not: true, dev } }, target: accept });
  docker.insert("filter", "FORWARD", { match: { out: { dev }, ctstate: ["RELATED", "ESTABLISHED"] }, target: accept });
  if (node.self.flannel.ipMasq) return;
  for (const { share: prefix } of node.self.stacks) {
    docker.append("nat", "POSTROUTING", {
      match: { src: { prefix }, out: { not: true, dev } },
      target: { kind: "MASQUERADE", randomFully: false },
    });
  }
}
