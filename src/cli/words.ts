import type { CommandWords } from "./command-words.ts";
import { ASKING } from "./commands-that-ask.ts";
import { TELLING } from "./commands-that-tell.ts";

export const commands: readonly CommandWords[] = [...ASKING, ...TELLING];

/** Behind the list of commands in the help of the whole program. */
export const EXAMPLES = `
Examples:
  cni-trace --mode vxlan pod-a pod-b
  cni-trace -t two-subnets --mode host-gw pod-a pod-b
  cni-trace diff udp vxlan

A place is a pod (shop/db-0; pod-a is default/pod-a), a host, a router or an
address; pod:, host:, router: or ip: before it says which. DST may have a port:
shop/db-0:5432.`;

/** What stands on the screen when nothing was asked. */
export const SHORT_HELP = `cni-trace shows which way a packet takes between two pods, and why.

  cni-trace --mode vxlan pod-a pod-b

walks it through the packaged topology two-nodes. cni-trace topologies lists
others, cni-trace modes the modes, cni-trace --help the rest.
`;
