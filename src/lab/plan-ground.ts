import type { Netns } from "../kernel/netns.ts";
import { kernelName, type Names } from "./names.ts";
import { type Setting, type Step, sysctlPath } from "./step.ts";

/** What a namespace starts with here, whatever this machine's own settings are: ICMP errors without a limit. */
const GROUND: readonly (readonly [key: string, value: string])[] = [
  ["net/ipv4/ip_forward", "0"],
  ["net/ipv4/conf/all/rp_filter", "0"],
  ["net/ipv4/conf/default/rp_filter", "0"],
  ["net/ipv4/conf/all/send_redirects", "1"],
  ["net/ipv4/conf/default/send_redirects", "1"],
  ["net/ipv4/conf/all/accept_redirects", "1"],
  ["net/ipv4/conf/default/accept_redirects", "1"],
  ["net/ipv4/icmp_ratelimit", "0"],
  ["net/ipv4/icmp_msgs_per_sec", "100000"],
  ["net/ipv4/icmp_msgs_burst", "100000"],
  ["net/bridge/bridge-nf-call-iptables", "0"],
];

/** Where the topology has IPv6: an address can be used at once, and nobody asks for routers or believes what they say. */
const IPV6_ON = [
  ["all/disable_ipv6", "0"],
  ["default/disable_ipv6", "0"],
  ["all/forwarding", "0"],
  ["all/accept_dad", "0"],
  ["default/accept_dad", "0"],
  ["default/accept_ra", "0"],
  ["default/router_solicitations", "0"],
].map(([key, value]) => [`net/ipv6/conf/${key}`, `${value}`] as const);
const IPV6_OFF = ["all", "default"].map((name) => [`net/ipv6/conf/${name}/disable_ipv6`, "1"] as const);

/** ICMPv6 errors without a limit, and bridged frames that pass no ip6tables, as in the model. */
const IPV6_GROUND = [
  ["net/ipv6/icmp/ratelimit", "0"],
  ["net/bridge/bridge-nf-call-ip6tables", "0"],
] as const;

/** Neighbours that fail soon and do not age while the lab is looked at. */
const NEIGHBOURS: readonly (readonly [key: string, value: string])[] = [
  ["base_reachable_time_ms", "3600000"],
  ["retrans_time_ms", "20"],
];

/** Makes a namespace, with the settings that devices made in it begin with. */
export function groundSteps(netns: Netns, names: Names): readonly Step[] {
  const here = kernelName(names, netns.name);
  const told = [...netns.sysctls].filter(([key]) => /\.conf\.default\./.test(key));
  const ground = [...GROUND, ...(hasIpv6(netns) ? [...IPV6_GROUND, ...IPV6_ON] : IPV6_OFF)];
  return [
    { kind: "run", place: netns.name, argv: ["ip", "netns", "add", here] },
    ...ground.map(([key, value]) => setting(netns, here, key, value)),
    ...told.map(([key, value]) => setting(netns, here, sysctlPath(key), value)),
  ];
}

export function setting({ name }: Pick<Netns, "name">, netns: string, key: string, value: string): Setting {
  return { kind: "sysctl", place: name, netns, key, value };
}

/** The settings of a namespace and of its devices, once these are there. */
export function settingSteps(netns: Netns, names: Names): readonly Step[] {
  const told = [...netns.sysctls].filter(([key]) => !/\.conf\.default\./.test(key) && isThere(netns, key));
  // Whether everything forwards is written before what single devices do, which it would overwrite.
  const wide = ([key]: readonly [string, string]) => Number(/^net\.ipv4\.ip_forward$|\.conf\.all\./.test(key));
  const here = kernelName(names, netns.name);
  const devices = [...netns.links.values()].filter(({ kind }) => kind !== "loopback");
  return [
    ...devices.flatMap(({ name }) =>
      families(netns).flatMap((family) =>
        NEIGHBOURS.map(([key, value]) => setting(netns, here, `net/ipv${family}/neigh/${name}/${key}`, value)),
      ),
    ),
    ...told.sort((a, b) => wide(b) - wide(a)).map(([key, value]) => setting(netns, here, sysctlPath(key), value)),
  ];
}

/** Whether a setting is not one of a device that is gone. */
function isThere({ links }: Netns, key: string): boolean {
  const dev = /^net\.ipv[46]\.(?:conf|neigh)\.(.+)\.[a-z0-9_]+$/.exec(key)?.[1];
  return dev === undefined || dev === "all" || links.has(dev);
}

/** The families that a namespace knows. */
export function families(netns: Netns): readonly (4 | 6)[] {
  return hasIpv6(netns) ? [4, 6] : [4];
}

/** Whether a namespace knows IPv6 at all. */
export function hasIpv6({ sysctls, addresses }: Pick<Netns, "sysctls" | "addresses">): boolean {
  return sysctls.get("net.ipv6.conf.all.disable_ipv6") === "0" || addresses.some(({ ip }) => ip.family === 6);
}
