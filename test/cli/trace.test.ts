import { describe, expect, test } from "vitest";
import { shell, words } from "./shell.ts";

describe("the exit status says how it went, the same for every view", () => {
  test.each([
    ["--mode vxlan pod-a pod-b", 0],
    ["trace --mode vxlan pod-a pod-b", 0],
    ["--mode host-gw -t two-subnets pod-a pod-b", 1],
    ["--mode vxlan,host-gw -t two-subnets pod-a pod-b", 1],
    ["--mode host-gw -t two-subnets pod-a pod-b --expect NO_ROUTE", 0],
    ["--mode vxlan -t two-subnets pod-a pod-b --expect NO_ROUTE", 1],
    ["--mode vxlan pod-a pod-x", 2],
    ["--mode vxlan --count 3 pod-a pod-b", 0],
    ["--mode vxlan --count 3 --size 1500 --df always pod-a pod-b", 1],
    ["--mode vxlan --count 3 --size 1500 --df always pod-a pod-b --expect MTU_EXCEEDED_DF", 0],
    ["--mode udp -t seed-calico --count 2 --size 1472 --set subnets.core.mtu=1400 container-1 container-3", 1],
    ["--mode udp -t seed-calico --count 3 --size 1472 --set subnets.core.mtu=1400 container-1 container-3", 0],
    ["--mode vxlan --count 0 pod-a pod-b", 2],
    ["--mode vxlan --count 1001 pod-a pod-b", 2],
    ["--mode vxlan --all-branches pod-a pod-b", 0],
  ])("%s: %i", async (line, status) => {
    for (const view of [[], ["-o", "json"], ["--minimal"], ["--why"], ["-q"]]) {
      expect(await shell([...words(line), ...view])).toMatchObject({ code: status });
    }
  });
});

