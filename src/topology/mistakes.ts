import { nearest } from "./nearest.ts";
import type { Path } from "./path.ts";
import { modeAliases, modeNames, modeSettings } from "./settings.ts";

/** Words that people write at the top of a file for those that stand there. */
const TOP_LEVEL: ReadonlyMap<string, string> = new Map([
  ["node", "hosts"],
  ["nodes", "hosts"],
  ["host", "hosts"],
  ["machines", "hosts"],
  ["servers", "hosts"],
  ["pod", "pods"],
  ["containers", "pods"],
  ["workloads", "pods"],
  ["subnet", "subnets"],
  ["network", "subnets"],
  ["networks", "subnets"],
  ["segments", "subnets"],
  ["router", "routers"],
  ["switches", "routers"],
  ["fault", "faults"],
  ["version", "cni-trace"],
]);

/** The same within an entry of a section. */
const IN_ENTRY: Readonly<Record<string, ReadonlyMap<string, string>>> = {
  hosts: new Map([
    ["ip", "address"],
    ["ips", "addresses"],
    ["podCidr", "podCIDR"],
    ["asn", "bgp"],
  ]),
  routers: new Map([
    ["ip", "address"],
    ["ips", "addresses"],
  ]),
  subnets: new Map([
    ["subnet", "cidr"],
    ["network", "cidr"],
    ["prefix", "cidr"],
    ["gw", "gateway"],
  ]),
  pods: new Map([
    ["node", "host"],
    ["nodeName", "host"],
    ["ip", "address"],
    ["podIP", "address"],
    ["ports", "listen"],
    ["iface", "device"],
    ["interface", "device"],
  ]),
};

/** Keys that belong to another place of the file. */
const ELSEWHERE: ReadonlyMap<string, string> = new Map([
  ["hosts pod", "pods stand under the top-level pods: as `pod-a: node-1`"],
  ["hosts pods", "pods stand under the top-level pods: as `pod-a: node-1`"],
  ["hosts host", "the key of the entry is the host's name"],
  ["hosts name", "the key of the entry is the host's name"],
  ["hosts gateway", "the gateway is the subnet's: subnets: { NAME: { cidr: …, gateway: … } }"],
  ["hosts subnet", "the address decides the subnet; `address: SUBNET` takes the next free one there"],
  ["hosts as", "write bgp: { as: … }"],
  ["hosts mode", "the mode is the topology's: cni: { mode: … }"],
  ["routers as", "write bgp: { as: … }"],
  ["routers peers", "write bgp: { as: …, peers: […] }"],
  ["hosts peers", "write bgp: { peers: […] }"],
  ["pods pod", "the key of the entry is the pod's name"],
  ["pods name", "the key of the entry is the pod's name"],
  ["pods namespace", "the namespace is part of the name: `shop/db-0:`"],
  ["subnets hosts", "hosts stand under the top-level hosts:"],
  ["subnets name", "the key of the entry is the subnet's name"],
]);

/** What the ranges of numbers are, by key. */
export const RANGES: ReadonlyMap<string, string> = new Map([
  ["mtu", "68 to 65535"],
  ["as", "1 to 4294967294"],
  ["asNumber", "1 to 4294967294"],
  ["blockSize", "20 to 32, or 116 to 128 for IPv6"],
  ["nodeMaskSize", "0 to 32, or to 128 for IPv6"],
  ["racks", "1 to 65535"],
  ["hostsPerRack", "1 to 65535"],
  ["podsPerHost", "0 to 65535"],
  ...modeNames().flatMap((mode) =>
    Object.entries(modeSettings(mode)).map(([key, { min, max }]) => [key, `${min} to ${max}`] as const),
  ),
]);

