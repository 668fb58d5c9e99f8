import type { Setting } from "../topology/settings.ts";

/*
 * What agents can be told of one mode: flannel's `Backend` keys (Documentation/backends.md) and Calico's
 * FelixConfiguration fields.
 */

/** A UDP port, with the one it is unless somebody says otherwise. */
export function udpPort(of: string, usual: number): Setting {
  return { min: 1, max: 65535, about: `UDP port of ${of}, default ${usual}` };
}

export const VNI: Setting = { min: 1, max: 16777215, about: "VXLAN network identifier, 24 bits" };
export const UNDERLAY_MTU: Setting = {
  min: 68,
  max: 65535,
  about: "MTU of the underlay; the header is still taken off it",
};
export const TUNNEL_MTU: Setting = { min: 68, max: 65535, about: "MTU of the tunnel device" };
export const TUNNEL_MTU_V6: Setting = { ...TUNNEL_MTU, about: "MTU of the tunnel device for IPv6" };
