import { calicoMode } from "./calico.ts";
import { TUNNEL_MTU } from "./mode-settings.ts";

const SHARED = {
  families: [4],
  source:
    "projectcalico/calico felix/dataplane/linux/ipip_mgr.go; projectcalico/bird sysdep/linux/netlink.c (krt_tunnel)",
  bird: true,
  settings: { mtu: TUNNEL_MTU },
} as const;

/**
 * Calico with `ipipMode: Always`: every remote block goes into the kernel's fallback tunnel device, and the gateway of
 * its route, the other node's address, becomes the outer destination.
 */
export const calicoIpip = calicoMode({
  ...SHARED,
  name: "calico-ipip",
  aliases: ["ipip"],
  summary: "pods on point-to-point links; packets for other nodes ride in IP-in-IP, inside the kernel",
  needs: ["IP protocol 4 between nodes", "TCP 179 between BGP peers"],
  choice: { ipipMode: "Always" },
});

/** Calico with `ipipMode: CrossSubnet`: a node of the same subnet is reached without the tunnel. */
export const calicoIpipCrossSubnet = calicoMode({
  ...SHARED,
  name: "calico-ipip-crosssubnet",
  summary: "pods on point-to-point links; plain routes inside a subnet, IP-in-IP between subnets",
  needs: [
    "IP protocol 4 between subnets",
    "TCP 179 between BGP peers",
    "a fabric that passes pod addresses inside a subnet",
  ],
  choice: { ipipMode: "CrossSubnet" },
});
