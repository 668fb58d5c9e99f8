/** The modes a topology may name; `modes` builds each of them. */
export const MODES = [
  "flannel-udp",
  "flannel-vxlan",
  "flannel-vxlan-direct",
  "flannel-host-gw",
  "flannel-ipip",
  "flannel-ipip-direct",
  "flannel-wireguard",
  "calico-bgp",
  "calico-ipip",
  "calico-ipip-crosssubnet",
  "calico-vxlan",
  "calico-vxlan-crosssubnet",
  "calico-wireguard",
] as const;

export type ModeName = (typeof MODES)[number];

/** Short names that the command line takes, and the mode each of them means. */
export const MODE_ALIASES: ReadonlyMap<string, ModeName> = new Map([
  ["udp", "flannel-udp"],
  ["vxlan", "flannel-vxlan"],
  ["host-gw", "flannel-host-gw"],
  ["hostgw", "flannel-host-gw"],
  ["bgp", "calico-bgp"],
  ["calico-noencap", "calico-bgp"],
  ["ipip", "calico-ipip"],
]);

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

/**
 * What each mode's agent can be told, in upstream's spelling: flannel's `Backend` keys
 * (Documentation/backends.md) and Calico's FelixConfiguration fields.
 */
export const MODE_SETTINGS: { readonly [mode in ModeName]: Readonly<Record<string, Setting>> } = {
  "flannel-udp": { Port: { ...port, about: "UDP port of flanneld, default 8285" } },
  "flannel-vxlan": { VNI: vni, Port: { ...port, about: "UDP port of VXLAN, default 8472" }, MTU: underlayMtu },
  "flannel-vxlan-direct": { VNI: vni, Port: { ...port, about: "UDP port of VXLAN, default 8472" }, MTU: underlayMtu },
  "flannel-host-gw": {},
  "flannel-ipip": {},
  "flannel-ipip-direct": {},
  "flannel-wireguard": {
    ListenPort: { ...port, about: "UDP port of WireGuard, default 51820" },
    ListenPortV6: { ...port, about: "UDP port of WireGuard for IPv6, default 51821" },
    MTU: underlayMtu,
    PersistentKeepaliveInterval: keepalive,
  },
  "calico-bgp": {},
  "calico-ipip": { mtu: tunnelMtu },
  "calico-ipip-crosssubnet": { mtu: tunnelMtu },
  "calico-vxlan": calicoVxlan,
  "calico-vxlan-crosssubnet": calicoVxlan,
  "calico-wireguard": {
    mtu: tunnelMtu,
    mtuV6: { ...tunnelMtu, about: "MTU of the tunnel device for IPv6" },
    port: { ...port, about: "UDP port of WireGuard, default 51820" },
    portV6: { ...port, about: "UDP port of WireGuard for IPv6, default 51821" },
  },
};

/** Calico's profiles: which agent writes which row, and with which metric. */
export const CALICO_VERSIONS = ["v3.30", "v3.31", "v3.32", "v3.33"] as const;

/** How a rule of a BGPFilter compares a route's prefix with its CIDR. */
export const MATCH_OPERATORS = ["Equal", "NotEqual", "In", "NotIn"] as const;

/** Which packets between nodes ride in a pool's tunnel (IPPool `ipipMode`, `vxlanMode`). */
export const TUNNEL_MODES = ["Always", "CrossSubnet", "Never"] as const;

/** What addresses of a pool may be used for (IPPool `allowedUses`). */
export const POOL_USES = ["Workload", "Tunnel", "LoadBalancer"] as const;
