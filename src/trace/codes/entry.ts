/** What a code makes of the packet by itself. */
export type CodeClass = "delivered" | "risk" | "unreachable" | "undetermined";

/** A row of the registry of codes. */
export interface CodeEntry {
  readonly code: string;
  readonly verdict: CodeClass;
  /** One sentence: the exact condition. */
  readonly meaning: string;
  /** The kernel's name in `enum skb_drop_reason`, 6.18; empty where no kernel drops, or it gives none. */
  readonly kernel: string;
  /** What the sending application sees, as a rule. */
  readonly sees: string;
  readonly causes: readonly string[];
  /** Commands on a real machine, with what to look for. */
  readonly look: readonly string[];
  readonly fix: string;
}
