import type { Netns } from "../kernel/netns.ts";
import type { Socket, SocketProtocol } from "../kernel/socket.ts";
import type { Tcp } from "../wire/header.ts";
import { defragment } from "./fragment.ts";
import { icmpSend } from "./icmp.ts";
import { hook } from "./netfilter.ts";
import { reset } from "./reset.ts";
import type { Run } from "./run.ts";
import { ipOf, isBroadcast, type Skb, type Step } from "./skb.ts";

/** `ip_local_deliver`: puts fragments together, runs INPUT, and hands the packet to its protocol. */
export function localDeliver(run: Run, skb: Skb): readonly Step[] {
  const whole = defragment(run, skb);
  if (!whole) return [];
  const passed = hook(run, "INPUT", whole, { in: skb.dev });
  if (!passed) return [];
  const next = passed.packet[1];
  switch (next?.kind) {
    case "udp":
      return [{ stage: "udp_rcv", skb: passed }];
    case "tcp":
      return tcpReceive(run, passed, next);
    case "sctp":
      return sctpReceive(run, passed, next.dport);
    case "icmp":
      return [{ stage: "icmp_rcv", skb: passed }];
    case "ipv4":
      return [{ stage: "ipip_rcv", skb: passed }];
    default:
      run.note(passed, { kind: "drop", reason: "IP_NOPROTO" });
      return icmpSend(run, passed, "protocol-unreachable");
  }
}

/** `__udp4_lib_rcv`: a tunnel device, a forwarder, or an application; nobody answers with port unreachable. */
export function udpReceive(run: Run, skb: Skb): readonly Step[] {
  const udp = skb.packet[1];
  if (udp?.kind !== "udp") return run.drop(skb, "NO_SOCKET");
  // Groups are joined by processes, and of that nothing is known.
  if (ipOf(skb).dst.isMulticast) return [];
  const netns = run.netns(skb.netns);
  const socket = findSocket(run, netns, skb, "udp", udp.dport);
  if (socket === undefined) return noSocket(run, skb, netns, "udp");
  if (socket !== "assumed" && socket.owner.kind === "link") return tunnelReceive(run, skb, netns, socket.owner.name);
  if (socket !== "assumed" && netns.forwarders.some((forwarder) => forwarder.process === socket.owner.name)) {
    return [{ stage: "process_recvfrom", skb }];
  }
  run.note(skb, { kind: "deliver", socket });
  return [];
}

/** The device that has the port; one that is down has closed it, unless another shares it (`wg_stop`, `vxlan_stop`). */
function tunnelReceive(run: Run, skb: Skb, netns: Netns, name: string): readonly Step[] {
  const link = netns.links.get(name);
  const port = link && "port" in link ? link.port : undefined;
  const open = [...netns.links.values()].some((other) => other.up && "port" in other && other.port === port);
  if (!open) return noSocket(run, skb, netns, "udp");
  return [{ stage: link?.kind === "wireguard" ? "wg_receive" : "vxlan_rcv", skb }];
}

function noSocket(run: Run, skb: Skb, netns: Netns, protocol: SocketProtocol): readonly Step[] {
  const open = netns.sockets
    .filter((socket) => socket.protocol === protocol)
    .map((socket) => `${protocol}/${socket.port}`);
  run.note(skb, { kind: "drop", reason: "NO_SOCKET", because: { expected: open } });
  return icmpSend(run, skb, "port-unreachable");
}

/** A SYN to a listener is delivered, its answer is the reply; one to a closed port is answered with RST (`tcp_v4_send_reset`). */
function tcpReceive(run: Run, skb: Skb, tcp: Tcp): readonly Step[] {
  const netns = run.netns(skb.netns);
  // Nobody connects to a broadcast address, and nobody is told (`tcp_v4_conn_request`).
  if (isBroadcast(skb)) return run.drop(skb, "NO_SOCKET");
  if (tcp.flags.includes("RST")) {
    run.note(skb, { kind: "error", error: { errno: "ECONNREFUSED", origin: "tcp", from: ipOf(skb).src } });
    return [];
  }
  const answers = tcp.flags.includes("SYN") && tcp.flags.includes("ACK");
  // Only who asked takes an answer; a listener resets it (`tcp_rcv_state_process`, LISTEN).
  const asked = run.state.sockets.get(`${netns.name} tcp ${tcp.dport}`);
  const socket = answers ? asked && "kernel" : findSocket(run, netns, skb, "tcp", tcp.dport);
  if (socket !== undefined) {
    run.note(skb, { kind: "deliver", socket });
    return [];
  }
  run.note(skb, { kind: "drop", reason: "NO_SOCKET" });
  return reset(run, skb);
}

function sctpReceive(run: Run, skb: Skb, dport: number): readonly Step[] {
  const netns = run.netns(skb.netns);
  const socket = findSocket(run, netns, skb, "sctp", dport);
  if (socket === undefined) return noSocket(run, skb, netns, "sctp");
  run.note(skb, { kind: "deliver", socket });
  return [];
}

function findSocket(
  run: Run,
  netns: Netns,
  skb: Skb,
  protocol: SocketProtocol,
  port: number,
): Socket | "assumed" | undefined {
  const { dst } = ipOf(skb);
  const bound = netns.sockets.find(
    (socket) => socket.protocol === protocol && socket.port === port && (!socket.ip || socket.ip.equals(dst)),
  );
  const client = run.state.sockets.get(`${netns.name} ${protocol} ${port}`);
  return bound ?? client ?? (netns.assumeListening ? "assumed" : undefined);
}
