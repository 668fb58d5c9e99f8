import type { MarkedTree } from "../topology/marks.ts";
import { isMap } from "../topology/read.ts";
import { Field, type Listener } from "./field.ts";
import { isLegacy, lowered } from "./legacy.ts";
import { type ListHead, listHead, type Piece } from "./piece.ts";

/** One object of Kubernetes. */
export interface KubeObject {
  readonly kind: string;
  /** The API group and version: `v1`, `crd.projectcalico.org/v1`; empty when nothing says it. */
  readonly apiVersion: string;
  readonly body: Field;
}

/** What a piece of an input is: objects, or a topology of our own format. */
export type Unpacked =
  | { readonly own: MarkedTree }
  | { readonly objects: readonly KubeObject[] }
  | { readonly neither: string };

/**
 * Opens a piece: a list gives its items, which may lack a kind (as `kubectl get --raw` and support bundles write them),
 * an object itself. A document without `apiVersion` and `kind` is our own.
 */
export function unpack(piece: Piece, listener: Listener): Unpacked {
  const { read, path, list, again } = piece;
  const { tree } = read;
  if (Array.isArray(tree))
    return {
      objects: Field.of({ read, path, listener, again })
        .list()
        .flatMap((item) => objectOf(item, list)),
    };
  if (!isMap(tree)) return { neither: "neither an object of Kubernetes nor a topology" };
  if (isOwn(tree) && list === undefined) return { own: read };
  const isOld = isLegacy(tree);
  const plain = isOld ? lowered(read) : read;
  const body = Field.of({ read: plain, path, listener, again: isOld ? again && (() => lowerAgain(again)) : again });
  const items = body.get("items");
  if (Array.isArray(items.value)) {
    const head = headOf(body);
    return { objects: items.list().flatMap((item) => objectOf(item, head)) };
  }
  // An empty list of Go's prints as null.
  if (isListKind(body)) return { objects: [] };
  return { objects: objectOf(body, list) };
}

function lowerAgain(again: () => MarkedTree | undefined): MarkedTree | undefined {
  const read = again();
  return read && lowered(read);
}

function isOwn(tree: Readonly<Record<string, unknown>>): boolean {
  const keys = ["cni-trace", "cluster", "cni", "subnets", "routers", "hosts", "pods", "faults", "generate"];
  return tree.apiVersion === undefined && tree.kind === undefined && keys.some((key) => Object.hasOwn(tree, key));
}

function isListKind(body: Field): boolean {
  const kind = body.get("kind").value;
  return typeof kind === "string" && kind.endsWith("List") && body.get("spec").isAbsent;
}

/** A list's own word for its items; old ones say it only in the path they were asked at. */
function headOf(body: Field): ListHead {
  const link = body.get("selfLink").value ?? body.at("metadata", "selfLink").value;
  const plural = typeof link === "string" ? /\/([a-z]+)(?:\?.*)?$/.exec(link)?.[1] : undefined;
  const kind = plural === undefined ? undefined : PLURALS.get(plural);
  return { ...(kind !== undefined && { kind: `${kind}List` }), ...listHead(body.value) };
}

const PLURALS: ReadonlyMap<string, string> = new Map([
  ["nodes", "Node"],
  ["pods", "Pod"],
  ["namespaces", "Namespace"],
  ["daemonsets", "DaemonSet"],
  ["configmaps", "ConfigMap"],
]);

function objectOf(body: Field, list: ListHead | undefined): readonly KubeObject[] {
  if (!isMap(body.value)) {
    body.complain("not-an-object", "this is no object of Kubernetes");
    return [];
  }
  const kind = body.get("kind").text() ?? list?.kind?.replace(/List$/, "") ?? shapeOf(body);
  const apiVersion = body.get("apiVersion").text() ?? list?.apiVersion ?? "";
  return [{ kind: kind === "" ? shapeOf(body) : kind, apiVersion, body }];
}

/** What an object without a kind is, by what only such an object has. */
function shapeOf(body: Field): string {
  const has = (...keys: readonly string[]) => !body.at(...keys).isAbsent;
  if (has("spec", "containers") || has("status", "hostIP")) return "Pod";
  if (has("status", "nodeInfo") || has("status", "addresses") || has("spec", "podCIDR")) return "Node";
  if (has("spec", "template") && has("status", "desiredNumberScheduled")) return "DaemonSet";
  if (has("data")) return "ConfigMap";
  return "";
}
