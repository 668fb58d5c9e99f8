import { expect, test } from "vitest";
import { concludeBoth } from "../../src/diagnose/conclusion.ts";
import { diagnose } from "../../src/diagnose/diagnose.ts";
import type { Network } from "../../src/kernel/network.ts";
import { cluster, networkFrom, type Probe, routed, send, where } from "./ask.ts";

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

test("two nodes that disagree on a subnet: one wraps, the other does not", async () => {
  const ask = async (document: Readonly<Record<string, unknown>>) => {
    const network = await networkFrom("calico-ipip-crosssubnet", document);
    return concludeBoth(walked(network), walked(network, { from: "pod/default/p2", to: "10.244.1.2", cause: "reply" }));
  };
  const narrow = { address: "192.168.1.11", cni: { calico: { ipv4Address: "192.168.1.11/32" } } };
  const near = await ask(cluster({ hosts: { n1: narrow, n2: "192.168.1.12" } }));
  expect(near.because.map(where)).toEqual(["RETURN_PATH_ASYMMETRIC at p2", "UNEXPECTED_ENCAP at n1"]);
  expect(near.because[1]?.text).toMatch(/^n1 wraps the packet with tunl0 though both machines are on lan/);

  const wide = { address: "192.168.1.11", cni: { calico: { ipv4Address: "192.168.1.11/16" } } };
  const r1 = { addresses: ["192.168.1.1", "192.168.2.1"], routes: ["10.244.2.0/26 via 192.168.2.12"] };
  const far = await ask(routed({ hosts: { n1: wide, n2: "192.168.2.12" }, routers: { r1 } }));
  expect(far.because.map(where)).toEqual(["RETURN_PATH_ASYMMETRIC at p2", "MISSING_ENCAP at n1"]);
  expect(far.because[1]?.text).toMatch(/^n1 sends the packet bare over a, b/);
});

test("a reply that comes to a machine that never translated its request is told so", async () => {
  const document = cluster({
    subnets: { lan: "192.168.1.0/24", office: "192.168.86.0/24" },
    routers: { r1: ["192.168.1.1", "192.168.86.1"], printer: ["192.168.86.160"] },
    faults: [{ n1: "iptables -t nat -I POSTROUTING -s 10.244.1.0/24 ! -o cni0 -j SNAT --to-source 192.168.1.12" }],
  });
  const network = await networkFrom("flannel-vxlan", document);
  const there = walked(network, { to: "192.168.86.160", ping: true });
  const back = walked(network, { from: "router/printer", to: "192.168.1.12", cause: "reply" });
  expect(back.diagnosis).toMatchObject({ code: "NO_LISTENER", at: "n2" });
  const { verdict, because } = concludeBoth(there, back);
  expect([verdict, ...because.map(where)]).toEqual([
    "UNREACHABLE",
    "REPLY_NOT_UNNATED at n2",
    "RETURN_PATH_BROKEN at n2",
  ]);
});
