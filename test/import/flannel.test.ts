import { describe, expect, test } from "vitest";
import { shell } from "../cli/shell.ts";
import { good, read } from "./ask.ts";
import { daemonSet, flannelAnnotations, flannelConfig, list, node, pod } from "./objects.ts";

const pair = (type: string) => [
  node("node-1", {
    ips: ["192.168.0.11"],
    podCIDRs: ["10.244.0.0/24"],
    annotations: flannelAnnotations(type, { ip: "192.168.0.11", mac: "a2:aa:aa:aa:aa:01" }),
  }),
  node("node-2", {
    ips: ["192.168.0.12"],
    podCIDRs: ["10.244.1.0/24"],
    annotations: flannelAnnotations(type, { ip: "192.168.0.12", mac: "a2:aa:aa:aa:aa:02" }),
  }),
  pod("web/a", { on: "node-1", ips: ["10.244.0.5"], labels: { app: "web" } }),
  pod("web/b", { on: "node-2", ips: ["10.244.1.7"] }),
];

describe("Flannel", () => {
  test.each([
    ["vxlan", "flannel-vxlan"],
    ["host-gw", "flannel-host-gw"],
    ["ipip", "flannel-ipip"],
    ["wireguard", "flannel-wireguard"],
  ])("with backend-type %s on the Nodes runs %s", async (type, mode) => {
    const { topology, findings } = await good(pair(type));
    expect(topology.cni.mode).toBe(mode);
    expect(findings.chosen?.because).toEqual([`backend-type ${type} on 2 Nodes`]);
  });

  test("with an empty backend-type and no ConfigMap is taken for udp, and that is listed", async () => {
    const { topology } = await good(pair(""));
    expect(topology.cni.mode).toBe("flannel-udp");
    expect(topology.assumptions.map(({ what }) => what)).toContain(
      "the backend is udp, as an empty backend-type may be",
    );
  });

  test("reads its ConfigMap: network, DirectRouting, VNI, port, MTU, whatever the case of the keys", async () => {
    const Backend = { type: "VXLAN", DirectRouting: true, vni: 7, Port: 4789, MTU: 1400 };
    const conf = flannelConfig({ Network: "10.244.0.0/16", Backend });
    const { topology, findings } = await good([...pair("vxlan"), conf]);
    expect(topology.cni.mode).toBe("flannel-vxlan-direct");
    expect(topology.cni.modes.get("flannel-vxlan-direct")).toEqual({ VNI: 7, Port: 4789, MTU: 1400 });
    expect(findings.chosen?.because[0]).toBe(
      "ConfigMap kube-flannel/kube-flannel-cfg net-conf.json: Backend.Type vxlan, DirectRouting",
    );
  });

  test("without a Backend in its ConfigMap is udp, as flanneld itself decides", async () => {
    const { topology } = await good([...pair(""), flannelConfig({ Network: "10.244.0.0/16" })]);
    expect(topology.cni.mode).toBe("flannel-udp");
  });

  test("believes the Nodes when the ConfigMap has been changed since, and says so", async () => {
    const conf = flannelConfig({ Network: "10.244.0.0/16", Backend: { Type: "host-gw" } });
    const { topology, findings } = await good([...pair("vxlan"), conf]);
    expect(topology.cni.mode).toBe("flannel-vxlan");
    expect(findings.doubts).toEqual([
      "ConfigMap kube-flannel/kube-flannel-cfg net-conf.json says host-gw, but 2 Nodes run vxlan: flanneld reads it when it starts",
    ]);
  });

  test("is known by annotations alone, under any prefix, as k3s has neither DaemonSet nor ConfigMap", async () => {
    const annotations = flannelAnnotations("vxlan", { prefix: "example.com/flannel-", ip: "10.0.0.1" });
    const { topology } = await good([node("n", { ips: ["10.0.0.1"], podCIDRs: ["10.42.0.0/24"], annotations })]);
    expect(topology.cni.mode).toBe("flannel-vxlan");
  });

  test("gives each VTEP the MAC that its Node says", async () => {
    const { topology } = await good(pair("vxlan"));
    expect(topology.hosts.get("node-2")?.agentMacs).toEqual(new Map([["flannel.1", "a2:aa:aa:aa:aa:02"]]));
  });

  test("leaves --ip-masq out when flanneld runs without it", async () => {
    const container = { name: "kube-flannel", command: ["/opt/bin/flanneld"], args: ["--kube-subnet-mgr"] };
    const { topology } = await good([...pair("vxlan"), daemonSet("kube-flannel/kube-flannel-ds", [container])]);
    expect(topology.cni.flannel.ipMasq).toBe(false);
  });

  test("sends to the public-ip of a Node, which may be another of its addresses", async () => {
    const annotations = flannelAnnotations("vxlan", { ip: "172.16.5.12", mac: "a2:aa:aa:aa:aa:02" });
    const { topology } = await good([
      ...pair("vxlan").slice(0, 1),
      node("node-2", { ips: ["192.168.0.12"], podCIDRs: ["10.244.1.0/24"], annotations }),
    ]);
    const host = topology.hosts.get("node-2");
    expect(host?.nodeIPs.map(String)).toEqual(["172.16.5.12"]);
    expect(host?.nics.map(({ addresses }) => addresses.map(({ ip }) => ip.toString()))).toEqual([
      ["192.168.0.12"],
      ["172.16.5.12"],
    ]);
  });

  test("advertises an address that is told, and keeps its own", async () => {
    const told = { "flannel.alpha.coreos.com/public-ip-overwrite": "203.0.113.5" };
    const annotations = { ...flannelAnnotations("vxlan", { ip: "203.0.113.5", mac: "a2:aa:aa:aa:aa:02" }), ...told };
    const { topology } = await good([
      ...pair("vxlan").slice(0, 1),
      node("node-2", { ips: ["192.168.0.12"], podCIDRs: ["10.244.1.0/24"], annotations }),
    ]);
    const host = topology.hosts.get("node-2");
    expect(host?.nodeIPs.map(String)).toEqual(["192.168.0.12"]);
    expect(host?.cni.flannel.publicIPOverwrites?.map(String)).toEqual(["203.0.113.5"]);
  });

  test("is told of an address that all nodes have alike, as behind a hypervisor's NAT, and nobody is reached by it", async () => {
    const nat = [1, 2].map((n) => {
      const annotations = flannelAnnotations("vxlan", { ip: "10.0.2.15", mac: `a2:aa:aa:aa:aa:0${n}` });
      return node(`node-${n}`, { ips: [`192.168.56.1${n}`], podCIDRs: [`10.244.${n}.0/24`], annotations });
    });
    const { topology, findings } = await good(nat);
    expect([...topology.hosts.values()].map(({ nics, nodeIPs }) => [nics.length, nodeIPs.map(String)])).toEqual([
      [1, ["10.0.2.15"]],
      [1, ["10.0.2.15"]],
    ]);
    expect(findings.doubts).toEqual([
      "2 Nodes tell the others that they are 10.0.2.15: what is sent there reaches one of them, or none",
    ]);
  });

  test.each(["ipsec", "extension", "tencent-vpc", "aws-vpc"])("with backend %s is named and refused", async (type) => {
    expect(await read(pair(type))).toMatch(`this cluster runs Flannel's backend ${type}, whose tables`);
  });
});

test("kubectl get nodes,pods -A -o yaml | cni-trace -t - web/a web/b", async () => {
  const { out, err, code } = await shell(["-t", "-", "web/a", "web/b"], { stdin: list(pair("vxlan")) });
  expect(code).toBe(0);
  expect(out).toContain("lladdr a2:aa:aa:aa:aa:02");
  expect(err).toContain("these objects are of flannel-vxlan: backend-type vxlan on 2 Nodes");
});
