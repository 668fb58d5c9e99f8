import { afterAll, expect, test } from "vitest";
import { disagreementsOf } from "../../../src/lab/report.ts";
import { takeDown } from "../../../src/lab/up.ts";
import { verify } from "../../../src/lab/verify.ts";
import { labs } from "./labs.ts";

/* `lab verify` in this kernel by a mutant of a mode: the lab is made from the mutant's own tables. */

const PREFIX = "cnimuta-";
afterAll(() => takeDown(PREFIX));
const packaged = (await labs()).filter(({ tunnels, network }) => !tunnels && network.topology.startsWith("two-"));

test.each(packaged)(
  "$network.mode on $network.topology",
  ({ network, cases }) => {
    expect(disagreementsOf(verify(network, cases, PREFIX).agreement).slice(0, 1)).toEqual([]);
  },
  120_000,
);
