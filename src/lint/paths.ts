import type { Path } from "../topology/path.ts";

/** Where a machine stands in the file, or a part of its entry: `host/node-1` is under `hosts`. */
export function machinePath(netns: string, ...rest: Path): Path {
  const slash = netns.indexOf("/");
  return [`${netns.slice(0, slash)}s`, netns.slice(slash + 1), ...rest];
}
