import {
  CHECK_FORMATS,
  DF,
  DIFF_FORMATS,
  DOCUMENT_FORMATS,
  FAIL_ON,
  FORMATS,
  GRID_FORMATS,
  PROTOCOLS,
  SCHEMAS,
  SHELLS,
} from "./choices.ts";

/** One option of a command. */
export interface OptionWords {
  /** Behind `--`. */
  readonly long: string;
  /** Behind `-`. */
  readonly short?: string;
  /** What stands behind it, in capitals; absent for an option that stands alone. */
  readonly value?: string;
  readonly about: string;
  /** The few words that its value can be. */
  readonly words?: readonly string[];
  readonly repeats?: true;
  /** Options that cannot stand beside it. */
  readonly excludes?: readonly string[];
}

/** One argument of a command; `some` and `any` take all words that are left, `any` none as well. */
export interface ArgumentWords {
  readonly name: string;
  readonly about: string;
  readonly count: "one" | "maybe" | "some" | "any";
  readonly words?: readonly string[];
}

/** One command in the words that its user reads. Parsing, help and completion are all made from these. */
export interface CommandWords {
  readonly name: string;
  readonly args: readonly ArgumentWords[];
  /** A few words for the list of commands. */
  readonly summary: string;
  /** What it answers, and how. */
  readonly about: string;
  readonly group: string;
  readonly options: readonly OptionWords[];
  readonly examples: readonly string[];
  /** What stands below the examples. */
  readonly more?: string;
}

const ASK = "Commands that ask:";
export const TELL = "Commands that tell:";

const topology: OptionWords = {
  long: "topology",
  short: "t",
  value: "FILE",
  about:
    "a topology file, what kubectl get printed, a folder of it, - for standard input, or a packaged name; may be repeated: later ones are laid over",
  repeats: true,
};
const mode: OptionWords = {
  long: "mode",
  value: "MODE",
  about: "what if this mode ran: a name, or several with commas between them",
};
const fault: OptionWords = {
  long: "fault",
  value: "COMMAND",
  about: "break it first: 'node-1: ip route del 10.244.2.0/24'; may be repeated",
  repeats: true,
};
const set: OptionWords = {
  long: "set",
  value: "PATH=VALUE",
  about: "change the topology first: hosts.node-2.mtu=1400; may be repeated",
  repeats: true,
};
const ascii: OptionWords = { long: "ascii", about: "draw with ASCII characters only" };

function format(words: readonly string[]): OptionWords {
  return { long: "format", short: "o", value: "FORMAT", about: "what to print; default text", words };
}

/** The network that a question is about. */
const world = [topology, mode, fault, set];

/** Views of one answer: it has one. */
const VIEWS = ["brief", "verbose", "why", "commands", "minimal", "traceroute", "format"];

function view(long: string, about: string): OptionWords {
  return { long, about, excludes: VIEWS.filter((other) => other !== long) };
}

