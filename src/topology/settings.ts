/** What a topology file and a command line can say of a mode. */
export interface ModeWords {
  /** The canonical name: `flannel-vxlan`. */
  readonly name: string;
  /** Short names that the command line takes. */
  readonly aliases?: readonly string[];
  /** What its agent can be told, in upstream's spelling. */
  readonly settings?: Readonly<Record<string, Setting>>;
}

/** A whole number that a mode's agent can be told, with the range it takes. */
export interface Setting {
  readonly min: number;
  readonly max: number;
  readonly about: string;
}

let declared: readonly ModeWords[] | undefined;

/**
 * Says which modes files may name. The registry of modes does, once, when it is loaded; this room may not look at modes,
 * and what a mode can be told stands with the mode.
 */
export function declareModes(modes: readonly ModeWords[]): void {
  declared = modes;
}

function all(): readonly ModeWords[] {
  if (!declared) throw new Error("no mode is declared: the registry of modes must be loaded before a topology is read");
  return declared;
}

/** The names of all modes, in the order they are listed. */
export function modeNames(): readonly string[] {
  return all().map(({ name }) => name);
}

/** Short names, and the mode each of them means. */
export function modeAliases(): ReadonlyMap<string, string> {
  return new Map(all().flatMap(({ name, aliases = [] }) => aliases.map((alias) => [alias, name] as const)));
}

/** What a mode's agent can be told; nothing of a mode that there is not. */
export function modeSettings(mode: string): Readonly<Record<string, Setting>> {
  return all().find(({ name }) => name === mode)?.settings ?? {};
}

/** Calico's profiles: which agent writes which row, and with which metric. */
export const CALICO_VERSIONS = ["v3.30", "v3.31", "v3.32", "v3.33"] as const;

/** What attaches pods under flannel: the bridge plugin, or Calico's, as Canal has it. */
export const ATTACHMENTS = ["bridge", "calico"] as const;

/** How a rule of a BGPFilter compares a route's prefix with its CIDR. */
export const MATCH_OPERATORS = ["Equal", "NotEqual", "In", "NotIn"] as const;

/** Which packets between nodes ride in a pool's tunnel (IPPool `ipipMode`, `vxlanMode`). */
export const TUNNEL_MODES = ["Always", "CrossSubnet", "Never"] as const;

/** What addresses of a pool may be used for (IPPool `allowedUses`). */
export const POOL_USES = ["Workload", "Tunnel", "LoadBalancer"] as const;
