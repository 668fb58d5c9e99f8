import { expect, test } from "vitest";
import { eventsOf } from "../../src/trace/trace.ts";
import { lengthOf } from "../../src/wire/stack.ts";
import { cluster, scene, send } from "./scene.ts";

/*
 * Seen in a 6.18 kernel: pods at 1450, cards at 1500. br_netfilter puts the pod's fragments together; what the card
 * can carry leaves whole, and what it cannot falls into the pieces it came in, not into pieces of the card's size.
 */
test.each([
  [1500, [1514]],
  [1501, [1458, 91]],
])("%i bytes without DF leave the node in frames of %j", async (size, frames) => {
  const there = await scene("flannel-vxlan-direct", cluster());
  const { trace, end } = send(there, "p1", "p2", { size, df: "never" });
  const out = eventsOf(trace, "transmit").filter(({ at }) => at.netns === "host/n1" && at.dev === "eth0");
  expect(out.map(({ headers }) => lengthOf(headers))).toEqual(frames);
  expect(end).toBe("delivered ttl 62");
});
