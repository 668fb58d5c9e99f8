import type { LinkOf } from "../kernel/link.ts";
import type { Netns } from "../kernel/netns.ts";
import type { Socket } from "../kernel/socket.ts";
import { placeName } from "../trace/project.ts";
import type { Sighting } from "./finding.ts";
import { machinePath } from "./paths.ts";
import type { Kind, Scope } from "./scope.ts";

/** What the two ends of tunnels must agree on, and who else wants their ports. */
export function* tunnels({ kinds, routers }: Scope): Generator<Sighting> {
  yield* strangers(kinds, "vni", "ENCAP_VNI_MISMATCH", (link) => `VNI ${link.vni}`);
  yield* strangers(kinds, "port", "ENCAP_PORT_MISMATCH", (link) => `udp/${link.port}`);
  yield* forwarders(kinds);
  for (const { netns, hosts } of kinds) yield* clashes(netns, hosts.length);
  for (const netns of routers) yield* clashes(netns, 1);
  yield* checksums(kinds);
}

interface End {
  readonly kind: Kind;
  readonly link: LinkOf<"vxlan">;
}

/** VXLAN devices that differ from those of most nodes. */
function* strangers(
  kinds: readonly Kind[],
  field: "vni" | "port",
  code: "ENCAP_VNI_MISMATCH" | "ENCAP_PORT_MISMATCH",
  words: (link: LinkOf<"vxlan">) => string,
): Generator<Sighting> {
  for (const family of [4, 6] as const) {
    const ends = kinds.flatMap((kind) =>
      [...kind.netns.links.values()].flatMap((link): End[] =>
        link.kind === "vxlan" && link.local.family === family ? [{ kind, link }] : [],
      ),
    );
    const usual = mostUsual(ends, ({ link }) => link[field]);
    for (const { kind, link } of ends) {
      if (!usual || link[field] === usual.link[field]) continue;
      const at = kind.sample.name;
      const text = `${link.name} of ${at} speaks ${words(link)}, and most nodes speak ${words(usual.link)}, as ${usual.kind.sample.name} does: neither side takes the other's packets.`;
      const fix = `Give all nodes one ${field === "vni" ? "VNI" : "port"}.`;
      yield { code, severity: "error", at, path: ["hosts", at, "cni"], text, fix, count: kind.hosts.length };
    }
  }
}

/** The end whose value most hosts have; the first of the file where it is a tie. */
function mostUsual<T extends { readonly kind: Kind }>(ends: readonly T[], value: (end: T) => number): T | undefined {
  const hosts = new Map<number, number>();
  for (const end of ends) hosts.set(value(end), (hosts.get(value(end)) ?? 0) + end.kind.hosts.length);
  const most = Math.max(0, ...hosts.values());
  return ends.find((end) => hosts.get(value(end)) === most);
}

/** Forwarding processes that listen elsewhere than the others send to. */
function* forwarders(kinds: readonly Kind[]): Generator<Sighting> {
  const ends = kinds.flatMap((kind) => kind.netns.forwarders.map((forwarder) => ({ kind, forwarder })));
  const usual = mostUsual(ends, ({ forwarder }) => forwarder.port);
  for (const { kind, forwarder } of ends) {
    if (!usual || forwarder.port === usual.forwarder.port) continue;
    const at = kind.sample.name;
    const text = `${forwarder.process} of ${at} listens on udp/${forwarder.port}, and on most nodes, such as ${usual.kind.sample.name}, it sends to udp/${usual.forwarder.port}.`;
    const fix = "Give all nodes one port.";
    const count = kind.hosts.length;
    yield { code: "ENCAP_PORT_MISMATCH", severity: "error", at, path: ["hosts", at, "cni"], text, fix, count };
  }
}

/** Two owners of one port of a machine; VXLAN devices share theirs, the kernel tells them apart by VNI. */
function* clashes(netns: Netns, count: number): Generator<Sighting> {
  for (const [i, a] of netns.sockets.entries()) {
    const b = netns.sockets.slice(0, i).find((other) => same(a, other));
    if (!b) continue;
    const at = placeName(netns.name);
    const text = `${owner(b)} and ${owner(a)} both want ${a.protocol}/${a.port} of ${at}: the kernel gives a port to one.`;
    const place = a.source ?? b.source;
    yield {
      code: "PORT_CLASH",
      severity: "error",
      at,
      path: machinePath(netns.name),
      text,
      count,
      ...(place && { place }),
    };
  }
}

function same(a: Socket, b: Socket): boolean {
  const addresses = a.ip === undefined || b.ip === undefined || a.ip.equals(b.ip);
  return a.protocol === b.protocol && a.port === b.port && addresses && a.owner.name !== b.owner.name;
}

function owner({ owner: { kind, name } }: Socket): string {
  return kind === "link" ? `the device ${name}` : name.replace(/^default\//, "");
}

/**
 * VXLAN behind masquerading. Felix turns the offload off where the kernel needs it (felix environment
 * `ChecksumOffloadBroken`); flanneld leaves it on (flannel Documentation/troubleshooting.md, "NAT").
 */
function* checksums(kinds: readonly Kind[]): Generator<Sighting> {
  for (const { netns, sample, hosts } of kinds) {
    const masks = [...(netns.chains.get("nat")?.values() ?? [])].some(({ rules }) =>
      rules.some(({ target }) => target.kind === "MASQUERADE"),
    );
    const link = [...netns.links.values()].find(({ kind, by }) => kind === "vxlan" && by !== "felix");
    if (!masks || !link) continue;
    const text = `${link.by} leaves checksum offload on for ${link.name}, and masqueraded packets go into it. Kernels before 5.8, and some drivers, can give those a wrong checksum; which a node has is not in the topology.`;
    const fix = `Where receivers log "UDP: bad checksum": ethtool -K ${link.name} tx-checksum-ip-generic off.`;
    const count = hosts.length;
    const at = sample.name;
    yield { code: "CHECKSUM_OFFLOAD_RISK", severity: "note", at, path: ["cni", "mode"], text, fix, count };
  }
}
