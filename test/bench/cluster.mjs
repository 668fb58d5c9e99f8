/**
 * The packaged topology `huge` with everything written out: what `generate` would make, as a file of some 21 MB, every
 * pod with its address and three labels, as an export of a real cluster has them.
 */
export function writtenOut({ racks, hostsPerRack, podsPerHost }) {
  const subnets = { core: { cidr: "172.16.255.0/24", gateway: "none" } };
  const routers = {};
  const hosts = {};
  const pods = {};
  const tors = numbered("tor", racks, 3);
  const names = numbered("node", racks * hostsPerRack, 4);
  for (let rack = 1; rack <= racks; rack++) {
    const tor = tors[rack - 1];
    const as = 64511 + rack;
    const net = `172.16.${rack}`;
    const members = names.slice((rack - 1) * hostsPerRack, rack * hostsPerRack);
    const peers = [...members, ...tors.filter((other) => other !== tor)];
    subnets[`rack-${String(rack).padStart(3, "0")}`] = { cidr: `${net}.0/24`, gateway: `${net}.1` };
    routers[tor] = { addresses: [`${net}.1`, `172.16.255.${rack}`], bgp: { as, peers, routeReflector: true } };
    for (const [i, member] of members.entries()) {
      hosts[member] = { addresses: [`${net}.${11 + i}`], bgp: { as, peers: [tor] } };
    }
  }
  for (let i = 0; i < names.length * podsPerHost; i++) {
    const host = Math.floor(i / podsPerHost);
    const share = host + 1;
    pods[`pod-${String(i + 1).padStart(6, "0")}`] = {
      host: names[host],
      address: `10.${Math.floor(share / 256)}.${share % 256}.${2 + (i % podsPerHost)}`,
      labels: {
        tier: "backend",
        app: `service-${i % 997}`,
        "pod-template-hash": ((i * 2654435761) % 2 ** 32).toString(16).padStart(8, "0"),
      },
    };
  }
  return {
    "cni-trace": 1,
    cluster: { podCIDR: "10.0.0.0/11" },
    cni: { mode: "calico-bgp", calico: { nodeToNodeMeshEnabled: false } },
    subnets,
    routers,
    hosts,
    pods,
  };
}

function numbered(word, count, width) {
  return Array.from({ length: count }, (_, i) => `${word}-${String(i + 1).padStart(width, "0")}`);
}
