import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { CommandWords } from "../../src/cli/command-words.ts";
import { commands } from "../../src/cli/words.ts";
import { formats, isText } from "./formats.ts";
import { type Around, type Said, shell, words } from "./shell.ts";

/**
 * The exit statuses of every command, each in every format and view that the command has. What is printed is well made
 * by the format, or nothing where the command could not be carried out; standard error is empty or a few sentences.
 */

/** A record of a kernel that agrees, and one that does not. */
const RECORD = join(import.meta.dirname, "../fixtures/lab/two-nodes-vxlan");
const OTHER = mkdtempSync(join(tmpdir(), "cni-trace-status-"));

const files = new Map([
  [`${RECORD}/topology.yaml`, readFileSync(join(RECORD, "topology.yaml"), "utf8")],
  [`${OTHER}/topology.yaml`, readFileSync(join(RECORD, "topology.yaml"), "utf8")],
  ["lost.yaml", "cni-trace-expect: 1\nexpect: [{ from: pod-a, to: pod-b, code: NO_ROUTE }]\n"],
  ["found.yaml", "cni-trace-expect: 1\nexpect: [{ from: pod-a, to: pod-b }]\n"],
  ["wrong.yaml", "cni-trace: 1\nsubnets: { lan: 192.168.0.0/33 }\nhosts: {}\npods: {}\n"],
]);

beforeAll(() => {
  cpSync(RECORD, OTHER, { recursive: true });
  const frames = join(OTHER, "frames.jsonl");
  writeFileSync(frames, readFileSync(frames, "utf8").replace('"ttl":62', '"ttl":61'));
});
afterAll(() => rmSync(OTHER, { recursive: true }));

/** A broadcast route sends to a group, and nobody follows that. */
const GROUP =
  "--mode host-gw --set 'pods.pod-a={host: node-1, hostNetwork: true}' " +
  "--fault 'node-1: ip route replace broadcast 10.244.2.0/24 dev eth0'";

type Status = 0 | 1 | 2 | 3;

