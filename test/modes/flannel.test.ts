import { describe, expect, test } from "vitest";
import { NO_MAC } from "../../src/addr/mac.ts";
import { buildNetwork } from "../../src/modes/build.ts";
import { flannelUdp } from "../../src/modes/flannel-udp.ts";
import { fdbText, neighbourText } from "../../src/render/iproute.ts";
import { COMMON, GOLDEN } from "./flannel-topologies.ts";
import { network, topology } from "./model.ts";
import { addresses, chainWords, links, mainRoutes } from "./words.ts";

const hostGw = await network("host-gw", GOLDEN);
const vxlan = await network("vxlan", GOLDEN);
const udp = await network("udp", GOLDEN);

describe("what every backend leaves on a node and in a pod", () => {
  test("the pod reaches its network and everything else by the bridge", () => {
    expect(mainRoutes(hostGw.netns("pod/default/pa"))).toEqual([
      "100.96.1.0/24 dev eth0 proto kernel scope link src 100.96.1.2",
      "100.96.0.0/16 via 100.96.1.1 dev eth0",
      "default via 100.96.1.1 dev eth0",
    ]);
    expect(addresses(hostGw.netns("pod/default/pb"))).toEqual(["100.96.2.3/24 dev eth0"]);
  });
  test("the node's devices are its card, the bridge and a veth a pod, in that order", () => {
    expect(links(hostGw.netns("host/a"))).toEqual([
      "1: lo mtu 65536 type loopback",
      "2: eth0 mtu 1500",
      "3: cni0 mtu 1500 type bridge",
      expect.stringMatching(/^4: veth[0-9a-f]{8} mtu 1500 type veth peer name eth0 netns pod:default:pa$/),
    ]);
    expect(addresses(hostGw.netns("host/a"))).toEqual(["10.168.0.2/24 dev eth0", "100.96.1.1/24 dev cni0"]);
  });
  test("forwarding and br_netfilter are on", () => {
    const { sysctls } = hostGw.netns("host/a") ?? {};
    expect(sysctls?.get("net.ipv4.ip_forward")).toBe("1");
    expect(sysctls?.get("net.bridge.bridge-nf-call-iptables")).toBe("1");
  });
  test("a node without pods has no bridge yet", async () => {
    const empty = await network("host-gw", GOLDEN.replace(/pods:.*/, ""));
    expect(links(empty.netns("host/a"))).toHaveLength(2);
  });
});

describe("flannel-vxlan", () => {
  const a = vxlan.netns("host/a");
  const macB = vxlan.netns("host/b")?.links.get("flannel.1")?.mac;
  test("has one VXLAN device, bound to the node's card, with the /32 of its share", () => {
    expect(links(a)[2]).toBe("3: flannel.1 mtu 1450 type vxlan id 1 dev eth0 local 10.168.0.2 dstport 8472 nolearning");
    expect(addresses(a)).toContain("100.96.1.0/32 dev flannel.1");
    expect(links(a)[3]).toBe("4: cni0 mtu 1450 type bridge");
  });
  test("has a route, a neighbour and a forwarding entry for the other node", () => {
    expect(mainRoutes(a)).toEqual([...COMMON, "100.96.2.0/24 via 100.96.2.0 dev flannel.1 onlink"]);
    expect([...(a?.neighbours.rows() ?? [])].map(neighbourText)).toEqual([
      `100.96.2.0 dev flannel.1 lladdr ${macB} PERMANENT`,
    ]);
    expect([...(a?.fdb.rows() ?? [])].map((entry) => fdbText(entry))).toEqual([
      `${macB} dev flannel.1 dst 10.168.0.3 self permanent`,
    ]);
  });
  test("writes the rows of flanneld under its own name", () => {
    expect([...(a?.routes.rows() ?? [])].map((row) => row.by)).toContain("flanneld");
    expect([...(a?.fdb.rows() ?? [])].every((row) => row.by === "flanneld")).toBe(true);
  });
  test("a node told another VNI makes another device, and its peers hold that device's MAC", async () => {
    const odd = await network(
      "vxlan",
      `${GOLDEN}\n`.replace("b: 10.168.0.3", "b: { address: 10.168.0.3, cni: { flannel-vxlan: { VNI: 2 } } }"),
    );
    const mac = odd.netns("host/b")?.links.get("flannel.2")?.mac;
    expect(mac).toBeDefined();
    expect([...(odd.netns("host/a")?.fdb.rows() ?? [])].map((row) => row.mac)).toEqual([mac]);
  });
  test("a MAC that nobody asked for yet is found all the same", async () => {
    const fresh = await network("vxlan", GOLDEN);
    const fdb = fresh.netns("host/a")?.fdb.near(fresh.netns("host/a")?.peers.byMac(macB ?? NO_MAC) ?? []);
    expect(fdb?.map((entry) => fdbText(entry))).toEqual([`${macB} dev flannel.1 dst 10.168.0.3 self permanent`]);
  });
  test("MTU is the underlay's, and 50 is still taken off it", async () => {
    const small = await network("vxlan", `cni: { flannel-vxlan: { MTU: 1400, Port: 4789 } }${GOLDEN}`);
    expect(links(small.netns("host/a"))[2]).toBe(
      "3: flannel.1 mtu 1350 type vxlan id 1 dev eth0 local 10.168.0.2 dstport 4789 nolearning",
    );
    expect(small.netns("pod/default/pa")?.links.get("eth0")?.mtu).toBe(1350);
  });
});

