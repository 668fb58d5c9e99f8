import { describe, expect, test } from "vitest";
import { walk } from "../../src/dataplane/walk.ts";
import { buildNetwork } from "../../src/modes/build.ts";
import { modes } from "../../src/modes/registry.ts";
import { arrival } from "../../src/query/flow.ts";
import { neighbourText } from "../../src/render/iproute.ts";
import { ip, network, topology } from "./model.ts";
import { addresses, links, mainRoutes } from "./words.ts";

const DUAL = `
cluster: { podCIDR: [10.244.0.0/16, "fd00:10:244::/48"] }
subnets: { lan: [192.168.0.0/24, "fd00:192::/64"] }
routers: { gw: [192.168.0.1, "fd00:192::1"] }
hosts: { a: [192.168.0.11, "fd00:192::11"], b: [192.168.0.12, "fd00:192::12"] }
pods: { pa: a, pb: b }
`;
const V6 = `
cluster: { podCIDR: "fd00:10:244::/48" }
subnets: { rack-1: "fd00:1::/64", rack-2: "fd00:2::/64" }
routers: { r: ["fd00:1::1", "fd00:2::1"] }
hosts: { a: "fd00:1::11", b: "fd00:2::12" }
pods: { pa: a, pb: b }
`;
const only6 = (rows: readonly string[]) => rows.filter((row) => row.includes(":") && !row.startsWith("fe80"));

describe("flannel-host-gw", () => {
  test("routes both families, and gives pods both", async () => {
    const net = await network("host-gw", DUAL);
    expect(addresses(net.netns("pod/default/pa")).filter((row) => !row.startsWith("fe80"))).toEqual([
      "10.244.1.2/24 dev eth0",
      "fd00:10:244:1::2/64 dev eth0",
    ]);
    expect(only6(mainRoutes(net.netns("pod/default/pa")))).toEqual([
      "fd00:10:244:1::/64 dev eth0 proto kernel metric 256",
      "fd00:10:244::/48 via fd00:10:244:1::1 dev eth0 metric 1024",
      "default via fd00:10:244:1::1 dev eth0 metric 1024",
    ]);
    expect(only6(mainRoutes(net.netns("host/a")))).toEqual([
      "fd00:192::/64 dev eth0 proto kernel metric 256",
      "default via fd00:192::1 dev eth0 metric 1024",
      "fd00:10:244:1::/64 dev cni0 proto kernel metric 256",
      "fd00:10:244:2::/64 via fd00:192::12 dev eth0 metric 1024",
    ]);
    expect(net.netns("host/a")?.sysctls.get("net.ipv6.conf.all.forwarding")).toBe("1");
    expect([...(net.netns("host/a")?.refused() ?? [])]).toEqual([]);
  });
  test("across subnets the kernel refuses the route here too", async () => {
    const net = await network("host-gw", V6);
    expect([...(net.netns("host/a")?.refused() ?? [])]).toMatchObject([{ by: "flanneld", errno: "EHOSTUNREACH" }]);
  });
});

describe("flannel-vxlan", () => {
  test("has a second device for IPv6, whose MTU the kernel holds to 70 below the card's", async () => {
    const net = await network("vxlan", DUAL);
    const a = net.netns("host/a");
    expect(links(a).slice(2, 4)).toEqual([
      "3: flannel.1 mtu 1450 type vxlan id 1 dev eth0 local 192.168.0.11 dstport 8472 nolearning",
      "4: flannel-v6.1 mtu 1430 type vxlan id 1 dev eth0 local fd00:192::11 dstport 8472 nolearning",
    ]);
    expect(net.netns("pod/default/pa")?.links.get("eth0")?.mtu).toBe(1450);
    expect(mainRoutes(a)).toContain("fd00:10:244:2::/64 via fd00:10:244:2:: dev flannel-v6.1 metric 1024 onlink");
    const mac = net.netns("host/b")?.links.get("flannel-v6.1")?.mac;
    expect([...(a?.neighbours.rows() ?? [])].map(neighbourText)).toContain(
      `fd00:10:244:2:: dev flannel-v6.1 lladdr ${mac} PERMANENT`,
    );
  });
});

describe("calico-bgp", () => {
  test("gives a pod the link-local address of its host end for a gateway", async () => {
    const net = await network("calico-bgp", DUAL);
    const pod = net.netns("pod/default/pa");
    expect(only6(mainRoutes(pod))).toEqual([
      "default via fe80::ecee:eeff:feee:eeee dev eth0 metric 1024",
      "fd00:10:244:1::2 dev eth0 proto kernel metric 256",
    ]);
    expect(addresses(pod)).toContain("fd00:10:244:1::2/128 dev eth0");
    expect([...(pod?.refused() ?? [])]).toEqual([]);
    const [dev = ""] = [...(net.netns("host/a")?.links.keys() ?? [])].filter((name) => name.startsWith("cali"));
    expect(net.netns("host/a")?.sysctls.get(`net.ipv6.conf.${dev}.proxy_ndp`)).toBe("1");
    expect(only6(mainRoutes(net.netns("host/a")))).toEqual([
      "fd00:192::/64 dev eth0 proto kernel metric 256",
      "default via fd00:192::1 dev eth0 metric 1024",
      "blackhole fd00:10:244:1::/122 dev lo proto bird metric 1024",
      `fd00:10:244:1::2 dev ${dev} metric 1024`,
      "fd00:10:244:2::/122 via fd00:192::12 dev eth0 proto bird metric 1024",
    ]);
  });
  test("across subnets it routes by the default gateway", async () => {
    const net = await network("calico-bgp", V6);
    expect(mainRoutes(net.netns("host/a"))).toContain(
      "fd00:10:244:2::/122 via fd00:1::1 dev eth0 proto bird metric 1024",
    );
    expect(mainRoutes(net.netns("router/r")).filter((row) => row.includes("10:244"))).toEqual([]);
  });
});

describe("every mode carries IPv6, or says plainly that upstream has none (flannel.md 1.6, calico.md 3.7)", () => {
  test.each(modes.map((mode) => [mode.name, mode] as const))("%s", async (_, mode) => {
    const built = buildNetwork(await topology(DUAL), mode);
    if (!mode.families.includes(6)) {
      const problem = { code: "UNSUPPORTED", message: expect.stringContaining("carries no IPv6") };
      expect(built).toMatchObject({ ok: false, problems: [problem] });
      return;
    }
    if (!built.ok) throw new Error(mode.name);
    for (const [from, to] of [
      ["pa", "fd00:10:244:2::2"],
      ["pb", "fd00:10:244:1::2"],
    ] as const) {
      const payload = [
        { kind: "udp", sport: 40000, dport: 9000 },
        { kind: "payload", length: 32 },
      ] as const;
      const send = { from: `pod/default/${from}`, dst: ip(to), df: "auto", process: "test", payload } as const;
      const last = arrival(walk(built.value, send).trace)?.headers[0];
      expect(last?.kind === "ipv6" && last.ttl).toBe(62);
    }
  });
  test("those that have none are udp and ipip, of both families", () => {
    expect(modes.filter(({ families }) => !families.includes(6)).map(({ name }) => name)).toEqual([
      "flannel-udp",
      "flannel-ipip",
      "flannel-ipip-direct",
      "calico-ipip",
      "calico-ipip-crosssubnet",
    ]);
  });
});
