/** What a topology file and a command line can say of a mode; `modes` builds it under the same name. */
interface ModeWords {
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

const port: Setting = { min: 1, max: 65535, about: "UDP port" };
const vni: Setting = { min: 1, max: 16777215, about: "VXLAN network identifier, 24 bits" };
const underlayMtu: Setting = { min: 68, max: 65535, about: "MTU of the underlay; the header is still taken off it" };
const tunnelMtu: Setting = { min: 68, max: 65535, about: "MTU of the tunnel device" };
const keepalive: Setting = { min: 0, max: 65535, about: "seconds between keepalives, 0 for none" };

const calicoVxlan = {
  vxlanVNI: vni,
  vxlanPort: { ...port, about: "UDP port of VXLAN, default 4789" },
  mtu: tunnelMtu,
  mtuV6: { ...tunnelMtu, about: "MTU of the tunnel device for IPv6" },
};

const flannelVxlan = { VNI: vni, Port: { ...port, about: "UDP port of VXLAN, default 8472" }, MTU: underlayMtu };

/**
 * Every mode there is, in the order they are listed. Settings are flannel's `Backend` keys (Documentation/backends.md)
 * and Calico's FelixConfiguration fields.
 */
const TABLE = {
  "flannel-udp": { aliases: ["udp"], settings: { Port: { ...port, about: "UDP port of flanneld, default 8285" } } },
  "flannel-vxlan": { aliases: ["vxlan"], settings: flannelVxlan },
  "flannel-vxlan-direct": { settings: flannelVxlan },
  "flannel-host-gw": { aliases: ["host-gw", "hostgw"] },
  "flannel-ipip": {},
  "flannel-ipip-direct": {},
  "flannel-wireguard": {
    settings: {
      ListenPort: { ...port, about: "UDP port of WireGuard, default 51820" },
      ListenPortV6: { ...port, about: "UDP port of WireGuard for IPv6, default 51821" },
      MTU: underlayMtu,
      PersistentKeepaliveInterval: keepalive,
    },
  },
  "calico-bgp": { aliases: ["bgp", "calico-noencap"] },
  "calico-ipip": { aliases: ["ipip"], settings: { mtu: tunnelMtu } },
  "calico-ipip-crosssubnet": { settings: { mtu: tunnelMtu } },
  "calico-vxlan": { settings: calicoVxlan },
  "calico-vxlan-crosssubnet": { settings: calicoVxlan },
  "calico-wireguard": {
    settings: {
      mtu: tunnelMtu,
      mtuV6: { ...tunnelMtu, about: "MTU of the tunnel device for IPv6" },
      port: { ...port, about: "UDP port of WireGuard, default 51820" },
      portV6: { ...port, about: "UDP port of WireGuard for IPv6, default 51821" },
    },
  },
} as const satisfies Readonly<Record<string, ModeWords>>;

export type ModeName = keyof typeof TABLE;

const words: readonly (readonly [string, ModeWords])[] = Object.entries(TABLE);

/** The names of all modes. */
export const MODES = Object.keys(TABLE) as readonly ModeName[];

/** Short names that the command line takes, and the mode each of them means. */
export const MODE_ALIASES: ReadonlyMap<string, ModeName> = new Map(
  words.flatMap(([name, { aliases = [] }]) => aliases.map((alias) => [alias, name as ModeName] as const)),
);

/** What each mode's agent can be told. */
export const MODE_SETTINGS: { readonly [mode in ModeName]: Readonly<Record<string, Setting>> } = Object.fromEntries(
  words.map(([name, { settings = {} }]) => [name, settings]),
) as { readonly [mode in ModeName]: Readonly<Record<string, Setting>> };

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
