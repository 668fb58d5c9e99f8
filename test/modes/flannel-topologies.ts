/** Two nodes on one segment with a gateway: the golden example of the flannel reference. */
export const GOLDEN = `
cluster: { podCIDR: 100.96.0.0/16 }
subnets: { lan: 10.168.0.0/24 }
routers: { gw: [10.168.0.1] }
hosts: { a: 10.168.0.2, b: 10.168.0.3 }
pods: { pa: a, pb0: b, pb: b }
`;
/** The same nodes on two subnets, and a third beside the first. */
export const RACKS = `
cluster: { podCIDR: 100.96.0.0/16 }
subnets: { rack-1: 10.168.0.0/24, rack-2: 10.169.0.0/24 }
routers: { r: [10.168.0.1, 10.169.0.1] }
hosts: { a: 10.168.0.2, b: 10.169.0.3, c: 10.168.0.4 }
pods: { pa: a, pb0: b, pb: b }
`;

/** What a's table main holds in every backend, where it stands alone with b. */
export const COMMON = [
  "10.168.0.0/24 dev eth0 proto kernel scope link src 10.168.0.2",
  "default via 10.168.0.1 dev eth0",
  "100.96.1.0/24 dev cni0 proto kernel scope link src 100.96.1.1",
];
