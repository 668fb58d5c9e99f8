// node kubectl-get.mjs NODES PODS_PER_NODE: prints what kubectl would of such a cluster, as fast as it is read.
import { writeSync } from "node:fs";
import { kubectlJson } from "./kubectl.mjs";

const [nodes, podsPerNode] = process.argv.slice(2).map(Number);
let held = "";
for (const piece of kubectlJson({ nodes, podsPerNode })) {
  held += piece;
  if (held.length < 2 ** 18) continue;
  write(Buffer.from(held));
  held = "";
}
write(Buffer.from(held));

/** A pipe that is full says so where it does not make its writer wait. */
function write(bytes) {
  for (let at = 0; at < bytes.length; ) {
    try {
      at += writeSync(1, bytes, at);
    } catch (error) {
      if (error.code !== "EAGAIN") throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1);
    }
  }
}
