import type { Ip } from "../addr/ip.ts";
import type { Prefix } from "../addr/prefix.ts";
import type { Written } from "./row.ts";

export type Hook = "PREROUTING" | "INPUT" | "FORWARD" | "OUTPUT" | "POSTROUTING";
export type FilterTable = "raw" | "mangle" | "nat" | "filter";

/** The tables that hang on each hook, in the order a packet meets them (netfilter priorities). */
export const HOOK_TABLES: Readonly<Record<Hook, readonly FilterTable[]>> = {
  PREROUTING: ["raw", "mangle", "nat"],
  INPUT: ["mangle", "filter", "nat"],
  FORWARD: ["mangle", "filter"],
  OUTPUT: ["raw", "mangle", "nat", "filter"],
  POSTROUTING: ["mangle", "nat"],
};

export type Policy = "ACCEPT" | "DROP";

/** A chain, built in when its name is a hook's. */
export interface Chain extends Written {
  readonly table: FilterTable;
  readonly name: string;
  /** Built-in chains only. */
  readonly policy?: Policy;
  /** What ip6tables says, where it was told something else. */
  readonly policy6?: Policy;
  readonly rules: readonly FilterRule[];
}

/** A rule as iptables-save prints it; a rule is a row, never a function. */
export interface FilterRule extends Written {
  readonly match: Match;
  readonly target: Target;
  readonly comment?: string;
}

interface Negatable {
  readonly not?: boolean;
}

export interface Match {
  /** Written by iptables or by ip6tables alone; absent: by both. */
  readonly family?: 4 | 6;
  readonly src?: Negatable & { readonly prefix: Prefix };
  readonly dst?: Negatable & { readonly prefix: Prefix };
  /** A name, or a beginning of names when it ends in `+`. */
  readonly in?: Negatable & { readonly dev: string };
  readonly out?: Negatable & { readonly dev: string };
  readonly protocol?: number;
  readonly dport?: number;
  readonly mark?: Negatable & { readonly value: number; readonly mask: number };
  readonly ctstate?: readonly ("NEW" | "ESTABLISHED" | "RELATED" | "INVALID")[];
  readonly set?: Negatable & { readonly name: string; readonly dir: "src" | "dst" };
  /** The address is one of the namespace's own (`-m addrtype --src-type LOCAL`). */
  readonly local?: Negatable & { readonly dir: "src" | "dst" };
  /** `-m rpfilter --invert --validmark`: the reverse route does not lead out of the device it came in by. */
  readonly rpfilterFails?: true;
}

export type Target =
  | { readonly kind: "ACCEPT" }
  | { readonly kind: "DROP" }
  | { readonly kind: "RETURN" }
  | { readonly kind: "NOTRACK" }
  | { readonly kind: "REJECT"; readonly with: "icmp-port-unreachable" | "icmp-admin-prohibited" | "tcp-reset" }
  | { readonly kind: "MASQUERADE"; readonly randomFully: boolean }
  | { readonly kind: "SNAT"; readonly to: Ip }
  | { readonly kind: "MARK"; readonly value: number; readonly mask: number }
  | { readonly kind: "jump"; readonly chain: string };

/** A member of an ipset. */
export interface SetMember extends Written {
  readonly set: string;
  readonly prefix: Prefix;
}

export function setKey(row: SetMember): string {
  return `${row.set} ${row.prefix}`;
}
