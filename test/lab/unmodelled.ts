/**
 * What a kernel does that the model does not say, by the kernel's own name for it where it has one, and why: each is
 * switched off in a lab or left out on both sides of the comparison. The README's list is made from this.
 */
export const UNMODELLED: readonly (readonly [name: string, reason: string])[] = [
  ["IP identification", "drawn from a secret of the boot; only fragments of one packet share it"],
  ["`udp_flow_src_port`", "VXLAN's source port is a hash with a secret of the boot"],
  ["`--random-fully`", "the port of a masquerade is drawn; that it changes is compared"],
  [
    "`redirect_number`, `redirect_load`",
    "how many redirects a sender gets depends on time; those that come are compared",
  ],
  [
    "MLD, router solicitations, duplicate address detection",
    "hosts say and ask these when they come up; off in a lab, or left out",
  ],
  ["`bridge-nf-call-ip6tables`", "bridged IPv6 passes no ip6tables; off in a lab"],
  ["`icmp_ratelimit`, `icmp_msgs_per_sec`", "which error is left out depends on the time since the last; off in a lab"],
  ["`ip_error`", "a sender hears of a missing route once a second; the lab waits that long"],
  ["TCP behind SYN and its answer", "a trace is about one packet and what answers it, not about a connection's life"],
  [
    "WireGuard's keys, counters, keepalives and rekeying",
    "drawn, or driven by timers; seals are compared by their length",
  ],
  ["Modules of the one kernel", "a lab's router has the IP-in-IP of its nodes, and refuses a packet in other words"],
  ["IGMP", "bridges and hosts announce groups when they like"],
  ["GSO, GRO, checksum offload", "what is captured is to be what a wire carries; off in a lab"],
  ["How often ARP and neighbour discovery ask", "driven by timers; who asks whom for what is compared as a set"],
  [
    "Who of several takes a broadcast in first",
    "a bridge sends its copies out before its own machine takes it in; what goes out and what comes in are each compared in their order",
  ],
  ["Queues and their drops", "they depend on load, which a topology does not have"],
  ["Ageing of neighbours, FDB, path MTUs, connections", "a trace takes no time"],
];
