import { describe, expect, test } from "vitest";
import { shell, words } from "./shell.ts";

describe("tables", () => {
  test("prints a machine's rows in commands, each with its writer", async () => {
    const { out, err, code } = await shell(words("tables --mode vxlan node-1"));
    expect([err, code]).toEqual(["cni-trace: no --topology, using packaged two-nodes\n", 0]);
    expect(out).toMatch(/^ip route add 10\.244\.2\.0\/24 via 10\.244\.2\.0 dev flannel\.1 onlink +# flanneld$/m);
    expect(out).toMatch(/^bridge fdb add .* dev flannel\.1 dst 192\.168\.0\.12 .*# flanneld$/m);
  });

  test("without a place prints every namespace, in the file's order", async () => {
    const { out } = await shell(words("tables --mode vxlan -t two-nodes"));
    expect(out.match(/^# (?:host|pod|router)\/.*$/gm)).toEqual([
      "# host/node-1",
      "# pod/default/pod-a",
      "# host/node-2",
      "# pod/default/pod-b",
      "# router/gateway",
    ]);
    expect((await shell(words("tables --mode vxlan -t two-nodes gateway"))).out).toContain("# router/gateway");
  });

  test("--only keeps the tables that are named", async () => {
    const { out } = await shell(words("tables --mode vxlan -t two-nodes node-1 --only neigh,fdb"));
    expect(out.match(/^## .*$/gm)).toEqual(["## neigh", "## fdb"]);
  });

  test("-v adds what the kernel makes itself", async () => {
    const line = "tables --mode vxlan -t two-nodes node-1 --only route";
    expect((await shell(words(line))).out).not.toContain("# kernel");
    expect((await shell(words(`${line} -v`))).out).toContain("# kernel");
  });

  test("a refused row is a comment in the kernel's words", async () => {
    const { out } = await shell(words("tables --mode host-gw -t two-subnets node-1 --only route"));
    expect(out).toMatch(/^# refused: .*10\.244\.2\.0\/24.*: Nexthop has invalid gateway/m);
  });

  test("shows what a fault and an edit of the topology did", async () => {
    const line = "tables --mode vxlan -t two-nodes node-1";
    const { out } = await shell([
      ...words(line),
      "--fault",
      "node-1: ip route del 10.244.2.0/24",
      "--set",
      "hosts.node-1.mtu=1400",
    ]);
    expect(out).not.toMatch(/^ip route add 10\.244\.2\.0\/24/m);
    expect(out).toMatch(/mtu 1350/);
  });

  test("stops when nobody reads any more", async () => {
    const line = words("tables -t two-nodes --mode vxlan,host-gw node-1");
    const { out, code } = await shell(line, { patience: 0 });
    expect([out.match(/^# two-nodes.*$/gm), code]).toEqual([["# two-nodes, flannel-vxlan"], 0]);
  });

  test("several modes are printed one after the other", async () => {
    const { out } = await shell(words("tables -t two-nodes --mode vxlan,host-gw,vxlan node-1 --only link"));
    expect(out.match(/^# two-nodes.*$/gm)).toEqual(["# two-nodes, flannel-vxlan", "# two-nodes, flannel-host-gw"]);
  });
});

describe("route", () => {
  test("names the row that wins, its writer, and why each other row lost", async () => {
    const { out, code } = await shell(words("route --mode vxlan -t two-nodes node-1 10.244.2.2"));
    expect(code).toBe(0);
    expect(out).toMatch(/^ {2}row +10\.244\.2\.0\/24 via 10\.244\.2\.0 dev flannel\.1 onlink +# flanneld$/m);
  });

  test("shows the row that the kernel refused beside the one that won instead", async () => {
    const { out } = await shell(words("route --mode host-gw -t two-subnets node-1 10.244.2.2"));
    expect(out).toMatch(/^ {2}row +default via 192\.168\.1\.1 dev eth0/m);
    expect(out).toMatch(/^ {2}refused +10\.244\.2\.0\/24 via .*\n? *# flanneld: E\w+, "Nexthop has invalid gateway"/m);
  });

  test("ends with 1 when no row leads on", async () => {
    expect(await shell(words("route --mode vxlan -t two-subnets r1 10.244.2.2"))).toMatchObject({ code: 1 });
  });
});

describe("bgp", () => {
  test("shows a machine's sessions and what it has learned, as birdc does", async () => {
    const { out, code } = await shell(words("bgp --mode bgp -t two-nodes node-1"));
    expect(code).toBe(0);
    expect(out).toMatch(/^node-1 {2}AS64512/);
    expect(out).toMatch(/^Mesh_192_168_0_12 +BGP +up +Established$/m);
    expect(out).toMatch(/^10\.244\.2\.0\/26 +via 192\.168\.0\.12 on eth0$/m);
  });

  test("without a place shows every speaker, routers too", async () => {
    const { out } = await shell(words("bgp -t bgp-routers --mode bgp"));
    expect(out.match(/^\S+ {2}AS\d+/gm)).toHaveLength(4);
  });

  test("says of a mode without BGP where its nodes learn of one another", async () => {
    const { out, code } = await shell(words("bgp --mode vxlan -t two-nodes"));
    expect([out, code]).toEqual([
      "flannel-vxlan speaks no BGP: its nodes learn of one another from etcd or the API\n",
      0,
    ]);
  });

  test("of a pod is refused with its host", async () => {
    const { err, code } = await shell(words("bgp --mode bgp -t two-nodes pod-a"));
    expect([err, code]).toEqual(["cni-trace: pod-a is a pod, and pods speak no BGP (its host is node-1)\n", 2]);
  });
});

describe("places, modes, faults and edits that are wrong are told all at once, and end with 2", () => {
  test.each([
    ["tables -t two-nodes --mode vxlan node-3", ['"node-3" is no host, router or pod (did you mean node-1?)']],
    ["tables -t two-nodes --mode vxlna", ["there is no mode vxlna (did you mean vxlan?)"]],
    [
      "tables -t two-nodes --mode wireguard",
      ["wireguard is a mode of both families (flannel-wireguard or calico-wireguard)"],
    ],
    [
      "tables -t two-node --mode vxlan",
      ["two-node cannot be read: there is no such file (did you mean the packaged two-nodes?)"],
    ],
    ["tables -t no/such.yaml --mode vxlan", ["no/such.yaml cannot be read: there is no such file"]],
    ["tables -t two-nodes --mode vxlan --only rout", ["--only does not take rout (did you mean route?)"]],
    ["route --mode vxlan node-1 10.244.2.300", ["10.244.2.300 is no address"]],
  ])("%s", async (line, messages) => {
    const { out, err, code } = await shell(words(line));
    expect([out, code]).toEqual(["", 2]);
    for (const message of messages) expect(err).toContain(message);
    expect(err).not.toMatch(/^ {4}at /m);
  });

  test("several", async () => {
    const line = [
      "tables",
      "-t",
      "two-nodes",
      "--mode",
      "vxlna,udp2",
      "--fault",
      "nod-1: ip route del x",
      "--only",
      "x",
      "pod-c",
    ];
    const { err, code } = await shell(line);
    expect(code).toBe(2);
    for (const word of ["vxlna", "udp2", "nod-1", "--only", "pod-c"]) expect(err).toContain(word);
  });

  test("a topology's problems carry file, line and column", async () => {
    const files = new Map([["bad.yaml", "cni-trace: 1\nnodes: {}\nhosts: { a: 1.2.3.4 }\n"]]);
    const { err, code } = await shell(words("tables -t bad.yaml --mode vxlan"), { files });
    expect(code).toBe(2);
    expect(err).toMatch(/^bad\.yaml:2:1 {2}/m);
    expect(err).toMatch(/^bad\.yaml:3:\d+ {2}/m);
  });

  test("a topology is read from standard input", async () => {
    const stdin = "cni-trace: 1\nsubnets: { lan: 10.0.0.0/24 }\nhosts: { a: 10.0.0.1 }\npods: {}\n";
    expect(await shell(words("tables -t - --mode vxlan a"), { stdin })).toMatchObject({ code: 0 });
    const { err } = await shell(words("tables -t - --mode vxlan a"), { stdin: "hosts: 1" });
    expect(err).toMatch(/^stdin:1:1 {2}/m);
  });
});

describe("notes on standard error say what was assumed", () => {
  test.each([
    ["tables node-1", ["no --topology, using packaged two-nodes", "no --mode, using flannel-vxlan"]],
    ["tables -t seed-udp node-1", ["no --mode, using flannel-udp, which seed-udp says it runs"]],
    ["tables -t seed-udp --mode bgp node-1", ["seed-udp says it runs flannel-udp; calico-bgp is of another family"]],
    ["tables -t two-nodes --mode bgp node-1", []],
  ])("%s", async (line, notes) => {
    const { err } = await shell(words(line));
    expect(err).toBe(notes.map((note) => `cni-trace: ${note}\n`).join(""));
  });
});

describe("explain", () => {
  test.each([
    ["explain NO_ROUTE", /^NO_ROUTE$/m],
    ["explain vxlan", /flannel-vxlan|VXLAN/],
    ["explain flannel0", /TUN/],
    ["explain Nexthop has invalid gateway", /gateway/],
  ])("%s", async (line, fact) => {
    const { out, code } = await shell(words(line));
    expect(code).toBe(0);
    expect(out).toMatch(fact);
    expect(out.split("\n").filter((text) => text.length > 80)).toEqual([]);
  });

  test("an unknown word gets the nearest, and ends with 2", async () => {
    const { err, code } = await shell(words("explain NO_ROUT"));
    expect([err, code]).toEqual(["cni-trace: NO_ROUT cannot be explained (did you mean NO_ROUTE?)\n", 2]);
  });
});
