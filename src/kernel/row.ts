/**
 * Who wrote a row. Agents by their own names; `kernel` for what the kernel makes itself; `arp` for what was learned
 * on the wire; `operator` for what a person or the machine's own configuration sets up.
 */
export type Writer = "kernel" | "arp" | "operator" | "cni" | "docker" | "flanneld" | "felix" | "bird" | "fault" | "fix";

/** What every row of every table says about itself. */
export interface Written {
  readonly by: Writer;
  /** The line of the input file that asked for it, where one did. */
  readonly source?: { readonly file: string; readonly line: number; readonly column: number };
}

/** A device in a network namespace. In Linux every table belongs to a namespace, not to a host. */
export interface Port {
  readonly netns: string;
  readonly dev: string;
}
