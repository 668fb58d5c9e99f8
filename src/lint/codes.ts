import type { CodeEntry } from "../trace/codes/entry.ts";
import { type Code, explainCode, findCode } from "../trace/codes.ts";

/** What a code of the lint means. No kernel drops for it, and it ends no packet. */
export type LintEntry = Omit<CodeEntry, "verdict" | "kernel">;

/**
 * Words for what is wrong with a network before any packet is sent. Where a packet would end with a code of its own, the
 * lint uses that one; these are the rest.
 */
export const LINT_CODES = [
  {
    code: "PORT_CLASH",
    meaning: "A process and a tunnel device, or two processes, want the same port of one machine.",
    sees: "whoever comes second does not start: Address already in use",
    causes: ["another overlay on Linux's VXLAN port 8472", "a pod with hostNetwork on the port of the CNI"],
    look: ["ss -lnup", "journalctl: Address already in use"],
    fix: "Give one of them another port.",
  },
  {
    code: "POD_CIDR_SMALL",
    meaning: "The pods' network will be used up before the nodes are.",
    sees: "new nodes get no network, or new pods of a node no address: FailedCreatePodSandBox",
    causes: ["cluster.podCIDR or cluster.nodeMaskSize from a smaller cluster"],
    look: ["kubectl get nodes -o yaml: podCIDR", "ls /var/lib/cni/networks"],
    fix: "Take a wider cluster.podCIDR or another nodeMaskSize; on a running cluster add a second pool or lower maxPods.",
  },
  {
    code: "RP_FILTER_STRICT",
    meaning: "A machine with several cards checks strictly that answers would leave by the card a packet came in by.",
    sees: "silence, as soon as the two directions take different cards",
    causes: ["net.ipv4.conf.all.rp_filter=1 from the distribution's sysctl.d"],
    look: ["sysctl net.ipv4.conf.all.rp_filter net.ipv4.conf.DEV.rp_filter"],
    fix: "sysctl -w net.ipv4.conf.all.rp_filter=2 (loose), or routes that are the same in both directions.",
  },
  {
    code: "MODE_DEPRECATED",
    meaning: "Upstream advises against the mode, or will take it away.",
    sees: "nothing yet",
    causes: ["a configuration that was written long ago"],
    look: ["cni-trace modes"],
    fix: "Compare the way of a packet with that of another mode: cni-trace diff.",
  },
] as const satisfies readonly LintEntry[];

type OwnCode = (typeof LINT_CODES)[number]["code"];

/** A code of the lint's own, or one that a packet would end with. */
export type LintCode = OwnCode | Code;

const BY_CODE: ReadonlyMap<string, LintEntry> = new Map(LINT_CODES.map((entry) => [entry.code, entry]));

/** What a code means, what is seen of it and what mends it. */
export function explainLint(code: LintCode): LintEntry {
  return BY_CODE.get(code) ?? explainCode(code as Code);
}

/** The entry of the lint's own that a word names; `undefined` for others. */
export function findLintCode(word: string): LintEntry | undefined {
  return findCode(word) ? undefined : BY_CODE.get(word);
}
