import { createHash } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Mac } from "../../src/addr/mac.ts";
import { linkLocalOf } from "../../src/kernel/derived.ts";
import { ask, run } from "../../src/lab/helper.ts";
import { kernelName } from "../../src/lab/names.ts";
import { type Plan, planLab } from "../../src/lab/plan.ts";
import { surprises } from "../../src/lab/surprise.ts";
import { compareTables } from "../../src/lab/tables.ts";
import { bringUp } from "../../src/lab/up.ts";
import type { ModelNetwork } from "../../src/modes/build.ts";
import { routeText } from "../../src/render/iproute.ts";
import type { Topology } from "../../src/topology/topology.ts";
import { modelOf } from "./model.ts";
import { lacking, leftOut } from "./needs.ts";
import {
  type Attachment,
  beforeAttachment,
  chainName,
  delegate,
  invoke,
  PLUGINS,
  type Result,
  reserved,
} from "./plugin.ts";
import { sweep, sweepAfterwards } from "./sweep.ts";

/* Pods attached by the real `bridge`, `host-local`, `portmap` and `loopback`, as flannel's CNI chain has them do it. */

const PREFIX = "cniplugin-";
const needed = ["bridge", "host-local", "portmap", "loopback"].map((name) => `${PLUGINS}/${name}`);
const lacks = lacking([...needed, "ip", "bridge", "iptables-save", "iptables-restore", "ip6tables", "python3"]);

const LAN = {
  subnets: { lan: "192.168.1.0/24" },
  hosts: { n1: "192.168.1.11", n2: "192.168.1.12" },
  pods: { p1: "n1", p2: "n1", p3: "n2" },
};
const DUAL = {
  cluster: { podCIDR: ["10.244.0.0/16", "fd00:244::/48"] },
  subnets: { lan: ["192.168.1.0/24", "fd00:1::/64"] },
  hosts: { n1: { addresses: ["192.168.1.11", "fd00:1::11"] }, n2: { addresses: ["192.168.1.12", "fd00:1::12"] } },
  pods: { p1: "n1", p2: "n1", p3: "n2" },
};
const UNMASKED = { cni: { flannel: { ipMasq: false } } };

const CASES = [
  { name: "beside host-gw", mode: "flannel-host-gw", document: LAN },
  { name: "beside vxlan, whose MTU it has", mode: "flannel-vxlan", document: LAN },
  { name: "with its own masquerading", mode: "flannel-host-gw", document: { ...LAN, ...UNMASKED } },
  { name: "in both families", mode: "flannel-host-gw", document: { ...DUAL, ...UNMASKED } },
];

if (lacks.length > 0) leftOut("no pod was attached by a real CNI plugin", lacks);
else {
  beforeAll(() => {
    sweep(PREFIX);
    sweepAfterwards(PREFIX);
  });
  afterAll(() => sweep(PREFIX));

  describe.each(CASES)("a pod attached $name", ({ name, mode, document }) => {
    let lab: Lab;
    let pods: readonly Pod[] = [];

    beforeAll(async () => {
      lab = await startLab(`${CASES.findIndex((one) => one.name === name)}`, mode, document);
      pods = attachAll(lab);
    });

    test("finds the addresses that we give out, in their order", () => {
      const ours = pods.map(({ place }) => addressesOf(lab, place));
      expect(pods.map(({ result }) => result.ips.map(({ address }) => address))).toEqual(ours);
    });

    test("leaves the node and itself with our links, addresses, routes, neighbours and rules", () => {
      const dumped = ask("dump", [], { netns: [...lab.plan.names.kernel.values()] });
      expect(compareTables(lab.network, lab.plan.names, JSON.parse(renamed(lab, pods, dumped)))).toEqual([]);
    });

    test("has our IPv6 rows, but for those of multicast and anycast, which we do not model", () => {
      expect(ipv6Differences(lab, pods)).toEqual([]);
    });

    test("is on a device of our kind, hairpin and up, that nobody made promiscuous", () => {
      const ours = [...lab.network.names()].flatMap((place) => modelLinks(lab, place));
      const theirs = [...lab.network.names()].flatMap((place) => kernelLinks(lab, pods, place));
      expect(theirs).toEqual(ours);
    });

    test("has every sysctl at our value, and none is touched that we do not know of", () => {
      for (const place of lab.network.names()) {
        const told = lab.network.netns(place)?.sysctls ?? new Map();
        const now = sysctlsIn(kernelName(lab.plan.names, place));
        expect([...told.keys()].map((key) => [key, now.get(key)])).toEqual([...told]);
        const touched = changes(lab.before.get(place) ?? new Map(), now).filter((key) => !told.has(key));
        expect(touched.filter((key) => !KNOWN.some((known) => known.test(key)))).toEqual([]);
      }
    });

    test("is let go of: nothing of it stays but the bridge, which the plugin never takes away", () => {
      for (const pod of pods) detach(lab, pod);
      for (const { attachment } of pods) {
        expect(devicesIn(attachment.netns)).toEqual(["lo"]);
        expect(devicesIn(attachment.node).filter((dev) => dev.startsWith("veth"))).toEqual([]);
        expect(run(["ip", "netns", "exec", attachment.node, "iptables-save"]).text).not.toContain("CNI-");
        expect(reserved(storeOf(lab, attachment.node))).toEqual([]);
      }
    });
  });
}

