import { isMap } from "../topology/read.ts";

/** Other names for all that a document names: `node-1`, `ns-1/pod-2`, `label-3`, each sort numbered in its order. */
export class OtherNames {
  readonly #machines = new Map<string, string>();
  readonly #subnets = new Map<string, string>();
  readonly #pools = new Map<string, string>();
  readonly #filters = new Map<string, string>();
  readonly #pods = new Map<string, string>();
  readonly #spaces = new Map<string, string>();
  readonly #labels = new Map<string, string>();

  constructor({ hosts, routers, subnets, pods, cni }: Readonly<Record<string, unknown>>) {
    for (const [i, name] of keys(hosts).entries()) this.#machines.set(name, `node-${i + 1}`);
    for (const [i, name] of keys(routers).entries()) this.#machines.set(name, `router-${i + 1}`);
    for (const [i, name] of keys(subnets).entries()) this.#subnets.set(name, `subnet-${i + 1}`);
    const pools = isMap(cni) && isMap(cni.calico) ? cni.calico.ipPools : undefined;
    for (const [i, name] of keys(pools).entries()) this.#pools.set(name, `pool-${i + 1}`);
    const filters = isMap(cni) && isMap(cni.calico) ? cni.calico.bgpFilters : undefined;
    for (const [i, name] of keys(filters).entries()) this.#filters.set(name, `filter-${i + 1}`);
    for (const [i, name] of keys(pods).entries()) this.#pods.set(name, `${this.#space(name)}pod-${i + 1}`);
  }

  /** A host or a router; what is neither stays, so that a mistake stays one. */
  machine(name: string): string {
    return this.#machines.get(name) ?? name;
  }

  subnet(name: string): string {
    return this.#subnets.get(name) ?? name;
  }

  pool(name: string): string {
    return this.#pools.get(name) ?? name;
  }

  filter(name: string): string {
    return this.#filters.get(name) ?? name;
  }

  pod(name: string): string {
    return this.#pods.get(name) ?? name;
  }

  /** What a fault is done to; it may say what sort of place it means. */
  place(text: string): string {
    const [, sort = "", name = text] = /^((?:pod|host|router):)?(.*)$/s.exec(text) ?? [];
    return `${sort}${this.#machines.get(name) ?? this.#pods.get(name) ?? this.#pods.get(`default/${name}`) ?? name}`;
  }

  /** A label's key or value. */
  label(word: string): string {
    const known = this.#labels.get(word) ?? `label-${this.#labels.size + 1}`;
    this.#labels.set(word, known);
    return known;
  }

  /** A selector whose labels have other names. */
  inSelector(text: string): string {
    const quoted = text.replace(
      /(["'])(.*?)\1/g,
      (_, quote: string, value: string) => `${quote}${this.label(value)}${quote}`,
    );
    return quoted.replace(/(["'])(?:.*?)\1|[A-Za-z0-9](?:[\w./-]*[A-Za-z0-9])?/g, (word, quote?: string) => {
      const isWord =
        quote === undefined &&
        !["has", "all", "global", "in", "not", "contains", "starts", "ends", "with"].includes(word);
      return isWord ? this.label(word) : word;
    });
  }

  #space(name: string): string {
    const slash = name.indexOf("/");
    if (slash < 0) return "";
    const space = name.slice(0, slash);
    if (space === "default") return "default/";
    const other = this.#spaces.get(space) ?? `ns-${this.#spaces.size + 1}`;
    this.#spaces.set(space, other);
    return `${other}/`;
  }
}

function keys(section: unknown): readonly string[] {
  return isMap(section) ? Object.keys(section) : [];
}
