/** A machine by its name, with its sites on the left and the right; -1 for what is in none. */
export interface Sited {
  readonly name: string;
  readonly sites: readonly [left: number, right: number];
}

/** Whether two machines are in one site on the left, and whether they are on the right. */
export type Relation = "both" | "left" | "right" | "none";
const RELATIONS: readonly Relation[] = ["both", "left", "right", "none"];

function relationOf({ sites: [a, b] }: Sited, { sites: [c, d] }: Sited): Relation {
  const [left, right] = [a === c && a >= 0, b === d && b >= 0];
  if (left) return right ? "both" : "left";
  return right ? "right" : "none";
}

/** Hosts for whom others hold rows alike, counted by how they stand to those others. */
export class PeerKind {
  readonly index: number;
  readonly members = new Map<string, Sited>();
  readonly #left = new Map<number, number>();
  readonly #right = new Map<number, number>();
  readonly #both = new Map<string, number>();

  constructor(index: number) {
    this.index = index;
  }

  add(member: Sited): void {
    const [left, right] = member.sites;
    this.members.set(member.name, member);
    this.#left.set(left, (this.#left.get(left) ?? 0) + 1);
    this.#right.set(right, (this.#right.get(right) ?? 0) + 1);
    const both = `${left} ${right}`;
    this.#both.set(both, (this.#both.get(both) ?? 0) + 1);
  }

  /** How many are peers of a machine in each relation; `without` are not counted, nor is the machine itself. */
  counts(machine: Sited, without: ReadonlySet<string>): ReadonlyMap<Relation, number> {
    const [l, r] = machine.sites;
    const both = l >= 0 && r >= 0 ? (this.#both.get(`${l} ${r}`) ?? 0) : 0;
    const left = (l >= 0 ? (this.#left.get(l) ?? 0) : 0) - both;
    const right = (r >= 0 ? (this.#right.get(r) ?? 0) : 0) - both;
    const counts = new Map<Relation, number>([
      ["both", both],
      ["left", left],
      ["right", right],
      ["none", this.members.size - both - left - right],
    ]);
    for (const name of new Set([...without, machine.name])) {
      const member = this.members.get(name);
      const relation = member && relationOf(machine, member);
      if (relation) counts.set(relation, (counts.get(relation) ?? 0) - 1);
    }
    return new Map(
      RELATIONS.flatMap((relation) => (counts.get(relation) ? [[relation, counts.get(relation) ?? 0]] : [])),
    );
  }

  /** Those in one relation to a machine. */
  *related(machine: Sited, relation: Relation, without: ReadonlySet<string>): Generator<string> {
    for (const [name, member] of this.members) {
      if (name !== machine.name && !without.has(name) && relationOf(machine, member) === relation) yield name;
    }
  }
}
