import type { Ip } from "../addr/ip.ts";
import type { Mac } from "../addr/mac.ts";
import type { Written } from "./row.ts";

/** A row of the neighbour table. What is learned on the wire is state, not table. */
export interface Neighbour extends Written {
  readonly dev: string;
  readonly ip: Ip;
  readonly lladdr: Mac;
  readonly state: "permanent" | "reachable";
}

export function neighbourKey(row: Pick<Neighbour, "dev" | "ip">): string {
  return `${row.dev} ${row.ip}`;
}
