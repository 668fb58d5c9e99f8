import type { Mode } from "../../modes/mode.ts";
import { explain as find } from "../../query/explain.ts";
import type { Entry } from "../../query/glossary.ts";
import { labelled, Page } from "../../render/page.ts";
import type { CodeEntry } from "../../trace/codes/entry.ts";
import { complain } from "../complain.ts";
import { layoutOf } from "../layout.ts";
import { writeMode } from "../mode-text.ts";
import type { Run } from "../run.ts";

/** `explain WORD`: what a code, a mode, a device, a port or a sentence of the kernel's means. */
export const explain: Run = async (args, flags, io) => {
  const word = args.join(" ");
  const found = find(word);
  const page = new Page(await layoutOf(io, flags));
  switch (found.kind) {
    case "unknown": {
      const hint =
        found.close === undefined ? "codes, modes, devices and ports can be" : `did you mean ${found.close}?`;
      return complain([{ code: "unknown-word", message: `${word} cannot be explained`, hint }], io);
    }
    case "code":
      writeCode(page, found.entry);
      break;
    case "lint":
      writeCode(page, { ...found.entry, kernel: "" });
      break;
    case "other":
      page.text(
        `${found.entry.word}${found.code ? ` is ${found.code.code} here` : " is no end of a trace here"}`,
        "strong",
      );
      page.text(found.entry.why);
      if (found.code) {
        page.gap();
        writeCode(page, found.code);
      }
      break;
    case "mode":
      writeMode(page, found.mode satisfies Mode, "");
      break;
    case "word":
      writeWord(page, found.entry);
  }
  io.write(page.toString());
  return 0;
};

function writeCode(page: Page, { code, meaning, kernel, sees, causes, look, fix }: Omit<CodeEntry, "verdict">): void {
  page.text(code, "strong");
  page.text(meaning);
  page.gap();
  labelled(page, [
    ...(kernel === "" ? [] : [{ label: "kernel", text: kernel }]),
    ...(sees === "" ? [] : [{ label: "sender sees", text: sees }]),
    ...causes.map((text, i) => ({ label: i === 0 ? "causes" : "", text })),
    ...look.map((text, i) => ({ label: i === 0 ? "see it" : "", text })),
    { label: "fix", text: fix },
  ]);
}

function writeWord(page: Page, { word, kind, also = [], text, look = [] }: Entry): void {
  const others = also.length > 0 ? `; also ${also.join(", ")}` : "";
  page.row({ head: "", text: word, note: `(${kind}${others})`, tones: { text: "strong" } });
  for (const paragraph of text) {
    page.gap();
    page.text(paragraph);
  }
  page.gap();
  labelled(
    page,
    look.map((command, i) => ({ label: i === 0 ? "see it" : "", text: command })),
  );
}
