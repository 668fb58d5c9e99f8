import type { Prefix } from "../addr/prefix.ts";
import { LOCAL_TABLE, MAIN_TABLE } from "./route.ts";
import type { Written } from "./row.ts";

/** A row of the routing policy database, in the words of ip-rule(8). */
export interface Rule extends Written {
  readonly pref: number;
  readonly table: number;
  /** Which of the two databases it stands in; absent: both. */
  readonly family?: 4 | 6;
  readonly from?: Prefix;
  readonly to?: Prefix;
  readonly iif?: string;
  readonly oif?: string;
  readonly fwmark?: { readonly value: number; readonly mask: number };
  /** `not`: it applies to what does not match. */
  readonly invert?: boolean;
}

/** What every namespace starts with; `default` (253) is empty and left out. */
export const DEFAULT_RULES: readonly Rule[] = [
  { pref: 0, table: LOCAL_TABLE, by: "kernel" },
  { pref: 32766, table: MAIN_TABLE, by: "kernel" },
];
