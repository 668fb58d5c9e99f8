import type { Agent, Facts } from "./facts.ts";
import type { Field } from "./field.ts";
import { fullName } from "./name.ts";
import { productOfAgent } from "./products.ts";

/** A DaemonSet: the agent of a CNI, or of no interest here. */
export function readDaemonSet(body: Field, facts: Facts): void {
  readAgent("DaemonSet", body, facts);
}

/** Takes in a DaemonSet, or a pod of one, that is the agent of a CNI; the pods of one workload count once. */
export function readAgent(kind: "DaemonSet" | "Pod", body: Field, facts: Facts): void {
  const name = workloadOf(kind, body);
  const product = productOfAgent(name);
  if (!product) return;
  const namespace = body.at("metadata", "namespace").text() ?? "default";
  const known = `${namespace}/${name}`;
  const before = facts.agents.get(known);
  if (before && (kind === "Pod" || before.from.startsWith("DaemonSet"))) return;
  const spec = kind === "Pod" ? body.get("spec") : body.at("spec", "template", "spec");
  const containers = [...spec.get("initContainers").list(), ...spec.get("containers").list()];
  const agent: Agent = {
    from: kind === "Pod" ? `Pod ${fullName(body)}` : `DaemonSet ${known}`,
    name,
    mark: body.mark,
    containers: containers.flatMap((each) => each.get("name").text() ?? []),
    images: containers.flatMap((each) => each.get("image").text() ?? []),
    args: containers.flatMap((each) => ["command", "args"].flatMap((key) => wordsOf(each.get(key)))),
    env: new Map(containers.flatMap((each) => each.get("env").list()).flatMap(setting)),
  };
  facts.agents.set(known, agent);
  const isEncrypted = containers.some((each) => namesOf(each.get("env")).includes("WEAVE_PASSWORD"));
  const told = [
    ...TELLING.flatMap((key) => (agent.env.has(key) ? [`${key} ${agent.env.get(key)}`] : [])),
    ...(isEncrypted ? ["encrypted, as it has a WEAVE_PASSWORD"] : []),
  ];
  facts.detail(product.name, ...told);
}

/** What the environments of agents that are not modelled tell of their networks (Weave's site/kubernetes/kube-addon.md). */
const TELLING = [
  "IPALLOC_RANGE",
  "WEAVE_MTU",
  "KUBE_PEERS",
  "EXPECT_NPC",
  "NO_MASQ_LOCAL",
  "HAIRPIN_MODE",
  "POD_SUBNET",
  "AWS_VPC_K8S_CNI_EXTERNALSNAT",
];

function namesOf(env: Field): readonly string[] {
  return env.list().flatMap((each) => each.get("name").text() ?? []);
}

/** A DaemonSet's name; of a pod, that of its owner, or its own without the ending that the owner gave it. */
function workloadOf(kind: "DaemonSet" | "Pod", body: Field): string {
  const own = body.at("metadata", "name").text() ?? "";
  if (kind === "DaemonSet") return own;
  const owners = body.at("metadata", "ownerReferences").list();
  const owner = owners
    .find((each) => each.get("kind").text() === "DaemonSet")
    ?.get("name")
    .text();
  return owner ?? (owners.length > 0 ? own : own.replace(/-[a-z0-9]{5}$/, ""));
}

function wordsOf(field: Field): readonly string[] {
  return field.list().flatMap((word) => word.text() ?? []);
}

/** A value given outright; passwords, tokens and keys are not looked at. */
function setting(entry: Field): readonly [string, string][] {
  const name = entry.get("name").text();
  if (name === undefined || /PASSWORD|SECRET|TOKEN|KEY|PSK|CERT/i.test(name)) return [];
  const value = entry.get("value").text();
  return value === undefined ? [] : [[name, value]];
}
