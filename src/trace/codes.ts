/** A word for how a packet ended, or for a fact behind it. */
export type Code = string;
