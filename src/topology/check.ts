import type { Complain } from "./complaint.ts";
import type { Section } from "./file.ts";
import { locateWhole } from "./locate.ts";
import { isMarked, type MarkedTree } from "./marks.ts";
import type { Path } from "./path.ts";
import type { Place } from "./problem.ts";
import type { Assumption } from "./topology.ts";

/** What every part of the resolver is given: whom to tell, and what is known to be lost already. */
export interface Check {
  readonly complain: Complain;
  /** Notes a default that a trace may depend on. */
  readonly assume: (assumption: Assumption) => void;
  /** Gives a thing just made the place of its path's key, or value; nothing where that is not in a text with marks. */
  readonly placed: <T extends object>(made: T, path: Path, part?: "key" | "value") => T & { readonly place?: Place };
  /** Whether a name, or part of its entry, went while the file was mended: do not complain of missing it. */
  readonly isLost: (section: Section, name: string) => boolean;
  /** Whether anything of a section went. */
  readonly isShaky: (section: Section | "generate") => boolean;
}

/** A check of one tree; what went from it while it was mended is not complained of again. */
export function startCheck(
  read: MarkedTree,
  gone: readonly Path[],
  complain: Complain,
  assumptions: Assumption[],
): Check {
  const marked = isMarked(read);
  const sections = new Set(gone.map(([section]) => section));
  const names = new Set(gone.filter((path) => path.length > 1).map(([section, name]) => `${section}\0${name}`));
  const all = gone.some((path) => path.length === 0);
  const whole = new Set(gone.filter((path) => path.length === 1).map(([section]) => section));
  return {
    complain,
    assume: (assumption) => assumptions.push(assumption),
    placed: (made, path, part = "key") => {
      const place = marked ? locateWhole(read, path, part) : undefined;
      return place ? Object.assign(made, { place }) : made;
    },
    isShaky: (section) => all || sections.has(section),
    isLost: (section, name) => all || whole.has(section) || names.has(`${section}\0${name}`),
  };
}
