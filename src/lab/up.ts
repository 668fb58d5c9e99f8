import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ask, run } from "./helper.ts";
import type { Plan } from "./plan.ts";
import type { Step } from "./step.ts";

/** A step that came out otherwise than the model says. */
export interface Surprise {
  readonly place: string;
  readonly command: string;
  readonly expected: string;
  readonly observed: string;
}

/** The folder of a lab's state: names, forwarders' tables and their process numbers. */
export function stateFolder(prefix: string): string {
  return join(existsSync("/run") ? "/run" : "/tmp", `${prefix}lab`);
}

/** Makes the lab anew: what an earlier one left behind goes first. Every surprise is given back; the lab stands all the same. */
export function bringUp(plan: Plan): readonly Surprise[] {
  const { names } = plan;
  takeDown(names.prefix);
  const folder = stateFolder(names.prefix);
  mkdirSync(folder, { mode: 0o700 });
  const map = { places: Object.fromEntries(names.kernel), segments: Object.fromEntries(names.segments) };
  writeFileSync(join(folder, "names.json"), JSON.stringify(map));
  const told = plan.steps.map((step, k) => (step.kind === "forward" ? configured(step, folder, k) : step));
  const said = ask("build", [], told).trim().split("\n");
  return plan.steps.flatMap((step, k) => surprise(step, JSON.parse(said[k] ?? "{}")) ?? []);
}

function configured(step: Step & { readonly kind: "forward" }, folder: string, k: number): object {
  const file = join(folder, `forward-${k}.json`);
  writeFileSync(file, JSON.stringify(step.config));
  return { kind: "forward", netns: step.netns, config: file };
}

interface Said {
  readonly status: number;
  readonly text: string;
}

function surprise(step: Step, said: Said): Surprise | undefined {
  const refused = step.kind === "run" ? step.refused : undefined;
  const expected = refused ? `refused: ${refused.text}` : "accepted";
  // iproute2 prints the words of the kernel's answer where it sends any, and those of the errno where it does not.
  const met = refused ? said.status !== 0 && said.text.includes(refused.text) : said.status === 0;
  if (met) return undefined;
  const observed = said.status === 0 ? "accepted" : said.text;
  return { place: step.place, command: commandOf(step), expected, observed };
}

function commandOf(step: Step): string {
  switch (step.kind) {
    case "run":
      return step.argv.join(" ");
    case "sysctl":
      return `sysctl ${step.key}=${step.value}`;
    case "bare":
      return "offloads off";
    case "forward":
      return `forwarder on ${step.config.tun}`;
  }
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
