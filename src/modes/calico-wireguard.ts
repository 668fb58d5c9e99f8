import { calicoMode } from "./calico.ts";
import { TUNNEL_MTU, TUNNEL_MTU_V6, udpPort } from "./mode-settings.ts";

/**
 * Calico with WireGuard in front of a pool without encapsulation. What BIRD writes into table main stays, unused.
 */
export const calicoWireguard = calicoMode({
  name: "calico-wireguard",
  settings: {
    mtu: TUNNEL_MTU,
    mtuV6: TUNNEL_MTU_V6,
    port: udpPort("WireGuard", 51820),
    portV6: udpPort("WireGuard for IPv6", 51821),
  },
  summary: "pods on point-to-point links; packets for other nodes ride in WireGuard, sealed, inside the kernel",
  needs: ["UDP 51820 between nodes, and 51821 for IPv6", "TCP 179 between BGP peers", "the wireguard module"],
  families: [4, 6],
  source: "projectcalico/calico felix/wireguard/wireguard.go, felix/dataplane/linux/wireguard_mgr.go",
  bird: true,
  choice: { wireguard: true },
});