/** Command lines by how they end. */
const LINES: Readonly<Record<string, Readonly<Partial<Record<Status, readonly string[]>>>>> = {
  trace: {
    0: [
      "trace -t two-nodes --mode vxlan pod-a pod-b",
      "-t two-subnets --mode host-gw pod-a pod-b --expect NO_ROUTE",
      "-t two-nodes --mode vxlan pod-a pod-b --cold --one-way",
    ],
    1: [
      "-t two-subnets --mode host-gw pod-a pod-b",
      "-t two-nodes --mode vxlan pod-a pod-b --expect NO_ROUTE",
      "--set 'pods.pod-b={host: node-2, listen: [tcp/80]}' pod-a pod-b",
    ],
    2: ["-t two-nodes pod-a pod-z", "-t wrong.yaml pod-a pod-b", "-t absent.yaml pod-a pod-b", "pod-a pod-b --df some"],
    3: ["-t two-nodes --mode bgp pod-a 224.0.0.5"],
  },
  tables: {
    0: ["tables -t two-subnets --mode host-gw", "tables node-1 pod-a"],
    2: ["tables node-9", "tables -t wrong.yaml", "tables --mode vxlam"],
  },
  route: {
    0: ["route -t two-nodes node-1 10.244.2.2"],
    1: ["route -t two-subnets --mode host-gw r1 10.244.2.2"],
    2: ["route node-1 10.244.2", "route node-9 10.244.2.2"],
  },
  bgp: {
    0: ["bgp -t bgp-routers --mode bgp", "bgp --mode vxlan node-1"],
    2: ["bgp pod-a", "bgp -t wrong.yaml"],
  },
  compare: {
    0: [
      "compare -t two-subnets --mode vxlan,host-gw pod-a pod-b",
      "compare -t two-subnets --mode vxlan,bgp --require vxlan pod-a pod-b",
      "compare -t two-nodes --mode vxlan --contract pod-a pod-b",
      "compare -t two-nodes --mode vxlan,bgp --families pod-a pod-b",
    ],
    1: ["compare -t two-subnets --mode vxlan --require host-gw pod-a pod-b"],
    2: ["compare pod-a pod-z", "compare --require vxlam pod-a pod-b", "compare --mode wireguard pod-a pod-b"],
  },
  diff: {
    0: ["diff vxlan vxlan", "diff vxlan host-gw --exit-zero", "diff vxlan vxlan pod-a pod-b"],
    1: ["diff vxlan host-gw", "diff vxlan host-gw pod-a pod-b --rows", "diff two-nodes blocked --mode vxlan"],
    2: ["diff vxlan vxlam", "diff vxlan host-gw pod-a", "diff two-nodes wrong.yaml"],
  },
  check: {
    0: [
      "check -t two-nodes --mode host-gw",
      "check -t two-subnets --mode host-gw --fail-on never",
      "check -t two-nodes --mode vxlan --lint",
    ],
    1: [
      "check -t two-subnets --mode host-gw",
      "check -t two-nodes --mode vxlan --expect lost.yaml",
      "check -t two-subnets --mode vxlan --fail-any router",
    ],
    2: ["check -t wrong.yaml", "check --expect absent.yaml", "check --fail-on fatal", "check --on yesterday"],
    3: [`check -t two-nodes ${GROUP}`],
  },
  lab: {
    0: [`lab verify --from ${RECORD}`],
    1: [`lab verify --from ${OTHER}`],
    2: ["lab verify --from absent", "lab verify pod-a pod-z", `lab verify --from ${RECORD} pod-a pod-b`],
    3: ["lab verify pod-a pod-b"],
  },
  explain: { 0: ["explain NO_ROUTE", "explain vxlan", "explain 8472"], 2: ["explain nothing-like-it"] },
  import: { 0: ["import -"], 2: ["import absent.yaml", "import wrong.yaml"] },
  topologies: { 0: ["topologies", "topologies two-nodes", "topologies --questions"], 2: ["topologies two-node"] },
  init: { 0: ["init"], 2: ["init more"] },
  modes: { 0: ["modes"], 2: ["modes more"] },
  schema: { 0: ["schema topology", "schema lab"], 2: ["schema topolgy"] },
  completion: { 0: ["completion bash", "completion zsh", "completion fish"], 2: ["completion tcsh"] },
};

/** Two nodes and a pod, as `kubectl get` prints them. */
const OBJECTS = `apiVersion: v1
kind: List
items:
  - { apiVersion: v1, kind: Node, metadata: { name: n1 }, spec: { podCIDR: 10.244.1.0/24 },
      status: { addresses: [{ type: InternalIP, address: 192.168.0.11 }] } }
  - { apiVersion: v1, kind: Pod, metadata: { name: a, namespace: web }, spec: { nodeName: n1 },
      status: { podIP: 10.244.1.2, phase: Running } }
`;

/** A format, or a view in place of one: its words on a command line, and what its output is read by. */
interface Shape {
  readonly words: readonly string[];
  readonly format: string;
}

/** Every format that a command's grammar offers, and every view that stands in the place of a format. */
function shapesOf({ options }: CommandWords): readonly Shape[] {
  const format = options.find(({ long }) => long === "format");
  const views = options.filter(({ excludes = [] }) => excludes.includes("format"));
  return [
    { words: [], format: /default (\w+)/.exec(format?.about ?? "")?.[1] ?? "text" },
    ...(format?.words ?? []).map((word) => ({ words: ["-o", word], format: word })),
    ...views.map(({ long }) => ({ words: [`--${long}`], format: "text" })),
  ];
}

/** The statuses that a command's help tells of, and 2, which all have. */
function statusesOf({ more = "" }: CommandWords): readonly number[] {
  const [, told = ""] = /Exit status[^:]*:([\s\S]*)/.exec(more) ?? [];
  const numbers = Array.from(told.matchAll(/(?:^|[,;.]|--require) *\n?([0-3])\b/g), ([, digit]) => Number(digit));
  return [...new Set([0, 2, ...numbers])].sort();
}

