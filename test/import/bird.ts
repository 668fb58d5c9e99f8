import { Ip } from "../../src/addr/ip.ts";
import { Prefix } from "../../src/addr/prefix.ts";

/** A session as Calico writes it into BIRD's configuration. */
export interface BirdSession {
  readonly name: string;
  readonly address: string;
  readonly as: number;
}

/** The sessions of a bird.cfg, by name. */
export function sessionsOf(config: string): readonly BirdSession[] {
  const found = [
    ...config.matchAll(/^protocol bgp (\S+) from bgp_template \{\n(?:.*\n)*? {2}neighbor (\S+) as (\d+);/gm),
  ];
  return found.map(([, name = "", address = "", as]) => ({ name, address, as: Number(as) })).sort(byName);
}

export function byName(a: { readonly name: string }, b: { readonly name: string }): number {
  return a.name < b.name ? -1 : 1;
}

/** Whether the kernel filter of a bird_ipam.cfg puts a route into the tunnel. */
export function isTunnelled(config: string, dst: string, nextHop: string): boolean {
  const [net, via] = [Prefix.parse(dst), Ip.parse(nextHop)];
  const [, filter = ""] = /filter calico_kernel_programming \{([\s\S]*)/.exec(config) ?? [];
  for (const [, pool = "", body = ""] of filter.matchAll(/if \( net ~ (\S+) \) then \{([\s\S]*?)accept;/g)) {
    if (!net || !Prefix.parse(pool)?.containsPrefix(net)) continue;
    const [, near] = /bgp_next_hop ~ (\S+) \) then/.exec(body) ?? [];
    if (near !== undefined && via && Prefix.parse(near)?.contains(via)) return false;
    return body.includes('krt_tunnel = "tunl0"');
  }
  return false;
}
