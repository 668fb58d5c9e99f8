import { expect, test } from "vitest";
import { routersOf, writtenRoutes } from "../../src/modes/gateways.ts";
import { Underlay } from "../../src/modes/underlay.ts";
import { ip, topology } from "./model.ts";

test("of a router's own routes the longest over an address counts, in whatever order they are written", async () => {
  const routes = ["172.16.0.0/12 via 192.168.1.7", "172.16.5.0/24 via 192.168.1.8", "172.16.0.0/16 via 192.168.1.9"];
  const read = await topology(`
subnets: { lan: 192.168.1.0/24 }
routers: { r1: { address: 192.168.1.1, routes: [${routes.join(", ")}] } }
hosts: { n1: 192.168.1.11 }
`);
  const routers = routersOf(read);
  const written = writtenRoutes(read, routers);
  if (!written.ok) throw new Error(written.problems[0]?.message);
  const underlay = new Underlay(read, routers, written.value);
  const way = (to: string) => `${underlay.route("r1", ip(to))?.via}`;
  expect([way("172.16.5.1"), way("172.16.9.1"), way("172.17.0.1")]).toEqual([
    "192.168.1.8",
    "192.168.1.9",
    "192.168.1.7",
  ]);
  expect(underlay.route("r1", ip("10.0.0.1"))).toBeUndefined();
});
