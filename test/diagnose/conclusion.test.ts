import { expect, test } from "vitest";
import { concludeBoth } from "../../src/diagnose/conclusion.ts";
import { diagnose } from "../../src/diagnose/diagnose.ts";
import type { Network } from "../../src/kernel/network.ts";
import { cluster, networkFrom, type Probe, send, where } from "./ask.ts";

function walked(network: Network, probe: Probe = {}) {
  const trace = send(network, probe);
  return { trace, diagnosis: diagnose(network, trace) };
}

async function bothWays(faults: readonly unknown[]) {
  const network = await networkFrom("flannel-vxlan", cluster({ faults }));
  return concludeBoth(walked(network), walked(network, { from: "pod/default/p2", to: "10.244.1.2", cause: "reply" }));
}

test("a packet and its reply that go the same way are reachable", async () => {
  expect(await bothWays([])).toEqual({ verdict: "REACHABLE", code: "DELIVERED", because: [] });
});

test("a reply that dies makes the pair unreachable, and says where", async () => {
  const { verdict, code, because } = await bothWays([{ n2: "ip route del 10.244.1.0/24" }]);
  expect([verdict, code, ...because.map(where)]).toEqual([
    "UNREACHABLE",
    "RETURN_PATH_BROKEN",
    "RETURN_PATH_BROKEN at r1",
  ]);
});

test("a reply that is not wrapped where the packet was takes another way", async () => {
  const found = await bothWays([{ n2: "ip route replace 10.244.1.0/24 via 192.168.1.11 dev eth0" }]);
  expect([found.verdict, ...found.because.map(where)]).toEqual(["REACHABLE_WITH_RISK", "RETURN_PATH_ASYMMETRIC at p2"]);
  expect(found.because[0]?.text).toBe(
    "The packet goes over lan (n1, n2, wrapped), and the reply comes back over lan (n1, n2).",
  );
});

test("a pod's own address outside, and no way back to it, is told with the rule that spared it", async () => {
  const document = cluster({
    subnets: { lan: "192.168.1.0/24", office: "192.168.86.0/24" },
    routers: { r1: ["192.168.1.1", "192.168.86.1"], printer: ["192.168.86.160"] },
  });
  const ask = async (faults: readonly unknown[]) => {
    const network = await networkFrom("calico-bgp", { ...document, faults });
    const there = walked(network, { to: "192.168.86.160", ping: true });
    const back = walked(network, { from: "router/printer", to: "10.244.1.2", cause: "reply" });
    return concludeBoth(there, back).because;
  };
  const [spared, broken] = await ask([{ n1: "ipset add cali40all-ipam-pools 192.168.86.0/24" }]);
  expect([spared && where(spared), broken && where(broken)]).toEqual([
    "NAT_MISSING at n1",
    "RETURN_PATH_BROKEN at printer",
  ]);
  expect(spared?.text).toMatch(/10\.244\.1\.2 \(SKIP_SNAT_DST_IN_POOL: .*, by felix, spares it\)/);
  const [unmasked] = await ask([{ n1: "iptables -t nat -F cali-nat-outgoing" }]);
  expect(unmasked?.text).toMatch(/no rule there masquerades it/);
  expect((await ask([])).map(({ code }) => code)).toEqual(["RETURN_PATH_BROKEN"]);
});
