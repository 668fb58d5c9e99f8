/** What `cni-trace init` prints: a small topology to start from, with the most asked-for keys in comments. */
export const STARTER = `# yaml-language-server: $schema=./topology.schema.json
# The line above makes editors complete and check this file, once you have run
#   cni-trace schema topology > topology.schema.json

cni-trace: 1                      # the version of the format

subnets:                          # who is on one segment can ARP for the others
  lan: 192.168.0.0/24
  # lan:                          # the same, with more to say
  #   cidr: 192.168.0.0/24
  #   mtu: 9000                   # default 1500
  #   drop: [udp/8472]            # what the fabric eats
  #   sourceDestCheck: true       # as in AWS

hosts:                            # the address decides the subnet
  node-1: 192.168.0.11
  node-2: 192.168.0.12
  # node-3: { address: 192.168.0.13, mtu: 1400, podCIDR: 10.244.9.0/24 }

pods:                             # where each one runs
  pod-a: node-1
  pod-b: node-2
  # shop/db-0: { host: node-2, address: 10.244.2.7, listen: [tcp/5432] }

# routers:                        # between subnets; they know every subnet, and no pod
#   r1: [192.168.0.1, 192.168.1.1]

# cluster: { podCIDR: 10.244.0.0/16 }

# cni:                            # what runs today; --mode asks what if
#   mode: flannel-vxlan
#   flannel-vxlan: { VNI: 1, Port: 8472 }

# faults:                         # what somebody broke, in order; read, never run
#   - node-1: ip route del 10.244.2.0/24
`;
