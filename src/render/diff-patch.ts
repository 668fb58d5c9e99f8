import type { AnyRow, RowChange } from "../kernel/row-change.ts";
import type { Comparison, Side } from "./diff-text.ts";
import { rowWords } from "./diff-words.ts";
import { addCommand, addressCommand, ruleCommand } from "./iproute.ts";
import { linkCommands } from "./iproute-link.ts";
import { chainCommand, filterCommand } from "./iptables.ts";
import { sysctlCommand } from "./sysctl.ts";

/** `--format patch`: a unified diff of the commands that make the rows, a section for each namespace. */
export function* patchLines({ left, right, diff }: Comparison): Generator<string> {
  if (diff.rows === 0) return;
  yield `--- ${sideWords(left)}`;
  yield `+++ ${sideWords(right)}`;
  let netns = "";
  for (const { change } of diff.all()) {
    if (change.netns !== netns) yield `@@ ${change.netns} @@`;
    netns = change.netns;
    yield* changeLines(change);
  }
}

function sideWords({ mode, topology }: Side): string {
  return `${mode} on ${topology}`;
}

/** Of a row that only changed, the commands that are the same on both sides are left out. */
function changeLines({ before, after }: RowChange): readonly string[] {
  const [gone, come] = [before ? commands(before) : [], after ? commands(after) : []];
  return [
    ...gone.filter((line) => !come.includes(line)).map((line) => `-${line}`),
    ...come.filter((line) => !gone.includes(line)).map((line) => `+${line}`),
  ];
}

/** The commands that make a row; what no command makes is a comment. */
function commands(any: AnyRow): readonly string[] {
  switch (any.table) {
    case "link":
      return linkCommands(any.row);
    case "addr":
      return [addressCommand(any.row)];
    case "rule":
      return [ruleCommand(any.row)];
    case "route":
    case "neigh":
    case "fdb":
    case "set":
    case "wireguard":
      return [addCommand(any)];
    case "sysctl":
      return [sysctlCommand(any.row.key, any.row.value)];
    case "chain":
      return [chainCommand(any.row, 4)];
    case "filter":
      return [filterCommand(any.row.chain.table, any.row.chain.name, any.row.rule)];
    case "lease":
    case "forwarder":
    case "socket":
    case "refused":
    case "segment":
    case "fabric":
      return [`# ${any.table} ${rowWords(any)}`];
  }
}
