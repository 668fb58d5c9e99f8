import { describe, expect, test } from "vitest";
import type { Answer, Branches } from "../../src/trace/answer.ts";
import { pathOf } from "../../src/trace/path.ts";
import { ask, codesOf } from "./ask.ts";

/* Equal routes: r1 and r4 have two ways between them, over r2 and r3, and may be joined by a second such pair. */

const ROUTES = [
  "r1: ip route add 10.244.1.0/24 via 192.168.1.11",
  "r1: ip route add 10.244.2.0/24 nexthop via 10.0.1.2 weight 3 nexthop via 10.0.1.3",
  "r2: ip route add 10.244.1.0/24 via 10.0.1.1",
  "r3: ip route add 10.244.1.0/24 via 10.0.1.1",
  "r2: ip route add 10.244.2.0/24 via 10.0.2.4",
  "r3: ip route add 10.244.2.0/24 via 10.0.2.4",
  "r4: ip route add 10.244.1.0/24 nexthop via 10.0.2.2 nexthop via 10.0.2.3",
  "r4: ip route add 10.244.2.0/24 via 192.168.2.12",
];

function diamond(faults: readonly string[] = []): object {
  return {
    "cni-trace": 1,
    subnets: { a: "192.168.1.0/24", b: "192.168.2.0/24", x: "10.0.1.0/24", y: "10.0.2.0/24" },
    routers: {
      r1: ["192.168.1.1", "10.0.1.1"],
      r2: ["10.0.1.2", "10.0.2.2"],
      r3: ["10.0.1.3", "10.0.2.3"],
      r4: ["192.168.2.1", "10.0.2.4"],
    },
    hosts: { n1: "192.168.1.11", n2: "192.168.2.12" },
    pods: { p1: "n1", p2: "n2" },
    faults: [...ROUTES, ...faults],
  };
}

/** Each way by the routers it takes, its share, and how it ends; in an order of its own. */
function ways(branches: Branches | undefined): readonly string[] {
  return (branches?.walked ?? [])
    .map(({ trace, share, diagnosis, ttl }) => {
      const names = pathOf(trace).places.map(({ name }) => name);
      const routers = names.filter((name) => name.startsWith("r")).join(" ");
      return `${routers}: ${share}, ${ttl === undefined ? `${diagnosis.code} at ${diagnosis.at}` : `ttl ${ttl}`}`;
    })
    .sort();
}

async function diamondAnswer(faults: readonly string[] = []): Promise<Answer> {
  return ask("flannel-host-gw", diamond(faults), { allBranches: true });
}

describe("one choice there, one back", () => {
  test("each branch is walked once, with its weight among all pairs", async () => {
    const { forward, reply } = await diamondAnswer();
    expect(ways(forward.branches)).toEqual(["r1 r2 r4: 0.75, ttl 59", "r1 r3 r4: 0.25, ttl 59"]);
    expect(ways(reply?.branches)).toEqual(["r4 r2 r1: 0.5, ttl 59", "r4 r3 r1: 0.5, ttl 59"]);
  });

  test("the first is the one that is shown, and the addresses decide it", async () => {
    const { forward } = await diamondAnswer();
    expect(forward.branches?.walked[0]?.trace).toBe(forward.trace);
    const shown = new Set<string>();
    for (let n = 2; n < 40; n++) {
      const pods = { p1: { host: "n1", address: `10.244.1.${n}` }, p2: "n2" };
      const answer = await ask("flannel-host-gw", { ...diamond(), pods });
      shown.add(pathOf(answer.forward.trace).places[3]?.name ?? "");
    }
    expect([...shown].sort()).toEqual(["r2", "r3"]);
  });

  test("a fault on one branch makes the answer ambiguous, whichever is shown", async () => {
    const answer = await diamondAnswer(["r3: ip route del 10.244.2.0/24"]);
    expect(codesOf(answer)).toEqual([
      "AMBIGUOUS",
      "ECMP_INCONSISTENT",
      "ECMP_INCONSISTENT at r1",
      "NEXTHOP_NOT_ONLINK at n1",
      "ROUTE_MISSING at r3",
      "NO_ROUTE at r3",
    ]);
    expect(answer.because[0]?.text).toBe("1 of 2 equal ways loses the packet, 25 % of all pairs.");
    expect(ways(answer.forward.branches)).toEqual(["r1 r2 r4: 0.75, ttl 59", "r1 r3: 0.25, NO_ROUTE at r3"]);
  });

  test("so does one on a branch that only replies take", async () => {
    const answer = await diamondAnswer(["r2: ip route del 10.244.1.0/24"]);
    expect(codesOf(answer)).toEqual([
      "AMBIGUOUS",
      "ECMP_INCONSISTENT",
      "ECMP_INCONSISTENT at r4",
      "NEXTHOP_NOT_ONLINK at n2",
      "ROUTE_MISSING at r2",
      "NO_ROUTE at r2",
    ]);
  });

  test("a fault on all branches is no ambiguity", async () => {
    const answer = await diamondAnswer(["r4: ip route del 10.244.2.0/24"]);
    expect([answer.verdict, answer.code]).toEqual(["UNREACHABLE", "NO_ROUTE"]);
    expect(ways(answer.forward.branches)).toHaveLength(2);
  });

  test("a branch whose device is down is none", async () => {
    const answer = await diamondAnswer([
      "r1: ip route replace 10.244.2.0/24 nexthop via 10.0.1.2 nexthop via 192.168.1.12",
      "r1: ip link set eth0 down",
    ]);
    expect(answer.forward.branches).toBeUndefined();
  });
});

