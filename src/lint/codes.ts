import type { CodeEntry } from "../trace/codes/entry.ts";
import { type Code, explainCode, findCode } from "../trace/codes.ts";

/** What a code of the lint means. No kernel drops for it, and it ends no packet. */
export type LintEntry = Omit<CodeEntry, "verdict" | "kernel">;

/**
 * Words for what is wrong with a network before any packet is sent. Where a packet would end with a code of its own, the
 * lint uses that one; these are the rest.
 */
export const LINT_CODES = [
  {
    code: "CIDR_OVERLAP",
    meaning: "Two networks that must be apart share addresses, so one of two routes takes the other's packets.",
    sees: "some addresses are reached and some time out, or answers come from a stranger",
    causes: [
      "the pods' or the services' network was chosen without a look at the data centre's",
      "Docker's own 172.17.0.0/16 on a node",
      "an address that was added by hand with a wide mask",
    ],
    look: ["ip route show: two rows that cover one address", "ip route get ADDRESS"],
    fix: "Choose networks apart; cluster.podCIDR and cluster.serviceCIDR can lie anywhere in private space.",
  },
  {
    code: "MTU_INCONSISTENT",
    meaning: "A device may send longer packets than what lies below it or behind it carries.",
    sees: "small packets and handshakes pass, large transfers hang or crawl",
    causes: [
      "jumbo frames on some cards only",
      "an MTU that was set by hand for the tunnel or the pods and is not the card's less the header",
      "a router or VPN on the way with a smaller MTU",
    ],
    look: ["ip -d link show: mtu of card, tunnel, bridge and veth", "ping -M do -s SIZE: the largest size that passes"],
    fix: "Set one MTU along the way; a tunnel's is that of the card less its header, a pod's that of the tunnel.",
  },
  {
    code: "PORT_CLASH",
    meaning: "A process and a tunnel device, or two processes, want the same port of one machine.",
    sees: "whoever comes second does not start: Address already in use",
    causes: ["another overlay on Linux's VXLAN port 8472", "a pod with hostNetwork on the port of the CNI"],
    look: ["ss -lnup", "journalctl: Address already in use"],
    fix: "Give one of them another port.",
  },
  {
    code: "BLOCK_MULTI_OWNER",
    meaning: "Two nodes hold one and the same part of the pods' network.",
    sees: "every second connection times out, or all do that start on some nodes",
    causes: [
      "IPAM state that came out of a backup",
      "a bridge that kept its old address when the node's podCIDR changed",
    ],
    look: ["ip route show PREFIX on all nodes", "calicoctl ipam check", "kubectl get nodes -o yaml: podCIDR"],
    fix: "Take the rows off the node that does not own the network, and restart its agent.",
  },
  {
    code: "BRIDGE_ADDR_MISMATCH",
    meaning: "The bridge that pods hang on has an address outside the node's part of the pods' network.",
    sees: "pods of that node reach nothing, or are not started: cni0 already has an IP address different from ...",
    causes: ["the node's podCIDR changed, and the bridge stayed", "a reset that left cni0 behind"],
    look: ["ip addr show cni0", "kubectl get node NODE -o yaml: podCIDR", "cat /run/flannel/subnet.env"],
    fix: "Delete the bridge; the CNI plugin makes it anew with the next pod.",
  },
  {
    code: "NODE_IP_MISDETECTED",
    meaning: "The address by which the other nodes know a node is not one at which they reach it.",
    sees: "pods of that node are cut off from all others; BGP with it does not come up",
    causes: [
      "Calico's first-found took a bridge or a card of a network behind NAT",
      "flanneld without --iface took the card of the default route",
    ],
    look: [
      "kubectl get nodes -o wide: INTERNAL-IP",
      "kubectl get node NODE -o yaml: flannel.alpha.coreos.com/public-ip",
      "calicoctl get node NODE -o yaml: ipv4Address",
    ],
    fix: "Name the card or the network: flanneld --iface=, Calico IP_AUTODETECTION_METHOD=interface= or cidr=.",
  },
  {
    code: "BGP_NOT_ESTABLISHED",
    meaning: "A BGP session that one side has configured cannot come up.",
    sees: "the routes that it would bring are missing: no route, or a way round",
    causes: [
      "the two sides disagree on an AS number",
      "only one side has the peer",
      "no route to the peer",
      "TCP port 179 is filtered",
    ],
    look: ["birdcl show protocols", "cni-trace bgp NODE --mode bgp"],
    fix: "Make both sides name each other with the AS that the other has, and let TCP 179 pass.",
  },
  {
    code: "CHECKSUM_OFFLOAD_RISK",
    meaning: "Packets are masqueraded and then wrapped in VXLAN, which kernels before 5.8 can give a wrong checksum.",
    sees: "pods answer pings and each other; a service asked from a node takes 1, 3 or 63 seconds, or never answers",
    causes: ["transmit checksum offload on the VXLAN device of an old kernel, or of a card that does it wrong"],
    look: [
      "ethtool -k DEV: tx-checksum-ip-generic on",
      "dmesg on the receiver: UDP: bad checksum",
      "nstat -az UdpInCsumErrors TcpInCsumErrors: rises",
    ],
    fix: "ethtool -K DEV tx-checksum-ip-generic off, or a newer kernel.",
  },
  {
    code: "POD_CIDR_SMALL",
    meaning: "The pods' network will be used up before the nodes are.",
    sees: "new nodes get no network, or new pods of a node no address: FailedCreatePodSandBox",
    causes: ["cluster.podCIDR or cluster.nodeMaskSize from a smaller cluster"],
    look: ["kubectl get nodes -o yaml: podCIDR", "ls /var/lib/cni/networks"],
    fix: "Take a wider cluster.podCIDR or another nodeMaskSize; on a running cluster add a second pool or lower maxPods.",
  },
  {
    code: "RP_FILTER_STRICT",
    meaning: "A machine with several cards checks strictly that answers would leave by the card a packet came in by.",
    sees: "silence, as soon as the two directions take different cards",
    causes: ["net.ipv4.conf.all.rp_filter=1 from the distribution's sysctl.d"],
    look: ["sysctl net.ipv4.conf.all.rp_filter net.ipv4.conf.DEV.rp_filter"],
    fix: "sysctl -w net.ipv4.conf.all.rp_filter=2 (loose), or routes that are the same in both directions.",
  },
  {
    code: "MODE_DEPRECATED",
    meaning: "Upstream advises against the mode, or will take it away.",
    sees: "nothing yet",
    causes: ["a configuration that was written long ago"],
    look: ["cni-trace modes"],
    fix: "Compare the way of a packet with that of another mode: cni-trace diff.",
  },
] as const satisfies readonly LintEntry[];

type OwnCode = (typeof LINT_CODES)[number]["code"];

/** A code of the lint's own, or one that a packet would end with. */
export type LintCode = OwnCode | Code;

const BY_CODE: ReadonlyMap<string, LintEntry> = new Map(LINT_CODES.map((entry) => [entry.code, entry]));

/** What a code means, what is seen of it and what mends it. */
export function explainLint(code: LintCode): LintEntry {
  return BY_CODE.get(code) ?? explainCode(code as Code);
}

/** The entry of the lint's own that a word names; `undefined` for others. */
export function findLintCode(word: string): LintEntry | undefined {
  return findCode(word) ? undefined : BY_CODE.get(word);
}
