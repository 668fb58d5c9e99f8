import type { Link, LinkOf } from "../kernel/link.ts";

/** A device as the words behind `ip link add` describe it: `flannel.1 address … mtu 1450 type vxlan id 1 …`. */
export function linkText(link: Link): string {
  const { name, mac, mtu } = link;
  return [name, mac && `address ${mac}`, `mtu ${mtu}`, typeText(link)].filter(Boolean).join(" ");
}

function typeText(link: Link): string {
  switch (link.kind) {
    case "loopback":
      return "type loopback";
    case "nic":
      return "";
    case "veth":
      return `type veth peer name ${link.peer.dev} netns ${netnsName(link.peer.netns)}`;
    case "bridge":
      return "type bridge";
    case "vxlan": {
      const lower = link.lower === undefined ? "" : ` dev ${link.lower}`;
      const ttl = link.ttl === "auto" ? "" : ` ttl ${link.ttl}`;
      const learning = link.learning ? "" : " nolearning";
      return `type vxlan id ${link.vni}${lower} local ${link.local} dstport ${link.port}${learning}${ttl}`;
    }
    case "ipip": {
      const remote = link.remote ? ` remote ${link.remote}` : " remote any";
      const local = link.local ? ` local ${link.local}` : " local any";
      return `type ipip${remote}${local} ttl ${link.ttl} ${link.pmtudisc ? "pmtudisc" : "nopmtudisc"}`;
    }
    case "tun":
      return "type tun";
    case "wireguard":
      return "type wireguard";
  }
}

/** A namespace's name where `ip netns` takes no slash: `pod:default:pod-a`. */
function netnsName(netns: string): string {
  return netns.replaceAll("/", ":");
}

/** `wg set` with all but the private key, which only the device knows. */
function wireguardCommand({ name, port, fwmark }: LinkOf<"wireguard">): string {
  return `wg set ${name} listen-port ${port}${fwmark === undefined ? "" : ` fwmark 0x${fwmark.toString(16)}`}`;
}

/**
 * The commands that make a device, or set one that is there without being made: a card, a pod's end of a veth, the
 * tunnel device that comes with its module.
 */
export function linkCommands(link: Link): readonly string[] {
  const { name, mac, mtu, master, hairpin, state: portState, up } = link;
  const address = mac && link.kind !== "loopback" ? ` address ${mac}` : "";
  const settings = [
    ...(master === undefined ? [] : [`ip link set ${name} master ${master}`]),
    ...(hairpin ? [`bridge link set dev ${name} hairpin on`] : []),
    ...(link.kind === "wireguard" ? [wireguardCommand(link)] : []),
  ];
  const state = up ? " up" : " down";
  // Only a port that is up takes another state.
  const blocked = portState === undefined ? [] : [`bridge link set dev ${name} state ${portState}`];
  if (link.kind === "loopback") return [`ip link set ${name}${state}`];
  if (link.kind === "tun") {
    return [`ip tuntap add dev ${name} mode tun`, `ip link set ${name} mtu ${mtu}${state}`, ...settings];
  }
  const standing =
    link.kind === "nic" || name === "tunl0" || (link.kind === "veth" && !link.peer.netns.startsWith("pod/"));
  if (standing) return [`ip link set ${name}${address} mtu ${mtu}${state}`, ...settings, ...blocked];
  return [`ip link add ${linkText(link)}`, ...settings, ...(up ? [`ip link set ${name} up`] : []), ...blocked];
}
