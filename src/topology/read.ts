import type { PodEntry, TopologyFile } from "./file.ts";
import {
  ATTACHMENTS,
  CALICO_VERSIONS,
  MATCH_OPERATORS,
  modeNames,
  modeSettings,
  POOL_USES,
  type Setting,
  TUNNEL_MODES,
} from "./settings.ts";

/**
 * Whether a tree has the keys, types and ranges of a topology file: the fast twin of `schema.ts`.
 *
 * It says only yes or no; on a no the schema explains. Pods are left to `isPodEntry`, so that the loop over 150,000 of them
 * can check and resolve in one pass.
 */
export function isTopologyFile(tree: unknown): tree is TopologyFile {
  return isFile(tree);
}

/** Whether one value of `pods:` is a host's name or a map of the right shape. */
export function isPodEntry(value: unknown): value is PodEntry {
  if (typeof value === "string") return true;
  if (!isMap(value)) return false;
  for (const key in value) {
    const field = value[key];
    switch (key) {
      case "host":
      case "device":
        if (typeof field !== "string") return false;
        break;
      case "address":
        if (typeof field !== "string" && !oneOrTwo(field)) return false;
        break;
      case "labels":
        if (!isLabels(field)) return false;
        break;
      case "listen":
        if (!isTexts(field)) return false;
        break;
      case "hostNetwork":
        if (typeof field !== "boolean") return false;
        break;
      default:
        return false;
    }
  }
  return true;
}

