import { describe, expect, test } from "vitest";
import type { Ask } from "../../src/query/answer.ts";
import type { Answer } from "../../src/trace/answer.ts";
import { cluster, networkFrom, routed } from "../diagnose/ask.ts";
import { ask } from "../query/ask.ts";

/*
 * calico.md 8: what each cause does to a packet, there and back. Rows 3 to 5 (recorded masks) are in overrides.test.ts;
 * 22 is of versions before those there are profiles of.
 */

const pods = { p1: "n1", p2: "n2", near: "n1" };
const plain = (more: Readonly<Record<string, unknown>> = {}) => cluster({ pods, ...more });
const apart = (more: Readonly<Record<string, unknown>> = {}) => routed({ pods, ...more });

/** `NO_ROUTE at r1, because UNDERLAY_BLACKHOLE at n1`, or how many TTLs are left; then what the sender sees. */
function told({ code, forward, reply, because, senderSees }: Answer): string {
  const died = forward.ttl === undefined ? forward : reply;
  const sees = senderSees.error?.errno ?? senderSees.kind;
  if (code !== "RETURN_PATH_BROKEN" && forward.ttl !== undefined) return `ttl ${forward.ttl}, ${sees}`;
  const { diagnosis } = died ?? forward;
  const causes = [...diagnosis.because, ...because.filter((one) => one.code !== "RETURN_PATH_BROKEN")];
  const why = causes.length > 0 ? `, because ${causes.map((one) => `${one.code} at ${one.at}`).join(", ")}` : "";
  return `${died === forward ? "" : "reply "}${diagnosis.code} at ${diagnosis.at}${why}; ${sees}`;
}

const asked = async (mode: string, document: object, more: Partial<Ask> = {}) => told(await ask(mode, document, more));
const back: Partial<Ask> = { src: "p2", dst: "p1" };

async function states(mode: string, document: Readonly<Record<string, unknown>>): Promise<readonly string[]> {
  const network = await networkFrom(mode, document);
  return [...(network.netns("host/n1")?.sessions() ?? [])].map(({ state }) => state);
}