describe("views", () => {
  const line = words("--mode vxlan pod-a pod-b");

  test.each([
    [[], /^DELIVERED {3}/m],
    [["--brief"], /^DELIVERED {3}/m],
    [["-v"], /^DELIVERED {3}/m],
    [["--why"], /^1 {2}pod-a sends to 10\.244\.2\.2\./],
    [["--commands"], /^node-1# ip route get 10\.244\.2\.2/m],
    [["--minimal"], /^DELIVERED ttl=62 crossings=2 mtu=1450$/m],
    [["--traceroute"], /^ 3 {2}10\.244\.2\.2 {2}pod-b$/m],
    [["-o", "json"], /^\{\n {2}"schemaVersion": "1\.\d+",/],
  ])("%j", async (flags, fact) => {
    const { out, err } = await shell([...line, ...flags]);
    expect(out).toMatch(fact);
    expect(out.endsWith("\n")).toBe(true);
    expect(err).toBe("cni-trace: no --topology, using packaged two-nodes\n");
  });

  test("one answer has one view", async () => {
    const { err, code } = await shell([...line, "--why", "--minimal"]);
    expect([err.split("(")[0], code]).toEqual(["cni-trace: option '--why' cannot be used with option '--minimal' ", 2]);
  });

  test.each(["--commands", "--traceroute"])("%s is of one packet on one way", async (view) => {
    for (const many of [["--count", "2"], ["--all-branches"]]) {
      expect((await shell([...line, view, ...many])).code).toBe(2);
    }
  });

  test("-q prints nothing at all", async () => {
    expect(await shell([...line, "-q"])).toEqual({ out: "", err: "", code: 0 });
  });

  test("--ascii, LC_ALL=C and a dumb terminal leave only ASCII", async () => {
    const plain = (await shell([...line, "--ascii"])).out;
    expect(plain).toMatch(/^[ -~\n]+$/);
    expect((await shell(line, { env: { LC_ALL: "C" } })).out).toBe(plain);
    expect((await shell(line, { env: { TERM: "dumb" } })).out).toBe(plain);
  });

  test("several modes give an answer each, in JSON a line each", async () => {
    const { out } = await shell(words("--mode vxlan,host-gw pod-a pod-b --minimal"));
    expect(out.match(/^DELIVERED/gm)).toHaveLength(2);
    const lines = (await shell(words("--mode vxlan,host-gw pod-a pod-b -o json"))).out.trimEnd().split("\n");
    expect(lines.map((text) => JSON.parse(text).question.mode)).toEqual(["flannel-vxlan", "flannel-host-gw"]);
  });
});

describe("the packet is the one that the flags describe", () => {
  const asked = async (line: string) => JSON.parse((await shell([...words(line), "-o", "json"])).out).question;

  test.each([
    ["pod-a pod-b", { protocol: "udp", sport: 40000, dport: 9000, size: 60, ttl: 64, df: "auto", cold: false }],
    ["pod-a pod-b:53", { dport: 53 }],
    ["pod-a pod:pod-b:53", { dport: 53 }],
    ["pod-a ip:10.244.2.2:53", { dport: 53 }],
    ["pod-a pod-b --protocol icmp", { protocol: "icmp", size: 84 }],
    ["pod-a pod-b --protocol tcp --sport 1024 --size 80", { protocol: "tcp", sport: 1024, size: 80 }],
    ["pod-a pod-b --ttl 3 --df never --cold", { ttl: 3, df: "never", cold: true }],
    ["pod-a host:node-2", { dst: expect.objectContaining({ name: "node-2", ip: "192.168.0.12" }) }],
  ])("%s", async (line, fields) => {
    expect(await asked(`--mode vxlan -t two-nodes ${line}`)).toMatchObject(fields);
  });

  test("without the reply when --one-way says so", async () => {
    const { out } = await shell(words("--mode vxlan -t two-nodes pod-a pod-b --one-way -o json"));
    expect(JSON.parse(out)).not.toHaveProperty("reply");
  });

  test.each([
    [
      "pod-a pod-b:0 --ttl 256 --size x --protocol upd --df sometimes --expect NO_ROUT -o jsno",
      [
        "port 0",
        "--ttl 256",
        "--size x",
        "--protocol does not take upd (did you mean udp?)",
        "--df",
        "NO_ROUTE?",
        "json?",
      ],
    ],
    ["pod-a pod-b:53 --protocol icmp", ["icmp has no ports"]],
    ["pod-a pod-b -4 -6", ["-4 and -6 cannot both be meant"]],
    ["pod-a pod-b --size 20", ["20 bytes is no IP length for udp (give 28 to 65535)"]],
    ["10.9.9.9 pod-b", ["10.9.9.9 is only an address"]],
    ["pod-a tables", ['"tables" is no host, router or pod']],
  ])("%s is wrong, and everything about it is told", async (line, parts) => {
    const { out, err, code } = await shell([...words(`--mode vxlan -t two-nodes ${line}`)]);
    expect([out, code]).toEqual(["", 2]);
    for (const part of parts) expect(err).toContain(part);
  });

  test("a name that two things have is refused with both", async () => {
    const files = new Map([
      [
        "two.yaml",
        "cni-trace: 1\nsubnets: { a: 10.0.0.0/24 }\nhosts: { x: 10.0.0.1, y: 10.0.0.2 }\npods: { x: y, z: y }\n",
      ],
    ]);
    const { err, code } = await shell(words("--mode vxlan -t two.yaml x z"), { files });
    expect([err, code]).toEqual(["cni-trace: x is more than one thing (say host:x or pod:default/x)\n", 2]);
    expect(await shell(words("--mode vxlan -t two.yaml pod:x z"), { files })).toMatchObject({ code: 0 });
  });
});

test("a mistyped command is not taken for a place", async () => {
  const { err, code } = await shell(["tabels"]);
  expect([err.split(" (cni")[0], code]).toEqual(["cni-trace: there is no command tabels (did you mean tables?)", 2]);
});

describe("diff", () => {
  test.each([
    ["diff vxlan host-gw", 1],
    ["diff vxlan flannel-vxlan", 0],
    ["diff vxlan host-gw --exit-zero", 0],
    ["diff two-nodes two-subnets --mode vxlan", 1],
    ["diff -t two-subnets vxlan host-gw pod-a pod-b", 1],
    ["diff vxlan host-gw -o json", 1],
    ["diff vxlan host-gw -o patch", 1],
    ["diff vxlan host-gw -o markdown", 1],
    ["diff vxlan flannel-vxlan -o json", 0],
    ["diff vxlan flannel-vxlan -o markdown", 0],
    ["diff vxlan host-gw -o markdown --exit-zero", 0],
  ])("%s ends with %i", async (line, status) => {
    const { out, code } = await shell(words(line));
    expect(code).toBe(status);
    expect(out).not.toBe("");
  });

  test("names the causes, and where the way of a packet parts", async () => {
    const { out, err } = await shell(words("diff vxlan host-gw pod-a pod-b"));
    expect(out).toMatch(/^flannel-vxlan → flannel-host-gw on two-nodes: \d+ rows differ, \d causes$/m);
    expect(out).toMatch(/^path pod-a → pod-b$/m);
    expect(err).toBe("cni-trace: no --topology, using packaged two-nodes\n");
  });

  test("compares two files, each in its own mode", async () => {
    const file = (mode: string) =>
      `cni-trace: 1\ncni: { mode: ${mode} }\nsubnets: { a: 10.0.0.0/24 }\nhosts: { x: 10.0.0.1, y: 10.0.0.2 }\npods: { z: y }\n`;
    const files = new Map([
      ["old.yaml", file("flannel-udp")],
      ["new.yaml", file("flannel-vxlan")],
    ]);
    const { out, code } = await shell(words("diff old.yaml new.yaml"), { files });
    expect(code).toBe(1);
    expect(out).toMatch(/^flannel-udp.*→ flannel-vxlan/);
    expect(await shell(words("diff old.yaml new.yaml --mode bgp"), { files })).toMatchObject({ code: 0 });
  });

  test.each([
    ["diff vxlan hst-gw", ["hst-gw is neither a mode nor a packaged topology (did you mean host-gw?)"]],
    ["diff vxlan host-gw pod-a", ["SRC alone is no packet"]],
    ["diff vxlan no.yaml pod-a pod-b", ["no.yaml cannot be read: there is no such file"]],
    ["diff two-nodes two-subnets --mode vxlan,udp", ["--mode names several modes"]],
    ["diff vxlan host-gw pod-x pod-y -o txt", ["pod-x", "pod-y", "--format does not take txt (did you mean text?)"]],
  ])("%s is told at once and once", async (line, parts) => {
    const { err, code } = await shell(words(line));
    expect(code).toBe(2);
    const lines = err.trimEnd().split("\n");
    expect(new Set(lines).size).toBe(lines.length);
    for (const part of parts) expect(err).toContain(part);
  });
});
