import { expect, test } from "vitest";
import { diagnose } from "../../src/diagnose/diagnose.ts";
import { cluster, mends, networkFrom, type Probe, routed, send } from "./ask.ts";

/* What a diagnosis says besides its code: who, which row, how often, and what to type. */

async function said(mode: string, document: Readonly<Record<string, unknown>>, probe: Probe = {}) {
  const network = await networkFrom(mode, document);
  const { story, because, seeIt } = diagnose(network, send(network, probe));
  return [...story, ...because.map(({ text }) => text), ...seeIt.map(({ at, command }) => `${at}# ${command}`)].join(
    "\n",
  );
}

const three = { n1: "192.168.1.11", n2: "192.168.1.12", n3: "192.168.1.13" };

test("a rule that rejects refuses, one that drops drops", async () => {
  const rule = (target: string) => cluster({ faults: [{ n1: `iptables -I FORWARD -d 10.244.2.0/24 -j ${target}` }] });
  expect(await said("flannel-vxlan", rule("REJECT"))).toMatch(/^n1 refuses the packet/);
  expect(await said("flannel-vxlan", rule("DROP"))).toMatch(/^n1 drops the packet/);
});

test("whether it was the tunnel's packet that nobody answered for", async () => {
  const gone = cluster({ faults: [{ n2: "ip link set eth0 down" }] });
  expect(await said("flannel-vxlan", gone)).toMatch(/got no answer; the packet is a tunnel's\./);
  expect(await said("flannel-host-gw", gone)).toMatch(/got no answer\./);
});

test("which packet was cut", async () => {
  const narrow = routed({ faults: [{ r1: "ip link set eth1 mtu 1400" }] });
  expect(await said("flannel-vxlan", narrow, { size: 1450 })).toMatch(
    /^The packet around it was cut into 2 pieces at r1/m,
  );
  const long = { size: 2000, df: "never" } as const;
  expect(await said("flannel-vxlan", cluster(), long)).toMatch(/^The packet was cut into 2 pieces at p1/m);
});

test("a blackhole on the way is silent, one's own refuses", async () => {
  const silent = await said("calico-bgp", cluster(), { to: "10.244.2.33" });
  expect(silent).toMatch(/so it drops the packet without a word\./);
  const own = await said("calico-bgp", cluster({ faults: [{ p1: "ip route add blackhole 10.244.2.2" }] }));
  expect(own).toMatch(/so it refuses the packet\./);
});

test("of several deleted neighbours it is the right one that is put back", async () => {
  const document = cluster({
    hosts: three,
    faults: [{ n1: "ip neigh del 10.244.2.0 dev flannel.1" }, { n1: "ip neigh del 10.244.3.0 dev flannel.1" }],
  });
  const mac = (await networkFrom("flannel-vxlan", cluster({ hosts: three })))
    .netns("host/n2")
    ?.links.get("flannel.1")?.mac;
  expect(await mends("flannel-vxlan", document, {})).toContain(
    `n1: ip neigh replace 10.244.2.0 lladdr ${mac} dev flannel.1 nud permanent`,
  );
  expect(await said("flannel-vxlan", document)).toMatch(/which learns nothing by itself; the one it had was deleted/);
});

test("an agent's log is named where the kernel refused what the agent asked", async () => {
  expect(await said("flannel-host-gw", routed())).toContain("n1# kubectl -n kube-flannel logs -l app=flannel");
});

test("a circle is told with its places, its rows and how often it was gone round", async () => {
  const document = cluster({
    faults: [
      { n1: "ip route add 10.244.9.0/24 via 192.168.1.12" },
      { n2: "ip route add 10.244.9.0/24 via 192.168.1.11" },
    ],
  });
  const text = await said("flannel-host-gw", document, { to: "10.244.9.9" });
  expect(text).toMatch(/goes round, n2 → n1 → n2, 32 times until its TTL of 64 is used up/);
  expect(text).toMatch(/n1 has 10\.244\.9\.0\/24 via 192\.168\.1\.12/);
  expect(text).toMatch(/n2 has 10\.244\.9\.0\/24 via 192\.168\.1\.11/);
});

test("a session that is down is the fault of no pod, and of no machine that has the pod itself", async () => {
  const document = cluster({
    cni: { calico: { nodeToNodeMeshEnabled: false } },
    hosts: { n1: { address: "192.168.1.11", bgp: { peers: ["n2"] } }, n2: "192.168.1.12" },
  });
  expect(await said("calico-bgp", document)).toMatch(/n1 has no BGP with n2: /);
  const own = { from: "pod/default/p2", to: "10.244.2.40" };
  expect(await said("calico-bgp", document, own)).not.toMatch(/has no BGP/);
});

test("a veth that was deleted is told of the pod that had the address, and of no other", async () => {
  const pods = {
    p1: { host: "n1", device: "veth1" },
    p2: { host: "n2", device: "veth2" },
    p3: { host: "n2", device: "veth3" },
  };
  const document = cluster({ pods, faults: [{ n2: "ip link del veth3" }, { n2: "ip link del veth2" }] });
  expect(await said("flannel-vxlan", document)).toMatch(/eth0 of p2 is gone, and so is its other end, veth2 on n2/);
  const unknown = await said("flannel-vxlan", document, { to: "10.244.2.77" });
  expect(unknown).toMatch(/Nobody holds 10\.244\.2\.77/);
  expect(unknown).not.toMatch(/is gone/);
});
