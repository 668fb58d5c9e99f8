import { describe, expect, test } from "vitest";
import { findMode } from "../../src/modes/registry.ts";
import { traceQuestion } from "../../src/query/trace.ts";
import { network, topology } from "./model.ts";
import { addresses, links, mainRoutes } from "./words.ts";

/** What one host's agent alone is told or records wrongly: each with its rows, and with what becomes of a packet. */
interface Flow {
  readonly there: string;
  readonly back?: string;
}

async function flow(
  mode: string,
  yaml: string,
  [src, dst]: readonly [string, string] = ["pod-a", "pod-b"],
): Promise<Flow> {
  const found = findMode(mode);
  if (!found.ok) throw new Error(mode);
  const answer = traceQuestion(await topology(yaml), found.value, { src, dst, fixes: false });
  if (!answer.ok) throw new Error(answer.problems.map(({ message }) => message).join());
  const { forward, reply } = answer.value;
  const words = ({ diagnosis: { code, at, because }, headerBytes }: typeof forward) => {
    const causes = because.map((fact) => `${fact.code} at ${fact.at}`);
    return code !== "DELIVERED" ? [`${code} at ${at}`, ...causes].join(", because ") : `+${headerBytes}`;
  };
  return { there: words(forward), ...(reply && { back: words(reply) }) };
}

async function rows(mode: string, yaml: string, host: string) {
  const netns = (await network(mode, yaml)).netns(`host/${host}`);
  return {
    routes: mainRoutes(netns).filter((row) => row.startsWith("10.244") && row.includes("via")),
    fdb: [...(netns?.fdb.rows() ?? [])].flatMap(({ mac, dst }) => (dst ? [`${mac} ${dst}`] : [])),
    leases: [...(netns?.leases.rows() ?? [])].map(({ dst, to }) => `${dst} ${to}`),
    endpoints: [...(netns?.wireguardPeers.rows() ?? [])].map(({ endpoint }) => `${endpoint}`),
    links: links(netns),
    addresses: addresses(netns),
  };
}

const flannel = (told: string) => `
subnets: { lan: 192.168.0.0/24, mgmt: 172.16.0.0/24 }
hosts:
  node-1: { addresses: [192.168.0.11, 172.16.0.11] }
  node-2: { addresses: [192.168.0.12, 172.16.0.12], ${told} }
pods: { pod-a: node-1, pod-b: node-2 }
`;

describe("flannel.md 1.3, 1.4: a public address that differs", () => {
  const overwrite = flannel("cni: { flannel: { public-ip-overwrite: 203.0.113.9 } }");
  const publicIp = flannel("cni: { flannel: { public-ip: 203.0.113.9 } }");
  const other = flannel("cni: { flannel: { public-ip: 172.16.0.12 } }");

  test("public-ip-overwrite changes what the others are told, and nothing on the node", async () => {
    expect(await rows("flannel-udp", overwrite, "node-1")).toMatchObject({ leases: ["10.244.2.0/24 203.0.113.9"] });
    expect((await rows("flannel-vxlan", overwrite, "node-1")).fdb[0]).toMatch(/ 203\.0\.113\.9$/);
    expect(await rows("flannel-ipip", overwrite, "node-1")).toMatchObject({
      routes: ["10.244.2.0/24 via 203.0.113.9 dev flannel.ipip onlink"],
    });
    expect(await rows("flannel-wireguard", overwrite, "node-1")).toMatchObject({ endpoints: ["203.0.113.9"] });
    expect((await rows("flannel-vxlan", overwrite, "node-2")).links[3]).toContain("local 192.168.0.12");
  });
  test.each([
    ["flannel-udp", "UNDERLAY_NO_ROUTE at node-1, because NODE_IP_MISDETECTED at node-2"],
    ["flannel-vxlan", "UNDERLAY_NO_ROUTE at node-1, because NODE_IP_MISDETECTED at node-2"],
    ["flannel-host-gw", "NO_ROUTE at node-1, because NEXTHOP_NOT_ONLINK at node-1"],
    ["flannel-ipip", "UNDERLAY_NO_ROUTE at node-1, because NODE_IP_MISDETECTED at node-2"],
    ["flannel-wireguard", "WIREGUARD_NO_SESSION at node-1, because NODE_IP_MISDETECTED at node-2"],
  ])("%s sends to an address that nobody has", async (mode, there) => {
    expect((await flow(mode, overwrite)).there).toBe(there);
    expect((await flow(mode, overwrite, ["pod-b", "pod-a"])).there).toMatch(/^\+/);
  });
  test("public-ip is also what the node's own VXLAN device sends from", async () => {
    expect((await rows("flannel-vxlan", publicIp, "node-2")).links[3]).toContain("local 203.0.113.9");
    expect(await flow("flannel-vxlan", publicIp, ["pod-b", "pod-a"])).toEqual({ there: "SRC_NO_ADDRESS at node-2" });
  });
  test("public-ip of another card carries VXLAN over that card's network", async () => {
    expect((await rows("flannel-vxlan", other, "node-1")).fdb[0]).toMatch(/ 172\.16\.0\.12$/);
    expect(await flow("flannel-vxlan", other)).toEqual({ there: "+50", back: "+50" });
  });
  test("udp listens on the card's own address, so what comes to the other one is refused", async () => {
    expect((await flow("flannel-udp", other)).there).toBe("DECAP_REFUSED at node-2");
  });
  test("host-gw does not start with a public address that is not its card's", async () => {
    const { routes, links: devices } = await rows("flannel-host-gw", publicIp, "node-2");
    expect({ routes, devices: devices.length }).toEqual({ routes: [], devices: 3 });
  });
  test("IPv6 has keys of its own", async () => {
    const yaml = `
cluster: { podCIDR: [10.244.0.0/16, "fd00:10:244::/56"] }
subnets: { lan: [192.168.0.0/24, "fd00:192::/64"] }
hosts:
  node-1: [192.168.0.11, "fd00:192::11"]
  node-2: { addresses: [192.168.0.12, "fd00:192::12"], cni: { flannel: { public-ipv6-overwrite: "fd00:192::99" } } }
pods: { pod-a: node-1, pod-b: node-2 }`;
    expect((await rows("flannel-vxlan", yaml, "node-1")).fdb.map((row) => row.split(" ")[1])).toEqual([
      "192.168.0.12",
      "fd00:192::99",
    ]);
  });
});

