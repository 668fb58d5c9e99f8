/** The two topologies of the golden examples in the Calico reference: one subnet, and two behind routers. */
export const A = `
cluster: { podCIDR: 10.233.0.0/16 }
subnets: { lan: 192.168.1.0/24 }
routers: { router1: [192.168.1.1] }
hosts: { node1: 192.168.1.2, node2: 192.168.1.3 }
pods: { pod1: node1, pod2: node2 }
`;
export const B = `
cluster: { podCIDR: 10.233.0.0/16 }
subnets: { rack-1: 192.168.1.0/24, rack-2: 192.168.2.0/24, core: 10.0.0.0/30 }
routers: { router1: [192.168.1.1, 10.0.0.1], router2: [192.168.2.1, 10.0.0.2] }
hosts: { node1: 192.168.1.2, node2: 192.168.2.2 }
pods: { pod1: node1, pod2: node2 }
`;

/** What node1's table main holds in every mode. */
export const NODE1_BASE = [
  "192.168.1.0/24 dev eth0 proto kernel scope link src 192.168.1.2",
  "default via 192.168.1.1 dev eth0",
];
export const NODE1_POD = "10.233.1.2 dev calice0906292e2 scope link";
