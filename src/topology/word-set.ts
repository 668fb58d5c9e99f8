/**
 * A set of pairs of 32-bit words in typed arrays, for telling apart hundreds of thousands of addresses or names without
 * an object for each.
 */
export interface WordSet {
  /** Adds a pair of signed words; false when it was there. */
  readonly add: (high: number, low: number) => boolean;
  readonly has: (high: number, low: number) => boolean;
}

/** A set with room for `most` pairs. */
export function wordSet(most: number): WordSet {
  let slots = 16;
  while (slots < most * 2) slots *= 2;
  const last = slots - 1;
  const highs = new Int32Array(slots);
  const lows = new Int32Array(slots);
  const taken = new Uint8Array(slots);
  /** Where a pair stands, or has room. */
  const slotOf = (high: number, low: number) => {
    let slot = mix(high, low) & last;
    while (taken[slot] === 1 && (lows[slot] !== low || highs[slot] !== high)) slot = (slot + 1) & last;
    return slot;
  };
  return {
    has: (high, low) => taken[slotOf(high, low)] === 1,
    add(high, low) {
      const slot = slotOf(high, low);
      if (taken[slot] === 1) return false;
      highs[slot] = high;
      lows[slot] = low;
      taken[slot] = 1;
      return true;
    },
  };
}

/** Multiplies and folds, so that neighbouring words land apart. */
function mix(high: number, low: number): number {
  let hash = Math.imul(high, 0x9e3779b1) ^ low;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return hash ^ (hash >>> 16);
}
