/** Kubernetes objects as tests write them, with no more in them than the tests are about. */
export type Kube = Readonly<Record<string, unknown>>;

interface Meta {
  readonly namespace?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
}

export interface NodeParts extends Meta {
  readonly ips?: readonly string[];
  readonly podCIDRs?: readonly string[];
}

export function node(name: string, { ips = [], podCIDRs = [], ...meta }: NodeParts = {}): Kube {
  return {
    apiVersion: "v1",
    kind: "Node",
    metadata: { name, ...meta },
    spec: podCIDRs.length === 0 ? {} : { podCIDR: podCIDRs[0], podCIDRs },
    status: {
      addresses: [...ips.map((address) => ({ address, type: "InternalIP" })), { address: name, type: "Hostname" }],
    },
  };
}

export interface PodParts extends Meta {
  readonly on?: string;
  readonly ips?: readonly string[];
  readonly hostIP?: string;
  readonly phase?: string;
  readonly hostNetwork?: boolean;
  readonly containers?: readonly Kube[];
  readonly owner?: string;
}

/** A pod by `namespace/name`, or by its name in `default`. */
export function pod(full: string, parts: PodParts = {}): Kube {
  const {
    on,
    ips = [],
    hostIP,
    phase = "Running",
    hostNetwork,
    containers = [{ name: "main" }],
    owner,
    ...meta
  } = parts;
  const [name = "", namespace = "default"] = full.split("/").reverse();
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name, namespace, ...meta, ...(owner && { ownerReferences: [{ kind: "DaemonSet", name: owner }] }) },
    spec: { containers, ...(on && { nodeName: on }), ...(hostNetwork && { hostNetwork }) },
    status: {
      phase,
      ...(hostIP && { hostIP }),
      ...(ips.length > 0 && { podIP: ips[0], podIPs: ips.map((ip) => ({ ip })) }),
    },
  };
}

export function daemonSet(full: string, containers: readonly Kube[] = []): Kube {
  const [namespace, name] = full.split("/");
  const template = { spec: { containers } };
  return { apiVersion: "apps/v1", kind: "DaemonSet", metadata: { name, namespace }, spec: { template } };
}

export function configMap(full: string, data: Readonly<Record<string, string>>): Kube {
  const [namespace, name] = full.split("/");
  return { apiVersion: "v1", kind: "ConfigMap", metadata: { name, namespace }, data };
}

/** flanneld's ConfigMap. */
export function flannelConfig(net: Kube, full = "kube-flannel/kube-flannel-cfg"): Kube {
  return configMap(full, { "net-conf.json": JSON.stringify(net) });
}

/** What flanneld writes into its Node. */
export function flannelAnnotations(
  type: string,
  {
    ip = "",
    mac,
    vni = 1,
    prefix = "flannel.alpha.coreos.com/",
  }: { ip?: string; mac?: string; vni?: number; prefix?: string } = {},
): Readonly<Record<string, string>> {
  return {
    [`${prefix}kube-subnet-manager`]: "true",
    [`${prefix}backend-type`]: type,
    [`${prefix}backend-data`]: mac === undefined ? "null" : JSON.stringify({ VNI: vni, VtepMAC: mac }),
    ...(ip !== "" && { [`${prefix}public-ip`]: ip }),
  };
}

/** What `kubectl get -o json` prints. */
export function list(items: readonly Kube[], kind = "List"): string {
  return JSON.stringify({ apiVersion: "v1", items, kind, metadata: { resourceVersion: "" } }, undefined, 4);
}

/** An object of Calico's, in one of its API groups. */
export function calico(kind: string, name: string, spec: Kube, apiVersion = "crd.projectcalico.org/v1"): Kube {
  return { apiVersion, kind, metadata: { name }, spec };
}

/** What calico-node writes into its Node. */
export function calicoAnnotations(facts: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(facts).map(([key, value]) => [`projectcalico.org/${key}`, value]));
}

/** A container with an environment. */
export function container(name: string, image: string, env: Readonly<Record<string, string>> = {}): Kube {
  return { name, image, env: Object.entries(env).map(([key, value]) => ({ name: key, value })) };
}
