import type { Network } from "../kernel/network.ts";
import { run } from "./helper.ts";

/** The kernel modules behind device kinds, by a device of that kind that can be asked for. */
const KINDS: Readonly<Record<string, readonly string[]>> = {
  vxlan: ["type", "vxlan", "id", "1", "dstport", "1", "local", "192.0.2.1"],
  ipip: ["type", "ipip", "local", "192.0.2.1"],
  bridge: ["type", "bridge"],
  veth: ["type", "veth"],
};

/** What a lab of this network needs and does not find here, a sentence each; nothing when it can be built. */
export function lacking(network: Network, prefix: string): readonly string[] {
  const programs = programsFor(network).filter((name) => run(["sh", "-c", 'command -v "$1"', "sh", name]).status !== 0);
  const missing = programs.map((name) => `the program ${name} is missing`);
  if (process.platform !== "linux") return ["a lab needs Linux"];
  if (process.getuid?.() !== 0) return [...missing, "a lab needs root"];
  if (missing.length > 0) return missing;
  if (linkKinds(network).has("wireguard")) return ["WireGuard devices need keys, which no table of this network has"];
  return kindsOf(network).flatMap((kind) =>
    hasKind(kind, prefix) ? [] : [`this kernel has no devices of kind ${kind}`],
  );
}

function programsFor(network: Network): readonly string[] {
  const all = [...network.names()].flatMap((name) => network.netns(name) ?? []);
  const chains = all.some((netns) => netns.chains.size > 0);
  const sets = all.some((netns) => [...netns.sets.rows()].length > 0);
  const fabric = [...network.segments.values()].some((segment) => segment.fabric.length > 0);
  return [
    "ip",
    "bridge",
    "python3",
    ...(chains ? ["iptables-restore", "iptables-save"] : []),
    ...(sets ? ["ipset"] : []),
    ...(fabric ? ["ebtables"] : []),
  ];
}

function kindsOf(network: Network): readonly string[] {
  const kinds = linkKinds(network);
  return ["veth", "bridge", ...(["vxlan", "ipip", "tun"] as const).filter((kind) => kinds.has(kind))];
}

function linkKinds(network: Network): ReadonlySet<string> {
  const links = [...network.names()].flatMap((name) => [...(network.netns(name)?.links.values() ?? [])]);
  return new Set(links.map(({ kind }) => kind));
}

/** Whether the kernel makes a device of a kind, tried in a namespace that lives for a moment. */
function hasKind(kind: string, prefix: string): boolean {
  const netns = `${prefix}try`;
  run(["ip", "netns", "del", netns]);
  run(["ip", "netns", "add", netns]);
  const argv =
    kind === "tun" ? ["tuntap", "add", "dev", "try0", "mode", "tun"] : ["link", "add", "try0", ...(KINDS[kind] ?? [])];
  const { status } = run(["ip", "-n", netns, ...argv]);
  run(["ip", "netns", "del", netns]);
  return status === 0;
}
