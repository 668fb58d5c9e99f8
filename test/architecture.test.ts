import { readdirSync, readFileSync } from "node:fs";
import { posix } from "node:path";
import { describe, expect, test } from "vitest";

/**
 * The plan of the house, from the ground up: a room sees the rooms and packages on its line, and nothing else.
 * `bin` is the top floor; a file at the root of `src` is the library's entrance and sees every room but `cli`.
 */
const ROOMS: Readonly<Record<string, string>> = {
  addr: "",
  topology: "addr zod js-yaml",
  import: "addr topology @noble/hashes @streamparser/json",
  kernel: "addr",
  wire: "addr",
  bgp: "addr kernel",
  alike: "addr kernel topology",
  trace: "addr wire kernel",
  modes: "addr kernel topology bgp @noble/hashes",
  render: "addr wire kernel bgp trace topology chalk cli-table3 junit-report-builder sarif",
  dataplane: "addr wire kernel trace",
  diagnose: "addr kernel trace wire",
  lint: "addr topology kernel bgp alike trace",
  expect: "topology trace zod",
  query: "addr topology kernel wire bgp alike trace modes render dataplane diagnose lint expect",
  lab: "addr wire kernel trace dataplane render query zod",
  cli: "addr topology kernel wire bgp trace modes render diagnose lint expect query lab import commander",
  index: "addr topology import kernel wire bgp trace modes render dataplane diagnose lint query",
  bin: "cli",
};

/** The built-in modules of Node that a room may import; a library for every platform needs none of them. */
const BUILTINS: Readonly<Record<string, readonly string[]>> = {
  lab: ["node:child_process", "node:crypto", "node:fs", "node:path", "node:url"],
  bin: ["node:fs", "node:module", "node:os", "node:path", "node:tty", "node:vm"],
};

const STRANGERS = ["modes", "render", "dataplane", "diagnose", "lint"];
const PRODUCTS = /flannel|calico|cilium|weave|felix|\bbird\b|antrea|kindnet|kube-router|\bovn\b/i;

interface Import {
  readonly from: string;
  readonly specifier: string;
  readonly target: string;
}

const files = [
  ...readdirSync("src", { recursive: true, encoding: "utf8" }).map((file) => `src/${file.replaceAll("\\", "/")}`),
  ...readdirSync("bin", { encoding: "utf8" }).map((file) => `bin/${file}`),
].filter((file) => file.endsWith(".ts"));

