import fc from "fast-check";
import { expect, test } from "vitest";
import { shell } from "./shell.ts";

const SEED = 20261122;

/** Pieces of commands that mean something, so that fuzz gets past the first word. */
const FAULT_WORDS = [
  "node-1:",
  "node-2:",
  "pod-a:",
  "r1:",
  "nobody:",
  "ip",
  "route",
  "link",
  "neigh",
  "addr",
  "rule",
  "add",
  "del",
  "replace",
  "flush",
  "set",
  "via",
  "dev",
  "eth0",
  "cni0",
  "flannel.1",
  "10.244.2.0/24",
  "10.244.2.0",
  "default",
  "192.168.0.12",
  "fe80::1",
  "::/0",
  "lladdr",
  "02:00:00:00:00:99",
  "nud",
  "permanent",
  "mtu",
  "1",
  "1400",
  "99999999",
  "-1",
  "up",
  "down",
  "onlink",
  "metric",
  "table",
  "nexthop",
  "blackhole",
  "bridge",
  "fdb",
  "dst",
  "iptables",
  "-t",
  "nat",
  "-P",
  "FORWARD",
  "DROP",
  "-A",
  "-I",
  "-j",
  "-s",
  "!",
  "sysctl",
  "net.ipv4.ip_forward=0",
  "lease",
  "ipset",
  ";",
  "$(reboot)",
  "`id`",
  "|",
  "'",
  '"',
  "\n",
  "\u0000",
  "constructor",
  "__proto__",
  "",
];
const SET_WORDS = [
  "subnets",
  "hosts",
  "pods",
  "routers",
  "cluster",
  "cni",
  "faults",
  "generate",
  "lan",
  "node-1",
  "pod-a",
  "mtu",
  "cidr",
  "podCIDR",
  "0",
  "__proto__",
  "constructor",
  "-1",
  "",
];
const VALUES = fc.oneof(
  fc.constantFrom(
    "1400",
    "null",
    "[]",
    "{}",
    "&a [*a, *a]",
    "[udp/8472]",
    "10.0.0.0/8",
    "!!js/function x",
    "{a: {a: {a: 1}}}",
    "1e999",
  ),
  fc.string({ maxLength: 40 }),
);

/** Only these; 4 would be a fault in the program itself. */
const STATUSES = [0, 1, 2, 3];

test("no fault, however odd, does more than be refused or break the network", async () => {
  const fault = fc
    .array(fc.constantFrom(...FAULT_WORDS), { minLength: 1, maxLength: 9 })
    .map((words) => words.join(" "));
  await fc.assert(
    fc.asyncProperty(fc.array(fault, { minLength: 1, maxLength: 3 }), async (faults) => {
      const { code, err } = await shell([
        "-q",
        "--mode",
        "vxlan",
        ...faults.flatMap((text) => ["--fault", text]),
        "pod-a",
        "pod-b",
      ]);
      expect(STATUSES, err).toContain(code);
      expect(err).not.toMatch(/\n {4}at /);
    }),
    { seed: SEED, numRuns: 300 },
  );
});

test("no --set does more than be refused or change the topology", async () => {
  const path = fc.array(fc.constantFrom(...SET_WORDS), { minLength: 1, maxLength: 4 }).map((words) => words.join("."));
  await fc.assert(
    fc.asyncProperty(
      path,
      VALUES,
      fc.constantFrom("udp", "vxlan", "host-gw", "bgp", "ipip"),
      async (key, value, mode) => {
        const { code, err } = await shell(["-q", "--mode", mode, "--set", `${key}=${value}`, "pod-a", "pod-b"]);
        expect(STATUSES, err).toContain(code);
        expect(err).not.toMatch(/\n {4}at /);
      },
    ),
    { seed: SEED, numRuns: 300 },
  );
});

test("an alias bomb is refused at once", async () => {
  const levels = Array.from({ length: 12 }, (_, k) => `a${k + 1}: &a${k + 1} [${Array(9).fill(`*a${k}`).join(", ")}]`);
  const bomb = `cni-trace: 1\na0: &a0 [x, x, x]\n${levels.join("\n")}\n`;
  const { code, err } = await shell(["-t", "-", "a", "b"], { stdin: bomb });
  expect(code).toBe(2);
  expect(err).toMatch(/stdin:\d+:\d+/);
});
