import { parseMac } from "../addr/mac.ts";
import type { CalicoNode, RecordedAddress } from "./calico-facts.ts";
import type { Facts } from "./facts.ts";
import type { Field } from "./field.ts";
import { isOneTooMany } from "./most.ts";
import { nameOf } from "./name.ts";
import { CALICO } from "./products.ts";

const PREFIX = "projectcalico.org/";

/** What calico-node has written into a Node of Kubernetes (libcalico-go lib/backend/k8s/resources/node.go). */
export function readCalicoAnnotations(name: string, annotations: Field, facts: Facts): void {
  const [first] = annotations.map().find(([key]) => key.startsWith(PREFIX)) ?? [];
  if (first === undefined) return;
  const get = (key: string) => annotations.get(`${PREFIX}${key}`);
  const { mark } = annotations.get(first);
  facts.trace({ product: CALICO, kind: "annotated", text: `Node annotations ${PREFIX}…`, mark });
  add(name, facts, {
    mark,
    addresses: recorded(get("IPv4Address"), get("IPv6Address")),
    ...said({
      asNumber: get("ASNumber").number(),
      clusterID: get("RouteReflectorClusterID").text(),
      ipipTunnel: get("IPv4IPIPTunnelAddr").ip(),
      vxlanTunnel: get("IPv4VXLANTunnelAddr").ip(),
      vxlanTunnelV6: get("IPv6VXLANTunnelAddr").ip(),
      vxlanMAC: macOf(get("VXLANTunnelMACAddr")),
      vxlanMACv6: macOf(get("VXLANTunnelMACAddrV6")),
      wireguardTunnel: get("IPv4WireguardInterfaceAddr").ip(),
      wireguardKey: get("WireguardPublicKey").text(),
    }),
  });
}

/** A Node of calicoctl's, as the etcd datastore has them (api/pkg/apis/projectcalico/v3: Node). */
export function readCalicoNode(body: Field, facts: Facts): void {
  const name = nameOf(body);
  if (name === undefined) return;
  const spec = body.get("spec");
  const bgp = spec.get("bgp");
  const addresses = recorded(bgp.get("ipv4Address"), bgp.get("ipv6Address"));
  add(name, facts, {
    mark: body.mark,
    addresses,
    ...said({
      asNumber: bgp.get("asNumber").number(),
      clusterID: bgp.get("routeReflectorClusterID").text(),
      ipipTunnel: bgp.get("ipv4IPIPTunnelAddr").ip(),
      vxlanTunnel: spec.get("ipv4VXLANTunnelAddr").ip(),
      vxlanTunnelV6: spec.get("ipv6VXLANTunnelAddr").ip(),
      vxlanMAC: macOf(spec.get("vxlanTunnelMACAddr")),
      vxlanMACv6: macOf(spec.get("vxlanTunnelMACAddrV6")),
      wireguardTunnel: spec.at("wireguard", "interfaceIPv4Address").ip(),
      wireguardKey: body.at("status", "wireguardPublicKey").text(),
    }),
  });
  const from = `Node ${name} of calicoctl`;
  const known = facts.nodes.get(name);
  if (!known && isOneTooMany("node", facts.nodes.size, body)) return;
  const labels = { ...body.at("metadata", "labels").texts(), ...known?.labels };
  if (known) facts.nodes.set(name, { ...known, labels });
  else
    facts.nodes.set(name, {
      name,
      from,
      mark: body.mark,
      addresses: addresses.map(({ ip }) => ip),
      podCIDRs: [],
      labels,
    });
}

/** Both ways of recording the same node are one node: what was said first stays. */
function add(name: string, { calico }: Facts, fact: CalicoNode): void {
  const before = calico.nodes.get(name);
  const addresses = before && before.addresses.length > 0 ? before.addresses : fact.addresses;
  calico.nodes.set(name, { ...fact, ...before, addresses });
}

function recorded(...fields: readonly Field[]): readonly RecordedAddress[] {
  return fields.flatMap((field) => field.ipWithLength() ?? []);
}

/** The entries that have a value. */
function said<T extends object>(entries: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  const known = Object.entries(entries).filter(([, value]) => value !== undefined && value !== "");
  return Object.fromEntries(known) as { [K in keyof T]?: Exclude<T[K], undefined> };
}

function macOf(field: Field): string | undefined {
  const text = field.text();
  const mac = text === undefined || text === "" ? undefined : parseMac(text);
  if (text !== undefined && text !== "" && mac === undefined) field.complain("bad-mac", `${text} is not a MAC address`);
  return mac;
}
