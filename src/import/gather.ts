import { placeAt, ROOT } from "../topology/marks.ts";
import type { Place, Problem } from "../topology/problem.ts";
import { Facts } from "./facts.ts";
import type { Field } from "./field.ts";
import type { Input } from "./input.ts";
import { noteLeftOut } from "./left-out.ts";
import { type KubeObject, unpack } from "./objects.ts";
import type { Piece } from "./piece.ts";
import { eachPiece } from "./pieces.ts";
import { productOfGroup } from "./products.ts";
import { readDaemonSet } from "./read-agent.ts";
import {
  readBgpConfiguration,
  readBgpFilter,
  readBgpPeer,
  readBlockAffinity,
  readFelixConfiguration,
  readInstallation,
  readIpamBlock,
  readIpPool,
} from "./read-calico.ts";
import { readCalicoNode } from "./read-calico-node.ts";
import { readCiliumNode } from "./read-cilium.ts";
import { readConfigMap, readServiceCIDR } from "./read-config-map.ts";
import { readNamespace } from "./read-namespace.ts";
import { readNode } from "./read-node.ts";
import { readPod } from "./read-pod.ts";

/** How many problems are kept; what comes after them is counted. */
const MOST_PROBLEMS = 1000;

/** Reads all objects of all inputs, one by one; keeps of each only what is needed. */
export async function gather(inputs: Iterable<Input>): Promise<{ facts: Facts; problems: readonly Problem[] }> {
  const facts = new Facts();
  const problems: Problem[] = [];
  let more = 0;
  const problem = (make: () => Problem) => {
    if (problems.length < MOST_PROBLEMS) problems.push(make());
    else more++;
  };
  const listener = { problem, redacted: (place: () => Place) => facts.redact(place) };
  for (const input of inputs) {
    await eachPiece(input, {
      problem: (one) => problem(() => one),
      piece(piece) {
        const unpacked = unpack(piece, listener);
        if ("own" in unpacked) facts.overlays.push(unpacked.own);
        else if ("objects" in unpacked) for (const object of unpacked.objects) readObject(object, facts);
        else problem(() => ({ code: "not-an-object", message: unpacked.neither, place: placeOf(piece) }));
      },
    });
  }
  if (more > 0) problems.push({ code: "too-many-problems", message: `${more} more problems, not listed` });
  return { facts, problems };
}

function placeOf({ read }: Piece): Place {
  const mark = read.marks.get(ROOT)?.get(0);
  return mark ? placeAt(mark.source, mark.value) : { file: "", line: 1, column: 1 };
}

type Read = (body: Field, facts: Facts) => void;

/** The kinds that are read, by group. Secrets are not: whatever stands in one is none of our business. */
const READERS: ReadonlyMap<string, Read> = new Map<string, Read>([
  ["/Node", readNode],
  ["/Pod", readPod],
  ["/ConfigMap", readConfigMap],
  ["/Namespace", readNamespace],
  ["apps/DaemonSet", readDaemonSet],
  ["extensions/DaemonSet", readDaemonSet],
  ["/DaemonSet", readDaemonSet],
  ["networking.k8s.io/ServiceCIDR", readServiceCIDR],
  ["projectcalico.org/Node", readCalicoNode],
  ["cilium.io/CiliumNode", readCiliumNode],
  ...["projectcalico.org", "crd.projectcalico.org"].flatMap((group): [string, Read][] => [
    [`${group}/IPPool`, readIpPool],
    [`${group}/BlockAffinity`, readBlockAffinity],
    [`${group}/IPAMBlock`, readIpamBlock],
    [`${group}/BGPConfiguration`, readBgpConfiguration],
    [`${group}/BGPPeer`, readBgpPeer],
    [`${group}/BGPFilter`, readBgpFilter],
    [`${group}/FelixConfiguration`, readFelixConfiguration],
    // All that there is in it is left out, and says so.
    [`${group}/IPReservation`, () => undefined],
  ]),
  ["operator.tigera.io/Installation", readInstallation],
]);

function readObject({ kind, apiVersion, body }: KubeObject, facts: Facts): void {
  facts.objects++;
  facts.first ??= body.mark;
  const group = apiVersion.includes("/") ? apiVersion.slice(0, apiVersion.indexOf("/")) : "";
  const product = productOfGroup(apiVersion);
  if (product) facts.trace({ product: product.name, kind: "configured", text: `objects of ${group}`, mark: body.mark });
  const read = READERS.get(`${group}/${kind}`);
  if (read) {
    read(body, facts);
    noteLeftOut(kind, body, facts);
  } else facts.unread.set(kind === "" ? "of no kind" : kind, (facts.unread.get(kind) ?? 0) + 1);
}
