import { describe, expect, test } from "vitest";
import { COMMON, GOLDEN, RACKS } from "./flannel-topologies.ts";
import { network } from "./model.ts";
import { addresses, links, mainRoutes } from "./words.ts";

const leases = (rows: readonly string[]) => rows.filter((row) => /^100\.96\.[23]/.test(row));

describe("flannel-vxlan-direct", () => {
  test("has a plain route to a node on its own link, with no neighbour and no forwarding entry", async () => {
    const a = (await network("flannel-vxlan-direct", GOLDEN)).netns("host/a");
    expect(mainRoutes(a)).toEqual([...COMMON, "100.96.2.0/24 via 10.168.0.3 dev eth0"]);
    expect([...(a?.neighbours.rows() ?? []), ...(a?.fdb.rows() ?? [])]).toEqual([]);
    expect(addresses(a)).toContain("100.96.1.0/32 dev flannel.1");
    expect(links(a)[3]).toBe("4: cni0 mtu 1450 type bridge");
  });
  test("tunnels to a node behind a gateway, the default one too", async () => {
    const net = await network("flannel-vxlan-direct", RACKS);
    const a = net.netns("host/a");
    expect(leases(mainRoutes(a))).toEqual([
      "100.96.2.0/24 via 100.96.2.0 dev flannel.1 onlink",
      "100.96.3.0/24 via 10.168.0.4 dev eth0",
    ]);
    expect([...(a?.fdb.rows() ?? [])].map(({ dst }) => `${dst}`)).toEqual(["10.169.0.3"]);
    expect([...(a?.refused() ?? [])]).toEqual([]);
  });
  test("treats IPv6 the same way", async () => {
    const dual = `
cluster: { podCIDR: [100.96.0.0/16, "fd00:96::/48"] }
subnets: { lan: [10.168.0.0/24, "fd00:168::/64"] }
hosts: { a: [10.168.0.2, "fd00:168::2"], b: [10.168.0.3, "fd00:168::3"] }
pods: { pa: a, pb: b }`;
    const rows = mainRoutes((await network("flannel-vxlan-direct", dual)).netns("host/a"));
    expect(rows).toContain("fd00:96:0:2::/64 via fd00:168::3 dev eth0 metric 1024");
  });
});
