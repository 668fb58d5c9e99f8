import { BELIEF_CODES } from "./codes/belief.ts";
import type { CodeEntry } from "./codes/entry.ts";
import { FILTER_CODES } from "./codes/filter.ts";
import { LAYER2_CODES } from "./codes/layer2.ts";
import { OUTCOME_CODES } from "./codes/outcome.ts";
import { ROUTING_CODES } from "./codes/routing.ts";
import { SIZE_CODES } from "./codes/size.ts";
import { TUNNEL_CODES } from "./codes/tunnel.ts";
import { WIREGUARD_CODES } from "./codes/wireguard.ts";

/**
 * Every word for how a packet can end and for the facts behind it; the one list that types, schemas, tables of
 * documentation and explanations come from. A word enters it together with tables that produce it.
 */
export const CODES = [
  ...OUTCOME_CODES,
  ...ROUTING_CODES,
  ...BELIEF_CODES,
  ...LAYER2_CODES,
  ...TUNNEL_CODES,
  ...WIREGUARD_CODES,
  ...FILTER_CODES,
  ...SIZE_CODES,
] as const;

/** A word for how a packet ended, or for a fact behind it. */
export type Code = (typeof CODES)[number]["code"];

/** What a code means, as far as a reader wants to know. */
export interface Explanation extends CodeEntry {
  readonly code: Code;
}

const BY_CODE: ReadonlyMap<string, Explanation> = new Map(CODES.map((entry) => [entry.code, entry]));

/** What a code means, its usual causes, where to look, and what mends it. */
export function explainCode(code: Code): Explanation {
  const found = BY_CODE.get(code);
  if (!found) throw new Error(`the registry has no ${code}`);
  return found;
}

/** The entry that a word names; `undefined` when it is no code. */
export function findCode(word: string): Explanation | undefined {
  return BY_CODE.get(word);
}
