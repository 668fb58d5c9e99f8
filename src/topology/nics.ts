import type { Ip } from "../addr/ip.ts";
import { type Mac, parseMac } from "../addr/mac.ts";
import type { Check } from "./check.ts";
import type { MachineMap } from "./file.ts";
import type { Path } from "./path.ts";
import { quoted } from "./prefixes.ts";
import type { Nic } from "./topology.ts";
import type { Segment } from "./underlay.ts";

/** One address of a machine and the subnet it lies in. */
export interface Seat {
  readonly ip: Ip;
  readonly segment: Segment;
}

/** The cards of a machine: one a subnet, named eth0, eth1 … in the order of the addresses, with its MTU and pinned MAC. */
export function readNics(seats: readonly Seat[], entry: MachineMap, path: Path, check: Check): readonly Nic[] {
  const { mtu, mac } = entry;
  const [only, ...others] = seats;
  if (only && others.length === 0 && typeof mtu !== "object" && mac === undefined) {
    const { name, mtu: common } = only.segment;
    return [{ name: "eth0", subnet: name, addresses: [addressOf(only)], mtu: mtu ?? common }];
  }
  const segments = [...new Set(seats.map(({ segment }) => segment))];
  const names = segments.map((_, i) => `eth${i}`);
  const macs = typeof mac === "string" ? { eth0: mac } : (mac ?? {});
  if (typeof mtu === "object") checkDevices(Object.keys(mtu), names, [...path, "mtu"], check);
  if (typeof mac === "object") {
    const cards = Object.keys(mac).filter((word) => !AGENT_DEVICE.test(word));
    checkDevices(cards, names, [...path, "mac"], check);
  }
  return segments.map((segment, i): Nic => {
    const name = `eth${i}`;
    const pinned = Object.hasOwn(macs, name) ? macs[name] : undefined;
    const macPath = typeof mac === "string" ? [...path, "mac"] : [...path, "mac", name];
    const found = pinned === undefined ? undefined : readMac(pinned, macPath, check);
    const own = typeof mtu === "object" ? (Object.hasOwn(mtu, name) ? mtu[name] : undefined) : mtu;
    const addresses = seats.filter((seat) => seat.segment === segment).map(addressOf);
    return {
      name,
      subnet: segment.name,
      addresses,
      mtu: own ?? segment.mtu,
      ...(found !== undefined && { mac: found }),
    };
  });
}

/** Devices that an agent makes and gives a MAC that it tells its peers: flannel's `VtepMAC`, Calico's `vxlanTunnelMACAddr`. */
const AGENT_DEVICE = /^(?:flannel(?:-v6)?\.\d{1,8}|vxlan(?:-v6)?\.calico)$/;

/** The MACs that an entry pins of devices that are no cards. */
export function readAgentMacs({ mac }: MachineMap, path: Path, check: Check): ReadonlyMap<string, Mac> | undefined {
  if (typeof mac !== "object") return undefined;
  const found = Object.entries(mac).flatMap(([device, text]): [string, Mac][] => {
    const read = AGENT_DEVICE.test(device) ? readMac(text, [...path, "mac", device], check) : undefined;
    return read === undefined ? [] : [[device, read]];
  });
  return found.length > 0 ? new Map(found) : undefined;
}

function addressOf({ ip, segment }: Seat): Nic["addresses"][number] {
  return { ip, length: segment.cidrs.find((cidr) => cidr.contains(ip))?.length ?? ip.bits };
}

function checkDevices(asked: readonly string[], names: readonly string[], path: Path, check: Check): void {
  for (const word of asked) {
    if (names.includes(word)) continue;
    const hint = names.length === 0 ? undefined : `its cards are ${names.join(", ")}`;
    check.complain({
      code: "unknown-device",
      path: [...path, word],
      part: "key",
      message: `there is no ${word} here`,
      hint,
    });
  }
}

function readMac(text: string, path: Path, check: Check): Nic["mac"] {
  const mac = parseMac(text);
  if (mac !== undefined && (Number.parseInt(mac.slice(0, 2), 16) & 1) === 0) return mac;
  const what = mac === undefined ? "is not a MAC address" : "is a group address";
  check.complain({ code: "bad-mac", path, message: `${quoted(text)} ${what}`, hint: "for example 02:00:00:00:00:01" });
  return undefined;
}
