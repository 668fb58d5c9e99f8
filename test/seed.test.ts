import { describe, expect, test } from "vitest";
import { shell } from "./cli/shell.ts";

/*
 * Each sentence that the seed document tells of Flannel and Calico, seen in the program's own output.
 */

/** Standard output of a command line, blanks and line ends folded so that layout does not matter. */
async function see(...words: readonly string[]): Promise<string> {
  const { out } = await shell(words);
  return out.replace(/\s+/g, " ");
}

/** The same with lines kept apart and trimmed. */
async function lines(...words: readonly string[]): Promise<readonly string[]> {
  const { out } = await shell(words);
  return out.split("\n").map((line) => line.replace(/\s+/g, " ").trim());
}

/** Whether `parts` stand in `text` one behind the other. */
function inOrder(text: string, parts: readonly (string | RegExp)[]): void {
  let rest = text;
  for (const part of parts) {
    const found = typeof part === "string" ? rest.indexOf(part) : rest.search(part);
    expect(found, `${part} in\n${rest}`).toBeGreaterThanOrEqual(0);
    rest = rest.slice(found + 1);
  }
}

const UDP = ["--mode", "udp", "-t", "seed-udp", "container-1", "container-2"] as const;
const VXLAN = ["--mode", "vxlan", "-t", "seed-vxlan", "container-1", "container-2"] as const;
const HOST_GW = ["--mode", "host-gw", "-t", "seed-host-gw", "container-1", "container-2"] as const;
const CALICO = ["-t", "seed-calico", "container-1", "container-3"] as const;