describe("flannel.md 7, rows 5 and 6: a VTEP MAC and a VNI that differ", () => {
  test("a stale VTEP MAC: the frame arrives on the device, and the stack behind it is not whom it is for", async () => {
    const stale = flannel('cni: { flannel: { VtepMAC: "02:00:00:00:00:99" } }');
    expect((await rows("flannel-vxlan", stale, "node-1")).fdb).toEqual(["02:00:00:00:00:99 192.168.0.12"]);
    expect((await flow("flannel-vxlan", stale)).there).toBe("WRONG_MAC at node-2, because NEIGHBOUR_STALE at node-1");
    expect(await flow("flannel-vxlan-direct", stale)).toEqual({ there: "+0", back: "+0" });
  });
  test("a VNI of its own: nothing behind the socket has it, either way", async () => {
    const vni = flannel("cni: { flannel-vxlan: { VNI: 2 } }");
    expect((await rows("flannel-vxlan", vni, "node-2")).links[3]).toContain("flannel.2 mtu 1450 type vxlan id 2");
    expect((await flow("flannel-vxlan", vni)).there).toMatch(/^ENCAP_VNI_MISMATCH at node-2/);
    expect((await flow("flannel-vxlan", vni, ["pod-b", "pod-a"])).there).toMatch(/^ENCAP_VNI_MISMATCH at node-1/);
  });
});

const calico = (told: string, network1 = "192.168.1.0/24") => `
subnets: { rack-1: ${network1}, rack-2: 192.168.2.0/24, core: 10.0.0.0/30 }
routers: { r1: [192.168.1.1, 10.0.0.1], r2: [192.168.2.1, 10.0.0.2] }
hosts:
  node-1: { address: 192.168.1.11, cni: { calico: { ${told} } } }
  node-2: 192.168.1.12
  node-3: 192.168.2.13
pods: { pod-a: node-1, pod-b: node-2, pod-c: node-3 }
`;

