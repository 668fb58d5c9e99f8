import { nearest } from "../topology/nearest.ts";
import type { Outcome, Problem } from "../topology/problem.ts";
import { declareModes } from "../topology/settings.ts";
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

/** Every mode, in the order they are listed; a new one is a file, and its word here. */
export const modes: readonly Mode[] = [
  flannelUdp,
  flannelVxlan,
  flannelVxlanDirect,
  flannelHostGw,
  flannelIpip,
  flannelIpipDirect,
  flannelWireguard,
  calicoBgp,
  calicoIpip,
  calicoIpipCrossSubnet,
  calicoVxlan,
  calicoVxlanCrossSubnet,
  calicoWireguard,
];

declareModes(modes);

/** Short names that mean a mode. */
export function aliasesOf(mode: Mode): readonly string[] {
  return mode.aliases ?? [];
}

const aliases = new Map(modes.flatMap((mode) => aliasesOf(mode).map((alias) => [alias, mode.name] as const)));

/** The mode a word means: a canonical name or an alias; else what is wrong with the word. */
export function findMode(word: string): Outcome<Mode> {
  const canonical = aliases.get(word) ?? word;
  const mode = modes.find((candidate) => candidate.name === canonical);
  return mode ? { ok: true, value: mode } : { ok: false, problems: [unknownMode(word)] };
}

function unknownMode(word: string): Problem {
  const built = modes.map((mode) => mode.name).join(", ");
  const meant = modes.map(({ name }) => name).filter((name) => name.endsWith(`-${word}`));
  if (meant.length > 1) {
    return { code: "ambiguous-mode", message: `${word} is a mode of both families`, hint: meant.join(" or ") };
  }
  const close = nearest(word, [...modes.map((mode) => mode.name), ...aliases.keys()]);
  const hint = close ? `did you mean ${close}?` : `modes are ${built}`;
  return { code: "unknown-mode", message: `there is no mode ${word}`, hint };
}
