import { calicoMode } from "./calico.ts";

/**
 * Calico without encapsulation: BIRD announces the node's blocks and installs those of others by the address that the
 * BGP next hop resolves to. Across subnets that is a router, which must know the blocks too.
 */
export const calicoBgp = calicoMode({
  name: "calico-bgp",
  aliases: ["bgp", "calico-noencap"],
  summary: "pods on point-to-point links; BIRD tells every node, and the fabric if it listens, where they are",
  needs: [
    "TCP 179 between BGP peers",
    "a fabric that passes pod addresses",
    "routers that know the blocks, across subnets",
  ],
  families: [4, 6],
  source:
    "projectcalico/calico confd/etc/calico/confd/templates/bird*.cfg.template; felix/dataplane/linux/endpoint_mgr.go",
  bird: true,
  choice: {},
});
