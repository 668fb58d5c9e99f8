import type { Mark } from "../topology/marks.ts";
import type { Assumption } from "../topology/topology.ts";
import { Draft } from "./draft.ts";

/** What is concluded from the objects: the document, and in words what it rests on. */
export class Findings {
  readonly draft: Draft;
  /** A place for what comes from no object in particular: the first object. */
  readonly mark: Mark;
  /** What the objects do not say and was filled in, with the command that would say it. */
  readonly assumptions: Assumption[] = [];
  /** What contradicts the choice of the mode, or is left of a former one. */
  readonly doubts: string[] = [];
  /** Sentences on what was read and what was left out. */
  readonly notes: string[] = [];
  /** What was found and nothing here asks for yet. */
  readonly kept: string[] = [];
  /** Why there is no mode, when there is none. */
  refusal: { readonly message: string; readonly hint?: string } | undefined;
  /** How many hosts have an address. */
  hosts = 0;
  chosen: { readonly mode: string; readonly because: readonly string[] } | undefined;

  constructor(mark: Mark) {
    this.draft = new Draft(mark);
    this.mark = mark;
  }

  put(path: readonly [string, ...string[]], value: unknown, mark: Mark, origin?: string): void {
    this.draft.put(path, value, mark, origin);
  }

  mode(mode: string, mark: Mark, because: readonly string[]): void {
    this.chosen = { mode, because };
    this.put(["cni", "mode"], mode, mark, because.join("; "));
  }

  assume(what: string, supply: string): void {
    this.assumptions.push({ what, supply });
  }

  against(doubt: string): void {
    this.doubts.push(doubt);
  }

  note(text: string): void {
    this.notes.push(text);
  }

  keep(text: string): void {
    this.kept.push(text);
  }

  /** The CNI is known, and its tables are not built here. */
  refuse(what: string, known: string): void {
    const hint = "--mode MODE asks what another CNI would do with these nodes and pods";
    this.refusal = { message: `this cluster runs ${what}, whose tables cni-trace does not build: ${known}`, hint };
  }

  /** Nothing says what runs. */
  unclear(message: string, hint: string): void {
    this.refusal = { message, hint: `${hint}; or --mode MODE asks what if` };
  }

  /** What a user should know before any answer: the mode and why, what speaks against it, what was left out. */
  summary(): readonly string[] {
    const { chosen, refusal } = this;
    const mode = chosen
      ? [`these objects are of ${chosen.mode}: ${chosen.because.join("; ")}`]
      : refusal
        ? [refusal.message]
        : [];
    return [...mode, ...this.doubts.map((doubt) => `but ${doubt}`), ...this.notes];
  }
}
