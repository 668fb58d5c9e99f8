import type { Refusal } from "./refused.ts";

/**
 * What came of a change done by hand: how many rows (or devices, or settings) it was done to, whether or not they were
 * so before, or the kernel's refusal. 0 means that nothing fits its words.
 */
export type Applied = { readonly changed: number } | { readonly refused: Refusal };

export function changed(rows: number): Applied {
  return { changed: rows };
}

export function refused(why: Refusal): Applied {
  return { refused: why };
}

/** What a verb of netlink answers, as the result of a change to one thing. */
export function settled(why: Refusal | undefined): Applied {
  return why ? refused(why) : changed(1);
}
