import type { Ip } from "../addr/ip.ts";
import type { Mac } from "../addr/mac.ts";
import type { Written } from "./row.ts";

/** A forwarding entry: behind a tunnel (`dst`), or behind the bridge port `dev`. */
export interface FdbEntry extends Written {
  readonly dev: string;
  readonly mac: Mac;
  readonly dst?: Ip;
}

export function fdbKey(row: Pick<FdbEntry, "dev" | "mac">): string {
  return `${row.dev} ${row.mac}`;
}
