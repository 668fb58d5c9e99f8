import type { Ip } from "../addr/ip.ts";
import type { Written } from "./row.ts";

export type Scope = "global" | "link" | "host";

/** Wider scopes are smaller, as RT_SCOPE_* are. */
export const SCOPE_ORDER: Readonly<Record<Scope, number>> = { global: 0, link: 253, host: 254 };

/** An address on a device. */
export interface Address extends Written {
  readonly dev: string;
  readonly ip: Ip;
  readonly length: number;
  readonly scope: Scope;
}
