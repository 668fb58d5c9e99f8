import { describe, expect, test } from "vitest";
import { validator } from "../render/validator.ts";
import { shell } from "./shell.ts";

const check = (words: readonly string[], files: Readonly<Record<string, string>> = {}, today?: string) =>
  shell(["check", ...words], { files: new Map(Object.entries(files)), ...(today !== undefined && { today }) });

const RACKS = ["-t", "two-subnets"];

describe("all pairs", () => {
  test("of a healthy network are delivered, and the check ends with 0", async () => {
    const { out, code } = await check(["-t", "two-nodes", "--mode", "vxlan"]);
    expect(code).toBe(0);
    expect(out).toContain("2 ordered pairs of 2 pods");
  });

  test("that are lost are counted by code with one of them, and the check ends with 1", async () => {
    const { out, code } = await check([...RACKS, "--mode", "host-gw"]);
    expect(code).toBe(1);
    expect(out).toMatch(/small {2}2 {2}NO_ROUTE, such as pod-a → pod-b/);
  });

  test("of 150,000 pods are counted exactly: one row on one node changes the pairs between two nodes alone", async () => {
    const fault = "node-0042: ip route del 10.1.45.0/24";
    const { out, code } = await check(["-t", "huge", "--mode", "vxlan", "--fault", fault, "-o", "json"]);
    const { pairs } = JSON.parse(out);
    expect(code).toBe(1);
    const small = pairs.endings.filter(({ packet }: { packet: string }) => packet === "small");
    const counted = Object.fromEntries(
      small.map(({ code: word, pairs: count }: { code: string; pairs: number }) => [word, count]),
    );
    // 30 pods on each of the two nodes: what node-0042 sends is lost, and so are its replies.
    expect(pairs.pairs).toBe(150_000 * 149_999);
    expect(counted.DELIVERED).toBe(150_000 * 149_999 - 2 * 900);
    expect(counted.RETURN_PATH_BROKEN).toBe(900);
    expect(Object.keys(counted)).toHaveLength(3);
  });

  test("are left out when only the lint is asked for", async () => {
    const { out } = await check(["-t", "two-nodes", "--lint"]);
    expect(out).not.toContain("ordered pairs");
  });
});

const EXPECT = `cni-trace-expect: 1
expect:
  - name: a reaches b
    from: pod-a
    to: pod-b
    pathMtu: 1450
    crossings: 2
    headerBytes: 50
    fabric: [udp/8472]
    passes: [r1]
  - { from: "default/*", to: pod-b, packet: full }
  - { name: few rows, rows: { route: 5, fdb: 1 } }
`;

