import type { FdbEntry } from "./fdb.ts";
import type { Neighbour } from "./neighbour.ts";
import type { SetMember } from "./netfilter.ts";
import type { Lease } from "./process.ts";
import type { Route } from "./route.ts";
import type { Written } from "./row.ts";
import type { WireguardPeer } from "./wireguard.ts";

/** What an agent asks for, by the table it is meant for. */
export type Row =
  | { readonly table: "route"; readonly row: Route }
  | { readonly table: "neigh"; readonly row: Neighbour }
  | { readonly table: "fdb"; readonly row: FdbEntry }
  | { readonly table: "lease"; readonly row: Lease }
  | { readonly table: "set"; readonly row: SetMember }
  | { readonly table: "wireguard"; readonly row: WireguardPeer };

/** The kernel's answer to a request it does not grant: an errno, and the words netlink sends with it. */
export interface Refusal {
  readonly errno: string;
  readonly text: string;
}

/** A row the kernel refused. The walker never sees it; `tables` prints it, a diagnosis cites it. */
export interface Refused extends Refusal {
  readonly asked: Row | { readonly table: "link" | "addr"; readonly words: string };
  readonly by: Written["by"];
}
