import { attachVeth } from "./attach-veth.ts";
import { bgpMetric, birdRoute } from "./bird.ts";
import { announcedBy, blackholes, CALICO, hostMtu } from "./calico.ts";
import { calicoRules } from "./calico-rules.ts";
import type { Mode } from "./mode.ts";

/**
 * Calico without encapsulation: BIRD announces the node's blocks and installs those of others by the address that the
 * BGP next hop resolves to. Across subnets that is a router, which must know the blocks too.
 */
export const calicoBgp = {
  ...CALICO,
  name: "calico-bgp",
  aliases: ["bgp", "calico-noencap"],
  summary: "pods on point-to-point links; BIRD tells every node, and the fabric if it listens, where they are",
  needs: [
    "TCP 179 between BGP peers",
    "a fabric that passes pod addresses",
    "routers that know the blocks, across subnets",
  ],
  learns: "BGP",
  families: [4, 6],
  bgp: true,
  source:
    "projectcalico/calico confd/etc/calico/confd/templates/bird*.cfg.template; felix/dataplane/linux/endpoint_mgr.go",
  announces: (peer, family) => announcedBy(peer, family),
  program(node) {
    const { stacks, name, calico } = node.self;
    for (const { family } of stacks) blackholes(node, "bird", node.self.blocks(family));
    node.agent("bird").perPeer("BGP", (peer) => ({
      routes: stacks.flatMap(({ family }) =>
        node.routing.learned(name, peer, family).map((learned) => {
          const metric = bgpMetric(calico.version, learned);
          return birdRoute(learned, metric === undefined ? {} : { metric });
        }),
      ),
    }));
    calicoRules(node, attachVeth(node, hostMtu(node.self)));
  },
} as const satisfies Mode;