describe("flannel-host-gw", () => {
  test("has a plain route to the other node, and no device", () => {
    const a = hostGw.netns("host/a");
    expect(mainRoutes(a)).toEqual([...COMMON, "100.96.2.0/24 via 10.168.0.3 dev eth0"]);
    expect([...(a?.neighbours.rows() ?? [])]).toEqual([]);
  });
  test("across subnets the kernel refuses the route, with its own words", async () => {
    const racks = await network(
      "host-gw",
      `
subnets: { r1: 192.168.1.0/24, r2: 192.168.2.0/24 }
routers: { r: [192.168.1.1, 192.168.2.1] }
hosts: { a: 192.168.1.11, b: 192.168.2.12 }
pods: { pa: a, pb: b }`,
    );
    const a = racks.netns("host/a");
    expect(mainRoutes(a)).not.toContain("10.244.2.0/24 via 192.168.2.12 dev eth0");
    expect([...(a?.refused() ?? [])]).toMatchObject([
      { by: "flanneld", errno: "ENETUNREACH", text: "Nexthop has invalid gateway", asked: { table: "route" } },
    ]);
  });
});

describe("flannel-udp", () => {
  const a = udp.netns("host/a");
  test("has one route for the whole network, into a tun device with a /32", () => {
    expect(links(a)[2]).toBe("3: flannel0 mtu 1472 type tun");
    expect(addresses(a)).toContain("100.96.1.0/32 dev flannel0");
    expect(mainRoutes(a)).toEqual([...COMMON.slice(0, 2), "100.96.0.0/16 dev flannel0", ...COMMON.slice(2)]);
  });
  test("flanneld holds the leases, and a socket on the node's address alone", () => {
    expect([...(a?.leases.rows() ?? [])].map(({ dst, to, port }) => `${dst} -> ${to}:${port}`)).toEqual([
      "100.96.2.0/24 -> 10.168.0.3:8285",
    ]);
    expect(a?.sockets.map(({ ip, port, owner }) => `${ip}:${port} ${owner.name}`)).toEqual([
      "10.168.0.2:8285 flanneld",
    ]);
    expect(a?.forwarders.map(({ tun, buffer }) => `${tun} ${buffer}`)).toEqual(["flannel0 1472"]);
  });
  test("each flanneld sends to its own port, whatever the other listens on", async () => {
    const odd = await network(
      "udp",
      GOLDEN.replace("b: 10.168.0.3", "b: { address: 10.168.0.3, cni: { flannel-udp: { Port: 9999 } } }"),
    );
    expect([...(odd.netns("host/a")?.leases.rows() ?? [])].map((lease) => lease.port)).toEqual([8285]);
    expect([...(odd.netns("host/b")?.leases.rows() ?? [])].map((lease) => lease.port)).toEqual([9999]);
  });
  test("is refused for a pod network it cannot carry", async () => {
    const dual = await topology(GOLDEN.replace("100.96.0.0/16", "[100.96.0.0/16, fd00:96::/48]"));
    expect(buildNetwork(dual, flannelUdp)).toMatchObject({ ok: false, problems: [{ code: "UNSUPPORTED" }] });
  });
});

