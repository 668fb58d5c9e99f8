import { placeName } from "../trace/project.ts";
import { change, type Fact } from "./fact.ts";
import { claims, holdersOf, machineOf } from "./holder.ts";
import { cardAddress } from "./mend-routes.ts";
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
    const whose =
      home === undefined ? "and no machine claims its network" : `though ${placeName(home)} has its network`;
    const text = `Nobody holds ${dst}, ${whose}.`;
    const look = [
      { at: placeName(machineOf(loss, loss.trace.from)), command: "kubectl get pods -A -o wide", expect: `no ${dst}` },
    ];
    return [{ code: "DST_UNKNOWN_IP", at, text, look }];
  }
  if (holder.machine === loss.netns.name || !claims(loss.netns, dst)) return [];
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
