import { own } from "../topology/json-source.ts";
import type { Mark, MarkedTree, Marks } from "../topology/marks.ts";
import { isMap } from "../topology/read.ts";

/**
 * Whether a tree is what `kubectl cluster-info dump` wrote from 1.7 to 1.13: Go's internal types, whose fields have no
 * names for JSON. Only the metadata has them, and stands among the other fields.
 */
export function isLegacy(tree: Readonly<Record<string, unknown>>): boolean {
  return ["Items", "Spec", "Status", "ListMeta", "ObjectMeta"].some((key) => Object.hasOwn(tree, key));
}

/** The same objects in the spelling of the API, each value still at its place. */
export function lowered({ tree, marks }: MarkedTree): MarkedTree {
  const below: Marks = new Map(marks);

  function convert(value: unknown, isNames: boolean): unknown {
    if (Array.isArray(value))
      return keep(
        value,
        value.map((item) => convert(item, false)),
        (key) => key,
      );
    if (!isMap(value)) return value;
    const found = {};
    for (const key of Object.keys(value))
      own(found, isNames ? key : lower(key), convert(value[key], NAMED.has(lower(key))));
    return keep(value, found, (key) => (isNames || typeof key === "number" ? key : lower(key)));
  }

  function keep<T extends object>(from: object, to: T, rename: (key: string | number) => string | number): T {
    const entries = marks.get(from);
    if (entries)
      below.set(to, new Map([...entries].map(([key, mark]): [string | number, Mark] => [rename(key), mark])));
    return to;
  }

  function lift(object: unknown): unknown {
    if (!isMap(object) || object.metadata !== undefined) return object;
    const entries = below.get(object);
    const metadata = Object.fromEntries(
      METADATA.flatMap((key) => (Object.hasOwn(object, key) ? [[key, object[key]]] : [])),
    );
    if (entries) below.set(metadata, entries);
    const spec = isMap(object.spec) ? hostNetworkOf(object.spec) : object.spec;
    const lifted = { ...object, metadata, ...(spec !== undefined && { spec }) };
    if (entries) below.set(lifted, entries);
    return lifted;
  }

  /** In Go's types the flags of the host's namespaces stand in the security context. */
  function hostNetworkOf(spec: Readonly<Record<string, unknown>>): object {
    const { securityContext } = spec;
    if (!isMap(securityContext) || spec.hostNetwork !== undefined) return spec;
    const { hostNetwork } = securityContext;
    const whole = { ...spec, ...(hostNetwork !== undefined && { hostNetwork }) };
    const entries = below.get(spec);
    if (entries) below.set(whole, entries);
    return whole;
  }

  const plain = convert(tree, false);
  if (!isMap(plain) || !Array.isArray(plain.items)) return { tree: lift(plain), marks: below };
  const items = plain.items.map(lift);
  const itemMarks = below.get(plain.items);
  if (itemMarks) below.set(items, itemMarks);
  const list = { ...plain, items };
  const entries = below.get(plain);
  if (entries) below.set(list, entries);
  return { tree: list, marks: below };
}

const METADATA = ["name", "namespace", "uid", "labels", "annotations", "ownerReferences", "deletionTimestamp"];

/** Fields whose keys are names, not fields. */
const NAMED = new Set(["labels", "annotations", "data", "matchLabels", "nodeSelector", "limits", "requests"]);

/** `PodCIDR` as `podCIDR`; a word all in capitals as a whole: `IP`, `UID`. */
function lower(key: string): string {
  return /^[A-Z]+$/.test(key) ? key.toLowerCase() : key.charAt(0).toLowerCase() + key.slice(1);
}