describe("flanneld's rules", () => {
  const { chains } = vxlan.netns("host/a") ?? {};
  test("masquerade what leaves the network, and nothing inside it", () => {
    expect(chainWords(chains?.get("nat")?.get("POSTROUTING"))).toEqual(["-A POSTROUTING -j FLANNEL-POSTRTG"]);
    expect(chainWords(chains?.get("nat")?.get("FLANNEL-POSTRTG"))).toEqual([
      "-A FLANNEL-POSTRTG -m mark --mark 0x4000/0x4000 -j RETURN",
      "-A FLANNEL-POSTRTG -s 100.96.1.0/24 -d 100.96.0.0/16 -j RETURN",
      "-A FLANNEL-POSTRTG -s 100.96.0.0/16 -d 100.96.1.0/24 -j RETURN",
      "-A FLANNEL-POSTRTG ! -s 100.96.0.0/16 -d 100.96.1.0/24 -j RETURN",
      "-A FLANNEL-POSTRTG -s 100.96.0.0/16 ! -d 224.0.0.0/4 -j MASQUERADE --random-fully",
      "-A FLANNEL-POSTRTG ! -s 100.96.0.0/16 -d 100.96.0.0/16 -j MASQUERADE --random-fully",
    ]);
  });
  test("accept forwarding to and from the network", () => {
    expect(chainWords(chains?.get("filter")?.get("FORWARD"))).toEqual(["-A FORWARD -j FLANNEL-FWD"]);
    expect(chainWords(chains?.get("filter")?.get("FLANNEL-FWD"))).toEqual([
      "-A FLANNEL-FWD -s 100.96.0.0/16 -j ACCEPT",
      "-A FLANNEL-FWD -d 100.96.0.0/16 -j ACCEPT",
    ]);
  });
  test("without ipMasq the bridge plugin masquerades each pod, also towards remote pods", async () => {
    const net = await network("vxlan", `cni: { flannel: { ipMasq: false } }${GOLDEN}`);
    const nat = net.netns("host/a")?.chains.get("nat");
    const [jump = ""] = chainWords(nat?.get("POSTROUTING"));
    expect(jump).toMatch(/^-A POSTROUTING -s 100\.96\.1\.2\/32 -j CNI-[0-9a-f]{24}$/);
    expect(chainWords(nat?.get(jump.split(" ").at(-1) ?? ""))).toEqual([
      expect.stringMatching(/ -d 100\.96\.1\.0\/24 -j ACCEPT$/),
      expect.stringMatching(/ ! -d 224\.0\.0\.0\/4 -j MASQUERADE$/),
    ]);
  });
});

describe("the old Docker layout", async () => {
  const net = await network("host-gw", `cni: { flannel: { bridge: docker0 } }${GOLDEN}`);
  test("gives the container a default route only, and Docker's MAC", () => {
    const pod = net.netns("pod/default/pa");
    expect(mainRoutes(pod)).toEqual([
      "100.96.1.0/24 dev eth0 proto kernel scope link src 100.96.1.2",
      "default via 100.96.1.1 dev eth0",
    ]);
    expect(pod?.links.get("eth0")?.mac).toBe("02:42:64:60:01:02");
  });
  test("drops forwarding by policy, and accepts what Docker and flanneld allow", () => {
    const forward = net.netns("host/a")?.chains.get("filter")?.get("FORWARD");
    expect(forward?.policy).toBe("DROP");
    expect(chainWords(forward)).toEqual([
      "-A FORWARD -o docker0 -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT",
      "-A FORWARD -i docker0 ! -o docker0 -j ACCEPT",
      "-A FORWARD -i docker0 -o docker0 -j ACCEPT",
      "-A FORWARD -j FLANNEL-FWD",
    ]);
  });
});
