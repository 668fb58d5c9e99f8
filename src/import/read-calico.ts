import { Ip } from "../addr/ip.ts";
import type { PoolFact } from "./calico-facts.ts";
import type { Facts } from "./facts.ts";
import type { Field } from "./field.ts";
import { complainTwice, nameOf } from "./name.ts";

/** An IPPool (api/pkg/apis/projectcalico/v3/ippool.go; the CRD has the same spec). */
export function readIpPool(body: Field, { calico }: Facts): void {
  const name = nameOf(body);
  const spec = body.get("spec");
  const cidr = spec.get("cidr").prefix();
  if (name === undefined) return;
  if (!cidr) {
    if (spec.get("cidr").isAbsent) body.complain("missing-key", `IPPool ${name} has no spec.cidr`);
    return;
  }
  const blockSize = spec.get("blockSize").number();
  const nodeSelector = spec.get("nodeSelector").text();
  const uses = spec
    .get("allowedUses")
    .list()
    .flatMap((use) => use.text() ?? []);
  const pool: PoolFact = {
    name,
    mark: body.mark,
    cidr,
    ipipMode: tunnelled(spec.get("ipipMode")),
    vxlanMode: tunnelled(spec.get("vxlanMode")),
    natOutgoing: spec.get("natOutgoing").flag() ?? false,
    ...(blockSize !== undefined && { blockSize }),
    ...(nodeSelector !== undefined && nodeSelector !== "" && nodeSelector !== "all()" && { nodeSelector }),
    disabled: spec.get("disabled").flag() ?? false,
    disableBGPExport: spec.get("disableBGPExport").flag() ?? false,
    allowedUses: uses.length > 0 ? uses : ["Workload", "Tunnel"],
    assignmentMode: spec.get("assignmentMode").text() ?? "Automatic",
  };
  const before = calico.pools.get(name);
  if (before && !sameBut(before, pool, "mark")) {
    complainTwice(body, `IPPool ${name}`, before.mark);
  } else calico.pools.set(name, pool);
}

/** The API writes `CrossSubnet`; calicoctl before v3.0 and some charts `cross-subnet`. */
export function tunnelledWord(text: string): "Always" | "CrossSubnet" | "Never" | undefined {
  switch (text.toLowerCase().replace("-", "")) {
    case "always":
      return "Always";
    case "crosssubnet":
      return "CrossSubnet";
    case "never":
    case "off":
    case "":
      return "Never";
    default:
      return undefined;
  }
}

function tunnelled(field: Field): "Always" | "CrossSubnet" | "Never" {
  const word = tunnelledWord(field.text() ?? "");
  if (word === undefined) field.complain("bad-value", "this should be Always, CrossSubnet or Never");
  return word ?? "Never";
}

/** A BlockAffinity; one that is pending or deleted makes no route (libcalico-go/lib/ipam; confd bird_aggr.cfg). */
export function readBlockAffinity(body: Field, { calico }: Facts): void {
  const spec = body.get("spec");
  const cidr = spec.get("cidr").prefix();
  const node = spec.get("node").text();
  const state = spec.get("state").text() ?? "confirmed";
  const isGone = [true, "true"].includes(spec.get("deleted").value as boolean | string);
  const type = spec.get("type").text() ?? "host";
  if (!cidr || node === undefined || state !== "confirmed" || isGone || type === "virtual") return;
  calico.blocks.set(cidr.toString(), { cidr, node, from: "BlockAffinity", mark: body.mark });
}

