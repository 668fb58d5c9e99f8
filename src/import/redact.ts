import { own } from "../topology/json-source.ts";
import { isMap } from "../topology/read.ts";
import { OtherAddresses } from "./redact-addresses.ts";
import { OtherNames } from "./redact-names.ts";

type Tree = Readonly<Record<string, unknown>>;

/**
 * A topology document with other names and addresses in it, for reports to strangers: equal ones stay equal, and who
 * lies in whose network, at which offset, stays as it is. MACs and device names go, as they follow from names. The same
 * document gives the same result.
 */
export function redact(document: unknown): unknown {
  if (!isMap(document)) return document;
  const names = new OtherNames(document);
  const addresses = new OtherAddresses(document);
  const inText = (value: unknown) => eachText(value, (text) => addresses.inText(text));
  const machine = (value: unknown) => eachText(value, (text) => names.machine(text));
  const standing = (value: unknown) => eachText(value, (text) => addresses.inText(names.subnet(text)));

  function speaker(value: unknown): unknown {
    if (!isMap(value)) return value;
    const filters = (list: unknown) => eachText(list, (text) => names.filter(text));
    const belief = (entry: unknown) => (isMap(entry) ? fields(entry, { filters }) : entry);
    const peer = (entry: unknown) =>
      isMap(entry) ? renamed(entry, (name) => names.machine(name), belief) : machine(entry);
    const peers = (list: unknown) => [list].flat().map(peer);
    return fields(value, { peers, routeReflector: inText });
  }

  function host(value: unknown): unknown {
    if (!isMap(value)) return standing(value);
    return fields(value, {
      address: standing,
      addresses: standing,
      nodeIP: inText,
      podCIDR: inText,
      routes: inText,
      cni: inText,
      bgp: speaker,
      labels,
    });
  }

  function labels(value: unknown): unknown {
    return isMap(value)
      ? renamed(
          value,
          (key) => names.label(key),
          (text) => eachText(text, (word) => names.label(word)),
        )
      : value;
  }

  function pod(value: unknown): unknown {
    return isMap(value) ? fields(value, { host: machine, address: inText, labels }) : machine(value);
  }

  function fault(value: unknown): unknown {
    if (isMap(value)) return renamed(value, (target) => names.place(target), inText);
    const [, target = "", rest = ""] = /^([^:]*)(.*)$/s.exec(String(value)) ?? [];
    return `${names.place(target)}${addresses.inText(rest)}`;
  }

  function pools(value: unknown): unknown {
    const selector = (text: unknown) => eachText(text, (word) => names.inSelector(word));
    const pool = (entry: unknown) =>
      isMap(entry) ? fields(entry, { cidr: inText, nodeSelector: selector }) : inText(entry);
    return isMap(value) ? renamed(value, (name) => names.pool(name), pool) : value;
  }

  const section = (rename: (name: string) => string, change: (value: unknown) => unknown) => (value: unknown) =>
    isMap(value) ? renamed(value, rename, change) : value;
  return fields(document, {
    cluster: inText,
    generate: inText,
    cni: (value) =>
      isMap(value)
        ? fields(value, {
            calico: (calico) =>
              isMap(calico)
                ? fields(calico, { ipPools: pools, bgpFilters: section((name) => names.filter(name), inText) })
                : calico,
          })
        : value,
    subnets: section(
      (name) => names.subnet(name),
      (entry) => (isMap(entry) ? fields(entry, { cidr: inText, gateway: inText, routes: inText }) : inText(entry)),
    ),
    routers: section((name) => names.machine(name), host),
    hosts: section((name) => names.machine(name), host),
    pods: section((name) => names.pod(name), pod),
    faults: (value) => [value].flat().map(fault),
  });
}

/** MACs and devices are told apart by names that are gone. */
const DROPPED = new Set(["mac", "device"]);

/** A map with some of its fields changed. */
function fields(map: Tree, changes: Readonly<Record<string, (value: unknown) => unknown>>): Tree {
  const found = {};
  for (const key of Object.keys(map)) {
    if (DROPPED.has(key)) continue;
    const change = Object.hasOwn(changes, key) ? changes[key] : undefined;
    own(found, key, change ? change(map[key]) : map[key]);
  }
  return found;
}

/** A map under other keys. */
function renamed(
  map: Tree,
  rename: (key: string) => string,
  change: (value: unknown) => unknown = (value) => value,
): Tree {
  const found = {};
  for (const key of Object.keys(map)) own(found, rename(key), change(map[key]));
  return found;
}

/** Changes every text in a value, however deep. */
function eachText(value: unknown, change: (text: string) => string): unknown {
  if (typeof value === "string") return change(value);
  if (Array.isArray(value)) return value.map((item) => eachText(item, change));
  return isMap(value)
    ? renamed(
        value,
        (key) => key,
        (item) => eachText(item, change),
      )
    : value;
}
