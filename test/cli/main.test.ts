import { describe, expect, test } from "vitest";
import { visible } from "../../src/cli/complain.ts";
import type { Io } from "../../src/cli/io.ts";
import { main } from "../../src/cli/main.ts";
import { shell, words } from "./shell.ts";

describe("without a question", () => {
  test("no arguments give a short help with one example", async () => {
    const { out, err, code } = await shell([]);
    expect([err, code]).toEqual(["", 0]);
    expect(out.split("\n").length).toBeLessThan(10);
    expect(out.match(/^ {2}cni-trace .*$/gm)).toEqual(["  cni-trace --mode vxlan pod-a pod-b"]);
  });

  test.each(["-V", "--version"])("%s prints the version alone", async (flag) => {
    expect(await shell([flag])).toEqual({ out: "1.2.3\n", err: "", code: 0 });
  });

  test("-h, --help and help print one and the same text, no line of it wider than 80", async () => {
    const { out, err, code } = await shell(["--help"]);
    expect([err, code]).toEqual(["", 0]);
    expect((await shell(["-h"])).out).toBe(out);
    expect((await shell(["help"])).out).toBe(out);
    expect(out.split("\n").filter((line) => line.length > 80)).toEqual([]);
  });

  test("help is as wide on every terminal: it is made when the program is built", async () => {
    expect((await shell(["--help"], { columns: 200 })).out).toBe((await shell(["--help"])).out);
  });

  test("every command that the help lists has a help of its own", async () => {
    const { out } = await shell(["--help"]);
    const names = [...out.matchAll(/^ {2}([a-z]+) {2}/gm)]
      .map(([, name = ""]) => name)
      .filter((name) => name !== "help");
    expect(names).toContain("topologies");
    for (const name of names) {
      const { out: own, code } = await shell([name, "--help"]);
      expect([own.split("\n")[0], code]).toEqual([expect.stringMatching(`^Usage: cni-trace ${name}`), 0]);
      expect((await shell(["help", name])).out).toBe(own);
    }
  });
});

describe("a wrong command line is told in one line, with the nearest spelling, and ends with 2", () => {
  test.each([
    ["topologies --nmae", "cni-trace: unknown option '--nmae'"],
    ["help tabels", "cni-trace: there is no command tabels (did you mean tables?)"],
    ["help nothing-like-it", "cni-trace: there is no command nothing-like-it (cni-trace --help has the grammar)"],
    ["schema", "cni-trace: missing required argument 'NAME'"],
    ["init too much", "cni-trace: too many arguments for 'init'. Expected 0 arguments but got 2."],
    ["topologies two-node", "cni-trace: there is no packaged topology two-node (did you mean two-nodes?)"],
    ["schema topolgy", "cni-trace: schema does not take topolgy (did you mean topology?)"],
    ["completion tcsh", "cni-trace: tcsh is no shell known here (there is completion for bash, zsh, fish)"],
  ])("%s", async (line, message) => {
    const { out, err, code } = await shell(words(line));
    expect([out, code]).toEqual(["", 2]);
    expect(err).toMatch(/^[^\n]*\n$/);
    expect(err.startsWith(message), err).toBe(true);
  });
});

describe("topologies", () => {
  test("lists every packaged file with the first line of its story", async () => {
    const { out, code } = await shell(["topologies"]);
    expect(code).toBe(0);
    expect(out).toMatch(/^two-nodes +Two nodes on one subnet, a pod on each$/m);
    expect(out).toMatch(/^huge +\S/m);
  });

  test("prints a file as it is, story and all", async () => {
    const { out } = await shell(["topologies", "two-nodes"]);
    expect(out).toMatch(/^# Two nodes[\s\S]*^cni-trace: 1$/m);
  });
});

test("init prints a topology file that is right as it stands", async () => {
  const { loadTopology } = await import("../../src/topology/load.ts");
  const { out } = await shell(["init"]);
  expect(await loadTopology({ text: out, file: "init" })).toMatchObject({ ok: true });
});

test("schema topology prints a JSON Schema", async () => {
  const { out } = await shell(["schema", "topology"]);
  expect(JSON.parse(out)).toMatchObject({ $schema: "https://json-schema.org/draft/2020-12/schema", type: "object" });
});

describe("modes", () => {
  test("says of each mode what it needs, and of a deprecated one since when and why", async () => {
    const { out, code } = await shell(["modes"]);
    expect(code).toBe(0);
    for (const name of ["flannel-udp", "flannel-vxlan", "flannel-host-gw", "calico-bgp", "calico-ipip"]) {
      expect(out).toMatch(new RegExp(`^ {2}${name}\\b`, "m"));
    }
    expect(out).toMatch(/flannel-udp[\s\S]*deprecated {2}since v0\.8\.0/);
    expect(out).toMatch(/^flannel: peers come from etcd or the API; NetworkPolicy is ignored$/m);
    expect(out).toMatch(/^calico: peers come from BGP or the datastore; NetworkPolicy is enforced$/m);
  });

  test("sets names off in colour on a terminal that wants it, and never elsewhere", async () => {
    const painted = (said: { out: string }) => said.out.includes("\u001b[");
    expect(painted(await shell(["modes"]))).toBe(false);
    expect(painted(await shell(["modes"], { columns: 80 }))).toBe(true);
    expect(painted(await shell(["modes"], { columns: 80, env: { NO_COLOR: "1" } }))).toBe(false);
    expect(painted(await shell(["modes"], { columns: 80, env: { TERM: "dumb" } }))).toBe(false);
  });
});

describe("a fault in the program itself", () => {
  const broken: Io = {
    progress: () => undefined,
    today: () => "2026-11-26",
    version: "1",
    env: {},
    packaged: {
      names: () => ["a"],
      questions: () => [],
      read: () => ({ ok: false, why: "the disk\u001b[2J is gone" }),
    },
    terminal: () => ({ isTty: false }),
    read: () => ({ ok: false, why: "" }),
    open: () => ({ ok: false, why: "" }),
    list: () => [],
    writeFile: () => ({ ok: false, why: "" }),
    write: () => true,
    writeError: () => undefined,
  };

  test("is one line, says whose fault it is, and ends with 4", async () => {
    let err = "";
    const code = await main(["topologies"], {
      ...broken,
      writeError: (text) => {
        err += text;
      },
    });
    expect(code).toBe(4);
    expect(err).toBe(
      "cni-trace: this is a fault in cni-trace itself: Error: the packaged topology a cannot be read: the disk\\u{1b}[2J is gone\n",
    );
  });

  test("shows its stack to whoever sets CNI_TRACE_DEBUG=1", async () => {
    let err = "";
    const env = { CNI_TRACE_DEBUG: "1" };
    const writeError = (text: string) => {
      err += text;
    };
    const io = { ...broken, env, writeError };
    expect(await main(["topologies"], io)).toBe(4);
    expect(err).toMatch(/\n {4}at /);
  });
});

test("nothing that an input says can steer a terminal", () => {
  expect(visible("a\u001b[31m\r\n\u0007\u009b\u202e\u2028é·→")).toBe(
    "a\\u{1b}[31m\\u{d}\\u{a}\\u{7}\\u{9b}\\u{202e}\\u{2028}é·→",
  );
});