/** An IPAMBlock: whose it is, and which of its addresses are whose. */
export function readIpamBlock(body: Field, { calico }: Facts): void {
  const spec = body.get("spec");
  const cidr = spec.get("cidr").prefix();
  if (!cidr) return;
  const [, owner] = /^host:(.+)$/.exec(spec.get("affinity").text() ?? "") ?? [];
  const key = cidr.toString();
  if (owner !== undefined && spec.get("deleted").value !== true && !calico.blocks.has(key)) {
    calico.blocks.set(key, { cidr, node: owner, from: "IPAMBlock", mark: body.mark });
  }
  const attributes = spec.get("attributes").list();
  for (const [ordinal, field] of spec.get("allocations").list().entries()) {
    const index = field.number();
    const found = index === undefined ? undefined : attributes[index];
    if (!found || ordinal >= cidr.size) continue;
    const ip = cidr.host(ordinal);
    const secondary = found.get("secondary");
    const [namespace, pod, node, type] = ["namespace", "pod", "node", "type"].map((key) => secondary.get(key).text());
    if (node !== undefined && type?.endsWith("TunnelAddress")) {
      calico.tunnels.set(node, [...(calico.tunnels.get(node) ?? []), ip]);
    } else if (node !== undefined && pod !== undefined) {
      calico.allocations.push({ ip, node, pod: `${namespace ?? "default"}/${pod}`, mark: field.mark });
    }
  }
}

/** A BGPConfiguration: `default` is the cluster's, `node.NAME` one node's. */
export function readBgpConfiguration(body: Field, { calico }: Facts): void {
  const name = nameOf(body);
  if (name === undefined) return;
  const spec = body.get("spec");
  const asNumber = asOf(spec.get("asNumber"));
  const mesh = spec.get("nodeToNodeMeshEnabled").flag();
  calico.bgp.set(name, {
    mark: body.mark,
    ...(asNumber !== undefined && { asNumber }),
    ...(mesh !== undefined && { nodeToNodeMeshEnabled: mesh }),
  });
}

/** Fields of a BGPPeer that change its sessions, and that the model of BGP does not know. */
const UNMODELLED = ["localASNumber", "reachableBy", "localWorkloadSelector"];

/** A BGPPeer (api/pkg/apis/projectcalico/v3/bgppeer.go). */
export function readBgpPeer(body: Field, { calico }: Facts): void {
  const name = nameOf(body);
  if (name === undefined) return;
  const spec = body.get("spec");
  const text = (key: string) => {
    const found = spec.get(key).text();
    return found === undefined || found === "" ? undefined : found;
  };
  const peer = peerAddress(spec.get("peerIP"));
  const asNumber = asOf(spec.get("asNumber"));
  // keepOriginalNextHop is how nextHopMode Keep was said before.
  const nextHopMode = text("nextHopMode") ?? (spec.get("keepOriginalNextHop").flag() === true ? "Keep" : undefined);
  const allowed = spec.get("numAllowedLocalASNumbers").number();
  const [node, nodeSelector, peerSelector] = [text("node"), text("nodeSelector"), text("peerSelector")];
  calico.peers.set(name, {
    name,
    mark: body.mark,
    ...peer,
    ...(node !== undefined && { node }),
    ...(nodeSelector !== undefined && { nodeSelector }),
    ...(peerSelector !== undefined && { peerSelector }),
    ...(asNumber !== undefined && asNumber !== 0 && { asNumber }),
    ...(nextHopMode !== undefined && { nextHopMode }),
    ...(allowed !== undefined && { numAllowedLocalASNumbers: allowed }),
    filters: spec
      .get("filters")
      .list()
      .flatMap((filter) => filter.text() ?? []),
    others: UNMODELLED.filter((key) => !spec.get(key).isAbsent && spec.get(key).value !== false),
  });
}

/** `10.0.0.1`, `10.0.0.1:179`, `[fd00::1]:179`. */
function peerAddress(field: Field): { readonly peerIP?: Ip; readonly port?: number } {
  const text = field.text();
  if (text === undefined || text === "") return {};
  const [, bare = text, port] = /^\[([^\]]*)\](?::(\d+))?$/.exec(text) ?? /^([\d.]+):(\d+)$/.exec(text) ?? [];
  const ip = Ip.parse(bare);
  if (ip) return { peerIP: ip, ...(port !== undefined && { port: Number(port) }) };
  field.ip();
  return {};
}

