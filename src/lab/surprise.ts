import type { Disagreement } from "./compare.ts";
import type { Said, Told } from "./layout.ts";

/** The steps that came out otherwise than the model says: rows the kernel took or refused. */
export function surprises(steps: readonly Told[], said: readonly Said[]): readonly Disagreement[] {
  return steps.flatMap((step, k) => surprise(step, said[k] ?? UNSAID) ?? []);
}

/** Whether two labs are made alike. */
export function sameSteps(left: readonly Told[], right: readonly Told[]): boolean {
  const told = ({ kind, place, argv, key, value, refused }: Told) => [kind, place, argv, key, value, refused];
  return JSON.stringify(left.map(told)) === JSON.stringify(right.map(told));
}

const UNSAID: Said = { status: 1, text: "nothing was said of it" };

function surprise(step: Told, { status, text }: Said): Disagreement | undefined {
  const { place, refused } = step;
  // iproute2 prints the words of the kernel's answer where it sends any, and those of the errno where it does not.
  const met = refused ? status !== 0 && text.includes(refused.text) : status === 0;
  if (met) return undefined;
  return {
    case: "rows",
    about: `${place}: ${commandOf(step)}`,
    expected: [refused ? `refused: ${refused.text}` : "accepted"],
    observed: [status === 0 ? "accepted" : text],
  };
}

function commandOf({ kind, argv, key, value }: Told): string {
  if (argv) return argv.join(" ");
  return key === undefined ? (STEPS[kind] ?? kind) : `sysctl ${key}=${value}`;
}

const STEPS: Readonly<Record<string, string>> = {
  bare: "offloads off",
  carried: "devices with a carrier",
  forward: "a forwarder",
};
