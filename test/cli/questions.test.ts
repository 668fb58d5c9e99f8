import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { shell, words } from "./shell.ts";

/** A command of a story, what it promises to print, and how it ends. */
interface Promised {
  readonly command: string;
  readonly prints: readonly string[];
  readonly exit: number;
}

const FOLDER = new URL("../../topologies/questions/", import.meta.url);
const names = readdirSync(FOLDER).map((file) => file.replace(/\.yaml$/, ""));

describe.each(names)("%s", (name) => {
  const story = storyOf(name);
  const promises = promisesOf(story);

  test("asks a question, answers it in two or three lines, and shows a command of its own", () => {
    const [question = "", blank, ...rest] = story.split("\n");
    expect(question).toMatch(/\?( .*)?$/);
    expect(blank).toBe("");
    const answer = rest.slice(0, rest.indexOf(""));
    expect(answer.length).toBeGreaterThanOrEqual(2);
    expect(answer.length).toBeLessThanOrEqual(3);
    expect(promises.length).toBeGreaterThan(0);
    for (const { command, prints } of promises) {
      expect(command).toMatch(/^cni-trace /);
      expect(prints.length).toBeGreaterThan(0);
    }
    expect(promises[0]?.command).toContain(`-t ${name}`);
  });

  test.each(promises)("$command", async ({ command, prints, exit }) => {
    const { out, err, code } = await shell(words(command).slice(1));
    const said = `${out} ${err}`.replace(/[│\s]+/g, " ");
    for (const promised of prints) expect(said).toContain(promised);
    expect(code).toBe(exit);
  });
});

test("--questions lists every question with its name and its commands, in 80 columns", async () => {
  const { out, code } = await shell(["topologies", "--questions"]);
  expect(code).toBe(0);
  const said = out.replaceAll("\\\n", "").replace(/\s+/g, " ");
  for (const name of names) {
    const story = storyOf(name);
    expect(said).toContain(`${story.split("\n", 1)[0]} (${name})`);
    for (const { command } of promisesOf(story)) expect(said).toContain(`$ ${command}`);
  }
  expect(out.split("\n").filter((line) => line.length > 80)).toEqual([]);
});

test("a question's topology is completed, suggested and printed like any other", async () => {
  expect((await shell(["topologies", "tcp-only"])).out).toBe(readFileSync(new URL("tcp-only.yaml", FOLDER), "utf8"));
  expect((await shell(["-t", "tcp-onyl", "pod-a", "pod-b"])).err).toMatch(/did you mean the packaged tcp-only\?/);
  expect((await shell(["completion", "bash"])).out).toContain("tcp-only");
});

/** The comment that a file opens with. */
function storyOf(name: string): string {
  const text = readFileSync(new URL(`${name}.yaml`, FOLDER), "utf8");
  const lines = text.split("\n");
  return lines
    .slice(
      0,
      lines.findIndex((line) => !line.startsWith("#")),
    )
    .map((line) => line.replace(/^# ?/, ""))
    .join("\n");
}

function promisesOf(story: string): readonly Promised[] {
  const lines = story.replace(/ \\\n +/g, " ").split("\n");
  const promises: { command: string; prints: string[]; exit: number }[] = [];
  for (const line of lines) {
    const [, sign, rest = ""] = /^ {2}(\$|>|exit) (.*)$/.exec(line) ?? [];
    const last = promises.at(-1);
    if (sign === "$") promises.push({ command: rest, prints: [], exit: Number.NaN });
    else if (sign === ">") last?.prints.push(rest);
    else if (sign === "exit" && last) last.exit = Number(rest);
  }
  return promises;
}
