import type { Ip } from "../addr/ip.ts";
import type { FibResult } from "../kernel/fib.ts";
import type { Netns } from "../kernel/netns.ts";
import type { RouteType } from "../kernel/route.ts";
import { placeName } from "../trace/project.ts";
import type { Fact, Look } from "./fact.ts";
import { holdersOf, machineOf } from "./holder.ts";
import { hopWords } from "./row-words.ts";
import { isBare, type Loss, namespace, type Scene } from "./scene.ts";

/** A machine that decided where the bare packet goes; without `found` it had nothing to decide by. */
export interface Decision {
  readonly netns: Netns;
  readonly found?: FibResult;
}

/** What a decision has to do with the loss; `home` is the machine the destination belongs to. */
export type Cause = (loss: Loss, decision: Decision, home: string | undefined) => readonly Fact[];

/** Every machine that routed the bare packet, the first time it did. */
export function decisions(scene: Scene): readonly Decision[] {
  const seen = new Set<string>();
  return scene.path.flatMap((event): readonly Decision[] => {
    const { action, at } = event;
    if (action.kind !== "route" || !isBare(scene, event) || seen.has(at.netns)) return [];
    seen.add(at.netns);
    return [{ netns: namespace(scene, at.netns), found: action.found }];
  });
}

/** The same, and the machine that had no row at all. */
export function decisionsUntil(loss: Loss): readonly Decision[] {
  const made = decisions(loss);
  const blind = loss.reason === "IP_INNOROUTES" || loss.reason === "IP_OUTNOROUTES";
  const here = blind && loss.ip.dst.equals(loss.sent.dst) && made.every(({ netns }) => netns !== loss.netns);
  return here ? [...made, { netns: loss.netns }] : made;
}

/** Whether the packet was lost on the very machine its destination is on: then the way there was right. */
export function arrived(loss: Loss, home: string | undefined): boolean {
  return home !== undefined && loss.reason !== "TTL_EXPIRED" && machineOf(loss, loss.netns.name) === home;
}

/** ` to r1` when somebody has the gateway. */
export function gatewayWords(loss: Loss, { nexthop }: FibResult): string {
  const [holder] = nexthop?.via ? holdersOf(loss, nexthop.via) : [];
  return holder ? ` to ${placeName(holder.netns.name)}` : "";
}

/** What the kernel says of a row that tells it to refuse. */
const REJECTIONS: ReadonlyMap<RouteType, string> = new Map([
  ["blackhole", "Invalid argument"],
  ["unreachable", "No route to host"],
  ["prohibit", "Permission denied"],
]);

/** What `ip route get` shows on the real machine. */
export function routeGet(ip: Ip, at: string, found: FibResult | undefined): readonly Look[] {
  const answer = REJECTIONS.get(found?.route.type ?? "throw") ?? "Network is unreachable";
  const expect = found?.nexthop ? hopWords({ ...found.nexthop, onlink: false }) : answer;
  return [{ at, command: `ip route get ${ip}`, expect }];
}