describe("calico.md 8, rows 3 to 5: a mask recorded that is wrong; each side decides alone", () => {
  const narrow = calico("ipv4Address: 192.168.1.11/32");
  const wide = calico("ipv4Address: 192.168.1.11/16");

  test("/32: the node tunnels inside its subnet too, and the others do not", async () => {
    expect((await rows("calico-ipip-crosssubnet", narrow, "node-1")).routes).toEqual([
      "10.244.2.0/26 via 192.168.1.12 dev tunl0 proto bird onlink",
      "10.244.3.0/26 via 192.168.2.13 dev tunl0 proto bird onlink",
    ]);
    expect((await rows("calico-ipip-crosssubnet", narrow, "node-2")).routes[0]).toBe(
      "10.244.1.0/26 via 192.168.1.11 dev eth0 proto bird",
    );
    expect((await rows("calico-vxlan-crosssubnet", narrow, "node-1")).routes[0]).toBe(
      "10.244.2.0/26 via 10.244.2.0 dev vxlan.calico onlink",
    );
    expect(await flow("calico-ipip-crosssubnet", narrow)).toEqual({ there: "+20", back: "+0" });
    expect(await flow("calico-vxlan-crosssubnet", narrow)).toEqual({ there: "+50", back: "+0" });
  });
  test("/32, with a strict rp_filter at the other end: one way is lost", async () => {
    const strict = `${narrow}faults: [{ node-2: sysctl net.ipv4.conf.all.rp_filter=1 }]\n`;
    expect((await flow("calico-ipip-crosssubnet", strict)).there).toMatch(/^RPF_DROP at node-2/);
    expect((await flow("calico-ipip-crosssubnet", strict, ["pod-b", "pod-a"])).there).toBe("+0");
  });
  test("/16 with IP-in-IP: no tunnel across subnets, and the gateway that BIRD finds knows no pods", async () => {
    expect((await rows("calico-ipip-crosssubnet", wide, "node-1")).routes[1]).toBe(
      "10.244.3.0/26 via 192.168.1.1 dev eth0 proto bird",
    );
    const { there } = await flow("calico-ipip-crosssubnet", wide, ["pod-a", "pod-c"]);
    expect(there).toMatch(/^NO_ROUTE at r1/);
  });
  test("/16 with VXLAN: the far node as neighbour, which nobody on the segment answers for", async () => {
    expect((await rows("calico-vxlan-crosssubnet", wide, "node-1")).routes[1]).toBe(
      "10.244.3.0/26 via 192.168.2.13 dev eth0 proto 80 onlink",
    );
    const { there } = await flow("calico-vxlan-crosssubnet", wide, ["pod-a", "pod-c"]);
    expect(there).toMatch(/^ARP_FAILED at node-1/);
  });
  test("modes without CrossSubnet do not look at it", async () => {
    expect(await flow("calico-ipip", narrow)).toEqual({ there: "+20", back: "+20" });
    expect(await flow("calico-bgp", wide)).toEqual({ there: "+0", back: "+0" });
  });
});

describe("calico.md 1.3, 3.2: tunnel addresses that a Node records", () => {
  test("are on the device, in routes and in everybody's neighbours", async () => {
    const yaml = calico("ipv4VXLANTunnelAddr: 10.244.1.9, ipv4IPIPTunnelAddr: 10.244.1.7");
    expect((await rows("calico-vxlan", yaml, "node-1")).addresses).toContain("10.244.1.9/32 dev vxlan.calico");
    expect((await rows("calico-vxlan", yaml, "node-2")).routes[0]).toBe(
      "10.244.1.0/26 via 10.244.1.9 dev vxlan.calico onlink",
    );
    expect((await rows("calico-ipip", yaml, "node-1")).addresses).toContain("10.244.1.7/32 dev tunl0");
    expect(await flow("calico-vxlan", yaml)).toEqual({ there: "+50", back: "+50" });
  });
  test("outside the node's blocks are borrowed, and reached by the device itself", async () => {
    const yaml = calico("ipv4VXLANTunnelAddr: 10.244.3.9");
    const main = mainRoutes((await network("calico-vxlan", yaml)).netns("host/node-2"));
    expect(main).toContain("10.244.3.9 dev vxlan.calico scope link");
    expect(main).toContain("10.244.1.0/26 via 10.244.3.9 dev vxlan.calico onlink");
    expect(await flow("calico-vxlan", yaml, ["pod-b", "pod-a"])).toEqual({ there: "+50", back: "+50" });
  });
  test("a node that detects the wrong card's address is looked for there", async () => {
    const yaml = `
subnets: { lan: 192.168.0.0/24, docker: 172.17.0.0/16 }
routers: { gw: 192.168.0.1 }
hosts:
  node-1: 192.168.0.11
  node-2: { addresses: [192.168.0.12, 172.17.0.2], nodeIP: 172.17.0.2 }
pods: { pod-a: node-1, pod-b: node-2 }`;
    expect((await rows("calico-vxlan", yaml, "node-1")).fdb[0]).toMatch(/ 172\.17\.0\.2$/);
    expect((await flow("calico-vxlan", yaml)).there).toMatch(/^UNDERLAY_NO_ROUTE at gw/);
  });
});
