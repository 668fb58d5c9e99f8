import fc from "fast-check";

/** Trees that are valid topology files in shape, and often in sense. */
const name = fc.constantFrom(
  "node-1",
  "node-2",
  "r1",
  "lan",
  "pod-a",
  "shop/db-0",
  "constructor",
  "x.y",
  "default/pod-a",
);
const address = fc.oneof(
  fc.ipV4(),
  fc.ipV6(),
  fc.constantFrom("192.168.0.11", "192.168.0.12", "10.244.1.2", "lan", "fd00::1", "", "192.168.0.11/24"),
);
const cidr = fc.constantFrom(
  "192.168.0.0/24",
  "10.0.0.0/8",
  "fd00::/64",
  "10.244.0.0/16",
  "10.244.1.0/24",
  "0.0.0.0/0",
  "x",
);
const cidrs = fc.oneof(cidr, fc.array(cidr, { minLength: 1, maxLength: 2 }));
const ips = fc.oneof(address, fc.array(address, { minLength: 1, maxLength: 2 }));
const mtu = fc.integer({ min: 68, max: 65535 });
const as = fc.integer({ min: 1, max: 4294967294 });
const text = fc.oneof(
  fc.string({ maxLength: 12 }),
  fc.constantFrom("ip route del default", "udp/8472", "tcp/80", "none"),
);
const texts = fc.array(text, { maxLength: 3 });
const labels = fc.dictionary(
  fc.string({ maxLength: 4 }).filter((word) => word !== "__proto__"),
  text,
  { maxKeys: 3 },
);
const partly = <T>(model: { [K in keyof T]: fc.Arbitrary<T[K]> }) => fc.record(model, { requiredKeys: [] });
const named = <T>(value: fc.Arbitrary<T>) => fc.dictionary(name, value, { maxKeys: 4 });

const block = fc.oneof(fc.integer({ min: 20, max: 32 }), fc.integer({ min: 116, max: 128 }));
const calico = {
  version: fc.constantFrom("v3.30", "v3.33"),
  blockSize: fc.oneof(block, partly({ v4: fc.integer({ min: 20, max: 32 }), v6: fc.integer({ min: 116, max: 128 }) })),
  natOutgoing: fc.boolean(),
  asNumber: as,
  nodeToNodeMeshEnabled: fc.boolean(),
};
const tunnelMode = fc.constantFrom("Always", "CrossSubnet", "Never");
const pool = fc.record(
  {
    cidr,
    ipipMode: tunnelMode,
    vxlanMode: tunnelMode,
    natOutgoing: fc.boolean(),
    blockSize: block,
    nodeSelector: fc.oneof(text, fc.constantFrom("all()", 'rack == "1"', "has(rack) && !(zone in { 'a' })")),
    disabled: fc.boolean(),
    disableBGPExport: fc.boolean(),
    allowedUses: fc.uniqueArray(fc.constantFrom("Workload", "Tunnel", "LoadBalancer"), { minLength: 1 }),
    assignmentMode: fc.constantFrom("Automatic", "Manual"),
  },
  { requiredKeys: ["cidr"] },
);
const flannelKeys = { bridge: text, ipMasq: fc.boolean(), attach: fc.constantFrom("bridge", "calico") };
const flannel = partly(flannelKeys);
const mac = fc.constantFrom("66:f9:37:c3:7e:94", "01:00:00:00:00:01", "x");
const hostFlannel = partly({ ...flannelKeys, "public-ip": address, "public-ipv6-overwrite": address, VtepMAC: mac });
const hostCalico = partly({
  ...calico,
  ipv4Address: fc.oneof(address, cidr),
  ipv6Address: fc.oneof(address, cidr),
  ipv4IPIPTunnelAddr: address,
  ipv6VXLANTunnelAddr: address,
  blocks: fc.array(cidr, { minLength: 1, maxLength: 3 }),
});
const modeCni = {
  "flannel-vxlan": partly({ VNI: fc.integer({ min: 1, max: 16777215 }), Port: fc.integer({ min: 1, max: 65535 }) }),
  "calico-wireguard": partly({ mtu, port: fc.integer({ min: 1, max: 65535 }) }),
  "calico-bgp": fc.constant({}),
};
const peer = partly({
  as,
  filters: fc.array(fc.constantFrom("only-default", "x"), { maxLength: 2 }),
  nextHopMode: fc.constantFrom("Auto", "Self", "Keep"),
  numAllowedLocalASNumbers: fc.integer({ min: 0, max: 10 }),
});
const bgp = {
  peers: fc.array(fc.oneof(name, fc.dictionary(name, fc.oneof(as, peer), { maxKeys: 2 })), { maxLength: 3 }),
  routeReflector: fc.oneof(fc.boolean(), fc.constantFrom("244.0.0.1", "yes")),
};
const length = fc.integer({ min: 0, max: 128 });
const rules = fc.array(
  fc.record(
    {
      action: fc.constantFrom("Accept", "Reject"),
      cidr,
      matchOperator: fc.constantFrom("Equal", "NotEqual", "In", "NotIn"),
      prefixLength: partly({ min: length, max: length }),
      source: fc.constant("RemotePeers"),
      interface: text,
      peerType: fc.constantFrom("iBGP", "eBGP"),
      asPathPrefix: fc.array(as, { minLength: 1, maxLength: 2 }),
      priority: fc.integer({ min: 1, max: 2147483646 }),
    },
    { requiredKeys: ["action"] },
  ),
  { maxLength: 3 },
);
const filter = partly({ exportV4: rules, importV4: rules, exportV6: rules, importV6: rules });
const machine = {
  address,
  addresses: fc.array(address, { minLength: 1, maxLength: 3 }),
  mtu: fc.oneof(mtu, fc.dictionary(fc.constantFrom("eth0", "eth1"), mtu)),
  mac: fc.oneof(text, fc.dictionary(fc.constantFrom("eth0", "eth1"), text)),
};

