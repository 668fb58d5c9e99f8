import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Input } from "../../src/import/input.ts";

const { CNI_TRACE_EVIDENCE: folder } = process.env;

/** Whether the originals are here: objects of real clusters, which are not ours to pass on. */
export const hasEvidence = folder !== undefined;

if (!hasEvidence) console.log("CNI_TRACE_EVIDENCE names no folder: objects of real clusters are not read");

/** One text of a cluster's folder. */
export function evidenceText(cluster: string, file: string): string {
  return readFileSync(join(folder ?? "", "clusters", cluster, file), "utf8");
}

/** The objects of a cluster: the files named, or all that hold some. */
export function evidenceOf(cluster: string, ...files: readonly string[]): readonly Input[] {
  const all = files.length > 0 ? files : readdirSync(join(folder ?? "", "clusters", cluster));
  const objects = all.filter((file) => /\.(?:yaml|json)$/.test(file));
  return objects.map((file) => ({ file, text: evidenceText(cluster, file) }));
}
