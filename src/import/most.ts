import type { Field } from "./field.ts";

/** Several times as many as Kubernetes is built for (kubernetes.io/docs/setup/best-practices/cluster-large). */
const MOST = { node: 25_000, pod: 400_000 } as const;

/** Whether so many nodes or pods have been read already that this one is not; then it is told. */
export function isOneTooMany(kind: keyof typeof MOST, count: number, body: Field): boolean {
  if (count < MOST[kind]) return false;
  const message = `this is one ${kind} more than the ${MOST[kind]} that are read`;
  body.complain(`too-many-${kind}s`, message, "ask about a part of them");
  return true;
}
