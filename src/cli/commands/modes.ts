import type { Mode } from "../../modes/mode.ts";
import { modes as all } from "../../modes/registry.ts";
import { Page } from "../../render/page.ts";
import { layoutOf } from "../layout.ts";
import { writeMode } from "../mode-text.ts";
import type { Run } from "../run.ts";

/** `modes`: every mode that can be asked about, by family. */
export const modes: Run = async (_args, flags, io) => {
  const page = new Page(await layoutOf(io, flags));
  for (const family of new Set(all.map((mode) => mode.family))) {
    const members = all.filter((mode) => mode.family === family);
    page.gap();
    page.text(familyWords(family, members), "strong");
    for (const mode of members) {
      page.gap();
      writeMode(page, mode, "  ");
    }
  }
  io.write(page.toString());
  return 0;
};

function familyWords(family: string, members: readonly Mode[]): string {
  const policy = members.every((mode) => mode.enforcesPolicy) ? "enforced" : "ignored";
  const learns = [...new Set(members.map((mode) => mode.learns))].join(" or ");
  return `${family}: peers come from ${learns}; NetworkPolicy is ${policy}`;
}
