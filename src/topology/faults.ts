import type { Check } from "./check.ts";
import type { FaultEntry } from "./file.ts";
import { fullPodName } from "./names.ts";
import { nearest } from "./nearest.ts";
import { quoted } from "./prefixes.ts";
import type { Outcome, Problem } from "./problem.ts";
import type { Fault, Topology } from "./topology.ts";

/** Whom a fault, or any word of a command line, can name. */
export type Named = Pick<Topology, "hosts" | "routers" | "pods">;

/** Splits `node-1: ip route del …` and finds its target; the words after the colon are not read here. */
export function parseFault(text: string, named: Named): Outcome<Fault> {
  const colon = text.indexOf(": ");
  if (colon < 0) {
    const hint = "for example node-1: ip route del 10.244.2.0/24";
    return refuse({ code: "bad-fault", message: `${quoted(text)} names no target`, hint });
  }
  return faultOf(text.slice(0, colon), text.slice(colon + 1), named);
}

/** The faults of a file, in order; complains of targets that are nobody, or could be two. */
export function resolveFaults(entries: readonly FaultEntry[], named: Named, check: Check): readonly Fault[] {
  return entries.flatMap((entry, i): Fault[] => {
    const path = ["faults", i];
    if (typeof entry === "string") {
      const outcome = parseFault(entry, named);
      if (outcome.ok) return [check.placed(outcome.value, path, "value")];
      for (const problem of unlost(outcome.problems, entry.slice(0, entry.indexOf(": ")), check)) {
        check.complain({ ...problem, path });
      }
      return [];
    }
    const pairs = Object.entries(entry);
    const [pair, ...more] = pairs;
    if (!pair || more.length > 0) {
      const hint = "one target and its command in each entry";
      check.complain({ code: "bad-fault", path, message: `a fault with ${pairs.length} targets`, hint });
      return [];
    }
    const [target, text] = pair;
    const at = [...path, target];
    const outcome = faultOf(target, text, named);
    if (outcome.ok) return [check.placed(outcome.value, at, "value")];
    for (const problem of unlost(outcome.problems, target, check)) {
      check.complain({ ...problem, path: at, part: problem.code === "bad-fault" ? "value" : "key" });
    }
    return [];
  });
}

/** Who a word names: `node-1`, `pod-a`, `shop/db-0`, or with a kind before it, `pod:node-1`. */
export function findTarget(word: string, { hosts, routers, pods }: Named): Outcome<Fault["target"]> {
  const [, kind, name = ""] = /^(?:(host|router|pod):)?(.*)$/s.exec(word) ?? [];
  const full = fullPodName(name);
  const found: Fault["target"][] = [];
  if ((kind ?? "host") === "host" && hosts.has(name)) found.push({ kind: "host", name });
  if ((kind ?? "router") === "router" && routers.has(name)) found.push({ kind: "router", name });
  if ((kind ?? "pod") === "pod" && pods.get(full)) found.push({ kind: "pod", name: full });
  const [target, ...others] = found;
  if (target && others.length === 0) return { ok: true, value: target };
  if (target) {
    const choices = found.map(({ kind: which, name: whose }) => `${which}:${whose}`).join(" or ");
    return refuse({ code: "ambiguous-target", message: `${word} is more than one thing`, hint: `say ${choices}` });
  }
  const meant = nearest(name, candidates({ hosts, routers, pods }, kind));
  const shown = meant?.startsWith("default/") ? meant.slice(8) : meant;
  const hint = shown === undefined ? "a target is a host, a router or a pod" : `did you mean ${shown}?`;
  return refuse({ code: "unknown-target", message: `${quoted(word)} is no ${kind ?? "host, router or pod"}`, hint });
}

function faultOf(word: string, command: string, named: Named): Outcome<Fault> {
  const text = command.trim();
  if (text === "") {
    const hint = "for example ip route del 10.244.2.0/24";
    return refuse({ code: "bad-fault", message: `nothing is done to ${word}`, hint });
  }
  const target = findTarget(word.trim(), named);
  return target.ok ? { ok: true, value: { target: target.value, text } } : target;
}

function* candidates({ hosts, routers, pods }: Named, kind: string | undefined): Generator<string> {
  if ((kind ?? "host") === "host") yield* hosts.keys();
  if ((kind ?? "router") === "router") yield* routers.keys();
  if ((kind ?? "pod") !== "pod") return;
  for (const name of pods.names()) yield name.startsWith("default/") ? name.slice(8) : name;
}

/** A target that went while the file was mended has been complained of. */
function unlost(problems: readonly Problem[], word: string, check: Check): readonly Problem[] {
  const name = word.replace(/^(host|router|pod):/, "");
  const short = name.startsWith("default/") ? name.slice(8) : name;
  const lost = check.isLost("hosts", name) || check.isLost("routers", name) || check.isLost("pods", short);
  return lost ? problems.filter(({ code }) => code !== "unknown-target") : problems;
}

function refuse(problem: Problem): Outcome<never> {
  return { ok: false, problems: [problem] };
}