export const commands: readonly CommandWords[] = [
  {
    name: "trace",
    args: [
      { name: "SRC", about: "where the packet is sent", count: "one" },
      { name: "DST", about: "where to; :PORT may follow", count: "one" },
    ],
    summary: "which way a packet takes, and whether it arrives",
    about: `Walks a packet and its reply through the tables of every machine on the way.
The word trace may be left out.`,
    group: ASK,
    options: [
      ...world,
      { long: "protocol", value: "NAME", about: "default udp; tcp is a SYN, icmp an echo", words: PROTOCOLS },
      { long: "sport", value: "PORT", about: "the port it is sent from; default 40000" },
      { long: "size", value: "BYTES", about: "its IP length; default 60, of an echo 84; an SCTP INIT has but one" },
      { long: "ttl", value: "NUMBER", about: "its TTL; default 64" },
      { long: "df", value: "WHEN", about: "whether it may be fragmented; default auto", words: DF },
      { long: "ipv4", short: "4", about: "over IPv4" },
      { long: "ipv6", short: "6", about: "over IPv6" },
      { long: "one-way", about: "leave the reply out" },
      { long: "cold", about: "start with nothing learned: ARP and handshakes are shown" },
      {
        long: "count",
        value: "NUMBER",
        about: "send as many packets of the flow: each finds what those before it taught",
        excludes: ["commands", "traceroute"],
      },
      {
        long: "all-branches",
        about: "show the way over every branch of equal-cost routes",
        excludes: ["commands", "traceroute"],
      },
      { ...view("verbose", "with losing rows, MAC addresses, netfilter and skipped steps"), short: "v" },
      view("brief", "only how it ended"),
      view("why", "the way in numbered sentences"),
      view("commands", "what to type on the real machines"),
      view("minimal", "a few stable words a line, for scripts"),
      view("traceroute", "who answers a probe of each TTL"),
      { ...format(FORMATS), excludes: VIEWS.filter((other) => other !== "format") },
      {
        long: "write",
        short: "w",
        value: "PCAPNG",
        about: "write every predicted frame to a capture file; - is standard output, and nothing else is printed there",
      },
      { long: "quiet", short: "q", about: "print nothing; the exit status tells" },
      { long: "expect", value: "CODE", about: "exit with 0 exactly when this code comes" },
      ascii,
    ],
    examples: [
      "cni-trace --mode vxlan pod-a pod-b",
      "cni-trace -t two-subnets --mode host-gw pod-a pod-b",
      "cni-trace --fault 'node-1: ip route del 10.244.2.0/24' pod-a pod-b:53",
      "cni-trace --count 4 --size 1480 pod-a pod-b",
      "cni-trace --cold -w - pod-a pod-b | wireshark -k -i -",
    ],
    more: `Exit status: 0 it arrives in every direction traced, of several packets the last,
1 it does not or branches disagree, 2 the command line or an input is wrong,
3 undetermined, 4 a fault in cni-trace itself.`,
  },
  {
    name: "tables",
    args: [{ name: "PLACE", about: "pods, hosts, routers; default: all of them", count: "any" }],
    summary: "what a machine or a pod holds, and who wrote it",
    about: "Prints tables in commands that can be pasted, each row with its writer.",
    group: ASK,
    options: [
      ...world,
      { long: "only", value: "NAMES", about: "some tables only: link,addr,route,rule,neigh,fdb,..." },
      { long: "verbose", short: "v", about: "with the rows that the kernel makes itself" },
      { ...format(FORMATS), about: "default text; json has every row", excludes: ["only", "verbose"] },
    ],
    examples: ["cni-trace tables --mode vxlan node-1", "cni-trace tables node-1 pod-a --only route,neigh"],
  },
  {
    name: "route",
    args: [
      { name: "PLACE", about: "who looks it up", count: "one" },
      { name: "ADDRESS", about: "what is looked up", count: "one" },
    ],
    summary: "which row wins for an address, and which lose",
    about: "Looks an address up as `ip route get` would, and says why each other row lost.",
    group: ASK,
    options: [...world, format(FORMATS), ascii],
    examples: ["cni-trace route --mode vxlan node-1 10.244.2.2"],
    more: "Exit status: 0 a row leads on, 1 none does.",
  },
  {
    name: "bgp",
    args: [{ name: "PLACE", about: "a host or a router; default: all of them", count: "maybe" }],
    summary: "BGP sessions, and the routes learned over them",
    about: "Prints what birdc would show of sessions and routes, and why a session is not up.",
    group: ASK,
    options: [...world, format(FORMATS), ascii],
    examples: ["cni-trace bgp --mode bgp node-1", "cni-trace bgp -t bgp-routers"],
  },
  {
    name: "compare",
    args: [
      { name: "SRC", about: "where the packet is sent", count: "one" },
      { name: "DST", about: "where to; :PORT may follow", count: "one" },
    ],
    summary: "the same packet in every mode, and what each asks for",
    about: `Sends the same packet, and its reply, in every mode: what it costs, what the
network must pass or be, what nodes hold, and who writes it. All of it is walked
or counted from tables.`,
    group: ASK,
    options: [
      topology,
      { ...mode, about: "some modes only: names with commas between them" },
      fault,
      set,
      { long: "require", value: "MODES", about: "exit with 1 when one of these does not deliver" },
      {
        long: "contract",
        about: "what firewalls and fabric must pass, as a ticket",
        excludes: ["families"],
      },
      {
        long: "families",
        about: "Flannel against Calico, each cell with the command that shows it",
        excludes: ["contract"],
      },
      { long: "protocol", value: "NAME", about: "default udp; tcp is a SYN, icmp an echo", words: PROTOCOLS },
      { long: "size", value: "BYTES", about: "its IP length; default 60, of an echo 84" },
      { long: "df", value: "WHEN", about: "whether it may be fragmented; default auto", words: DF },
      { long: "ipv4", short: "4", about: "over IPv4" },
      { long: "ipv6", short: "6", about: "over IPv6" },
      format(GRID_FORMATS),
      ascii,
    ],
    examples: [
      "cni-trace compare -t two-subnets pod-a pod-b",
      "cni-trace compare --mode vxlan,ipip --require vxlan pod-a pod-b",
      "cni-trace compare --contract -o markdown pod-a pod-b",
    ],
    more: "Exit status: 0; with --require 1 when one of those modes does not deliver.",
  },
  {
    name: "diff",
    args: [
      { name: "LEFT", about: "a mode, or a topology: a file or a packaged one", count: "one" },
      { name: "RIGHT", about: "the same", count: "one" },
      { name: "SRC", about: "where a packet is sent", count: "maybe" },
      { name: "DST", about: "where to; :PORT may follow", count: "maybe" },
    ],
    summary: "what makes two modes or two files different",
    about: `Compares the tables of two networks row by row, and says what few causes are behind
it; with SRC and DST, where the way of a packet parts. Up to 20 000 rows are
listed; of more each cause has its count and examples, in every format.`,
    group: ASK,
    options: [
      ...world,
      { long: "rows", about: "every row under its cause, up to 20 000" },
      format(DIFF_FORMATS),
      { long: "exit-zero", about: "exit with 0 whether they differ or not" },
      ascii,
    ],
    examples: ["cni-trace diff udp vxlan", "cni-trace diff old.yaml new.yaml --mode bgp pod-a pod-b"],
    more: "Exit status: 0 they are the same, 1 they differ.",
  },
  {
    name: "check",
    args: [],
    summary: "what is wrong with a network, and between which pods",
    about: `Reads topology and tables for what cannot work or will not keep working, then
sends a small packet and one of the sender's MTU between all ordered pairs of pods,
there and back: pairs that are alike are counted, and one of them is walked. For
CI: expectations, a baseline, and reports in the usual formats.`,
    group: ASK,
    options: [
      ...world,
      { long: "lint", about: "leave the pairs out" },
      { long: "expect", value: "FILE", about: "what must hold; its schema: cni-trace schema expect" },
      { long: "baseline", value: "FILE", about: "what is known and accepted; -o baseline prints one to start from" },
      { long: "on", value: "DAY", about: "the day for which the baseline is read; default today" },
      { long: "fail-any", value: "KINDS", about: "take each link, host, router away: link,router names two" },
      { long: "fail-on", value: "SEVERITY", about: "exit with 1 from this severity on; default error", words: FAIL_ON },
      format(CHECK_FORMATS),
      ascii,
    ],
    examples: [
      "cni-trace check -t two-subnets --mode host-gw",
      "cni-trace check -t mine.yaml --expect expect.yaml -o github",
      "cni-trace check -t mine.yaml --fail-any router --baseline known.yaml",
    ],
    more: `Exit status: 0 nothing of that severity, 1 something is, 3 it is not known how some
packet ends. With --expect what is expected decides, and lost pairs are only noted.`,
  },
  {
    name: "lab",
    args: [
      {
        name: "ACTION",
        about: "what to do",
        count: "one",
        words: ["up", "down", "exec", "script", "prepare", "verify"],
      },
      { name: "WORD", about: "of exec a place and a command, of verify and prepare SRC DST", count: "any" },
    ],
    summary: "the topology in this kernel, and where model and kernel differ",
    about: `Builds the topology in network namespaces of this kernel from the same tables (up),
takes it away (down), runs a command in one of its places (exec), prints it as a
shell script (script), or sends the same packets in both and compares every frame
(verify). Needs Linux, root, iproute2, iptables and python3; touches nothing but
its own namespaces. For another machine's kernel, prepare writes a folder with all
that is asked of it; that needs no Node there, and verify --from no Linux here.`,
    group: ASK,
    options: [
      ...world,
      { ...format(FORMATS), about: "of verify; default text" },
      { long: "to", value: "FOLDER", about: "of prepare and verify: write questions, and answers, into a new folder" },
      {
        long: "from",
        value: "FOLDER",
        about: "of verify: compare what the folder's kernel answered",
        excludes: ["to", "topology", "mode", "fault", "set"],
      },
    ],
    examples: [
      "cni-trace lab script --mode vxlan",
      "cni-trace lab exec pod-a -- ip route",
      "cni-trace lab verify pod-a pod-b",
      "cni-trace lab prepare --mode calico-ipip --to ipip-lab",
      "sudo python3 ipip-lab/helper.py run ipip-lab     (on any Linux)",
      "cni-trace lab verify --from ipip-lab",
    ],
    more: `A folder holds lab.json topology.yaml steps.json probes.json helper.py, and answers
in kernel.json built.jsonl tables.json frames.jsonl; src/lab/layout.ts has every field.

Exit status of verify: 0 they agree, 1 they do not, 3 not possible here.`,
  },
  {
    name: "explain",
    args: [{ name: "WORD", about: "a code, mode, device, port, or what a kernel said", count: "some" }],
    summary: "any code, mode, device, port or kernel sentence",
    about: "Explains a word that cni-trace, a kernel or an agent has used.",
    group: TELL,
    options: [ascii],
    examples: [
      "cni-trace explain flannel0",
      "cni-trace explain 8472",
      'cni-trace explain "Nexthop has invalid gateway"',
    ],
  },
  {
    name: "import",
    args: [{ name: "FILE", about: "what kubectl get printed, a folder of it, or - for standard input", count: "some" }],
    summary: "Kubernetes objects as a topology file",
    about: `Turns what kubectl get printed of a cluster into a topology file, and says in comments
where each fact came from, what is assumed, and which command would supply it.
Documents of our own format among the files are laid over it. Nodes and Pods are
enough to start; ConfigMaps, DaemonSets and the CNI's own objects say more.
Secrets are not read.`,
    group: TELL,
    options: [
      set,
      { long: "redact", about: "put others in place of names and addresses; who is in whose network stays" },
      { ...format(DOCUMENT_FORMATS), about: "default yaml; json for what is too large to be read as YAML" },
    ],
    examples: [
      "kubectl get nodes,pods -A -o yaml | cni-trace import - > topology.yaml",
      "cni-trace import nodes.yaml pods.yaml overlay.yaml > topology.yaml",
      "cni-trace import --redact cluster-dump/ > report.yaml",
    ],
  },
  {
    name: "topologies",
    args: [{ name: "NAME", about: "the one to print", count: "maybe" }],
    summary: "the topologies that come with the program",
    about: "Lists the packaged topologies; with a name, prints that file with its story.",
    group: TELL,
    options: [{ long: "questions", about: "those that answer a question, and the commands that do" }],
    examples: [
      "cni-trace topologies",
      "cni-trace topologies --questions",
      "cni-trace topologies two-subnets > mine.yaml",
    ],
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
    options: [ascii],
    examples: ["cni-trace modes"],
  },
  {
    name: "schema",
    args: [{ name: "NAME", about: "what it describes", count: "one", words: SCHEMAS }],
    summary: "the JSON Schema of a file or an output",
    about: "Prints a JSON Schema.",
    group: TELL,
    options: [],
    examples: ["cni-trace schema topology > topology.schema.json"],
  },
  {
    name: "completion",
    args: [{ name: "SHELL", about: "the shell", count: "one", words: SHELLS }],
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