describe("calico.md 8", () => {
  test("1: the fabric drops protocol 4; BGP stays up, pods of one node talk", async () => {
    const document = plain({ subnets: { lan: { cidr: "192.168.1.0/24", drop: ["proto/4"] } } });
    expect(await asked("calico-ipip", document)).toBe("ENCAP_BLOCKED at lan; silence");
    expect(await asked("calico-ipip", document, back)).toBe("ENCAP_BLOCKED at lan; silence");
    expect(await asked("calico-ipip", document, { dst: "near" })).toBe("ttl 63, reply");
    expect(await states("calico-ipip", document)).toEqual(["Established"]);
    expect(await asked("calico-vxlan", document)).toBe("ttl 62, reply");
  });

  test("2 and 13: a fabric that checks addresses drops what CrossSubnet leaves bare in one subnet", async () => {
    const document = plain({ subnets: { lan: { cidr: "192.168.1.0/24", sourceDestCheck: true } } });
    for (const mode of ["calico-bgp", "calico-ipip-crosssubnet", "calico-vxlan-crosssubnet"]) {
      expect(await asked(mode, document)).toBe("SRC_DST_CHECK at lan; silence");
      expect(await asked(mode, document, back)).toBe("SRC_DST_CHECK at lan; silence");
    }
    for (const mode of ["calico-vxlan", "calico-ipip"]) expect(await asked(mode, document)).toBe("ttl 62, reply");
  });

  test("6: the address of a network behind NAT was detected", async () => {
    const document = plain({
      subnets: { lan: "192.168.1.0/24", docker: "172.18.0.0/16" },
      hosts: { n1: "192.168.1.11", n2: { addresses: ["192.168.1.12", "172.18.0.1"], nodeIP: "172.18.0.1" } },
    });
    expect(await asked("calico-ipip", document)).toBe("UNDERLAY_NO_ROUTE at r1; silence");
    expect(await asked("calico-vxlan", document)).toBe("UNDERLAY_NO_ROUTE at r1; silence");
  });

  test("7: without a default route nobody answers for the pods' gateway, so they have no way out at all", async () => {
    const document = plain({ faults: [{ n1: "ip route del default" }] });
    for (const dst of ["p2", "near", "ip:192.168.1.11"]) {
      expect(await asked("calico-ipip", document, { dst })).toBe(
        "ARP_FAILED at p1, because ROUTE_MISSING at n1; EHOSTUNREACH",
      );
    }
    expect(await asked("calico-ipip", document, back)).toMatch(/^reply ARP_FAILED at p1/);
  });

  test("8: strict rp_filter on a card drops what comes back another way; loose and none do not", async () => {
    const two = (value: number) => ({
      "cni-trace": 1,
      subnets: { front: "192.168.1.0/24", back: "192.168.2.0/24" },
      routers: { r1: ["192.168.1.1", "192.168.2.1"] },
      hosts: { n1: ["192.168.1.11", "192.168.2.11"], n2: ["192.168.1.12", "192.168.2.12"] },
      pods,
      faults: [
        { n2: "ip route replace 10.244.1.0/26 via 192.168.2.11" },
        { n1: `sysctl -w net.ipv4.conf.eth1.rp_filter=${value}` },
      ],
    });
    expect(await asked("calico-bgp", two(1))).toBe("reply RPF_DROP at n1; silence");
    for (const value of [0, 2]) expect(await asked("calico-bgp", two(value))).toBe("ttl 62, reply");
  });

  test("9: what is masqueraded and then wrapped in VXLAN is a risk where kernels are old", async () => {
    const faults = [{ n1: "iptables -t nat -I POSTROUTING -s 10.244.1.0/24 -o vxlan.calico -j MASQUERADE" }];
    const { forward } = await ask("calico-vxlan", plain({ faults }));
    expect(forward.diagnosis.because.map(({ code }) => code)).toContain("CHECKSUM_OFFLOAD_RISK");
  });

  test("10: a hypervisor keeps 4789 for itself; pings inside a node pass, and another port does", async () => {
    const document = plain({ subnets: { lan: { cidr: "192.168.1.0/24", drop: ["udp/4789"] } } });
    expect(await asked("calico-vxlan", document)).toBe("ENCAP_BLOCKED at lan; silence");
    expect(await asked("calico-vxlan", { ...document, cni: { "calico-vxlan": { vxlanPort: 4790 } } })).toBe(
      "ttl 62, reply",
    );
  });

  test("11: small packets pass, large ones hang where the underlay is narrower than anybody was told", async () => {
    const document = plain({
      subnets: { lan: { cidr: "192.168.1.0/24", mtu: 1400 } },
      hosts: { n1: { address: "192.168.1.11", mtu: 1500 }, n2: { address: "192.168.1.12", mtu: 1500 } },
    });
    for (const [mode, size] of [
      ["calico-ipip", 1480],
      ["calico-vxlan", 1450],
      ["calico-bgp", 1500],
    ] as const) {
      expect(await asked(mode, document)).toBe("ttl 62, reply");
      expect(await asked(mode, document, { size, df: "always" })).toBe(
        "PMTU_BLACKHOLE at lan, because MTU_INCONSISTENT at p1; silence",
      );
    }
  });

  test("12: the mesh is off before there are peers: no block routes, and the default route leaks", async () => {
    const document = plain({ cni: { calico: { nodeToNodeMeshEnabled: false } } });
    expect(await asked("calico-bgp", document)).toBe("NO_ROUTE at r1, because ROUTE_MISSING at n1; silence");
    expect(await asked("calico-ipip", document, back)).toBe("NO_ROUTE at r1, because ROUTE_MISSING at n2; silence");
    expect(await asked("calico-ipip", document, { dst: "near" })).toBe("ttl 63, reply");
    // Felix writes the routes of VXLAN by itself.
    expect(await asked("calico-vxlan", document)).toBe("ttl 62, reply");
  });

  test("14: the /32 of a borrowed address is missing at the owner of its block", async () => {
    const borrowed = { p1: "n1", p2: { host: "n2", address: "10.244.1.9" } };
    const document = plain({ pods: borrowed, faults: [{ n1: "ip route del 10.244.1.9" }] });
    expect(await asked("calico-bgp", document)).toBe(
      "ROUTE_BLACKHOLE at n1, because ROUTE_MISSING at n1, DST_NOT_ON_NODE at n1; silence",
    );
    expect(await asked("calico-bgp", plain({ pods: borrowed }))).toBe("ttl 62, reply");
  });

  test("15: two affinities for one block: half of the flows fail", async () => {
    const document = plain({
      hosts: { n1: "192.168.1.11", n2: "192.168.1.12", n3: "192.168.1.13" },
      faults: [
        { n3: "ip route replace blackhole 10.244.2.0/26 proto bird" },
        { n1: "ip route replace 10.244.2.0/26 proto bird nexthop via 192.168.1.12 nexthop via 192.168.1.13" },
      ],
    });
    const { verdict, forward } = await ask("calico-bgp", document);
    expect(verdict).toBe("AMBIGUOUS");
    const ways = forward.branches?.walked.map(({ ttl, share, diagnosis }) => [ttl ?? diagnosis.code, share]);
    expect(ways).toEqual(
      expect.arrayContaining([
        [62, 0.5],
        ["ROUTE_BLACKHOLE", 0.5],
      ]),
    );
  });

  test("16: an affinity that dangles: the range ends at a node that has no such pods", async () => {
    expect(await asked("calico-bgp", plain(), { dst: "ip:10.244.2.40" })).toBe(
      "ROUTE_BLACKHOLE at n2, because DST_UNKNOWN_IP at n2; silence",
    );
  });

  test("19: the outer source is another address of the node than its peers know", async () => {
    const faults = [
      { n1: "ip addr add 192.168.1.99/24 dev eth0" },
      { n1: "ip route replace 192.168.1.12 dev eth0 src 192.168.1.99" },
    ];
    expect(await asked("calico-ipip", plain({ faults }))).toBe("DECAP_REFUSED at n2; silence");
    expect(await asked("calico-ipip", plain({ faults }), back)).toBe("reply DECAP_REFUSED at n2; silence");
  });

  test("20: no-encap across subnets: BGP is up, and the fabric knows no pods", async () => {
    expect(await states("calico-bgp", apart())).toEqual(["Established"]);
    expect(await asked("calico-bgp", apart())).toBe("NO_ROUTE at r1, because UNDERLAY_BLACKHOLE at n1; silence");
    expect(await asked("calico-bgp", apart(), back)).toBe("NO_ROUTE at r1, because UNDERLAY_BLACKHOLE at n2; silence");
    // Hosts hear of it: the router knows the way back to them.
    expect(await asked("calico-bgp", apart(), { src: "n1" })).toMatch(/; ENETUNREACH$/);
  });

  test("23: a neighbour of the tunnel is missing, or its forwarding entry", async () => {
    const plainNet = await networkFrom("calico-vxlan", plain());
    const mac = plainNet.netns("host/n2")?.links.get("vxlan.calico")?.mac;
    const [row] = [...(plainNet.netns("host/n1")?.neighbours.rows() ?? [])].filter(({ dev }) => dev === "vxlan.calico");
    expect(row?.lladdr).toBe(mac);
    expect(await asked("calico-vxlan", plain({ faults: [{ n1: `ip neigh del ${row?.ip} dev vxlan.calico` }] }))).toBe(
      "ARP_FAILED at n1, because NEIGHBOUR_MISSING at n1; EHOSTUNREACH",
    );
    expect(await asked("calico-vxlan", plain({ faults: [{ n1: `bridge fdb del ${mac} dev vxlan.calico` }] }))).toBe(
      "FDB_MISS at n1; silence",
    );
  });

  test("pods' packets are accepted whatever FORWARD's policy is, and those of a device nobody knows are not", async () => {
    const policy = { n2: "iptables -P FORWARD DROP" };
    expect(await asked("calico-bgp", plain({ faults: [policy, { n1: "iptables -P FORWARD DROP" }] }))).toBe(
      "ttl 62, reply",
    );
    const network = await networkFrom("calico-bgp", plain());
    const chain = network.netns("host/n1")?.chains.get("filter")?.get("cali-from-wl-dispatch");
    expect(chain?.rules.at(-1)).toMatchObject({ target: { kind: "DROP" }, comment: "Unknown interface" });
    expect(chain?.rules.map(({ match }) => match.in?.dev).filter(Boolean)).toHaveLength(2);
  });
});
