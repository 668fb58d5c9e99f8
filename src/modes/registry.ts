import { nearest } from "../topology/nearest.ts";
import type { Outcome, Problem } from "../topology/problem.ts";
import { MODE_ALIASES, MODES, type ModeName } from "../topology/settings.ts";
import { calicoBgp } from "./calico-bgp.ts";
import { calicoIpip, calicoIpipCrossSubnet } from "./calico-ipip.ts";
import { calicoVxlan, calicoVxlanCrossSubnet } from "./calico-vxlan.ts";
import { calicoWireguard } from "./calico-wireguard.ts";
import { flannelHostGw } from "./flannel-host-gw.ts";
import { flannelIpip, flannelIpipDirect } from "./flannel-ipip.ts";
import { flannelUdp } from "./flannel-udp.ts";
import { flannelVxlan, flannelVxlanDirect } from "./flannel-vxlan.ts";
import { flannelWireguard } from "./flannel-wireguard.ts";
import type { Mode } from "./mode.ts";

/** What builds each mode; a new one is a file, a word here, and what a user can say of it in `topology/settings.ts`. */
const BUILT: { readonly [name in ModeName]: Mode } = {
  "flannel-udp": flannelUdp,
  "flannel-vxlan": flannelVxlan,
  "flannel-vxlan-direct": flannelVxlanDirect,
  "flannel-host-gw": flannelHostGw,
  "flannel-ipip": flannelIpip,
  "flannel-ipip-direct": flannelIpipDirect,
  "flannel-wireguard": flannelWireguard,
  "calico-bgp": calicoBgp,
  "calico-ipip": calicoIpip,
  "calico-ipip-crosssubnet": calicoIpipCrossSubnet,
  "calico-vxlan": calicoVxlan,
  "calico-vxlan-crosssubnet": calicoVxlanCrossSubnet,
  "calico-wireguard": calicoWireguard,
};

/** Every mode, in the order they are listed. */
export const modes: readonly Mode[] = MODES.map((name) => BUILT[name]);

/** Short names that mean a mode. */
export function aliasesOf({ name }: Mode): readonly string[] {
  return [...MODE_ALIASES].flatMap(([alias, meant]) => (meant === name ? [alias] : []));
}

/** The mode a word means: a canonical name or an alias; else what is wrong with the word. */
export function findMode(word: string): Outcome<Mode> {
  const canonical = MODE_ALIASES.get(word) ?? word;
  const mode = modes.find((candidate) => candidate.name === canonical);
  return mode ? { ok: true, value: mode } : { ok: false, problems: [unknownMode(word)] };
}

function unknownMode(word: string): Problem {
  const built = modes.map((mode) => mode.name).join(", ");
  const meant = MODES.filter((name) => name.endsWith(`-${word}`));
  if (meant.length > 1) {
    return { code: "ambiguous-mode", message: `${word} is a mode of both families`, hint: meant.join(" or ") };
  }
  const close = nearest(word, [...modes.map((mode) => mode.name), ...MODE_ALIASES.keys()]);
  const hint = close ? `did you mean ${close}?` : `modes are ${built}`;
  return { code: "unknown-mode", message: `there is no mode ${word}`, hint };
}
