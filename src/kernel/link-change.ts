import { isGroup } from "../addr/mac.ts";
import { hasEthernet, type Link } from "./link.ts";
import type { Netns } from "./netns.ts";
import type { Refusal } from "./refused.ts";
import type { LinkChange, LinkRequest } from "./request.ts";

/** Over Ethernet, IPv4, UDP and VXLAN: what a VXLAN device's MTU lies below its card's (`vxlan_config_validate`). */
const VXLAN_HEADROOM = { 4: 50, 6: 70 } as const;

/** The MTU a device gets when it asks for one: a VXLAN device no more than its card can carry. */
export function clampedMtu(netns: Netns, link: LinkRequest | Link): number {
  const lower = link.kind === "vxlan" && link.lower !== undefined ? netns.links.get(link.lower) : undefined;
  return lower && link.kind === "vxlan" ? Math.min(link.mtu, lower.mtu - VXLAN_HEADROOM[link.local.family]) : link.mtu;
}

/** A device with a change done to it. A port that comes up, or joins a bridge, forwards (`br_stp_enable_port`, `br_add_if`). */
export function changedLink(link: Link, change: LinkChange): Link {
  const { master, state, ...rest } = { ...link, ...change };
  const passes = state === "forwarding" || state === "blocking";
  const anew = change.up !== undefined || "master" in change || passes;
  return {
    ...rest,
    ...(master !== undefined && { master }),
    ...(state !== undefined && !anew && { state }),
  } as Link;
}

/** Why the kernel does not change a device so (`do_setlink`); `undefined` when it does. */
export function refuseChange(netns: Netns, link: Link, change: LinkChange): Refusal | undefined {
  if (change.mtu !== undefined && change.mtu !== link.mtu) {
    if (change.mtu < 68) return { errno: "EINVAL", text: "mtu less than device minimum" };
    if (change.mtu > 65535) return { errno: "EINVAL", text: "mtu greater than device maximum" };
    if (clampedMtu(netns, { ...link, mtu: change.mtu }) !== change.mtu) {
      return { errno: "EINVAL", text: "Invalid argument" };
    }
  }
  if (change.mac !== undefined && !hasEthernet(link)) return { errno: "EOPNOTSUPP", text: "Operation not supported" };
  if (change.mac !== undefined && isGroup(change.mac)) {
    return { errno: "EADDRNOTAVAIL", text: "Cannot assign requested address" };
  }
  if (change.master !== undefined) {
    const master = netns.links.get(change.master);
    if (!master) return { errno: "ENODEV", text: "Device does not exist" };
    if (master.kind !== "bridge") return { errno: "EOPNOTSUPP", text: "Operation not supported" };
  }
  const ofPort = change.hairpin !== undefined || change.state !== undefined;
  if (ofPort && link.master === undefined) return { errno: "EOPNOTSUPP", text: "Operation not supported" };
  // `br_set_port_state`
  if (change.state !== undefined && !link.up) return { errno: "ENETDOWN", text: "Network is down" };
  return undefined;
}