interface Lab {
  readonly topology: Topology;
  readonly network: ModelNetwork;
  readonly plan: Plan;
  /** The sysctls of every namespace before the plugins came. */
  readonly before: ReadonlyMap<string, ReadonlyMap<string, string>>;
}

/** A pod as the runtime and the plugin know it. */
interface Pod {
  readonly place: string;
  readonly attachment: Attachment;
  readonly config: ReturnType<typeof delegate>;
  readonly result: Result;
}

async function startLab(name: string, mode: string, document: object): Promise<Lab> {
  const { topology, network } = await modelOf(document, mode);
  const plan = planLab(beforeAttachment(network), `${PREFIX}${name}-`);
  expect(surprises(plan.steps, bringUp(plan))).toEqual([]);
  for (const place of network.names()) {
    if (network.netns(place)?.sysctls.get("net.ipv6.conf.all.disable_ipv6") !== "0") continue;
    const netns = kernelName(plan.names, place);
    // Addresses are there at once: duplicates are not asked for.
    const keys = ["default.accept_dad=0", "default.disable_ipv6=0", "all.disable_ipv6=0"];
    for (const key of keys) run(["ip", "netns", "exec", netns, "sysctl", "-qw", `net.ipv6.conf.${key}`]);
  }
  const before = new Map([...network.names()].map((place) => [place, sysctlsIn(kernelName(plan.names, place))]));
  return { topology, network, plan, before };
}

function storeOf({ plan }: Lab, node: string): string {
  return `/run/${plan.names.prefix}store/${node}`;
}

/** Every pod of every node, in file order: `bridge`, then the rest of the chain; and `loopback`, which runtimes add. */
function attachAll(lab: Lab): readonly Pod[] {
  const { topology, network, plan } = lab;
  return [...topology.hosts.keys()]
    .flatMap((host) => [...topology.pods.on(host)])
    .map((pod): Pod => {
      const place = `pod/${pod.name}`;
      const link = network.netns(place)?.links.get("eth0");
      const node = kernelName(plan.names, `host/${pod.host}`);
      const attachment = {
        node,
        netns: kernelName(plan.names, place),
        containerId: createHash("sha256").update(pod.name).digest("hex"),
        ifname: "eth0",
      };
      const config = delegate(topology, pod.host, { mtu: link?.mtu ?? 0, dataDir: storeOf(lab, node) });
      invoke("ADD", { cniVersion: "0.3.1", name: "lo", type: "loopback" } as never, { ...attachment, ifname: "lo" });
      const result = invoke("ADD", config, attachment);
      if (!result) throw new Error(`${pod.name}: bridge said nothing`);
      const portmap = { cniVersion: "0.3.1", name: "cbr0", type: "portmap", capabilities: { portMappings: true } };
      expect(invoke("ADD", { ...portmap, prevResult: result } as never, attachment)).toMatchObject(result);
      return { place, attachment, config, result };
    });
}

function detach(lab: Lab, { attachment, config }: Pod): void {
  expect(lab.plan.names.places.has(attachment.netns)).toBe(true);
  invoke("DEL", config, attachment);
}

function addressesOf({ network }: Lab, place: string): readonly string[] {
  const all = network.netns(place)?.addresses ?? [];
  return all.filter(({ by }) => by === "cni").map(({ ip, length }) => `${ip}/${length}`);
}

/**
 * What the plugin draws at random, in our words: the host end's name, and three MACs, of the bridge, the host end and
 * the pod; and what follows from them. Container ids, and with them chains, are the runtime's.
 */
function renamed({ network }: Lab, pods: readonly Pod[], text: string): string {
  let words = text;
  for (const { place, attachment, result } of pods) {
    const inside = network.netns(place)?.links.get("eth0");
    if (inside?.kind !== "veth") throw new Error(`${place} has no eth0`);
    const node = network.netns(inside.peer.netns);
    const [bridge, outer, inner] = result.interfaces;
    const ours = [node?.links.get("cni0"), node?.links.get(inside.peer.dev), inside];
    for (const [k, theirs] of [bridge, outer, inner].entries()) {
      const [mac, own] = [theirs?.mac as Mac, ours[k]?.mac as Mac];
      words = words.replaceAll(mac, own).replaceAll(`${linkLocalOf(mac)}`, `${linkLocalOf(own)}`);
    }
    words = words.replaceAll(outer?.name ?? "", inside.peer.dev);
    const id = place.replace("pod/", "");
    const rules = [...(node?.chains.get("nat")?.values() ?? [])].flatMap((chain) => chain.rules);
    const jump = rules.find(({ comment, target }) => target.kind === "jump" && comment?.includes(`"${id}"`));
    const chain = jump?.target.kind === "jump" ? jump.target.chain : "";
    words = words.replaceAll(chainName(attachment.containerId), chain).replaceAll(attachment.containerId, id);
  }
  return words;
}