/** A map as JSON and YAML give it: neither a list nor nothing. */
export function isMap(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

type Guard = (value: unknown) => boolean;

const isText: Guard = (value) => typeof value === "string";
const isFlag: Guard = (value) => typeof value === "boolean";

function whole(min: number, max: number): Guard {
  return (value) => typeof value === "number" && Number.isInteger(value) && value >= min && value <= max;
}

function word(...words: readonly unknown[]): Guard {
  return (value) => words.includes(value);
}

function listOf(item: Guard, min = 0, max = Number.POSITIVE_INFINITY): Guard {
  return (value) => Array.isArray(value) && value.length >= min && value.length <= max && value.every(item);
}

function mapOf(item: Guard): Guard {
  return (value) => {
    if (!isMap(value)) return false;
    for (const key in value) if (!item(value[key])) return false;
    return true;
  };
}

function either(...guards: readonly Guard[]): Guard {
  return (value) => guards.some((guard) => guard(value));
}

/** A map with these keys at most; `needed` ones must be there. */
function shape(fields: Readonly<Record<string, Guard>>, ...needed: readonly string[]): Guard {
  const guards = new Map(Object.entries(fields));
  return (value) => {
    if (!isMap(value)) return false;
    for (const key in value) {
      const guard = guards.get(key);
      if (!guard?.(value[key])) return false;
    }
    return needed.every((key) => Object.hasOwn(value, key));
  };
}

/** A guard that is made when it is first asked: by then it is known which modes there are. */
function once(make: () => Guard): Guard {
  let guard: Guard | undefined;
  return (value) => {
    guard ??= make();
    return guard(value);
  };
}

const isTexts = listOf(isText);
const oneOrTwo = listOf(isText, 1, 2);
const isLabels = mapOf(isText);
const texts = either(isText, oneOrTwo);
const isMtu = whole(68, 65535);
const isAs = whole(1, 4294967294);
const isBlock4 = whole(20, 32);
const isBlock6 = whole(116, 128);

const cluster = shape({
  podCIDR: texts,
  nodeMaskSize: either(whole(0, 128), shape({ v4: whole(0, 32), v6: whole(0, 128) })),
  serviceCIDR: texts,
});

function settings(table: Readonly<Record<string, Setting>>): Guard {
  return shape(Object.fromEntries(Object.entries(table).map(([key, { min, max }]) => [key, whole(min, max)])));
}

const isTunnelMode = word(...TUNNEL_MODES);
const isPool = shape(
  {
    cidr: isText,
    ipipMode: isTunnelMode,
    vxlanMode: isTunnelMode,
    natOutgoing: isFlag,
    blockSize: either(isBlock4, isBlock6),
    nodeSelector: isText,
    disabled: isFlag,
    disableBGPExport: isFlag,
    allowedUses: listOf(word(...POOL_USES), 1),
    assignmentMode: word("Automatic", "Manual"),
  },
  "cidr",
);
const isRules = listOf(
  shape(
    {
      action: word("Accept", "Reject"),
      cidr: isText,
      matchOperator: word(...MATCH_OPERATORS),
      prefixLength: shape({ min: whole(0, 128), max: whole(0, 128) }),
      source: word("RemotePeers"),
      interface: isText,
      peerType: word("iBGP", "eBGP"),
      asPathPrefix: listOf(isAs, 1),
      priority: whole(1, 2147483646),
    },
    "action",
  ),
);
const isFilter = shape({ exportV4: isRules, importV4: isRules, exportV6: isRules, importV6: isRules });
const calicoFields = {
  version: word(...CALICO_VERSIONS),
  blockSize: either(isBlock4, isBlock6, shape({ v4: isBlock4, v6: isBlock6 })),
  natOutgoing: isFlag,
  asNumber: isAs,
  nodeToNodeMeshEnabled: isFlag,
};
const flannelFields = { bridge: isText, ipMasq: isFlag, attach: word(...ATTACHMENTS) };
const modeFields = () => Object.fromEntries(modeNames().map((mode) => [mode, settings(modeSettings(mode))]));
const hostCni = once(() =>
  shape({
    flannel: shape({
      ...flannelFields,
      "public-ip": isText,
      "public-ipv6": isText,
      "public-ip-overwrite": isText,
      "public-ipv6-overwrite": isText,
      VtepMAC: isText,
    }),
    calico: shape({
      ...calicoFields,
      ipv4Address: isText,
      ipv6Address: isText,
      ipv4IPIPTunnelAddr: isText,
      ipv4VXLANTunnelAddr: isText,
      ipv6VXLANTunnelAddr: isText,
      ipv4WireguardInterfaceAddr: isText,
      ipv6WireguardInterfaceAddr: isText,
      blocks: listOf(isText, 1),
    }),
    ...modeFields(),
  }),
);
const cni = once(() =>
  shape({
    mode: word(...modeNames()),
    flannel: shape(flannelFields),
    calico: shape({ ...calicoFields, ipPools: mapOf(either(isText, isPool)), bgpFilters: mapOf(isFilter) }),
    ...modeFields(),
  }),
);

const subnetMap = shape({
  cidr: texts,
  mtu: isMtu,
  gateway: texts,
  drop: isTexts,
  allow: isTexts,
  sourceDestCheck: isFlag,
  routes: isTexts,
});

const isPeer = shape({
  as: isAs,
  filters: isTexts,
  nextHopMode: word("Auto", "Self", "Keep"),
  numAllowedLocalASNumbers: whole(0, 255),
});
const bgpFields = {
  as: isAs,
  peers: listOf(either(isText, mapOf(either(isAs, isPeer)))),
  routeReflector: either(isFlag, isText),
};
const machineFields = {
  address: isText,
  addresses: listOf(isText, 1),
  mtu: either(isMtu, mapOf(isMtu)),
  mac: either(isText, mapOf(isText)),
};

const routerMap = shape({
  ...machineFields,
  igp: isFlag,
  routes: isTexts,
  bgp: shape({ ...bgpFields, originate: isTexts }, "as"),
});
const hostMap = shape({
  ...machineFields,
  nodeIP: texts,
  podCIDR: texts,
  labels: isLabels,
  bgp: shape(bgpFields),
  cni: hostCni,
});
const addressList = listOf(isText, 1);

const isFile = shape(
  {
    "cni-trace": word(1),
    cluster,
    cni,
    subnets: mapOf(either(isText, oneOrTwo, subnetMap)),
    routers: mapOf(either(isText, addressList, routerMap)),
    hosts: mapOf(either(isText, addressList, hostMap)),
    pods: isMap,
    faults: listOf(either(isText, isLabels)),
    generate: shape(
      {
        racks: whole(1, 65535),
        hostsPerRack: whole(1, 65535),
        podsPerHost: whole(0, 65535),
        underlay: texts,
        bgp: isFlag,
      },
      "racks",
      "hostsPerRack",
      "podsPerHost",
    ),
  },
  "cni-trace",
);
