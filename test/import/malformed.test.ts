import "../../src/modes/registry.ts";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { stringify } from "yaml";
import { importTopology } from "../../src/import/import.ts";
import { readInputs } from "./ask.ts";
import {
  calico,
  calicoAnnotations,
  configMap,
  daemonSet,
  flannelAnnotations,
  flannelConfig,
  type Kube,
  list,
  node,
  pod,
} from "./objects.ts";

const yaml = (text: string) => readInputs([{ file: "o.yaml", text }]);
const json = (objects: readonly Kube[]) => readInputs([{ file: "o.json", text: list(objects) }]);

describe("what is wrong is told with file, line and path:", () => {
  test.each([
    ["kind: Node\napiVersion: v1\nmetadata: {}\n", "o.yaml:1:1  this object has no metadata.name"],
    ["kind: Node\napiVersion: v1\nmetadata:\n  name: 7\n", "o.yaml:4:9  metadata.name: this should be text, not 7"],
    [
      "kind: Node\napiVersion: v1\nmetadata: { name: n }\nspec:\n  podCIDR: 10.244.0\n",
      'o.yaml:5:12  spec.podCIDR: this should be a CIDR, not "10.244.0"',
    ],
    [
      "kind: List\napiVersion: v1\nitems:\n- kind: Pod\n  apiVersion: v1\n  metadata: { name: p }\n  status: { podIPs: 10.0.0.1 }\n",
      'o.yaml:7:21  items[0].status.podIPs: this should be a list, not "10.0.0.1"',
    ],
    ["kind: List\napiVersion: v1\nitems: [7]\n", "o.yaml:3:9  items[0]: this is no object of Kubernetes"],
    [
      "apiVersion: v1\nkind: List\nitems: &a\n- *a\n",
      "o.yaml:4:3  the anchor a stands inside itself (write the value out)",
    ],
    ["apiVersion: v1\nkind: [\n", "o.yaml:"],
    [
      "apiVersion: v1\nkind: Node\nkind: Pod\n",
      "o.yaml:3:1  kind stands here twice; the first is in line 2 (merge the two)",
    ],
    [
      "--- # first\napiVersion: v1\nkind: Namespace\nmetadata: { name: a }\n---\napiVersion: v1\nkind: Node\nmetadata: []\n",
      "o.yaml:6:1  this object has no metadata.name",
    ],
    [
      'apiVersion: v1\nkind: Node\nmetadata:\n  name: n\n  annotations:\n    flannel.alpha.coreos.com/kube-subnet-manager: "true"\n    flannel.alpha.coreos.com/backend-data: "{"\n',
      'o.yaml:7:44  metadata.annotations["flannel.alpha.coreos.com/backend-data"]: this text should be JSON',
    ],
  ])("%#", async (text, problem) => {
    expect(await yaml(text)).toMatch(problem);
  });

  test("a name that stands twice, unless both say the same", async () => {
    const twice = [node("n", { ips: ["10.0.0.1"] }), node("n", { ips: ["10.0.0.2"] })];
    expect(await json(twice)).toMatch(
      /o\.json:\d+:\d+ {2}items\[1\]: Node n stands here twice, and differently; the first is in o\.json, line \d+ \(keep one of them\)/,
    );
    const pods = [pod("a/p", { on: "n", ips: ["10.1.0.1"] }), pod("a/p", { on: "n", ips: ["10.1.0.2"] })];
    expect(await json(pods)).toMatch("items[1]: Pod a/p stands here twice");
    const pools = ["10.0.0.0/16", "10.1.0.0/16"].map((cidr) => calico("IPPool", "p", { cidr }));
    expect(await json(pools)).toMatch("items[1]: IPPool p stands here twice");
  });

  test("two objects that cannot be true together, at the place of one of them", async () => {
    const annotations = flannelAnnotations("host-gw", { ip: "10.0.0.1" });
    const nodes = ["a", "b"].map((name) => node(name, { ips: ["10.0.0.1"], podCIDRs: ["10.244.0.0/24"], annotations }));
    const said = await json(nodes);
    expect(said).toMatch(/o\.json:\d+:\d+ {2}10\.0\.0\.1 is a's already/);
    expect(said).toMatch(/o\.json:\d+:\d+ {2}10\.244\.0\.0\/24 of b overlaps 10\.244\.0\.0\/24 of a/);
  });
});

test("a million items are read to the end, and a few of their problems told", { timeout: 600_000 }, async () => {
  const text = `{"apiVersion":"v1","kind":"PodList","items":[${"{},".repeat(999_999)}{}]}`;
  const said = await readInputs([{ file: "o.json", text }]);
  expect(said).toMatch("o.json:1:46  items[0]: this object has no metadata.name");
  expect(said).toMatch("999000 more problems, not listed");
});

test("a large list is cut up while it is read; what is wrong in it has its place and its path", async () => {
  const many = Array.from({ length: 3000 }, (_, i) =>
    pod(`a/p${i}`, { on: "n", ips: [`10.244.${i >> 8}.${i & 255}`], labels: { filler: "x".repeat(400) } }),
  );
  const broken = { ...pod("a/broken"), spec: { nodeName: ["n"] } };
  const objects = [...many.slice(0, 2000), broken, ...many.slice(2000)];
  const wrong = "items[2000].spec.nodeName: this should be text, not a list";
  const text = list(objects);
  expect(text.length).toBeGreaterThan(2 ** 20);
  const at = (whole: string, what: string) => {
    const lines = whole.slice(0, whole.indexOf(what)).split("\n");
    return `${lines.length}:${(lines.at(-1)?.length ?? 0) + 1}`;
  };
  expect(await readInputs([{ file: "o.json", text }])).toBe(
    `o.json:${at(text, '[\n                    "n"')}  ${wrong}`,
  );
  const lines = stringify({ apiVersion: "v1", kind: "List", items: objects });
  expect(await yaml(lines)).toBe(`o.yaml:${at(lines, "- n\n")}  ${wrong}`);
});

/** Objects of every kind that is read, so that there is something to break. */
const whole: readonly Kube[] = [
  node("a", {
    ips: ["10.0.0.1"],
    podCIDRs: ["10.244.0.0/24"],
    annotations: flannelAnnotations("vxlan", { ip: "10.0.0.1", mac: "02:00:00:00:00:01" }),
  }),
  node("b", {
    ips: ["10.0.0.2"],
    annotations: calicoAnnotations({ IPv4Address: "10.0.0.2/24", ASNumber: "64600", IPv4IPIPTunnelAddr: "10.244.1.0" }),
  }),
  {
    apiVersion: "projectcalico.org/v3",
    kind: "Node",
    metadata: { name: "c" },
    spec: { bgp: { ipv4Address: "10.0.0.3/24", asNumber: 64601 } },
  },
  pod("x/p", { on: "a", ips: ["10.244.0.2"], hostIP: "10.0.0.1", owner: "calico-node", hostNetwork: true }),
  pod("x/q", { on: "b", ips: ["10.244.1.2", "fd00::2"] }),
  daemonSet("kube-system/calico-node", [
    {
      name: "calico-node",
      image: "calico/node:v3.31.0",
      args: ["a"],
      env: [{ name: "CALICO_IPV4POOL_IPIP", value: "Always" }],
    },
  ]),
  flannelConfig({ Network: "10.244.0.0/16", Backend: { Type: "vxlan", VNI: 3, Port: 8472 } }),
  configMap("kube-system/kube-proxy", { "config.conf": "mode: ipvs\nclusterCIDR: 10.244.0.0/16\n" }),
  configMap("kube-system/kubeadm-config", { ClusterConfiguration: "networking:\n  podSubnet: 10.244.0.0/16\n" }),
  configMap("kube-system/calico-config", { calico_backend: "bird", cni_network_config: "{}" }),
  calico("IPPool", "p", {
    cidr: "10.244.0.0/16",
    ipipMode: "Always",
    allowedUses: ["Workload"],
    nodeSelector: "all()",
  }),
  calico("BlockAffinity", "b", { cidr: "10.244.1.0/26", node: "b", state: "confirmed", deleted: "false" }),
  calico("IPAMBlock", "b", {
    cidr: "10.244.1.0/26",
    affinity: "host:b",
    allocations: [0, null],
    attributes: [{ secondary: { node: "b", pod: "q", namespace: "x" } }],
  }),
  calico("BGPConfiguration", "default", { asNumber: 64512, nodeToNodeMeshEnabled: false }),
  calico("BGPPeer", "t", { peerIP: "10.0.0.9", asNumber: 65000, nodeSelector: "has(x)", filters: ["f"] }),
  calico("BGPFilter", "f", { exportV4: [{ action: "Accept", cidr: "10.0.0.0/8", matchOperator: "In" }] }),
  calico("FelixConfiguration", "default", { wireguardEnabled: true, vxlanVNI: 4096, wireguardMTU: 1400 }),
  calico(
    "Installation",
    "default",
    { calicoNetwork: { bgp: "Enabled", mtu: 1400, ipPools: [{ cidr: "10.244.0.0/16" }] }, cni: { type: "Calico" } },
    "operator.tigera.io/v1",
  ),
];

/** All ways down to a value. */
function pathsOf(value: unknown, path: readonly string[] = []): readonly (readonly string[])[] {
  const below = typeof value === "object" && value !== null ? Object.entries(value) : [];
  return [path, ...below.flatMap(([key, each]) => pathsOf(each, [...path, key]))];
}

const paths = pathsOf(whole).filter((path) => path.length > 0);

function broken(path: readonly string[], value: unknown): unknown {
  const copy = structuredClone(whole) as unknown;
  let at = copy as Record<string, unknown>;
  for (const key of path.slice(0, -1)) at = at[key] as Record<string, unknown>;
  const last = path.at(-1) ?? "";
  if (value === undefined) delete at[last];
  else at[last] = value;
  return copy;
}

const odd = fc.oneof(
  fc.constantFrom<unknown>(
    undefined,
    null,
    "",
    "x",
    0,
    -1,
    1e300,
    true,
    [],
    {},
    [[]],
    "10.0.0.256",
    "::/200",
    "***HIDDEN***",
    "\u0000",
    "__proto__",
    "../../etc",
    "1.2.3.4/33",
    [null],
    { "": null },
  ),
  fc.jsonValue(),
);

test("more nodes than several times what Kubernetes is built for are not read", async () => {
  const nodes = Array.from({ length: 25_003 }, (_, i) => ({ kind: "Node", metadata: { name: `n${i}` } }));
  const said = await readInputs([{ file: "o.json", text: JSON.stringify(nodes) }]);
  expect(said.toString().split("\n")).toEqual(
    [25_000, 25_001, 25_002].map((i) =>
      expect.stringContaining(`[${i}]: this is one node more than the 25000 that are read (ask about a part of them)`),
    ),
  );
});

/** The same objects as text, some of it cut out, doubled, or put somewhere else, and large enough to be cut up or not. */
const torn = fc
  .record({
    format: fc.constantFrom("json", "pretty", "yaml", "stream"),
    filler: fc.constantFrom(0, 2 ** 18, 2 ** 20),
    cuts: fc.array(fc.tuple(fc.double({ min: 0, max: 1, noNaN: true }), fc.nat(40), fc.string({ unit: "binary" })), {
      minLength: 1,
      maxLength: 4,
    }),
  })
  .map(({ format, filler, cuts }) => {
    const all = { kind: "List", apiVersion: "v1", items: [...whole, { kind: "Event", note: "x".repeat(filler) }] };
    let text = textAs(format, all);
    for (const [where, length, instead] of cuts) {
      const at = Math.floor(where * (where < 0.5 ? 4000 : text.length));
      text = text.slice(0, at) + instead + text.slice(at + length);
    }
    return text;
  });

function textAs(format: string, list: { readonly items: readonly unknown[] }): string {
  if (format === "yaml") return stringify(list);
  if (format === "stream") return list.items.map((item) => JSON.stringify(item)).join("\n---\n");
  return JSON.stringify(list, undefined, format === "pretty" ? 4 : 0);
}

test("whatever is torn out of a text, it becomes a topology or problems with places, never a crash", async () => {
  await fc.assert(
    fc.asyncProperty(torn, fc.integer({ min: 1000, max: 2 ** 21 }), async (text, size) => {
      const bytes = new TextEncoder().encode(text);
      const chunks = Array.from({ length: Math.ceil(bytes.length / size) }, (_, i) =>
        bytes.subarray(i * size, (i + 1) * size),
      );
      const outcome = await importTopology([{ file: "o", chunks }], { name: "o", mode: "open" });
      if (outcome.ok) return;
      expect(outcome.problems.length).toBeGreaterThan(0);
      for (const { place, code } of outcome.problems) {
        if (code.startsWith("no-") || code === "too-many-problems") continue;
        expect(place?.line).toBeGreaterThan(0);
        expect(place?.column).toBeGreaterThan(0);
      }
    }),
    { numRuns: 60 },
  );
});

test("whatever stands in an object, it becomes a topology or problems, never a crash", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...paths),
      odd,
      fc.constantFrom("needed", "asked", "open"),
      async (path, value, mode) => {
        const text = JSON.stringify(broken(path, value));
        const outcome = await importTopology([{ file: "o.json", text }], { name: "o", mode: mode as "open" });
        if (!outcome.ok) expect(outcome.problems.length).toBeGreaterThan(0);
      },
    ),
    { numRuns: 600, seed: 6 },
  );
});

test("whatever the text is, it is objects or problems, never a crash", async () => {
  const text = list(whole);
  const cut = fc.nat(text.length).map((at) => text.slice(0, at));
  const swapped = fc
    .tuple(fc.nat(text.length), fc.string())
    .map(([at, word]) => text.slice(0, at) + word + text.slice(at + word.length));
  await fc.assert(
    fc.asyncProperty(fc.oneof(cut, swapped), fc.constantFrom("o.json", "o.yaml"), async (broken, file) => {
      for (const input of [
        { file, text: broken },
        { file, chunks: [new TextEncoder().encode(broken)] },
      ]) {
        const outcome = await importTopology([input], { name: "o", mode: "open" });
        if (!outcome.ok) expect(outcome.problems.length).toBeGreaterThan(0);
      }
    }),
    { numRuns: 60, seed: 6 },
  );
});
