import type { Ip } from "../addr/ip.ts";
import { Prefix } from "../addr/prefix.ts";
import { fibLookup } from "../kernel/fib.ts";
import type { Netns } from "../kernel/netns.ts";
import { placeName } from "../trace/project.ts";
import type { Change } from "./fact.ts";
import { holdersOf, homeOf, isUnderlay, machineOf } from "./holder.ts";
import { namespace, type Scene } from "./scene.ts";

/** Routers a way may lead over; a longer one is left alone. */
const MOST_ROUTERS = 16;

/** Routes that tell every router between the two machines where the pods of each are: both ways, or replies die. */
export function teachRouters(scene: Scene): Change {
  const near = machineOf(scene, scene.trace.from);
  const far = homeOf(scene, scene.sent.dst);
  if (far === undefined || far === near) return [];
  return [
    ...teach(scene, { from: far, to: near, ip: scene.sent.src }),
    ...teach(scene, { from: near, to: far, ip: scene.sent.dst }),
  ];
}

interface Way {
  readonly from: string;
  readonly to: string;
  /** The address at the end, whose network the routers are told. */
  readonly ip: Ip;
}

function teach(scene: Scene, { from, to, ip }: Way): Change {
  const target = cardAddress(namespace(scene, to), ip.family);
  if (!target || isUnderlay(scene, ip)) return [];
  const prefix = networkAround(namespace(scene, to), ip);
  const edits: { at: string; command: string }[] = [];
  let netns = namespace(scene, from);
  for (let i = 0; i < MOST_ROUTERS; i++) {
    const via = fibLookup(netns, { dst: target })?.nexthop?.via;
    const known = fibLookup(netns, { dst: ip });
    if (netns.kind === "router" && (!known || known.route.dst.length === 0)) {
      edits.push({ at: placeName(netns.name), command: `ip route add ${prefix} via ${via ?? target}` });
    }
    const next = via && holdersOf(scene, via)[0]?.netns;
    if (next?.kind !== "router") break;
    netns = next;
  }
  return edits;
}

/** The first address on a machine's cards. */
export function cardAddress(machine: Netns, family: 4 | 6): Ip | undefined {
  const onCard = (dev: string) => machine.links.get(dev)?.kind === "nic";
  return machine.addresses.find(({ ip, dev }) => ip.family === family && !ip.isLinkLocal && onCard(dev))?.ip;
}

/** The network that an address is announced in: the machine's own block or bridge network, else the address alone. */
function networkAround(machine: Netns, ip: Ip): Prefix {
  const own = machine.routes
    .near([])
    .filter(({ dst, type, proto, dev }) => {
      const connected = proto === "kernel" && machine.links.get(dev ?? "")?.kind === "bridge";
      return dst.contains(ip) && dst.length > 0 && type !== "local" && (type === "blackhole" || connected);
    })
    .map((row) => row.dst);
  const [widest] = own.sort((a, b) => a.length - b.length);
  return widest ?? Prefix.of(ip);
}
