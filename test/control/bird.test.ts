import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { compareSent } from "../../src/lab/agree.ts";
import { type Case, casesOf } from "../../src/lab/cases.ts";
import { ask } from "../../src/lab/helper.ts";
import { compareTables } from "../../src/lab/tables.ts";
import { sendAll } from "../../src/lab/verify.ts";
import type { Endpoint } from "../../src/trace/answer.ts";
import { CASES } from "./cases.ts";
import {
  type Cluster,
  differences,
  ipv6Differences,
  PREFIX,
  type Settled,
  settle,
  silence,
  startCluster,
} from "./control.ts";
import { lacking, leftOut } from "./needs.ts";
import { sweep, sweepAfterwards } from "./sweep.ts";

/* A real BIRD 1.6 on every node and router of several designs, with the configuration that Calico gives it. */

const lacks = lacking(["bird", "bird6", "ip", "python3", "iptables-restore", "ipset"]);

if (lacks.length > 0) leftOut("no BGP was compared with BIRD's", lacks);
else {
  const clusters = new Map<string, Cluster>();
  let settled: readonly Settled[] = [];

  beforeAll(async () => {
    sweep(PREFIX);
    sweepAfterwards(PREFIX);
    for (const [k, { name, document }] of CASES.entries()) clusters.set(name, await startCluster(`${k}`, document));
    settled = await settle([...clusters.values()].flatMap(({ daemons }) => daemons));
  }, 300_000);
  afterAll(() => sweep(PREFIX));

  describe.each(CASES)("$name", ({ name, pair, equal }) => {
    const cluster = (): Cluster => {
      const found = clusters.get(name);
      if (!found) throw new Error(`${name} does not stand`);
      return found;
    };

    test("has BIRD's sessions, and its paths", () => {
      const mine = settled.filter(({ daemon }) => cluster().daemons.includes(daemon));
      expect(mine.length).toBeGreaterThan(0);
      expect(mine.flatMap((one) => differences(one).map((line) => `${one.daemon.machine}: ${line}`))).toEqual([]);
    });

    test("has the kernel's tables", () => {
      const { network, plan } = cluster();
      const dumped = JSON.parse(ask("dump", [], { netns: [...plan.names.kernel.values()] }));
      expect(compareTables(network, plan.names, dumped)).toEqual([]);
      expect(ipv6Differences(cluster())).toEqual([]);
    });

    test("has a ping go the kernel's way", () => {
      const { network, plan } = cluster();
      silence(cluster());
      const cases = casesOf(network, endpoint(cluster(), pair[0]), endpoint(cluster(), pair[1])).filter(isPing);
      const sent = sendAll(network, plan, [cases]);
      const compared = compareSent(network, plan.names, sent);
      // A pod of a node without a default route asks by ARP and hears nothing: then there is no other frame.
      const node = network.netns(endpoint(cluster(), pair[0]).netns ?? "")?.links.get("eth0");
      const routes = node?.kind === "veth" ? [...(network.netns(node.peer.netns)?.routes.rows() ?? [])] : [];
      const answered = routes.some(({ dst }) => dst.family === 4 && dst.length === 0);
      expect(compared.map(({ frames }) => frames > 0)).toEqual([answered]);
      expect(sent.map(({ probed }) => probed.frames.length > 0)).toEqual([true]);
      const where = compared
        .flatMap(({ differs }) => differs)
        .filter(({ about }) => !(equal && about.startsWith("frames at ")));
      expect(where).toEqual([]);
    });
  });
}

function isPing({ question }: Case): boolean {
  return question.protocol === "icmp";
}

function endpoint({ network }: Cluster, pod: string): Endpoint {
  const netns = `pod/default/${pod}`;
  const own = network.netns(netns)?.addresses.find(({ dev, ip }) => dev === "eth0" && ip.family === 4);
  if (!own) throw new Error(`${pod} has no address`);
  return { name: pod, netns, ip: own.ip };
}
