import { Argument, Option } from "commander";
import { DF, PROTOCOLS, SCHEMAS, SHELLS } from "./choices.ts";

/** One command in the words that its user reads. */
export interface CommandWords {
  readonly name: string;
  readonly args: readonly Argument[];
  /** A few words for the list of commands. */
  readonly summary: string;
  /** What it answers, and how. */
  readonly about: string;
  readonly group: string;
  readonly options: readonly Option[];
  readonly examples: readonly string[];
  /** What stands below the examples. */
  readonly more?: string;
}

const ASK = "Commands that ask:";
const TELL = "Commands that tell:";

const topology = () =>
  new Option("-t, --topology <FILE>", "a topology file, - for standard input, or the name of a packaged one");
const mode = () => new Option("--mode <MODE>", "what if this mode ran: a name, or several with commas between them");
const fault = () =>
  several("--fault <COMMAND>", "break it first: 'node-1: ip route del 10.244.2.0/24'; may be repeated");
const set = () => several("--set <PATH=VALUE>", "change the topology first: hosts.node-2.mtu=1400; may be repeated");
const ascii = () => new Option("--ascii", "draw with ASCII characters only");
const verbose = (what: string) => new Option("-v, --verbose", what);

/** The network that a question is about. */
const world = () => [topology(), mode(), fault(), set()];

/** Views of one answer: it has one. */
const VIEWS = ["brief", "minimal", "traceroute", "verbose"];

function view(name: string, about: string): Option {
  const option = new Option(name, about);
  return option.conflicts(VIEWS.filter((other) => other !== option.attributeName()));
}

function several(name: string, about: string): Option {
  return new Option(name, about).argParser((value: string, before: readonly string[] = []) => [...before, value]);
}

/** Leaves a value as it was typed: whoever uses it says what is wrong with it, and what else is. */
function asIs(value: string): string {
  return value;
}

export const commands: readonly CommandWords[] = [
  {
    name: "trace",
    args: [new Argument("<SRC>", "where the packet is sent"), new Argument("<DST>", "where to; :PORT may follow")],
    summary: "which way a packet takes, and whether it arrives",
    about: `Walks a packet and its reply through the tables of every machine on the way.
The word trace may be left out.`,
    group: ASK,
    options: [
      ...world(),
      new Option("--protocol <NAME>", "default udp; tcp is a SYN, icmp an echo").choices(PROTOCOLS).argParser(asIs),
      new Option("--sport <PORT>", "the port it is sent from; default 40000"),
      new Option("--size <BYTES>", "its IP length; default 60, of an echo 84"),
      new Option("--ttl <NUMBER>", "its TTL; default 64"),
      new Option("--df <WHEN>", "whether it may be fragmented; default auto").choices(DF).argParser(asIs),
      new Option("-4, --ipv4", "over IPv4"),
      new Option("-6, --ipv6", "over IPv6"),
      new Option("--one-way", "leave the reply out"),
      new Option("--cold", "start with nothing learned: ARP and handshakes are shown"),
      verbose("with losing rows, MAC addresses, netfilter and skipped steps"),
      view("--brief", "only how it ended"),
      view("--minimal", "a few stable words a line, for scripts"),
      view("--traceroute", "who answers a probe of each TTL"),
      new Option("-q, --quiet", "print nothing; the exit status tells"),
      new Option("--expect <CODE>", "exit with 0 exactly when this code comes"),
      ascii(),
    ],
    examples: [
      "cni-trace --mode vxlan pod-a pod-b",
      "cni-trace -t two-subnets --mode host-gw pod-a pod-b",
      "cni-trace --fault 'node-1: ip route del 10.244.2.0/24' pod-a pod-b:53",
    ],
    more: `Exit status: 0 it arrives in every direction traced, 1 it does not, 2 the command
line or an input is wrong, 3 undetermined, 4 a fault in cni-trace itself.`,
  },
  {
    name: "tables",
    args: [new Argument("[PLACE...]", "pods, hosts, routers; default: all of them")],
    summary: "what a machine or a pod holds, and who wrote it",
    about: "Prints tables in commands that can be pasted, each row with its writer.",
    group: ASK,
    options: [
      ...world(),
      new Option("--only <NAMES>", "some tables only: link,addr,route,rule,neigh,fdb,..."),
      verbose("with the rows that the kernel makes itself"),
    ],
    examples: ["cni-trace tables --mode vxlan node-1", "cni-trace tables node-1 pod-a --only route,neigh"],
  },
  {
    name: "route",
    args: [new Argument("<PLACE>", "who looks it up"), new Argument("<ADDRESS>", "what is looked up")],
    summary: "which row wins for an address, and which lose",
    about: "Looks an address up as `ip route get` would, and says why each other row lost.",
    group: ASK,
    options: [...world(), ascii()],
    examples: ["cni-trace route --mode vxlan node-1 10.244.2.2"],
    more: "Exit status: 0 a row leads on, 1 none does.",
  },
  {
    name: "explain",
    args: [new Argument("<WORD...>", "a code, mode, device, port, or what a kernel said")],
    summary: "any code, mode, device, port or kernel sentence",
    about: "Explains a word that cni-trace, a kernel or an agent has used.",
    group: TELL,
    options: [ascii()],
    examples: [
      "cni-trace explain flannel0",
      "cni-trace explain 8472",
      'cni-trace explain "Nexthop has invalid gateway"',
    ],
  },
  {
    name: "topologies",
    args: [new Argument("[NAME]", "the one to print")],
    summary: "the topologies that come with the program",
    about: "Lists the packaged topologies; with a name, prints that file with its story.",
    group: TELL,
    options: [],
    examples: ["cni-trace topologies", "cni-trace topologies two-subnets > mine.yaml"],
  },
  {
    name: "init",
    args: [],
    summary: "a commented topology file to start from",
    about: "Prints a small topology file with the most asked-for keys in comments.",
    group: TELL,
    options: [],
    examples: ["cni-trace init > topology.yaml"],
  },
  {
    name: "modes",
    args: [],
    summary: "the modes, and what each needs and costs",
    about: "Lists the modes that can be asked about.",
    group: TELL,
    options: [ascii()],
    examples: ["cni-trace modes"],
  },
  {
    name: "schema",
    args: [new Argument("<NAME>", "what it describes").choices(SCHEMAS).argParser(asIs)],
    summary: "the JSON Schema of a file or an output",
    about: "Prints a JSON Schema.",
    group: TELL,
    options: [],
    examples: ["cni-trace schema topology > topology.schema.json"],
  },
  {
    name: "completion",
    args: [new Argument("<SHELL>", "the shell").choices(SHELLS).argParser(asIs)],
    summary: "completion for a shell",
    about: "Prints a script that completes commands, options and their words.",
    group: TELL,
    options: [],
    examples: [
      "source <(cni-trace completion bash)",
      "cni-trace completion zsh > ~/.zfunc/_cni-trace",
      "cni-trace completion fish > ~/.config/fish/completions/cni-trace.fish",
    ],
  },
];

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
