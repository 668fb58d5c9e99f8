import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ask, run } from "./helper.ts";
import type { Said } from "./layout.ts";
import type { Plan } from "./plan.ts";

/** The folder of a lab's state: names, forwarders' tables and their process numbers. */
export function stateFolder(prefix: string): string {
  return join(existsSync("/run") ? "/run" : "/tmp", `${prefix}lab`);
}

/** Makes the lab anew: what an earlier one left behind goes first. What the kernel said to each step is given back. */
export function bringUp({ names, steps }: Plan): readonly Said[] {
  takeDown(names.prefix);
  const folder = stateFolder(names.prefix);
  mkdirSync(folder, { mode: 0o700 });
  const map = { places: Object.fromEntries(names.kernel), segments: Object.fromEntries(names.segments) };
  writeFileSync(join(folder, "names.json"), JSON.stringify(map));
  const said = ask("build", [folder], steps).trim().split("\n");
  return steps.map((_, k) => JSON.parse(said[k] ?? '{"status":1,"text":"the helper said nothing"}'));
}

/** Takes away every process, namespace and file that bears the prefix. It can be said twice, and after being killed. */
export function takeDown(prefix: string): void {
  const folder = stateFolder(prefix);
  if (existsSync(folder)) ask("end", [folder], undefined);
  for (const name of namespaces(prefix)) run(["ip", "netns", "del", name]);
  rmSync(folder, { recursive: true, force: true });
}

function namespaces(prefix: string): readonly string[] {
  if (!existsSync("/run/netns")) return [];
  return readdirSync("/run/netns").filter((name) => name.startsWith(prefix));
}

/** The names of the lab that stands; `undefined` when none does. */
export function standing(prefix: string): ReadonlyMap<string, string> | undefined {
  const file = join(stateFolder(prefix), "names.json");
  if (!existsSync(file)) return undefined;
  const { places } = JSON.parse(readFileSync(file, "utf8"));
  return new Map(Object.entries<string>(places));
}
