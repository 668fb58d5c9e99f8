import { calicoMode } from "./calico.ts";
import { TUNNEL_MTU, TUNNEL_MTU_V6, udpPort, VNI } from "./mode-settings.ts";

const SHARED = {
  families: [4, 6],
  source: "projectcalico/calico felix/dataplane/linux/vxlan_mgr.go, route_mgr.go, felix/vxlanfdb/vxlan_fdb.go",
  bird: false,
  settings: {
    vxlanVNI: VNI,
    vxlanPort: udpPort("VXLAN", 4789),
    mtu: TUNNEL_MTU,
    mtuV6: TUNNEL_MTU_V6,
  },
} as const;

/** Calico with `vxlanMode: Always`: Felix writes a route, a neighbour and a forwarding entry for every other node. */
export const calicoVxlan = calicoMode({
  ...SHARED,
  name: "calico-vxlan",
  summary: "pods on point-to-point links; packets for other nodes ride in VXLAN, inside the kernel",
  needs: ["UDP 4789 between nodes"],
  choice: { vxlanMode: "Always" },
});

/** Calico with `vxlanMode: CrossSubnet`: a node of the same subnet is reached without the tunnel. */
export const calicoVxlanCrossSubnet = calicoMode({
  ...SHARED,
  name: "calico-vxlan-crosssubnet",
  summary: "pods on point-to-point links; plain routes inside a subnet, VXLAN between subnets",
  needs: ["UDP 4789 between subnets", "a fabric that passes pod addresses inside a subnet"],
  choice: { vxlanMode: "CrossSubnet" },
});