describe("Flannel UDP", () => {
  test("docker0 hands on what is not in its net", async () => {
    inOrder(await see(...UDP), ["node-1 in veth", "docker0", "route 100.96.0.0/16 dev flannel0"]);
    expect(await lines("tables", "node-1", "-t", "seed-udp", "--only", "addr")).toContainEqual(
      expect.stringContaining("100.96.1.1/24 dev docker0"),
    );
  });

  test("the host's table sends 100.96.0.0/16 to flannel0", async () => {
    expect(await see("route", "-t", "seed-udp", "node-1", "100.96.2.3")).toContain("100.96.0.0/16 dev flannel0");
  });

  test("flannel0 is a TUN whose other end is flanneld: kernel to user, then user to kernel", async () => {
    inOrder(await see(...UDP), ["▲ read flanneld takes it off flannel0", "▼ +28 ┌ push udp"]);
    expect(await see("explain", "flannel0")).toContain("TUN device");
  });

  test("the datagram's outer source and destination are the two hosts", async () => {
    expect(await see(...UDP)).toContain("wire: subnet lan, 10.168.0.2 → 10.168.0.3");
  });

  test("udp/8285 on Node2 belongs to flanneld, which unwraps and writes to its flannel0", async () => {
    inOrder(await see(...UDP), ["node-2 in eth0", "udp/8285 → flanneld", "write flanneld puts it into flannel0"]);
  });

  test("docker0 takes it to container-2", async () => {
    inOrder(await see(...UDP), ["flannel0", "route 100.96.2.0/24 dev docker0", "container-2 in eth0"]);
  });

  test("six crossings against two", async () => {
    expect(await see(...UDP)).toMatch(/crossings 6 4 are flanneld's/);
    expect(await see(...VXLAN)).toMatch(/crossings 2 /);
  });
});

describe("Flannel VXLAN", () => {
  test("does the same in the kernel, and adds no crossing", async () => {
    const text = await see(...VXLAN);
    inOrder(text, ["dev flannel.1", "┌ push", "└ pop", "dev docker0"]);
    expect(text).toContain("none added by the CNI");
  });

  test("the TUN flannel0 becomes the VTEP flannel.1", async () => {
    const text = await see("diff", "-t", "seed-vxlan", "udp", "vxlan");
    expect(text).toMatch(/flannel0/);
    expect(text).toMatch(/flannel\.1/);
    expect(text).toMatch(/\+ link flannel\.1 .*type vxlan id 1/);
  });

  test("on Node2 udp/8472 with vni 1 belongs to flannel.1, as 8285 did to flanneld", async () => {
    expect(await see(...VXLAN)).toContain("socket udp/8472, vni 1 → flannel.1");
    expect(await see("explain", "flannel.1")).toContain("port and VNI together select the device");
  });

  test("adds 50 bytes, each header named", async () => {
    expect(await see(...VXLAN)).toContain("+50 ┌ push ethernet 14 · vxlan 8 vni 1 · udp 8 → 8472 · ipv4 20");
  });
});

describe("Flannel host-gw", () => {
  test("has no tunnel device but a route to eth0 via 10.168.0.3 for the peer", async () => {
    expect(await see("tables", "node-1", "-t", "seed-host-gw", "--only", "route")).toContain(
      "100.96.2.0/24 via 10.168.0.3 dev eth0",
    );
    expect(await see("tables", "node-1", "-t", "seed-host-gw", "--only", "link")).not.toMatch(/flannel[.0]/);
  });

  test("Node2's table takes it to cni0", async () => {
    inOrder(await see(...HOST_GW), ["node-2 in eth0", "route 100.96.2.0/24 dev cni0", "container-2 in eth0"]);
    expect(await see(...HOST_GW)).not.toMatch(/push|pop/);
  });

  test("needs all hosts on one L2 segment", async () => {
    const { out, code } = await shell(["--mode", "host-gw", "-t", "two-subnets", "pod-a", "pod-b"]);
    expect(code).toBe(1);
    expect(out).toMatch(/NO_ROUTE at r1, because NEXTHOP_NOT_ONLINK at node-1/);
    expect(await see("modes")).toContain("all nodes on one L2 segment");
  });

  test("1,000 hosts give 999 peer routes on each", async () => {
    const cluster = JSON.stringify({
      "cni-trace": 1,
      cluster: { podCIDR: "10.0.0.0/12" },
      subnets: { lan: "172.16.0.0/16" },
      hosts: Object.fromEntries(
        Array.from({ length: 1000 }, (_, k) => [`n${k}`, `172.16.${Math.floor(k / 250)}.${(k % 250) + 2}`]),
      ),
      pods: { a: "n0", b: "n999" },
    });
    const { out } = await shell(["tables", "n0", "--mode", "host-gw", "-t", "-", "--only", "route"], {
      stdin: cluster,
    });
    expect(out.split("\n").filter((line) => / via 172\.16\./.test(line))).toHaveLength(999);
  });
});

describe("Calico", () => {
  test("writes the same kind of route, but by BGP: who wrote each row is said", async () => {
    const flannel = await lines("tables", "node-1", "-t", "seed-host-gw", "--only", "route");
    const calico = await lines("tables", "node-1", "-t", "seed-calico", "--only", "route");
    expect(flannel).toContainEqual(expect.stringMatching(/100\.96\.2\.0\/24 via 10\.168\.0\.3 dev eth0 # flanneld/));
    expect(calico).toContainEqual(expect.stringMatching(/10\.233\.2\.0\/26 via \S+ dev eth0 proto bird # bird/));
  });

  test("its sessions and learned routes can be seen; flanneld learns from etcd or the API", async () => {
    const text = await see("bgp", "node-1", "-t", "seed-calico");
    expect(text).toMatch(/Established/);
    expect(text).toMatch(/10\.233\.2\.0\/26/);
    expect(await see("modes")).toMatch(/flannel: peers come from etcd or the API/);
  });

  test("has no bridge, and a route to each container's device", async () => {
    const links = await see("tables", "node-1", "-t", "seed-calico", "--only", "link");
    expect(links).not.toMatch(/bridge|cni0|docker0/);
    expect(await see("tables", "node-1", "-t", "seed-calico", "--only", "route")).toContain(
      "10.233.1.2 dev cali9c02e56 scope link",
    );
  });

  test("from container-1 to container-3 the packet goes from veth to veth", async () => {
    const text = await see("--mode", "ipip", ...CALICO);
    inOrder(text, ["node-1 in cali9c02e56", "route 10.233.2.2 dev cali", "container-3 in eth0"]);
  });

  test("without IPIP it fails across subnets, in silence, at the router", async () => {
    const { out, code } = await shell(["--mode", "bgp", ...CALICO]);
    expect(code).toBe(1);
    expect(out).toMatch(/UNREACHABLE +\S+ at router-1/);
    expect(out).toMatch(/container-1 sees +nothing: a timeout/);
    expect(out).toMatch(/10\.233\.2\.0\/26 via 192\.168\.1\.1 dev eth0/);
  });

  test("with IPIP every host has a tunl0", async () => {
    for (const node of ["node-1", "node-2"]) {
      expect(await see("tables", node, "-t", "seed-calico", "--mode", "ipip", "--only", "link")).toContain("tunl0");
    }
  });

  test("an outer IP header with Node1 and Node2 is put on, and taken off by Node2's tunl0", async () => {
    const text = await see("--mode", "ipip", ...CALICO);
    inOrder(text, [
      "route 10.233.2.0/26 via 192.168.2.2 dev tunl0",
      "+20 ┌ push ipv4 20",
      "192.168.1.2 → ",
      "└ pop ipv4",
    ]);
    const json = JSON.parse((await shell(["--mode", "ipip", ...CALICO, "-o", "json"])).out);
    expect(JSON.stringify(json)).toMatch(/"src":"192\.168\.1\.2","dst":"192\.168\.2\.2"/);
  });

  test("with Router1 and Router2 speaking BGP no tunnel is needed", async () => {
    const text = await see("-t", "seed-calico-routers", "container-1", "container-3");
    expect(text).toMatch(/DELIVERED/);
    expect(text).not.toMatch(/push/);
    inOrder(text, [
      "router-1 in",
      "10.233.2.0/26 via 10.0.0.2 dev eth1",
      "router-2 in",
      "10.233.2.0/26 via 192.168.2.2",
    ]);
  });
});

describe("Flannel against Calico", () => {
  test("which modes each family has, who enforces NetworkPolicy, what is deprecated and why", async () => {
    const text = await see("modes");
    inOrder(text, [
      "flannel:",
      "NetworkPolicy is ignored",
      "flannel-udp",
      "deprecated",
      "flannel-vxlan",
      "flannel-host-gw",
    ]);
    inOrder(text, ["calico:", "NetworkPolicy is enforced", "calico-bgp", "calico-ipip"]);
    inOrder(text, ["takes every packet to user space and back", "deprecated since v0.8.0", "for debugging"]);
  });
});

describe("where the article and the kernel part", () => {
  test("10.233.2.0/16 has host bits, and a Calico block is a /26", async () => {
    const { err, code } = await shell([
      "-t",
      "seed-calico",
      "--fault",
      "node-1: ip route add 10.233.2.0/16 dev eth0",
      ...CALICO.slice(2),
    ]);
    expect(code).toBe(2);
    expect(err).toMatch(/10\.233\.2\.0\/16/);
    expect(await see("explain", "block")).toContain("A block is a /26 by default");
  });

  test("BIRD resolves the next hop through the default route: lost at Router1 in silence, not refused on Node1", async () => {
    const text = await see("--mode", "bgp", ...CALICO);
    inOrder(text, ["node-1 in", "route 10.233.2.0/26 via 192.168.1.1 dev eth0", "router-1 in", "DROPPED"]);
    expect(await see("explain", "host-gw")).toContain("via 192.168.1.1");
  });

  test("IPIP's route carries dev tunl0 and onlink", async () => {
    expect(await see("tables", "node-1", "-t", "seed-calico", "--mode", "ipip", "--only", "route")).toContain(
      "10.233.2.0/26 via 192.168.2.2 dev tunl0 proto bird onlink",
    );
    expect(await see("explain", "tunl0")).toMatch(/onlink is needed/);
  });

  test("host-gw is Flannel without a tunnel", async () => {
    expect(await see("explain", "host-gw")).toMatch(/tunnel/);
  });

  test("each seed topology says so in a comment", async () => {
    for (const name of ["seed-udp", "seed-vxlan", "seed-host-gw", "seed-calico", "seed-calico-routers"]) {
      expect(await see("topologies", name), name).toMatch(/article|kernel/i);
    }
  });
});
