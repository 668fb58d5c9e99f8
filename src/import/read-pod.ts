import type { Facts, PodFact } from "./facts.ts";
import type { Field } from "./field.ts";
import { isOneTooMany } from "./most.ts";
import { complainTwice, fullName } from "./name.ts";
import { readAgent } from "./read-agent.ts";
import { readControlPlane } from "./read-control-plane.ts";
import { poolsOf } from "./read-namespace.ts";

/**
 * A pod: where it runs and its addresses. Ports of its containers are information only (core/v1 `Container.ports`: what
 * is not listed may listen too), so they say nothing of what it listens on.
 */
export function readPod(body: Field, facts: Facts): void {
  const name = fullName(body);
  if (name === undefined) return;
  const spec = body.get("spec");
  const status = body.get("status");
  const host = spec.get("nodeName").text();
  const hostIP = status.get("hostIP").ip();
  const addresses = addressesOf(status);
  const phase = status.get("phase").text();
  const hostNetwork =
    spec.get("hostNetwork").flag() === true || (hostIP !== undefined && addresses[0] === hostIP.toString());
  if (host !== undefined && hostIP && !facts.hostIPs.has(host)) {
    facts.hostIPs.set(host, { value: hostIP, from: `Pod ${name} status.hostIP`, mark: status.get("hostIP").mark });
  }
  if (phase === "Succeeded" || phase === "Failed") return void facts.absent.set(name, `its phase is ${phase}`);
  if (host === undefined || host === "") return void facts.absent.set(name, "it is on no node yet");
  if (hostNetwork) {
    readAgent("Pod", body, facts);
    readControlPlane(spec, `Pod ${name}`, facts);
  }
  if (!hostNetwork && addresses.length === 0) {
    const why = hasAddress(status)
      ? "its address is redacted"
      : `it has no address${phase === undefined ? "" : `: its phase is ${phase}`}`;
    return void facts.absent.set(name, why);
  }
  const labels = intern(body.at("metadata", "labels").texts());
  const pools = poolsOf(body);
  if (!body.at("metadata", "deletionTimestamp").isAbsent) facts.going++;
  const fact: PodFact = {
    host,
    addresses: hostNetwork ? [] : addresses,
    labels,
    hostNetwork,
    ...(pools.length > 0 && { pools }),
    mark: body.mark,
  };
  const before = facts.pods.get(name);
  if (before && JSON.stringify({ ...before, mark: 0 }) !== JSON.stringify({ ...fact, mark: 0 })) {
    complainTwice(body, `Pod ${name}`, before.mark);
    return;
  }
  if (!before && isOneTooMany("pod", facts.pods.size, body)) return;
  facts.pods.set(name, fact);
}

/** `podIPs`, or the one `podIP` of Kubernetes before 1.16. */
function addressesOf(status: Field): readonly string[] {
  const several = status
    .get("podIPs")
    .list()
    .map((each) => each.get("ip"));
  const fields = several.length > 0 ? several : [status.get("podIP")];
  return fields.flatMap((field) => field.ip()?.toString() ?? []);
}

function hasAddress(status: Field): boolean {
  return !status.get("podIP").isAbsent || !status.get("podIPs").isAbsent;
}

const known = new Map<string, Readonly<Record<string, string>>>();

/** Pods of one template have equal labels, which are kept once. */
function intern(labels: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  const key = JSON.stringify(labels);
  const same = known.get(key);
  if (same) return same;
  if (known.size < 100_000) known.set(key, labels);
  return labels;
}
