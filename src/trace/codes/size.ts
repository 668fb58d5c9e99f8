import type { CodeEntry } from "./entry.ts";

/** What is too long. */
export const SIZE_CODES = [
  {
    code: "MTU_EXCEEDED_DF",
    verdict: "unreachable",
    meaning: "The packet is longer than a device on its way allows, may not be cut, and its sender is told.",
    kernel: "PKT_TOO_BIG",
    sees: "EMSGSIZE with the MTU: at once, or by ICMP fragmentation needed",
    causes: ["a packet larger than the pod's own MTU", "pods with a larger MTU than the tunnel"],
    look: [
      "ping -M do -s SIZE ADDRESS",
      "ip route get ADDRESS: mtu, once it is learned",
      "ip link: mtu of each device",
    ],
    fix: "Send smaller packets, or raise the MTU of the narrow device.",
  },
  {
    code: "PMTU_BLACKHOLE",
    verdict: "unreachable",
    meaning: "The packet is too long for its way and is dropped, and its sender hears nothing of it.",
    kernel: "PKT_TOO_BIG",
    sees: "silence: small packets pass, large ones hang",
    causes: [
      "the ICMP error goes to a tunnel's end, or has no way back",
      "a card that takes in less than its neighbours send",
    ],
    look: ["ping -M do -s SIZE ADDRESS: no answer and no error", "tcpdump -ni any 'icmp[0]=3 and icmp[1]=4'"],
    fix: "Give the pods an MTU that fits the narrowest link, headers included, or widen that link.",
  },
  {
    code: "BRIDGE_REFRAGMENT_DROP",
    verdict: "unreachable",
    meaning:
      "A bridge with br_netfilter put fragments together, and they were longer than it takes them apart for: 1500 bytes, unless the bridge's MTU was changed after it was made.",
    kernel: "PKT_TOO_BIG",
    sees: "silence: what fits the MTU passes, what has to be cut is lost",
    causes: [
      "pods on one bridge with an MTU above 1500, and packets longer than that without DF",
      "conntrack with br_netfilter (net.bridge.bridge-nf-call-iptables 1): the MTU is that of a route it pretends",
    ],
    look: [
      "ping -M dont -s SIZE ADDRESS: no answer, while -s of the MTU less 28 is answered",
      "nstat -az IpFragFails: rises with every packet",
    ],
    fix: "Change the bridge's MTU after it was made, down and up again: the pretended route takes it over.",
  },
  {
    code: "LOST_UNTIL_LEARNED",
    verdict: "risk",
    meaning: "The first packets of a flow are lost, and those behind them pass once a smaller path MTU is learned.",
    kernel: "",
    sees: "one or two losses at the start of large transfers, then nothing more for ten minutes",
    causes: [
      "a router narrower than the tunnel's outer packet: its end learns from the ICMP error",
      "a default UDP socket",
    ],
    look: ["cni-trace --count 4 --size SIZE: who learns what", "ip route show cache: mtu and expires"],
    fix: "Give the pods an MTU that fits the narrowest link, headers included.",
  },
  {
    code: "MTU_INCONSISTENT",
    verdict: "unreachable",
    meaning: "A device may send longer packets than what lies below it or behind it carries.",
    kernel: "",
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
    code: "FRAGMENTED",
    verdict: "risk",
    meaning: "The packet, or the one around it, was cut into pieces on the way.",
    kernel: "",
    sees: "it works, slower; and not at all where a firewall drops fragments",
    causes: ["an underlay that is narrower than the overlay's MTU and headers"],
    look: ["nstat -az IpFragCreates IpReasmOKs: rise", "tcpdump -ni eth0 'ip[6:2] & 0x3fff != 0'"],
    fix: "Lower the pods' MTU by the tunnel's headers, or raise the underlay's.",
  },
] as const satisfies readonly CodeEntry[];