function around(line: string): Around {
  return { files, stdin: line.startsWith("import -") ? OBJECTS : "" };
}

/** Where none of the programs of a lab is found. */
async function without<T>(what: readonly string[], run: () => Promise<T>): Promise<T> {
  const before = what.map((name) => [name, process.env[name]] as const);
  for (const name of what) process.env[name] = "/nonexistent";
  try {
    return await run();
  } finally {
    for (const [name, value] of before) process.env[name] = value;
  }
}

interface Row extends Shape {
  readonly command: string;
  readonly status: number;
  readonly line: string;
}

const ROWS: readonly (readonly [string, Row])[] = commands.flatMap((command) =>
  Object.entries(LINES[command.name] ?? {}).flatMap(([status, lines]) =>
    lines.flatMap((line) =>
      shapesOf(command).map((shape) => {
        const title = [line, ...shape.words].join(" ").replaceAll(RECORD, "AGREES").replaceAll(OTHER, "DIFFERS");
        const row = { ...shape, command: command.name, status: Number(status), line };
        return [`${status}: ${title}`, row] as const;
      }),
    ),
  ),
);

describe("ends with", () => {
  test.each(ROWS)("%s", async (_, { command, status, line, words: shape, format }) => {
    const run = () => shell([...words(line), ...shape], around(line));
    const said = command === "lab" && status === 3 ? await without(["PATH"], run) : await run();
    expect(said).toMatchObject({ code: status });
    isReadable(said);
    const answers = status < 2 || (status === 3 && command !== "lab");
    if (!answers) expect([said.out, said.err]).toEqual(["", expect.stringMatching(/\S/)]);
    else if (format === "text") isText(said.out);
    else await formats.get(format)?.(said.out, command);
  });

  const ANSWERED = ROWS.filter(([, { status, line, command }]) => status === 0 && LINES[command]?.[0]?.[0] === line);

  test.each(ANSWERED)("4 when it fails at its own work, not %s", async (_, { line, words: shape }) => {
    const write = () => {
      throw new Error("no space left on device");
    };
    const said = await shell([...words(line), ...shape], { ...around(line), write });
    expect([said.out, said.code]).toEqual(["", 4]);
    expect(said.err).toMatch(/(^|\n)cni-trace: this is a fault in cni-trace itself: Error: no space left on device\n$/);
    isReadable(said);
  });

  test.each(ANSWERED)("the same, quietly, when nobody reads on, %s", async (_, { line, words: shape }) => {
    const { code, err } = await shell([...words(line), ...shape], around(line));
    expect(await shell([...words(line), ...shape], { ...around(line), patience: 0 })).toMatchObject({ code, err });
  });
});

describe("the table has", () => {
  test.each(commands)("each status that $name tells of, and no other", (command) => {
    const rows = ROWS.filter(([, row]) => row.command === command.name);
    expect([...new Set(rows.map(([, { status }]) => status))].sort()).toEqual(statusesOf(command));
  });

  test("a reader for each format that a command offers", () => {
    const offered = commands.flatMap((command) => shapesOf(command).map(({ format }) => format));
    expect([...new Set(offered)].sort()).toEqual([...formats.keys()].sort());
  });

  test("no command that there is not", () => {
    expect(Object.keys(LINES).sort()).toEqual(commands.map(({ name }) => name).sort());
  });
});

/** Nothing, or lines that begin with the program's name or with a place in a file, and show no stack. */
function isReadable({ err }: Said): void {
  if (err === "") return;
  expect(err.endsWith("\n")).toBe(true);
  for (const line of err.trimEnd().split("\n")) expect(line).toMatch(/^(cni-trace: |[^:]+:\d+:\d+ {2})\P{Cc}+$/u);
  expect(err).not.toMatch(/^ +at /m);
}
