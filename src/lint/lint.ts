import type { Path } from "../topology/path.ts";
import type { Place } from "../topology/problem.ts";
import type { Fault } from "../topology/topology.ts";
import { explainLint } from "./codes.ts";
import { type LintFinding, SEVERITIES, type Sighting } from "./finding.ts";
import { overlaps } from "./overlaps.ts";
import { owners } from "./owners.ts";
import { refusals } from "./refusals.ts";
import type { Scope } from "./scope.ts";
import { sessions } from "./sessions.ts";
import { shares } from "./shares.ts";
import { sizes } from "./sizes.ts";
import { switches } from "./switches.ts";
import { tunnels } from "./tunnels.ts";

/** Everything that tables and topology show by themselves; what only a packet's way shows is found by walking one. */
const RULES: readonly ((scope: Scope) => Iterable<Sighting>)[] = [
  overlaps,
  sizes,
  tunnels,
  refusals,
  owners,
  sessions,
  switches,
  shares,
];

/** What the rules see in a network. */
export function sightings(scope: Scope): readonly Sighting[] {
  return RULES.flatMap((rule) => [...rule(scope)]);
}

/** Where a path of the file stands; `undefined` when it is not in it. */
export type Locate = (path: Path) => Place | undefined;

/**
 * Sightings as findings: the same thing of several machines told once, each with its place in the file and what the
 * registry says of its code; the worst first, then in the order of the file.
 */
export function findingsOf(
  seen: readonly Sighting[],
  faults: readonly Fault[],
  locate: Locate,
): readonly LintFinding[] {
  const findings = merged(seen, locate).map((sighting): LintFinding => {
    const { code, severity, at, text, way, count = 1 } = sighting;
    const { sees, fix } = explainLint(code);
    const place =
      sighting.place ?? exact(sighting, locate) ?? faultAt(at, faults)?.place ?? innermost(sighting.path, locate);
    return {
      code,
      severity,
      at,
      count,
      ...(place && { place }),
      text: way ? `${text} ${wayWords(way)}` : text,
      sees: sighting.sees ?? sees,
      fix: sighting.fix ?? fix,
    };
  });
  const rank = ({ severity }: LintFinding) => SEVERITIES.indexOf(severity);
  const line = ({ place }: LintFinding) => (place ? place.line + place.column / 1e6 : 0);
  return findings.sort((a, b) => rank(a) - rank(b) || line(a) - line(b));
}

/** The same sentence but for names and numbers is the same finding, unless each has a line of its own in the file. */
function merged(seen: readonly Sighting[], locate: Locate): readonly Sighting[] {
  const groups = new Map<string, Sighting>();
  for (const sighting of seen) {
    const { code, severity, text, at, path, count = 1 } = sighting;
    const own = sighting.place ?? exact(sighting, locate);
    const key = JSON.stringify([code, severity, pattern(text, at), path[0], path.slice(2), own]);
    const known = groups.get(key);
    groups.set(key, known ? together(known, sighting) : { ...sighting, count });
  }
  return [...groups.values()];
}

/** The very setting, where a machine's entry has it. */
function exact({ path }: Sighting, locate: Locate): Place | undefined {
  return path.length > 2 ? locate(path) : undefined;
}

function together(first: Sighting, next: Sighting): Sighting {
  const times = (first.way?.times ?? 0) + (next.way?.times ?? 0);
  const count = (first.count ?? 1) + (next.count ?? 1);
  return { ...first, count, ...(first.way && { way: { ...first.way, times } }) };
}

function wayWords({ example, times }: NonNullable<Sighting["way"]>): string {
  return times > 1 ? `Seen on ${times} ways, such as ${example}.` : `Seen on ${example}.`;
}

function pattern(text: string, at: string): string {
  return text.replaceAll(at, "@").replace(/[\w.:/-]*\d[\w.:/-]*/g, "#");
}

function faultAt(at: string, faults: readonly Fault[]): Fault | undefined {
  return faults.find(({ target: { name }, place }) => place && (name === at || name === `default/${at}`));
}

/** The innermost part of a path that is in the file; what is generated stands under `generate`. */
function innermost(path: Path, locate: Locate): Place | undefined {
  for (let length = path.length; length > 0; length--) {
    if (length === 1 && (path[0] === "hosts" || path[0] === "routers")) break;
    const place = locate(path.slice(0, length));
    if (place) return place;
  }
  return locate(["generate"]) ?? locate(path.slice(0, 1)) ?? locate(["cni-trace"]);
}
