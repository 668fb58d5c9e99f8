import { describe, expect, test } from "vitest";
import { routeText } from "../../src/render/iproute.ts";
import { A, B } from "./calico-topologies.ts";
import { network } from "./model.ts";
import { links } from "./words.ts";

const VERSIONS = ["v3.30", "v3.31", "v3.32", "v3.33"] as const;
const MODES = [
  "calico-bgp",
  "calico-ipip",
  "calico-ipip-crosssubnet",
  "calico-vxlan",
  "calico-vxlan-crosssubnet",
  "calico-wireguard",
] as const;

/** Every row of node1 that a version could change: devices, all tables but local, rules and sets. */
async function profile(version: string, mode: string, yaml: string): Promise<string> {
  const node = (await network(mode, `cni: { calico: { version: ${version} } }${yaml}`)).netns("host/node1");
  const routes = [...(node?.routes.rows() ?? [])].filter(({ table }) => table !== 255);
  const rules = node?.rules.filter(({ pref }) => pref > 0 && pref < 32766) ?? [];
  return [
    ...links(node).slice(2),
    ...routes.map((row) => `${routeText(row).padEnd(88)} # ${row.by}`),
    ...rules.map(({ pref, table, fwmark }) => `rule ${pref} table ${table} fwmark ${fwmark?.value.toString(16)}`),
    ...new Set([...(node?.sets.rows() ?? [])].map(({ set, prefix }) => `set ${set} ${prefix}`)),
  ].join("\n");
}

/** calico.md 0 and 11: which agent writes which row, with which metric and MTU, in each version. */
describe.each(VERSIONS)("Calico %s", (version) => {
  test("(a) one subnet and (b) two, in every mode", async () => {
    const parts: string[] = [];
    for (const mode of MODES) {
      for (const [name, yaml] of [
        ["a", A],
        ["b", B],
      ] as const) {
        parts.push(`## ${mode} (${name})\n${await profile(version, mode, yaml)}\n`);
      }
    }
    await expect(parts.join("\n")).toMatchFileSnapshot(`../golden/modes/calico-${version}.txt`);
  });
});

describe("calico.md 11: what a version changes, and nothing else", () => {
  /** Rows of the newer version that the older has not, in both topologies. */
  const newRows = async (mode: string, older: string, newer: string): Promise<readonly string[]> => {
    const all: string[] = [];
    for (const yaml of [A, B]) {
      const before = new Set((await profile(older, mode, yaml)).split("\n"));
      all.push(...(await profile(newer, mode, yaml)).split("\n").filter((row) => !before.has(row)));
    }
    return [...new Set(all.map((row) => row.replace(/ +# /, " # ")))];
  };
  test("v3.31: Felix's tunnel routes carry their MTU; same-subnet routes do not", async () => {
    expect(await newRows("calico-vxlan", "v3.30", "v3.31")).toEqual([
      "10.233.2.0/26 via 10.233.2.0 dev vxlan.calico onlink mtu 1450 # felix",
    ]);
    expect(await newRows("calico-vxlan-crosssubnet", "v3.30", "v3.31")).toEqual([
      "10.233.2.0/26 via 10.233.2.0 dev vxlan.calico onlink mtu 1450 # felix",
    ]);
    for (const mode of ["calico-bgp", "calico-ipip", "calico-ipip-crosssubnet", "calico-wireguard"]) {
      expect(await newRows(mode, "v3.30", "v3.31"), mode).toEqual([]);
    }
  });
  test("v3.32: metric 1024 for pods and BGP routes, and another name for the set of all pools", async () => {
    expect(await newRows("calico-ipip-crosssubnet", "v3.31", "v3.32")).toEqual([
      "10.233.1.2 dev calice0906292e2 scope link metric 1024 # felix",
      "10.233.2.0/26 via 192.168.1.3 dev eth0 proto bird metric 1024 # bird",
      "set cali40network-ip-pools 10.233.0.0/16",
      "10.233.2.0/26 via 192.168.2.2 dev tunl0 proto bird metric 1024 onlink # bird",
    ]);
    expect(await newRows("calico-vxlan", "v3.31", "v3.32")).toEqual([
      "10.233.1.2 dev calice0906292e2 scope link metric 1024 # felix",
      "set cali40network-ip-pools 10.233.0.0/16",
    ]);
  });
  test("v3.33: IP-in-IP is Felix's, and WireGuard's blocks leave table main", async () => {
    expect(await newRows("calico-ipip", "v3.32", "v3.33")).toEqual([
      "blackhole 10.233.1.0/26 proto 80 # felix",
      "10.233.2.0/26 via 192.168.1.3 dev tunl0 proto 80 onlink mtu 1480 # felix",
      "10.233.2.0/26 via 192.168.2.2 dev tunl0 proto 80 onlink mtu 1480 # felix",
    ]);
    expect(await newRows("calico-ipip-crosssubnet", "v3.32", "v3.33")).toContain(
      "10.233.2.0/26 via 192.168.1.3 dev eth0 proto 80 onlink # felix",
    );
    expect(await newRows("calico-bgp", "v3.32", "v3.33")).toEqual([]);
    expect(await newRows("calico-wireguard", "v3.33", "v3.32")).toEqual([
      "10.233.2.0/26 via 192.168.1.3 dev eth0 proto bird metric 1024 # bird",
      "10.233.2.0/26 via 192.168.1.1 dev eth0 proto bird metric 1024 # bird",
    ]);
  });
});
