import { Ip } from "../../addr/ip.ts";
import { type FibResult, fibLookup, selectSource } from "../../kernel/fib.ts";
import type { Netns } from "../../kernel/netns.ts";
import type { Refused } from "../../kernel/refused.ts";
import type { Route } from "../../kernel/route.ts";
import { buildNetwork } from "../../modes/build.ts";
import { Page } from "../../render/page.ts";
import { refusedWords, routeWords } from "../../render/row-words.ts";
import { type Lookup, routeLookupJson } from "../../render/tables-json.ts";
import type { Problem } from "../../topology/problem.ts";
import { notAmong } from "../ask.ts";
import { FORMATS } from "../choices.ts";
import { complain } from "../complain.ts";
import type { Flags } from "../flags.ts";
import type { Io } from "../io.ts";
import { layoutOf } from "../layout.ts";
import { findNetns } from "../place.ts";
import type { Run } from "../run.ts";
import { readWorld } from "../world.ts";

const LABEL = 10;

/** `route PLACE ADDRESS`: `ip route get` from the model; the row that wins, those that lost and why, and who wrote them. */
export const route: Run = async ([place = "", address = ""], flags, io) => {
  const dst = Ip.parse(address);
  const others = [...(dst ? [] : [notAnAddress(address)]), ...notAmong("--format", flags.format, FORMATS)];
  const world = await readWorld(flags, io, { places: [place], others });
  if (!world.ok || !dst) return complain(world.ok ? [] : world.problems, io);
  const { topology, modes, faults } = world.value;
  const found = findNetns(topology, place);
  if (!found.ok) return complain(found.problems, io);
  const lookups: Lookup[] = [];
  for (const mode of modes) {
    const built = buildNetwork(topology, mode, faults);
    if (!built.ok) return complain(built.problems, io);
    const netns = built.value.netns(found.value);
    if (!netns) throw new Error(`there is no namespace ${found.value} in ${topology.name}`);
    lookups.push(lookUp(netns, dst, { mode: mode.name, topology: topology.name }));
  }
  io.write(await textOf(lookups, place, flags, io));
  return lookups.every(leadsOn) ? 0 : 1;
};

async function textOf(lookups: readonly Lookup[], place: string, flags: Flags, io: Io): Promise<string> {
  if (flags.format === "json") {
    const indent = lookups.length > 1 ? 0 : 2;
    return lookups.map((lookup) => `${JSON.stringify(routeLookupJson(lookup), undefined, indent)}\n`).join("");
  }
  const page = new Page(await layoutOf(io, flags));
  for (const lookup of lookups) {
    page.gap();
    page.text(`${place} → ${lookup.dst}  ${lookup.mode} · ${lookup.topology}`, "strong");
    writeLookup(page, lookup);
  }
  return page.toString();
}

function notAnAddress(text: string): Problem {
  return { code: "usage", message: `${text} is no address`, hint: "for example 10.244.2.7" };
}

function lookUp(netns: Netns, dst: Ip, source: Pick<Lookup, "mode" | "topology">): Lookup {
  const found = fibLookup(netns, { dst });
  const src = found && selectSource(netns, found, dst);
  return { ...source, netns: netns.name, dst, found, src, refused: refusedFor(netns, dst) };
}

function leadsOn({ found }: Lookup): boolean {
  return found !== undefined && ["unicast", "local", "broadcast"].includes(found.route.type);
}

function writeLookup(page: Page, { dst, found, src, refused }: Lookup): void {
  const line = (label: string, text: string, note?: string) =>
    page.row({ head: `  ${label.padEnd(LABEL)}`, text, ...(note !== undefined && { note }) });
  if (found) {
    line("row", routeWords(found.route, found.nexthop), `# ${found.route.by}`);
    if (src) line("source", `${src}`);
    for (const loser of found.losers) line("lost", routeWords(loser), `# ${loser.by}: ${whyLost(loser, found)}`);
  } else line("no row", `covers ${dst}`);
  for (const row of refused) line("refused", refusedWords(row), `# ${row.by}: ${row.errno}, "${row.text}"`);
}

function whyLost(loser: Route, { route: winner }: FibResult): string {
  if (loser.table !== winner.table) return `table ${loser.table} is not asked before ${winner.table}`;
  if (loser.dst.length < winner.dst.length) return `a shorter prefix, /${loser.dst.length}`;
  return loser.metric > winner.metric ? `a higher metric, ${loser.metric}` : "the other stands first";
}

/** Routes to the address that the kernel refused. */
function refusedFor(netns: Netns, dst: Ip): readonly Refused[] {
  return [...netns.refused(netns.peers.byIp(dst))].filter(
    ({ asked }) => asked.table === "route" && asked.row.dst.contains(dst),
  );
}