describe("expectations", () => {
  test("that hold are listed, and the check ends with 0", async () => {
    const { out, code } = await check([...RACKS, "--mode", "vxlan", "--expect", "e.yaml"], { "e.yaml": EXPECT });
    expect(code).toBe(0);
    expect(out).toContain("3 of 3 hold");
  });

  test.each([
    ["crossings: 2", "crossings: 1", "2 crossings, more than 1"],
    ["headerBytes: 50", "headerBytes: 49", "50 bytes of headers, more than 49"],
    ["pathMtu: 1450", "pathMtu: 1451", "path MTU 1450, less than 1451"],
    ["fabric: [udp/8472]", "fabric: [proto/4]", "the fabric must pass udp/8472"],
    ["passes: [r1]", "avoids: [r1]", "passes r1"],
    ["    passes: [r1]", "    reachable: false", "pod-a → pod-b: reachable"],
    ["    passes: [r1]", "    code: NO_ROUTE", "DELIVERED, not NO_ROUTE"],
    ["route: 5", "route: 1", "2 route rows, more than 1"],
  ])("%s turned into %s do not hold, and say why and where", async (before, after, why) => {
    const text = EXPECT.replace(before, after);
    expect(text).not.toBe(EXPECT);
    const { out, code } = await check([...RACKS, "--mode", "vxlan", "--expect", "e.yaml"], { "e.yaml": text });
    expect(code).toBe(1);
    expect(out).toContain("2 of 3 hold");
    expect(out).toContain(why);
    expect(out).toMatch(/e\.yaml:\d+/);
  });

  describe("decide about the pairs they name, and of those alone", () => {
    const lost = (...pairs: readonly string[]) => `cni-trace-expect: 1\nexpect: [${pairs.join(", ")}]\n`;
    const there = "{ from: pod-a, to: pod-b, code: NO_ROUTE }";
    const back = "{ from: pod-b, to: pod-a, reachable: false }";

    test.each([
      ["all that is lost is expected to be", [there, back], 0, undefined],
      [
        "another pair is lost too",
        [there],
        1,
        /besides {2}1 pair of which nothing is expected: NO_ROUTE \(small\), such as pod-b/,
      ],
      ["nothing that is lost is expected to be", ["{ from: pod-a, to: pod-a }"], 1, /besides {2}2 pairs of which/],
    ])("%s", async (_, pairs, status, besides) => {
      const { out, code } = await check([...RACKS, "--mode", "bgp", "--expect", "e.yaml"], {
        "e.yaml": lost(...pairs),
      });
      expect(code).toBe(status);
      expect(out).toMatch(besides ?? /^calico-bgp · two-subnets: nothing found$/m);
    });

    test("a pair that must arrive and does not is told once, by its expectation", async () => {
      const text = lost("{ name: out, from: pod-a, to: pod-b }", "{ name: back, from: pod-b, to: pod-a }");
      const { out, code } = await check([...RACKS, "--mode", "bgp", "--expect", "e.yaml", "-o", "json"], {
        "e.yaml": text,
      });
      const { items, unnamed, pairs } = JSON.parse(out);
      expect(code).toBe(1);
      expect(pairs.endings.map((each: { pairs: number }) => each.pairs)).toEqual([2, 2]);
      expect(unnamed).toEqual({ pairs: 0, endings: [] });
      const ids = items.map(({ id }: { id: string }) => id).filter((id: string) => !id.startsWith("lint/"));
      expect(ids).toEqual(["expect/out", "expect/back"]);
    });
  });

  test("choose pods by namespace, label, host, the host's labels and subnet", async () => {
    const topology = `cni-trace: 1
subnets: { lan: 192.168.0.0/24, far: 192.168.9.0/24 }
routers: { r1: [192.168.0.1, 192.168.9.1] }
hosts:
  n1: { address: 192.168.0.11, labels: { rack: a } }
  n2: { address: 192.168.9.12, labels: { rack: b } }
pods:
  shop/web-0: { host: n1, labels: { app: web } }
  shop/web-1: { host: n2, labels: { app: web } }
  shop/db-0: { host: n2, labels: { app: db }, listen: [tcp/5432] }
  mon/agent: n1
`;
    const of = async (from: string, to: string, more = "") => {
      const text = `cni-trace-expect: 1\nexpect: [{ from: ${from}, to: ${to}${more} }]\n`;
      const { out } = await check(["-t", "t.yaml", "--mode", "vxlan", "--expect", "e.yaml", "-o", "json"], {
        "t.yaml": topology,
        "e.yaml": text,
      });
      const [{ of: pairs, holds }] = JSON.parse(out).expected;
      return [pairs, holds];
    };
    expect(await of('"*"', '"*"')).toEqual([12, false]);
    expect(await of("{ namespace: shop }", "{ namespace: mon }")).toEqual([3, true]);
    expect(await of("{ labels: { app: web } }", "shop/db-0", ", protocol: tcp, port: 5432")).toEqual([2, true]);
    expect(await of("{ labels: { app: web } }", "shop/db-0", ", protocol: tcp, port: 5433, reachable: false")).toEqual([
      2,
      true,
    ]);
    expect(await of("{ host: n1 }", "{ hostLabels: { rack: b }, labels: { app: web } }")).toEqual([2, true]);
    expect(await of("{ subnet: far }", "{ subnet: lan }")).toEqual([4, true]);
  });

  test.each([
    ["from: pod-a", "from: pod-z", /e\.yaml:4:11 +no pod is meant/],
    ["crossings: 2", "crosings: 2", /e\.yaml:7:5 +crosings is not a key here.*crossings/],
    ["crossings: 2", "crossings: some", /e\.yaml:7:16 +crossings/],
    ["passes: [r1]", "passes: [r2]", /e\.yaml:10:14 +there is no host or router r2.*r1/],
    ["passes: [r1]", "code: NO_RUTE", /e\.yaml:10:11 +there is no code NO_RUTE.*NO_ROUTE/],
    ["cni-trace-expect: 1", "cni-trace-expect: 2", /e\.yaml:1:19/],
  ])("a mistake is a problem with its place: %s turned into %s", async (before, after, problem) => {
    const { err, code } = await check([...RACKS, "--expect", "e.yaml"], { "e.yaml": EXPECT.replace(before, after) });
    expect(code).toBe(2);
    expect(err).toMatch(problem);
  });
});

describe("what can fail", () => {
  test("is taken away by itself, and what parts pods is named with the pairs", async () => {
    const { out, code } = await check(["-t", "two-subnets", "--mode", "vxlan", "--fail-any", "router,host"]);
    expect(code).toBe(1);
    expect(out).toContain("router r1: 2 pairs");
    expect(out).not.toContain("host node");
  });

  test("and is redundant parts nobody: routers and BGP are programmed again", async () => {
    const topology = `cni-trace: 1
cni: { mode: flannel-vxlan }
subnets: { a: 10.1.0.0/24, b: 10.2.0.0/24, up: 10.9.0.0/24, down: 10.8.0.0/24 }
routers:
  ra: [10.1.0.1, 10.9.0.1, 10.8.0.1]
  rb: [10.2.0.1, 10.9.0.2, 10.8.0.2]
hosts: { n1: 10.1.0.11, n2: 10.2.0.11 }
pods: { p: n1, q: n2 }
`;
    const { out, code } = await check(["-t", "t.yaml", "--fail-any", "link"], { "t.yaml": topology });
    expect(code).toBe(1);
    // Either uplink may go; the cards towards the hosts may not.
    expect(out).not.toMatch(/link r[ab] eth[12]/);
    expect(out).toContain("link ra eth0, or any of 1 like it: 2 pairs");
  });
});

