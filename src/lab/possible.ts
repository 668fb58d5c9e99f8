import type { Network } from "../kernel/network.ts";
import { run } from "./helper.ts";
import { hasIpv6 } from "./plan-ground.ts";

/** The kernel modules behind device kinds, by a device of that kind that can be asked for. */
const KINDS: Readonly<Record<string, readonly string[]>> = {
  vxlan: ["type", "vxlan", "id", "1", "dstport", "1", "local", "192.0.2.1"],
  ipip: ["type", "ipip", "local", "192.0.2.1"],
  bridge: ["type", "bridge"],
  veth: ["type", "veth"],
  wireguard: ["type", "wireguard"],
};

/** More network namespaces than a lab is made of. */
const MOST_NAMESPACES = 1000;

/** Why no machine is asked to be this network at once; `undefined` when it is of a size for it. */
export function tooLarge(network: Network): string | undefined {
  let count = network.segments.size;
  for (const _ of network.names()) count++;
  if (count <= MOST_NAMESPACES) return undefined;
  const cut = "--set generate.racks=2 --set generate.hostsPerRack=1 --set generate.podsPerHost=1";
  return `${count} network namespaces are more than ${MOST_NAMESPACES}; take a part of the topology, as ${cut} does of one that is generated`;
}

/** What a lab of this network needs and does not find here, a sentence each; nothing when it can be built. */
export function lacking(network: Network, prefix: string): readonly string[] {
  const programs = programsFor(network).filter((name) => run(["sh", "-c", 'command -v "$1"', "sh", name]).status !== 0);
  const missing = programs.map((name) => `the program ${name} is missing`);
  if (process.platform !== "linux") return ["a lab needs Linux"];
  if (process.getuid?.() !== 0) return [...missing, "a lab needs root"];
  if (missing.length > 0) return missing;
  const kinds = kindsOf(network).flatMap((kind) =>
    hasKind(kind, prefix) ? [] : [`this kernel has no devices of kind ${kind}`],
  );
  return kinds.length > 0 ? kinds : fallbacks(prefix);
}

function programsFor(network: Network): readonly string[] {
  const all = [...network.names()].flatMap((name) => network.netns(name) ?? []);
  const chains = all.some((netns) => netns.chains.size > 0);
  const sets = all.some((netns) => [...netns.sets.rows()].length > 0);
  const fabric = [...network.segments.values()].some(
    ({ fabric: rules, sourceDestCheck }) => rules.length > 0 || sourceDestCheck,
  );
  return [
    "ip",
    "bridge",
    "python3",
    ...(chains ? ["iptables-restore", "iptables-save"] : []),
    ...(chains && all.some(hasIpv6) ? ["ip6tables-restore", "ip6tables-save"] : []),
    ...(sets ? ["ipset"] : []),
    ...(linkKinds(network).has("wireguard") ? ["wg"] : []),
    ...(fabric ? ["ebtables"] : []),
  ];
}

function kindsOf(network: Network): readonly string[] {
  const kinds = linkKinds(network);
  return ["veth", "bridge", ...(["vxlan", "ipip", "wireguard", "tun"] as const).filter((kind) => kinds.has(kind))];
}

function linkKinds(network: Network): ReadonlySet<string> {
  const links = [...network.names()].flatMap((name) => [...(network.netns(name)?.links.values() ?? [])]);
  return new Set(links.map(({ kind }) => kind));
}

/** Whether the kernel makes a device of a kind. */
function hasKind(kind: string, prefix: string): boolean {
  const argv =
    kind === "tun" ? ["tuntap", "add", "dev", "try0", "mode", "tun"] : ["link", "add", "try0", ...(KINDS[kind] ?? [])];
  return tried(argv, prefix).status === 0;
}

/** Devices that some modules put into every new namespace take the numbers of the lab's own. */
function fallbacks(prefix: string): readonly string[] {
  const names = [...tried(["-o", "link"], prefix).text.matchAll(/^\d+: ([^:@]+)/gm)].map(([, name]) => name);
  const strange = names.filter((name) => name !== "lo");
  return strange.length === 0
    ? []
    : [
        `this kernel puts ${strange.join(" ")} into every namespace; where nothing needs them there, ` +
          "sysctl net.core.fb_tunnels_only_for_init_net=2 ends that",
      ];
}

/** What `ip` says in a namespace that lives for a moment. */
function tried(argv: readonly string[], prefix: string): ReturnType<typeof run> {
  const netns = `${prefix}try`;
  run(["ip", "netns", "del", netns]);
  run(["ip", "netns", "add", netns]);
  const said = run(["ip", "-n", netns, ...argv]);
  run(["ip", "netns", "del", netns]);
  return said;
}
