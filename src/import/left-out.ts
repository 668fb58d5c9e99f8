import type { Facts } from "./facts.ts";
import type { Field } from "./field.ts";

/** A field that is there and changes no row here, and why. */
interface LeftOut {
  readonly path: readonly [string, ...string[]];
  readonly why: string;
  /** Whether it can change what becomes of a packet: that is said before every answer, the rest only in a written file. */
  readonly matters?: boolean;
  /** What it is when nothing was changed. */
  readonly usual?: unknown;
}

const SERVICES = "services are not asked about yet";
const ZONE = "topology.kubernetes.io/zone";

/** Fields that somebody may look for and that are not read, by kind (core/v1; api/pkg/apis/projectcalico/v3; operator.tigera.io/v1). */
const FIELDS: Readonly<Record<string, readonly LeftOut[]>> = {
  Node: [
    { path: ["spec", "taints"], why: "they keep pods away, not packets" },
    { path: ["metadata", "labels", ZONE], why: "a zone is no subnet" },
    { path: ["metadata", "annotations", "projectcalico.org/Interfaces"], why: "cards are called eth0, eth1 … here" },
  ],
  IPPool: [{ path: ["spec", "namespaceSelector"], why: "pods have their addresses already" }],
  IPReservation: [{ path: ["spec", "reservedCIDRs"], why: "pods have their addresses already" }],
  BGPConfiguration: [
    { path: ["spec", "serviceClusterIPs"], why: SERVICES },
    { path: ["spec", "serviceExternalIPs"], why: SERVICES },
    { path: ["spec", "serviceLoadBalancerIPs"], why: SERVICES },
    { path: ["spec", "communities"], why: "no decision here is by community", matters: true },
    { path: ["spec", "prefixAdvertisements"], why: "no decision here is by community", matters: true },
    { path: ["spec", "listenPort"], why: "sessions are on TCP 179", matters: true, usual: 179 },
    { path: ["spec", "ignoredInterfaces"], why: "connected networks are not announced", matters: true },
    { path: ["spec", "programClusterRoutes"], why: "the version says who writes routes", matters: true },
  ],
  FelixConfiguration: [
    { path: ["spec", "deviceRouteProtocol"], why: "a route's protocol decides nothing", usual: 3 },
    { path: ["spec", "programClusterRoutes"], why: "the version says who writes routes", matters: true },
    { path: ["spec", "natPortRange"], why: "masqueraded ports are the kernel's choice", matters: true },
    { path: ["spec", "natOutgoingAddress"], why: "pods leave with their node's address", matters: true },
    {
      path: ["spec", "defaultEndpointToHostAction"],
      why: "pods may speak to their node",
      matters: true,
      usual: "Accept",
    },
    { path: ["spec", "ipForwarding"], why: "nodes forward", matters: true, usual: "Enabled" },
    { path: ["spec", "routeSource"], why: "blocks are the source of routes", matters: true, usual: "CalicoIPAM" },
    {
      path: ["spec", "wireguardHostEncryptionEnabled"],
      why: "only pods' packets are encrypted",
      matters: true,
      usual: false,
    },
  ],
  Installation: [
    { path: ["spec", "calicoNetwork", "clusterRoutingMode"], why: "the version says who writes routes", matters: true },
    { path: ["spec", "calicoNetwork", "nodeAddressAutodetectionV4"], why: "Nodes say what was detected" },
    { path: ["spec", "calicoNetwork", "nodeAddressAutodetectionV6"], why: "Nodes say what was detected" },
  ],
};

/** Takes in which fields of an object are left out. */
export function noteLeftOut(kind: string, body: Field, facts: Facts): void {
  if (!Object.hasOwn(FIELDS, kind)) return;
  for (const { path, why, matters = false, usual } of FIELDS[kind] ?? []) {
    const { value } = body.at(...path);
    if (value === undefined || value === usual || (Array.isArray(value) && value.length === 0)) continue;
    leaveOut(`${kind} ${path.at(-1)}`, why, matters, facts);
  }
}

/** Takes in that one field is. */
export function leaveOut(name: string, why: string, matters: boolean, { leftOut }: Facts): void {
  leftOut.set(name, { why, matters, count: (leftOut.get(name)?.count ?? 0) + 1 });
}

/** What was left out, in one sentence: what matters, or what does not. */
export function leftOutWords({ leftOut }: Facts, asked: { readonly matters: boolean }): string | undefined {
  const told = [...leftOut].filter(([, { matters }]) => matters === asked.matters);
  if (told.length === 0) return undefined;
  const words = told.map(([name, { why, count }]) => `${name}${count > 1 ? ` (${count} times)` : ""}: ${why}`);
  return `set and not read: ${words.join("; ")}`;
}
