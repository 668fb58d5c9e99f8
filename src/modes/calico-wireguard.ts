import { calicoMode } from "./calico.ts";

/**
 * Calico with WireGuard in front of a pool without encapsulation. What BIRD writes into table main stays, unused.
 */
export const calicoWireguard = calicoMode({
  name: "calico-wireguard",
  summary: "pods on point-to-point links; packets for other nodes ride in WireGuard, sealed, inside the kernel",
  needs: ["UDP 51820 between nodes, and 51821 for IPv6", "TCP 179 between BGP peers", "the wireguard module"],
  families: [4, 6],
  source: "projectcalico/calico felix/wireguard/wireguard.go, felix/dataplane/linux/wireguard_mgr.go",
  bird: true,
  choice: { wireguard: true },
});
