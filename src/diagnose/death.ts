import { placeName } from "../trace/project.ts";
import type { DropReason } from "../trace/reason.ts";
import type { Fact } from "./fact.ts";
import { eaten, filtered } from "./filter.ts";
import { notReady, sameMac, unanswered, wrongMac } from "./layer2.ts";
import { loopOf } from "./loop.ts";
import { noPort, stoppedAtPort } from "./ports.ts";
import { martian, notForwarding, noWayOn, noWayOut, rejected, reversePath, ttlExpired } from "./routing.ts";
import type { Loss } from "./scene.ts";
import { tooBig } from "./size.ts";
import {
  noLease,
  noProtocol,
  noRemote,
  noSocket,
  notATunnelPacket,
  noVni,
  processGone,
  tunnelLoop,
  wrongFamily,
} from "./tunnel.ts";
import { noPeer, noSession, refusedSource, unknownSender } from "./wireguard.ts";

/** What each of the kernel's reasons means; one that is new does not compile until it is here. */
const deaths: { readonly [R in DropReason]: (loss: Loss) => Fact } = {
  IP_OUTNOROUTES: noWayOut,
  IP_INNOROUTES: noWayOn,
  IP_INADDRERRORS: notForwarding,
  IP_RPFILTER: reversePath,
  IP_LOCAL_SOURCE: martian,
  IP_INVALID_SOURCE: martian,
  IP_INVALID_DEST: martian,
  IP_LOCALNET: martian,
  IP_NOPROTO: noProtocol,
  INVALID_PROTO: noProtocol,
  UNICAST_IN_L2_MULTICAST: wrongMac,
  "group-frame": wrongMac,
  NEIGH_FAILED: unanswered,
  NETFILTER_DROP: filtered,
  PKT_TOO_BIG: tooBig,
  OTHERHOST: wrongMac,
  TTL_EXPIRED: ttlExpired,
  NO_SOCKET: noSocket,
  NO_TX_TARGET: noRemote,
  VXLAN_VNI_NOT_FOUND: noVni,
  VXLAN_INVALID_HDR: notATunnelPacket,
  LOCAL_MAC: sameMac,
  MAC_INVALID_SOURCE: wrongMac,
  DEV_READY: notReady,
  BRIDGE_NO_EGRESS_PORT: noPort,
  BRIDGE_INGRESS_STP_STATE: stoppedAtPort,
  FRAG_REASM_TIMEOUT: unfinished,
  RECURSION_LIMIT: tunnelLoop,
  UNHANDLED_PROTO: wrongFamily,
  "route-blackhole": rejected,
  "route-unreachable": rejected,
  "route-prohibit": rejected,
  fabric: eaten,
  "no-lease": noLease,
  "process-ttl": ttlExpired,
  "process-truncated": tooBig,
  "process-gone": processGone,
  "wireguard-no-peer": noPeer,
  "wireguard-no-session": noSession,
  "wireguard-unknown-sender": unknownSender,
  "wireguard-source": refusedSource,
  "work-limit": unfinished,
};

/** Where and of what the packet died. */
export function deathOf(loss: Loss): Fact {
  return deaths[loss.reason](loss);
}

/** The walk ended before the packet did. */
function unfinished(loss: Loss): Fact {
  const at = placeName(loss.netns.name);
  const text = `The packet and its copies were followed as far as ${at}, and no end was in sight.`;
  return loopOf(loss) ?? { code: "INSUFFICIENT_INFO", at, text };
}
