import type { Code } from "../trace/codes.ts";

/** A word that others use for what has another name here, or that no trace ends with; and why. */
export interface OtherName {
  readonly word: string;
  /** The code that says it here. */
  readonly code?: Code;
  readonly why: string;
}

const NO_POLICIES = "Which packets a NetworkPolicy lets through is not traced: no policy is part of a topology.";
const NO_SERVICES =
  "A trace ends at an address that a pod, host or router holds; Services and their endpoints are no part of a topology.";

/**
 * Words of other tools' catalogues that are not codes of this one. Everything else of such a catalogue that routes,
 * neighbours, tunnels, filters and sizes can cause is a code of its own.
 */
export const OTHER_NAMES: readonly OtherName[] = [
  {
    word: "ENCAP_KEY_MISSING",
    code: "WIREGUARD_NO_PEER",
    why: "WireGuard is the only tunnel here with keys; a key that the other side does not know is WIREGUARD_UNKNOWN_PEER.",
  },
  {
    word: "ROUTE_INVALID_PREFIX",
    code: "ROUTE_REFUSED",
    why: "The kernel refuses a network with host bits set, as it refuses other routes: Invalid argument.",
  },
  {
    word: "DST_POD_NOT_RUNNING",
    code: "DST_UNKNOWN_IP",
    why: "A pod that does not run holds no address, and what is sent to it is sent to nobody.",
  },
  { word: "UNSUPPORTED_FEATURE", code: "UNSUPPORTED", why: "The same." },
  {
    word: "EXITS_TOPOLOGY",
    code: "DST_UNKNOWN_IP",
    why:
      "A topology is all there is: an address that nobody in it holds is nobody's. What lies outside is written as a " +
      "router that holds its address, and the trace goes there and back.",
  },
  {
    word: "DELIVERED_TO_SUBNET",
    code: "DST_UNKNOWN_IP",
    why:
      "Who answers ARP on a segment is known only of machines that the topology names, so an address that none of them " +
      "holds fails there; name the machine, as a host or as a router.",
  },
  {
    word: "ENCAP_FALLBACK",
    why: "Flannel and Calico never fall back from one tunnel to another: the mode says which there is. Weave does.",
  },
  ...["POLICY_DENIED_EGRESS", "POLICY_DENIED_INGRESS", "POLICY_REJECTED", "POLICY_SOURCE_REWRITTEN"].map((word) => ({
    word,
    why: NO_POLICIES,
  })),
  { word: "DNS_BLOCKED_BY_POLICY", why: NO_POLICIES },
  ...["SERVICE_NO_ENDPOINTS", "SERVICE_NO_LOCAL_ENDPOINT", "SERVICE_PORT_MISMATCH", "LB_SOURCE_RANGE_DENIED"].map(
    (word) => ({ word, why: NO_SERVICES }),
  ),
  {
    word: "ASSUMED",
    why: "What a trace takes for granted stands below it, one line each, with where to say otherwise.",
  },
  {
    word: "INPUT_INVALID",
    why: "What is wrong with a file is told with file, line and column, and ends in exit status 2.",
  },
  {
    word: "MODEL_KERNEL_DISAGREE",
    why: "cni-trace lab verify says where the model and a kernel differ, and ends in 1.",
  },
];

/** The entry of a word, in any case. */
export function otherName(word: string): OtherName | undefined {
  return OTHER_NAMES.find((entry) => entry.word === word.toUpperCase());
}
