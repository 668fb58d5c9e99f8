import { DOCUMENT_FORMATS, SCHEMAS, SHELLS } from "./choices.ts";
import { ascii, type CommandWords, format, set, TELL } from "./command-words.ts";

export const TELLING: readonly CommandWords[] = [
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
