import type { Answer, Branch, Branches, Choice } from "../trace/answer.ts";
import { pathOf } from "../trace/path.ts";
import { placeName } from "../trace/project.ts";
import { endOf } from "./flow-text.ts";
import type { Page } from "./page.ts";

const LABEL = 15;

/** `--all-branches`: for each way over equal-cost routes the branches taken, its places, and how it ends. */
export function writeBranches(page: Page, { forward, reply, allBranches }: Answer): void {
  if (!allBranches) return;
  for (const [label, branches] of [
    ["way", forward.branches],
    ["reply way", reply?.branches],
  ] as const) {
    if (branches) writeWays(page, label, branches);
  }
}

function writeWays(page: Page, label: string, { walked, more }: Branches): void {
  page.gap();
  for (const [i, branch] of walked.entries()) {
    const { share, choices } = branch;
    const shown = i === 0 ? ", the one shown" : "";
    const head = `${label} ${i + 1}`.padEnd(LABEL);
    page.row({ head, text: `${percent(share)} of all pairs${shown}: ${endOf(branch)}` });
    for (const text of [...choices.map(choiceWords), placesWords(branch)]) page.row({ head: " ".repeat(LABEL), text });
  }
  if (more) page.row({ head: " ".repeat(LABEL), text: `and more ways: the first ${walked.length} were walked` });
}

/** `n1: 10.244.2.0/24 via 192.168.1.12 dev eth0`. */
export function choiceWords({ netns, route, nexthop }: Choice): string {
  const via = nexthop.via ? ` via ${nexthop.via}` : "";
  const weight = nexthop.weight === undefined || nexthop.weight === 1 ? "" : ` weight ${nexthop.weight}`;
  return `${placeName(netns)} takes ${route.dst.length === 0 ? "default" : route.dst}${via} dev ${nexthop.dev}${weight}`;
}

export function placesWords({ trace }: Branch): string {
  return pathOf(trace)
    .places.map(({ name }) => name)
    .join(" → ");
}

export function percent(share: number): string {
  return `${Math.round(share * 1000) / 10} %`;
}

/** How many ways there are, and whether they agree. */
export function agreementWords({ walked, more }: Branches): string {
  const lost = walked.filter(({ ttl }) => ttl === undefined).length;
  const count = `${more ? "at least " : ""}${walked.length} equal ways`;
  if (lost === 0) return `${count}, and all deliver`;
  return lost === walked.length
    ? `${count}, and none delivers`
    : `${count}, and ${lost} of them ${lost === 1 ? "loses" : "lose"} the packet`;
}