function ipv6Differences(lab: Lab, pods: readonly Pod[]): readonly string[] {
  const { network, plan } = lab;
  return [...network.names()].flatMap((place) => {
    const netns = network.netns(place);
    const ip = (...words: readonly string[]) =>
      renamed(lab, pods, run(["ip", "-6", "-n", kernelName(plan.names, place), ...words]).text)
        .split("\n")
        .map((line) => line.trim().replace(/ +/g, " "))
        .filter((line) => line !== "");
    const ours = [
      ...[...(netns?.routes.rows() ?? [])].filter(({ dst }) => dst.family === 6).map(routeText),
      ...(netns?.addresses.filter(({ ip: own }) => own.family === 6) ?? []).map(
        ({ dev, ip: own, length }) => `${dev} ${own}/${length}`,
      ),
    ];
    const routes = ip("route", "show", "table", "all").filter((line) => !/^(multicast|anycast) /.test(line));
    const addresses = ip("-o", "addr").flatMap(
      (line) => /^\d+: (\S+) inet6 (\S+)/.exec(line)?.slice(1).join(" ") ?? [],
    );
    const theirs = [...new Set(routes), ...addresses];
    const made = [...(netns?.links.values() ?? [])].filter(({ by }) => by === "cni").map((link) => link.name);
    const isTheirs = (line: string) => made.some((dev) => line.startsWith(`${dev} `) || line.includes(` dev ${dev} `));
    return [
      ...ours.filter((line) => isTheirs(line) && !theirs.includes(line)).map((line) => `${place}: we say ${line}`),
      ...theirs
        .filter((line) => isTheirs(line) && !ours.includes(line))
        .map((line) => `${place}: the kernel has ${line}`),
    ];
  });
}

function modelLinks({ network }: Lab, place: string): readonly object[] {
  return [...(network.netns(place)?.links.values() ?? [])]
    .filter(({ by }) => by === "cni")
    .map(({ name, kind, mtu, up, master, hairpin }) => ({
      place,
      name,
      kind,
      mtu,
      up,
      master,
      hairpin,
      promisc: false,
    }));
}

function kernelLinks(lab: Lab, pods: readonly Pod[], place: string): readonly object[] {
  const own = new Set(modelLinks(lab, place).map((link) => (link as { name: string }).name));
  const { text } = run(["ip", "-j", "-d", "-n", kernelName(lab.plan.names, place), "link"]);
  const links: readonly Shown[] = JSON.parse(renamed(lab, pods, text));
  return links
    .filter(({ ifname }) => own.has(ifname))
    .map(({ ifname, mtu, flags, master, linkinfo }) => ({
      place,
      name: ifname,
      kind: linkinfo.info_kind,
      mtu,
      up: flags.includes("UP"),
      master,
      hairpin: linkinfo.info_slave_data?.hairpin,
      promisc: flags.includes("PROMISC"),
    }));
}

/** What is read of `ip -j -d link`. */
interface Shown {
  readonly ifname: string;
  readonly mtu: number;
  readonly flags: readonly string[];
  readonly master?: string;
  readonly linkinfo: { readonly info_kind?: string; readonly info_slave_data?: { readonly hairpin?: boolean } };
}

/**
 * What the plugin sets beside `ip_forward`: what the kernel makes follow from that, and what decides no packet's way,
 * which is not modelled.
 */
const KNOWN = [
  /^net\.ipv[46]\.conf\..*\.forwarding$/,
  /^net\.ipv4\.conf\.all\.accept_redirects$/,
  /^net\.ipv4\.conf\.eth0\.arp_notify$/,
  /^net\.ipv6\.conf\.(cni0|veth[0-9a-f]{8})\.accept_ra$/,
  /^net\.ipv6\.conf\.eth0\.accept_dad$/,
];

function sysctlsIn(netns: string): ReadonlyMap<string, string> {
  const { text } = run(["ip", "netns", "exec", netns, "sysctl", "-a", "-r", "^net[.](ipv4|ipv6|bridge)[.]"]);
  return new Map([...text.matchAll(/^(\S+) = (.*)$/gm)].map(([, key = "", value = ""]) => [key, value]));
}

/** Keys with another value than before; those of a device that is new, with another than it would have by default. */
function changes(before: ReadonlyMap<string, string>, now: ReadonlyMap<string, string>): readonly string[] {
  return [...now].flatMap(([key, value]) => {
    const usual = before.get(key) ?? before.get(key.replace(/\.conf\.[^.]+\./, ".conf.default."));
    // An IPv6 MTU follows the device's; what neighbours start with no namespace but the first one shows.
    return usual === value || /^net\.ipv6\.conf\..*\.mtu$|\.neigh\./.test(key) ? [] : [key];
  });
}

function devicesIn(netns: string): readonly string[] {
  const links: readonly { readonly ifname: string }[] = JSON.parse(run(["ip", "-j", "-n", netns, "link"]).text);
  return links.map(({ ifname }) => ifname);
}
