import type { CodeEntry } from "./entry.ts";

/** What goes wrong with a WireGuard device and its peers. */
export const WIREGUARD_CODES = [
  {
    code: "WIREGUARD_NO_PEER",
    verdict: "unreachable",
    meaning: "The route leads into a WireGuard device, and none of its peers may have the destination.",
    kernel: "",
    sees: "host unreachable at once; a process on that machine gets ENOKEY",
    causes: ["no node has that part of the pod network", "the agent has not heard of the peer, or of its prefix"],
    look: ["wg show DEV allowed-ips", "ip route get ADDRESS: dev is the WireGuard device"],
    fix: "wg set DEV peer KEY endpoint NODE:PORT allowed-ips PREFIX",
  },
  {
    code: "WIREGUARD_NO_SESSION",
    verdict: "unreachable",
    meaning: "A WireGuard device has packets for a peer and gets no answer to its handshake.",
    kernel: "",
    sees: "silence: the packets wait, and are dropped in the end",
    causes: ["UDP to the listen port is blocked", "the peer has another key, or does not know this one"],
    look: ["wg show DEV latest-handshakes: 0 for that peer", "tcpdump -ni eth0 udp port 51820: 148 bytes, no 92 back"],
    fix: "Let UDP to the listen port pass both ways, and let both sides know each other's keys.",
  },
  {
    code: "WIREGUARD_UNKNOWN_PEER",
    verdict: "unreachable",
    meaning: "A WireGuard datagram comes from a key that the device has no peer for, or is sealed for another key.",
    kernel: "",
    sees: "silence",
    causes: ["the sender made itself a new key", "the receiver's agent has not written the peer"],
    look: ["wg show DEV peers on one side, wg show DEV public-key on the other"],
    fix: "Restart the agents, which publish the keys and read them again.",
  },
  {
    code: "WIREGUARD_SOURCE_REFUSED",
    verdict: "unreachable",
    meaning: "A WireGuard packet opens, and its inner source is not among the addresses that its peer may have.",
    kernel: "",
    sees: "silence",
    causes: ["the receiver's allowed-ips for the sender are old", "the packet was masqueraded before it was sealed"],
    look: ["wg show DEV allowed-ips", "ip -s link show DEV: RX frame errors rise"],
    fix: "wg set DEV peer KEY allowed-ips PREFIX,…",
  },
] as const satisfies readonly CodeEntry[];
