import type { Netns } from "../kernel/netns.ts";
import { placeName } from "../trace/project.ts";
import type { Ethernet } from "../wire/header.ts";
import { change, type Fact } from "./fact.ts";
import { withoutCarrier } from "./ports.ts";
import { type Loss, namespace } from "./scene.ts";

/** A device that is down, or not there; it may be the other end of a veth. */
export function notReady(loss: Loss): Fact {
  const { dev = loss.event.at.dev } = loss.because;
  const here = loss.netns.links.get(loss.event.at.dev);
  if (here?.kind === "bridge" && here.up && here.name === dev) return withoutCarrier(loss.netns, dev);
  const across = here?.kind === "veth" && here.name !== dev && here.peer.dev === dev;
  const netns = across ? namespace(loss, here.peer.netns) : loss.netns;
  return deviceDown(netns, dev);
}

/** A device that does not take part, in words. */
export function deviceDown(netns: Netns, dev: string): Fact {
  const at = placeName(netns.name);
  const link = netns.links.get(dev);
  const state = link ? "is down" : "is not there";
  return {
    code: "IFACE_DOWN",
    at,
    text: `${dev} on ${at} ${state}.`,
    look: [{ at, command: `ip link show ${dev}`, expect: link ? "state DOWN" : `Device "${dev}" does not exist.` }],
    ...(link && { mend: () => [change(at, `ip link set ${dev} up`)] }),
  };
}

/** Nobody answers for the next hop. */
export function unanswered(loss: Loss): Fact {
  const { ip = loss.ip.dst, dev = loss.event.at.dev } = loss.because;
  const at = placeName(loss.netns.name);
  const how = ip.family === 4 ? "ARP" : "neighbour discovery";
  return {
    code: "ARP_FAILED",
    at,
    text: `${at} asked for ${ip} on ${dev} by ${how} and got no answer${loss.wrapped ? "; the packet is a tunnel's" : ""}.`,
    look: [{ at, command: `ip neigh show ${ip}`, expect: "FAILED" }],
  };
}

/** A frame that nobody takes for its own, or from a sender that cannot be. */
export function wrongMac(loss: Loss): Fact {
  const at = placeName(loss.netns.name);
  const { dev } = loss.event.at;
  const mac = lastFrame(loss);
  if (loss.reason === "MAC_INVALID_SOURCE") {
    return {
      code: "WRONG_MAC",
      at,
      text: `The frame that came to ${dev} on ${at} is from ${mac?.src ?? "a group address"}, and no sender has a group address.`,
      look: [{ at, command: `tcpdump -eni ${dev}`, expect: `from ${mac?.src}` }],
    };
  }
  const [own] = loss.because.expected ?? [];
  const text =
    own === undefined
      ? `The frame from ${dev} on ${at} is for ${mac?.dst ?? "a MAC address"}, and no card on the segment has it.`
      : `The frame that came to ${dev} on ${at} is for ${mac?.dst ?? "another MAC address"}, but ${dev} has ${own}.`;
  return {
    code: "WRONG_MAC",
    at,
    text,
    look: [{ at, command: `tcpdump -eni ${dev}`, expect: `the frame is for ${mac?.dst}` }],
  };
}

/** The Ethernet header with which the packet came to where it was lost. */
function lastFrame(loss: Loss): Ethernet | undefined {
  const before = loss.path.slice(0, loss.path.indexOf(loss.event) + 1);
  const frame = before.findLast(({ headers }) => headers[0]?.kind === "ethernet")?.headers[0];
  return frame?.kind === "ethernet" ? frame : undefined;
}

/** A frame with the receiving device's own MAC as its sender. */
export function sameMac(loss: Loss): Fact {
  const at = placeName(loss.netns.name);
  const { dev = loss.event.at.dev, expected = [] } = loss.because;
  return {
    code: "MAC_DUPLICATE",
    at,
    text: `${dev} on ${at} got a frame from ${expected[0]}, which is its own MAC address: another machine has it too.`,
    look: [{ at, command: `ip link show ${dev}`, expect: `link/ether ${expected[0]}, as on the sender` }],
  };
}
