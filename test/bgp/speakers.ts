import { Ip } from "../../src/addr/ip.ts";
import { Prefix } from "../../src/addr/prefix.ts";
import type { Bgp } from "../../src/bgp/bgp.ts";
import type { BgpInput, Speaker } from "../../src/bgp/speaker.ts";

export function ip(text: string): Ip {
  const parsed = Ip.parse(text);
  if (parsed === undefined) throw new Error(`not an address: ${text}`);
  return parsed;
}

export function prefix(text: string): Prefix {
  const parsed = Prefix.parse(text);
  if (parsed === undefined) throw new Error(`not a network: ${text}`);
  return parsed;
}

export type Settings = Partial<Omit<Speaker, "name" | "kind" | "peers">> & {
  readonly peers?: readonly (string | Speaker["peers"][number])[];
};

/** A speaker from `192.168.1.2/24` texts, the first being its session address and router id. */
export function speaker(
  kind: Speaker["kind"],
  name: string,
  addresses: readonly string[],
  settings: Settings,
): Speaker {
  const ips = addresses.map((text) => ip(text.split("/")[0] ?? ""));
  const address = settings.address ?? ips[0] ?? ip("0.0.0.0");
  return {
    kind,
    name,
    as: 64512,
    routerId: ips[0] ?? ip("0.0.0.1"),
    addresses: ips,
    networks: addresses.map((text, i) => Prefix.of(ips[i] ?? address, Number(text.split("/")[1]))),
    routeReflector: false,
    ...settings,
    address,
    peers: (settings.peers ?? []).map((peer) => (typeof peer === "string" ? { name: peer } : peer)),
  };
}

export function input(speakers: readonly Speaker[], rest: Omit<BgpInput, "speakers"> = {}): BgpInput {
  return { speakers: new Map(speakers.map((each) => [each.name, each])), ...rest };
}

/** `192.168.1.1 [65001 65002] ebgp direct`, one line a path. */
export function lines(bgp: Bgp, at: string, origin: string): string[] {
  return bgp
    .paths(at, origin)
    .map(({ nextHop, asPath, learned, reach }) => `${nextHop} [${asPath.join(" ")}] ${learned} ${reach}`);
}

/** `router1 as-loop [65001 64512]`, one line a refusal. */
export function refusals(bgp: Bgp, at: string, origin: string): string[] {
  return bgp
    .refusals(at, origin)
    .map(({ from, why, asPath, session }) =>
      [from, why, asPath && `[${asPath.join(" ")}]`, session?.why].filter((part) => part !== undefined).join(" "),
    );
}
