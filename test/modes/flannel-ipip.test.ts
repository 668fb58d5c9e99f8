import { describe, expect, test } from "vitest";
import { COMMON, GOLDEN, RACKS } from "./flannel-topologies.ts";
import { network } from "./model.ts";
import { addresses, links, mainRoutes } from "./words.ts";

describe("flannel-ipip", async () => {
  const a = (await network("flannel-ipip", GOLDEN)).netns("host/a");
  test("has one tunnel device with a local end and no remote one", () => {
    expect(links(a)[2]).toBe("3: flannel.ipip mtu 1480 type ipip remote any local 10.168.0.2 ttl inherit nopmtudisc");
    expect(addresses(a)).toContain("100.96.1.0/32 dev flannel.ipip");
    expect(links(a)[3]).toBe("4: cni0 mtu 1480 type bridge");
  });
  test("has a route for the other node's lease, that node as gateway, and no neighbours", () => {
    expect(mainRoutes(a)).toEqual([...COMMON, "100.96.2.0/24 via 10.168.0.3 dev flannel.ipip onlink"]);
    expect([...(a?.neighbours.rows() ?? []), ...(a?.fdb.rows() ?? []), ...(a?.refused() ?? [])]).toEqual([]);
  });
});

test("flannel-ipip-direct leaves by the card where the other node is on its link, and keeps the flag", async () => {
  const a = (await network("flannel-ipip-direct", RACKS)).netns("host/a");
  expect(mainRoutes(a).filter((row) => /^100\.96\.[23]/.test(row))).toEqual([
    "100.96.2.0/24 via 10.169.0.3 dev flannel.ipip onlink",
    "100.96.3.0/24 via 10.168.0.4 dev eth0 onlink",
  ]);
  expect(addresses(a)).toContain("100.96.1.0/32 dev flannel.ipip");
});
