import type { Ip } from "../addr/ip.ts";
import { Prefix } from "../addr/prefix.ts";
import type { Netns } from "../kernel/netns.ts";
import type { Route } from "../kernel/route.ts";
import { placeName } from "../trace/project.ts";
import { change, type Fact } from "./fact.ts";
import { claims, holdersOf, machineOf } from "./holder.ts";
import { cardAddress } from "./mend-routes.ts";
import { lostVeth } from "./ports.ts";
import { routeWords, signed } from "./row-words.ts";
import { type Loss, namespace } from "./scene.ts";

/** BIRD has the route, and no way to its next hop. */
export function unresolved(loss: Loss): readonly Fact[] {
  const row = loss.because.route?.route;
  if (loss.reason !== "route-unreachable" || row?.by !== "bird") return [];
  const at = placeName(loss.netns.name);
  return [
    {
      code: "BGP_NEXTHOP_UNRESOLVED",
      at,
      text: `BIRD on ${at} learned ${row.dst} and wrote it as unreachable: it finds its next hop only by BGP, or not at all.`,
      look: [{ at, command: `birdcl show route ${row.dst} all`, expect: "unreachable" }],
    },
  ];
}

/** Nobody has the destination, or not the machine that the packet came to. */
export function destination(loss: Loss, home: string | undefined): readonly Fact[] {
  if (loss.wrapped || loss.reason === "NETFILTER_DROP" || loss.reason === "fabric") return [];
  const { dst } = loss.sent;
  const at = placeName(loss.netns.name);
  const [holder] = holdersOf(loss, dst);
  if (!holder) {
    const veth = home === undefined ? undefined : lostVeth(loss, namespace(loss, home), dst);
    if (veth) return [veth];
    const whose =
      home === undefined ? "and no machine claims its network" : `though ${placeName(home)} has its network`;
    const text = `Nobody holds ${dst}, ${whose}.`;
    const look = [
      { at: placeName(machineOf(loss, loss.trace.from)), command: "kubectl get pods -A -o wide", expect: `no ${dst}` },
    ];
    return [{ code: "DST_UNKNOWN_IP", at, text, look }];
  }
  const stale = staleBridge(loss, namespace(loss, holder.machine), holder.netns, dst);
  if (stale.length > 0) return stale;
  if (holder.machine === loss.netns.name) return [];
  const both = twoOwners(loss, namespace(loss, holder.machine));
  if (both.length > 0) return both;
  if (!claims(loss.netns, dst)) return [];
  const where = placeName(holder.machine);
  const right = cardAddress(namespace(loss, holder.machine), dst.family);
  return [
    {
      code: "DST_NOT_ON_NODE",
      at,
      text: `${dst} lies in a network of ${at}, but ${placeName(holder.netns.name)} has it, on ${where}.`,
      look: [{ at, command: `ip route get ${dst}`, expect: "no way to the other node" }],
      mend: () => (right ? [change(at, `ip route add ${dst} via ${right}`)] : []),
    },
  ];
}

/** Two machines hold the network that the destination lies in, and the packet came to the one without it. */
function twoOwners({ netns, sent: { dst } }: Loss, owner: Netns): readonly Fact[] {
  const [here] = networksOver(netns, dst);
  const [there] = networksOver(owner, dst);
  if (!here || !there) return [];
  const at = placeName(netns.name);
  const where = placeName(owner.name);
  return [
    {
      code: "BLOCK_MULTI_OWNER",
      at,
      text: `${at} has ${signed(here)} for itself, and ${dst} of that network is on ${where}, which has ${routeWords(there)}.`,
      look: [
        { at, command: `ip route show ${here.dst}`, expect: routeWords(here) },
        { at: where, command: `ip route show ${there.dst}`, expect: routeWords(there) },
      ],
      mend: () => [change(at, `ip route del ${routeWords(here)}`)],
    },
  ];
}

/** Rows by which a machine keeps a network of pods to itself: a bridge's, or a block's blackhole. */
function networksOver(netns: Netns, ip: Ip): readonly Route[] {
  if (netns.kind !== "host") return [];
  return netns.routes.near([]).filter(({ dst, type, dev, via }) => {
    const onBridge = type === "unicast" && via === undefined && netns.links.get(dev ?? "")?.kind === "bridge";
    return dst.contains(ip) && dst.length > 0 && dst.length < ip.bits && (type === "blackhole" || onBridge);
  });
}

/** A pod hangs on a bridge whose network its address is not in: the machine has no way to its own pod. */
function staleBridge(loss: Loss, machine: Netns, pod: Netns, ip: Ip): readonly Fact[] {
  const port = [...machine.links.values()].find((link) => link.kind === "veth" && link.peer.netns === pod.name);
  const { master } = port ?? {};
  if (master === undefined || !loss.visited.has(machine.name)) return [];
  const own = machine.addresses.filter(({ dev, ip: { family } }) => dev === master && family === ip.family);
  const network = pod.addresses.find((address) => address.ip.equals(ip));
  const [first] = own;
  if (!first || !network || own.some((row) => Prefix.of(row.ip, row.length).contains(ip))) return [];
  const at = placeName(machine.name);
  const way = pod.routes.near([]).find(({ dst, via }) => dst.length === 0 && via?.family === ip.family);
  return [
    {
      code: "BRIDGE_ADDR_MISMATCH",
      at,
      text: `${master} on ${at} has ${own.map((row) => `${row.ip}/${row.length}`).join(", ")}, and ${placeName(pod.name)}, which hangs on it, has ${ip}/${network.length}: ${at} has no way to its own pod.`,
      look: [{ at, command: `ip addr show ${master}`, expect: `${first.ip}/${first.length}` }],
      mend: () => (way?.via ? [change(at, `ip addr add ${way.via}/${network.length} dev ${master}`)] : []),
    },
  ];
}