/** An AS number, also in the form 65000.1 (RFC 5396). */
function asOf(field: Field): number | undefined {
  const { value } = field;
  const [, high, low] = typeof value === "string" ? (/^(\d{1,5})\.(\d{1,5})$/.exec(value) ?? []) : [];
  return high === undefined ? field.number() : Number(high) * 65536 + Number(low);
}

export function readBgpFilter(body: Field, { calico }: Facts): void {
  const name = nameOf(body);
  if (name !== undefined) calico.filters.set(name, body.get("spec"));
}

export function readFelixConfiguration(body: Field, { calico }: Facts): void {
  const name = nameOf(body);
  if (name !== undefined) calico.felix.set(name, body.get("spec"));
}

/** The operator's Installation (operator.tigera.io/v1). */
export function readInstallation(body: Field, { calico }: Facts): void {
  const spec = body.get("spec");
  const network = spec.get("calicoNetwork");
  const text = (field: Field) => field.text();
  const [bgp, dataplane, cni] = [
    text(network.get("bgp")),
    text(network.get("linuxDataplane")),
    text(spec.at("cni", "type")),
  ];
  const ipam = text(spec.at("cni", "ipam", "type"));
  const mtu = network.get("mtu").number();
  calico.installation = {
    mark: body.mark,
    pools: network.get("ipPools").list().flatMap(operatorPool),
    ...(bgp !== undefined && { bgp }),
    ...(dataplane !== undefined && { dataplane }),
    ...(cni !== undefined && { cni }),
    ...(ipam !== undefined && { ipam }),
    ...(mtu !== undefined && mtu !== 0 && { mtu }),
  };
  if (ipam === "HostLocal") calico.usesPodCIDR = true;
}

/** A pool in the operator's words: one for the encapsulation, and Enabled for true. */
function operatorPool(pool: Field, index: number): readonly PoolFact[] {
  const cidr = pool.get("cidr").prefix();
  if (!cidr) return [];
  const [, kind = "IPIP", cross] =
    /^(IPIP|VXLAN|None)(CrossSubnet)?$/.exec(pool.get("encapsulation").text() ?? "IPIP") ?? [];
  const mode = cross === undefined ? "Always" : "CrossSubnet";
  const blockSize = pool.get("blockSize").number();
  const nodeSelector = pool.get("nodeSelector").text() ?? "all()";
  return [
    {
      name: pool.get("name").text() ?? `default-ipv${cidr.family}-ippool${index > 1 ? `-${index}` : ""}`,
      mark: pool.mark,
      cidr,
      ipipMode: kind === "IPIP" && cidr.family === 4 ? mode : "Never",
      vxlanMode: kind === "VXLAN" ? mode : "Never",
      natOutgoing: (pool.get("natOutgoing").text() ?? "Enabled") === "Enabled",
      ...(blockSize !== undefined && { blockSize }),
      ...(nodeSelector !== "all()" && { nodeSelector }),
      disabled: false,
      disableBGPExport: pool.get("disableBGPExport").flag() ?? false,
      allowedUses: ["Workload", "Tunnel"],
      assignmentMode: "Automatic",
    },
  ];
}

/** The manifest's ConfigMap: how routes are spread, and where the plugin takes addresses from. */
export function readCalicoConfig(data: Field, from: string, { calico }: Facts): void {
  const backend = data.get("calico_backend").text();
  if (backend !== undefined) calico.backend = { value: backend, from };
  if (/"type":\s*"host-local"|usePodCidr/.test(data.get("cni_network_config").text() ?? "")) calico.usesPodCIDR = true;
}

function sameBut<T extends object>(one: T, other: T, but: keyof T & string): boolean {
  const plain = (fact: T) => JSON.stringify(fact, (key, value) => (key === but ? undefined : value));
  return plain(one) === plain(other);
}
