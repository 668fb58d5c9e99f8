import type { ShownMode } from "./compare.ts";
import { counted } from "./diff-words.ts";
import type { Grid } from "./grid.ts";

/**
 * Two or more families of modes against one another, property by property, each cell measured on one packet and the
 * tables it met; the last column is a command that shows it.
 */
export function familiesGrid(compared: readonly ShownMode[]): Grid {
  const names = [...new Set(compared.map(({ mode }) => mode.family))];
  const families = names.map((name) => compared.filter(({ mode }) => mode.family === name));
  const { src, dst, topology } = compared[0]?.answer.question ?? {
    src: { name: "SRC" },
    dst: { name: "DST" },
    topology: "",
  };
  const ask = `-t ${topology} ${src.name} ${dst.name}`;
  const policed = compared.find(({ holds }) => holds?.policed) ?? compared[0];
  const filters = `tables --mode ${policed?.mode.name ?? "MODE"} -t ${topology} ${compared[0]?.holds?.node ?? "NODE"} --only filter`;
  const node = compared[0]?.holds?.node ?? "NODE";
  const heaviest = compared
    .filter(({ delivers }) => delivers)
    .toSorted((a, b) => bytes(b) - bytes(a) || crossed(b) - crossed(a))[0];
  const row = (name: string, cell: (family: readonly ShownMode[]) => string, command: string) => [
    name,
    ...families.map(cell),
    `cni-trace ${command}`,
  ];
  return {
    title: `${names.map(titled).join(" against ")}, measured from ${src.name} to ${dst.name} on ${topology}`,
    head: ["", ...names.map(titled), "seen with"],
    rows: [
      row("network", wraps, `compare ${ask}`),
      row("cost per packet", costs, `--mode ${heaviest?.mode.name ?? "MODE"} ${ask}`),
      row("NetworkPolicy", policies, filters),
      row("agents", agents, "modes"),
      row("a further node adds", growths, `tables -t ${topology} ${node}`),
      row("firewall rules a node", rules, filters),
      row("modes that deliver here", working, `compare ${ask}`),
    ],
  };
}

function titled(name: string): string {
  return name.charAt(0).toUpperCase() + name.slice(1);
}

function bytes({ answer }: ShownMode): number {
  return answer.forward.headerBytes;
}

function crossed({ answer }: ShownMode): number {
  return answer.forward.crossings.cni;
}

function wraps(family: readonly ShownMode[]): string {
  const wrapped = family.filter((each) => bytes(each) > 0).length;
  return `${wrapped} of ${family.length} modes wrap packets between these nodes`;
}

function costs(family: readonly ShownMode[]): string {
  const good = family.filter(({ delivers }) => delivers);
  if (good.length === 0) return "none delivers";
  const slow = good
    .filter((each) => crossed(each) > 0)
    .map(({ mode, answer }) => `${answer.forward.crossings.total} in ${mode.name}`);
  return `${range(good.map(bytes), "+")} bytes; ${good.length > slow.length ? "2 crossings" : ""}${slow.length > 0 ? `, ${slow.join(", ")}` : ""}`;
}

function policies(family: readonly ShownMode[]): string {
  const policed = family.filter(({ holds }) => holds?.policed).length;
  if (policed === 0) return "ignored: no rule is written for a pod";
  return policed === family.length
    ? "enforced: each pod has chains of its own"
    : `enforced in ${policed} of ${family.length} modes`;
}

function agents(family: readonly ShownMode[]): string {
  const writers = [...new Set(family.flatMap(({ holds }) => holds?.writers ?? []))].sort().join(", ");
  const learns = [...new Set(family.map(({ mode }) => mode.learns))].join(" or ");
  return `${writers}; they learn from ${learns}`;
}

function growths(family: readonly ShownMode[]): string {
  const rows = family.map(({ holds }) => (holds?.each ?? []).reduce((sum, each) => sum + each.rows, 0));
  return `${range(rows, "")} ${Math.max(...rows) === 1 ? "row" : "rows"}`;
}

function rules(family: readonly ShownMode[]): string {
  return counted(0, "filter").replace(
    "0",
    range(
      family.map(({ holds }) => holds?.rules ?? 0),
      "",
    ),
  );
}

function working(family: readonly ShownMode[]): string {
  const good = family.filter(({ delivers }) => delivers).map(({ mode }) => mode.name.replace(`${mode.family}-`, ""));
  return `${good.length} of ${family.length}: ${good.join(", ")}`;
}

function range(numbers: readonly number[], sign: string): string {
  const [least, most] = [Math.min(...numbers), Math.max(...numbers)];
  return least === most ? `${sign}${least}` : `${sign}${least} to ${sign}${most}`;
}
