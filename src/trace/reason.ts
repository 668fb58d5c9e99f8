/**
 * Why a packet was dropped, in the kernel's own words (`enum skb_drop_reason`, include/net/dropreason-core.h, 6.18)
 * where it has one; a reader can grep for them. Those in lower case name drops outside any kernel, or without a reason there.
 */
export const DROP_REASONS = [
  "IP_OUTNOROUTES",
  "IP_INNOROUTES",
  "IP_INADDRERRORS",
  "IP_RPFILTER",
  "IP_LOCAL_SOURCE",
  "IP_INVALID_SOURCE",
  "IP_INVALID_DEST",
  "IP_LOCALNET",
  "IP_NOPROTO",
  "INVALID_PROTO",
  "UNICAST_IN_L2_MULTICAST",
  "NEIGH_FAILED",
  "NETFILTER_DROP",
  "PKT_TOO_BIG",
  "OTHERHOST",
  "TTL_EXPIRED",
  "NO_SOCKET",
  "NO_TX_TARGET",
  "VXLAN_VNI_NOT_FOUND",
  "VXLAN_INVALID_HDR",
  "LOCAL_MAC",
  "MAC_INVALID_SOURCE",
  "DEV_READY",
  "BRIDGE_NO_EGRESS_PORT",
  "BRIDGE_INGRESS_STP_STATE",
  "FRAG_REASM_TIMEOUT",
  "RECURSION_LIMIT",
  "UNHANDLED_PROTO",
  // Not forwarded: the frame that brought it was for several machines (`ip_forward`).
  "group-frame",
  // The row itself says drop.
  "route-blackhole",
  "route-unreachable",
  "route-prohibit",
  // Outside the kernel.
  "fabric",
  "no-lease",
  "process-ttl",
  "process-truncated",
  "process-gone",
  "wireguard-no-peer",
  "wireguard-no-session",
  "wireguard-unknown-sender",
  "wireguard-source",
  "work-limit",
] as const;

export type DropReason = (typeof DROP_REASONS)[number];