describe("a baseline", () => {
  const lost = [...RACKS, "--mode", "host-gw"];

  test("is printed to start from, and accepts all that was found", async () => {
    const { out } = await check([...lost, "-o", "baseline"]);
    const again = await check([...lost, "--baseline", "b.yaml"], { "b.yaml": out });
    expect(again.code).toBe(0);
    expect(again.out).toContain("accepted");
  });

  test("expires, notices growth, and tells what is not found any more", async () => {
    const { out } = await check([...lost, "-o", "baseline"]);
    const dated = out.replaceAll(/(count: \d+)/g, "$1\n    until: 2026-12-31");
    const on = (day: string) => check([...lost, "--baseline", "b.yaml"], { "b.yaml": dated }, day);
    expect((await on("2026-12-31")).code).toBe(0);
    expect((await on("2027-01-01")).code).toBe(1);
    expect((await on("2027-01-01")).out).toContain("was accepted until a day that is past");
    expect((await check([...lost, "--baseline", "b.yaml", "--on", "2027-01-01"], { "b.yaml": dated })).code).toBe(1);
    const smaller = out.replaceAll(/count: 2/g, "count: 1");
    const grown = await check([...lost, "--baseline", "b.yaml"], { "b.yaml": smaller });
    expect([grown.code, grown.out.includes("more than accepted")]).toEqual([1, true]);
    const stale = `${out}  - id: lint/OLD/node-9\n`;
    const told = await check([...lost, "--baseline", "b.yaml"], { "b.yaml": stale });
    expect([told.code, told.out.includes("lint/OLD/node-9 is not found any more (b.yaml:")]).toEqual([0, true]);
  });

  test("with mistakes is refused", async () => {
    const text = "cni-trace-baseline: 1\naccept:\n  - id: a\n    untill: 2027-01-01\n  - id: a\n";
    const { err, code } = await check([...lost, "--baseline", "b.yaml"], { "b.yaml": text });
    expect(code).toBe(2);
    expect(err).toContain("b.yaml:4:5  untill is not a key here (did you mean until?)");
  });
});

describe("reports", () => {
  const lost = [...RACKS, "--mode", "host-gw"];

  test("JSON keeps to its schema, and every field is described", async () => {
    const validate = validator("check");
    for (const words of [lost, ["-t", "two-nodes", "--fail-any", "router"], ["-t", "bgp-routers"]]) {
      const { out } = await check([...words, "-o", "json"]);
      validate(JSON.parse(out));
      expect(validate.errors ?? []).toEqual([]);
    }
  });

  test("NDJSON is a document a line", async () => {
    const { out } = await check([...lost, "-o", "ndjson"]);
    const kinds = out
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line).kind);
    expect(kinds[0]).toBe("check");
    expect(new Set(kinds)).toEqual(new Set(["check", "finding", "ending", "item"]));
  });

  test("JUnit has a failure for each error, and a case for what is well", async () => {
    const { out } = await check([...lost, "-o", "junit"]);
    expect(out).toMatch(/<testsuite name="cni-trace check flannel-host-gw on two-subnets" tests="\d+" failures="3"/);
    expect(out).toContain('name="pairs/small/NO_ROUTE"');
    const well = await check(["-t", "one-node", "--mode", "bgp", "-o", "junit"]);
    expect(well.out).toContain('failures="0"');
    expect(well.out).toContain('name="pairs"');
  });

  test("GitHub's annotations stand at the lines of the file", async () => {
    const { out } = await check([...lost, "-o", "github"]);
    expect(out).toMatch(
      /^::error file=topologies\/two-subnets\.yaml,line=\d+,col=\d+,title=NEXTHOP_NOT_ONLINK \(flannel-host-gw\)::/m,
    );
    expect(out).toMatch(/^::error title=NO_ROUTE/m);
    expect(out.split("\n").filter((line) => line !== "" && !line.startsWith("::"))).toEqual([]);
  });

  test("SARIF has rules, places and fingerprints, and what a baseline accepts is suppressed", async () => {
    const baseline = (await check([...lost, "-o", "baseline"])).out;
    const { out } = await check([...lost, "-o", "sarif", "--baseline", "b.yaml"], { "b.yaml": baseline });
    const [run] = JSON.parse(out).runs;
    const rules = run.tool.driver.rules.map(({ id }: { id: string }) => id);
    for (const result of run.results) {
      expect(rules).toContain(result.ruleId);
      expect(result.suppressions).toEqual([{ kind: "external" }]);
    }
    expect(run.results[0].locations[0].physicalLocation.region.startLine).toBeGreaterThan(1);
  });
});

describe("wrong usage", () => {
  test.each([
    [["--fail-any", "switch"], "--fail-any does not take switch"],
    [["--on", "yesterday"], "--on yesterday is no day"],
    [["--expect", "none.yaml"], "none.yaml cannot be read"],
    [["-o", "xml"], "--format does not take xml"],
  ])("%j", async (words, problem) => {
    const { err, code } = await check(words);
    expect(code).toBe(2);
    expect(err).toContain(problem);
  });
});
