import { lengthOf } from "../wire/stack.ts";
import type { Event } from "./event.ts";

/**
 * Bytes that an event puts around the packet, negative where it takes them off; 0 for one that does neither. What a
 * tunnel adds behind the packet (padding, a tag) depends on the packet's length, so it is the difference that counts.
 */
export function bytesWrapped({ action, headers }: Event): number {
  if (action.kind === "encapsulate") return lengthOf(headers) - lengthOf(headers.slice(action.pushed.length));
  if (action.kind === "decapsulate") return lengthOf(headers) - lengthOf([...action.popped, ...headers]);
  return 0;
}
