import type { Code } from "../../src/trace/codes.ts";

/** The diagnosis codes that no lab shows in a kernel, and why. The README's list is made from this. */
export const UNSHOWN: readonly (readonly [code: Code, reason: string])[] = [
  ["UNSUPPORTED", "says what the model does not follow, which is nothing a kernel can do"],
  ["INSUFFICIENT_INFO", "the same; and a storm, which is its other use, has no end that could be compared"],
  ["ECMP_INCONSISTENT", "which of equal routes a packet takes is a hash with a secret of the boot"],
];