export const documents = fc.record(
  {
    "cni-trace": fc.constant(1),
    cluster: partly({
      podCIDR: cidrs,
      nodeMaskSize: fc.oneof(fc.integer({ min: 0, max: 128 }), partly({ v4: fc.integer({ min: 0, max: 32 }) })),
      serviceCIDR: cidrs,
    }),
    cni: partly({
      mode: fc.constantFrom("flannel-udp", "calico-bgp"),
      flannel,
      calico: partly({ ...calico, ipPools: named(fc.oneof(cidr, pool)), bgpFilters: named(filter) }),
      ...modeCni,
    }),
    subnets: named(
      fc.oneof(
        cidrs,
        partly({
          cidr: cidrs,
          mtu,
          gateway: ips,
          drop: texts,
          allow: texts,
          sourceDestCheck: fc.boolean(),
          routes: texts,
        }),
      ),
    ),
    routers: named(
      fc.oneof(
        address,
        fc.array(address, { minLength: 1, maxLength: 3 }),
        partly({
          ...machine,
          igp: fc.boolean(),
          routes: texts,
          bgp: fc.record(
            { as, ...bgp, originate: fc.array(fc.oneof(cidr, fc.constantFrom("default", "connected", "x"))) },
            { requiredKeys: ["as"] },
          ),
        }),
      ),
    ),
    hosts: named(
      fc.oneof(
        address,
        fc.array(address, { minLength: 1, maxLength: 3 }),
        partly({
          ...machine,
          nodeIP: ips,
          podCIDR: cidrs,
          labels,
          bgp: partly({ as, ...bgp }),
          cni: partly({ flannel: hostFlannel, calico: hostCalico, ...modeCni }),
        }),
      ),
    ),
    pods: named(
      fc.oneof(
        name,
        partly({ host: name, address: ips, device: text, labels, listen: texts, hostNetwork: fc.boolean() }),
      ),
    ),
    faults: fc.array(fc.oneof(text, fc.dictionary(name, text, { maxKeys: 2 })), { maxLength: 3 }),
    generate: fc.record(
      {
        racks: fc.integer({ min: 1, max: 3 }),
        hostsPerRack: fc.integer({ min: 1, max: 300 }),
        podsPerHost: fc.integer({ min: 0, max: 300 }),
        underlay: cidrs,
        bgp: fc.boolean(),
      },
      { requiredKeys: ["racks", "hostsPerRack", "podsPerHost"] },
    ),
  },
  { requiredKeys: ["cni-trace"] },
);

/** What a careless hand puts in place of a value. */
const junk = fc.oneof(
  fc.constantFrom<unknown>(
    null,
    true,
    false,
    0,
    -1,
    1.5,
    67,
    65536,
    1e300,
    "",
    "yes",
    "1500",
    [],
    {},
    [[]],
    ["a", "b", "c"],
  ),
  fc.constantFrom<unknown>({ v4: 33 }, { eth0: 1 }, { "node-1": 0 }, [1], [null], { host: 1 }, "flannel-vxlan"),
  fc.jsonValue({ maxDepth: 2 }).filter((value) => !JSON.stringify(value).includes("__proto__")),
);
const key = fc.constantFrom(
  "host",
  "hosts",
  "nodes",
  "mtu",
  "as",
  "cidr",
  "bgp",
  "peers",
  "address",
  "x",
  "VNI",
  "eth0",
);

/** Numbers on both sides of every bound of the format. */
const bounds = [
  -1, 0, 1, 19, 20, 32, 33, 67, 68, 115, 116, 128, 129, 65535, 65536, 16777215, 16777216, 4294967294, 4294967295,
];

/** A tree with one to four of its entries replaced, renamed, added or taken out. */
export const mutated = fc
  .tuple(documents, fc.array(fc.tuple(fc.nat(), fc.nat(6), key, junk), { minLength: 1, maxLength: 4 }))
  .map(([document, edits]) => edits.reduce<unknown>((tree, edit) => mutate(tree, edit), document));

function mutate(tree: unknown, [where, how, word, value]: readonly [number, number, string, unknown]): unknown {
  const copy: unknown = structuredClone(tree);
  const spots: { holder: object; at: string }[] = [];
  const walk = (node: unknown) => {
    if (typeof node !== "object" || node === null) return;
    for (const [at, child] of Object.entries(node)) {
      spots.push({ holder: node, at });
      walk(child);
    }
  };
  walk(copy);
  const numbers = spots.filter((one) => typeof Reflect.get(one.holder, one.at) === "number");
  const number = how > 3 ? numbers[where % Math.max(1, numbers.length)] : undefined;
  if (number) {
    Reflect.set(number.holder, number.at, bounds[where % bounds.length]);
    return copy;
  }
  const spot = spots[where % Math.max(1, spots.length)];
  if (!spot) return value;
  const { holder, at } = spot;
  if (how === 0 || Array.isArray(holder)) Reflect.set(holder, at, structuredClone(value));
  else if (how === 1) Reflect.deleteProperty(holder, at);
  else if (how === 2) Reflect.set(holder, word, structuredClone(value));
  else {
    const old: unknown = Reflect.get(holder, at);
    Reflect.deleteProperty(holder, at);
    Reflect.set(holder, word, old);
  }
  return copy;
}
