import { peerOf } from "../kernel/wireguard.ts";
import { placeName } from "../trace/project.ts";
import { strandOf } from "../trace/strand.ts";
import type { EventOf, Trace } from "../trace/trace.ts";
import { change, type Fact } from "./fact.ts";
import { deviceDown } from "./layer2.ts";
import { peerCommand } from "./row-words.ts";
import { type Loss, lossOf } from "./scene.ts";

/** Nobody may have the destination. */
export function noPeer(loss: Loss): Fact {
  const at = placeName(loss.netns.name);
  const { dev = "", ip = loss.ip.dst } = loss.because;
  const { exceptions } = loss.netns.wireguardPeers;
  const late = exceptions.findLast(({ op, row }) => op === "del" && peerOf([row], dev, ip))?.row;
  const gone = late ? `; the peer at ${late.endpoint}, which had them, was removed` : "";
  return {
    code: "WIREGUARD_NO_PEER",
    at,
    text: `${dev} on ${at} has no peer whose allowed addresses hold ${ip}${gone}.`,
    look: [{ at, command: `wg show ${dev} allowed-ips`, expect: `no prefix over ${ip}` }],
    ...(late && { mend: () => [change(at, peerCommand(late))] }),
  };
}

/** The handshake came to nothing; what became of it is a fact of its own. */
export function noSession(loss: Loss): Fact {
  const at = placeName(loss.netns.name);
  const { dev = "", ip = loss.ip.dst } = loss.because;
  return {
    code: "WIREGUARD_NO_SESSION",
    at,
    text: `${dev} on ${at} asks ${ip} for a session and hears nothing, so the packet waits until it is dropped.`,
    look: [{ at, command: `wg show ${dev} latest-handshakes`, expect: "0 for that peer" }],
  };
}

/** The receiver cannot tell who sealed the datagram. */
export function unknownSender(loss: Loss): Fact {
  const at = placeName(loss.netns.name);
  const { dev = "the device", ip = loss.ip.src } = loss.because;
  return {
    code: "WIREGUARD_UNKNOWN_PEER",
    at,
    text: `${dev} on ${at} has no peer with the key that ${ip} uses, or another key than ${ip} thinks.`,
    look: [{ at, command: `wg show ${dev} peers`, expect: `not the public key of ${ip}` }],
  };
}

/** The packet opens, and its sender may not send from there. */
export function refusedSource(loss: Loss): Fact {
  const at = placeName(loss.netns.name);
  const { dev = "", ip = loss.ip.src, expected = [] } = loss.because;
  return {
    code: "WIREGUARD_SOURCE_REFUSED",
    at,
    text: `${dev} on ${at} opens the packet and finds ${ip} inside, but the peer that sealed it may have only ${expected.join(", ")}.`,
    look: [{ at, command: `wg show ${dev} allowed-ips`, expect: `no prefix over ${ip} at that peer` }],
  };
}

/** A sealed packet, or a handshake, came to a port that no WireGuard device here has open. */
export function noWireguard(loss: Loss, port: number | undefined): Fact {
  const at = placeName(loss.netns.name);
  const devices = [...loss.netns.links.values()].filter((link) => link.kind === "wireguard");
  const down = devices.find((link) => !link.up && link.port === port);
  if (down) return deviceDown(loss.netns, down.name);
  const [device] = devices;
  if (!device) {
    const text = `${at} got a WireGuard packet on udp/${port} and has no WireGuard device.`;
    return { code: "ENCAP_DEVICE_MISSING", at, text };
  }
  const text = `${at} got a WireGuard packet on udp/${port}, but its ${device.name} is on udp/${device.port}.`;
  return { code: "ENCAP_PORT_MISMATCH", at, text };
}

/** Whether a packet is a handshake of a WireGuard device. */
export function isHandshake({ packets }: Trace, packet: number): boolean {
  return packets[packet]?.cause === "handshake";
}

/** How the handshake that the packet waited for was lost. */
export function handshakeLoss(loss: Loss): Loss | undefined {
  if (loss.reason !== "wireguard-no-session") return undefined;
  const end = loss.trace.events.findLast(
    (event): event is EventOf<"drop"> => event.action.kind === "drop" && isHandshake(loss.trace, event.packet),
  );
  if (!end) return undefined;
  const path = strandOf(loss.trace, end.packet).events.flatMap((index) => loss.trace.events[index] ?? []);
  const lost = lossOf({ ...loss, path, end });
  return lost && { ...lost, wrapped: true };
}