describe("choices behind choices", () => {
  /** Every node has two ways to the first router, and that has two again, unless r3 leads the packet out of them. */
  const nested = (faults: readonly string[] = []) => ({
    ...diamond(["n1: ip route replace default nexthop via 192.168.1.1 nexthop via 192.168.1.2", ...faults]),
    routers: {
      r1: ["192.168.1.1", "10.0.1.1"],
      r1b: ["192.168.1.2", "10.0.1.11"],
      r2: ["10.0.1.2", "10.0.2.2"],
      r3: ["10.0.1.3", "10.0.2.3"],
      r4: ["192.168.2.1", "10.0.2.4"],
    },
  });
  const OTHER = "r1b: ip route add 10.244.2.0/24 nexthop via 10.0.1.2 nexthop via 10.0.1.3 weight 4";

  test("every combination is walked, and only those that can be", async () => {
    const { forward } = await ask("flannel-host-gw", nested([OTHER]), { allBranches: true });
    expect(ways(forward.branches)).toEqual([
      "r1 r2 r4: 0.375, ttl 59",
      "r1 r3 r4: 0.125, ttl 59",
      "r1b r2 r4: 0.1, ttl 59",
      "r1b r3 r4: 0.4, ttl 59",
    ]);
    const total = forward.branches?.walked.reduce((sum, { share }) => sum + share, 0);
    expect(total).toBeCloseTo(1);
  });

  test("what is lost beyond two choices is found, where one number for all choices would miss it", async () => {
    const answer = await ask("flannel-host-gw", nested([OTHER, "r3: ip route del 10.244.2.0/24"]), {});
    expect(answer.verdict).toBe("AMBIGUOUS");
    expect(answer.because[0]?.text).toBe("2 of 4 equal ways lose the packet, 53 % of all pairs.");
    expect(codesOf(answer).filter((line) => line === "NO_ROUTE at r3")).toHaveLength(1);
  });

  test("the walks are bounded, and the bound is said", async () => {
    const many = Array.from({ length: 100 }, (_, i) => `nexthop via 10.0.1.${i + 2}`).join(" ");
    const answer = await ask("flannel-host-gw", diamond([`r1: ip route replace 10.244.2.0/24 ${many}`]), {
      allBranches: true,
    });
    expect([answer.forward.branches?.walked.length, answer.forward.branches?.more]).toEqual([64, true]);
  });
});

test("the route to a tunnel's far end may have branches too", async () => {
  const routers = { r1: ["192.168.1.1", "10.0.1.1"], r2: ["192.168.1.2", "10.0.1.2"], r3: ["192.168.2.1", "10.0.1.3"] };
  const document = {
    "cni-trace": 1,
    subnets: { a: "192.168.1.0/24", b: "192.168.2.0/24", core: "10.0.1.0/24" },
    routers,
    hosts: { n1: "192.168.1.11", n2: "192.168.2.12" },
    pods: { p1: "n1", p2: "n2" },
    faults: ["n1: ip route replace default nexthop via 192.168.1.1 nexthop via 192.168.1.2"],
  };
  const { forward } = await ask("flannel-vxlan", document, { allBranches: true });
  expect(ways(forward.branches)).toEqual(["r1 r3: 0.5, ttl 62", "r2 r3: 0.5, ttl 62"]);
});
