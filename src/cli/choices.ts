/** The words that options and arguments of a few words take; grammar, checks and completion share them. */
export const PROTOCOLS = ["udp", "tcp", "icmp", "sctp"] as const;
export const DF = ["auto", "always", "never"] as const;
export const SHELLS = ["bash", "zsh", "fish"] as const;
export const SCHEMAS = [
  "topology",
  "trace",
  "tables",
  "route",
  "bgp",
  "compare",
  "diff",
  "check",
  "lab",
  "expect",
  "baseline",
] as const;
export const FORMATS = ["text", "json"] as const;
export const GRID_FORMATS = ["text", "json", "markdown", "csv"] as const;
export const DOCUMENT_FORMATS = ["yaml", "json"] as const;
export const DIFF_FORMATS = ["text", "json", "markdown", "patch"] as const;
export const CHECK_FORMATS = ["text", "json", "ndjson", "junit", "github", "sarif", "baseline"] as const;
export const FAIL_ON = ["error", "warning", "note", "never"] as const;
