/** A design of BGP, on wires of its own, in both address families. */
export interface Case {
  readonly name: string;
  readonly document: object;
  /** Two pods whose packets are then sent. */
  readonly pair: readonly [string, string];
  /** Several ways are as good as each other, and the kernel takes one by a hash whose key nobody knows. */
  readonly equal: boolean;
}

const CLUSTER = { podCIDR: ["10.244.0.0/16", "fd00:244::/48"] };
const MESH_OFF = { calico: { nodeToNodeMeshEnabled: false } };

type Bgp = { readonly as?: number; readonly peers?: readonly (string | object)[]; readonly routeReflector?: boolean };

/** An address of segment `s`, in both families. */
const at = (s: number, k: number) => [`192.168.${s}.${k}`, `fd00:${s}::${k}`];
const both = (s: number) => [`192.168.${s}.0/24`, `fd00:${s}::/64`];
const machine = (addresses: readonly string[], bgp?: Bgp) => ({ addresses, ...(bgp && { bgp }) });

/** Nodes n1 … on one segment, a pod on each; routers there too. */
function lan(
  nodes: readonly Bgp[],
  rest: object = {},
  routers: readonly (Bgp & { readonly as: number })[] = [],
): object {
  return {
    cluster: CLUSTER,
    subnets: { lan: both(1) },
    hosts: Object.fromEntries(nodes.map((bgp, k) => [`n${k + 1}`, machine(at(1, 11 + k), bgp)])),
    ...(routers.length > 0 && {
      routers: Object.fromEntries(routers.map((bgp, k) => [`r${k + 1}`, machine(at(1, 1 + k), bgp)])),
      subnets: { lan: { cidr: both(1), gateway: at(1, 1) } },
    }),
    pods: Object.fromEntries(nodes.map((_, k) => [`p${k + 1}`, `n${k + 1}`])),
    ...rest,
  };
}

interface Racks {
  readonly nodes: readonly [Bgp?, Bgp?];
  readonly routers: readonly [(Bgp & { readonly as: number })?, (Bgp & { readonly as: number })?];
  readonly mesh?: boolean;
  readonly gateways?: readonly [boolean, boolean];
}

/** n1 – r1 – core – r2 – n2. */
function racks({ nodes, routers, mesh = false, gateways = [true, true] }: Racks): object {
  const rack = (k: number) => ({ cidr: both(k), gateway: gateways[k - 1] ? at(k, 1) : "none" });
  return {
    cluster: CLUSTER,
    cni: mesh ? {} : MESH_OFF,
    subnets: { "rack-1": rack(1), "rack-2": rack(2), core: both(9) },
    routers: {
      r1: machine([...at(1, 1), ...at(9, 1)], routers[0]),
      r2: machine([...at(2, 1), ...at(9, 2)], routers[1]),
    },
    hosts: { n1: machine(at(1, 11), nodes[0]), n2: machine(at(2, 12), nodes[1]) },
    pods: { p1: "n1", p2: "n2" },
  };
}

const TORS: Racks["routers"] = [
  { as: 65001, peers: ["n1", "r2"] },
  { as: 65002, peers: ["n2", "r1"] },
];

const REFLECTING: Racks["routers"] = [
  { as: 64512, peers: ["n1", "r2"], routeReflector: true },
  { as: 64512, peers: ["n2", "r1"], routeReflector: true },
];

/** Two routers that both stand between the racks: two ways as good as each other. */
const TWICE = {
  cluster: CLUSTER,
  cni: MESH_OFF,
  subnets: { "rack-1": { cidr: both(1), gateway: at(1, 1) }, "rack-2": { cidr: both(2), gateway: at(2, 1) } },
  routers: {
    r1: machine([...at(1, 1), ...at(2, 1)], { as: 65001, peers: ["n1", "n2"] }),
    r2: machine([...at(1, 2), ...at(2, 2)], { as: 65002, peers: ["n1", "n2"] }),
  },
  hosts: {
    n1: machine(at(1, 11), { as: 64512, peers: ["r1", "r2"] }),
    n2: machine(at(2, 12), { as: 64513, peers: ["r1", "r2"] }),
  },
  pods: { p1: "n1", p2: "n2" },
};

const named: Readonly<Record<string, object>> = {
  "a full mesh": lan([{}, {}, {}]),
  "a full mesh over a router that speaks no BGP": racks({ nodes: [], routers: [], mesh: true }),
  "the mesh switched off, and nothing in its place": lan([{}, {}], { cni: MESH_OFF }),
  "a full mesh without a default route": racks({ nodes: [], routers: [], mesh: true, gateways: [false, true] }),
  "a mesh of nodes with an AS each": lan([{ as: 64601 }, { as: 64602 }, { as: 64603 }]),
  "a mesh of nodes with an AS each, over a router": racks({
    nodes: [{ as: 64601 }, { as: 64602 }],
    routers: [],
    mesh: true,
  }),
  "a node as reflector": lan([{ routeReflector: true, peers: ["n2", "n3"] }, { peers: ["n1"] }, { peers: ["n1"] }]),
  "two nodes as reflectors beside a mesh": lan([
    { routeReflector: true, peers: ["n2", "n3", "n4"] },
    { routeReflector: true, peers: ["n1", "n3", "n4"] },
    { peers: ["n1", "n2"] },
    { peers: ["n1", "n2"] },
  ]),
  "a router as reflector": lan([{ peers: ["r1"] }, { peers: ["r1"] }], { cni: MESH_OFF }, [
    { as: 64512, peers: ["n1", "n2"], routeReflector: true },
  ]),
  "a router of the same AS that reflects nothing": lan([{ peers: ["r1"] }, { peers: ["r1"] }], { cni: MESH_OFF }, [
    { as: 64512, peers: ["n1", "n2"] },
  ]),
  "reflecting routers in two racks": racks({ nodes: [{ peers: ["r1"] }, { peers: ["r2"] }], routers: REFLECTING }),
  "reflecting routers, and a node without a default route": racks({
    nodes: [{ peers: ["r1"] }, { peers: ["r2"] }],
    routers: REFLECTING,
    gateways: [false, true],
  }),
  "an eBGP router on the nodes' own segment": lan(
    [
      { as: 65011, peers: ["r1"] },
      { as: 65012, peers: ["r1"] },
    ],
    { cni: MESH_OFF },
    [{ as: 65101, peers: ["n1", "n2"] }],
  ),
  "eBGP routers, an AS a rack": racks({
    nodes: [
      { as: 64512, peers: ["r1"] },
      { as: 64513, peers: ["r2"] },
    ],
    routers: TORS,
  }),
  "eBGP routers, all nodes in one AS": racks({ nodes: [{ peers: ["r1"] }, { peers: ["r2"] }], routers: TORS }),
  "eBGP routers, and the mesh left on": racks({
    nodes: [{ peers: ["r1"] }, { peers: ["r2"] }],
    routers: TORS,
    mesh: true,
  }),
  "two routers between the racks": TWICE,
  "sessions with a wrong AS, or wanted by one side alone": lan(
    [{ peers: [{ r1: 65999 }, "n2"] }, { peers: ["r1", "n1"] }, { peers: ["r1", { n1: 64999 }] }],
    { cni: MESH_OFF },
    [{ as: 65001, peers: ["n1", { n2: 64777 }] }],
  ),
};

export const CASES: readonly Case[] = Object.entries(named).map(([name, document]) => ({
  name,
  document,
  pair: ["p1", "p2"],
  equal: document === TWICE,
}));
