import { describe, expect, test } from "vitest";
import { shell } from "../cli/shell.ts";
import { good, read } from "./ask.ts";
import { configMap, container, daemonSet, flannelAnnotations, type Kube, list, node, pod } from "./objects.ts";

const nodes = [1, 2].map((n) =>
  node(`node-${n}`, {
    ips: [`192.168.0.1${n}`],
    podCIDRs: [`10.244.${n}.0/24`],
    annotations: flannelAnnotations("vxlan", { ip: `192.168.0.1${n}`, mac: `a2:aa:aa:aa:aa:0${n}` }),
  }),
);
const pods = [1, 2].map((n) => pod(`web/p${n}`, { on: `node-${n}`, ips: [`10.244.${n}.5`] }));
const config = (more: Readonly<Record<string, string>> = {}) =>
  configMap("kube-system/canal-config", {
    masquerade: "true",
    veth_mtu: "0",
    "net-conf.json": JSON.stringify({ Network: "10.244.0.0/16", Backend: { Type: "vxlan" } }),
    ...more,
  });
const agent = daemonSet("kube-system/canal", [
  container("calico-node", "calico/node:v3.30.0", { CALICO_NETWORKING_BACKEND: "none" }),
  { ...container("kube-flannel", "flannel/flannel:v0.24.4"), command: ["/opt/bin/flanneld", "--ip-masq"] },
]);
const canal: readonly Kube[] = [...nodes, ...pods, config(), agent];

describe("Canal is flannel between nodes, and Calico's plugin on them", () => {
  test.each([
    ["its DaemonSet", [agent]],
    ["its ConfigMap", [config()]],
    [
      "calico-node with flannel in the same pod",
      [daemonSet("kube-system/calico-node", [container("kube-flannel", "f")])],
    ],
  ])("known by %s", async (_, objects) => {
    const { topology, findings } = await good([...nodes, ...pods, ...objects]);
    expect(topology.cni.mode).toBe("flannel-vxlan");
    expect(topology.cni.flannel.attach).toBe("calico");
    expect(findings.chosen?.because.at(-1)).toMatch(/^with Calico's plugin, which is Canal/);
    expect(findings.notes.join()).toContain("Calico's policies are not asked about");
  });

  test("so a packet meets no bridge, and rides in flannel's tunnel", async () => {
    const { out, code } = await shell(["-t", "-", "web/p1", "web/p2", "--minimal"], { stdin: list(canal) });
    expect(code).toBe(0);
    expect(
      out
        .replace(/cali[0-9a-f]{11}/g, "caliX")
        .split("\n")
        .slice(0, 8),
    ).toEqual([
      "web/p1 eth0",
      "node-1 caliX flannel.1",
      "push ethernet vxlan udp ipv4 50",
      "node-1 eth0",
      "pop ipv4 udp vxlan ethernet 50",
      "node-2 flannel.1 caliX",
      "web/p2 eth0",
      expect.stringMatching(/^DELIVERED/),
    ]);
  });

  test("and the file that is written says so, and is read back", async () => {
    const { out } = await shell(["import", "-"], { stdin: list(canal) });
    expect(out).toMatch(/^ {2}flannel: \{ attach: calico \} {2}# Canal: Calico's plugin attaches the pods$/m);
    const again = await shell(["-t", "-", "web/p1", "web/p2", "--minimal"], { stdin: out });
    expect(again.out).toMatch(/^node-1 cali\w+ flannel\.1$/m);
  });

  test("masquerades as its ConfigMap says, and lists the pods' MTU as assumed", async () => {
    const { topology } = await good([...nodes, ...pods, config({ masquerade: "false", veth_mtu: "1440" }), agent]);
    expect(topology.cni.flannel.ipMasq).toBe(false);
    expect(topology.assumptions.map(({ what }) => what)).toContain("pods have flannel's MTU, though veth_mtu is 1440");
  });

  test("whose backend nothing says is not guessed", async () => {
    const bare = [node("n", { ips: ["10.0.0.2"] }), agent];
    expect(await read(bare)).toMatch(/^Canal runs, but neither its ConfigMap nor annotations of Nodes say/);
  });
});