/** What belongs at a path, in words; paths as `hosts.*`. */
const EXPECTED: ReadonlyMap<string, string> = new Map([
  ["subnets", "a map by name: `lan: 192.168.0.0/24`"],
  ["subnets.*", "a CIDR, [IPv4, IPv6], or a map with cidr"],
  ["routers", "a map by name: `r1: [192.168.1.1, 10.0.0.1]`"],
  ["routers.*", "an address, a list of addresses, or a map with addresses"],
  ["hosts", "a map by name: `node-1: 192.168.0.11`"],
  ["hosts.*", "an address, a list of addresses, or a map with address"],
  ["pods", "a map by name: `pod-a: node-1`"],
  ["pods.*", "the name of its host, or a map with host"],
  ["generate.*", "generate: { racks: 4, hostsPerRack: 10, podsPerHost: 30 }"],
  ["faults", "a list: `- node-1: ip route del 10.244.2.0/24`"],
  ["faults.*", "`node-1: ip route del 10.244.2.0/24`"],
  ["routers.*.bgp.as", "a router's own AS: as: 65001"],
  ["routers.*.bgp.peers", "a list of names, or of { name: as }"],
  ["routers.*.bgp.originate", "a list: [default]"],
  ["routers.*.bgp.originate.*", "a CIDR, default, or connected"],
  ["hosts.*.bgp.peers", "a list of names, or of { name: as }"],
  ["routers.*.bgp.peers.*", "a name, or { name: as }"],
  ["hosts.*.bgp.peers.*", "a name, or { name: as }"],
  ["hosts.*.address", "one address; several go into addresses: […]"],
  ["routers.*.address", "one address; several go into addresses: […]"],
  ["pods.*.listen", "a list: [tcp/5432]"],
  ["pods.*.listen.*", "for example tcp/5432"],
  ["subnets.*.drop", "a list: [udp/8472]"],
  ["subnets.*.drop.*", "for example udp/8472"],
  ["subnets.*.allow.*", "for example udp/8472"],
  ["subnets.*.allow", "a list: [tcp, udp/8285]"],
  ["cni.*.ipPools", "a map by name: `default-ipv4-ippool: 10.244.0.0/16`"],
  ["cni.*.bgpFilters", "a map by name: `only-default: { exportV4: […] }`"],
  ["cni.*.ipPools.*", "a CIDR, or a map with cidr"],
  ["hosts.*.cni.calico.blocks", "a list: [10.244.1.0/26]"],
  ["subnets.*.routes", "a list: [10.244.2.0/24 via 192.168.0.12]"],
]);

const TYPES: ReadonlyMap<string, string> = new Map([
  ["string", "text"],
  ["number", "a number"],
  ["int", "a whole number"],
  ["boolean", "true or false"],
  ["array", "a list"],
  ["object", "a map"],
  ["record", "a map"],
]);

/** What belongs at a path, in words: what the table says, or the type that was expected. */
export function expectedAt(path: Path, types: readonly string[] = []): string | undefined {
  const pattern = path.map((step, i) => (i === 1 || (i > 1 && isNameStep(path, i)) ? "*" : step)).join(".");
  const words = new Set(types.map((type) => TYPES.get(type)).filter((word) => word !== undefined));
  return EXPECTED.get(pattern) ?? (words.size > 0 ? [...words].join(" or ") : undefined);
}

function isNameStep(path: Path, i: number): boolean {
  return (
    typeof path[i] === "number" || path[i - 1] === "labels" || path[i - 1] === "ipPools" || path[i - 1] === "bgpFilters"
  );
}

/** A value's type as a reader would say it. */
export function typeWord(value: unknown): string {
  if (value === null || value === undefined) return "empty";
  if (Array.isArray(value)) return "a list";
  if (typeof value === "object") return "a map";
  if (typeof value === "string") return `the text "${value.length > 60 ? `${value.slice(0, 60)}…` : value}"`;
  return typeof value === "number" ? `the number ${value}` : String(value);
}

/** What an unknown key should have been: its right name when that is clear, and what to tell the writer. */
export function unknownKeyHint(path: Path, key: string, known: readonly string[]): { key?: string; text?: string } {
  const [section] = path;
  const isEntry = path.length === 2 || (path.length === 3 && path[2] === "cni");
  const elsewhere = isEntry ? ELSEWHERE.get(`${section} ${key}`) : undefined;
  if (elsewhere !== undefined) return { text: elsewhere };
  const alias = path.length <= 1 ? undefined : IN_ENTRY[String(section)]?.get(key);
  const top = path.length === 0 ? TOP_LEVEL.get(key) : undefined;
  const mode = known.includes("flannel") ? modeAliases().get(key) : undefined;
  const right =
    top ?? (alias !== undefined && known.includes(alias) ? alias : undefined) ?? mode ?? nearest(key, known);
  if (right !== undefined) return { key: right, text: `did you mean ${right}?` };
  const list = known.filter((word) => !modeNames().includes(word));
  return { text: list.length > 0 ? `known here: ${list.join(", ")}` : `${path.at(-1)} has no settings` };
}

/** What to write for a value that is not one of a few words, or of the wrong type. */
export function valueHint(value: unknown, words: readonly string[], expected = ""): string | undefined {
  const text = String(value);
  if (words.length > 0) {
    const right = modeAliases().get(text);
    const meant = right !== undefined && words.includes(right) ? right : nearest(text, words);
    return meant !== undefined && meant !== text ? `did you mean ${meant}?` : `one of ${words.join(", ")}`;
  }
  if (expected === "string" && (typeof value === "number" || typeof value === "boolean")) return `quote it: "${text}"`;
  if (expected === "boolean" && /^(yes|on|no|off|true|false)$/i.test(text)) {
    return `write ${/^(yes|on|true)$/i.test(text)}`;
  }
  if ((expected === "number" || expected === "int") && typeof value === "string" && /^\d+$/.test(value)) {
    return `without quotes: ${value}`;
  }
  return undefined;
}
