import { CHECK_FORMATS, DF, DIFF_FORMATS, FAIL_ON, FORMATS, GRID_FORMATS, PROTOCOLS } from "./choices.ts";
import {
  ASK,
  ascii,
  type CommandWords,
  fault,
  format,
  mode,
  type OptionWords,
  set,
  topology,
  world,
} from "./command-words.ts";

/** Views of one answer: it has one. */
const VIEWS = ["brief", "verbose", "why", "commands", "minimal", "traceroute", "format"];

function view(long: string, about: string): OptionWords {
  return { long, about, excludes: VIEWS.filter((other) => other !== long) };
}

export const ASKING: readonly CommandWords[] = [
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
    about: `Compares the tables of two networks row by row, and says what few causes are
behind it; with SRC and DST, where the way of a packet parts. Above 20 000 rows
each cause has its count and examples; all of them are in a patch, and with
--rows in text and json, machine by machine as they are found.`,
    group: ASK,
    options: [
      ...world,
      { long: "rows", about: "every row: under its cause, or of more than 20 000 by machine" },
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
packet ends. What --expect says of a pair decides about it; any other that is lost
is an error.`,
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
      { long: "ipv4", short: "4", about: "of prepare and verify: over IPv4 only; default what both ends have" },
      { long: "ipv6", short: "6", about: "of prepare and verify: over IPv6 only" },
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
];
