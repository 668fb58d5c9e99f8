import type { PeerRows } from "../kernel/request.ts";
import { FLANNEL, flannelNode, leaseOf } from "./flannel.ts";
import type { Mode } from "./mode.ts";
import { UNDERLAY_MTU, udpPort } from "./mode-settings.ts";
import type { Family, HostPeer } from "./peer.ts";
import { publicKeyOf } from "./wireguard-key.ts";

/** Outer IPv6 40, UDP 8, WireGuard 16 and tag 16; flanneld takes it for IPv4 as well. */
const OVERHEAD = 80;
const DEVICE = { 4: "flannel-wg", 6: "flannel-wg-v6" } as const;

/**
 * flannel's wireguard backend in its `separate` mode: a device for each family, one route that sends the whole pod
 * network into it, and a peer for each lease. The device knows by the peers' allowed addresses who gets what.
 */
export const flannelWireguard = {
  ...FLANNEL,
  name: "flannel-wireguard",
  settings: {
    ListenPort: udpPort("WireGuard", 51820),
    ListenPortV6: udpPort("WireGuard for IPv6", 51821),
    MTU: UNDERLAY_MTU,
    PersistentKeepaliveInterval: { min: 0, max: 65535, about: "seconds between keepalives, 0 for none" },
  },
  summary: "pods on a bridge; packets for other nodes ride in WireGuard, sealed, inside the kernel",
  needs: ["UDP 51820 between nodes, and 51821 for IPv6", "the wireguard module"],
  families: [4, 6],
  source: "flannel-io/flannel pkg/backend/wireguard/wireguard.go, device.go, wireguard_network.go",
  program(node) {
    const { self } = node;
    const mtu = (self.option("MTU") ?? self.nic.mtu) - OVERHEAD;
    const flanneld = node.agent("flanneld");
    for (const { family, share } of self.stacks) {
      const name = DEVICE[family];
      flanneld.link({
        kind: "wireguard",
        name,
        mtu,
        port: listenPort(self, family),
        publicKey: publicKeyOf(self, name),
      });
      flanneld.address(name, share.ip, share.ip.bits);
      for (const dst of node.cluster.podCIDRs) {
        if (dst.family === family) flanneld.route({ dst, dev: name, scope: "link" });
      }
      flanneld.perPeer("lease", (peer) => rowsFor(self, peer, family));
    }
    flannelNode(node, mtu);
  },
} as const satisfies Mode;

/** A lease says the port of its node's device. */
function rowsFor(self: HostPeer, peer: HostPeer, family: Family): PeerRows {
  const lease = leaseOf(peer, family);
  if (!lease) return {};
  const dev = DEVICE[family];
  const keepalive = self.option("PersistentKeepaliveInterval") ?? 0;
  return {
    wireguardPeers: [
      {
        dev,
        publicKey: publicKeyOf(peer, dev),
        endpoint: lease.publicIP,
        port: listenPort(peer, family),
        allowedIps: [lease.subnet],
        ...(keepalive > 0 && { keepalive }),
      },
    ],
  };
}

function listenPort(node: HostPeer, family: Family): number {
  return family === 4 ? (node.option("ListenPort") ?? 51820) : (node.option("ListenPortV6") ?? 51821);
}
