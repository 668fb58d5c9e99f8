import type { Network } from "../kernel/network.ts";
import type { Trace } from "../trace/trace.ts";
import { arpReceive, ndiscReceive } from "./arp.ts";
import { bridgeHandleFrame, bridgeXmit } from "./bridge.ts";
import { localDeliver, udpReceive } from "./deliver.ts";
import { forward } from "./forward.ts";
import { icmpReceive } from "./icmp.ts";
import { ipReceive } from "./input.ts";
import { ipipReceive, ipipXmit } from "./ipip.ts";
import { finishOutput } from "./neighbour.ts";
import { ipOutput, localOut, type Send, send } from "./output.ts";
import { forwarderReceive, tunXmit } from "./process.ts";
import { netifReceive } from "./receive.ts";
import { takeRedirect } from "./redirect.ts";
import { Run, type Taken, WORK_LIMIT } from "./run.ts";
import { segmentXmit } from "./segment.ts";
import type { Skb, StageName, Step } from "./skb.ts";
import { EMPTY_STATE, type State, thaw } from "./state.ts";
import { vxlanReceive, vxlanXmit } from "./vxlan.ts";
import { wireguardXmit } from "./wireguard.ts";
import { wireguardReceive } from "./wireguard-receive.ts";
import { devQueueXmit } from "./xmit.ts";

const stages: { readonly [S in StageName]: (run: Run, skb: Skb) => readonly Step[] } = {
  ip_local_out: localOut,
  ip_output: ipOutput,
  ip_finish_output: finishOutput,
  dev_queue_xmit: devQueueXmit,
  br_dev_xmit: bridgeXmit,
  segment_xmit: segmentXmit,
  vxlan_xmit: vxlanXmit,
  ipip_tunnel_xmit: ipipXmit,
  tun_net_xmit: tunXmit,
  wg_xmit: wireguardXmit,
  netif_receive_skb: netifReceive,
  br_handle_frame: bridgeHandleFrame,
  arp_rcv: arpReceive,
  ndisc_rcv: ndiscReceive,
  ip_rcv: ipReceive,
  ip_forward: forward,
  ip_local_deliver: localDeliver,
  udp_rcv: udpReceive,
  vxlan_rcv: vxlanReceive,
  wg_receive: wireguardReceive,
  ipip_rcv: ipipReceive,
  process_recvfrom: forwarderReceive,
  icmp_rcv: icmpReceive,
  icmp_redirect: takeRedirect,
};

export interface WalkOptions {
  /** What was learned before; default: nothing, learned in passing without a word. */
  readonly state?: State;
  /** Show ARP and neighbour discovery as packets. */
  readonly cold?: boolean;
  /** Which equal-cost branches to take; default: those that the addresses hash to. */
  readonly taken?: Taken;
}

const NONE_TAKEN: Taken = new Map();

/**
 * Walks one packet, and every packet it causes, through the tables of a network as the Linux kernel would, and gives
 * back what happened and what was learned. A network fault is a `drop` event; nothing is thrown for it.
 */
export function walk(
  network: Network,
  what: Send,
  options: WalkOptions = {},
): { readonly trace: Trace; readonly state: State } {
  const run = new Run(network, thaw(options.state ?? EMPTY_STATE), {
    cold: options.cold ?? false,
    taken: options.taken ?? NONE_TAKEN,
  });
  run.settle = (steps) => settle(run, steps);
  const sent = send(run, what);
  run.settle(sent.steps);
  for (let step = run.later.shift(); step; step = run.later.shift()) run.settle([step]);
  const trace: Trace = {
    mode: network.mode,
    from: what.from,
    sent: sent.packet,
    packets: run.packets,
    events: run.events,
  };
  run.state.walks++;
  return { trace, state: run.state };
}

/** Depth first, so that the events of one packet stand together. */
function settle(run: Run, first: readonly Step[]): void {
  const list = [...first].reverse();
  for (let step = list.pop(); step; step = list.pop()) {
    if (++run.work > WORK_LIMIT) {
      run.drop(step.skb, "work-limit");
      return;
    }
    list.push(...[...stages[step.stage](run, step.skb)].reverse());
  }
}
