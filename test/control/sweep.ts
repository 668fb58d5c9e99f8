import { type ChildProcess, spawn, spawnSync } from "node:child_process";

/** Ends every process in a namespace of that prefix, then the namespace; folders of that name below /run go with them. */
const SWEEP = `
prefix=$1
sweep() {
  found=0
  for path in /run/netns/"$prefix"*; do
    [ -e "$path" ] || continue
    found=1
    name=\${path##*/}
    for pid in $(ip netns pids "$name"); do kill -9 "$pid"; done
    ip netns del "$name"
  done
  for path in /run/"$prefix"*; do
    [ -e "$path" ] && rm -rf "$path"
  done
}`;

/**
 * Takes everything away that bears the prefix: all that a test makes outside of memory is called so.
 */
export function sweep(prefix: string): void {
  spawnSync("sh", ["-c", `${SWEEP}\nsweep`, "sh", prefix], { stdio: "ignore" });
}

/**
 * A process that sweeps when this one ends, however it ends: the kernel closes the pipe between them. It looks until a
 * second has brought nothing new, because what was begun may still be making namespaces.
 */
export function sweepAfterwards(prefix: string): ChildProcess {
  const script = `${SWEEP}\ncat >/dev/null\nsweep\nfound=1\nwhile [ "$found" = 1 ]; do sleep 1; sweep; done`;
  const keeper = spawn("sh", ["-c", script, "sh", prefix], { detached: true, stdio: ["pipe", "ignore", "ignore"] });
  keeper.unref();
  return keeper;
}