const imports: readonly Import[] = files.flatMap((from) =>
  [...withoutComments(readFileSync(from, "utf8")).matchAll(/(?:\bfrom\s*|(?<!")\bimport\s*\(?\s*)"([^"\n]+)"/g)].map(
    ([, specifier = ""]) => ({
      from,
      specifier,
      target: specifier.startsWith(".") ? posix.join(posix.dirname(from), specifier) : specifier,
    }),
  ),
);

function withoutComments(text: string): string {
  return text.replace(/\/\*[\s\S]*?\*\//g, "").replace(/^\s*\/\/.*$/gm, "");
}

/** The room a file stands in: the folder under `src`, `bin`, or the name of a file at the root of `src`. */
function roomOf(file: string): string {
  const [top = "", second = ""] = file.split("/");
  return top === "src" ? second.replace(/\.ts$/, "") : top;
}

/** What an import reaches: a room, or the name of a package without the path inside it. */
function reached({ specifier, target }: Import): string {
  if (specifier.startsWith(".")) return roomOf(target);
  return specifier.startsWith("@") ? specifier.split("/", 2).join("/") : (specifier.split("/", 1)[0] ?? specifier);
}

describe("the rooms", () => {
  test("are not empty: a rule over no files would hold for ever", () => {
    expect(files.length).toBeGreaterThan(60);
    expect(imports.length).toBeGreaterThan(200);
  });

  test("each have a line in the layer table, and no line is without a room", () => {
    const built = new Set(files.map(roomOf));
    expect([...built].filter((room) => !(room in ROOMS))).toEqual([]);
    expect(Object.keys(ROOMS).filter((room) => !built.has(room))).toEqual([]);
  });

  test("stand above all that they use: the layer table has no circle and runs down only", () => {
    const order = Object.keys(ROOMS);
    const climbs = order.flatMap((room, floor) =>
      (ROOMS[room] ?? "")
        .split(" ")
        .filter((word) => order.indexOf(word) >= floor && !(room === "index" || room === "bin"))
        .map((word) => `${room} → ${word}`),
    );
    expect(climbs).toEqual([]);
  });

  test.each(STRANGERS)("%s never sees the others on its floor", (room) => {
    const met = imports.filter((one) => roomOf(one.from) === room).map(reached);
    expect(met.filter((other) => other !== room && STRANGERS.includes(other))).toEqual([]);
  });
});

test.each(files)("%s imports only what its room may", (file) => {
  const room = roomOf(file);
  const allowed = (ROOMS[room] ?? "").split(" ");
  const strangers = imports
    .filter((one) => one.from === file)
    .map(reached)
    .filter((name) => name !== room && !allowed.includes(name) && !BUILTINS[room]?.includes(name));
  expect(strangers).toEqual([]);
});

test("every import leads to a file that exists, spelt with its ending", () => {
  const known = new Set(files);
  const lost = imports.filter((one) => one.specifier.startsWith(".") && !known.has(one.target));
  expect(lost.map((one) => `${one.from} → ${one.specifier}`)).toEqual([]);
});

test("no files import one another in a circle", () => {
  const edges = new Map<string, string[]>();
  for (const one of imports) {
    if (one.specifier.startsWith(".")) edges.set(one.from, [...(edges.get(one.from) ?? []), one.target]);
  }
  expect(circles(edges)).toEqual([]);
});

/** Every edge that closes a circle, with the way round. */
function circles(edges: ReadonlyMap<string, readonly string[]>): readonly string[] {
  const found: string[] = [];
  const done = new Set<string>();
  const visit = (file: string, way: readonly string[]): void => {
    const back = way.indexOf(file);
    if (back >= 0) found.push([...way.slice(back), file].join(" → "));
    if (back >= 0 || done.has(file)) return;
    for (const next of edges.get(file) ?? []) visit(next, [...way, file]);
    done.add(file);
  };
  for (const file of edges.keys()) visit(file, []);
  return found;
}

test("no file of the data plane names a CNI product: it reads tables and nothing else", () => {
  const named = files
    .filter((file) => roomOf(file) === "dataplane")
    .filter((file) => PRODUCTS.test(readFileSync(file, "utf8")));
  expect(named).toEqual([]);
});

test("no file says eval, nor starts a process or a thread, but for the lab, which runs what a kernel is told by", () => {
  const bad = /\beval\s*\(|new Function\s*\(|node:(?:child_process|worker_threads|crypto|net|http|https|dns|dgram)/;
  const guilty = files.filter((file) => bad.test(readFileSync(file, "utf8")));
  expect(guilty).toEqual(["src/lab/helper.ts", "src/lab/plan-wireguard.ts"]);
});

test("the lab is loaded by its command alone", () => {
  const users = imports.filter((one) => roomOf(one.target) === "lab" && roomOf(one.from) !== "lab");
  expect([...new Set(users.map((one) => one.from))]).toEqual([
    "src/cli/commands/lab-folder.ts",
    "src/cli/commands/lab.ts",
  ]);
  const folders = imports.filter(({ target }) => target.endsWith("/lab-folder.ts")).map((one) => one.from);
  expect(folders).toEqual(["src/cli/commands/lab.ts"]);
});

test("objects are read only by who has some: nothing of that room is loaded on the way to a trace", () => {
  const users = files
    .filter((file) => !["import", "index"].includes(roomOf(file)))
    .flatMap((file) => [...withoutComments(readFileSync(file, "utf8")).matchAll(/^.*"[^"]*\/import\/[^"]*".*$/gm)]);
  expect(users.length).toBeGreaterThan(0);
  expect(users.map(([line]) => line).filter((line) => !/^import type |await import\(/.test(line))).toEqual([]);
});

test("no file asks for the time or for chance: the same input gives the same bytes", () => {
  const bad = /\bDate\b\s*[.(]|new Date|Math\.random|performance\.now|toLocale|Intl\./;
  const guilty = files.filter((file) => file.startsWith("src/"));
  expect(guilty.filter((file) => bad.test(withoutComments(readFileSync(file, "utf8"))))).toEqual([]);
});
