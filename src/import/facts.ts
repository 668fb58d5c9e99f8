import { Ip } from "../addr/ip.ts";
import type { Prefix } from "../addr/prefix.ts";
import type { Mark, MarkedTree } from "../topology/marks.ts";
import type { Place } from "../topology/problem.ts";
import { CalicoFacts } from "./calico-facts.ts";

/** Something an object says, which object that was, and where it stands. */
export interface Fact<T> {
  readonly value: T;
  /** `Node node-1`, `ConfigMap kube-flannel/kube-flannel-cfg`. */
  readonly from: string;
  readonly mark: Mark;
}

/** A node as its Node object, or only its pods, describe it. */
export interface NodeFact {
  readonly name: string;
  readonly from: string;
  readonly mark: Mark;
  /** Its addresses of the type InternalIP, in the order given. */
  readonly addresses: readonly Ip[];
  /** `spec.podCIDRs`, at most one a family. */
  readonly podCIDRs: readonly Fact<Prefix>[];
  readonly labels: Readonly<Record<string, string>>;
  readonly flannel?: FlannelNode;
  /** Conditions that speak against its being up: `NotReady (KubeletStopped)`. */
  readonly troubles?: readonly string[];
}

/** What flanneld has written into its node's annotations (flannel pkg/subnet/kube/annotations.go). */
export interface FlannelNode {
  readonly mark: Mark;
  /** Empty for the backends udp, alloc and tencent-vpc. */
  readonly type: string;
  /** The address that peers send to, per family. */
  readonly publicIPs: readonly Ip[];
  /** An address that somebody has told flanneld to advertise instead. */
  readonly overwrites: readonly Ip[];
  readonly vni?: number;
  readonly vtepMAC?: string;
  readonly vtepMACv6?: string;
}

/** A pod that is on the network. */
export interface PodFact {
  readonly host: string;
  readonly addresses: readonly string[];
  readonly labels: Readonly<Record<string, string>>;
  readonly hostNetwork: boolean;
  /** Calico's pools, by name or network, that it was to get its address from. */
  readonly pools?: readonly string[];
  readonly mark: Mark;
}

/** A Namespace. */
export interface NamespaceFact {
  /** Calico's pools, by name or network, that its pods get addresses from. */
  readonly pools: readonly string[];
  readonly labels: number;
  readonly isGoing: boolean;
}

/** A workload that is the agent of a CNI: a DaemonSet, or the pods of one. */
export interface Agent {
  /** `DaemonSet kube-system/calico-node`. */
  readonly from: string;
  readonly name: string;
  readonly mark: Mark;
  readonly containers: readonly string[];
  readonly images: readonly string[];
  /** Words behind the program's name, in all its containers. */
  readonly args: readonly string[];
  /** What its environment says outright; values that may be secret are left out. */
  readonly env: ReadonlyMap<string, string>;
}

/** flanneld's `net-conf.json`. */
export interface FlannelConf {
  readonly from: string;
  readonly mark: Mark;
  readonly networks: readonly Prefix[];
  /** In lower case, as flannel looks it up; without a Backend flannel picks udp. */
  readonly type: string;
  readonly directRouting: boolean;
  readonly settings: Readonly<Record<string, number>>;
  readonly bridge?: string;
  /** What Canal's ConfigMap says of `--ip-masq`, and of the pods' MTU; 0 is automatic. */
  readonly masquerade?: boolean;
  readonly vethMtu?: number;
}

/** kube-proxy's own configuration, which services will be read from. */
export interface KubeProxyFact {
  readonly from: string;
  readonly mode: string;
  /** What else it was told that services will need, in its own words. */
  readonly told: readonly string[];
  readonly clusterCIDRs: readonly Prefix[];
}

/** Something that speaks for a CNI. */
export interface Trace {
  /** The name of the product. */
  readonly product: string;
  /** `running`: its agent; `configured`: its own objects; `annotated`: what it once wrote into Nodes. */
  readonly kind: "running" | "configured" | "annotated";
  readonly text: string;
  readonly mark: Mark;
}

/** All that objects have said, object by object. */
export class Facts {
  readonly nodes = new Map<string, NodeFact>();
  readonly pods = new Map<string, PodFact>();
  readonly namespaces = new Map<string, NamespaceFact>();
  /** Pods that are on the network and on their way out. */
  going = 0;
  /** Pods that are not on the network, and why. */
  readonly absent = new Map<string, string>();
  /** The address of each node that a pod was seen on. */
  readonly hostIPs = new Map<string, Fact<Ip>>();
  readonly agents = new Map<string, Agent>();
  readonly flannel: FlannelConf[] = [];
  readonly podCIDRs: Fact<Prefix>[] = [];
  readonly serviceCIDRs: Fact<Prefix>[] = [];
  readonly traces: Trace[] = [];
  readonly calico = new CalicoFacts();
  readonly overlays: MarkedTree[] = [];
  /** Fields that are set and not read, by kind and name. */
  readonly leftOut = new Map<string, { readonly why: string; readonly matters: boolean; readonly count: number }>();
  /** With what Cilium is chained: then it is that which carries packets. */
  ciliumChaining: string | undefined;
  /** How many objects of each kind nobody here reads. */
  readonly unread = new Map<string, number>();
  /** How many addresses were redacted, and where the first one stood. */
  redacted: { readonly place: Place; count: number } | undefined;
  kubeProxy: KubeProxyFact | undefined;
  objects = 0;
  /** Where the first object stands. */
  first: Mark | undefined;
  /** The pods' networks of each node by Cilium, whose operator gives them out: the Node's own may be unused. */
  readonly ciliumShares = new Map<string, readonly Prefix[]>();
  /** What is known of a CNI that is not modelled, from its own configuration. */
  readonly details = new Map<string, readonly string[]>();

  /** Takes in a trace of a CNI; what was said before is not said again. */
  trace(trace: Trace): void {
    const isKnown = this.traces.some(({ product, text }) => product === trace.product && text === trace.text);
    if (!isKnown) this.traces.push(trace);
  }

  /** Takes in what is known of a CNI that is not modelled. */
  detail(product: string, ...words: readonly string[]): void {
    const all = new Set([...(this.details.get(product) ?? []), ...words]);
    if (all.size > 0) this.details.set(product, [...all]);
  }

  /** Takes in that an address was taken out. */
  redact(place: () => Place): void {
    if (this.redacted) this.redacted.count++;
    else this.redacted = { place: place(), count: 1 };
  }

  /** How many pods have an address in each of some networks. */
  countIn(networks: readonly Prefix[]): readonly number[] {
    const counts = networks.map(() => 0);
    for (const { addresses } of this.pods.values()) {
      for (const text of addresses) {
        const ip = Ip.parse(text);
        const at = ip ? networks.findIndex((network) => network.contains(ip)) : -1;
        if (at >= 0) counts[at] = (counts[at] ?? 0) + 1;
      }
    }
    return counts;
  }
}
